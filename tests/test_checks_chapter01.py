"""The checks of chapter 01: every mistake its message, every right way accepted."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests import checks_contract as contract
from utils import losses
from utils.activations import sigmoid
from utils.checks import REGISTRY
from utils.checks import chapter01 as checks
from utils.checks.chapter01.experiment import spread_after_ten_layers
from utils.feedforward import TwoLayerValues, TwoLayerWeights
from utils.feedforward import two_layer_backward as reference_backward
from utils.feedforward import two_layer_forward as reference_forward
from utils.gradients import numerical_gradient as reference_gradient
from utils.optim import SGD

NOTEBOOK = Path(__file__).resolve().parents[1] / "solutions/01_backprop_recap"
NOTEBOOK /= "01_backprop_recap.ipynb"
CHECKS = list(REGISTRY["01_backprop_recap"].values())
COMPARED = [c for c in CHECKS if c is not checks.check_initial_gain]  # has no single right value
PLAIN = [c for c in COMPARED if c.call is None]  # the learner's function takes what `inputs` makes
every_check = pytest.mark.parametrize("check", COMPARED, ids=contract.identify)
every_plain_check = pytest.mark.parametrize("check", PLAIN, ids=contract.identify)
every_function_check = pytest.mark.parametrize(
    "check", contract.of_functions(PLAIN), ids=contract.identify
)


# --- what holds for every check ----------------------------------------------------------------


def test_the_notebook_has_a_check_for_every_name():
    assert {f"check_{check.name}" for check in CHECKS} == set(checks.__all__)


@every_check
def test_right_answer_passes(check):
    contract.right_answer_passes(check)


@pytest.mark.parametrize(("check", "key"), contract.known_mistakes(CHECKS))
def test_mistake_gets_its_own_message(check, key):
    contract.mistake_gets_its_own_message(check, key)


@every_check
def test_pairs_of_mistakes_are_both_named(check):
    seen = contract.pairs_are_both_named(check)
    assert seen >= (3 if len(check.outputs) > 1 else 0)


@pytest.mark.parametrize(
    "check", [c for c in COMPARED if c is not checks.check_width_regimes], ids=contract.identify
)
@given(seed=st.integers(0, 10_000), size=st.floats(1e-3, 10.0))
@settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])
def test_random_perturbation_names_no_mistake(check, seed, size):
    # noise of a shape is judged against a generous tolerance: it must be larger than that
    contract.perturbation_names_no_mistake(check, seed, max(size, 3 * check.tolerance))


@pytest.mark.parametrize("check", CHECKS, ids=contract.identify)
def test_stub_is_not_started(check, capsys):
    contract.stub_is_not_started(check, capsys)


@pytest.mark.parametrize("check", CHECKS, ids=contract.identify)
def test_messages_read_well(check):
    contract.messages_read_well(check)


@every_plain_check
def test_points_are_a_plain_float(check, capsys):
    contract.points_are_a_plain_float(check, capsys)


@every_plain_check
def test_float32_and_lists_pass(check):
    contract.float32_passes(check)
    contract.lists_pass(check)


def test_every_wrong_option_is_reported():
    assert contract.wrong_options_are_reported(checks.check_width_regimes) == 6


@every_plain_check
def test_wrong_form_is_reported(check):
    contract.wrong_form_is_reported(check)


@every_function_check
def test_change_in_place_is_found(check):
    contract.change_in_place_is_found(check)


@every_function_check
def test_hard_coded_size_is_found(check):
    contract.hard_coded_size_is_found(check)
    contract.sizes_tell_axes_apart(check)


# --- right answers, written in many ways ---------------------------------------------------------


def forward_plain(x, W1, b1, W2, b2):
    z1 = x @ W1 + b1
    a1 = 1 / (1 + np.exp(-z1))
    z2 = a1 @ W2 + b2
    return z1, a1, z2, 1 / (1 + np.exp(-z2))


def forward_with_loops(x, W1, b1, W2, b2):
    def layer(rows, W, b):
        z = [
            [sum(row[i] * W[i][k] for i in range(len(row))) + b[k] for k in range(len(b))]
            for row in rows
        ]
        return z, [[1 / (1 + np.exp(-value)) for value in row] for row in z]

    z1, a1 = layer(x.tolist(), W1.tolist(), b1.tolist())
    return z1, a1, *layer(a1, W2.tolist(), b2.tolist())


def forward_with_einsum(x, W1, b1, W2, b2):
    z1 = np.einsum("bd,dh->bh", x, W1) + b1[None]
    a1 = (1 + np.tanh(z1 / 2)) / 2
    z2 = np.einsum("bh,hk->bk", a1, W2) + b2[None]
    return {"y_hat": sigmoid(z2), "z2": z2, "a1": a1, "z1": z1}


def forward_with_columns(x, W1, b1, W2, b2):
    z1 = (W1.T @ x.T + b1[:, None]).T
    a1 = np.exp(z1) / (np.exp(z1) + 1)
    z2 = (W2.T @ a1.T + b2[:, None]).T
    return [z1, a1, z2, np.exp(z2) / (np.exp(z2) + 1)]


def forward_in_float32(*arrays):
    return forward_plain(*(a.astype(np.float32) for a in arrays))


def forward_in_place_on_own_copies(x, W1, b1, W2, b2):
    kept, x = [], x.copy()
    for W, b in ((W1, b1), (W2, b2)):
        x = x @ W
        x += b
        kept.append(x.copy())
        np.negative(x, out=x)
        np.exp(x, out=x)
        x += 1
        np.reciprocal(x, out=x)
        kept.append(x)
    return tuple(kept)


def forward_by_reference(x, W1, b1, W2, b2):
    return reference_forward(x, TwoLayerWeights(W1, b1, W2, b2))


def loss_plain(logits, targets):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    d = p.copy()
    d[np.arange(len(p)), targets] -= 1
    return p, -np.log(p[np.arange(len(p)), targets]).mean(), d / len(p)


def loss_with_loops(logits, targets):
    p, loss, d = [], 0.0, []
    for row, target in zip(logits.tolist(), targets.tolist(), strict=True):
        e = [np.exp(value) for value in row]
        p.append([value / sum(e) for value in e])
        loss -= np.log(p[-1][target]) / len(logits)
        d.append([(value - (k == target)) / len(logits) for k, value in enumerate(p[-1])])
    return p, loss, d


def loss_with_one_hot_and_einsum(logits, targets):
    B, K = logits.shape
    y = np.eye(K)[targets]
    e = np.exp(logits - logits.max())
    p = e / np.einsum("bk->b", e)[:, None]
    return p, -np.einsum("bk,bk->", y, np.log(p)) / B, (p - y) / B


def loss_from_the_logarithm(logits, targets):
    top = logits.max(axis=1)
    log_sum = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    log_p = logits - log_sum[:, None]
    loss = np.mean(log_sum - np.take_along_axis(logits, targets[:, None], 1)[:, 0])
    y = (targets[:, None] == np.arange(logits.shape[1])).astype(int)
    return np.exp(log_p), loss, (np.exp(log_p) - y) / logits.shape[0]


def loss_in_float32(logits, targets):
    return loss_plain(logits.astype(np.float32), targets)


def loss_in_place_on_own_copies(logits, targets):
    p = logits.T.copy()
    p -= p.max(axis=0)
    np.exp(p, out=p)
    p /= p.sum(axis=0)
    d = p.T.copy()
    np.subtract.at(d, (np.arange(len(d)), targets), 1)
    d *= 1 / len(d)
    return p.T, float(-np.log(p[targets, np.arange(len(d))]).sum() / len(d)), d


def loss_by_reference(logits, targets):
    loss = losses.softmax_cross_entropy(logits, targets)
    return losses.softmax(logits), loss, losses.d_softmax_cross_entropy(logits, targets)


def backward_plain(x, y, z1, a1, y_hat, W2):
    d_z2 = (y_hat - y) / len(x)
    d_a1 = d_z2 @ W2.T
    d_z1 = d_a1 * a1 * (1 - a1)
    return d_z2, a1.T @ d_z2, d_z2.sum(0), d_a1, d_z1, x.T @ d_z1, d_z1.sum(0)


def backward_sample_by_sample(x, y, z1, a1, y_hat, W2):
    d_W2, d_b2 = np.zeros(W2.shape), np.zeros(W2.shape[1])
    d_W1, d_b1 = np.zeros((x.shape[1], a1.shape[1])), np.zeros(a1.shape[1])
    d_z2, d_a1, d_z1 = [], [], []
    for i in range(len(x)):
        d_z2.append((y_hat[i] - y[i]) / len(x))
        d_a1.append(W2 @ d_z2[i])
        d_z1.append(d_a1[i] * sigmoid(z1[i]) * sigmoid(-z1[i]))
        d_W2 += np.outer(a1[i], d_z2[i])
        d_W1 += np.outer(x[i], d_z1[i])
        d_b2 += d_z2[i]
        d_b1 += d_z1[i]
    return d_z2, d_W2, d_b2, d_a1, d_z1, d_W1, d_b1


def backward_with_einsum(x, y, z1, a1, y_hat, W2):
    d_z2 = np.mean([y_hat - y], axis=0) * (1 / y.shape[0])
    d_a1 = np.einsum("bk,hk->bh", d_z2, W2)
    d_z1 = d_a1 * (a1 - a1**2)
    return {
        "d_W1": np.einsum("bd,bh->dh", x, d_z1),
        "d_b1": np.einsum("bh->h", d_z1),
        "d_z1": d_z1,
        "d_a1": d_a1,
        "d_W2": np.einsum("bh,bk->hk", a1, d_z2),
        "d_b2": np.einsum("bk->k", d_z2),
        "d_z2": d_z2,
    }


def backward_by_the_long_way(x, y, z1, a1, y_hat, W2):
    d_y_hat = (-y / y_hat + (1 - y) / (1 - y_hat)) / len(y)
    d_z2 = d_y_hat * y_hat * (1 - y_hat)
    ones = np.ones(len(y))
    d_a1 = (W2 @ d_z2.T).T
    d_z1 = d_a1 * np.exp(-z1) / (1 + np.exp(-z1)) ** 2
    return [d_z2, (d_z2.T @ a1).T, ones @ d_z2, d_a1, d_z1, (d_z1.T @ x).T, ones @ d_z1]


def backward_in_float32(*arrays):
    return backward_plain(*(a.astype(np.float32) for a in arrays))


def backward_as_lists(*arrays):
    return [value.tolist() for value in backward_plain(*arrays)]


def backward_in_place_on_own_copies(x, y, z1, a1, y_hat, W2):
    d_z2 = y_hat.copy()
    d_z2 -= y
    d_z2 /= len(y)
    d_a1 = d_z2 @ W2.T
    d_z1 = d_a1.copy()
    d_z1 *= a1
    d_z1 *= 1 - a1
    return d_z2, a1.T @ d_z2, d_z2.sum(0), d_a1, d_z1, x.T @ d_z1, d_z1.sum(0)


def backward_by_reference(x, y, z1, a1, y_hat, W2):
    weights = TwoLayerWeights(np.zeros((x.shape[1], len(W2))), z1[0], W2, y[0])
    z2 = np.log(y_hat / (1 - y_hat))
    found = reference_backward(
        x, y, TwoLayerValues(z1, a1, z2, y_hat), weights, loss="binary_cross_entropy"
    )
    names = ("d_z2", "d_W2", "d_b2", "d_a1", "d_z1", "d_W1", "d_b1")
    return tuple(getattr(found, name) for name in names)


def nudge_copies(f, w, epsilon):
    d_w = np.zeros_like(w)
    for index in np.ndindex(*w.shape):
        plus, minus = w.copy(), w.copy()
        plus[index] += epsilon
        minus[index] -= epsilon
        d_w[index] = (f(plus) - f(minus)) / (2 * epsilon)
    return d_w


def nudge_and_put_back(f, w, epsilon):
    d_w, w = np.empty(w.shape), w.copy()
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            kept = w[i, j]
            w[i, j] = kept + epsilon
            up = f(w)
            w[i, j] = kept - epsilon
            d_w[i, j] = (up - f(w)) / (2 * epsilon)
            w[i, j] = kept
    return d_w


def nudge_by_unit_matrices(f, w, epsilon):
    units = epsilon * np.eye(w.size).reshape(-1, *w.shape)
    return np.reshape([(f(w + u) - f(w - u)) / epsilon / 2 for u in units], w.shape)


def nudge_into_nested_lists(f, w, epsilon):
    def slope(i, j):
        u = np.zeros(w.shape)
        u[i, j] = 1
        return (f(w + epsilon * u) / 2 - f(w - epsilon * u) / 2) / epsilon

    return [[slope(i, j) for j in range(w.shape[1])] for i in range(w.shape[0])]


def nudge_flat(f, w, epsilon):
    d_w, flat = [], w.flatten()
    for k in range(len(flat)):
        values = []
        for sign in (1, -1):
            moved = flat.copy()
            moved[k] += sign * epsilon
            values.append(f(moved.reshape(w.shape)))
        d_w.append(-np.diff(values)[0] / (2 * epsilon))
    return np.array(d_w).reshape(w.shape)


def nudge_into_float32(f, w, epsilon):
    return nudge_copies(f, w, epsilon).astype(np.float32)


def momentum_plain(W, velocity, d_W, learning_rate, momentum):
    v = momentum * velocity + d_W
    return v, W - learning_rate * v


def momentum_with_loops(W, velocity, d_W, learning_rate, momentum):
    v, moved = [], []
    for i in range(len(W)):
        v.append([momentum * velocity[i, j] + d_W[i, j] for j in range(W.shape[1])])
        moved.append([W[i, j] - learning_rate * v[i][j] for j in range(W.shape[1])])
    return v, moved


def momentum_in_place_on_own_copies(W, velocity, d_W, learning_rate, momentum):
    W, velocity = W.copy(), velocity.copy()
    velocity *= momentum
    velocity += d_W
    W -= learning_rate * velocity
    return velocity, W


def momentum_with_einsum(W, velocity, d_W, learning_rate, momentum):
    v = np.einsum("i,ijk->jk", [momentum, 1.0], np.stack([velocity, d_W]))
    return {
        "W_new": np.einsum("i,ijk->jk", [1.0, -learning_rate], np.stack([W, v])),
        "velocity_new": v,
    }


def momentum_in_float32(W, velocity, d_W, learning_rate, momentum):
    single = (a.astype(np.float32) for a in (W, velocity, d_W))
    return momentum_plain(*single, learning_rate, momentum)


def momentum_by_reference(W, velocity, d_W, learning_rate, momentum):
    optimiser, moved = SGD(learning_rate, momentum), {"W": W.copy()}
    optimiser.step(moved, {"d_W": velocity})  # from rest, the first velocity is the gradient
    moved["W"] += learning_rate * velocity
    optimiser.step(moved, {"d_W": d_W})
    return (W - moved["W"]) / learning_rate, moved["W"]


def spread_plain(x, weights):
    spread = []
    for W in weights:
        x = np.tanh(x @ W)
        spread.append(x.std())
    return np.array(spread)


def spread_as_list(x, weights):
    values, out = [x], []
    for layer in range(len(weights)):
        values.append(np.tanh(np.einsum("bi,ij->bj", values[layer], weights[layer])))
        out.append(float(np.std(values[-1].ravel())))
    return out


def spread_from_moments(x, weights):
    out = np.zeros(weights.shape[0])
    for layer, W in enumerate(weights):
        x = 2 * sigmoid(2 * x @ W) - 1
        out[layer] = np.sqrt((x**2).mean() - x.mean() ** 2)
    return out


def spread_by_recursion(x, weights):
    if len(weights) == 0:
        return []
    x = np.tanh(x @ weights[0])
    return [x.std(), *spread_by_recursion(x, weights[1:])]


def spread_in_float32(x, weights):
    return spread_plain(x.astype(np.float32), weights.astype(np.float32))


def spread_in_place_on_own_copies(x, weights):
    x, out = x.copy(), np.zeros(len(weights))
    for i in range(len(out)):
        x[...] = x @ weights[i]
        np.tanh(x, out=x)
        out[i] += x.std()
    return out


def repaired_with_losses(x, targets, W, b, learning_rate):
    logits = x @ W + b
    d = losses.d_softmax_cross_entropy(logits, targets)
    loss = losses.softmax_cross_entropy(logits, targets)
    return loss, W - learning_rate * x.T @ d, b - learning_rate * d.sum(axis=0)


def repaired_by_hand(x, targets, W, b, learning_rate):
    _, loss, d = loss_plain(x @ W + b, targets)
    return float(loss), W - learning_rate * (x.T @ d), b - learning_rate * np.ones(len(x)) @ d


def repaired_with_sums(x, targets, W, b, learning_rate):
    logits = x @ W + b
    d = losses.d_softmax_cross_entropy(logits, targets, reduction="sum")
    loss = losses.softmax_cross_entropy(logits, targets, reduction="sum") / len(x)
    step = learning_rate / len(x)
    return loss, W - step * x.T @ d, b - step * d.sum(axis=0)


def repaired_with_loops(x, targets, W, b, learning_rate):
    W_new, b_new, loss = W.copy(), b.copy(), 0.0
    for row, target in zip(x, targets, strict=True):
        _, sample_loss, d = loss_plain((row @ W + b)[None], np.array([target]))
        loss += sample_loss / len(x)
        W_new -= learning_rate * np.outer(row, d[0]) / len(x)
        b_new -= learning_rate * d[0] / len(x)
    return loss, W_new.tolist(), b_new.tolist()


def repaired_with_one_matrix(x, targets, W, b, learning_rate):
    with_one = np.column_stack([x, np.ones(len(x))])
    both = np.vstack([W, b])
    _, loss, d = loss_with_one_hot_and_einsum(with_one @ both, targets)
    both = both - learning_rate * np.einsum("bi,bk->ik", with_one, d)
    return {"b_new": both[-1], "W_new": both[:-1], "loss": loss}


def repaired_in_float32(x, targets, W, b, learning_rate):
    x, W, b = (a.astype(np.float32) for a in (x, W, b))
    return repaired_with_losses(x, targets, W, b, learning_rate)


RIGHT = {
    "two_layer_forward": (
        forward_plain,
        forward_with_loops,
        forward_with_einsum,
        forward_with_columns,
        forward_in_float32,
        forward_in_place_on_own_copies,
        forward_by_reference,
    ),
    "softmax_cross_entropy": (
        loss_plain,
        loss_with_loops,
        loss_with_one_hot_and_einsum,
        loss_from_the_logarithm,
        loss_in_float32,
        loss_in_place_on_own_copies,
        loss_by_reference,
    ),
    "two_layer_backward": (
        backward_plain,
        backward_sample_by_sample,
        backward_with_einsum,
        backward_by_the_long_way,
        backward_in_float32,
        backward_as_lists,
        backward_in_place_on_own_copies,
        backward_by_reference,
    ),
    "numerical_gradient": (
        nudge_copies,
        nudge_and_put_back,
        nudge_by_unit_matrices,
        nudge_into_nested_lists,
        nudge_flat,
        nudge_into_float32,
        reference_gradient,
    ),
    "momentum_step": (
        momentum_plain,
        momentum_with_loops,
        momentum_in_place_on_own_copies,
        momentum_with_einsum,
        momentum_in_float32,
        momentum_by_reference,
    ),
    "layer_spread": (
        spread_plain,
        spread_as_list,
        spread_from_moments,
        spread_by_recursion,
        spread_in_float32,
        spread_in_place_on_own_copies,
    ),
    "repaired_step": (
        repaired_with_losses,
        repaired_by_hand,
        repaired_with_sums,
        repaired_with_loops,
        repaired_with_one_matrix,
        repaired_in_float32,
    ),
}


def cases_of(table):
    """List the rows of a table, check's name to functions or to tuples that start with one."""
    cases = []
    for name, rows in table.items():
        for row in rows:
            row = row if isinstance(row, tuple) else (row,)
            check = getattr(checks, f"check_{name}")
            cases.append(pytest.param(check, *row, id=f"{name}-{row[0].__name__}"))
    return cases


