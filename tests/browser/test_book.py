"""The built book in a browser: every page from its file, without a network, wide and on a phone."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.browser import chromium, find_chromium

from .book_visits import PATIENCE, PHONE, WIDE, Visit, pages_of, visit_all

pytestmark = [pytest.mark.book, pytest.mark.timeout(900)]  # every page is visited before the first


@pytest.fixture(scope="module", autouse=True)
def _needs_browser() -> None:
    pytest.importorskip("playwright", reason="playwright is not installed")
    if find_chromium() is None:
        pytest.skip("no Chromium or Chrome found; UNROLLED_CHROMIUM can name one")


@pytest.fixture(scope="module")
def visits(book_site: Path) -> dict[str, Visit]:
    """Visit every page once for all tests below."""
    return visit_all(book_site, pages_of(book_site))


def _listed(visits: dict[str, Visit], what: Callable[[Visit], Any]) -> dict[str, Any]:
    return {page: found for page, visit in visits.items() if (found := what(visit))}


def test_every_page_was_looked_at_to_its_end(visits: dict[str, Visit]) -> None:
    assert len(visits) > 20
    assert _listed(visits, lambda visit: visit.problem) == {}


def test_no_page_asks_for_anything_outside_the_book(visits: dict[str, Visit]) -> None:
    assert _listed(visits, lambda visit: visit.outside) == {}


def test_nothing_that_a_page_needs_is_missing(visits: dict[str, Visit]) -> None:
    assert _listed(visits, lambda visit: visit.missing) == {}


def test_no_page_writes_an_error_to_the_console(visits: dict[str, Visit]) -> None:
    assert _listed(visits, lambda visit: visit.console) == {}


def test_all_mathematics_is_set(visits: dict[str, Visit]) -> None:
    assert _listed(visits, lambda visit: visit.raw + visit.unsettable) == {}
    chapters = {page: visit for page, visit in visits.items() if page.startswith("chapters/")}
    assert len(chapters) == 13
    assert min(visit.formulas for visit in chapters.values()) > 0
    assert sum(visit.formulas for visit in chapters.values()) > 1000


def test_every_slider_changes_its_picture_by_keyboard(visits: dict[str, Visit]) -> None:
    assert _listed(visits, lambda visit: visit.still) == {}
    assert sum(visit.sliders for visit in visits.values()) > 30


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_grave_fault(visits: dict[str, Visit], theme: str) -> None:
    assert _listed(visits, lambda visit: getattr(visit, theme)) == {}


def test_every_page_fits_a_phone(visits: dict[str, Visit]) -> None:
    assert _listed(visits, lambda visit: visit.wide) == {}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(book_site: Path) -> Iterator[str]:
    """Serve the book below a path of its own, as GitHub Pages does."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Keep requests out of the output of the tests."""

        def translate_path(self, path: str) -> str:
            """Show the book below one folder, and nothing beside it."""
            if not path.startswith("/some/course/"):
                return str(book_site / "no-such-file")
            return super().translate_path(path.removeprefix("/some/course"))

    handler = functools.partial(Quiet, directory=str(book_site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/some/course"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """Open a tab whose errors, and whose answers that say so, fail the test at its end."""
    context = browser.new_context(viewport=WIDE, color_scheme="light")
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("response", lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    yield tab
    context.close()
    assert wrong == []


def test_the_book_works_below_any_path_of_a_server(page: Any, address: str) -> None:
    for name in ("", "chapters/02_rnn_forward.html", "exercises/02_rnn_forward.html"):
        page.goto(f"{address}/{name}", wait_until="networkidle")
        assert page.locator("article h1").is_visible()
    page.locator("a.left-prev").click()
    page.wait_for_url(f"{address}/exercises/01*")


@pytest.mark.parametrize("place", ["file", "server"])
def test_the_search_finds_a_word_and_leads_to_it(
    page: Any, book_site: Path, request: pytest.FixtureRequest, place: str
) -> None:
    root = book_site.as_uri() if place == "file" else request.getfixturevalue("address")
    page.goto(f"{root}/index.html")
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog input[name=q]").fill("peephole")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=peephole")
    link = page.locator("#search-results a[href*='chapters/07']").first
    link.wait_for()
    link.click()
    page.wait_for_url("**/chapters/07*")
    assert "peephole" in page.locator("#main-content").inner_text().lower()


def test_a_word_that_is_nowhere_is_said_to_be_nowhere(page: Any, book_site: Path) -> None:
    page.goto(f"{book_site.as_uri()}/search.html?q=xylophonist")
    page.get_by_text("did not match any documents").wait_for()


def test_the_colours_are_chosen_by_a_button_and_kept(page: Any, address: str) -> None:
    page.goto(f"{address}/chapters/01_backprop_recap.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.get_by_label("Color mode").press("Enter")
    page.locator(".theme-change-button[data-mode=dark]").press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.goto(f"{address}/chapters/02_rnn_forward.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, ground.removeprefix("rgb(").removesuffix(")").split(","))) < 64
    picture = page.locator(".cell_output img, .unrolled-picture").first
    card = picture.evaluate("node => getComputedStyle(node).backgroundColor")
    assert card == "rgb(255, 255, 255)"


def test_the_first_stop_of_the_keyboard_leads_past_the_menus(page: Any, book_site: Path) -> None:
    page.goto(f"{book_site.as_uri()}/chapters/01_backprop_recap.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main-content"


def test_a_button_keeps_the_keyboard_and_formulas_do_not_take_it(
    page: Any, book_site: Path
) -> None:
    page.goto(f"{book_site.as_uri()}/chapters/05_vanishing_exploding.html")
    page.wait_for_function("window.MathJax?.startup?.promise")
    page.evaluate("window.MathJax.startup.promise")
    assert page.locator("mjx-container").count() > 100
    assert page.locator("mjx-container[tabindex]").count() == 0
    copy = page.locator("button.copybtn").nth(3)
    for button in (copy, page.locator(".primary-toggle")):
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_timeout(100)
        assert button.evaluate("button => button === document.activeElement")
    page.get_by_role("status").filter(has_text="Copied").wait_for(state="attached")


def test_what_is_folded_is_called_by_its_words(page: Any, book_site: Path) -> None:
    page.goto(f"{book_site.as_uri()}/chapters/05_vanishing_exploding.html")
    folds = page.locator(".cell details.hide > summary")
    assert folds.count() > 3
    assert page.locator("summary[aria-label]").count() == 0
    assert {"Show the imports", "Show the code"} <= set(folds.all_inner_texts())


def test_on_a_phone_the_menu_opens_and_leads_on(browser: Any, book_site: Path) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    tab = context.new_page()
    tab.goto(f"{book_site.as_uri()}/index.html")
    entry = tab.locator("[id^=pst-primary-sidebar] a").filter(has_text="02 ·").first
    assert not entry.is_visible()
    tab.locator(".primary-toggle:visible").first.tap()
    entry.tap()
    tab.wait_for_url("**/chapters/02*")
    context.close()


def test_on_paper_the_menus_are_gone_and_nothing_is_folded(page: Any, book_site: Path) -> None:
    page.goto(f"{book_site.as_uri()}/chapters/02_rnn_forward.html")
    page.emulate_media(media="print")
    hidden = "#pst-primary-sidebar, #pst-secondary-sidebar, .bd-header-article, .prev-next-footer"
    hidden += ", .unrolled-player-controls, .copybtn, .headerlink"
    assert page.locator(hidden).count() > 5
    assert page.locator(hidden).filter(visible=True).count() == 0
    answers = page.locator("article details > :not(summary, [hidden])")
    assert answers.count() > 0
    assert answers.filter(visible=True).count() == answers.count()


def test_without_scripts_text_and_pictures_stand(browser: Any, book_site: Path) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=WIDE)
    tab = context.new_page()
    tab.goto(f"{book_site.as_uri()}/chapters/05_vanishing_exploding.html")
    assert tab.locator("html").get_attribute("data-theme") == "light"
    assert tab.locator("article h1").is_visible()
    assert tab.locator(".unrolled-player img").first.is_visible()
    assert tab.locator(".unrolled-player-controls").filter(visible=True).count() == 0
    context.close()
