"""Answers to the exercises of chapter 05 as people write them: right ones and wrong ones."""

import numpy as np

from utils.cells import OutputWeights, RNNWeights
from utils.classifier import SequenceClassifier
from utils.clipping import clip_by_global_norm, clip_by_value, global_norm
from utils.jacobians import jacobian_products
from utils.losses import softmax
from utils.optim import SGD

# --- right answers, written in different ways --------------------------------------------------


def step(x_t, h_prev, W_xh, W_hh, b_h):
    h_t = np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    return h_t, W_hh * (1 - h_t**2)


def step_by_diag(x_t, h_prev, W_xh, W_hh, b_h):
    h_t = np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    return {"h_t": h_t, "J_t": W_hh @ np.diag(1 - h_t**2)}


def step_by_columns(x_t, h_prev, W_xh, W_hh, b_h):
    h_t = np.tanh(W_xh.T @ x_t + W_hh.T @ h_prev + b_h)
    return h_t, (np.diag(1 - h_t**2) @ W_hh.T).T


def step_by_loops(x_t, h_prev, W_xh, W_hh, b_h):
    H = len(b_h)
    z = [sum(x_t * W_xh[:, j]) + sum(h_prev * W_hh[:, j]) + b_h[j] for j in range(H)]
    h = [float(np.tanh(value)) for value in z]
    return h, [[W_hh[i, j] * (1 - h[j] ** 2) for j in range(H)] for i in range(H)]


def step_in_float32(*arrays):
    return step(*(a.astype(np.float32) for a in arrays))


def step_by_cosh(x_t, h_prev, W_xh, W_hh, b_h):
    z_t = x_t @ W_xh + h_prev @ W_hh + b_h
    return np.tanh(z_t), W_hh / np.cosh(z_t) ** 2


def step_by_central_differences(x_t, h_prev, W_xh, W_hh, b_h):
    def run(h):
        return np.tanh(x_t @ W_xh + h @ W_hh + b_h)

    rows = [(run(h_prev + e) - run(h_prev - e)) / 2e-5 for e in 1e-5 * np.eye(len(h_prev))]
    return run(h_prev), np.array(rows)


def norms(Js):
    product, sizes = np.eye(Js.shape[1]), [1.0]
    for J in Js[::-1]:
        product = J @ product
        sizes.append(np.linalg.norm(product, 2))
    return np.array(sizes[::-1])


def norms_by_svd(Js):
    products = jacobian_products(Js[:, None])[:, 0]
    return np.linalg.svd(products, compute_uv=False)[:, 0]


def norms_from_scratch(Js):
    T, H, _ = Js.shape
    sizes = []
    for t in range(T + 1):
        product = np.eye(H)
        for k in range(t, T):
            product = product @ Js[k]
        sizes.append(float(np.linalg.norm(product, ord=2)))
    return sizes


def norms_by_transposes(Js):
    product, sizes = np.eye(Js.shape[1]), [1.0]
    for J in reversed(Js):
        product = product @ J.T  # as a gradient travels
        sizes.insert(0, np.linalg.norm(product, 2))
    return sizes


def norms_by_eigenvalues(Js):
    products = jacobian_products(Js[:, None])[:, 0]
    return np.sqrt([np.linalg.eigvalsh(P @ P.T).max() for P in products])


def norms_into_an_array(Js):
    T, H, _ = Js.shape
    sizes, product = np.zeros(T + 1), np.eye(H)
    for t in range(T, -1, -1):
        sizes[t] = np.linalg.svd(product)[1].max()
        if t > 0:
            product = Js[t - 1] @ product
    return sizes


def norms_in_float32(Js):
    return norms(Js.astype(np.float32))


def split(d_h_last, hs, h_0, W_hh, near):
    T, H = len(hs), len(W_hh)
    G, d_h = np.zeros((T, H, H)), d_h_last
    for t in reversed(range(T)):
        d_z = d_h * (1 - hs[t] ** 2)
        G[t] = (hs[t - 1] if t else h_0).T @ d_z
        d_h = d_z @ W_hh.T
    return G, G[-near:].sum(axis=0), G[:-near].sum(axis=0)


