"""Code: windows of past and future on either side of a border in time."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter11.formulas import CHAPTER, Array, draw_series
from utils.checks.engine import Check


def window_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a series of N values of which those from place b on are the test part."""
    values = draw_series(rng, sizes["N"])
    return {
        "values": values,
        "past": sizes["P"],
        "horizon": sizes["H"],
        "border": sizes["b"],
    }


def pasts(values: Array, origins: Array, past: int) -> Array:
    """Return the `past` values before each origin, (n, P)."""
    return values[origins.astype(int)[:, None] + np.arange(-int(past), 0)]


def futures(values: Array, origins: Array, horizon: int, gap: Array, kept: str) -> Array:
    """Return the `horizon` values from each origin on, (n, H), `gap` steps moved."""
    steps = origins.astype(int)[:, None] + np.arange(int(horizon)) + int(gap)
    found = values[np.minimum(steps, len(values) - 1)]
    if kept == "first":
        return found[:, 0]
    if kept == "first, with axis":
        return found[:, :1]
    return found[:, -1] if kept == "last" else found


check_split_windows = Check(
    "split_windows",
    chapter=CHAPTER,
    title="Windows on either side of a border",
    outputs={
        "train_past": "n P",
        "train_future": "n H",
        "test_past": "m P",
        "test_future": "m H",
    },
    inputs=window_inputs,
    sizes=(
        {"N": 26, "P": 5, "H": 3, "b": 15},
        {"N": 31, "P": 4, "H": 6, "b": 18},
        {"N": 23, "P": 7, "H": 2, "b": 13},
    ),
    steps={
        "train_origins": lambda past, horizon, border: np.arange(past, border - horizon + 1),
        "test_origins": lambda values, horizon, border: np.arange(
            border, len(values) - horizon + 1
        ),
        "newest_last": constant(1),
        "train_past": lambda values, past, train_origins, newest_last: pasts(
            values, train_origins, past
        )[:, :: int(newest_last)],
        "gap": constant(0),
        "kept": constant("all"),
        "train_future": lambda values, horizon, train_origins, gap, kept: futures(
            values, train_origins, horizon, gap, str(kept)
        ),
        "test_past": lambda values, past, test_origins, newest_last: pasts(
            values, test_origins, past
        )[:, :: int(newest_last)],
        "test_future": lambda values, horizon, test_origins, gap, kept: futures(
            values, test_origins, horizon, gap, str(kept)
        ),
    },
    hints=(
        "Number windows by their origin o, the count of values known: the past is `values[o - "
        "past : o]`, the future `values[o : o + horizon]`. Which is the first origin of either "
        "part, which the last?",
        "A training window must be over before the border: o + horizon is at most `border`. A test "
        "window may read what is known from before the border; only its future must lie in the "
        "test part, so its first origin is `border` itself.",
        "Training origins are `range(past, border - horizon + 1)`, test origins `range(border, "
        "len(values) - horizon + 1)`. For each part stack the pasts and the futures of all its "
        "origins.",
    ),
)
for _key, _message, _replaces in (
    (
        "future_over_the_border",
        "The training windows go on until their origin meets the border, so that the last futures "
        "hold values of the test part. A whole future must end before the border.",
        {"train_origins": lambda past, border: np.arange(past, border)},
    ),
    (
        "trained_on_all",
        "The training windows run through to the end of the series, the test part included.",
        {"train_origins": lambda values, past, horizon: np.arange(past, len(values) - horizon + 1)},
    ),
    (
        "border_counts_windows",
        "The border was taken for a count of windows. It is a place in the series: windows before "
        "and after such a cut share values.",
        {
            "train_origins": lambda past, border: np.arange(past, past + border),
            "test_origins": lambda values, past, horizon, border: np.arange(
                past + border, len(values) - horizon + 1
            ),
        },
    ),
    (
        "last_training_window_lost",
        "The last training window is missing: the one whose future ends at the border.",
        {"train_origins": lambda past, horizon, border: np.arange(past, border - horizon)},
    ),
    (
        "first_training_window_lost",
        "The first training window is missing: the one whose past begins with the series.",
        {"train_origins": lambda past, horizon, border: np.arange(past + 1, border - horizon + 1)},
    ),
    (
        "training_side_by_side",
        "The training windows do not overlap: each begins where the one before ends. Here there "
        "is one for every origin.",
        {
            "train_origins": lambda past, horizon, border: np.arange(
                past, border - horizon + 1, past + horizon
            )
        },
    ),
    (
        "last_test_window_lost",
        "The last test window is missing: the one whose future ends with the series.",
        {"test_origins": lambda values, horizon, border: np.arange(border, len(values) - horizon)},
    ),
    (
        "first_test_window_lost",
        "The first test window is missing: the one whose future begins at the border.",
        {
            "test_origins": lambda values, horizon, border: np.arange(
                border + 1, len(values) - horizon + 1
            )
        },
    ),
    (
        "past_kept_out",
        "The test windows begin a whole past after the border. What was known before the border "
        "may be read: only futures must not cross it.",
        {
            "test_origins": lambda values, past, horizon, border: np.arange(
                border + past, len(values) - horizon + 1
            )
        },
    ),
    (
        "test_before_the_border",
        "The first test windows ask for values before the border, which were trained on. Their "
        "whole future lies behind it.",
        {
            "test_origins": lambda values, horizon, border: np.arange(
                border - horizon + 1, len(values) - horizon + 1
            )
        },
    ),
    (
        "tested_on_all",
        "The test windows are those of the whole series, training windows among them.",
        {"test_origins": lambda values, past, horizon: np.arange(past, len(values) - horizon + 1)},
    ),
    (
        "test_side_by_side",
        "The test windows follow one another a whole horizon apart. Here there is one for every "
        "origin.",
        {
            "test_origins": lambda values, horizon, border: np.arange(
                border, len(values) - horizon + 1, horizon
            )
        },
    ),
    (
        "newest_first",
        "Each past runs backwards in time: the oldest value comes first, the newest last.",
        {"newest_last": constant(-1)},
    ),
    (
        "future_in_the_past",
        "The futures begin with the last value of the past, which is known: the first forecast "
        "would be a copy.",
        {"gap": constant(-1)},
    ),
    (
        "future_one_late",
        "The futures leave out the first value after the past.",
        {"gap": constant(1)},
    ),
    (
        "first_lead_alone",
        "Only the first value of each future is there. All values of the horizon belong to it.",
        {"kept": constant("first")},
    ),
    (
        "first_lead_with_axis",
        "Each future has one value, at the first lead. The horizon has more steps.",
        {"kept": constant("first, with axis")},
    ),
    (
        "last_lead_alone",
        "Only the last value of each future is there. All values up to it belong to it too.",
        {"kept": constant("last")},
    ),
):
    check_split_windows.add_mistake(_key, _message, _replaces)
