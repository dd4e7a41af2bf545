"""A live figure of something that learns: buttons below it train, its controls begin anew."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from utils.widgets.artists import Moving
from utils.widgets.controls import Stops
from utils.widgets.live_figure import LiveFigure, Steps
from utils.widgets.picture import encode_png
from utils.widgets.training import Step, TrainingControls


class LearningFigure(LiveFigure):
    """A live figure of something that learns, which a reader without a kernel follows too.

    That reader steps through the updates, and through the settings of one control if one is
    given. The pictures are drawn from a twin that learns the same from the start, so that the
    figure itself neither learns nor forgets anything.

    Attributes
    ----------
    training : TrainingControls
        The buttons below it.
    updates : tuple of int
        After how many updates a reader without a kernel can stop, in order.
    twin : callable
        Returns a figure like this one that has learnt nothing yet.
    """

    training: TrainingControls
    updates: tuple[int, ...] = ()
    twin: Callable[[], LearningFigure]

    @property
    def steps(self) -> tuple[Stops, ...]:
        """Give the updates, and the control of `LiveFigure.steps` if there is one."""
        done = len(self.training.losses)
        stops = tuple(sorted({*self.updates, done}))
        if len(stops) < 2:
            return ()
        words = tuple(map(str, stops))
        learnt = Stops("updates", "updates", stops, words, stops.index(done), True, False)
        return learnt, *super().steps[:1]

    def pictures_at(
        self,
        choices: Iterable[Mapping[str, Any]],
        ratio: float = 1.0,
        encode: Callable[[np.ndarray], bytes] = encode_png,
    ) -> list[tuple[bytes, str]]:
        """Draw the figure as it would be after other numbers of updates.

        Parameters
        ----------
        choices : iterable of mappings
            For each picture the number of updates and the values of other controls.
        ratio, encode
            As in `LiveFigure.pictures_at`.

        Returns
        -------
        list of (bytes, str)
            Each picture with its alternative text, in the order of `choices`.
        """
        choices = list(choices)
        drawn: dict[int, tuple[bytes, str]] = {}

        def settings(place: int) -> list[tuple[str, Any]]:
            return [item for item in choices[place].items() if item[0] != "updates"]

        # every setting is trained once, and drawn on the way
        order = sorted(
            range(len(choices)), key=lambda i: (repr(settings(i)), choices[i]["updates"])
        )
        for chosen, places in itertools.groupby(order, key=settings):
            twin = self.twin()
            twin.set(**{**self.values, **dict(chosen)})
            for place in places:
                ahead = choices[place]["updates"] - len(twin.training.losses)
                if ahead:
                    twin.training.run(ahead)
                drawn[place] = LiveFigure.pictures_at(twin, [{}], ratio, encode)[0]
        return [drawn[place] for place in range(len(choices))]


def make_learning_figure(
    figure: Figure,
    update: Callable[..., str],
    step: Step,
    n_steps: int,
    *,
    reset: Callable[[], Any],
    moving: Moving | Callable[[], Moving],
    controls: Mapping[str, ipywidgets.Widget],
    title: str,
    twin: Callable[[], LearningFigure],
    updates: Sequence[int],
    steps: Steps = (),
    display_only: Container[str] = (),
    **timing: float,
) -> LearningFigure:
    """Put a live figure and its training together.

    Moving a control forgets what was learnt, since it was learnt with other settings.

    Parameters
    ----------
    figure, update, moving, controls, title
        As in `LiveFigure`.
    step, n_steps, reset
        As in `TrainingControls`.
    twin, updates
        As in `LearningFigure`; updates beyond `n_steps` are left out.
    steps : sequence of one name, or mapping of it to values, optional
        A control that a reader without a kernel has, beside the updates.
    display_only : container of str
        Names of controls that choose what is shown and leave the training as it is.
    **timing : float
        ``pace`` and ``draws_per_second`` of `TrainingControls`.

    Returns
    -------
    LearningFigure
    """
    training = TrainingControls(step, n_steps, draw=lambda: live.refresh(), reset=reset, **timing)
    live = LearningFigure(
        figure, update, moving=moving, controls=controls, extra=[training], title=title, steps=steps
    )
    live.training, live.twin = training, twin
    live.updates = tuple(number for number in updates if number <= n_steps)
    for name, control in controls.items():
        if name not in display_only:
            control.observe(lambda _change: training.reset(), "value")
    return live
