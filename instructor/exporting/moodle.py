"""Scores for Moodle: a grading worksheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from instructor.collecting.roster import Roster, plain_heading
from instructor.exporting.scores import (
    Exported,
    Filled,
    Score,
    as_float,
    exported,
    out_of_one,
    who_is,
    write_rows,
)
from instructor.tables import number

MOODLE = ("Identifier", "Full name", "Email address", "Grade", "Maximum grade", "Feedback comments")


def write_moodle(
    path: Path,
    assignment: str,
    scores: Iterable[Score],
    roster: Roster | None = None,
    template: Path | None = None,
) -> Exported:
    """Write a grading worksheet for Moodle: assignment → Upload grading worksheet.

    Parameters
    ----------
    path : Path
    assignment : str
    scores : iterable of Score
    roster : Roster, optional
        Gives names, e-mail addresses and the numbers of participants.
    template : Path, optional
        The worksheet that Moodle exported for this assignment. Its rows and columns stay, with
        ``Last modified (grade)``, by which Moodle knows whether somebody graded in between.
        Comments are filled in where the worksheet has the column.

    Raises
    ------
    ExportError
        If the template is none, or the scores have different maxima.
    """
    found, possible = out_of_one(assignment, scores)
    if template is None:
        return _new_moodle(path, found, roster, possible)
    where = "Moodle (assignment → Download grading worksheet)"
    file = Filled(template, ("Identifier", "Grade"), where, "participant", found, roster)
    columns = {plain_heading(heading): index for index, heading in enumerate(file.headings)}
    stated = set()
    for row in file.rows:
        digits = re.search(r"\d+", row[columns["identifier"]])
        score = file.fill(row, columns["grade"], digits.group() if digits else "")
        if score and score.comment and "feedbackcomments" in columns:
            row[columns["feedbackcomments"]] = score.comment
        if "maximumgrade" in columns:
            stated.add(row[columns["maximumgrade"]].strip())
    wrong = sorted(text for text in stated if text and number(as_float(text)) != possible)
    if wrong and found:
        file.notes.append(
            f"Moodle has {', '.join(wrong)} as the maximum grade, the gradebook {possible}: set "
            f"{possible} in Moodle before the upload, or grades are taken for another scale."
        )
    return file.write(path)


def _new_moodle(
    path: Path, scores: Mapping[str, Score], roster: Roster | None, possible: str
) -> Exported:
    rows: list[Sequence[str]] = [MOODLE]
    without_number = 0
    for score in scores.values():
        who = who_is(score.student, roster)
        identifier = f"Participant {who.participant}" if who.participant else ""
        without_number += not identifier
        rows.append(
            (identifier, who.name, who.email, number(score.points), possible, score.comment)
        )
    write_rows(path, rows)
    notes = (
        f"Moodle finds students by Identifier, and {without_number} of {len(scores)} have none "
        "here. Give the worksheet that Moodle exports as roster or as template.",
    )
    return exported(path, scores.values(), notes=notes if without_number else ())
