"""The html of a player: its files, its controls, where it opens, and what it says in words."""

import base64
import html
import json
import re

import pytest

from book.errors import BookError
from book.frames import kernel, player
from tests.book.live_line import live_line
from tests.live_figures import LIVE_FIGURES


@pytest.fixture
def data():
    return kernel.frames_of(live_line(steps=["height", "colour"]))


def test_a_player_holds_its_frames_and_writes_them_once(data, tmp_path):
    data["pictures"][3] = data["pictures"][0]
    page = player.write(data, tmp_path, "cell one/0", "../_static/")
    files = sorted(file.name for file in tmp_path.iterdir())
    assert len(files) == 9
    assert all(re.fullmatch(r"cell-one-0-[0-9a-f]{10}\.webp", name) for name in files)
    stored = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.S)[1]
    frames = json.loads(stored)
    assert frames["alts"] == data["alts"]
    assert frames["pictures"][3] == frames["pictures"][0]
    assert {address.removeprefix("../_static/") for address in frames["pictures"]} == set(files)
    for address, picture in zip(frames["pictures"], data["pictures"], strict=True):
        name = address.removeprefix("../_static/")
        assert (tmp_path / name).read_bytes() == base64.b64decode(picture)
    still = re.search(r'<img src="([^"]+)" alt="([^"]+)"', page)
    assert still[1] == frames["pictures"][4]
    assert still[2] == "The line stands at 2 and is blue."
    assert player.write(data, tmp_path, "cell one/0", "../_static/") == page


def test_a_player_has_a_slider_for_each_scale_and_a_list_for_each_choice(data, tmp_path):
    page = player.write(data, tmp_path, "cell", "")
    assert page.count('type="range"') == 1
    assert page.count("<select") == 1
    assert page.count("unrolled-player-play") == 1
    assert "height &lt;m&gt;" in page
    assert "<m>" not in page
    for name in ("cell-0", "cell-1"):
        assert f'<label for="player-{name}">' in page
        assert f'id="player-{name}"' in page
    assert 'aria-valuetext="2"' in page
    assert 'role="status"' in page
    alone = kernel.frames_of(live_line(steps=["colour"]))
    page = player.write(alone, tmp_path, "other", "")
    assert page.count('type="range"') == 1
    assert "<select" not in page


def test_the_controls_are_hidden_until_the_script_runs(data, tmp_path):
    page = player.write(data, tmp_path, "cell", "")
    assert '<div class="unrolled-player-controls" hidden>' in page


def note_of(data, folder):
    """Return the words of the note on what the notebook does, without those for old browsers."""
    page = player.write(data, folder, "cell", "")
    note = re.search(r'<p class="unrolled-player-more">(.*?)</p>', page, re.S)[1]
    assert page.index(note) < page.index("<img")
    return html.unescape(re.sub(r"<noscript>.*?</noscript>|<[^>]+>", "", note))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"more": []}, "steps through height <m> and colour, as in the notebook."),
        ({"more": ["bias b"]}, "colour. In the notebook you can also set bias b."),
        ({"more": [], "complete": False}, "In the notebook every slider takes any value."),
        (
            {"more": ["rate (of Adam)", "word, number"], "complete": False},
            "you can also set rate and word, and every slider takes any value.",
        ),
        ({"more": list("abcdefg")}, "set a, b, c, d, e, f and g."),
        ({"more": list("abcdefgh")}, "set a, b, c, d, e, f and 2 more."),
        ({"more": ["noun", "or type a sentence"]}, "you can also set noun, or type a sentence."),
        ({"more": ["or type one"]}, "you can also type one."),
        (
            {"more": ["x_1", "x_2", "x_3", "W_xh[1,1]", "W_xh[1,2]", "W_hh[1,1]"]},
            "set x_1 to x_3 and the entries of W_xh and W_hh.",
        ),
    ],
)
def test_the_note_says_what_the_notebook_does_beyond(data, tmp_path, changes, words):
    assert note_of({**data, **changes}, tmp_path).endswith(words)


def test_the_note_tells_of_lists_that_are_longer(tmp_path):
    data = kernel.frames_of(live_line(steps=["colour"]))
    assert "also set height <m>." in note_of(data, tmp_path)
    assert note_of({**data, "more": [], "complete": False}, tmp_path).endswith("lists offer more.")


def test_the_note_of_one_slider_speaks_of_that_slider(tmp_path):
    data = {**kernel.frames_of(live_line()), "more": [], "complete": False}
    assert note_of(data, tmp_path).endswith("In the notebook the slider takes any value.")


def test_the_note_of_what_learns_says_that_it_trains(tmp_path):
    data = kernel.frames_of(LIVE_FIGURES["explore_decision_boundary"]())
    assert "In the notebook it trains while you watch, you can also set" in note_of(data, tmp_path)


def test_the_note_of_the_memory_cell_names_its_buttons(tmp_path):
    live = LIVE_FIGURES["explore_memory_cell"]()
    data = kernel.frames_of(live)
    buttons = [b.description for box in live.children[3:5] for b in box.children]
    assert len(buttons) == 8
    note = note_of(data, tmp_path)
    assert [name for name in buttons if name not in note] == []


def test_a_player_opens_where_its_slider_does_something(data, tmp_path):
    for height in range(5):  # it does nothing while the line is blue
        data["pictures"][2 * height] = data["pictures"][0]
    page = player.write(data, tmp_path, "cell", "")
    assert 'data-start="5"' in page  # a height of 2, and red
    assert 'alt="The line stands at 2 and is red."' in page
    assert '<option value="1" selected>red' in page
    data["pictures"] = data["pictures"][:1] * 10  # where it never does, as in the notebook
    assert 'data-start="4"' in player.write(data, tmp_path, "cell", "")


def test_what_is_shown_is_written_below_and_read_once(data, tmp_path):
    page = player.write(data, tmp_path, "cell", "")
    words = re.search(r'<p class="[^"]*unrolled-player-words" aria-hidden="true">(.*?)</p>', page)
    assert words[1] == "<span>The line stands at 2 and is blue.</span>"
    assert page.index("<img") < page.index(words[0])


def test_frames_that_do_not_fit_their_controls_end_the_build(data, tmp_path):
    data["alts"].pop()
    with pytest.raises(BookError, match="10 pictures and 9 texts for 10 positions"):
        player.write(data, tmp_path, "cell", "")


def test_a_text_cannot_end_the_script_that_holds_it(data, tmp_path):
    data["alts"][0] = "</script><b>bold</b>"
    page = player.write(data, tmp_path, "cell", "")
    assert page.count("</script>") == 1
