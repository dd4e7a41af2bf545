"""From the bytes of a file to a result: who gets which points, and who gets a reason instead."""

import builtins
import copy
import json
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbgrader.utils import determine_grade

from instructor import course_copy, grading
from instructor.assignment import Assignment
from instructor.course_copy import Pass
from instructor.grading import Grader, Options, grading_key
from instructor.results import GRADED, GRADERS_FAULT, Result
from instructor.sandbox import Limits, Stopped
from tests.instructor.pretend import PretendSandbox, PretendSession
from tests.needs import needs_bubblewrap
from utils.checks import REGISTRY
from utils.checks.running import Answer, Problem

ROOT = Path(__file__).resolve().parents[2]
NAME = "02_rnn_forward"
ASSIGNMENT = Assignment.load(ROOT / "exercises" / NAME / f"{NAME}.ipynb")
SOLVED = (ROOT / "solutions" / NAME / f"{NAME}.ipynb").read_bytes()
UNTOUCHED = (ROOT / "exercises" / NAME / f"{NAME}.ipynb").read_bytes()
SEED = "a secret of this test"
CHECKS = tuple(item.check for item in ASSIGNMENT.exercises)


def changed(**sources):
    """Return the solved notebook with other sources in some cells; _ stands for -."""
    notebook = json.loads(SOLVED)
    for cell in notebook["cells"]:
        name = cell["metadata"]["nbgrader"]["grade_id"].replace("-", "_")
        cell["source"] = sources.pop(name, cell["source"])
    assert not sources
    return json.dumps(notebook).encode()


@pytest.fixture
def pretend(monkeypatch, tmp_path):
    """Put the pretended sandbox in the place of the real one, with a single pass."""

    class Fresh(PretendSandbox):
        changes, started, sessions = {}, [], []

    monkeypatch.setattr(grading, "Sandbox", Fresh)
    monkeypatch.setattr(course_copy, "cached_copy", lambda *arguments: tmp_path)
    monkeypatch.setattr(course_copy, "plan", lambda *arguments: [Pass(frozenset(), CHECKS)])
    monkeypatch.setattr(course_copy, "withheld_for", lambda *arguments: {})
    return Fresh


def grade(data, **options):
    with Grader(ASSIGNMENT, SEED, **options) as grader:
        return grader.grade(data, "ada")


def points(result):
    return {item.check: item.points for item in result.exercises}


def statuses(result):
    return {item.check: item.status for item in result.exercises}


# --- points ----------------------------------------------------------------------------------


def test_the_solution_gets_every_point(pretend):
    graded = grade(SOLVED)
    assert (graded.result.status, graded.result.points) == (GRADED, ASSIGNMENT.possible)
    assert set(statuses(graded.result).values()) == {"right"}
    assert Result.from_json(graded.result.to_json()) == graded.result


def test_what_is_untouched_gets_nothing_and_is_graded(pretend):
    result = grade(UNTOUCHED).result
    assert (result.status, result.points) == (GRADED, 0)
    assert set(statuses(result).values()) <= {"not started", "open"}
    assert [item.answered for item in result.manual] == [False]


def test_a_part_gets_a_part(pretend):
    half = changed(hand_answer="two_steps = {'z_1': None, 'h_1': None, 'z_2': None, 'h_2': None}")
    result = grade(half).result
    assert result.points == ASSIGNMENT.possible - points_of("two_steps")
    wrong = changed(
        step_answer="def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):\n    return x_t @ W_xh"
    )
    result = grade(wrong).result
    assert points(result)["rnn_step"] == 0
    assert statuses(result)["rnn_step"] == "wrong"


def points_of(check):
    return next(item.points for item in ASSIGNMENT.exercises if item.check == check)


def test_a_recognised_mistake_is_in_the_result(pretend):
    source = (
        "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):\n"
        "    z_t = x_t @ W_xh + h_prev @ W_hh + b_h\n"
        "    return z_t\n"
    )
    (item,) = [e for e in grade(changed(step_answer=source)).result.exercises if e.mistakes]
    assert item.check == "rnn_step"
    assert (item.points, item.status) == (0, "wrong")
    assert item.mistakes[0] in {mistake.key for mistake in REGISTRY[NAME]["rnn_step"].mistakes}
    assert any(kind == "mistake" and text for kind, text, _ in item.lines)


