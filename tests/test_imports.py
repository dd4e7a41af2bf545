"""Numeric modules pull in NumPy alone: no torch, no matplotlib, no ipywidgets.

Those that exist for the sake of `torch`, and those that read series with dates, are named here.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "utils"
KNOWS_TORCH = ("utils.interop", "utils.lens", "utils.patients", "utils.pytorch")
KNOWS_PANDAS = ("utils.data.series", "utils.forecasting")
NOT_NUMERIC = {"checks", "plots", "widgets"}
HEAVY = ("torch", "matplotlib", "ipywidgets", "IPython", "pandas", "anywidget", "traitlets")


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(module, packages):
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


NUMERIC = sorted(
    {
        module_name(path)
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in NOT_NUMERIC
        and not within(module_name(path), KNOWS_TORCH + KNOWS_PANDAS)
    }
)


def loaded_after(*modules):
    """Return which top-level packages a fresh interpreter holds after importing `modules`."""
    code = (
        "import importlib, json, sys\n"
        f"for name in {list(modules)!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
        timeout=120,
    )
    return set(json.loads(done.stdout))


def test_the_list_is_complete():
    for name in ("utils.cells", "utils.validation", "utils.data", "utils.data.grammar"):
        assert name in NUMERIC


def test_all_numeric_modules_together_pull_in_nothing_heavy():
    loaded = loaded_after(*NUMERIC)
    assert "numpy" in loaded
    assert not loaded.intersection(HEAVY)


@pytest.mark.parametrize("module", NUMERIC)
def test_module_can_be_imported_first(module):
    """No module leans on another one having been imported before it."""
    assert not loaded_after(module).intersection(HEAVY)


def test_a_heavy_import_would_be_seen():
    assert "matplotlib" in loaded_after("utils.activations", "matplotlib")
