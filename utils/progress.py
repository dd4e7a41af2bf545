"""Remember which exercises are solved, in one local file that is never sent anywhere.

The file is ``progress.json`` in the folder named by the environment variable
``UNROLLED_HOME``; else in ``work/`` of the checkout that this package sits in; else in
``~/.unrolled``. It holds the best score of every exercise::

    {"version": 1, "chapters": {"02_rnn_forward": {"rnn_step": {"score": 1.0, "max_score": 1.0,
     "when": "2026-01-31T18:20:00+00:00"}}}}

Only the standard library is used. A check calls ``record``, which never raises: what kept the
score from being saved comes back as a sentence.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE_NAME = "progress.json"
VERSION = 1
PATIENCE = 3.0  # seconds to wait while another notebook writes
_PAUSE = 0.01

Entries = dict[str, dict[str, dict[str, Any]]]


def path() -> Path:
    """Give the file in which progress is kept; neither it nor its folder need exist.

    Returns
    -------
    path : pathlib.Path
    """
    named = os.environ.get("UNROLLED_HOME", "").strip()
    if named:
        return Path(named).expanduser() / FILE_NAME
    root = Path(__file__).resolve().parent.parent
    if (root / "pyproject.toml").is_file() and (root / "chapters").is_dir():
        return root / "work" / FILE_NAME
    return Path.home() / ".unrolled" / FILE_NAME


def record(chapter: str, exercise: str, score: float, max_score: float = 1.0) -> str:
    """Keep the best score of an exercise.

    Parameters
    ----------
    chapter : str
        Name of the chapter, such as ``"02_rnn_forward"``.
    exercise : str
        Name of the exercise within the chapter.
    score : float, in [0, max_score]
        What was reached; a score below the one already kept changes nothing.
    max_score : float, positive
        What can be reached.

    Returns
    -------
    reason : str
        Empty if the score is kept; otherwise why it is not, as a sentence. Nothing is raised.
    """
    try:
        entry = _entry(chapter, exercise, score, max_score)
        file = path()
        file.parent.mkdir(parents=True, exist_ok=True)
        with _locked(file.with_name(".progress.lock")):
            entries = _load(file, aside=True)
            kept = entries.get(chapter, {}).get(exercise)
            if kept is None or _share(entry) > _share(kept):
                entries.setdefault(chapter, {})[exercise] = entry
                _save(file, entries)
    except (OSError, ValueError, RuntimeError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def read() -> Entries:
    """Give everything that is recorded.

    Returns
    -------
    entries : dict
        chapter → exercise → ``{"score", "max_score", "when"}``; empty if nothing is recorded
        yet or the file cannot be read.
    """
    try:
        return _load(path(), aside=False)
    except (OSError, ValueError, RuntimeError):
        return {}


def set_aside() -> list[Path]:
    """List progress files that could not be read and were kept under another name.

    Returns
    -------
    files : list of pathlib.Path
        From the oldest to the newest.
    """
    file = path()
    return sorted(file.parent.glob(f"{file.stem}.unreadable-*{file.suffix}"))


def _entry(chapter: str, exercise: str, score: float, max_score: float) -> dict[str, Any]:
    for name, text in (("chapter", chapter), ("exercise", exercise)):
        if not isinstance(text, str) or not text:
            raise ValueError(f"{name} is {text!r}; expected a name.")
    try:
        reached, possible = float(score), float(max_score)
    except (TypeError, ValueError):
        raise ValueError(f"score is {score!r} of {max_score!r}; expected numbers.") from None
    if not (math.isfinite(possible) and possible > 0 and 0 <= reached <= possible):
        raise ValueError(f"score is {score!r} of {max_score!r}; expected 0 <= score <= max_score.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"score": reached, "max_score": possible, "when": now}


def _share(entry: dict[str, Any]) -> float:
    return entry["score"] / entry["max_score"]


def _load(file: Path, aside: bool) -> Entries:
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return {}
    try:
        content = json.loads(raw.decode("utf-8"))
        version = content["version"]
        if isinstance(version, int) and version > VERSION:
            raise RuntimeError(f"{file} was written by a newer version of the course.")
        return _checked(content["chapters"])
    except (ValueError, KeyError, TypeError, AttributeError):
        if aside:
            _keep_aside(file)
        return {}


def _checked(chapters: Any) -> Entries:
    for exercises in chapters.values():
        for entry in exercises.values():
            if not (float(entry["score"]) >= 0 and float(entry["max_score"]) > 0):
                raise ValueError("a score is out of range")
    return chapters


def _keep_aside(file: Path) -> None:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    os.replace(file, file.with_name(f"{file.stem}.unreadable-{stamp}{file.suffix}"))


def _save(file: Path, entries: Entries) -> None:
    content = {"version": VERSION, "chapters": entries}
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".progress-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as temporary:
            temporary.write(text)
            temporary.flush()
            os.fsync(temporary.fileno())
        _patiently(lambda: os.replace(name, file))
    except BaseException:
        os.unlink(name)
        raise


def _patiently(action: Callable[[], None]) -> None:
    """Try again for a while: Windows refuses to replace a file that is being read."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return action()
        except PermissionError:
            if os.name != "nt" or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Let one process at a time in; the system opens the lock when its holder ends."""
    with open(file, "a+b") as handle:
        deadline = time.monotonic() + PATIENCE
        while not _try_lock(handle.fileno()):
            if time.monotonic() > deadline:
                raise OSError(f"{file.parent} is in use by another notebook; run the check again.")
            time.sleep(_PAUSE)
        yield  # closing the file opens the lock


if os.name == "nt":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system without locks: replacing the file is still atomic
        return True