def test_private_inputs_catch_an_answer_for_the_public_ones(pretend):
    public = REGISTRY[NAME]["rnn_step"].cases()
    table = [(case.inputs["x_t"].tolist(), case.right["h_t"].tolist()) for case in public]
    source = (
        f"table = {table!r}\n"
        "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):\n"
        "    for x, h in table:\n"
        "        if np.shape(x) == x_t.shape and np.allclose(x, x_t):\n"
        "            return np.array(h)\n"
        "    return np.zeros((len(x_t), len(b_h)))\n"
    )
    data = changed(step_answer=source)
    with Grader(ASSIGNMENT) as grader:
        assert points(grader.grade(data, "ada").result)["rnn_step"] == points_of("rnn_step")
    assert points(grade(data).result)["rnn_step"] == 0


# --- code that stops -------------------------------------------------------------------------


def test_a_cell_that_stops_is_told(pretend):
    result = grade(changed(step_answer="rnn_step = 1 / 0")).result
    (item,) = [item for item in result.exercises if item.check == "rnn_step"]
    assert (result.status, item.points, item.status) == (GRADED, 0, "stopped")
    assert "`rnn_step` does not exist" in item.text
    assert "The cell `step-answer` stopped: ZeroDivisionError" in item.text
    assert "line 2: the line" in item.text


def test_a_cell_that_stops_late_does_not_hide(pretend):
    source = "two_steps = dict.fromkeys(['z_1', 'h_1', 'z_2', 'h_2'])\ntwo_steps['z_1'] = unknown"
    (item,) = [e for e in grade(changed(hand_answer=source)).result.exercises if not e.points]
    assert item.status == "not started"
    assert "stopped: NameError" in item.text


def test_nothing_that_steers_a_terminal_is_passed_on(pretend):
    source = "raise ValueError('\\x1b]0;owned\\x07 \\u202e back')"
    result = grade(changed(step_answer=source)).result
    (item,) = [item for item in result.exercises if item.check == "rnn_step"]
    assert "ValueError: \ufffd]0;owned\ufffd \ufffd back" in item.text
    assert "\\u001b" not in result.to_json()


def test_a_name_that_is_missing(pretend):
    result = grade(changed(step_answer="another_name = 1")).result
    (item,) = [item for item in result.exercises if item.check == "rnn_step"]
    assert (item.points, item.status) == (0, "not started")
    assert "no cell before this check gives this name" in item.text


def test_a_value_where_a_function_is_asked_for_and_the_other_way_round(pretend):
    pretend.changes = {
        "rnn_step": lambda cases: [Answer({}, Problem("not a function", "A value.")) for _ in cases]
    }
    result = grade(changed(hand_answer="def two_steps(): return None")).result
    assert points(result)["rnn_step"] == points(result)["two_steps"] == 0
    assert result.status == GRADED


# --- limits ----------------------------------------------------------------------------------


def test_a_session_that_ends_leaves_the_rest_open(pretend):
    result = grade(changed(step_answer="STOP out of memory")).result
    place = CHECKS.index("rnn_step")
    assert (result.status, result.detail) == ("out of memory", "It was out of memory.")
    assert result.points is None
    told = list(points(result).values())
    assert told[:place] == [item.points for item in ASSIGNMENT.exercises[:place]]
    assert told[place:] == [None] * (len(CHECKS) - place)
    assert set(list(statuses(result).values())[place:]) == {"not reached"}


def test_a_cell_that_is_stopped_alone(pretend):
    result = grade(changed(step_answer="SOFT timed out")).result
    assert (result.status, result.points) == ("timed out", None)
    assert "step-answer" in result.detail
    open_ = {name for name, earned in points(result).items() if earned is None}
    assert open_ == {"rnn_step"}
    assert statuses(result)["rnn_step"] == "timed out"


@pytest.mark.parametrize("alive", [True, False])
def test_a_call_that_is_stopped(pretend, alive):
    pretend.changes = {"rnn_step": Stopped("crashed", "signal 11", alive=alive)}
    result = grade(SOLVED).result
    assert (result.status, result.detail, result.points) == ("crashed", "signal 11", None)
    assert statuses(result)["rnn_step"] == "crashed"
    last = points(result)[CHECKS[-1]]
    assert last == (ASSIGNMENT.exercises[-1].points if alive else None)


def test_an_answer_that_is_none(pretend):
    pretend.changes = {"rnn_step": lambda cases: []}
    result = grade(SOLVED).result
    assert (result.status, points(result)["rnn_step"]) == ("broken answer", None)
    assert "0 answers came back; expected 3" in result.detail


