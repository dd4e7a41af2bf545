"""Worker processes of dask on this machine, for what runs many jobs side by side."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import dask
from distributed import LocalCluster, Security

LEAVE_CONTROL_C = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
"""What each worker runs first: Control-C is for the coordinator to handle."""

ONE_THREAD = {
    f"distributed.nanny.pre-spawn-environ.{name}_NUM_THREADS": 1
    for name in ("OMP", "MKL", "OPENBLAS")
}


@contextlib.contextmanager
def local_cluster(
    workers: int, security: Security | None = None, settings: Mapping[str, Any] | None = None
) -> Iterator[LocalCluster]:
    """Start processes of one thread each, for this machine alone; they end with the block.

    Parameters
    ----------
    workers : int
    security : distributed.Security, optional
        Keys without which nobody else on this machine can send work.
    settings : mapping, optional
        Settings of dask beside those that keep every library to one thread.
    """
    with (
        dask.config.set({**ONE_THREAD, **(settings or {})}),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            security=security,
            dashboard_address="127.0.0.1:0",  # any free port
            memory_limit=0,
            silence_logs=logging.CRITICAL,
            preload=[LEAVE_CONTROL_C],
        ) as cluster,
    ):
        yield cluster
