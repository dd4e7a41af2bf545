"""Attempts to get out: to files, other processes, the network, the grader's own channel."""

from __future__ import annotations

from tests.instructor.hostile.sheet import Sheet, World, hostile

STEP = "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):"
SHOUT = "shout = lambda *what: print('ESC' + 'APED', *map(str, what))"


@hostile()
def reading_the_classroom(sheet: Sheet, world: World) -> None:
    """Read the gradebook, the private seed and a submission of another student."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        for path in {[str(path) for path in world.files]!r}:
            try:
                shout(path, open(path, 'rb').read())
            except OSError as error:
                print(type(error).__name__)
        """,
    )


@hostile()
def reading_through_links(sheet: Sheet, world: World) -> None:
    """Read the same files through symbolic and hard links, and through /proc."""
    paths = [str(path) for path in world.files]
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import os
        paths = {paths!r}
        for number, path in enumerate(paths):
            for way in (os.symlink, os.link):
                try:
                    way(path, f'link{{number}}{{way.__name__}}')
                    shout(open(f'link{{number}}{{way.__name__}}', 'rb').read())
                except OSError:
                    continue
            for root in ('/proc/1/root', '/proc/self/root', '/proc/2/cwd', '/oldroot', '/..'):
                try:
                    shout(open(root + path, 'rb').read())
                except OSError:
                    continue
        os.symlink({str(world.classroom)!r}, 'rnn_forward')
        """,
    )


@hostile()
def deleting_everything(sheet: Sheet, world: World) -> None:
    """Delete the class folder, the course, the home folder and the whole disk."""
    paths = [str(path) for path in world.files]
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import os, shutil, utils
        for path in {paths!r}:
            try:
                os.remove(path)
                shout('removed', path)
            except OSError:
                pass
        for folder in (os.path.dirname(utils.__file__), os.path.expanduser('~'), '/tmp', '/etc'):
            shutil.rmtree(folder, ignore_errors=True)
        get_ipython().system('rm -rf --no-preserve-root / 2> /dev/null')
        if not os.path.exists(utils.__file__):
            shout('the course is gone')
        """,
    )


@hostile()
def writing_into_the_classroom(sheet: Sheet, world: World) -> None:
    """Write a better mark into the gradebook, and a file beside it."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import os, sqlite3
        folder = {str(world.classroom)!r}
        try:
            os.makedirs(folder, exist_ok=True)
            open(folder + '/pwned', 'w').write('x')
            sqlite3.connect(folder + '/gradebook.db').execute('create table pwned (x)')
        except Exception:
            pass
        """,
    )


@hostile()
def environment_and_arguments(sheet: Sheet, world: World) -> None:
    """Look for passwords, seeds and names in the environment and the lines of all processes."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import ctypes, glob, os, sys
        secret = {world.secret[::-1]!r}[::-1]
        texts = [repr(dict(os.environ)), repr(sys.argv), repr(sys.orig_argv)]
        environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ')
        index = 0
        while environ and environ[index]:
            texts.append(environ[index].decode('latin-1'))
            index += 1
        for name in ('environ', 'cmdline', 'maps', 'mountinfo', 'cgroup', 'status'):
            for path in glob.glob(f'/proc/*/{{name}}'):
                try:
                    texts.append(open(path, 'rb').read().decode('latin-1'))
                except OSError:
                    continue
        for text in texts:
            if secret in text or 'classroom' in text or 'gradebook' in text:
                shout('found', len(text))
        """,
    )


@hostile("graded", "crashed")
def memory_behind_python(sheet: Sheet, world: World) -> None:
    """Scan the heap of the process itself for the private seed and for solutions."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import ctypes
        secret = {world.secret[::-1]!r}[::-1].encode()
        libc = ctypes.CDLL(None)
        libc.sbrk.restype = ctypes.c_void_p
        end = libc.sbrk(0)
        size = 4_000_000
        heap = ctypes.string_at(end - size, size)
        rest = heap.replace(secret[::-1], b'')
        mark = b'### BEGIN ' + b'SOLUTION'
        print(rest.count(mark) > 3 and shout('solutions'))
        """,
    )


@hostile()
def network(sheet: Sheet, world: World) -> None:
    """Fetch answers from a server on this machine, from the world, and by name."""
    sheet.answer(
        "step",
        rf"""
        {SHOUT}
        import socket
        for address in (('127.0.0.1', {world.port}), ('localhost', {world.port}),
                        ('1.1.1.1', 53), ('192.0.2.1', 80), ('example.org', 80)):
            try:
                socket.create_connection(address, timeout=1)
                shout('connected', address)
            except OSError:
                pass
        for name in (b'\0unrolled', '/tmp/.X11-unix/X0', '/run/dbus/system_bus_socket',
                     '/var/run/docker.sock'):
            try:
                socket.socket(socket.AF_UNIX).connect(name)
                shout('connected', name)
            except OSError:
                pass
        for family in (socket.AF_PACKET, socket.AF_VSOCK):
            try:
                socket.socket(family, socket.SOCK_RAW if family == socket.AF_PACKET else 1)
                if family == socket.AF_PACKET:
                    shout('raw socket')
            except OSError:
                pass
        """,
    )


