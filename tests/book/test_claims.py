"""The page of claims: every claim, its numbers as stored, its figure from its chapter."""

import re

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from book import claims
from book.errors import BookError
from book.notebooks import all_pages
from experiments import ledger
from experiments.common import Verdict

CHAPTERS = {page.name: page for page in all_pages() if page.kind == "chapter"}


@pytest.fixture(scope="module")
def entries():
    return ledger.load()


def picture(alt):
    return new_output("display_data", {"image/png": "", "text/plain": alt})


def printed(verdict):
    return new_output("stream", name="stdout", text=f"{verdict}\n")


@pytest.fixture(scope="module")
def executed(entries):
    """Chapters that draw and print each of their verdicts, in one cell or in two."""
    made = {}
    for place, entry in enumerate(entries):
        cells = made.setdefault(entry.chapter, new_notebook()).cells
        figure = picture(f"The figure of {entry.verdict.claim}.")
        if place % 2:
            cells.append(new_code_cell("", outputs=[figure]))
            cells.append(new_code_cell("", outputs=[printed(entry.verdict)]))
        else:
            cells.append(new_code_cell("", outputs=[figure, printed(entry.verdict)]))
    return made


@pytest.fixture(scope="module")
def page(executed, entries):
    return claims.notebook(executed, entries)


def test_every_claim_has_a_section_with_its_verdict_and_its_figure(page, entries):
    nbformat.validate(page)
    cells = {cell.id: cell for cell in page.cells}
    headings = [line for c in page.cells for line in re.findall(r"^## (C\d\d) ·", c.source, re.M)]
    assert headings == [entry.verdict.claim for entry in entries]
    for entry in entries:
        claim = entry.verdict.claim
        head = cells[claim.lower()].source
        assert f'data-verdict="{entry.verdict.word}"' in head
        assert f"verdict-{entry.verdict.word.replace(' ', '-')}" in head
        assert f"({claim.lower()})=\n## {claim} · " in head
        assert f"](#claim-{claim.lower()})" in head
        assert f"`experiments/{entry.script}.py`" in head
        figure = cells[f"{claim.lower()}-figure"]
        assert [output.data["text/plain"] for output in figure.outputs] == [
            f"The figure of {claim}."
        ]
        assert figure.source  # a cell without code is left out by Sphinx
        assert figure.metadata.tags == ["remove-input"]


def plain(markdown):
    """Undo what Markdown needs: escapes, marks of lists, spaces."""
    return re.sub(r"\\|^- |\s", "", markdown, flags=re.MULTILINE)


def test_no_word_or_number_of_a_verdict_is_lost(page, entries):
    cells = {cell.id: cell.source for cell in page.cells}
    for entry in entries:
        said = plain(cells[f"{entry.verdict.claim.lower()}-numbers"]).replace(";", "")
        assert plain(entry.verdict.text).replace(";", "") in said
        assert plain(f"*Budget:*{entry.verdict.budget}").replace(";", "") in said


def test_the_table_lists_every_claim_and_counts_them(page, entries):
    opening = page.cells[0].source
    rows = re.findall(r"^\| \[(C\d\d)\]\(#(c\d\d)\) \| .+ data-verdict=\"([^\"]+)\"", opening, re.M)
    assert rows == [(e.verdict.claim, e.verdict.claim.lower(), e.verdict.word) for e in entries]
    told = re.search(r"told: (\d+) of (\d+); .* condition: (\d+); .* false: (\d+)", opening)
    held, partly, wrong = ledger.count(entries).values()
    assert [int(number) for number in told.groups()] == [held, len(entries), partly, wrong]
    choices = re.findall(r'type="radio" name="verdict" value="([^"]+)"( checked)?', opening)
    assert choices == [("all", " checked"), *((word, "") for word in ledger.WORDS)]


def test_every_row_of_the_evidence_is_there(page, entries):
    cells = {cell.id: cell.source for cell in page.cells}
    for entry in entries:
        table = cells[f"{entry.verdict.claim.lower()}-numbers"].partition("<details")[2]
        rows = [line for line in table.splitlines() if line.startswith("|")]
        assert len(rows) == 2 + len(entry.verdict.evidence)
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_a_chapter_that_is_not_built_leaves_out_its_figures(executed, entries):
    name = "05_vanishing_exploding"
    only = claims.notebook({name: executed[name]}, entries)
    figures = [cell.id for cell in only.cells if cell.cell_type == "code"]
    assert len(figures) == sum(entry.chapter == name for entry in entries)


