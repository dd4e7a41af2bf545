"""The processor, and the matrix products that NumPy makes of it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "OPENBLAS_CORETYPE"
AVX512 = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
WIDE = "SkylakeX"  # OpenBLAS's kernels for these instructions
NARROW = {"Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen"}
_PROBE = """
import numpy, threadpoolctl
names = [i["architecture"] for i in threadpoolctl.threadpool_info() if "architecture" in i]
print(*names)
"""


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
        The kernels that it runs, as threadpoolctl names them.
    known : set of str
        As `instructions` returned it.

    Returns
    -------
    str or None
        None where there is nothing to mend.
    """
    return WIDE if chosen in NARROW and known >= AVX512 else None


def faster_products(
    python: Path, environ: Mapping[str, str], known: set[str] | None = None
) -> dict[str, str]:
    """Return what to add to the environment of a Python so that its matrix products are fast.

    Parameters
    ----------
    python : Path
        The interpreter; it is asked which kernels its NumPy runs.
    environ : mapping
        A choice that stands there already is left alone.
    known : set of str, optional
        In place of `instructions`.

    Returns
    -------
    dict
        Empty where there is nothing to mend, or the interpreter does not answer.
    """
    known = instructions() if known is None else known
    if VARIABLE in environ or not known >= AVX512:
        return {}
    try:
        answer = subprocess.run(
            [python, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return {}  # whatever is wrong with this Python shows when it is started for good
    better = {better_kernels(name, known) for name in answer.stdout.split()} - {None}
    return {VARIABLE: better.pop()} if better else {}
