"""Variants of the LSTM: readable and fast, against torch, nudging, and what each must do."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.cells import (
    LSTM_VARIANTS,
    VARIANT_ALIASES,
    LSTMVariant,
    LSTMWeights,
    as_variant,
    init_lstm_weights,
    init_variant_weights,
    lstm_step,
    lstm_step_backward,
    lstm_variant_step,
    lstm_variant_step_backward,
)
from utils.cells.lstm_variants import OPTIONS
from utils.gradients import numerical_gradient, relative_error
from utils.layers import one_hot
from utils.sequence import lstm_sequence, lstm_variant_sequence, lstm_variant_sequence_backward

EXACT = {"rtol": 1e-10, "atol": 1e-10}
every_variant = pytest.mark.parametrize("variant", LSTM_VARIANTS)
SIZES = st.integers(1, 5)


def any_variant():
    """Cells from parts that no name stands for come as well."""
    parts = st.fixed_dictionaries({part: st.sampled_from(o) for part, o in OPTIONS.items()})
    allowed = parts.filter(
        lambda p: (
            (p["input_gate"] != "coupled" or p["forget_gate"] == "sigmoid")
            and any(p[part] in ("sigmoid", "tanh", "linear") for part in list(OPTIONS)[:4])
        )
    )
    return allowed.map(lambda p: LSTMVariant(**p))


def case(variant, T=4, B=3, D=2, H=5, seed=0):
    rng = np.random.default_rng(seed)
    weights = init_variant_weights(variant, D, H, rng, forget_bias=0.3)
    weights.b[...] += rng.normal(size=weights.b.shape)
    xs, d_hs = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    h_0, c_0, d_last_c = rng.normal(size=(3, B, H))
    return {"xs": xs, "h_0": h_0, "c_0": c_0}, weights, d_hs, d_last_c


def by_torch(variant, arrays, d_hs, d_last_c):
    """The same cell written a second time, with torch's functions and its gradients."""
    kinds = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "linear": lambda z: z}
    constants = {"one": 1.0, "zero": 0.0}
    a = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    h, c, hs = a["h_0"], a["c_0"], []
    for x in a["xs"]:
        z = iter((x @ a["W_x"] + h @ a["W_h"] + a["b"]).chunk(len(variant.blocks), dim=1))
        part = {}
        for name in ("input_gate", "forget_gate", "candidate", "output_gate"):
            kind = getattr(variant, name)
            part[name] = kinds[kind](next(z)) if kind in kinds else constants.get(kind)
        if variant.input_gate == "coupled":
            part["input_gate"] = 1 - part["forget_gate"]
        kept = c if variant.memory == "cell" else h
        c = part["forget_gate"] * kept + part["input_gate"] * part["candidate"] + 0 * h
        h = part["output_gate"] * kinds[variant.squash](c)
        hs.append(h)
    loss = (torch.stack(hs) * torch.tensor(d_hs)).sum() + (c * torch.tensor(d_last_c)).sum()
    loss.backward()
    zero = torch.zeros(1, dtype=torch.float64)
    return torch.stack(hs).detach(), {
        name: (zero.expand(t.shape) if t.grad is None else t.grad).numpy() for name, t in a.items()
    }


def test_the_lstm_is_the_variant_without_a_change():
    rng = np.random.default_rng(0)
    x_t, h_prev, c_prev = rng.normal(size=(3, 2)), *rng.normal(size=(2, 3, 4))
    weights = init_lstm_weights(2, 4, np.random.default_rng(1), forget_bias=1.0)
    ours = init_variant_weights("lstm", 2, 4, np.random.default_rng(1), forget_bias=1.0)
    for a, b in zip(weights, ours, strict=True):
        np.testing.assert_array_equal(a, b)
    values = lstm_step(x_t, h_prev, c_prev, weights)
    for a, b in zip(values, lstm_variant_step(x_t, h_prev, c_prev, weights), strict=True):
        np.testing.assert_allclose(a, b, **EXACT)
    d_h, d_c = rng.normal(size=(2, 3, 4))
    arguments = (d_h, d_c, x_t, h_prev, c_prev, values, weights)
    back, ours = lstm_step_backward(*arguments), lstm_variant_step_backward(*arguments)
    for name in back._fields:
        np.testing.assert_allclose(
            getattr(ours, name), getattr(back, name), err_msg=name, rtol=1e-10, atol=1e-12
        )


@every_variant
def test_gradients_of_a_step_agree_with_nudging(variant):
    inputs, weights, d_hs, d_c_t = case(variant)
    given_ = {"x_t": inputs["xs"][0], "h_prev": inputs["h_0"], "c_prev": inputs["c_0"]}
    given_ |= weights._asdict()

    def step(a):
        w = LSTMWeights(a["W_x"], a["W_h"], a["b"])
        return lstm_variant_step(a["x_t"], a["h_prev"], a["c_prev"], w, variant)

    back = lstm_variant_step_backward(
        d_hs[0], d_c_t, *list(given_.values())[:3], step(given_), weights, variant
    )
    for name in given_:

        def loss(array, name=name):
            done = step({**given_, name: array})
            return float((done.h_t * d_hs[0]).sum() + (done.c_t * d_c_t).sum())

        measured = numerical_gradient(loss, given_[name])
        assert relative_error(getattr(back, f"d_{name}"), measured) < 1e-7, name