def split_by_einsum(d_h_last, hs, h_0, W_hh, near):
    came_in, d_h, d_zs = np.concatenate([h_0[None], hs[:-1]]), d_h_last, []
    for h_t in hs[::-1]:
        d_zs.append(d_h * (1 - h_t * h_t))
        d_h = d_zs[-1] @ W_hh.T
    G = np.einsum("tbi,tbj->tij", came_in, np.array(d_zs[::-1]))
    return {"G": G, "near_part": np.sum(G[len(G) - near :], 0), "far_part": np.sum(G[:-near], 0)}


def split_as_lists(d_h_last, hs, h_0, W_hh, near):
    states, d_h, G = [h_0, *hs], d_h_last, []
    for h_prev, h_t in zip(states[-2::-1], states[:0:-1], strict=True):
        d_z = d_h * (1 - h_t**2)
        G.insert(0, h_prev.T @ d_z)
        d_h = (W_hh @ d_z.T).T
    return G, sum(G[-near:]), sum(G[:-near])


def split_by_outer(d_h_last, hs, h_0, W_hh, near):
    T, B, H = hs.shape
    G = np.zeros((T, H, H))
    for b in range(B):
        d_h = d_h_last[b]
        for t in range(T - 1, -1, -1):
            d_z = d_h * (1 - hs[t, b] ** 2)
            G[t] += np.outer(hs[t - 1, b] if t > 0 else h_0[b], d_z)
            d_h = W_hh @ d_z
    near_part = G[T - near :].sum(axis=0)
    return G, near_part, G.sum(axis=0) - near_part


def split_by_jacobians(d_h_last, hs, h_0, W_hh, near):
    Js = W_hh * (1 - hs**2)[:, :, None, :]  # (T, B, H, H)
    back = jacobian_products(Js)[1:]
    d_hs = np.einsum("tbij,bj->tbi", back, d_h_last)
    states = np.concatenate([h_0[None], hs[:-1]])
    G = np.swapaxes(states, 1, 2) @ (d_hs * (1 - hs**2))
    return G, G[-near:].sum(0), G[:-near].sum(0)


def split_in_float32(d_h_last, hs, h_0, W_hh, near):
    return split(*(a.astype(np.float32) for a in (d_h_last, hs, h_0, W_hh)), near)


def angle(a, b):
    return np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)))


def flat(gradients):
    values = gradients.values() if isinstance(gradients, dict) else gradients
    return np.concatenate([np.ravel(g) for g in values])


def angles(d_W_xh, d_W_hh, d_b_h, limit, max_norm):
    g = {"d_W_xh": d_W_xh, "d_W_hh": d_W_hh, "d_b_h": d_b_h}
    each = {n: clip_by_global_norm({n: v}, max_norm).gradients[n] for n, v in g.items()}
    ways = clip_by_value(g, limit), each, clip_by_global_norm(g, max_norm).gradients
    return np.array([angle(flat(g), flat(way)) for way in ways])


def angles_by_hand(d_W_xh, d_W_hh, d_b_h, limit, max_norm):
    parts = [d_W_xh.ravel(), d_W_hh.ravel(), d_b_h]
    whole = np.concatenate(parts)
    value = np.where(np.abs(whole) > limit, limit * np.sign(whole), whole)
    each = np.concatenate([p * min(1, max_norm / np.sqrt(np.sum(p**2))) for p in parts])
    together = whole * min(1, max_norm / np.sqrt(np.sum(whole**2)))
    return [angle(whole, way) for way in (value, each, together)]


def angles_by_tangent(*arguments):
    *gradients, limit, max_norm = arguments
    before, found = flat(gradients), []
    each = [g / max(1.0, np.linalg.norm(g) / max_norm) for g in gradients]
    for after in (
        np.maximum(np.minimum(before, limit), -limit),
        flat(each),
        before / max(1, np.linalg.norm(before) / max_norm),
    ):
        along = (before @ after) / (before @ before) * before
        found.append(np.arctan2(np.linalg.norm(after - along), np.linalg.norm(along)))
    return np.rad2deg(found)


def angles_by_formula(d_W_xh, d_W_hh, d_b_h, limit, max_norm):
    by_value, each, _ = angles(d_W_xh, d_W_hh, d_b_h, limit, max_norm)
    return float(by_value), float(each), 0.0  # one factor for all never turns


def angles_of_units(*arguments):
    *gradients, limit, max_norm = arguments
    before = flat(gradients)
    ways = (
        np.clip(before, -limit, limit),
        flat([np.array(g) * min(1, max_norm / np.linalg.norm(g)) for g in gradients]),
        before * min(1, max_norm / np.linalg.norm(before)),
    )
    units = [way / np.linalg.norm(way) for way in ways]
    chords = [np.linalg.norm(unit - before / np.linalg.norm(before)) for unit in units]
    return 2 * np.arcsin(np.array(chords) / 2) * 180 / np.pi


