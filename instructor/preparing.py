"""Make or repair the folder of a class: assignments, settings, gradebook, private seed.

Each step looks at what is on disk and does what is missing, so the folder that an interrupted run
left is finished by the next. Nothing that the instructor changed is overwritten, and an assignment
that somebody has handed in keeps the version that was handed out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from instructor import seeds
from instructor.classroom import CONFIG, Classroom
from instructor.errors import InstructorError
from tools import exercises, lab, workspace
from tools.environment import LOCK, SetupError
from tools.files import SUFFIX, write_atomically
from tools.locking import locked

ROOT = Path(__file__).resolve().parent.parent
NEW_VERSIONS = "new_versions"
RELEASED = ".released.json"
"""What each release was made from: the hashes of its source and of itself."""


def originals(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files that a class folder starts with, and the course's files they are copies of.

    Parameters
    ----------
    root : Path
        The project's folder.
    """
    yield CONFIG, root / "instructor" / "templates" / CONFIG
    for name in exercises.assignments(root / "solutions"):
        yield f"source/{name}/{name}.ipynb", root / "solutions" / name / f"{name}.ipynb"


def handed_in(classroom: Classroom) -> set[str]:
    """Return the names of the assignments to which there is a submission."""
    return {path.name for path in classroom.submitted.glob("*/*") if path.is_dir()}


def fill(
    root: Path, classroom: Classroom, say: Callable[[str], None] = print
) -> list[workspace.Event]:
    """Bring settings and sources up to date with the course, keeping all that was changed.

    Parameters
    ----------
    root : Path
        The project's folder.
    classroom : Classroom
        The folder is made if missing.
    say : callable
        Called with one line for each thing that was done or that needs attention.

    Returns
    -------
    events : list of workspace.Event
    """
    held = {f"source/{name}/{name}.ipynb" for name in handed_in(classroom)}

    def offer(target: Path) -> Path:
        # Not beside the source: nbgrader takes every notebook there as part of the assignment.
        return classroom.root / NEW_VERSIONS / target.relative_to(classroom.root)

    lock = classroom.root / LOCK
    events = workspace.follow(classroom.root, originals(root), lock, say, held, offer)
    kept = [event for event in events if event.kind == "offered" and event.path in held]
    others = [event for event in events if event not in kept]
    workspace.report(others, say, str(classroom.root), "file")
    for event in kept:
        say(
            f"{classroom.root}/{event.path} has submissions and stays as it is; the course's new "
            f"version is {event.beside}"
        )
    return events


