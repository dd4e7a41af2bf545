"""The gradebook in a real PostgreSQL, which the test starts."""

import os
import shutil

import pytest
import sqlalchemy as sa
from nbgrader import api

from instructor.commands import main
from instructor.errors import UnavailableError
from instructor.gradebook import VARIABLE, open_gradebook
from instructor.records import Records
from tests.instructor.classes import with_environment
from tests.instructor.processes import command, environment, finish, postgresql, start
from tests.instructor.quick import ASSIGNMENT, NAME, hand_in, rows
from tests.needs import needs_postgresql

pytestmark = [pytest.mark.instructor, pytest.mark.timeout(600), needs_postgresql]


@pytest.fixture(scope="module")
def server():
    with postgresql() as url:
        yield url


@pytest.fixture
def database(server):
    """Give the address of an empty database."""
    name = f"class{os.urandom(4).hex()}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def classroom(original, tmp_path, database, monkeypatch):
    """A class whose gradebook is in PostgreSQL: nbgrader itself puts the assignment there."""
    folder = shutil.copytree(original, tmp_path / "classroom")
    monkeypatch.setenv(VARIABLE, database)
    monkeypatch.setenv("PATH", with_environment()["PATH"])  # nbgrader looks for alembic there
    with api.Gradebook(database, "unrolled") as gradebook:
        gradebook.add_assignment(NAME)
        gradebook.add_notebook(NAME, NAME)
        for cell in ASSIGNMENT.cells:
            told = cell.nbgrader
            names = (cell.grade_id, NAME, NAME)
            if told.get("grade"):
                gradebook.add_grade_cell(*names, max_score=told["points"], cell_type=cell.cell_type)
            if told.get("solution"):
                gradebook.add_solution_cell(*names)
    return folder


def test_the_same_rows_as_in_sqlite(classroom, original, database, tmp_path):
    students = [f"student{number}" for number in range(12)]
    twin = shutil.copytree(original, tmp_path / "twin")
    for folder, url in ((classroom, database), (twin, f"sqlite:///{twin / 'gradebook.db'}")):
        hand_in(folder, students)
        variables = with_environment(environment(**{VARIABLE: url}))
        line = command("grade", NAME, "--class", folder, "--workers", 1)
        code, text = finish(start(line, env=variables))
        assert code == 0, text
        assert "12 submissions: " in text
    left, right = rows(classroom, database), rows(twin)
    for table in ("submitted_assignment", "submitted_notebook", "grade", "comment", "student"):
        assert left[table] == right[table]
        assert left[table]
    assert left["instructor_grading"] == right["instructor_grading"]


def test_a_server_that_goes_and_comes_back(classroom, database, capsys):
    """Its connections are cut in the middle of the work; what was open is opened anew."""
    hand_in(classroom, ["ada", "bob"])
    with open_gradebook(classroom, database) as gradebook:
        assert gradebook.applied(NAME) == {}
        _cut(database)
        assert gradebook.applied(NAME) == {}
    assert main(["status", "--class", str(classroom)]) == 0
    assert "Gradebook: postgresql+psycopg://grader@/" in capsys.readouterr().out


def _cut(database):
    name = database.split("/")[3].split("?")[0]
    engine = sa.create_engine(database.replace(f"/{name}?", "/postgres?"))
    with engine.connect() as connection:
        cut = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n")
        assert connection.execute(cut, {"n": name}).all()
    engine.dispose()


def test_a_server_that_stays_away(classroom, monkeypatch):
    monkeypatch.setattr("instructor.gradebook.PAUSE", 0.0)
    hand_in(classroom, ["ada"])
    with postgresql() as url:
        gradebook = open_gradebook(classroom, url)
    with pytest.raises(UnavailableError, match=r"does not answer: .* What was graded is recorded"):
        gradebook.applied(NAME)
    gradebook.nbgrader.close()
    assert Records(classroom, NAME).latest() == {}