def run(xs, targets, W_xh, W_hh, b_h, W_hy, b_y, learning_rate, max_norm):
    cell = RNNWeights(W_xh.copy(), W_hh.copy(), b_h.copy())
    model = SequenceClassifier(cell, OutputWeights(W_hy.copy(), b_y.copy()))
    optimiser, losses, lengths = SGD(learning_rate), [], []
    for x, target in zip(xs, targets, strict=True):
        result = model.loss_and_gradients(x, target)
        clipped = clip_by_global_norm(result.gradients, max_norm)
        optimiser.step(model.weights, clipped.gradients)
        losses.append(result.loss)
        lengths.append(clipped.norm)
    return losses, lengths, model.weights["W_hh"]


def model_and_weights(arrays):
    copies = [np.array(a) for a in arrays]
    model = SequenceClassifier(RNNWeights(*copies[:3]), OutputWeights(*copies[3:]))
    return model, model.weights


def run_with_own_clipping(xs, targets, *rest):
    *arrays, learning_rate, max_norm = rest
    model, weights = model_and_weights(arrays)
    losses, lengths = np.zeros(len(xs)), np.zeros(len(xs))
    for n in range(len(xs)):
        losses[n], gradients, *_ = model.loss_and_gradients(xs[n], targets[n])
        lengths[n] = np.sqrt(sum((g**2).sum() for g in gradients.values()))
        factor = max_norm / lengths[n] if lengths[n] > max_norm else 1.0
        for name, value in weights.items():
            value -= learning_rate * factor * gradients[f"d_{name}"]
    return {"losses": losses, "norms": lengths, "W_hh_new": weights["W_hh"]}


def run_with_shorter_rate(xs, targets, *rest):
    *arrays, learning_rate, max_norm = rest
    model, weights = model_and_weights(arrays)
    found = []
    for x, target in zip(xs, targets, strict=True):
        result = model.loss_and_gradients(x, target)
        norm = global_norm(result.gradients)
        SGD(learning_rate * min(1.0, max_norm / norm)).step(weights, result.gradients)
        found.append((result.loss, norm))
    losses, lengths = zip(*found, strict=True)
    return losses, lengths, weights["W_hh"]


def run_with_new_models(xs, targets, *rest):
    *arrays, learning_rate, max_norm = rest
    losses, lengths = [], []
    for n, x in enumerate(xs):
        model = SequenceClassifier(RNNWeights(*arrays[:3]), OutputWeights(*arrays[3:]))
        result = model.loss_and_gradients(x, targets[n])
        clipped = clip_by_global_norm(result.gradients, max_norm)
        arrays = [
            w - learning_rate * clipped.gradients[f"d_{name}"] for name, w in model.weights.items()
        ]
        losses.append(float(result.loss))
        lengths.append(clipped.norm)
    return np.array(losses), np.array(lengths), arrays[1].tolist()


def run_written_out(xs, targets, W_xh, W_hh, b_h, W_hy, b_y, learning_rate, max_norm):
    losses, lengths, B = [], [], targets.shape[1]
    for x, target in zip(xs, targets, strict=True):
        states = [np.zeros((B, len(b_h)))]
        for x_t in x:
            states.append(np.tanh(W_xh[x_t] + states[-1] @ W_hh + b_h))
        p = softmax(states[-1] @ W_hy + b_y)
        losses.append(-np.log(p[np.arange(B), target]).mean())
        d_o = (p - np.eye(len(b_y))[target]) / B
        d_h, d_W_hy, d_b_y = d_o @ W_hy.T, states[-1].T @ d_o, d_o.sum(axis=0)
        d_W_xh, d_W_hh, d_b_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
        for t in range(len(x), 0, -1):
            d_z = d_h * (1 - states[t] ** 2)
            np.add.at(d_W_xh, x[t - 1], d_z)
            d_W_hh, d_b_h = d_W_hh + states[t - 1].T @ d_z, d_b_h + d_z.sum(axis=0)
            d_h = d_z @ W_hh.T
        gradients = (d_W_xh, d_W_hh, d_b_h, d_W_hy, d_b_y)
        lengths.append(np.linalg.norm(np.concatenate([g.ravel() for g in gradients])))
        by = learning_rate * min(1, max_norm / lengths[-1])
        weights = (W_xh, W_hh, b_h, W_hy, b_y)
        W_xh, W_hh, b_h, W_hy, b_y = (w - by * g for w, g in zip(weights, gradients, strict=True))
    return losses, lengths, W_hh


