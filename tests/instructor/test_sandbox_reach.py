"""What hostile code cannot reach, and what it gains by turning against the code around it."""

import os
import socket
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from instructor.sandbox import Opaque, Record, Stopped
from tests.instructor.sandboxes import (
    DOUBLE,
    is_well,
    printed,
    processes_with,
    run,
    wait_for,
)
from tests.needs import needs_bubblewrap

pytestmark = [
    needs_bubblewrap,
    pytest.mark.instructor,
    pytest.mark.usefixtures("short_grace"),
]


@pytest.fixture(scope="module", autouse=True)
def secret_of_the_grader():
    """Hold a secret in the environment, from before the sandbox starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_SECRET", "the private seed")
        yield


# --- what is out of reach --------------------------------------------------------------------

OUT_OF_REACH = {
    "killing everybody": (
        """
        import os, signal
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.kill(1, signal.SIGKILL)
        os.kill(os.getppid(), signal.SIGKILL)
        print(os.getppid())
        """,
        "1",
    ),
    "/proc": ("import os\nprint(os.listdir('/proc'))", "[]"),
    "its number": ("import os\nprint(os.getpid() < 10)", "True"),
    "the network": (
        """
        import socket
        kinds = [socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, 38, 40]
        for kind in kinds:
            try:
                socket.socket(kind, socket.SOCK_DGRAM)
                print("open", kind)
            except OSError as error:
                assert error.errno == 97, error
        print("shut")
        """,
        "shut",
    ),
    "system calls": (
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        calls = {
            "ptrace": lambda: libc.ptrace(16, 1, 0, 0),
            "unshare": lambda: libc.unshare(0x10000000),
            "mount": lambda: libc.mount(b"none", b"/dev", b"tmpfs", 0, None),
            "umount": lambda: libc.umount(b"/proc"),
            "chroot": lambda: libc.chroot(b"/"),
            "memfd": lambda: libc.memfd_create(b"x", 0),
            "shm": lambda: libc.shmget(0, 1 << 20, 0o1600),
            "keys": lambda: libc.syscall(250, 0, 0),
            "bpf": lambda: libc.syscall(321, 0, 0, 0),
            "io_uring": lambda: libc.syscall(425, 1, 0),
            "clone": lambda: libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0),
            "setuid": lambda: libc.setuid(0),
        }
        print([name for name, call in calls.items() if call() != -1])
        """,
        "[]",
    ),
    "limits": (
        """
        import resource
        for kind in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
            try:
                resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                print("raised", kind)
            except ValueError:
                pass
        print("held", resource.getrlimit(resource.RLIMIT_NPROC)[1])
        """,
        "held 28",
    ),
    "the environment": (
        "import os\nprint([n for n, v in os.environ.items() if 'SECRET' in n or 'seed' in v])",
        "[]",
    ),
    "the grader's package": (
        """
        import importlib
        for name in ("instructor", "instructor.grading", "solutions", "tests", "experiments"):
            try:
                print("found", importlib.import_module(name).__path__)
            except ModuleNotFoundError:
                pass
        print("none")
        """,
        "none",
    ),
    "writing anywhere": (
        """
        import os
        def writable(folder):
            try:
                with open(os.path.join(folder, "left_behind"), "w") as file:
                    file.write("x")
                return True
            except OSError:
                return False
        found = set()
        for folder, inner, _ in os.walk("/"):
            if writable(folder):
                found.add(os.path.realpath(folder))
            inner[:] = [] if folder == "/usr" or folder.endswith("site-packages") else inner
        print(found)
        """,
        "{'/sandbox/work'}",
    ),
}


@pytest.mark.parametrize("attack", OUT_OF_REACH)
def test_it_is_out_of_reach(sandbox, attack):
    if attack == "system calls" and os.uname().machine != "x86_64":
        pytest.skip("the numbers of the calls are those of x86_64")
    source, expected = OUT_OF_REACH[attack]
    with sandbox.session() as session:
        assert printed(run(session, source)) == expected
    is_well(sandbox)


