"""What every fast sequence owes: equal to its cell in a loop, to torch, and to nudging."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from utils import cells, sequence
from utils.gradients import numerical_gradient, relative_error
from utils.interop import to_torch
from utils.layers import one_hot

EXACT = {"rtol": 1e-10, "atol": 1e-10}


@dataclass(frozen=True)
class Kind:
    """One cell: how it is made, run and carried back; states are tuples of one or two arrays."""

    name: str
    weights: type
    blocks: int
    states: tuple[str, ...]
    options: dict[str, Any]

    def draw(self, T=4, B=3, D=2, H=5, seed=0, dtype=np.float64):
        """Return inputs by name, weights, and a gradient for every hidden state."""
        rng = np.random.default_rng(seed)
        shapes = [(D, self.blocks * H), (H, self.blocks * H), (self.blocks * H,), (H,)]
        scales = [1, 1 / np.sqrt(H), 1, 1]
        arrays = [s * rng.normal(size=shape) for s, shape in zip(scales, shapes, strict=True)]
        weights = self.weights(*(a.astype(dtype) for a in arrays[: len(self.weights._fields)]))
        inputs = {"xs": rng.normal(size=(T, B, D)).astype(dtype)}
        inputs |= {name: rng.normal(size=(B, H)).astype(dtype) for name in self.states}
        return inputs, weights, rng.normal(size=(T, B, H)).astype(dtype)

    def run(self, inputs, weights, mask=None):
        forward = getattr(sequence, f"{self.name}_sequence")
        return forward(*inputs.values(), weights, mask, **self.options)

    def back(self, d_hs, done, weights, **further):
        return getattr(sequence, f"{self.name}_sequence_backward")(d_hs, done, weights, **further)

    def loop(self, inputs, weights, d_hs, d_last_c=0.0):
        """The same with the readable cell, step by step: states, and gradients by name."""
        xs, *state = inputs.values()
        step = getattr(cells, f"{self.name}_step")
        step_back = getattr(cells, f"{self.name}_step_backward")
        states, values = [tuple(state)], []
        for x_t in xs:
            done = step(x_t, *states[-1], weights, **self.options)
            values.append(done)
            if self.name == "rnn":
                states.append((done,))
            else:
                states.append(tuple(getattr(done, f"{s[0]}_t") for s in self.states))
        total = {f"d_{field}": 0.0 for field in weights._fields}
        d_h, d_c, d_xs = 0.0, d_last_c + np.zeros_like(state[0]), []
        for t in reversed(range(len(xs))):
            d_h = d_h + d_hs[t]
            grads = (d_h, d_c) if self.name == "lstm" else (d_h,)
            back = step_back(*grads, xs[t], *states[t], values[t], weights, **self.options)
            d_h, d_c = back.d_h_prev, getattr(back, "d_c_prev", None)
            d_xs.insert(0, back.d_x_t)
            total = {name: total[name] + getattr(back, name) for name in total}
        ends = {"d_h_0": d_h} | ({"d_c_0": d_c} if self.name == "lstm" else {})
        return states[1:], {"d_xs": np.stack(d_xs), **ends, **total}


def check_against_the_loop(kind, T, B, D, H, seed):
    inputs, weights, d_hs = kind.draw(T, B, D, H, seed)
    further = {}
    if kind.name == "lstm":
        further = {"d_last_c": np.random.default_rng(seed + 1).normal(size=(B, H))}
    states, gradients = kind.loop(inputs, weights, d_hs, **further)
    done = kind.run(inputs, weights)
    for k, name in enumerate(kind.states):
        fast = getattr(done, f"{name[0]}s")
        np.testing.assert_allclose(fast, [state[k] for state in states], **EXACT)
    last = done.last_state if len(kind.states) > 1 else (done.last_state,)
    for ours, theirs in zip(last, states[-1], strict=True):
        np.testing.assert_allclose(ours, theirs, **EXACT)
    back = kind.back(d_hs, done, weights, **further)
    assert set(back._fields) == set(gradients)
    for name, expected in gradients.items():
        np.testing.assert_allclose(getattr(back, name), expected, err_msg=name, **EXACT)


def check_against_torch(kind, T, B, D, H, seed, **options):
    inputs, weights, d_hs = kind.draw(T, B, D, H, seed)
    module = to_torch(weights, **options)
    x, *state = (torch.tensor(a, requires_grad=True) for a in inputs.values())
    first = tuple(s[None] for s in state)
    theirs, _ = module(x, first if len(first) > 1 else first[0])
    (theirs * torch.tensor(d_hs)).sum().backward()
    done = kind.run(inputs, weights)
    np.testing.assert_allclose(done.hs, theirs.detach(), **EXACT)
    back = kind.back(d_hs, done, weights)
    W_x, W_h, b = weights._fields[:3]
    expected = {
        f"d_{W_x}": module.weight_ih_l0.grad.T,
        f"d_{W_h}": module.weight_hh_l0.grad.T,
        f"d_{b}": module.bias_ih_l0.grad,
        **{f"d_{name}": s.grad for name, s in zip(inputs, (x, *state), strict=True)},
    }
    if kind.name == "gru":
        expected["d_b_hn"] = module.bias_hh_l0.grad[2 * H :]
    for name, other in expected.items():
        np.testing.assert_allclose(getattr(back, name), other, err_msg=name, **EXACT)


def check_indices(kind, D=7):
    """Indices are one-hot vectors."""
    inputs, weights, d_hs = kind.draw(T=6, D=D)
    indices = np.random.default_rng(3).integers(0, D, size=(6, 3))
    vectors = {**inputs, "xs": one_hot(indices, D)}
    by_vector = kind.run(vectors, weights)
    theirs = kind.back(d_hs, by_vector, weights)
    for given in (indices, indices.astype(np.int32)):
        by_index = kind.run({**inputs, "xs": given}, weights)
        np.testing.assert_allclose(by_index.hs, by_vector.hs, **EXACT)
        ours = kind.back(d_hs, by_index, weights)
        assert ours.d_xs is None
        for name in ours._fields[1:]:
            np.testing.assert_allclose(
                getattr(ours, name), getattr(theirs, name), err_msg=name, **EXACT
            )


def check_lengths(kind):
    """With a mask, every sequence of a batch behaves as if it were alone at its own length."""
    inputs, weights, d_hs = kind.draw(T=5)
    lengths = np.array([5, 1, 3])
    mask = np.arange(5)[:, None] < lengths
    d_hs[:-1] = 0  # the last state, which for short ones is that of their own last item
    masked = kind.run(inputs, weights, mask)
    back = kind.back(d_hs, masked, weights)
    total = dict.fromkeys(weights._fields, 0)
    for b, n in enumerate(lengths):
        own = {name: a[b : b + 1] for name, a in inputs.items()}
        own["xs"] = inputs["xs"][:n, b : b + 1]
        alone = kind.run(own, weights)
        for name in kind.states:
            fast, slow = (getattr(s, f"{name[0]}s") for s in (masked, alone))
            np.testing.assert_allclose(fast[:n, b], slow[:, 0], **EXACT)
            assert np.array_equal(fast[n:, b], np.repeat(fast[n - 1 : n, b], 5 - n, axis=0))
        d_alone = np.zeros_like(alone.hs)
        d_alone[-1] = d_hs[-1, b]
        part = kind.back(d_alone, alone, weights)
        np.testing.assert_allclose(back.d_xs[:n, b], part.d_xs[:, 0], **EXACT)
        assert not back.d_xs[n:, b].any()
        for name in kind.states:
            ours, theirs = getattr(back, f"d_{name}")[b], getattr(part, f"d_{name}")[0]
            np.testing.assert_allclose(ours, theirs, err_msg=name, **EXACT)
        total = {name: total[name] + getattr(part, f"d_{name}") for name in total}
    for name, expected in total.items():
        np.testing.assert_allclose(getattr(back, f"d_{name}"), expected, err_msg=name, **EXACT)


def check_nudging(kind, **sizes):
    """Gradients with a mask that has holes agree with central differences."""
    inputs, weights, d_hs = kind.draw(T=4, **sizes)
    B = d_hs.shape[1]
    mask = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])[:, :B]
    back = kind.back(d_hs, kind.run(inputs, weights, mask), weights)
    for field, start in {**inputs, **weights._asdict()}.items():

        def loss(array, field=field):
            a = {**inputs, field: array} if field in inputs else inputs
            w = weights._replace(**{field: array}) if field not in inputs else weights
            return float((kind.run(a, w, mask).hs * d_hs).sum())

        gradient = getattr(back, f"d_{field}")
        assert relative_error(gradient, numerical_gradient(loss, start)) < 1e-7, field


def check_number_types_and_inputs(kind):
    for dtype, B in ((np.float32, 3), (np.float32, 1), (np.float64, 3)):
        inputs, weights, d_hs = kind.draw(B=B, dtype=dtype)
        before = [a.copy() for a in (*inputs.values(), *weights, d_hs)]
        done = kind.run(inputs, weights)
        back = kind.back(d_hs, done, weights)
        assert {a.dtype for a in (done.hs, *back)} == {np.dtype(dtype)}
        for a, b in zip(before, (*inputs.values(), *weights, d_hs), strict=True):
            assert np.array_equal(a, b)
        nothing = {name: None if name != "xs" else a for name, a in inputs.items()}
        zeros = {name: a if name == "xs" else np.zeros_like(a) for name, a in inputs.items()}
        assert np.array_equal(kind.run(nothing, weights).hs, kind.run(zeros, weights).hs)
    # Inputs of the wider type decide, as everywhere in NumPy.
    inputs, weights, d_hs = kind.draw()
    narrow = kind.weights(*(w.astype(np.float32) for w in weights))
    done = kind.run(inputs, narrow)
    assert done.hs.dtype == np.float64
    wide = kind.weights(*(w.astype(np.float64) for w in narrow))
    np.testing.assert_allclose(done.hs, kind.run(inputs, wide).hs, **EXACT)
    ours, theirs = kind.back(d_hs, done, narrow), kind.back(d_hs, done, wide)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, **EXACT)


def check_long(kind):
    """Lengths beyond what is worked on at a time change nothing."""
    inputs, weights, d_hs = kind.draw(T=24, B=40, D=2, H=50)
    _, gradients = kind.loop(inputs, weights, d_hs)
    back = kind.back(d_hs, kind.run(inputs, weights), weights)
    for name, expected in gradients.items():
        np.testing.assert_allclose(getattr(back, name), expected, err_msg=name, rtol=0, atol=1e-9)


def check_refusals(kind):
    inputs, weights, d_hs = kind.draw()
    cases = [
        ({"xs": np.zeros((0, 3, 2))}, r"xs has shape \(0, 3, 2\): T must be at least 1"),
        ({"xs": np.zeros((4, 3, 7))}, r"xs has shape \(4, 3, 7\); expected \(T, B, D\)"),
        ({"xs": np.full((4, 3), 2)}, "xs holds 2 at index"),
        ({"h_0": np.zeros((2, 5))}, r"h_0 has shape \(2, 5\); expected \(B, H\) = \(3, 5\)"),
        ({"xs": np.full((4, 3, 2), np.nan)}, "xs holds 24 values that are NaN or infinite"),
    ]
    for change, words in cases:
        with pytest.raises(ValueError, match=words):
            kind.run({**inputs, **change}, weights)
    with pytest.raises(ValueError, match=r"mask has shape \(3, 4\); expected \(T, B\) = \(4, 3\)"):
        kind.run(inputs, weights, np.ones((3, 4)))
    with pytest.raises(ValueError, match=r"mask holds 0.5; expected 1 where there is an item"):
        kind.run(inputs, weights, np.full((4, 3), 0.5))
    with pytest.raises(TypeError, match=f"expected {kind.weights.__name__}"):
        kind.run(inputs, "weights")
    done = kind.run(inputs, weights)
    with pytest.raises(ValueError, match=r"d_hs has shape \(2, 3, 5\); expected"):
        kind.back(d_hs[:2], done, weights)
    with pytest.raises(ValueError, match="d_hs holds 60 values that are NaN or infinite"):
        kind.back(d_hs * np.inf, done, weights)
    with pytest.raises(ValueError, match=r"W_\w+ has shape .* expected"):
        kind.back(d_hs, done, kind.draw(H=6)[1])
