"""Code: a series cut into [samples, timesteps, features]."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter10.formulas import CHAPTER, Array
from utils.checks.engine import Check


def series_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a series of N steps with F features each."""
    N, T, F = (sizes[name] for name in "NTF")
    return {"series": rng.normal(size=(N, F)), "timesteps": T}


def arranged(windows: Array, layout: str) -> Array:
    """Bring windows (S, T, F) into the form that `layout` names; ``"samples first"`` is right."""
    S, T, F = windows.shape
    if layout == "time first":
        return windows.swapaxes(0, 1)
    if layout == "features second":
        return windows.swapaxes(1, 2)
    if layout == "reshaped from time first":
        return windows.swapaxes(0, 1).reshape(S, T, F)
    if layout == "reshaped from features":
        return windows.swapaxes(1, 2).reshape(S, T, F)
    if layout == "one step":
        return windows.reshape(S, 1, T * F)
    if layout == "flat":
        return windows.reshape(S, T * F)
    if layout == "single":
        return windows.reshape(S * T, 1, F)
    if layout == "turned":
        return windows[:, ::-1]
    if layout == "one feature":
        return windows[..., :1]
    if layout == "no feature axis":
        return windows[..., 0]
    return windows


def picked(rows: Array, feature: Array, kind: str) -> Array:
    """Take one feature of each row, (S,); with ``"axis kept"`` (S, 1), with ``"row"`` all."""
    column = int(feature) % rows.shape[1]
    return rows if kind == "row" else rows[:, [column]] if kind == "axis kept" else rows[:, column]


