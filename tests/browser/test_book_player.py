"""The player of frames in a browser, on a page of its own: keys, mouse, touch, what is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

STATIC = Path(__file__).resolve().parents[2] / "book" / "static"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Players</title>
<style>{style}</style><script defer src="{static}/player.js"></script>
</head><body><main><h1>Players</h1>{players}</main></body></html>"""


LINES = """(text) => {
  const range = document.createRange();
  range.selectNodeContents(text);
  return range.getClientRects().length;
}"""


def _live(steps: Any, title: str) -> Any:
    from utils.plots.style import new_figure
    from utils.widgets import LiveFigure

    figure, ax = new_figure(size=(4, 2))
    ax.set(xlim=(0, 1), ylim=(0, 5))
    (line,) = ax.plot([], [])

    def update(height: int, colour: str, limit: int) -> str:
        shown = height if colour == "blue" else min(height, limit)
        line.set_data([0, 1], [shown, shown])
        line.set_color(colour)
        text = f"The line stands at {shown} and is {colour}."
        return " ".join([text] * (1 + shown * (title == "The long")))

    controls = {
        "height": ipywidgets.IntSlider(2, 0, 4, description="height (metres)"),
        "colour": ipywidgets.Dropdown(options=["blue", "red"], description="colour"),
        "limit": ipywidgets.IntSlider(4, 0, 4, description="limit when red"),
    }
    return LiveFigure(figure, update, moving=[line], controls=controls, title=title, steps=steps)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a page with players: slider and list, list, slider in vain, texts of all lengths."""
    from book.frames import kernel, player

    folder = tmp_path_factory.mktemp("player")
    steps = {"first": ["height", "colour"], "second": ["colour"], "third": ["limit", "colour"]}
    steps["long"] = ["height"]
    players = [
        player.write(kernel.frames_of(_live(names, f"The {name}")), folder, name, "")
        for name, names in steps.items()
    ]
    style = (STATIC / "player.css").read_text(encoding="utf-8")  # axe may not read it from a file
    page = PAGE.format(static=STATIC.as_uri(), style=style, players="\n".join(players))
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder


@pytest.fixture
def open_page(browser: Any, site: Path) -> Iterator[Any]:
    pages, problems = [], []

    def open_it(**options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 900, "height": 900}, **options})
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto((site / "index.html").as_uri())
        pages.append(page)
        return page

    yield open_it
    for page in pages:
        page.context.close()
    assert problems == []


def _player(page: Any, name: str) -> Any:
    found = page.locator(f'figure[aria-label="The {name}"]')
    found.and_(page.locator("[data-ready]")).wait_for()
    return found


def _alt(player: Any) -> str:
    """Give the alternative text, which stands below the controls as well."""
    alt = player.locator("img").get_attribute("alt")
    shown = player.locator(".unrolled-player-words > span").first
    assert shown.is_visible()
    assert shown.inner_text() == alt
    return alt


def test_the_slider_steps_by_its_keys(open_page: Any) -> None:
    player = _player(open_page(), "first")
    slider = player.get_by_role("slider", name="height (metres)")
    seen = {player.locator("img").get_attribute("src")}
    assert _alt(player) == "The line stands at 2 and is blue."
    slider.focus()
    for key, height in (("ArrowRight", 3), ("End", 4), ("ArrowLeft", 3), ("Home", 0)):
        slider.press(key)
        assert slider.get_attribute("aria-valuetext") == str(height)
        assert player.locator("output").inner_text() == str(height)
        assert _alt(player) == f"The line stands at {height} and is blue."
        seen.add(player.locator("img").get_attribute("src"))
    assert len(seen) == 4
    image = player.locator("img")
    assert image.evaluate("i => i.decode().then(() => i.naturalWidth)") == 600


def test_the_list_steps_the_other_control(open_page: Any) -> None:
    player = _player(open_page(), "first")
    player.get_by_label("colour").select_option(label="red")
    assert _alt(player) == "The line stands at 2 and is red."
    player.get_by_role("slider").press("ArrowLeft")
    assert _alt(player) == "The line stands at 1 and is red."


def test_a_choice_alone_is_a_slider_that_says_its_words(open_page: Any) -> None:
    player = _player(open_page(), "second")
    slider = player.get_by_role("slider", name="colour")
    assert slider.get_attribute("aria-valuetext") == "blue"
    slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "red"
    assert _alt(player) == "The line stands at 2 and is red."


def test_a_slider_is_disabled_where_it_changes_nothing_and_says_why(open_page: Any) -> None:
    player = _player(open_page(), "third")
    slider, play = player.get_by_role("slider"), player.get_by_role("button", name="Play")
    why = player.locator(".unrolled-player-why")
    assert _alt(player) == "The line stands at 2 and is red."  # where the slider does something
    assert slider.is_enabled()
    assert play.is_enabled()
    assert why.is_hidden()
    slider.press("Home")
    assert _alt(player) == "The line stands at 0 and is red."
    player.get_by_label("colour").select_option(label="blue")
    assert slider.is_disabled()
    assert play.is_disabled()
    assert why.is_visible()
    assert why.inner_text() == "no effect with colour: blue"
    assert slider.get_attribute("aria-describedby") == why.get_attribute("id")
    player.get_by_label("colour").select_option(label="red")
    assert slider.is_enabled()
    assert why.is_hidden()
    assert slider.get_attribute("aria-describedby") is None


def test_nothing_below_a_player_moves_while_it_steps(open_page: Any) -> None:
    page = open_page(viewport={"width": 300, "height": 900})
    player = _player(page, "long")
    heights, lines = set(), set()
    player.get_by_role("slider").press("Home")
    for _ in range(5):
        heights.add(player.bounding_box()["height"])
        lines.add(player.locator(".unrolled-player-words > span").first.evaluate(LINES))
        player.get_by_role("slider").press("ArrowRight")
    assert len(heights) == 1
    assert len(lines) > 1


def test_a_screen_reader_is_told_each_text_once(open_page: Any) -> None:
    page = open_page()
    player = _player(page, "first")
    tree = player.aria_snapshot()
    assert tree.count("The line stands at 2 and is blue.") == 1
    assert tree.index("Here the figure steps") < tree.index("The line stands")


def test_what_is_shown_is_said_once_the_slider_rests(open_page: Any) -> None:
    player = _player(open_page(), "first")
    status = player.get_by_role("status").and_(player.locator("p"))
    assert status.inner_text() == ""
    slider = player.get_by_role("slider")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    said = "The line stands at 4 and is blue."
    player.page.wait_for_function(
        "([p, text]) => p.textContent === text", arg=[status.element_handle(), said]
    )
    assert player.locator("output").get_attribute("aria-live") == "off"


def test_buttons_step_by_mouse_and_end_at_the_ends(open_page: Any) -> None:
    player = _player(open_page(), "first")
    on = player.get_by_role("button", name="height (metres): one step on")
    back = player.get_by_role("button", name="height (metres): one step back")
    on.click()
    on.click()
    assert _alt(player) == "The line stands at 4 and is blue."
    assert on.get_attribute("aria-disabled") == "true"
    assert on.evaluate("(button) => button === document.activeElement")  # the focus is not lost
    on.press("Enter")
    assert _alt(player) == "The line stands at 4 and is blue."
    assert back.get_attribute("aria-disabled") is None
    back.click()
    assert on.get_attribute("aria-disabled") is None
    assert _alt(player) == "The line stands at 3 and is blue."


def test_buttons_and_slider_can_be_touched(open_page: Any) -> None:
    page = open_page(has_touch=True, viewport={"width": 360, "height": 800}, is_mobile=True)
    player = _player(page, "first")
    player.get_by_role("button", name="height (metres): one step on").tap()
    assert _alt(player) == "The line stands at 3 and is blue."
    slider = player.get_by_role("slider")
    box = slider.bounding_box()
    page.touchscreen.tap(box["x"] + 6, box["y"] + box["height"] / 2)
    assert _alt(player) == "The line stands at 0 and is blue."
    assert box["height"] >= 40
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


def test_playing_goes_to_the_end_and_pauses(open_page: Any) -> None:
    page = open_page()
    page.clock.install()
    player = _player(page, "first")
    play = player.locator(".unrolled-player-play")
    play.click()
    assert play.inner_text() == "Pause"
    page.clock.run_for(950)
    assert _alt(player) == "The line stands at 3 and is blue."
    play.click()
    page.clock.run_for(2000)
    assert _alt(player) == "The line stands at 3 and is blue."
    play.click()
    page.clock.run_for(2000)
    assert _alt(player) == "The line stands at 4 and is blue."
    assert play.inner_text() == "Play"
    play.click()  # from the end it begins anew
    assert _alt(player) == "The line stands at 0 and is blue."


def test_nothing_plays_for_those_who_want_less_motion(open_page: Any) -> None:
    player = _player(open_page(reduced_motion="reduce"), "first")
    assert player.locator(".unrolled-player-play").is_hidden()
    assert player.get_by_role("slider").is_visible()


def test_frames_are_fetched_when_the_slider_is_used(open_page: Any, site: Path) -> None:
    asked = set()
    page = open_page()
    page.on("request", lambda request: asked.add(request.url))
    page.reload()
    player = _player(page, "first")
    page.wait_for_load_state("networkidle")
    pictures = {url for url in asked if "/first-" in url}
    assert len(pictures) == 1
    player.get_by_role("slider").focus()
    page.wait_for_load_state("networkidle")
    page.wait_for_function(
        "f => f.frameCache && f.frameCache.every((i) => i.complete)", arg=player.element_handle()
    )
    assert len({url for url in asked if "/first-" in url}) == 10


def test_without_the_script_the_still_picture_stands(open_page: Any) -> None:
    page = open_page(java_script_enabled=False)
    player = page.locator('figure[aria-label="The first"]')
    assert player.locator("img").is_visible()
    assert _alt(player) == "The line stands at 2 and is blue."
    assert player.get_by_role("slider").count() == 0
    assert player.get_by_role("button").count() == 0
    assert "The line stands at 2 and is blue." in player.inner_text()
    assert "steps through height and colour, with JavaScript." in player.inner_text()


def test_paper_has_the_picture_and_no_controls(open_page: Any) -> None:
    page = open_page()
    player = _player(page, "first")
    page.emulate_media(media="print")
    assert player.locator("img").is_visible()
    assert player.locator(".unrolled-player-controls").is_hidden()
    assert player.locator(".unrolled-player-more").is_hidden()
    assert _alt(player) == "The line stands at 2 and is blue."
    assert player.locator(".unrolled-player-room").filter(visible=True).count() == 0


def test_axe_finds_nothing(open_page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page()
    _player(page, "third").get_by_label("colour").select_option(label="blue")
    found = axe.Axe().run(page).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
