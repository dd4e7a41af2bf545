"""The page of all claims: statement, verdict, numbers, budget, and the figure of the chapter.

Nothing is written by hand: what is said of a claim comes from its script and its stored rows
(`experiments.ledger`), and its figure from the executed chapter, from the cell that printed the
verdict or, if it drew nothing, from the last one before it that did.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from book.errors import BookError
from book.frames import MIME as FRAMES
from book.notebooks import Page
from experiments import ledger
from experiments.common import Verdict

_QUOTED = re.compile(r"^> \*\*Claim (?P<claim>C\d\d)\.\*\*", re.MULTILINE)
_IN_HEADING = re.compile(r"^(?P<heading>#+ .+\((?P<claim>C\d\d)\))$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[a-z0-9)\]%]\.) (?=[A-Z])")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>$#|~])")
_SYMBOL = re.compile(r"\b(\w_\{[^{}]+\})")
_FILTERS = ("all", *ledger.WORDS)


def transform(notebook: NotebookNode, page: Page) -> None:
    """Let each claim that a chapter quotes lead to the page of claims, and be found from there.

    Parameters
    ----------
    notebook : NotebookNode
        A copy; changed in place. Pages that are no chapters are left as they are.
    page : Page
    """
    if page.kind != "chapter":
        return
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _QUOTED.sub(_linked, cell.source)
            cell.source = _IN_HEADING.sub(_marked, cell.source)


def notebook(
    chapters: Mapping[str, NotebookNode], entries: Sequence[ledger.Entry] | None = None
) -> NotebookNode:
    """Make the page of all claims.

    Parameters
    ----------
    chapters : mapping of str to NotebookNode
        The executed chapters by name. The claims of a chapter that is not among them, as in a
        build of one chapter, have no figure.
    entries : sequence of Entry, optional
        The ledger, where it has been loaded already.

    Returns
    -------
    page : NotebookNode
        Markdown, and code cells whose code is not shown, with outputs of the chapters.

    Raises
    ------
    BookError
        If no cell of a claim's chapter prints its verdict, or none above draws a figure.
    StaleResultsError
        If a claim's rows are missing or were made by other code.
    """
    entries = ledger.load() if entries is None else entries
    cells = [new_markdown_cell(_opening(entries), id="opening")]
    for entry in entries:
        verdict, name = entry.verdict, entry.verdict.claim.lower()
        cells.append(new_markdown_cell(_heading(entry), id=name))
        chapter = chapters.get(entry.chapter)
        if chapter is not None:
            cells.append(
                new_code_cell(
                    f"# a figure of chapter {entry.chapter}",  # a cell without code is left out
                    id=f"{name}-figure",
                    metadata={"tags": ["remove-input"]},
                    outputs=figures(chapter, verdict, entry.chapter),
                )
            )
        cells.append(new_markdown_cell(_numbers(verdict), id=f"{name}-numbers"))
    return new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


def figures(chapter: NotebookNode, verdict: Verdict, name: str) -> list[NotebookNode]:
    """Return copies of the outputs with the figures that show a claim's verdict.

    Parameters
    ----------
    chapter : NotebookNode
        Executed.
    verdict : Verdict
    name : str
        Of the chapter, for messages.

    Raises
    ------
    BookError
        If no cell prints the verdict, or there is no figure in or above it.
    """
    printed = _flat(f"{verdict.claim}: {verdict.statement} Verdict: {verdict.word}.")
    places = [place for place, cell in enumerate(chapter.cells) if printed in _flat(_printed(cell))]
    if not places:
        raise BookError(
            f"No cell of chapter {name} prints the verdict of {verdict.claim}; expected"
            f" print(verdict) with the words {printed!r}. Execute the chapter again."
        )
    for cell in reversed(chapter.cells[: places[0] + 1]):
        if drawn := [output for output in cell.get("outputs", []) if _is_picture(output)]:
            return copy.deepcopy(drawn)
    raise BookError(
        f"Chapter {name} prints the verdict of {verdict.claim} and shows no figure there or"
        " above; expected show(fig, alt) in one of these cells."
    )


def _opening(entries: Sequence[ledger.Entry]) -> str:
    right, partly, wrong = ledger.count(entries).values()
    choices = "".join(
        f'<label><input type="radio" name="verdict" value="{word}"'
        f"{' checked' if word == 'all' else ''}> {word}</label>"
        for word in _FILTERS
    )
    rows = "\n".join(
        f"| [{entry.verdict.claim}](#{entry.verdict.claim.lower()}) |"
        f" {stated(entry.verdict.statement)} | {_badge(entry.verdict.word)} |"
        f" {_chapter(entry, entry.chapter[:2])} |"
        for entry in entries
    )
    return (
        "# Claims under test\n\n"
        "What articles and textbooks repeat about recurrent networks, each with an experiment and"
        f" a verdict. Claims that hold as they are told: {right} of {len(entries)}; that hold only"
        f" under a condition: {partly}; that are false: {wrong}. A verdict is about the networks,"
        " tasks and budgets that are stated with it; its rule stood in the script before the first"
        " run. Intervals are in square brackets.\n\n"
        f'<fieldset class="unrolled-filter no-print"><legend>Show the claims with the verdict'
        f"</legend>{choices}</fieldset>\n"
        f'<p class="unrolled-shown no-print" role="status">{len(entries)} claims</p>\n\n'
        f"| claim | as it is usually told | verdict | chapter |\n|---|---|---|---|\n{rows}"
    )


def _heading(entry: ledger.Entry) -> str:
    verdict = entry.verdict
    statement = verdict.statement[0].upper() + verdict.statement[1:]
    return (
        f"```{{rst-class}} unrolled-claim {_as_class(verdict.word)}\n```\n"
        f"({verdict.claim.lower()})=\n## {verdict.claim} · {stated(statement)}\n\n"
        f"{_badge(verdict.word)} {_chapter(entry, f'Chapter {entry.chapter[:2]}')} ·"
        f" `experiments/{entry.script}.py`"
    )


def _numbers(verdict: Verdict) -> str:
    budget = f"*Budget:* {_escaped(verdict.budget)}"
    return f"{in_lines(verdict.text)}\n\n{budget}\n\n{_evidence(verdict)}"


def stated(text: str) -> str:
    """Give a claim's statement in Markdown: a symbol with an index, as h_{t−1}, is a formula."""
    pieces = _SYMBOL.split(text)  # symbols at odd places
    formulas = (f"${piece.replace('−', '-')}$" for piece in pieces[1::2])
    words = [_escaped(piece) for piece in pieces[::2]]
    return "".join(word + next(formulas, "") for word in words)


