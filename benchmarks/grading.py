"""How fast a class is graded: `python -m instructor grade` beside `nbgrader autograde`.

    python benchmarks/grading.py [--submissions 200] [--blocks 5] [--workers 1 2]

Submissions of mixed quality are generated from the course's own notebooks: solutions, parts of
them, recognised mistakes, errors, slow programs, untouched ones. All contenders grade the same
ones, each as whole commands with their start, from the same class folder with its release and its
gradebook (SQLite):

- ours, N workers: one command for a block of submissions, each run in a sandbox
- nbgrader batch: one `nbgrader autograde` for the block, all in one process
- nbgrader single: one `nbgrader autograde --student …` for each submission

nbgrader runs students' code without a sandbox, with its own settings but for the log, which is off,
and one thread for NumPy, as for ours. None of the submissions hangs, which
would cost nbgrader a time limit for each cell.

The class is cut into blocks. In each block all contenders take their turn, in an order that moves
on by one from block to block; a ratio is that of two commands of one block, and what is printed is
the median over the blocks with an interval that holds the true median with 95 % probability (with
fewer than six blocks: their smallest and largest). Memory is the largest sum of the proportional
set sizes of a command and all processes below it, looked at twice a second. Points are compared:
both have to give the same ones.

The script ends with an error if a bar is missed: with two workers 3 times the throughput of
nbgrader's batch and 8 times that of single commands.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.step.summary import median_interval
from tests.instructor.making import Made, make_submissions
from tools.variables import ONE_THREAD

ROOT = Path(__file__).resolve().parents[1]
NAME = "02_rnn_forward"
BARS = {"nbgrader batch": 3.0, "nbgrader single": 8.0}
BAR_WORKERS = 2  # the bars are for two workers on two cores
LOOK = 0.5  # seconds between two looks at the memory
MIB = 2**20
CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "benchmark"
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = "sqlite:///{root}/gradebook.db"
c.ClearSolutions.code_stub = {{"python": "..."}}
c.NbGrader.logfile = ""
c.Application.log_level = "ERROR"
c.ExecutePreprocessor.timeout = 120
c.Autograde.create_student = True
"""


@dataclass
class Measured:
    """What one contender has shown.

    Attributes
    ----------
    seconds : list of float
        Wall time of each block.
    processor : float
        Processor time of all blocks, in seconds; other work on the machine counts less in it.
    memory : int
        Bytes, the largest over all blocks.
    points : dict of str to float or None
        By student.
    """

    seconds: list[float] = field(default_factory=list)
    processor: float = 0.0
    memory: int = 0
    points: dict[str, float | None] = field(default_factory=dict)


def environment(home: Path) -> dict[str, str]:
    """Return the environment of every command: one thread each, its own place for progress."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, **ONE_THREAD, "PATH": path, "UNROLLED_HOME": str(home)}


def make_template(folder: Path) -> None:
    """Make a class folder with the assignment released and in the gradebook."""
    source = folder / "source" / NAME
    source.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / NAME / f"{NAME}.ipynb", source)
    settle(folder)
    command(["-m", "nbgrader", "generate_assignment", NAME], folder)


def settle(folder: Path) -> None:
    """Write the settings and the seed of a class folder, which name the folder itself."""
    (folder / "nbgrader_config.py").write_text(CONFIG.format(root=str(folder)))
    seed = folder / "private_seed"
    seed.write_text("a seed of the benchmark\n")
    seed.chmod(0o600)


def make_class(template: Path, folder: Path, block: Sequence[Made]) -> None:
    """Copy a class folder and put submissions into it."""
    shutil.copytree(template, folder)
    settle(folder)
    for made in block:
        path = folder / "submitted" / made.student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(made.data)


def command(arguments: Sequence[str], folder: Path, cwd: Path | None = None) -> int:
    """Run a Python command for a class folder; return the peak of its memory in bytes.

    Parameters
    ----------
    arguments : sequence of str
    folder : Path
        The class folder.
    cwd : Path, optional
        The working folder; the class folder if left out.

    Raises
    ------
    RuntimeError
        If it ends with an error.
    """
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=cwd or folder,
            env=environment(folder / "home"),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        watch = Watch(process.pid)
        watch.start()
        try:
            code = process.wait()
        finally:
            process.kill()
            watch.end()
        if code:
            log.seek(0)
            text = log.read()[-2000:]
            raise RuntimeError(f"{' '.join(arguments[1:3])} ended with {code}:\n{text}")
    return watch.peak


class Watch(threading.Thread):
    """Look at the memory of a process and all below it until it ends.

    Attributes
    ----------
    peak : int
        Bytes.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self._ended = pid, 0, threading.Event()

    def run(self) -> None:
        """Add up the shares of all processes, again and again."""
        while not self._ended.wait(LOOK):
            self.peak = max(self.peak, tree_memory(self.pid))

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()
        self.join()