def test_a_lost_sandbox_is_tried_once_more(pretend, monkeypatch):
    lost = Stopped("sandbox lost", "Gone.", alive=False)
    pretend.changes = {"rnn_step": lost}
    result = grade(SOLVED).result
    assert len(pretend.sessions) == 2
    assert (result.status, result.points) == (GRADERS_FAULT, None)
    assert {item.status for item in result.exercises} >= {"right", GRADERS_FAULT, "not reached"}
    assert Result.from_json(result.to_json()) == result

    def once(cases):
        pretend.changes = {}
        raise lost

    pretend.changes = {"rnn_step": once}
    assert grade(SOLVED).result.points == ASSIGNMENT.possible


def test_a_fault_of_ours_is_no_zero(pretend, monkeypatch):
    check = REGISTRY[NAME]["rnn_step"]
    monkeypatch.setattr(check, "agrees", lambda *arguments: 1 / 0, raising=False)
    result = grade(SOLVED).result
    assert (result.status, result.points) == (GRADERS_FAULT, None)
    assert result.detail.startswith("check_rnn_step failed with ZeroDivisionError")
    assert points(result).pop("rnn_step") is None
    assert sum(earned is None for earned in points(result).values()) == 1


# --- passes ----------------------------------------------------------------------------------


def two_passes(monkeypatch, withheld=frozenset({"utils.a"})):
    plan = [Pass(frozenset(), CHECKS[1:]), Pass(withheld, CHECKS[:1])]
    monkeypatch.setattr(course_copy, "plan", lambda *arguments: plan)


def test_every_pass_has_its_copy_and_asks_its_checks(pretend, monkeypatch):
    two_passes(monkeypatch)
    with Grader(ASSIGNMENT, SEED) as grader:
        for _ in range(2):
            assert grader.grade(SOLVED, "ada").result.points == ASSIGNMENT.possible
        assert len(pretend.started) == 2
        assert len(pretend.sessions) == 4
        assert not any(sandbox.closed for sandbox in pretend.started)
    assert all(sandbox.closed for sandbox in pretend.started)
    long, short = (session.cells for session in pretend.sessions[:2])
    assert len(short) < len(long)  # a later pass ends behind its last check


def test_a_later_pass_leaves_out_what_it_does_not_need(pretend, monkeypatch):
    plan = [Pass(frozenset(), CHECKS[:2]), Pass(frozenset({"utils.a"}), CHECKS[2:])]
    monkeypatch.setattr(course_copy, "plan", lambda *arguments: plan)
    assert {CHECKS[0], CHECKS[1]} == {"parameter_counts", "two_steps"}
    assert grade(SOLVED).result.points == ASSIGNMENT.possible
    first, second = (set(session.cells) for session in pretend.sessions)
    assert {"count-answer", "hand-answer"} <= first - second
    assert "step-answer" in first & second


def test_a_pass_in_doubt_runs_once_more_in_full(pretend, monkeypatch):
    plan = [Pass(frozenset(), CHECKS[:2]), Pass(frozenset({"utils.a"}), CHECKS[2:])]
    monkeypatch.setattr(course_copy, "plan", lambda *arguments: plan)
    hidden = (
        "import builtins\ntwo_steps = dict.fromkeys(['z_1', 'h_1', 'z_2', 'h_2'])\n"
        "setattr(builtins, 'odd_' + 'helper', np.tanh)"
    )
    step = (
        "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):\n"
        "    return odd_helper(x_t @ W_xh + h_prev @ W_hh + b_h)"
    )
    monkeypatch.setattr(builtins, "odd_helper", None, raising=False)
    real = PretendSession.run_cell

    def clean(session, source, name=""):
        if not session.cells:
            builtins.odd_helper = None  # each session is a process of its own
        return real(session, source, name)

    monkeypatch.setattr(PretendSession, "run_cell", clean)
    result = grade(changed(hand_answer=hidden, step_answer=step)).result
    assert result.status == GRADED
    assert points(result)["rnn_step"] == points_of("rnn_step")
    assert len(pretend.sessions) == 3
    assert "hand-answer" in pretend.sessions[2].cells


def test_the_passes_share_the_time(pretend, monkeypatch):
    two_passes(monkeypatch)
    assert grade(SOLVED, limits=Limits(seconds=50.0)).result.status == GRADED
    first, second = (session.limits.seconds for session in pretend.sessions)
    assert (first, second) == (50.0, 49.0)
    monkeypatch.setattr(PretendSession, "seconds", 60.0)
    result = grade(SOLVED, limits=Limits(seconds=50.0)).result
    assert (result.status, result.points) == ("timed out", None)
    assert points(result)[CHECKS[0]] is None
    assert points(result)[CHECKS[1]] == ASSIGNMENT.exercises[1].points


