"""The command line: ``python -m instructor COMMAND``. Each command's ``--help`` has examples."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from instructor.errors import InstructorError, UnavailableError

WRONG, UNAVAILABLE, STOPPED = 2, 3, 130

OVERVIEW = """\
Grade the exercises of the course: collect what a class handed in, run it in a
sandbox, judge it here, and give it back. nbgrader's files, gradebook and
formgrader stay what they are.

  make instructor                              makes the class folder, opens formgrader
  python -m instructor doctor                  can this machine grade?
  python -m instructor grade 02_rnn_forward submissions.zip
  python -m instructor report 02_rnn_forward   the class at a glance
  python -m instructor feedback 02_rnn_forward --zip feedback.zip
  python -m instructor export 02_rnn_forward --format canvas

Every command has a --help of its own, with examples.
"""

EXIT_CODES = """\
exit codes:
  0    done: every submission has points, or an honest reason of its own why not
  1    done, but something on our side failed (a worker was lost, a bug in the
       grader); the same command tries those submissions again
  2    the command line, the class folder or a file is not as expected
  3    the sandbox, the gradebook or the scheduler does not answer
  130  stopped with Control-C; the same command goes on where it was
"""

GRADE = f"""\
examples:
  What lies in classroom/submitted already, with nbgrader's layout:
      python -m instructor grade 02_rnn_forward

  The zip that Canvas or Moodle exports, or a flat folder of notebooks:
      python -m instructor grade 02_rnn_forward submissions.zip --roster class.csv

  With a due date, to mark who is late:
      python -m instructor grade 02_rnn_forward submissions.zip \\
          --due "2025-03-01 23:59 Europe/Berlin"

  File names of your own making; the pattern names the student:
      python -m instructor grade 02_rnn_forward folder \\
          --pattern '(?P<student>[a-z0-9]+)-homework2'

  More time and memory for those who were stopped; the others are not graded again:
      python -m instructor grade 02_rnn_forward --seconds 900 --memory 8

  Two students once more, whatever was recorded:
      python -m instructor grade 02_rnn_forward --again --only ada grace

  On a cluster, and with PostgreSQL (a password belongs into the variable
  UNROLLED_GRADEBOOK, not on the command line):
      python -m instructor grade 02_rnn_forward --scheduler tcp://10.0.0.5:8786 \\
          --db postgresql+psycopg://grader@10.0.0.6/gradebook

what happens:
  Each submission is merged with the released notebook and run in a sandbox that
  has no network and sees neither the class nor any answers. The inputs of the
  checks are chosen here, with the private seed, and what comes back is judged
  here. Each grading is recorded as soon as it is done. Stop the command at any
  moment, or let the machine fail: the same command goes on.

  A line per submission says the points or why there are none, the seconds, and
  the mistakes that the numbers prove. Where there is no honest score, the
  gradebook gets none, and formgrader asks for a person.

{EXIT_CODES}"""

REPORT = """\
example:
  python -m instructor report 02_rnn_forward --roster class.csv

It has the distribution of points per exercise, the most common recognised
mistakes with their numbers, which exercises to talk about, who has no score and
why, and which texts wait for a person.
"""

FEEDBACK = """\
examples:
  python -m instructor feedback 02_rnn_forward
  python -m instructor feedback 02_rnn_forward --zip feedback.zip
  python -m instructor feedback 02_rnn_forward --zip feedback.zip --moodle

Run it again after grading texts in formgrader: pages then hold the points and
comments of people. No page holds a hidden input or a right answer.
"""

EXPORT = """\
examples:
  python -m instructor export 02_rnn_forward
  python -m instructor export 02_rnn_forward --format canvas --template from_canvas.csv
  python -m instructor export 02_rnn_forward --format moodle --template worksheet.csv
  python -m instructor export 02_rnn_forward \\
      --columns "Matriculation=student,Grade=points,Step=points:step-check"

A cell is empty where there is no honest score, or a text still waits for a
person; it is never 0 for want of a better number.
"""

SEED = """\
examples:
  python -m instructor seed                    where it is, and its fingerprint
  python -m instructor seed --new              make one
  python -m instructor seed --new --replace    another one: all is graded anew
  python -m instructor seed --replace --own < seed.txt   your own text, as last year's