RIGHT = {
    "step_jacobian": [
        step,
        step_by_diag,
        step_by_columns,
        step_by_loops,
        step_in_float32,
        step_by_cosh,
        step_by_central_differences,
    ],
    "backward_norms": [
        norms,
        norms_by_svd,
        norms_from_scratch,
        norms_by_transposes,
        norms_by_eigenvalues,
        norms_into_an_array,
        norms_in_float32,
    ],
    "split_gradient": [
        split,
        split_by_einsum,
        split_as_lists,
        split_by_outer,
        split_by_jacobians,
        split_in_float32,
    ],
    "turned_angles": [
        angles,
        angles_by_hand,
        angles_by_tangent,
        angles_by_formula,
        angles_of_units,
    ],
    "repaired_run": [
        run,
        run_with_own_clipping,
        run_with_shorter_rate,
        run_with_new_models,
        run_written_out,
    ],
}


# --- wrong answers, as learners write them -----------------------------------------------------


def jacobian_of_columns(x_t, h_prev, W_xh, W_hh, b_h):
    h_t = np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    return h_t, np.diag(1 - h_t**2) @ W_hh.T


def jacobian_with_slopes_on_rows(x_t, h_prev, W_xh, W_hh, b_h):
    h_t = np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    return h_t, np.diag(1 - h_t**2) @ W_hh


def jacobian_with_star(x_t, h_prev, W_xh, W_hh, b_h):
    h_t = np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    return h_t, np.diag(1 - h_t**2) * W_hh


def jacobian_at_the_sum(x_t, h_prev, W_xh, W_hh, b_h):
    z_t = x_t @ W_xh + h_prev @ W_hh + b_h
    return np.tanh(z_t), W_hh * (1 - z_t**2)


def jacobian_of_tanh_again(x_t, h_prev, W_xh, W_hh, b_h):
    h_t = np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    return h_t, W_hh * (1 - np.tanh(h_t) ** 2)


def jacobian_one_step_early(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h), W_hh * (1 - h_prev**2)


def jacobian_with_two_slips(x_t, h_prev, W_xh, W_hh, b_h):
    h_t = np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    return h_t, (W_hh * (1 - np.tanh(h_t) ** 2)).T


def jacobian_without_bias(x_t, h_prev, W_xh, W_hh, b_h):
    return step(x_t, h_prev, W_xh, W_hh, 0 * b_h)


def jacobian_nudged_one_way(x_t, h_prev, W_xh, W_hh, b_h):
    def state(h):
        return np.tanh(x_t @ W_xh + h @ W_hh + b_h)

    rows = [(state(h_prev + e) - state(h_prev)) / 1e-3 for e in 1e-3 * np.eye(len(h_prev))]
    return state(h_prev), np.array(rows)


def norms_in_the_other_order(Js):
    product, sizes = np.eye(Js.shape[1]), [1.0]
    for J in Js[::-1]:
        product = product @ J
        sizes.append(np.linalg.norm(product, 2))
    return sizes[::-1]


def norms_of_frobenius(Js):
    product = np.eye(Js.shape[1])
    sizes = [np.linalg.norm(product)]
    for J in Js[::-1]:
        product = J @ product
        sizes.append(np.linalg.norm(product))
    return np.array(sizes[::-1])


def norms_of_radius(Js):
    products = jacobian_products(Js[:, None])[:, 0]
    return [np.abs(np.linalg.eigvals(P)).max() for P in products]


def norms_multiplied(Js):
    sizes = [1.0]
    for J in Js[::-1]:
        sizes.append(sizes[-1] * np.linalg.norm(J, 2))
    return sizes[::-1]


def norms_of_frobenius_multiplied(Js):
    sizes = [1.0]
    for J in Js[::-1]:
        sizes.append(sizes[-1] * np.linalg.norm(J))
    return sizes[::-1]


def norms_not_turned_round(Js):
    return norms(Js)[::-1]


