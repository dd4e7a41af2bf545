"""The pages and style sheets that are written by hand, against what they speak of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from book import paper

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
PAGES, STATIC = BOOK / "pages", BOOK / "static"


def words_in(*paths: Path) -> set[str]:
    """Collect the names of our classes where they are set, not where they are selected."""
    found = set()
    for path in paths:
        found |= set(re.findall(r"(?<![.\w-])unrolled-[\w-]+", path.read_text(encoding="utf-8")))
    return found


def test_no_rule_is_for_a_class_that_nothing_has() -> None:
    sheets = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.css"))
    selected = set(re.findall(r"\.(unrolled-[\w-]+)", sheets + " ".join(paper.ON_SCREEN_ONLY)))
    assert len(selected) > 20
    own = [path for name in ("", "api", "frames", "terms") for path in (BOOK / name).glob("*.py")]
    own += [*PAGES.glob("*.md"), *(BOOK / "templates").glob("*.html"), *STATIC.glob("*.js")]
    assert selected - words_in(*own, *(ROOT / "utils").rglob("*.py")) == set()


def test_no_rule_looks_at_the_style_of_an_element() -> None:
    for path in STATIC.glob("*.css"):
        assert "[style" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("name", ["index", "how_to_read"])
def test_there_is_a_place_for_a_link_to_the_pdf(name: str) -> None:
    lines = (PAGES / f"{name}.md").read_text(encoding="utf-8").splitlines()
    assert lines.count('<p class="unrolled-buttons unrolled-pdf"></p>') == 1