def tree_memory(pid: int) -> int:
    """Return the bytes of a process and all below it; what they share is counted once."""
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    return sum(share(process.pid) for process in processes)


def share(pid: int) -> int:
    """Return the proportional set size of one process in bytes, 0 if it has ended."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    except (OSError, ValueError):
        return 0
    return 0


# --- the contenders ------------------------------------------------------------------------------


def grade_ours(workers: int) -> Callable[[Path, Sequence[Made]], int]:
    """Return a function that grades a class folder with our command."""

    def grade(folder: Path, block: Sequence[Made]) -> int:
        module = ["-m", "instructor", "grade", NAME, "--class", str(folder)]
        return command([*module, "--workers", str(workers), "--quiet"], folder, ROOT)

    return grade


def grade_batch(folder: Path, block: Sequence[Made]) -> int:
    """Grade a class folder with one command of nbgrader."""
    return command(["-m", "nbgrader", "autograde", NAME], folder)


def grade_single(folder: Path, block: Sequence[Made]) -> int:
    """Grade a class folder with a command of nbgrader for each student."""
    module = ["-m", "nbgrader", "autograde", NAME, "--student"]
    return max(command([*module, made.student], folder) for made in block)


def our_points(folder: Path) -> dict[str, float | None]:
    """Read the points of our records."""
    found = {}
    for path in sorted(folder.glob(f"grading/{NAME}/records/*/*.json")):
        result = json.loads(path.read_text())["result"]
        points = [item["points"] for item in result["exercises"]]
        graded = result["status"] == "graded"
        found[path.parent.name] = round(sum(points), 4) if graded else None
    return found


def their_points(folder: Path) -> dict[str, float | None]:
    """Read the points that nbgrader has written into its gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        return {
            submission.student.id: round(sum(g.auto_score or 0 for g in grades(submission)), 4)
            for submission in gradebook.assignment_submissions(NAME)
        }


def grades(submission: object) -> list:
    """Return the grades of one submission of the gradebook."""
    return [grade for notebook in submission.notebooks for grade in notebook.grades]


# --- measuring -----------------------------------------------------------------------------------


def measure(
    contenders: dict[str, Callable[[Path, Sequence[Made]], int]],
    blocks: Sequence[Sequence[Made]],
    folder: Path,
) -> dict[str, Measured]:
    """Let all contenders grade all blocks, in turns."""
    template = folder / "template"
    make_template(template)
    found = {name: Measured() for name in contenders}
    names = list(contenders)
    bar = tqdm(total=len(blocks) * len(names), unit="command", file=sys.stderr)
    with bar:
        for number, block in enumerate(blocks):
            shift = number % len(names)
            for name in [*names[shift:], *names[:shift]]:
                bar.set_description(f"block {number + 1}, {name}")
                place = folder / f"{number}-{name.replace(' ', '-').replace(',', '')}"
                make_class(template, place, block)
                start, used = time.perf_counter(), processor_seconds()
                peak = contenders[name](place, block)
                found[name].seconds.append(time.perf_counter() - start)
                found[name].processor += processor_seconds() - used
                found[name].memory = max(found[name].memory, peak)
                read = our_points if name.startswith("ours") else their_points
                found[name].points |= read(place)
                shutil.rmtree(place)
                bar.update()
    return found