@pytest.mark.parametrize(("check", "answer"), cases_of(RIGHT))
def test_right_answers_written_differently_pass(check, answer):
    for seed in (None, 1, 2):
        report = check.report(answer, seed)
        assert report.status == "right", str(report)
        assert report.score == 1.0
        assert report.mistakes == ()


def test_five_ways_for_every_code_exercise():
    assert all(len(RIGHT[check.name]) >= 5 for check in contract.of_functions(CHECKS))


# --- wrong code as learners write it -------------------------------------------------------------


def bias_forgotten_and_hidden_bare(x, W1, b1, W2, b2):
    z1 = x @ W1
    a1 = z1
    z2 = a1 @ W2 + b2
    return z1, a1, z2, sigmoid(z2)


def hidden_parentheses_lost(x, W1, b1, W2, b2):
    z1 = x.dot(W1) + b1
    a1 = 1 / 1 + np.exp(-z1)
    z2 = a1.dot(W2) + b2
    return z1, a1, z2, 1 / (1 + np.exp(-z2))


def wrong_input_and_softmax(x, W1, b1, W2, b2):
    z1 = x @ W1 + b1
    z2 = z1 @ W2 + b2
    e = np.exp(z2)
    return z1, sigmoid(z1), z2, e / e.sum(1, keepdims=True)


