"""A class report counts what the results hold, and says by which rule it names exercises."""

import csv
import dataclasses
import io
from pathlib import Path

import nbformat
import pytest

from instructor import class_report, class_summary
from instructor.assignment import Assignment
from instructor.class_figures import levels_figure
from instructor.marks import Mark, Marked
from instructor.results import ExerciseResult, ManualResult, Result, without_score

from .test_rendering import HOSTILE, Elements

NAME = "02_rnn_forward"
SOURCE = Path(__file__).parents[2] / "solutions" / NAME / f"{NAME}.ipynb"
MESSAGE = "The tanh is missing"


@pytest.fixture(scope="module")
def assignment():
    return Assignment.load(SOURCE)


def exercise(points, status="wrong", mistakes=(), grade_id="step-check", check="rnn_step"):
    return ExerciseResult(grade_id, check, "One step", 2.0, points, status, tuple(mistakes))


def result(student, *exercises, manual=(), seconds=1.0, notes=()):
    return Result(student, NAME, "0" * 64, "graded", "", exercises, manual, notes, seconds)


def class_of(*points_and_mistakes):
    """Return results of one exercise, one student for each pair of points and mistakes."""
    return [
        result(f"s{number}", exercise(points, "right" if points == 2 else "wrong", mistakes))
        for number, (points, mistakes) in enumerate(points_and_mistakes)
    ]


# --- counting --------------------------------------------------------------------------------


def test_levels_and_shares_of_an_exercise_are_counted():
    results = class_of((2.0, ()), (1.0, ()), (0.5, ()), (0.0, ()))
    results.append(result("late", exercise(0.0, "not started")))
    results.append(
        dataclasses.replace(
            result("slow"), status="timed out", exercises=(exercise(None, "not reached"),)
        )
    )
    counted = class_summary.summarise(NAME, results).exercises[0]
    assert list(counted.levels.values()) == [1, 1, 1, 1, 1, 1]
    assert counted.shares == (0.0, 0.0, 0.25, 0.5, 1.0)
    assert counted.solved == 0.2
    assert counted.mean == pytest.approx(0.35)


def test_a_mistake_counts_once_for_each_student_with_its_own_message():
    results = class_of((0.0, ["no_tanh", "no_tanh"]), (0.0, ["no_tanh"]), (2.0, ()), (1.0, ()))
    found = class_summary.summarise(NAME, results).mistakes
    assert [(m.key, m.students, m.share) for m in found] == [("no_tanh", 2, 0.5)]
    assert found[0].message.startswith(MESSAGE)


def test_a_finding_that_fits_two_mistakes_has_both_messages():
    said = class_summary.message_of("rnn_step", "no_tanh|unheard_of")
    assert said.startswith(MESSAGE)
    assert said.endswith(" – or: unheard_of")


def test_points_by_a_person_stand_in_for_those_of_the_check():
    results = class_of((0.0, ()), (0.0, ()))
    marks = {
        "s0": Marked({"step-check": Mark(2.0, 0.0, 2.0)}),
        "s1": Marked({"step-check": Mark(2.0, 0.0)}),
    }
    counted = class_summary.summarise(NAME, results, marks).exercises[0]
    assert counted.levels["full points"] == 1
    assert counted.levels["no points"] == 1


def test_texts_wait_until_a_person_gives_points():
    manual = (ManualResult("open-answer", 5.0, True),)
    results = [result(who, manual=manual) for who in ("ada", "ben", "cleo")]
    results.append(result("dan", manual=(ManualResult("open-answer", 5.0, False),)))
    marks = {
        "ada": Marked({"open-answer": Mark(5.0, None, 4.0)}),
        "ben": Marked({"open-answer": Mark(5.0, None, 1.0)}),
        "cleo": Marked({"open-answer": Mark(5.0, needs_grading=True)}),
    }
    (text,) = class_summary.summarise(NAME, results, marks).texts
    assert (text.answered, text.graded, text.waiting, text.mean) == (3, 2, 1, 2.5)


