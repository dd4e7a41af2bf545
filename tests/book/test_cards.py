"""The first page: its cards and its hours, against the table of the README."""

import pytest

from book import cards
from book.errors import BookError
from book.notebooks import all_pages
from book.places import BOOK

CHAPTERS = [page for page in all_pages() if page.kind == "chapter"]
INDEX = (BOOK / "pages" / "index.md").read_text(encoding="utf-8")


def test_cards_say_what_the_readme_says():
    rows = cards.table_of_chapters()
    assert sorted(rows) == [page.number for page in CHAPTERS]
    text = cards.cards(all_pages(), rows)
    assert text.count("{grid-item-card}") == len(CHAPTERS)
    assert ":link: chapters/05_vanishing_exploding" in text
    row = rows["05"]
    assert f"{row.minutes} + {row.exercises} minutes · {row.part}" in text


def test_a_chapter_that_the_readme_leaves_out_is_named(tmp_path):
    with pytest.raises(BookError, match="lacks chapter 00"):
        cards.cards(CHAPTERS, {})
    path = tmp_path / "README.md"
    path.write_text("# Unrolled\n", encoding="utf-8")
    with pytest.raises(BookError, match="has no table of chapters"):
        cards.table_of_chapters(path)


def test_the_written_page_gets_its_cards_and_no_other_does():
    text = cards.filled(f"One.\n\n{cards.CARDS}\n\n<!-- other -->\n", all_pages())
    assert text.startswith("One.\n\n::::{grid}")
    assert text.endswith("\n::::\n\n<!-- other -->\n")
    assert cards.filled("One.\n", ()) == "One.\n"


def test_the_place_of_the_course_is_told_where_it_is_known():
    text = (BOOK / "pages" / "how_to_read.md").read_text(encoding="utf-8")
    address = "https://example.org/o/unrolled"
    assert f"on your machine, from [its repository]({address}): " in cards.filled(text, (), address)
    assert "on your machine: the notebooks" in cards.filled(text, ())


def test_the_first_page_wants_cards():
    assert cards.CARDS in INDEX


def test_the_first_page_adds_up_the_hours_of_the_core():
    rows = cards.table_of_chapters().values()
    minutes = sum(row.minutes + row.exercises for row in rows if row.part == "core")
    assert f"core path of about {minutes / 60:.0f} hours, exercises included" in INDEX