def sigmoid_in_place(z):
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    return np.reciprocal(z, out=z)


def activations_in_place(x, W1, b1, W2, b2):
    z1 = x @ W1 + b1
    a1 = sigmoid_in_place(z1)
    z2 = a1 @ W2 + b2
    return z1, a1, z2, sigmoid_in_place(z2)


def gradient_in_the_array_of_the_probabilities(logits, targets):
    p = losses.softmax(logits)
    loss = -np.log(p[np.arange(len(p)), targets]).mean()
    d = p
    d[np.arange(len(p)), targets] -= 1
    d /= len(p)
    return p, loss, d


def ones_taken_from_the_probabilities(logits, targets):
    p = losses.softmax(logits)
    loss = -np.log(p[np.arange(len(p)), targets]).mean()
    d = p
    d[np.arange(len(p)), targets] -= 1
    return p, loss, d / len(p)


def width_from_the_largest_target(logits, targets):
    p = losses.softmax(logits)
    y = np.eye(targets.max() + 1)[targets]
    return p, -(y * np.log(p)).sum() / len(p), (p - y) / len(p)


def classes_numbered_from_one(logits, targets):
    p = losses.softmax(logits)
    rows = np.arange(len(p))
    d = p.copy()
    d[rows, targets - 1] -= 1
    return p, -np.log(p[rows, targets - 1]).mean(), d / len(p)


