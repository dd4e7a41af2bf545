"""Predictions, recall questions, progress and check reports for a reader without a kernel.

In JupyterLab these are widgets, or tell what a kernel has just found out. Here a prediction can
still be made: the reader marks an option or types a number, and finds it beside the answer when
that is unfolded (`static/study.js`). What `utils.widgets.study` shows carries its content as JSON,
so nothing is read back out of HTML; a check's report keeps its words and leaves its colours to
the style sheet.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nbformat import NotebookNode

from book.errors import BookError
from book.notebooks import Page, add_tag
from utils.widgets.study import MIME

_REPORT = "class='unrolled-report'"
_MATH_OR_CODE = re.compile(r"`([^`]+)`|\$([^$]+)\$")


def transform(notebook: NotebookNode, page: Page) -> None:
    """Put what a reader without a kernel can use in the place of what needs one.

    Parameters
    ----------
    notebook : NotebookNode
        A copy of the executed notebook; changed in place.
    page : Page

    Raises
    ------
    BookError
        If an output is of a kind that is not known here, or an answer has no question.
    """
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    contents = [output.data[MIME] for output in outputs if MIME in output.get("data", {})]
    questions = _Questions(page, contents)
    for cell in notebook.cells:
        shown = [output.get("data", {}).get(MIME, {}) for output in cell.get("outputs", [])]
        if any(content.get("kind") == "reveal" for content in shown):
            add_tag(cell, "hide-input")  # the code holds the answer, under the question
    for output in outputs:
        data = output.get("data", {})
        if MIME in data:
            output.data = {"text/html": _render(data[MIME], questions)}
            output.metadata = {}
        elif _REPORT in data.get("text/html", ""):
            output.data = {"text/html": plain_report(data["text/html"])}


class _Questions:
    """The questions of a page, each with the id of its controls."""

    def __init__(self, page: Page, contents: Iterable[Mapping[str, Any]]) -> None:
        self.page = page
        self.answered = {each["question"] for each in contents if each.get("kind") == "reveal"}
        self._ids: dict[str, str] = {}

    def ask(self, question: str) -> str:
        """Enter a question and return its id, which is like no other in the book."""
        where = f"{self.page.kind}-{self.page.number}"
        self._ids[question] = f"prediction-{where}-{len(self._ids) + 1}"
        return self._ids[question]

    def find(self, question: str) -> str:
        """Return the id of a question that was asked above."""
        if question not in self._ids:
            raise BookError(
                f"{self.page.docname} reveals the answer to {question!r}, which no cell above"
                " asks; expected predict(...) on the same page."
            )
        return self._ids[question]


def _render(content: Mapping[str, Any], questions: _Questions) -> str:
    """Give one output of `utils.widgets.study` as HTML."""
    kind = content.get("kind")
    if kind == "predict":
        is_answered = content["question"] in questions.answered
        return _prediction(content, questions.ask(content["question"]), is_answered)
    if kind == "reveal":
        return _answer(content, questions.find(content["question"]))
    if kind in _OTHERS:
        return _OTHERS[kind](content)
    raise BookError(
        f"{questions.page.docname} holds an output of kind {kind!r}; expected predict, reveal,"
        f" {' or '.join(_OTHERS)}. Teach book/study.py the new kind."
    )


def rich(text: str) -> str:
    """Give words as HTML: escaped, with ```code``` marked and ``$formulas$`` for MathJax."""
    parts, end = [], 0
    for found in _MATH_OR_CODE.finditer(text):
        parts.append(html.escape(text[end : found.start()], quote=False))
        code, formula = found.groups()
        if code is not None:
            parts.append(f"<code>{html.escape(code, quote=False)}</code>")
        else:
            formula = html.escape(formula, quote=False)
            parts.append(f'<span class="math notranslate nohighlight">\\({formula}\\)</span>')
        end = found.end()
    return "".join(parts) + html.escape(text[end:], quote=False)


def plain_report(page: str) -> str:
    """Give a check's report without colours of its own and without the role of a live region."""
    page = page.replace(" role='status'", "")
    return with_formulas(re.sub(r" style='[^']*'", "", page))


def with_formulas(page: str) -> str:
    """Mark the ``$formulas$`` of html for MathJax, which leaves outputs alone otherwise."""
    return re.sub(
        r"\$([^$<]+)\$", r'<span class="math notranslate nohighlight">\\(\1\\)</span>', page
    )


def _prediction(content: Mapping[str, Any], identity: str, is_answered: bool) -> str:
    legend = "Your prediction" + (f" ({html.escape(content['unit'])})" if content["unit"] else "")
    asked, own = f"{identity}-question", f"{identity}-own"
    named = f'aria-labelledby="{asked} {own}"'
    if content["options"]:
        choices = "".join(
            f'<label><input type="radio" name="{identity}" value="{html.escape(option)}">'
            f" <span>{rich(option)}</span></label>"
            for option in content["options"]
        )
        control = (
            f'<fieldset id="{identity}" {named}><legend id="{own}">{legend}</legend>'
            f"{choices}</fieldset>"
        )
    else:
        control = (
            f'<label for="{identity}" id="{own}">{legend}: </label>'
            f'<input type="text" inputmode="decimal" autocomplete="off" size="8" id="{identity}"'
            f' {named} data-unit="{html.escape(content["unit"])}">'
        )
    below = "; further below it will stand beside the answer" if is_answered else ""
    return (
        '<div class="unrolled-study unrolled-predict">'
        f'<p id="{asked}"><strong>Predict.</strong> {rich(content["question"])}</p>{control}'
        f"<p><small>Decide before you read on{below}.</small></p></div>"
    )


def _answer(content: Mapping[str, Any], identity: str) -> str:
    because = f"<p>{rich(content['explanation'])}</p>" if content["explanation"] else ""
    return (
        f'<details class="unrolled-study unrolled-reveal" data-prediction="{identity}"><summary>'
        f"Show the answer: {rich(content['question'])}</summary>"
        f'<p hidden>You predicted: <span class="unrolled-predicted"></span>.</p>'
        f"<p>The answer: <strong>{rich(content['answer'])}</strong>.</p>{because}</details>"
    )


def _recall(content: Mapping[str, Any]) -> str:
    entries = "".join(
        f"<li><p>{rich(question)}</p><details><summary>Answer {number}</summary>"
        f"<p>{rich(answer)}</p></details></li>"
        for number, (question, answer) in enumerate(content["items"], start=1)
    )
    return (
        '<div class="unrolled-study unrolled-recall"><p><strong>Recall.</strong> Answer from'
        f" memory, aloud or on paper, then open the answer.</p><ol>{entries}</ol></div>"
    )


def _progress(content: Mapping[str, Any]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{html.escape(chapter)}</th><td>{len(titles)}</td>'
        f"<td><details><summary>which</summary><ul>"
        f"{''.join(f'<li>{rich(title)}</li>' for title in titles)}</ul></details></td></tr>"
        for chapter, titles in content["chapters"].items()
    )
    total = sum(map(len, content["chapters"].values()))
    return (
        '<div class="unrolled-study unrolled-progress no-print">'
        "<p><strong>In JupyterLab</strong> this"
        " table also says which exercises you have solved. These are the ones that a check can"
        f" judge, {total} in all:</p><table><thead><tr><th scope='col'>Chapter</th>"
        "<th scope='col'>Exercises</th><th scope='col'>Their titles</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


_OTHERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "recall": _recall,
    "progress": _progress,
}
