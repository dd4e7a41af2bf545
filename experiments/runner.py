"""Run the experiments whose rows are missing or stale, many jobs at a time, here or on a cluster.

`main` reads the command line, decides which jobs there are to do, hands them to the workers of
`experiments.cluster` and stores each row as it comes in, so that nothing is lost when the run is
stopped, at whatever moment and in whatever way.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from tqdm.auto import tqdm

from experiments.common import Experiment, StaleResultsError
from tools.variables import is_on

FOLDER = Path(__file__).parent
DESCRIPTION = """\
Put the claims to the test: run every experiment whose stored rows are missing, incomplete, or were
made by another script, other settings or another engine. What is up to date is left alone.

Rows are stored one by one beside the results. Stop with Control-C, or kill the process, and run the
same command again: it goes on from there.
"""
EXAMPLES = """\
examples
  make experiments                         all of them, on two processes of this machine
  make experiments ONLY=c05                one claim; several: ONLY=c05,c06
  make experiments CHECK=1                 run nothing, say what is stale; exit code 1 if any is
  make experiments ONLY=c12                a claim about rows of a study: the study is run first
  make experiments ONLY=c05 FRESH=1        forget its rows and run all of it again
  make experiments WORKERS=8               eight processes, one thread each
  make experiments SCHEDULER=tcp://10.0.0.5:8786
                                           on a cluster. Start it before, each machine with this
                                           version of the course installed:
                                             dask scheduler
                                             dask worker tcp://10.0.0.5:8786 --nthreads 1

Without make, in the course's environment (source .venv/bin/activate), the same words are options:
python -m experiments --only c05 --fresh
exit codes: 0 all rows are there; 1 a job failed, rows are stale (--check), or rows contradict the
settings; 2 wrong arguments or no usable cluster; 130 stopped by Control-C
"""


class RunnerError(Exception):
    """A problem that the message explains, with its cure, to the person at the keyboard."""


@dataclass
class Work:
    """An experiment with the rows that it has and the jobs that it lacks."""

    module: str
    experiment: Experiment
    made: str
    """The fingerprint that its rows will carry."""
    rows: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    failures: list[tuple[dict[str, Any], str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the script."""
        return self.experiment.name

    @property
    def finished(self) -> bool:
        """Whether all rows are there, under their own name; rows of a study are the study's own."""
        if self.experiment.study:
            return True
        return not self.missing and not self.experiment.partial.exists()


