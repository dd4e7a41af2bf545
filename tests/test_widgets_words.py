"""What live figures say where a number is one: no text of theirs has "1 steps"."""

import re

import ipywidgets
import pytest
from matplotlib.text import Text

from tests.live_figures import LIVE_FIGURES
from utils.widgets.controls import stops_of

NO_PLURALS = {"bias", "has", "holds", "is", "minus", "reads", "times", "was"}


def wrong_plurals(text):
    """Return what stands after a lone 1 and ends like the plural of a noun."""
    found = re.findall(r"(?<![\w.,:/^+−-])1 ([a-z]+s)\b", text.replace("\n", " "))
    return [noun for noun in found if noun not in NO_PLURALS]


def ones(live):
    """Give, by the names of controls, the settings in which something is one."""
    for name, control in live.controls.items():
        if isinstance(control, ipywidgets.IntSlider | ipywidgets.FloatSlider):
            yield from ({name: value} for value in (0, 1) if control.min <= value <= control.max)
        elif control.has_trait("options"):
            yield from ({name: choice} for choice in stops_of(name, control).values)


def texts(live):
    figure = [text.get_text() for text in live.figure.findobj(Text) if text.get_visible()]
    return " | ".join([live.alt, *figure])


def test_a_wrong_plural_would_be_seen():
    assert wrong_plurals("LSTM, 1 layers and 1 inputs | after 1 steps.") == [
        "layers",
        "inputs",
        "steps",
    ]
    assert wrong_plurals("1 layer, 11 layers, 0.1 layers, 1, 2 layers; class 1 has; -1 steps") == []


@pytest.mark.parametrize("name", LIVE_FIGURES)
def test_one_is_not_many(name):
    live = LIVE_FIGURES[name]()
    least = {
        name: 1
        for name, control in live.controls.items()
        if isinstance(control, ipywidgets.IntSlider) and control.min <= 1 <= control.max
    }
    for chosen in (*ones(live), least):  # the last leaves every whole number at one
        live.set(**{**live.values, **chosen})
        assert wrong_plurals(texts(live)) == [], chosen
    if hasattr(live, "training"):
        live.training.reset()
        live.training.run(1)
        assert wrong_plurals(texts(live)) == []
    if hasattr(live, "trainer"):
        live.trainer.step()
        live.refresh()
        assert wrong_plurals(texts(live)) == []
