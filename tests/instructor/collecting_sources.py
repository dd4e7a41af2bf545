"""Make folders and archives of submissions for the tests of collecting."""

import io
import json
import os
import stat
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

KNOWN = {
    "05_fade": frozenset({"title", "fates-answer", "chain-answer", "chain-check"}),
    "06_lstm": frozenset({"title", "fates-answer", "gate-answer", "gate-check"}),
}


def notebook(assignment: str = "05_fade", text: str = "", without: tuple[str, ...] = ()) -> bytes:
    """Return a notebook with the cells of an assignment and `text` in an answer of its own."""
    cells = [
        {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": name}}, "source": []}
        for name in sorted(KNOWN.get(assignment, ()))
        if name not in without
    ]
    cells.append({"cell_type": "code", "metadata": {}, "source": [text]})
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def write(root: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files below a folder; return the folder."""
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)
    return root


def set_time(path: Path, time: datetime) -> None:
    """Set when a file was changed."""
    os.utime(path, (time.timestamp(), time.timestamp()))


def entry(name: str, *, time: datetime | None = None, link: bool = False) -> zipfile.ZipInfo:
    """Return the record of a file in an archive, with the wall clock of `time`."""
    info = zipfile.ZipInfo("x", (time or datetime(2025, 3, 1, 12)).timetuple()[:6])
    info.filename = info.orig_filename = name  # the constructor mends some names
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = ((stat.S_IFLNK | 0o777) if link else (stat.S_IFREG | 0o644)) << 16
    return info


def archive(files: Mapping[str, bytes] | list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    """Return a zip archive."""
    pairs = [(entry(n), d) for n, d in files.items()] if isinstance(files, Mapping) else files
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for info, content in pairs:
            made.writestr(info, content)
    return data.getvalue()
