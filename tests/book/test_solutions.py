"""The solutions as the book has run them: every check gives every point."""

from __future__ import annotations

import pytest

from book.keys import Code
from book.notebooks import all_pages
from book.places import build_folder
from book.stored import job_for, with_results
from utils.checks import REGISTRY

grading = pytest.importorskip("nbgrader.utils")
pytestmark = [pytest.mark.book, pytest.mark.usefixtures("book_site")]
SOLUTIONS = [page for page in all_pages() if page.kind == "solution"]


@pytest.fixture(scope="module")
def code() -> Code:
    """Read the code that notebooks reach once for all."""
    return Code()


@pytest.mark.parametrize("page", SOLUTIONS, ids=[page.name for page in SOLUTIONS])
def test_solutions_earn_every_point(page, code):
    executed = build_folder() / "executed"
    assert job_for(page, executed, code) is None, "the results are of an earlier state"
    notebook, _ = with_results(page, executed)
    cells = [
        cell
        for cell in notebook.cells
        if grading.is_grade(cell) and not grading.is_solution(cell) and cell.cell_type == "code"
    ]
    assert len(cells) == len(REGISTRY[page.name])
    for cell in cells:
        earned, possible = grading.determine_grade(cell)
        assert earned == possible > 0, cell.source
