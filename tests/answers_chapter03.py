"""Answers to the exercises of chapter 03 as people write them: right ones and wrong ones."""

import numpy as np

from utils.losses import d_softmax_cross_entropy, softmax_cross_entropy


def softmax_last(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# --- right answers: the loss ---------------------------------------------------------------------


def loss(logits, targets):
    y = softmax_last(logits)
    picked = np.take_along_axis(y, targets[..., None], axis=-1)[..., 0]
    losses = -np.log(picked).sum(axis=1)
    return losses, losses.sum(), y - np.eye(y.shape[-1])[targets]


def loss_by_loops(logits, targets):
    T, B, _ = logits.shape
    losses, d = [0.0] * T, softmax_last(logits).tolist()
    for t in range(T):
        for b in range(B):
            k = int(targets[t, b])
            losses[t] -= float(np.log(d[t][b][k]))
            d[t][b][k] -= 1
    return losses, sum(losses), d


def loss_by_log_sum_exp(logits, targets):
    m = logits.max(axis=-1, keepdims=True)
    log_p = logits - m - np.log(np.exp(logits - m).sum(axis=-1, keepdims=True))
    hot = np.eye(logits.shape[-1])[targets]
    losses = -(hot * log_p).sum(axis=(1, 2))
    return {"losses": losses, "loss": float(losses.sum()), "d_logits": np.exp(log_p) - hot}


def loss_by_fancy_index(logits, targets):
    T, B, _ = logits.shape
    t, b = np.arange(T)[:, None], np.arange(B)[None]
    y = softmax_last(logits)
    losses = np.sum(-np.log(y[t, b, targets]), axis=1)
    y[t, b, targets] -= 1
    return losses, np.sum(losses), y


def loss_in_float32(logits, targets):
    return loss(logits.astype("float32"), targets)


def loss_by_the_course(logits, targets):
    losses = [softmax_cross_entropy(z, k, "sum") for z, k in zip(logits, targets, strict=True)]
    return losses, sum(losses), d_softmax_cross_entropy(logits, targets, "sum")


# --- right answers: one step ---------------------------------------------------------------------


def step(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
    d_z = d_h_t * (1 - h_t**2)
    return d_z, d_z @ W_xh.T, d_z @ W_hh.T, x_t.T @ d_z, h_prev.T @ d_z, d_z.sum(axis=0)


def step_by_einsum(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
    d_z = np.einsum("bh,bh->bh", d_h_t, 1 - np.square(h_t))
    return (
        d_z,
        np.einsum("bh,dh->bd", d_z, W_xh),
        np.einsum("bj,ij->bi", d_z, W_hh),
        np.einsum("bd,bh->dh", x_t, d_z),
        np.einsum("bi,bj->ij", h_prev, d_z),
        np.einsum("bh->h", d_z),
    )


def step_by_samples(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
    d_z = [d * (1 - h * h) for d, h in zip(d_h_t, h_t, strict=True)]
    return (
        d_z,
        [W_xh @ d for d in d_z],
        [W_hh @ d for d in d_z],
        sum(np.outer(x, d) for x, d in zip(x_t, d_z, strict=True)),
        sum(np.outer(h, d) for h, d in zip(h_prev, d_z, strict=True)),
        sum(d_z),
    )


def step_joined(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
    d_z = d_h_t - d_h_t * h_t**2
    both = np.hstack([x_t, h_prev])
    d_both, d_W = d_z @ np.vstack([W_xh, W_hh]).T, both.T @ d_z
    D = x_t.shape[1]
    return d_z, d_both[:, :D], d_both[:, D:], d_W[:D], d_W[D:], np.ones(len(d_z)) @ d_z


def step_in_float32(*arguments):
    return step(*(array.astype("float32") for array in arguments))


def step_as_dictionary(*arguments):
    names = ("d_z_t", "d_x_t", "d_h_prev", "d_W_xh", "d_W_hh", "d_b_h")
    return dict(zip(names, step(*arguments), strict=True))


# --- right answers: the loop ---------------------------------------------------------------------


def loop(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_next = np.zeros_like(hs), np.zeros_like(hs), np.zeros_like(hs[0])
    for t in range(len(hs) - 1, -1, -1):
        d_hs[t] = d_hs_out[t] + d_next
        d_zs[t] = d_hs[t] * (1 - hs[t] ** 2)
        d_next = d_zs[t] @ W_hh.T
    return d_hs, d_zs, d_next


def loop_with_lists(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_next = [], [], 0.0
    for d_out, h in zip(d_hs_out[::-1], hs[::-1], strict=True):
        d_hs.insert(0, d_out + d_next)
        d_zs.insert(0, d_hs[0] * (1 - h * h))
        d_next = d_zs[0] @ W_hh.T
    return d_hs, d_zs, d_next


def loop_that_reverses(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_h = [], [], np.zeros(hs.shape[1:])
    for t in reversed(range(len(hs))):
        d_h = d_h + d_hs_out[t]
        d_hs.append(d_h)
        d_zs.append(d_h * (1 - hs[t] ** 2))
        d_h = d_zs[-1] @ W_hh.T
    return np.array(d_hs[::-1]), np.array(d_zs[::-1]), d_h


def loop_in_place(d_hs_out, hs, W_hh):
    d_hs = d_hs_out.copy()
    d_zs = np.empty_like(d_hs)
    for t in reversed(range(len(d_hs))):
        d_zs[t] = (1 - hs[t] ** 2) * d_hs[t]
        if t > 0:
            d_hs[t - 1] += d_zs[t] @ W_hh.T
    return d_hs, d_zs, d_zs[0] @ W_hh.T


def loop_in_float32(*arguments):
    return loop(*(array.astype("float32") for array in arguments))


def loop_by_jacobians(d_hs_out, hs, W_hh):
    """Every path by itself: from each later output down to each state."""
    T, B, _ = hs.shape
    d_hs = np.array(d_hs_out)
    for b in range(B):
        for end in range(T):
            d = d_hs_out[end, b]
            for t in range(end - 1, -1, -1):
                d = W_hh @ ((1 - hs[t + 1, b] ** 2) * d)
                d_hs[t, b] += d
    d_zs = d_hs * (1 - hs**2)
    return d_hs, d_zs, d_zs[0] @ W_hh.T


# --- right answers: all parameters ---------------------------------------------------------------


def forward(xs, h_0, W_xh, W_hh, b_h):
    h, hs = h_0, []
    for x in xs:
        h = np.tanh(x @ W_xh + h @ W_hh + b_h)
        hs.append(h)
    return np.array(hs)


def gradients(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y):
    hs = forward(xs, h_0, W_xh, W_hh, b_h)
    _, total, d_o = loss(hs @ W_hy + b_y, targets)
    _, d_z, d_h_0 = loop(d_o @ W_hy.T, hs, W_hh)
    before = np.concatenate([h_0[None], hs[:-1]])
    return {
        "loss": total,
        "d_W_hy": np.einsum("tbh,tbk->hk", hs, d_o),
        "d_b_y": d_o.sum((0, 1)),
        "d_W_xh": np.einsum("tbd,tbh->dh", xs, d_z),
        "d_W_hh": np.einsum("tbi,tbj->ij", before, d_z),
        "d_b_h": d_z.sum((0, 1)),
        "d_h_0": d_h_0,
    }


def gradients_step_by_step(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y):
    hs = [h_0, *forward(xs, h_0, W_xh, W_hh, b_h)]
    total, d_next = 0.0, np.zeros_like(h_0)
    d_W_hy, d_b_y = np.zeros_like(W_hy), np.zeros_like(b_y)
    d_W_xh, d_W_hh, d_b_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    for t in range(len(xs), 0, -1):
        d_o = softmax_last(hs[t] @ W_hy + b_y)
        rows = np.arange(len(d_o))
        total -= np.log(d_o[rows, targets[t - 1]]).sum()
        d_o[rows, targets[t - 1]] -= 1
        d_W_hy += hs[t].T @ d_o
        d_b_y += d_o.sum(axis=0)
        d_z = (d_o @ W_hy.T + d_next) * (1 - hs[t] ** 2)
        d_W_xh += xs[t - 1].T @ d_z
        d_W_hh += hs[t - 1].T @ d_z
        d_b_h += d_z.sum(axis=0)
        d_next = d_z @ W_hh.T
    return total, d_W_hy, d_b_y, d_W_xh, d_W_hh, d_b_h, d_next


def gradients_in_float32(xs, targets, *others):
    return gradients(xs.astype("float32"), targets, *(a.astype("float32") for a in others))


def gradients_as_lists(*arguments):
    return [np.asarray(value).tolist() for value in gradients(*arguments).values()]


def gradients_by_reshaping(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y):
    found = gradients(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y)
    hs = forward(xs, h_0, W_xh, W_hh, b_h)
    d_o = loss(hs @ W_hy + b_y, targets)[2]
    H, K = W_hy.shape
    return {**found, "d_W_hy": hs.reshape(-1, H).T @ d_o.reshape(-1, K), "extra": None}


def gradients_sample_by_sample(xs, targets, h_0, *weights):
    parts = [
        list(gradients(xs[:, [b]], targets[:, [b]], h_0[[b]], *weights).values())
        for b in range(xs.shape[1])
    ]
    *sums, starts = zip(*parts, strict=True)
    return [*(sum(values) for values in sums), np.concatenate(starts)]


# --- right answers: nudging ----------------------------------------------------------------------


def nudge(loss, parameters, epsilon):
    found = {}
    for name, w in parameters.items():
        found["d_" + name] = np.zeros(w.shape)
        for index in np.ndindex(w.shape):
            plus, minus = w.copy(), w.copy()
            plus[index] += epsilon
            minus[index] -= epsilon
            up, down = loss({**parameters, name: plus}), loss({**parameters, name: minus})
            found["d_" + name][index] = (up - down) / (2 * epsilon)
    return found


def nudge_and_restore(loss, parameters, epsilon):
    copies, found = {name: w.copy() for name, w in parameters.items()}, {}
    for name, w in copies.items():
        d_w = np.empty(w.size)
        for i in range(w.size):
            kept = w.flat[i]
            w.flat[i] = kept + epsilon
            up = loss(copies)
            w.flat[i] = kept - epsilon
            down = loss(copies)
            w.flat[i] = kept
            d_w[i] = (up - down) / epsilon / 2
        found[f"d_{name}"] = d_w.reshape(w.shape)
    return found


def nudge_by_unit_vectors(loss, parameters, epsilon):
    found = []
    for name, w in parameters.items():
        directions = epsilon * np.eye(w.size).reshape(-1, *w.shape)
        slopes = [
            loss({**parameters, name: w + d}) - loss({**parameters, name: w - d})
            for d in directions
        ]
        found.append((np.array(slopes) / (2 * epsilon)).reshape(w.shape).tolist())
    return found


def nudge_the_given_and_restore(loss, parameters, epsilon):
    """Nudge the arrays themselves, and put back what was there."""
    found = {}
    for name, w in parameters.items():
        found["d_" + name] = np.zeros_like(w)
        for index, kept in np.ndenumerate(w.copy()):
            w[index] = kept + epsilon
            up = loss(parameters)
            w[index] = kept - epsilon
            found["d_" + name][index] = (up - loss(parameters)) / (2 * epsilon)
            w[index] = kept
    return found


def nudge_one_by_one(loss, parameters, epsilon):
    def one(name):
        return nudge(lambda p: loss({**parameters, **p}), {name: parameters[name]}, epsilon)

    return {**one("b_h"), **one("W_hh"), **one("W_xh")}  # another order of the names


RIGHT = {
    "sequence_loss": [
        loss,
        loss_by_loops,
        loss_by_log_sum_exp,
        loss_by_fancy_index,
        loss_in_float32,
        loss_by_the_course,
    ],
    "step_back": [
        step,
        step_by_einsum,
        step_by_samples,
        step_joined,
        step_in_float32,
        step_as_dictionary,
    ],
    "back_through_time": [
        loop,
        loop_with_lists,
        loop_that_reverses,
        loop_in_place,
        loop_in_float32,
        loop_by_jacobians,
    ],
    "rnn_gradients": [
        gradients,
        gradients_step_by_step,
        gradients_in_float32,
        gradients_as_lists,
        gradients_by_reshaping,
        gradients_sample_by_sample,
    ],
    "numerical_gradients": [
        nudge,
        nudge_and_restore,
        nudge_by_unit_vectors,
        nudge_the_given_and_restore,
        nudge_one_by_one,
    ],
}


# --- wrong answers -------------------------------------------------------------------------------


def loss_over_time(logits, targets):
    e = np.exp(logits)
    y = e / e.sum(axis=0)
    picked = np.take_along_axis(y, targets[..., None], axis=-1)[..., 0]
    losses = -np.log(picked).sum(axis=1)
    return losses, losses.sum(), y - np.eye(y.shape[-1])[targets]


def loss_of_probabilities(logits, targets):
    return loss(softmax_last(logits), targets)


def loss_of_probabilities_with_right_gradient(logits, targets):
    losses, total, _ = loss_of_probabilities(logits, targets)
    return losses, total, loss(logits, targets)[2]


def loss_as_torch_means_it(logits, targets):
    losses, total, d = loss(logits, targets)
    return losses / targets.size, total / targets.size, d / targets.size


def loss_with_mean_at_the_end(logits, targets):
    losses, total, d = loss(logits, targets)
    return losses, total / targets.size, d / targets.size


def loss_with_batch_means(logits, targets):
    losses, total, d = loss(logits, targets)
    return losses / targets.shape[1], total / targets.shape[1], d


def loss_with_shifted_targets(logits, targets):
    return loss(logits, np.roll(targets, -1, axis=0))


def loss_with_y_hats(logits, targets):
    losses, total, _ = loss(logits, targets)
    return losses, total, softmax_last(logits)


def loss_twice_wrong(logits, targets):
    losses, total, d = loss_over_time(logits, targets)
    return losses / targets.shape[1], total / targets.shape[1], -d / targets.shape[1]


def loss_in_bits(logits, targets):
    losses, total, d = loss(logits, targets)
    return losses / np.log(2), total / np.log(2), d


def loss_of_the_first_targets(logits, targets):
    return loss(logits, np.stack([targets[0]] * len(targets)))


def loss_of_the_first_targets_in_a_slip(logits, targets):
    return loss_with_first_targets_in(logits, targets, "loss")


def gradient_of_the_first_targets_in_a_slip(logits, targets):
    return loss_with_first_targets_in(logits, targets, "gradient")


def loss_with_first_targets_in(logits, targets, where):
    losses, total, d = loss(logits, targets)
    of_first = loss_of_the_first_targets(logits, targets)
    return (*of_first[:2], d) if where == "loss" else (losses, total, of_first[2])


def loss_over_all_classes(logits, targets):
    losses = -np.log(softmax_last(logits)).sum(axis=(1, 2))
    return losses, losses.sum(), loss(logits, targets)[2]


def loss_swapped(logits, targets):
    losses, total, d = loss(logits, targets)
    return total, losses, d


def loss_as_one_number(logits, targets):
    _, total, d = loss(logits, targets)
    return total, total, d


def loss_with_ones_by_colons(logits, targets):
    losses, total, _ = loss(logits, targets)
    d = softmax_last(logits)
    d[:, :, targets] -= 1
    return losses, total, d


def loss_with_ones_by_a_colon_for_the_steps(logits, targets):
    losses, total, _ = loss(logits, targets)
    d = softmax_last(logits)
    d[:, np.arange(targets.shape[1]), targets] -= 1
    return losses, total, d


def loss_with_ones_by_a_colon_for_the_samples(logits, targets):
    losses, total, _ = loss(logits, targets)
    d = softmax_last(logits)
    d[np.arange(len(targets))[:, None], :, targets] -= 1
    return losses, total, d


def loss_in_bits_with_ones_by_colons(logits, targets):
    losses, total, d = loss_with_ones_by_colons(logits, targets)
    return losses / np.log(2), total / np.log(2), d


def step_without_slope(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
    return step(d_h_t, x_t, h_prev, 0 * h_t, W_xh, W_hh)


def step_at_z(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
    return step(d_h_t, x_t, h_prev, np.arctanh(h_t), W_xh, W_hh)


def step_untransposed(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
    return step(d_h_t, x_t, h_prev, h_t, W_xh, W_hh.T)


def step_with_own_state(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
    return step(d_h_t, x_t, h_t, h_t, W_xh, W_hh)


def step_with_two_slips(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
    return step(d_h_t, x_t, h_t, h_prev, W_xh, W_hh)


def step_with_bias_rows(*arguments):
    *others, _ = step(*arguments)
    return (*others, others[0])


def step_that_overwrites(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
    d_z, d_x, _, *others = step(d_h_t, x_t, h_prev, h_t, W_xh, W_hh)
    return d_z, d_x, (d_z * (1 - h_t**2)) @ W_hh.T, *others


def loop_forward(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_next = np.zeros_like(hs), np.zeros_like(hs), np.zeros_like(hs[0])
    for t in range(len(hs)):
        d_hs[t] = d_hs_out[t] + d_next
        d_zs[t] = d_hs[t] * (1 - hs[t] ** 2)
        d_next = d_zs[t] @ W_hh.T
    return d_hs, d_zs, d_next


def loop_truncated(d_hs_out, hs, W_hh):
    d_zs = d_hs_out * (1 - hs**2)
    return d_hs_out.copy(), d_zs, d_zs[0] @ W_hh.T


def loop_that_overwrites(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_h = np.zeros_like(hs), np.zeros_like(hs), d_hs_out[-1]
    for t in reversed(range(len(hs))):
        d_hs[t] = d_h
        d_zs[t] = d_h * (1 - hs[t] ** 2)
        d_h = d_zs[t] @ W_hh.T
    return d_hs, d_zs, d_h


def loop_that_never_resets(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_next = np.zeros_like(hs), np.zeros_like(hs), np.zeros_like(hs[0])
    for t in reversed(range(len(hs))):
        d_hs[t] = d_hs_out[t] + d_next
        d_zs[t] = d_hs[t] * (1 - hs[t] ** 2)
        d_next += d_zs[t] @ W_hh.T
    return d_hs, d_zs, d_next


def loop_that_keeps_the_total(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_h = np.zeros_like(hs), np.zeros_like(hs), np.zeros_like(hs[0])
    for t in reversed(range(len(hs))):
        d_h = d_h + d_hs_out[t]
        d_hs[t] = d_h
        d_zs[t] = d_h * (1 - hs[t] ** 2)
        d_h = d_h + d_zs[t] @ W_hh.T
    return d_hs, d_zs, d_h


def loop_that_appends(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_h_0 = loop(d_hs_out, hs, W_hh)
    return d_hs[::-1], d_zs[::-1], d_h_0


def loop_that_stops_early(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_next = np.zeros_like(hs), np.zeros_like(hs), np.zeros_like(hs[0])
    for t in range(len(hs) - 1, 0, -1):
        d_hs[t] = d_hs_out[t] + d_next
        d_zs[t] = d_hs[t] * (1 - hs[t] ** 2)
        d_next = d_zs[t] @ W_hh.T
    return d_hs, d_zs, d_next


def loop_with_previous_slope(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_next = np.zeros_like(hs), np.zeros_like(hs), np.zeros_like(hs[0])
    for t in reversed(range(len(hs))):
        d_hs[t] = d_hs_out[t] + d_next
        d_zs[t] = d_hs[t] * (1 - hs[t - 1] ** 2)
        d_next = d_zs[t] @ W_hh.T
    return d_hs, d_zs, d_next


def loop_from_totals(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_next = np.zeros_like(hs), np.zeros_like(hs), np.zeros_like(hs[0])
    for t in reversed(range(len(hs))):
        d_hs[t] = d_hs_out[t] + d_next
        d_zs[t] = d_hs[t] * (1 - hs[t] ** 2)
        d_next = d_hs[t] @ W_hh.T
    return d_hs, d_zs, d_next


def loop_that_hands_on_its_own_output(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_next = np.zeros_like(hs), np.zeros_like(hs), np.zeros_like(hs[0])
    for t in reversed(range(len(hs))):
        d_hs[t] = d_hs_out[t] + d_next
        d_zs[t] = d_hs[t] * (1 - hs[t] ** 2)
        d_next = (d_hs_out[t] * (1 - hs[t] ** 2)) @ W_hh.T
    return d_hs, d_zs, d_next


def loop_that_hands_on_its_own_output_but_at_the_start(d_hs_out, hs, W_hh):
    d_hs, d_zs, _ = loop_that_hands_on_its_own_output(d_hs_out, hs, W_hh)
    return d_hs, d_zs, d_zs[0] @ W_hh.T


def loop_that_hands_on_its_own_output_untransposed(d_hs_out, hs, W_hh):
    return loop_that_hands_on_its_own_output(d_hs_out, hs, W_hh.T)


def loop_untransposed_without_slope(d_hs_out, hs, W_hh):
    return loop(d_hs_out, 0 * hs, W_hh.T)


def loop_untransposed_that_returns_the_first(d_hs_out, hs, W_hh):
    d_hs, d_zs, _ = loop(d_hs_out, hs, W_hh.T)
    return d_hs, d_zs, d_hs[0]


def loop_without_start(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_h_0 = loop(d_hs_out, hs, W_hh)
    return d_hs, d_zs, 0 * d_h_0


def loop_over_the_batch(d_hs_out, hs, W_hh):
    d_hs, d_zs, _ = loop(np.swapaxes(d_hs_out, 0, 1), np.swapaxes(hs, 0, 1), W_hh)
    d_hs, d_zs = np.swapaxes(d_hs, 0, 1), np.swapaxes(d_zs, 0, 1)
    return d_hs, d_zs, d_zs[0] @ W_hh.T


def loop_batch_first(d_hs_out, hs, W_hh):
    d_hs, d_zs, d_h_0 = loop(d_hs_out, hs, W_hh)
    return np.swapaxes(d_hs, 0, 1), np.swapaxes(d_zs, 0, 1), d_h_0


def gradients_with(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, *, wrong):
    """Run a backward pass of the usual shape with the mistakes that `wrong` names."""
    start = 0 * h_0 if "no start" in wrong else h_0
    hs = forward(xs, start, W_xh, W_hh, b_h)
    if "fresh" in wrong:
        hs = np.array([np.tanh(x @ W_xh + h_0 @ W_hh + b_h) for x in xs])
    logits = hs @ W_hy + b_y
    if "no b_y" in wrong:
        logits = hs @ W_hy
    if "twice" in wrong:
        logits = softmax_last(logits)
    _, total, d_o = loss(logits, targets)
    if "mean" in wrong:
        total, d_o = total / targets.size, d_o / targets.size
    if "mean gradient" in wrong:
        d_o = d_o / targets.size
    if "no target" in wrong:
        d_o = softmax_last(logits)
    before = np.concatenate([start[None], hs[:-1]])
    if "h_t" in wrong:
        before = hs
    if "rolled" in wrong:
        before = np.roll(hs, 1, axis=0)
    slopes = 1 - hs**2
    if "no slope" in wrong:
        slopes = np.ones_like(hs)
    if "at z" in wrong:
        slopes = 1 - np.arctanh(hs) ** 2
    d_W_xh, d_W_hh, d_b_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    d_next = np.zeros_like(h_0)
    for t in reversed(range(len(xs))):
        d_h = d_o[t] @ W_hy.T + d_next
        if "overwritten" in wrong and t < len(xs) - 1:
            d_h = d_next
        d_z = d_h * slopes[t]
        if "assigned" in wrong:
            d_W_xh, d_W_hh = xs[t].T @ d_z, before[t].T @ d_z
        else:
            d_W_xh, d_W_hh = d_W_xh + xs[t].T @ d_z, d_W_hh + before[t].T @ d_z
        d_b_h = d_b_h + (d_z if "bias rows" in wrong else d_z.sum(axis=0))
        d_next = d_z @ (W_hh if "untransposed" in wrong else W_hh.T)
        if "truncated" in wrong and t > 0:
            d_next = 0 * d_next
    if "last" in wrong:
        d_W_hh = before[-1].T @ (d_o[-1] @ W_hy.T * slopes[-1])
    d_W_hy = np.einsum("tbh,tbk->hk", hs, d_o)
    return total, d_W_hy, d_o.sum((0, 1)), d_W_xh, d_W_hh, d_b_h, d_next


def wrongly(*wrong):
    def answer(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y):
        return gradients_with(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, wrong=wrong)

    answer.__name__ = "gradients_" + "_and_".join(word.replace(" ", "_") for word in wrong)
    return answer


def nudge_one_side(loss, parameters, epsilon):
    here, found = loss(parameters), {}
    for name, w in parameters.items():
        found["d_" + name] = np.zeros(w.shape)
        for index in np.ndindex(w.shape):
            plus = w.copy()
            plus[index] += epsilon
            found["d_" + name][index] = (loss({**parameters, name: plus}) - here) / epsilon
    return found


def nudge_in_float32(loss, parameters, epsilon):
    return nudge(loss, {name: w.astype(np.float32) for name, w in parameters.items()}, epsilon)


def nudge_own_epsilon(loss, parameters, epsilon):
    return nudge(loss, parameters, 1e-5)


def nudge_own_epsilon_of_a_millionth(loss, parameters, epsilon):
    return nudge(loss, parameters, 1e-6)


def nudge_own_epsilon_of_a_thousandth(loss, parameters, epsilon):
    return nudge(loss, parameters, 1e-3)


def nudge_own_epsilon_of_a_hundredth(loss, parameters, epsilon):
    return nudge(loss, parameters, 1e-2)


def nudge_and_leave(loss, parameters, epsilon):
    copies = {name: w.copy() for name, w in parameters.items()}
    found = {"d_" + name: np.zeros(w.shape) for name, w in copies.items()}
    for name, w in copies.items():
        for index in np.ndindex(w.shape):
            w[index] += epsilon
            up = loss(copies)
            w[index] -= 2 * epsilon
            found["d_" + name][index] = (up - loss(copies)) / (2 * epsilon)
    return found


def nudge_without_parentheses(loss, parameters, epsilon):
    return {name: d * epsilon**2 for name, d in nudge(loss, parameters, epsilon).items()}


def nudge_second_name(loss, parameters, epsilon):
    found = {}
    for name, w in parameters.items():
        w = w.copy()
        found["d_" + name] = np.zeros(w.shape)
        for index in np.ndindex(w.shape):
            plus = minus = w
            plus[index] += epsilon
            minus[index] -= epsilon
            up, down = loss({**parameters, name: plus}), loss({**parameters, name: minus})
            found["d_" + name][index] = (up - down) / (2 * epsilon)
    return found


WRONG = [
    ("sequence_loss", loss_over_time, ["softmax_over_time"]),
    ("sequence_loss", loss_of_probabilities, ["softmax_twice"]),
    ("sequence_loss", loss_of_probabilities_with_right_gradient, ["softmax_twice_in_loss"]),
    ("sequence_loss", loss_as_torch_means_it, ["mean_over_all"]),
    ("sequence_loss", loss_with_mean_at_the_end, ["loss_over_all", "gradient_over_all"]),
    ("sequence_loss", loss_with_batch_means, ["mean_over_batch"]),
    ("sequence_loss", loss_with_shifted_targets, ["next_targets"]),
    ("sequence_loss", loss_with_y_hats, ["target_not_subtracted"]),
    (
        "sequence_loss",
        loss_twice_wrong,
        ["softmax_over_time", "mean_over_batch", "error_sign"],
    ),
    ("sequence_loss", loss_in_bits, ["bits"]),
    ("sequence_loss", loss_of_the_first_targets, ["first_targets"]),
    ("sequence_loss", loss_of_the_first_targets_in_a_slip, ["first_targets_in_loss"]),
    ("sequence_loss", gradient_of_the_first_targets_in_a_slip, ["first_targets_in_gradient"]),
    ("sequence_loss", loss_over_all_classes, ["every_class"]),
    ("sequence_loss", loss_swapped, ["losses_and_loss_swapped"]),
    ("sequence_loss", loss_as_one_number, ["losses_is_the_total"]),
    ("sequence_loss", loss_with_ones_by_colons, ["one_at_all_steps_and_samples"]),
    ("sequence_loss", loss_with_ones_by_a_colon_for_the_steps, ["one_at_all_steps"]),
    ("sequence_loss", loss_with_ones_by_a_colon_for_the_samples, ["one_at_all_samples"]),
    (
        "sequence_loss",
        loss_in_bits_with_ones_by_colons,
        ["bits", "one_at_all_steps_and_samples"],
    ),
    ("step_back", step_without_slope, ["slope_missing"]),
    ("step_back", step_at_z, ["slope_at_z"]),
    ("step_back", step_untransposed, ["not_transposed"]),
    ("step_back", step_with_own_state, ["d_W_hh_with_h_t"]),
    ("step_back", step_with_two_slips, ["slope_of_previous", "d_W_hh_with_h_t"]),
    ("step_back", step_with_bias_rows, ["d_b_h_not_summed"]),
    ("step_back", step_that_overwrites, ["d_h_t_overwritten"]),
    ("back_through_time", loop_forward, ["forward_order"]),
    ("back_through_time", loop_truncated, ["nothing_handed_on"]),
    ("back_through_time", loop_that_overwrites, ["only_last_output"]),
    ("back_through_time", loop_that_never_resets, ["carry_not_reset"]),
    ("back_through_time", loop_that_keeps_the_total, ["total_kept"]),
    ("back_through_time", loop_that_appends, ["kept_as_visited"]),
    ("back_through_time", loop_that_stops_early, ["first_step_skipped"]),
    ("back_through_time", loop_with_previous_slope, ["slope_of_previous"]),
    ("back_through_time", loop_from_totals, ["handed_on_without_slope"]),
    ("back_through_time", loop_that_hands_on_its_own_output, ["own_output_handed_on"]),
    (
        "back_through_time",
        loop_that_hands_on_its_own_output_but_at_the_start,
        ["own_output_handed_on"],
    ),
    (
        "back_through_time",
        loop_that_hands_on_its_own_output_untransposed,
        ["not_transposed", "own_output_handed_on"],
    ),
    (
        "back_through_time",
        loop_untransposed_without_slope,
        ["slope_missing", "not_transposed"],
    ),
    (
        "back_through_time",
        loop_untransposed_that_returns_the_first,
        ["not_transposed", "start_is_first_total"],
    ),
    ("back_through_time", loop_without_start, ["start_is_zero"]),
    ("back_through_time", loop_over_the_batch, ["along_the_batch"]),
    ("back_through_time", loop_batch_first, ["batch_first"]),
    ("rnn_gradients", wrongly("no slope"), ["slope_missing"]),
    ("rnn_gradients", wrongly("at z"), ["slope_at_z"]),
    ("rnn_gradients", wrongly("untransposed"), ["not_transposed"]),
    ("rnn_gradients", wrongly("truncated"), ["nothing_handed_on"]),
    ("rnn_gradients", wrongly("overwritten"), ["only_last_output"]),
    ("rnn_gradients", wrongly("last"), ["d_W_hh_last"]),
    ("rnn_gradients", wrongly("assigned"), ["d_W_xh_first", "d_W_hh_first"]),
    ("rnn_gradients", wrongly("h_t"), ["d_W_hh_with_h_t"]),
    ("rnn_gradients", wrongly("rolled"), ["d_W_hh_with_rolled"]),
    ("rnn_gradients", wrongly("mean"), ["mean_over_all"]),
    ("rnn_gradients", wrongly("mean gradient"), ["gradients_over_all"]),
    ("rnn_gradients", wrongly("no start"), ["start_ignored", "d_W_hh_without_h_0"]),
    ("rnn_gradients", wrongly("fresh"), ["start_at_every_step"]),
    ("rnn_gradients", wrongly("twice"), ["softmax_twice"]),
    ("rnn_gradients", wrongly("no target"), ["target_not_subtracted"]),
    (
        "rnn_gradients",
        wrongly("no start", "no slope"),
        ["start_ignored", "slope_missing", "d_W_hh_without_h_0"],
    ),
    ("rnn_gradients", wrongly("fresh", "untransposed"), ["start_at_every_step", "not_transposed"]),
    ("rnn_gradients", wrongly("no b_y", "h_t"), ["output_bias_forgotten", "d_W_hh_with_h_t"]),
    ("rnn_gradients", wrongly("mean", "truncated"), ["mean_over_all", "nothing_handed_on"]),
    ("rnn_gradients", wrongly("no slope", "untransposed"), ["slope_missing", "not_transposed"]),
    ("rnn_gradients", wrongly("at z", "h_t"), ["slope_at_z", "d_W_hh_with_h_t"]),
    ("rnn_gradients", wrongly("overwritten", "last"), ["only_last_output", "d_W_hh_last"]),
    ("numerical_gradients", nudge_one_side, ["one_sided"]),
    ("numerical_gradients", nudge_in_float32, ["in_float32"]),
    ("numerical_gradients", nudge_own_epsilon, ["epsilon_ignored"]),
    ("numerical_gradients", nudge_own_epsilon_of_a_millionth, ["epsilon_ignored"]),
    ("numerical_gradients", nudge_own_epsilon_of_a_thousandth, ["epsilon_of_a_thousandth"]),
    ("numerical_gradients", nudge_own_epsilon_of_a_hundredth, ["epsilon_of_a_hundredth"]),
    ("numerical_gradients", nudge_and_leave, ["parameters_left_at_minus"]),
    ("numerical_gradients", nudge_without_parentheses, ["multiplied_by_epsilon"]),
    ("numerical_gradients", nudge_second_name, ["all_zero"]),
]
