"""A live figure of something that learns: buttons below it train, its controls begin anew."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

import ipywidgets
from matplotlib.figure import Figure

from utils.widgets.live_figure import LiveFigure, Moving
from utils.widgets.training import Step, TrainingControls


def make_training_figure(
    figure: Figure,
    update: Callable[..., str],
    step: Step,
    n_steps: int,
    *,
    reset: Callable[[], Any],
    moving: Moving | Callable[[], Moving],
    controls: Mapping[str, ipywidgets.Widget],
    title: str,
    display_only: Container[str] = (),
    **timing: float,
) -> LiveFigure:
    """Put a live figure and its training together.

    Moving a control forgets what was learnt, since it was learnt with other settings.

    Parameters
    ----------
    figure, update, moving, controls, title
        As in `LiveFigure`.
    step, n_steps, reset
        As in `TrainingControls`.
    display_only : container of str
        Names of controls that choose what is shown and leave the training as it is.
    **timing : float
        `pace` and `draws_per_second` of `TrainingControls`.

    Returns
    -------
    LiveFigure
        With the buttons as its attribute ``training``.
    """
    training = TrainingControls(step, n_steps, draw=lambda: live.refresh(), reset=reset, **timing)
    live = LiveFigure(
        figure, update, moving=moving, controls=controls, extra=[training], title=title
    )
    live.training = training
    for name, control in controls.items():
        if name not in display_only:
            control.observe(lambda _change: training.reset(), "value")
    return live
