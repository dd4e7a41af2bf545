"""Wide figures on a phone, which scroll in themselves and say so, and pages on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .book_visits import PHONE, WIDE

STATIC = Path(__file__).resolve().parents[2] / "book" / "static"
SQUARE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='4'/%3E"
PICTURE = f'<img src="{SQUARE}" alt="A figure" width="{{}}" style="max-width: 100%; height: auto">'
OUTPUT = '<div class="cell_output"><div class="output text_html">{}</div></div>'
BOX = 'class="unrolled-picture"'
PAGE = """<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Figures</title>
<link rel="stylesheet" href="{static}/book.css"><link rel="stylesheet" href="{static}/player.css">
<script defer src="{static}/book.js"></script></head>
<body><main class="bd-content"><article class="bd-article"><section>{content}</section></article>
</main></body></html>"""
PLAYER = """<figure class="unrolled-player">
<div class="unrolled-picture" id="player">{}</div>
<div class="unrolled-player-controls"><input type="range"></div></figure>"""
BOXES = {"still": 1000, "player": 900, "small": 200}
STATE = """(box) => ({
  more: box.dataset.more ?? null, label: box.getAttribute("aria-label"), tab: box.tabIndex,
  picture: Math.round(box.querySelector("img").getBoundingClientRect().width),
})"""
STILL = {"more": None, "label": None, "tab": -1}


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Open a page with a wide figure, a player, a small figure, and a wide one that is folded."""
    from book.outputs import with_caption

    def figure(name: str, width: int) -> str:
        drawn = with_caption(PICTURE.format(width)).replace(BOX, f'{BOX} id="{name}"')
        return OUTPUT.format(drawn)

    content = figure("still", BOXES["still"]) + figure("small", BOXES["small"])
    player = PLAYER.format(PICTURE.format(BOXES["player"]))
    content += f'<div id="outside">{OUTPUT.format(player)}</div>'
    folded = figure("folded", BOXES["still"])
    content += f"<details><summary>More</summary>{folded}</details>"
    text = PAGE.format(static=STATIC.as_uri(), content=content)
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    page = browser.new_page(viewport=PHONE)
    page.goto((tmp_path / "page.html").as_uri())
    yield page
    page.close()


def wait_for(page: Any, name: str, more: str | None) -> dict[str, Any]:
    """Wait until a box has more to show at these edges, and give its state."""
    edges = "undefined" if more is None else repr(more)
    page.wait_for_function(f"document.getElementById({name!r}).dataset.more === {edges}")
    return page.locator(f"#{name}").evaluate(STATE)


@pytest.mark.parametrize("name", ["still", "player"])
def test_a_wide_figure_keeps_its_size_and_is_reached_by_keyboard(page: Any, name: str) -> None:
    state = wait_for(page, name, "right")
    assert state["picture"] > 500
    assert state["label"] == "figure, scrolls sideways"
    assert state["tab"] == 0
    box = page.locator(f"#{name}")
    box.focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, name, "left right")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    wait_for(page, name, "left")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    caption = page.locator("#still + .unrolled-caption").bounding_box()  # it does not scroll away
    assert caption["x"] + caption["width"] <= PHONE["width"]
    slider = page.locator("#outside input").bounding_box()
    assert 0 <= slider["x"] <= slider["x"] + slider["width"] <= PHONE["width"]


def test_the_shadow_lies_on_the_edge_that_hides_something(page: Any) -> None:
    wait_for(page, "still", "right")
    shadows = (
        """(box) => ["::before", "::after"].map((name) => getComputedStyle(box, name).opacity)"""
    )
    page.add_style_tag(content="* , *::before, *::after { transition: none !important }")
    box = page.locator("#still")
    assert box.evaluate(shadows) == ["0", "1"]
    box.evaluate("(box) => box.scrollTo(box.scrollWidth, 0)")
    wait_for(page, "still", "left")
    assert box.evaluate(shadows) == ["1", "0"]


def test_what_fits_is_no_stop_of_the_keyboard(page: Any) -> None:
    wait_for(page, "still", "right")
    assert page.locator("#small").evaluate(STATE) == {**STILL, "picture": BOXES["small"]}
    page.set_viewport_size(WIDE)
    for name in ("still", "player"):
        state = wait_for(page, name, None)
        assert {**state, "picture": 0} == {**STILL, "picture": 0}
        assert state["picture"] == BOXES[name]


def test_a_figure_that_was_folded_is_reached_as_well(page: Any) -> None:
    wait_for(page, "still", "right")
    page.locator("summary").click()
    assert wait_for(page, "folded", "right")["label"] == "figure, scrolls sideways"


def test_what_is_read_in_dark_is_printed_in_light(page: Any) -> None:
    theme = "document.documentElement.dataset.theme"
    page.evaluate(f"{theme} = 'dark'; window.printed = []")
    page.evaluate(f"window.addEventListener('beforeprint', () => printed.push({theme}))")
    page.pdf()
    assert page.evaluate("printed") == ["light"]
    assert page.evaluate(theme) == "dark"


def test_a_formula_that_is_a_little_too_wide_is_drawn_smaller(browser: Any, tmp_path: Path) -> None:
    formula = """<div class="math" id="{0}"><mjx-container style="display: block"><svg width="{0}"
      height="{1}" viewBox="0 0 {0} {1}"></svg></mjx-container></div>"""
    widths = (300, 1500, 4000)  # in a window of 1280 pixels
    content = "".join(formula.format(width, width // 10) for width in widths)
    (tmp_path / "page.html").write_text(PAGE.format(static=STATIC.as_uri(), content=content))
    page = browser.new_page(viewport=WIDE)
    page.goto((tmp_path / "page.html").as_uri())
    page.wait_for_function("document.getElementById('4000').tabIndex === 0")
    boxes = [page.locator(f"[id='{width}'] svg").bounding_box() for width in widths]
    stops = [page.locator(f"[id='{width}']").evaluate("box => box.tabIndex") for width in widths]
    page.close()
    assert [box["width"] for box in boxes[::2]] == [300, 4000]
    assert 1100 < boxes[1]["width"] <= 1280
    assert boxes[1]["width"] / boxes[1]["height"] == pytest.approx(10, rel=0.01)
    assert stops == [-1, -1, 0]


def test_a_wide_formula_is_drawn_smaller_on_paper(page: Any) -> None:
    page.evaluate("""document.querySelector("section").innerHTML = `<div class="math"><mjx-container
      style="display: block"><svg width="1200" height="60" viewBox="0 0 1200 60"></svg>
      </mjx-container></div>`""")
    page.emulate_media(media="print")
    drawn = page.locator("svg").bounding_box()
    assert drawn["x"] + drawn["width"] <= PHONE["width"]
    assert drawn["width"] / drawn["height"] == pytest.approx(20, rel=0.05)
