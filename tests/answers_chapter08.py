"""Answers to the exercises of chapter 08 as people write them: right ones and wrong ones."""

import numpy as np

from utils.activations import sigmoid
from utils.cells import GRUStepValues, GRUWeights, gru_step_backward
from utils.cells import gru_step as course_step

# --- right answers, written in different ways --------------------------------------------------


def step(x_t, h_prev, W_x, W_h, b, b_hn):
    x_r, x_z, x_n = np.split(x_t @ W_x + b, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W_h, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * (h_n + b_hn))
    return r, z, n, (1 - z) * n + z * h_prev


def step_by_slices(x_t, h_prev, W_x, W_h, b, b_hn):
    H = h_prev.shape[1]
    from_x, from_h = x_t @ W_x + b, h_prev @ W_h
    gates = 1 / (1 + np.exp(-(from_x[:, : 2 * H] + from_h[:, : 2 * H])))
    r, z = gates[:, :H], gates[:, H:]
    n = np.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :] + r * b_hn)
    return {"h_t": n + z * (h_prev - n), "reset_gate": r, "update_gate": z, "candidate": n}


def step_of_the_course(x_t, h_prev, W_x, W_h, b, b_hn):
    return course_step(x_t, h_prev, GRUWeights(W_x, W_h, b, b_hn))


def step_by_samples(x_t, h_prev, W_x, W_h, b, b_hn):
    rows = []
    for x, h in zip(x_t, h_prev, strict=True):
        W_hr, W_hz, W_hn = np.hsplit(W_h, 3)
        V_r, V_z, V_n = np.hsplit(W_x, 3)
        c_r, c_z, c_n = np.split(b, 3)
        r = sigmoid(V_r.T @ x + W_hr.T @ h + c_r)
        z = sigmoid(V_z.T @ x + W_hz.T @ h + c_z)
        n = np.tanh(V_n.T @ x + c_n + r * (W_hn.T @ h + b_hn))
        rows.append((r, z, n, (1 - z) * n + z * h))
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def step_as_lists(*arguments):
    return [value.tolist() for value in step(*arguments)]


def step_in_float32(*arguments):
    return step(*(a.astype(np.float32) for a in arguments))


def step_on_the_concatenation(x_t, h_prev, W_x, W_h, b, b_hn):
    H = len(b_hn)
    joined = np.concatenate([x_t, h_prev], axis=1)
    W = np.concatenate([W_x, W_h])[:, : 2 * H]
    r, z = np.split(sigmoid(joined @ W + b[: 2 * H]), 2, axis=1)
    n = np.tanh(x_t @ W_x[:, 2 * H :] + b[2 * H :] + r * (h_prev @ W_h[:, 2 * H :] + b_hn))
    return r, z, n, z * h_prev + (1 - z) * n


