"""The classifier: its losses and gradients against nudging, torch, and its own parts."""

import numpy as np
import pytest
import torch
from torch import nn

from utils.classifier import CELLS, SequenceClassifier, init_classifier
from utils.data import grammar
from utils.gradients import check_gradients
from utils.interop import to_torch
from utils.optim import Adam

T, B, D, H, K = 5, 3, 4, 6, 7


def draw(seed=0, every_step=True, **options):
    rng = np.random.default_rng(seed)
    model = init_classifier(D, H, K, rng, **options)
    for bias in (model.output.b_y, model.cell[2]):
        bias += rng.normal(size=bias.shape).astype(bias.dtype)
    xs = rng.normal(size=(T, B, D)).astype(options.get("dtype", np.float64))
    targets = rng.integers(0, K, (T, B) if every_step else B)
    return model, xs, targets


def first_state(cell):
    h, c = np.random.default_rng(1).normal(size=(2, B, H))
    return (h, c) if cell == "lstm" else h


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("every_step", [True, False])
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize(("reduction", "dropped"), [("mean", False), ("sum", False), ("sum", True)])
def test_gradients_agree_with_nudging(cell, every_step, masked, reduction, dropped):
    model, xs, targets = draw(every_step=every_step, cell=cell)
    mask = np.arange(T)[:, None] < [5, 2, 1] if masked else None
    state = first_state(cell)
    shape = (T, B, H) if every_step else (B, H)
    keep = 2.0 * np.random.default_rng(2).integers(0, 2, shape) if dropped else None

    def loss(weights):
        parts = (model.cell, model.output)
        nudged = SequenceClassifier(
            *(type(part)(*(weights[name] for name in part._fields)) for part in parts)
        )
        return nudged.loss_and_gradients(xs, targets, state, mask, reduction, keep).loss

    step = model.loss_and_gradients(xs, targets, state, mask, reduction, keep)
    assert check_gradients(loss, model.weights, step.gradients).passed


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("every_step", [True, False])
def test_equals_torch(cell, every_step):
    model, xs, targets = draw(every_step=every_step, cell=cell)
    module, readout = to_torch(model.cell), nn.Linear(H, K, dtype=torch.float64)
    with torch.no_grad():
        readout.weight.copy_(torch.tensor(model.output.W_hy.T))
        readout.bias.copy_(torch.tensor(model.output.b_y))
    start = first_state(cell)
    state = [
        torch.tensor(a[None], requires_grad=True) for a in (start if cell == "lstm" else [start])
    ]
    hs, _ = module(torch.tensor(xs), tuple(state) if cell == "lstm" else state[0])
    logits = readout(hs if every_step else hs[-1])
    loss = nn.functional.cross_entropy(logits.reshape(-1, K), torch.tensor(targets).reshape(-1))
    loss.backward()
    step = model.loss_and_gradients(xs, targets, start)
    assert step.loss == pytest.approx(loss.item(), abs=1e-12)
    W_x, W_h, b = model.cell._fields[:3]
    theirs = {
        f"d_{W_x}": module.weight_ih_l0.grad.T,
        f"d_{W_h}": module.weight_hh_l0.grad.T,
        f"d_{b}": module.bias_ih_l0.grad,
        **({"d_b_hn": module.bias_hh_l0.grad[2 * H :]} if cell == "gru" else {}),
        "d_W_hy": readout.weight.grad.T,
        "d_b_y": readout.bias.grad,
    }
    assert list(step.gradients) == list(theirs)
    for name, array in theirs.items():
        np.testing.assert_allclose(step.gradients[name], array, rtol=0, atol=1e-12, err_msg=name)
    d_state = step.d_state if cell == "lstm" else [step.d_state]
    for ours, s in zip(d_state, state, strict=True):
        np.testing.assert_allclose(ours, s.grad[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(step.logits, logits.detach(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_carried_state_goes_on_where_it_was(cell):
    model, xs, _ = draw(cell=cell)
    whole = model.forward(xs)
    first = model.forward(xs[:2])
    rest = model.forward(xs[2:], first.sequence.last_state)
    np.testing.assert_allclose(
        np.concatenate([first.logits, rest.logits]), whole.logits, rtol=0, atol=1e-12
    )


def test_scores_far_apart_neither_overflow_nor_vanish():
    model, xs, targets = draw(dtype=np.float32)
    model.output.W_hy[...] *= 1e4
    step = model.loss_and_gradients(xs, targets)
    assert 1e3 < step.loss < 1e6
    assert all(np.isfinite(g).all() for g in step.gradients.values())
    model.output.b_y[0] = np.inf
    with pytest.raises(ValueError, match="b_y holds 1 value that is NaN or infinite"):
        model.loss_and_gradients(xs, targets)


def test_masked_steps_count_for_nothing():
    model, xs, targets = draw()
    mask = np.arange(T)[:, None] < [5, 2, 1]
    other = np.where(mask, targets, (targets + 1) % K)
    ours, same = (model.loss_and_gradients(xs, t, mask=mask) for t in (targets, other))
    assert ours.loss == same.loss
    rows = [(b, n) for b, n in enumerate([5, 2, 1])]
    total = sum(
        model.loss_and_gradients(xs[:n, [b]], targets[:n, [b]], reduction="sum").loss
        for b, n in rows
    )
    assert ours.loss == pytest.approx(total / 8)


@pytest.mark.parametrize("activation", ["tanh", "relu", "leaky_relu", "sigmoid"])
def test_every_activation_has_right_gradients(activation):
    model, xs, targets = draw(activation=activation)

    def loss(weights):
        cell = type(model.cell)(*(weights[name] for name in model.cell._fields))
        nudged = SequenceClassifier(cell, model.output, activation)
        return nudged.loss_and_gradients(xs, targets).loss

    step = model.loss_and_gradients(xs, targets)
    weights = model.cell._asdict()
    assert check_gradients(loss, weights, step.gradients).passed


@pytest.mark.parametrize("cell", CELLS)
def test_training_in_place_learns_agreement(cell):
    rng = np.random.default_rng(0)
    model = init_classifier(len(grammar.VOCABULARY), 16, 2, rng, cell, forget_bias=1.0)
    optimiser = Adam(0.01)
    for _ in range(150):
        xs, targets = grammar.batch(rng, 32, 2)
        optimiser.step(model.weights, model.loss_and_gradients(xs, targets).gradients)
    assert model.accuracy(*grammar.batch(rng, 200, 2)) > 0.95


def test_accuracy_counts_what_it_should():
    model, xs, _ = draw()
    best = model.forward(xs).logits.argmax(axis=-1)
    assert model.accuracy(xs, best) == 1
    assert model.accuracy(xs, best[-1]) == 1
    wrong = (best + 1) % K
    mask = np.arange(T)[:, None] < [5, 2, 1]
    assert model.accuracy(xs, np.where(mask, best, wrong), mask) == 1
    assert model.accuracy(xs, wrong) == 0


@pytest.mark.parametrize("cell", CELLS)
def test_float32_is_kept(cell):
    model, xs, targets = draw(dtype=np.float32, cell=cell)
    step = model.loss_and_gradients(xs, targets)
    assert {g.dtype for g in step.gradients.values()} == {np.dtype(np.float32)}
    assert step.logits.dtype == np.float32


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"targets": np.zeros((T, B + 1), int)}, ValueError, r"targets has shape \(5, 4\)"),
        ({"targets": np.full((T, B), K)}, ValueError, "targets holds 7"),
        ({"keep": np.ones((T, B))}, ValueError, r"keep has shape \(5, 3\); expected \(5, 3, 6\)"),
        ({"reduction": "none"}, ValueError, "reduction is 'none'"),
        ({"xs": np.zeros((T, B, D + 1))}, ValueError, r"xs has shape \(5, 3, 5\)"),
        ({"state": np.zeros((B, H + 1))}, ValueError, r"has shape \(3, 7\)"),
    ],
)
def test_bad_input_is_told_in_one_line(change, error, words):
    model, xs, targets = draw()
    with pytest.raises(error, match=words):
        model.loss_and_gradients(**{"xs": xs, "targets": targets, **change})


def test_bad_names_are_refused():
    with pytest.raises(ValueError, match="cell is 'transformer'; expected"):
        init_classifier(D, H, K, np.random.default_rng(0), cell="transformer")
    with pytest.raises(ValueError, match="activation is 'relu'; it can be chosen for cell='rnn'"):
        init_classifier(D, H, K, np.random.default_rng(0), cell="gru", activation="relu")
    model, xs, targets = draw(cell="lstm")
    with pytest.raises(TypeError, match=r"state is an array of shape \(3, 6\); expected a tuple"):
        model.loss_and_gradients(xs, targets, np.zeros((B, H)))
