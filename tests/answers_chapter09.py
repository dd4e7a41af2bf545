"""Answers to the exercises of chapter 09 as people write them: right ones and wrong ones."""

import numpy as np
import torch

from utils.cells import RNNWeights
from utils.layers.recurrent import Layer, bidirectional, bidirectional_backward, stacked
from utils.sequence import RNNSequence, rnn_sequence, rnn_sequence_backward

# --- what the notebook gives --------------------------------------------------------------------


def run_rnn(xs, W_xh, W_hh, b_h):
    return rnn_sequence(xs, None, RNNWeights(W_xh, W_hh, b_h)).hs


def rnn_back(d_hs, xs, hs, W_xh, W_hh):
    h_prevs = np.concatenate([np.zeros_like(hs[:1]), hs[:-1]])
    sequence = RNNSequence(hs, h_prevs, xs, None, "tanh")
    return rnn_sequence_backward(d_hs, sequence, RNNWeights(W_xh, W_hh, np.zeros(len(W_hh))))


def one_way(xs, h, W_x, W_h, b):
    """Run a cell over the items in the order in which they come; a list of states."""
    states = []
    for x_t in xs:
        h = np.tanh(x_t @ W_x + h @ W_h + b)
        states.append(h)
    return states


# --- right answers, written in different ways --------------------------------------------------