def before(x_t, h_prev, W_x, W_h, b):
    x_r, x_z, x_n = np.split(x_t @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r, z = sigmoid(x_r + h_prev @ W_hr), sigmoid(x_z + h_prev @ W_hz)
    n = np.tanh(x_n + (r * h_prev) @ W_hn)
    return n, (1 - z) * n + z * h_prev


def before_of_the_course(x_t, h_prev, W_x, W_h, b):
    weights = GRUWeights(W_x, W_h, b, np.zeros(h_prev.shape[1]))
    values = course_step(x_t, h_prev, weights, reset_after=False)
    return values.candidate, values.h_t


def before_by_slices(x_t, h_prev, W_x, W_h, b):
    H = h_prev.shape[-1]
    gates = sigmoid(x_t @ W_x[:, :-H] + h_prev @ W_h[:, :-H] + b[:-H])
    n = np.tanh(x_t @ W_x[:, -H:] + (gates[:, :H] * h_prev) @ W_h[:, -H:] + b[-H:])
    return {"candidate": n, "h_t": n - gates[:, H:] * (n - h_prev)}


def before_by_einsum(x_t, h_prev, W_x, W_h, b):
    a = np.einsum("bd,dk->bk", x_t, W_x) + b
    r, z, _ = np.split(sigmoid(a + np.einsum("bh,hk->bk", h_prev, W_h)), 3, axis=1)
    H = r.shape[1]
    n = np.tanh(a[:, 2 * H :] + np.einsum("bh,hk->bk", r * h_prev, W_h[:, 2 * H :]))
    return n, h_prev * z + n * (1 - z)


def before_as_lists(*arguments):
    return [value.tolist() for value in before(*arguments)]


def before_in_float32(*arguments):
    return before(*(a.astype(np.float32) for a in arguments))


def blend(d_h_t, h_prev, update_gate, candidate):
    z, n = update_gate, candidate
    return d_h_t * (h_prev - n) * z * (1 - z), d_h_t * (1 - z) * (1 - n**2), d_h_t * z


def blend_in_steps(d_h_t, h_prev, update_gate, candidate):
    d_n = d_h_t * (1 - update_gate)
    d_z = d_h_t * h_prev - d_h_t * candidate
    d_a_z = d_z * (update_gate - update_gate**2)
    d_a_n = d_n * (1 + candidate) * (1 - candidate)
    return {"d_h_direct": d_h_t * update_gate, "d_a_n": d_a_n, "d_a_z": d_a_z}


def blend_from_the_sums(d_h_t, h_prev, update_gate, candidate):
    a_z, a_n = np.log(update_gate / (1 - update_gate)), np.arctanh(candidate)
    d_a_n = d_h_t * (1 - update_gate) / np.cosh(a_n) ** 2
    d_a_z = d_h_t * (h_prev - candidate) * np.exp(-a_z) / (1 + np.exp(-a_z)) ** 2
    return d_a_z, d_a_n, d_h_t * update_gate


def blend_by_central_differences(d_h_t, h_prev, update_gate, candidate):
    a_z, a_n = np.log(update_gate / (1 - update_gate)), np.arctanh(candidate)

    def h_t(a_z, a_n, h):
        return (1 - sigmoid(a_z)) * np.tanh(a_n) + sigmoid(a_z) * h

    e = 1e-5
    d_a_z = (h_t(a_z + e, a_n, h_prev) - h_t(a_z - e, a_n, h_prev)) / (2 * e)
    d_a_n = (h_t(a_z, a_n + e, h_prev) - h_t(a_z, a_n - e, h_prev)) / (2 * e)
    d_h = (h_t(a_z, a_n, h_prev + e) - h_t(a_z, a_n, h_prev - e)) / (2 * e)
    return d_h_t * d_a_z, d_h_t * d_a_n, d_h_t * d_h


def blend_as_lists(*arguments):
    return [value.tolist() for value in blend(*arguments)]


def blend_in_float32(*arguments):
    return blend(*(a.astype(np.float32) for a in arguments))


def back(d_h_t, h_prev, reset_gate, update_gate, candidate, W_h, b_hn):
    r, W_hr, W_hz, W_hn = reset_gate, *np.split(W_h, 3, axis=1)
    d_a_z, d_a_n, d_h_direct = blend(d_h_t, h_prev, update_gate, candidate)
    d_a_r = d_a_n * (h_prev @ W_hn + b_hn) * r * (1 - r)
    d_q = d_a_n * r
    d_h_prev = d_h_direct + d_a_r @ W_hr.T + d_a_z @ W_hz.T + d_q @ W_hn.T
    d_W_h = np.concatenate([h_prev.T @ d for d in (d_a_r, d_a_z, d_q)], axis=1)
    d_b = np.concatenate([d_a_r, d_a_z, d_a_n], axis=1).sum(axis=0)
    return d_a_r, d_a_z, d_a_n, d_h_prev, d_W_h, d_b, d_q.sum(axis=0)


def back_in_one_product(d_h_t, h_prev, reset_gate, update_gate, candidate, W_h, b_hn):
    H = len(b_hn)
    r, z, n = reset_gate, update_gate, candidate
    d_a = np.zeros((len(r), 3 * H))
    d_a[:, 2 * H :] = d_h_t * (1 - z) * (1 - n * n)
    d_a[:, H : 2 * H] = d_h_t * (h_prev - n) * (z - z * z)
    d_a[:, :H] = d_a[:, 2 * H :] * (h_prev @ W_h[:, 2 * H :] + b_hn) * (r - r * r)
    d_from_h = d_a.copy()
    d_from_h[:, 2 * H :] *= r
    return {
        "d_a_r": d_a[:, :H],
        "d_a_z": d_a[:, H : 2 * H],
        "d_a_n": d_a[:, 2 * H :],
        "d_h_prev": d_h_t * z + d_from_h @ W_h.T,
        "d_W_h": h_prev.T @ d_from_h,
        "d_b": d_a.sum(axis=0),
        "d_b_hn": d_from_h[:, 2 * H :].sum(axis=0),
    }


def back_of_the_course(d_h_t, h_prev, reset_gate, update_gate, candidate, W_h, b_hn):
    B, H = h_prev.shape
    weights = GRUWeights(np.zeros((1, 3 * H)), W_h, np.zeros(3 * H), b_hn)
    h_t = (1 - update_gate) * candidate + update_gate * h_prev
    values = GRUStepValues(reset_gate, update_gate, candidate, h_t)
    one = np.eye(B)  # x_t that shows the gradient of every sum: d_W_x is d_a then
    weights = weights._replace(W_x=np.zeros((B, 3 * H)))
    found = gru_step_backward(d_h_t, one, h_prev, values, weights)
    d_a_r, d_a_z, d_a_n = np.split(found.d_W_x, 3, axis=1)
    return d_a_r, d_a_z, d_a_n, found.d_h_prev, found.d_W_h, found.d_b, found.d_b_hn


def back_by_samples(d_h_t, h_prev, reset_gate, update_gate, candidate, W_h, b_hn):
    B, H = h_prev.shape
    d_as, d_hs = np.zeros((3, B, H)), np.zeros((B, H))
    d_W_h, d_b, d_b_hn = np.zeros((H, 3 * H)), np.zeros(3 * H), np.zeros(H)
    W = [W_h[:, k * H : (k + 1) * H] for k in range(3)]
    for i in range(B):
        d, h, r, z, n = d_h_t[i], h_prev[i], reset_gate[i], update_gate[i], candidate[i]
        a_n = d * (1 - z) * (1 - n**2)
        a_z = d * (h - n) * z * (1 - z)
        a_r = a_n * (W[2].T @ h + b_hn) * r * (1 - r)
        d_as[:, i] = a_r, a_z, a_n
        d_hs[i] = d * z + W[0] @ a_r + W[1] @ a_z + W[2] @ (r * a_n)
        d_W_h += np.hstack([np.outer(h, a_r), np.outer(h, a_z), np.outer(h, r * a_n)])
        d_b += np.hstack([a_r, a_z, a_n])
        d_b_hn += r * a_n
    return *d_as, d_hs, d_W_h, d_b, d_b_hn


def back_as_lists(*arguments):
    return [value.tolist() for value in back(*arguments)]


def back_in_float32(*arguments):
    return back(*(a.astype(np.float32) for a in arguments))


def convert(V_x, V_h, b_x, b_h):
    def reordered(other):
        z, r, n = np.split(other, 3, axis=-1)
        return np.concatenate([r, -z, n], axis=-1)

    H = len(b_h) // 3
    b = b_x + b_h
    b[2 * H :] = b_x[2 * H :]
    return reordered(V_x), reordered(V_h), reordered(b), b_h[2 * H :]


def convert_by_indices(V_x, V_h, b_x, b_h):
    H = len(b_h) // 3
    places = np.r_[H : 2 * H, 0:H, 2 * H : 3 * H]
    sign = np.repeat([1, -1, 1], H)
    b = np.append((b_x + b_h)[: 2 * H], b_x[2 * H :])
    W_x, W_h, b = (a[..., places] * sign for a in (V_x, V_h, b))
    return {"b_hn": b_h[-H:], "b": b, "W_h": W_h, "W_x": W_x}


def convert_by_a_matrix(V_x, V_h, b_x, b_h):
    H = len(V_h)
    P = np.kron(np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]), np.eye(H))
    gates = np.diag(np.repeat([1.0, 1.0, 0.0], H))
    return V_x @ P, V_h @ P, (b_x + b_h @ gates) @ P, b_h[2 * H : 3 * H]


