"""Answers to the exercises of chapter 04 as people write them: right ones and wrong ones."""

import numpy as np

# --- shared pieces -----------------------------------------------------------------------------


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def window_pass(xs, targets, h, W_xh, W_hh, b_h, W_hy, b_y):
    """Read one window and go back through it; returns loss, d_W_hh, last state."""
    hs, loss, d_logits = [h], 0.0, []
    for x, y in zip(xs, targets, strict=True):
        hs.append(np.tanh(W_xh[x] + hs[-1] @ W_hh + b_h))
        p = softmax(hs[-1] @ W_hy + b_y)
        loss -= np.log(p[np.arange(len(y)), y]).sum()
        p[np.arange(len(y)), y] -= 1
        d_logits.append(p)
    d_W, back = np.zeros_like(W_hh), np.zeros_like(h)
    for t in reversed(range(len(xs))):
        d_z = (d_logits[t] @ W_hy.T + back) * (1 - hs[t + 1] ** 2)
        d_W += hs[t].T @ d_z
        back = d_z @ W_hh.T
    return loss, d_W, hs[-1]


# --- right answers, written in different ways --------------------------------------------------


def windows(indices, T, B):
    length = (len(indices) - 1) // B
    W = length // T
    xs = indices[: B * length].reshape(B, length).T[: W * T]
    targets = indices[1 : B * length + 1].reshape(B, length).T[: W * T]
    return xs.reshape(W, T, B), targets.reshape(W, T, B)


def windows_by_loops(indices, T, B):
    length = (len(indices) - 1) // B
    xs, targets = [], []
    for start in range(0, length - T + 1, T):
        xs.append([[indices[b * length + start + t] for b in range(B)] for t in range(T)])
        targets.append([[indices[b * length + start + t + 1] for b in range(B)] for t in range(T)])
    return xs, targets


