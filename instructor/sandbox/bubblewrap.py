"""The command that starts the warm process behind bubblewrap, and what to do where it cannot."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path

from .errors import SandboxError

__all__ = ["command", "require"]

PROJECT = Path(__file__).resolve().parents[2]
NOBODY = 65534  # user and group of the warm process where the grader is root
INSIDE, COURSE, WORK = "/sandbox/inside", "/course", "/sandbox/work"
SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
ALSO = (
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/localtime",
    "/sys/devices/system/cpu",  # without it torch takes the slowest of its kernels
    "/nix/store",
    "/gnu/store",
)
DEVICES = ("null", "zero", "full", "random", "urandom")
# Folders of the project: an installed copy of one would hold answers, or what grades them.
OURS = (
    "utils",
    "instructor",
    "solutions",
    "exercises",
    "experiments",
    "pretrained",
    "chapters",
    "tests",
    "tools",
    "benchmarks",
)
OLDEST = (0, 5, 0)
PROBE_SECONDS = 30


def command(course: Path, inside: Path, python: Sequence[str]) -> list[str]:
    """Return the command that runs `python` behind bubblewrap.

    Parameters
    ----------
    course : Path
        The copy of the course, bound to `COURSE`.
    inside : Path
        The folder of what runs inside, bound to `INSIDE`.
    python : sequence of str
        The interpreter and its arguments.

    Returns
    -------
    list of str
        Everything but what is listed here does not exist inside, and all of it is read-only but
        `WORK`.
    """
    root = os.geteuid() == 0
    spaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    spaces += ["--unshare-cgroup-try"] if root else ["--unshare-user", "--unshare-cgroup-try"]
    mounts: list[tuple[str, ...]] = [("--ro-bind", "/usr", "/usr")]
    for path in SYSTEM:
        if os.path.islink(path):
            mounts.append(("--symlink", os.readlink(path), path))
        elif os.path.isdir(path):
            mounts.append(("--ro-bind", path, path))
    mounts += [("--ro-bind", path, path) for path in ALSO if os.path.exists(path)]
    mounts += _python_mounts()
    mounts += [("--dev-bind", f"/dev/{name}", f"/dev/{name}") for name in DEVICES]
    mounts += [("--symlink", WORK, "/dev/shm"), ("--symlink", WORK, "/var/tmp")]
    if not any(_is_below(mount[-1], ["/tmp"]) for mount in mounts):  # Python may be there
        mounts.append(("--symlink", WORK, "/tmp"))
    mounts += [("--ro-bind", str(inside), INSIDE), ("--ro-bind", str(course), COURSE)]
    made = ["bwrap", *spaces, "--hostname", "sandbox", "--proc", "/proc"]
    made += _parents([mount[-1] for mount in mounts] + [WORK])
    made += ["--perms", "1777", "--tmpfs", WORK]
    made += [part for mount in mounts for part in mount]
    made += ["--remount-ro", "/", "--chdir", WORK]
    return [*made, *(_as_nobody() if root else []), *python]


def _parents(targets: Iterable[str]) -> list[str]:
    """Make the folders above mounts; bubblewrap's own could be entered by root alone."""
    above = {str(folder) for target in targets for folder in Path(target).parents}
    inner = sorted(f for f in above - {"/"} if not _is_below(f, set(targets)))
    return [part for folder in inner for part in ("--perms", "0755", "--dir", folder)]


def _as_nobody() -> list[str]:
    """Return the command by which root becomes a user who owns nothing."""
    who = str(NOBODY)
    drop = ["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
    return ["setpriv", "--reuid", who, "--regid", who, *drop]


def library_folders() -> list[str]:
    """Return the folders of this interpreter that hold installed packages."""
    paths = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *sys.path]
    kept = [p for p in paths if os.path.basename(p) in ("site-packages", "dist-packages")]
    return [p for p in dict.fromkeys(map(os.path.abspath, kept)) if os.path.isdir(p)]


