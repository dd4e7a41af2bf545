"""The command line: what it says, what it refuses, and with which exit code it ends."""

import contextlib
import csv
import io
import os
import shlex
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest

from instructor import commands, grade_command, seeds
from instructor.collecting.roster import Roster, RosterStudent
from instructor.commands import main
from instructor.errors import UnavailableError
from instructor.gradebook import open_gradebook
from instructor.pipeline import Grading
from instructor.records import Records
from instructor.results import without_score
from instructor.worker import Outcome
from tests.instructor.quick import (
    ASSIGNMENT,
    NAME,
    ROOT,
    Here,
    Quick,
    hand_in,
    result_of,
    rows,
)


@pytest.fixture
def quick(monkeypatch):
    """Let the command grade in this process, in no time; the list says what was asked for."""
    asked = []

    @contextlib.contextmanager
    def open_here(spec, scheduler="", workers=1, security=None):
        asked.append({"spec": spec, "scheduler": scheduler, "workers": workers})
        yield Here(asked[-1].get("grade"))

    # The key follows from the seed and the course; the quick grader has one of its own.
    monkeypatch.setattr(grade_command, "grading_key", lambda *arguments: "quick")
    monkeypatch.setattr(grade_command, "open_cluster", open_here)
    return asked


@pytest.fixture
def run(classroom, capsys):
    """Give a function that runs a command on the class: exit code, output, errors."""

    def start(*arguments):
        code = main([*map(str, arguments), "--class", str(classroom)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return start


# --- help and refusals -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ((), ["doctor", "grade", "exit codes:", "130"]),
        (("grade",), ["Canvas", "--pattern '(?P<student>", "UNROLLED_GRADEBOOK", "tcp://"]),
        (("report",), ["example:"]),
        (("feedback",), ["--zip feedback.zip", "Run it again after grading texts"]),
        (("export",), ["--format canvas --template", "it is never 0"]),
        (("status",), ["say what is graded"[1:]]),
        (("seed",), ["--new --replace"]),
        (("doctor",), ["--scheduler"]),
    ],
)
def test_help_teaches(command, words, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    text = capsys.readouterr().out
    assert caught.value.code == 0
    assert [word for word in words if word not in text] == []


def test_every_example_of_the_help_can_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("submissions.zip", "class.csv", "folder", "from_canvas.csv", "worksheet.csv"):
        (tmp_path / name).touch()
    texts = [commands.OVERVIEW, commands.GRADE, commands.REPORT, commands.FEEDBACK]
    text = "\n".join([*texts, commands.EXPORT, commands.SEED]).replace("\\\n", " ")
    examples = [line.strip() for line in text.splitlines() if "python -m instructor" in line]
    assert len(examples) > 18
    for example in examples:
        words = shlex.split(example.split("   ")[0].split(" <")[0])
        chosen = commands.parser().parse_args(words[3:])
        assert chosen.command == words[3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["grade"], "required: NAME"),
        (["grade", NAME, "no/such/file.zip"], "no/such/file.zip does not exist"),
        (["grade", NAME, "--seconds", "-1"], "'-1' is no positive number"),
        (["grade", NAME, "--memory", "much"], "'much' is no positive number"),
        (["grade", NAME, "--workers", "0"], "'0' is no whole number from 1"),
        (["grade", NAME, "--unsa"], "unrecognized arguments: --unsa"),
        (["export", NAME, "--output", "no/such/folder/x.csv"], "is no folder"),
        (["export", NAME, "--format", "excel"], "invalid choice: 'excel'"),
    ],
)
def test_a_command_line_that_makes_no_sense(arguments, message, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["grade", "03_nothing"], f"no assignment '03_nothing'. There are: {NAME}."),
        (["status", "03_nothing"], f"no assignment '03_nothing'. There are: {NAME}."),
        (["grade", NAME, "--seconds", "1e9"], "The limits make no sense: seconds is"),
        (["grade", NAME, "--only", "nobody"], "There is no submission of nobody"),
        (["grade", NAME, "--due", "soon"], "--due: "),
        (["grade", NAME, "--tls-ca", "."], "expected all three or none"),
        (["report", NAME], f"Nothing of {NAME} is graded yet. Begin with: python -m instructor"),
        (["export", NAME], f"Nothing of {NAME} is graded yet"),
        (["seed", "--new"], "is there already. Another seed means other inputs"),
    ],
)
def test_what_is_wrong_with_the_class_is_one_line(run, classroom, arguments, message, monkeypatch):
    monkeypatch.setattr(grade_command, "processors", lambda: 1)
    hand_in(classroom, ["ada"])
    code, _, errors = run(*arguments)
    assert code == 2
    assert errors.startswith("error: ")
    assert message in errors
    assert "Traceback" not in errors
    assert Records(classroom, NAME).latest() == {}


