"""Environment variables: what they ask for, and that every process is told to use one thread."""

import json
import os
import subprocess
import sys

import pytest

from tools.variables import ONE_THREAD, is_on

VALUES = {"1": True, "true": True, "yes": True, " 1 ": True, "anything": True}
VALUES |= dict.fromkeys(("", " ", "0", "no", "No", "false", "FALSE", " 0 "), False)


@pytest.mark.parametrize(("value", "on"), VALUES.items())
def test_a_variable_that_is_set(value, on, monkeypatch):
    assert is_on("FRESH", {"FRESH": value}) is on
    monkeypatch.setenv("FRESH", value)
    assert is_on("FRESH") is on


def test_a_variable_that_is_not_there(monkeypatch):
    monkeypatch.setenv("FRESH", "1")
    assert not is_on("FRESH", {})
    monkeypatch.delenv("FRESH")
    assert not is_on("FRESH")


def test_one_thread_is_what_the_libraries_understand():
    """They are asked in a fresh process: no variable counts after a library was loaded."""
    code = (
        "import json, numpy, torch; from threadpoolctl import threadpool_info\n"
        "numpy.ones((300, 300)) @ numpy.ones((300, 300))\n"
        "print(json.dumps([torch.get_num_threads(), *(i['num_threads'] for i in "
        "threadpool_info())]))"
    )
    others = {name: value for name, value in os.environ.items() if not name.endswith("_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**others, **ONE_THREAD},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    counts = json.loads(done.stdout)
    assert len(counts) > 1
    assert set(counts) == {1}
