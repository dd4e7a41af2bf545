"""Submissions that use too much or end themselves; after each the next session is untouched."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from instructor.sandbox import Sandbox, Stopped
from instructor.sandbox.inside import watching
from tests.instructor.sandboxes import (
    DOUBLE,
    LIMITS,
    SHORT,
    is_well,
    printed,
    processes_with,
    run,
    small_course,
    wait_for,
)
from tests.needs import needs_bubblewrap

pytestmark = [
    needs_bubblewrap,
    pytest.mark.instructor,
    pytest.mark.usefixtures("short_grace"),
]


# --- ended for good --------------------------------------------------------------------------

CATCHES_ALL = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
FORK_BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
THREAD_BOMB = """
import threading, time
threading.stack_size(2**18)  # so that the number is what counts
while True:
    try:
        threading.Thread(target=time.sleep, args=(60,)).start()
    except RuntimeError:
        time.sleep(0.01)
"""
MANY_HOLD_MEMORY = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        held = bytearray(b"x" * 120_000_000)
        time.sleep(60)
time.sleep(60)
"""
PRINTS_ON = """
while True:
    try:
        print("no end")
    except BaseException:
        pass
"""

ENDINGS = {
    "a loop that catches everything": (CATCHES_ALL, "timed out", "did not end when told to"),
    "a loop deaf to signals": (
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
        "timed out",
        "1 seconds",
    ),
    "stopping itself": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "timed out",
        "1 seconds",
    ),
    "a fork bomb": (FORK_BOMB, "too many processes", "12"),
    "a thread bomb": (THREAD_BOMB, "too many processes", "12"),
    "memory in many processes": (MANY_HOLD_MEMORY, "out of memory", "300 MiB"),
    "printing on": (PRINTS_ON, "too much output", "went on"),
    "os._exit": ("import os\nos._exit(3)", "crashed", "exit code 3"),
    "os._exit as if all were well": ("import os\nos._exit(0)", "crashed", "exit code 0"),
    "a segmentation fault": (
        "import ctypes\nctypes.string_at(0)",
        "crashed",
        "signal 11 (segmentation fault)",
    ),
    "abort": ("import os\nos.abort()", "crashed", "signal 6"),
    "killing itself": ("import os\nos.kill(os.getpid(), 9)", "crashed", "signal 9"),
    "endless recursion in C": (
        "import ctypes\nctypes.memset(0x10, 1, 10**6)",
        "crashed",
        "signal 11",
    ),
    "another program": (
        "import os\nos.execv('/bin/sleep', ['sleep', '50'])",
        "broken answer",
        "closed from inside",
    ),
    "closing every file": ("import os\nos.closerange(0, 1000)", "broken answer", "closed"),
    "writing to every file": (
        """
        import os
        for fd in range(1000):
            try:
                os.write(fd, b"x" * 5000)
            except OSError:
                pass
        """,
        "broken answer",
        "",
    ),
}


@pytest.mark.parametrize("attack", ENDINGS)
def test_the_session_ends_with_an_honest_reason_and_the_next_is_untouched(sandbox, attack):
    source, reason, words = ENDINGS[attack]
    with sandbox.session(SHORT if reason == "timed out" else LIMITS) as session:
        with pytest.raises(Stopped) as caught:
            run(session, source)
        assert (caught.value.reason, caught.value.alive) == (reason, False)
        assert words in caught.value.detail
        assert not session.alive
        with pytest.raises(Stopped, match=reason):
            session.value("x")
    assert sandbox.alive, "the warm process must survive"
    is_well(sandbox)


# --- one cell stopped, the session goes on ---------------------------------------------------

SOFT = {
    "a loop": ("while True: pass", "timed out"),
    "a sleep": ("import time\ntime.sleep(60)", "timed out"),
    "a coroutine": ("import asyncio\nawait asyncio.sleep(60)", "timed out"),
    "a huge array": ("import numpy as np\nx = np.ones(10**10)", "out of memory"),
    "many arrays": (
        "import numpy as np\nxs = []\nwhile True: xs.append(np.ones(10**6))",
        "out of memory",
    ),
    "endless print": ("while True: print('no end')", "too much output"),
    "one long print": ("print('x' * 10**7)", "too much output"),
    "endless error output": (
        "import sys\nwhile True: sys.stderr.write('no end')",
        "too much output",
    ),
}


