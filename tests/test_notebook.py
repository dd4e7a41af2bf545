"""Telling a kernel from a script."""

import subprocess
import sys
from types import SimpleNamespace

from utils.notebook import in_notebook


def test_script_is_no_notebook_and_loads_no_ipython():
    program = "import sys; from utils.notebook import in_notebook; "
    program += "print(in_notebook(), 'IPython' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_kernel_is_a_notebook_and_a_terminal_is_not(monkeypatch):
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert in_notebook()
    shell.kernel = None
    assert not in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert not in_notebook()
