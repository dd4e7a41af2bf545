"""The list of a class: who there is, and by which names and numbers a platform knows them.

Three kinds of CSV are read: one's own or nbgrader's with a column `id`, the gradebook that Canvas
exports, and Moodle's grading worksheet or list of participants.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from instructor.collecting.names import assign_ids, letters
from instructor.errors import InstructorError

COLUMNS = {  # a heading's letters and digits in lower case -> the field it fills
    **dict.fromkeys(("studentid", "student", "username", "user"), "id"),
    **dict.fromkeys(("firstname", "givenname", "forename"), "first_name"),
    **dict.fromkeys(("lastname", "surname", "familyname"), "last_name"),
    **dict.fromkeys(("name", "fullname", "studentname"), "name"),
    **dict.fromkeys(("email", "emailaddress", "mail"), "email"),
    **dict.fromkeys(("canvasid", "lmsuserid", "lmsid", "canvasuserid"), "canvas_id"),
    **dict.fromkeys(("sisuserid", "sisid", "idnumber"), "sis_id"),
    **dict.fromkeys(("sisloginid", "login", "loginid"), "login"),
    **dict.fromkeys(("identifier", "participant"), "participant"),
    **dict.fromkeys(("section", "group", "groups"), "section"),
}
CANVAS_HEADINGS = {"student", "id", "section"}
ID_FROM = ("id", "login", "email", "sis_id", "canvas_id", "name")
NO_STUDENTS = ("pointspossible", "studenttest", "teststudent")  # rows of Canvas's export


class RosterError(InstructorError, ValueError):
    """A roster cannot be used; the message says where and what to do."""


@dataclass(frozen=True)
class RosterStudent:
    """One student of a roster; fields that the file does not have are empty.

    Attributes
    ----------
    id : str
        Safe as a folder's name; the student's id in the gradebook.
    given_id : str
        The id as the roster writes it.
    first_name, last_name, email, section : str
    canvas_id, sis_id, login : str
        As in Canvas's gradebook export: ID, SIS User ID, SIS Login ID.
    participant : str
        Moodle's number in one assignment.
    full_name : str
        Where the file has one column for the whole name.
    """

    id: str
    given_id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    canvas_id: str = ""
    sis_id: str = ""
    login: str = ""
    participant: str = ""
    section: str = ""
    full_name: str = ""

    @property
    def name(self) -> str:
        """First and last name, or the whole name, or the id."""
        return f"{self.first_name} {self.last_name}".strip() or self.full_name or self.given_id


class Roster:
    """The students of a class, found by id, number or name.

    Parameters
    ----------
    students : iterable of RosterStudent

    Raises
    ------
    RosterError
        If two have the same id.
    """

    def __init__(self, students: Iterable[RosterStudent]) -> None:
        self.students = tuple(students)
        self._by_id: dict[str, RosterStudent] = {}
        self._indices: dict[str, dict[str, list[RosterStudent]]] = {}
        for student in self.students:
            if student.id in self._by_id:
                raise RosterError(f"The id {student.id} stands twice in the roster.")
            self._by_id[student.id] = student

    @classmethod
    def load(cls, path: Path) -> Roster:
        """Read a CSV file, separated by commas, semicolons or tabs.

        Raises
        ------
        RosterError
            If the file cannot be read, has no column that identifies a student, or two rows with
            the same id.
        """
        table = read_table(path)
        headings, rows = table.headings, table.rows
        fields = _fields(headings)
        if not set(fields.values()) & set(ID_FROM) and not {"first_name", "last_name"} <= set(
            fields.values()
        ):
            raise RosterError(
                f"{path} has the columns {', '.join(headings) or '(none)'}; expected `id` and, if "
                "you have them, first_name, last_name, email, or a file that Canvas or Moodle "
                "exported."
            )
        students = [_student(fields, row) for row in rows]
        found = [student for student in students if student is not None]
        if not found:
            raise RosterError(f"{path} has a row of headings and no student below it.")
        return cls(_with_ids(found, path))

    def get(self, student: str) -> RosterStudent | None:
        """Return the student with this id, as in the gradebook, or None."""
        return self._by_id.get(student)

    def find(
        self, labels: Iterable[str], number: str = "", layout: str = ""
    ) -> RosterStudent | None:
        """Return the one student whom a submission's names and number fit.

        Parameters
        ----------
        labels : iterable of str
            Names, the likeliest first.
        number : str
            The number of the user in Canvas or of the participant in Moodle.
        layout : str
            "canvas" or "moodle" for what `number` is.

        Returns
        -------
        RosterStudent or None
            None where nobody fits, or more than one. A number that the roster knows decides alone.
        """
        attribute = {"canvas": "canvas_id", "moodle": "participant"}.get(layout)
        if number and attribute and any(getattr(s, attribute) for s in self.students):
            found = self._index(attribute).get(number, [])
            if found:
                return found[0] if len(found) == 1 else None
        for label in labels:
            for attribute in ("exact", "name"):
                found = self._index(attribute).get(_key(attribute, label), [])
                if len(found) == 1:
                    return found[0]
                if found:
                    return None
        return None

    def _index(self, attribute: str) -> dict[str, list[RosterStudent]]:
        if attribute not in self._indices:
            index: dict[str, list[RosterStudent]] = {}
            for student in self.students:
                for key in dict.fromkeys(_keys(attribute, student)):
                    if key:
                        index.setdefault(key, []).append(student)
            self._indices[attribute] = index
        return self._indices[attribute]


def _key(attribute: str, label: str) -> str:
    return label.strip().casefold() if attribute == "exact" else letters(label)


def _keys(attribute: str, student: RosterStudent) -> list[str]:
    """Return what a student is found by: ids as they are, names by their letters in any order."""
    if attribute in ("canvas_id", "participant"):
        return [getattr(student, attribute)]
    if attribute == "exact":
        ids = [student.id, student.given_id, student.login, student.sis_id, student.email]
        return [text.strip().casefold() for text in [*ids, student.email.split("@")[0]]]
    first, last = student.first_name, student.last_name
    names = [first + last, last + first] if first and last else []
    if student.full_name:
        names += [student.full_name, "".join(reversed(student.full_name.split(",")))]
        words = student.full_name.replace(",", " ").split()
        names += [words[-1] + "".join(words[:-1])] if "," not in student.full_name else []
    return [letters(name) for name in names]


@dataclass(frozen=True)
class Table:
    """A CSV file.

    Attributes
    ----------
    headings : list of str
    rows : list of list of str
        Without empty rows; each at least as long as the headings.
    delimiter : {",", ";", "tab"}
    marked : bool
        Whether the file begins with a byte-order mark.
    """

    headings: list[str]
    rows: list[list[str]]
    delimiter: str
    marked: bool


def read_table(path: Path) -> Table:
    """Read a CSV file, separated by commas, semicolons or tabs.

    Raises
    ------
    RosterError
        If the file cannot be read or is empty.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path} cannot be read ({error.strerror}).") from None
    text = _decoded(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise RosterError(f"{path} is no CSV file ({error}).") from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise RosterError(f"{path} is empty.")
    width = len(rows[0])
    filled = [[*row, *[""] * (width - len(row))] for row in rows[1:]]
    return Table(rows[0], filled, delimiter, data.startswith(b"\xef\xbb\xbf"))


def _decoded(data: bytes) -> str:
    """Decode UTF-8 with or without a mark, UTF-16 with one, else what Windows writes."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def plain_heading(heading: str) -> str:
    """Return a heading's letters and digits in lower case."""
    return re.sub(r"[\W_]", "", heading).lower()


def _fields(headings: list[str]) -> dict[int, str]:
    """Return the field that each column fills, by the column's number."""
    plain = [plain_heading(heading) for heading in headings]
    is_canvas = set(plain) >= CANVAS_HEADINGS
    fields: dict[int, str] = {}
    for column, heading in enumerate(plain):
        field = COLUMNS.get(heading, "")
        if heading == "id":
            field = "canvas_id" if is_canvas else "id"
        elif is_canvas and heading == "student":
            field = "name"
        if field and field not in fields.values():
            fields[column] = field
    return fields


def _student(fields: Mapping[int, str], row: list[str]) -> RosterStudent | None:
    """Return a row as a student without an id of their own yet; None for a row that is none."""
    values = {field: row[column].strip() for column, field in fields.items()}
    if letters(values.get("name", "")) in NO_STUDENTS:
        return None
    name = values.pop("name", "")
    if "," in name and not values.get("last_name"):
        last, first = name.split(",", 1)
        values["last_name"], values["first_name"] = last.strip(), first.strip()
    number = re.search(r"\d+", values.get("participant", ""))
    values["participant"] = number.group() if number else ""
    given = values.pop("id", "") or next(
        (values[field] for field in ID_FROM[1:-1] if values.get(field)), ""
    )
    student = RosterStudent(id="", given_id=given, full_name=name, **values)
    return student if student.name else None


def _with_ids(students: list[RosterStudent], path: Path) -> list[RosterStudent]:
    """Return the students with ids that are safe and different."""
    names = Counter(student.name for student in students)
    given = []
    for student in students:
        # Moodle may give names and nothing else that stays: two of one name get their numbers.
        number = student.participant if names[student.name] > 1 else ""
        given.append(student.given_id or f"{student.name} {number}".strip())
    text, count = Counter(given).most_common(1)[0]
    if count > 1:
        raise RosterError(
            f"{path} has {text!r} in {count} rows; expected one row per student, with a column "
            "`id` that tells them apart."
        )
    ids, _ = assign_ids({text: (text, "") for text in given})
    return [
        RosterStudent(**{**student.__dict__, "id": ids[text], "given_id": text})
        for student, text in zip(students, given, strict=True)
    ]