def norms_without_the_end(Js):
    product, sizes = np.eye(Js.shape[1]), []
    for J in Js[::-1]:
        product = J @ product
        sizes.insert(0, np.linalg.norm(product, 2))
    return sizes


def norms_that_start_with_the_last(Js):
    product = Js[-1]
    sizes = [np.linalg.norm(product, 2)]
    for J in Js[::-1]:
        product = J @ product
        sizes.append(np.linalg.norm(product, 2))
    return sizes[::-1]


def norms_that_start_too_early(Js):
    T = len(Js)
    sizes = []
    for t in range(T + 1):
        product = np.eye(Js.shape[1])
        for J in Js[max(t - 1, 0) :]:
            product = product @ J
        sizes.append(np.linalg.norm(product, 2))
    return sizes


def norms_entry_by_entry(Js):
    product, sizes = np.eye(Js.shape[1]), [1.0]
    for J in Js[::-1]:
        product = J * product
        sizes.append(np.linalg.norm(product, 2))
    return sizes[::-1]


def norms_of_a_sum(Js):
    total, sizes = np.zeros(Js.shape[1:]), []
    for J in Js[::-1]:
        sizes.append(np.linalg.norm(total, 2))
        total = total + J
    return [*sizes, np.linalg.norm(total, 2)][::-1]


def norms_forward(Js):
    product, sizes = np.eye(Js.shape[1]), [1.0]
    for J in Js:
        product = product @ J
        sizes.append(np.linalg.norm(product, 2))
    return sizes


def norms_wrong_twice(Js):
    return norms_in_the_other_order(Js)[:-1]


def norms_frobenius_from_the_end(Js):
    return norms_of_frobenius(Js)[::-1]


def _split(d_h_last, hs, h_0, W_hh, near, *, slope=None, prev=None, back=None, pick=None):
    T, H = len(hs), len(W_hh)
    slope = slope or (lambda h, h_prev: 1 - h**2)
    G, d_h = np.zeros((T, H, H)), d_h_last
    for t in reversed(range(T)):
        h_prev = hs[t - 1] if t else h_0
        d_z = d_h * slope(hs[t], h_prev)
        G[t] = (prev(t) if prev else h_prev).T @ d_z
        d_h = back(d_z, d_h) if back else d_z @ W_hh.T
    return pick(G) if pick else (G, G[-near:].sum(axis=0), G[:-near].sum(axis=0))


def split_without_slope(*a):
    return _split(*a, slope=lambda h, h_prev: np.ones_like(h))


def split_with_slope_before(*a):
    return _split(*a, slope=lambda h, h_prev: 1 - h_prev**2)


def split_with_tanh_again(*a):
    return _split(*a, slope=lambda h, h_prev: 1 - np.tanh(h) ** 2)


def split_not_transposed(*a):
    return _split(*a, back=lambda d_z, d_h: d_z @ a[3])


def split_not_carried(*a):
    return _split(*a, back=lambda d_z, d_h: 0 * d_h)


def split_without_h_0(d_h_last, hs, h_0, W_hh, near):
    return split(d_h_last, hs, np.zeros_like(h_0), W_hh, near)


def split_with_state_of_step(*a):
    return _split(*a, prev=lambda t: a[1][t])


def split_round_the_end(*a):
    return _split(*a, prev=lambda t: a[1][t - 1])


def split_from_the_end(*a):
    G = split(*a)[0][::-1]
    return G, G[: a[4]].sum(axis=0), G[a[4] :].sum(axis=0)


def split_early_for_near(*a):
    G = split(*a)[0]
    return G, G[: a[4]].sum(axis=0), G[a[4] :].sum(axis=0)


def split_one_near_step(*a):
    G, _, far = split(*a)
    return G, G[-a[4]], far


def split_far_is_all(*a):
    G, near, _ = split(*a)
    return G, near, G.sum(axis=0)


def split_with_means(*a):
    G = split(*a)[0]
    return G, G[-a[4] :].mean(axis=0), G[: -a[4]].mean(axis=0)


def split_wrong_twice(*a):
    return _split(*a, slope=lambda h, h_prev: np.ones_like(h), back=lambda d_z, d_h: d_z @ a[3])


def angles_in_radians(*a):
    return np.radians(angles(*a))


def angles_as_cosines(*a):
    return np.cos(np.radians(angles(*a)))


def angles_without_lengths(*a):
    *gradients, limit, _ = a
    before = flat(gradients)
    return [float(before @ np.clip(before, -limit, limit)), 0.0, 0.0]


