"""Make, repair and update the course's own Python environment, the folder `.venv`.

A stamp inside `.venv` says what was installed, for which folder and which Python. It is taken away
before anything changes and written when all is done, so an environment without a stamp is one that
was left half-made. `decide` reads the state from disk, `prepare` acts on it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.files import write_atomically
from tools.locking import locked

FOLDER = ".venv"
STAMP = ".course-stamp.json"
LOCK = ".course.lock"
CONSTRAINTS = "constraints.txt"
WITHOUT_CUDA = "https://download.pytorch.org/whl/cpu"
PROJECT = "unrolled"


class SetupError(Exception):
    """A set-up problem that the message explains, with its cure, to the person at the keyboard."""


@dataclass(frozen=True)
class Plan:
    """What has to be done to the environment, and why.

    Attributes
    ----------
    action : {"nothing", "install", "rebuild"}
        `install` runs pip in the environment as it is; `rebuild` empties it first.
    reason : str
        One sentence for the reader of the terminal; empty for "nothing".
    extras : tuple of str
        Extras that are there afterwards.
    """

    action: str
    reason: str
    extras: tuple[str, ...]


def python_path(root: Path) -> Path:
    """Return where the environment of the project `root` has its Python."""
    inside = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return root.joinpath(FOLDER, *inside)


def read_project(root: Path) -> dict:
    """Return `pyproject.toml` of the project `root` as a dictionary."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def requirement_name(requirement: str) -> str:
    """Return the normalised package name of a requirement: `"PyYAML>=6"` gives `"pyyaml"`."""
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement.strip())
    if match is None:
        raise ValueError(f"{requirement!r} is not a requirement; expected a package name first.")
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def requirements(project: dict, extras: Iterable[str] = ()) -> list[str]:
    """Return the requirements of the project with the given extras, as in `pyproject.toml`.

    An extra that names another one, as in `"unrolled[instructor]"`, brings that one's lines.
    """
    table = project["project"]
    optional = table.get("optional-dependencies", {})
    lines, open_, seen = list(table["dependencies"]), list(extras), set()
    while open_:
        name = open_.pop(0)
        if name in seen:
            continue
        seen.add(name)
        for line in optional[name]:
            within = re.fullmatch(rf"{PROJECT}\[([^]]+)\]", line)
            if within:
                open_ += [extra.strip() for extra in within[1].split(",")]
            elif line not in lines:  # two extras may need the same
                lines.append(line)
    return lines


def dependency_hash(root: Path) -> str:
    """Return a hash of everything that decides what pip installs.

    Settings of other tools in `pyproject.toml` are left out, so that changing one of them does not
    send anyone to the network.
    """
    project = read_project(root)
    parts = {
        "build-system": project["build-system"],
        "project": {
            key: value
            for key, value in project["project"].items()
            if key in ("name", "requires-python", "dependencies", "optional-dependencies")
        },
        "setuptools": project.get("tool", {}).get("setuptools", {}),
        "constraints": (root / CONSTRAINTS).read_text(encoding="utf-8").splitlines(),
    }
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


_PROBE = """
import importlib.metadata, json, sys
missing = []
for name in sys.argv[1:]:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        missing.append(name)
print(json.dumps({"python": "%d.%d" % sys.version_info[:2], "missing": missing}))
"""


