"""Frames of live figures: what they show, that nothing else changes, and their html."""

import base64
import importlib
import io
import itertools
import json
import random
import sys
from types import SimpleNamespace

import ipywidgets
import numpy as np
import pytest
import torch
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from book.errors import BookError
from book.frames import MIME, kernel, player
from book.frames.pictures import encode_webp
from tests.book.live_line import live_line
from tests.live_figures import LIVE_FIGURES, explore_training
from utils import widgets
from utils.training import train
from utils.widgets.controls import stops_of
from utils.widgets.learning_figure import LearningFigure
from utils.widgets.memory_cell import STORY
from utils.widgets.picture import encode_png

# The figure of chapter 04 gets its frames while a later cell trains; it has tests of its own.
STEPPED = [name for name in LIVE_FIGURES if name != "explore_training"]


@pytest.fixture(scope="module")
def stepped():
    """Give every live figure with its frames at one pixel per CSS pixel; each is made once."""
    made = {}

    def figure_and_frames(name):
        if name not in made:
            live = LIVE_FIGURES[name]()
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(kernel, "RATIO", 1.0)
                patch.setattr(kernel, "encode_webp", encode_png)  # as in the notebook
                made[name] = live, kernel.frames_of(live)
        return made[name]

    return figure_and_frames


def decoded(picture):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"))


def seen(live):
    """Return the picture that the notebook shows, as it would be stored."""
    return base64.b64encode(live.frame).decode("ascii")


def moved(live, choice):
    """Move a live figure as the reader of the notebook does."""
    if "story" in choice:
        live.start_again()
        for command in STORY[: choice["story"]]:
            live.choose(command)
            live.make_step()
        live.choose(STORY[choice["story"]])
        return
    live.set(**{name: value for name, value in choice.items() if name != "updates"})
    if "updates" in choice:
        live.training.reset()
        if choice["updates"]:
            live.training.run(choice["updates"])


def choices_of(live):
    names = [stops.name for stops in live.steps]
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(stops.values for stops in live.steps))
    ]


def test_every_live_figure_of_the_course_is_among_them():
    exported = {name for name in widgets.__all__ if name.startswith("explore_")}
    assert exported == {name for name in LIVE_FIGURES if name.startswith("explore_")}


@pytest.mark.parametrize("name", STEPPED)
def test_every_live_figure_has_frames(name, stepped):
    live, data = stepped(name)
    assert 1 <= len(data["controls"]) <= 2
    sizes = [len(control["values"]) for control in data["controls"]]
    assert min(sizes) >= 2
    assert len(data["pictures"]) == len(data["alts"]) == np.prod(sizes)
    assert np.prod(sizes) <= 80
    for control in data["controls"]:
        assert control["label"]
        assert len(set(control["values"])) == len(control["values"])
    assert data["title"] == live.title != ""
    for picture in data["pictures"]:
        assert decoded(picture).shape == (data["height"], data["width"], 3)
    assert json.loads(json.dumps(data)) == data


@pytest.mark.parametrize("name", STEPPED)
def test_frames_differ_where_a_control_is_moved(name, stepped):
    _, data = stepped(name)
    sizes = [len(control["values"]) for control in data["controls"]]
    pictures = np.array(data["pictures"], dtype=object).reshape(sizes)
    alts = np.array(data["alts"], dtype=object).reshape(sizes)
    for axis, size in enumerate(sizes):
        for found in (pictures, alts):
            rows = np.moveaxis(found, axis, -1).reshape(-1, size)
            most = max(len(set(row)) for row in rows)
            assert most == size or name == "explore_cliff", data["controls"][axis]["label"]
    start = np.ravel_multi_index([control["start"] for control in data["controls"]], sizes)
    others = [alt for i, alt in enumerate(data["alts"]) if i != start]
    assert any(alt != data["alts"][start] for alt in others)


