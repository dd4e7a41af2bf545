"""What environment variables ask for, and those that keep a process to one thread."""

from __future__ import annotations

import os
from collections.abc import Mapping

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
"""The variables that keep the libraries beneath NumPy and PyTorch to one thread."""


def is_on(name: str, environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether a variable such as ``FRESH`` asks for something: set, and not to 0, no or false.

    Parameters
    ----------
    name : str
    environ : mapping, optional
        Where to look; the variables of this process if left out.
    """
    value = (os.environ if environ is None else environ).get(name, "")
    return value.strip().lower() not in ("", "0", "no", "false")