def _python_mounts() -> list[tuple[str, ...]]:
    """Bind this interpreter and its packages where they are, without what is ours among them."""
    wanted = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    wanted += [str(Path(sys.executable).resolve().parents[1]), *library_folders()]
    wanted += [os.path.realpath(path) for path in wanted]
    wanted = sorted(set(map(os.path.abspath, wanted)), key=len)
    bound: list[str] = []
    for path in wanted:
        if os.path.isdir(path) and not _is_below(path, ["/usr", *bound]):
            bound.append(path)
    mounts = [("--ro-bind", path, path) for path in bound]
    covered = []
    project = os.path.realpath(PROJECT)
    if _is_below(project, ["/usr", *bound]) and project not in (*library_folders(), *bound):
        covered.append(project)
        inner = [path for path in wanted if os.path.isdir(path) and _is_below(path, [project])]
        mounts.append(("--tmpfs", project))
        mounts += [("--ro-bind", path, path) for path in inner]
    ours = [os.path.join(library, name) for library in library_folders() for name in OURS]
    ours = [path for path in ours if os.path.isdir(path)]
    mounts += [("--tmpfs", path) for path in ours]
    return [*mounts, *(("--remount-ro", path) for path in [*covered, *ours])]


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


# --- can it be had here ----------------------------------------------------------------------


def require() -> None:
    """Make sure that bubblewrap can be used here, by using it.

    Raises
    ------
    SandboxError
        If it cannot; the text says what is missing and what to do.
    """
    _require(os.environ.get("PATH", ""))


@functools.cache
def _require(path: str) -> None:
    if not sys.platform.startswith("linux"):
        raise SandboxError(
            f"The sandbox needs Linux and this is {sys.platform}. Grade on Linux (on Windows: in "
            "WSL 2), or pass --unsafe to run submissions unprotected."
        )
    programs = ["bwrap", "setpriv"] if os.geteuid() == 0 else ["bwrap"]
    for name in programs:
        if shutil.which(name, path=path) is None:
            raise SandboxError(_missing_text(name))
    version = _version()
    if version < OLDEST:
        raise SandboxError(
            f"bubblewrap {'.'.join(map(str, version))} is too old; "
            f"{'.'.join(map(str, OLDEST))} or newer is needed."
        )
    probe = ["bwrap", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--proc", "/proc"]
    if os.geteuid() != 0:
        probe.insert(1, "--unshare-user")
    done = subprocess.run(
        [*probe, "true"], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
    )
    if done.returncode:
        raise SandboxError(_refused_text(done.stderr.strip()))


def _version() -> tuple[int, ...]:
    done = subprocess.run(
        ["bwrap", "--version"], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
    )
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    return tuple(int(part or 0) for part in found.groups()) if found else (0, 0, 0)


def _missing_text(name: str) -> str:
    package = {"bwrap": "bubblewrap", "setpriv": "util-linux"}[name]
    return (
        f"The program {name} is not installed, so submissions cannot be kept in a sandbox. "
        f"Install the package {package}: `sudo apt install {package}` (Debian, Ubuntu), "
        f"`sudo dnf install {package}` (Fedora), `sudo pacman -S {package}` (Arch). "
        "--unsafe runs submissions unprotected instead."
    )


def _refused_text(said: str) -> str:
    """Say why bubblewrap may not make a sandbox here, as far as the system tells."""
    causes = []
    if _setting("user/max_user_namespaces") == "0":
        causes.append("user namespaces are switched off: `sysctl user.max_user_namespaces=10000`.")
    if _setting("kernel/unprivileged_userns_clone") == "0":
        causes.append(
            "user namespaces are kept for root: `sysctl kernel.unprivileged_userns_clone=1`."
        )
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        causes.append(
            "AppArmor restricts user namespaces: load a profile for bwrap that allows `userns`, or "
            "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`."
        )
    if os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv"):
        causes.append(
            "this is a container: start it with `--security-opt seccomp=unconfined --security-opt "
            "apparmor=unconfined --security-opt systempaths=unconfined`, as root also with "
            "`--cap-add SYS_ADMIN`."
        )
    why = " ".join(f"Likely cause: {cause}" for cause in causes)
    return (
        f"bubblewrap is installed and may not make a sandbox here. It said: {said or 'nothing'}. "
        f"{why} --unsafe runs submissions unprotected instead."
    )


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text(encoding="ascii").strip()
    except OSError:  # a kernel without this switch
        return ""