def axis_and_sum(logits, targets):
    p = np.exp(logits) / np.exp(logits).sum(axis=0)
    loss = 0
    for i, target in enumerate(targets):
        loss -= np.log(p[i, target])
    d = (p - np.eye(logits.shape[1])[targets]) / len(logits)
    return p, loss, d


def probabilities_given_to_a_loss_for_logits(logits, targets):
    p = losses.softmax(logits)
    loss = losses.softmax_cross_entropy(p, targets)
    return p, loss, losses.d_softmax_cross_entropy(p, targets)


def columns_by_fancy_index(logits, targets):
    p = losses.softmax(logits)
    loss = np.mean(-np.log(p[:, targets]))
    d = p.copy()
    d[:, targets] -= 1
    return p, loss, d / len(p)


def mean_in_loss_and_sum_in_gradient(logits, targets):
    p = losses.softmax(logits)
    y = np.zeros_like(p)
    y[np.arange(len(y)), targets] = 1
    return p, -np.mean(np.sum(y * np.log(p), axis=1)), p - y


def mean_over_all_entries(logits, targets):
    p = losses.softmax(logits)
    y = np.eye(p.shape[1])[targets]
    return p, np.mean(-y * np.log(p)), (p - y) / y.size


def wrong_way_round(logits, targets):
    p = losses.softmax(logits)
    y = np.eye(p.shape[1])[targets]
    return p, np.log(p[np.arange(len(p)), targets]).mean(), (y - p) / len(p)


def slope_left_out_and_bias_not_summed(x, y, z1, a1, y_hat, W2):
    d_z2 = (y_hat - y) / y.shape[0]
    d_a1 = d_z2 @ W2.T
    d_z1 = d_a1
    return d_z2, a1.T @ d_z2, d_z2, d_a1, d_z1, x.T @ d_z1, d_z1


def squared_error_habit(x, y, z1, a1, y_hat, W2):
    d_z2 = (y_hat - y) * y_hat * (1 - y_hat) / len(x)
    d_z1 = (d_z2 @ W2.T) * z1 * (1 - z1)
    return d_z2, a1.T @ d_z2, d_z2.sum(0), d_z2 @ W2.T, d_z1, x.T @ d_z1, d_z1.sum(0)


def derivative_applied_to_the_value(x, y, z1, a1, y_hat, W2):
    def d_sigmoid(z):
        return sigmoid(z) * (1 - sigmoid(z))

    d_z2 = (y_hat - y) / len(x)
    d_a1 = d_z2 @ W2.T
    d_z1 = d_a1 * d_sigmoid(a1)
    return d_z2, a1.T @ d_z2, d_z2.mean(0), d_a1, d_z1, x.T @ d_z1, d_z1.mean(axis=0)


def slope_multiplied_into_d_a1(x, y, z1, a1, y_hat, W2):
    d_z2 = (y_hat - y) / len(y)
    d_a1 = d_z2 @ W2.T
    d_z1 = d_a1
    d_z1 *= a1 * (1 - a1)
    return d_z2, a1.T @ d_z2, d_z2.sum(0), d_a1, d_z1, x.T @ d_z1, d_z1.sum(0)


def sum_for_mean(x, y, z1, a1, y_hat, W2):
    d_z2 = y_hat - y
    d_a1 = d_z2.dot(W2.T)
    d_z1 = d_a1 * a1 * (1 - a1)
    return d_z2, z1.T @ d_z2, d_z2.sum(0), d_a1, d_z1, x.T @ d_z1, d_z1.sum(0)


def divided_wherever_possible(x, y, z1, a1, y_hat, W2):
    B = len(x)
    d_z2 = (y_hat - y) / B
    d_a1 = d_z2 @ W2.reshape(W2.shape[1], W2.shape[0])
    d_z1 = d_a1 * a1 * (1 - a1)
    return (
        d_z2,
        a1.T @ d_z2 / B,
        np.sum(d_z2, axis=0, keepdims=True),
        d_a1,
        d_z1,
        x.T @ d_z1 / B,
        np.sum(d_z1, axis=0, keepdims=True),
    )


def transposed_results(x, y, z1, a1, y_hat, W2):
    d_z2 = (y - y_hat) / len(x)
    d_a1 = d_z2 @ W2.T
    d_z1 = d_a1 * (1 - a1**2)
    return d_z2, d_z2.T @ a1, d_z2.sum(1), d_a1, d_z1, d_z1.T @ x, d_z1.sum(1)


def forward_difference(f, w, epsilon):
    d_w, here = np.zeros(w.shape), f(w)
    for index in np.ndindex(w.shape):
        moved = w.copy()
        moved[index] += epsilon
        d_w[index] = (f(moved) - here) / epsilon
    return d_w


def distance_halved(f, w, epsilon):
    return 2 * nudge_copies(f, w, epsilon)


def no_parentheses(f, w, epsilon):
    d_w = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        plus, minus = w.copy(), w.copy()
        plus[index] += epsilon
        minus[index] -= epsilon
        d_w[index] = (f(plus) - f(minus)) / 2 * epsilon
    return d_w


def not_put_back_on_a_copy(f, w, epsilon):
    d_w, w = np.zeros(w.shape), w.copy()
    for index in np.ndindex(w.shape):
        w[index] += epsilon
        up = f(w)
        w[index] -= 2 * epsilon
        d_w[index] = (up - f(w)) / (2 * epsilon)
    return d_w


def not_put_back(f, w, epsilon):
    d_w = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        w[index] += epsilon
        up = f(w)
        w[index] -= 2 * epsilon
        d_w[index] = (up - f(w)) / (2 * epsilon)
    return d_w


