"""Answers to the exercises of chapter 02 as people write them: right ones and wrong ones."""

import numpy as np

# --- right answers, written in different ways --------------------------------------------------


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax_last(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)


def step_by_dot(x_t, h_prev, W_xh, W_hh, b_h):
    z = np.dot(x_t, W_xh)
    z = z + np.dot(h_prev, W_hh)
    z += b_h
    return np.tanh(z)


def step_by_einsum(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(
        np.einsum("bd,dh->bh", x_t, W_xh) + np.einsum("bi,ij->bj", h_prev, W_hh) + b_h[None, :]
    )


def step_by_loops(x_t, h_prev, W_xh, W_hh, b_h):
    rows = []
    for x, h in zip(x_t, h_prev, strict=True):
        row = []
        for j in range(len(b_h)):
            z = b_h[j]
            for d in range(len(x)):
                z += x[d] * W_xh[d, j]
            for i in range(len(h)):
                z += h[i] * W_hh[i, j]
            row.append(float(np.tanh(z)))
        rows.append(row)
    return rows  # lists in lists


def step_in_float32(x_t, h_prev, W_xh, W_hh, b_h):
    x_t, h_prev, W_xh, W_hh, b_h = (a.astype(np.float32) for a in (x_t, h_prev, W_xh, W_hh, b_h))
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)


def step_on_own_copy(x_t, h_prev, W_xh, W_hh, b_h):
    h_t = h_prev.copy()
    h_t[:] = h_prev @ W_hh
    h_t += x_t @ W_xh
    h_t += b_h
    np.tanh(h_t, out=h_t)
    return h_t


