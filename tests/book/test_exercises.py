"""Pages of exercises and of solutions, from the notebooks of the course and from broken ones."""

import copy
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book import exercises, given
from book.errors import BookError
from book.notebooks import all_pages
from utils import checks

NAMES = [page.name for page in all_pages() if page.kind == "exercise"]
every_notebook = pytest.mark.parametrize("name", NAMES)


def page_of(kind, name="05_vanishing_exploding"):
    return next(page for page in all_pages() if (page.kind, page.name) == (kind, name))


def read(page):
    """Read a notebook; solutions with what their checks would have said."""
    notebook = nbformat.read(page.source, as_version=4)
    for cell in notebook.cells:
        role = cell.metadata.get("nbgrader", {})
        if page.kind == "solution" and role.get("grade") and cell.cell_type == "code":
            points = re.search(r"points=([\d.]+)", cell.source)[1]
            cell.outputs = [
                new_output("display_data", {"text/html": "<div class='unrolled-report'></div>"}),
                new_output("execute_result", {"text/plain": repr(float(points))}),
            ]
    return notebook


def made(kind, name="05_vanishing_exploding"):
    page = page_of(kind, name)
    notebook = read(page)
    exercises.transform(notebook, page)
    nbformat.validate(notebook)
    return notebook


def text_of(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells)


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


@every_notebook
def test_every_check_offers_its_hints_one_inside_of_the_other(name):
    text = text_of(made("exercise", name))
    registered = checks.REGISTRY[name]
    called = re.findall(r"\*\*Check\*\* `checks\.check_(\w+)`", text)
    assert sorted(called) == sorted(registered)
    for check in registered.values():
        box = text[text.index(f"`checks.check_{check.name}`") :]
        places = [box.index(part) for hint in enumerate(check.hints, 1) for part in _shown(hint)]
        assert places == sorted(places)
        assert "</details>" not in box[: places[-1]]
        assert box.index("</details>\n\n</details>\n\n</details>") > places[-1]
        assert ".hint()" not in box[: places[-1]]


def _shown(numbered):
    number, hint = numbered
    return f"<summary>Hint {number} of 3</summary>", hint


@every_notebook
def test_links_between_the_two_pages_lead_somewhere(name):
    pages = {kind: text_of(made(kind, name)) for kind in ("exercise", "solution")}
    targets = [
        target for text in pages.values() for target in re.findall(r"^\((.+)\)=", text, re.M)
    ]
    assert len(targets) == len(set(targets))
    for text in pages.values():
        links = re.findall(r"\]\(#([\w-]+)\)", text)
        assert links
        assert set(links) <= set(targets)


@every_notebook
def test_kind_minutes_and_points_are_kept(name):
    page = page_of("exercise", name)
    notebook = read(page)
    found = exercises.tasks(notebook, page)
    said = re.search(r"[Aa]bout (?:(\d+) minutes|(\w+) hours) in all", notebook.cells[0].source)
    minutes = int(said[1]) if said[1] else {"two": 120}[said[2]]
    assert abs(sum(int(task.minutes) for task in found) - minutes) <= 10
    points = sum(cell.metadata.nbgrader.get("points", 0) for cell in notebook.cells)
    assert sum(float(task.points) for task in found) == points
    exercises.transform(notebook, page)
    text = text_of(notebook)
    assert text.count(":class: unrolled-task") == len(found)
    for task in found:
        part = f"{task.part}) " if task.part else ""
        assert f"{{admonition}} {part}{task.kind} · {task.minutes} minutes · " in text
        assert f"| {task.kind.lower()} | {task.minutes} | {task.points} |" in text


@every_notebook
def test_a_solution_shows_no_marker_and_no_bare_number_of_points(name):
    notebook = made("solution", name)
    text = text_of(notebook)
    assert "SOLUTION" not in text
    assert "..." not in [line.strip() for line in text.splitlines()]
    assert notebook.cells[0].source.startswith("# Solutions ")
    scored = [cell for cell in notebook.cells if "remove-input" in cell.metadata.get("tags", [])]
    assert len(scored) == len(checks.REGISTRY[name])
    assert {len(cell.outputs) for cell in scored} == {1}
    assert "progress()" not in text
    assert "Your answer here" not in text_of(made("exercise", name))


def test_a_page_says_which_mistakes_a_check_knows():
    notebook = made("solution")
    said = cell_of(notebook, "norms-check-knows").source
    check = checks.REGISTRY["05_vanishing_exploding"]["backward_norms"]
    assert f"recognises ({len({mistake.message for mistake in check.mistakes})})" in said
    for mistake in check.mistakes:
        assert f"- {mistake.message}" in said
    predicted = cell_of(notebook, "fates-check-knows").source
    assert "- `sigmoid_2`: " in predicted  # of which value, where names are asked for


def test_the_task_is_folded_under_its_heading_and_the_rest_is_not():
    notebook = made("solution")
    heading, _, folded = cell_of(notebook, "jacobian-task").source.partition("\n\n")
    assert heading == "(solution-05-jacobian)=\n## 3 · From one Jacobian to the whole way back"
    assert folded.startswith('<details class="unrolled-fold"><summary>The task a)</summary>')
    assert folded.endswith("</details>")
    part = cell_of(notebook, "norms-task").source  # no heading, so the target stands in the fold
    assert part.startswith("<details")
    assert "</summary>\n\n(solution-05-norms)=\n" in part
    assert "<details" not in cell_of(notebook, "reach-measure").source
    assert cell_of(notebook, "open-answer").source.startswith('<div class="unrolled-answer">')


