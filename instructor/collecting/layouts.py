"""Whose submission a file is, by its path: nbgrader's layout, Canvas, Moodle, or plain files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from instructor.collecting.entries import CollectError
from instructor.collecting.names import split_stem, without_copy_mark
from instructor.collecting.times import parse_time

# doejane_LATE_123_456_NAME-1.ipynb: name, mark, number of the user, of the submission, file
CANVAS = re.compile(
    r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<user>\d{1,19})_(?P<submission>\d{1,19})_(?P<file>.+)",
)
# Jane Doe_123_assignsubmission_file_, a folder, or the beginning of a file's name
MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<user>\d{1,19})_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)"
)
STUDENT_GROUPS = ("student", "student_id")


@dataclass(frozen=True)
class Place:
    """What a path says about a file.

    Attributes
    ----------
    layout : {"pattern", "canvas", "moodle", "nbgrader", "folder", "file"}
    label : str
        The student's name as it stands there; empty if it names none.
    others : tuple of str
        Other pieces that may be the student's name, for a roster to decide.
    number : str
        The student's number on the platform.
    late : bool or None
        Canvas's mark; None in other layouts.
    assignment : str or None
        The assignment that the path names.
    order : tuple of int
        Later submissions have larger ones: Canvas's number of the submission, number of a copy.
    time : datetime or None
        From the pattern.
    """

    layout: str
    label: str
    others: tuple[str, ...] = ()
    number: str = ""
    late: bool | None = None
    assignment: str | None = None
    order: tuple[int, ...] = (0, 0)
    time: datetime | None = None


class Layout:
    """Reads the paths of one source.

    Parameters
    ----------
    paths : iterable of str
        Every path that will be asked for: folders that all of them share name no student.
    assignments : collection of str
        Names of the known assignments.
    pattern : str, optional
        Regular expression, searched in the path, with a group `student`.
    zone : tzinfo, optional
        For times that the pattern finds.

    Raises
    ------
    CollectError
        If the pattern is no regular expression or has no group for the student.
    """

    def __init__(
        self,
        paths: Iterable[str],
        assignments: Collection[str],
        pattern: str | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        paths = list(paths)
        self.shared = _common([tuple(path.split("/")[:-1]) for path in paths])
        self.alone = len(paths) < 2
        self.assignments = sorted(assignments, key=len, reverse=True)
        # Folders STUDENT/ASSIGNMENT for certain: they hold ASSIGNMENT.ipynb
        self.of_nbgrader = {path.rpartition("/")[0] for path in paths if _is_nbgraders(path)}
        self.pattern = compile_pattern(pattern) if pattern else None
        self.zone = zone

    def place(self, path: str) -> Place:
        """Return what a path says; the label is empty where it names no student."""
        place = self._place(path)
        return replace(place, label=" ".join(place.label.split()))

    def _place(self, path: str) -> Place:
        if self.pattern is not None:
            return self._by_pattern(path)
        parts = tuple(path.split("/"))
        for part in parts:
            found = MOODLE.fullmatch(part)
            if found:
                named, number = self._assignment_in(found["file"] or parts[-1])
                return Place(
                    "moodle",
                    found["name"],
                    number=found["user"],
                    assignment=named,
                    order=(0, number),
                )
        for part in reversed(parts):
            found = CANVAS.fullmatch(part)
            if found:
                named, number = self._assignment_in(found["file"])
                return Place(
                    "canvas",
                    found["name"],
                    number=found["user"],
                    late=found["late"] is not None,
                    assignment=named,
                    order=(int(found["submission"]), number),
                )
        return self._by_folders(parts)

    def _by_pattern(self, path: str) -> Place:
        found = self.pattern.search(path)
        if found is None:
            return Place("pattern", "")
        groups = found.groupdict()
        label = next((groups[name] for name in STUDENT_GROUPS if groups.get(name)), "")
        named, number = self._assignment_in(path.rsplit("/", 1)[-1])
        time = None
        if groups.get("timestamp"):
            try:
                time = parse_time(groups["timestamp"], self.zone)
            except ValueError as error:
                raise CollectError(
                    f"The pattern finds {groups['timestamp']!r} as the time of {path}: {error}"
                ) from None
        return Place("pattern", label, assignment=named, order=(0, number), time=time)

    def _by_folders(self, parts: tuple[str, ...]) -> Place:
        stem = _stem(parts[-1])
        named, number = self._assignment_in(parts[-1])
        if len(parts) >= 3 and parts[-2] in self.assignments:
            inside = len(parts) - 3 < len(self.shared)  # a folder that every file lies in
            if not inside or "/".join(parts[:-1]) in self.of_nbgrader:
                return Place("nbgrader", parts[-3], assignment=parts[-2], order=(0, number))
        rest = parts[len(self.shared) :]
        if len(rest) >= 2 and rest[0] in self.assignments:  # ASSIGNMENT/STUDENT/… or …/file
            named, rest = rest[0], rest[1:]
        if len(rest) >= 2:
            return Place("folder", rest[0], assignment=named, order=(0, number))
        if named is None:
            label, number = without_copy_mark(stem, numbers=False)
            return Place("file", label, assignment=None, order=(0, number))
        pieces = (split_stem(stem, named) or ([stem], 0))[0]
        if pieces:
            return Place("file", pieces[0], tuple(pieces[1:]), "", None, named, (0, number))
        folder = parts[-2] if len(parts) >= 2 else ""
        if not self.alone or folder in (*self.assignments, "submitted", "submissions"):
            folder = ""
        return Place("file", folder, assignment=named, order=(0, number))

    def _assignment_in(self, name: str) -> tuple[str | None, int]:
        """Return the assignment that a file's name holds, and the number of the copy."""
        stem = _stem(name)
        for assignment in self.assignments:
            found = split_stem(stem, assignment)
            if found is not None:
                return assignment, found[1]
        return None, without_copy_mark(stem, numbers=False)[1]


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the instructor's pattern, ready to search; CollectError if it cannot work."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise CollectError(f"The pattern {pattern!r} is no regular expression: {error}.") from None
    if not any(name in compiled.groupindex for name in STUDENT_GROUPS):
        raise CollectError(
            f"The pattern {pattern!r} has no group for the student; expected for example "
            r"'(?P<student>\w+)_homework\.ipynb$'."
        )
    return compiled


def _stem(name: str) -> str:
    """Return a file's name without the suffixes that mark a notebook."""
    for suffix in (".txt", ".json", ".ipynb"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name


def _is_nbgraders(path: str) -> bool:
    """Tell whether a path ends in ASSIGNMENT/ASSIGNMENT.ipynb."""
    parts = path.split("/")
    return len(parts) >= 3 and _stem(parts[-1]) == parts[-2]


def _common(folders: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the folders that all paths begin with."""
    shared: list[str] = []
    for level in zip(*folders, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return tuple(shared)
