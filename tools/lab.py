"""Open JupyterLab on the learner's folder, at the first chapter, or on another place."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.environment import SetupError
from tools.variables import is_on
from tools.workspace import FOLDER

FIRST = "chapters/00_start_here.ipynb"
FORMGRADER = "formgrader"  # the name of a layout of windows in which formgrader is open
LAYOUTS = ".layouts"
DEFAULT_PORT = 8888
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Place:
    """Where JupyterLab opens.

    Attributes
    ----------
    folder : Path
        The folder that it shows.
    start : str
        The page that it opens, such as `/lab/tree/NAME.ipynb`; empty for its own choice.
    layouts : Path or None
        Where it keeps the layouts of its windows; None for its own choice.
    settings : Path or None
        A folder with settings that come before all others, such as nbgrader's.
    """

    folder: Path
    start: str = ""
    layouts: Path | None = None
    settings: Path | None = None


def learner_place(root: Path) -> Place:
    """Return the learner's folder with the first chapter."""
    work = root / FOLDER
    return Place(work, f"/lab/tree/{FIRST}" if (work / FIRST).exists() else "")


def instructor_place(folder: Path) -> Place:
    """Return a class folder with formgrader; `instructor.preparing` writes the layout."""
    return Place(folder, f"/lab/workspaces/{FORMGRADER}", folder / LAYOUTS, folder)


def read_port(text: str | None) -> int | None:
    """Return the port that was asked for, or None where none was.

    Raises
    ------
    SetupError
        If the text is no whole number from 1 to 65535.
    """
    if text is None or not text.strip():
        return None
    number = int(text) if text.strip().isascii() and text.strip().isdigit() else 0
    if not 1 <= number <= 65535:
        raise SetupError(f"PORT is {text!r}; expected a whole number from 1 to 65535.")
    return number


def wanted_port(environ: Mapping[str, str]) -> int | None:
    """Return the port that ``PORT`` asks for, or None where it names none.

    Raises
    ------
    SetupError
        If it is no port, or cannot be used now.
    """
    port = read_port(environ.get("PORT"))
    if port is not None:
        check_port(port)
    return port


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody listens at."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]


def check_port(port: int) -> None:
    """Raise SetupError if another program listens at the port, or it may not be used."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name != "nt":
            # A port in TIME_WAIT is free; on Windows the option would also allow a taken one.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SetupError(
                f"Port {port} cannot be used ({error.strerror}); choose another: PORT={port + 1}, "
                "or leave PORT out for the next free one."
            ) from None


def is_headless(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Tell whether no browser should be opened: HEADLESS is set, or there is no display."""
    if environ.get("HEADLESS", "").strip():
        return is_on("HEADLESS", environ)
    if platform == "win32":
        return False
    if platform == "darwin":
        return "SSH_CONNECTION" in environ
    return not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def arguments(place: Place, port: int | None, headless: bool, superuser: bool) -> list[str]:
    """Return the command line of JupyterLab, without the Python before it."""
    command = ["-m", "jupyterlab", f"--ServerApp.root_dir={place.folder}"]
    command += [f"--ServerApp.ip={HOST}", f"--ServerApp.port={port or DEFAULT_PORT}"]
    command += [f"--ServerApp.port_retries={0 if port else 50}"]
    if place.start:
        command += [f"--LabApp.default_url={place.start}"]
    if place.layouts is not None:
        command += [f"--LabApp.workspaces_dir={place.layouts}"]
    command += ["--LabApp.extension_manager=readonly"]  # no search for extensions on the network
    # Control-C ends the server without a question.
    command += ["--ServerApp.answer_yes=True", "--ServerApp.log_level=WARN"]
    command += ["--ServerApp.open_browser=False"] if headless else []
    command += ["--ServerApp.allow_root=True"] if superuser else []
    return command


def server_environment(
    root: Path, place: Place, python: Path, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment variables of the server and of its kernels."""
    # A file there turns off JupyterLab's news and search for updates: no question pops up and
    # nothing leaves the machine.
    configuration = [str(place.settings)] if place.settings else []
    configuration.append(str(root / "tools" / "jupyter"))
    if environ.get("JUPYTER_CONFIG_PATH"):
        configuration.append(environ["JUPYTER_CONFIG_PATH"])
    settings = {
        **environ,
        "JUPYTER_CONFIG_PATH": os.pathsep.join(configuration),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment comes before any other
        "UNROLLED_HOME": str(place.folder),
        # nbgrader, among others, calls programs of this environment by name.
        "PATH": os.pathsep.join([str(python.parent), environ.get("PATH", os.defpath)]),
    }
    if place.settings is not None:
        # They name classes of the course, which the server imports from whatever folder it is in.
        paths = [str(root), environ.get("PYTHONPATH", "")]
        settings["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    settings.pop("PORT", None)
    return settings


def run(root: Path, place: Place, python: Path, environ: Mapping[str, str]) -> int:
    """Start JupyterLab in its folder and return its exit code once it has ended.

    Where the system can do so, the server takes the place of this process, so that signals reach
    it directly and the call does not return.
    """
    port = wanted_port(environ)
    headless = is_headless(environ)
    superuser = hasattr(os, "geteuid") and os.geteuid() == 0
    command = [str(python), *arguments(place, port, headless, superuser)]
    settings = server_environment(root, place, python, environ)
    print("Starting JupyterLab; Control-C in this window ends it.", flush=True)
    if os.name == "nt":
        process = subprocess.Popen(command, env=settings)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the server has received it as well and is shutting down
    os.execve(command[0], command, settings)
