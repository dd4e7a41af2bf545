"""What visits a page sees: every fault that it is there for, and none on a page without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.browser import find_chromium

from .book_visits import Visit, visit_all

pytestmark = pytest.mark.book

FRAME = """<!doctype html><html lang="en"><head><title>A page</title></head>
<body><main id="main-content"><article class="bd-article"><h1>A page</h1>{}</article></main></body>
</html>"""

PLAYER = """<figure class="unrolled-player" aria-label="A figure"><img alt="" src="{first}">
<label for="slider">T</label><input type="range" id="slider" min="0" max="3" value="0"></figure>
<script>const slider = document.querySelector("#slider");
slider.addEventListener("input", () => {{ slider.setAttribute("aria-valuetext", slider.value);
  document.querySelector("img").src = "{second}"; }});</script>"""

SQUARE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='8' height='8'%3E"
    "%3Crect width='8' height='8' fill='{}'/%3E%3C/svg%3E"
)
BLACK, WHITE = SQUARE.format("black"), SQUARE.format("white")
WIDE = "<div style='width: 900px'>Wide</div>"

FAULTS = {
    "outside": '<script src="https://example.org/x.js"></script>',
    "missing": '<p><img src="nowhere.png" alt="Nothing"></p>',
    "console": "<script>console.error('A fault')</script>",
    "raw": r"<p>The weight $W_{hh}$ is one.</p>",
    "unsettable": '<svg role="img" aria-label="x"><g data-mjx-error="Missing argument"></g></svg>',
    "light": '<p style="color: #aaa; background: #fff">Hard to read</p>',
    "dark": "<style>[data-theme=dark] p { color: #333; background: #000 }</style><p>Text</p>",
    "wide": WIDE,
    "still": PLAYER.format(first=BLACK, second=BLACK),
}
FINE = {
    "text": "<p>Text</p>",
    "code": "<pre style='overflow-x: auto' tabindex='0'><code>cost = '$a$'</code></pre>",
    "scrolling": f"<div style='overflow-x: auto' tabindex='0'>{WIDE}</div>",
    "player": PLAYER.format(first=BLACK, second=WHITE),
}
LISTS = ("outside", "missing", "console", "raw", "unsettable", "light", "dark", "wide", "still")


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Visit]:
    """Visit a page of each kind."""
    pytest.importorskip("playwright", reason="playwright is not installed")
    if find_chromium() is None:
        pytest.skip("no Chromium or Chrome found; UNROLLED_CHROMIUM can name one")
    folder: Path = tmp_path_factory.mktemp("site")
    for name, body in {**FAULTS, **FINE}.items():
        (folder / f"{name}.html").write_text(FRAME.format(body), encoding="utf-8")
    return visit_all(folder, [f"{name}.html" for name in [*FAULTS, *FINE]])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen_for_what_it_is(visits: dict[str, Visit], fault: str) -> None:
    visit = visits[f"{fault}.html"]
    assert visit.problem == ""
    seen = {name for name in LISTS if getattr(visit, name)}
    # A request that leaves the book fails as well, and the console tells of what is missing.
    allowed = {"outside": {"missing", "console"}, "missing": {"console"}, "light": {"dark"}}
    assert {fault} <= seen <= {fault} | allowed.get(fault, set())


@pytest.mark.parametrize("page", FINE)
def test_on_a_page_without_fault_nothing_is_seen(visits: dict[str, Visit], page: str) -> None:
    visit = visits[f"{page}.html"]
    assert {name: getattr(visit, name) for name in LISTS} == {name: [] for name in LISTS}
    assert (visit.problem, visit.sliders) == ("", int(page == "player"))