check_series_windows = Check(
    "series_windows",
    chapter=CHAPTER,
    title="Samples, timesteps, features",
    outputs={"xs": "S T F", "targets": "S"},
    inputs=series_inputs,
    sizes=(
        {"N": 14, "T": 4, "F": 3},
        {"N": 17, "T": 5, "F": 2},
        {"N": 9, "T": 2, "F": 4},
    ),
    steps={
        "stride": constant(1),
        "count": lambda series, timesteps, stride: 1 + (len(series) - timesteps - 1) // stride,
        "starts": lambda count, stride: stride * np.arange(int(count)),
        "layout": constant("samples first"),
        "xs": lambda series, timesteps, starts, layout: arranged(
            series[starts[:, None] + np.arange(timesteps)], str(layout)
        ),
        "ahead": constant(0),
        "feature": constant(0),
        "kind": constant("number"),
        "targets": lambda series, timesteps, starts, ahead, feature, kind: picked(
            series[np.minimum(starts + timesteps + ahead, len(series) - 1)], feature, str(kind)
        ),
    },
    hints=(
        "One sample is `timesteps` rows of the series, one after the other, and its target is the "
        "row that follows. Which is the last row at which a sample can begin?",
        "A sample that begins at row s takes `series[s : s + timesteps]`, and its target stands at "
        "row `s + timesteps`, which must be in the series. So s goes from 0 to N − timesteps − 1.",
        "`np.stack` of a list of such slices, one for each s, has the shape asked for, with no "
        "reshape. The targets are one slice of the first column: it begins at the row after the "
        "first window and goes on to the end of the series.",
    ),
)
for _key, _message, _replaces in (
    (
        "one_time_step",
        "Each window became one step with all its numbers as features. The network then takes a "
        "single step from a state of zeros, so that W_hh is never used.",
        {"layout": constant("one step")},
    ),
    (
        "steps_as_samples",
        "Every row is a sample of its own, with one time step. A window of `timesteps` rows is "
        "one sample.",
        {"layout": constant("single")},
    ),
    (
        "rows_as_samples",
        "Every row of the series is a sample of its own, with one time step. The network then "
        "takes a single step from a state of zeros, so that W_hh is never used.",
        {"xs": lambda series: series[:, None]},
    ),
    (
        "flat",
        "Each window became one row of numbers, which suits a plain network. A recurrent one wants "
        "an axis of time between samples and features.",
        {"layout": constant("flat")},
    ),
    (
        "time_first",
        "This is time first. Asked for are samples, timesteps, features, in this order.",
        {"layout": constant("time first")},
    ),
    (
        "features_second",
        "The features stand before the timesteps. Asked for are samples, timesteps, features.",
        {"layout": constant("features second")},
    ),
    (
        "reshaped_from_time_first",
        "The windows were made time first and reshaped, which mixes numbers of different samples. "
        "To exchange axes, transpose.",
        {"layout": constant("reshaped from time first")},
    ),
    (
        "reshaped_from_features",
        "Features and timesteps were exchanged by a reshape, which gives the shape and mixes the "
        "numbers. To exchange axes, transpose.",
        {"layout": constant("reshaped from features")},
    ),
    (
        "time_turned",
        "Each window runs backwards in time. Its oldest row comes first.",
        {"layout": constant("turned")},
    ),
    (
        "first_feature_alone",
        "Only the first feature went into the windows. The target is one feature; the input has "
        "all of them.",
        {"layout": constant("one feature")},
    ),
    (
        "no_feature_axis",
        "Only the first feature went into the windows, and its axis is gone. The input has all "
        "features, in the last axis.",
        {"layout": constant("no feature axis")},
    ),
    (
        "no_overlap",
        "The windows do not overlap: each begins where the one before ends. Here one begins at "
        "every row.",
        {"stride": lambda timesteps: timesteps},
    ),
    (
        "last_window_missing",
        "The last window is missing. The last row of the series is a target like any other.",
        {"count": lambda series, timesteps, stride: (len(series) - timesteps - 1) // stride},
    ),
    (
        "window_without_target",
        "There is one window too many: the last one ends with the series and has no target.",
        {
            "count": lambda series, timesteps: len(series) - timesteps + 1,
            "targets": lambda series, timesteps, ahead, feature, kind: picked(
                series[timesteps + int(ahead) :], feature, str(kind)
            ),
        },
    ),
    (
        "windows_one_late",
        "Each window ends with the row of its own target: it begins one row too late. The network "
        "would read what it has to predict.",
        {
            "xs": lambda series, timesteps, starts, layout: arranged(
                series[np.minimum(starts[:, None] + 1 + np.arange(timesteps), len(series) - 1)],
                str(layout),
            )
        },
    ),
    (
        "windows_one_longer",
        "The windows have `timesteps` + 1 rows, the row of the target among them. The network "
        "would read what it has to predict.",
        {
            "xs": lambda series, timesteps, starts, layout: arranged(
                series[np.minimum(starts[:, None] + np.arange(timesteps + 1), len(series) - 1)],
                str(layout),
            )
        },
    ),
    (
        "target_inside",
        "The target is the last row of its own window, which the network has read: it need only "
        "copy. The target is the row after.",
        {"ahead": constant(-1)},
    ),
    (
        "target_one_late",
        "The target comes two rows after the window. It is the row that follows at once.",
        {
            "ahead": constant(1),
            "count": lambda series, timesteps: len(series) - timesteps - 1,
        },
    ),
    (
        "target_at_the_start",
        "The target is the first row of the window, which the network has read.",
        {
            "targets": lambda series, starts, feature, kind: picked(
                series[starts], feature, str(kind)
            ),
        },
    ),
    (
        "last_feature",
        "The target is the last feature. Asked for is the first one.",
        {"feature": constant(-1)},
    ),
    (
        "all_features",
        "The target holds all features. Asked for is the first one, a number for each sample.",
        {"kind": constant("row")},
    ),
    (
        "target_with_axis",
        "The targets have an axis of length 1 too many. Beside a prediction of shape (S,) it would "
        "broadcast to (S, S) in a loss.",
        {"kind": constant("axis kept")},
    ),
):
    check_series_windows.add_mistake(_key, _message, _replaces)