def test_no_pass_follows_a_session_that_ended(pretend, monkeypatch):
    two_passes(monkeypatch)
    result = grade(changed(unroll_answer="STOP crashed")).result
    assert (result.status, len(pretend.sessions)) == ("crashed", 1)
    assert statuses(result)[CHECKS[0]] == "not reached"


def withhold(monkeypatch, names, asked_for):
    """Let the only pass withhold names; of them one exercise asks for some."""
    plan = [Pass(frozenset(names), CHECKS)]
    allowed = {"rnn_step": frozenset(asked_for)}
    monkeypatch.setattr(course_copy, "plan", lambda *arguments: plan)
    monkeypatch.setattr(course_copy, "withheld_for", lambda *arguments: allowed)
    alone = Pass(frozenset(asked_for), ("rnn_step",))
    monkeypatch.setattr(course_copy, "own_pass", lambda *arguments: alone)


def stopped_by(name):
    text = f"Your code stopped: Withheld: {name} is what an exercise of this notebook asks for: x"
    assert course_copy.withheld_name(text) == name
    return lambda cases: [Answer({}, Problem("raised", text)) for _ in cases]


def test_the_function_of_another_exercise_may_be_used(pretend, monkeypatch):
    withhold(monkeypatch, ["utils.a", "utils.b"], ["utils.a"])
    check = REGISTRY[NAME]["rnn_step"]

    def answer(cases):
        session = pretend.sessions[-1]
        if len(pretend.sessions) == 1:
            return stopped_by("utils.b")(cases)
        session.changes.clear()
        return session.call("rnn_step", list(check.outputs), cases)

    pretend.changes = {"rnn_step": answer}
    assert grade(SOLVED).result.points == ASSIGNMENT.possible
    assert len(pretend.sessions) == 2


@pytest.mark.parametrize("name", ["utils.a", "utils.never_withheld"])
def test_what_the_exercise_itself_asks_for_may_not(pretend, monkeypatch, name):
    withhold(monkeypatch, ["utils.a", "utils.b"], ["utils.a"])
    pretend.changes = {"rnn_step": stopped_by(name)}
    result = grade(SOLVED).result
    assert (points(result)["rnn_step"], len(pretend.sessions)) == (0, 1)


def test_what_a_submission_makes_us_start_is_on_its_time(pretend, monkeypatch):
    withhold(monkeypatch, ["utils.a", "utils.b"], ["utils.a"])
    pretend.changes = {"rnn_step": stopped_by("utils.b")}
    start = pretend.start
    clock = [0.0]

    def slow(sandbox):
        clock[0] += 1000.0
        start(sandbox)

    monkeypatch.setattr(pretend, "start", slow)
    monkeypatch.setattr(grading.time, "monotonic", lambda: clock[0])
    result = grade(SOLVED, limits=Limits(seconds=50.0)).result
    assert (result.status, len(pretend.sessions)) == ("timed out", 1)
    assert points(result)["rnn_step"] == 0  # what the first run has found


# --- files that are not graded ---------------------------------------------------------------


def test_a_file_that_is_no_notebook(pretend):
    graded = grade(b"no")
    assert (graded.result.status, graded.result.points) == ("did not parse", None)
    assert {item.points for item in graded.result.exercises} == {None}
    nbformat.validate(nbformat.reads(graded.notebook, as_version=4))
    assert not pretend.sessions


def test_edited_tests_get_no_score_unless_asked_for(pretend):
    data = changed(step_check="6.0")
    graded = grade(data)
    assert (graded.result.status, graded.result.points) == ("edited tests", None)
    assert "step-check" in graded.result.detail
    assert not pretend.sessions
    restored = grade(data, options=Options(restore_tests=True)).result
    assert (restored.status, restored.points) == (GRADED, ASSIGNMENT.possible)
    assert any("step-check" in note for note in restored.notes)


# --- the autograded notebook -----------------------------------------------------------------


def cells_of(graded):
    notebook = nbformat.reads(graded.notebook, as_version=4)
    nbformat.validate(notebook)
    return {
        cell.metadata.get("nbgrader", {}).get("grade_id", cell.id): cell for cell in notebook.cells
    }


def test_nbgrader_reads_the_points_from_the_notebook(pretend):
    source = "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):\n    return x_t @ W_xh, x_t @ W_xh"
    graded = grade(changed(step_answer=source))
    cells = cells_of(graded)
    for item in graded.result.exercises:
        assert determine_grade(cells[item.grade_id]) == (item.points, item.possible)
    assert cells["step-answer"].source == source


