"""The lens beside torch: a trace with gradients, and one forward and backward pass in float64.

The case is an LSTM with T = 200, B = 1, H = 256 and two layers. A trace copies the model, runs it,
recomputes every gate and state, checks them, and computes the gradient at every state; it may take
four times as long as torch takes for one pass forward and backward with all gradients of the
weights. The two take turns; the ratio is the median over neighbours, with its 95 % interval. Run as
part of ``make bench``, or ``python benchmarks/lens.py --rounds 5``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.step.summary import Interval, median_interval, ratios
from utils import lens

BAR = 4.0
KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def make_pair(
    kind: str = "lstm",
    T: int = 200,
    B: int = 1,
    H: int = 256,
    layers: int = 2,
    dtype: torch.dtype = torch.float32,
) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the two that are compared: the trace, and torch's passes, of the same network.

    Parameters
    ----------
    kind : {"rnn", "lstm", "gru"}
    T, B, H, layers : int
    dtype : torch.dtype
        Of the traced module; with float32 the trace also measures how far that is from float64.
    """
    torch.manual_seed(0)
    model = KINDS[kind](H, H, layers, dtype=dtype)
    twin = KINDS[kind](H, H, layers, dtype=torch.float64)
    twin.load_state_dict(model.state_dict())
    xs = torch.randn(T, B, H, dtype=dtype)

    def loss(answer: tuple) -> torch.Tensor:
        return answer[0][-1].square().sum()

    def theirs() -> float:
        twin.zero_grad()
        inputs = xs.double().requires_grad_()  # the trace goes back to the inputs of each layer
        value = loss(twin(inputs))
        value.backward()
        return value.item()

    return lambda: lens.trace(model, xs, loss), theirs


def compare(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int
) -> tuple[Interval, float, float]:
    """Return the ratio of times and the median times of both in milliseconds."""
    ours(), theirs()  # warm up
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for function, taken in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(1e3 * (time.perf_counter() - start))
    return median_interval(ratios(*times)), *(median_interval(taken).median for taken in times)


def main(argv: list[str] | None = None) -> int:
    """Print the ratio for all cells, and return 1 if that of the LSTM is above the bar."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--units", type=int, default=256)
    options = parser.parse_args(argv)
    T, H = options.steps, options.units
    print(f"T = {T}, B = 1, H = {H}, 2 layers; trace with gradients / torch in float64")
    threads, held = torch.get_num_threads(), True
    torch.set_num_threads(1)  # at these sizes more gain little, and lose much on a busy machine
    try:
        with threadpool_limits(1):
            for kind in KINDS:
                ratio, ours, theirs = compare(*make_pair(kind, T=T, H=H), options.rounds)
                line = f"{kind:<6}{ours:8.1f} ms /{theirs:8.1f} ms   ratio {ratio}"
                if kind == "lstm":
                    held = ratio.median <= BAR
                    line += f"   bar {BAR:g}  {'holds' if held else 'is MISSED'}"
                print(line, flush=True)
    finally:
        torch.set_num_threads(threads)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
