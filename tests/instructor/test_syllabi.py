"""The syllabi say of chapters and exercises what the notebooks say, and their sums are right."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "instructor" / "syllabi.md").read_text(encoding="utf-8")
CHAPTERS = {path.name[:2]: path for path in sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))}
EXERCISES = {path.name[:2]: path for path in sorted((ROOT / "solutions").glob("[0-9]*/*.ipynb"))}
STATED = re.compile(r"^\*\*(?:([a-z])\) )?(.+?) · (\d+) minutes · ([\d.]+) points?\.\*\*", re.M)


def cells_of(path):
    return nbformat.read(path, as_version=4).cells


def first_cell(number):
    return cells_of(CHAPTERS[number])[0].source


def reading(number):
    return int(re.search(r"^\*\*Time\*\* (\d+)", first_cell(number), re.M)[1])


def objectives(number):
    found = re.findall(r"^- (.+)$", first_cell(number), re.M)
    return [text.rstrip(",;.") for text in found]


def exercises(number):
    """Return (label, title, kind, minutes, points) of every exercise and part, in order."""
    found, label, title = [], "", ""
    for cell in cells_of(EXERCISES[number]):
        if cell.cell_type != "markdown" or not cell.metadata["nbgrader"]["locked"]:
            continue
        if heading := re.search(r"^###? (\d+) · (.+)$", cell.source, re.M):
            label, title = heading[1], heading[2].strip()
        for part, kind, minutes, points in STATED.findall(cell.source):
            found.append((label + part, title, kind.lower(), int(minutes), float(points)))
    return found


def work(number):
    return sum(item[3] for item in exercises(number))


def section(heading, text=TEXT):
    """Return the text under a heading, up to the next one of its rank or a higher one."""
    rank = heading.split()[0]
    found = re.search(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(rank)}}} |\Z)", text, re.M | re.S
    )
    assert found, f"no section {heading}"
    return found[1]


def rows(text):
    """Return the rows of the first table in a text, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


SYLLABI = {"## Two weeks": "00 01 02 03 05 06 08", "## Six weeks": "00 01 02 03 05 06 07 08"}
SYLLABI["## One semester"] = " ".join(CHAPTERS)


@pytest.mark.parametrize("heading", SYLLABI)
def test_the_minutes_of_a_syllabus_are_those_of_the_notebooks(heading):
    *sessions, total = rows(section(heading))
    read, done = [], []
    for _, chapters, minutes, notebooks, more, together in sessions:
        names = [] if chapters == "–" else chapters.split(", ")
        works = [] if notebooks == "–" else notebooks.split(", ")
        assert int(minutes) == sum(map(reading, names))
        assert int(more) == sum(map(work, works))
        assert int(together) == int(minutes) + int(more)
        read += names
        done += works
    assert read == SYLLABI[heading].split()
    assert len(set(done)) == len(done)
    assert set(done) <= set(read)
    sums = [sum(int(row[column]) for row in sessions) for column in (2, 4, 5)]
    assert [int(total[column]) for column in (2, 4, 5)] == sums
    hours = re.search(r"(\d+)\s+hours in all", section(heading))[1]
    assert int(hours) == round(sums[2] / 60)


def test_the_semester_has_every_assignment_and_the_six_weeks_the_core_path():
    given = [row[3] for row in rows(section("## One semester"))[:-1] if row[3] != "–"]
    assert given == list(EXERCISES)
    table = (ROOT / "README.md").read_text(encoding="utf-8")
    core = re.findall(r"^\| (\d\d) .*\| core \|$", table, re.M)
    assert SYLLABI["## Six weeks"].split() == core


@pytest.mark.parametrize("number", EXERCISES)
def test_the_map_lists_the_objectives_and_exercises_of_a_chapter(number):
    title = re.search(r"^# (.+)$", first_cell(number), re.M)[1]
    part = section(f"### {title}", section("## Exercises and objectives"))
    listed = [re.sub(r"[;.]$", "", text) for text in re.findall(r"^\d\. (.+)$", part, re.M)]
    assert listed == objectives(number)
    expected = exercises(number)
    points = sum(item[4] for item in expected)
    name = EXERCISES[number].stem
    head = f"Reading {reading(number)} minutes; exercises `{name}`, {work(number)} minutes, "
    assert f"{head}{points:g} points." in part
    table = rows(part)
    assert [row[:4] for row in table] == [
        [f"{label} · {title}", kind, str(minutes), f"{points:g}"]
        for label, title, kind, minutes, points in expected
    ]
    asked = [set(row[4].split(", ")) for row in table]
    numbers = {str(index) for index in range(1, len(listed) + 1)}
    assert set().union(*asked) <= numbers | {"–"}
    missing = re.search(r"^No exercise asks for objectives? ([\d and]+):", part, re.M)
    told = set(missing[1].split(" and ")) if missing else set()
    assert numbers - set().union(*asked) == told


@pytest.mark.parametrize("number", EXERCISES)
def test_the_points_stated_in_the_text_are_those_that_grade(number):
    given = sum(cell.metadata["nbgrader"].get("points", 0) for cell in cells_of(EXERCISES[number]))
    assert given == sum(item[4] for item in exercises(number))