def second_name(f, w, epsilon):
    d_w = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        plus, minus = w, w
        plus[index] += epsilon
        minus[index] -= epsilon
        d_w[index] = (f(plus) - f(minus)) / (2 * epsilon)
    return d_w


def single_precision(f, w, epsilon):
    return nudge_copies(f, np.asarray(w, dtype=np.float32), epsilon)


def single_precision_in_double_result(f, w, epsilon):
    return nudge_copies(f, w.astype(np.float32), epsilon).astype(float)


def single_precision_losses(f, w, epsilon):
    return nudge_copies(lambda v: np.float32(f(v)), w, epsilon)


def everything_at_once(f, w, epsilon):
    return (f(w + epsilon) - f(w - epsilon)) / (2 * epsilon)


def over_rows(f, w, epsilon):
    d_w = np.zeros_like(w)
    for i in range(len(w)):
        plus, minus = w.copy(), w.copy()
        plus[i] += epsilon
        minus[i] -= epsilon
        d_w[i] = (f(plus) - f(minus)) / (2 * epsilon)
    return d_w


def own_epsilon(f, w, epsilon):
    return nudge_copies(f, w, 1e-5)


def other_books_convention(W, velocity, d_W, learning_rate, momentum):
    v = momentum * velocity - learning_rate * d_W
    return v, W + v


def rate_in_both_lines(W, velocity, d_W, learning_rate, momentum):
    v = momentum * velocity + learning_rate * d_W
    return v, W + learning_rate * v


def looks_ahead(W, velocity, d_W, learning_rate, momentum):
    v = momentum * velocity + d_W
    return v, W - learning_rate * (d_W + momentum * v)


def weights_before_velocity(W, velocity, d_W, learning_rate, momentum):
    W = W - learning_rate * velocity
    v = momentum * velocity + (1 - momentum) * d_W
    return v, W


def velocity_never_stored(W, velocity, d_W, learning_rate, momentum):
    return velocity, W - learning_rate * (momentum * velocity + d_W)


def spread_of_sums(x, weights):
    spread = []
    for W in weights:
        z = x @ W
        spread.append(z.std())
        x = np.tanh(z)
    return spread


def spread_from_x_each_time(x, weights):
    return [np.std(np.tanh(x @ W)) for W in weights]


def spread_noted_first(x, weights):
    spread = []
    for W in weights:
        spread.append(x.std())
        x = np.tanh(x @ W)
    return spread


def spread_of_the_end(x, weights):
    for W in weights:
        x = np.tanh(x @ W)
    return x.std()


def spread_as_root_mean_square(x, weights):
    spread = []
    for W in weights:
        x = np.tanh(x @ W)
        spread.append(np.sqrt(np.mean(x**2)))
    return spread


def spread_of_units_averaged(x, weights):
    spread = []
    for W in weights:
        x = np.tanh(x @ W)
        spread.append(x.std(axis=0).mean())
    return spread


def faulty_step(x, targets, W, b, learning_rate):
    probabilities = losses.softmax(x @ W + b)
    loss = losses.softmax_cross_entropy(probabilities, targets)
    d_logits = losses.d_softmax_cross_entropy(probabilities, targets)
    step = learning_rate / len(x)
    return loss, W - step * x.T @ d_logits, b - step * d_logits.sum(axis=0)


def only_the_softmax_repaired(x, targets, W, b, learning_rate):
    logits = x @ W + b
    d_logits = losses.d_softmax_cross_entropy(logits, targets)
    step = learning_rate / len(x)
    loss = losses.softmax_cross_entropy(logits, targets)
    return loss, W - step * x.T @ d_logits, b - step * d_logits.sum(axis=0)


def only_the_step_repaired(x, targets, W, b, learning_rate):
    p = losses.softmax(x @ W + b)
    d = losses.d_softmax_cross_entropy(p, targets)
    loss = losses.softmax_cross_entropy(p, targets)
    return loss, W - learning_rate * x.T @ d, b - learning_rate * d.sum(axis=0)


def only_the_loss_repaired(x, targets, W, b, learning_rate):
    logits = x @ W + b
    d = losses.d_softmax_cross_entropy(losses.softmax(logits), targets)
    loss = losses.softmax_cross_entropy(logits, targets)
    return loss, W - learning_rate * x.T @ d, b - learning_rate * d.sum(axis=0)


def repaired_without_axis(x, targets, W, b, learning_rate):
    loss, W_new, _ = repaired_with_losses(x, targets, W, b, learning_rate)
    d = losses.d_softmax_cross_entropy(x @ W + b, targets)
    return loss, W_new, b - learning_rate * d.sum()


def repaired_without_bias(x, targets, W, b, learning_rate):
    loss, W_new, b_new = repaired_with_losses(x, targets, W, 0 * b, learning_rate)
    return loss, W_new, b + b_new


def only_the_step_returned(x, targets, W, b, learning_rate):
    loss, W_new, b_new = repaired_with_losses(x, targets, W, b, learning_rate)
    return loss, W - W_new, b - b_new


def only_the_step_returned_with_minus(x, targets, W, b, learning_rate):
    loss, W_new, b_new = repaired_with_losses(x, targets, W, b, learning_rate)
    return loss, W_new - W, b_new - b


def repaired_by_hand_with_narrow_one_hots(x, targets, W, b, learning_rate):
    p = losses.softmax(x @ W + b)
    d = (p - np.eye(targets.max() + 1)[targets]) / len(x)
    loss = -np.log(p[np.arange(len(x)), targets]).mean()
    return loss, W - learning_rate * x.T @ d, b - learning_rate * d.sum(axis=0)


def repaired_and_turned_round(x, targets, W, b, learning_rate):
    logits = x @ W + b
    d = losses.d_softmax_cross_entropy(logits, targets)
    loss = losses.softmax_cross_entropy(logits, targets)
    return loss, W + learning_rate * x.T @ d, b + learning_rate * d.sum(axis=0)