def test_files_of_the_grader_do_not_exist_inside(sandbox, tmp_path):
    (tmp_path / "gradebook.db").write_text("grades", encoding="utf-8")
    targets = [
        str(tmp_path / "gradebook.db"),
        str(Path(__file__).resolve()),
        str(Path.home() / ".bashrc"),
        "/etc/passwd",
        "/etc/hostname",
        "/proc/1/environ",
        "/sys/class/net",
        "/run",
    ]
    source = f"""
    import os
    found = []
    for number, target in enumerate({targets!r}):
        os.symlink(target, f"link{{number}}")
        found += [target] if os.path.exists(target) or os.path.exists(f"link{{number}}") else []
    print(found)
    """
    with sandbox.session() as session:
        assert printed(run(session, source)) == "[]"
    is_well(sandbox)


def test_a_socket_of_the_grader_cannot_be_reached(sandbox, tmp_path):
    with socket.socket(socket.AF_UNIX) as by_path, socket.socket(socket.AF_UNIX) as abstract:
        by_path.bind(str(tmp_path / "s"))
        by_path.listen()
        abstract.bind("\0unrolled-test")
        abstract.listen()
        source = f"""
        import socket
        for address in ({str(tmp_path / "s")!r}, "\\0unrolled-test"):
            try:
                socket.socket(socket.AF_UNIX).connect(address)
                print("reached")
            except OSError:
                pass
        print("done")
        """
        with sandbox.session() as session:
            assert printed(run(session, source)) == "done"


def test_the_disk_can_be_filled_to_its_limit_only(sandbox):
    source = """
    written = 0
    try:
        for number in range(10**6):
            with open(f"file{number}", "wb") as file:
                written += file.write(bytes(2**18))
    except OSError as error:
        reason = error.errno
    print(reason, written <= 4 * 2**20)
    """
    with sandbox.session() as session:
        assert printed(run(session, source)) == "28 True"
        small = "import errno\ntry:\n    for n in range(10**5): open(f's{n}', 'w').close()\n"
        assert "28" in printed(session.run_cell(small + "except OSError as e: print(e.errno)"))
    is_well(sandbox)


def test_nothing_is_left_running(sandbox):
    mark = f"{os.getpid()}.{time.monotonic_ns() % 10**6}"
    source = f"""
    import os
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv("/bin/sleep", ["sleep", "{mark}"])
            os._exit(0)
    """
    with sandbox.session() as session:
        assert run(session, source).error is None
        assert wait_for(lambda: len(processes_with(mark)) == 3)
    assert wait_for(lambda: processes_with(mark) == [])
    is_well(sandbox)


# --- the code inside, turned against itself --------------------------------------------------

TAMPERING = {
    "json": "import json\njson.dumps = json.loads = lambda *a, **k: 1 / 0",
    "struct": "import struct\nstruct.pack = struct.unpack = struct.Struct = None",
    "numpy": """
        import numpy as np
        np.array = np.asarray = np.ascontiguousarray = lambda *a, **k: "all right"
        np.frombuffer = None
        """,
    "builtins": """
        import builtins
        builtins.isinstance = lambda *a: True
        builtins.len = lambda *a: 10**9
        """,
    "the runner": """
        import sys
        module = sys.modules["inside.runner"]
        module.values.plain = lambda value: 10**6
        module._fitting = lambda *a: b"\\xff" * 100
        """,
    "the checks": """
        import utils.checks.running as running
        running.attempt = lambda *a, **k: "full marks"
        """,
    "the wire": """
        import sys
        wire = sys.modules["inside.wire"]
        wire.encode = lambda value: wire.PREFIX.pack(2, 2**62) + b"[]"
        """,
    "a forged answer": """
        import sys, socket
        wire = sys.modules["inside.wire"]
        connection = socket.socket(fileno=3)
        connection.sendall(wire.encode({"outputs": [], "error": None}) * 3)
        """,
    "an order to the warm process": """
        import json, socket, struct
        raw = json.dumps({"event": "ended", "session": 1, "reason": "right", "detail": ""}).encode()
        for fd in range(3, 20):
            try:
                socket.socket(fileno=fd).sendall(struct.pack(">I", len(raw)) + raw)
            except OSError:
                pass
        """,
    "exit hooks": "import atexit\natexit.register(lambda: open('x', 'w').write('left'))",
    "a tracer": "import sys\nsys.settrace(lambda *a: 1 / 0)",
    "input transformers": """
        get_ipython().input_transformers_cleanup.append(lambda lines: ["x = 1\\n"])
        """,
    "the shell": "get_ipython().run_cell = lambda *a, **k: None",
    "sys.modules": "import sys\nsys.modules.clear()",
    "the collector": "import gc\n[o.clear() for o in gc.get_objects() if type(o) is dict]",
}