def test_who_has_no_score_is_listed_and_in_no_total(assignment):
    results = [
        *class_of((2.0, ()), (1.0, ())),
        without_score("zoe", assignment, "0" * 64, "crashed", "Signal 11.", "key", seconds=9.0),
    ]
    summary = class_summary.summarise(NAME, results, missing=["yan"])
    assert summary.totals == (0.5, 1.0)
    assert summary.without_score == (("zoe", "crashed", "Signal 11."),)
    assert summary.reasons == {"crashed": 1}
    assert summary.slowest == "zoe"
    assert summary.missing == ("yan",)


def test_the_latest_come_first_from_either_source():
    results = class_of((2.0, ()), (2.0, ()), (2.0, ()))
    marks = {"s1": Marked(late_seconds=50.0)}
    assert class_summary.summarise(NAME, results, marks, late={"s0": 20.0, "s1": 3.0}).late == (
        ("s1", 50.0),
        ("s0", 20.0),
    )


def test_results_of_another_assignment_or_twice_of_one_student_are_refused():
    with pytest.raises(ValueError, match="is of 02_rnn_forward; expected 03_rnn_backward"):
        class_summary.summarise("03_rnn_backward", class_of((1.0, ())))
    with pytest.raises(ValueError, match="two results of s0"):
        class_summary.summarise(NAME, class_of((1.0, ())) * 2)


# --- the rule of what to talk about ----------------------------------------------------------


@pytest.mark.parametrize(
    ("points_and_mistakes", "said"),
    [
        ([(2.0, ())] * 6 + [(0.0, ())] * 4, None),
        ([(2.0, ())] * 5 + [(0.0, ())] * 4, "5 of 9 have full points."),
        ([(0.0, ())] * 2, None),
        ([(2.0, ())] * 17 + [(0.0, ["no_tanh"])] * 3, f"3 of 20 made this mistake: {MESSAGE}"),
        ([(2.0, ())] * 18 + [(0.0, ["no_tanh"])] * 3, None),
        ([(2.0, ())] * 8 + [(0.0, ["no_tanh"])] * 2, None),
    ],
)
def test_the_rule_names_an_exercise_exactly_where_it_says(points_and_mistakes, said):
    named = class_summary.summarise(NAME, class_of(*points_and_mistakes)).talk_about
    assert len(named) == (said is not None)
    assert said is None or named[0][1].startswith(said)


def test_many_who_have_not_started_are_worth_a_word():
    results = [*class_of(*[(2.0, ())] * 7)]
    results += [result(f"n{number}", exercise(0.0, "not started")) for number in range(3)]
    assert class_summary.summarise(NAME, results).talk_about == (
        ("One step", "3 of 10 have not started."),
    )


def test_the_exercise_that_fewest_solved_is_named_first():
    results = [
        result(
            f"s{number}",
            exercise(2.0 if number else 0.0),
            exercise(0.0, grade_id="last-check", check="last_states"),
        )
        for number in range(4)
    ]
    results[1] = result("s1", exercise(0.0), exercise(0.0, grade_id="last-check"))
    named = class_summary.summarise(NAME, results, titles={"last-check": "The last"}).talk_about
    assert [title for title, _ in named] == ["The last", "One step"]


