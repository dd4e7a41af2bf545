"""What never ends, or takes all there is: time, memory, processes, output, disk."""

from __future__ import annotations

from tests.instructor.hostile.sheet import Sheet, World, hostile

STEP = "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):"
DEAD = ("crashed", "broken answer")


@hostile("timed out")
def endless_loop_in_a_cell(sheet: Sheet, world: World) -> None:
    """Await for ever at the top level of a cell, and loop for ever in its last line."""
    sheet.answer("step", "import asyncio\nawait asyncio.sleep(0.1)\nwhile True:\n    pass\n")


@hostile("timed out")
def endless_loop_in_the_function(sheet: Sheet, world: World) -> None:
    """Loop for ever when the check calls the function."""
    sheet.answer(
        "step",
        f"""
        {STEP}
            while True:
                pass
        """,
    )


@hostile("timed out")
def loop_that_catches_everything(sheet: Sheet, world: World) -> None:
    """Loop for ever and swallow whatever is sent to stop it."""
    sheet.answer(
        "step",
        """
        import signal
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                continue
        def rnn_step(*inputs):
            while True:
                try:
                    while True:
                        pass
                except BaseException:
                    continue
        """,
    )


@hostile("timed out")
def call_that_no_signal_ends(sheet: Sheet, world: World) -> None:
    """Stay in a C function that does not look at signals for minutes."""
    sheet.answer("step", f"import re\n{STEP}\n    re.match(r'(a+)+$', 'a' * 60 + 'b')")


@hostile("timed out")
def sleeper(sheet: Sheet, world: World) -> None:
    """Use no processor time at all: sleep for a day while the check waits."""
    sheet.answer("step", f"import time\n{STEP}\n    time.sleep(86_400)")


@hostile("timed out", *DEAD)
def stopped_process(sheet: Sheet, world: World) -> None:
    """Stop the own process by a signal, so that it never answers again."""
    sheet.answer(
        "step",
        """
        import os, signal
        os.kill(os.getpid(), signal.SIGSTOP)
        """,
    )


@hostile("timed out")
def loop_while_it_is_read(sheet: Sheet, world: World) -> None:
    """Hand over an object that loops for ever when someone makes an array of it."""
    sheet.answer(
        "step",
        f"""
        class Slow:
            def __array__(self, *a, **k):
                while True:
                    pass
        {STEP}
            return Slow()
        """,
    )


@hostile()
def waiting_for_a_key(sheet: Sheet, world: World) -> None:
    """Ask the user, who is not there, in every way that there is."""
    sheet.answer(
        "step",
        f"""
        import sys, getpass
        for ask in (input, getpass.getpass, sys.stdin.readline, lambda: breakpoint()):
            try:
                ask()
            except BaseException as error:
                print(type(error).__name__)
        get_ipython().run_line_magic('pdb', 'on')
        {STEP}
            return input('h_t?')
        """,
    )


@hostile("out of memory", "graded")
def memory_in_one_piece(sheet: Sheet, world: World) -> None:
    """Ask for 64 GB at once."""
    sheet.answer("step", "much = np.ones(8 * 1024**3)\n")


@hostile("out of memory", "timed out", *DEAD)
def memory_bit_by_bit(sheet: Sheet, world: World) -> None:
    """Fill the memory in small pieces and hold on to them."""
    sheet.answer(
        "step",
        """
        kept = []
        while True:
            try:
                kept.append(np.ones(2_000_000))
            except MemoryError:
                pass
        """,
    )


@hostile("out of memory", "too many processes", "timed out", *DEAD)
def memory_of_many_processes(sheet: Sheet, world: World) -> None:
    """Stay below the limit in each of many processes, and far above it in all."""
    sheet.answer(
        "step",
        """
        import os, time
        for _ in range(20):
            if os.fork() == 0:
                kept = np.ones(25_000_000)
                time.sleep(600)
                os._exit(0)
        time.sleep(600)
        """,
    )


