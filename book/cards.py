"""The cards of the first page: what each chapter does and how long it takes, by the README."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from book.errors import BookError
from book.notebooks import Page
from book.places import ROOT

CARDS = "<!-- cards of the chapters -->"
"""What stands in `pages/index.md` for a card of each chapter."""

PLACE = "<!-- where the course is -->"
"""What stands in `pages/how_to_read.md` after the words for getting the course."""


class Row(NamedTuple):
    """What the README's table says of a chapter."""

    does: str
    minutes: int
    exercises: int
    part: str


def table_of_chapters(readme: Path = ROOT / "README.md") -> dict[str, Row]:
    """Return what the README's table says of each chapter, by its number.

    Raises
    ------
    BookError
        If there is no such table.
    """
    rows = re.findall(
        r"^\| \[?(\d\d) [^|]*\| ([^|]+) \| (\d+) \| (\d+) \| (core|optional) \|$",
        readme.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    if not rows:
        raise BookError(
            f"{readme} has no table of chapters; expected rows such as"
            " '| 05 Title | what it does | 90 | 90 | core |'."
        )
    return {number: Row(does, int(n), int(m), part) for number, does, n, m, part in rows}


def cards(pages: Sequence[Page], rows: Mapping[str, Row]) -> str:
    """Return a grid of cards, one for each chapter, as Markdown.

    Parameters
    ----------
    pages : sequence of Page
    rows : mapping of str to Row
        What to say of each chapter.

    Raises
    ------
    BookError
        If nothing is said of a chapter.
    """
    lines = ["::::{grid} 1 2 2 3", ":gutter: 3", ""]
    for page in (page for page in pages if page.kind == "chapter"):
        if page.number not in rows:
            raise BookError(f"The table of chapters in README.md lacks chapter {page.number}.")
        row = rows[page.number]
        work = f" + {row.exercises}" if row.exercises else ""
        lines += [
            f":::{{grid-item-card}} {page.title}",
            f":link: {page.docname}",
            ":link-type: doc",
            "",
            f"{row.does[0].upper()}{row.does[1:]}.",
            "",
            "```{card-footer}",
            f"{row.minutes}{work} minutes · {row.part}",
            "```",
            ":::",
            "",
        ]
    return "\n".join([*lines, "::::"])


def filled(text: str, pages: Sequence[Page], address: str = "") -> str:
    """Return a written page with what it wants: the cards, the place of the course.

    Parameters
    ----------
    text : str
        Markdown with `CARDS` or `PLACE` in it, or neither.
    pages : sequence of Page
    address : str
        Of the course's repository; empty where none is known, and then it is left out.
    """
    text = text.replace(PLACE, f", from [its repository]({address})" if address else "")
    if CARDS not in text:
        return text
    return text.replace(CARDS, cards(pages, table_of_chapters()))
