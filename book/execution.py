"""Execute notebooks, and keep their results with what these depend on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from book.errors import BookError
from book.files import write_if_changed
from book.keys import KERNEL_EXTENSION
from book.notebooks import Page
from book.places import ROOT
from book.stored import Job, stored_path
from tools.variables import ONE_THREAD

CELL_SECONDS = 180
"""After so long a cell is stopped. A chapter runs in a minute; here cells also draw the frames that
a reader steps through, beside another notebook, so the limit is wider than that of the tests."""

START_SECONDS = 120
"""After so long a kernel that does not answer is given up."""

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def execute(
    jobs: Sequence[Job],
    folder: Path,
    workers: int,
    on_cell: Callable[[Page], None] = lambda page: None,
    on_done: Callable[[Page, float], None] = lambda page, seconds: None,
) -> None:
    """Execute notebooks, the longest first, and store each as soon as it is done.

    Parameters
    ----------
    jobs : sequence of Job
    folder : Path
        Where executed notebooks are kept.
    workers : int
        How many run side by side, each in a kernel of its own.
    on_cell, on_done : callable
        Called from other threads, after each cell and each notebook.

    Raises
    ------
    BookError
        If a notebook fails. Those that run side by side with it are finished and stored first;
        those that have not begun are left for the next time.
    """
    order = sorted(jobs, key=lambda job: -(job.seconds or job.page.source.stat().st_size))
    running = _Running()
    errors: list[BookError] = []
    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = [pool.submit(_execute_one, job, folder, running, on_cell) for job in order]
        pages = dict(zip(futures, (job.page for job in order), strict=True))
        try:
            for future in as_completed(futures):
                if future.cancelled():
                    continue
                try:
                    on_done(pages[future], future.result())
                except BookError as error:
                    errors.append(error)
                    for other in futures:
                        other.cancel()
        except BaseException:  # Control-C: the kernels would work on for nobody
            for future in futures:
                future.cancel()
            running.stop()
            raise
    if errors:
        raise BookError("\n\n".join(map(str, errors)))


class _Running:
    """The clients that have a kernel now, so that another thread can end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: set[NotebookClient] = set()
        self._stopped = False

    @contextlib.contextmanager
    def entered(self, client: NotebookClient) -> Iterator[None]:
        with self._lock:
            if self._stopped:
                raise BookError("The build was stopped.")
            self._clients.add(client)
        try:
            yield
        finally:
            with self._lock:
                self._clients.discard(client)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for client in self._clients:
                process = getattr(getattr(client.km, "provisioner", None), "process", None)
                if process is not None:
                    process.kill()


def kernel_environment(home: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a kernel: the course on its path, its progress kept apart.

    Parameters
    ----------
    home : str
        Folder in place of the learner's own, in which `progress` keeps what is solved.
    environ : mapping
        The environment of this process.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), environ.get("PYTHONPATH", "")]))
    fixed = {"UNROLLED_HOME": home, "PYTHONPATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    return {**environ, **ONE_THREAD, **fixed}


def _execute_one(
    job: Job, folder: Path, running: _Running, on_cell: Callable[[Page], None]
) -> float:
    page = job.page
    notebook = nbformat.read(page.source, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        startup_timeout=START_SECONDS,
        kernel_name="python3",
        extra_arguments=[f"--ext={KERNEL_EXTENSION}"],
        store_widget_state=False,
        coalesce_streams=True,
        on_cell_executed=lambda **_: on_cell(page),
        resources={"metadata": {"path": str(page.source.parent)}},
    )
    started = time.monotonic()
    with (
        running.entered(client),
        tempfile.TemporaryDirectory(prefix="unrolled-book-") as home,
        Path(home, "kernel.log").open("w+", encoding="utf-8", errors="replace") as log,
    ):
        try:
            asyncio.run(client.async_execute(env=kernel_environment(home), stderr=log))
        except (CellExecutionError, CellTimeoutError, DeadKernelError, RuntimeError) as error:
            log.seek(0)
            raise _failure(page, client, error, log.read()) from None
        log.seek(0)
        _check_extension(log.read())
    seconds = time.monotonic() - started
    notebook.metadata["unrolled"] = {"parts": dict(job.parts), "seconds": round(seconds, 1)}
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
    write_if_changed(stored_path(page, folder), text + "\n")
    return seconds


def _check_extension(log: str) -> None:
    """Refuse results without what a reader steps through: a kernel only logs such a failure."""
    if "Error in loading extension" in log:
        last = log.strip().splitlines()[-1]
        raise BookError(
            f"The kernel could not load {KERNEL_EXTENSION}: {last}. "
            f"See it with: {Path(sys.executable).name} -c 'import {KERNEL_EXTENSION}'"
        )


def _failure(page: Page, client: NotebookClient, error: Exception, log: str) -> BookError:
    """Say which cell of which notebook failed, with what, and how to run it."""
    where = page.source.relative_to(ROOT).as_posix()
    done = client.code_cells_executed
    cell = _failed_cell(client.nb, error)
    named = f"cell {cell.id!r}" if cell is not None else f"after {done} code cells"
    if isinstance(error, CellExecutionError):
        what = _ANSI.sub("", f"{error.ename}: {error.evalue}").strip()
        lines = "\n".join(f"    {line}" for line in _guilty_lines(cell, error))
    elif isinstance(error, CellTimeoutError):
        what = f"It ran longer than {CELL_SECONDS} s. A whole chapter should take a minute."
        lines = ""
    else:
        tail = log.strip().splitlines()[-1:] or [str(error)]
        what = f"Its kernel ended ({type(error).__name__}): {tail[0]}"
        lines = ""
    run = f"python -m pytest --nbval-lax {where}"
    return BookError(
        f"{where}, {named}: {what}\n"
        + (f"{lines}\n" if lines else "")
        + f"  Open it: jupyter lab {where}\n  Or run it: {run}"
    )


def _failed_cell(notebook: NotebookNode, error: Exception) -> NotebookNode | None:
    """Return the cell that has an error among its outputs, or the one that never answered."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        if any(output.output_type == "error" for output in cell.outputs):
            return cell
    begun = [cell for cell in code if "execution" in cell.metadata]  # set when a cell is sent
    open_ = [cell for cell in begun if "shell.execute_reply" not in cell.metadata["execution"]]
    return (open_ or [None])[-1]


def _guilty_lines(cell: NotebookNode | None, error: CellExecutionError) -> list[str]:
    """Return the line of the cell that failed, or its first three if the traceback names none."""
    text = _ANSI.sub("", error.traceback)
    pointed = re.findall(r"^-+> *\d+ .*$", text, re.MULTILINE)
    if pointed:
        return [pointed[0].strip()]
    return cell.source.splitlines()[:3] if cell is not None else []