@pytest.mark.parametrize("name", STEPPED)
def test_frames_are_what_the_notebook_shows_and_leave_the_figure_as_it_is(name, stepped):
    live, data = stepped(name)  # its frames have been drawn
    fresh = LIVE_FIGURES[name]()
    learns = isinstance(live, LearningFigure)  # its picture depends on time, and where it stopped
    assert live.values == fresh.values
    assert (live.alt, live.error) == (fresh.alt, "")
    assert (live.pictures, live.full_redraws) == (fresh.pictures, fresh.full_redraws)
    if learns:
        assert live.training.losses == fresh.training.losses
    else:
        assert live.frame == fresh.frame

    choices = choices_of(fresh)
    sizes = [len(control["values"]) for control in data["controls"]]
    start = np.ravel_multi_index([control["start"] for control in data["controls"]], sizes)
    assert data["alts"][start] == fresh.alt
    for place in (start, 0, len(choices) // 2, len(choices) - 1):
        moved(fresh, choices[place])
        assert data["alts"][place] == fresh.alt, choices[place]
        if not learns:
            assert data["pictures"][place] == seen(fresh), choices[place]
    if not learns:
        moved(fresh, choices[start])
        fresh.redraw()
        live.redraw()
        assert live.frame == fresh.frame


def test_frames_leave_what_an_update_writes_elsewhere(stepped):
    composer, _ = stepped("explore_composer")
    fresh = LIVE_FIGURES["explore_composer"]()
    for live in (composer, fresh):
        live.listen.click()
    assert composer.player.value == fresh.player.value  # it plays what is shown
    beam, _ = stepped("explore_beam_search")
    lines = [live.children[-2].value for live in (beam, LIVE_FIGURES["explore_beam_search"]())]
    assert lines[0] == lines[1] != ""


def test_frames_leave_the_random_numbers_of_later_cells(monkeypatch):
    live = LIVE_FIGURES["explore_repeated_factor"]()
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)

    def draw():
        return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    wanted = draw()
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    torch.set_rng_state(states[2])
    monkeypatch.setattr(kernel, "frames_of", lambda live: draw() and {})
    kernel.bundle_with_frames(live)
    assert draw() == wanted


def test_a_figure_that_was_moved_before_starts_there():
    live = LIVE_FIGURES["explore_repeated_factor"]()
    live.set(factor=1.015, T=33)
    data = kernel.frames_of(live)
    factor, T = data["controls"]
    assert factor["values"][factor["start"]] == "1.015"
    assert T["values"][T["start"]] == "33"
    assert data["alts"][factor["start"] * len(T["values"]) + T["start"]] == live.alt


def test_a_memory_cell_with_a_story_of_its_own_stays_still():
    live = LIVE_FIGURES["explore_memory_cell"]()
    live.set(input_gate=0.35)
    assert live.steps == ()
    assert kernel.frames_of(live) is None
    assert MIME not in kernel.bundle_with_frames(live)