@pytest.mark.parametrize("attack", TAMPERING)
def test_tampering_gains_nothing_but_an_honest_end(sandbox, attack):
    xs = np.arange(6.0)
    with sandbox.session() as session:
        session.run_cell(DOUBLE)
        reason, answers = "", []
        try:
            run(session, TAMPERING[attack])
            answers = session.call("double", ["ys"], [{"xs": xs}] * 2)
            session.value("double")
        except Stopped as stopped:
            reason = stopped.reason
    assert reason in ("", "broken answer", "crashed", "timed out")
    assert reason or len(answers) == 2
    for answer in answers:
        given = answer.outputs.get("ys")
        assert answer.problem is not None or isinstance(given, (np.ndarray, str))
    assert sandbox.alive
    is_well(sandbox)


LIARS = {
    "a lying shape": """
        class Liar(np.ndarray):
            shape = (2, 3)
            dtype = np.dtype(object)
            nbytes = 10**12
        x = np.zeros(4).view(Liar)
        """,
    "an object array": "x = np.array([object(), {}, None], dtype=object)",
    "an array protocol": """
        class Protocol:
            def __array__(self, dtype=None, copy=None):
                return np.array([object()], dtype=object)
        x = Protocol()
        """,
    "an array interface": """
        class Interface:
            __array_interface__ = {
                "shape": (10**6,), "typestr": "<f8", "data": (16, False), "version": 3
            }
        x = Interface()
        """,
    "a huge view": "x = np.broadcast_to(np.float64(1), (10**9, 10**3))",
    "strides": """
        x = np.lib.stride_tricks.as_strided(np.zeros(1), shape=(10**5,), strides=(8 * 10**6,))
        """,
    "a pickle": """
        class Pickle:
            def __reduce__(self):
                return (print, ("run in the grader",))
        x = Pickle()
        """,
    "a yes-man": """
        class Yes(float):
            def __eq__(self, other):
                return True
            __hash__ = float.__hash__
            def __float__(self):
                return 1.0
        x = [Yes(3), {Yes(4): Yes(5)}]
        """,
    "a list of itself": "x = []\nx.append(x)",
    "a deep list": "x = []\nfor _ in range(10**5): x = [x]",
    "a wide list": "x = [0] * 10**6",
    "an endless list": """
        class Endless(list):
            def __iter__(self):
                while True:
                    yield 0
        x = Endless([1])
        """,
    "a class that names itself": "x = type('<script>alert(1)</script>', (), {})()",
    "a name in half a character": "x = {'a': '\\ud800', '\\udfff': np.array(['\\ud900'])}",
    "a number too long": "x = 10**5000",
    "a structured array": "x = np.zeros(2, dtype=[('a', 'f8'), ('b', 'O')])",
    "long double": "x = np.ones(3, dtype=np.longdouble)",
    "dates": "x = np.array(['2020-01-01'], dtype='datetime64[D]')",
    "a property": """
        from dataclasses import dataclass
        @dataclass
        class Bad:
            a: int
            @property
            def a(self):
                raise SystemExit
            @a.setter
            def a(self, value):
                pass
        x = Bad(1)
        """,
}


@pytest.mark.parametrize("attack", LIARS)
def test_values_that_lie_come_back_as_plain_ones_or_not_at_all(sandbox, attack, capsys):
    with sandbox.session() as session:
        assert run(session, "import numpy as np\n" + textwrap.dedent(LIARS[attack])).error is None
        reason, value = "", None
        try:
            value = session.value("x")
        except Stopped as stopped:
            reason = stopped.reason
    assert reason in ("", "crashed", "too much output", "out of memory", "timed out")
    assert is_plain(value), repr(value)[:200]
    assert "run in the grader" not in capsys.readouterr().out
    is_well(sandbox)


def is_plain(value):
    if isinstance(value, Record):
        return all(map(is_plain, value.fields.values()))
    if isinstance(value, Opaque):
        return "<" not in value.type_name
    if type(value) in (list, tuple):
        return all(map(is_plain, value))
    if type(value) is dict:
        return all(is_plain(k) and is_plain(v) for k, v in value.items())
    if isinstance(value, str):
        value.encode("utf-8")
        return type(value) is str
    if type(value) is np.ndarray:
        return value.dtype.kind in "biufcU"
    return value is None or value is ... or isinstance(value, (bool, int, float, np.generic))
