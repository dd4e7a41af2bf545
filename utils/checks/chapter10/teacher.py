"""Code: what a decoder reads and what it has to say, under teacher forcing."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter10.formulas import CHAPTER, Array, draw_lengths, within
from utils.checks.ordering import OrderedCheck

PAD, START, END = 0, 1, 2


def decoder_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw sentences of symbols from 3 on, padded with 0; none is as long as the array."""
    T, B = sizes["T"], sizes["B"]
    lengths = draw_lengths(rng, B, 2, T - 1)
    symbols = 3 + np.cumsum(rng.integers(1, 20, size=(T, B)), axis=0) % 21
    symbols = np.where(within(lengths, T) > 0, symbols, PAD)
    return {"symbols": symbols, "lengths": lengths}


def with_row(symbols: Array, first: int | None = None, last: int | None = None) -> Array:
    """Put a row of one symbol before the others, or after them."""
    rows = [symbols]
    if first is not None:
        rows.insert(0, np.full((1, symbols.shape[1]), first))
    if last is not None:
        rows.append(np.full((1, symbols.shape[1]), last))
    return np.concatenate(rows).astype(int)


def ended(symbols: Array, places: Array) -> Array:
    """Return (T+1, B): the symbols with END at one step of each sentence."""
    found = with_row(symbols, last=PAD)
    found[places.astype(int), np.arange(symbols.shape[1])] = END
    return found


