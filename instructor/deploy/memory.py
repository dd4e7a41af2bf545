"""Measure the memory of one learner: JupyterLab, chapters opened in it and run from top to bottom.

``python -m instructor.deploy.memory --help`` tells how. Linux only: it reads /proc.

PSS (proportional set size) counts a page that several processes share in equal parts, so that the
parts add up to what one learner takes on a machine alone. Own is the part of it that comes from no
file: what each further learner on the same machine adds at least, while the code of the libraries
may be there once for all.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from jupyter_client import BlockingKernelClient

from instructor.deploy.start import COURSE
from tools.lab import free_ports

CHAPTERS = ("02", "06", "10")
MIB = 2**20
PATIENCE = 1800  # seconds for a cell, and for the server to start; a busy machine takes long


@dataclass(frozen=True)
class Memory:
    """Memory of some processes together, in bytes: all of it, and what comes from no file."""

    pss: int
    own: int

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.pss + other.pss, self.own + other.own)


def parse_rollup(text: str) -> Memory:
    """Read /proc/PID/smaps_rollup."""
    sizes = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB":
            sizes[name] = 1024 * int(words[0])
    return Memory(sizes["Pss"], sizes["Pss_Anon"] + sizes["Pss_Shmem"])


def memory_of(pid: int) -> Memory:
    """Return the memory of a process; none at all if it has ended."""
    try:
        return parse_rollup(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return Memory(0, 0)


def descendants(pid: int) -> list[int]:
    """Return a process and all that it started, and they."""
    found = [pid]
    for parent in found:
        for thread in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in thread.read_text().split()]
            except (FileNotFoundError, ProcessLookupError):  # it has ended
                continue
    return found


def total(pid: int) -> Memory:
    """Return the memory of a process and all below it."""
    return sum((memory_of(one) for one in descendants(pid)), Memory(0, 0))


class Peak:
    """The largest sum while a block runs, looked at four times a second."""

    def __init__(self, pid: int) -> None:
        self.pid, self.largest = pid, Memory(0, 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._stop.wait(0.25):
            self.look()

    def look(self) -> None:
        """Look once."""
        now = total(self.pid)
        if now.pss > self.largest.pss:
            self.largest = now

    def __enter__(self) -> Peak:
        self.look()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()
        self.look()


class Server:
    """A JupyterLab as a learner has it, in a home of its own."""

    def __init__(self, home: Path, python: str) -> None:
        self.home, self.runtime = home, home / "runtime"
        self.token = secrets.token_hex(16)
        (self.port,) = free_ports(1)
        environ = {
            **os.environ,
            "HOME": str(home),
            "UNROLLED_HOME": str(home / "work"),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTER_CONFIG_PATH": os.pathsep.join(
                [str(COURSE / "tools/jupyter"), str(COURSE / "instructor/deploy/jupyter")]
            ),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "JUPYTER_TOKEN": self.token,
        }
        command = [python, "-m", "instructor.deploy.start", python, "-m", "jupyterlab"]
        command += ["--no-browser", "--allow-root", f"--ServerApp.port={self.port}"]
        command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={home}"]
        self.process = subprocess.Popen(
            command, env=environ, cwd=COURSE, start_new_session=True, stdout=subprocess.DEVNULL
        )

    def ask(self, path: str, data: object = None) -> dict:
        """Send a request to the server and return its answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}",
            data=None if data is None else json.dumps(data).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def wait(self) -> None:
        """Wait until the server answers; RuntimeError if it does not."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.ask("api/status")
            except OSError:  # it does not listen yet
                time.sleep(0.2)
            else:
                return
        raise RuntimeError(f"JupyterLab did not answer (exit code {self.process.poll()}).")

    def open(self, path: str) -> tuple[str, BlockingKernelClient]:
        """Open a notebook in a kernel; return the kernel's id and a client to it."""
        kernel = {"name": "python3"}
        wanted = {"path": path, "name": path, "type": "notebook", "kernel": kernel}
        identity = self.ask("api/sessions", wanted)["kernel"]["id"]
        connection = self.runtime / f"kernel-{identity}.json"
        return identity, connect(connection)

    def kernel_pid(self, identity: str) -> int:
        """Return the process of a kernel."""
        for pid in descendants(self.process.pid):
            if identity in Path(f"/proc/{pid}/cmdline").read_text():
                return pid
        raise RuntimeError(f"The server has no process of the kernel {identity}.")

    def close(self) -> None:
        """End the server and its kernels."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def connect(connection: Path) -> BlockingKernelClient:
    """Return a client to a kernel that answers; TimeoutError if it does not.

    The client's own `wait_for_ready` takes a kernel for dead that starts slowly.
    """
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    client.kernel_info(reply=True, timeout=PATIENCE)
    return client


@contextmanager
def learner(python: str) -> Iterator[Server]:
    """Give a server with the course's notebooks in a temporary home."""
    with tempfile.TemporaryDirectory(prefix="unrolled-memory-") as folder:
        server = Server(Path(folder), python)
        try:
            server.wait()
            yield server
        finally:
            server.close()


