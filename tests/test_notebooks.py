"""The rules that every notebook keeps, read from its text."""

import ast
import json
import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "solutions").glob("*/*.ipynb"))
EXERCISES = sorted((ROOT / "exercises").glob("*/*.ipynb"))
EVERY = CHAPTERS + SOLUTIONS + EXERCISES
HYPE = re.compile(r"\b(simply|obviously|of course|just|trivial(?:ly)?|easy|easily)\b", re.I)
NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|!\[", re.S)
HEADINGS = (  # the anatomy of a chapter: words that a heading of it must hold
    "After this chapter you can",
    "You need",
    "Summary",
    "Symbols",
    "References",
    "Recall",
    "Exercises",
)


def name_of(path):
    return str(path.relative_to(ROOT))


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def code_cells(path):
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def lines_of(cell):
    return [line for line in source(cell).splitlines() if line.strip()]


def parse(cell):
    """Parse a code cell; top-level await is allowed there."""
    return compile(source(cell), "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


every = pytest.mark.parametrize("path", EVERY, ids=name_of)
chapters = pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
authored = pytest.mark.parametrize("path", CHAPTERS + SOLUTIONS, ids=name_of)


def test_there_are_notebooks():
    assert len(CHAPTERS) >= 3
    assert len(SOLUTIONS) >= 2
    assert [p.name for p in SOLUTIONS] == [p.name for p in EXERCISES]


@every
def test_no_outputs_are_stored(path):
    for cell in code_cells(path):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@every
def test_cell_ids_are_unique_and_metadata_is_clean(path):
    cells = read(path)["cells"]
    ids = [cell["id"] for cell in cells]
    assert len(set(ids)) == len(ids)
    locks = {"deletable", "editable"} if path in EXERCISES else set()  # nbgrader's, of the release
    for cell in cells:
        assert set(cell["metadata"]) <= {"nbgrader", "tags"} | locks, cell["metadata"]
        assert "raises-exception" not in cell["metadata"].get("tags", [])


@every
def test_kernel_is_the_one_that_every_machine_has(path):
    metadata = read(path)["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert set(metadata) == {"kernelspec", "language_info"}


@every
def test_no_cell_hides_a_failure(path):
    for cell in code_cells(path):
        for node in ast.walk(parse(cell)):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, "bare except"
                assert not all(isinstance(s, (ast.Pass, ast.Continue)) for s in node.body)


@every
def test_imports_stand_in_the_first_code_cell(path):
    first, *others = code_cells(path)
    if path.name.startswith("00"):  # its very first cell looks for the package without it
        first, *others = others
    assert any(isinstance(n, (ast.Import, ast.ImportFrom)) for n in ast.walk(parse(first)))
    for cell in others:
        for node in ast.walk(parse(cell)):
            assert not isinstance(node, (ast.Import, ast.ImportFrom)), source(cell)


@authored
def test_words_that_belittle_or_boast_are_missing(path):
    for cell in read(path)["cells"]:
        assert not HYPE.search(source(cell)), HYPE.search(source(cell))
        if cell["cell_type"] == "markdown":
            prose = NOT_PROSE.sub("", source(cell))
            assert "!" not in prose, prose


@chapters
def test_cells_are_many_and_short(path):
    cells = read(path)["cells"]
    low = 25 if path.name.startswith("00") else 40
    assert low <= len(cells) <= 75, len(cells)
    lengths = [len(lines_of(cell)) for cell in code_cells(path)]
    assert max(lengths) <= 25, max(lengths)
    assert statistics.median(lengths) <= 6, statistics.median(lengths)


@authored
def test_functions_in_cells_are_short(path):
    for cell in code_cells(path):
        for node in ast.walk(parse(cell)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                assert length <= 15, f"{node.name}: {length} lines belong into utils"


@chapters
def test_anatomy(path):
    text = "\n".join(source(cell) for cell in read(path)["cells"])
    wanted = HEADINGS[:2] if path.name.startswith("00") else HEADINGS
    for heading in wanted:
        assert re.search(rf"^(#+|\*\*).*{heading}", text, re.MULTILINE | re.IGNORECASE), heading
    assert "predict(" in text
    assert re.search(r"\b\d+\D{0,12}\d* ?min", text), "the time it takes"


@chapters
def test_formulas_have_code_within_two_cells(path):
    """A displayed formula is followed, or preceded, by code at most two cells away.

    A derivation may run on as one block of text cells with one code cell at its end.
    """
    cells = read(path)["cells"]
    kinds = [cell["cell_type"] for cell in cells]
    for index, cell in enumerate(cells):
        if cell["cell_type"] != "markdown" or "$$" not in source(cell):
            continue
        after = index + 1
        while after < len(cells) and kinds[after] == "markdown" and "$$" in source(cells[after]):
            after += 1
        near = kinds[max(0, index - 2) : index] + kinds[after : after + 2]
        assert "code" in near, source(cell)[:200]


@authored
def test_relative_links_lead_somewhere(path):
    text = "\n".join(source(c) for c in read(path)["cells"] if c["cell_type"] == "markdown")
    for target in re.findall(r"\]\(((?!https?:|#|mailto:)[^)\s]+)\)", text):
        target = target.split("#")[0]
        assert (path.parent / target).resolve().exists(), target


@pytest.mark.parametrize("path", SOLUTIONS, ids=name_of)
def test_exercises_are_many_mixed_and_graded(path):
    cells = read(path)["cells"]
    text = "\n".join(source(cell) for cell in cells).lower()
    grades = [c["metadata"]["nbgrader"] for c in cells if "nbgrader" in c["metadata"]]
    assert sum(g["grade"] for g in grades) >= 6
    assert sum(g["grade"] and g["solution"] for g in grades) >= 1, "an open exercise"
    for kind in ("predict", "by hand", "code", "experiment", "open"):
        assert kind in text, kind
    assert "rubric" in text
    assert len({g["grade_id"] for g in grades}) == len(grades)
    for cell in cells:
        grade = cell["metadata"].get("nbgrader", {})
        if grade.get("grade") and not grade["solution"]:
            assert re.search(r"points=\d", source(cell).splitlines()[-1]), source(cell)
            stated = float(re.search(r"points=([\d.]+)", source(cell).splitlines()[-1])[1])
            assert stated == grade["points"], source(cell)


def test_every_notebook_is_tracked_or_new():
    """What git tracks is what the notebook tests run; a notebook it ignores would go untested."""
    ignored = subprocess.run(
        ["git", "check-ignore", *map(str, EVERY)], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    assert ignored == []


def table_of_chapters(text):
    """Return number, minutes of reading and of exercises, and part, for each row of the table."""
    rows = re.findall(
        r"^\| \[?(\d\d) .*?\|.*?\| (\d+) \| (\d+) \| (core|optional) \|", text, re.MULTILINE
    )
    return {number: (int(reading), int(work), part) for number, reading, work, part in rows}


def test_chapter_00_and_the_readme_state_the_same_times():
    readme = table_of_chapters((ROOT / "README.md").read_text(encoding="utf-8"))
    cells = read(ROOT / "chapters" / "00_start_here.ipynb")["cells"]
    assert table_of_chapters("\n".join(map(source, cells))) == readme
    assert len(readme) == 13
