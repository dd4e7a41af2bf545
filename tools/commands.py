"""The commands of the course, as typed after `python tools/course.py`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tools import environment, lab, testing, workspace
from tools.environment import SetupError
from tools.variables import ONE_THREAD

ROOT = Path(__file__).resolve().parent.parent
CLASS = "classroom"  # where CLASS names no other folder


def _python(options: argparse.Namespace, extras: tuple[str, ...] = ()) -> Path:
    """Return the Python to run with: the one of `.venv`, made ready, or with --here this one."""
    if not options.here:
        return environment.prepare(ROOT, extras, getattr(options, "newest", False))
    here = Path(sys.executable)
    names = environment.requirements(environment.read_project(ROOT), extras)
    answer = environment.probe(here, map(environment.requirement_name, names))
    if answer is None or answer["missing"]:
        gone = ", ".join(answer["missing"]) if answer else "it does not run"
        target = f".[{','.join(extras)}]" if extras else "."
        raise SetupError(
            f"The Python of --here, {here}, lacks: {gone}. "
            f"Run: python -m pip install -e {target}   Or leave --here out."
        )
    return here


def run_lab(options: argparse.Namespace) -> int:
    """Bring environment and workspace up to date and open JupyterLab."""
    lab.wanted_port(os.environ)  # before a long installation, and again when the server starts
    python = _python(options)
    workspace.report(workspace.fill(ROOT))
    return lab.run(ROOT, lab.learner_place(ROOT), python, os.environ)


def run_instructor(options: argparse.Namespace) -> int:
    """Bring environment and class folder up to date and open JupyterLab on formgrader."""
    lab.wanted_port(os.environ)
    python = _python(options, ("instructor",))
    # A relative path is meant from where the command was typed.
    named = os.environ.get("CLASS", "").strip()
    folder = Path(os.path.abspath(os.path.expanduser(named))) if named else ROOT / CLASS
    place = lab.instructor_place(folder)
    environ = lab.server_environment(ROOT, place, python, os.environ)
    made = subprocess.run([python, "-m", "instructor.preparing", folder], cwd=ROOT, env=environ)
    return made.returncode or lab.run(ROOT, place, python, os.environ)


def run_inside(options: argparse.Namespace, module: str, *rest: str) -> int:
    """Run one of the modules beside this one with the packages of the extra `test`."""
    python = _python(options, ("test",))
    process = subprocess.run([python, "-m", f"tools.{module}", *rest], cwd=ROOT)
    return process.returncode


def run_test(options: argparse.Namespace) -> int:
    """Run the tests, all parts or those named."""
    parts = [*options.part, *os.environ.get("PART", "").split()]
    testing.check_parts(parts)  # before a long installation
    return run_inside(options, "testing", *parts)


def run_test_instructor(options: argparse.Namespace) -> int:
    """Run the long tests of grading."""
    return run_inside(options, "testing", "instructor")


def run_exercises(options: argparse.Namespace) -> int:
    """Generate `exercises/` from `solutions/`."""
    return run_inside(options, "exercises")


def run_lint(options: argparse.Namespace) -> int:
    """Check the style of code and notebooks."""
    return run_inside(options, "testing", "lint")


def run_bench(options: argparse.Namespace) -> int:
    """Run every script in `benchmarks/` and return the worst exit code."""
    python = _python(options, ("test",))
    scripts = sorted(ROOT.glob("benchmarks/[!_]*.py"))
    if not scripts:
        raise SetupError("There are no scripts in benchmarks/.")
    worst = 0
    for script in scripts:
        print(f"\n{script.relative_to(ROOT)}", flush=True)
        worst = max(worst, abs(subprocess.run([python, script], cwd=ROOT).returncode))
    return worst


def run_on_one_thread(
    options: argparse.Namespace, package: str, extras: tuple[str, ...] = ("test",)
) -> int:
    """Run a package of the course, one thread per process; the words that follow are handed on."""
    command = [_python(options, extras), "-m", package, *options.words]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **ONE_THREAD}).returncode


def run_experiments(options: argparse.Namespace) -> int:
    """Run the experiments whose rows are missing or stale."""
    return run_on_one_thread(options, "experiments")


def run_pretrained(options: argparse.Namespace) -> int:
    """Train the stored models whose weights are missing or stale."""
    return run_on_one_thread(options, "pretrained")


def run_book(options: argparse.Namespace) -> int:
    """Build the web book, of it what has changed."""
    return run_on_one_thread(options, "book", ("book",))


def run_constraints(options: argparse.Namespace) -> int:
    """Write `constraints.txt` anew from the newest versions that pip finds."""
    options.newest = True
    return run_inside(options, "pins")


COMMANDS = {
    "lab": (run_lab, "open the course in JupyterLab; PORT=8890 and HEADLESS=1 are understood"),
    "test": (run_test, "run every test; PART=unit runs one: lint, unit, notebooks, browser, book"),
    "book": (run_book, "build the web book and its PDF; ONLY=05 renews one chapter"),
    "exercises": (run_exercises, "generate exercises/ from solutions/"),
    "experiments": (run_experiments, "run what is stale in experiments/; ONLY=c05 runs one"),
    "pretrained": (run_pretrained, "train what is stale in pretrained/; ONLY=dates trains one"),
    "bench": (run_bench, "run the benchmarks"),
    "lint": (run_lint, "check the style of code and notebooks"),
    "constraints": (run_constraints, "pin the newest versions of all packages"),
    "instructor": (
        run_instructor,
        "make or repair a class folder and open formgrader; CLASS=dir; PORT, HEADLESS as with lab",
    ),
    "test-instructor": (run_test_instructor, "run the long tests of grading"),
}


def help_text() -> str:
    """Return the list of commands."""
    lines = [f"  {name:<17}{description}" for name, (_, description) in COMMANDS.items()]
    lines.append(f"  {'help':<17}this list")
    return "\n".join(
        [
            "Commands of the course: make COMMAND, or python tools/course.py COMMAND",
            *lines,
            "book, experiments and pretrained tell more: python tools/course.py book -- --help",
        ]
    )


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="course.py",
        description=help_text(),
        add_help=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for name, (_, description) in COMMANDS.items():
        command = commands.add_parser(name, description=description)
        command.add_argument(
            "--here", action="store_true", help="use the Python that runs this command, not .venv"
        )
        if name in ("book", "experiments", "pretrained"):
            told = f"options of {name}; -- --help lists them"
            command.add_argument("words", nargs="*", metavar="-- WORD", help=told)
        if name == "test":
            command.add_argument("--part", action="append", default=[], help="run this part only")
            command.add_argument(
                "--newest",
                action="store_true",
                help="with the newest packages, only PyTorch pinned",
            )
    return top


def main(argv: list[str]) -> int:
    """Run one command and return its exit code.

    Returns
    -------
    code : int
        0 on success, 1 for failed tests, 2 for a problem that the printed error explains, 130
        after Control-C.
    """
    if not argv or argv[0] in ("help", "-h", "--help"):
        print(help_text())
        return 0
    options = parser().parse_args(argv)
    try:
        return COMMANDS[options.command][0](options)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. Run the command again to go on.", file=sys.stderr)
        return 130
