"""Code: many steps from a network that gives one, by feeding it its own forecasts."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter11.formulas import CHAPTER, Array
from utils.checks.ordering import OrderedCheck


def recursive_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a series of N values, and a model that reads P of them."""
    N, P, o = (sizes[name] for name in "NPo")
    return {
        "values": rng.normal(size=N),
        "origin": o,
        "weights": rng.uniform(0.3, 0.9, P) * rng.choice([-1.0, 1.0], P),
        "bias": float(rng.uniform(0.2, 0.5)),
        "horizon": sizes["H"],
    }


def one_step(window: Array, weights: Array, bias: float) -> float:
    """Give the next value after a window (P,), as the function of the exercise does."""
    return float(np.tanh(window @ weights + bias))


def windows_read(
    values: Array, start: Array, weights: Array, bias: float, horizon: int, fed: str, moved: str
) -> Array:
    """Return the windows (H, P) that are read on the way, at one lead after the other.

    `fed` says what goes in after each step, `moved` how it goes in: ``"forecast"`` and ``"newest
    last"`` are right.
    """
    P = len(weights)
    window, found = values[int(start) : int(start) + P], []
    for lead in range(int(horizon)):
        found.append(window)
        new = {
            "forecast": one_step(window, weights, bias),
            "truth": values[min(int(start) + P + lead, len(values) - 1)],
            "last value": values[int(start) + P - 1],
            "zero": 0.0,
        }[fed]
        window = {
            "newest last": np.append(window[1:], new),
            "not moved": window,
            "newest replaced": np.append(window[:-1], new),
            "oldest replaced": np.insert(window[1:], 0, new),
            "moved the other way": np.insert(window[:-1], 0, new),
            "rolled": np.roll(window, -1),
        }[moved]
    return np.array(found)


check_recursive = OrderedCheck(
    "recursive",
    chapter=CHAPTER,
    title="Many steps from one",
    outputs={"windows": "H P", "forecasts": "H"},
    inputs=recursive_inputs,
    sizes=(
        {"N": 17, "P": 4, "o": 9, "H": 6},
        {"N": 15, "P": 3, "o": 8, "H": 5},
        {"N": 19, "P": 6, "o": 11, "H": 4},
    ),
    steps={
        "start": lambda origin, weights: origin - len(weights),
        "fed": constant("forecast"),
        "moved": constant("newest last"),
        "read": lambda values, start, weights, bias, horizon, fed, moved: windows_read(
            values, start, weights, bias, horizon, str(fed), str(moved)
        ),
        "windows": lambda read: read,
        "offset": lambda bias: bias,
        "forecasts": lambda read, weights, offset: np.tanh(read @ weights + offset),
    },
    hints=(
        "At the first lead the model reads the last values known, as many as it has weights. What "
        "should it read at the second lead, when one forecast is there and no new value?",
        "After each step the oldest value leaves the window at the front and the forecast enters "
        "at the end. Beyond lead P the window holds forecasts alone.",
        "Begin with `window = values[origin - P : origin]` and P = `len(weights)`. In each of "
        "`horizon` rounds keep the window, call `one_step(window, weights, bias)`, keep what it "
        "gives, and set `window = np.append(window[1:], new)`.",
    ),
)
for _key, _message, _replaces in (
    (
        "truth_fed",
        "After each step the true value went in, not the forecast. From the origin on nothing is "
        "known: these are forecasts of one step, again and again.",
        {"fed": constant("truth")},
    ),
    (
        "last_value_fed",
        "After each step the last known value went in once more. What goes in is the forecast.",
        {"fed": constant("last value")},
    ),
    (
        "zero_fed",
        "After each step a 0 went in. What goes in is the forecast.",
        {"fed": constant("zero")},
    ),
    (
        "not_moved",
        "The window never changes, so that all leads get the same forecast.",
        {"moved": constant("not moved")},
    ),
    (
        "newest_replaced",
        "The newest value of the window was overwritten and the oldest kept. Drop the oldest, and "
        "let the others move on.",
        {"moved": constant("newest replaced")},
    ),
    (
        "front_replaced",
        "The new value took the place of the oldest one, at the front. It is the newest, so it "
        "goes to the end.",
        {"moved": constant("oldest replaced")},
    ),
    (
        "moved_the_other_way",
        "The window moves the other way: the new value enters at the front and the newest known "
        "one is dropped.",
        {"moved": constant("moved the other way")},
    ),
    (
        "rolled",
        "The window was rolled and nothing new went in: its oldest value has come back as the "
        "newest.",
        {"moved": constant("rolled")},
    ),
    (
        "one_value_ahead",
        "The first window ends with `values[origin]`, which is the first value to be forecast.",
        {"start": lambda origin, weights: origin - len(weights) + 1},
    ),
    (
        "one_value_behind",
        "The first window leaves out the last known value, `values[origin - 1]`.",
        {"start": lambda origin, weights: origin - len(weights) - 1},
    ),
    (
        "from_the_beginning",
        "The first window holds the first values of the series. It ends at the origin.",
        {"start": constant(0)},
    ),
    (
        "from_the_end",
        "The first window holds the last values of the whole series, which come long after the "
        "origin.",
        {"start": lambda values, weights: len(values) - len(weights)},
    ),
    (
        "windows_backwards",
        "The windows are turned round in time. The oldest value stands first, as `one_step` wants "
        "it.",
        {
            "read": lambda values, start, weights, bias, horizon, fed, moved: windows_read(
                values, start, weights[::-1], bias, horizon, str(fed), str(moved)
            )[:, ::-1]
        },
    ),
    (
        "one_window_kept",
        "All rows are one and the same window, as it was after the last step: it was changed in "
        "place, and each row points to it. Keep a copy at every step.",
        {
            "windows": lambda read, weights, bias: np.tile(
                np.append(read[-1, 1:], one_step(read[-1], weights, bias)), (len(read), 1)
            )
        },
    ),
    (
        "no_bias",
        "The bias is missing in the forecasts.",
        {"offset": constant(0.0)},
    ),
    (
        "no_tanh",
        "The tanh is missing in the forecasts. Call `one_step` as it stands.",
        {"forecasts": lambda read, weights, offset: read @ weights + offset},
    ),
    (
        "added_up",
        "The forecasts were added up from lead to lead. `one_step` gives values, not changes.",
        {"forecasts": lambda read, weights, offset: np.cumsum(np.tanh(read @ weights + offset))},
    ),
    (
        "last_lead_for_all",
        "All leads hold the forecast of the last one. Keep each as it comes.",
        {
            "forecasts": lambda read, weights, offset: np.full(
                len(read), np.tanh(read[-1] @ weights + offset)
            )
        },
    ),
    (
        "first_lead_for_all",
        "All leads hold the forecast of the first one. Keep each as it comes.",
        {
            "forecasts": lambda read, weights, offset: np.full(
                len(read), np.tanh(read[0] @ weights + offset)
            )
        },
    ),
    (
        "furthest_first",
        "The forecasts stand in the wrong order: the furthest lead comes first.",
        {"forecasts": lambda read, weights, offset: np.tanh(read @ weights + offset)[::-1]},
    ),
):
    check_recursive.add_mistake(_key, _message, _replaces)
