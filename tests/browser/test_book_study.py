"""Predictions and the filter of claims in a browser, on a page of their own, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from book import study
from book.notebooks import all_pages

STATIC = Path(__file__).resolve().parents[2] / "book" / "static"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Questions</title>
<link rel="stylesheet" href="{static}/study.css"><script defer src="{static}/study.js"></script>
</head><body><main><article class="bd-article">{content}</article></main></body></html>"""
ASKED = [
    {"kind": "predict", "question": "Which?", "options": ["the first", "the second"], "unit": ""},
    {"kind": "predict", "question": "How many?", "options": [], "unit": "of 10"},
    {"kind": "reveal", "question": "How many?", "answer": "5 of 10", "explanation": ""},
    {"kind": "reveal", "question": "Which?", "answer": "the second", "explanation": "So."},
]
FILTER = """<nav class="page-toc"><ul>
<li class="toc-entry nav-item"><a href="#c01">C01</a></li>
<li class="toc-entry nav-item"><a href="#c05">C05</a></li></ul></nav>
<fieldset class="unrolled-filter"><legend>Show</legend>
<label><input type="radio" name="verdict" value="all" checked> all</label>
<label><input type="radio" name="verdict" value="holds only when"> holds only when</label>
</fieldset><p class="unrolled-shown" role="status">2 claims</p><table><tbody>
<tr><td><span class="unrolled-verdict" data-verdict="holds">C01</span></td></tr>
<tr><td><span class="unrolled-verdict" data-verdict="holds only when">C05</span></td></tr>
</tbody></table><section class="unrolled-claim verdict-holds" id="c01">First</section>
<section class="unrolled-claim verdict-holds-only-when" id="c05">Fifth</section>"""


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Open a page with two questions, their answers, and two claims."""
    outputs = [new_output("display_data", {study.MIME: content}) for content in ASKED]
    notebook = new_notebook(cells=[new_code_cell("", outputs=outputs)])
    study.transform(notebook, all_pages()[0])
    content = "".join(output.data["text/html"] for output in notebook.cells[0].outputs) + FILTER
    text = PAGE.format(static=STATIC.as_uri(), content=content)
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    yield page
    page.close()


def test_a_prediction_stands_beside_its_answer(page: Any) -> None:
    page.get_by_role("textbox", name="How many? Your prediction (of 10)").focus()
    page.keyboard.type("7")
    asked = page.get_by_role("group", name="Which? Your prediction")
    asked.get_by_role("radio", name="the first").focus()
    page.keyboard.press("Space")
    for question, predicted in (("Which?", "the first"), ("How many?", "7 of 10")):
        answer = page.locator("details", has_text=question)
        assert not answer.get_by_text("You predicted").is_visible()
        answer.locator("summary").focus()
        page.keyboard.press("Enter")
        said = answer.get_by_text("You predicted")
        said.wait_for(state="visible")
        assert said.text_content() == f"You predicted: {predicted}."
        assert answer.locator("strong").is_visible()


def test_without_a_prediction_the_answer_stands_alone(page: Any) -> None:
    answer = page.locator("details", has_text="Which?")
    answer.locator("summary").click()
    answer.get_by_text("The answer: the second.").wait_for(state="visible")
    assert not answer.get_by_text("You predicted").is_visible()


def test_claims_are_chosen_by_their_verdict(page: Any) -> None:
    assert page.locator(".unrolled-claim:visible").all_text_contents() == ["First", "Fifth"]
    assert page.locator("nav li:visible").all_text_contents() == ["C01", "C05"]
    page.get_by_role("radio", name="all").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator(".unrolled-claim:visible").all_text_contents() == ["Fifth"]
    assert page.locator("td:visible").all_text_contents() == ["C05"]
    assert page.locator("nav li:visible").all_text_contents() == ["C05"]
    assert page.get_by_role("status").text_content() == "1 of 2 claims"
    page.keyboard.press("ArrowUp")
    assert page.get_by_role("status").text_content() == "2 of 2 claims"
    assert page.locator("nav li:visible").all_text_contents() == ["C01", "C05"]
