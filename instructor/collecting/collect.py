"""Collect one assignment's submissions from a folder or an archive, one per student."""

from __future__ import annotations

import stat
from collections.abc import Collection as Ids
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from instructor.collecting.archives import walk_archive
from instructor.collecting.choosing import Candidate, Choice, choose
from instructor.collecting.contents import grade_ids, looks_like_notebook, recognise
from instructor.collecting.entries import (
    TIMESTAMP,
    ArchiveLimits,
    Budget,
    CollectError,
    Entry,
    Problem,
    Spool,
)
from instructor.collecting.folders import file_entry, walk_folder
from instructor.collecting.layouts import Layout, Place
from instructor.collecting.names import assign_ids
from instructor.collecting.roster import Roster
from instructor.collecting.times import describe_lateness, lateness, parse_time

OTHER_NAMES = (".json", ".txt", "")  # what browsers make of .ipynb when they save it


@dataclass(frozen=True)
class Collected:
    """One submission.

    Attributes
    ----------
    student : str
        Id, safe as a folder's name.
    label : str
        The student's name as it was found.
    lms_id : str
        The student's number on the platform: Canvas's user, Moodle's participant; or empty.
    digest : str
        SHA-256 of the bytes as hexadecimal digits.
    size : int
        Bytes.
    timestamp : datetime or None
        In UTC.
    late : bool or None
        None if it is not known: there is no due date or no time.
    late_seconds : float or None
        0.0 if it is on time, None if it is not known how late.
    origin : str
        Where it was found.
    notes : tuple of str
        What an instructor may want to know, in sentences.
    """

    student: str
    label: str
    lms_id: str
    digest: str
    size: int
    timestamp: datetime | None
    late: bool | None
    late_seconds: float | None
    origin: str
    notes: tuple[str, ...]
    _entry: Entry = field(repr=False, compare=False)

    def read(self) -> bytes:
        """Return the bytes as they came; CollectError if the file has changed since."""
        return self._entry.read()