def step_by_columns(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(W_xh.T @ x_t.T + W_hh.T @ h_prev.T + b_h[:, None]).T


def step_by_exponentials(x_t, h_prev, W_xh, W_hh, b_h):
    return 2 * sigmoid(2 * (x_t @ W_xh + h_prev @ W_hh + b_h)) - 1


def loop(xs, h_0, *weights):
    h_t, hs = h_0, []
    for x_t in xs:
        h_t = step(x_t, h_t, *weights)
        hs.append(h_t)
    return np.stack(hs)


def loop_as_list(xs, h_0, *weights):
    hs = [h_0]
    for t in range(len(xs)):
        hs.append(step_by_loops(xs[t], np.array(hs[-1]), *weights))
    return hs[1:]


def loop_into_array(xs, h_0, *weights):
    hs = np.zeros((xs.shape[0], *h_0.shape))
    for t in range(xs.shape[0]):
        hs[t] = step_by_einsum(xs[t], h_0 if t == 0 else hs[t - 1], *weights)
    return hs


def loop_in_float32(xs, h_0, *weights):
    return loop(*(array.astype("float32") for array in (xs, h_0, *weights)))


def loop_on_own_copy(xs, h_0, W_xh, W_hh, b_h):
    h, hs = h_0.copy(), []
    for x_t in xs:
        h[:] = np.tanh(x_t @ W_xh + h @ W_hh + b_h)
        hs.append(h.copy())
    return np.array(hs)


def loop_over_samples_and_steps(xs, h_0, W_xh, W_hh, b_h):
    T, B, _ = xs.shape
    hs = np.empty((T, B, len(b_h)))
    for b in range(B):
        h = h_0[b]
        for t in range(T):
            h = np.tanh(xs[t, b] @ W_xh + h @ W_hh + b_h)
            hs[t, b] = h
    return hs


def loop_after_projection(xs, h_0, W_xh, W_hh, b_h):
    hs = xs @ W_xh + b_h
    for t in range(len(hs)):
        hs[t] = np.tanh(hs[t] + (hs[t - 1] if t else h_0) @ W_hh)
    return hs


def joined(x_t, h_prev, W_xh, W_hh, b_h):
    both = np.concatenate([x_t, h_prev], axis=1)
    W = np.concatenate([W_xh, W_hh], axis=0)
    return both, W, np.tanh(both @ W + b_h)


def joined_by_stacks(x_t, h_prev, W_xh, W_hh, b_h):
    both, W = np.hstack((x_t, h_prev)), np.vstack((W_xh, W_hh))
    return [both, W, np.tanh(np.dot(both, W) + b_h)]


def joined_by_einsum(x_t, h_prev, W_xh, W_hh, b_h):
    both, W = np.c_[x_t, h_prev], np.r_[W_xh, W_hh]
    return both, W, np.tanh(np.einsum("bk,kh->bh", both, W) + b_h)


def joined_in_float32(*arrays):
    return joined(*(a.astype(np.float32) for a in arrays))


def joined_into_own_arrays(x_t, h_prev, W_xh, W_hh, b_h):
    D = x_t.shape[1]
    both = np.empty((len(x_t), D + h_prev.shape[1]))
    both[:, :D], both[:, D:] = x_t, h_prev
    W = np.empty((both.shape[1], len(b_h)))
    W[:D], W[D:] = W_xh, W_hh
    return {"joined": both, "W": W, "h_t": step(x_t, h_prev, W_xh, W_hh, b_h)}


def joined_by_lists(x_t, h_prev, W_xh, W_hh, b_h):
    both = [list(x) + list(h) for x, h in zip(x_t, h_prev, strict=True)]
    W = W_xh.tolist() + W_hh.tolist()
    return both, W, np.tanh(np.array(both) @ np.array(W) + b_h).tolist()


def look_up(indices, W):
    return np.eye(len(W))[indices], W[indices]


def look_up_by_product(indices, W):
    hot = (indices[..., None] == np.arange(W.shape[0])).astype(int)
    return hot, hot @ W


def look_up_by_loops(indices, W):
    T, B = indices.shape
    hot, rows = np.zeros((T, B, W.shape[0])), np.zeros((T, B, W.shape[1]))
    for t in range(T):
        for b in range(B):
            hot[t, b, indices[t, b]] = 1
            rows[t, b] = W[indices[t, b]]
    return hot, rows


def look_up_by_take(indices, W):
    return np.take(np.identity(len(W)), indices, axis=0), np.take(W, indices, axis=0)


def look_up_by_einsum(indices, W):
    hot = np.zeros((indices.size, len(W)), dtype=np.float32)
    hot[np.arange(indices.size), indices.ravel()] = 1
    hot = hot.reshape(*indices.shape, -1)
    return hot, np.einsum("tbv,vd->tbd", hot, W.astype(np.float32))


def look_up_by_lists(indices, W):
    hot = [[[int(k == v) for v in range(len(W))] for k in row] for row in indices.tolist()]
    return hot, [[W[k].tolist() for k in row] for row in indices]


def read_out(hs, W_hy, b_y):
    ys = softmax_last(hs @ W_hy + b_y)
    return ys, ys.argmax(-1)


def read_out_by_loops(hs, W_hy, b_y):
    ys, picks = [], []
    for h_t in hs:
        rows = []
        for h in h_t:
            e = np.exp(h @ W_hy + b_y)
            rows.append((e / sum(e)).tolist())
        ys.append(rows)
        picks.append([int(np.argmax(row)) for row in rows])
    return ys, picks


def read_out_by_einsum(hs, W_hy, b_y):
    e = np.exp(np.einsum("tbh,hv->tbv", hs, W_hy) + b_y)
    return e / np.sum(e, axis=2)[:, :, np.newaxis], np.argmax(e, axis=2)


def read_out_in_float32(*arrays):
    return read_out(*(a.astype(np.float32) for a in arrays))


def read_out_flat(hs, W_hy, b_y):
    T, B, H = hs.shape
    ys = softmax_last(hs.reshape(T * B, H) @ W_hy + b_y)
    return ys.reshape(T, B, -1), ys.argmax(axis=1).reshape(T, B)


def read_out_on_own_copy(hs, W_hy, b_y):
    z = hs @ W_hy
    z += b_y
    picks = z.argmax(axis=-1)
    z -= z.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=-1, keepdims=True)
    return z, picks


def last(hs, lengths):
    return hs[lengths - 1, np.arange(len(lengths))]


def last_by_loop(hs, lengths):
    return np.stack([hs[n - 1, b] for b, n in enumerate(lengths)])


