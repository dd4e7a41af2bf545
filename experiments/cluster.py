"""Hand jobs to the workers of dask.distributed, after making sure that they compute the same.

Workers are processes of this machine, or those of a scheduler that runs elsewhere. A worker that
lacks the course, or has another version of what decides the rows, is refused before the first job.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from distributed import Client, Future
from distributed.scheduler import KilledWorker
from threadpoolctl import threadpool_limits

from experiments import fingerprint
from experiments.runner import RunnerError
from tools import clusters

START = (
    "On each machine, in the environment that the course is installed in, run: "
    "dask worker {address} --nthreads 1"
)


# What workers run


@functools.cache
def _text_at_import(path: Path) -> str:
    """Return a file's text as it was when this process first asked, which is before it imports it.

    A worker that lives long keeps the modules that it has imported, whatever happens to the files;
    its fingerprint has to be that of the code that it runs.
    """
    return fingerprint.read_text(path)


def worker_fingerprint(module: str) -> str:
    """Return the fingerprint of an experiment as this process computes it."""
    if module not in _SCRIPTS:
        path = _find(module)
        fingerprint.sources(path, read=_text_at_import)  # of all that is imported now
        _SCRIPTS[module] = importlib.import_module(module)
    return _SCRIPTS[module].EXPERIMENT.fingerprint(_text_at_import)


def worker_fingerprints(modules: list[str]) -> dict[str, str]:
    """Return the fingerprints of several experiments."""
    return {module: worker_fingerprint(module) for module in modules}


def run_one(module: str, job: Mapping[str, Any], made: str) -> dict[str, Any]:
    """Run one job in this process, matrix products with one thread, and return its row.

    Raises
    ------
    RuntimeError
        If this process has another version of what decides the rows: it joined later.
    """
    here = worker_fingerprint(module)
    if here != made:
        raise RuntimeError(f"this worker has fingerprint {here} of {module}; expected {made}.")
    with threadpool_limits(1):
        return {**job, **_SCRIPTS[module].run_job(job)}


_SCRIPTS: dict[str, Any] = {}


def _find(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {module!r}")
    return Path(spec.origin)


# What the runner does


class Cluster:
    """The workers behind one client, and the jobs that were handed to them."""

    def __init__(self, client: Client, address: str, local: bool) -> None:
        self.client = client
        self.address = address
        self.local = local
        self._finished = clusters.Finished(
            client,
            f"The scheduler at {address} has no workers left; waiting for one. "
            + START.format(address=address),
        )
        self._open: dict[Future, tuple[str, dict[str, Any]]] = {}

    def check(self, made: Mapping[str, str]) -> None:
        """Compare the fingerprints of all workers with those of this process.

        Parameters
        ----------
        made : mapping
            Fingerprint by module.

        Raises
        ------
        RunnerError
            If there is no worker, or one of them lacks the course or has another version of it.
        """
        try:
            self.client.wait_for_workers(1, timeout=clusters.WAIT)
        except TimeoutError:
            raise RunnerError(
                f"the scheduler at {self.address} has no workers. "
                + START.format(address=self.address)
            ) from None
        # A name in place of a function: workers without the course could not even read that.
        call = "__import__('experiments.cluster', fromlist=['cluster']).worker_fingerprints"
        answers = self.client.run(eval, f"{call}({list(made)!r})", on_error="return")
        for worker, answer in answers.items():
            if isinstance(answer, ImportError | AttributeError):
                raise RunnerError(
                    f"the worker {worker} does not have the course ({answer}). Install it there "
                    "(python -m pip install -e '.[test]' in a copy of this folder) and start the "
                    f"worker again. {START.format(address=self.address)}"
                )
            if isinstance(answer, BaseException):
                raise RunnerError(
                    f"the worker {worker} cannot read the experiments: {answer!r}. Bring its copy "
                    "of the course to the version of this one and start the worker again."
                )
            other = [m.rpartition(".")[2] for m, text in made.items() if answer[m] != text]
            if other:
                raise RunnerError(
                    f"the worker {worker} has another version of {', '.join(other)} or of what "
                    "it imports. Bring its copy of the course to the version of this one and "
                    "start the worker again; a worker keeps the code that it has loaded."
                )

    def submit(self, module: str, job: dict[str, Any], made: str) -> None:
        """Hand over one job; earlier ones go first."""
        future = self.client.submit(
            run_one, module, job, made, pure=False, priority=-len(self._open)
        )
        self._open[future] = module, job
        self._finished.watch(future)

    def results(self) -> Iterator[tuple[str, dict[str, Any], Any]]:
        """Give (module, job, row or exception) as jobs finish, until none is open.

        Raises
        ------
        ConnectionLostError
            If the scheduler is lost.
        """
        while self._open:
            future = self._finished.next()
            if future.status in ("cancelled", "lost"):
                raise clusters.ConnectionLostError("A job was lost with its scheduler.")
            module, job = self._open.pop(future)
            if future.status == "finished":
                yield module, job, future.result()
            else:
                yield module, job, self._exception(future)
            future.release()

    def _exception(self, future: Future) -> BaseException:
        error = future.exception()
        if isinstance(error, KilledWorker):
            return RuntimeError(
                "the worker's process died each time that it ran this job; is there enough memory?"
            )
        return error.with_traceback(future.traceback())


@contextlib.contextmanager
def open_cluster(scheduler: str, workers: int) -> Iterator[Cluster]:
    """Connect to a scheduler, or start workers on this machine; both end with the block.

    Parameters
    ----------
    scheduler : str
        Address such as ``tcp://10.0.0.5:8786``; empty for processes on this machine.
    workers : int
        How many processes on this machine.

    Raises
    ------
    RunnerError
        If the scheduler does not answer or the address cannot be read.
    """
    with contextlib.ExitStack() as stack:
        if scheduler:
            try:
                client = stack.enter_context(clusters.connect(scheduler))
            except clusters.SchedulerError as error:
                raise RunnerError(str(error)) from None
        else:
            client = stack.enter_context(clusters.local_cluster(workers))
        address = scheduler or client.scheduler.address
        try:
            yield Cluster(client, address, local=not scheduler)
        except clusters.ConnectionLostError:
            raise RunnerError(
                f"the connection to the scheduler at {address} was lost. Start it again and run "
                "the same command: it goes on."
            ) from None
