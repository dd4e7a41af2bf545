"""A fresh process that measures: started by `training_step.py`, it prints one JSON line a result.

    python -m benchmarks.step.worker grid --rounds 3

Times are those of the processor for this process, not of the clock on the wall: with one thread
both are the same on a quiet machine, and on a busy one waiting for a core is not counted.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks.step import processor
from benchmarks.step.case import CELLS, make_case
from benchmarks.step.gate import GateError, pass_gate
from benchmarks.step.numpy_steps import Ours, Textbook
from benchmarks.step.torch_steps import Embedded, Loop, Module
from benchmarks.step.without import STEPS, Without

CONTENDERS = {"ours": Ours, "torch": Module, "torch loop": Loop, "textbook": Textbook}
GRID = [
    (cell, T, B, H)
    for cell, T, B, H in itertools.product(CELLS, (35, 100), (1, 16, 32, 64), (32, 128, 256))
]
LENGTHS = (25, 50, 100, 200, 400)
AT_LEAST = 0.01  # seconds that one measurement takes, with as many steps as that needs


def measure(contenders: dict[str, Any], sizes: tuple, rounds: int) -> dict[str, list[float]]:
    """Return milliseconds a step for every contender, in rounds in which all take their turn."""
    cell, T, B, H = sizes
    steps = {name: kind(make_case(cell, T, B, H)).step for name, kind in contenders.items()}
    counts, times = {}, {name: [] for name in steps}
    for name, step in steps.items():  # this also warms up
        once = _taken(step, 1)
        if once < AT_LEAST:
            once = _taken(step, 1)
        counts[name] = max(1, round(AT_LEAST / max(once, 1e-6)))
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(1e3 * _taken(step, counts[name]))
    return times


def _taken(step: Any, count: int) -> float:
    start = time.process_time()
    for _ in range(count):
        step()
    return (time.process_time() - start) / count


def grid(rounds: int, names: list[str]) -> Iterator[dict]:
    """Measure the whole grid, in an order of its own."""
    order = random.sample(GRID, len(GRID))
    for sizes in order:
        yield {"sizes": sizes, "times": measure({n: CONTENDERS[n] for n in names}, sizes, rounds)}


def lengths(rounds: int) -> Iterator[dict]:
    """Measure time and memory of our step as sequences get longer, at B = 16 and H = 64."""
    for cell, T in itertools.product(CELLS, LENGTHS):
        times = measure({n: CONTENDERS[n] for n in ("ours", "torch")}, (cell, T, 16, 64), rounds)
        times = {name: statistics.median(values) for name, values in times.items()}
        yield {"cell": cell, "T": T, "times": times, **memory(cell, T, 16, 64)}


def memory(cell: str, T: int, B: int, H: int) -> dict[str, float]:
    """Return bytes per T·B·H: what waits for the way back, and the most during a step."""
    contender = Ours(make_case(cell, T, B, H))
    sequence = contender.model.forward(contender.xs).sequence
    buffers = {}  # views share the memory of their base
    for array in sequence:
        if getattr(array, "ndim", 0) >= 3:
            base = array if array.base is None else array.base
            buffers[id(base)] = base.nbytes
    del sequence
    contender.step()
    tracemalloc.start()
    contender.step()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"kept": sum(buffers.values()) / (T * B * H), "most": most / (T * B * H)}


def inputs(rounds: int) -> Iterator[dict]:
    """Measure torch with one-hot vectors and with an embedding, for the choice of the baseline."""
    contenders = {"one-hot": Module, "embedding": Embedded}
    for cell, (B, H) in itertools.product(CELLS, ((16, 32), (32, 128), (64, 256))):
        yield {
            "sizes": (cell, 35, B, H),
            "times": measure(contenders, (cell, 35, B, H), rounds),
        }


def taken_back(rounds: int) -> Iterator[dict]:
    """Measure the fast LSTM with each of its steps taken back, and without any taken back."""
    for sizes in (("lstm", 100, 1, 128), ("lstm", 100, 16, 32), ("lstm", 100, 32, 128)):
        steps = {"": Without(make_case(*sizes)).step}
        for off in STEPS:
            wide = off == "float32"
            case = make_case(*sizes, dtype=np.float64 if wide else np.float32)
            steps[off] = Without(case, "" if wide else off).step
        times: dict[str, list[float]] = {name: [] for name in steps}
        for step in steps.values():
            step()
        for _ in range(rounds):  # in another order each time: a step suffers from its neighbour
            for name in random.sample(list(steps), len(steps)):
                steps[name]()
                times[name].append(1e3 * _taken(steps[name], 3))
        yield {"sizes": sizes, "times": times}


def main(argv: list[str]) -> int:
    """Run one task and print its results, a JSON line each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("task", choices=("gate", "grid", "lengths", "inputs", "steps"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contenders", nargs="+", default=list(CONTENDERS), choices=CONTENDERS)
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    with threadpool_limits(1):
        if options.task == "gate":
            try:
                results = [{"compared": pass_gate(CONTENDERS)}]
            except GateError as error:
                results = [{"refused": str(error)}]
            results[0] |= {"kernels": processor.chosen_kernels(), "peaks": processor.peaks()}
        elif options.task == "grid":
            results = grid(options.rounds, options.contenders)
        else:
            tasks = {"lengths": lengths, "inputs": inputs, "steps": taken_back}
            results = tasks[options.task](options.rounds)
        for result in results:
            print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
