"""The live figure of the lens: both ends of every control, its labels, what it says."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.helpers import visit_ends
from utils import lens
from utils.plots.lens import draw_lens
from utils.plots.style import new_figure
from utils.widgets.lens import compute_view, read_labels

WORDS = ["The", "cats", "which", "ate", "were"]


@pytest.fixture(scope="module")
def trace():
    torch.manual_seed(0)
    module = nn.LSTM(3, 6, 2, bidirectional=True)
    return lens.trace(module, torch.randn(5, 2, 3), lengths=[5, 3])


def test_both_ends_of_every_control(trace):
    live = lens.explore(trace, labels=WORDS)
    assert set(live.controls) == {"quantity", "unit", "layer", "direction", "sample"}
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 12
    assert len({visit.pixels.tobytes() for visit in visits}) > 12
    assert all(control.description for control in live.controls.values())
    assert {"image/png", "text/html", "text/plain"} <= set(live._repr_mimebundle_())
    assert live.trace is trace


@pytest.mark.parametrize(
    ("make", "T"),
    [
        (lambda: nn.RNN(3, 5, nonlinearity="relu"), 12),
        (lambda: nn.GRU(3, 1, 2), 1),
        (lambda: nn.Sequential(nn.LSTM(3, 5, proj_size=2)), 4),
    ],
)
def test_every_kind_of_module(make, T):
    torch.manual_seed(1)
    live = lens.explore(make(), 3 * torch.randn(T, 1, 3))
    assert "sample" not in live.controls
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) >= len(live.trace.names) - (T == 1)


def test_a_network_that_explodes_is_shown():
    module = nn.RNN(3, 5, nonlinearity="relu")
    with torch.no_grad():
        module.weight_hh_l0.copy_(100 * torch.eye(5))
    live = lens.explore(module, torch.ones(300, 1, 3))
    assert "is not finite from step" in live.alt
    live.set(quantity="d_hidden")
    assert live.error == ""
    assert "is not finite" in live.children[-2].value


def test_it_says_what_the_picture_shows(trace):
    live = lens.explore(trace, labels=WORDS)
    live.set(quantity="forget_gate", unit=2, layer=1, direction="backward", sample=1)
    f = trace["forget_gate", 1, "backward"][:3, 1, 2]
    low = int(f.argmin())
    assert live.alt.startswith("Layer 1, backward direction, sample 1: the forget gate of unit 2 ")
    assert f"is {f.mean():.3g} on average, lowest at step {low} (“{WORDS[low]}”, {f.min():.3g}" in (
        live.alt
    )
    size = trace.norms("d_cell", 1, "backward")[:, 1]
    assert f"‖∂L/∂c‖ is {size[0]:.2g} at the last step that is read and {size[2]:.2g}" in live.alt
    steps = np.log(0.5) / np.log(f).mean()
    assert f"half-life of {steps:.3g} steps along the direct path" in live.alt


def test_view_holds_the_numbers_of_the_trace(trace):
    view = compute_view(trace, 1, 0, "forward", "candidate", 4)
    np.testing.assert_array_equal(view.values, trace["candidate", 0][:, 1].T)
    assert view.limits == (-1.0, 1.0)
    np.testing.assert_array_equal(view.curves["cell_state"], np.tanh(trace["cell", 0][:, 1, 4]))
    np.testing.assert_array_equal(view.norms["unit"], np.abs(trace["d_cell", 0][:, 1, 4]))
    gradient = compute_view(trace, 0, 1, "forward", "d_hidden", 0)
    assert gradient.limits[1] == np.abs(trace["d_hidden", 1][:, 0]).max()
    assert compute_view(trace, 0, 1, "forward", "output_gate", 0).limits == (0.0, 1.0)


def test_findings_stand_below(trace):
    assert "Nothing else is conspicuous" in lens.explore(trace).children[-2].value
    live = lens.explore(nn.GRU(3, 4), torch.randn(5, 2, 3), None, lambda y: y[0].detach().sum())
    assert "<li>No gradient of the loss reaches" in live.children[-2].value


def test_labels():
    assert read_labels(None, [2, 3]) == [["0", "1"], ["0", "1", "2"]]
    assert read_labels("abc", [2, 3]) == [["a", "b"], ["a", "b", "c"]]
    assert read_labels(["ab", "cde"], [2, 3]) == [["a", "b"], ["c", "d", "e"]]
    assert read_labels([["x", "y"], [1, 2, 3]], [2, 3]) == [["x", "y"], ["1", "2", "3"]]
    assert read_labels(WORDS, [5, 1]) == [WORDS, ["The"]]
    for labels, words in (
        (3, "labels is an int; expected words"),
        (["a"], "labels holds 1 words for sample 0; it has 2 steps"),
        ([["a", "b"]], "labels holds 1 rows; expected 2, one a sample"),
    ):
        with pytest.raises(lens.LensError, match=words):
            read_labels(labels, [2, 3])


def test_labels_stand_under_their_steps(trace):
    _, axes = new_figure(3, 1, size=(8, 6))
    picture = draw_lens(axes, 6, 5, ("input_gate",), ("hidden",))
    view = compute_view(trace, 1, 0, "forward", "cell", 0)
    picture.move(*view[:2], WORDS[:3], 0, view.curves, view.norms, ("a", "b"))
    assert [text.get_text() for text in picture.labels] == ["The", "cats", "which", "", ""]
    assert [text.get_position()[0] for text in picture.labels] == [0, 1, 2, 3, 4]
    assert picture.title.get_text() == "a"
    long = draw_lens(new_figure(3, 1)[1], 1, 100, ("candidate",), ("hidden",))
    values = np.ones((1, 100))
    numbers, line = [str(t) for t in range(100)], values[0]
    long.move(values, (0, 1), numbers, 0, {"candidate": line}, {"hidden": line}, ("", ""))
    assert [t.get_text() for t in long.labels if t.get_text()] == [str(t) for t in range(0, 100, 5)]