def last_as_list(hs, lengths):
    return [hs[:n, b][-1].tolist() for b, n in enumerate(lengths)]


def last_by_mask(hs, lengths):
    ends = (np.arange(hs.shape[0])[:, None] == lengths - 1).astype(float)
    return np.einsum("tb,tbh->bh", ends, hs)


def last_by_take(hs, lengths):
    return np.take_along_axis(hs, (lengths - 1)[None, :, None], axis=0)[0]


def last_in_float32(hs, lengths):
    return last(hs.astype(np.float32), lengths)


def last_on_own_copy(hs, lengths):
    hs = hs.copy()
    for t in range(1, len(hs)):
        hs[t, lengths <= t] = hs[t - 1, lengths <= t]
    return hs[-1]


def start(xs, W_hh):
    return np.zeros((xs.shape[1], len(W_hh)))


def distance(xs, xs_other, W_xh, W_hh, b_h):
    weights = (W_xh, W_hh, b_h)
    gap = loop(xs, start(xs, W_hh), *weights) - loop(xs_other, start(xs, W_hh), *weights)
    return np.linalg.norm(gap, axis=-1)


def distance_by_squares(xs, xs_other, W_xh, W_hh, b_h):
    h, other, curve = start(xs, W_hh), start(xs, W_hh), []
    for x_t, x_other in zip(xs, xs_other, strict=True):
        h, other = step(x_t, h, W_xh, W_hh, b_h), step(x_other, other, W_xh, W_hh, b_h)
        curve.append(np.sqrt(((h - other) ** 2).sum(axis=1)))
    return curve


def distance_in_one_batch(xs, xs_other, W_xh, W_hh, b_h):
    B = xs.shape[1]
    both = np.concatenate([xs, xs_other], axis=1)
    hs = loop(both, start(both, W_hh), W_xh, W_hh, b_h)
    return np.linalg.norm(hs[:, :B] - hs[:, B:], axis=2)


def distance_in_float32(*arrays):
    return distance(*(a.astype(np.float32) for a in arrays))


def distance_by_loops(xs, xs_other, W_xh, W_hh, b_h):
    curve = []
    hs = loop(xs, start(xs, W_hh), W_xh, W_hh, b_h)
    others = loop(xs_other, start(xs, W_hh), W_xh, W_hh, b_h)
    for h_t, other_t in zip(hs, others, strict=True):
        curve.append([float(np.linalg.norm(h - o)) for h, o in zip(h_t, other_t, strict=True)])
    return curve


def distance_by_einsum(xs, xs_other, W_xh, W_hh, b_h):
    gap = loop_on_own_copy(xs, start(xs, W_hh), W_xh, W_hh, b_h)
    gap -= loop_on_own_copy(xs_other, start(xs, W_hh), W_xh, W_hh, b_h)
    return np.sqrt(np.einsum("tbh,tbh->tb", gap, gap))


RIGHT = {
    "rnn_step": [
        step,
        step_by_dot,
        step_by_einsum,
        step_by_loops,
        step_in_float32,
        step_on_own_copy,
        step_by_columns,
        step_by_exponentials,
    ],
    "unroll": [
        loop,
        loop_as_list,
        loop_into_array,
        loop_in_float32,
        loop_on_own_copy,
        loop_over_samples_and_steps,
        loop_after_projection,
    ],
    "joined_step": [
        joined,
        joined_by_stacks,
        joined_by_einsum,
        joined_in_float32,
        joined_into_own_arrays,
        joined_by_lists,
    ],
    "look_up": [
        look_up,
        look_up_by_product,
        look_up_by_loops,
        look_up_by_take,
        look_up_by_einsum,
        look_up_by_lists,
    ],
    "read_out": [
        read_out,
        read_out_by_loops,
        read_out_by_einsum,
        read_out_in_float32,
        read_out_flat,
        read_out_on_own_copy,
    ],
    "last_states": [
        last,
        last_by_loop,
        last_as_list,
        last_by_mask,
        last_by_take,
        last_in_float32,
        last_on_own_copy,
    ],
    "state_distance": [
        distance,
        distance_by_squares,
        distance_in_one_batch,
        distance_in_float32,
        distance_by_loops,
        distance_by_einsum,
    ],
}


