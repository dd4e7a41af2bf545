"""The processor: which kernels OpenBLAS runs on it, and how fast its matrix products are."""

from __future__ import annotations

import os
import time

import numpy as np
import torch
from threadpoolctl import threadpool_info

VARIABLE = "OPENBLAS_CORETYPE"  # forces the kernels of one kind of processor
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def chosen_kernels() -> str:
    """Return the name of the kernels that NumPy's OpenBLAS runs, or "unknown" for another BLAS."""
    infos = threadpool_info()
    return next(
        (i["architecture"] for i in infos if i.get("internal_api") == "openblas"), "unknown"
    )


def environment(kernels: str | None) -> dict[str, str]:
    """Return the environment of a fresh process: one thread, and kernels if any are forced.

    Without them OpenBLAS chooses for itself, whatever the environment of this process says.
    """
    variables = {**os.environ, **ONE_THREAD}
    variables.pop(VARIABLE, None)
    return {**variables, VARIABLE: kernels} if kernels else variables


def peaks(repetitions: int = 12) -> dict[str, float]:
    """Return the speed of float32 matrix products, in 10⁹ operations a second, best of several.

    Returns
    -------
    dict
        ``"numpy"`` and ``"torch"``.
    """
    best = {"numpy": 0.0, "torch": 0.0}
    for n in (256, 512, 1024):
        a = np.random.default_rng(0).random((n, n), dtype=np.float32)
        out, tensor = np.empty_like(a), torch.from_numpy(a)
        ways = {
            "numpy": lambda a=a, out=out: np.matmul(a, a, out=out),
            "torch": lambda t=tensor: t @ t,
        }
        for _ in range(repetitions):
            for name, way in ways.items():
                start = time.process_time()
                way()
                taken = time.process_time() - start
                best[name] = max(best[name], 2e-9 * n**3 / taken)
    return best
