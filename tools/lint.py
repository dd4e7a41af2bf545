"""Checks of style: ruff's rules and format, and notebooks that carry no results."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def notebooks(root: Path) -> list[str]:
    """Return every notebook that git tracks or would track, relative to `root`.

    Outside a git checkout it is every notebook of the course's folders.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.ipynb"]
    try:
        answer = subprocess.run(command, cwd=root, capture_output=True, check=True)
        names = {name for name in answer.stdout.decode().split("\0") if name}
    except (OSError, subprocess.CalledProcessError):
        folders = ("chapters", "solutions", "exercises")
        found = (path for folder in folders for path in root.glob(f"{folder}/**/*.ipynb"))
        names = {
            path.relative_to(root).as_posix()
            for path in found
            if ".ipynb_checkpoints" not in path.parts
        }
    return sorted(name for name in names if (root / name).exists())


def results_in(notebook: dict) -> list[str]:
    """Name everything in a notebook that running it leaves behind.

    Parameters
    ----------
    notebook : dict
        The notebook as parsed from its file.

    Returns
    -------
    findings : list of str
        One entry per finding; empty for a clean notebook.
    """
    findings = []
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell.get("outputs"):
            findings.append(f"cell {number} has outputs")
        if cell.get("execution_count") is not None:
            findings.append(f"cell {number} has an execution count")
        if "execution" in cell["metadata"]:
            findings.append(f"cell {number} has execution times")
    if "widgets" in notebook["metadata"]:
        findings.append("the notebook holds the state of widgets")
    return findings


def check_notebooks(root: Path) -> list[str]:
    """Return one line for every notebook that is not clean."""
    lines = []
    for name in notebooks(root):
        try:
            findings = results_in(json.loads((root / name).read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError) as error:
            findings = [f"it cannot be read as a notebook ({type(error).__name__}: {error})"]
        if findings:
            more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
            lines.append(f"{name}: {findings[0]}{more}. Clean it with: nbstripout {name}")
    return lines


def run(root: Path) -> list[tuple[str, bool]]:
    """Run every check, printing what each one finds; return the checks and whether they passed."""
    results = []
    for name, arguments in (
        ("ruff check", ["check", "--output-format=concise", "."]),
        ("ruff format", ["format", "--check", "--output-format=concise", "."]),
    ):
        command = [sys.executable, "-m", "ruff", *arguments]
        results.append((name, subprocess.run(command, cwd=root).returncode == 0))
    lines = check_notebooks(root)
    print("\n".join(lines) if lines else "All notebooks are without results.", flush=True)
    results.append(("notebooks without results", not lines))
    return results