def processor_seconds() -> float:
    """Return the processor time of all commands that have ended, with what they started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def readable() -> bool:
    """Tell whether this system says how much memory a process shares."""
    return share(os.getpid()) > 0


def tell(found: dict[str, Measured], blocks: Sequence[Sequence[Made]]) -> bool:
    """Print what was measured; return whether the bars are held."""
    total = sum(len(block) for block in blocks)
    print(f"\n{'':<20}{'a submission':>14}{'throughput':>14}{'processor':>14}{'peak memory':>14}")
    for name, measured in found.items():
        seconds = sum(measured.seconds)
        print(
            f"{name:<20}{seconds / total:>12.2f} s{60 * total / seconds:>10.1f}/min"
            f"{measured.processor / total:>12.2f} s{measured.memory / MIB:>10.0f} MiB"
        )
    ours = {name: measured for name, measured in found.items() if name.startswith("ours")}
    theirs = {name: measured for name, measured in found.items() if name not in ours}
    held = True
    print("\nthroughput, ours as a multiple of theirs: median over the blocks [interval]")
    for name, measured in ours.items():
        for other, reference in theirs.items():
            pairs = zip(reference.seconds, measured.seconds, strict=True)
            ratio = median_interval([slow / fast for slow, fast in pairs])
            line = f"  {name:<18} / {other:<16} {ratio}"
            if name == label(BAR_WORKERS):
                good = ratio.median >= BARS[other]
                held = held and good
                line += f"   bar {BARS[other]:g}  {'holds' if good else 'is MISSED'}"
            print(line)
    first = next(iter(ours.values()), None)
    for name, measured in list(ours.items())[1:]:
        pairs = zip(first.seconds, measured.seconds, strict=True)
        ratio = median_interval([slow / fast for slow, fast in pairs])
        print(f"  {name:<18} / {next(iter(ours)):<16} {ratio}")
    return compare(found) and held


def compare(found: dict[str, Measured]) -> bool:
    """Print whether all contenders gave the same points; return it."""
    names = list(found)
    students = sorted(found[names[0]].points)
    other = [s for s in students if len({found[name].points.get(s) for name in names}) > 1]
    print(f"\npoints: the same from all for {len(students) - len(other)} of {len(students)}")
    for student in other[:10]:
        told = ", ".join(f"{name} {found[name].points.get(student)}" for name in names)
        print(f"  {student}: {told}")
    return not other


def label(workers: int) -> str:
    """Return the name of our command with so many workers."""
    return f"ours, {workers} worker{'s' if workers > 1 else ''}"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if a bar is missed or points differ."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--blocks", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--without", nargs="*", default=[], metavar="CONTENDER", help="batch, single, or both"
    )
    parser.add_argument("--folder", type=Path, help="where class folders are made; a temporary one")
    options = parser.parse_args(argv)
    if not 1 <= options.blocks <= options.submissions:
        parser.error(f"{options.blocks} blocks of {options.submissions} submissions cannot be.")
    made = make_submissions(options.submissions, options.seed)
    blocks = [made[number :: options.blocks] for number in range(options.blocks)]
    contenders = {label(workers): grade_ours(workers) for workers in options.workers}
    theirs = {"nbgrader batch": grade_batch, "nbgrader single": grade_single}
    for name, function in theirs.items():
        if name.removeprefix("nbgrader ") not in options.without:
            contenders[name] = function
    kinds = {kind: sum(item.kind == kind for item in made) for kind in {m.kind for m in made}}
    print(
        f"{len(made)} submissions to {NAME} in {len(blocks)} blocks: "
        f"{', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}\n"
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}, nbgrader {version('nbgrader')}"
    )
    if not readable():
        print("note: this system does not say what processes share; memory is not measured.")
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="grading-") as folder:
        found = measure(contenders, blocks, Path(folder))
    return 0 if tell(found, blocks) else 1


if __name__ == "__main__":
    sys.exit(main())