def in_lines(text: str) -> str:
    """Give a verdict's text in Markdown, with its long rows of numbers as lists.

    A sentence whose parts are set apart by semicolons becomes a list; the words before its first
    colon lead it, unless every part has such words of its own.
    """
    blocks = []
    for sentence in _SENTENCE_END.split(text):
        lead, colon, rest = sentence.partition(": ")
        parts = (rest if colon else sentence).split("; ")
        if colon and any(": " in part for part in parts[1:]) and ": " not in parts[0]:
            lead, colon, parts = "", "", sentence.split("; ")
        if len(parts) < 3 and not (len(parts) == 2 and len(sentence) > 160):
            blocks.append(_escaped(sentence))
            continue
        items = "\n".join(f"- {_escaped(part)}" for part in parts)
        blocks.append(f"{_escaped(lead)}{colon.strip()}\n\n{items}".strip())
    return "\n\n".join(blocks)


def _evidence(verdict: Verdict) -> str:
    rows = verdict.evidence
    columns = [name for name in rows if not _repeats(rows[name], verdict.text)]
    table = [
        "| " + " | ".join(_escaped(name.replace("_", " ")) for name in columns) + " |",
        "|"
        + "|".join("---:" if _is_number(rows[name].iloc[0]) else "---" for name in columns)
        + "|",
    ]
    for row in rows[columns].itertuples(index=False):
        table.append("| " + " | ".join(_escaped(_number(value)) for value in row) + " |")
    body = "\n".join(table)
    return (
        '<details class="unrolled-evidence"><summary>The rows that the rule looked at'
        f" ({len(rows)})</summary>\n\n{body}\n\n</details>"
    )


def _repeats(column: Iterable[Any], text: str) -> bool:
    """Tell whether a column says in words what stands in the verdict's text already."""
    return all(isinstance(value, str) and len(value) > 40 and value in text for value in column)


def _number(value: Any) -> str:
    if isinstance(value, bool) or not _is_number(value):
        return str(value)
    return "–" if value != value else f"{value:.3g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, Real)


def _linked(found: re.Match[str]) -> str:
    claim = found["claim"]
    return f"({_target(claim)})=\n> **[Claim {claim}](#{claim.lower()}).**"


def _marked(found: re.Match[str]) -> str:
    claim = found["claim"]
    all_claims = f"[All claims](#{claim.lower()}) stand on a page of their own."
    return f"({_target(claim)})=\n{found['heading']}\n\n{all_claims}"


def _target(claim: str) -> str:
    return f"claim-{claim.lower()}"


def _chapter(entry: ledger.Entry, words: str) -> str:
    return f"[{words}](#{_target(entry.verdict.claim)})"


def _badge(word: str) -> str:
    return f'<span class="unrolled-verdict" data-verdict="{word}">{word}</span>'


def _as_class(word: str) -> str:
    return f"verdict-{word.replace(' ', '-')}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", str(text))


def _flat(text: str) -> str:
    """Take out all spaces: a printed verdict is broken into lines, at hyphens too."""
    return "".join(text.split())


def _printed(cell: NotebookNode) -> str:
    return "".join(
        output.text for output in cell.get("outputs", []) if output.output_type == "stream"
    )


def _is_picture(output: NotebookNode) -> bool:
    data = output.get("data", {})
    return "image/png" in data and FRAMES not in data
