"""Controls of a live figure: their values, their words, and where a reader may stop on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import ipywidgets
import numpy as np
import traitlets

MOST_STOPS = 15
"""Stops on a slider where none are asked for; one with fewer values stops at all of them."""

Wanted = Sequence[Any] | int | None
"""Values to stop at, or how many; None leaves it to `stops_of`."""

_LOG = ipywidgets.FloatLogSlider
_RANGES = ipywidgets.IntSlider | ipywidgets.FloatSlider | ipywidgets.FloatLogSlider


class Stops(NamedTuple):
    """What a reader without a kernel steps through: a control, and some of its values.

    Attributes
    ----------
    name : str
        The keyword of the control.
    label : str
        What it is, in words, with the unit.
    values : tuple
        Where the reader can stop, in order.
    words : tuple of str
        What each value is called.
    start : int
        Which of them is shown first.
    ordered : bool
        Whether the values form a scale, as those of a slider do; names to choose from do not.
    complete : bool
        Whether these are all the values that there are.
    """

    name: str
    label: str
    values: tuple[Any, ...]
    words: tuple[str, ...]
    start: int
    ordered: bool
    complete: bool


def stops_of(name: str, control: ipywidgets.Widget, values: Wanted = None) -> Stops:
    """Return where a reader may stop on a control, its present value among them.

    Parameters
    ----------
    name : str
        The keyword of the control.
    control : widget
        A slider, a checkbox or a choice.
    values : sequence or int, optional
        Values to stop at. A number means so many on a slider, evenly spaced as it is, both ends
        among them. Left out, it is `MOST_STOPS` on a slider, and all values of other controls.

    Returns
    -------
    Stops

    Raises
    ------
    ValueError
        If the control does not have one of the values, or has no list of values to choose from.
    """
    now = value_of(control)
    if isinstance(control, _RANGES):
        if values is None or isinstance(values, int):
            found = _positions(control, values or MOST_STOPS)
        else:
            found = _checked(name, control, values)
        found = sorted({*found, now})
        words = tuple(format(value, control.readout_format) for value in found)
        ordered, complete = True, len(found) == _count(control)
    else:
        if control.has_trait("options"):
            named = dict(zip(_options(control), control._options_labels, strict=True))
        elif isinstance(now, bool):
            named = {False: "off", True: "on"}
        else:
            raise ValueError(
                f"{name} is a {type(control).__name__}; expected a slider, a checkbox or a choice."
            )
        chosen = list(named) if values is None else list(values)
        for value in chosen:
            if value not in named:
                raise ValueError(f"{name} is {value!r}; expected one of {listed(named)}.")
        found = [value for value in named if value in (*chosen, now)]
        words = tuple(named[value] for value in found)
        ordered, complete = False, len(found) == len(named)
    label, start = label_of(name, control), found.index(now)
    return Stops(name, label, tuple(found), words, start, ordered, complete)


def label_of(name: str, control: ipywidgets.Widget) -> str:
    """Return what a `control` is called: its description, or its `name` where it has none."""
    return getattr(control, "description", "").strip() or name


def value_of(control: ipywidgets.Widget) -> Any:
    """Return the value of a `control`; of a slider without noise of adding: 1.3, not 1.3…03."""
    value = control.value
    if isinstance(control, ipywidgets.FloatSlider | _LOG):
        return float(f"{value:.12g}")
    return value


def move(control: ipywidgets.Widget, name: str, value: Any) -> None:
    """Give a control a value.

    Parameters
    ----------
    control : widget
    name : str
        What the control is called in the message of an error.
    value : object

    Raises
    ------
    ValueError
        If the control does not take that value.
    """
    try:
        control.value = value
    except traitlets.TraitError as error:
        options = getattr(control, "options", None)
        wanted = f"one of {listed(_options(control))}" if options else " ".join(str(error).split())
        raise ValueError(f"{name} is {value!r}; expected {wanted}.") from None
    if isinstance(value, int | float) and not np.isclose(control.value, value, rtol=1e-9):
        low, high = _ends(control)  # the control has moved the value inside
        raise ValueError(f"{name} is {value!r}; expected a value from {low} to {high}.")


def make_readable(control: ipywidgets.Widget) -> None:
    """Give a `control` room for its whole description."""
    if isinstance(control, ipywidgets.DOMWidget) and control.has_trait("description"):
        if getattr(control, "style", None) is not None and control.style.has_trait(
            "description_width"
        ):
            control.style.description_width = "initial"
        if control.layout.width is None:
            wide = isinstance(control, ipywidgets.ToggleButtons | ipywidgets.RadioButtons)
            control.layout.width = "auto" if wide else "min(100%, 560px)"


def listed(names: Iterable[Any]) -> str:
    """Return `names` as one text for the message of an error."""
    return ", ".join(repr(name) for name in names) or "none"


def _positions(control: ipywidgets.Widget, most: int) -> list[Any]:
    """Return stops on a slider, evenly spaced on it, at values that it can have."""
    low, high, step = control.min, control.max, control.step
    places = _count(control)
    chosen = np.unique(np.linspace(0, places - 1, min(places, most)).round().astype(int))
    found = [min(low + int(place) * step, high) for place in chosen]
    if isinstance(control, _LOG):
        found = [control.base**exponent for exponent in found]
    whole = isinstance(control, ipywidgets.IntSlider)
    return [int(value) if whole else float(f"{value:.12g}") for value in found]


def _count(control: ipywidgets.Widget) -> int:
    """Return how many values a slider has."""
    return round((control.max - control.min) / control.step) + 1


def _checked(name: str, control: ipywidgets.Widget, values: Iterable[Any]) -> list[Any]:
    low, high = _ends(control)
    values = list(values)
    for value in values:
        if not low - 1e-9 <= value <= high + 1e-9:
            raise ValueError(f"{name} is {value!r}; expected a value from {low} to {high}.")
    return [float(f"{value:.12g}") if isinstance(value, float) else value for value in values]


def _ends(control: ipywidgets.Widget) -> tuple[float, float]:
    if isinstance(control, _LOG):
        return control.base**control.min, control.base**control.max
    return control.min, control.max


def _options(control: ipywidgets.Widget) -> list[Any]:
    """Return the values that a choice offers."""
    pairs = control.options.items() if isinstance(control.options, Mapping) else control.options
    return [pair[1] if isinstance(pair, tuple) and len(pair) == 2 else pair for pair in pairs]


def checked_steps(
    steps: Sequence[str] | Mapping[str, Wanted] | None,
    controls: Mapping[str, ipywidgets.Widget],
) -> dict[str, Wanted]:
    """Return the values to stop at by the names of one or two controls.

    Parameters
    ----------
    steps : sequence of str, mapping of str to values or their number, or None
        None stands for the first slider; there may be none.
    controls : mapping of str to widget

    Returns
    -------
    dict
        From a name to its values, None where they are left to `stops_of`.

    Raises
    ------
    TypeError
        If `steps` is a single text.
    ValueError
        If there is no such control, there are more than two, or a control has no such value.
    """
    if steps is None:
        sliders = [name for name, control in controls.items() if isinstance(control, _RANGES)]
        steps = sliders[:1]
    if isinstance(steps, str):
        raise TypeError(f"steps is {steps!r}; expected a list of one or two names of controls.")
    if len(steps) > 2:
        raise ValueError(f"steps holds {len(steps)} controls; expected one or two.")
    found = dict(steps) if isinstance(steps, Mapping) else dict.fromkeys(steps)
    for name, values in found.items():
        if name not in controls:
            raise ValueError(f"steps holds {name!r}; the controls are {listed(controls)}.")
        stops_of(name, controls[name], values)  # a wrong value is told now, not in the book
    return found
