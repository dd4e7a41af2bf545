"""The one look of the figures, and that no figure is shown without its finding."""

import base64
import subprocess
import sys

import IPython.display
import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from tests.helpers import pixels
from utils.plots import ROLE, new_figure, show, style, symmetric_limits, use_style

HOUSE = {
    "input_gate": "#009E73",
    "forget_gate": "#D55E00",
    "update_gate": "#D55E00",
    "output_gate": "#0072B2",
    "reset_gate": "#0072B2",
    "candidate": "#CC79A7",
    "cell_state": "#000000",
    "hidden_state": "#666666",
}


@pytest.fixture
def shown(monkeypatch):
    """Collect what would be displayed in a notebook."""
    calls = []
    monkeypatch.setattr(style, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda data, **kwargs: calls.append(data))
    return calls


def contrast_on_white(color):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 1.05 / (np.dot([0.2126, 0.7152, 0.0722], linear) + 0.05)


@pytest.mark.parametrize("role", ROLE)
def test_every_role_can_be_seen_on_white(role):
    assert contrast_on_white(ROLE[role]["color"]) >= 3


@pytest.mark.parametrize("role", HOUSE)
def test_roles_have_their_colours(role):
    assert ROLE[role]["color"] == HOUSE[role]


def test_roles_that_meet_differ_in_more_than_colour():
    """Gates of one cell, and the two states, can be told apart without colour."""
    together = [
        ("input_gate", "forget_gate", "output_gate", "candidate", "cell_state", "hidden_state"),
        ("reset_gate", "update_gate", "candidate", "hidden_state"),
        ("prediction", "target", "reference"),
    ]
    for roles in together:
        looks = {(str(ROLE[role]["linestyle"]), ROLE[role]["linewidth"]) for role in roles}
        assert len(looks) == len(roles)


def test_a_role_cannot_be_changed_by_accident():
    with pytest.raises(TypeError):
        ROLE["candidate"]["color"] = "red"


def test_new_figure_has_its_own_canvas_and_the_look():
    figure, axes = new_figure(2, 3, size=(6, 4))
    assert isinstance(figure.canvas, FigureCanvasAgg)
    assert axes.shape == (2, 3)
    assert figure.get_size_inches().tolist() == [6, 4]
    assert figure.dpi == 100
    assert matplotlib.rcParams["font.size"] == 11
    _, single = new_figure()
    assert single.get_xlabel() == ""


def test_text_is_legible():
    _, ax = new_figure()
    ax.set(title="title", xlabel="x")
    assert ax.xaxis.label.get_fontsize() >= 11
    assert all(label.get_fontsize() >= 10 for label in ax.get_xticklabels())


def test_use_style_brings_the_look_back():
    with matplotlib.rc_context({"font.size": 3}):
        use_style()
        assert matplotlib.rcParams["font.size"] == 11


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nrows": 0}, "nrows is 0; expected a whole number"),
        ({"ncols": 1.5}, "ncols is 1.5; expected"),
        ({"size": (3, 0)}, r"size is \(3, 0\); expected two lengths"),
        ({"size": (3, float("nan"))}, "expected two lengths"),
        ({"size": "large"}, "size is 'large'; expected"),
        ({"size": (40, 3)}, "each in"),
    ],
)
def test_new_figure_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        new_figure(**arguments)


def test_show_gives_picture_and_finding(shown):
    figure, ax = new_figure(size=(4, 2))
    ax.plot([1, 2])
    show(figure, 'It  "grows" & grows.')
    (data,) = shown
    assert data["text/plain"] == 'It "grows" & grows.'
    assert 'alt="It &quot;grows&quot; &amp; grows."' in data["text/html"]
    assert 'width="400"' in data["text/html"]
    picture = pixels(base64.b64decode(data["image/png"]))
    assert picture.shape == (400, 800, 3)  # twice the pixels, for sharp screens
    assert picture.std() > 0
    assert data["image/png"] in data["text/html"]


def test_show_prints_the_finding_in_a_script(capsys):
    figure, _ = new_figure()
    show(figure, "It grows.")
    assert capsys.readouterr().out == "It grows.\n"


@pytest.mark.parametrize("alt", ["", "  \n "])
def test_show_needs_a_finding(alt):
    with pytest.raises(ValueError, match="alt is empty; expected a sentence"):
        show(new_figure()[0], alt)


def test_show_needs_a_figure_and_a_text():
    figure, ax = new_figure()
    with pytest.raises(TypeError, match="fig is a Axes; expected a matplotlib Figure"):
        show(ax, "A finding.")
    with pytest.raises(TypeError, match="alt is a NoneType; expected a sentence"):
        show(figure, None)


def test_symmetric_limits():
    assert symmetric_limits([-3, 1, np.nan, np.inf]) == (-3, 3)
    assert symmetric_limits([]) == (-1e-12, 1e-12)
    assert symmetric_limits([0.1], at_least=1) == (-1, 1)


def test_pyplot_stays_out():
    code = (
        "import sys; from utils.plots import new_figure, show\n"
        "show(new_figure()[0], 'x'); print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["x", "False"]