def probe(python: Path, names: Iterable[str]) -> dict | None:
    """Ask an interpreter for its version and which of the packages it lacks.

    Returns
    -------
    answer : dict or None
        `{"python": "3.12", "missing": [...]}`, or None where the interpreter does not run.
    """
    try:
        answer = subprocess.run(
            [python, "-I", "-c", _PROBE, *names], capture_output=True, timeout=60, check=True
        )
        return json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def read_stamp(root: Path) -> dict | None:
    """Return the stamp of the environment, or None where there is none that can be read."""
    try:
        stamp = json.loads((root / FOLDER / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    expected = {"dependencies", "extras", "newest", "python", "folder"}
    return stamp if isinstance(stamp, dict) and expected <= stamp.keys() else None


def decide(root: Path, extras: Iterable[str] = (), newest: bool = False) -> Plan:
    """Compare the environment on disk with the one that is wanted, and change nothing.

    Parameters
    ----------
    root : Path
        The project's folder.
    extras : iterable of str
        Extras of `pyproject.toml` that are needed; more than these may be there.
    newest : bool
        Whether the newest versions are wanted in place of those in `constraints.txt`.
    """
    wanted = tuple(sorted(extras))
    if not os.path.lexists(root / FOLDER):
        reason = f"Making the course's environment in {FOLDER}; this downloads its packages once."
        return Plan("rebuild", reason, wanted)
    stamp = read_stamp(root)
    if stamp is None:
        return Plan("rebuild", f"{FOLDER} was left half-made; building it again.", wanted)
    together = tuple(sorted({*wanted, *stamp["extras"]}))
    if stamp["folder"] != os.path.realpath(root):
        return Plan("rebuild", f"The folder was moved; building {FOLDER} again.", together)
    project = read_project(root)
    optional = project["project"].get("optional-dependencies", {})
    together = tuple(name for name in together if name in optional or name in wanted)
    names = [PROJECT, *map(requirement_name, requirements(project, together))]
    answer = probe(python_path(root), names)
    if answer is None or answer["python"] != stamp["python"]:
        return Plan("rebuild", f"The Python in {FOLDER} is broken; building it again.", together)
    if stamp["dependencies"] != dependency_hash(root):
        return Plan("install", "The course's list of packages has changed; installing.", together)
    if stamp["newest"] != newest:
        return Plan("install", "Other versions of the packages are wanted; installing.", together)
    if not set(wanted) <= set(stamp["extras"]):
        return Plan("install", f"Adding the packages for: {', '.join(wanted)}.", together)
    if answer["missing"]:
        gone = ", ".join(answer["missing"])
        return Plan("install", f"Packages are missing ({gone}); installing.", together)
    return Plan("nothing", "", together)


def _lasting_python(folder: Path) -> str:
    """Return the running Python, or the one it was made from if it lives in `folder`."""
    if Path(sys.prefix).resolve() == folder.resolve():
        return getattr(sys, "_base_executable", sys.executable)
    return sys.executable


def advice(environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """Return how to save a large download on a machine that has no use for it, or nothing."""
    chosen = any(name in environ for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"))
    if platform != "linux" or chosen or shutil.which("nvidia-smi"):
        return ""
    return (
        "No NVIDIA GPU was found, and PyPI's PyTorch brings several GB for one. To leave them out, "
        f"press Control-C, run: export PIP_EXTRA_INDEX_URL={WITHOUT_CUDA}   and begin again."
    )


def create_environment(root: Path) -> None:
    """Make an empty environment in `.venv`, removing what was there before.

    Raises
    ------
    SetupError
        If Python comes without `ensurepip`, or the folder cannot be made.
    """
    folder = root / FOLDER
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise SetupError(
            "This Python cannot make environments: its module ensurepip is missing. On Debian and "
            f"Ubuntu run: sudo apt install python{version}-venv   Then run the command again."
        )
    if folder.is_symlink() or folder.is_file():
        raise SetupError(f"{folder} is a file or a link; the course needs a folder there. Move it.")
    python = _lasting_python(folder)
    try:
        if folder.exists():
            shutil.rmtree(folder)
        subprocess.run([python, "-m", "venv", folder], check=True)
    except subprocess.CalledProcessError as error:
        raise SetupError(
            f"`python -m venv` ended with code {error.returncode}; its message is above."
        ) from None
    except OSError as error:
        raise SetupError(
            f"{folder} cannot be written: {error.strerror or error}. Close every program that uses "
            "it (JupyterLab, an editor), check that the folder is yours, and run the command again."
        ) from None


def torch_pin(constraints: str) -> str:
    """Return the one line of a constraints file that pins PyTorch."""
    lines = [line for line in constraints.splitlines() if line.startswith("torch==")]
    if len(lines) != 1:
        raise SetupError(f"{CONSTRAINTS} has {len(lines)} lines torch==…; expected one.")
    return lines[0]


def _follow(process: subprocess.Popen, say: Callable[[str], None]) -> list[str]:
    """Print the telling lines of pip's output, a sign of life in between; return the last lines."""
    tail: deque[str] = deque(maxlen=15)
    ended = threading.Event()
    started = time.monotonic()

    def sign_of_life() -> None:
        while not ended.wait(30):
            say(f"  … still installing, {time.monotonic() - started:.0f} s so far")

    threading.Thread(target=sign_of_life, daemon=True).start()
    try:
        for line in process.stdout:
            line = line.rstrip()
            if not line.lstrip().startswith("Requirement already satisfied"):
                tail.append(line)
            if re.match(r"\s*(Downloading \S+ \(|Installing collected packages)", line):
                line = line.strip()
                names = line.removeprefix("Installing collected packages: ")
                if names != line:
                    line = f"Installing {names.count(',') + 1} packages"
                say(f"  {line}")
    finally:
        ended.set()
    return list(tail)


def install_packages(
    root: Path, extras: tuple[str, ...], newest: bool, lock: int, say: Callable[[str], None]
) -> None:
    """Install the project and its packages into `.venv` with pip, showing progress.

    Raises
    ------
    SetupError
        If pip ends with an error; its last lines have been printed by then.
    """
    constraints = root / CONSTRAINTS
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        if newest:
            pin = torch_pin(constraints.read_text(encoding="utf-8"))
            constraints = Path(scratch, CONSTRAINTS)
            constraints.write_text(pin + "\n", encoding="utf-8")
        target = f".[{','.join(extras)}]" if extras else "."
        command = [python_path(root), "-I", "-m", "pip", "--disable-pip-version-check", "install"]
        command += ["--no-input", "--progress-bar=off", "-c", constraints]
        command += ["--upgrade", "--upgrade-strategy=eager"] if newest else []
        process = subprocess.Popen(
            [*command, "-e", target],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            # pip keeps the lock as well: were this process killed, the next would wait for pip.
            pass_fds=() if os.name == "nt" else (lock,),
        )
        with process:
            try:
                tail = _follow(process, say)
            except BaseException:
                process.terminate()
                raise
    if process.returncode != 0:
        for line in tail:
            say(f"  pip: {line}")
        raise SetupError(
            f"pip ended with code {process.returncode}; its last lines are above. Is there a "
            "network connection (only installing needs one) and free disk space? Then run the "
            "command again: it goes on from here."
        )


def write_stamp(root: Path, extras: tuple[str, ...], newest: bool) -> None:
    """Record that the environment is complete."""
    answer = probe(python_path(root), [])
    if answer is None:
        raise SetupError(f"{python_path(root)} does not run after the installation.")
    stamp = {
        "dependencies": dependency_hash(root),
        "extras": list(extras),
        "newest": newest,
        "python": answer["python"],
        "folder": os.path.realpath(root),
    }
    _write_stamp(root, stamp)


def _write_stamp(root: Path, stamp: dict) -> None:
    write_atomically(root / FOLDER / STAMP, f"{json.dumps(stamp, indent=1)}\n".encode())


def prepare(
    root: Path,
    extras: Iterable[str] = (),
    newest: bool = False,
    *,
    create: Callable[[Path], None] = create_environment,
    install: Callable[..., None] = install_packages,
    say: Callable[[str], None] = print,
) -> Path:
    """Bring the environment into the wanted state and return its Python; ask nothing.

    Where everything is in place this takes a fraction of a second and runs no pip. A failed pip
    leaves a complete environment as it was; an interrupted one is built again at the next start.

    Parameters
    ----------
    root : Path
        The project's folder.
    extras, newest
        As for `decide`.
    create, install, say : callable
        The steps that touch the machine, replaceable in tests.

    Raises
    ------
    SetupError
        With the cause and the cure in its message.
    """
    extras = tuple(extras)
    try:
        with locked(root / LOCK, say) as lock:
            plan = decide(root, extras, newest)
            if plan.action == "nothing":
                return python_path(root)
            say(plan.reason)
            before = read_stamp(root) if plan.action == "install" else None
            with contextlib.suppress(NotADirectoryError):
                (root / FOLDER / STAMP).unlink(missing_ok=True)
            if plan.action == "rebuild":
                if hint := advice(os.environ):
                    say(hint)
                create(root)
            try:
                install(root, plan.extras, newest, lock, say)
            except SetupError:
                if before is not None:
                    _write_stamp(root, before)
                raise
            write_stamp(root, plan.extras, newest)
            say("The environment is ready.")
    except PermissionError as error:
        raise SetupError(
            f"{error.filename} cannot be written. Is the folder yours? Copy the course to a folder "
            "of your own, or give yourself permission to write, and run the command again."
        ) from None
    return python_path(root)
