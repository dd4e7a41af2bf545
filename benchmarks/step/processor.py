"""The processor: what OpenBLAS makes of it, and how fast its matrix products are."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_info

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
AVX512 = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
WIDE = "SkylakeX"  # OpenBLAS's kernels for these instructions
NARROW = {"Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen"}


def chosen_kernels() -> str:
    """Return the name of the kernels that NumPy's OpenBLAS runs, or "unknown" for another BLAS."""
    infos = threadpool_info()
    return next(
        (i["architecture"] for i in infos if i.get("internal_api") == "openblas"), "unknown"
    )


def instructions(path: Path = Path("/proc/cpuinfo")) -> set[str]:
    """Return the instruction sets that Linux lists; none elsewhere."""
    if not path.exists():
        return set()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((set(line.partition(":")[2].split()) for line in lines if "flags" in line), set())


def better_kernels(chosen: str, known: set[str]) -> str | None:
    """Return the kernels that OpenBLAS should run where it has not recognised the processor.

    It looks processors up by family. One that is newer than the library gets the kernels of an
    older one, of half the width and half the speed; its own variable OPENBLAS_CORETYPE mends that.

    Parameters
    ----------
    chosen : str
        As `chosen_kernels` returned it.
    known : set of str
        As `instructions` returned it.

    Returns
    -------
    str or None
        None where there is nothing to mend.
    """
    return WIDE if chosen in NARROW and known >= AVX512 else None


def environment(kernels: str | None) -> dict[str, str]:
    """Return the environment of a fresh process: one thread, and kernels if named."""
    variables = {**os.environ, **ONE_THREAD}
    if kernels:
        variables["OPENBLAS_CORETYPE"] = kernels
    return variables


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