def discover(folder: Path = FOLDER) -> list[str]:
    """Return the modules in `experiments/` that define an `EXPERIMENT`, sorted."""
    found = []
    for path in sorted(folder.glob("[a-z]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        targets = [t for node in tree.body if isinstance(node, ast.Assign) for t in node.targets]
        if any(isinstance(t, ast.Name) and t.id == "EXPERIMENT" for t in targets):
            found.append(f"experiments.{path.stem}")
    return found


def choose(modules: Sequence[str], only: str) -> list[str]:
    """Return the modules that the words of `only` begin, such as "c05" for `c05_relu`.

    Parameters
    ----------
    modules : sequence of str
    only : str
        Words with commas or spaces between them; an empty text chooses all.

    Raises
    ------
    RunnerError
        If a word begins none.
    """
    words = only.replace(",", " ").split()
    chosen = set()
    for word in words:
        stems = {m: m.rpartition(".")[2] for m in modules}
        fits = [m for m, stem in stems.items() if stem.lower().startswith(word.lower())]
        if not fits:
            raise RunnerError(f"no experiment begins with {word!r}; there are {_list(stems)}.")
        chosen |= set(fits)
    return [m for m in modules if m in chosen or not words]


def _list(stems: Mapping[str, str]) -> str:
    return ", ".join(stems.values())


def load_experiment(module: str) -> tuple[ModuleType, Experiment]:
    """Import a script and return it with its `EXPERIMENT`."""
    script = importlib.import_module(module)
    return script, script.EXPERIMENT


def with_studies(modules: Sequence[str]) -> list[str]:
    """Return the modules with the studies whose rows they judge, each once and before them."""
    found: list[str] = []
    for module in modules:
        study = load_experiment(module)[1].study
        if study:
            found.append(f"{module.rpartition('.')[0]}.{study.name}".lstrip("."))
        found.append(module)
    return list(dict.fromkeys(found))


def plan(modules: Sequence[str], fresh: bool = False) -> list[Work]:
    """Return what there is to do, one entry per script, with the studies that claims judge.

    A claim about the rows of a study has no job of its own: the study has all of them.
    """
    works = []
    for module in with_studies(modules):
        _, experiment = load_experiment(module)
        if fresh and not experiment.study:
            experiment.forget()
        rows = experiment.stored()
        missing = [] if experiment.study else experiment.missing(rows)
        works.append(Work(module, experiment, experiment.fingerprint(), rows, missing))
    return works


def state(work: Work) -> str:
    """Say in words how the stored rows of an experiment stand."""
    total = len(work.experiment.jobs(work.experiment.settings))
    if work.experiment.study:
        return f"judges {total} runs of {work.experiment.study.name}"
    if work.finished:
        return f"up to date, {total} runs"
    if not work.rows:
        why = "no rows are stored" if not work.experiment.results.exists() else "rows are stale"
        return f"{total} runs to do: {why}"
    return f"{len(work.missing)} of {total} runs to do"


def run(works: Sequence[Work], cluster: Any, every: float = 30.0) -> None:
    """Run all missing jobs and store each row as it comes in.

    Parameters
    ----------
    works : sequence of Work
        Rows and failures are entered.
    cluster : experiments.cluster.Cluster
        ``submit(module, job, made)`` hands a job over, ``results()`` gives (module, job, row or
        exception) as they finish.
    every : float
        Seconds between lines of progress where there is no terminal for bars.
    """
    by_module = {work.module: work for work in works}
    for work in works:
        for job in work.missing:
            cluster.submit(work.module, job, work.made)
    total = sum(len(work.missing) for work in works)
    quiet = not sys.stderr.isatty()
    bars = {
        w.module: tqdm(total=len(w.missing), desc=w.name, position=n + 1, disable=quiet)
        for n, w in enumerate(works)
        if w.missing
    }
    whole = tqdm(total=total, desc="all", position=0, disable=quiet)
    said, done = time.monotonic(), 0
    left = {work.module: len(work.missing) for work in works}
    try:
        for module, job, outcome in cluster.results():
            work = by_module[module]
            left[module] -= 1
            done += 1
            if isinstance(outcome, BaseException):
                work.failures.append((job, _traceback(outcome)))
            else:
                work.rows.append(outcome)
                work.experiment.keep(work.rows, work.made)
            bars[module].update()
            whole.update()
            if not left[module] and not work.failures:
                work.experiment.finish(work.rows, work.made)
            if quiet and (time.monotonic() - said > every or not left[module]):
                said = time.monotonic()
                print(f"{done} of {total} runs done; {work.name}: {left[module]} left", flush=True)
    finally:
        for bar in (*bars.values(), whole):
            bar.close()


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()


def report(works: Sequence[Work]) -> bool:
    """Print verdicts and failures; return whether all is well."""
    well = True
    for work in works:
        try:
            if not work.failures:
                _, verdict = work.experiment.load()
                print(f"\n{work.name}\n{verdict or 'All rows are stored; no claim is judged.'}")
        except (StaleResultsError, ValueError) as error:
            well = False
            print(f"\n{work.name}: {error}", file=sys.stderr)
    for work in works:
        for job, text in work.failures:
            well = False
            print(f"\n{work.name}: this job failed: {job}\n{text}", file=sys.stderr)
    failed = sum(len(work.failures) for work in works)
    if failed:
        print(
            f"\n{failed} jobs failed; the rows of all others are kept. Mend the cause and run the "
            "command again.",
            file=sys.stderr,
        )
    return well


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; its defaults come from the environment."""
    top = argparse.ArgumentParser(
        prog="python -m experiments",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = top.add_argument
    add("--only", default=os.environ.get("ONLY", ""), help="names, or how they begin: c05,c06")
    add(
        "--check",
        action="store_true",
        default=is_on("CHECK"),
        help="run nothing, say what is stale",
    )
    add("--fresh", action="store_true", default=is_on("FRESH"), help="forget the stored rows first")
    add("--workers", default=os.environ.get("WORKERS") or "2", help="processes here (default: 2)")
    add("--scheduler", default=os.environ.get("SCHEDULER", ""), help="address of a dask scheduler")
    return top


def _workers(text: str) -> int:
    if not text.strip().isdigit() or int(text) < 1:
        raise RunnerError(f"workers is {text!r}; expected a whole number of at least 1.")
    return int(text)


def main(argv: Sequence[str] | None = None, modules: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; see ``python -m experiments --help``.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; without it those that Python was started with.
    modules : sequence of str, optional
        The scripts there are; without it those of `experiments/`.
    """
    options = parser().parse_args(argv)
    works: list[Work] = []
    try:
        number = _workers(options.workers)
        chosen = choose(modules or discover(), options.only)
        works = plan(chosen, fresh=options.fresh and not options.check)
        width = max(len(work.name) for work in works)
        for work in works:
            print(f"{work.name:<{width}}  {state(work)}", flush=True)
        if options.check:
            return 0 if all(work.finished for work in works) else 1
        if any(work.missing for work in works):
            from experiments.cluster import open_cluster  # dask is needed from here on

            busy = [work for work in works if work.missing]
            with open_cluster(options.scheduler, number) as cluster:
                cluster.check({work.module: work.made for work in busy})
                run(busy, cluster)
        for work in works:
            if not work.missing and not work.finished:
                # All rows came with a run that was killed before it put them into place.
                work.experiment.finish(work.rows, work.made)
        return 0 if report(works) else 1
    except RunnerError as error:
        print(f"error: {error}", file=sys.stderr)
        if any(work.rows for work in works):
            print("All rows so far are kept.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. All rows so far are kept; the same command goes on.", file=sys.stderr)
        return 130
