"""Open JupyterLab on the learner's folder, at the first chapter."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.environment import SetupError
from tools.workspace import FOLDER

FIRST = "chapters/00_start_here.ipynb"
DEFAULT_PORT = 8888
HOST = "127.0.0.1"


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
    asked = environ.get("HEADLESS", "").strip().lower()
    if asked:
        return asked not in ("0", "no", "false")
    if platform == "win32":
        return False
    if platform == "darwin":
        return "SSH_CONNECTION" in environ
    return not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def arguments(root: Path, port: int | None, headless: bool, superuser: bool) -> list[str]:
    """Return the command line of JupyterLab, without the Python before it."""
    work = root / FOLDER
    command = ["-m", "jupyterlab", f"--ServerApp.root_dir={work}", f"--ServerApp.ip={HOST}"]
    command += [f"--ServerApp.port={port or DEFAULT_PORT}"]
    command += [f"--ServerApp.port_retries={0 if port else 50}"]
    if (work / FIRST).exists():
        command += [f"--LabApp.default_url=/lab/tree/{FIRST}"]
    command += ["--LabApp.extension_manager=readonly"]  # no search for extensions on the network
    # Control-C ends the server without a question.
    command += ["--ServerApp.answer_yes=True", "--ServerApp.log_level=WARN"]
    command += ["--ServerApp.open_browser=False"] if headless else []
    command += ["--ServerApp.allow_root=True"] if superuser else []
    return command


def server_environment(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of the server and of its kernels."""
    # A file there turns off JupyterLab's news and search for updates: no question pops up and
    # nothing leaves the machine.
    configuration = [str(root / "tools" / "jupyter")]
    if environ.get("JUPYTER_CONFIG_PATH"):
        configuration.append(environ["JUPYTER_CONFIG_PATH"])
    settings = {
        **environ,
        "JUPYTER_CONFIG_PATH": os.pathsep.join(configuration),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment comes before any other
        "UNROLLED_HOME": str(root / FOLDER),
    }
    settings.pop("PORT", None)
    return settings


def run(root: Path, python: Path, environ: Mapping[str, str]) -> int:
    """Start JupyterLab and return its exit code once it has ended.

    Where the system can do so, the server takes the place of this process, so that signals reach
    it directly and the call does not return.
    """
    port = read_port(environ.get("PORT"))
    if port is not None:
        check_port(port)
    headless = is_headless(environ)
    superuser = hasattr(os, "geteuid") and os.geteuid() == 0
    command = [str(python), *arguments(root, port, headless, superuser)]
    settings = server_environment(root, environ)
    print("Starting JupyterLab; Control-C in this window ends it.", flush=True)
    if os.name == "nt":
        process = subprocess.Popen(command, env=settings)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the server has received it as well and is shutting down
    os.execve(command[0], command, settings)
