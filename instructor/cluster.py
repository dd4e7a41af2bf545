"""Hand submissions to the workers of dask.distributed and give back what they were graded with.

Workers are processes of this machine, or those of a scheduler that runs elsewhere. A worker that
lacks the course, has another version of it, or has no sandbox is refused before the first
submission. Each worker holds few submissions at a time, so that a class of thousands does not lie
in memory, and results come back in the order in which they are done.

A worker that dies takes at most the submissions with it that it held. Each of them is tried again
when all others are done, alone, so that a submission that kills its worker takes no other one with
it; what is lost then as well gets the status "worker lost".
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from distributed import Client, Future, Security
from distributed.scheduler import KilledWorker

from instructor import worker
from instructor.errors import InstructorError, UnavailableError
from instructor.worker import Job, NotInstalled, Outcome, Spec, Unable
from tools import clusters

IN_HAND = 2
"""Submissions that each worker holds: the one that it grades and the next."""

TRIES_ALONE = 2
"""How often a submission is tried again when its worker was lost. The first time it may have been
another one that ended the worker."""

START = (
    "On each machine, in the environment that the course is installed in, run: "
    "dask worker {address} --nworkers N --nthreads 1"
)


@dataclass(frozen=True)
class Lost:
    """What comes back for a submission whose worker died each time.

    Attributes
    ----------
    student : str
    digest : str
        SHA-256 of the submitted bytes.
    """

    student: str
    digest: str


class Cluster:
    """The workers behind one client; made by `open_cluster`.

    Attributes
    ----------
    address : str
        Of the scheduler.
    workers : int
        How many processes grade.
    notes : list of str
        Sentences for the instructor, such as other versions of packages.
    """

    def __init__(self, client: Client, address: str, spec: Spec) -> None:
        self.client = client
        self.address = address
        self.notes: list[str] = []
        self._spec = spec
        self._token = secrets.token_hex(16)
        self._finished = clusters.Finished(
            client,
            f"The scheduler at {address} has no workers left; waiting for one. "
            + START.format(address=address),
        )
        self._open: dict[Future, Job] = {}

    @property
    def workers(self) -> int:
        """How many processes grade at present."""
        return len(self._finished.workers())

    def prepare(self) -> None:
        """Look at all workers and tell them what to grade with.

        Raises
        ------
        UnavailableError
            If there is no worker, or one of them lacks the course, has another version of it, or
            has no sandbox.
        """
        try:
            self.client.wait_for_workers(1, timeout=clusters.WAIT)
        except TimeoutError:
            raise UnavailableError(
                f"The scheduler at {self.address} has no workers. "
                + START.format(address=self.address)
            ) from None
        workers = self._finished.workers()
        self._install(list(workers))
        threads = max(workers.values(), default=1)
        if threads > 1:
            self.notes.append(
                f"A worker has {threads} threads, and each grades one submission at a time. "
                f"More processes use the machine better. {START.format(address=self.address)}"
            )

    def run(self, jobs: Iterable[Job]) -> Iterator[Outcome | Lost]:
        """Grade submissions and give each as it is done.

        Parameters
        ----------
        jobs : iterable of Job
            Read as workers become free, so that few are in memory.

        Yields
        ------
        Outcome or Lost

        Raises
        ------
        UnavailableError
            If the scheduler is lost, or a worker that joined cannot grade.
        """
        waiting, alone = iter(jobs), []
        more = True
        while more or self._open:
            while more and len(self._open) < IN_HAND * max(1, self.workers):
                job = next(waiting, None)
                if job is None:
                    more = False
                else:
                    self._submit(job)
            if self._open:
                job, answer = self._next()
                if isinstance(answer, Lost):
                    alone.append(job)
                else:
                    yield answer
        for job in alone:
            for _ in range(TRIES_ALONE):
                self._submit(job)
                answer = self._next()[1]
                if not isinstance(answer, Lost):
                    break
            yield answer

    def close(self) -> None:
        """Drop what is open and let the workers forget what they were told."""
        for future in self._open:
            future.cancel()
        self._open.clear()
        if self.client.status == "running":
            with contextlib.suppress(OSError):  # workers that are gone have forgotten it
                self.client.run(worker.uninstall, self._token, on_error="ignore")

    def _submit(self, job: Job) -> None:
        # A key of its own: dask would make one from the arguments, which are nobody's business.
        future = self.client.submit(
            worker.grade_one, self._token, job, key=f"grade-{secrets.token_hex(8)}", pure=False
        )
        self._open[future] = job
        self._finished.watch(future)

    def _next(self) -> tuple[Job, Outcome | Lost]:
        """Wait for the next submission that is done or lost."""
        while True:
            future = self._finished.next()
            if future not in self._open:
                continue
            job = self._open.pop(future)
            if future.status in ("cancelled", "lost"):  # its worker died after it was done
                self._finished.check_connection()
                future.cancel()
                return job, Lost(job.student, job.digest)
            answer = future.result() if future.status == "finished" else future.exception()
            future.release()
            if isinstance(answer, NotInstalled):
                self._install([answer.worker])
                self._submit(job)
            elif isinstance(answer, Unable):
                raise UnavailableError(f"The worker {answer.worker} cannot grade: {answer.reason}")
            elif isinstance(answer, KilledWorker):
                return job, Lost(job.student, job.digest)
            elif isinstance(answer, BaseException):
                raise UnavailableError(
                    f"A worker could not read what it was sent ({answer!r}). Each worker needs the "
                    f"course, in the version of this folder. {START.format(address=self.address)}"
                )
            else:
                return job, answer

    def _install(self, addresses: list[str]) -> None:
        """Look at some workers and tell them what to grade with."""
        here = worker.describe(unsafe=True)
        # A name in place of a function: workers without the course could not even read that.
        call = "__import__('instructor.worker', fromlist=['worker']).describe"
        asked = f"{call}({self._spec.unsafe!r})"
        answers = self.client.run(eval, asked, workers=addresses, on_error="return")
        present = [a for a, answer in answers.items() if not isinstance(answer, OSError)]
        for address in present:  # the others have gone in the meantime
            self._judge_worker(address, answers[address], here)
        told = self.client.run(
            worker.install, self._token, self._spec, workers=present, on_error="return"
        )
        for address, answer in told.items():
            if isinstance(answer, BaseException) and not isinstance(answer, OSError):
                raise UnavailableError(
                    f"The worker {address} cannot be told what to grade with: {answer!r}"
                )

    def _judge_worker(self, address: str, answer: Any, here: Mapping[str, Any]) -> None:
        where = START.format(address=self.address)
        if isinstance(answer, ImportError | AttributeError):
            raise UnavailableError(
                f"The worker {address} does not have the course ({answer}). Install it there "
                "(python -m pip install -e '.[instructor]' in a copy of this folder) and start "
                f"the worker again. {where}"
            )
        if isinstance(answer, BaseException):
            raise UnavailableError(f"The worker {address} does not answer: {answer!r}")
        if answer["course"] != here["course"]:
            raise UnavailableError(
                f"The worker {address} has another version of the course ({answer['course']}; "
                f"expected {here['course']}). Bring its copy to the version of this folder and "
                f"start the worker again: it keeps the code that it has loaded. {where}"
            )
        if answer["sandbox"]:
            raise UnavailableError(
                f"The worker {address} on {answer['host']} has no sandbox. {answer['sandbox']}"
            )
        for name, version in answer["versions"].items():
            if version != here["versions"][name]:
                self.notes.append(
                    f"The worker {address} has {name} {version}, this machine "
                    f"{here['versions'][name]}: results may differ in the last digits."
                )


@contextlib.contextmanager
def open_cluster(
    spec: Spec, scheduler: str = "", workers: int = 1, security: Security | None = None
) -> Iterator[Cluster]:
    """Connect to a scheduler, or start workers on this machine; both end with the block.

    Parameters
    ----------
    spec : Spec
        What the submissions are graded with.
    scheduler : str
        Address such as ``tcp://10.0.0.5:8786``; empty for processes on this machine.
    workers : int
        How many processes on this machine.
    security : distributed.Security, optional
        Certificates for ``tls://`` addresses. Without them, submissions and the private seed
        travel in the open: a matter for a network that you trust.

    Raises
    ------
    InstructorError
        If the address cannot be read.
    UnavailableError
        If the scheduler does not answer, or its workers cannot grade.
    """
    with contextlib.ExitStack() as stack:
        if scheduler:
            try:
                client = stack.enter_context(clusters.connect(scheduler, security))
            except clusters.AddressError as error:
                raise InstructorError(str(error)) from None
            except clusters.SchedulerError as error:
                raise UnavailableError(str(error)) from None
        else:
            client = stack.enter_context(clusters.local_cluster(workers, _SETTINGS))
        cluster = Cluster(client, scheduler or client.scheduler.address, spec)
        stack.callback(cluster.close)
        try:
            cluster.prepare()
            yield cluster
        except clusters.ConnectionLostError:
            raise UnavailableError(
                f"The connection to the scheduler at {cluster.address} was lost. What was graded "
                "is recorded. Start the scheduler again and run the same command: it goes on."
            ) from None


_SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,  # a second try is ours to give, on its own
    "distributed.admin.low-level-log-length": 0,
}
