"""Answers to the exercises of chapter 06 as people write them: right ones and wrong ones."""

import numpy as np

from utils.activations import sigmoid
from utils.cells import LSTMStepValues, LSTMWeights, lstm_step_backward
from utils.cells import lstm_step as course_step
from utils.sequence import lstm_sequence

# --- right answers, written in different ways --------------------------------------------------


def step(x_t, h_prev, c_prev, W_x, W_h, b):
    i, f, g, o = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c_t = f * c_prev + i * g
    return i, f, g, o, c_t, o * np.tanh(c_t)


def step_of_the_course(x_t, h_prev, c_prev, W_x, W_h, b):
    return course_step(x_t, h_prev, c_prev, LSTMWeights(W_x, W_h, b))


def step_by_slices(x_t, h_prev, c_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    z = np.hstack([x_t, h_prev]) @ np.vstack([W_x, W_h]) + b
    gates = {
        "input_gate": 1 / (1 + np.exp(-z[:, :H])),
        "forget_gate": 1 / (1 + np.exp(-z[:, H : 2 * H])),
        "candidate": np.tanh(z[:, 2 * H : 3 * H]),
        "output_gate": 1 / (1 + np.exp(-z[:, 3 * H :])),
    }
    c_t = gates["forget_gate"] * c_prev + gates["input_gate"] * gates["candidate"]
    return {**gates, "c_t": c_t, "h_t": gates["output_gate"] * np.tanh(c_t)}


def step_with_weights_of_each_gate(x_t, h_prev, c_prev, W_x, W_h, b):
    parts = zip(np.split(W_x, 4, axis=1), np.split(W_h, 4, axis=1), np.split(b, 4), strict=True)
    z_i, z_f, z_g, z_o = (x_t @ U + h_prev @ V + bias for U, V, bias in parts)
    i, f, o = (0.5 + 0.5 * np.tanh(z / 2) for z in (z_i, z_f, z_o))
    g = np.tanh(z_g)
    c_t = c_prev - (1 - f) * c_prev + i * g
    return [i, f, g, o, c_t, o * np.tanh(c_t)]


def step_sample_by_sample(x_t, h_prev, c_prev, W_x, W_h, b):
    rows = []
    for x, h, c in zip(x_t, h_prev, c_prev, strict=True):
        z = (W_x.T @ x + W_h.T @ h + b).reshape(4, -1)
        i, f, o = sigmoid(z[0]), sigmoid(z[1]), sigmoid(z[3])
        c = f * c + i * np.tanh(z[2])
        rows.append([i, f, np.tanh(z[2]), o, c, o * np.tanh(c)])
    return tuple(np.stack(values) for values in zip(*rows, strict=True))


def step_in_float32(*arrays):
    return step(*(a.astype(np.float32) for a in arrays))


def unroll(xs, h_0, c_0, W_x, W_h, b):
    h, c, hs, cs = h_0, c_0, [], []
    for x_t in xs:
        *_, c, h = step(x_t, h, c, W_x, W_h, b)
        hs.append(h)
        cs.append(c)
    return np.stack(hs), np.stack(cs)


def unroll_of_the_course(xs, h_0, c_0, W_x, W_h, b):
    run = lstm_sequence(xs, h_0, c_0, LSTMWeights(W_x, W_h, b))
    return run.hs, run.cs


def unroll_into_arrays(xs, h_0, c_0, W_x, W_h, b):
    T, (B, H) = len(xs), h_0.shape
    hs, cs = np.zeros((T + 1, B, H)), np.zeros((T + 1, B, H))
    hs[0], cs[0] = h_0, c_0
    for t in range(T):
        *_, cs[t + 1], hs[t + 1] = step(xs[t], hs[t], cs[t], W_x, W_h, b)
    return {"hs": hs[1:], "cs": cs[1:]}


def unroll_with_input_projected(xs, h_0, c_0, W_x, W_h, b):
    projected, states = xs @ W_x + b, [(h_0, c_0)]
    for p in projected:
        h, c = states[-1]
        i, f, g, o = np.split(p + h @ W_h, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        states.append((sigmoid(o) * np.tanh(c), c))
    return [h for h, _ in states[1:]], [c for _, c in states[1:]]


def unroll_by_recursion(xs, h_0, c_0, W_x, W_h, b):
    if not len(xs):
        return np.zeros((0, *h_0.shape)), np.zeros((0, *h_0.shape))
    *_, c, h = step(xs[0], h_0, c_0, W_x, W_h, b)
    hs, cs = unroll_by_recursion(xs[1:], h, c, W_x, W_h, b)
    return np.concatenate([h[None], hs]), np.concatenate([c[None], cs])


def unroll_in_float32(*arrays):
    return unroll(*(a.astype(np.float32) for a in arrays))


def line(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c = d_c_next + d_h_t * output_gate * (1 - np.tanh(c_t) ** 2)
    return d_c, d_c * forget_gate


def line_by_cosh(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    total = d_c_next + d_h_t * output_gate / np.cosh(c_t) ** 2
    return {"d_c": total, "d_c_prev": forget_gate * total}


def line_by_state(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    h_t = output_gate * np.tanh(c_t)
    d_c = d_c_next + d_h_t * (output_gate - h_t**2 / output_gate)
    return d_c, forget_gate * d_c


def line_in_place_of_a_copy(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c = d_c_next.copy()
    d_c += d_h_t * output_gate * (1 - np.tanh(c_t) * np.tanh(c_t))
    return [d_c, np.multiply(d_c, forget_gate)]


def line_by_loops(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c, d_c_prev = np.zeros_like(c_t), np.zeros_like(c_t)
    for index in np.ndindex(c_t.shape):
        slope = 1 - np.tanh(c_t[index]) ** 2
        d_c[index] = d_c_next[index] + d_h_t[index] * output_gate[index] * slope
        d_c_prev[index] = d_c[index] * forget_gate[index]
    return d_c, d_c_prev


def line_in_float32(*arrays):
    return line(*(a.astype(np.float32) for a in arrays))


def back(d_h_t, d_c_next, x_t, h_prev, c_prev, gates, c_t, W_x, W_h):
    i, f, g, o = gates
    d_c, d_c_prev = line(d_h_t, d_c_next, f, o, c_t)
    d_i, d_f, d_g, d_o = d_c * g, d_c * c_prev, d_c * i, d_h_t * np.tanh(c_t)
    blocks = [d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g**2), d_o * o * (1 - o)]
    d_z = np.concatenate(blocks, axis=1)
    products = d_z @ W_x.T, d_z @ W_h.T, d_c_prev, x_t.T @ d_z, h_prev.T @ d_z
    return d_z, *products, d_z.sum(axis=0)


def back_of_the_course(d_h_t, d_c_next, x_t, h_prev, c_prev, gates, c_t, W_x, W_h):
    values = LSTMStepValues(*gates, c_t, gates[3] * np.tanh(c_t))
    weights = LSTMWeights(W_x, W_h, np.zeros(W_x.shape[1]))
    found = lstm_step_backward(d_h_t, d_c_next, x_t, h_prev, c_prev, values, weights)
    d_z = back(d_h_t, d_c_next, x_t, h_prev, c_prev, gates, c_t, W_x, W_h)[0]
    return {"d_z": d_z, **found._asdict()}


def back_into_slices(d_h_t, d_c_next, x_t, h_prev, c_prev, gates, c_t, W_x, W_h):
    H = h_prev.shape[1]
    d_z, tanh_c = np.empty((len(x_t), 4 * H)), np.tanh(c_t)
    d_c = d_c_next + d_h_t * gates[3] * (1 - tanh_c**2)
    d_z[:, :H] = d_c * gates[2] * gates[0] * (1 - gates[0])
    d_z[:, H : 2 * H] = d_c * c_prev * gates[1] * (1 - gates[1])
    d_z[:, 2 * H : 3 * H] = d_c * gates[0] * (1 - gates[2] ** 2)
    d_z[:, 3 * H :] = d_h_t * tanh_c * gates[3] * (1 - gates[3])
    d_joined = d_z @ np.vstack([W_x, W_h]).T
    d_weights = np.hstack([x_t, h_prev]).T @ d_z
    d_x_t, d_h_prev = np.split(d_joined, [x_t.shape[1]], axis=1)
    d_W_x, d_W_h = np.split(d_weights, [x_t.shape[1]])
    return d_z, d_x_t, d_h_prev, d_c * gates[1], d_W_x, d_W_h, np.ones(len(x_t)) @ d_z


def back_gate_by_gate(d_h_t, d_c_next, x_t, h_prev, c_prev, gates, c_t, W_x, W_h):
    i, f, g, o = gates
    d_c = d_c_next + d_h_t * o * (1 - np.tanh(c_t) ** 2)
    upstream = [d_c * g, d_c * c_prev, d_c * i, d_h_t * np.tanh(c_t)]
    slopes = [i - i * i, f - f * f, (1 - g) * (1 + g), o - o * o]
    d_zs = [d * slope for d, slope in zip(upstream, slopes, strict=True)]
    U, V = np.split(W_x, 4, axis=1), np.split(W_h, 4, axis=1)
    d_x_t = sum(d @ u.T for d, u in zip(d_zs, U, strict=True))
    d_h_prev = sum(d @ v.T for d, v in zip(d_zs, V, strict=True))
    d_W_x = np.hstack([x_t.T @ d for d in d_zs])
    d_W_h = np.hstack([h_prev.T @ d for d in d_zs])
    d_b = np.hstack([d.sum(axis=0) for d in d_zs])
    return [np.hstack(d_zs), d_x_t, d_h_prev, d_c * f, d_W_x, d_W_h, d_b]


def back_by_einsum(d_h_t, d_c_next, x_t, h_prev, c_prev, gates, c_t, W_x, W_h):
    d_z, *_ = back(d_h_t, d_c_next, x_t, h_prev, c_prev, gates, c_t, W_x, W_h)
    d_c_prev = line(d_h_t, d_c_next, gates[1], gates[3], c_t)[1]
    d_x_t, d_h_prev = np.einsum("bk,dk->bd", d_z, W_x), np.einsum("bk,hk->bh", d_z, W_h)
    d_W_x, d_W_h = np.einsum("bd,bk->dk", x_t, d_z), np.einsum("bh,bk->hk", h_prev, d_z)
    return d_z, d_x_t, d_h_prev, d_c_prev, d_W_x, d_W_h, np.einsum("bk->k", d_z)


def back_in_float32(*arrays):
    return back(*(a.astype(np.float32) for a in arrays))


def path(forget_gates):
    shares = np.ones((len(forget_gates) + 1, *forget_gates.shape[1:]))
    for t in reversed(range(len(forget_gates))):
        shares[t] = shares[t + 1] * forget_gates[t]
    return shares, shares.mean(axis=(1, 2))


def path_by_cumprod(forget_gates):
    products = np.cumprod(forget_gates[::-1], axis=0)[::-1]
    shares = np.concatenate([products, np.ones_like(forget_gates[:1])])
    return {"shares": shares, "left": shares.reshape(len(shares), -1).mean(1)}


def path_by_logarithms(forget_gates):
    sums = np.cumsum(np.log(forget_gates[::-1]), axis=0)[::-1]
    shares = np.exp(np.append(sums, 0 * sums[:1], axis=0))
    return shares, [share.mean() for share in shares]


def path_from_scratch(forget_gates):
    T = len(forget_gates)
    shares = [np.prod(forget_gates[t:], axis=0) for t in range(T + 1)]  # of nothing: ones
    return shares, [float(np.mean(share)) for share in shares]


def path_by_division(forget_gates):
    from_start = np.cumprod(np.concatenate([0 * forget_gates[:1] + 1, forget_gates]), axis=0)
    shares = from_start[-1] / from_start
    return shares, np.einsum("tbh->t", shares) / shares[0].size


def path_in_float32(forget_gates):
    return path(forget_gates.astype(np.float32))


def life(biases, wanted):
    gates = sigmoid(biases)
    f = 0.5 ** (1 / wanted)
    return gates, np.log(0.5) / np.log(gates), np.log(f / (1 - f))


def life_by_log2(biases, wanted):
    needed = -np.log(2 ** (1 / wanted) - 1)
    return {
        "gates": 1 / (1 + np.exp(-biases)),
        "half_lives": 1 / np.log2(1 + np.exp(-biases)),
        "needed": needed,
    }


def life_by_loop(biases, wanted):
    gates = [1 / (1 + np.exp(-b)) for b in biases]
    lives = [np.log(0.5) / np.log(f) for f in gates]
    roots = [np.exp(np.log(0.5) / n) for n in wanted]
    return gates, lives, [np.log(f) - np.log1p(-f) for f in roots]


def life_by_arctanh(biases, wanted):
    f = 2.0 ** (-1 / wanted)
    return (
        (1 + np.tanh(biases / 2)) / 2,
        np.log(2) / np.log1p(np.exp(-biases)),
        2 * np.arctanh(2 * f - 1),
    )


def life_by_search(biases, wanted):
    low, high = np.full(len(wanted), -20.0), np.full(len(wanted), 20.0)
    for _ in range(80):
        middle = (low + high) / 2
        short = np.log(0.5) / np.log(sigmoid(middle)) < wanted
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return sigmoid(biases), np.log(0.5) / np.log(sigmoid(biases)), low


RIGHT = {
    "lstm_step": [
        step,
        step_of_the_course,
        step_by_slices,
        step_with_weights_of_each_gate,
        step_sample_by_sample,
        step_in_float32,
    ],
    "lstm_unroll": [
        unroll,
        unroll_of_the_course,
        unroll_into_arrays,
        unroll_with_input_projected,
        unroll_by_recursion,
        unroll_in_float32,
    ],
    "cell_line": [
        line,
        line_by_cosh,
        line_by_state,
        line_in_place_of_a_copy,
        line_by_loops,
        line_in_float32,
    ],
    "lstm_step_back": [
        back,
        back_of_the_course,
        back_into_slices,
        back_gate_by_gate,
        back_by_einsum,
        back_in_float32,
    ],
    "direct_path": [
        path,
        path_by_cumprod,
        path_by_logarithms,
        path_from_scratch,
        path_by_division,
        path_in_float32,
    ],
    "half_life": [life, life_by_log2, life_by_loop, life_by_arctanh, life_by_search],
}


# --- wrong answers, and the mistakes that they have to be told ---------------------------------


def step_with_candidate_last(x_t, h_prev, c_prev, W_x, W_h, b):
    i, f, o, g = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c_t = f * c_prev + i * g
    return i, f, g, o, c_t, o * np.tanh(c_t)


def step_with_forget_first(x_t, h_prev, c_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    z = x_t @ W_x + h_prev @ W_h + b
    f, i = sigmoid(z[:, :H]), sigmoid(z[:, H : 2 * H])
    g, o = np.tanh(z[:, 2 * H : 3 * H]), sigmoid(z[:, 3 * H :])
    c_t = f * c_prev + i * g
    return i, f, g, o, c_t, o * np.tanh(c_t)


def step_in_the_order_of_the_drawing(x_t, h_prev, c_prev, W_x, W_h, b):
    z = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)
    f, i, o = (sigmoid(part) for part in (z[0], z[1], z[3]))
    c_t = f * c_prev + i * np.tanh(z[2])
    return i, f, np.tanh(z[2]), o, c_t, o * c_t


def step_without_tanh_on_c(x_t, h_prev, c_prev, W_x, W_h, b):
    i, f, g, o, c_t, _ = step(x_t, h_prev, c_prev, W_x, W_h, b)
    return i, f, g, o, c_t, o * c_t


def step_with_sigmoid_everywhere(x_t, h_prev, c_prev, W_x, W_h, b):
    i, f, g, o = np.split(sigmoid(x_t @ W_x + h_prev @ W_h + b), 4, axis=1)
    c_t = f * c_prev + i * g
    return i, f, g, o, c_t, o * np.tanh(c_t)


def step_with_roles_exchanged(x_t, h_prev, c_prev, W_x, W_h, b):
    i, f, g, o, _, _ = step(x_t, h_prev, c_prev, W_x, W_h, b)
    c_t = i * c_prev + f * g
    return i, f, g, o, c_t, o * np.tanh(c_t)


def step_with_c_overwritten(x_t, h_prev, c_prev, W_x, W_h, b):
    i, f, g, o, _, _ = step(x_t, h_prev, c_prev, W_x, W_h, b)
    c = c_prev.copy()
    c *= f
    c = f * c + i * g
    return i, f, g, o, c, o * np.tanh(c)


def step_with_late_output_gate(x_t, h_prev, c_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    state = h_prev

    def part(k):
        columns = slice(k * H, (k + 1) * H)
        return x_t @ W_x[:, columns] + state @ W_h[:, columns] + b[columns]

    i, f, g = sigmoid(part(0)), sigmoid(part(1)), np.tanh(part(2))
    state = f * c_prev + i * g  # the one name now holds the new cell state
    o = sigmoid(part(3))
    return i, f, g, o, state, o * np.tanh(state)


def step_unit_by_unit(x_t, h_prev, c_prev, W_x, W_h, b):
    h, c, H = h_prev.copy(), c_prev.copy(), h_prev.shape[1]
    values = np.zeros((4, *h.shape))
    for j in range(H):
        for k, squash in enumerate((sigmoid, sigmoid, np.tanh, sigmoid)):
            column = k * H + j
            values[k, :, j] = squash(x_t @ W_x[:, column] + h @ W_h[:, column] + b[column])
        c[:, j] = values[1, :, j] * c[:, j] + values[0, :, j] * values[2, :, j]
        h[:, j] = values[3, :, j] * np.tanh(c[:, j])
    return (*values, c, h)


def step_with_states_exchanged(x_t, h_prev, c_prev, W_x, W_h, b):
    return step(x_t, c_prev, h_prev, W_x, W_h, b)


def step_returned_as_h_c(x_t, h_prev, c_prev, W_x, W_h, b):
    *gates, c_t, h_t = step(x_t, h_prev, c_prev, W_x, W_h, b)
    return *gates, h_t, c_t


def step_wrong_twice(x_t, h_prev, c_prev, W_x, W_h, b):
    i, f, g, o = np.split(x_t @ W_x + h_prev @ W_h, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c_t = f * c_prev + i * g
    return i, f, g, o, c_t, o * c_t


def step_with_own_constant(x_t, h_prev, c_prev, W_x, W_h, b):
    i, f, g, o = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)
    i, f, g, o = sigmoid(1.1 * i), sigmoid(f), np.tanh(g), sigmoid(o)
    c_t = f * c_prev + i * g
    return i, f, g, o, c_t, o * np.tanh(c_t)


def _loop(xs, h_0, c_0, one):
    h, c, hs, cs = h_0, c_0, [], []
    for x_t in xs:
        h, c = one(x_t, h, c)
        hs.append(h)
        cs.append(c)
    return np.stack(hs), np.stack(cs)


def step_wrong_four_times(x_t, h_prev, c_prev, W_x, W_h, b):
    i, f, o, g = np.split(sigmoid(x_t @ W_x + h_prev @ W_h), 4, axis=1)
    c_t = f * c_prev + i * g
    return i, f, g, o, c_t, o * c_t


def unroll_from_zeros(xs, h_0, c_0, W_x, W_h, b):
    return unroll(xs, np.zeros_like(h_0), np.zeros_like(c_0), W_x, W_h, b)


def unroll_without_c_0(xs, h_0, c_0, W_x, W_h, b):
    return unroll(xs, h_0, 0 * c_0, W_x, W_h, b)


def unroll_with_h_0_always(xs, h_0, c_0, W_x, W_h, b):
    c, hs, cs = c_0, [], []
    for x_t in xs:
        *_, c, h = step(x_t, h_0, c, W_x, W_h, b)
        hs.append(h)
        cs.append(c)
    return hs, cs


def unroll_that_carries_nothing(xs, h_0, c_0, W_x, W_h, b):
    both = [step(x_t, h_0, c_0, W_x, W_h, b)[4:] for x_t in xs]
    return [h for _, h in both], [c for c, _ in both]


def unroll_that_unpacks_the_other_way(xs, h_0, c_0, W_x, W_h, b):
    h, c, hs, cs = h_0, c_0, [], []
    for x_t in xs:
        *_, h, c = step(x_t, h, c, W_x, W_h, b)
        hs.append(h)
        cs.append(c)
    return np.stack(cs), np.stack(hs)


def unroll_returned_as_c_h(xs, h_0, c_0, W_x, W_h, b):
    return unroll(xs, h_0, c_0, W_x, W_h, b)[::-1]


def unroll_with_one_array(xs, h_0, c_0, W_x, W_h, b):
    h, c, hs, cs = h_0.copy(), c_0.copy(), [], []
    for x_t in xs:
        *_, new_c, new_h = step(x_t, h, c, W_x, W_h, b)
        h[...], c[...] = new_h, new_c
        hs.append(h)
        cs.append(c)
    return np.stack(hs), np.stack(cs)


def unroll_that_appends_too_soon(xs, h_0, c_0, W_x, W_h, b):
    h, c, hs, cs = h_0, c_0, [], []
    for x_t in xs:
        hs.append(h)
        cs.append(c)
        *_, c, h = step(x_t, h, c, W_x, W_h, b)
    return np.stack(hs), np.stack(cs)


def unroll_with_sigmoid_candidate(xs, h_0, c_0, W_x, W_h, b):
    def one(x_t, h, c):
        *_, c, h = step_with_sigmoid_everywhere(x_t, h, c, W_x, W_h, b)
        return h, c

    return _loop(xs, h_0, c_0, one)


def unroll_with_o_c(xs, h_0, c_0, W_x, W_h, b):
    def one(x_t, h, c):
        *_, c, h = step_without_tanh_on_c(x_t, h, c, W_x, W_h, b)
        return h, c

    return _loop(xs, h_0, c_0, one)


def unroll_with_candidate_last(xs, h_0, c_0, W_x, W_h, b):
    def one(x_t, h, c):
        *_, c, h = step_with_candidate_last(x_t, h, c, W_x, W_h, b)
        return h, c

    return _loop(xs, h_0, c_0, one)


def unroll_wrong_twice(xs, h_0, c_0, W_x, W_h, b):
    def one(x_t, h, c):
        *_, c, h = step_without_tanh_on_c(x_t, h, c, W_x, W_h, b)
        return h, c

    return _loop(xs, 0 * h_0, c_0, one)


def unroll_wrong_three_times(xs, h_0, c_0, W_x, W_h, b):
    def one(x_t, h, c):
        *_, c, h = step_with_candidate_last(x_t, h, c, W_x, W_h, b)
        return h, c

    return _loop(xs, 0 * h_0, 0 * c_0, one)


def line_without_next(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c = d_h_t * output_gate * (1 - np.tanh(c_t) ** 2)
    return d_c, d_c * forget_gate


def line_without_h(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    return d_c_next, d_c_next * forget_gate


def line_at_c(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c = d_c_next + d_h_t * output_gate * (1 - c_t**2)
    return d_c, d_c * forget_gate


def line_without_slope(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c = d_c_next + d_h_t * output_gate
    return d_c, d_c * forget_gate


def line_with_gate_slope(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c = d_c_next + d_h_t * output_gate * (1 - np.tanh(c_t) ** 2)
    return d_c, d_c * forget_gate * (1 - forget_gate)


def line_on_from_next(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c = d_c_next + d_h_t * output_gate * (1 - np.tanh(c_t) ** 2)
    return d_c, d_c_next * forget_gate


def line_without_forgetting(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c = d_c_next + d_h_t * output_gate * (1 - np.tanh(c_t) ** 2)
    return d_c, d_c


def line_in_place(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c_next += d_h_t * output_gate * (1 - np.tanh(c_t) ** 2)
    return d_c_next, d_c_next * forget_gate


def line_wrong_twice(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c = d_c_next + d_h_t * (1 - np.tanh(c_t) ** 2)
    return d_c, d_c * (1 - forget_gate)


def _back(
    arguments,
    d_c=None,
    d_c_prev=None,
    blocks=lambda d_i, d_f, d_g, d_o: [d_i, d_f, d_g, d_o],
    slopes=None,
    d_o=None,
    read=None,
):
    d_h_t, d_c_next, x_t, h_prev, c_prev, gates, c_t, W_x, W_h = arguments
    i, f, g, o = gates
    total, passed = line(d_h_t, d_c_next, f, o, c_t)
    d_c = total if d_c is None else d_c
    passed = (d_c * f) if d_c_prev is None else d_c_prev
    slopes = [i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)] if slopes is None else slopes
    d_o = d_h_t * np.tanh(c_t) if d_o is None else d_o
    parts = [d * s for d, s in zip([d_c * g, d_c * c_prev, d_c * i, d_o], slopes, strict=True)]
    d_z = np.concatenate(blocks(*parts), axis=1)
    read = h_prev if read is None else read
    return d_z, d_z @ W_x.T, d_z @ W_h.T, passed, x_t.T @ d_z, read.T @ d_z, d_z.sum(axis=0)


def back_stacked_as_i_f_o_g(*arguments):
    return _back(arguments, blocks=lambda d_i, d_f, d_g, d_o: [d_i, d_f, d_o, d_g])


def back_stacked_as_f_i_g_o(*arguments):
    return _back(arguments, blocks=lambda d_i, d_f, d_g, d_o: [d_f, d_i, d_g, d_o])


def back_without_next(*arguments):
    d_h_t, _, _, _, _, gates, c_t, *_ = arguments
    return _back(arguments, d_c=d_h_t * gates[3] * (1 - np.tanh(c_t) ** 2))


def back_without_path_through_h(*arguments):
    return _back(arguments, d_c=arguments[1])


def back_with_tanh_slopes(*arguments):
    return _back(arguments, slopes=[1 - gate**2 for gate in arguments[5]])


def back_with_sigmoid_slopes(*arguments):
    return _back(arguments, slopes=[gate * (1 - gate) for gate in arguments[5]])


def back_without_candidate_slope(*arguments):
    i, f, g, o = arguments[5]
    return _back(arguments, slopes=[i * (1 - i), f * (1 - f), np.ones(g.shape), o * (1 - o)])


def back_with_candidate_slope_at_z(*arguments):
    i, f, g, o = arguments[5]
    slope = 1 - np.arctanh(g) ** 2
    return _back(arguments, slopes=[i * (1 - i), f * (1 - f), slope, o * (1 - o)])


def back_with_c_at_output_gate(*arguments):
    return _back(arguments, d_o=arguments[0] * arguments[6])


def back_with_new_state(*arguments):
    gates, c_t = arguments[5], arguments[6]
    return _back(arguments, read=gates[3] * np.tanh(c_t))


def back_with_bias_rows(*arguments):
    *others, _ = _back(arguments)
    return *others, others[0]


def back_with_blocks_not_transposed(*arguments):
    d_z, d_x_t, _, *others = _back(arguments)
    parts = zip(np.split(d_z, 4, axis=1), np.split(arguments[8], 4, axis=1), strict=True)
    return d_z, d_x_t, sum(d @ W for d, W in parts), *others


def back_wrong_twice(*arguments):
    d_h_t, _, _, _, _, gates, c_t, *_ = arguments
    made = _back(arguments, d_c=d_h_t * gates[3] * (1 - np.tanh(c_t) ** 2))
    return *made[:6], made[0].mean(axis=0)


def path_without_the_end(forget_gates):
    shares = np.cumprod(forget_gates[::-1], axis=0)[::-1]
    return shares, shares.mean(axis=(1, 2))


def path_forward(forget_gates):
    shares = np.concatenate([np.ones_like(forget_gates[:1]), np.cumprod(forget_gates, axis=0)])
    return shares, shares.mean(axis=(1, 2))


def path_not_turned_back(forget_gates):
    shares = [np.ones(forget_gates.shape[1:])]
    for f in forget_gates[::-1]:
        shares.append(shares[-1] * f)
    return np.stack(shares), np.stack(shares).mean(axis=(1, 2))


def path_of_what_is_lost(forget_gates):
    return path(1 - forget_gates)


def path_with_own_gate(forget_gates):
    shares = [np.prod(forget_gates[max(t - 1, 0) :], axis=0) for t in range(len(forget_gates) + 1)]
    return shares, np.mean(shares, axis=(1, 2))


def path_in_logarithms(forget_gates):
    shares = np.log(path(forget_gates)[0])
    return shares, shares.mean(axis=(1, 2))


def path_with_a_norm(forget_gates):
    shares = path(forget_gates)[0]
    return shares, np.linalg.norm(shares, axis=(1, 2))


def path_wrong_twice(forget_gates):
    shares = path(1 - forget_gates)[0]
    return shares, shares.sum(axis=(1, 2))


def life_upside_down(biases, wanted):
    gates, _, needed = life(biases, wanted)
    return gates, np.log(gates) / np.log(0.5), needed


def life_as_time_constant(biases, wanted):
    gates, _, needed = life(biases, wanted)
    return gates, -1 / np.log(gates), needed


def life_without_sigmoid_undone(biases, wanted):
    gates, half_lives, _ = life(biases, wanted)
    return gates, half_lives, 0.5 ** (1 / wanted)


def life_linear(biases, wanted):
    gates, _, needed = life(biases, wanted)
    return gates, 0.5 / (1 - gates), needed


def life_of_mirrored_gates(biases, wanted):
    gates = 1 / (1 + np.exp(biases))
    return gates, np.log(0.5) / np.log(gates), life(biases, wanted)[2]


def life_to_the_power_n(biases, wanted):
    f = 0.5**wanted
    return *life(biases, wanted)[:2], np.log(f / (1 - f))


def life_wrong_twice(biases, wanted):
    gates = sigmoid(biases)
    f = 1 - 0.5 / wanted
    return gates, np.log(0.5) / np.log(1 - gates), np.log(f / (1 - f))


def unroll_that_calls_the_other_way(xs, h_0, c_0, W_x, W_h, b):
    h, c, hs, cs = h_0, c_0, [], []
    for x_t in xs:
        *_, c, h = step(x_t, c, h, W_x, W_h, b)
        hs.append(h)
        cs.append(c)
    return hs, cs


def unroll_that_unpacks_h_first(xs, h_0, c_0, W_x, W_h, b):
    h, c, hs, cs = h_0, c_0, [], []
    for x_t in xs:
        *_, h, c = step(x_t, h, c, W_x, W_h, b)
        hs.append(h)
        cs.append(c)
    return hs, cs


def line_with_square_outside(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    d_c = d_c_next + d_h_t * output_gate * (1 - np.tanh(c_t)) ** 2
    return d_c, d_c * forget_gate


def line_with_arrivals_exchanged(d_h_t, d_c_next, forget_gate, output_gate, c_t):
    return line(d_c_next, d_h_t, forget_gate, output_gate, c_t)


def back_with_gates_unpacked_as_ifog(d_h_t, d_c_next, x_t, h_prev, c_prev, gates, c_t, W_x, W_h):
    return back(d_h_t, d_c_next, x_t, h_prev, c_prev, gates[[0, 1, 3, 2]], c_t, W_x, W_h)


def path_with_the_gate_before(forget_gates):
    shares = np.ones((len(forget_gates) + 1, *forget_gates.shape[1:]))
    for t in reversed(range(len(forget_gates))):
        shares[t] = shares[t + 1] * forget_gates[t - 1]
    return shares, shares.mean(axis=(1, 2))


def path_that_begins_too_late(forget_gates):
    shares = np.ones((len(forget_gates) + 1, *forget_gates.shape[1:]))
    for t in reversed(range(len(forget_gates) - 1)):
        shares[t] = shares[t + 1] * forget_gates[t]
    return shares, shares.mean(axis=(1, 2))


def life_without_parentheses(biases, wanted):
    gates, half_lives, _ = life(biases, wanted)
    f = 0.5**1 / wanted
    return gates, half_lives, np.log(f / (1 - f))


WRONG = [
    ("lstm_unroll", unroll_that_calls_the_other_way, ["step_called_in_turned_order"]),
    ("lstm_unroll", unroll_that_unpacks_h_first, ["unpacked_in_turned_order"]),
    ("cell_line", line_with_square_outside, ["slope_square_outside"]),
    ("cell_line", line_with_arrivals_exchanged, ["arrivals_exchanged"]),
    ("lstm_step_back", back_with_gates_unpacked_as_ifog, ["unpacked_ifog"]),
    ("direct_path", path_with_the_gate_before, ["gate_before"]),
    ("direct_path", path_that_begins_too_late, ["last_gate_missing"]),
    ("half_life", life_without_parentheses, ["power_before_division"]),
    ("lstm_step", step_with_candidate_last, ["order_ifog"]),
    ("lstm_step", step_with_forget_first, ["order_figo"]),
    ("lstm_step", step_in_the_order_of_the_drawing, ["order_figo", "no_tanh_on_c"]),
    ("lstm_step", step_without_tanh_on_c, ["no_tanh_on_c"]),
    ("lstm_step", step_with_sigmoid_everywhere, ["candidate_sigmoid"]),
    ("lstm_step", step_with_roles_exchanged, ["roles_exchanged"]),
    ("lstm_step", step_with_c_overwritten, ["updated_cell_used_again"]),
    ("lstm_step", step_with_late_output_gate, ["output_gate_reads_c_t"]),
    ("lstm_step", step_unit_by_unit, ["unit_by_unit"]),
    ("lstm_step", step_with_states_exchanged, ["states_exchanged"]),
    ("lstm_step", step_returned_as_h_c, ["states_returned_in_turned_order"]),
    ("lstm_step", step_wrong_twice, ["bias_missing", "no_tanh_on_c"]),
    (
        "lstm_step",
        step_wrong_four_times,
        ["bias_missing", "order_ifog", "candidate_sigmoid", "no_tanh_on_c"],
    ),
    ("lstm_step", step_with_own_constant, []),
    ("lstm_unroll", unroll_from_zeros, ["both_starts_ignored"]),
    ("lstm_unroll", unroll_without_c_0, ["c_0_ignored"]),
    ("lstm_unroll", unroll_with_h_0_always, ["h_0_at_every_step"]),
    ("lstm_unroll", unroll_that_carries_nothing, ["both_starts_at_every_step"]),
    ("lstm_unroll", unroll_that_unpacks_the_other_way, ["states_exchanged_on_the_way"]),
    ("lstm_unroll", unroll_returned_as_c_h, ["returned_in_turned_order"]),
    ("lstm_unroll", unroll_with_one_array, ["last_states_everywhere"]),
    ("lstm_unroll", unroll_that_appends_too_soon, ["states_before_the_steps"]),
    ("lstm_unroll", unroll_with_sigmoid_candidate, ["candidate_sigmoid"]),
    ("lstm_unroll", unroll_with_o_c, ["no_tanh_on_c"]),
    ("lstm_unroll", unroll_with_candidate_last, ["order_ifog"]),
    ("lstm_unroll", unroll_wrong_twice, ["h_0_ignored", "no_tanh_on_c"]),
    ("lstm_unroll", unroll_wrong_three_times, ["both_starts_ignored", "order_ifog"]),
    ("cell_line", line_without_next, ["next_step_missing"]),
    ("cell_line", line_without_h, ["path_through_h_missing"]),
    ("cell_line", line_at_c, ["slope_at_c"]),
    ("cell_line", line_without_slope, ["slope_missing"]),
    ("cell_line", line_with_gate_slope, ["forget_gate_through_its_slope"]),
    ("cell_line", line_on_from_next, ["passed_from_next_alone"]),
    ("cell_line", line_without_forgetting, ["forget_gate_missing"]),
    ("cell_line", line_in_place, []),
    ("cell_line", line_wrong_twice, ["output_gate_missing", "forget_gate_turned"]),
    ("lstm_step_back", back_stacked_as_i_f_o_g, ["order_ifog"]),
    ("lstm_step_back", back_stacked_as_f_i_g_o, ["order_figo"]),
    ("lstm_step_back", back_without_next, ["next_step_missing"]),
    ("lstm_step_back", back_without_path_through_h, ["path_through_h_missing"]),
    ("lstm_step_back", back_with_tanh_slopes, ["gate_slopes_of_tanh"]),
    ("lstm_step_back", back_with_sigmoid_slopes, ["candidate_slope_of_sigmoid"]),
    ("lstm_step_back", back_without_candidate_slope, ["candidate_slope_missing"]),
    ("lstm_step_back", back_with_candidate_slope_at_z, ["candidate_slope_at_z"]),
    ("lstm_step_back", back_with_c_at_output_gate, ["output_gate_with_c_t"]),
    ("lstm_step_back", back_with_new_state, ["d_W_h_with_h_t"]),
    ("lstm_step_back", back_with_bias_rows, ["d_b_not_summed"]),
    (
        "lstm_step_back",
        back_with_blocks_not_transposed,
        ["recurrent_blocks_not_transposed"],
    ),
    ("lstm_step_back", back_wrong_twice, ["next_step_missing", "d_b_mean"]),
    ("direct_path", path_without_the_end, ["end_missing"]),
    ("direct_path", path_forward, ["from_the_start"]),
    ("direct_path", path_not_turned_back, ["from_the_end"]),
    ("direct_path", path_of_what_is_lost, ["forgotten_for_kept"]),
    ("direct_path", path_with_own_gate, ["own_gate_counted"]),
    ("direct_path", path_in_logarithms, ["logarithms"]),
    ("direct_path", path_with_a_norm, ["left_is_a_norm"]),
    ("direct_path", path_wrong_twice, ["forgotten_for_kept", "left_summed"]),
    ("half_life", life_upside_down, ["upside_down"]),
    ("half_life", life_as_time_constant, ["time_constant"]),
    ("half_life", life_without_sigmoid_undone, ["gate_returned"]),
    ("half_life", life_linear, ["linear"]),
    ("half_life", life_of_mirrored_gates, ["gate_mirrored"]),
    ("half_life", life_to_the_power_n, ["half_to_the_n"]),
    ("half_life", life_wrong_twice, ["of_what_is_lost", "linear_gate"]),
]