WRONG = {
    "two_layer_forward": (
        (bias_forgotten_and_hidden_bare, "b1_missing hidden_sigmoid_missing"),
        (hidden_parentheses_lost, "hidden_parentheses"),
        (wrong_input_and_softmax, "second_layer_reads_z1 output_softmax"),
        (activations_in_place, "z1_overwritten z2_overwritten"),
    ),
    "softmax_cross_entropy": (
        (axis_and_sum, "softmax_over_batch loss_summed"),
        (gradient_in_the_array_of_the_probabilities, "overwritten"),
        (ones_taken_from_the_probabilities, "overwritten_before_division"),
        (
            width_from_the_largest_target,
            "loss_width_from_largest_target width_from_largest_target",
        ),
        (classes_numbered_from_one, "loss_of_class_before gradient_of_class_before"),
        (
            probabilities_given_to_a_loss_for_logits,
            "loss_applies_softmax_again gradient_applies_softmax_again",
        ),
        (columns_by_fancy_index, "loss_of_columns one_from_columns"),
        (mean_in_loss_and_sum_in_gradient, "gradient_summed"),
        (mean_over_all_entries, "loss_mean_over_classes gradient_mean_over_classes"),
        (wrong_way_round, "loss_negative gradient_sign"),
    ),
    "two_layer_backward": (
        (slope_left_out_and_bias_not_summed, "d_b2_not_summed slope_missing d_b1_not_summed"),
        (squared_error_habit, "output_slope_left_in slope_with_z1"),
        (slope_multiplied_into_d_a1, "d_a1_overwritten"),
        (derivative_applied_to_the_value, "d_b2_mean slope_at_a1 d_b1_mean"),
        (sum_for_mean, "not_divided_by_batch d_W2_from_z1"),
        (
            divided_wherever_possible,
            "d_W2_divided_again d_b2_kept_axis d_a1_reshaped d_W1_divided_again d_b1_kept_axis",
        ),
        (
            transposed_results,
            "output_sign d_W2_turned d_b2_other_axis slope_of_tanh d_W1_turned d_b1_other_axis",
        ),
    ),
    "numerical_gradient": (
        (forward_difference, "one_sided"),
        (distance_halved, "divided_by_epsilon"),
        (no_parentheses, "multiplied_by_epsilon"),
        (not_put_back_on_a_copy, "left_at_minus"),
        (second_name, "all_zero"),
        (single_precision, "weights_in_float32"),
        (single_precision_in_double_result, "weights_in_float32"),
        (single_precision_losses, "losses_in_float32"),
        (everything_at_once, "all_at_once_one_number"),
        (over_rows, "rows_at_once"),
        (own_epsilon, "epsilon_ignored"),
    ),
    "momentum_step": (
        (other_books_convention, "other_convention velocity_added_bare"),
        (rate_in_both_lines, "learning_rate_in_velocity uphill"),
        (looks_ahead, "nesterov"),
        (weights_before_velocity, "averaged old_velocity"),
        (velocity_never_stored, "velocity_not_updated"),
    ),
    "layer_spread": (
        (spread_of_sums, "before_tanh"),
        (spread_from_x_each_time, "every_layer_reads_x"),
        (spread_noted_first, "one_layer_late"),
        (spread_of_the_end, "last_layer_only"),
        (spread_as_root_mean_square, "root_mean_square"),
        (spread_of_units_averaged, "mean_of_units"),
    ),
    "repaired_step": (
        (faulty_step, "softmax_twice_in_loss softmax_twice_in_gradient batch_divided_twice"),
        (only_the_softmax_repaired, "batch_divided_twice"),
        (only_the_step_repaired, "softmax_twice_in_loss softmax_twice_in_gradient"),
        (only_the_loss_repaired, "softmax_twice_in_gradient"),
        (repaired_and_turned_round, "uphill"),
        (repaired_without_axis, "bias_not_moved"),
        (repaired_without_bias, "logits_without_bias"),
        (only_the_step_returned, "step_alone"),
        (only_the_step_returned_with_minus, "step_alone_with_minus"),
        (repaired_by_hand_with_narrow_one_hots, "width_from_largest_target"),
    ),
}


@pytest.mark.parametrize(("check", "answer", "keys"), cases_of(WRONG))
def test_wrong_code_of_learners_is_recognised(check, answer, keys):
    for seed in (None, 1, 2):
        report = check.report(answer, seed)
        assert report.mistakes == tuple(keys.split()), str(report)
        assert report.status == "wrong"
        assert report.score < 1.0
        assert not [line for line in report.lines if line.kind == "wrong" and not line.key]


def classifier(key, p=losses.softmax, loss=None, d=None):
    """Make a learner's function for exercise 4 with one part written in another way."""

    def learner(logits, targets):
        rows = np.arange(len(targets))
        q = p(logits)
        value = -np.mean(np.log(q[rows, targets])) if loss is None else loss(q, rows, targets)
        y = np.zeros(q.shape)
        y[rows, targets] = 1
        return q, value, (q - y) / len(y) if d is None else d(q, y)

    return pytest.param(learner, key, id=key)


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        classifier("softmax_over_everything", p=lambda z: np.exp(z) / np.sum(np.exp(z))),
        classifier("softmax_of_minus", p=lambda z: losses.softmax(-z)),
        classifier("exp_missing", p=lambda z: (z.T / z.T.sum(0)).T),
        classifier("not_normalised", p=lambda z: np.e**z),
        classifier("sigmoid_for_softmax", p=sigmoid),
        classifier("softmax_of_softmax", p=lambda z: losses.softmax(losses.softmax(z))),
        classifier("loss_in_bits", loss=lambda p, i, t: -np.log2(p[i, t]).mean()),
        classifier("loss_base_ten", loss=lambda p, i, t: -np.log10(p[i, t]).mean()),
        classifier("log_of_mean", loss=lambda p, i, t: -np.log(np.mean(p[i, t]))),
        classifier("sizes_of_logits", p=lambda z: losses.softmax(np.abs(z))),
        classifier("negative_logits_cut", p=lambda z: losses.softmax(np.maximum(z, 0))),
        classifier("log_missing_with_minus", loss=lambda p, i, t: -p[i, t].mean()),
        classifier(
            "loss_width_from_largest_target",
            loss=lambda p, i, t: -np.sum(np.eye(t.max() + 1)[t] * np.log(p), axis=1).mean(),
        ),
        classifier(
            "width_from_largest_target",
            d=lambda p, y: (p - np.eye(y.argmax(1).max() + 1)[y.argmax(1)]) / len(p),
        ),
        classifier("gradient_of_class_before", d=lambda p, y: (p - np.roll(y, -1, 1)) / len(p)),
        classifier("log_missing", loss=lambda p, i, t: np.mean(1 - p[i, t])),
        classifier("loss_of_every_class", loss=lambda p, i, t: -np.log(p).sum(1).mean()),
        classifier("loss_mean_of_every_class", loss=lambda p, i, t: np.mean(-np.log(p))),
        classifier(
            "loss_of_likeliest_class", loss=lambda p, i, t: -np.log(p[i, p.argmax(1)]).mean()
        ),
        classifier("loss_of_class_before", loss=lambda p, i, t: -np.log(p[i, t - 1]).mean()),
        classifier(
            "binary_cross_entropy_per_class",
            loss=lambda p, i, t: losses.binary_cross_entropy(p, np.eye(p.shape[1])[t]),
        ),
        classifier("one_hot_missing", d=lambda p, y: p / len(p)),
        classifier("gradient_of_probabilities", d=lambda p, y: -y / p / len(p)),
        classifier("gradient_at_target_only", d=lambda p, y: np.where(y, p - 1, 0) / len(p)),
        classifier("one_from_every_class", d=lambda p, y: (p - 1) / len(p)),
        classifier("slope_twice", d=lambda p, y: (p - y) * p * (1 - p) / len(p)),
    ],
)
def test_each_part_of_the_classifier_gone_wrong(answer, key):
    report = checks.check_softmax_cross_entropy.report(answer)
    assert report.mistakes == (key,), str(report)