def run_all(notebook: Path, client: BlockingKernelClient) -> int:
    """Run every code cell; return how many; RuntimeError if one fails."""
    cells = [c for c in nbformat.read(notebook, as_version=4).cells if c.cell_type == "code"]
    for number, cell in enumerate(cells, 1):
        reply = client.execute(cell.source, reply=True, timeout=PATIENCE)["content"]
        if reply["status"] != "ok":
            raise RuntimeError(
                f"{notebook.name}, code cell {number}: {reply.get('ename')}: {reply.get('evalue')}"
            )
    return len(cells)


def chapter_path(number: str) -> str:
    """Return a chapter's notebook below the course, by its number; ValueError if there is none."""
    found = sorted((COURSE / "chapters").glob(f"{number}_*.ipynb"))
    if len(found) != 1:
        raise ValueError(f"There is no chapter {number!r}; expected two digits, such as 02.")
    return found[0].relative_to(COURSE).as_posix()


def measure(chapters: list[str], python: str = sys.executable) -> list[dict]:
    """Measure and return one row per moment, in MiB.

    Parameters
    ----------
    chapters : list of str
        Notebooks below the course; each keeps its kernel until the end.
    python : str
        The interpreter of the environment.

    Returns
    -------
    rows : list of dict
        moment; server, kernel (that of the chapter, else 0), total, peak (the largest total since
        the row before), all PSS in MiB; kernel_own, total_own, what of it comes from no file.
    """
    rows = []
    with learner(python) as server:
        pid = server.process.pid

        def add(moment: str, kernel: int | None, peak: Memory) -> None:
            alone = memory_of(kernel) if kernel else Memory(0, 0)
            now = total(pid)
            sizes = {
                "server": memory_of(pid).pss,
                "kernel": alone.pss,
                "kernel_own": alone.own,
                "total": now.pss,
                "total_own": now.own,
                "peak": max(peak.pss, now.pss),
            }
            rows.append({"moment": moment, **{k: round(v / MIB) for k, v in sizes.items()}})
            print(f"{moment}: {rows[-1]['total']} MiB", file=sys.stderr, flush=True)

        server.ask("lab/api/settings")  # what a browser asks for first
        add("server started", None, total(pid))
        for path in chapters:
            name = Path(path).stem
            with Peak(pid) as peak:
                identity, client = server.open(f"work/{path}")
            kernel = server.kernel_pid(identity)
            add(f"{name} opened", kernel, peak.largest)
            with Peak(pid) as peak:
                run_all(server.home / "work" / path, client)
            add(f"{name} run", kernel, peak.largest)
            client.stop_channels()
    return rows


def table(rows: list[dict]) -> str:
    """Return the rows as a table in Markdown."""
    columns = ("server", "kernel", "kernel_own", "total", "total_own", "peak")
    lines = ["| moment | " + " | ".join(c.replace("_", ", ") for c in columns) + " |"]
    lines.append("| --- |" + " ---: |" * len(columns))
    for row in rows:
        lines.append(f"| {row['moment']} | " + " | ".join(str(row[c]) for c in columns) + " |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(
        prog="python -m instructor.deploy.memory",
        description=__doc__.split("\n\n")[0],
        epilog="Sizes are PSS in MiB; `own` is the part that comes from no file.",
    )
    parser.add_argument("chapters", nargs="*", default=list(CHAPTERS), metavar="CHAPTER")
    parser.add_argument("--python", default=sys.executable, help="of the environment to measure")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    options = parser.parse_args(argv)
    try:
        paths = [chapter_path(number) for number in options.chapters]
    except ValueError as error:
        parser.error(str(error))
    rows = measure(paths, options.python)
    print(json.dumps(rows, indent=1) if options.json else table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
