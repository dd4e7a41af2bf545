"""The live figure: what it redraws and when, from code and from the browser."""

import base64
import threading
import time

import ipywidgets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from tests.helpers import ends, from_browser, pixels, visit_ends, wait_until
from utils.plots import new_figure
from utils.plots.style import DRAWING
from utils.widgets import LiveFigure
from utils.widgets.picture import Picture, encode_png

Z = np.linspace(-3, 3, 50)


class Example:
    """A figure of one line with two controls; `also` is called in each update."""

    def __init__(self, also=None, **options):
        self.figure, self.ax = new_figure(size=(4, 2.5))
        self.ax.set(xlim=(-3, 3), ylim=(-1, 1), title="tanh")
        (self.line,) = self.ax.plot([], [])
        self.also = also
        self.seen = []
        self.gain = ipywidgets.FloatSlider(
            value=1, min=0.1, max=4, step=0.1, description="Gain of the sum (no unit)"
        )
        self.kind = ipywidgets.Dropdown(options=["tanh", "sin"], description="Function")
        self.live = LiveFigure(
            self.figure,
            self.update,
            **{
                "moving": [self.line],
                "controls": {"gain": self.gain, "kind": self.kind},
                **options,
            },
        )

    def update(self, gain, kind):
        self.seen.append(gain)
        self.line.set_data(Z, getattr(np, kind)(gain * Z))
        if self.also is not None:
            self.also(self, gain)
        return f"{kind} with gain {gain}."


def same_pictures(live):
    """Compare the picture at hand with one drawn from nothing."""
    quick = pixels(live.frame)
    live.redraw()
    return np.array_equal(quick, pixels(live.frame))


def test_first_picture():
    live = Example().live
    assert pixels(live.frame).shape == (250, 400, 3)
    assert live.alt == "tanh with gain 1.0."
    assert (live.pictures, live.full_redraws, live.error) == (1, 1, "")


def test_quick_pictures_equal_full_ones():
    live = Example().live
    before = live.frame
    for gain in (0.3, 2.0, 3.7):
        live.set(gain=gain)
        assert live.alt == f"tanh with gain {gain}."
    assert live.full_redraws == 1
    assert live.frame != before
    assert same_pictures(live)
    assert live.full_redraws == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda e, g: e.ax.set_xlim(-g, g),
        lambda e, g: e.ax.set_title(f"gain {g}"),
        lambda e, g: e.ax.set_xticks([0, g]),
        lambda e, g: e.ax.set_xticks([0, 1], labels=["a", f"{g}"]),
        lambda e, g: e.ax.set_facecolor("0.9" if g > 2 else "1.0"),
        lambda e, g: e.ax.set_ylabel(f"{g}"),
        lambda e, g: e.ax.set_yscale("symlog" if g > 2 else "linear"),
        lambda e, g: e.ax.plot([0, g], [0, 0]),
        lambda e, g: [line.remove() for line in e.ax.lines[1:]] if g > 2 else e.ax.axvline(g),
        lambda e, g: e.figure.suptitle(f"gain {g}"),
        lambda e, g: e.ax.set_axis_off() if g > 2 else e.ax.set_axis_on(),
        lambda e, g: e.ax.xaxis.set_visible(g < 2),
        lambda e, g: e.ax.title.set_color("red" if g > 2 else "black"),
    ],
)
def test_what_stands_still_is_redrawn_when_it_changes(change):
    live = Example(also=change).live
    live.set(gain=3.0)
    assert live.full_redraws == 2
    quick = pixels(live.frame)
    live._background = None  # force a full redraw of the same artists
    live._paint()
    assert np.array_equal(quick, pixels(encode_png(np.asarray(live.figure.canvas.buffer_rgba()))))


def test_setting_to_the_same_costs_no_full_redraw():
    def same(example, gain):
        example.ax.set_xlim(-3, 3)
        example.ax.set_ylim(-1, 1)
        example.ax.set_title("tanh")
        example.ax.set_xticks([-3, 0, 3])
        example.ax.set_xlabel("z")

    live = Example(also=same).live
    live.set(gain=2.0)
    live.set(gain=3.0)
    assert live.full_redraws == 1
    assert same_pictures(live)