def test_no_class_folder(tmp_path, capsys):
    assert main(["status", "--class", str(tmp_path / "none")]) == 2
    assert "make instructor" in capsys.readouterr().err


def test_nothing_handed_in(run):
    code, _, errors = run("grade", NAME)
    assert code == 2
    assert "submitted is missing, so there is nothing to grade" in errors


def test_no_seed(run, classroom):
    (classroom / seeds.FILE).unlink()
    hand_in(classroom, ["ada"])
    code, _, errors = run("grade", NAME)
    assert code == 2
    assert "python -m instructor seed --new" in errors


def test_a_database_and_a_scheduler_that_do_not_answer(run, classroom, monkeypatch):
    hand_in(classroom, ["ada"])
    code, _, errors = run("grade", NAME, "--db", "postgresql+psycopg://a:secret@127.0.0.1:1/x")
    assert code == 3
    assert "does not answer" in errors
    assert "secret" not in errors
    monkeypatch.setattr("tools.clusters.WAIT", 0.5)
    code, _, errors = run("grade", NAME, "--scheduler", "tcp://127.0.0.1:1")
    assert code == 3
    assert "No scheduler answers at tcp://127.0.0.1:1" in errors
    code, _, errors = run("grade", NAME, "--scheduler", "nonsense://x")
    assert code == 2
    assert "expected an address such as tcp://" in errors


# --- grading ---------------------------------------------------------------------------------


def test_grade_says_a_line_for_each_and_a_second_run_does_nothing(run, classroom, quick):
    students = [f"student{number}" for number in range(12)]
    hand_in(classroom, students)
    code, text, _ = run("grade", NAME)
    assert code == 0
    for student in students:
        record = Records(classroom, NAME).latest()[student]
        (line,) = [line for line in text.splitlines() if line.startswith(f"{student} ")]
        points = record.result.points
        told = "no score: timed out" if points is None else f"{points:g} of"
        assert told in line
    assert "12 submissions: " in text
    assert f"Next: python -m instructor report {NAME}" in text
    before = rows(classroom)
    assert len(before["submitted_notebook"]) == 12
    assert len(quick) == 1

    code, text, _ = run("grade", NAME)
    assert code == 0
    assert "12 submissions graded before" in text
    assert len(quick) == 1  # no worker was started
    assert rows(classroom) == before
    assert {len(Records(classroom, NAME).of(student)) for student in students} == {1}


def test_again_and_only(run, classroom, quick):
    hand_in(classroom, ["ada", "bob"])
    assert run("grade", NAME)[0] == 0
    assert run("grade", NAME, "--again", "--only", "bob")[0] == 0
    counts = {s: len(Records(classroom, NAME).of(s)) for s in ("ada", "bob")}
    assert counts == {"ada": 1, "bob": 2}


def test_a_newer_submission_and_other_limits(run, classroom, quick):
    stopped = next(
        word for word in map(str, range(200)) if _status(classroom, "ada", word) == "timed out"
    )
    hand_in(classroom, ["ada"], stopped)
    hand_in(classroom, ["bob"])
    assert run("grade", NAME)[0] == 0
    assert quick[-1]["spec"].limits.seconds == 300
    run("grade", NAME, "--seconds", "900")  # whoever was stopped is tried again, nobody else
    assert quick[-1]["spec"].limits.seconds == 900
    assert len(Records(classroom, NAME).of("ada")) == 2
    assert len(Records(classroom, NAME).of("bob")) == 1
    hand_in(classroom, ["bob"], "a better version")
    run("grade", NAME, "--seconds", "900")
    first, second = Records(classroom, NAME).of("bob")
    assert first.digest != second.digest
    assert len(Records(classroom, NAME).of("ada")) == 2


def _status(classroom, student, word):
    (submission,) = hand_in(classroom, [student], word)
    return result_of(ASSIGNMENT, submission.path.read_bytes(), student).status


def test_collecting_a_zip_with_a_due_date_and_a_roster(run, classroom, quick, tmp_path):
    target = tmp_path / "submissions.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for place, student in enumerate(("ada", "bob")):
            name = f"{student}{'_LATE' if place else ''}_{place + 1}_77_{NAME}.ipynb"
            archive.writestr(name, ASSIGNMENT.notebook)
        archive.writestr("../../etc/evil.ipynb", ASSIGNMENT.notebook)
    roster = tmp_path / "class.csv"
    roster.write_text("id,first_name,last_name\nada,Ada,Lovelace\nbob,Bob,B\neve,Eve,E\n")
    code, text, errors = run("grade", NAME, target, "--roster", roster)
    assert code == 0, errors
    assert "Collected from" in text
    assert "2 new" in text
    assert "note: " in text  # the path trick
    assert "Nothing handed in: eve." in text
    (bob,) = [line for line in text.splitlines() if line.startswith("bob")]
    assert "points" in bob
    assert set(Records(classroom, NAME).latest()) == {"ada", "bob"}
    with open_gradebook(classroom) as gradebook:
        assert gradebook.nbgrader.find_student("ada").last_name == "Lovelace"


