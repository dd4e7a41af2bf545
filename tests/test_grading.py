"""What nbgrader itself reads from the checks, in notebooks that a kernel has run.

Solutions are run for the book, and looked at there (`book/test_solutions.py`).
"""

from pathlib import Path

import nbformat
import pytest

nbclient = pytest.importorskip("nbclient")
grading = pytest.importorskip("nbgrader.utils")

ROOT = Path(__file__).resolve().parents[1]
NAMES = sorted(path.stem for path in ROOT.glob("solutions/*/*.ipynb"))
SECONDS = 120
# Untouched notebooks are run to their end in kernels as well, when notebooks are tested, and what
# their checks give is read without one in `test_checks_notebooks`. Two show how a kernel tells it.
UNTOUCHED = NAMES[:2]


def run(path, change=None):
    """Run a notebook in a kernel of its own and return its cells that a check grades."""
    notebook = nbformat.read(path, as_version=4)
    if change:
        change(notebook)
    client = nbclient.NotebookClient(
        notebook, timeout=SECONDS, startup_timeout=SECONDS, resources={"metadata": {"path": "."}}
    )
    client.execute()
    return [
        cell
        for cell in notebook.cells
        if grading.is_grade(cell) and not grading.is_solution(cell) and cell.cell_type == "code"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", UNTOUCHED)
def test_untouched_exercises_earn_nothing_and_show_no_error(name):
    cells = run(ROOT / "exercises" / name / f"{name}.ipynb")
    for cell in cells:
        assert grading.determine_grade(cell)[0] == 0, cell.source
        assert not grading.has_failed(cell), cell.source


@pytest.mark.slow
def test_part_of_an_answer_earns_part_of_the_points():
    def fill_in_one_count(notebook):
        (cell,) = [cell for cell in notebook.cells if cell.id == "count-answer"]
        cell.source = cell.source.replace(
            "\n...\n", '\ncounts["rnn_20"] = 10 * 16 + 16 * 16 + 16\n'
        )

    cells = run(ROOT / "exercises/02_rnn_forward/02_rnn_forward.ipynb", fill_in_one_count)
    (cell,) = [cell for cell in cells if cell.id == "count-check"]
    assert grading.determine_grade(cell) == (1, 5)
