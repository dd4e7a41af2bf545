"""Execute the notebooks whose results are missing or stale, and keep the results with their key."""

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
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from book.errors import BookError
from book.files import write_if_changed
from book.keys import KERNEL_EXTENSION, Code, changed_parts
from book.notebooks import ROOT, Page

CELL_SECONDS = 180  # a chapter runs in a minute; a cell of three has gone astray
START_SECONDS = 120
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Job:
    """A notebook to execute.

    Attributes
    ----------
    page : Page
    parts : mapping of str to str
        What its results depend on.
    reason : str
        Why it is executed, for the reader of the terminal.
    seconds : float
        What it took last time; 0 where that is not known.
    cells : int
        Number of code cells that are not empty.
    has_results : bool
        Whether there are results of an earlier state.
    """

    page: Page
    parts: Mapping[str, str]
    reason: str
    seconds: float
    cells: int
    has_results: bool


def stored_path(page: Page, folder: Path) -> Path:
    """Return where the executed notebook of a page is kept."""
    return folder / f"{page.docname}.ipynb"


def read_stored(page: Page, folder: Path) -> NotebookNode | None:
    """Return the executed notebook of a page, or None where there is none that can be read."""
    path = stored_path(page, folder)
    if not path.is_file():
        return None
    try:
        notebook = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8")))
        return notebook if "parts" in notebook.metadata["unrolled"] else None
    except (ValueError, LookupError, AttributeError):
        return None  # half-written or of another make: the same as none, it is executed again


def job_for(page: Page, folder: Path, code: Code, fresh: bool = False) -> Job | None:
    """Return what has to be executed for a page, or None where its results are up to date.

    Parameters
    ----------
    page : Page
    folder : Path
        Where executed notebooks are kept.
    code : Code
        Reads the code of the course.
    fresh : bool
        Whether to execute it in any case.
    """
    notebook = json.loads(page.source.read_text(encoding="utf-8"))
    try:
        parts = code.parts(notebook)
    except SyntaxError as error:
        raise BookError(
            f"{page.source.name}, or code that it imports, is not Python: {error}. "
            f"Find the place with: make lint"
        ) from None
    stored = read_stored(page, folder)
    about = stored.metadata["unrolled"] if stored else {"parts": {}, "seconds": 0.0}
    if fresh:
        reason = "asked for by --fresh"
    elif stored is None:
        reason = "no results yet"
    elif changed := changed_parts(about["parts"], parts):
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        reason = f"changed: {', '.join(changed[:3])}{more}"
    else:
        return None
    cells = sum(
        cell["cell_type"] == "code" and bool("".join(cell["source"]).strip())
        for cell in notebook["cells"]
    )
    return Job(page, parts, reason, about["seconds"], cells, stored is not None)


def with_results(page: Page, folder: Path) -> tuple[NotebookNode, bool]:
    """Return a page's notebook as it is now, with the outputs that are stored for its cells.

    Returns
    -------
    notebook : NotebookNode
    executed : bool
        Whether there were results.
    """
    notebook = nbformat.read(page.source, as_version=4)
    stored = read_stored(page, folder) if page.is_executed else None
    if stored is None:
        return notebook, False
    outputs = {cell.id: cell for cell in stored.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id in outputs:
            cell.outputs = outputs[cell.id].outputs
            cell.execution_count = outputs[cell.id].execution_count
    return notebook, True


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
    def entered(self, client: NotebookClient):
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
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR")}
    fixed = {"UNROLLED_HOME": home, "PYTHONPATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    return {**environ, **threads, **fixed}


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
        what = f"It ran longer than {CELL_SECONDS} s. A cell may take at most a minute."
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


def _guilty_lines(cell: NotebookNode | None, error: CellExecutionError) -> Iterable[str]:
    """Return the lines of the cell around the arrow of the traceback, or its first lines."""
    text = _ANSI.sub("", error.traceback)
    pointed = re.findall(r"^-+> *\d+ .*$", text, re.MULTILINE)
    if pointed:
        return [pointed[0].strip()]
    return cell.source.splitlines()[:3] if cell is not None else []