@hostile("graded", "out of memory", "timed out", *DEAD)
def memory_that_is_shared(sheet: Sheet, world: World) -> None:
    """Fill memory that belongs to no single process: shared maps, nameless files, segments."""
    sheet.answer(
        "step",
        """
        import ctypes, mmap, os
        libc, piece, held = ctypes.CDLL(None), 1 << 26, 0
        kept = []
        for number in range(64):
            try:
                handle = os.memfd_create('x')
                held += os.write(handle, b'x' * piece)
                kept.append(handle)
            except OSError:
                pass
            segment = libc.shmget(number + 1, piece, 0o1600)
            if segment != -1:
                libc.shmat.restype = ctypes.c_void_p
                place = libc.shmat(segment, None, 0)
                ctypes.memset(place, 1, piece)
                libc.shmdt(ctypes.c_void_p(place))
                held += piece
        if held > 2 << 30:
            print('ESC' + 'APED', held)
        for number in range(64):
            area = mmap.mmap(-1, piece)
            area.write(b'x' * piece)
            kept.append(area)
        """,
    )


@hostile("too many processes", "out of memory", "timed out", *DEAD)
def fork_bomb(sheet: Sheet, world: World) -> None:
    """Double the number of processes until nothing else runs."""
    sheet.answer(
        "step",
        """
        import os
        while True:
            try:
                os.fork()
            except OSError:
                continue
        """,
    )


@hostile("too many processes", "out of memory", "timed out", "graded", *DEAD)
def thread_bomb(sheet: Sheet, world: World) -> None:
    """Start threads that start threads."""
    sheet.answer(
        "step",
        """
        import threading, time
        def more():
            while True:
                try:
                    threading.Thread(target=more, daemon=True).start()
                except RuntimeError:
                    time.sleep(0.05)
        more()
        """,
    )


@hostile("graded", "too many processes", *DEAD)
def daemon_that_stays(sheet: Sheet, world: World) -> None:
    """Leave a process behind that has its own session and outlives the submission."""
    sheet.answer(
        "step",
        """
        import os, sys, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv('/bin/sleep', ['unrolled-daemon-that-stays', '86399'])
            os._exit(0)
        time.sleep(0.2)
        """,
    )


@hostile("too much output")
def endless_printing(sheet: Sheet, world: World) -> None:
    """Print for ever."""
    sheet.answer(
        "step",
        """
        while True:
            print('all work and no play')
        """,
    )


@hostile("too much output")
def one_endless_line(sheet: Sheet, world: World) -> None:
    """Print one line of fifty million characters."""
    sheet.answer("step", "print('x' * 50_000_000)\n")


@hostile("too much output", "graded", "timed out")
def printing_behind_the_back(sheet: Sheet, world: World) -> None:
    """Write to the descriptors themselves and let a program write, past Python's streams."""
    sheet.answer(
        "step",
        r"""
        import os, subprocess
        for _ in range(200):
            for handle in (1, 2):
                try:
                    os.write(handle, b'y' * 100_000)
                except OSError:
                    continue
        subprocess.run('head -c 30000000 /dev/zero | tr "\\0" y', shell=True)
        """,
    )


@hostile("graded", "too much output")
def printing_in_the_function(sheet: Sheet, world: World) -> None:
    """Print a hundred million characters while a check looks at the function."""
    sheet.answer(
        "step",
        f"""
        {STEP}
            print('x' * 100_000_000)
            return x_t
        """,
    )


@hostile("too much output", "graded")
def pictures_without_number(sheet: Sheet, world: World) -> None:
    """Show a large picture again and again."""
    sheet.answer(
        "step",
        r"""
        from IPython.display import Image, display
        noise = b'\x89PNG\r\n\x1a\n' + np.random.default_rng(0).bytes(400_000)
        for _ in range(60):
            display(Image(data=noise, format='png'))
        """,
    )


@hostile("too much output", "graded")
def huge_representation(sheet: Sheet, world: World) -> None:
    """End a cell with an object whose text is huge, and raise an error with a huge message."""
    sheet.answer(
        "step",
        """
        class Large:
            def __repr__(self): return 'x' * 30_000_000
        Large()
        """,
    )
    sheet.answer("unroll", "raise ValueError('y' * 30_000_000)\n")


