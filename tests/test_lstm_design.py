"""Equations, direct paths and bounds of cells built from parts, against the cells themselves."""

import math

import numpy as np
import pytest

from utils.cells.lstm_variants import (
    LSTM_VARIANTS,
    OPTIONS,
    LSTMVariant,
    init_variant_weights,
)
from utils.lstm_design import changed_parts, direct_factors, direct_path, equations, reach
from utils.sequence.lstm_variants import lstm_variant_sequence

NAMES = list(LSTM_VARIANTS)
VALUES = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "linear": lambda z: z,
}


def run(variant, T=6, B=3, D=4, H=5, scale=1.0, seed=0):
    rng = np.random.default_rng(seed)
    weights = init_variant_weights(variant, D, H, rng, scale=scale)
    return lstm_variant_sequence(rng.standard_normal((T, B, D)), None, None, weights, None, variant)


def evaluate(text, values):
    """Compute the right side of an equation from numbers, read as Python."""
    text = text.split(" = ", 1)[1] if " = " in text else text
    for old, new in (
        (r"\odot", "*"),
        (r"(1 - \tanh^2 c_{t-1})", "(1 - tanh(c_prev)**2)"),
        (r"\sigma'(c_{t-1})", "(sigma(c_prev) * (1 - sigma(c_prev)))"),
        (r"\sigma", "sigma"),
        (r"\tanh", "tanh"),
        ("_{t-1}", "_prev"),
    ):
        text = text.replace(old, new)
    functions = {"tanh": np.tanh, "sigma": VALUES["sigmoid"]}
    return eval(text, {"__builtins__": {}}, {**functions, **values})


@pytest.mark.parametrize("name", NAMES)
def test_equations_compute_what_the_cell_computes(name):
    seq = run(name)
    t = 4
    now = {"i_t": seq.input_gate[t], "f_t": seq.forget_gate[t], "g_t": seq.candidate[t]}
    now |= {"o_t": seq.output_gate[t], "c_prev": seq.cs[t - 1], "h_prev": seq.hs[t - 1]}
    now["c_t"] = seq.cs[t]
    lines = {line.role: line.text for line in equations(name)}
    assert list(lines) == [
        *("input_gate", "forget_gate", "candidate", "output_gate", "cell_state", "hidden_state")
    ]
    np.testing.assert_allclose(evaluate(lines["cell_state"], now), seq.cs[t], atol=1e-12)
    np.testing.assert_allclose(evaluate(lines["hidden_state"], now), seq.hs[t], atol=1e-12)
    for role in ("input_gate", "forget_gate", "candidate", "output_gate"):
        kind = getattr(LSTM_VARIANTS[name], role)
        if kind in VALUES:  # the sum that gives the value back
            value = getattr(seq, role)[t]
            inverse = {"sigmoid": lambda v: np.log(v / (1 - v)), "tanh": np.arctanh}
            z = inverse.get(kind, lambda v: v)(value)
            np.testing.assert_allclose(evaluate(lines[role], {f"z_{lines[role][0]}": z}), value)
        else:
            np.testing.assert_allclose(
                evaluate(lines[role], now) * np.ones_like(seq.cs[t]), getattr(seq, role)[t]
            )


def test_changed_lines_are_marked():
    assert not any(line.changed for line in equations("lstm"))
    for name in NAMES[1:]:
        assert any(line.changed for line in equations(name)), name
    changed = [line.role for line in equations("no input gate") if line.changed]
    assert changed == ["input_gate", "cell_state"]


def test_changed_parts():
    assert changed_parts("lstm") == ()
    assert changed_parts("no cell line") == ("memory",)
    assert changed_parts(LSTMVariant(output_gate="one", input_gate="tanh")) == (
        *("input_gate", "output_gate"),
    )
    # every variant of the study differs in one thing
    assert {len(changed_parts(name)) for name in NAMES[1:]} == {1}