# --- wrong answers, as learners write them -----------------------------------------------------


def loop_without_h_0(xs, h_0, W_xh, W_hh, b_h):
    h, hs = np.zeros_like(h_0), []
    for x in xs:
        h = step(x, h, W_xh, W_hh, b_h)
        hs.append(h)
    return np.array(hs)


def loop_from_h_0_each_time(xs, h_0, W_xh, W_hh, b_h):
    hs = []
    for x in xs:
        h_t = step(x, h_0, W_xh, W_hh, b_h)
        hs.append(h_t)
    return np.array(hs)


def loop_that_inserts_at_the_front(xs, h_0, *weights):
    h, hs = h_0, []
    for x in xs:
        h = step(x, h, *weights)
        hs.insert(0, h)
    return np.array(hs)


def loop_that_keeps_one_array(xs, h_0, W_xh, W_hh, b_h):
    h, hs = h_0.copy(), []
    for x in xs:
        h[:] = step(x, h, W_xh, W_hh, b_h)
        hs.append(h)
    return np.array(hs)


def loop_that_keeps_too_early(xs, h_0, *weights):
    h, hs = h_0, []
    for x in xs:
        hs.append(h)
        h = step(x, h, *weights)
    return np.array(hs)


def loop_stacked_along_axis_1(xs, h_0, *weights):
    return np.stack(list(loop(xs, h_0, *weights)), axis=1)


def loop_over_the_batch(xs, h_0, W_xh, W_hh, b_h):
    T, B, _ = xs.shape
    h, hs = np.zeros((T, len(b_h))), []
    for b in range(B):
        h = step(xs[:, b], h, W_xh, W_hh, b_h)
        hs.append(h)
    return np.stack(hs, axis=1)


def loop_with_two_slips(xs, h_0, W_xh, W_hh, b_h):
    h, hs = np.zeros_like(h_0), []
    for x in xs:
        h = x @ W_xh + h @ W_hh + b_h
        hs.append(h)
    return np.array(hs)


def loop_that_returns_the_last(xs, h_0, *weights):
    for x in xs:
        h_0 = step(x, h_0, *weights)
    return h_0


def loop_batch_first_without_h_0(*arguments):
    return np.swapaxes(loop_without_h_0(*arguments), 0, 1)


def loop_reversed_without_h_0(*arguments):
    return loop_without_h_0(*arguments)[::-1]


def loop_with_bias_once(xs, h_0, W_xh, W_hh, b_h):
    h, hs = h_0, []
    for t, x in enumerate(xs):
        h = step(x, h, W_xh, W_hh, b_h if t == 0 else 0)
        hs.append(h)
    return np.array(hs)


def loop_that_never_resets(xs, h_0, W_xh, W_hh, b_h):
    hs, h = np.zeros((len(xs), *h_0.shape)), h_0[0]
    for b in range(xs.shape[1]):
        for t in range(len(xs)):
            h = np.tanh(xs[t, b] @ W_xh + h @ W_hh + b_h)
            hs[t, b] = h
    return hs


def loop_that_puts_h_0_first(xs, h_0, W_xh, W_hh, b_h):
    hs = np.zeros((len(xs), *h_0.shape))
    hs[0] = h_0
    for t in range(1, len(xs)):
        hs[t] = step(xs[t], hs[t - 1], W_xh, W_hh, b_h)
    return hs


def step_of_two_tanhs(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + b_h) + np.tanh(h_prev @ W_hh + b_h)


def step_of_two_tanhs_with_one_bias(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh) + np.tanh(h_prev @ W_hh + b_h)


def step_with_tanh_of_tanh(*arguments):
    return np.tanh(step(*arguments))


def step_minus_bias(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h_prev @ W_hh - b_h)


def step_with_late_addition(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + b_h) + h_prev @ W_hh


def step_with_tanh_closed_early(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh) + h_prev @ W_hh + b_h


