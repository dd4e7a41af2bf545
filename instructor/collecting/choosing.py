"""Which of a student's files counts: the newest that is a notebook of the assignment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from instructor.collecting.entries import Entry, Problem
from instructor.collecting.layouts import Place

NO_TIME = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Candidate:
    """One notebook with what is known of it.

    Attributes
    ----------
    entry : Entry
    place : Place
        What its path says.
    content : str or None
        The assignment that its cells belong to; None if they do not say.
    time : datetime or None
        In UTC.
    time_of : {"pattern", "timestamp.txt", "file", "archive"}
    """

    entry: Entry
    place: Place
    content: str | None
    time: datetime | None
    time_of: str

    @property
    def key(self) -> str:
        """The same for all files of one student within a source."""
        return self.key_of(self.place)

    @staticmethod
    def key_of(place: Place) -> str:
        """Return the key of the student that a path names."""
        if place.number:
            return f"{place.layout} {place.number}"
        return f"name {place.label}"

    def age(self, assignment: str) -> tuple:
        """Return what sorts older files of one student before newer ones."""
        named = self.entry.name == f"{assignment}.ipynb"
        # The number of a submission in Canvas grows; the times in its archive may be the export's.
        canvas = self.place.order[0] if self.place.layout == "canvas" else 0
        return (
            canvas,
            self.time or NO_TIME,
            self.place.order[1],
            named,
            self.place.assignment == assignment,
            self.entry.path,
            self.entry.digest,
        )


@dataclass(frozen=True)
class Choice:
    """What is graded of one student, and what is not.

    Attributes
    ----------
    taken : Candidate or None
        None if nothing was handed in for this assignment.
    older : tuple of Candidate
        Notebooks of the assignment, or broken ones, that `taken` replaces; without copies.
    notes : tuple of str
        About `taken`.
    problems : tuple of Problem
    """

    taken: Candidate | None
    older: tuple[Candidate, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]


def choose(student: str, candidates: list[Candidate], assignment: str) -> Choice:
    """Choose the submission of one student.

    Notebooks that hold the assignment's cells come first, of these the newest. Without one, a
    notebook that cannot be recognised is taken, and then one of another assignment: its grading
    says what is wrong with it.

    Parameters
    ----------
    student : str
    candidates : list of Candidate
        At least one.
    assignment : str

    Returns
    -------
    Choice
    """
    ordered = sorted(candidates, key=lambda one: one.age(assignment), reverse=True)
    right = [one for one in ordered if one.content == assignment]
    unknown = [one for one in ordered if one.content is None]
    others = [one for one in ordered if one.content not in (None, assignment)]
    pool = right or sorted(unknown, key=lambda one: one.place.assignment != assignment) or others
    taken, rest = pool[0], pool[1:]
    notes, problems = _about(student, taken, assignment)
    copies = [one for one in rest if one.entry.digest == taken.entry.digest]
    older: dict[str, Candidate] = {}
    for one in rest:
        if one.entry.digest != taken.entry.digest:
            older.setdefault(one.entry.digest, one)
    if copies:
        also = ", ".join(one.entry.origin for one in copies)
        notes.append(f"Handed in more than once, the same to the byte: also {also}.")
    if older:
        names = ", ".join(one.entry.origin for one in older.values())
        notes.append(f"The newest of {len(older) + 1} different ones.")
        problems.append(
            Problem(
                "duplicate",
                student,
                f"{len(older) + 1} different notebooks; {taken.entry.origin} is the newest and "
                f"counts, older: {names}.",
            )
        )
    left = [one for one in (*unknown, *others) if one not in pool]
    for one in left:
        whose = f"a notebook of {one.content}" if one.content else "no notebook of any assignment"
        problems.append(
            Problem(
                "other assignment",
                one.entry.origin,
                f"{student} handed in {whose} as well; it was left out.",
            )
        )
    return Choice(taken, tuple(older.values()), tuple(notes), tuple(problems))


def _about(student: str, taken: Candidate, assignment: str) -> tuple[list[str], list[Problem]]:
    """Return notes and problems about the name and the content of the chosen file."""
    notes: list[str] = []
    problems: list[Problem] = []
    origin = taken.entry.origin
    if taken.content is None:
        notes.append("None of its cells has an id of an assignment.")
    elif taken.content != assignment:
        notes.append(f"Its cells are those of {taken.content}.")
        problems.append(
            Problem(
                "other assignment",
                origin,
                f"{student} handed in a notebook of {taken.content} and none of {assignment}; it "
                "is collected, and its grading will say so.",
            )
        )
    elif taken.place.assignment not in (None, assignment):
        notes.append(
            f"Handed in under the name of {taken.place.assignment}; recognised by its cells."
        )
    elif taken.entry.name != f"{assignment}.ipynb" and taken.place.assignment is None:
        notes.append(f"Its file is called {taken.entry.name}; recognised by its cells.")
    if not taken.entry.name.lower().endswith(".ipynb"):
        notes.append("Its file name does not end in .ipynb.")
    return notes, problems
