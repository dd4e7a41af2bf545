"""Code: a text cut into windows whose targets are the next characters."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter04.formulas import CHAPTER, Array
from utils.checks.engine import Check


def windows_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a text of N characters in which no two neighbours are equal."""
    N, T, B = (sizes[name] for name in "NTB")
    return {"indices": np.cumsum(rng.integers(1, 40, size=N)) % 41, "T": T, "B": B}


def positions_of(count: Array, stride: Array, T: int, stream_starts: Array) -> Array:
    """Return where in the text each entry of the windows stands, shape (W, T, B)."""
    steps = stride * np.arange(int(count))[:, None] + np.arange(T)  # (W, T)
    return steps[..., None] + stream_starts


def arranged(values: Array, layout: str) -> Array:
    """Bring windows (W, T, B) into the order of axes that `layout` names."""
    if layout == "batch first":
        return np.swapaxes(values, 1, 2)
    if layout == "not cut":
        return values.reshape(-1, values.shape[-1])
    if layout == "windows last":
        return np.moveaxis(values, 0, -1)
    if layout == "not transposed":
        return np.moveaxis(values, -1, 0).reshape(values.shape)
    if layout == "streams first":
        return np.moveaxis(values, -1, 0)
    return values


check_windows = Check(
    "windows",
    chapter=CHAPTER,
    title="A text in windows",
    outputs={"xs": "W T B", "targets": "W T B"},
    inputs=windows_inputs,
    sizes=(
        {"N": 48, "T": 4, "B": 3},  # one character short of 3 streams of 16
        {"N": 46, "T": 3, "B": 5},  # 5 streams of 9, no character left over
        {"N": 19, "T": 5, "B": 1},
    ),
    steps={
        "length": lambda indices, B: (len(indices) - 1) // B,
        "stride": lambda T: T,
        "count": lambda length, stride, T: (length - T) // stride + 1,
        "stream_starts": lambda length, B: length * np.arange(B),
        "positions": lambda count, stride, T, stream_starts: positions_of(
            count, stride, T, stream_starts
        ),
        "read": lambda positions: positions,
        "ahead": lambda read: read + 1,
        "layout": lambda: "time first",
        "xs": lambda indices, read, layout: arranged(indices[read % len(indices)], str(layout)),
        "targets": lambda indices, ahead, layout: arranged(
            indices[ahead % len(indices)], str(layout)
        ),
    },
    hints=(
        "Begin with two long arrays: the characters without the last one, and the characters "
        "without the first. Whatever you do to the one, do to the other.",
        "`length = (N - 1) // B`. Of either array take the first `B * length` entries; "
        "`.reshape(B, length)` makes stream b its row b, and `.T` puts time first.",
        "Now cut along time: with `W = length // T` keep the first `W * T` rows, and "
        "`.reshape(W, T, B)` makes windows of T rows each.",
    ),
)
for _key, _quantity, _function, _message in (
    (
        "not_shifted",
        "ahead",
        lambda read: read,
        "The targets are the inputs themselves, not shifted. The target of a character is the "
        "next one; a network that need only copy brings its loss to 0 and learns nothing.",
    ),
    (
        "shifted_back",
        "ahead",
        lambda read: read - 1,
        "The targets are the characters before, not after: the shift goes the other way.",
    ),
    (
        "shifted_by_two",
        "ahead",
        lambda read: read + 2,
        "The targets are two characters ahead. The next one is one ahead.",
    ),
    (
        "rolled_in_the_window",
        "ahead",
        lambda read: np.roll(read, -1, axis=1),
        "The last target of a window is that window's first character. It must be the character "
        "that comes next in the text, the first one of the next window.",
    ),
    (
        "rolled_in_the_stream",
        "ahead",
        lambda read, length: (read // length) * length + (read % length + 1) % length,
        "The last target of a stream is that stream's first character. It must be the character "
        "that comes next in the text: shift the text before you cut it.",
    ),
    (
        "streams_from_each_other",
        "ahead",
        lambda read, stream_starts: read + np.roll(stream_starts, -1) - stream_starts,
        "The targets belong to the next stream at the same step: the shift went along the batch. "
        "Shift along time.",
    ),
    (
        "no_room_for_targets",
        "length",
        lambda indices, B: len(indices) // B,
        "You cut N pairs of input and target, and N characters give N − 1. Each stream has "
        "(N − 1) // B steps; its last target is the first character of the next stream.",
    ),
    (
        "streams_cut_to_windows",
        "length",
        lambda indices, T, B: (len(indices) - 1) // (B * T) * T,
        "Your streams are shortened to whole windows first, so all but the first begin too early. "
        "A stream has (N − 1) // B steps; what fills no window is left out at its end.",
    ),
    (
        "one_character_less",
        "length",
        lambda indices, B: len(indices) // B - 1,
        "Your streams have N // B − 1 steps: a character is given away in each of them. Only the "
        "last character of the whole text has no target, so there are (N − 1) // B.",
    ),
    (
        "stride_of_one",
        "stride",
        lambda: 1,
        "The windows overlap: each begins one character after the one before. Each begins where "
        "the one before has ended, T characters on.",
    ),
    (
        "overlap_of_one",
        "stride",
        lambda T: T - 1,
        "Each window begins with the last character of the one before, which is read twice. It "
        "begins with the character after that.",
    ),
    (
        "one_skipped",
        "stride",
        lambda T: T + 1,
        "Between two windows a character is skipped: they stand T + 1 apart. The last target of a "
        "window is the first input of the next one.",
    ),
    (
        "every_stream_from_the_start",
        "stream_starts",
        lambda B: np.zeros(B, dtype=int),
        "All columns hold the same text from its beginning. Column b is stream b, which begins "
        "at b times the length of a stream.",
    ),
    (
        "neighbours_side_by_side",
        "positions",
        lambda indices, T, B: (
            np.arange((len(indices) - 1) // (B * T))[:, None, None] * B * T
            + np.arange(T)[:, None]
            + np.arange(B) * T
        ),
        "Neighbouring pieces of the text stand side by side in one window, so column b does not "
        "go on in the next window, and a carried state would belong to another place.",
    ),
    (
        "read_across",
        "positions",
        lambda indices, length, T, B: np.arange(length // T * T * B).reshape(-1, T, B),
        "The text runs along the batch: neighbours in the text are neighbours in a row. Reshape "
        "to B rows first, one for each stream, then transpose.",
    ),
    (
        "last_step_dropped",
        "read",
        lambda positions: positions[:, :-1],
        "The windows have T − 1 steps: the last target of each was dropped. It is the first "
        "character of the next window, so shift the text before you cut it.",
    ),
    (
        "last_window_dropped",
        "read",
        lambda positions: positions[:-1],
        "The last whole window is missing: there are (N − 1) // B // T of them.",
    ),
    (
        "first_window_only",
        "read",
        lambda positions: positions[:1],
        "There is the first window alone. Cut the streams to their end.",
    ),
    (
        "batch_first",
        "layout",
        lambda: "batch first",
        "The windows are batch first, (B, T). Arrays of this course are time first, (T, B).",
    ),
    (
        "not_transposed",
        "layout",
        lambda: "not transposed",
        "The streams, rows of an array, were reshaped to windows without `.T` before it. So the "
        "text runs along the batch. Transpose to (steps, B) first, then reshape to (W, T, B).",
    ),
    (
        "not_cut",
        "layout",
        lambda: "not cut",
        "The streams stand side by side and are not cut: make windows of T steps, with an axis "
        "for the windows in front.",
    ),
    (
        "windows_last",
        "layout",
        lambda: "windows last",
        "The axis of the windows comes last. It comes first, so that a loop gives one window at a "
        "time.",
    ),
    (
        "streams_first",
        "layout",
        lambda: "streams first",
        "The streams come first, (B, W, T). The order asked for is windows, time, batch.",
    ),
    (
        "one_target_per_window",
        "targets",
        lambda indices, ahead: indices[ahead[:, -1] % len(indices)],
        "There is one target for each window, the character after it. Every step has a target: "
        "the next character.",
    ),
):
    check_windows.add_mistake(_key, _message, {_quantity: _function})