def verdict(text="It is so.", word="holds"):
    return Verdict(
        "C01", "a claim of some-\nthing", word, text, "Ten runs.", pd.DataFrame({"a": [1]})
    )


def test_a_verdict_without_a_cell_or_a_figure_is_refused():
    right = verdict()
    silent = new_notebook(cells=[new_code_cell("", outputs=[picture("A figure.")])])
    with pytest.raises(BookError, match="No cell of chapter x prints the verdict of C01"):
        claims.figures(silent, right, "x")
    other = new_notebook(cells=[new_code_cell("", outputs=[printed(verdict(word="is false"))])])
    with pytest.raises(BookError, match="No cell of chapter x"):
        claims.figures(other, right, "x")
    blank = new_notebook(cells=[new_code_cell("", outputs=[printed(right)]), *silent.cells])
    with pytest.raises(BookError, match="shows no figure there or above"):
        claims.figures(blank, right, "x")


def test_the_figure_is_the_nearest_above_and_never_a_widget():
    live = picture("A widget.")
    live.data[claims.FRAMES] = {}
    cells = [
        new_code_cell("", outputs=[picture("Too far.")]),
        new_code_cell("", outputs=[picture("One."), picture("Two.")]),
        new_code_cell("", outputs=[live]),
        new_code_cell("", outputs=[printed(verdict())]),
        new_code_cell("", outputs=[picture("Too late.")]),
    ]
    found = claims.figures(new_notebook(cells=cells), verdict(), "x")
    assert [output.data["text/plain"] for output in found] == ["One.", "Two."]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("It is so.", ["It is so."]),
        ("It is so. And so.", ["It is so.", "And so."]),
        ("Success: a 1; b 2; c 3.", ["Success:", "- a 1\n- b 2\n- c 3."]),
        ("a: 1; b: 2; c: 3.", ["- a: 1\n- b: 2\n- c: 3."]),
        ("Success at x: a; y: b; z: c.", ["- Success at x: a\n- y: b\n- z: c."]),
        ("Success: x: a; y: b; z: c.", ["Success:", "- x: a\n- y: b\n- z: c."]),
        ("One thing; another.", ["One thing; another."]),
        ("W_hh is [0, 1] * 2.", [r"W\_hh is \[0, 1\] \* 2."]),
    ],
)
def test_rows_of_numbers_become_lists(text, lines):
    assert claims.in_lines(text) == "\n\n".join(lines)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("it is so", "it is so"),
        ("W_hh and h_{t−1}; so", r"W\_hh and $h_{t-1}$; so"),
        ("h_{t} [1]", r"$h_{t}$ \[1\]"),
    ],
)
def test_a_symbol_with_an_index_is_a_formula(text, written):
    assert claims.stated(text) == written


def test_no_statement_shows_the_code_of_a_formula(page, entries):
    opening = page.cells[0].source
    assert r"\_\{" not in opening
    assert sum("_{" in entry.verdict.statement for entry in entries) == opening.count("_{") > 0


def test_each_claim_has_one_place_in_the_chapters_to_come_back_to(entries):
    targets = {}
    for name, page in CHAPTERS.items():
        notebook = nbformat.read(page.source, as_version=4)
        claims.transform(notebook, page)
        for cell in notebook.cells:
            for claim in re.findall(r"^\(claim-(c\d\d)\)=$", cell.source, re.MULTILINE):
                targets.setdefault(claim, []).append(name)
                assert f"](#{claim})" in cell.source
    assert targets == {e.verdict.claim.lower(): [e.chapter] for e in entries}


def test_pages_that_are_no_chapters_are_left_alone():
    page = next(page for page in all_pages() if page.kind == "exercise")
    notebook = new_notebook(cells=[nbformat.v4.new_markdown_cell("> **Claim C06.** So.")])
    claims.transform(notebook, page)
    assert notebook.cells[0].source == "> **Claim C06.** So."