def test_a_changed_thing_is_redrawn_after_a_false_alarm():
    def sometimes(example, gain):
        example.ax.set_title("large" if gain > 3 else "tanh")

    live = Example(also=sometimes).live
    live.set(gain=2.0)
    assert live.full_redraws == 1
    live.set(gain=3.5)
    assert live.full_redraws == 2


def test_moving_may_be_nested_and_come_and_go():
    figure, ax = new_figure(size=(3, 2))
    ax.set(xlim=(0, 10), ylim=(0, 10))
    texts = []

    def update(count):
        for text in texts:
            text.remove()
        texts[:] = [ax.text(1 + i, 5, str(i)) for i in range(count)]
        return f"{count} numbers."

    slider = ipywidgets.IntSlider(value=2, min=0, max=6, description="How many numbers")
    live = LiveFigure(figure, update, moving=lambda: {"all": [texts]}, controls={"count": slider})
    assert len(visit_ends(live)) == 2
    live.set(count=6)
    many = pixels(live.frame)
    live.set(count=0)
    assert (pixels(live.frame) != many).any()


def test_what_stops_moving_stays_in_the_picture():
    figure, ax = new_figure(size=(3, 2))
    ax.set(xlim=(0, 1), ylim=(0, 1))
    (line,) = ax.plot([0, 1], [0, 1], linewidth=5)
    moves = [True]
    live = LiveFigure(
        figure, lambda: "A line.", moving=lambda: line if moves[0] else None, controls={}
    )
    with_line = pixels(live.frame)
    moves[0] = False
    live.refresh()
    assert np.abs(pixels(live.frame).astype(int) - with_line).mean() < 1
    assert not line.get_animated()


def test_later_moving_is_not_left_in_the_background():
    figure, ax = new_figure(size=(3, 2))
    ax.set(xlim=(0, 1), ylim=(0, 1))
    (line,) = ax.plot([0, 1], [0.2, 0.2], linewidth=5)
    moves = [False]
    live = LiveFigure(
        figure, lambda: "A line.", moving=lambda: line if moves[0] else (), controls={}
    )
    moves[0] = True
    live.refresh()
    line.set_ydata([0.8, 0.8])
    live.refresh()
    assert same_pictures(live)


def test_containers_and_images_move():
    figure, (left, right) = new_figure(1, 2, size=(5, 2))
    bars = left.bar([0, 1], [1, 1])
    left.set_ylim(0, 4)
    image = right.imshow(np.zeros((2, 2)), vmin=0, vmax=4)

    def update(height):
        bars[0].set_height(height)
        image.set_data(np.full((2, 2), height))
        return f"Height {height}."

    slider = ipywidgets.IntSlider(value=1, min=0, max=4, description="Height (units)")
    live = LiveFigure(figure, update, moving=[bars, image], controls={"height": slider})
    visits = visit_ends(live)
    assert (visits[0].pixels != visits[1].pixels).any()
    assert live.full_redraws == 1
    quick = pixels(live.frame).astype(int)
    live.redraw()
    assert np.abs(pixels(live.frame) - quick).mean() < 0.5  # the axes stay where they are


def test_one_picture_for_several_controls():
    example = Example()
    example.live.set(gain=2.0, kind="sin")
    assert example.live.pictures == 2
    assert example.live.values == {"gain": 2.0, "kind": "sin"}
    assert example.live.alt == "sin with gain 2.0."


def test_a_control_set_in_a_cell_draws_at_once():
    example = Example()
    example.gain.value = 2.5
    assert example.live.alt == "tanh with gain 2.5."


def test_a_slider_gives_round_values():
    example = Example()
    from_browser(example.gain, value=1.3000000000000003)
    wait_until(lambda: example.live.alt == "tanh with gain 1.3.")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"gian": 1}, "no control 'gian'; this figure has 'gain', 'kind'"),
        ({"gain": 5}, "gain is 5; expected a value from 0.1 to 4.0"),
        ({"kind": "cos"}, "kind is 'cos'; expected one of 'tanh', 'sin'"),
        ({"kind": "sin", "gain": -1}, "gain is -1"),
    ],
)
def test_set_says_what_is_wrong_and_changes_nothing(values, message):
    live = Example().live
    with pytest.raises(ValueError, match=message):
        live.set(**values)
    assert live.values == {"gain": 1.0, "kind": "tanh"}
    assert live.pictures == 1


