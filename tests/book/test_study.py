"""Predictions, recall questions, progress and reports on a page without a kernel."""

import IPython.display
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from book import study
from book.errors import BookError
from book.notebooks import all_pages
from utils.checks.reporting import Line, Report
from utils.widgets import predict, progress, recall
from utils.widgets import study as live

PAGE = all_pages()[5]


@pytest.fixture
def shown(monkeypatch):
    """Collect what a notebook would show, as the data of its outputs."""
    calls = []

    def keep(data, **_):
        calls.append(data if isinstance(data, dict) else data._repr_mimebundle_())

    monkeypatch.setattr(live, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", keep)
    return calls


def rendered(*bundles):
    cells = [new_code_cell("", outputs=[new_output("display_data", b)]) for b in bundles]
    notebook = new_notebook(cells=cells)
    study.transform(notebook, PAGE)
    pages = [cell.outputs[0].data for cell in notebook.cells]
    assert all(list(data) == ["text/html"] for data in pages)
    return [data["text/html"] for data in pages]


def test_a_choice_becomes_radio_buttons_and_its_answer_is_folded(shown):
    predict("Is $a<b$ or `c`?", options=["yes", "no & never"]).reveal("yes", "Since `b > a`.")
    question, answer = rendered(*shown)
    assert question.count('type="radio" name="prediction-chapter-05-1"') == 2
    assert 'value="no &amp; never"' in question
    assert r'Is <span class="math notranslate nohighlight">\(a&lt;b\)</span> or' in question
    assert "<code>c</code>" in question
    assert answer.startswith('<details class="unrolled-study unrolled-reveal"')
    assert 'data-prediction="prediction-chapter-05-1"' in answer
    assert "<strong>yes</strong>" in answer
    assert "<code>b &gt; a</code>" in answer
    for page in (question, answer):
        assert "run this cell" not in page
        assert "style=" not in page


def test_a_number_is_typed_with_its_unit(shown):
    predict("How many?", unit="of 10").reveal(5)
    question, answer = rendered(*shown)
    own = '<label for="prediction-chapter-05-1" id="prediction-chapter-05-1-own">'
    assert f"{own}Your prediction (of 10): </label>" in question
    assert 'data-unit="of 10"' in question
    assert "<strong>5 of 10</strong>" in answer


def test_a_page_promises_an_answer_only_if_it_has_one(shown):
    predict("How many?").reveal(5)
    assert "read on; further below it will stand beside the answer." in rendered(*shown)[0]
    assert "read on.</small>" in rendered(shown[0])[0]


def test_code_that_holds_an_answer_is_folded(shown):
    predict("How many?").reveal(5)
    outputs = [new_output("display_data", data) for data in shown]
    cells = [new_code_cell("", outputs=[output]) for output in outputs]
    study.transform(new_notebook(cells=cells), PAGE)
    assert [cell.metadata.get("tags", []) for cell in cells] == [[], ["hide-input"]]


def test_the_answer_belongs_to_its_own_question(shown):
    first, second = predict("First?"), predict("Second?", options=["a", "b"])
    second.reveal("a")
    first.reveal(1)
    *_, to_second, to_first = rendered(*shown)
    assert 'data-prediction="prediction-chapter-05-2"' in to_second
    assert 'data-prediction="prediction-chapter-05-1"' in to_first


def test_recall_folds_every_answer(shown):
    recall([("What is $h_0$?", "Zeros & `np.zeros`."), ("Why?", "So.")])
    (page,) = rendered(*shown)
    assert page.count("<details>") == page.count("</details>") == 2
    assert "<details open" not in page
    assert page.index("Zeros &amp; <code>np.zeros</code>.") < page.index("Why?")


def test_progress_says_what_can_be_solved_and_nothing_of_this_machine(shown):
    progress()
    (page,) = rendered(*shown)
    assert '<th scope="row">05_vanishing_exploding</th>' in page
    assert "not yet tried" not in page
    assert "solved of" not in page
    assert "Kept in" not in page


def test_a_report_leaves_its_colours_to_the_page():
    report = Report(
        "One step", "wrong", 0.5, (Line("wrong", "`z` at $t$ is not right."),), ("",) * 3
    )
    (page,) = rendered({"text/html": report._repr_html_(), "text/plain": str(report)})
    assert "class='unrolled-report' data-status='wrong'" in page
    assert "style=" not in page
    assert "role=" not in page
    assert r"\(t\)" in page
    assert "<code>z</code>" in page


def test_other_outputs_stay_as_they_are():
    bundle = {"text/html": "<p style='color: red'>It costs $5 or $6.</p>", "text/plain": "It"}
    notebook = new_notebook(cells=[new_code_cell("", outputs=[new_output("display_data", bundle)])])
    study.transform(notebook, PAGE)
    assert notebook.cells[0].outputs[0].data == bundle


def test_an_answer_without_a_question_and_an_unknown_kind_are_refused(shown):
    predict("How many?").reveal(5)
    with pytest.raises(BookError, match="reveals the answer to 'How many\\?', which no cell above"):
        rendered(shown[1])
    with pytest.raises(BookError, match="of kind 'quiz'; expected predict, reveal, recall or prog"):
        rendered({study.MIME: {"kind": "quiz"}})
