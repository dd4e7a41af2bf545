"""How long a training step takes with both directions, and with more layers.

    python benchmarks/stacked_steps.py [--rounds 15]

For the claims that looking both ways always helps (`experiments.c18_both_directions`) and that
deeper is better (`experiments.c19_depth`), which report or compare equal time. A step is forward,
loss, backward, clipping by the global norm and the update by Adam, float32 and one thread, on a
batch of the task.

All arms of a task take their turn in each round, and a ratio to the first one (the forward reader,
or one layer) is that of neighbouring runs; what is printed is the median over the rounds with an
interval that holds the true median with 95 % probability. Seconds are those of the processor. The
last lines are the medians as the scripts of the claims state them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.equal_parameters import measure
from benchmarks.step.summary import median_interval, ratios
from experiments import c18_both_directions as c18
from experiments import c19_depth as c19
from experiments.memory_training import Task, as_float32
from experiments.stacked_training import build, make_task
from utils.clipping import clip_by_global_norm
from utils.optim import Adam
from utils.stacked_model import StackedModel


def task_of(settings: dict, name: str) -> Task:
    """Return a task of an experiment by its name there."""
    asked = dict(settings["tasks"][name])
    return make_task(asked.pop("kind"), asked)


def training_step(model: StackedModel, task: Task) -> Callable[[], None]:
    """Return a function that makes one training step on a batch of a task."""
    drawn = as_float32(task.draw(np.random.default_rng(0), c18.SETTINGS["batch"]))
    rule = Adam(0.001)

    def step() -> None:
        done = model.loss_and_gradients(*drawn)
        gradients = clip_by_global_norm(done.gradients, c18.SETTINGS["clip"]).gradients
        rule.step(model.weights, gradients)

    return step


def reader_steps(name: str) -> dict[str, Callable[[], None]]:
    """Return a training step of every reader of C18 on one of its tasks."""
    task = task_of(c18.SETTINGS, name)
    return {
        reader: training_step(
            build(
                np.random.default_rng(0),
                task,
                c18.units(reader, task.D, task.K),
                both_directions=reader != c18.FORWARD,
            ),
            task,
        )
        for reader in c18.READERS
    }


def depth_steps(name: str) -> dict[str, Callable[[], None]]:
    """Return a training step of every depth of C19 on one of its tasks, on equal parameters."""
    task, both = task_of(c19.SETTINGS, name), name in c19.SETTINGS["both_directions"]
    steps = {}
    for depth in c19.DEPTHS:
        H = c19.units(name, task.D, task.K, depth, "parameters")
        model = build(np.random.default_rng(0), task, H, depth, both, residual=True)
        steps[str(depth)] = training_step(model, task)
    return steps


def to_first(steps: dict[str, Callable[[], None]], rounds: int, title: str) -> dict[str, float]:
    """Measure steps, print how long each takes in times of the first, and return the medians."""
    times = measure(steps, rounds)
    first = next(iter(times))
    found = {name: median_interval(ratios(times[name], times[first])) for name in times}
    words = [f"{name}: {ratio}" for name, ratio in found.items()]
    print(f"{title:<22}{'  '.join(words)}", flush=True)
    return {name: round(ratio.median, 2) for name, ratio in found.items()}


def main(argv: list[str] | None = None) -> int:
    """Measure all tasks of both claims and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args(argv).rounds
    with threadpool_limits(1):
        readers = {name: to_first(reader_steps(name), rounds, name) for name in c18.TASKS}
        depths = {name: to_first(depth_steps(name), rounds, name) for name in c19.TASKS}
    print(f"\nc18_both_directions: STEP_TIMES = {json.dumps(readers)}")
    print(f'c19_depth: "step_times": {json.dumps({k: [*v.values()] for k, v in depths.items()})}')
    return 0


if __name__ == "__main__":
    sys.exit(main())