check_decoder_pairs = OrderedCheck(
    "decoder_pairs",
    chapter=CHAPTER,
    title="What a decoder reads, and what it says",
    outputs={"inputs": "T+1 B", "targets": "T+1 B", "mask": "T+1 B"},
    inputs=decoder_inputs,
    sizes=({"T": 6, "B": 4}, {"T": 9, "B": 5}, {"T": 5, "B": 3}),
    steps={
        "begin": constant(START),
        "inputs": lambda symbols, begin: with_row(symbols, first=int(begin)),
        "places": lambda lengths: lengths,
        "targets": lambda symbols, places: ended(symbols, places),
        "edge": constant(1),
        "mask": lambda symbols, lengths, edge: within(lengths, len(symbols) + 1, int(edge)),
    },
    hints=(
        "Write one sentence of two symbols down by hand: below one another, step by step, what the "
        "decoder has read and what it should say next. Where do START and END stand?",
        "Inputs and targets are the same symbols, one step apart: the inputs have START in front, "
        "the targets have END behind. Both have T + 1 rows. Each sentence ends at a step of its "
        "own.",
        "`np.concatenate` puts a row of 1 before `symbols` for the inputs, and a row of 0 after "
        "it for the targets; then `targets[lengths, np.arange(B)] = 2`. END counts in the loss, so "
        "the mask has n + 1 steps for a sentence of n symbols.",
    ),
)
for _key, _message, _replaces in (
    (
        "not_shifted",
        "The inputs are the targets themselves, not shifted. The decoder would see the symbol it "
        "has to say, and its loss would go to 0 without anything learnt.",
        {"inputs": lambda symbols, lengths: ended(symbols, lengths)},
    ),
    (
        "not_shifted_without_end",
        "The inputs are the symbols at their own steps, so the decoder sees what it has to say. "
        "They come one step later, after START.",
        {"inputs": lambda symbols: with_row(symbols, last=PAD)},
    ),
    (
        "shifted_the_other_way",
        "The inputs run ahead of the targets: the shift goes the other way. The decoder reads what "
        "came before.",
        {"inputs": lambda symbols: with_row(symbols[1:], last=PAD)},
    ),
    (
        "rolled",
        "The symbols were rolled: the last row of the array stands in front, where START belongs.",
        {"inputs": lambda symbols: np.roll(symbols, 1, axis=0)},
    ),
    (
        "rolled_over_start",
        "The symbols were rolled and START put over the first row, so that there are T rows. There "
        "is one row more than symbols: the step at which END has to be said.",
        {"inputs": lambda symbols: with_row(symbols[:-1], first=START)},
    ),
    (
        "start_over_first_symbol",
        "START stands in the place of the first symbol. It comes before it, and everything else "
        "moves on by one step.",
        {"inputs": lambda symbols: with_row(symbols[1:], first=START, last=PAD)},
    ),
    (
        "zeros_for_start",
        "The first row is padding, 0. There is a symbol of its own for the beginning: START, 1.",
        {"begin": constant(PAD)},
    ),
    (
        "end_for_start",
        "The first row is END. The decoder begins with START, 1.",
        {"begin": constant(END)},
    ),
    (
        "end_in_the_inputs",
        "END stands in the inputs too, after each sentence. Once END is said nothing is read any "
        "more, so those steps hold padding, 0.",
        {
            "inputs": lambda symbols, begin, lengths: np.concatenate(
                [np.full((1, symbols.shape[1]), begin), ended(symbols, lengths)[:-1]]
            )
        },
    ),
    (
        "last_symbol_not_read",
        "The last symbol of each sentence is missing in the inputs. It is read too, at the step at "
        "which END has to be said.",
        {
            "inputs": lambda symbols, begin, lengths: (
                with_row(symbols, first=int(begin)) * (within(lengths, len(symbols) + 1) > 0)
            )
        },
    ),
    (
        "start_at_every_step",
        "START stands at every step. It is read at the first one alone; after it come the symbols "
        "of the sentence.",
        {"inputs": lambda symbols: with_row(np.full_like(symbols, START), first=START)},
    ),
    (
        "start_at_every_step_of_the_sentence",
        "START stands at every step up to the end of a sentence. It is read at the first one "
        "alone; after it come the symbols.",
        {"inputs": lambda symbols, lengths: within(lengths, len(symbols) + 1, 1).astype(int)},
    ),
    (
        "samples_shifted",
        "The shift went along the batch: each sentence has got symbols of its neighbour. Shift "
        "along time.",
        {
            "inputs": lambda symbols: with_row(np.roll(symbols, 1, axis=1), first=START),
        },
    ),
    (
        "end_after_the_padding",
        "END stands in the last row for all sentences, behind their padding. It follows each "
        "sentence's own last symbol.",
        {"places": lambda symbols, lengths: np.full_like(lengths, len(symbols))},
    ),
    (
        "end_over_last_symbol",
        "END has taken the place of each last symbol. It follows it, at step n of a sentence of n "
        "symbols.",
        {"places": lambda lengths: lengths - 1},
    ),
    (
        "end_one_step_late",
        "END stands one step late: a 0 lies between it and the last symbol. It follows at once, at "
        "step n of a sentence of n symbols.",
        {"places": lambda lengths: lengths + 1},
    ),
    (
        "end_of_the_longest",
        "END stands where the longest sentence ends, for all of them. Each ends at its own length.",
        {"places": lambda lengths: np.full_like(lengths, lengths.max())},
    ),
    (
        "end_missing",
        "END is missing: a decoder trained on this never learns to stop.",
        {"targets": lambda symbols: with_row(symbols, last=PAD)},
    ),
    (
        "padding_as_end",
        "All of the padding became END. One END follows each sentence; the rest stays 0.",
        {"targets": lambda symbols: with_row(np.where(symbols == PAD, END, symbols), last=END)},
    ),
    (
        "start_in_the_targets",
        "The targets begin with START. It is read, never said: the first target is the first "
        "symbol.",
        {"targets": lambda symbols: with_row(symbols, first=START)},
    ),
    (
        "targets_moved_too",
        "The targets are moved by one step, like the inputs: START in front of them. The first "
        "target is the first symbol.",
        {
            "targets": lambda symbols, places: np.concatenate(
                [np.full((1, symbols.shape[1]), START), ended(symbols, places)[:-1]]
            )
        },
    ),
    (
        "end_not_counted",
        "The mask leaves END out, so that nothing in the loss asks the decoder to stop. A sentence "
        "of n symbols has n + 1 targets.",
        {"edge": constant(0)},
    ),
    (
        "one_too_many_counted",
        "The mask has one step too many: after END comes padding.",
        {"edge": constant(2)},
    ),
    (
        "all_counted",
        "The mask is 1 everywhere, in the padding too.",
        {"mask": lambda symbols: np.ones((len(symbols) + 1, symbols.shape[1]))},
    ),
    (
        "mask_of_symbols",
        "The mask has T rows, one for each row of `symbols`. The targets have one row more.",
        {"mask": lambda symbols: (symbols != PAD).astype(float)},
    ),
    (
        "mask_turned",
        "The mask is turned round: it is 1 in the padding. Here 1 stands for a target that counts.",
        {"mask": lambda symbols, lengths: 1 - within(lengths, len(symbols) + 1, 1)},
    ),
):
    check_decoder_pairs.add_mistake(_key, _message, _replaces)