@every_variant
def test_fast_variant_equals_its_cell_in_a_loop(variant):
    inputs, weights, d_hs, d_last_c = case(variant)
    states, values = [(inputs["h_0"], inputs["c_0"])], []
    for x_t in inputs["xs"]:
        values.append(lstm_variant_step(x_t, *states[-1], weights, variant))
        states.append((values[-1].h_t, values[-1].c_t))
    done = lstm_variant_sequence(*inputs.values(), weights, variant=variant)
    for name in ("input_gate", "forget_gate", "candidate", "output_gate"):
        expected = [getattr(v, name) for v in values]
        np.testing.assert_allclose(getattr(done, name), expected, err_msg=name, **EXACT)
    np.testing.assert_allclose(done.cs, [v.c_t for v in values], **EXACT)
    np.testing.assert_allclose(done.hs, [v.h_t for v in values], **EXACT)

    d_h, d_c, total = 0.0, d_last_c, dict.fromkeys(("d_W_x", "d_W_h", "d_b"), 0.0)
    for t in reversed(range(len(d_hs))):
        back = lstm_variant_step_backward(
            d_h + d_hs[t], d_c, inputs["xs"][t], *states[t], values[t], weights, variant
        )
        d_h, d_c = back.d_h_prev, back.d_c_prev
        total = {name: total[name] + getattr(back, name) for name in total}
    fast = lstm_variant_sequence_backward(d_hs, done, weights, d_last_c)
    for name, expected in {**total, "d_h_0": d_h, "d_c_0": d_c}.items():
        np.testing.assert_allclose(getattr(fast, name), expected, err_msg=name, **EXACT)