def test_a_name_in_one_piece_is_a_last_name_for_the_gradebook():
    students = [
        RosterStudent("jd", "jd", full_name="Jane Doe"),
        RosterStudent("jr", "jr", "Joe", full_name="Joe Roe"),
        RosterStudent("jp", "jp", "Jim", "Poe", full_name="Jim B. Poe"),
        RosterStudent("id", "id"),
        RosterStudent("away", "away"),
    ]
    names = grade_command.names_of(Roster(students), {"jd", "jr", "jp", "id"})
    last = {student: name["last_name"] for student, name in names.items()}
    assert last == {"jd": "Jane Doe", "jr": "", "jp": "Poe", "id": ""}


def test_a_bug_of_ours_is_no_zero_and_is_tried_again(run, classroom, monkeypatch, quick):
    hand_in(classroom, ["ada"], "a bug of ours")
    hand_in(classroom, ["bob"])
    from instructor import worker

    def run_jobs(self, jobs):
        spec = quick[-1]["spec"]
        for job in jobs:
            yield worker._grade(Quick(ASSIGNMENT, 0.0), spec, job)

    monkeypatch.setattr(Here, "run", run_jobs)
    code, text, _ = run("grade", NAME)
    assert code == 1
    assert "ada  no score: grader's fault" in text
    assert "could not be graded for a reason on our side (ada)" in text
    fault = (classroom / "grading" / NAME / "faults" / "ada-001.txt").read_text()
    assert "ZeroDivisionError: on purpose" in fault
    code, text, _ = run("grade", NAME)
    assert code == 1
    assert len(Records(classroom, NAME).of("ada")) == 2  # tried once more
    assert len(Records(classroom, NAME).of("bob")) == 1
    found = rows(classroom)["grade"]
    of_ada = [row for row in found if "of ada" in repr(row)]
    assert of_ada
    assert all(None in row and True in row for row in of_ada)


@pytest.mark.parametrize("changes", [{"digest": "0" * 64}, {"key": "another"}])
def test_workers_that_grade_something_else_are_not_believed(
    run, classroom, quick, monkeypatch, changes
):
    hand_in(classroom, ["ada"])

    def run_jobs(self, jobs):
        for job in jobs:
            result = without_score("ada", ASSIGNMENT, job.digest, "crashed", "", "quick")
            yield Outcome(replace(result, **changes))

    monkeypatch.setattr(Here, "run", run_jobs)
    code, _, errors = run("grade", NAME)
    assert code == 2
    assert "A grading of other bytes, or with other settings, came back for ada" in errors
    assert Records(classroom, NAME).latest() == {}


def test_control_c_says_how_to_go_on(run, classroom, quick, monkeypatch):
    hand_in(classroom, ["ada", "bob", "eve"])
    original = Grading.run

    def interrupted(self, submissions, cluster):
        for number, record in enumerate(original(self, submissions, cluster)):
            yield record
            if number == 1:
                raise KeyboardInterrupt

    monkeypatch.setattr(Grading, "run", interrupted)
    code, text, _ = run("grade", NAME)
    assert code == 130
    assert "2 of 3 submissions are graded, and stored. The same command goes on" in text
    monkeypatch.setattr(Grading, "run", original)
    code, text, _ = run("grade", NAME)
    assert code == 0
    assert "2 submissions graded before" in text


def test_the_gradebook_fails_in_the_middle(run, classroom, quick, monkeypatch):
    from instructor.gradebook import Gradebook

    hand_in(classroom, ["ada", "bob"])
    original = Gradebook.apply

    def fail(self, record):
        if record.student == "bob":
            raise UnavailableError("The gradebook does not answer: gone.")
        original(self, record)

    monkeypatch.setattr(Gradebook, "apply", fail)
    code, _, errors = run("grade", NAME)
    assert code == 3
    assert "gone" in errors
    assert set(Records(classroom, NAME).latest()) == {"ada", "bob"}  # graded, and recorded
    monkeypatch.setattr(Gradebook, "apply", original)
    code, text, _ = run("grade", NAME)
    assert code == 0
    assert "Wrote 1 grading that the gradebook did not have." in text
    assert len(Records(classroom, NAME).of("bob")) == 1
    assert len(rows(classroom)["submitted_notebook"]) == 2


