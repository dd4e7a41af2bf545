"""How an encoder-decoder goes wrong: after a slip, in the search, or in the model itself.

In training a decoder reads right beginnings only. `write_after_slip` makes it read one wrong
character and lets it go on. `judge_search` tells two kinds of wrong texts apart: those that a
search missed although the model finds them more probable, and those where the model is wrong.

References
----------
Ranzato, Chopra, Auli and Zaremba (2016), Sequence level training with recurrent neural networks,
ICLR; exposure bias. Stahlberg and Byrne (2019), On NMT search errors and model errors: cat got
your tongue?, EMNLP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from utils.pytorch.decoding import beam_search, sequence_log_probability
from utils.pytorch.models import EncoderDecoder
from utils.validation import as_count

__all__ = ["SearchResult", "judge_search", "write_after_slip"]


class SearchResult(NamedTuple):
    """Hold what became of a search, as shares of the texts.

    Attributes
    ----------
    found : float in [0, 1]
        The right text was written.
    missed : float in [0, 1]
        The right text is more probable than the one written: an error of the search.
    mistaken : float in [0, 1]
        The right text is less probable than the one written: an error of the model.
    log_probability : float, at most 0, in nats
        Mean of the texts written.
    beginnings : float
        Mean number of beginnings that the search looked at.
    """

    found: float
    missed: float
    mistaken: float
    log_probability: float
    beginnings: float


@torch.no_grad()
def write_after_slip(
    model: EncoderDecoder,
    xs: Tensor,
    lengths: Tensor | None,
    targets: Tensor,
    place: int | None,
    slip: Callable[[Tensor], Tensor],
) -> np.ndarray:
    """Let a decoder write by itself, but for one character that it is made to read.

    Parameters
    ----------
    model : EncoderDecoder
        Not changed.
    xs, lengths
        The texts, (T, B) and (B,), as for its ``encode``.
    targets : whole numbers, shape (S, B)
        The right texts.
    place : int in [0, S), or None
        After this character is written another is read in its place; None: never.
    slip : callable
        ``slip(right)`` gives what is read in place of the right characters, shape (B,).

    Returns
    -------
    array of int, shape (S, B)
        What it wrote: the most probable character at each step. What it wrote at `place` itself
        is not exchanged.

    Raises
    ------
    TypeError, ValueError
        If `place` is not as described.
    """
    S, B = targets.shape
    if place is not None and as_count("place", place, at_least=0) >= S:
        raise ValueError(f"place is {place}; expected 0 to {S - 1}.")
    memory = model.encode(xs, lengths)
    y, state, written = torch.full((B,), model.start), memory.state, []
    for s in range(S):
        logits, state, _ = model.decode_step(y, state, memory)
        written.append(logits.argmax(dim=-1))
        y = slip(targets[s]) if s == place else written[-1]
    return torch.stack(written).numpy()


def judge_search(
    model: EncoderDecoder, sources: Sequence[Any], targets: Sequence[Any], width: int
) -> SearchResult:
    """Search for the most probable text of each source, and say what the errors are errors of.

    Parameters
    ----------
    model : EncoderDecoder
        Not changed.
    sources : sequence of (whole numbers, shape (T,))
        Without padding.
    targets : sequence of (whole numbers, shape (S,))
        The right texts, with their end marks.
    width : int, at least 1
        Of the beam; 1 is greedy.

    Returns
    -------
    SearchResult

    Raises
    ------
    TypeError, ValueError
        If there are not as many sources as targets, or none.
    """
    if len(sources) != len(targets) or not len(sources):
        raise ValueError(
            f"there are {len(sources)} sources and {len(targets)} targets; expected as many of one "
            "as of the other, and at least one."
        )
    fates, totals, looked = [], [], []
    for source, target in zip(sources, targets, strict=True):
        beam = beam_search(model, source, width, max_steps=len(target), end=int(target[-1]))
        gap = sequence_log_probability(model, source, target) - beam.best.log_probability
        same = beam.best.tokens == tuple(np.asarray(target).tolist())
        fates.append("found" if same else "missed" if gap > 0 else "mistaken")
        totals.append(beam.best.log_probability)
        looked.append(len(beam.nodes) - 1)
    shares = [fates.count(fate) / len(fates) for fate in ("found", "missed", "mistaken")]
    return SearchResult(*shares, float(np.mean(totals)), float(np.mean(looked)))
