"""Read zip archives that others made: nothing is unpacked to disk under a name they chose.

An archive is input from strangers. Names with path tricks, symbolic links, encrypted files, files
that unpack to a multiple of their size and archives within archives within archives are reported
and not followed.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import PurePosixPath
from typing import BinaryIO

from instructor.collecting.entries import CHUNK, Budget, Entry, Spool, digest_of
from instructor.collecting.times import time_of_entry

ENCRYPTED = 0x1
UTF8_NAME = 0x800
RATIO_FROM = 2**20  # bytes; small files of one letter pack better than any limit
LONGEST_NAME = 255  # characters of one folder or file
LONGEST_PATH = 1000  # characters
RECORD = b"PK\x01\x02"  # begins each file's record in the directory of an archive
OTHER_ARCHIVES = (".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst")
JUNK = {
    *("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", "__pycache__"),
    *(".ipynb_checkpoints", ".virtual_documents", ".jupyter", ".git", ".venv", ".idea", ".vscode"),
    *(".cache", ".config", ".local"),
}
JUNK_BEGINNINGS = ("._", ".Trash", ".~")


def is_junk(parts: tuple[str, ...]) -> bool:
    """Tell whether a path is what macOS, Windows, Jupyter or an editor left behind.

    Other hidden files are looked at: a platform may name a folder after whoever is called
    ``.Jane``.
    """
    return any(part in JUNK or part.startswith(JUNK_BEGINNINGS) for part in parts)


def name_of(info: zipfile.ZipInfo) -> str:
    """Return the whole name of a file in an archive, in Unicode's composed form.

    zipfile cuts names at a NUL and decodes those without a mark as IBM's code page 437; macOS
    writes UTF-8 without the mark.
    """
    name = info.orig_filename
    if not info.flag_bits & UTF8_NAME:
        with contextlib.suppress(UnicodeError):  # it is code page 437, or something older
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)


def bad_name(name: str) -> str:
    """Say what is wrong with a path inside an archive; empty if nothing is."""
    parts = name.rstrip("/").split("/")
    if not name.strip("/"):
        return "the name is empty"
    if "\\" in name:
        return "the name holds a backslash, which some systems read as a folder"
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "the name is an absolute path"
    if ".." in parts:
        return "the name leads out of the archive (`..`)"
    if "" in parts or "." in parts:
        return "the name holds an empty folder"
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        return "the name holds control characters, such as a NUL"
    if len(name) > LONGEST_PATH or any(len(part) > LONGEST_NAME for part in parts):
        return f"the name has {len(name)} characters"
    return ""


def shown(name: str) -> str:
    """Return a name that is safe to print: no control characters, and not longer than a line."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return text if len(text) <= 120 else f"{text[:80]} … {text[-30:]}"


def walk_archive(
    file: BinaryIO,
    origin: str,
    prefix: str,
    budget: Budget,
    spool: Spool,
    zone: tzinfo | None = None,
    depth: int = 1,
) -> Iterator[Entry]:
    """Yield the files of a zip archive, and of the archives in it as far as `depth` allows.

    Parameters
    ----------
    file : binary file
        Open for reading, with seek.
    origin : str
        How the archive is called in reports.
    prefix : str
        Put before the paths of the files; empty, or ends in ``/``.
    budget : Budget
        What may be read; it takes the reports.
    spool : Spool
        Keeps the contents.
    zone : tzinfo, optional
        For times without a zone.
    depth : int
        1 for an archive that lies in no other.
    """
    if _count_records(file, budget.entries) > budget.entries:
        budget.report(
            "bomb",
            origin,
            f"it lists more than {budget.limits.entries:,} files; it was not opened.",
        )
        return
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        budget.report("archive", origin, f"it is no readable zip archive ({_first(error)}).")
        return
    with archive:
        for info in archive.infolist():
            name = name_of(info)
            where = f"{origin}: {shown(name)}"
            if not budget.take_entry(where):
                return
            if not _may_read(info, name, where, budget):
                continue
            inner = name.lower().endswith(".zip")
            if inner and depth >= budget.limits.depth:
                budget.report(
                    "nested",
                    where,
                    "an archive inside an archive inside an archive is not opened. Unpack the "
                    "outer one and collect the folder.",
                )
                continue
            data = _unpack(archive, info, where, budget)
            if data is None:
                continue
            if inner:
                yield from walk_archive(
                    io.BytesIO(data), where, f"{prefix}{name[:-4]}/", budget, spool, zone, depth + 1
                )
                continue
            yield Entry(
                path=prefix + name,
                origin=where,
                size=len(data),
                digest=digest_of(data),
                time=time_of_entry(info, zone),
                time_of="archive",
                read=spool.add(data),
            )


def _may_read(info: zipfile.ZipInfo, name: str, where: str, budget: Budget) -> bool:
    """Tell whether a file is ordinary and harmless by its record; report it if it is not."""
    wrong = bad_name(name)
    if wrong:
        budget.report("path", where, f"{wrong}; it was not read.")
        return False
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a symbolic link" if kind == stat.S_IFLNK else "no ordinary file"
        budget.report("link", where, f"it is {what} and was not followed.")
        return False
    parts = PurePosixPath(name).parts
    if name.endswith("/") or kind == stat.S_IFDIR or is_junk(parts):
        return False
    if info.flag_bits & ENCRYPTED:
        budget.report("encrypted", where, "it is encrypted and was not read. Ask for it again.")
        return False
    if name.lower().endswith(OTHER_ARCHIVES):
        budget.report("nested", where, "only zip archives are opened. Unpack it by hand.")
        return False
    return True


def _unpack(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str, budget: Budget
) -> bytes | None:
    """Return the bytes of one file, or None and a report if it is broken or over a limit."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # zipfile unpacks the other methods without a limit on what one piece may become.
        method = zipfile.compressor_names.get(info.compress_type, str(info.compress_type))
        budget.report(
            "archive", where, f"it is packed by the method {method}; expected deflate or none."
        )
        return None
    limit, packed = budget.limits.file_bytes, max(1, info.compress_size)
    pieces, total = [], 0
    try:
        with archive.open(info) as file:
            # What the record says of the size may be a lie: what counts is what comes out.
            while piece := file.read(CHUNK):
                total += len(piece)
                if total > RATIO_FROM and total > budget.limits.ratio * packed:
                    budget.report(
                        "bomb",
                        where,
                        f"it unpacks to more than {budget.limits.ratio:g} times its size; it was "
                        "not read.",
                    )
                    return None
                if total > limit:
                    budget.report(
                        "too large", where, f"it has more than {limit:,} bytes and was not read."
                    )
                    return None
                if not budget.take_bytes(len(piece), where):
                    return None
                pieces.append(piece)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        ValueError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        budget.report("unreadable", where, f"it is damaged ({_first(error)}) and was not read.")
        return None
    return b"".join(pieces)


def _count_records(file: BinaryIO, limit: int) -> int:
    """Count an archive's records, at least, without building a list of them; stop above `limit`.

    zipfile makes an object for each record before it can be asked how many there are.
    """
    count, tail = 0, b""
    file.seek(0)
    while count <= limit and (piece := file.read(CHUNK)):
        piece = tail + piece
        count += piece.count(RECORD)
        tail = piece[-(len(RECORD) - 1) :]
    file.seek(0, os.SEEK_SET)
    return count


def _first(error: BaseException) -> str:
    lines = str(error).splitlines()
    return shown(lines[0]) if lines else type(error).__name__