# --- page and files --------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path, assignment):
    release = tmp_path / "release" / NAME
    release.mkdir(parents=True)
    nbformat.write(assignment.node(), release / f"{NAME}.ipynb")
    results = [
        *class_of((2.0, ()), (0.0, ["no_tanh"]), (0.0, ["no_tanh"]), (0.0, ["no_tanh"])),
        without_score("zoe", assignment, "0" * 64, "edited tests", "Cell `x`.", "key"),
    ]
    return class_report.write_class_report(
        tmp_path, NAME, results, late={"s1": 7200.0}, missing=["=yan()"]
    )


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_the_page_holds_its_pictures_with_what_they_show(written):
    page = written.read_text(encoding="utf-8")
    pictures = [attributes for tag, attributes in Elements(page).found if tag == "img"]
    assert pictures[0]["alt"].endswith("for 1 of 4.")
    assert pictures[1]["alt"] == (
        "Half of the class has 0% of the automatic points or more; 1 of 4 reach half of them."
    )
    assert "by 3: The tanh is missing" in pictures[2]["alt"]
    assert all(picture["src"].startswith("data:image/svg+xml;base64,") for picture in pictures)
    assert {path.name for path in written.parent.iterdir()} >= {
        "scores.svg",
        "totals.svg",
        "mistakes.svg",
    }


def test_the_page_says_who_what_and_by_which_rule(written):
    page = written.read_text(encoding="utf-8")
    for words in (
        "5 submissions, 4 with a score",
        "<strong>3 · One step.</strong> 1 of 4 have full points. 3 of 4 made this mistake",
        class_summary.TALK_RULE.split(";")[0],
        "<strong>edited tests</strong> (1)",
        "s1: 2 hours",
        "=yan()",
    ):
        assert words in page


def test_the_tables_are_written_as_files(written):
    rows = rows_of(written.parent / "mistakes.csv")
    assert [(row["mistake"], row["students"], row["share"]) for row in rows] == [
        ("no_tanh", "3", "0.7500")
    ]
    rows = rows_of(written.parent / "exercises.csv")
    assert [rows[0][key] for key in ("title", "with_score", "full points", "no points")] == [
        "3 · One step",
        "4",
        "1",
        "3",
    ]


def test_writing_again_gives_the_same_bytes(tmp_path, written):
    before = {path.name: path.read_bytes() for path in written.parent.iterdir()}
    results = class_of((2.0, ()), (0.0, ["no_tanh"]))
    class_report.write_class_report(tmp_path, NAME, results)
    changed = {path.name: path.read_bytes() for path in written.parent.iterdir()}
    assert changed != before
    class_report.write_class_report(tmp_path, NAME, results)
    assert {path.name: path.read_bytes() for path in written.parent.iterdir()} == changed


def test_hostile_words_in_a_report_are_only_words(tmp_path):
    attack = "".join(HOSTILE)
    hostile = [
        dataclasses.replace(item, student=f"{attack[:30]}{number}", notes=(attack,))
        for number, item in enumerate(class_of((0.0, [attack]), (0.0, [attack]), (0.0, [attack])))
    ]
    stopped = exercise(None, "not reached")
    hostile.append(
        dataclasses.replace(result(attack), status="crashed", detail=attack, exercises=(stopped,))
    )
    path = class_report.write_class_report(tmp_path, NAME, hostile, missing=[attack])
    for tag, attributes in Elements(path.read_text(encoding="utf-8")).found:
        assert tag not in ("script", "svg", "iframe", "form", "base", "object", "button")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert attributes.get("src", "data:image/svg+xml;base64,").startswith("data:image/svg")


def test_a_class_without_any_score_has_a_report_too(tmp_path, assignment):
    lost = without_score("zoe", assignment, "0" * 64, "worker lost", "Twice.", "key")
    page = class_report.write_class_report(tmp_path, NAME, [lost]).read_text(encoding="utf-8")
    assert "1 submission, 0 with a score" in page
    assert "<img" not in page


def test_no_results_are_refused(tmp_path):
    with pytest.raises(ValueError, match="grade first"):
        class_report.write_class_report(tmp_path, NAME, [])


def test_long_titles_keep_the_part_of_the_exercise():
    title = "9 · How long is the first input remembered? (part b)"
    summary = class_summary.summarise(NAME, class_of((2.0, ())), titles={"step-check": title})
    labels = levels_figure(summary.exercises).axes[0].get_yticklabels()
    assert labels[0].get_text().endswith("… (part b)")