def angles_with_stretching(d_W_xh, d_W_hh, d_b_h, limit, max_norm):
    gradients = (d_W_xh, d_W_hh, d_b_h)
    found = angles(*gradients, limit, max_norm)
    found[1] = angle(flat(gradients), flat([g / np.linalg.norm(g) for g in gradients]))
    return found


def angles_with_one_norm(*a):
    by_value, _, together = angles(*a)
    return [by_value, together, together]


def angles_with_norm_of_each(*a):
    by_value, each, _ = angles(*a)
    return [by_value, each, each]


def angles_by_value_twice(*a):
    by_value, each, _ = angles(*a)
    return [by_value, each, by_value]


def angles_of_recurrent(d_W_xh, d_W_hh, d_b_h, limit, max_norm):
    return [angle(d_W_hh.ravel(), np.clip(d_W_hh, -limit, limit).ravel()), 0.0, 0.0]


def angles_cut_above_only(*a):
    *gradients, limit, _ = a
    before, found = flat(gradients), angles(*a)
    found[0] = angle(before, np.minimum(before, limit))
    return found


def angles_averaged(*a):
    *gradients, limit, _ = a
    each = [angle(g.ravel(), np.clip(g, -limit, limit).ravel()) for g in gradients]
    return [np.mean(each), 0.0, 0.0]


def angles_wrong_twice(*a):
    return np.radians(angles_with_norm_of_each(*a))


def faulty_run(xs, targets, W_xh, W_hh, b_h, W_hy, b_y, learning_rate, max_norm):
    return _faulty(xs, targets, W_xh, W_hh, b_h, W_hy, b_y, learning_rate, max_norm)


def _faulty(xs, targets, *rest, wide=4, large=20, late=True, hidden=True):
    *arrays, learning_rate, max_norm = rest
    arrays[1] = wide * arrays[1]
    model, weights = model_and_weights(arrays)
    optimiser, losses, lengths = SGD(large * learning_rate), [], []
    for x, target in zip(xs, targets, strict=True):
        result = model.loss_and_gradients(x, target)
        clipped = clip_by_global_norm(result.gradients, max_norm)
        optimiser.step(weights, result.gradients if late else clipped.gradients)
        losses.append(result.loss)
        lengths.append(global_norm(clipped.gradients) if hidden else clipped.norm)
    return losses, lengths, weights["W_hh"]


def run_wide_only(*a):
    return _faulty(*a, large=1, late=False, hidden=False)


def run_wide_and_large(*a):
    return _faulty(*a, late=False, hidden=False)


def run_late_and_hidden(*a):
    return _faulty(*a, wide=1, large=1)


def run_all_but_the_start(*a):
    return _faulty(*a, wide=1)


def run_with_each_alone(xs, targets, *rest):
    *arrays, learning_rate, max_norm = rest
    model, weights = model_and_weights(arrays)
    losses, lengths = [], []
    for x, target in zip(xs, targets, strict=True):
        result = model.loss_and_gradients(x, target)
        each = {
            n: clip_by_global_norm({n: g}, max_norm).gradients[n]
            for n, g in result.gradients.items()
        }
        SGD(learning_rate).step(weights, each)
        losses.append(result.loss)
        lengths.append(global_norm(result.gradients))
    return losses, lengths, weights["W_hh"]


def run_by_value(xs, targets, *rest):
    *arrays, learning_rate, max_norm = rest
    model, weights = model_and_weights(arrays)
    losses, lengths = [], []
    for x, target in zip(xs, targets, strict=True):
        result = model.loss_and_gradients(x, target)
        SGD(learning_rate).step(weights, clip_by_value(result.gradients, max_norm))
        losses.append(result.loss)
        lengths.append(global_norm(result.gradients))
    return losses, lengths, weights["W_hh"]


def run_with_half_the_rate(*a):
    return run(*a[:-2], 0.5 * a[-2], a[-1])


def run_with_a_milder_start(xs, targets, W_xh, W_hh, *rest):
    return run(xs, targets, W_xh, 2 * W_hh, *rest)


