"""Four backward passes of a plain RNN, each with one line broken: exercises 03 diagnose them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from utils.cells import RNNWeights, rnn_unroll
from utils.losses import softmax

Array = np.ndarray
LETTERS = ("a", "b", "c", "d")


def sick_gradients(letter: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Run one of four backward passes through time, each with one line broken.

    Parameters
    ----------
    letter : {"a", "b", "c", "d"}
        Which of the passes.
    inputs : mapping
        xs (T, B, D), targets (T, B) of whole numbers below K, h_0 (B, H), W_xh (D, H),
        W_hh (H, H), b_h (H,), W_hy (H, K) and b_y (K,).

    Returns
    -------
    dict of arrays
        ``d_W_hy``, ``d_b_y``, ``d_W_xh``, ``d_W_hh``, ``d_b_h`` and ``d_h_0``, each of the shape
        of what it belongs to.

    Raises
    ------
    ValueError
        If there is no such pass.
    """
    if letter not in LETTERS:
        raise ValueError(f"letter is {letter!r}; expected one of {', '.join(LETTERS)}.")
    xs, h_0, W_hh = inputs["xs"], inputs["h_0"], inputs["W_hh"]
    hs = rnn_unroll(xs, h_0, RNNWeights(inputs["W_xh"], W_hh, inputs["b_h"]))  # (T, B, H)
    d_logits = softmax(hs @ inputs["W_hy"] + inputs["b_y"])  # (T, B, K)
    if letter != "c":
        d_logits = d_logits - np.eye(len(inputs["b_y"]))[inputs["targets"]]
    slopes = 1 - (np.arctanh(hs) if letter == "d" else hs) ** 2
    d_zs, d_h_next = np.zeros_like(hs), np.zeros_like(h_0)
    for t in reversed(range(len(hs))):
        d_h = d_logits[t] @ inputs["W_hy"].T
        d_zs[t] = (d_h if letter == "b" else d_h + d_h_next) * slopes[t]
        d_h_next = d_zs[t] @ W_hh.T
    read = hs if letter == "a" else np.concatenate([h_0[None], hs[:-1]])
    return {
        "d_W_hy": np.einsum("tbh,tbk->hk", hs, d_logits),
        "d_b_y": d_logits.sum(axis=(0, 1)),
        "d_W_xh": np.einsum("tbd,tbh->dh", xs, d_zs),
        "d_W_hh": np.einsum("tbg,tbh->gh", read, d_zs),
        "d_b_h": d_zs.sum(axis=(0, 1)),
        "d_h_0": d_h_next,
    }