def convert_by_reshaping(V_x, V_h, b_x, b_h):
    def turned(other):
        blocks = other.reshape(*other.shape[:-1], 3, -1)[..., [1, 0, 2], :].copy()
        blocks[..., 1, :] *= -1
        return blocks.reshape(other.shape)

    mask = np.array([[1.0], [1.0], [0.0]])
    b = b_x + (b_h.reshape(3, -1) * mask).ravel()
    return turned(V_x), turned(V_h), turned(b), b_h.reshape(3, -1)[2]


def convert_in_place_of_copies(V_x, V_h, b_x, b_h):
    H = V_h.shape[0]
    found = []
    for other in (V_x, V_h):
        mine = np.empty_like(other)
        mine[:, :H], mine[:, H : 2 * H], mine[:, 2 * H :] = np.split(other, 3, axis=1)
        mine[:, :H], mine[:, H : 2 * H] = mine[:, H : 2 * H].copy(), -mine[:, :H]
        found.append(mine)
    z_x, r_x, n_x = np.split(b_x, 3)
    z_h, r_h, n_h = np.split(b_h, 3)
    return *found, np.hstack([r_x + r_h, -z_x - z_h, n_x]), n_h


def convert_as_lists(*arguments):
    return [value.tolist() for value in convert(*arguments)]


