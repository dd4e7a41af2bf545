"""How long a training step of RNN, LSTM and GRU takes where all three have equal parameters.

    python benchmarks/equal_parameters.py [--rounds 15]

For the claim that a GRU is as good as an LSTM and cheaper (`experiments.c17_gru_or_lstm`), which
compares the cells on equal parameters and on equal time. A step is forward, loss, backward,
clipping by the global norm and the update by Adam, float32 and one thread, on a batch of the task;
`utils.classifier` runs each cell by the function that is made for it. Where a task asks for a
number, a class is asked for in its place, which takes as long.

All cells take their turn in each round, and a ratio to the LSTM is that of neighbouring runs; what
is printed is the median over the rounds with an interval that holds the true median with 95 %
probability. Seconds are those of the processor. The last lines are the medians as the script of the
claim states them, and the same for equal units.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.step.summary import Interval, geometric_mean, median_interval, ratios
from experiments.c17_gru_or_lstm import CELLS, SETTINGS, units
from experiments.memory_training import as_float32, make_task
from utils.classifier import init_classifier
from utils.clipping import clip_by_global_norm
from utils.optim import Adam

AT_LEAST = 0.02  # seconds that one measurement takes, with as many steps as that needs


def training_step(task: str, cell: str, H: int) -> Callable[[], None]:
    """Return a function that makes one training step of a cell with H units on a task."""
    rng = np.random.default_rng(0)
    made = make_task(task, SETTINGS["tasks"][task])
    xs, targets = as_float32(made.draw(rng, SETTINGS["batch"]))
    K = made.K
    if K == 1:
        K, targets = 2, np.zeros(targets.shape, int)
    model = init_classifier(made.D, H, K, rng, cell=cell, dtype=np.float32)
    rule = Adam(0.001)

    def step() -> None:
        done = model.loss_and_gradients(xs, targets)
        rule.step(model.weights, clip_by_global_norm(done.gradients, SETTINGS["clip"]).gradients)

    return step


def measure(steps: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Return milliseconds a step by name, in rounds in which all take their turn."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    counts = {}
    for name, step in steps.items():
        step()  # warms up
        counts[name] = max(1, round(AT_LEAST / max(_taken(step, 2), 1e-6)))
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(1e3 * _taken(step, counts[name]))
    return times


def _taken(step: Callable[[], None], count: int) -> float:
    start = time.process_time()
    for _ in range(count):
        step()
    return (time.process_time() - start) / count


def to_lstm(times: Mapping[str, list[float]]) -> dict[str, Interval]:
    """Return the ratio of each cell's time to that of the LSTM."""
    return {cell: median_interval(ratios(times[cell], times["lstm"])) for cell in times}


def main(argv: list[str] | None = None) -> int:
    """Measure all tasks and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args(argv).rounds
    equal: dict[str, dict[str, float]] = {}
    same_units: dict[str, list[float]] = {cell: [] for cell in CELLS}
    with threadpool_limits(1):
        for task in SETTINGS["tasks"]:
            sizes = {cell: units(cell, task) for cell in CELLS}
            times = measure({c: training_step(task, c, H) for c, H in sizes.items()}, rounds)
            found = to_lstm(times)
            equal[task] = {cell: round(ratio.median, 2) for cell, ratio in found.items()}
            words = [f"{cell} {sizes[cell]} units: {ratio}" for cell, ratio in found.items()]
            print(f"{task:<16}{'  '.join(words)}", flush=True)
            H = sizes["lstm"]
            alike = to_lstm(measure({c: training_step(task, c, H) for c in CELLS}, rounds))
            for cell, ratio in alike.items():
                same_units[cell].append(ratio.median)
    print(f"\nSTEP_TIMES = {json.dumps(equal)}")
    means = {cell: round(geometric_mean(values), 2) for cell, values in same_units.items()}
    print(f"with equal units, geometric mean over the tasks: {json.dumps(means)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