Everybody can read the inputs that a check uses in the public course. Those that
grade follow from this seed, so that an answer made for the public inputs gets no
points.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    main = _Parser(
        prog="python -m instructor",
        description=OVERVIEW,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = main.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, where: str, text: str, epilog: str = "") -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(where=where)
        made.add_argument(
            "--class",
            dest="folder",
            type=Path,
            metavar="DIR",
            help="the folder of the class (default: $UNROLLED_CLASS, or classroom/)",
        )
        made.add_argument(
            "--db",
            metavar="URL",
            help="the gradebook (default: $UNROLLED_GRADEBOOK, or what nbgrader_config.py says)",
        )
        return made

    grade = command("grade", "grade_command:grade", "grade what was handed in", GRADE)
    _assignment(grade)
    _collecting(grade)
    _limits(grade)
    _running(grade)
    report = command("report", "returning:report", "write the report on the class", REPORT)
    _assignment(report)
    _roster(report)
    feedback = command("feedback", "returning:feedback", "write a page per student", FEEDBACK)
    _assignment(feedback)
    _roster(feedback)
    feedback.add_argument("--zip", type=_target, metavar="FILE", help="and all pages in one zip")
    feedback.add_argument("--moodle", action="store_true", help="with the folders Moodle expects")
    export = command("export", "returning:export", "write points as CSV for an LMS", EXPORT)
    _assignment(export)
    _roster(export)
    formats = ("generic", "canvas", "moodle")
    export.add_argument("--format", choices=formats, default="generic", help="default: generic")
    export.add_argument(
        "--template", type=_existing, metavar="CSV", help="the LMS's own export, to be filled in"
    )
    export.add_argument("--columns", metavar="MAP", help="HEADER=FIELD,… for --format generic")
    export.add_argument(
        "--output", type=_target, metavar="FILE", help="default: in the class's reports/NAME/"
    )
    status = command("status", "looking:status", "say what is graded and what is not")
    status.add_argument("name", nargs="?", metavar="NAME", help="one assignment, by student")
    seed = command("seed", "looking:seed", "look at the private seed, or make one", SEED)
    made = seed.add_mutually_exclusive_group()
    made.add_argument("--new", action="store_true", help="make a random one")
    made.add_argument("--own", action="store_true", help="read one from standard input")
    seed.add_argument("--replace", action="store_true", help="even if there is one already")
    doctor = command("doctor", "looking:doctor", "try whether this machine can grade")
    doctor.add_argument("--scheduler", metavar="URL", help="and whether these workers can")
    return main


class _Parser(argparse.ArgumentParser):
    """A parser that takes no abbreviations: a new option must not change what a script means."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**{**settings, "allow_abbrev": False})


def _assignment(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", help="the assignment, such as 02_rnn_forward")


def _roster(command: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    command.add_argument(
        "--roster",
        type=_existing,
        metavar="CSV",
        help="the list of the class (default: roster.csv in its folder, if there)",
    )


def _collecting(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("what was handed in")
    group.add_argument(
        "submissions",
        nargs="?",
        type=_existing,
        metavar="SUBMISSIONS",
        help="a folder or zip to collect first: nbgrader's layout, flat files, Canvas, Moodle",
    )
    group.add_argument("--due", metavar="WHEN", help="due date, with a time zone")
    _roster(group)
    group.add_argument("--pattern", metavar="RE", help="regular expression with (?P<student>…)")
    group.add_argument("--only", nargs="+", metavar="STUDENT", help="these students alone")
    group.add_argument(
        "--again", action="store_true", help="grade also what has a record that holds"
    )
    group.add_argument(
        "--restore-tests",
        action="store_true",
        help="run the original checks where they were edited, in place of giving no score",
    )


def _limits(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("limits of a submission")
    group.add_argument("--seconds", type=_positive, metavar="S", help="in all (default: 300)")
    group.add_argument(
        "--cell-seconds", type=_positive, metavar="S", help="of one cell (default: 120)"
    )
    group.add_argument("--memory", type=_positive, metavar="GIB", help="in all (default: 4)")
    group.add_argument("--processes", type=_count, metavar="N", help="at once (default: 32)")
    group.add_argument(
        "--unsafe",
        action="store_true",
        help="run without bubblewrap: submissions can then do all that you can do",
    )


def _running(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("where it runs")
    group.add_argument(
        "--workers", type=_count, metavar="N", help="processes here (default: all processors)"
    )
    group.add_argument(
        "--scheduler", default="", metavar="URL", help="of a dask cluster: tcp://HOST:PORT"
    )
    for name, text in (("ca", "authority"), ("cert", "certificate"), ("key", "key")):
        group.add_argument(
            f"--tls-{name}", type=_existing, metavar="PEM", help=f"{text} for tls:// schedulers"
        )
    group.add_argument("--quiet", action="store_true", help="no line per submission")


def _existing(text: str) -> Path:
    path = Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"{text} does not exist")
    return path


def _target(text: str) -> Path:
    path = Path(text)
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{path.absolute().parent} is no folder")
    return path


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number")
    return number


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def main(arguments: Sequence[str] | None = None, maker: str = "") -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process if left out.
    maker : str
        ``module:function`` that makes what grades; for tests, the real thing if left out.
    """
    chosen = parser().parse_args(arguments)
    chosen.maker = maker
    module, _, name = chosen.where.partition(":")
    try:
        code = getattr(importlib.import_module(f"instructor.{module}"), name)(chosen)
        sys.stdout.flush()
        return code
    except UnavailableError as error:
        return _say(error, UNAVAILABLE)
    except InstructorError as error:
        return _say(error, WRONG)
    except BrokenPipeError:
        # Whoever read, such as `| head`, has read enough; nothing more may be written at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STOPPED
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on where it was.")
        return STOPPED


def _say(error: InstructorError, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    return code
