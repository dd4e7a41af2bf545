"""Add frames to the live figures of a notebook that is executed for the book.

It is an IPython extension: a kernel that is started with ``--ext=book.frames.kernel`` has loaded it
before the first cell. The output of every live figure that a reader can step through then holds its
frames beside the still picture. The figure itself stays as it is, and so do the random numbers that
later cells draw.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import random
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from IPython.display import display

from book.frames import MIME
from book.frames.pictures import encode_webp
from utils.plots.style import DPI
from utils.widgets import LiveFigure
from utils.widgets.controls import Stops

RATIO = 1.5
"""Pixels of a frame per CSS pixel, where that is not more than `MOST_PIXELS` in width."""
MOST_PIXELS = 1400
"""A page has room for about 850 CSS pixels, so that this is sharp on fine screens too."""
MOST_TAKEN = 12
"""Frames of a training that is watched while a cell runs."""
WATCHED = ("utils.widgets.chapter04", "WritingFigure")
"""Module and name of the live figure that a later cell trains. A name is enough for IPython; if the
class were imported here, results of other chapters would depend on chapter 04."""


def load_ipython_extension(shell: Any) -> None:
    """Let a shell add frames to the live figures that it displays.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    """
    formatter = shell.display_formatter
    formatter.mimebundle_formatter.for_type(LiveFigure, bundle_with_frames)

    def show(live: Any) -> None:
        recording = Recording(live)
        shell.events.register("post_run_cell", recording.publish)

    formatter.ipython_display_formatter.for_type_by_name(*WATCHED, show)


def bundle_with_frames(
    live: LiveFigure, include: Any = None, exclude: Any = None
) -> dict[str, Any]:
    """Give a live figure in all forms of an output, its frames among them.

    Parameters
    ----------
    live : LiveFigure
    include, exclude : object
        As IPython hands them over; not used.

    Returns
    -------
    dict
        From a MIME type to what it holds. An error while the frames are drawn is among the forms,
        as ``{"error": …}``: IPython would hide it, and the book has to stop there.
    """
    bundle = dict(live._repr_mimebundle_())
    try:
        with same_random_numbers():
            frames = frames_of(live)
    except Exception:
        frames = {"error": traceback.format_exc()}
    if frames is not None:
        bundle[MIME] = frames
    return bundle


def frames_of(live: LiveFigure) -> dict[str, Any] | None:
    """Draw a live figure at all of its stops.

    Parameters
    ----------
    live : LiveFigure

    Returns
    -------
    dict or None
        What `book.frames.player.write` takes; None if there is nothing to step through.
    """
    steps = live.steps
    names = [stops.name for stops in steps]
    choices = [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(stops.values for stops in steps))
    ]
    if len(choices) < 2:
        return None
    drawn = live.pictures_at(choices, ratio_of(live), encode_webp)
    return as_json(live, steps, drawn)


class Recording:
    """Keep the pictures of a figure that a later cell trains, and show them where it stands.

    Its output is displayed at once, and gets the frames when the cell that trained it has ended.

    Parameters
    ----------
    live : utils.widgets.chapter04.WritingFigure
    """

    def __init__(self, live: Any) -> None:
        self._live = live
        self._taken: dict[int, tuple[bytes, str]] = {}
        self._shown = 1
        self.take()
        live.watchers.append(self.take)
        self._handle = display(self.bundle(), raw=True, display_id=True)

    def take(self) -> None:
        """Draw the figure as it is now."""
        with same_random_numbers():
            (drawn,) = self._live.pictures_at([{}], ratio_of(self._live), encode_webp)
        self._taken[self._live.measured[-1][0]] = drawn

    def publish(self, *_result: Any) -> None:
        """Show the frames in the output of the figure, if there are new ones."""
        if len(self._taken) > self._shown:
            self._shown = len(self._taken)
            self._handle.update(self.bundle(), raw=True)

    def bundle(self) -> dict[str, Any]:
        """Give the figure in all forms of an output, at most `MOST_TAKEN` frames among them."""
        bundle = dict(self._live._repr_mimebundle_())
        done = sorted(self._taken)
        if len(done) > 1:
            chosen = np.linspace(0, len(done) - 1, min(MOST_TAKEN, len(done))).round().astype(int)
            done = [done[place] for place in np.unique(chosen)]
            words = tuple(map(str, done))
            steps = [Stops("updates", "updates", tuple(done), words, len(done) - 1, True, False)]
            bundle[MIME] = as_json(self._live, steps, [self._taken[number] for number in done])
        return bundle


def ratio_of(live: LiveFigure) -> float:
    """Return how many pixels a frame has for each CSS pixel of the figure."""
    return min(RATIO, MOST_PIXELS / (live.figure.get_figwidth() * DPI))


def as_json(
    live: LiveFigure, steps: Sequence[Stops], drawn: Sequence[tuple[bytes, str]]
) -> dict[str, Any]:
    """Put frames into the form that an output can hold.

    Parameters
    ----------
    live : LiveFigure
    steps : sequence of Stops
        One or two.
    drawn : sequence of (bytes, str)
        Picture and alternative text of every frame; the last of `steps` changes fastest.

    Returns
    -------
    dict
    """
    width, height = (round(side * DPI) for side in live.figure.get_size_inches())
    return {
        "title": live.title,
        "width": width,
        "height": height,
        "controls": [_control(stops) for stops in steps],
        "pictures": [base64.b64encode(picture).decode("ascii") for picture, _ in drawn],
        "alts": [alt for _, alt in drawn],
        "more": list(live.unstepped),
        "complete": all(stops.complete for stops in steps),
    }


def _control(stops: Stops) -> Mapping[str, Any]:
    return {
        "name": stops.name,
        "label": stops.label,
        "kind": "range" if stops.ordered else "choice",
        "values": list(stops.words),
        "start": stops.start,
    }


@contextlib.contextmanager
def same_random_numbers() -> Iterator[None]:
    """Let the random numbers that come afterwards be those that would have come before."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    torch = sys.modules.get("torch")
    state = None if torch is None else torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        if state is not None:
            torch.set_rng_state(state)