@pytest.mark.parametrize("variant", [*NAMES, LSTMVariant(memory="hidden", squash="sigmoid")])
def test_direct_path_is_the_slope_with_gates_held_fixed(variant):
    seq = run(variant)
    v, t, eps = seq.variant, 3, 1e-6

    def c_next(c):
        memory = c
        if v.memory == "hidden":
            memory = seq.output_gate[t] * VALUES[v.squash](c)
        return seq.forget_gate[t + 1] * memory + seq.input_gate[t + 1] * seq.candidate[t + 1]

    np.testing.assert_allclose(c_next(seq.cs[t]), seq.cs[t + 1], atol=1e-12)
    slope = (c_next(seq.cs[t] + eps) - c_next(seq.cs[t] - eps)) / (2 * eps)
    factors = direct_factors(seq)
    assert factors.shape == (5, 3, 5)
    np.testing.assert_allclose(factors[t], slope, atol=1e-8)
    now = {"f_t": seq.forget_gate[t + 1], "o_prev": seq.output_gate[t], "c_prev": seq.cs[t]}
    now["o_t"] = np.nan  # the output gate of step t itself is not on the way
    np.testing.assert_allclose(evaluate(direct_path(variant), now) * np.ones_like(slope), slope)


def test_direct_factors_do_not_change_the_sequence():
    seq = run("no cell line")
    before = seq.forget_gate.copy()
    direct_factors(seq)
    np.testing.assert_array_equal(seq.forget_gate, before)


def test_direct_factors_refuse_a_mask():
    seq = run("lstm")._replace(mask=np.ones((6, 3, 1)))
    with pytest.raises(ValueError, match="sequence has a mask"):
        direct_factors(seq)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("T", [1, 7])
def test_states_stay_within_reach(name, T):
    bound = reach(name, T)
    for scale, seed in ((0.5, 0), (3.0, 1), (30.0, 2)):
        seq = run(name, T=T, B=40, H=9, scale=scale, seed=seed)
        assert bound.c_low - 1e-12 <= seq.cs.min() <= seq.cs.max() <= bound.c_high + 1e-12
        assert bound.h_low - 1e-12 <= seq.hs.min() <= seq.hs.max() <= bound.h_high + 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_reach_is_approached(name):
    """Gates driven hard by their biases come within a thousandth of the upper bounds."""
    T, variant = 6, LSTM_VARIANTS[name]
    H = 1
    weights = init_variant_weights(variant, 1, H, np.random.default_rng(0), scale=0.0)
    weights.b[:] = 40.0
    if variant.input_gate == "coupled":
        weights.b[variant.blocks.index("forget_gate")] = -40.0  # take the candidate
    seq = lstm_variant_sequence(np.zeros((T, 1, 1)), None, None, weights, None, variant)
    bound = reach(name, T)
    if variant.candidate == "linear":
        assert math.isinf(bound.c_high)
        assert seq.cs[-1, 0, 0] > 100
    else:
        assert seq.cs[-1, 0, 0] == pytest.approx(bound.c_high, abs=1e-3)
        assert seq.hs[-1, 0, 0] == pytest.approx(bound.h_high, abs=1e-3)


def test_reach_in_words_and_numbers():
    assert reach("lstm", 20)[:2] == (-20, 20)
    assert reach("input path sigmoid only", 20)[:2] == (0, 20)
    assert reach("coupled gates", 20)[:2] == (-1, 1)
    assert reach("coupled gates", 20).h_high == pytest.approx(np.tanh(1))
    assert str(reach("output path without tanh", 3)) == "c in (−3, 3), h in (−3, 3)"
    assert str(reach("linear candidate", 3)) == "c in (−∞, ∞), h in (−1, 1)"
    with pytest.raises(ValueError, match="T is 0"):
        reach("lstm", 0)


def test_every_choice_of_every_part_can_be_written_down():
    for part, options in OPTIONS.items():
        for option in options:
            lines = equations(LSTMVariant(**{part: option}))
            assert len(lines) == 6
            assert all(line.text.count(" = ") == 1 for line in lines)
            direct_path(LSTMVariant(**{part: option}))
