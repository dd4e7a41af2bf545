"""Worker processes of dask, on this machine or behind a scheduler that runs elsewhere."""

from __future__ import annotations

import contextlib
import logging
import queue
from collections.abc import Iterator, Mapping
from typing import Any

import dask
from distributed import Client, Future, LocalCluster, Security

from tools.variables import ONE_THREAD

LEAVE_CONTROL_C = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
"""What each worker runs first: Control-C is for the coordinator to handle."""

_ONE_THREAD = {f"distributed.nanny.pre-spawn-environ.{k}": v for k, v in ONE_THREAD.items()}

WAIT = 10.0
"""Seconds to wait for a scheduler, and for its first worker."""


class SchedulerError(Exception):
    """No scheduler answers at an address; the message says what to look at."""


class AddressError(SchedulerError):
    """The address itself cannot be read."""


class ConnectionLostError(SchedulerError):
    """The scheduler has gone while it was worked with."""


class Finished:
    """Gives futures in the order in which they are done.

    Parameters
    ----------
    client : distributed.Client
    no_workers : str
        What is printed, once for each time that it is waited in vain, when no worker is left.
    """

    def __init__(self, client: Client, no_workers: str) -> None:
        self.client = client
        self.no_workers = no_workers
        self._done: queue.SimpleQueue[Future] = queue.SimpleQueue()

    def watch(self, future: Future) -> None:
        """Have a future given when it is done."""
        future.add_done_callback(self._done.put)

    def next(self) -> Future:
        """Wait for the next one that is done.

        Raises
        ------
        ConnectionLostError
            If the scheduler is lost.
        """
        warned = False
        while True:
            try:
                return self._done.get(timeout=2.0)
            except queue.Empty:
                if not self.workers() and not warned:
                    warned = True
                    print(f"\n{self.no_workers}", flush=True)

    def workers(self) -> dict[str, int]:
        """Return how many threads each worker has, by its address.

        Raises
        ------
        ConnectionLostError
            If the scheduler is lost.
        """
        self.check_connection()
        try:
            return dict(self.client.nthreads())
        except OSError:  # dask's own word for it, CommClosedError, is one
            raise ConnectionLostError("The connection to the scheduler was lost.") from None

    def check_connection(self) -> None:
        """Raise ConnectionLostError if the scheduler is lost."""
        if self.client.status != "running":
            raise ConnectionLostError("The connection to the scheduler was lost.")


@contextlib.contextmanager
def local_cluster(workers: int, settings: Mapping[str, Any] | None = None) -> Iterator[Client]:
    """Start processes of one thread each, for this program alone; they end with the block.

    Other accounts of this machine can reach the ports. Only who has the keys, which are made anew
    for each block, can send work or read it.

    Parameters
    ----------
    workers : int
    settings : mapping, optional
        Settings of dask beside those that keep every library to one thread.

    Yields
    ------
    distributed.Client
        Connected to them.
    """
    with (
        dask.config.set({**_ONE_THREAD, **(settings or {})}),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            security=Security.temporary(),
            dashboard_address="127.0.0.1:0",  # any free port
            memory_limit=0,
            silence_logs=logging.CRITICAL,
            preload=[LEAVE_CONTROL_C],
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def connect(scheduler: str, security: Security | None = None) -> Client:
    """Connect to a scheduler.

    Parameters
    ----------
    scheduler : str
        Address such as ``tcp://10.0.0.5:8786``.
    security : distributed.Security, optional
        Certificates for ``tls://`` addresses.

    Raises
    ------
    AddressError
        If the address cannot be read.
    SchedulerError
        If nobody answers there.
    """
    # What goes wrong is said by the caller, in a sentence. dask gives some loggers levels of
    # their own.
    for name in [*logging.root.manager.loggerDict, "distributed"]:
        if name.split(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    advice = "Is it running (dask scheduler), and is the address the one that it prints?"
    try:
        return Client(scheduler, timeout=WAIT, set_as_default=False, security=security)
    except (OSError, TimeoutError):
        raise SchedulerError(f"No scheduler answers at {scheduler}. {advice}") from None
    except ValueError as error:
        raise AddressError(
            f"The scheduler is {scheduler!r}; expected an address such as tcp://10.0.0.5:8786 "
            f"({error}). {advice}"
        ) from None