RIGHT = {
    "gru_step": [
        step,
        step_by_slices,
        step_of_the_course,
        step_by_samples,
        step_as_lists,
        step_in_float32,
        step_on_the_concatenation,
    ],
    "reset_before": [
        before,
        before_of_the_course,
        before_by_slices,
        before_by_einsum,
        before_as_lists,
        before_in_float32,
    ],
    "blend_back": [
        blend,
        blend_in_steps,
        blend_from_the_sums,
        blend_by_central_differences,
        blend_as_lists,
        blend_in_float32,
    ],
    "gru_back": [
        back,
        back_in_one_product,
        back_of_the_course,
        back_by_samples,
        back_as_lists,
        back_in_float32,
    ],
    "other_convention": [
        convert,
        convert_by_indices,
        convert_by_a_matrix,
        convert_by_reshaping,
        convert_in_place_of_copies,
        convert_as_lists,
    ],
}

# --- wrong answers, as people write them -------------------------------------------------------


def step_with_z_swapped(x_t, h_prev, *weights):
    r, z, n, _ = step(x_t, h_prev, *weights)
    return r, z, n, z * n + (1 - z) * h_prev


def step_with_reset_before(x_t, h_prev, W_x, W_h, b, b_hn):
    r, z, _, _ = step(x_t, h_prev, W_x, W_h, b, b_hn)
    H = len(b_hn)
    n = np.tanh(x_t @ W_x[:, 2 * H :] + b[2 * H :] + (r * h_prev) @ W_h[:, 2 * H :] + b_hn)
    return r, z, n, (1 - z) * n + z * h_prev


def step_with_reset_before_and_no_b_hn(x_t, h_prev, W_x, W_h, b, b_hn):
    r, z, _, _ = step(x_t, h_prev, W_x, W_h, b, b_hn)
    return r, z, *before(x_t, h_prev, W_x, W_h, b)