def _read_released(classroom: Classroom) -> dict[str, dict[str, str]]:
    try:
        records = json.loads((classroom.root / RELEASED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # none yet, or a lost one: the assignments are released again
    good = isinstance(records, dict) and all(isinstance(one, dict) for one in records.values())
    return records if good else {}


def _write_released(classroom: Classroom, records: dict[str, dict[str, str]]) -> None:
    text = json.dumps(records, indent=1) + "\n"
    write_atomically(classroom.root / RELEASED, text.encode())


def _hash(path: Path) -> str:
    return workspace.content_hash(path.read_bytes()) if path.is_file() else ""


def _known(classroom: Classroom) -> set[str]:
    """Return the assignments that the gradebook holds with their cells; mend its tables before.

    nbgrader makes the tables first and writes down their version afterwards. A run that was killed
    in between leaves tables without a version, over which `nbgrader db upgrade` would trip.
    """
    from nbgrader.api import get_alembic_version
    from sqlalchemy import inspect, text

    from instructor.gradebook import open_gradebook

    with open_gradebook(classroom.root) as gradebook:
        with gradebook.nbgrader.engine.begin() as connection:
            if not inspect(connection).has_table("alembic_version"):
                connection.execute(
                    text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
                )
            if connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 0:
                connection.execute(
                    text("INSERT INTO alembic_version (version_num) VALUES (:version)"),
                    {"version": get_alembic_version()},
                )
        return {one.name for one in gradebook.nbgrader.assignments if one.notebooks}


def release(classroom: Classroom, say: Callable[[str], None] = print) -> list[str]:
    """Release every assignment whose release is missing or stale; return the names of those.

    Parameters
    ----------
    classroom : Classroom
    say : callable
        Called with one line for an assignment that is left alone or was released.

    Raises
    ------
    InstructorError
        If the settings cannot be read or the gradebook does not answer.
    """
    from nbgrader.apps import NbGraderAPI
    from traitlets.config.loader import PyFileConfigLoader

    known = _known(classroom)
    records, done = _read_released(classroom), []
    api = NbGraderAPI(config=PyFileConfigLoader(CONFIG, path=str(classroom.root)).load_config())
    for name in exercises.assignments(classroom.source):
        path = classroom.release / name / f"{name}.ipynb"
        if not _is_stale(classroom, name, records.get(name, {}), name in known, say):
            continue
        # Written before as well: a kill while nbgrader writes must not look like a hand's change.
        _write_released(classroom, records | {name: {}})
        answer = api.generate_assignment(name, force=True, create=True)
        if not answer["success"] or not path.is_file():
            lines = f"{answer.get('error') or ''}\n{answer.get('log') or ''}".strip()
            say(f"{name} is not released, since nbgrader refuses its source:\n{lines}")
            continue
        source = _hash(classroom.source / name / f"{name}.ipynb")
        records[name] = {"source": source, "release": _hash(path)}
        _write_released(classroom, records)
        done.append(name)
    return done


def _is_stale(
    classroom: Classroom,
    name: str,
    record: dict[str, str],
    known: bool,
    say: Callable[[str], None],
) -> bool:
    """Tell whether an assignment has to be released, and say so where it would but must not be."""
    path = classroom.release / name / f"{name}.ipynb"
    source, present = _hash(classroom.source / name / f"{name}.ipynb"), _hash(path)
    if not present or not known:
        return True
    if source == record.get("source"):
        return False
    if name in handed_in(classroom):
        say(
            f"{name} has submissions and stays as it was released, though its source is another by "
            f"now. To release it again, in {classroom.root}: nbgrader generate_assignment {name} "
            "--force"
        )
        return False
    if present != record.get("release", present):
        say(
            f"{path} was changed by hand and stays as it is. Remove it to have it made from its "
            "source again."
        )
        return False
    return True


def enter_students(classroom: Classroom) -> None:
    """Enter everybody who has handed something in into the gradebook; formgrader then names them.

    Raises
    ------
    UnavailableError
        If the gradebook does not answer.
    """
    from instructor.gradebook import open_gradebook

    students = {path.parent.name for path in classroom.submitted.glob("*/*") if path.is_dir()}
    if students:
        with open_gradebook(classroom.root) as gradebook:
            gradebook.set_names({student: {} for student in sorted(students)})


def write_layout(folder: Path) -> None:
    """Write the layout of windows in which JupyterLab opens formgrader."""
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    tab = "nbgrader-formgrader:nbgrader-formgrader"
    dock = {"type": "tab-area", "currentIndex": 0, "widgets": [tab]}
    layout = {
        "data": {
            tab: {"data": {}},
            "layout-restorer:data": {
                "main": {"dock": dock, "current": tab},
                "left": {"collapsed": True, "widgets": []},
                "right": {"collapsed": True, "widgets": []},
            },
        },
        "metadata": {"id": lab.FORMGRADER},
    }
    (folder / lab.LAYOUTS).mkdir(exist_ok=True)
    WorkspacesManager(str(folder / lab.LAYOUTS)).save(lab.FORMGRADER, json.dumps(layout))


def make(root: Path, folder: Path, say: Callable[[str], None] = print) -> Classroom:
    """Make or repair a class folder.

    Parameters
    ----------
    root : Path
        The project's folder.
    folder : Path
        The class folder, absolute.
    say : callable
        Called with one line for each thing that was done or that needs attention.

    Raises
    ------
    SetupError
        With the cause and the cure in its message; what was done before stands.
    """
    classroom = Classroom(folder)
    if folder.is_dir() and _is_foreign(folder):
        raise SetupError(
            f"{folder} holds other things than a class. Name a folder that is empty or not there "
            "yet: make instructor CLASS=dir"
        )
    try:
        # What learners hand in and what they get for it is nobody else's on this machine.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fill(root, classroom, say)
        with locked(folder / LOCK, say):
            seeds.make(folder)
            done = release(classroom, say)
            enter_students(classroom)
            write_layout(folder)
    except InstructorError as error:
        raise SetupError(str(error)) from None
    except OSError as error:
        raise SetupError(
            f"{error.filename or folder}: {error.strerror or error}. The class folder must be one "
            "that can be written."
        ) from None
    if done:
        say(f"Released {len(done)} assignment{'' if len(done) == 1 else 's'} to {folder}/release/.")
    return classroom


def _is_foreign(folder: Path) -> bool:
    """Tell whether a folder holds what neither a class folder nor a half-made one holds."""
    names = {path.name for path in folder.iterdir()}
    begun = {LOCK, "source"}  # what there may be before there is a manifest
    rest = {name for name in names - begun if not name.endswith(SUFFIX)}
    return bool(rest) and not names & {CONFIG, workspace.MANIFEST}


def main(argv: list[str]) -> int:
    """Make or repair the class folder that is named; return 0, or 2 where that fails."""
    if len(argv) != 1:
        print("error: expected one folder: python -m instructor.preparing DIR", file=sys.stderr)
        return 2
    try:
        make(ROOT, Path(argv[0]).absolute())
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