@given(any_variant(), SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_any_cell_from_parts_equals_torch(variant, T, B, D, H, seed):
    inputs, weights, d_hs, d_last_c = case(variant, T, B, D, H, seed)
    hs, gradients = by_torch(variant, {**inputs, **weights._asdict()}, d_hs, d_last_c)
    done = lstm_variant_sequence(*inputs.values(), weights, variant=variant)
    np.testing.assert_allclose(done.hs, hs, **EXACT)
    back = lstm_variant_sequence_backward(d_hs, done, weights, d_last_c)
    for name, expected in gradients.items():
        np.testing.assert_allclose(getattr(back, f"d_{name}"), expected, err_msg=name, **EXACT)


@every_variant
def test_gradients_with_a_mask_agree_with_nudging(variant):
    inputs, weights, d_hs, d_last_c = case(variant)
    mask = np.arange(4)[:, None] < np.array([4, 1, 2])

    def run(a):
        w = LSTMWeights(a["W_x"], a["W_h"], a["b"])
        return lstm_variant_sequence(a["xs"], a["h_0"], a["c_0"], w, mask, variant)

    given_ = {**inputs, **weights._asdict()}
    done = run(given_)
    np.testing.assert_array_equal(done.hs[-1, 1], done.hs[0, 1])  # sample 1 ended after one step
    back = lstm_variant_sequence_backward(d_hs, done, weights, d_last_c)
    for name in given_:

        def loss(array, name=name):
            done = run({**given_, name: array})
            return float((done.hs * d_hs).sum() + (done.cs[-1] * d_last_c).sum())

        measured = numerical_gradient(loss, given_[name])
        assert relative_error(getattr(back, f"d_{name}"), measured) < 1e-6, name


@every_variant
def test_indices_are_one_hot_vectors_and_the_number_type_stays(variant):
    _, weights, d_hs, _ = case(variant, D=6)
    indices = np.random.default_rng(3).integers(0, 6, size=(4, 3))
    by_index = lstm_variant_sequence(indices, None, None, weights, variant=variant)
    by_vector = lstm_variant_sequence(one_hot(indices, 6), None, None, weights, variant=variant)
    np.testing.assert_allclose(by_index.hs, by_vector.hs, **EXACT)
    theirs = lstm_variant_sequence_backward(d_hs, by_vector, weights)
    ours = lstm_variant_sequence_backward(d_hs, by_index, weights)
    np.testing.assert_allclose(ours.d_W_x, theirs.d_W_x, **EXACT)

    half = LSTMWeights(*(a.astype(np.float32) for a in weights))
    done = lstm_variant_sequence(indices, None, None, half, variant=variant)
    back = lstm_variant_sequence_backward(d_hs.astype(np.float32), done, half)
    kept = (done.hs, done.cs, back.d_W_x, back.d_W_h, back.d_b, back.d_h_0, back.d_c_0)
    assert {a.dtype for a in kept} == {np.dtype("float32")}
    np.testing.assert_allclose(done.hs, by_index.hs, atol=1e-4)


def test_many_steps_go_in_stretches():
    from utils.sequence import inputs as engine

    inputs, weights, d_hs, d_last_c = case("coupled gates", T=7, B=2, H=3)
    done = lstm_variant_sequence(*inputs.values(), weights, variant="coupled gates")
    whole = lstm_variant_sequence_backward(d_hs, done, weights, d_last_c)
    before, engine.IN_CACHE = engine.IN_CACHE, 12
    try:
        parts = lstm_variant_sequence_backward(d_hs, done, weights, d_last_c)
    finally:
        engine.IN_CACHE = before
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_allclose(a, b, **EXACT)


# What each variant is for.


def test_what_the_names_promise():
    inputs, _, _, _ = case("lstm")
    h_0, c_0 = inputs["h_0"], inputs["c_0"]

    def run(name):
        weights = case(name)[1]
        return lstm_variant_sequence(*inputs.values(), weights, variant=name)

    assert (run("no forget gate").forget_gate == 1).all()
    assert (run("no input gate").input_gate == 1).all()
    assert (run("no output gate").output_gate == 1).all()
    coupled = run("coupled gates")
    np.testing.assert_allclose(coupled.input_gate, 1 - coupled.forget_gate, **EXACT)
    assert (run("sigmoid candidate").candidate > 0).all()
    assert np.abs(run("linear candidate").candidate).max() > 1
    assert (run("tanh input gate").input_gate < 0).any()
    assert (run("tanh output gate").output_gate < 0).any()
    assert (run("input path sigmoid only").candidate == 1).all()
    done = run("output path without tanh")
    np.testing.assert_allclose(done.hs, done.output_gate * done.cs, **EXACT)
    assert (run("output path sigmoid(c)").hs > 0).all()
    done = run("overwriting")
    np.testing.assert_allclose(done.cs, done.input_gate * done.candidate, **EXACT)
    done = run("no cell line")
    first = done.forget_gate[0] * h_0 + done.input_gate[0] * done.candidate[0]
    np.testing.assert_allclose(done.cs[0], first, **EXACT)
    assert np.abs(done.cs[0] - (first + done.forget_gate[0] * (c_0 - h_0))).max() > 0.01


def test_an_lstm_whose_forget_gate_is_wide_open_is_the_one_of_1997():
    inputs, weights, _, _ = case("no forget gate")
    D, H = 2, 5
    with_forget = [np.insert(a.reshape(*a.shape[:-1], 3, H), 1, 0, axis=-2) for a in weights]
    with_forget[2][1] = 1e4
    full = LSTMWeights(*(a.reshape(*a.shape[:-2], 4 * H) for a in with_forget))
    assert full.W_x.shape == (D, 4 * H)
    one = lstm_variant_sequence(*inputs.values(), weights, variant="no forget gate")
    np.testing.assert_allclose(one.hs, lstm_sequence(*inputs.values(), full).hs, **EXACT)


def test_blocks_say_which_parts_have_parameters():
    assert LSTMVariant().blocks == ("input_gate", "forget_gate", "candidate", "output_gate")
    assert as_variant("coupled gates").blocks == ("forget_gate", "candidate", "output_gate")
    weights = init_variant_weights("overwriting", 2, 3, np.random.default_rng(0), forget_bias=5.0)
    assert [a.shape for a in weights] == [(2, 9), (3, 9), (9,)]
    assert not weights.b.any()
    weights = init_variant_weights("no input gate", 2, 3, np.random.default_rng(0), forget_bias=5)
    np.testing.assert_array_equal(weights.b, [5, 5, 5, 0, 0, 0, 0, 0, 0])
    for alias, name in VARIANT_ALIASES.items():
        assert as_variant(alias) is LSTM_VARIANTS[name]
    assert len(set(LSTM_VARIANTS.values())) == len(LSTM_VARIANTS)  # no cell under two names


def test_bad_input_is_told_in_one_line():
    with pytest.raises(ValueError, match="variant is 'no gate'; expected one of"):
        as_variant("no gate")
    with pytest.raises(TypeError, match="variant is an int; expected its name, or an LSTMVariant"):
        as_variant(3)
    with pytest.raises(ValueError, match="squash is 'relu'; expected one of"):
        LSTMVariant(squash="relu")
    with pytest.raises(ValueError, match="'coupled' and forget_gate 'one'"):
        LSTMVariant(input_gate="coupled", forget_gate="one")
    with pytest.raises(ValueError, match="No part has parameters"):
        LSTMVariant("one", "one", "one", "one")
    inputs, weights, d_hs, d_last_c = case("coupled gates")
    with pytest.raises(ValueError, match=r"W_h has shape \(5, 15\); expected \(H, 4H\)"):
        lstm_variant_sequence(*inputs.values(), weights)
    with pytest.raises(ValueError, match=r"W_x has shape \(2, 15\); expected \(D, 4H\)"):
        lstm_variant_step(inputs["xs"][0], inputs["h_0"], inputs["c_0"], weights)
    done = lstm_variant_sequence(*inputs.values(), weights, variant="coupled gates")
    with pytest.raises(ValueError, match=r"d_hs has shape \(3, 3, 5\)"):
        lstm_variant_sequence_backward(d_hs[1:], done, weights)
    with pytest.raises(ValueError, match=r"d_last_c has shape \(3, 4\)"):
        lstm_variant_sequence_backward(d_hs, done, weights, d_last_c[:, 1:])