def test_other_pages_are_left_alone():
    page = page_of("chapter")
    notebook = read(page)
    before = copy.deepcopy(notebook)
    exercises.transform(notebook, page)
    assert notebook == before


def change(name, **values):
    def broken(notebook):
        cell_of(notebook, name).update(values)

    return broken


def no_progress(notebook):
    del notebook.cells[-1]


def half_the_points(notebook):
    cell_of(notebook, "norms-check").outputs[-1].data = {"text/plain": "2.0"}


def no_outputs(notebook):
    cell_of(notebook, "norms-check").outputs = []


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (no_progress, r"expected progress\(\) in the last cell"),
        (half_the_points, r"cell norms-check: the solution earns 2\.0 of 4 points"),
        (no_outputs, "the solution earns None of 4 points"),
        (change("norms-check", source="checks.check_that(1)"), r"expected checks\.check_NAME"),
        (change("norms-check", source="checks.check_that(1, points=4)"), "got 'checks.check_that"),
        (change("title", source="# Something else"), "expected a first line such as '# Exercises"),
    ],
)
def test_what_is_not_built_like_the_others_is_refused(broken, message):
    page = page_of("solution")
    notebook = read(page)
    broken(notebook)
    with pytest.raises(BookError, match=message):
        exercises.transform(notebook, page)


def test_a_notebook_without_tasks_is_refused():
    page = page_of("exercise")
    task = "**Code · 6 minutes · 3 points.** *Delivers:* a function."
    with pytest.raises(BookError, match="holds no exercise"):
        exercises.tasks(new_notebook(cells=[new_markdown_cell("# Title")]), page)
    with pytest.raises(BookError, match="expected a heading such as"):
        exercises.tasks(new_notebook(cells=[new_markdown_cell(task, id="a-task")]), page)


# What the cells that an exercise gives have shown


def solved(*cells):
    """Build an executed notebook from (role, code); each cell has its number as output."""
    built = []
    for number, (role, code) in enumerate(cells):
        cell = new_code_cell(code, id=f"cell-{number}")
        cell.metadata["nbgrader"] = {role: True} if role else {}
        cell.outputs = [new_output("stream", name="stdout", text=str(number))]
        built.append(cell)
    return new_notebook(cells=built)


ANSWER = ("solution", "def double(x):\n    y = 2 * x\n    return y")


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ([(None, "print(1)"), ANSWER, (None, "print(double(3))")], [0]),
        ([ANSWER, ("grade", "checks.check_double(double, points=1)")], []),
        ([ANSWER, (None, "x = y = 3\nprint(x, y)")], [1]),  # names inside of an answer's function
        ([ANSWER, (None, "z = double(2)"), (None, "print(z)")], []),
        ([ANSWER, (None, "z = double(2)"), (None, "z = 3\nprint(z)")], [2]),
        ([ANSWER, (None, "z = double(2)"), (None, "z = 3"), (None, "print(z)")], [2, 3]),
        ([ANSWER, (None, "z = double(2)"), (None, "z = z + 1")], []),
        ([ANSWER, (None, "z = double(2)"), (None, "if 1:\n    z = 3\nprint(z)")], []),
        ([ANSWER, (None, "z = double(2)"), (None, "if 1:\n    z = 3"), (None, "print(z)")], [2]),
        ([ANSWER, (None, "z = double(2)"), (None, "z += 1")], []),
        ([ANSWER, (None, "z = double(2)"), (None, "if z:\n    z = 3\nprint(z)")], []),
        ([ANSWER, (None, "def run(f):\n    f(double)"), (None, "run(print)")], []),
        ([ANSWER, (None, "def run(double):\n    print(double)"), (None, "run(1)")], [1, 2]),
        ([ANSWER, (None, "print([double for double in range(3)])")], [1]),
        ([ANSWER, (None, "print([double(n) for n in range(3)])")], []),
        ([(None, "got = {}"), ("solution", "got['a'] = 1"), (None, "print(got)")], [0]),
        ([(None, "got = []"), ("solution", "got.append(1)"), (None, "print(got)")], [0]),
        (
            [
                (None, "import numpy as np"),
                ("solution", "np.random.seed(0)\na = np.ones(3)"),
                (None, "print(np.zeros(3))"),
            ],
            [0, 2],
        ),
        ([("solution", "T = 3"), (None, "for T in (1, 2):\n    print(T)")], [1]),
        ([("solution", "T = 3"), (None, "for T in range(T):\n    print(T)")], []),
        ([(None, "await train()\nprint(1)")], [0]),
    ],
)
def test_given_cells_show_what_no_answer_has_touched(cells, shown):
    notebook = solved(*cells)
    assert [cell.id for cell in given.untouched(notebook)] == [f"cell-{n}" for n in shown]


def test_outputs_come_to_the_cells_of_the_same_name_and_are_copies():
    source = solved((None, "print(1)"), ANSWER)
    learner = copy.deepcopy(source)
    for cell in learner.cells:
        cell.outputs = []
    given.add_outputs(learner, source)
    assert [cell.outputs for cell in learner.cells] == [source.cells[0].outputs, []]
    assert learner.cells[0].outputs[0] is not source.cells[0].outputs[0]


def test_code_that_cannot_be_read_is_named():
    with pytest.raises(BookError, match="Cell cell-0 is no Python"):
        list(given.untouched(solved((None, "%timeit 1"))))


@every_notebook
def test_a_page_shows_no_output_of_a_cell_that_calls_a_check(name):
    notebook = nbformat.read(page_of("solution", name).source, as_version=4)
    for cell in given.untouched(notebook):
        assert "checks.check_" not in cell.source
        assert "SOLUTION" not in cell.source