@hostile("graded", "crashed", "broken answer")
def killing_the_others(sheet: Sheet, world: World) -> None:
    """Send the hardest signal to the parent, to every small number and to everyone."""
    sheet.answer(
        "step",
        """
        import os, signal
        for target in (os.getppid(), 1, *range(2, 400), -1):
            if target != os.getpid():
                try:
                    os.kill(target, signal.SIGKILL)
                except OSError:
                    continue
        """,
    )


@hostile("graded", "crashed", "timed out")
def stopping_the_parent(sheet: Sheet, world: World) -> None:
    """Stop and trace the parent, so that nobody watches any more."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import ctypes, os, signal
        for target in (os.getppid(), 1):
            try:
                os.kill(target, signal.SIGSTOP)
            except OSError:
                pass
        libc = ctypes.CDLL(None, use_errno=True)
        for target in range(1, 50):
            if target != os.getpid() and libc.ptrace(16, target, 0, 0) == 0:
                shout('attached to', target)
                libc.ptrace(17, target, 0, 0)
        """,
    )


@hostile()
def becoming_root(sheet: Sheet, world: World) -> None:
    """Become another user, mount, make devices, open a new namespace, leave the root folder."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import ctypes, os, stat
        libc = ctypes.CDLL(None, use_errno=True)
        tries = {{
            'setuid': lambda: os.setuid(0), 'setgid': lambda: os.setgid(0),
            'setgroups': lambda: os.setgroups([0]), 'chroot': lambda: os.chroot('/tmp'),
            'mknod': lambda: os.mknod('/tmp/device', stat.S_IFBLK | 0o666, os.makedev(8, 0)),
            'sethostname': lambda: __import__('socket').sethostname('pwned'),
            'nice': lambda: os.nice(-10),
        }}
        for name, attempt in tries.items():
            try:
                attempt()
            except (OSError, AttributeError):
                continue
            shout(name)
        os.makedirs('/tmp/m', exist_ok=True)
        for flag in (0x10000000, 0x00020000, 0x40000000, 0x20000000):
            if libc.unshare(flag) == 0:
                shout('unshare', hex(flag))
        if libc.mount(b'proc', b'/tmp/m', b'proc', 0, None) == 0:
            shout('mounted proc')
        if libc.mount(b'/', b'/tmp/m', None, 4096, None) == 0:
            shout('bound the root')
        if libc.umount2(b'/proc', 2) == 0 or libc.umount2(b'/tmp', 2) == 0:
            shout('unmounted')
        """,
    )


@hostile()
def other_processes_seen(sheet: Sheet, world: World) -> None:
    """List the processes of the machine, and what files they hold open."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import glob, os
        numbers = [name for name in os.listdir('/proc') if name.isdigit()]
        for number in numbers:
            if int(number) not in (1, os.getpid(), os.getppid()):
                shout('process', number)
        for path in glob.glob('/proc/*/fd/*') + glob.glob('/proc/sys/kernel/*'):
            try:
                if os.readlink(path).endswith(('.db', '.ipynb', 'seed')):
                    shout(path)
            except OSError:
                continue
        for number in range(1, 3000):
            try:
                os.kill(number, 0)
            except ProcessLookupError:
                continue
            except PermissionError:
                shout('there is a process', number)
        """,
    )


@hostile("graded", "broken answer", "crashed")
def descriptors_passed_on(sheet: Sheet, world: World) -> None:
    """Receive descriptors on every open socket, and open what lies beyond them."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import os, socket, stat
        for handle in range(3, 256):
            try:
                mode = os.fstat(handle).st_mode
            except OSError:
                continue
            if stat.S_ISDIR(mode):
                try:
                    os.fchdir(handle)
                    if os.path.exists('../../work') or os.path.exists('../etc/passwd'):
                        shout('a folder is open', handle, os.listdir('.'))
                except OSError:
                    pass
            if stat.S_ISSOCK(mode):
                twin = socket.socket(fileno=os.dup(handle))
                twin.setblocking(False)
                try:
                    _, handles, _, _ = socket.recv_fds(twin, 1, 10)
                    shout('received', handles)
                except OSError:
                    pass
        """,
    )


@hostile()
def terminal_of_the_grader(sheet: Sheet, world: World) -> None:
    """Type commands into the terminal from which the grader was started."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import fcntl, os, termios
        for name in ('/dev/tty', '/dev/console', '/dev/pts/0', 0, 1, 2):
            try:
                handle = os.open(name, os.O_RDWR) if isinstance(name, str) else name
                for letter in b'# typed by a submission':
                    fcntl.ioctl(handle, termios.TIOCSTI, bytes([letter]))
                shout('typed into', name)
            except OSError:
                continue
        """,
    )


@hostile()
def shared_memory_of_the_system(sheet: Sheet, world: World) -> None:
    """Use System V segments and POSIX semaphores, which belong to no process."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.shmget(0x756E726C, 4096, 0o666) != -1:
            shout('a segment of the one before')
        libc.shmget(0x756E726C, 4096, 0o1666)
        """,
    )


@hostile()
def working_folder_removed(sheet: Sheet, world: World) -> None:
    """Go to another folder, delete it under one's feet, and clear the environment."""
    sheet.answer(
        "step",
        """
        import os, tempfile
        folder = tempfile.mkdtemp()
        os.chdir(folder)
        os.rmdir(folder)
        os.environ.clear()
        os.umask(0o777)
        """,
    )