def test_no_score_is_never_read_as_full_marks(pretend):
    graded = grade(changed(step_answer="STOP crashed"))
    cells = cells_of(graded)
    assert determine_grade(cells["step-check"])[0] == 0
    assert "crashed" in graded.notebook


def test_nothing_that_was_handed_in_as_output_is_kept(pretend):
    notebook = json.loads(SOLVED)
    for cell in notebook["cells"]:
        cell["metadata"]["evil"] = "<script>1</script>"
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {"text/plain": "100.0", "text/html": "<script>2</script>"},
                }
            ]
    graded = grade(json.dumps(notebook).encode())
    assert "<script>" not in graded.notebook
    assert graded.result.points == ASSIGNMENT.possible


def test_own_cells_and_errors_are_shown(pretend):
    notebook = json.loads(SOLVED)
    own = {"cell_type": "code", "source": "print('seen')\nmissing", "metadata": {}, "id": "title"}
    notebook["cells"].insert(3, own)
    cells = cells_of(grade(json.dumps(notebook).encode()))
    stream, error = cells["own-1"].outputs
    assert stream.text == "seen\n"
    assert (error.output_type, error.ename) == ("error", "NameError")
    assert len({cell.id for cell in cells.values()}) == len(cells)


# --- what a result depends on ----------------------------------------------------------------


def test_the_key_changes_with_everything_that_decides():
    other = replace(ASSIGNMENT, fingerprint="another")
    keys = [
        grading_key(ASSIGNMENT, SEED),
        grading_key(ASSIGNMENT, "another secret"),
        grading_key(ASSIGNMENT, None),
        grading_key(other, SEED),
        grading_key(ASSIGNMENT, SEED, Options(restore_tests=True)),
    ]
    assert len(set(keys)) == len(keys)
    assert grading_key(ASSIGNMENT, SEED) == keys[0]


def test_the_key_follows_the_sources_of_the_course(monkeypatch, tmp_path):
    (tmp_path / "utils").mkdir()
    (tmp_path / "instructor").mkdir()
    (tmp_path / "instructor/withheld.toml").write_text("")
    monkeypatch.setattr(grading, "ROOT", tmp_path)
    before = grading.course_version()
    assert grading.course_version() == before
    (tmp_path / "utils/checks.py").write_text("x = 1")
    assert grading.course_version() != before


def test_no_seed_is_in_what_comes_out(pretend):
    graded = grade(SOLVED)
    assert SEED not in graded.result.to_json() + graded.notebook + graded.result.key


# --- with the real sandbox -------------------------------------------------------------------


@pytest.fixture(scope="module")
def grader():
    with Grader(ASSIGNMENT, SEED) as real:
        yield real


@needs_bubblewrap
def test_for_real_the_solution_and_what_is_untouched(grader):
    result = grader.grade(SOLVED, "ada").result
    assert (result.status, result.points) == (GRADED, ASSIGNMENT.possible)
    result = grader.grade(UNTOUCHED, "bob").result
    assert (result.status, result.points) == (GRADED, 0)


@needs_bubblewrap
def test_for_real_a_delegating_answer_gets_nothing_and_a_crash_has_its_reason(grader):
    source = (
        "from utils.cells import rnn_step as given, RNNWeights\n"
        "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):\n"
        "    return given(x_t, h_prev, RNNWeights(W_xh, W_hh, b_h))\n"
    )
    result = grader.grade(changed(step_answer=source), "ada").result
    assert (result.status, points(result)["rnn_step"]) == (GRADED, 0)
    result = grader.grade(changed(step_answer="import os\nos._exit(0)"), "bob").result
    assert (result.status, result.points) == ("crashed", None)
    assert points(result)[CHECKS[0]] == ASSIGNMENT.exercises[0].points
    assert np.all([points(result)[name] is None for name in CHECKS[CHECKS.index("rnn_step") :]])
    again = grader.grade(SOLVED, "cleo").result
    assert again.points == ASSIGNMENT.possible


@needs_bubblewrap
def test_for_real_the_order_of_submissions_does_not_matter(grader):
    alone = grader.grade(SOLVED, "ada").result
    other = copy.deepcopy(SOLVED)
    after = grader.grade(other, "ada").result
    without_clock = [
        [replace(item, seconds=0.0) for item in result.exercises] for result in (alone, after)
    ]
    assert without_clock[0] == without_clock[1]