@hostile("graded", "crashed", "disk full", "out of memory")
def disk_filler(sheet: Sheet, world: World) -> None:
    """Fill every disk that can be written, with one large file and with many small ones."""
    sheet.answer(
        "step",
        """
        import os, tempfile
        total = 0
        for folder in {'/tmp', '/dev/shm', '/var/tmp', '/', os.getcwd(), os.path.expanduser('~')}:
            try:
                with open(os.path.join(folder, 'large'), 'wb', buffering=0) as file:
                    while total < 2_000_000_000:
                        total += file.write(b'x' * 1_000_000)
            except OSError:
                pass
            try:
                for number in range(100_000):
                    open(os.path.join(folder, f'small{number}'), 'w').close()
            except OSError:
                pass
        if total > 1_000_000_000:
            print('ESC' + 'APED', total)
        """,
    )


@hostile("too much output", "broken answer", "out of memory", "graded")
def answer_too_large(sheet: Sheet, world: World) -> None:
    """Return more zeros than may come back for a check."""
    sheet.answer(
        "step",
        f"""
        {STEP}
            return np.zeros((1300, 1300))
        """,
    )


@hostile(*DEAD)
def exit_in_a_cell(sheet: Sheet, world: World) -> None:
    """End the process from inside a cell, with the status of success."""
    sheet.answer(
        "step",
        """
        import os
        os._exit(0)
        """,
    )


@hostile(*DEAD)
def exit_in_the_function(sheet: Sheet, world: World) -> None:
    """End the process while a check waits for the answer."""
    sheet.answer(
        "step",
        f"""
        {STEP}
            __import__('os')._exit(0)
        """,
    )


@hostile("graded", "crashed")
def polite_exit(sheet: Sheet, world: World) -> None:
    """Leave by the ways that a notebook offers; the cells behind it run all the same."""
    sheet.answer(
        "step",
        f"""
        {STEP}
            raise SystemExit(0)
        """,
    )
    sheet.answer("unroll", "exit()\n")
    sheet.answer("joined", "raise KeyboardInterrupt\n")
    sheet.answer(
        "lookup",
        """
        def look_up(indices, W):
            raise KeyboardInterrupt
        """,
    )
    sheet.answer(
        "readout",
        """
        import sys
        sys.exit(3)
        """,
    )


@hostile("crashed", detail="(?i)segmentation|signal 11|SIGSEGV")
def segmentation_fault(sheet: Sheet, world: World) -> None:
    """Read from address 0."""
    sheet.answer(
        "step",
        """
        import ctypes
        ctypes.string_at(0)
        """,
    )


@hostile("crashed", "graded", "out of memory")
def recursion_without_end(sheet: Sheet, world: World) -> None:
    """Recurse until the stack of the process is full."""
    sheet.answer(
        "step",
        """
        import sys
        sys.setrecursionlimit(10**9)
        class Deep:
            def __getattr__(self, name): return getattr(self, name + 'x')
            def __repr__(self): return repr([self])
        repr(Deep())
        """,
    )


@hostile(*DEAD)
def aborted(sheet: Sheet, world: World) -> None:
    """Abort, as a failing library does."""
    sheet.answer(
        "step",
        f"""
        {STEP}
            __import__('os').abort()
        """,
    )


@hostile(*DEAD)
def killed_by_itself(sheet: Sheet, world: World) -> None:
    """Kill the own process with the signal that the out-of-memory killer uses."""
    sheet.answer(
        "step",
        """
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )


@hostile("graded", "timed out", *DEAD)
def end_that_never_ends(sheet: Sheet, world: World) -> None:
    """Register work for the end of the process that takes for ever."""
    sheet.answer(
        "step",
        """
        import atexit, threading, time, weakref
        @atexit.register
        def last():
            while True:
                time.sleep(1)
        threading.Thread(target=lambda: time.sleep(86_400)).start()
        class Heavy:
            def __del__(self): time.sleep(86_400)
        kept = Heavy()
        """,
    )


@hostile("graded", "crashed", "broken answer", "timed out")
def limits_lowered(sheet: Sheet, world: World) -> None:
    """Lower all limits of the own process to nothing, and try to raise them."""
    sheet.answer(
        "unroll",
        """
        import resource
        for name in dir(resource):
            if name.startswith('RLIMIT_'):
                kind = getattr(resource, name)
                soft, hard = resource.getrlimit(kind)
                try:
                    if hard != resource.RLIM_INFINITY:
                        resource.setrlimit(kind, (hard + 1, hard + 1))
                        print('ESC' + 'APED', name)
                except (ValueError, OSError):
                    pass
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        """,
    )