# --- afterwards ------------------------------------------------------------------------------


@pytest.fixture
def graded(classroom, run, quick):
    hand_in(classroom, [f"student{number}" for number in range(20)])
    assert run("grade", NAME)[0] == 0
    return Records(classroom, NAME).latest()


def test_status(run, graded):
    code, text, _ = run("status")
    assert code == 0
    (line,) = [line for line in text.splitlines() if line.startswith(NAME)]
    scored = sum(r.result.points is not None for r in graded.values())
    texts = sum(cell.answered for r in graded.values() for cell in r.result.manual)
    assert line.split() == [NAME, "20", str(scored), str(20 - scored), str(texts), "20"]
    _, text, _ = run("status", NAME)
    assert sum(line.startswith("student") for line in text.splitlines()) == 20


def test_report_and_feedback(run, graded, classroom, tmp_path):
    code, text, errors = run("report", NAME)
    assert code == 0, errors
    assert (classroom / "reports" / NAME / "index.html").stat().st_size > 1000
    code, text, errors = run("feedback", NAME, "--zip", tmp_path / "feedback.zip")
    assert code == 0, errors
    assert "20 pages" in text
    with zipfile.ZipFile(tmp_path / "feedback.zip") as archive:
        assert len(archive.namelist()) == 20
    code, _, errors = run("feedback", NAME, "--zip", tmp_path / "other.zip", "--moodle")
    assert code == 2
    assert "Moodle's numbers of student0, student1" in errors


def test_export_leaves_cells_empty_where_there_is_no_honest_score(run, graded, classroom):
    code, text, _ = run("export", NAME)
    assert code == 0
    path = classroom / "reports" / NAME / f"{NAME}_generic.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = {row["student"]: row["points"] for row in csv.DictReader(file)}
    assert set(found) == set(graded)
    for student, record in graded.items():
        result = record.result
        if result.points is None or any(cell.answered for cell in result.manual):
            assert found[student] == ""
        else:
            assert float(found[student]) == result.points
    assert "" in found.values()
    assert any(found.values())
    assert "Left empty" in text


def test_export_counts_what_people_gave(run, graded, classroom):
    student = next(
        s
        for s, r in graded.items()
        if r.result.points is not None and any(cell.answered for cell in r.result.manual)
    )
    with open_gradebook(classroom) as gradebook, gradebook.nbgrader as inner:
        grade = inner.find_grade("open-answer", NAME, NAME, student)
        grade.manual_score, grade.needs_manual_grade = 3.5, False
        inner.db.commit()
    assert run("export", NAME)[0] == 0
    path = classroom / "reports" / NAME / f"{NAME}_generic.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = {row["student"]: row["points"] for row in csv.DictReader(file)}
    assert float(found[student]) == graded[student].result.points + 3.5


def test_formats_and_their_options(run, graded, classroom, tmp_path):
    for name in ("canvas", "moodle"):
        code, _, errors = run("export", NAME, "--format", name, "--output", tmp_path / "x.csv")
        assert code == 0, errors
        assert (tmp_path / "x.csv").is_file()
        code, _, errors = run("export", NAME, "--format", name, "--columns", "A=student")
        assert code == 2
        assert "--columns belongs to --format generic" in errors
    code, _, errors = run("export", NAME, "--template", tmp_path / "x.csv")
    assert code == 2
    assert "--template belongs to --format canvas or moodle" in errors


def test_seed(run, classroom, monkeypatch):
    before = seeds.read(classroom)
    code, text, _ = run("seed")
    assert code == 0
    assert seeds.fingerprint(before) in text
    assert before not in text
    code, text, _ = run("seed", "--new", "--replace")
    assert code == 0
    assert seeds.read(classroom) != before
    monkeypatch.setattr(sys, "stdin", io.StringIO("the seed of last year's class\n"))
    assert run("seed", "--own", "--replace")[0] == 0
    assert seeds.read(classroom) == "the seed of last year's class"


@pytest.mark.skipif(os.name == "nt", reason="signals are others there")
def test_sigterm_ends_a_run_as_control_c_does():
    code = (
        "import os, signal, time\n"
        "from instructor.grade_command import _stopped_by_sigterm\n"
        "try:\n"
        "    with _stopped_by_sigterm():\n"
        "        print('ready', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped')\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30)[0] == "stopped\n"


def test_whoever_reads_the_output_may_stop_reading(classroom):
    line = [sys.executable, "-m", "instructor", "status", "--class", str(classroom)]
    process = subprocess.Popen(
        line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == ("", 130)
    process.stderr.close()