def both(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    forward = one_way(xs, h_0, W_xh, W_hh, b_h)
    backward = one_way(xs[::-1], g_0, V_xh, V_hh, c_h)[::-1]
    hs = np.concatenate([forward, backward], axis=-1)
    return hs, np.concatenate([forward[-1], backward[0]], axis=-1)


def both_downwards(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    T, B, _ = xs.shape
    H = len(b_h)
    hs = np.empty((T, B, 2 * H))
    h, g = h_0, g_0
    for t in range(T):
        h = np.tanh(xs[t] @ W_xh + h @ W_hh + b_h)
        hs[t, :, :H] = h
    for t in range(T - 1, -1, -1):
        g = np.tanh(xs[t] @ V_xh + g @ V_hh + c_h)
        hs[t, :, H:] = g
    return {"summary": np.hstack([h, g]), "hs": hs}


def both_of_the_course(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    layer = Layer(RNNWeights(W_xh, W_hh, b_h), RNNWeights(V_xh, V_hh, c_h))
    run = bidirectional(xs, layer, (h_0, g_0))
    return run.hs, run.summary


def both_of_torch(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    rnn = torch.nn.RNN(xs.shape[2], len(b_h), bidirectional=True, dtype=torch.float64)
    arrays = W_xh.T, W_hh.T, b_h, 0 * b_h, V_xh.T, V_hh.T, c_h, 0 * c_h
    with torch.no_grad():
        for parameter, array in zip(rnn.parameters(), arrays, strict=True):
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(array)))
    out, h_n = rnn(torch.from_numpy(xs), torch.from_numpy(np.stack([h_0, g_0])))
    return out, torch.cat([h_n[0], h_n[1]], dim=-1)


def both_in_one_loop(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    T, H = len(xs), len(b_h)
    hs = np.zeros((T, len(h_0), 2 * H))
    for t in range(T):
        back = T - 1 - t
        hs[t, :, :H] = np.tanh(xs[t] @ W_xh + (hs[t - 1, :, :H] if t else h_0) @ W_hh + b_h)
        came = hs[back + 1, :, H:] if t else g_0
        hs[back, :, H:] = np.tanh(xs[back] @ V_xh + came @ V_hh + c_h)
    return hs, np.concatenate([hs[-1, :, :H], hs[0, :, H:]], axis=1)


def both_as_lists(*arguments):
    return [value.tolist() for value in both(*arguments)]


def both_in_float32(*arguments):
    return both(*(a.astype(np.float32) for a in arguments))


def padded(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    turned = np.zeros_like(xs)
    for i, n in enumerate(lengths):
        turned[:n, i] = xs[:n, i][::-1]
    forward, in_order = run_rnn(xs, W_xh, W_hh, b_h), run_rnn(turned, V_xh, V_hh, c_h)
    hs = np.zeros((*xs.shape[:2], 2 * len(b_h)))
    summary = np.zeros(hs.shape[1:])
    for i, n in enumerate(lengths):
        hs[:n, i] = np.hstack([forward[:n, i], in_order[:n, i][::-1]])
        summary[i] = np.hstack([forward[n - 1, i], in_order[n - 1, i]])
    return turned, hs, summary


def padded_by_indices(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    T, B, _ = xs.shape
    t, i = np.arange(T)[:, None], np.arange(B)
    mask = (t < lengths)[..., None]
    source = np.where(t < lengths, lengths - 1 - t, t)
    turned = xs[source, i] * mask
    forward = run_rnn(xs, W_xh, W_hh, b_h) * mask
    backward = run_rnn(turned, V_xh, V_hh, c_h)[source, i] * mask
    hs = np.concatenate([forward, backward], axis=2)
    return turned, hs, np.concatenate([forward[lengths - 1, i], backward[0]], axis=1)


def padded_of_the_course(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    layer = Layer(RNNWeights(W_xh, W_hh, b_h), RNNWeights(V_xh, V_hh, c_h))
    mask = np.arange(len(xs))[:, None] < lengths
    run = bidirectional(xs, layer, mask=mask.astype(float))
    turned = padded(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h)[0]
    return turned, run.hs * mask[..., None], run.summary


def padded_one_by_one(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    T, B, D = xs.shape
    H = len(b_h)
    turned, hs, summary = np.zeros((T, B, D)), np.zeros((T, B, 2 * H)), np.zeros((B, 2 * H))
    for i in range(B):
        n = int(lengths[i])
        one, zero = xs[:n, i : i + 1], np.zeros((1, H))
        turned[:n, i] = np.flip(one[:, 0], axis=0)
        hs[:n, i : i + 1], summary[i : i + 1] = both(
            one, zero, zero, W_xh, W_hh, b_h, V_xh, V_hh, c_h
        )
    return {"turned": turned, "hs": hs, "summary": summary}


def padded_by_shifting(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    T, _, _ = xs.shape
    mask = np.arange(T)[:, None, None] < lengths[:, None]

    def turn(values):
        whole = values[::-1]
        rolled = [np.roll(whole[:, i], n - T, axis=0) for i, n in enumerate(lengths)]
        return np.stack(rolled, axis=1) * mask

    turned = turn(xs)
    forward = run_rnn(xs, W_xh, W_hh, b_h) * mask
    backward = turn(run_rnn(turned, V_xh, V_hh, c_h))
    ends = [forward[n - 1, i] for i, n in enumerate(lengths)]
    summary = np.concatenate([ends, backward[0]], axis=1)
    return turned, np.concatenate([forward, backward], axis=-1), summary


def padded_as_lists(*arguments):
    return [value.tolist() for value in padded(*arguments)]


def stack_run(xs, uniform, p, W_in, W_up, W_hh, b_h):
    below, h_n = xs, []
    for layer in range(len(W_hh)):
        W_x = W_up[layer - 1] if layer else W_in
        hs = run_rnn(below, W_x, W_hh[layer], b_h[layer])
        h_n.append(hs[-1])
        out = hs + below if layer else hs
        below = np.where(uniform[layer] < p, 0.0, out / (1 - p))
    return np.stack(h_n), out


def stack_first_apart(xs, uniform, p, W_in, W_up, W_hh, b_h):
    out = run_rnn(xs, W_in, W_hh[0], b_h[0])
    h_n = [out[-1]]
    keeps = (uniform[:-1] >= p).astype(float) / (1 - p)
    for keep, W_x, W_h, b in zip(keeps, W_up, W_hh[1:], b_h[1:], strict=True):
        x = out * keep
        y = run_rnn(x, W_x, W_h, b)
        h_n.append(y[-1])
        out = x + y
    return {"out": out, "h_n": h_n}


def stack_by_masks(xs, uniform, p, W_in, W_up, W_hh, b_h):
    L = len(W_hh)
    masks = (uniform > p) * (1 / (1 - p))
    masks[-1] = 1.0
    values, h_n = xs, np.zeros((L, xs.shape[1], W_hh.shape[1]))
    for layer, W_x in enumerate([W_in, *W_up]):
        states = np.array(one_way(values, h_n[layer], W_x, W_hh[layer], b_h[layer]))
        h_n[layer] = states[-1]
        values = masks[layer] * (states + (values if layer > 0 else 0))
    return h_n, values


def stack_recursive(xs, uniform, p, W_in, W_up, W_hh, b_h):
    def upper(below, layer):
        if layer == len(W_hh):
            return [], below
        x = below * (uniform[layer - 1] >= p) / (1 - p)
        y = run_rnn(x, W_up[layer - 1], W_hh[layer], b_h[layer])
        states, out = upper(y + x, layer + 1)
        return [y[-1], *states], out

    first = run_rnn(xs, W_in, W_hh[0], b_h[0])
    states, out = upper(first, 1)
    return np.stack([first[-1], *states]), out


class Prepared(np.random.Generator):
    """A generator of which the draws are known before."""

    def __init__(self, numbers):
        super().__init__(np.random.PCG64(0))
        self.numbers = list(numbers)

    def random(self, size=None):
        return self.numbers.pop(0)


def stack_of_the_course(xs, uniform, p, W_in, W_up, W_hh, b_h):
    cells = map(RNNWeights, [W_in, *W_up], W_hh, b_h)
    run = stacked(xs, list(map(Layer, cells)), None, None, p, Prepared(uniform), residual=True)
    return np.stack([layer.forward.last_state for layer in run.layers]), run.hs


def stack_as_lists(*arguments):
    return [value.tolist() for value in stack_run(*arguments)]


def layer_back(d_out, below, keep, hs, W_xh, W_hh, V_xh, V_hh):
    H, x = len(W_hh), below * keep
    f = rnn_back(d_out[..., :H], x, hs[..., :H], W_xh, W_hh)
    b = rnn_back(d_out[::-1, :, H:], x[::-1], hs[::-1, :, H:], V_xh, V_hh)
    d_x = f.d_xs + b.d_xs[::-1] + d_out
    return f.d_W_xh, b.d_W_xh, d_x, d_x * keep


def layer_back_by_loops(d_out, below, keep, hs, W_xh, W_hh, V_xh, V_hh):
    T, _, F = d_out.shape
    H, x, d_x = F // 2, below * keep, d_out.copy()
    found = {}
    for name, W_x, W_h, half, order in (
        ("d_W_xh", W_xh, W_hh, slice(0, H), range(T - 1, -1, -1)),
        ("d_V_xh", V_xh, V_hh, slice(H, F), range(T)),
    ):
        d_W, arriving = np.zeros_like(W_x), 0.0
        for t in order:
            d_z = (d_out[t][:, half] + arriving) * (1 - hs[t][:, half] ** 2)
            d_W += x[t].T @ d_z
            d_x[t] += d_z @ W_x.T
            arriving = d_z @ W_h.T
        found[name] = d_W
    return {**found, "d_below": keep * d_x, "d_x": d_x}


def layer_back_of_torch(d_out, below, keep, hs, W_xh, W_hh, V_xh, V_hh):
    x = below * keep
    H = len(W_hh)
    # biases from the states that were written
    h_prevs = np.concatenate([0 * hs[:1, :, :H], hs[:-1, :, :H]])
    g_prevs = np.concatenate([hs[1:, :, H:], 0 * hs[:1, :, H:]])
    b = (np.arctanh(hs[..., :H]) - x @ W_xh - h_prevs @ W_hh)[0, 0]
    c = (np.arctanh(hs[..., H:]) - x @ V_xh - g_prevs @ V_hh)[0, 0]
    W_x, W_h, V_x, V_h, lower, b, c, mask, d = (
        torch.tensor(a) for a in (W_xh, W_hh, V_xh, V_hh, below, b, c, keep, d_out)
    )
    for tensor in (W_x, V_x, lower):
        tensor.requires_grad_(True)
    read = lower * mask
    read.retain_grad()
    h = g = torch.zeros(below.shape[1], H, dtype=torch.float64)
    forward, backward = [], []
    for x_t in read:
        h = torch.tanh(x_t @ W_x + h @ W_h + b)
        forward.append(h)
    for x_t in reversed(list(read)):
        g = torch.tanh(x_t @ V_x + g @ V_h + c)
        backward.append(g)
    out = torch.cat([torch.stack(forward), torch.stack(backward[::-1])], dim=-1) + read
    (out * d).sum().backward()
    return W_x.grad, V_x.grad, read.grad, lower.grad


def layer_back_of_the_course(d_out, below, keep, hs, W_xh, W_hh, V_xh, V_hh):
    H, x = len(W_hh), below * keep
    layer = Layer(RNNWeights(W_xh, W_hh, np.zeros(H)), RNNWeights(V_xh, V_hh, np.zeros(H)))
    run = bidirectional(x, layer)
    halves = hs[..., :H], hs[::-1, :, H:]
    cells = [
        cell._replace(hs=half, h_prevs=np.concatenate([0 * half[:1], half[:-1]]))
        for cell, half in zip((run.forward, run.backward), halves, strict=True)
    ]
    run = run._replace(hs=hs, forward=cells[0], backward=cells[1])
    found = bidirectional_backward(d_out, run, layer)
    d_x = found.d_xs + d_out
    return found.forward.d_W_xh, found.backward.d_W_xh, d_x, d_x * keep


def layer_back_as_lists(*arguments):
    return [value.tolist() for value in layer_back(*arguments)]


def layer_back_in_float32(*arguments):
    return layer_back(*(a.astype(np.float32) for a in arguments))


RIGHT = {
    "both_directions": [
        both,
        both_downwards,
        both_of_the_course,
        both_of_torch,
        both_in_one_loop,
        both_as_lists,
        both_in_float32,
    ],
    "padded_both": [
        padded,
        padded_by_indices,
        padded_of_the_course,
        padded_one_by_one,
        padded_by_shifting,
        padded_as_lists,
    ],
    "deep_run": [
        stack_run,
        stack_first_apart,
        stack_by_masks,
        stack_recursive,
        stack_of_the_course,
        stack_as_lists,
    ],
    "layer_back": [
        layer_back,
        layer_back_by_loops,
        layer_back_of_torch,
        layer_back_of_the_course,
        layer_back_as_lists,
        layer_back_in_float32,
    ],
}

# --- wrong answers, as people write them -------------------------------------------------------


def both_not_turned_back(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    forward = one_way(xs, h_0, W_xh, W_hh, b_h)
    backward = one_way(xs[::-1], g_0, V_xh, V_hh, c_h)
    hs = np.concatenate([forward, backward], axis=-1)
    return hs, np.concatenate([forward[-1], backward[-1]], axis=-1)


def both_with_last_of_untouched(xs, h_0, g_0, *weights):
    hs, _ = both_not_turned_back(xs, h_0, g_0, *weights)
    return hs, hs[0]


def both_with_out_of_the_end(*arguments):
    hs, _ = both(*arguments)
    return hs, hs[-1]


def both_with_one_cell(xs, h_0, g_0, W_xh, W_hh, b_h, *_):
    return both(xs, h_0, g_0, W_xh, W_hh, b_h, W_xh, W_hh, b_h)


def both_reading_forwards(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    forward = one_way(xs, h_0, W_xh, W_hh, b_h)
    backward = one_way(xs, g_0, V_xh, V_hh, c_h)[::-1]
    hs = np.concatenate([forward, backward], axis=-1)
    return hs, np.concatenate([forward[-1], backward[0]], axis=-1)


def both_backward_first(*arguments):
    hs, summary = both(*arguments)
    H = hs.shape[2] // 2
    return np.roll(hs, H, axis=2), np.roll(summary, H, axis=1)


def both_hs_backward_first(*arguments):
    hs, summary = both(*arguments)
    return np.roll(hs, hs.shape[2] // 2, axis=2), summary


def both_with_flip(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    forward = np.array(one_way(xs, h_0, W_xh, W_hh, b_h))
    backward = np.flip(one_way(np.flip(xs), g_0, V_xh, V_hh, c_h))
    hs = np.concatenate([forward, backward], axis=-1)
    return hs, np.concatenate([forward[-1], backward[0]], axis=-1)


def both_turning_the_batch(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    forward = one_way(xs, h_0, W_xh, W_hh, b_h)
    backward = np.array(one_way(xs[:, ::-1], g_0, V_xh, V_hh, c_h))[:, ::-1]
    hs = np.concatenate([forward, backward], axis=-1)
    return hs, np.concatenate([forward[-1], backward[0]], axis=-1)


def both_with_starts_exchanged(xs, h_0, g_0, *weights):
    return both(xs, g_0, h_0, *weights)


def both_from_zeros(xs, h_0, g_0, *weights):
    return both(xs, 0 * h_0, 0 * g_0, *weights)


def both_with_one_name(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    h, forward, backward = h_0, [], []
    for x_t in xs:
        h = np.tanh(x_t @ W_xh + h @ W_hh + b_h)
        forward.append(h)
    for x_t in xs[::-1]:
        h = np.tanh(x_t @ V_xh + h @ V_hh + c_h)
        backward.append(h)
    hs = np.concatenate([forward, backward[::-1]], axis=-1)
    return hs, np.concatenate([forward[-1], backward[-1]], axis=-1)


def both_not_seeing_the_item(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    forward = one_way(xs, h_0, W_xh, W_hh, b_h)
    g, backward = g_0, []
    for x_t in xs[::-1]:
        backward.insert(0, g)
        g = np.tanh(x_t @ V_xh + g @ V_hh + c_h)
    hs = np.concatenate([forward, backward], axis=-1)
    return hs, np.concatenate([forward[-1], g], axis=-1)


def both_added(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    hs, summary = both(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h)
    H = len(b_h)
    return hs[..., :H] + hs[..., H:], summary


def both_along_time(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    forward = one_way(xs, h_0, W_xh, W_hh, b_h)
    backward = one_way(xs[::-1], g_0, V_xh, V_hh, c_h)[::-1]
    summary = np.concatenate([forward[-1], backward[0]], axis=-1)
    return np.concatenate([forward, backward]), summary


def both_wrong_twice(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    hs, _ = both(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh.T, c_h)
    return hs, hs[-1]


def both_averaged(*arguments):
    hs, _ = both(*arguments)
    return hs, hs.mean(axis=0)


def padded_one_too_late(xs, lengths, W_xh, W_hh, b_h, *backward):
    turned, hs, summary = padded(xs, lengths, W_xh, W_hh, b_h, *backward)
    steps, samples = np.minimum(lengths, len(xs) - 1), np.arange(len(lengths))
    summary[:, : len(b_h)] = run_rnn(xs, W_xh, W_hh, b_h)[steps, samples]
    return turned, hs, summary


def padded_one_too_late_of_hs(xs, lengths, W_xh, W_hh, b_h, *backward):
    turned, hs, summary = padded(xs, lengths, W_xh, W_hh, b_h, *backward)
    steps, samples, H = np.minimum(lengths, len(xs) - 1), np.arange(len(lengths)), len(b_h)
    summary[:, :H] = hs[steps, samples, :H]
    return turned, hs, summary


def padded_turned_whole(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    turned = xs[::-1]
    forward = run_rnn(xs, W_xh, W_hh, b_h)
    backward = run_rnn(turned, V_xh, V_hh, c_h)[::-1]
    mask = (np.arange(len(xs))[:, None] < lengths)[..., None]
    hs = np.concatenate([forward, backward], axis=-1) * mask
    ends = forward[lengths - 1, np.arange(len(lengths))]
    return turned, hs, np.concatenate([ends, backward[0]], axis=-1)


def padded_with_rest(*arguments):
    xs, lengths = arguments[:2]
    turned, hs, summary = padded(*arguments)
    mask = (np.arange(len(xs))[:, None] < lengths)[..., None]
    return np.where(mask, turned, xs), hs, summary


def padded_never_cut(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    turned, _, summary = padded(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h)
    backward = run_rnn(turned, V_xh, V_hh, c_h)
    for i, n in enumerate(lengths):
        backward[:n, i] = backward[:n, i][::-1].copy()
    hs = np.concatenate([run_rnn(xs, W_xh, W_hh, b_h), backward], axis=-1)
    return turned, hs, summary


def padded_not_turned_back(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    turned, _, summary = padded(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h)
    hs = np.concatenate([run_rnn(xs, W_xh, W_hh, b_h), run_rnn(turned, V_xh, V_hh, c_h)], axis=-1)
    return turned, hs * (np.arange(len(xs))[:, None] < lengths)[..., None], summary


def padded_last_step(*arguments):
    turned, hs, _ = padded(*arguments)
    return turned, hs, hs[-1]


def padded_both_at_the_end(*arguments):
    turned, hs, _ = padded(*arguments)
    lengths = arguments[1]
    return turned, hs, hs[lengths - 1, np.arange(len(lengths))]


def padded_forward_at_T(xs, lengths, W_xh, W_hh, b_h, *weights):
    turned, hs, _ = padded(xs, lengths, W_xh, W_hh, b_h, *weights)
    forward = run_rnn(xs, W_xh, W_hh, b_h)
    return turned, hs, np.concatenate([forward[-1], hs[0, :, len(b_h) :]], axis=-1)


def padded_last_states(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    turned, hs, _ = padded(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h)
    ends = [run_rnn(xs, W_xh, W_hh, b_h)[-1], run_rnn(turned, V_xh, V_hh, c_h)[-1]]
    return turned, hs, np.concatenate(ends, axis=-1)


def padded_mean(*arguments):
    turned, hs, _ = padded(*arguments)
    return turned, hs, hs.sum(axis=0) / arguments[1][:, None]


def padded_one_short(*arguments):
    xs, lengths = arguments[:2]
    turned = np.zeros_like(xs)
    for i, n in enumerate(lengths):
        turned[: n - 1, i] = xs[: n - 1, i][::-1]
        turned[n - 1, i] = xs[n - 1, i]
    _, hs, summary = padded(*arguments)
    return turned, hs, summary


def padded_reading_zeros_first(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
    mask = (np.arange(len(xs))[:, None] < lengths)[..., None]
    turned = padded(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h)[0]
    forward = run_rnn(xs, W_xh, W_hh, b_h)
    backward = run_rnn((xs * mask)[::-1], V_xh, V_hh, c_h)[::-1]
    hs = np.concatenate([forward, backward], axis=-1) * mask
    ends = forward[lengths - 1, np.arange(len(lengths))]
    return turned, hs, np.concatenate([ends, backward[0]], axis=-1)


def stacked_by(drop, add):
    """Make a stack that drops by ``drop(out, uniform, p, layer, L)`` and adds by ``add(y, x)``."""

    def function(xs, uniform, p, W_in, W_up, W_hh, b_h):
        below, h_n, L = xs, [], len(W_hh)
        for layer in range(L):
            W_x = W_up[layer - 1] if layer else W_in
            hs = run_rnn(below, W_x, W_hh[layer], b_h[layer])
            h_n.append(hs[-1])
            out = add(hs, below) if layer else hs
            below = drop(out, uniform, p, layer, L)
        return np.stack(h_n), below

    return function


def dropped(out, uniform, p, layer, L):
    return out * (uniform[layer] >= p) / (1 - p) if layer < L - 1 else out


def added(y, x):
    return y + x


stack_without_residual = stacked_by(dropped, lambda y, x: y)
stack_dropped_at_the_top = stacked_by(lambda out, u, p, n, L: out * (u[n] >= p) / (1 - p), added)
stack_not_scaled = stacked_by(
    lambda out, u, p, n, L: out * (u[n] >= p) if n < L - 1 else out, added
)
stack_over_p = stacked_by(
    lambda out, u, p, n, L: out * (u[n] >= p) / p if n < L - 1 else out, added
)
stack_keeping_p = stacked_by(
    lambda out, u, p, n, L: out * (u[n] < p) / p if n < L - 1 else out, added
)
stack_dropping_the_wrong = stacked_by(
    lambda out, u, p, n, L: out * (u[n] < p) / (1 - p) if n < L - 1 else out, added
)
stack_with_one_mask = stacked_by(
    lambda out, u, p, n, L: out * (u[n][0] >= p) / (1 - p) if n < L - 1 else out, added
)
stack_with_the_first_mask = stacked_by(
    lambda out, u, p, n, L: out * (u[0] >= p) / (1 - p) if n < L - 1 else out, added
)
stack_without_dropout = stacked_by(lambda out, *_: out, added)
stack_unscaled_at_the_top_too = stacked_by(lambda out, u, p, n, L: out * (u[n] >= p), added)
for _name, _function in list(globals().items()):
    if _name.startswith("stack_") and _function.__name__ == "function":
        _function.__name__ = _name


def stack_h_n_of_layers(xs, uniform, p, W_in, W_up, W_hh, b_h):
    below, h_n = xs, []
    for layer in range(len(W_hh)):
        W_x = W_up[layer - 1] if layer else W_in
        out = run_rnn(below, W_x, W_hh[layer], b_h[layer])
        if layer:
            out = out + below
        below = out
        if layer < len(W_hh) - 1:
            below = out * (uniform[layer] >= p) / (1 - p)
        h_n.append(below[-1])
    return np.stack(h_n), below


def stack_adding_the_undropped(xs, uniform, p, W_in, W_up, W_hh, b_h):
    out = run_rnn(xs, W_in, W_hh[0], b_h[0])
    h_n = [out[-1]]
    for layer in range(1, len(W_hh)):
        x = out * (uniform[layer - 1] >= p) / (1 - p)
        y = run_rnn(x, W_up[layer - 1], W_hh[layer], b_h[layer])
        h_n.append(y[-1])
        out = y + out
    return np.stack(h_n), out


def stack_adding_the_first(xs, uniform, p, W_in, W_up, W_hh, b_h):
    first = below = dropped(run_rnn(xs, W_in, W_hh[0], b_h[0]), uniform, p, 0, len(W_hh))
    h_n = [run_rnn(xs, W_in, W_hh[0], b_h[0])[-1]]
    for layer in range(1, len(W_hh)):
        y = run_rnn(below, W_up[layer - 1], W_hh[layer], b_h[layer])
        h_n.append(y[-1])
        below = dropped(y + first, uniform, p, layer, len(W_hh))
    return np.stack(h_n), below


def stack_dropping_the_branch(xs, uniform, p, W_in, W_up, W_hh, b_h):
    L = len(W_hh)
    first = run_rnn(xs, W_in, W_hh[0], b_h[0])
    below, h_n = dropped(first, uniform, p, 0, L), [first[-1]]
    for layer in range(1, L):
        y = run_rnn(below, W_up[layer - 1], W_hh[layer], b_h[layer])
        h_n.append(y[-1])
        below = below + dropped(y, uniform, p, layer, L)
    return np.stack(h_n), below


def stack_adding_wherever_it_fits(xs, uniform, p, W_in, W_up, W_hh, b_h):
    L, below, h_n = len(W_hh), xs, []
    for layer, W_x in enumerate([W_in, *W_up]):
        y = run_rnn(below, W_x, W_hh[layer], b_h[layer])
        h_n.append(y[-1])
        out = y + below if y.shape == below.shape else y
        below = dropped(out, uniform, p, layer, L)
    return np.stack(h_n), out


def stack_with_out_in_h_n(xs, uniform, p, W_in, W_up, W_hh, b_h):
    h_n, out = stack_run(xs, uniform, p, W_in, W_up, W_hh, b_h)
    return np.concatenate([h_n[:-1], out[-1:]]), out


def back_with(change):
    """Make a way back of which ``change(parts)`` spoils some of the named parts."""

    def function(d_out, below, keep, hs, W_xh, W_hh, V_xh, V_hh):
        H = len(W_hh)
        parts = {"x": below * keep, "d_f": d_out[..., :H], "d_b": d_out[..., H:]}
        parts |= {"h_f": hs[..., :H], "h_b": hs[..., H:], "V_xh": V_xh, "V_hh": V_hh}
        parts |= {"in": lambda a: a[::-1], "out": lambda a: a[::-1], "around": d_out}
        parts |= {"W_xh": W_xh, "W_hh": W_hh, "keep": keep, "below": below, "d_out": d_out}
        parts |= change(parts)
        p = parts
        f = rnn_back(p["d_f"], p["x"], p["h_f"], W_xh, W_hh)
        turn = p["in"]
        b = rnn_back(turn(p["d_b"]), turn(p["x"]), turn(p["h_b"]), p["V_xh"], p["V_hh"])
        d_x = f.d_xs + p["out"](b.d_xs) + p["around"]
        return f.d_W_xh, b.d_W_xh, d_x, d_x * p["keep"]

    return function


back_unturned = back_with(lambda p: {"in": lambda a: a, "out": lambda a: a})
back_unturned_before = back_with(lambda p: {"in": lambda a: a})
back_not_turned_back = back_with(lambda p: {"out": lambda a: a})
back_turning_the_batch = back_with(
    lambda p: {"in": lambda a: a[:, ::-1], "out": lambda a: a[:, ::-1]}
)
back_without_residual = back_with(lambda p: {"around": 0.0})
back_with_residual_twice = back_with(lambda p: {"around": 2 * p["d_out"]})
back_without_keep = back_with(lambda p: {"keep": 1.0})
back_of_below = back_with(lambda p: {"x": p["below"]})
back_with_halves_exchanged = back_with(lambda p: {"d_f": p["d_b"], "d_b": p["d_f"]})
back_with_one_cell = back_with(lambda p: {"V_xh": p["W_xh"], "V_hh": p["W_hh"]})
back_with_one_W_hh = back_with(lambda p: {"V_hh": p["W_hh"]})
back_without_backward = back_with(lambda p: {"out": lambda a: 0 * a})
back_without_scale = back_with(
    lambda p: {"x": p["below"] * (p["keep"] > 0), "keep": (p["keep"] > 0) * 1.0}
)
back_wrong_twice = back_with(lambda p: {"out": lambda a: a, "keep": 1.0})
for _name, _function in list(globals().items()):
    if _name.startswith("back_") and _function.__name__ == "function":
        _function.__name__ = _name


def back_past_the_keep(d_out, below, keep, hs, *weights):
    d_W_xh, d_V_xh, d_x, _ = layer_back(d_out, below, keep, hs, *weights)
    return d_W_xh, d_V_xh, d_x, (d_x - d_out) * keep + d_out


def back_joining_halves(d_out, below, keep, hs, W_xh, W_hh, V_xh, V_hh):
    H, x = len(W_hh), below * keep
    f = rnn_back(d_out[..., :H], x, hs[..., :H], W_xh, W_hh)
    b = rnn_back(d_out[::-1, :, H:], x[::-1], hs[::-1, :, H:], V_xh, V_hh)
    d_x = np.concatenate([f.d_xs[..., :H], b.d_xs[::-1, :, H:]], axis=-1) + d_out
    return f.d_W_xh, b.d_W_xh, d_x, d_x * keep


def back_step_by_step(d_out, below, keep, hs, W_xh, W_hh, V_xh, V_hh):
    H, x = len(W_hh), below * keep
    d_zs = d_out * (1 - hs**2)
    d_W_xh = np.einsum("tbf,tbh->fh", x, d_zs[..., :H])
    d_V_xh = np.einsum("tbf,tbh->fh", x, d_zs[..., H:])
    d_x = d_zs[..., :H] @ W_xh.T + d_zs[..., H:] @ V_xh.T + d_out
    return d_W_xh, d_V_xh, d_x, d_x * keep


WRONG = [
    ("both_directions", both_not_turned_back, ["not_turned_back"]),
    (
        "both_directions",
        both_with_last_of_untouched,
        ["not_turned_back", "summary_is_first|summary_where_they_began"],
    ),
    ("both_directions", both_with_out_of_the_end, ["summary_is_last"]),
    ("both_directions", both_with_one_cell, ["weights_shared"]),
    ("both_directions", both_reading_forwards, ["read_unturned"]),
    ("both_directions", both_backward_first, ["halves_exchanged"]),
    ("both_directions", both_hs_backward_first, ["halves_exchanged"]),
    ("both_directions", both_with_flip, ["all_axes_turned"]),
    ("both_directions", both_turning_the_batch, ["batch_turned"]),
    ("both_directions", both_with_starts_exchanged, ["starts_exchanged"]),
    ("both_directions", both_from_zeros, ["g_0_ignored", "h_0_ignored"]),
    ("both_directions", both_with_one_name, ["goes_on_from_forward"]),
    ("both_directions", both_not_seeing_the_item, ["shifted_by_one"]),
    ("both_directions", both_added, ["halves_added"]),
    ("both_directions", both_along_time, ["joined_along_time"]),
    ("both_directions", both_wrong_twice, ["V_hh_transposed", "summary_is_last"]),
    ("both_directions", both_averaged, ["summary_mean"]),
    ("padded_both", padded_turned_whole, ["turned_as_a_whole"]),
    ("padded_both", padded_with_rest, ["padding_left_in_turned"]),
    ("padded_both", padded_never_cut, ["padding_left_in_hs"]),
    ("padded_both", padded_not_turned_back, ["not_turned_back"]),
    ("padded_both", padded_last_step, ["summary_is_last_step"]),
    ("padded_both", padded_both_at_the_end, ["summary_both_at_the_end"]),
    ("padded_both", padded_forward_at_T, ["forward_after_padding"]),
    ("padded_both", padded_last_states, ["backward_after_padding", "forward_after_padding"]),
    ("padded_both", padded_mean, ["summary_mean_of_items"]),
    ("padded_both", padded_one_short, ["turned_one_short"]),
    ("padded_both", padded_reading_zeros_first, ["backward_reads_zeros_first"]),
    ("padded_both", padded_one_too_late, ["end_one_too_late"]),
    ("padded_both", padded_one_too_late_of_hs, ["forward_after_the_cut"]),
    ("deep_run", stack_without_residual, ["residual_missing"]),
    ("deep_run", stack_dropped_at_the_top, ["dropped_at_the_top"]),
    ("deep_run", stack_not_scaled, ["not_scaled"]),
    ("deep_run", stack_over_p, ["scaled_by_p"]),
    ("deep_run", stack_keeping_p, ["p_is_the_share_kept"]),
    ("deep_run", stack_dropping_the_wrong, ["kept_and_dropped_exchanged"]),
    ("deep_run", stack_with_one_mask, ["one_mask_for_all_steps"]),
    ("deep_run", stack_with_the_first_mask, ["one_mask_for_all_layers"]),
    ("deep_run", stack_without_dropout, ["no_dropout"]),
    ("deep_run", stack_unscaled_at_the_top_too, ["dropped_at_the_top", "not_scaled"]),
    ("deep_run", stack_h_n_of_layers, ["h_n_after_the_sum"]),
    ("deep_run", stack_adding_the_undropped, ["residual_undropped"]),
    ("deep_run", stack_adding_the_first, ["residual_of_the_first"]),
    ("deep_run", stack_dropping_the_branch, ["dropped_before_the_sum"]),
    ("deep_run", stack_adding_wherever_it_fits, ["residual_wherever_it_fits"]),
    ("deep_run", stack_with_out_in_h_n, ["h_n_top_with_residual"]),
    ("layer_back", back_joining_halves, ["halves_joined"]),
    ("layer_back", back_unturned, ["nothing_turned"]),
    ("layer_back", back_unturned_before, ["inputs_not_turned"]),
    ("layer_back", back_not_turned_back, ["not_turned_back"]),
    ("layer_back", back_turning_the_batch, ["nothing_turned"]),
    ("layer_back", back_without_residual, ["residual_missing"]),
    ("layer_back", back_with_residual_twice, ["residual_twice"]),
    ("layer_back", back_without_keep, ["keep_forgotten"]),
    ("layer_back", back_of_below, ["below_for_x"]),
    ("layer_back", back_with_halves_exchanged, ["halves_exchanged"]),
    ("layer_back", back_with_one_cell, ["W_weights_for_both"]),
    ("layer_back", back_with_one_W_hh, ["W_hh_for_both"]),
    ("layer_back", back_without_backward, ["backward_missing"]),
    ("layer_back", back_without_scale, ["keep_as_a_mask"]),
    ("layer_back", back_wrong_twice, ["keep_forgotten", "not_turned_back"]),
    ("layer_back", back_past_the_keep, ["keep_past_the_residual"]),
    ("layer_back", back_step_by_step, ["not_through_time"]),
]