@pytest.mark.parametrize("attack", SOFT)
def test_one_cell_is_stopped_and_the_next_runs(sandbox, attack):
    source, reason = SOFT[attack]
    with sandbox.session(SHORT if reason == "timed out" else LIMITS) as session:
        outcome = session.run_cell(source)
        assert outcome.stopped == reason
        text = "".join(item.get("text", "") for item in outcome.outputs)
        assert len(text) <= LIMITS.output + 100
        assert printed(session.run_cell("xs = None\nprint('still here')")) == "still here"
    is_well(sandbox)


def test_a_call_that_is_stopped_says_so_and_the_session_goes_on(sandbox):
    with sandbox.session(SHORT) as session:
        session.run_cell("def f(xs):\n    while True: pass")
        with pytest.raises(Stopped, match="timed out: In the check of `f`") as caught:
            session.call("f", ["ys"], [{"xs": np.ones(2)}])
        assert caught.value.alive
        session.run_cell("import numpy as np\ndef f(xs):\n    return np.ones(10**10)")
        with pytest.raises(Stopped, match="out of memory"):
            session.call("f", ["ys"], [{"xs": np.ones(2)}])
        session.run_cell(DOUBLE)
        (answer,) = session.call("double", ["ys"], [{"xs": np.ones(2)}])
        assert answer.outputs["ys"].tolist() == [2, 2]


def test_a_value_that_is_too_large_does_not_come_back(sandbox):
    with sandbox.session() as session:
        session.run_cell("import numpy as np\nx = np.ones(2 * 10**6)")
        with pytest.raises(Stopped, match="too much output") as caught:
            session.value("x")
        assert caught.value.alive


def test_the_whole_session_has_a_time_limit(sandbox):
    limits = dataclasses.replace(LIMITS, seconds=1.5)
    with sandbox.session(limits) as session:
        assert session.run_cell("import time\ntime.sleep(1)").stopped is None
        with pytest.raises(Stopped) as caught:
            session.run_cell("while True:\n    try: time.sleep(9)\n    except BaseException: pass")
    assert caught.value.reason == "timed out"
    assert "The whole submission" in caught.value.detail
    is_well(sandbox)


def test_memory_that_processes_share_counts_once(sandbox):
    source = """
    import os, time
    held = bytearray(b"x" * 150_000_000)
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            time.sleep(1)
            os._exit(0)
        children.append(child)
    print([os.waitpid(child, 0)[1] for child in children])
    """
    with sandbox.session() as session:
        assert printed(run(session, source)) == "[0, 0, 0]"


def test_processor_time_is_limited_over_all_processes(sandbox):
    limits = dataclasses.replace(LIMITS, cpu_seconds=1)
    source = "import os\nfor _ in range(3): os.fork()\nwhile True: pass"
    with sandbox.session(limits) as session, pytest.raises(Stopped) as caught:
        session.run_cell(source)
    assert caught.value.reason == "timed out"
    assert "processor time" in caught.value.detail


# --- the grader's side -----------------------------------------------------------------------


def test_a_warm_process_that_is_killed_is_nobodys_fault_and_is_replaced(tmp_path):
    with Sandbox(small_course(tmp_path), limits=LIMITS) as sandbox:
        session = sandbox.session()
        outer = sandbox._process._process.pid
        for pid in watching.family(outer, watching.read_processes()):
            with contextlib.suppress(ProcessLookupError):  # it may end with one killed before it
                os.kill(pid, signal.SIGKILL)
        with pytest.raises(Stopped) as caught:
            session.run_cell("1")
        assert caught.value.reason == "sandbox lost"
        session.close()
        is_well(sandbox)


def test_everything_ends_with_the_grader(tmp_path):
    course = small_course(tmp_path)
    mark = f"{os.getpid()}.{time.monotonic_ns() % 10**6}"
    source = f"import os\nif os.fork() == 0: os.execv('/bin/sleep', ['sleep', '{mark}'])"
    script = f"""
import os, signal, time
from pathlib import Path
from instructor.sandbox import Sandbox
sandbox = Sandbox(Path({str(course)!r}))
session = sandbox.session()
session.run_cell({source!r})
print("ready", flush=True)
time.sleep(60)
"""
    root = Path(__file__).resolve().parents[2]
    grader = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root
    )
    try:
        assert grader.stdout.readline() == "ready\n"
        assert wait_for(lambda: processes_with(mark))
    finally:
        grader.kill()
        grader.communicate()
    assert wait_for(lambda: processes_with(mark) == [])