@dataclass(frozen=True)
class Collection:
    """What was found; close it, or use it in `with`, to give back the space of archives.

    Attributes
    ----------
    assignment : str
    submissions : tuple of Collected
        One per student, in order of their ids.
    older : tuple of Collected
        Those that a newer one of the same student replaces.
    problems : tuple of Problem
        What was left out or should be looked at.
    missing : tuple of str
        Students of the roster without a submission.
    """

    assignment: str
    submissions: tuple[Collected, ...]
    older: tuple[Collected, ...]
    problems: tuple[Problem, ...]
    missing: tuple[str, ...]
    _spool: Spool = field(repr=False, compare=False)

    def __enter__(self) -> Collection:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the space; submissions from archives can no longer be read."""
        self._spool.close()


def collect(
    source: Path,
    assignment: str,
    known: Mapping[str, Ids[str]],
    *,
    roster: Roster | None = None,
    pattern: str | None = None,
    due: datetime | None = None,
    limits: ArchiveLimits | None = None,
) -> Collection:
    r"""Find the submissions of one assignment.

    Parameters
    ----------
    source : Path
        nbgrader's layout (``STUDENT/ASSIGNMENT/file.ipynb``), a folder per student, a flat folder
        of files, the zip that Canvas or Moodle exports, a folder of such, or one notebook.
    assignment : str
    known : mapping of str to collection of str
        The ids of the cells of every assignment, from `known_assignments`; a notebook under a
        wrong name is recognised by them.
    roster : Roster, optional
        Maps names to ids, and tells who is missing.
    pattern : str, optional
        Regular expression, searched in each path below `source`, in place of the layouts above:
        with the group `student`, and `timestamp` if the names have it,
        ``(?P<student>\w+)/final\.ipynb$``.
    due : datetime, optional
        With time zone; later ones are flagged. Where Canvas marks late files, its marks count.
    limits : ArchiveLimits, optional

    Returns
    -------
    Collection

    Raises
    ------
    CollectError
        If there is no such source or assignment, the pattern cannot work, or `due` has no zone.
    """
    if assignment not in known:
        raise CollectError(
            f"There is no assignment {assignment!r}; there are {', '.join(sorted(known))}."
        )
    if due is not None and due.tzinfo is None:
        raise CollectError(f"The due date {due} has no time zone; `parse_due` gives it one.")
    budget, spool = Budget(limits or ArchiveLimits()), Spool()
    try:
        return _Collector(assignment, known, roster, due, budget, spool).run(source, pattern)
    except BaseException:
        spool.close()
        raise


class _Collector:
    """The work of `collect`, step by step."""

    def __init__(
        self,
        assignment: str,
        known: Mapping[str, Ids[str]],
        roster: Roster | None,
        due: datetime | None,
        budget: Budget,
        spool: Spool,
    ) -> None:
        self.assignment, self.known, self.roster, self.due = assignment, known, roster, due
        self.budget, self.spool = budget, spool
        self.zone = due.tzinfo if due is not None else None

    def run(self, source: Path, pattern: str | None) -> Collection:
        notebooks, times, rest = self._read(source)
        paths = [entry.path for entry in notebooks]
        layout = Layout(paths or [entry.path for entry in rest], self.known, pattern, self.zone)
        candidates = self._candidates(notebooks, times, layout)
        students = self._students(candidates)
        by_student: dict[str, list[Candidate]] = {}
        for candidate in candidates:
            by_student.setdefault(students[candidate.key], []).append(candidate)
        submissions, older = [], []
        for student in sorted(by_student):
            choice = choose(student, by_student[student], self.assignment)
            self.budget.problems.extend(choice.problems)
            if choice.taken is not None:
                submissions.append(self._collected(student, choice.taken, choice))
                older += [self._collected(student, one, None) for one in choice.older]
        self._without_notebook(rest, layout, {c.key for c in candidates}, pattern is not None)
        missing = self._missing({one.student for one in submissions})
        if not notebooks and not self.budget.problems:
            self.budget.report("empty", str(source), "there is no notebook in it.")
        return Collection(
            self.assignment,
            tuple(submissions),
            tuple(older),
            tuple(self.budget.problems),
            missing,
            self.spool,
        )

    def _entries(self, source: Path) -> Iterator[Entry]:
        try:
            mode = source.stat().st_mode
        except OSError as error:
            raise CollectError(f"{source} cannot be read ({error.strerror}).") from None
        if stat.S_ISDIR(mode):
            yield from walk_folder(source, self.budget, self.spool, self.zone, self._is_wanted)
        elif source.suffix.lower() == ".zip":
            with source.open("rb") as file:
                yield from walk_archive(file, source.name, "", self.budget, self.spool, self.zone)
        elif source.suffix.lower() == ".ipynb" and stat.S_ISREG(mode):
            entry = file_entry(source.resolve(), source.name, source.name, self.budget)
            if entry is not None:
                yield entry
        else:
            raise CollectError(
                f"{source} is neither a folder nor a .zip or .ipynb file. Other archives have to "
                "be unpacked first."
            )

    def _is_wanted(self, path: str) -> bool:
        """Tell whether a file on disk has to be read: not if it lies with another assignment."""
        parts = path.split("/")
        named = parts[-2] if len(parts) >= 3 else ""
        return not (named in self.known and named != self.assignment)

    def _read(self, source: Path) -> tuple[list[Entry], dict[str, Entry], list[Entry]]:
        """Return notebooks, files timestamp.txt by their folder, and the other files."""
        notebooks, times, rest = [], {}, []
        for entry in self._entries(source):
            suffix = Path(entry.name).suffix.lower()
            if suffix == ".ipynb":
                notebooks.append(entry)
            elif entry.name == TIMESTAMP:
                times[entry.folder] = entry
            elif suffix in OTHER_NAMES and looks_like_notebook(entry.read()):
                notebooks.append(entry)
            else:
                rest.append(entry)
        return notebooks, times, rest

    def _candidates(
        self, notebooks: list[Entry], times: Mapping[str, Entry], layout: Layout
    ) -> list[Candidate]:
        found = []
        for entry in notebooks:
            place = layout.place(entry.path)
            if not place.label:
                text = (
                    "the pattern does not find a student in this path."
                    if place.layout == "pattern"
                    else "neither a folder nor the file's name says whose it is. Rename it to "
                    f"STUDENT_{self.assignment}.ipynb, or give --pattern."
                )
                self.budget.report("no student", entry.origin, text)
                continue
            content = recognise(grade_ids(entry.read()), self.known, self.assignment)
            elsewhere = place.assignment not in (None, self.assignment)
            if elsewhere and content != self.assignment:
                continue  # handed in for another assignment
            time, source_of_time = self._time(entry, place, times)
            found.append(Candidate(entry, place, content, time, source_of_time))
        return found

    def _time(
        self, entry: Entry, place: Place, times: Mapping[str, Entry]
    ) -> tuple[datetime | None, str]:
        """Return when a notebook was handed in, in UTC, and where the time comes from."""
        if place.time is not None:
            return place.time.astimezone(UTC), "pattern"
        stamp = times.get(entry.folder)
        if stamp is not None:
            try:
                text = stamp.read().decode("utf-8-sig").strip()
                return parse_time(text, self.zone).astimezone(UTC), TIMESTAMP
            except (ValueError, OverflowError) as error:
                self.budget.report(
                    "unreadable", stamp.origin, f"{error} The time of the file is used instead."
                )
        return entry.time, entry.time_of

    # --- whose they are ----------------------------------------------------------------------

    def _students(self, candidates: list[Candidate]) -> dict[str, str]:
        """Return the id of each key; nobody gets an id of the roster who is not in it."""
        ids: dict[str, str] = {}
        unknown: dict[str, tuple[str, str]] = {}
        for candidate in candidates:
            place, key = candidate.place, candidate.key
            if key in ids or key in unknown:
                continue
            labels = (place.label, *place.others)
            listed = self.roster and self.roster.find(labels, place.number, place.layout)
            if listed:
                ids[key] = listed.id
                continue
            # Canvas's numbers are a user's own, so that its names need no roster to be told apart.
            own = f"{place.label}_{place.number}" if place.layout == "canvas" else place.label
            unknown[key] = (own, place.number)
            if self.roster is not None:
                self.budget.report(
                    "not in roster",
                    candidate.entry.origin,
                    f"{place.label!r} fits no student of the roster, or more than one; collected "
                    "under that name.",
                )
        taken = {student.id for student in self.roster.students} if self.roster else set()
        given, collisions = assign_ids(unknown, taken)
        for student, labels in sorted(collisions.items()):
            self.budget.report(
                "collision",
                student,
                f"{len(labels)} of the names ({', '.join(map(repr, sorted(labels)))}) would get "
                "this id, or it belongs to somebody of the roster; their ids have endings. A "
                "roster with their numbers on the platform tells them apart.",
            )
        return ids | given

    def _missing(self, present: set[str]) -> tuple[str, ...]:
        if self.roster is None:
            return ()
        absent = [s for s in self.roster.students if s.id not in present]
        for student in absent:
            name = "" if student.name == student.id else f" ({student.name})"
            self.budget.report("missing", f"{student.id}{name}", "no submission was found.")
        return tuple(sorted(student.id for student in absent))

    def _without_notebook(
        self, rest: list[Entry], layout: Layout, keys: set[str], by_pattern: bool
    ) -> None:
        """Report files of students who handed in no notebook, and count what nobody asked for."""
        others = []
        for entry in rest:
            place = layout.place(entry.path)
            if by_pattern and not place.label:
                continue
            placed = place.layout in ("canvas", "moodle", "nbgrader", "folder", "pattern")
            elsewhere = place.assignment not in (None, self.assignment)
            if not placed:
                others.append(entry)
            elif place.label and not elsewhere and Candidate.key_of(place) not in keys:
                self.budget.report(
                    "not a notebook",
                    entry.origin,
                    f"{place.label} handed in this file and no notebook; it was not collected.",
                )
        if others:
            names = ", ".join(entry.origin for entry in others[:3])
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""
            self.budget.report("not a notebook", names + more, "no notebook, and not collected.")

    # --- what is handed on -------------------------------------------------------------------

    def _collected(self, student: str, candidate: Candidate, choice: Choice | None) -> Collected:
        place, entry = candidate.place, candidate.entry
        seconds = lateness(candidate.time, self.due)
        late = None if seconds is None else seconds > 0
        notes = list(choice.notes) if choice else ["A newer submission takes its place."]
        if place.late is not None:  # Canvas knows extensions that the due date here does not
            if place.late and not seconds:
                seconds = None
            late, seconds = place.late, seconds if place.late else 0.0
        if late and seconds:
            of = {"file": "the file's own time", "archive": "the time in the archive"}
            by = of.get(candidate.time_of, "its time")
            notes.append(f"Late by {describe_lateness(seconds)}, going by {by}.")
        elif late:
            notes.append("Marked as late by Canvas.")
        return Collected(
            student=student,
            label=place.label,
            lms_id=place.number,
            digest=entry.digest,
            size=entry.size,
            timestamp=candidate.time,
            late=late,
            late_seconds=seconds,
            origin=entry.origin,
            notes=tuple(notes),
            _entry=entry,
        )
