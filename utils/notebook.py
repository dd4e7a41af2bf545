"""Whether rich output has a place to go."""

from __future__ import annotations

import sys

__all__ = ["in_notebook"]


def in_notebook() -> bool:
    """Tell whether this process is a Jupyter kernel and not a script or a terminal.

    Returns
    -------
    bool
        IPython is not imported for the answer: a kernel has it loaded already.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None