def backward(key, **wrong):
    """Make a learner's function for exercise 5 with one line written in another way."""

    def learner(x, y, z1, a1, y_hat, W2):
        v = {"x": x, "y": y, "z1": z1, "a1": a1, "y_hat": y_hat, "W2": W2}
        lines = {
            "d_z2": lambda v: (v["y_hat"] - v["y"]) / len(v["y"]),
            "d_W2": lambda v: v["a1"].T @ v["d_z2"],
            "d_b2": lambda v: v["d_z2"].sum(axis=0),
            "d_a1": lambda v: v["d_z2"] @ v["W2"].T,
            "d_z1": lambda v: v["d_a1"] * v["a1"] * (1 - v["a1"]),
            "d_W1": lambda v: v["x"].T @ v["d_z1"],
            "d_b1": lambda v: v["d_z1"].sum(axis=0),
        }
        for name, line in (lines | wrong).items():
            v[name] = line(v)
        return tuple(v[name] for name in lines)

    return pytest.param(learner, key, id=key)


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        backward("mean_over_outputs", d_z2=lambda v: (v["y_hat"] - v["y"]) / v["y"].size),
        backward("target_missing", d_z2=lambda v: v["y_hat"] / len(v["y"])),
        backward(
            "stopped_at_y_hat",
            d_z2=lambda v: losses.d_binary_cross_entropy(v["y_hat"], v["y"]),
        ),
        backward("d_W2_per_sample", d_W2=lambda v: np.einsum("bh,bk->bhk", v["a1"], v["d_z2"])),
        backward("d_b2_one_number", d_b2=lambda v: np.sum(v["d_z2"])),
        backward("d_a1_from_error", d_a1=lambda v: np.dot(v["y_hat"] - v["y"], v["W2"].T)),
        backward("slope_of_tanh_at_z1", d_z1=lambda v: v["d_a1"] * (1 - np.square(v["z1"]))),
        backward("slope_of_relu", d_z1=lambda v: np.where(v["z1"] > 0, v["d_a1"], 0)),
        backward("slope_only_a1", d_z1=lambda v: v["d_a1"] * v["a1"]),
        backward("slope_only_one_minus_a1", d_z1=lambda v: v["d_a1"] * (1 - v["a1"])),
        backward("slope_parentheses", d_z1=lambda v: v["d_a1"] * v["a1"] * 1 - v["a1"]),
        backward("slope_constant", d_z1=lambda v: v["d_a1"] * 0.25),
        backward("slope_squared", d_z1=lambda v: v["d_a1"] * (v["a1"] * (1 - v["a1"])) ** 2),
        backward("d_W1_from_d_a1", d_W1=lambda v: v["x"].T @ v["d_a1"]),
        backward("d_W1_from_a1", d_W1=lambda v: v["a1"].T @ v["d_z1"]),
        backward("d_b1_from_d_a1", d_b1=lambda v: v["d_a1"].sum(0)),
    ],
)
def test_each_line_of_the_backward_pass_gone_wrong(answer, key):
    report = checks.check_two_layer_backward.report(answer)
    assert report.mistakes == (key,), str(report)


def test_a_product_with_weights_not_transposed_stops_at_its_line():
    def not_transposed(x, y, z1, a1, y_hat, W2):
        d_z2 = (y_hat - y) / len(x)
        return d_z2, a1.T @ d_z2, d_z2.sum(0), d_z2 @ W2

    report = checks.check_two_layer_backward.report(not_transposed)
    assert report.status == "stopped"
    assert "d_z2 @ W2" in contract.texts(report)
    assert "`W2` of shape (5, 2)" in contract.texts(report)


# --- the numerical gradient: its function takes another function ---------------------------------


def test_numerical_gradient_changed_in_place_is_found(capsys):
    def restores_all_but_the_last(f, w, epsilon):
        result = nudge_copies(f, w, epsilon)
        w[-1, -1] += epsilon
        return result

    report = checks.check_numerical_gradient.report(restores_all_but_the_last)
    assert report.status == "wrong"
    assert [line.key for line in report.lines if line.key] == ["changes_input"]
    both = checks.check_numerical_gradient.report(not_put_back)
    assert [line.key for line in both.lines if line.key] == ["left_at_minus", "changes_input"]
    assert type(checks.check_numerical_gradient(not_put_back, points=3)) is float
    assert checks.check_numerical_gradient(nudge_copies, points=3) == 3.0
    assert capsys.readouterr().err == ""


def nudged_in_place(restored=1):
    """Make the textbook's loop on `w` itself; `restored` is the share of the last way back."""

    def learner(f, w, epsilon):
        d_w = np.zeros(w.shape)
        for index in np.ndindex(w.shape):
            w[index] += epsilon
            plus = f(w)
            w[index] -= 2 * epsilon
            minus = f(w)
            w[index] += restored * epsilon
            d_w[index] = (plus - minus) / (2 * epsilon)
        return d_w

    return learner


def test_numerical_gradient_on_w_itself_put_back_is_right():
    w = np.array([[0.3, -1.7]])
    kept = w.copy()
    nudged_in_place()(lambda v: float((v**2).sum()), w, 0.1)
    assert (w != kept).any(), "the rounding that this test is about"
    for seed in (None, 1, 2):
        report = checks.check_numerical_gradient.report(nudged_in_place(), seed)
        assert report.status == "right", str(report)
        assert report.score == 1.0
    report = checks.check_numerical_gradient.report(nudged_in_place(1 + 1e-6))
    assert "changes_input" in [line.key for line in report.lines], str(report)


def gradient_of(rule):
    """Make a learner's loop whose quotient is ``rule(plus, minus, here, epsilon)``."""

    def learner(f, w, epsilon):
        d_w = np.zeros(w.shape)
        for index in np.ndindex(w.shape):
            plus, minus = w.copy(), w.copy()
            plus[index] += epsilon
            minus[index] -= epsilon
            d_w[index] = rule(f(plus), f(minus), f(w), epsilon)
        return d_w

    return learner


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (lambda plus, minus, here, e: abs(plus - minus) / (2 * e), "absolute_difference"),
        (lambda plus, minus, here, e: (plus - here) / (2 * e), "one_sided_over_two_epsilon"),
        (
            lambda p, minus, here, e: (here - minus) / (2 * e),
            "one_sided_backwards_over_two_epsilon",
        ),
        (lambda plus, minus, here, e: 0.0, "all_zero"),
    ],
)
def test_quotients_gone_wrong(rule, key):
    for seed in (None, 1, 2, 3):
        assert checks.check_numerical_gradient.report(gradient_of(rule), seed).mistakes == (key,)


def test_slopes_of_both_signs_in_every_case():
    for seed in (None, *range(9)):
        for case in checks.check_numerical_gradient.cases(seed):
            assert case.right["d_w"].min() < 0 < case.right["d_w"].max()


def test_numerical_gradient_with_a_hard_coded_size_is_found():
    def three_by_two(f, w, epsilon):
        d_w = np.zeros((3, 2))
        for index in np.ndindex(3, 2):
            plus, minus = w.copy(), w.copy()
            plus[index] += epsilon
            minus[index] -= epsilon
            d_w[index] = (f(plus) - f(minus)) / (2 * epsilon)
        return d_w

    report = checks.check_numerical_gradient.report(three_by_two)
    assert report.score == 0.0
    assert "size stand in your code" in contract.texts(report)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda f, w, epsilon: np.full(w.shape, np.nan), "NaN"),
        (lambda f, w, epsilon: (w, w), "expected"),
        (lambda f, w, epsilon: "text", "expected an array"),
        (lambda f, w, epsilon: f("text"), "Your code stopped"),
        (lambda w: w, "it gets 3 arguments, `f`, `w`, `epsilon`"),
    ],
)
def test_numerical_gradient_of_a_wrong_form_is_reported(answer, words):
    report = checks.check_numerical_gradient.report(answer)
    assert report.score == 0.0
    assert words in contract.texts(report), str(report)


