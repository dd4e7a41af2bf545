"""The files of the built book: what pages refer to, and what a page weighs."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.book

HEAVIEST = 3_000_000  # bytes of a page with all its pictures and frames
RESOURCES = {"img": "src", "script": "src", "link": "href", "source": "src", "iframe": "src"}


class Parsed(HTMLParser):
    """What a page refers to, and the places in it that can be referred to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.resources: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.pictures_without_text: list[str] = []
        self.language = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "html":
            self.language = values.get("lang") or ""
        if tag == "a" and values.get("href"):
            self.links.append(str(values["href"]))
        elif values.get(RESOURCES.get(tag, "")):
            self.resources.append(str(values[RESOURCES[tag]]))
        if tag == "img" and "alt" not in values:
            self.pictures_without_text.append(str(values.get("src")))


@cache
def read(path: Path) -> Parsed:
    """Parse a page once."""
    return Parsed(path.read_text(encoding="utf-8"))


def pages(site: Path) -> list[Path]:
    """List the pages of the book."""
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


def target(page: Path, reference: str) -> Path:
    """Give the file that a relative address leads to."""
    path = unquote(urlsplit(reference).path)
    return (page.parent / path).resolve() if path else page.resolve()


def test_resources_are_files_of_the_book(book_site: Path) -> None:
    wrong = {}
    for page in pages(book_site):
        found = [r for r in read(page).resources if not r.startswith("data:")]
        outside = [r for r in found if urlsplit(r).scheme or r.startswith("/")]
        gone = [r for r in found if r not in outside and not target(page, r).is_file()]
        if outside or gone:
            wrong[page.name] = (outside, gone)
    assert wrong == {}


def test_links_lead_to_pages_and_places_that_there_are(book_site: Path) -> None:
    wrong, links = {}, 0
    root = book_site.resolve()
    for page in pages(book_site):
        for link in read(page).links:
            if urlsplit(link).scheme or link == "#":
                continue
            links += 1
            there, place = target(page, link), unquote(urlsplit(link).fragment)
            if not there.is_relative_to(root) or not there.is_file():
                wrong[f"{page.name}: {link}"] = "no such file in the book"
            elif place and there.suffix == ".html" and place not in read(there).ids:
                wrong[f"{page.name}: {link}"] = "no such place on that page"
    assert wrong == {}
    assert links > 1000


def test_an_id_stands_once_on_a_page(book_site: Path) -> None:
    doubled = {}
    for page in pages(book_site):
        ids = read(page).ids
        if len(set(ids)) < len(ids):
            doubled[page.name] = sorted({one for one in ids if ids.count(one) > 1})
    assert doubled == {}


def test_every_page_names_its_language_and_every_picture_has_a_text(book_site: Path) -> None:
    for page in pages(book_site):
        assert read(page).language == "en", page
        assert read(page).pictures_without_text == [], page


def test_no_page_is_too_heavy(book_site: Path) -> None:
    weights = {page.relative_to(book_site).as_posix(): weight(page) for page in pages(book_site)}
    assert max(weights.values()) > 200_000  # pictures were counted
    assert {page: size for page, size in weights.items() if size > HEAVIEST} == {}


def weight(page: Path) -> int:
    """Give the bytes of a page and of every picture that its text names, frames included."""
    text = page.read_text(encoding="utf-8")
    names = set(re.findall(r"""["']([^"'<>\s]+\.(?:webp|png|svg|jpe?g|gif))["']""", text))
    files = {target(page, name) for name in names}
    return page.stat().st_size + sum(path.stat().st_size for path in files if path.is_file())


def test_no_page_tells_where_it_was_built(book_site: Path) -> None:
    home = str(Path(__file__).resolve().parents[2])
    told = [page.name for page in pages(book_site) if home in page.read_text(encoding="utf-8")]
    assert told == []
