"""Answers to the exercises of chapter 07 as people write them: right ones and wrong ones."""

import math

import numpy as np

from utils.activations import sigmoid
from utils.cells import LSTMWeights
from utils.cells.lstm_variants import lstm_variant_step

# --- right answers, written in different ways --------------------------------------------------


def step(x_t, h_prev, c_prev, W_x, W_h, b):
    z_f, z_g, z_o = np.split(x_t @ W_x + h_prev @ W_h + b, 3, axis=1)
    forget_gate, candidate, output_gate = sigmoid(z_f), np.tanh(z_g), sigmoid(z_o)
    c_t = forget_gate * c_prev + (1 - forget_gate) * candidate
    return forget_gate, candidate, output_gate, c_t, output_gate * np.tanh(c_t)


def step_as_dictionary(x_t, h_prev, c_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    z = x_t @ W_x + h_prev @ W_h + b
    f = 1 / (1 + np.exp(-z[:, :H]))
    o = 1 / (1 + np.exp(-z[:, 2 * H :]))
    g = np.tanh(z[:, H : 2 * H])
    c = g + f * (c_prev - g)  # the same blend
    return {"forget_gate": f, "candidate": g, "output_gate": o, "c_t": c, "h_t": o * np.tanh(c)}


def step_by_blocks(x_t, h_prev, c_prev, W_x, W_h, b):
    def total(k):
        H = len(W_h)
        columns = slice(k * H, (k + 1) * H)
        return x_t @ W_x[:, columns] + h_prev @ W_h[:, columns] + b[columns]

    f, g, o = sigmoid(total(0)), np.tanh(total(1)), sigmoid(total(2))
    i = 1.0 - f
    c = i * g
    c += f * c_prev
    return f, g, o, c, o * np.tanh(c)


def step_of_joined(x_t, h_prev, c_prev, W_x, W_h, b):
    joined = np.concatenate([x_t, h_prev], axis=1) @ np.concatenate([W_x, W_h]) + b
    B, H = h_prev.shape
    z = joined.reshape(B, 3, H)
    f, g, o = sigmoid(z[:, 0]), np.tanh(z[:, 1]), sigmoid(z[:, 2])
    c = f * c_prev + (1 - f) * g
    return [f, g, o, c, np.tanh(c) * o]


def step_of_the_course(x_t, h_prev, c_prev, W_x, W_h, b):
    values = lstm_variant_step(x_t, h_prev, c_prev, LSTMWeights(W_x, W_h, b), "coupled gates")
    return values.forget_gate, values.candidate, values.output_gate, values.c_t, values.h_t


def step_sample_by_sample(x_t, h_prev, c_prev, W_x, W_h, b):
    rows = []
    for x, h, c in zip(x_t, h_prev, c_prev, strict=True):
        z = W_x.T @ x + W_h.T @ h + b
        f, g, o = (
            part(block)
            for part, block in zip((sigmoid, np.tanh, sigmoid), np.array_split(z, 3), strict=True)
        )
        new = f * c + (1 - f) * g
        rows.append((f, g, o, new, o * np.tanh(new)))
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def step_in_float32(*arrays):
    return step(*(a.astype(np.float32) for a in arrays))


def back(d_h_t, d_c_t, c_prev, forget_gate, candidate, output_gate, c_t):
    tanh_c = np.tanh(c_t)
    d_c = d_c_t + d_h_t * output_gate * (1 - tanh_c**2)
    d_z_f = d_c * (c_prev - candidate) * forget_gate * (1 - forget_gate)
    d_z_g = d_c * (1 - forget_gate) * (1 - candidate**2)
    d_z_o = d_h_t * tanh_c * output_gate * (1 - output_gate)
    return d_c, d_z_f, d_z_g, d_z_o, d_c * forget_gate


def back_by_two_roles(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    d_c = d_h_t * o / np.cosh(c_t) ** 2 + d_c_t
    d_f_kept, d_i = d_c * c_prev, d_c * g
    d_f = d_f_kept - d_i
    d_z_f = d_f * (f - f * f)
    return d_c, d_z_f, d_c * (1 - f) * (1 - g * g), d_h_t * np.tanh(c_t) * (o - o**2), f * d_c


def back_as_dictionary(d_h_t, d_c_t, c_prev, forget_gate, candidate, output_gate, c_t):
    f, g, o = forget_gate, candidate, output_gate
    found = {"d_c": d_c_t + d_h_t * o * (1 - np.tanh(c_t) ** 2)}
    # c_t - g is f (c_prev - g), and c_prev - c_t is (1 - f) (c_prev - g)
    found["d_z_f"] = found["d_c"] * (c_t - g) * (1 - f)
    found["d_z_g"] = found["d_c"] * (1 - f) * (1 - g) * (1 + g)
    found["d_z_o"] = d_h_t * np.tanh(c_t) * o * (1 - o)
    found["d_c_prev"] = found["d_c"] * f
    return found


def back_in_loops(d_h_t, d_c_t, c_prev, forget_gate, candidate, output_gate, c_t):
    found = np.zeros((5, *c_t.shape))
    for b in range(c_t.shape[0]):
        for j in range(c_t.shape[1]):
            f, g, o = forget_gate[b, j], candidate[b, j], output_gate[b, j]
            t = math.tanh(c_t[b, j])
            d_c = d_c_t[b, j] + d_h_t[b, j] * o * (1 - t * t)
            found[0, b, j] = d_c
            found[1, b, j] = d_c * (c_prev[b, j] - g) * f * (1 - f)
            found[2, b, j] = d_c * (1 - f) * (1 - g * g)
            found[3, b, j] = d_h_t[b, j] * t * o * (1 - o)
            found[4, b, j] = d_c * f
    return tuple(found)


def back_by_central_differences(d_h_t, d_c_t, c_prev, forget_gate, candidate, output_gate, c_t):
    def loss(z_f, z_g, z_o, c_old, c_more=0.0):
        f = sigmoid(z_f)
        c = f * c_old + (1 - f) * np.tanh(z_g) + c_more
        return d_h_t * sigmoid(z_o) * np.tanh(c) + d_c_t * c

    f, o, e = forget_gate, output_gate, 1e-5
    at = [np.log(f / (1 - f)), np.arctanh(candidate), np.log(o / (1 - o)), c_prev, 0 * c_t]
    slopes = []
    for k in range(5):
        up, down = list(at), list(at)
        up[k], down[k] = at[k] + e, at[k] - e
        slopes.append((loss(*up) - loss(*down)) / (2 * e))
    d_z_f, d_z_g, d_z_o, d_c_prev, d_c = slopes
    return d_c, d_z_f, d_z_g, d_z_o, d_c_prev


def back_in_float32(*arrays):
    return back(*(a.astype(np.float32) for a in arrays))


def paths(forget_gates, output_gates, cs):
    T, H = cs.shape
    with_line, without_line = np.ones((T, H)), np.ones((T, H))
    for t in reversed(range(T - 1)):
        with_line[t] = with_line[t + 1] * forget_gates[t + 1]
        slope = 1 - np.tanh(cs[t]) ** 2
        without_line[t] = without_line[t + 1] * forget_gates[t + 1] * output_gates[t] * slope
    return with_line, without_line


def paths_by_cumprod(forget_gates, output_gates, cs):
    one = np.ones((1, cs.shape[1]))
    factors = forget_gates[1:]
    others = factors * output_gates[:-1] / np.cosh(cs[:-1]) ** 2

    def from_the_end(f):
        return np.concatenate([np.cumprod(f[::-1], axis=0)[::-1], one])

    return {"with_line": from_the_end(factors), "without_line": from_the_end(others)}


def paths_by_prod(forget_gates, output_gates, cs):
    T = len(cs)
    slopes = 1 - np.tanh(cs) ** 2
    first = [forget_gates[t + 1 :].prod(axis=0) for t in range(T)]
    second = [
        first[t] * output_gates[t : T - 1].prod(axis=0) * slopes[t : T - 1].prod(axis=0)
        for t in range(T)
    ]
    return np.array(first), np.array(second)


def paths_as_lists(forget_gates, output_gates, cs):
    first, second = [np.ones(cs.shape[1])], [np.ones(cs.shape[1])]
    steps = list(zip(forget_gates[1:], output_gates[:-1], cs[:-1], strict=True))
    for f, o, c in steps[::-1]:
        first.insert(0, f * first[0])
        second.insert(0, f * o * (1 - np.tanh(c) ** 2) * second[0])
    return first, second


def paths_by_logarithms(forget_gates, output_gates, cs):
    def back_sum(a):
        sums = np.flip(np.cumsum(np.flip(a, 0), axis=0), 0)
        return np.exp(np.vstack([sums, np.zeros(a.shape[1])]))

    log_f = np.log(forget_gates[1:])
    log_rest = np.log(output_gates[:-1]) + np.log1p(-(np.tanh(cs[:-1]) ** 2))
    return back_sum(log_f), back_sum(log_f + log_rest)


def paths_by_recursion(forget_gates, output_gates, cs):
    if len(cs) == 1:
        return np.ones_like(cs), np.ones_like(cs)
    later, other = paths_by_recursion(forget_gates[1:], output_gates[1:], cs[1:])
    factor = forget_gates[1] * later[0]
    narrow = forget_gates[1] * output_gates[0] * (1 - np.tanh(cs[0]) ** 2) * other[0]
    return np.vstack([factor, later]), np.vstack([narrow, other])


def matched(W_x, W_h, b):
    D, n = len(W_x), W_x.size + W_h.size + b.size
    H = min(range(1, 1000), key=lambda units: abs(units * (D + units + 1) - n))
    return n, H, H * (D + H + 1)


def matched_by_formula(W_x, W_h, b):
    D, H = W_x.shape[0], W_h.shape[0]
    n = 4 * H * (D + H + 1)
    units = round((-(D + 1) + math.sqrt((D + 1) ** 2 + 4 * n)) / 2)
    return {"n_lstm": n, "H_rnn": units, "n_rnn": units * (D + units + 1)}


def matched_by_loop(W_x, W_h, b):
    D, n = W_x.shape[0], sum(a.size for a in (W_x, W_h, b))
    units = 1
    while (units + 1) * (D + units + 2) <= n:
        units += 1
    below, above = units * (D + units + 1), (units + 1) * (D + units + 2)
    return (n, units, below) if n - below <= above - n else (n, units + 1, above)


def matched_by_roots(W_x, W_h, b):
    D, n = len(W_x), W_x.size + W_h.size + b.size
    units = np.rint(max(np.roots([1, D + 1, -n])))
    return np.array([n, units, np.prod([units, D + units + 1])])


def matched_by_table(W_x, W_h, b):
    D = len(W_x)
    n = np.prod(W_x.shape) + np.prod(W_h.shape) + len(b)
    units = np.arange(1, 500)
    counts = units * D + units**2 + units
    best = np.abs(counts - n).argmin()
    return float(n), float(units[best]), float(counts[best])


def compared(lstm_losses, variant_losses, t_factor):
    differences = variant_losses - lstm_losses
    mean = differences.mean()
    half = t_factor * differences.std(ddof=1) / np.sqrt(len(differences))
    return differences, mean, mean - half, mean + half


def compared_by_hand(lstm_losses, variant_losses, t_factor):
    S = len(lstm_losses)
    differences = [v - a for a, v in zip(lstm_losses, variant_losses, strict=True)]
    mean = sum(differences) / S
    variance = sum((d - mean) ** 2 for d in differences) / (S - 1)
    half = t_factor * math.sqrt(variance / S)
    return {"differences": differences, "mean": mean, "low": mean - half, "high": mean + half}


def compared_by_variance(lstm_losses, variant_losses, t_factor):
    d = np.subtract(variant_losses, lstm_losses)
    error = np.sqrt(d.var(ddof=1) / d.size)
    low, high = np.mean(d) + t_factor * error * np.array([-1, 1])
    return d, np.mean(d), low, high


def compared_with_the_other_root(lstm_losses, variant_losses, t_factor):
    d = variant_losses - lstm_losses
    half = t_factor * np.std(d) / np.sqrt(len(d) - 1)  # both ones less cancel
    return d, d.mean(), d.mean() - half, d.mean() + half


def compared_by_covariance(lstm_losses, variant_losses, t_factor):
    d = variant_losses - lstm_losses
    C = np.cov(lstm_losses, variant_losses)
    error = np.sqrt((C[0, 0] + C[1, 1] - 2 * C[0, 1]) / len(d))
    mean = variant_losses.mean() - lstm_losses.mean()
    return d, mean, mean - t_factor * error, mean + t_factor * error


RIGHT = {
    "coupled_step": [
        step,
        step_as_dictionary,
        step_by_blocks,
        step_of_joined,
        step_of_the_course,
        step_sample_by_sample,
        step_in_float32,
    ],
    "coupled_back": [
        back,
        back_by_two_roles,
        back_as_dictionary,
        back_in_loops,
        back_by_central_differences,
        back_in_float32,
    ],
    "memory_paths": [
        paths,
        paths_by_cumprod,
        paths_by_prod,
        paths_as_lists,
        paths_by_logarithms,
        paths_by_recursion,
    ],
    "matched_units": [
        matched,
        matched_by_formula,
        matched_by_loop,
        matched_by_roots,
        matched_by_table,
    ],
    "paired_comparison": [
        compared,
        compared_by_hand,
        compared_by_variance,
        compared_with_the_other_root,
        compared_by_covariance,
    ],
}


# --- wrong answers, as learners write them -----------------------------------------------------


def _step(x_t, h_prev, c_prev, W_x, W_h, b, *, order=(0, 1, 2), write=None, read=np.tanh):
    blocks = np.split(x_t @ W_x + h_prev @ W_h + b, 3, axis=1)
    z_f, z_g, z_o = (blocks[k] for k in order)
    f, g, o = sigmoid(z_f), np.tanh(z_g), sigmoid(z_o)
    c = write(f, g, o, c_prev, h_prev) if write else f * c_prev + (1 - f) * g
    return f, g, o, c, o * read(c)


def step_with_candidate_last(*a):
    return _step(*a, order=(0, 2, 1))


def step_with_output_gate_first(*a):
    return _step(*a, order=(2, 0, 1))


def step_with_shares_swapped(*a):
    return _step(*a, write=lambda f, g, o, c, h: (1 - f) * c + f * g)


def step_without_input_gate(*a):
    return _step(*a, write=lambda f, g, o, c, h: f * c + g)


def step_with_one_gate_for_both(*a):
    return _step(*a, write=lambda f, g, o, c, h: f * (c + g))


def step_without_line(*a):
    return _step(*a, write=lambda f, g, o, c, h: f * h + (1 - f) * g)


def step_overwriting(*a):
    return _step(*a, write=lambda f, g, o, c, h: (1 - f) * g)


def step_without_tanh(*a):
    return _step(*a, read=lambda c: c)


def step_read_by_sigmoid(*a):
    return _step(*a, read=sigmoid)


def step_with_tanh_twice(*a):
    return _step(*a, write=lambda f, g, o, c, h: np.tanh(f * c + (1 - f) * g))


def step_reading_the_old_memory(x_t, h_prev, c_prev, *a):
    f, g, o, c, _ = step(x_t, h_prev, c_prev, *a)
    return f, g, o, c, o * np.tanh(c_prev)


def step_with_sigmoids_only(x_t, h_prev, c_prev, W_x, W_h, b):
    f, g, o = (sigmoid(z) for z in np.split(x_t @ W_x + h_prev @ W_h + b, 3, axis=1))
    c = f * c_prev + (1 - f) * g
    return f, g, o, c, o * np.tanh(c)


def step_with_tanh_output_gate(x_t, h_prev, c_prev, W_x, W_h, b):
    z_f, z_g, z_o = np.split(x_t @ W_x + h_prev @ W_h + b, 3, axis=1)
    f, g, o = sigmoid(z_f), np.tanh(z_g), np.tanh(z_o)
    c = f * c_prev + (1 - f) * g
    return f, g, o, c, o * np.tanh(c)


def step_without_bias(x_t, h_prev, c_prev, W_x, W_h, b):
    return step(x_t, h_prev, c_prev, W_x, W_h, 0 * b)


def step_with_memory_in_gates(x_t, h_prev, c_prev, W_x, W_h, b):
    f, g, o, *_ = step(x_t, c_prev, c_prev, W_x, W_h, b)
    c = f * c_prev + (1 - f) * g
    return f, g, o, c, o * np.tanh(c)


def step_of_every_third_column(x_t, h_prev, c_prev, W_x, W_h, b):
    z = x_t @ W_x + h_prev @ W_h + b
    f, g, o = sigmoid(z[:, ::3]), np.tanh(z[:, 1::3]), sigmoid(z[:, 2::3])
    c = f * c_prev + (1 - f) * g
    return f, g, o, c, o * np.tanh(c)


def step_with_late_output_gate(x_t, h_prev, c_prev, W_x, W_h, b):
    H = len(W_h)
    z = x_t @ W_x + h_prev @ W_h + b
    f, g = sigmoid(z[:, :H]), np.tanh(z[:, H : 2 * H])
    c = f * c_prev + (1 - f) * g
    h_prev = np.tanh(c)  # the name is taken again
    o = sigmoid(x_t @ W_x[:, 2 * H :] + h_prev @ W_h[:, 2 * H :] + b[2 * H :])
    return f, g, o, c, o * h_prev


def step_with_two_slips(x_t, h_prev, c_prev, W_x, W_h, b):
    f, g, o, *_ = step_with_sigmoids_only(x_t, h_prev, c_prev, W_x, W_h, b)
    c = f * c_prev + (1 - f) * g
    return f, g, o, c, o * c


def _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, *, d_c=None, roles=None, share=None, d_z_o=None):
    t = np.tanh(c_t)
    d_c = d_c_t + d_h_t * o * (1 - t**2) if d_c is None else d_c
    d_z_f = d_c * (c_prev - g if roles is None else roles) * f * (1 - f)
    d_z_g = d_c * (1 - f if share is None else share) * (1 - g**2)
    d_z_o = d_h_t * t * o * (1 - o) if d_z_o is None else d_z_o
    return d_c, d_z_f, d_z_g, d_z_o, d_c * f


def back_without_the_line(d_h_t, d_c_t, *a):
    return back(d_h_t, 0 * d_c_t, *a)


def back_without_the_way_from_h(d_h_t, d_c_t, *a):
    return _back(d_h_t, d_c_t, *a, d_c=d_c_t)


def back_without_slope(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    return _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, d_c=d_c_t + d_h_t * o)


def back_with_slope_at_memory(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    return _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, d_c=d_c_t + d_h_t * o * (1 - c_t**2))


def back_without_output_gate(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    d_c = d_c_t + d_h_t * (1 - np.tanh(c_t) ** 2)
    return _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, d_c=d_c)


def back_with_forget_role_alone(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    return _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, roles=c_prev)


def back_with_input_role_alone(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    return _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, roles=-g)


def back_with_roles_added(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    return _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, roles=c_prev + g)


def back_with_input_role_and_wrong_sign(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    return _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, roles=g)


def back_of_gates_not_of_sums(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    d_c = back(d_h_t, d_c_t, c_prev, f, g, o, c_t)[0]
    return d_c, d_c * (c_prev - g), d_c * (1 - f), d_h_t * np.tanh(c_t), d_c * f


def back_with_sigmoid_of_gates(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    def slope(z):
        return sigmoid(z) * (1 - sigmoid(z))

    d_c = back(d_h_t, d_c_t, c_prev, f, g, o, c_t)[0]
    d_z_f = d_c * (c_prev - g) * slope(f)
    d_z_g = d_c * (1 - f) * (1 - np.tanh(g) ** 2)
    return d_c, d_z_f, d_z_g, d_h_t * np.tanh(c_t) * slope(o), d_c * f


def back_with_slopes_swapped(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    d_c = back(d_h_t, d_c_t, c_prev, f, g, o, c_t)[0]
    d_z_f, d_z_g = d_c * (c_prev - g) * (1 - f**2), d_c * (1 - f) * g * (1 - g)
    return d_c, d_z_f, d_z_g, d_h_t * np.tanh(c_t) * (1 - o**2), d_c * f


def back_with_share_of_the_memory(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    return _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, share=f)


def back_with_memory_at_the_output(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    return _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, d_z_o=d_h_t * c_t * o * (1 - o))


def back_of_output_gate_from_memory(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    d_c = back(d_h_t, d_c_t, c_prev, f, g, o, c_t)[0]
    d_z_o = d_c * np.tanh(c_t) * o * (1 - o)
    return _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, d_z_o=d_z_o)


def back_line_alone_to_the_step_before(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    return *back(d_h_t, d_c_t, c_prev, f, g, o, c_t)[:4], d_c_t * f


def back_without_gate(*a):
    found = back(*a)
    return *found[:4], found[0]


def back_with_two_slips(d_h_t, d_c_t, c_prev, f, g, o, c_t):
    return _back(d_h_t, d_c_t, c_prev, f, g, o, c_t, d_c=d_c_t + d_h_t * o, roles=c_prev)


def _paths(forget_gates, output_gates, cs, *, f=None, o=None, slope=None):
    T, H = cs.shape
    first, second = np.ones((T, H)), np.ones((T, H))
    slope = slope or (lambda t: 1 - np.tanh(cs[t]) ** 2)
    for t in reversed(range(T - 1)):
        gate = f(t) if f else forget_gates[t + 1]
        first[t] = first[t + 1] * gate
        second[t] = second[t + 1] * gate * (o(t) if o else output_gates[t]) * slope(t)
    return first, second


def paths_with_own_gate(*a):
    return _paths(*a, f=lambda t: a[0][t])


def paths_with_later_output_gate(*a):
    return _paths(*a, o=lambda t: a[1][t + 1])


def paths_without_output_gate(*a):
    return _paths(*a, o=lambda t: 1.0)


def paths_without_slope(*a):
    return _paths(*a, slope=lambda t: 1.0)


def paths_with_slope_at_memory(*a):
    return _paths(*a, slope=lambda t: 1 - a[2][t] ** 2)


def paths_with_later_slope(*a):
    return _paths(*a, slope=lambda t: 1 - np.tanh(a[2][t + 1]) ** 2)


def paths_with_tanh_itself(*a):
    return _paths(*a, slope=lambda t: np.tanh(a[2][t]))


def paths_forward(forget_gates, output_gates, cs):
    one = np.ones((1, cs.shape[1]))
    others = forget_gates[1:] * output_gates[:-1] * (1 - np.tanh(cs[:-1]) ** 2)
    return (
        np.concatenate([one, np.cumprod(forget_gates[1:], axis=0)]),
        np.concatenate([one, np.cumprod(others, axis=0)]),
    )


def paths_not_turned_round(*a):
    first, second = paths(*a)
    return first[::-1], second[::-1]


def paths_of_single_factors(forget_gates, output_gates, cs):
    one = np.ones((1, cs.shape[1]))
    others = forget_gates[1:] * output_gates[:-1] * (1 - np.tanh(cs[:-1]) ** 2)
    return np.concatenate([forget_gates[1:], one]), np.concatenate([others, one])


def paths_swapped(*a):
    return paths(*a)[::-1]


def paths_with_tanh_on_the_line(forget_gates, output_gates, cs):
    _, second = paths(forget_gates, output_gates, cs)
    first, _ = _paths(forget_gates * 1, output_gates, cs)
    T = len(cs)
    for t in reversed(range(T - 1)):
        first[t] = first[t + 1] * forget_gates[t + 1] * (1 - np.tanh(cs[t]) ** 2)
    return first, second


def paths_with_two_slips(*a):
    return _paths(*a, f=lambda t: a[0][t], slope=lambda t: 1.0)


def _matched(D, n, bias=1, pick=round):
    units = pick(-(D + bias) / 2 + math.sqrt(((D + bias) / 2) ** 2 + n))
    return n, units, units * (D + units + 1)


def matched_cut_off(W_x, W_h, b):
    return _matched(len(W_x), W_x.size + W_h.size + b.size, pick=int)


def matched_rounded_up(W_x, W_h, b):
    return _matched(len(W_x), W_x.size + W_h.size + b.size, pick=math.ceil)


def matched_without_rnn_bias(W_x, W_h, b):
    return _matched(len(W_x), W_x.size + W_h.size + b.size, bias=0)


def matched_without_bias(W_x, W_h, b):
    return _matched(len(W_x), W_x.size + W_h.size)


def matched_with_torch_biases(W_x, W_h, b):
    return _matched(len(W_x), W_x.size + W_h.size + 2 * b.size)


def matched_to_one_gate(W_x, W_h, b):
    return _matched(len(W_x), (W_x.size + W_h.size + b.size) // 4)


def matched_times_four(W_x, W_h, b):
    n, D, units = W_x.size + W_h.size + b.size, len(W_x), 4 * len(W_h)
    return n, units, units * (D + units + 1)


def matched_times_two(W_x, W_h, b):
    n, D, units = W_x.size + W_h.size + b.size, len(W_x), 2 * len(W_h)
    return n, units, units * (D + units + 1)


def matched_by_root(W_x, W_h, b):
    n, D = W_x.size + W_h.size + b.size, len(W_x)
    units = round(math.sqrt(n))
    return n, units, units * (D + units + 1)


def matched_and_counted_without_bias(W_x, W_h, b):
    n, units, _ = matched(W_x, W_h, b)
    return n, units, units * (len(W_x) + units)


def matched_cut_off_without_bias(W_x, W_h, b):
    return _matched(len(W_x), W_x.size + W_h.size, pick=int)


def _compared(a, v, t_factor, d=None, half=None):
    d = v - a if d is None else d
    half = t_factor * d.std(ddof=1) / np.sqrt(len(d)) if half is None else half
    return d, d.mean(), d.mean() - half, d.mean() + half


def compared_other_way(a, v, t_factor):
    return _compared(a, v, t_factor, d=a - v)


def compared_without_signs(a, v, t_factor):
    return _compared(a, v, t_factor, d=np.abs(v - a))


def compared_sorted(a, v, t_factor):
    return _compared(a, v, t_factor, d=np.sort(v) - np.sort(a))


def compared_in_shares(a, v, t_factor):
    return _compared(a, v, t_factor, d=(v - a) / a)


def compared_without_pairs(a, v, t_factor):
    error = np.sqrt(a.var(ddof=1) / len(a) + v.var(ddof=1) / len(v))
    return _compared(a, v, t_factor, half=t_factor * error)


def compared_with_numpy_std(a, v, t_factor):
    return _compared(a, v, t_factor, half=t_factor * np.std(v - a) / np.sqrt(len(a)))


def compared_for_single_runs(a, v, t_factor):
    return _compared(a, v, t_factor, half=t_factor * np.std(v - a, ddof=1))


def compared_with_normal_factor(a, v, t_factor):
    return _compared(a, v, t_factor, half=1.96 * np.std(v - a, ddof=1) / np.sqrt(len(a)))


def compared_without_root(a, v, t_factor):
    return _compared(a, v, t_factor, half=t_factor * np.std(v - a, ddof=1) / len(a))


def compared_by_variance_alone(a, v, t_factor):
    return _compared(a, v, t_factor, half=t_factor * np.var(v - a, ddof=1) / np.sqrt(len(a)))


def compared_with_swapped_limits(a, v, t_factor):
    d, mean, low, high = compared(a, v, t_factor)
    return d, mean, high, low


def compared_by_range(a, v, t_factor):
    d = v - a
    return d, d.mean(), d.min(), d.max()


def compared_with_two_slips(a, v, t_factor):
    d = a - v
    return _compared(a, v, t_factor, d=d, half=1.96 * np.std(d, ddof=1) / np.sqrt(len(a)))


def compared_with_numpy_and_normal(a, v, t_factor):
    return _compared(a, v, t_factor, half=1.96 * np.std(v - a) / np.sqrt(len(a)))


WRONG = [
    ("coupled_step", step_with_candidate_last, ["order_forget_output_candidate"]),
    ("coupled_step", step_with_output_gate_first, ["order_candidate_output_forget"]),
    ("coupled_step", step_with_shares_swapped, ["shares_swapped"]),
    ("coupled_step", step_without_input_gate, ["not_coupled"]),
    ("coupled_step", step_with_one_gate_for_both, ["forget_gate_for_both"]),
    ("coupled_step", step_without_line, ["state_for_memory"]),
    ("coupled_step", step_overwriting, ["memory_overwritten"]),
    ("coupled_step", step_without_tanh, ["h_without_tanh"]),
    ("coupled_step", step_read_by_sigmoid, ["h_by_sigmoid"]),
    ("coupled_step", step_with_tanh_twice, ["new_memory_squashed"]),
    ("coupled_step", step_reading_the_old_memory, ["h_from_old_memory"]),
    ("coupled_step", step_with_sigmoids_only, ["candidate_by_sigmoid"]),
    ("coupled_step", step_with_tanh_output_gate, ["output_gate_by_tanh"]),
    ("coupled_step", step_without_bias, ["bias_left_out"]),
    ("coupled_step", step_with_memory_in_gates, ["memory_into_sum"]),
    ("coupled_step", step_of_every_third_column, ["blocks_interleaved"]),
    ("coupled_step", step_with_late_output_gate, ["output_gate_from_new_memory"]),
    ("coupled_step", step_with_two_slips, ["candidate_by_sigmoid", "h_without_tanh"]),
    ("coupled_back", back_without_the_line, ["line_missing"]),
    ("coupled_back", back_without_the_way_from_h, ["way_from_h_missing"]),
    ("coupled_back", back_without_slope, ["slope_of_read_missing"]),
    ("coupled_back", back_with_slope_at_memory, ["slope_at_memory"]),
    ("coupled_back", back_without_output_gate, ["output_gate_missing"]),
    ("coupled_back", back_with_forget_role_alone, ["input_role_missing"]),
    ("coupled_back", back_with_input_role_alone, ["forget_role_missing"]),
    ("coupled_back", back_with_roles_added, ["input_role_with_plus"]),
    (
        "coupled_back",
        back_with_input_role_and_wrong_sign,
        ["forget_role_missing", "input_role_with_plus"],
    ),
    (
        "coupled_back",
        back_of_gates_not_of_sums,
        ["slope_f_missing", "slope_g_missing", "slope_o_missing"],
    ),
    (
        "coupled_back",
        back_with_sigmoid_of_gates,
        ["slope_f_again", "slope_g_again", "slope_o_again"],
    ),
    (
        "coupled_back",
        back_with_slopes_swapped,
        ["slope_f_of_tanh", "slope_g_of_sigmoid", "slope_o_of_tanh"],
    ),
    ("coupled_back", back_with_share_of_the_memory, ["share_is_gate"]),
    ("coupled_back", back_with_memory_at_the_output, ["memory_read_without_tanh"]),
    ("coupled_back", back_of_output_gate_from_memory, ["d_z_o_from_memory"]),
    ("coupled_back", back_line_alone_to_the_step_before, ["back_from_line_alone"]),
    ("coupled_back", back_without_gate, ["back_without_gate"]),
    ("coupled_back", back_with_two_slips, ["input_role_missing", "slope_of_read_missing"]),
    ("memory_paths", paths_with_own_gate, ["gate_one_step_early"]),
    ("memory_paths", paths_with_later_output_gate, ["output_gate_one_step_late"]),
    ("memory_paths", paths_without_output_gate, ["output_gate_missing"]),
    ("memory_paths", paths_without_slope, ["slope_missing"]),
    ("memory_paths", paths_with_slope_at_memory, ["slope_at_memory"]),
    ("memory_paths", paths_with_later_slope, ["slope_one_step_late"]),
    ("memory_paths", paths_with_tanh_itself, ["tanh_for_its_slope"]),
    ("memory_paths", paths_forward, ["products_from_the_start"]),
    ("memory_paths", paths_not_turned_round, ["turned_round"]),
    ("memory_paths", paths_of_single_factors, ["one_step_only"]),
    ("memory_paths", paths_swapped, ["paths_swapped"]),
    ("memory_paths", paths_with_tanh_on_the_line, ["tanh_on_the_line"]),
    ("memory_paths", paths_with_two_slips, ["gate_one_step_early", "slope_missing"]),
    ("matched_units", matched_cut_off, ["cut_off"]),
    ("matched_units", matched_rounded_up, ["rounded_up"]),
    ("matched_units", matched_without_rnn_bias, ["rnn_bias_left_out"]),
    ("matched_units", matched_without_bias, ["biases_left_out"]),
    ("matched_units", matched_with_torch_biases, ["two_biases"]),
    ("matched_units", matched_to_one_gate, ["one_gate"]),
    ("matched_units", matched_times_four, ["four_times_the_units"]),
    ("matched_units", matched_times_two, ["twice_the_units"]),
    ("matched_units", matched_by_root, ["root_of_count"]),
    ("matched_units", matched_and_counted_without_bias, ["count_without_bias"]),
    ("matched_units", matched_cut_off_without_bias, ["biases_left_out", "cut_off"]),
    ("paired_comparison", compared_other_way, ["other_way_round"]),
    ("paired_comparison", compared_without_signs, ["signs_lost"]),
    ("paired_comparison", compared_sorted, ["sorted_first"]),
    ("paired_comparison", compared_in_shares, ["relative"]),
    ("paired_comparison", compared_without_pairs, ["not_paired"]),
    ("paired_comparison", compared_with_numpy_std, ["divided_by_count"]),
    ("paired_comparison", compared_for_single_runs, ["spread_for_error"]),
    ("paired_comparison", compared_with_normal_factor, ["normal_factor"]),
    ("paired_comparison", compared_without_root, ["divided_without_root"]),
    ("paired_comparison", compared_by_variance_alone, ["variance"]),
    ("paired_comparison", compared_with_swapped_limits, ["limits_swapped"]),
    ("paired_comparison", compared_by_range, ["smallest_and_largest"]),
    ("paired_comparison", compared_with_two_slips, ["normal_factor", "other_way_round"]),
    ("paired_comparison", compared_with_numpy_and_normal, ["divided_by_count", "normal_factor"]),
]