# --- values --------------------------------------------------------------------------------------


def test_predicted_shapes_are_those_of_the_network():
    rng = np.random.default_rng(0)
    weights = TwoLayerWeights(*(rng.normal(size=s) for s in ((3, 4), 4, (4, 2), 2)))
    x, y = rng.normal(size=(6, 3)), rng.integers(2, size=(6, 2)).astype(float)
    found = reference_backward(x, y, reference_forward(x, weights), weights)
    answer = {name: getattr(found, name).shape for name in ("d_z2", "d_W2", "d_b2", "d_W1", "d_b1")}
    z = np.linspace(-9, 9, 1801)
    answer["ten_sigmoids"] = np.max(sigmoid(z) * sigmoid(-z)) ** 10
    answer["ten_tanhs"] = np.max(1 - np.tanh(z) ** 2) ** 10
    assert checks.check_shapes_and_bounds.report(answer).status == "right"
    for few_digits in (9.54e-7, 9.5e-7):
        answer["ten_sigmoids"] = few_digits
        assert checks.check_shapes_and_bounds.report(answer).status == "right"
    for other in (9.4e-7, 1e-6, 9.0e-7):
        answer["ten_sigmoids"] = other
        assert checks.check_shapes_and_bounds.report(answer).score < 1.0
    assert "two digits are enough" in NOTEBOOK.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("d_b2", (5, 9), "you gave 2 axes; 1 axis is expected"),
        ("d_W1", (9,), "you gave 1 axis; 2 axes are expected"),
        ("d_W2", (9, 9), "the number of axes is right"),
        ("d_b1", 4, "The shape of an array with one axis is written (5,)"),
        ("d_W1", 12, "one number; 2 axes are expected"),
        ("d_b2", "(2,)", "without quotation marks"),
        ("d_b2", np.zeros((3, 4)), "a shape is a tuple of sizes"),
    ],
)
def test_a_wrong_shape_is_told_by_its_axes(name, value, words):
    right = contract.outputs_of(checks.check_shapes_and_bounds, {})
    report = checks.check_shapes_and_bounds.report({**right, name: value, "ten_tanhs": 10})
    told = [line.text for line in report.lines if line.kind == "wrong"]
    assert len(told) == 1
    assert told[0].startswith(f"`{name}`")
    assert words.lower() in told[0].lower(), told[0]
    assert "has shape" not in told[0]
    assert not re.search(r"\((2|4),\)|\(6, 2\)|\(4, 2\)|\(3, 4\)", told[0]), "gives the answer"
    if not isinstance(value, str):  # text ends the search for mistakes
        assert report.mistakes == ("tanh_added",)


def test_a_shape_of_not_numbers_keeps_the_report_of_the_engine():
    right = contract.outputs_of(checks.check_shapes_and_bounds, {})
    assert "NaN" in contract.texts(
        checks.check_shapes_and_bounds.report({**right, "d_W1": (3, np.nan)})
    )


def test_one_unit_takes_roundings_of_four_decimals_carried_forward():
    z = 0.7
    a = round(1 / (1 + np.exp(-z)), 4)
    d_a = round(a - 0.1, 4)
    d_z = round(d_a * round(a * (1 - a), 4), 4)
    answer = dict(
        zip(
            ("z", "a", "loss", "d_a", "d_z", "d_w", "d_b"),
            (z, a, round(d_a**2 / 2, 4), d_a, d_z, round(d_z * 1.5, 4), d_z),
            strict=True,
        )
    )
    assert checks.check_one_unit.report(answer).status == "right"


@pytest.mark.parametrize("given", [{"d_b": 0.0234}, {"d_z": 0.2101}, {"d_w": 0.3152}])
def test_one_number_alone_names_no_mistake_by_chance(given):
    answer = dict.fromkeys(checks.check_one_unit.outputs) | given
    report = checks.check_one_unit.report(answer)
    assert report.mistakes == (), str(report)
    assert report.status == "wrong"


def test_one_unit_agrees_with_a_numerical_derivative():
    def loss(w):
        return float((sigmoid(np.array([1.5 * w - 0.5])) - 0.1)[0] ** 2 / 2)

    right = checks.check_one_unit.cases()[0].right
    assert np.isclose((loss(0.8 + 1e-5) - loss(0.8 - 1e-5)) / 2e-5, right["d_w"], rtol=1e-7)


def test_one_unit_follows_the_learner_after_a_slip_of_the_pen():
    a = 0.6862  # two digits exchanged
    answer = {"z": 0.7, "a": a, "loss": (a - 0.1) ** 2 / 2, "d_a": a - 0.1}
    answer |= {"d_z": answer["d_a"] * a, "d_w": answer["d_a"] * a * 1.5, "d_b": None}
    report = checks.check_one_unit.report(answer)
    assert report.mistakes == ("slope_only_a",)
    assert "`d_w` is wrong only because of `d_z`: mend that first." in contract.texts(report)
    assert "`d_b` is still open" in contract.texts(report)


@pytest.mark.parametrize("gain", [1.25, 1.3, 1.35, 1.38])
def test_gains_that_keep_the_spread_pass(gain):
    assert 0.45 < spread_after_ten_layers(gain) < 0.55
    report = checks.check_initial_gain.report(gain)
    assert report.status == "right", str(report)


@pytest.mark.parametrize(
    "gain",
    [1, 0.0, 1.5, 100, 1e9, 1e308, np.inf, np.nan, True, -1.3, [], [1.3, 1.3], [[1.2, 5]], "1.3"],
    ids=str,
)
def test_other_gains_earn_nothing(gain, capsys):
    report = checks.check_initial_gain.report(gain)
    assert report.status == "wrong"
    assert report.score == 0.0
    with np.errstate(all="raise"):  # nothing is left to the caller's settings
        points = checks.check_initial_gain(gain, points=1.5)
    assert type(points) is float
    assert points == 0.0
    assert capsys.readouterr().err == ""


def test_a_gain_too_large_for_numbers_raises_no_warning(recwarn):
    checks.check_initial_gain.report(1e308)
    assert not np.isfinite(spread_after_ten_layers(1e308))
    assert not list(recwarn)


def test_one_gain_in_a_list_is_one_number():
    assert checks.check_initial_gain.report([1.3]).status == "right"


def test_the_gain_of_the_solution_is_not_an_accident_of_one_draw():
    assert all(0.45 < spread_after_ten_layers(1.3, seed) < 0.55 for seed in range(5))


def test_twice_applied_softmax_has_the_floor_that_the_notebook_states():
    for K in (2, 3, 10):
        sure = 1e3 * np.eye(K)
        loss = losses.softmax_cross_entropy(losses.softmax(sure), np.arange(K))
        assert np.isclose(loss, np.log(np.e + K - 1) - 1)


def test_a_gradient_summed_without_axis_is_thought_of():
    report = checks.check_repaired_step.report(repaired_without_axis)
    assert "summed over the classes too, which gives 0" in contract.texts(report)
