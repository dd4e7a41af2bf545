"""How long a training step takes: ours, torch's modules, a loop in torch, a textbook's NumPy.

    python benchmarks/training_step.py [--processes 3] [--rounds 3]

A step is forward, cross-entropy, backward, clipping of all gradients by their norm, and the update
by gradient descent: a language model of 64 symbols on random text, float32, one thread each.

- ours: `utils.classifier`, `utils.clipping` and `utils.optim` as a user calls them
- torch: nn.RNN, nn.GRU or nn.LSTM and nn.Linear with autograd
- torch loop: the equations written in torch, step by step, with autograd
- textbook: the equations written in NumPy, step by step, without any thought of speed

Torch reads one-hot vectors that are prepared before the clock starts. nn.Embedding in their place
(``--inputs`` measures both) takes the same time or a few percent more, since its gradient has to be
computed too.

Nothing is timed before all four have given the same loss, gradients and updated weights. Then
fresh processes measure the whole grid in an order of their own, each case in rounds in which all
take their turn; a ratio is that of two neighbouring runs, and medians are over all rounds of all
processes, with an interval that holds the true median with 95 % probability. Seconds are those of
the processor, so that other work on the machine counts less.

OpenBLAS chooses its kernels by the processor, and that choice is judged. Where the environment
forces others (OPENBLAS_CORETYPE), the first lines say so, and the geometric means with those are
printed for comparison.

The script ends with an error if a bar is missed: the geometric mean of ours / torch over the grid
at most 0.5 for RNN and GRU and 1.05 for the LSTM, and of ours / torch loop 0.4 for the LSTM.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.step import figures, processor
from benchmarks.step.case import CELLS, needed_operations
from benchmarks.step.summary import Interval, geometric_mean, median_interval, ratios
from benchmarks.step.without import STEPS
from benchmarks.step.worker import CONTENDERS, GRID, LENGTHS

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "benchmarks" / "output"
BARS = {
    ("rnn", "torch"): 0.5,
    ("gru", "torch"): 0.5,
    ("lstm", "torch"): 1.05,
    ("lstm", "torch loop"): 0.4,
}
Times = dict[tuple, dict[str, list[float]]]


def work(kernels: str | None, *arguments: str) -> Iterator[dict]:
    """Start a fresh process and give its results as they come.

    Raises
    ------
    RuntimeError
        If it ends with an error.
    """
    command = [sys.executable, "-m", "benchmarks.step.worker", *arguments]
    environment = processor.environment(kernels)
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield from map(json.loads, process.stdout)
        except BaseException:  # such as Control-C: do not leave it running
            process.terminate()
            raise
    if process.returncode:
        raise RuntimeError(f"the measuring process ended with code {process.returncode}.")


def measure_grid(
    kernels: str | None, processes: int, rounds: int, contenders: tuple[str, ...], words: str
) -> list[Times]:
    """Measure the grid in fresh processes; one dict of times for each."""
    results = []
    with tqdm(total=processes * len(GRID), desc=words, unit="case", mininterval=1) as bar:
        for _ in range(processes):
            times: Times = {}
            for row in work(kernels, "grid", "--rounds", str(rounds), "--contenders", *contenders):
                times[tuple(row["sizes"])] = row["times"]
                bar.update()
            results.append(times)
    return results


def mean_ratio(results: list[Times], cell: str, other: str) -> Interval:
    """Return the geometric mean of ours / other over the grid: median over rounds."""
    means = []
    for times in results:
        by_case = [ratios(t["ours"], t[other]) for case, t in times.items() if case[0] == cell]
        means += [geometric_mean(of_round) for of_round in zip(*by_case, strict=True)]
    return median_interval(means)


def case_ratio(results: list[Times], case: tuple, other: str) -> Interval:
    """Return ours / other of one case: median over all rounds, with interval."""
    return median_interval(
        [r for times in results for r in ratios(times[case]["ours"], times[case][other])]
    )


def table(results: list[Times], cell: str, peak: float) -> str:
    """Give the times of one cell over the grid, with their intervals."""
    others = [name for name in CONTENDERS if name != "ours"]
    head = f"{cell.upper():<6}{'T':>4}{'B':>4}{'H':>5}{'ours, ms':>24}{'peak':>6}"
    head += "".join(f"{name + ', ms':>16}" for name in others)
    head += "".join(f"{'ours / ' + name:>22}" for name in others)
    lines = [head]
    for case in (case for case in GRID if case[0] == cell):
        _, T, B, H = case
        times = {
            name: median_interval([ms for of in results for ms in of[case][name]])
            for name in CONTENDERS
        }
        share = needed_operations(*case) / (1e-3 * times["ours"].median) / (1e9 * peak)
        line = f"{'':<6}{T:>4}{B:>4}{H:>5}{times['ours']!s:>24}{share:>6.0%}"
        line += "".join(f"{times[name].median:>16.2f}" for name in others)
        line += "".join(f"{case_ratio(results, case, name)!s:>22}" for name in others)
        lines.append(line)
    return "\n".join(lines)


def judge(results: list[Times]) -> tuple[str, bool]:
    """Give the geometric means beside their bars, and whether all of these hold."""
    lines, held = ["geometric means over the grid, median over rounds with 95 % interval"], True
    for cell in CELLS:
        for other in CONTENDERS:
            if other == "ours" or other not in next(iter(results[0].values())):
                continue
            mean, bar = mean_ratio(results, cell, other), BARS.get((cell, other))
            verdict = ""
            if bar is not None:
                held &= mean.median <= bar
                verdict = f"bar {bar:<5g}{'holds' if mean.median <= bar else 'is MISSED'}"
            lines.append(f"  {cell.upper():<5} ours / {other:<11}{mean!s:<22}{verdict}".rstrip())
    return "\n".join(lines), held


def report_lengths(kernels: str | None) -> str:
    """Measure longer and longer sequences, save the figure, and say what it shows."""
    rows = []
    total = len(CELLS) * len(LENGTHS)
    with tqdm(total=total, desc="length and memory", unit="case", mininterval=1) as bar:
        for row in work(kernels, "lengths", "--rounds", "3"):
            rows.append(row)
            bar.update()
    figure, exponents = figures.draw_lengths(rows)
    path = figures.save(figure, OUTPUT, "training_step_lengths.png")
    lines = [f"time grows as T to the power of (B = 16, H = 64): {path.relative_to(ROOT)}"]
    for cell in CELLS:
        last = max((r for r in rows if r["cell"] == cell), key=lambda r: r["T"])
        lines.append(
            f"  {cell.upper():<5}{exponents[cell]:.2f}; {last['kept']:.0f} bytes per T·B·H wait "
            f"for the way back, at most {last['most']:.0f} are in use"
        )
    return "\n".join(lines)


def report_inputs(kernels: str | None) -> str:
    """Measure torch with one-hot vectors and with nn.Embedding."""
    lines = ["torch: nn.Embedding / one-hot vectors prepared before"]
    for row in work(kernels, "inputs", "--rounds", "9"):
        times = row["times"]
        middle = median_interval(ratios(times["embedding"], times["one-hot"]))
        lines.append("  {} T={} B={} H={}: ".format(*row["sizes"]) + f"{middle}")
    return "\n".join(lines)


def report_steps(kernels: str | None) -> str:
    """Measure how much slower the fast LSTM is with each of its steps taken back."""
    rows = list(work(kernels, "steps", "--rounds", "9"))
    names = ["T={} B={} H={}".format(*row["sizes"][1:]) for row in rows]
    lines = ["LSTM, times as slow with one step to the fast version taken back"]
    lines.append(" " * 20 + "".join(f"{name:>22}" for name in names))
    for step, words in STEPS.items():
        line = f"  {step:<18}"
        for row in rows:
            slower = median_interval(ratios(row["times"][step], row["times"][""]))
            line += f"{slower!s:>22}"
        lines.append(f"{line}  {words}")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Pass the gate, measure, print, and tell whether all bars hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, default=3, help="fresh processes for the grid")
    parser.add_argument("--rounds", type=int, default=3, help="rounds in each process")
    parser.add_argument("--inputs", action="store_true", help="only compare torch's two inputs")
    options = parser.parse_args(argv)

    forced = os.environ.get(processor.VARIABLE)
    kernels = None  # OpenBLAS's own choice
    if options.inputs:
        print(report_inputs(kernels))
        return 0
    (gate,) = work(kernels, "gate")
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "torch"))
    print(f"{platform.system()}, Python {platform.python_version()}, {packages}, one thread each")
    also = f"; the environment forces {forced}, for comparison below" if forced else ""
    print(f"OpenBLAS runs its kernels for {gate.get('kernels', 'unknown')}{also}")
    if "refused" in gate:
        print(f"The gate is shut: {gate['refused']}")
        return 1
    print(f"gate: {gate['compared']} arrays of all contenders compared, all the same")
    peak = gate["peaks"]["numpy"]
    speeds = ", ".join(f"{name} {speed:.0f}" for name, speed in gate["peaks"].items())
    print(f"float32 matrix products, 10⁹ operations a second: {speeds}", flush=True)

    grid = measure_grid(
        kernels, options.processes, options.rounds, tuple(CONTENDERS), "training steps"
    )
    for cell in CELLS:
        print(f"\n{table(grid, cell, peak)}")
    medians = {case: case_ratio(grid, case, "torch").median for case in GRID}
    path = figures.save(figures.draw_grid(medians), OUTPUT, "training_step_grid.png")
    print(f"\nours / torch over the grid: {path.relative_to(ROOT)}")
    print(report_lengths(kernels))
    print(report_steps(kernels))
    if forced:
        others = measure_grid(forced, 1, 3, ("ours", "torch"), f"with kernels for {forced}")
        text, _ = judge(others)
        print(f"\nfor comparison, with the kernels that the environment forces ({forced}), {text}")
    text, held = judge(grid)
    print(f"\n{text}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