def step_with_tanh_opened_late(x_t, h_prev, W_xh, W_hh, b_h):
    return x_t @ W_xh + np.tanh(h_prev @ W_hh + b_h)


def step_of_two_layers(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh((x_t @ W_xh + b_h) + (h_prev @ W_hh + b_h))


def step_with_columns(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + (W_hh @ h_prev.T).T + b_h)


def step_with_two_slips(x_t, h_prev, W_xh, W_hh, b_h):
    return x_t @ W_xh + h_prev @ W_hh


def joined_turned_round(x_t, h_prev, W_xh, W_hh, b_h):
    both, W = np.hstack([h_prev, x_t]), np.vstack([W_hh, W_xh])
    return both, W, np.tanh(both @ W + b_h)


def joined_with_other_rows(x_t, h_prev, W_xh, W_hh, b_h):
    both, W = np.hstack([x_t, h_prev]), np.vstack([W_hh, W_xh])
    return both, W, np.tanh(both @ W + b_h)


def look_up_with_largest(indices, W):
    return np.eye(indices.max() + 1)[indices], W[indices]


def look_up_columns(indices, W):
    return np.eye(len(W))[:, indices], W[:, indices]


def read_out_over_time(hs, W_hy, b_y):
    z = hs @ W_hy + b_y
    e = np.exp(z - z.max(axis=0))
    ys = e / e.sum(axis=0)
    return ys, ys.argmax(axis=-1)


def read_out_over_everything(hs, W_hy, b_y):
    e = np.exp(hs @ W_hy + b_y)
    ys = e / e.sum()
    return ys, ys.argmax(axis=-1)


def read_out_wrong_twice(hs, W_hy, b_y):
    ys = softmax_last(hs @ W_hy)
    return ys, ys.argmax(axis=0)


def last_of_all(hs, lengths):
    return hs[-1]


def last_one_late(hs, lengths):
    return np.array([hs[n, b] for b, n in enumerate(lengths)])


def last_for_every_pair(hs, lengths):
    return hs[lengths - 1]


def last_for_sorted(hs, lengths):
    return last(hs, np.sort(lengths)[::-1])


def last_of_last_length(hs, lengths):
    return hs[lengths[-1] - 1]


def last_of_first_length(hs, lengths):
    return hs[lengths[0] - 1]


def last_of_shortest(hs, lengths):
    return hs[min(lengths) - 1]


def distance_without_tanh(xs, xs_other, W_xh, W_hh, b_h):
    h, curve = start(xs, W_hh), []
    for x in xs - xs_other:  # without tanh the bias goes out by itself
        h = x @ W_xh + h @ W_hh
        curve.append(np.linalg.norm(h, axis=1))
    return curve


def distance_with_columns(xs, xs_other, W_xh, W_hh, b_h):
    return distance(xs, xs_other, W_xh, W_hh.T, b_h)


def distance_without_memory(xs, xs_other, W_xh, W_hh, b_h):
    return np.linalg.norm(np.tanh(xs @ W_xh + b_h) - np.tanh(xs_other @ W_xh + b_h), axis=-1)


def distance_of_norms(xs, xs_other, W_xh, W_hh, b_h):
    h = loop(xs, start(xs, W_hh), W_xh, W_hh, b_h)
    o = loop(xs_other, start(xs, W_hh), W_xh, W_hh, b_h)
    return np.abs(np.linalg.norm(h, axis=-1) - np.linalg.norm(o, axis=-1))


def both_runs(xs, xs_other, W_xh, W_hh, b_h):
    return (loop(x, start(x, W_hh), W_xh, W_hh, b_h) for x in (xs, xs_other))


def distance_squared_after_the_sum(*arguments):
    h, o = both_runs(*arguments)
    return np.sum(h - o, axis=-1) ** 2


def distance_root_of_squared_sum(*arguments):
    h, o = both_runs(*arguments)
    return np.sqrt(np.sum(h - o, axis=-1) ** 2)


def distance_of_norms_with_sign(*arguments):
    h, o = both_runs(*arguments)
    return np.linalg.norm(h, axis=-1) - np.linalg.norm(o, axis=-1)


def distance_over_batch(xs, xs_other, W_xh, W_hh, b_h):
    h = loop(xs, start(xs, W_hh), W_xh, W_hh, b_h)
    o = loop(xs_other, start(xs, W_hh), W_xh, W_hh, b_h)
    return np.linalg.norm(h - o, axis=1)


WRONG = [
    ("unroll", loop_without_h_0, ["start_ignored"]),
    ("unroll", loop_from_h_0_each_time, ["start_at_every_step"]),
    ("unroll", loop_that_inserts_at_the_front, ["list_reversed"]),
    ("unroll", loop_that_keeps_one_array, ["one_array_many_times"]),
    ("unroll", loop_that_keeps_too_early, ["kept_before_update"]),
    ("unroll", loop_stacked_along_axis_1, ["batch_first"]),
    ("unroll", loop_over_the_batch, ["along_the_batch"]),
    ("unroll", loop_with_two_slips, ["start_ignored", "no_tanh"]),
    ("unroll", loop_that_returns_the_last, ["last_state_only"]),
    ("unroll", loop_batch_first_without_h_0, ["start_ignored", "batch_first"]),
    ("unroll", loop_reversed_without_h_0, ["start_ignored", "list_reversed"]),
    ("unroll", loop_with_bias_once, ["bias_at_first_step_only"]),
    ("unroll", loop_that_never_resets, ["carried_to_next_sample"]),
    ("unroll", loop_that_puts_h_0_first, ["start_in_place_of_first"]),
    ("rnn_step", step_of_two_tanhs, ["tanh_of_each_with_bias"]),
    ("rnn_step", step_of_two_tanhs_with_one_bias, ["tanh_of_each_with_state_bias"]),
    ("rnn_step", step_with_tanh_of_tanh, ["tanh_twice"]),
    ("rnn_step", step_minus_bias, ["bias_subtracted"]),
    ("rnn_step", step_with_late_addition, ["tanh_of_input_only"]),
    ("rnn_step", step_with_tanh_closed_early, ["tanh_of_first_product"]),
    ("rnn_step", step_with_tanh_opened_late, ["tanh_of_state_and_bias"]),
    ("rnn_step", step_of_two_layers, ["bias_twice"]),
    ("rnn_step", step_with_columns, ["recurrent_transposed"]),
    ("rnn_step", step_with_two_slips, ["bias_forgotten", "no_tanh"]),
    ("joined_step", joined_turned_round, ["state_first", "recurrent_rows_first"]),
    ("joined_step", joined_with_other_rows, ["recurrent_rows_first"]),
    ("look_up", look_up_with_largest, ["width_from_largest_index"]),
    ("look_up", look_up_columns, ["symbols_first", "columns_for_rows"]),
    ("read_out", read_out_over_time, ["softmax_over_time"]),
    ("read_out", read_out_over_everything, ["softmax_over_all"]),
    ("read_out", read_out_wrong_twice, ["bias_forgotten", "largest_over_time"]),
    ("last_states", last_of_all, ["end_of_padding"]),
    ("last_states", last_one_late, ["one_too_late"]),
    ("last_states", last_for_every_pair, ["every_pair"]),
    ("last_states", last_for_sorted, ["lengths_descending"]),
    ("last_states", last_of_last_length, ["last_length_for_all"]),
    ("last_states", last_of_first_length, ["first_length_for_all"]),
    ("last_states", last_of_shortest, ["shortest_for_all"]),
    ("state_distance", distance_without_tanh, ["no_tanh"]),
    ("state_distance", distance_with_columns, ["recurrent_transposed"]),
    ("state_distance", distance_without_memory, ["state_not_carried"]),
    ("state_distance", distance_of_norms, ["difference_of_lengths"]),
    ("state_distance", distance_squared_after_the_sum, ["square_of_the_sum"]),
    ("state_distance", distance_root_of_squared_sum, ["root_of_the_squared_sum"]),
    ("state_distance", distance_of_norms_with_sign, ["signed_difference_of_lengths"]),
    ("state_distance", distance_over_batch, ["over_the_batch"]),
]
