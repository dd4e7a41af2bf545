"""Helpers for tests of live figures."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import ipywidgets
import numpy as np
from PIL import Image

from utils.widgets import LiveFigure


class Visit(NamedTuple):
    """One stop of `visit_ends`."""

    values: dict[str, Any]
    alt: str
    pixels: np.ndarray


def pixels(png: bytes) -> np.ndarray:
    """Decode a picture: uint8, shape (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def ends(control: ipywidgets.Widget) -> list[Any]:
    """Give both ends of a control, or every option where there is a choice."""
    if control.has_trait("options"):
        return [
            option[1] if isinstance(option, tuple) and len(option) == 2 else option
            for option in control._options_full
        ]
    if control.has_trait("min") and control.has_trait("max"):
        if isinstance(control.value, tuple):
            low, high = control.min, control.max
            return [(low, low), (low, high), (high, high)]
        if isinstance(control, ipywidgets.FloatLogSlider):
            return [control.base**control.min, control.base**control.max]
        return [control.min, control.max]
    if isinstance(control.value, bool):
        return [False, True]
    raise TypeError(f"{type(control).__name__} has no ends; visit it in a test of its own.")


def visit_ends(live: LiveFigure) -> list[Visit]:
    """Move every control to both ends or all options, one at a time and then together.

    After each move there must be a picture of the right size and an alternative text, and no
    error. The start values are put back.
    """
    start = live.values
    visits = []
    for values in _stops(live):
        live.set(**values)
        assert live.error == "", f"{values}: {live.error}"
        assert live.alt.strip(), values
        picture = pixels(live.frame)
        width, height = live.figure.get_size_inches() * 100
        assert picture.shape == (round(height), round(width), 3), values
        assert picture.std() > 0, f"{values}: the picture is blank"
        visits.append(Visit(live.values, live.alt, picture))
        live.set(**start)
    return visits


def _stops(live: LiveFigure) -> Iterator[dict[str, Any]]:
    reach = {
        name: ends(control)
        for name, control in live.controls.items()
        if not isinstance(control, ipywidgets.Text)
    }
    for name, values in reach.items():
        for value in values:
            yield {name: value}
    if len(reach) > 1:
        yield {name: values[0] for name, values in reach.items()}
        yield {name: values[-1] for name, values in reach.items()}


def from_browser(control: ipywidgets.Widget, **state: Any) -> None:
    """Set a control as a message from the browser does."""
    control.set_state(state)


def wait_until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until something is so, and fail if it does not become so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.005)
