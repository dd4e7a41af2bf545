"""Folders and zips that are made to harm whoever collects them.

Each function builds one below a folder and returns its path. `HELD` says what has to come of it:
the kinds of problems that are reported, and the students whose notebooks are collected all the
same. Nothing may be written or read outside.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.instructor.hostile.sheet import NAME, Sheet, World

Builder = Callable[[Path, World], Path]


@dataclass(frozen=True)
class HostileArchive:
    """A folder or zip, and what has to come of collecting it.

    Attributes
    ----------
    name, story : str
    build : callable
        ``build(folder, world)`` returns the path to collect from.
    problems : frozenset of str
        Kinds of problems that have to be reported, among others.
    students : frozenset of str
        Whose notebooks are collected.
    """

    name: str
    story: str
    build: Builder
    problems: frozenset[str]
    students: frozenset[str]


HELD: dict[str, HostileArchive] = {}


def archive(*problems: str, students: tuple[str, ...] = ("ada",)) -> Callable[[Builder], Builder]:
    """Register a builder with the problems to report and the students to collect."""

    def register(build: Builder) -> Builder:
        HELD[build.__name__] = HostileArchive(
            build.__name__,
            build.__doc__ or "",
            build,
            frozenset(problems),
            frozenset(students),
        )
        return build

    return register


def notebook() -> bytes:
    """Return the bytes of an honest submission."""
    return Sheet().data()


def zip_of(folder: Path, entries: dict[str, bytes], name: str = "export.zip") -> Path:
    """Write a zip with these entries, whatever their names, beside an honest one of `ada`."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"ada/{NAME}/{NAME}.ipynb", notebook())
        for entry, data in entries.items():
            info = zipfile.ZipInfo("placeholder")
            info.filename = entry  # past the tidying that ZipInfo does
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, data)
    return path


@archive("path")
def upward_paths(folder: Path, world: World) -> Path:
    """Name entries so that they would be written above the target, or at the root."""
    names = [
        f"../../../pwned/{NAME}/{NAME}.ipynb",
        f"/pwned/{NAME}/{NAME}.ipynb",
        f"bob/../../../pwned/{NAME}.ipynb",
        f"..\\..\\pwned\\{NAME}\\{NAME}.ipynb",
        f"C:\\pwned\\{NAME}\\{NAME}.ipynb",
    ]
    return zip_of(folder, {name: notebook() for name in names})


@archive("link")
def links_in_a_zip(folder: Path, world: World) -> Path:
    """Store a symbolic link to the gradebook as a student's notebook."""
    path = zip_of(folder, {})
    with zipfile.ZipFile(path, "a") as file:
        info = zipfile.ZipInfo(f"bob/{NAME}/{NAME}.ipynb")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, str(world.classroom / "gradebook.db"))
    return path


@archive("link")
def links_in_a_folder(folder: Path, world: World) -> Path:
    """Hand in symbolic links: to the gradebook, to a folder above, and to itself."""
    ada = folder / "handed_in" / "ada" / NAME
    ada.mkdir(parents=True)
    (ada / f"{NAME}.ipynb").write_bytes(notebook())
    bob = folder / "handed_in" / "bob" / NAME
    bob.mkdir(parents=True)
    os.symlink(world.classroom / "gradebook.db", bob / f"{NAME}.ipynb")
    os.symlink(folder, folder / "handed_in" / "eve")
    os.symlink("mallory", folder / "handed_in" / "mallory")
    return folder / "handed_in"


@archive("bomb")
def bomb(folder: Path, world: World) -> Path:
    """Pack a file that is a thousand times as large when it is opened."""
    return zip_of(folder, {f"bob/{NAME}/{NAME}.ipynb": b" " * 60_000_000})


@archive("nested")
def zips_in_zips(folder: Path, world: World) -> Path:
    """Pack zips into zips, far deeper than any course system does."""
    data = zip_of(folder, {}, "0.zip").read_bytes()
    for depth in range(1, 6):
        path = folder / f"{depth}.zip"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("inner.zip", data)
        data = path.read_bytes()
    return zip_of(folder, {"bob/inner.zip": data})


@archive("path", students=("ada",))
def names_no_disk_can_hold(folder: Path, world: World) -> Path:
    """Use names with control characters, of 5,000 characters, and of nothing but dots."""
    names = ["x" * 5_000, "a\x1b[31mb", "..", "CON", "b\x00c"]
    return zip_of(folder, {f"{name}/{NAME}/{NAME}.ipynb": notebook() for name in names})


@archive("archive", students=())
def zip_cut_in_half(folder: Path, world: World) -> Path:
    """Hand over half of a zip."""
    whole = zip_of(folder, {}).read_bytes()
    (folder / "cut").mkdir()
    (folder / "cut" / "export.zip").write_bytes(whole[: len(whole) // 2])
    return folder / "cut"


@archive("encrypted")
def locked_zip(folder: Path, world: World) -> Path:
    """Mark an entry as encrypted, so that reading it asks for a password."""
    path = zip_of(folder, {f"bob/{NAME}/{NAME}.ipynb": notebook()})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.rindex(mark)
        data[place + offset] |= 1
    path.write_bytes(data)
    return path
