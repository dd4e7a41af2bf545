"""A small course for tests of the sandbox, limits that are soon reached, and honest use."""

import dataclasses
import shutil
import textwrap
import time
from pathlib import Path

import numpy as np

import utils.checks.running
from instructor.sandbox import Limits, Opaque
from instructor.sandbox.inside import wire

MEBIBYTE = 2**20
MOST = 2**24  # bytes of a frame in tests
LIMITS = Limits(
    seconds=40,
    cell_seconds=15,
    cpu_seconds=15,
    memory=300 * MEBIBYTE,
    processes=12,
    output=20_000,
    disk=4 * MEBIBYTE,
    answer_bytes=MEBIBYTE,
)
SHORT = dataclasses.replace(LIMITS, cell_seconds=1.0)  # for what ends by its time alone
DOUBLE = """
import numpy as np

def double(xs):
    return 2 * xs
"""


def small_course(folder: Path) -> Path:
    """Write a `utils` that holds the runner of checks and one adapter."""
    checks = folder / "utils" / "checks"
    checks.mkdir(parents=True)
    (folder / "utils" / "__init__.py").write_text("", encoding="utf-8")
    (checks / "__init__.py").write_text("", encoding="utf-8")
    shutil.copy(utils.checks.running.__file__, checks / "running.py")
    adapter = "def twice(function, xs):\n    return function(function(xs))\n"
    (checks / "calling.py").write_text(adapter, encoding="utf-8")
    return folder


def run(session, source):
    """Run an indented source as a cell."""
    return session.run_cell(textwrap.dedent(source))


def printed(outcome):
    """Return what a cell printed; it must have run to its end."""
    assert outcome.error is None, outcome
    assert outcome.stopped is None, outcome
    return "".join(item.get("text", "") for item in outcome.outputs).strip()


def is_well(sandbox):
    """Run an honest submission; everything about it must be right."""
    with sandbox.session() as session:
        outcome = session.run_cell("import os\nprint(sorted(os.listdir('.')))")
        assert printed(outcome) == "[]"
        assert session.run_cell(DOUBLE).error is None
        xs = np.arange(6.0).reshape(2, 3)
        (answer,) = session.call("double", ["ys"], [{"xs": xs}])
        np.testing.assert_array_equal(answer.outputs["ys"], 2 * xs)
        assert answer.repeatable
        assert not answer.changed_inputs


def processes_with(mark):
    """Return the processes of this machine that have `mark` among their arguments."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile
            continue
        if mark.encode() in words:
            found.append(folder.name)
    return found


def wait_for(condition, seconds=20):
    """Wait until a condition holds, and tell whether it does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def parts(frame):
    """Split a frame into header and body."""
    header, body = wire.lengths(frame[: wire.PREFIX.size], MOST)
    rest = frame[wire.PREFIX.size :]
    assert len(rest) == header + body
    return rest[:header], rest[header:]


def there_and_back(value):
    """Encode a value and decode it again."""
    return wire.decode(*parts(wire.encode(value)))


def same(a, b):
    """Tell whether two trees are equal in values, types and order."""
    if isinstance(a, Opaque):
        return a == b
    if isinstance(a, (np.ndarray, np.generic)):
        equal = np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and equal
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and (a == b or (a != a and b != b))