def test_a_slider_of_powers():
    rate = ipywidgets.FloatLogSlider(value=0.1, min=-3, max=1, description="Learning rate")
    figure, ax = new_figure(size=(3, 2))
    live = LiveFigure(figure, lambda rate: f"{rate}.", moving=ax.title, controls={"rate": rate})
    assert [visit.alt for visit in visit_ends(live)] == ["0.001.", "10.0."]
    with pytest.raises(ValueError, match=r"rate is 20; expected a value from 0\.001 to 10\.0"):
        live.set(rate=20)


def fail_above_two(example, gain):
    if gain > 2:
        raise ValueError("gain is above 2;\n expected less.")


def test_an_error_is_raised_and_shown_and_forgotten():
    example = Example(also=fail_above_two)
    with pytest.raises(ValueError, match="gain is above 2"):
        example.live.set(gain=3.0)
    assert example.live.error == "gain is above 2; expected less."
    message = example.live.children[-1]
    assert 'role="alert"' in message.value
    assert "gain is above 2; expected less." in message.value
    assert message.layout.display is None
    example.live.set(gain=1.5)
    assert example.live.error == ""
    assert message.value == ""
    assert message.layout.display == "none"


def test_an_error_from_the_browser_is_shown_and_later_moves_work():
    example = Example(also=fail_above_two)
    from_browser(example.gain, value=3.0)
    wait_until(lambda: example.live.error)
    assert example.live.alt == "tanh with gain 1.0."
    from_browser(example.gain, value=2.0)
    wait_until(lambda: example.live.alt == "tanh with gain 2.0.")
    assert example.live.error == ""


def test_an_error_that_is_no_message_names_its_kind():
    def broken(example, gain):
        if gain > 2:
            [][1]

    live = Example(also=broken).live
    with pytest.raises(IndexError):
        live.set(gain=3.0)
    assert live.error == "IndexError: list index out of range"


def test_newest_value_wins():
    """Thirty events during slow pictures: few are drawn, the last one for certain."""
    example = Example(also=lambda e, g: time.sleep(0.05))
    began = time.monotonic()
    for step in range(1, 31):
        from_browser(example.gain, value=0.1 * step)
    assert time.monotonic() - began < 0.5  # no event waits for a picture
    wait_until(lambda: example.live.alt == "tanh with gain 3.0.")
    assert len(example.seen) < 15
    time.sleep(0.15)
    assert example.seen[-1] == 3.0
    assert example.seen == sorted(example.seen)


def test_updates_never_overlap():
    """Two figures, moved from the browser and from three threads, draw one at a time."""
    inside, worst = [0], [0]

    def count(example, gain):
        inside[0] += 1
        worst[0] = max(worst[0], inside[0])
        time.sleep(0.002)
        inside[0] -= 1

    examples = [Example(also=count), Example(also=count)]

    def move(example):
        for step in range(10):
            from_browser(example.gain, value=1 + 0.1 * step)
            example.live.set(gain=2 + 0.1 * step)

    threads = [threading.Thread(target=move, args=(e,)) for e in (*examples, examples[0])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert worst[0] == 1


def test_a_cell_and_the_painter_wait_for_each_other():
    """What a cell asks for while a slow picture is drawn is drawn afterwards, not dropped."""
    example = Example(also=lambda e, g: time.sleep(0.1))
    painter = threading.Thread(target=example.live.refresh)
    painter.start()
    time.sleep(0.03)
    example.gain.value = 3.0
    assert example.live.alt == "tanh with gain 3.0."
    painter.join()
    assert example.seen == [1.0, 1.0, 3.0]


def test_what_a_cell_has_drawn_is_not_drawn_again():
    example = Example()
    with DRAWING:  # the painter cannot begin before the cell is done
        from_browser(example.gain, value=2.0)
        example.live.set(gain=3.0)
    time.sleep(0.1)
    assert example.seen == [1.0, 3.0]


def test_update_may_ask_for_a_picture():
    example = Example(also=lambda e, g: e.live.refresh() if hasattr(e, "live") else None)
    example.live.set(gain=2.0)
    assert example.seen == [1.0, 2.0]


def test_pixel_ratio_of_the_browser():
    live = Example().live
    from_browser(live._picture, pixel_ratio=2.0)
    wait_until(lambda: pixels(live.frame).shape == (500, 800, 3))
    live.set(gain=2.0)
    assert pixels(live.frame).shape == (500, 800, 3)
    assert same_pictures(live)
    assert live._picture.width == 400


def test_a_still_picture_stays_where_there_is_no_kernel():
    live = Example(title="Gain <of> tanh").live
    live.set(gain=2.0)
    data = live._repr_mimebundle_()
    assert data["text/plain"] == "Gain <of> tanh. tanh with gain 2.0."
    assert 'alt="tanh with gain 2.0."' in data["text/html"]
    assert base64.b64decode(data["image/png"]) == live.frame
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == live.model_id
    assert "0x" not in repr(live)
    assert "Gain &lt;of&gt; tanh" in live.children[0].value


def test_descriptions_have_room():
    example = Example()
    assert example.gain.style.description_width == "initial"
    assert example.gain.layout.width == "min(100%, 560px)"


def test_extra_widgets_stand_below_the_controls():
    button = ipywidgets.Button()
    live = Example(extra=[button]).live
    assert live.children[1].children == tuple(live.controls.values())
    assert live.children[2] is button


def test_the_picture_needs_no_network():
    for text in (Picture._esm, Picture._css):
        assert "http" not in str(text)
        assert "import(" not in str(text)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"controls": {"gain": 3}}, TypeError, r"controls\['gain'\] is a int; expected"),
        ({"controls": [1]}, TypeError, "controls is a list; expected name: control"),
        ({"moving": [3]}, TypeError, "moving holds a int; expected matplotlib artists"),
        ({"moving": "line"}, TypeError, "moving holds a str"),
        ({"moving": [new_figure()[1].title]}, ValueError, "which is not in this figure"),
    ],
)
def test_construction_says_what_is_wrong(options, error, message):
    with pytest.raises(error, match=message):
        Example(**options)