@pytest.mark.parametrize("name", ["explore_descent", "explore_cliff"])
def test_frames_are_small(name):
    data = kernel.frames_of(LIVE_FIGURES[name]())
    assert decoded(data["pictures"][0]).shape[1] <= kernel.MOST_PIXELS
    assert decoded(data["pictures"][0]).shape[1] >= 1.2 * data["width"]
    assert sum(len(picture) * 3 // 4 for picture in set(data["pictures"])) < 900_000


# Stops on controls


def test_a_slider_with_few_values_stops_at_all_of_them():
    stops = stops_of("n", ipywidgets.IntSlider(3, 1, 5, description="layers"))
    assert stops.values == (1, 2, 3, 4, 5)
    assert (stops.words, stops.start) == (("1", "2", "3", "4", "5"), 2)
    assert stops.label == "layers"
    assert stops.ordered
    assert stops.complete


def test_a_slider_with_many_values_stops_at_its_ends_and_where_it_stands():
    stops = stops_of("x", ipywidgets.FloatSlider(0.33, min=0, max=1, step=0.01))
    assert stops.values[0] == 0
    assert stops.values[-1] == 1
    assert len(stops.values) == 16
    assert stops.values[stops.start] == 0.33
    assert not stops.complete
    assert len(stops_of("x", ipywidgets.IntSlider(0, 0, 100), 5).values) == 5


def test_a_logarithmic_slider_stops_evenly_on_its_scale():
    slider = ipywidgets.FloatLogSlider(0.1, min=-2, max=2, step=1, readout_format=".2g")
    stops = stops_of("rate", slider)
    assert stops.values == pytest.approx((0.01, 0.1, 1, 10, 100))
    assert stops.words == ("0.01", "0.1", "1", "10", "1e+02")
    again = stops_of("rate", slider, (10**-1.0, 1.0))
    assert len(again.values) == 2


def test_choices_are_called_by_their_words():
    choice = ipywidgets.Dropdown(options=[("both", 2), ("one", 1)], value=1)
    stops = stops_of("directions", choice)
    assert (stops.values, stops.words, stops.start) == ((2, 1), ("both", "one"), 1)
    assert not stops.ordered
    assert stops.label == "directions"
    assert stops_of("directions", choice, [2]).values == (2, 1)
    assert stops_of("on", ipywidgets.Checkbox(True)).words == ("off", "on")


def test_without_steps_the_first_slider_is_taken():
    live = live_line()
    assert [stops.name for stops in live.steps] == ["height"]
    assert live.unstepped == ("colour",)
    assert live_line(steps=()).steps == ()


@pytest.mark.parametrize(
    ("steps", "error", "words"),
    [
        (["size"], ValueError, "steps holds 'size'; the controls are 'height', 'colour'"),
        ("height", TypeError, "expected a list of one or two names"),
        (["height", "colour", "height"], ValueError, "steps holds 3 controls; expected one or two"),
        ({"height": (1, 9)}, ValueError, "height is 9; expected a value from 0 to 4"),
        ({"colour": ("green",)}, ValueError, "colour is 'green'; expected one of 'blue', 'red'"),
    ],
)
def test_wrong_steps_are_told_when_the_figure_is_made(steps, error, words):
    with pytest.raises(error, match=words):
        live_line(steps=steps)
    with pytest.raises(ValueError, match="expected a slider, a checkbox or a choice"):
        stops_of("text", ipywidgets.Text())


# In the kernel


@pytest.fixture
def shell(monkeypatch):
    """Give what the extension needs of a shell, and note what it displays by itself."""
    events, displayed = [], []
    shell = SimpleNamespace(
        display_formatter=DisplayFormatter(),
        events=SimpleNamespace(register=lambda name, call: events.append((name, call))),
        registered=events,
        displayed=displayed,
    )

    def display(bundle, raw, display_id):
        assert raw
        assert display_id
        displayed.append(bundle)
        return SimpleNamespace(update=lambda bundle, raw: displayed.append(bundle))

    monkeypatch.setattr(kernel, "display", display)
    kernel.load_ipython_extension(shell)
    return shell


def test_the_figure_that_is_watched_has_what_a_recording_needs():
    module, name = kernel.WATCHED
    live = explore_training()
    assert type(live) is getattr(importlib.import_module(module), name)
    assert live.watchers == []
    assert live.measured[-1][0] == 0


def test_the_extension_adds_frames_to_what_a_cell_shows(shell):
    live = live_line()
    bundle, _ = shell.display_formatter.format(live)
    assert bundle["text/html"] == live._repr_mimebundle_()["text/html"]
    assert len(bundle[MIME]["pictures"]) == 5
    assert bundle[MIME]["more"] == ["colour"]
    panel, _ = shell.display_formatter.format(ipywidgets.HTML("text"))
    assert MIME not in panel


def test_an_error_between_the_stops_ends_the_build(shell, tmp_path):
    def update(height, colour):
        if height == 4:
            raise ZeroDivisionError("nothing to divide by")
        return "A line."

    live = live_line(update)
    bundle, _ = shell.display_formatter.format(live)
    assert "nothing to divide by" in bundle[MIME]["error"]
    assert live.error == ""
    with pytest.raises(BookError, match=r"(?s)frames of the-cell could not be drawn.*nothing to"):
        player.write(bundle[MIME], tmp_path, "the-cell", "")


def test_a_training_in_a_later_cell_gives_frames_where_its_figure_stands(shell, monkeypatch):
    monkeypatch.setattr("utils.widgets.chapter04._EVERY", 0.0)
    monkeypatch.setattr(kernel, "MOST_TAKEN", 4)
    live = explore_training()
    shown, _ = shell.display_formatter.format(live)
    assert shown == {}  # displayed with a handle, so that it can be shown anew
    ((name, publish),) = shell.registered
    assert name == "post_run_cell"
    (first,) = shell.displayed
    assert MIME not in first
    publish(None)
    assert len(shell.displayed) == 1  # nothing new
    train(live.trainer.step, 12, live.draw)
    publish(None)
    data = shell.displayed[-1][MIME]
    (control,) = data["controls"]
    assert control["label"] == "updates"
    assert control["values"][0] == "0"
    assert control["values"][-1] == "12"
    assert control["start"] == len(control["values"]) - 1 == 3
    assert data["alts"][0].startswith("After 0 updates")
    assert data["alts"][-1] == live.alt
    assert len(set(data["pictures"])) == 4
    publish(None)
    assert len(shell.displayed) == 2


# Pictures and the extension


def test_rounded_colours_are_near_the_true_ones():
    every = np.arange(256, dtype=np.uint8)
    picture = np.stack([every, every[::-1], np.full(256, 255, np.uint8)], axis=-1)[None]
    again = np.asarray(Image.open(io.BytesIO(encode_webp(picture))).convert("RGB"))
    assert np.abs(again.astype(int) - picture.astype(int)).max() <= 5
    assert again[0, 0, 0] == 0
    assert (again[..., 2] == 255).all()


def test_the_extension_is_found_by_its_name():
    assert "book.frames.kernel" in sys.modules
    assert callable(kernel.load_ipython_extension)