WRONG = [
    ("step_jacobian", jacobian_of_columns, ["transposed"]),
    ("step_jacobian", jacobian_with_slopes_on_rows, ["slope_on_rows"]),
    ("step_jacobian", jacobian_with_star, ["diagonal_only"]),
    ("step_jacobian", jacobian_at_the_sum, ["slope_at_sum"]),
    ("step_jacobian", jacobian_of_tanh_again, ["slope_of_state"]),
    ("step_jacobian", jacobian_one_step_early, ["slope_one_step_early"]),
    ("step_jacobian", jacobian_with_two_slips, ["slope_of_state", "transposed"]),
    ("step_jacobian", jacobian_without_bias, ["bias_forgotten"]),
    ("step_jacobian", jacobian_nudged_one_way, ["one_sided"]),
    ("backward_norms", norms_in_the_other_order, ["factors_reversed"]),
    ("backward_norms", norms_of_frobenius, ["frobenius"]),
    ("backward_norms", norms_of_radius, ["spectral_radius"]),
    ("backward_norms", norms_multiplied, ["product_of_norms"]),
    ("backward_norms", norms_of_frobenius_multiplied, ["frobenius", "product_of_norms"]),
    ("backward_norms", norms_not_turned_round, ["from_the_end"]),
    ("backward_norms", norms_without_the_end, ["end_missing"]),
    ("backward_norms", norms_that_start_with_the_last, ["last_factor_twice"]),
    ("backward_norms", norms_that_start_too_early, ["one_factor_too_many"]),
    ("backward_norms", norms_entry_by_entry, ["from_the_identity_entry_by_entry"]),
    ("backward_norms", norms_of_a_sum, ["added_from_zero"]),
    ("backward_norms", norms_forward, ["from_the_start"]),
    ("backward_norms", norms_wrong_twice, ["factors_reversed", "end_missing"]),
    ("backward_norms", norms_frobenius_from_the_end, ["frobenius", "from_the_end"]),
    ("split_gradient", split_without_slope, ["slope_missing"]),
    ("split_gradient", split_with_slope_before, ["slope_one_step_early"]),
    ("split_gradient", split_with_tanh_again, ["slope_of_state"]),
    ("split_gradient", split_not_transposed, ["not_transposed"]),
    ("split_gradient", split_not_carried, ["not_carried"]),
    ("split_gradient", split_without_h_0, ["start_ignored"]),
    ("split_gradient", split_with_state_of_step, ["state_of_same_step"]),
    ("split_gradient", split_round_the_end, ["last_state_for_start"]),
    ("split_gradient", split_from_the_end, ["from_the_end"]),
    ("split_gradient", split_early_for_near, ["near_from_the_start"]),
    ("split_gradient", split_one_near_step, ["one_near_step"]),
    ("split_gradient", split_far_is_all, ["whole_for_far"]),
    ("split_gradient", split_with_means, ["mean_of_near", "mean_of_far"]),
    ("split_gradient", split_wrong_twice, ["slope_missing", "not_transposed"]),
    ("turned_angles", angles_in_radians, ["in_radians"]),
    ("turned_angles", angles_as_cosines, ["cosines_returned"]),
    ("turned_angles", angles_with_one_norm, ["one_factor_for_each"]),
    ("turned_angles", angles_with_stretching, ["short_arrays_stretched"]),
    ("turned_angles", angles_with_norm_of_each, ["norm_of_each_array"]),
    ("turned_angles", angles_by_value_twice, ["value_for_norm"]),
    ("turned_angles", angles_of_recurrent, ["recurrent_alone"]),
    ("turned_angles", angles_cut_above_only, ["upper_limit_only"]),
    ("turned_angles", angles_averaged, ["mean_of_angles"]),
    ("turned_angles", angles_wrong_twice, ["norm_of_each_array", "in_radians"]),
    ("turned_angles", angles_without_lengths, []),
    (
        "repaired_run",
        faulty_run,
        ["wide_start", "large_steps", "not_clipped", "norm_after_clipping"],
    ),
    ("repaired_run", run_wide_only, ["wide_start"]),
    ("repaired_run", run_wide_and_large, ["wide_start", "large_steps"]),
    ("repaired_run", run_late_and_hidden, ["not_clipped", "norm_after_clipping"]),
    (
        "repaired_run",
        run_all_but_the_start,
        ["large_steps", "not_clipped", "norm_after_clipping"],
    ),
    ("repaired_run", run_with_each_alone, ["each_array_alone"]),
    ("repaired_run", run_by_value, ["by_value"]),
    ("repaired_run", run_with_half_the_rate, ["other_factor"]),
    ("repaired_run", run_with_a_milder_start, ["other_factor"]),
]