def test_construction_needs_a_figure_a_function_and_an_alternative_text():
    figure, _ = new_figure()
    with pytest.raises(TypeError, match="figure is a str; expected a matplotlib Figure"):
        LiveFigure("figure", lambda: "x", moving=(), controls={})
    with pytest.raises(TypeError, match="update is a str; expected a function"):
        LiveFigure(figure, "update", moving=(), controls={})
    with pytest.raises(ValueError, match="alt is empty"):
        LiveFigure(figure, lambda: " ", moving=(), controls={})
    with pytest.raises(TypeError, match="alt is a NoneType; expected a sentence"):
        LiveFigure(figure, lambda: None, moving=(), controls={})


def test_a_figure_without_a_canvas_works():
    figure = Figure(figsize=(2, 1), dpi=100)
    ax = figure.add_subplot()
    live = LiveFigure(figure, lambda: "Empty axes.", moving=ax.title, controls={})
    assert pixels(live.frame).shape == (100, 200, 3)


def test_visit_ends_goes_everywhere_and_comes_back():
    live = Example().live
    visits = visit_ends(live)
    assert [visit.values["gain"] for visit in visits] == [0.1, 4.0, 1.0, 1.0, 0.1, 4.0]
    assert [visit.values["kind"] for visit in visits] == [*["tanh"] * 3, "sin", "tanh", "sin"]
    assert live.values == {"gain": 1.0, "kind": "tanh"}
    with pytest.raises(ValueError, match="above 2"):
        visit_ends(Example(also=fail_above_two).live)


def test_ends_of_controls():
    assert ends(ipywidgets.Checkbox()) == [False, True]
    assert ends(ipywidgets.SelectionSlider(options=[("one", 1), ("two", 2)])) == [1, 2]
    assert ends(ipywidgets.IntRangeSlider(min=1, max=5)) == [(1, 1), (1, 5), (5, 5)]
    assert ends(ipywidgets.FloatLogSlider(min=-3, max=1)) == [0.001, 10]
    with pytest.raises(TypeError, match="Text has no ends"):
        ends(ipywidgets.Text())


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4]), st.integers(0, 2**32 - 1))
def test_png_holds_the_pixels(height, width, channels, seed):
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    assert np.array_equal(pixels(encode_png(picture)), picture[..., :3])


@pytest.mark.parametrize("bad", [np.zeros((2, 2, 3)), np.zeros((2, 2), np.uint8)])
def test_png_needs_pixels(bad):
    with pytest.raises(ValueError, match="expected uint8 of shape"):
        encode_png(bad)
