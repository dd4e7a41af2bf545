"""What a class's results say about the exercises: plain numbers, no pictures and no names in HTML.

The rule that picks the exercises to talk about stands in `TALK_RULE`, with the numbers that it
uses beside it; a report prints it, so that nobody has to guess why an exercise is named.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instructor.marks import Marked
from instructor.results import GRADED, REASONS, ExerciseResult, Result
from utils.checks import REGISTRY

FEWEST = 3  # scores on an exercise, or students with a mistake, below which a rule says nothing
SOLVED_SHARE = 0.6
MISTAKE_SHARE = 0.15
UNTOUCHED_SHARE = 0.3
TALK_RULE = (
    f"An exercise is named when at least {FEWEST} students have a score on it and one of these "
    f"holds: fewer than {SOLVED_SHARE:.0%} of them have full points; one recognised mistake was "
    f"made by at least {MISTAKE_SHARE:.0%} of them, and by {FEWEST} or more; at least "
    f"{UNTOUCHED_SHARE:.0%} of them have not started. The order is that of the share without full "
    "points."
)
LEVELS = ("full points", "half or more", "below half", "no points", "not started", "no score")
"""What an exercise came to for one student, from best to none."""


@dataclass(frozen=True)
class MistakeCount:
    """A recognised mistake and how many students made it.

    Attributes
    ----------
    exercise : str
        Title of the exercise.
    check, key : str
        Name of the check; key of the mistake, or keys joined by ``|`` where several fit.
    message : str
        What the check tells the learner, names in backquotes.
    students : int
        Each counted once.
    share : float
        Of the students who have a score on the exercise; between 0 and 1.
    """

    exercise: str
    check: str
    key: str
    message: str
    students: int
    share: float


@dataclass(frozen=True)
class ExerciseSummary:
    """One automatic exercise over the class.

    Attributes
    ----------
    grade_id, check, title : str
    possible : float
        Points.
    levels : dict of str to int
        Students by level, all of `LEVELS`.
    shares : tuple of float
        Earned share of the points of every student who has a score, between 0 and 1, sorted.
    mistakes : tuple of MistakeCount
        The most common first.
    seconds : float or None
        Median time that the check took.
    """

    grade_id: str
    check: str
    title: str
    possible: float
    levels: Mapping[str, int]
    shares: tuple[float, ...]
    mistakes: tuple[MistakeCount, ...]
    seconds: float | None

    @property
    def scored(self) -> int:
        """How many students have a score."""
        return len(self.shares)

    @property
    def solved(self) -> float:
        """Share of those with a score who have full points; 0 where nobody has a score."""
        return self.levels["full points"] / self.scored if self.scored else 0.0

    @property
    def mean(self) -> float | None:
        """Mean share of the points."""
        return statistics.fmean(self.shares) if self.shares else None


@dataclass(frozen=True)
class TextSummary:
    """One exercise that people grade, over the class.

    Attributes
    ----------
    grade_id, title : str
    possible : float
        Points.
    answered, graded, waiting : int
        Students who wrote something; whose text has points by a person; whose text waits for one.
    mean : float or None
        Mean points of the graded ones.
    """

    grade_id: str
    title: str
    possible: float
    answered: int
    graded: int
    waiting: int
    mean: float | None


@dataclass(frozen=True)
class ClassSummary:
    """An assignment over the class.

    Attributes
    ----------
    assignment : str
    submissions : int
    totals : tuple of float
        Share of the automatic points of every student who has an honest score, sorted.
    possible : float
        Most automatic points.
    exercises : tuple of ExerciseSummary
    texts : tuple of TextSummary
    mistakes : tuple of MistakeCount
        Over all exercises, the most common first.
    without_score : tuple of (student, reason, detail)
    late : tuple of (student, seconds)
        The latest first.
    missing : tuple of str
        Students without a submission.
    notes : tuple of (note, students)
        What was found about the files, and how often.
    seconds : tuple of float
        Wall time of every submission, sorted.
    slowest : str
        Whose submission took longest; empty if there is none.
    talk_about : tuple of (title, sentence)
        The exercises to talk about, by `TALK_RULE`.
    """

    assignment: str
    submissions: int
    totals: tuple[float, ...]
    possible: float
    exercises: tuple[ExerciseSummary, ...]
    texts: tuple[TextSummary, ...]
    mistakes: tuple[MistakeCount, ...]
    without_score: tuple[tuple[str, str, str], ...]
    late: tuple[tuple[str, float], ...]
    missing: tuple[str, ...]
    notes: tuple[tuple[str, int], ...]
    seconds: tuple[float, ...]
    slowest: str
    talk_about: tuple[tuple[str, str], ...]

    @property
    def reasons(self) -> dict[str, int]:
        """How many submissions have no score, by reason, in the order of `REASONS`."""
        found = Counter(reason for _, reason, _ in self.without_score)
        return {reason: found[reason] for reason in REASONS if found[reason]}


def summarise(
    assignment: str,
    results: Sequence[Result],
    marks: Mapping[str, Marked] | None = None,
    late: Mapping[str, float] | None = None,
    missing: Sequence[str] = (),
    titles: Mapping[str, str] | None = None,
) -> ClassSummary:
    """Count what a class's results hold.

    Parameters
    ----------
    assignment : str
    results : sequence of Result
        The newest of each student, all of this assignment.
    marks : dict of str to Marked, optional
        Points by people stand in for those of the checks.
    late : dict of str to float, optional
        Seconds after the due date, where the gradebook does not know.
    missing : sequence of str
        Students without a submission.
    titles : dict of str to str, optional
        Grade id to the exercise's title.

    Raises
    ------
    ValueError
        If a result is of another assignment, or two are of one student.
    """
    for result in results:
        if result.assignment != assignment:
            raise ValueError(
                f"The result of {result.student} is of {result.assignment}; expected {assignment}."
            )
    students = [result.student for result in results]
    if len(set(students)) < len(students):
        double = next(name for name, count in Counter(students).items() if count > 1)
        raise ValueError(f"There are two results of {double}; expected the newest of each student.")
    marks, late, titles = marks or {}, late or {}, titles or {}
    exercises = tuple(
        _exercise(grade_id, results, marks, titles)
        for grade_id in dict.fromkeys(e.grade_id for r in results for e in r.exercises)
    )
    texts = tuple(
        _text(grade_id, results, marks, titles)
        for grade_id in dict.fromkeys(m.grade_id for r in results for m in r.manual)
    )
    mistakes = [mistake for exercise in exercises for mistake in exercise.mistakes]
    seconds = {
        student: max(late.get(student, 0.0), marks.get(student, Marked()).late_seconds)
        for student in students
    }
    notes = Counter(note for result in results for note in dict.fromkeys(result.notes))
    slowest = max(results, key=lambda result: result.seconds, default=None)
    return ClassSummary(
        assignment=assignment,
        submissions=len(results),
        totals=tuple(
            sorted(r.points / r.possible for r in results if r.points is not None and r.possible)
        ),
        possible=max((result.possible for result in results), default=0.0),
        exercises=exercises,
        texts=texts,
        mistakes=tuple(sorted(mistakes, key=_most_common)),
        without_score=tuple((r.student, r.status, r.detail) for r in results if r.status != GRADED),
        late=tuple(
            sorted(((s, t) for s, t in seconds.items() if t > 0), key=lambda pair: -pair[1])
        ),
        missing=tuple(missing),
        notes=tuple(sorted(notes.items(), key=lambda pair: (-pair[1], pair[0]))),
        seconds=tuple(sorted(result.seconds for result in results)),
        slowest=slowest.student if slowest else "",
        talk_about=_talk_about(exercises),
    )


def level_of(exercise: ExerciseResult, points: float | None) -> str:
    """Return which of `LEVELS` an exercise came to."""
    if points is None:
        return "no score"
    share = points / exercise.possible if exercise.possible else 1.0
    if share >= 1 - 1e-9:
        return "full points"
    if share > 0:
        return "half or more" if share >= 0.5 - 1e-9 else "below half"
    return "not started" if exercise.status == "not started" else "no points"


def _exercise(
    grade_id: str,
    results: Sequence[Result],
    marks: Mapping[str, Marked],
    titles: Mapping[str, str],
) -> ExerciseSummary:
    levels, shares, seconds = dict.fromkeys(LEVELS, 0), [], []
    made: Counter[tuple[str, str]] = Counter()
    for result in results:
        for exercise in result.exercises:
            if exercise.grade_id != grade_id:
                continue
            first = exercise
            mark = marks.get(result.student, Marked()).cells.get(grade_id)
            points = mark.points if mark and mark.manual is not None else exercise.points
            levels[level_of(exercise, points)] += 1
            if points is not None:
                possible = exercise.possible
                shares.append(min(1.0, points / possible) if possible else 1.0)
                seconds.append(exercise.seconds)
            made.update({(exercise.check, key) for key in exercise.mistakes})
    title = titles.get(grade_id) or first.title
    counted = [
        MistakeCount(
            title,
            check,
            key,
            message_of(check, key),
            students,
            students / len(shares) if shares else 0.0,
        )
        for (check, key), students in made.items()
    ]
    return ExerciseSummary(
        grade_id,
        first.check,
        title,
        first.possible,
        levels,
        tuple(sorted(shares)),
        tuple(sorted(counted, key=_most_common)),
        statistics.median(seconds) if seconds else None,
    )


def _text(
    grade_id: str,
    results: Sequence[Result],
    marks: Mapping[str, Marked],
    titles: Mapping[str, str],
) -> TextSummary:
    answered, waiting, possible, given = 0, 0, 0.0, []
    for result in results:
        for text in result.manual:
            if text.grade_id != grade_id:
                continue
            possible = text.possible
            mark = marks.get(result.student, Marked()).cells.get(grade_id)
            answered += text.answered
            if mark is not None and mark.manual is not None:
                given.append(mark.points or 0.0)
            elif text.answered:
                waiting += 1
    mean = statistics.fmean(given) if given else None
    title = titles.get(grade_id) or grade_id
    return TextSummary(grade_id, title, possible, answered, len(given), waiting, mean)


def message_of(check: str, key: str) -> str:
    """Return what a check tells the learner about a mistake, or its key where it is not known.

    A key of several mistakes, joined by ``|``, gives their messages, joined by "or".
    """
    messages = {
        mistake.key: mistake.message
        for chapter in REGISTRY.values()
        if check in chapter
        for mistake in chapter[check].mistakes
    }
    return " – or: ".join(messages.get(single, single) for single in key.split("|"))


def _most_common(mistake: MistakeCount) -> tuple[int, str, str]:
    return -mistake.students, mistake.exercise, mistake.key


def _talk_about(exercises: Sequence[ExerciseSummary]) -> tuple[tuple[str, str], ...]:
    """Apply `TALK_RULE`."""
    named = []
    for exercise in exercises:
        if exercise.scored < FEWEST:
            continue
        said = []
        full, untouched = exercise.levels["full points"], exercise.levels["not started"]
        if exercise.solved < SOLVED_SHARE:
            said.append(f"{full} of {exercise.scored} have full points.")
        common = [
            mistake
            for mistake in exercise.mistakes
            if mistake.students >= FEWEST and mistake.share >= MISTAKE_SHARE
        ]
        said += [
            f"{m.students} of {exercise.scored} made this mistake: {m.message}" for m in common
        ]
        if untouched / exercise.scored >= UNTOUCHED_SHARE:
            said.append(f"{untouched} of {exercise.scored} have not started.")
        if said:
            named.append((exercise.solved, exercise.title, " ".join(said)))
    named.sort(key=lambda item: item[0])
    return tuple((title, sentence) for _, title, sentence in named)
