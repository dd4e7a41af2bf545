"""Run code in course copies: one other process goes through many jobs, each with its own copy."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Every job is a copy and its steps. A step is ("run", source), ("eval", expression), or
# ("call", variable, outputs, cases, call, parameters), which gives a list of answers.
CHILD = """
import contextlib, importlib, io, pickle, sys, traceback

def do(step, space, source_of):
    kind, *rest = step
    if kind == "run":
        try:
            exec(compile(rest[0], "<ipython-input>", "exec"), space)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return None
    if kind == "eval":
        return eval(rest[0], space)
    running = importlib.import_module("utils.checks.running")
    variable, outputs, cases, call, parameters = rest
    if call is not None:
        module, name = call.split(":")
        call = getattr(importlib.import_module(module), name)
    found = [running.run(space[variable], case, outputs, call, parameters) for case in cases]
    return [
        (dict(answer.outputs), answer.problem and answer.problem.text,
         answer.problem and answer.problem.kind)
        for answer in found
    ]

with open(sys.argv[1], "rb") as file:
    jobs = pickle.load(file)
results = []
for copy, steps in jobs:
    for name in [name for name in sys.modules if name.partition(".")[0] == "utils"]:
        del sys.modules[name]
    sys.path[0] = copy
    importlib.invalidate_caches()
    space, said = {"__name__": "__main__"}, io.StringIO()
    with contextlib.redirect_stdout(said):
        found = [do(step, space, copy) for step in steps]
    import utils
    assert utils.__file__.startswith(copy), utils.__file__
    results.append(found)
# What Python knows only in the copy (a withheld error, a Problem) has been turned into texts.
with open(sys.argv[2], "wb") as file:
    pickle.dump(results, file)
"""


def run_in_copies(jobs: Sequence[tuple[Path, Sequence[tuple]]], scratch: Path) -> list[list[Any]]:
    """Run the steps of every job in its copy and return what each step gave.

    Parameters
    ----------
    jobs : sequence of (copy, steps)
    scratch : Path
        A folder for the program and its data.

    Returns
    -------
    list of list
        For each job and step: the error of a cell, as text, or None; the value of an expression;
        or the answers of calls as (outputs, text of the problem, kind of the problem).
    """
    program, given, found = (scratch / name for name in ("child.py", "jobs", "results"))
    program.write_text(CHILD, encoding="utf-8")
    given.write_bytes(pickle.dumps([(str(copy), list(steps)) for copy, steps in jobs]))
    private = {**os.environ, "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"}
    private.pop("PYTHONPATH", None)
    command = [sys.executable, str(program), str(given), str(found)]
    done = subprocess.run(
        command, cwd=scratch, env=private, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return pickle.loads(found.read_bytes())