def windows_by_positions(indices, T, B):
    L = (indices.size - 1) // B
    at = np.arange(L // T)[:, None, None] * T + np.arange(T)[:, None] + np.arange(B) * L
    return indices[at], indices[at + 1]


def windows_by_rows(indices, T, B):
    L = (len(indices) - 1) // B
    rows = np.stack([indices[b * L : b * L + L + 1] for b in range(B)])  # one more, for the target
    starts = range(0, L // T * T, T)
    return {
        "xs": np.stack([rows[:, s : s + T].T for s in starts]),
        "targets": np.stack([rows[:, s + 1 : s + T + 1].T for s in starts]),
    }


def windows_by_split(indices, T, B):
    n = (len(indices) - 1) // B
    count = n // T
    x = indices[:-1][: B * n].reshape(B, n)[:, : count * T]
    y = indices[1:][: B * n].reshape(B, n)[:, : count * T]
    return [np.array(np.split(a.T, count)) for a in (x, y)]


def score(logits, targets):
    p = np.take_along_axis(softmax(logits), targets[..., None], axis=-1)
    bits = -np.log2(p).mean()
    return bits, 2**bits


def score_in_nats(logits, targets):
    V = logits.shape[-1]
    z = logits.reshape(-1, V)
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    nats = -log_p[np.arange(len(z)), targets.ravel()].mean()
    return nats / np.log(2), np.exp(nats)


def score_by_loops(logits, targets):
    total = 0.0
    for where in np.ndindex(targets.shape):
        e = np.exp(logits[where])
        total += float(np.log(e.sum() / e[targets[where]]))
    return total / targets.size / np.log(2), float(np.exp(total / targets.size))


def score_by_windows(logits, targets):
    bits = np.mean([score(one, y)[0] for one, y in zip(logits, targets, strict=True)])
    return [bits, 2.0**bits]  # windows of equal size: the mean of their means


def score_by_product(logits, targets):
    p = (softmax(logits) * np.eye(logits.shape[-1])[targets]).sum(axis=-1)
    return -np.log2(p).sum() / p.size, np.prod(p ** (-1 / p.size))


def score_in_float32(logits, targets):
    return score(logits.astype(np.float32), targets)


def cut(d_direct, hs, h_0, W_hh, window):
    d_hs, d_W, back = np.zeros_like(hs), np.zeros_like(W_hh), np.zeros_like(h_0)
    for t in reversed(range(len(hs))):
        if (t + 1) % window == 0:
            back = np.zeros_like(h_0)
        d_hs[t] = d_direct[t] + back
        d_z = d_hs[t] * (1 - hs[t] ** 2)
        d_W += (hs[t - 1] if t else h_0).T @ d_z
        back = d_z @ W_hh.T
    return d_hs, d_W


def cut_window_by_window(d_direct, hs, h_0, W_hh, window):
    d_hs, d_W, before = [], 0, h_0
    for start in range(0, len(hs), window):
        h, d = hs[start : start + window], d_direct[start : start + window]
        part, d_part = cut(d, h, before, W_hh, len(hs) + 1)
        d_hs.append(part)
        d_W = d_W + d_part
        before = h[-1]
    return np.concatenate(d_hs), d_W


def cut_after_the_loop(d_direct, hs, h_0, W_hh, window):
    d_hs = d_direct.copy()
    for t in range(len(hs) - 2, -1, -1):
        if (t + 1) % window:
            d_hs[t] += (d_hs[t + 1] * (1 - hs[t + 1] ** 2)) @ W_hh.T
    h_prevs = np.concatenate([h_0[None], hs[:-1]])
    return d_hs, np.einsum("tbi,tbj->ij", h_prevs, d_hs * (1 - hs**2))


def cut_by_pairs(d_direct, hs, h_0, W_hh, window):
    d_hs = np.zeros_like(hs)
    for t in range(len(hs)):  # the loss of step t, as far back as its window goes
        d = d_direct[t]
        for s in range(t, t // window * window - 1, -1):
            d_hs[s] += d
            d = (d * (1 - hs[s] ** 2)) @ W_hh.T
    h_prevs = np.vstack([h_0[None], hs[:-1]])
    return d_hs, sum(h.T @ (d * (1 - a**2)) for h, d, a in zip(h_prevs, d_hs, hs, strict=True))


def cut_as_lists(*arguments):
    return tuple(part.tolist() for part in cut(*arguments))


def cut_in_float32(d_direct, hs, h_0, W_hh, window):
    return cut(*(a.astype(np.float32) for a in (d_direct, hs, h_0, W_hh)), window)


def passes(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    loss, d_W, h = 0.0, 0.0, h_0
    for start in range(0, len(xs), window):
        at = slice(start, start + window)
        one, d, h = window_pass(xs[at], targets[at], h, W_xh, W_hh, b_h, W_hy, b_y)
        loss, d_W = loss + one, d_W + d
    return loss, d_W, h


def passes_with_while(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    weights, total, d_W_hh, start, h = (W_xh, W_hh, b_h, W_hy, b_y), 0, np.zeros_like(W_hh), 0, h_0
    while start < xs.shape[0]:
        loss, d, h = window_pass(xs[start:][:window], targets[start:][:window], h, *weights)
        total += loss
        d_W_hh += d
        start += window
    return {"loss": total, "d_W_hh": d_W_hh, "h_T": h}


def passes_in_lists(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    runs, h = [], h_0.copy()
    for k in range(-(-len(xs) // window)):
        at = slice(k * window, (k + 1) * window)
        runs.append(window_pass(xs[at], targets[at], h, W_xh, W_hh, b_h, W_hy, b_y))
        h = runs[-1][2]
    losses, gradients, _ = zip(*runs, strict=True)
    return float(np.sum(losses)), np.sum(gradients, axis=0).tolist(), h.tolist()


def passes_by_recursion(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    weights = (W_xh, W_hh, b_h, W_hy, b_y)
    loss, d, h = window_pass(xs[:window], targets[:window], h_0, *weights)
    if len(xs) > window:
        rest = passes_by_recursion(xs[window:], targets[window:], h, *weights, window)
        loss, d, h = loss + rest[0], d + rest[1], rest[2]
    return loss, d, h


def passes_by_split(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    borders = np.arange(window, len(xs), window)
    total, d_W = 0.0, np.zeros(W_hh.shape)
    for x, y in zip(np.split(xs, borders), np.split(targets, borders), strict=True):
        loss, d, h_0 = window_pass(x, y, h_0, W_xh, W_hh, b_h, W_hy, b_y)
        total, d_W = total + loss, d_W + d
    return total, d_W, h_0


def clip(d_W_xh, d_W_hh, d_b_h, max_norm):
    norm = np.sqrt(np.sum(d_W_xh**2) + np.sum(d_W_hh**2) + np.sum(d_b_h**2))
    factor = min(1.0, max_norm / norm)
    return d_W_xh * factor, d_W_hh * factor, d_b_h * factor, norm


def clip_with_if(d_W_xh, d_W_hh, d_b_h, max_norm):
    norm = np.linalg.norm(np.concatenate([d.ravel() for d in (d_W_xh, d_W_hh, d_b_h)]))
    if norm > max_norm:
        d_W_xh, d_W_hh, d_b_h = (d / norm * max_norm for d in (d_W_xh, d_W_hh, d_b_h))
    return d_W_xh, d_W_hh, d_b_h, norm


def clip_by_norm_of_norms(*arguments):
    *gradients, max_norm = arguments
    norm = np.linalg.norm([np.linalg.norm(d) for d in gradients])
    return [*(d / max(1, norm / max_norm) for d in gradients), norm]


def clip_as_dictionary(d_W_xh, d_W_hh, d_b_h, max_norm):
    *clipped, norm = clip(d_W_xh, d_W_hh, d_b_h, max_norm)
    names = ("clipped_W_xh", "clipped_W_hh", "clipped_b_h")
    return {**dict(zip(names, clipped, strict=True)), "norm": float(norm)}


def clip_on_copies(d_W_xh, d_W_hh, d_b_h, max_norm):
    copies = [d.copy() for d in (d_W_xh, d_W_hh, d_b_h)]
    norm = sum(np.vdot(d, d) for d in copies) ** 0.5
    for d in copies:
        d *= np.minimum(1, max_norm / norm)
    return (*copies, norm)


def clip_in_float32(d_W_xh, d_W_hh, d_b_h, max_norm):
    return clip(*(d.astype(np.float32) for d in (d_W_xh, d_W_hh, d_b_h)), max_norm)


def sampling(logits, temperature, k):
    p = softmax(logits / temperature)
    order = np.argsort(-logits, axis=1, kind="stable")
    keep = np.zeros_like(p)
    np.put_along_axis(keep, order[:, :k], 1.0, axis=1)
    return p * keep / (p * keep).sum(axis=1, keepdims=True)


def sampling_with_infinity(logits, temperature, k):
    z = np.full(logits.shape, -np.inf)
    for b, row in enumerate(logits):
        for i in sorted(range(len(row)), key=lambda i: -row[i])[:k]:  # sorted keeps equal ones
            z[b, i] = row[i] / temperature
    return softmax(z)


def sampling_by_power(logits, temperature, k):
    p = softmax(logits) ** (1 / temperature)  # renormalised, this is softmax(logits / temperature)
    for row in p:
        row[np.argsort(-row, kind="stable")[k:]] = 0
    return p / p.sum(axis=1, keepdims=True)


def sampling_by_counting(logits, temperature, k):
    rows = []
    for row in logits.tolist():
        e = [np.exp(z / temperature) for z in row]
        for i, z in enumerate(row):
            better = sum(other > z or (other == z and j < i) for j, other in enumerate(row))
            if better >= k:
                e[i] = 0.0
        rows.append([value / sum(e) for value in e])
    return rows


def sampling_by_argmax(logits, temperature, k):
    left, p = logits.copy(), np.zeros(logits.shape)
    rows = np.arange(len(logits))
    for _ in range(k):
        best = left.argmax(axis=1)
        p[rows, best] = np.exp(logits[rows, best] / temperature)
        left[rows, best] = -np.inf
    return p / p.sum(axis=1)[:, None]


def sampling_in_float32(logits, temperature, k):
    return sampling(logits.astype(np.float32), temperature, k)


RIGHT = {
    "windows": [
        windows,
        windows_by_loops,
        windows_by_positions,
        windows_by_rows,
        windows_by_split,
    ],
    "text_score": [
        score,
        score_in_nats,
        score_by_loops,
        score_by_windows,
        score_by_product,
        score_in_float32,
    ],
    "cut_gradient": [
        cut,
        cut_window_by_window,
        cut_after_the_loop,
        cut_by_pairs,
        cut_as_lists,
        cut_in_float32,
    ],
    "truncated_pass": [
        passes,
        passes_with_while,
        passes_in_lists,
        passes_by_recursion,
        passes_by_split,
    ],
    "clip": [
        clip,
        clip_with_if,
        clip_by_norm_of_norms,
        clip_as_dictionary,
        clip_on_copies,
        clip_in_float32,
    ],
    "sampling": [
        sampling,
        sampling_with_infinity,
        sampling_by_power,
        sampling_by_counting,
        sampling_by_argmax,
        sampling_in_float32,
    ],
}


# --- wrong answers, as learners write them -----------------------------------------------------


def windows_unshifted(indices, T, B):
    xs, _ = windows(indices, T, B)
    return xs, xs


def windows_batch_first(indices, T, B):
    return tuple(np.swapaxes(a, 1, 2) for a in windows(indices, T, B))


def windows_unshifted_batch_first(indices, T, B):
    xs = np.swapaxes(windows(indices, T, B)[0], 1, 2)
    return xs, xs.copy()


def windows_rolled(indices, T, B):
    xs, _ = windows(indices, T, B)
    return xs, np.roll(xs, -1, axis=1)


def windows_that_lose_a_target(indices, T, B):
    xs, _ = windows(indices, T, B)
    return xs[:, :-1], xs[:, 1:]


def windows_of_chunks(indices, T, B):
    count = (len(indices) - 1) // (B * T)
    x = indices[: count * B * T].reshape(count, B, T)
    y = indices[1 : count * B * T + 1].reshape(count, B, T)
    return x.transpose(0, 2, 1), y.transpose(0, 2, 1)


def windows_across(indices, T, B):
    L = (len(indices) - 1) // B
    n = L // T * T * B
    return indices[:n].reshape(-1, T, B), indices[1 : n + 1].reshape(-1, T, B)


def windows_with_rolled_text(indices, T, B):
    L = len(indices) // B
    shifted = np.roll(indices, -1)
    W = L // T
    cut_up = [a[: B * L].reshape(B, L).T[: W * T].reshape(W, T, B) for a in (indices, shifted)]
    return tuple(cut_up)


def windows_of_targets_before(indices, T, B):
    L = (len(indices) - 1) // B
    at = np.arange(L // T)[:, None, None] * T + np.arange(T)[:, None] + np.arange(B) * L
    return indices[at], indices[at - 1]


def windows_at_every_step(indices, T, B):
    L = (len(indices) - 1) // B
    at = np.arange(L - T + 1)[:, None, None] + np.arange(T)[:, None] + np.arange(B) * L
    return indices[at], indices[at + 1]


def windows_that_share_a_character(indices, T, B):
    L = (len(indices) - 1) // B
    starts = np.arange(0, L - T + 1, T - 1)
    at = starts[:, None, None] + np.arange(T)[:, None] + np.arange(B) * L
    return indices[at], indices[at + 1]


def windows_not_cut(indices, T, B):
    L = (len(indices) - 1) // B
    xs = indices[: B * L].reshape(B, L).T
    targets = indices[1 : B * L + 1].reshape(B, L).T
    return xs[: L // T * T], targets[: L // T * T]


def windows_rounded_first(indices, T, B):
    L = (len(indices) - 1) // (B * T) * T
    xs = indices[: B * L].reshape(B, L).T
    targets = indices[1 : B * L + 1].reshape(B, L).T
    return xs.reshape(-1, T, B), targets.reshape(-1, T, B)


def nats_of(logits, targets):
    p = np.take_along_axis(softmax(logits), targets[..., None], axis=-1)[..., 0]
    return -np.log(p)


def score_left_in_nats(logits, targets):
    nats = nats_of(logits, targets).mean()
    return nats, np.exp(nats)


def score_in_nats_to_the_power_of_two(logits, targets):
    nats = nats_of(logits, targets).mean()
    return nats, 2**nats


def score_to_base_ten(logits, targets):
    digits = nats_of(logits, targets).mean() / np.log(10)
    return digits, 10**digits


def score_with_mean_of_perplexities(logits, targets):
    nats = nats_of(logits, targets)
    return nats.mean() / np.log(2), np.mean([np.exp(window.mean()) for window in nats])


def score_with_softmax_twice(logits, targets):
    nats = nats_of(softmax(logits), targets).mean()
    return nats / np.log(2), np.exp(nats)


def score_without_softmax(logits, targets):
    p = np.take_along_axis(logits, targets[..., None], axis=-1)
    bits = -np.log2(p).mean()
    return bits, 2**bits


def score_over_time(logits, targets):
    p = np.take_along_axis(softmax(logits, axis=1), targets[..., None], axis=-1)
    bits = -np.log2(p).mean()
    return bits, 2**bits


def score_shifted_again(logits, targets):
    bits = nats_of(logits[:, :-1], targets[:, 1:]).mean() / np.log(2)
    return bits, 2**bits


def score_mixing_bases(logits, targets):
    bits = nats_of(logits, targets).mean() / np.log(2)
    return bits, np.exp(bits)


def score_summed_in_nats(logits, targets):
    nats = nats_of(logits, targets).sum()
    return nats, np.exp(nats)


def score_twice_wrong(logits, targets):
    nats = nats_of(softmax(logits), targets)
    return nats.mean(), np.mean(np.exp(nats.mean(axis=(1, 2))))


def cut_without_cuts(d_direct, hs, h_0, W_hh, window):
    return cut(d_direct, hs, h_0, W_hh, len(hs))


def cut_at_every_step(d_direct, hs, h_0, W_hh, window):
    return cut(d_direct, hs, h_0, W_hh, 1)


def cut_one_step_late(d_direct, hs, h_0, W_hh, window):
    d_hs, d_W, back = np.zeros_like(hs), np.zeros_like(W_hh), np.zeros_like(h_0)
    for t in reversed(range(len(hs))):
        if t % window == 0:
            back = np.zeros_like(h_0)
        d_hs[t] = d_direct[t] + back
        d_z = d_hs[t] * (1 - hs[t] ** 2)
        d_W += (hs[t - 1] if t else h_0).T @ d_z
        back = d_z @ W_hh.T
    return d_hs, d_W


def cut_without_transpose(d_direct, hs, h_0, W_hh, window):
    d_hs, _ = cut(d_direct, hs, h_0, W_hh.T, window)
    h_prevs = np.concatenate([h_0[None], hs[:-1]])
    return d_hs, np.einsum("tbi,tbj->ij", h_prevs, d_hs * (1 - hs**2))


def cut_with_own_state(d_direct, hs, h_0, W_hh, window):
    d_hs, _ = cut(d_direct, hs, h_0, W_hh, window)
    return d_hs, np.einsum("tbi,tbj->ij", hs, d_hs * (1 - hs**2))


def cut_from_zeros(d_direct, hs, h_0, W_hh, window):
    d_hs, _ = cut(d_direct, hs, h_0, W_hh, window)
    h_prevs = np.concatenate([h_0[None], hs[:-1]])
    h_prevs[::window] = 0
    return d_hs, np.einsum("tbi,tbj->ij", h_prevs, d_hs * (1 - hs**2))


def cut_nowhere_from_zeros(d_direct, hs, h_0, W_hh, window):
    d_hs, _ = cut(d_direct, hs, h_0, W_hh, len(hs))
    h_prevs = np.concatenate([h_0[None], hs[:-1]])
    h_prevs[::window] = 0
    return d_hs, np.einsum("tbi,tbj->ij", h_prevs, d_hs * (1 - hs**2))


def cut_without_slope(d_direct, hs, h_0, W_hh, window):
    d_hs, d_W, back = np.zeros_like(hs), np.zeros_like(W_hh), np.zeros_like(h_0)
    for t in reversed(range(len(hs))):
        d_hs[t] = d_direct[t] + (back if (t + 1) % window else 0)
        d_W += (hs[t - 1] if t else h_0).T @ d_hs[t]
        back = d_hs[t] @ W_hh.T
    return d_hs, d_W


def cut_that_reads_the_end(d_direct, hs, h_0, W_hh, window):
    d_hs, _ = cut(d_direct, hs, h_0, W_hh, window)
    d_zs = d_hs * (1 - hs**2)
    return d_hs, sum(hs[t - 1].T @ d_zs[t] for t in range(len(hs)))  # at t = 0 the last state


def pass_from_zeros(xs, targets, h_0, *rest):
    *weights, window = rest
    loss, d_W, h = 0.0, 0.0, h_0
    for start in range(0, len(xs), window):
        at = slice(start, start + window)
        one, d, h = window_pass(xs[at], targets[at], h, *weights)
        loss, d_W, h_last = loss + one, d_W + d, h
        h = np.zeros_like(h)
    return loss, d_W, h_last


def pass_from_h_0(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    loss, d_W = 0.0, 0.0
    for start in range(0, len(xs), window):
        at = slice(start, start + window)
        one, d, h = window_pass(xs[at], targets[at], h_0, W_xh, W_hh, b_h, W_hy, b_y)
        loss, d_W = loss + one, d_W + d
    return loss, d_W, h


def pass_not_detached(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    return window_pass(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y)


def pass_detached_at_every_step(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    return passes(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, 1)


def pass_that_overwrites(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    h = h_0
    for start in range(0, len(xs), window):
        at = slice(start, start + window)
        loss, d_W, h = window_pass(xs[at], targets[at], h, W_xh, W_hh, b_h, W_hy, b_y)
    return loss, d_W, h


def pass_that_returns_in_the_loop(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    for start in range(0, len(xs), window):
        at = slice(start, start + window)
        return window_pass(xs[at], targets[at], h_0, W_xh, W_hh, b_h, W_hy, b_y)


def pass_of_means(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    loss, d_W, h = passes(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window)
    return loss / xs.size, d_W / xs.size, h


def pass_of_whole_windows(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    n = len(xs) // window * window
    return passes(xs[:n], targets[:n], h_0, W_xh, W_hh, b_h, W_hy, b_y, window)


def pass_from_zeros_of_means(*arguments):
    loss, d_W, h = pass_from_zeros(*arguments)
    return loss / arguments[0].size, d_W / arguments[0].size, h


def clip_each(d_W_xh, d_W_hh, d_b_h, max_norm):
    gradients = (d_W_xh, d_W_hh, d_b_h)
    norm = np.sqrt(sum((d**2).sum() for d in gradients))
    return *(d * min(1, max_norm / np.linalg.norm(d)) for d in gradients), norm


def clip_values(d_W_xh, d_W_hh, d_b_h, max_norm):
    gradients = (d_W_xh, d_W_hh, d_b_h)
    norm = np.sqrt(sum((d**2).sum() for d in gradients))
    return *(np.clip(d, -max_norm, max_norm) for d in gradients), norm


def clip_always(d_W_xh, d_W_hh, d_b_h, max_norm):
    gradients = (d_W_xh, d_W_hh, d_b_h)
    norm = np.sqrt(sum((d**2).sum() for d in gradients))
    return *(d * max_norm / norm for d in gradients), norm


def clip_without_root(d_W_xh, d_W_hh, d_b_h, max_norm):
    gradients = (d_W_xh, d_W_hh, d_b_h)
    norm = sum((d**2).sum() for d in gradients)
    return *(d * min(1, max_norm / norm) for d in gradients), norm


def clip_without_root_always(d_W_xh, d_W_hh, d_b_h, max_norm):
    gradients = (d_W_xh, d_W_hh, d_b_h)
    norm = sum((d**2).sum() for d in gradients)
    return *(d * max_norm / norm for d in gradients), norm


def clip_with_added_norms(d_W_xh, d_W_hh, d_b_h, max_norm):
    gradients = (d_W_xh, d_W_hh, d_b_h)
    norm = sum(np.linalg.norm(d) for d in gradients)
    return *(d * min(1, max_norm / norm) for d in gradients), norm


def clip_each_and_added(d_W_xh, d_W_hh, d_b_h, max_norm):
    *clipped, _ = clip_each(d_W_xh, d_W_hh, d_b_h, max_norm)
    return *clipped, sum(np.linalg.norm(d) for d in (d_W_xh, d_W_hh, d_b_h))


def clip_that_tells_the_norm_after(*arguments):
    *clipped, _ = clip(*arguments)
    return *clipped, np.sqrt(sum((d**2).sum() for d in clipped))


def clip_in_place(d_W_xh, d_W_hh, d_b_h, max_norm):
    norm = np.sqrt(sum((d**2).sum() for d in (d_W_xh, d_W_hh, d_b_h)))
    if norm > max_norm:
        for d in (d_W_xh, d_W_hh, d_b_h):
            d *= max_norm / norm
    return d_W_xh, d_W_hh, d_b_h, norm


def sampling_multiplied(logits, temperature, k):
    return sampling(logits, 1 / temperature, k)


def sampling_without_temperature(logits, temperature, k):
    return sampling(logits, 1.0, k)


def sampling_that_divides_probabilities(logits, temperature, k):
    p = softmax(logits) / temperature
    order = np.argsort(-logits, axis=1, kind="stable")
    for row, drop in zip(p, order[:, k:], strict=True):
        row[drop] = 0
    return p / p.sum(axis=1, keepdims=True)


def sampling_without_top_k(logits, temperature, k):
    return softmax(logits / temperature)


def sampling_not_renormalised(logits, temperature, k):
    return softmax(logits / temperature) * (sampling(logits, 1.0, k) > 0)


def sampling_by_threshold(logits, temperature, k):
    z = logits / temperature
    z[z < np.sort(z, axis=1)[:, [-k]]] = -np.inf
    return softmax(z)


def sampling_by_strict_threshold(logits, temperature, k):
    z = logits / temperature
    p = np.where(z > np.sort(z, axis=1)[:, [-k]], np.exp(z), 0.0)
    return p / p.sum(axis=1, keepdims=True)


def sampling_from_the_end(logits, temperature, k):
    z = np.full(logits.shape, -np.inf)
    order = np.argsort(logits, axis=1, kind="stable")[:, -k:]
    np.put_along_axis(z, order, np.take_along_axis(logits, order, 1) / temperature, axis=1)
    return softmax(z)


def sampling_of_the_worst(logits, temperature, k):
    z = np.full(logits.shape, -np.inf)
    order = np.argsort(logits, axis=1, kind="stable")[:, :k]
    np.put_along_axis(z, order, np.take_along_axis(logits, order, 1) / temperature, axis=1)
    return softmax(z)


def sampling_with_zero_scores(logits, temperature, k):
    return softmax(logits / temperature * (sampling(logits, 1.0, k) > 0))


def sampling_multiplied_by_threshold(logits, temperature, k):
    return sampling_by_threshold(logits, 1 / temperature, k)


def sampling_multiplied_not_renormalised(logits, temperature, k):
    return sampling_not_renormalised(logits, 1 / temperature, k)


def windows_not_transposed(indices, T, B):
    L = (len(indices) - 1) // B
    W = L // T
    xs = indices[: B * L].reshape(B, L)[:, : W * T]
    targets = indices[1 : B * L + 1].reshape(B, L)[:, : W * T]
    return xs.reshape(W, T, B), targets.reshape(W, T, B)


def score_in_the_other_order(logits, targets):
    return score(logits, targets)[::-1]


def score_of_one_softmax_over_all(logits, targets):
    e = np.exp(logits)
    bits = -np.log2(np.take_along_axis(e / e.sum(), targets[..., None], axis=-1)).mean()
    return bits, 2**bits


def cut_with_a_sliding_window(d_direct, hs, h_0, W_hh, window):
    d_hs = np.zeros_like(hs)
    for t in range(len(hs)):
        d = d_direct[t]
        for s in range(t, max(-1, t - window), -1):
            d_hs[s] += d
            d = (d * (1 - hs[s] ** 2)) @ W_hh.T
    h_prevs = np.concatenate([h_0[None], hs[:-1]])
    return d_hs, np.einsum("tbi,tbj->ij", h_prevs, d_hs * (1 - hs**2))


def cut_in_whole_windows(d_direct, hs, h_0, W_hh, window):
    n = len(hs) // window * window
    return cut(d_direct[:n], hs[:n], h_0, W_hh, window)


def cut_into_zeros(d_direct, hs, h_0, W_hh, window):
    d_hs, (part, d_W) = np.zeros_like(hs), cut_in_whole_windows(d_direct, hs, h_0, W_hh, window)
    d_hs[: len(part)] = part
    return d_hs, d_W


def cut_one_too_long(d_direct, hs, h_0, W_hh, window):
    return cut(d_direct, hs, h_0, W_hh, window + 1)


def cut_that_returns_the_sums(d_direct, hs, h_0, W_hh, window):
    d_hs, d_W = cut(d_direct, hs, h_0, W_hh, window)
    return d_hs * (1 - hs**2), d_W


def clip_each_always(d_W_xh, d_W_hh, d_b_h, max_norm):
    gradients = (d_W_xh, d_W_hh, d_b_h)
    norm = np.sqrt(sum((d**2).sum() for d in gradients))
    return *(d * max_norm / np.linalg.norm(d) for d in gradients), norm


def sampling_over_the_batch_without_top_k(logits, temperature, k):
    return softmax(logits / temperature, axis=0)


def sampling_divided_at_the_end(logits, temperature, k):
    return sampling(logits, 1.0, k) / temperature


def pass_of_window_means(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    loss, d_W, h = 0.0, 0.0, h_0
    for start in range(0, len(xs), window):
        x, y = xs[start : start + window], targets[start : start + window]
        one, d, h = window_pass(x, y, h, W_xh, W_hh, b_h, W_hy, b_y)
        loss, d_W = loss + one / x.size, d_W + d / x.size
    return loss, d_W, h


def pass_with_inputs_as_targets(xs, targets, *rest):
    return passes(xs, xs, *rest)


def pass_with_late_state(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
    loss, d_W, h, old = 0.0, 0.0, h_0, h_0
    for start in range(0, len(xs), window):
        at = slice(start, start + window)
        one, d, new = window_pass(xs[at], targets[at], old, W_xh, W_hh, b_h, W_hy, b_y)
        loss, d_W = loss + one, d_W + d
        old, h = h, new
    return loss, d_W, h


WRONG = [
    (
        "truncated_pass",
        pass_of_window_means,
        ["gradient_of_window_means", "loss_of_window_means"],
    ),
    ("truncated_pass", pass_with_inputs_as_targets, ["targets_not_shifted"]),
    ("truncated_pass", pass_with_late_state, ["state_one_late"]),
    ("windows", windows_not_transposed, ["not_transposed"]),
    ("text_score", score_in_the_other_order, ["swapped"]),
    ("text_score", score_of_one_softmax_over_all, ["softmax_over_all"]),
    ("cut_gradient", cut_with_a_sliding_window, ["sliding_window"]),
    ("cut_gradient", cut_in_whole_windows, ["short_window_dropped"]),
    ("cut_gradient", cut_into_zeros, ["short_window_empty"]),
    ("cut_gradient", cut_one_too_long, ["window_too_long"]),
    ("cut_gradient", cut_that_returns_the_sums, ["sums_for_states"]),
    ("clip", clip_each_always, ["norm_of_each", "scaled_up"]),
    ("sampling", sampling_over_the_batch_without_top_k, ["all_kept", "softmax_over_batch"]),
    ("sampling", sampling_divided_at_the_end, ["divided_at_the_end"]),
    ("windows", windows_unshifted, ["not_shifted"]),
    ("windows", windows_batch_first, ["batch_first"]),
    ("windows", windows_unshifted_batch_first, ["batch_first", "not_shifted"]),
    ("windows", windows_rolled, ["rolled_in_the_window"]),
    ("windows", windows_that_lose_a_target, ["last_step_dropped"]),
    ("windows", windows_of_chunks, ["neighbours_side_by_side"]),
    ("windows", windows_across, ["read_across"]),
    ("windows", windows_with_rolled_text, ["no_room_for_targets"]),
    ("windows", windows_of_targets_before, ["shifted_back"]),
    ("windows", windows_at_every_step, ["stride_of_one"]),
    ("windows", windows_that_share_a_character, ["overlap_of_one"]),
    ("windows", windows_not_cut, ["not_cut"]),
    ("windows", windows_rounded_first, ["streams_cut_to_windows"]),
    ("text_score", score_left_in_nats, ["nats_for_bits"]),
    ("text_score", score_in_nats_to_the_power_of_two, ["nats_for_bits", "two_to_the_nats"]),
    ("text_score", score_to_base_ten, ["decimal_digits"]),
    ("text_score", score_with_mean_of_perplexities, ["mean_of_window_perplexities"]),
    ("text_score", score_with_softmax_twice, ["softmax_before_the_loss"]),
    ("text_score", score_without_softmax, ["scores_as_probabilities"]),
    ("text_score", score_over_time, ["softmax_over_time"]),
    ("text_score", score_shifted_again, ["shifted_again"]),
    ("text_score", score_mixing_bases, ["power_of_e"]),
    ("text_score", score_summed_in_nats, ["nats_for_bits", "summed"]),
    (
        "text_score",
        score_twice_wrong,
        ["mean_of_window_perplexities", "nats_for_bits", "softmax_before_the_loss"],
    ),
    ("cut_gradient", cut_without_cuts, ["cut_nowhere"]),
    ("cut_gradient", cut_at_every_step, ["cut_everywhere"]),
    ("cut_gradient", cut_one_step_late, ["cut_one_late"]),
    ("cut_gradient", cut_without_transpose, ["not_transposed"]),
    ("cut_gradient", cut_with_own_state, ["state_for_previous_state"]),
    ("cut_gradient", cut_from_zeros, ["state_not_carried"]),
    ("cut_gradient", cut_nowhere_from_zeros, ["cut_nowhere", "state_not_carried"]),
    ("cut_gradient", cut_without_slope, ["slope_left_out"]),
    ("cut_gradient", cut_that_reads_the_end, ["start_is_last_state"]),
    ("truncated_pass", pass_from_zeros, ["state_reset"]),
    ("truncated_pass", pass_from_h_0, ["h_0_at_every_window"]),
    ("truncated_pass", pass_not_detached, ["one_window"]),
    ("truncated_pass", pass_detached_at_every_step, ["detached_every_step"]),
    ("truncated_pass", pass_that_overwrites, ["gradient_of_last_window", "loss_of_last_window"]),
    (
        "truncated_pass",
        pass_that_returns_in_the_loop,
        ["gradient_of_first_window", "loss_of_first_window", "state_after_first_window"],
    ),
    ("truncated_pass", pass_of_means, ["gradient_per_character", "loss_per_character"]),
    ("truncated_pass", pass_of_whole_windows, ["short_window_dropped"]),
    (
        "truncated_pass",
        pass_from_zeros_of_means,
        ["gradient_per_character", "loss_per_character", "state_reset"],
    ),
    ("clip", clip_each, ["norm_of_each"]),
    ("clip", clip_values, ["by_value"]),
    ("clip", clip_always, ["scaled_up"]),
    ("clip", clip_without_root, ["no_root"]),
    ("clip", clip_without_root_always, ["no_root", "scaled_up"]),
    ("clip", clip_with_added_norms, ["sum_of_norms"]),
    ("clip", clip_each_and_added, ["norm_of_each", "sum_of_norms"]),
    ("clip", clip_that_tells_the_norm_after, ["norm_after_clipping"]),
    ("sampling", sampling_multiplied, ["multiplied"]),
    ("sampling", sampling_without_temperature, ["no_effect"]),
    ("sampling", sampling_that_divides_probabilities, ["no_effect"]),
    ("sampling", sampling_without_top_k, ["all_kept"]),
    ("sampling", sampling_not_renormalised, ["not_renormalised"]),
    ("sampling", sampling_by_threshold, ["ties_all_kept"]),
    ("sampling", sampling_from_the_end, ["ties_by_higher_index"]),
    ("sampling", sampling_of_the_worst, ["worst_kept"]),
    ("sampling", sampling_with_zero_scores, ["score_zero_for_dropped"]),
    ("sampling", sampling_multiplied_by_threshold, ["multiplied", "ties_all_kept"]),
    ("sampling", sampling_multiplied_not_renormalised, ["multiplied", "not_renormalised"]),
]