def step_with_b_hn_outside(x_t, h_prev, W_x, W_h, b, b_hn):
    x_r, x_z, x_n = np.split(x_t @ W_x + b, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W_h, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n + b_hn)
    return r, z, n, (1 - z) * n + z * h_prev


def step_without_b_hn(*arguments):
    return step(*arguments[:-1], 0 * arguments[-1])


def step_with_update_first(x_t, h_prev, W_x, W_h, b, b_hn):
    x_z, x_r, x_n = np.split(x_t @ W_x + b, 3, axis=1)
    h_z, h_r, h_n = np.split(h_prev @ W_h, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * (h_n + b_hn))
    return r, z, n, (1 - z) * n + z * h_prev


def step_with_candidate_first(x_t, h_prev, W_x, W_h, b, b_hn):
    x_n, x_r, x_z = np.split(x_t @ W_x + b, 3, axis=1)
    h_n, h_r, h_z = np.split(h_prev @ W_h, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * (h_n + b_hn))
    return r, z, n, (1 - z) * n + z * h_prev


def step_with_all_reset(x_t, h_prev, W_x, W_h, b, b_hn):
    x_r, x_z, x_n = np.split(x_t @ W_x + b, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W_h, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(r * (x_n + h_n + b_hn))
    return r, z, n, (1 - z) * n + z * h_prev


def step_with_two_faults(x_t, h_prev, W_x, W_h, b, b_hn):
    r, z, n, _ = step_with_b_hn_outside(x_t, h_prev, W_x, W_h, b, b_hn)
    return r, z, n, z * n + (1 - z) * h_prev


def step_with_tanh_at_the_end(*arguments):
    r, z, n, h_t = step(*arguments)
    return r, z, n, np.tanh(h_t)


def before_with_reset_after(x_t, h_prev, W_x, W_h, b):
    return step(x_t, h_prev, W_x, W_h, b, np.zeros(h_prev.shape[1]))[2:]


def before_with_one_name(x_t, h_prev, W_x, W_h, b):
    x_r, x_z, x_n = np.split(x_t @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r, z = sigmoid(x_r + h_prev @ W_hr), sigmoid(x_z + h_prev @ W_hz)
    h_prev = r * h_prev
    n = np.tanh(x_n + h_prev @ W_hn)
    return n, (1 - z) * n + z * h_prev


def before_with_late_update_gate(x_t, h_prev, W_x, W_h, b):
    x_r, x_z, x_n = np.split(x_t @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = sigmoid(x_r + h_prev @ W_hr)
    h_reset = r * h_prev
    z = sigmoid(x_z + h_reset @ W_hz)
    n = np.tanh(x_n + h_reset @ W_hn)
    return n, (1 - z) * n + z * h_prev


def before_with_z_swapped(x_t, h_prev, W_x, W_h, b):
    n, h_t = before(x_t, h_prev, W_x, W_h, b)
    return n, n + h_prev - h_t


def before_without_reset(x_t, h_prev, W_x, W_h, b):
    _, x_z, x_n = np.split(x_t @ W_x + b, 3, axis=1)
    _, h_z, h_n = np.split(h_prev @ W_h, 3, axis=1)
    z, n = sigmoid(x_z + h_z), np.tanh(x_n + h_n)
    return n, (1 - z) * n + z * h_prev


def blend_of_the_other_convention(d_h_t, h_prev, update_gate, candidate):
    z, n = update_gate, candidate
    return d_h_t * (n - h_prev) * z * (1 - z), d_h_t * z * (1 - n**2), d_h_t * (1 - z)


def blend_without_slopes(d_h_t, h_prev, update_gate, candidate):
    return d_h_t * (h_prev - candidate), d_h_t * (1 - update_gate), d_h_t * update_gate


def blend_with_tanh_slope_of_z(d_h_t, h_prev, update_gate, candidate):
    z, n = update_gate, candidate
    return d_h_t * (h_prev - n) * (1 - z**2), d_h_t * (1 - z) * (1 - n**2), d_h_t * z


def blend_without_candidate(d_h_t, h_prev, update_gate, candidate):
    z, n = update_gate, candidate
    return d_h_t * h_prev * z * (1 - z), d_h_t * (1 - z) * (1 - n**2), d_h_t * z


def blend_turned_and_unsloped(d_h_t, h_prev, update_gate, candidate):
    z, n = update_gate, candidate
    return d_h_t * (n - h_prev), d_h_t * (1 - z) * (1 - n**2), d_h_t * z


def changed_back(change):
    """Make the right way back with some of its pieces replaced."""

    def learner(d_h_t, h_prev, reset_gate, update_gate, candidate, W_h, b_hn):
        r, (W_hr, W_hz, W_hn) = reset_gate, np.split(W_h, 3, axis=1)
        d_a_z, d_a_n, d_direct = blend(d_h_t, h_prev, update_gate, candidate)
        pieces = {"d_a_r": d_a_n * (h_prev @ W_hn + b_hn) * r * (1 - r)}
        pieces |= {"d_a_z": d_a_z, "d_a_n": d_a_n, "d_direct": d_direct, "d_q": d_a_n * r}
        pieces |= {"W_hr": W_hr, "W_hz": W_hz, "W_hn": W_hn, "r": r, "h_prev": h_prev}
        pieces |= {"b_hn": b_hn, "to_b": d_a_n}
        pieces |= change(pieces)
        p = pieces
        d_h_prev = p["d_direct"] + p["d_a_r"] @ p["W_hr"].T + p["d_a_z"] @ p["W_hz"].T
        blocks = p["d_a_r"], p["d_a_z"], p["d_q"]
        d_W_h = p.get("d_W_h", np.hstack([h_prev.T @ block for block in blocks]))
        d_b = p.get("d_b", np.hstack([*blocks[:2], p["to_b"]]).sum(axis=0))
        d_b_hn = p.get("d_b_hn", p["d_q"].sum(axis=0))
        last = p.get("path_n", p["d_q"] @ p["W_hn"].T)
        return p["d_a_r"], p["d_a_z"], p["d_a_n"], d_h_prev + last, d_W_h, d_b, d_b_hn

    return learner


@changed_back
def back_without_direct_path(p):
    return {"d_direct": 0 * p["d_direct"]}


@changed_back
def back_without_candidate_path(p):
    return {"path_n": 0 * p["d_direct"]}


@changed_back
def back_without_reset_in_candidate(p):
    return {"d_q": p["d_a_n"]}


@changed_back
def back_not_transposed(p):
    return {
        **{name: p[name].T for name in ("W_hr", "W_hz", "W_hn")},
        "d_a_r": p["d_a_r"],
    }


@changed_back
def back_through_b_hn_outside(p):
    r = p["r"]
    return {
        "d_a_r": p["d_a_n"] * (p["h_prev"] @ p["W_hn"]) * r * (1 - r),
        "d_b_hn": p["d_a_n"].sum(axis=0),
    }


@changed_back
def back_with_bias_rows(p):
    return {"d_b": np.hstack([p["d_a_r"], p["d_a_z"], p["d_a_n"]]), "d_b_hn": p["d_q"]}


@changed_back
def back_with_reset_in_b(p):
    return {"to_b": p["d_q"]}


@changed_back
def back_with_slope_of_tanh(p):
    r = p["r"]
    return {"d_a_r": p["d_a_n"] * (p["h_prev"] @ p["W_hn"] + p["b_hn"]) * (1 - r**2)}


@changed_back
def back_of_reset_before(p):
    r, d_reset_h = p["r"], p["d_a_n"] @ p["W_hn"].T
    d_a_r = d_reset_h * p["h_prev"] * r * (1 - r)
    h = p["h_prev"]
    return {
        "d_a_r": d_a_r,
        "path_n": d_reset_h * r,
        "d_W_h": np.hstack([h.T @ d_a_r, h.T @ p["d_a_z"], (r * h).T @ p["d_a_n"]]),
        "d_b_hn": np.zeros(h.shape[1]),
    }


@changed_back
def back_of_reset_before_but_for_b_hn(p):
    changed = {"path_n": (p["d_a_n"] @ p["W_hn"].T) * p["r"]}
    blocks = [p["h_prev"].T @ p["d_a_r"], p["h_prev"].T @ p["d_a_z"]]
    changed["d_W_h"] = np.hstack([*blocks, (p["r"] * p["h_prev"]).T @ p["d_a_n"]])
    return changed


@changed_back
def back_with_update_first(p):
    h = p["h_prev"]
    blocks = p["d_a_z"], p["d_a_r"]
    return {
        "d_W_h": np.hstack([*(h.T @ block for block in blocks), h.T @ p["d_q"]]),
        "d_b": np.hstack([*blocks, p["d_a_n"]]).sum(axis=0),
    }


def back_of_the_other_convention(d_h_t, h_prev, r, z, n, W_h, b_hn):
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    d_a_n = d_h_t * z * (1 - n**2)
    d_a_z = d_h_t * (n - h_prev) * z * (1 - z)
    d_a_r = d_a_n * (h_prev @ W_hn + b_hn) * r * (1 - r)
    d_q = d_a_n * r
    d_h_prev = d_h_t * (1 - z) + d_a_r @ W_hr.T + d_a_z @ W_hz.T + d_q @ W_hn.T
    d_W_h = np.hstack([h_prev.T @ d_a_r, h_prev.T @ d_a_z, h_prev.T @ d_q])
    d_b = np.hstack([d_a_r, d_a_z, d_a_n]).sum(axis=0)
    return d_a_r, d_a_z, d_a_n, d_h_prev, d_W_h, d_b, d_q.sum(axis=0)


@changed_back
def back_wrong_twice(p):
    return {"d_direct": 0 * p["d_direct"], "to_b": p["d_q"]}


def convert_without_order(V_x, V_h, b_x, b_h):
    H = len(b_h) // 3
    sign = np.repeat([-1, 1, 1], H)
    b = np.append((b_x + b_h)[: 2 * H], b_x[2 * H :])
    return V_x * sign, V_h * sign, b * sign, b_h[2 * H :]


def convert_without_sign(V_x, V_h, b_x, b_h):
    H = len(b_h) // 3
    places = np.r_[H : 2 * H, 0:H, 2 * H : 3 * H]
    b = np.append((b_x + b_h)[: 2 * H], b_x[2 * H :])
    return V_x[:, places], V_h[:, places], b[places], b_h[2 * H :]


def convert_with_one_minus(V_x, V_h, b_x, b_h):
    W_x, W_h, b, b_hn = convert_without_sign(V_x, V_h, b_x, b_h)
    H = len(b_hn)
    W_x[:, H : 2 * H] = 1 - W_x[:, H : 2 * H]
    W_h[:, H : 2 * H] = 1 - W_h[:, H : 2 * H]
    b[H : 2 * H] = 1 - b[H : 2 * H]
    return W_x, W_h, b, b_hn


def convert_without_sign_of_bias(V_x, V_h, b_x, b_h):
    W_x, W_h, _, b_hn = convert(V_x, V_h, b_x, b_h)
    return W_x, W_h, convert_without_sign(V_x, V_h, b_x, b_h)[2], b_hn


def convert_with_sign_of_reset(V_x, V_h, b_x, b_h):
    W_x, W_h, b, b_hn = convert_without_sign(V_x, V_h, b_x, b_h)
    sign = np.repeat([-1, 1, 1], len(b_hn))
    return W_x * sign, W_h * sign, b * sign, b_hn


def convert_with_biases_summed(V_x, V_h, b_x, b_h):
    W_x, W_h, b, b_hn = convert(V_x, V_h, b_x, b_h)
    b[2 * len(b_hn) :] += b_hn
    return W_x, W_h, b, 0 * b_hn


def convert_without_second_bias(V_x, V_h, b_x, b_h):
    W_x, W_h, _, b_hn = convert(V_x, V_h, b_x, b_h)
    return W_x, W_h, convert(V_x, V_h, b_x, 0 * b_h)[2], b_hn


def convert_with_two_faults(V_x, V_h, b_x, b_h):
    W_x, W_h, b, b_hn = convert_without_sign(V_x, V_h, b_x, b_h)
    return W_x, W_h, b, b_x[2 * len(b_hn) :]


WRONG = [
    ("gru_step", step_with_z_swapped, ["blend_swapped"]),
    ("gru_step", step_with_reset_before, ["reset_before"]),
    ("gru_step", step_with_reset_before_and_no_b_hn, ["b_hn_forgotten", "reset_before"]),
    ("gru_step", step_with_b_hn_outside, ["b_hn_outside"]),
    ("gru_step", step_without_b_hn, ["b_hn_forgotten"]),
    ("gru_step", step_with_update_first, ["blocks_urc"]),
    ("gru_step", step_with_candidate_first, ["blocks_cru"]),
    ("gru_step", step_with_all_reset, ["reset_times_everything"]),
    ("gru_step", step_with_two_faults, ["b_hn_outside", "blend_swapped"]),
    ("gru_step", step_with_tanh_at_the_end, ["tanh_of_blend"]),
    ("reset_before", before_with_reset_after, ["reset_after"]),
    ("reset_before", before_with_one_name, ["old_state_reset"]),
    ("reset_before", before_with_late_update_gate, ["gate_of_reset_state"]),
    ("reset_before", before_with_z_swapped, ["blend_swapped"]),
    ("reset_before", before_without_reset, ["reset_ignored"]),
    ("blend_back", blend_of_the_other_convention, ["blend_swapped"]),
    ("blend_back", blend_without_slopes, ["slope_n_missing", "slope_z_missing"]),
    ("blend_back", blend_with_tanh_slope_of_z, ["slope_z_of_tanh"]),
    ("blend_back", blend_without_candidate, ["gap_without_candidate"]),
    ("blend_back", blend_turned_and_unsloped, ["gap_turned", "slope_z_missing"]),
    ("gru_back", back_without_direct_path, ["path_direct_missing"]),
    ("gru_back", back_without_candidate_path, ["path_n_missing"]),
    ("gru_back", back_without_reset_in_candidate, ["reset_missing_on_the_way"]),
    ("gru_back", back_not_transposed, ["not_transposed"]),
    ("gru_back", back_through_b_hn_outside, ["b_hn_outside"]),
    ("gru_back", back_with_bias_rows, ["b_hn_not_summed", "b_not_summed"]),
    ("gru_back", back_with_reset_in_b, ["b_with_reset"]),
    ("gru_back", back_with_slope_of_tanh, ["slope_r_of_tanh"]),
    ("gru_back", back_of_reset_before, ["reset_before"]),
    (
        "gru_back",
        back_of_reset_before_but_for_b_hn,
        ["W_hn_with_reset_state", "path_n_reset_last"],
    ),
    ("gru_back", back_with_update_first, ["blocks_out_urc"]),
    ("gru_back", back_of_the_other_convention, ["blend_swapped"]),
    ("gru_back", back_wrong_twice, ["b_with_reset", "path_direct_missing"]),
    ("other_convention", convert_without_order, ["order_kept"]),
    ("other_convention", convert_without_sign, ["sign_kept"]),
    ("other_convention", convert_with_one_minus, ["one_minus_weights"]),
    ("other_convention", convert_without_sign_of_bias, ["sign_kept_b"]),
    ("other_convention", convert_with_sign_of_reset, ["sign_of_reset"]),
    ("other_convention", convert_with_biases_summed, ["b_hn_zero", "biases_all_summed"]),
    ("other_convention", convert_without_second_bias, ["second_bias_ignored"]),
    ("other_convention", convert_with_two_faults, ["b_hn_of_b_x", "sign_kept"]),
]
