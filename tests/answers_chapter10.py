"""Answers to the exercises of chapter 10 as people write them: right ones and wrong ones."""

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from utils.interop import from_torch

PAD, START, END = 0, 1, 2

# --- right answers, written in different ways --------------------------------------------------


def convert(weight_ih, weight_hh, bias_ih, bias_hh):
    H = weight_hh.shape[1]
    b = bias_ih.copy()
    b[: 2 * H] += bias_hh[: 2 * H]
    return weight_ih.T, weight_hh.T, b, bias_hh[2 * H :]


def convert_by_blocks(weight_ih, weight_hh, bias_ih, bias_hh):
    W_x = np.concatenate([block.T for block in np.split(weight_ih, 3)], axis=1)
    W_h = np.concatenate([block.T for block in np.split(weight_hh, 3)], axis=1)
    r, z, n = np.split(bias_ih, 3)
    r_h, z_h, n_h = np.split(bias_hh, 3)
    return {"b_hn": n_h, "b": np.hstack([r + r_h, z + z_h, n]), "W_x": W_x, "W_h": W_h}


def convert_by_einsum(weight_ih, weight_hh, bias_ih, bias_hh):
    mask = np.repeat([1, 1, 0], len(bias_hh) // 3)
    return (
        np.einsum("gd->dg", weight_ih),
        np.einsum("gh->hg", weight_hh),
        bias_ih + mask * bias_hh,
        bias_hh[mask == 0],
    )


def convert_in_torch(*arrays):
    weight_ih, weight_hh, bias_ih, bias_hh = (torch.tensor(a, requires_grad=True) for a in arrays)
    H = weight_hh.shape[1]
    b = torch.cat([bias_ih[: 2 * H] + bias_hh[: 2 * H], bias_ih[2 * H :]])
    return weight_ih.t(), weight_hh.t(), b, bias_hh[-H:]


def convert_by_the_course(*arrays):
    module = nn.GRU(arrays[0].shape[1], arrays[1].shape[1]).double()
    with torch.no_grad():
        for parameter, array in zip(module.parameters(), arrays, strict=True):
            parameter.copy_(torch.tensor(array))
    return from_torch(module)


def convert_as_lists(*arguments):
    return [value.tolist() for value in convert(*arguments)]


def windows(series, timesteps):
    starts = range(len(series) - timesteps)
    return np.stack([series[s : s + timesteps] for s in starts]), series[timesteps:, 0]


def windows_by_indices(series, timesteps):
    starts = np.arange(len(series) - timesteps)
    return series[starts[:, None] + np.arange(timesteps)], series[starts + timesteps, 0]


def windows_by_views(series, timesteps):
    view = np.lib.stride_tricks.sliding_window_view(series, timesteps, axis=0)
    return view[:-1].swapaxes(1, 2), series[timesteps:, 0]


def windows_in_torch(series, timesteps):
    tensor = torch.tensor(series)
    return tensor.unfold(0, timesteps, 1)[:-1].transpose(1, 2), tensor[timesteps:, 0]


def windows_as_lists(series, timesteps):
    xs, targets = [], []
    for end in range(timesteps, len(series)):
        xs.append(series[end - timesteps : end].tolist())
        targets.append(float(series[end, 0]))
    return xs, targets


def windows_column_by_column(series, timesteps):
    columns = [
        np.stack([column[t : len(series) - timesteps + t] for t in range(timesteps)], axis=1)
        for column in series.T
    ]
    return np.stack(columns, axis=-1), series[timesteps:, 0]


def masked(logits, targets, lengths):
    mask = (np.arange(len(logits))[:, None] < lengths).astype(float)
    log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    losses = -np.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]
    hits = logits.argmax(axis=-1) == targets
    return mask, (losses * mask).sum() / mask.sum(), (hits * mask).sum() / mask.sum()


def masked_in_torch(logits, targets, lengths):
    scores, classes = torch.tensor(logits, requires_grad=True), torch.tensor(targets)
    mask = torch.arange(len(logits))[:, None] < torch.tensor(lengths)
    loss = nn.functional.cross_entropy(scores[mask], classes[mask])
    return mask, loss, (scores.argmax(dim=2) == classes)[mask].double().mean()


def masked_with_ignore_index(logits, targets, lengths):
    mask = torch.arange(len(logits)).unsqueeze(1) < torch.tensor(lengths)
    classes = torch.tensor(targets).masked_fill(~mask, -100)
    loss = nn.functional.cross_entropy(torch.tensor(logits).permute(1, 2, 0), classes.t())
    return mask.float(), loss, (torch.tensor(logits).argmax(-1) == classes).sum() / mask.sum()


def masked_by_loops(logits, targets, lengths):
    T, B = targets.shape
    mask, losses, hits = [[0] * B for _ in range(T)], [], []
    for b in range(B):
        for t in range(lengths[b]):
            mask[t][b] = 1
            p = np.exp(logits[t, b] - logits[t, b].max())
            losses.append(-np.log(p[targets[t, b]] / p.sum()))
            hits.append(p.argmax() == targets[t, b])
    return mask, sum(losses) / len(losses), sum(hits) / len(hits)


def masked_by_average(logits, targets, lengths):
    T, B = targets.shape
    there = lengths > np.tile(np.arange(T), (B, 1)).T
    p = np.exp(logits) / np.exp(logits).sum(axis=2)[:, :, None]
    t, b = np.indices((T, B))
    return {
        "mask": there,
        "loss": np.average(-np.log(p[t, b, targets]), weights=there),
        "accuracy": np.average(p.argmax(axis=2) == targets, weights=there),
    }


def masked_as_lists(*arguments):
    return [value.tolist() for value in masked(*arguments)]


def pack(xs, lengths):
    order = np.argsort(-lengths)
    batch_sizes = np.array([(lengths > t).sum() for t in range(lengths.max())])
    data = np.concatenate([xs[t, order[:n]] for t, n in enumerate(batch_sizes)])
    return data, batch_sizes, order


def pack_by_a_mask(xs, lengths):
    order = np.argsort(lengths)[::-1]
    longest = lengths[order[0]]
    there = np.arange(longest)[:, None] < lengths[order]
    return {"data": xs[:longest, order][there], "batch_sizes": there.sum(axis=1), "order": order}


def pack_by_torch(xs, lengths):
    return pack_padded_sequence(torch.tensor(xs), torch.tensor(lengths), enforce_sorted=False)


def pack_by_torch_sorted(xs, lengths):
    ordered, order = torch.sort(torch.tensor(lengths), descending=True)
    packed = pack_padded_sequence(torch.tensor(xs)[:, order], ordered)
    return packed.data, packed.batch_sizes, order


def pack_by_loops(xs, lengths):
    order = sorted(range(len(lengths)), key=lambda b: lengths[b], reverse=True)
    data, batch_sizes = [], []
    for t in range(max(lengths)):
        alive = [b for b in order if t < lengths[b]]
        batch_sizes.append(len(alive))
        data += [xs[t, b] for b in alive]
    return data, batch_sizes, order


def pack_as_lists(xs, lengths):
    return [value.tolist() for value in pack(xs, lengths)]


def summarise(output, lengths):
    B, T, width = output.shape
    H = width // 2
    ends = np.concatenate([output[np.arange(B), lengths - 1, :H], output[:, 0, H:]], axis=1)
    there = (np.arange(T) < lengths[:, None])[..., None]
    largest = np.where(there, output, -np.inf).max(axis=1)
    return ends, output.sum(axis=1) / lengths[:, None], largest


def summarise_by_samples(output, lengths):
    ends, means, largest = [], [], []
    for rows, n in zip(output, lengths, strict=True):
        rows = rows[:n]
        H = rows.shape[1] // 2
        ends.append([*rows[-1, :H], *rows[0, H:]])
        means.append(rows.mean(axis=0))
        largest.append(rows.max(axis=0))
    return ends, means, largest


def summarise_in_torch(output, lengths):
    values, n = torch.tensor(output), torch.tensor(lengths)
    B, T, width = values.shape
    forward, backward = values.chunk(2, dim=2)
    last = forward.gather(1, (n - 1).view(B, 1, 1).expand(B, 1, width // 2)).squeeze(1)
    padding = torch.arange(T) >= n[:, None]
    largest = values.masked_fill(padding[..., None], -torch.inf).amax(dim=1)
    return torch.cat([last, backward[:, 0]], dim=1), values.sum(dim=1) / n[:, None], largest


def summarise_masked(output, lengths):
    mask = (np.arange(output.shape[1]) < lengths[:, None])[..., None]
    H = output.shape[2] // 2
    ends = np.empty((len(output), 2 * H))
    for b in range(len(output)):
        ends[b, :H] = output[b, lengths[b] - 1, :H]
        ends[b, H:] = output[b, 0, H:]
    mean = (output * mask).sum(axis=1) / mask.sum(axis=1)
    return {"ends": ends, "mean": mean, "largest": np.max(output - 1e9 * ~mask, axis=1)}


def summarise_time_first(output, lengths):
    xs = output.swapaxes(0, 1)
    forward, backward = np.split(xs, 2, axis=2)
    ends = np.hstack([forward[lengths - 1, range(len(lengths))], backward[0]])
    largest = np.array([xs[:n, b].max(axis=0) for b, n in enumerate(lengths)])
    return ends, (xs.sum(axis=0).T / lengths).T, largest


def summarise_as_lists(*arguments):
    return [value.tolist() for value in summarise(*arguments)]


def pairs(symbols, lengths):
    T, B = symbols.shape
    inputs = np.concatenate([np.full((1, B), START), symbols])
    targets = np.concatenate([symbols, np.full((1, B), PAD)])
    targets[lengths, np.arange(B)] = END
    return inputs, targets, (np.arange(T + 1)[:, None] <= lengths).astype(float)


def pairs_sentence_by_sentence(symbols, lengths):
    T, B = symbols.shape
    inputs, targets, mask = (np.zeros((T + 1, B), dtype=int) for _ in range(3))
    for b, n in enumerate(lengths):
        inputs[: n + 1, b] = [START, *symbols[:n, b]]
        targets[: n + 1, b] = [*symbols[:n, b], END]
        mask[: n + 1, b] = 1
    return inputs, targets, mask


def pairs_in_torch(symbols, lengths):
    padded = nn.functional.pad(torch.tensor(symbols), (0, 0, 1, 1))
    inputs, targets = padded[:-1].clone(), padded[1:].clone()
    inputs[0] = START
    targets.scatter_(0, torch.tensor(lengths)[None], END)
    return inputs, targets, targets != PAD


def pairs_by_shifting_the_targets(symbols, lengths):
    targets = np.vstack([symbols, np.zeros((1, symbols.shape[1]), dtype=int)])
    inputs = np.roll(targets, 1, axis=0)
    inputs[0] = START
    targets[lengths, range(len(lengths))] = END
    return {"mask": targets > 0, "targets": targets, "inputs": inputs}


def pairs_by_padding(symbols, lengths):
    t = np.arange(len(symbols) + 1)[:, None]
    below = np.pad(symbols, [(0, 1), (0, 0)])
    inputs = np.pad(symbols, [(1, 0), (0, 0)], constant_values=START)
    return inputs, np.where(t == lengths, END, below), (t < lengths + 1) * 1.0


def pairs_as_lists(*arguments):
    return [value.tolist() for value in pairs(*arguments)]


def beam(scores, lengths, finished, log_probs, end):
    W, V = log_probs.shape
    total = scores[:, None] + log_probs
    done = finished > 0
    total[done] = -np.inf
    total[done, end] = scores[done]
    places = np.argsort(-total, axis=None)[:W]
    parents, symbols = places // V, places % V
    return total.ravel()[places], parents, symbols, lengths[parents] + ~done[parents]


def beam_by_sorting_a_list(scores, lengths, finished, log_probs, end):
    found = []
    for w, score in enumerate(scores):
        if finished[w]:
            found.append((score, w, end, lengths[w]))
            continue
        for v, log_prob in enumerate(log_probs[w]):
            found.append((score + log_prob, w, v, lengths[w] + 1))
    found.sort(key=lambda entry: entry[0], reverse=True)
    return [list(column) for column in zip(*found[: len(scores)], strict=True)]


def beam_in_torch(scores, lengths, finished, log_probs, end):
    done = torch.tensor(finished).bool()
    gains = torch.tensor(log_probs).masked_fill(done[:, None], -torch.inf)
    gains[done, end] = 0
    total = torch.tensor(scores)[:, None] + gains
    best, places = total.flatten().topk(len(scores))
    parents = torch.div(places, gains.shape[1], rounding_mode="floor")
    grown = torch.tensor(lengths)[parents] + (~done[parents]).long()
    return best, parents, places % gains.shape[1], grown


def beam_by_unravelling(scores, lengths, finished, log_probs, end):
    closed = np.where(np.arange(log_probs.shape[1]) == end, 0.0, -np.inf)
    total = np.where(finished[:, None] > 0, closed, log_probs) + scores[:, None]
    order = np.argsort(total, axis=None)[::-1][: len(scores)]
    parents, symbols = np.unravel_index(order, total.shape)
    return {
        "parents": parents,
        "symbols": symbols,
        "new_lengths": lengths[parents] + 1 - finished[parents],
        "new_scores": total[parents, symbols],
    }


def beam_one_by_one(scores, lengths, finished, log_probs, end):
    total = [
        [s + (0 if v == end else -1e30) if f else s + lp for v, lp in enumerate(row)]
        for s, f, row in zip(scores, finished, log_probs, strict=True)
    ]
    total, W = np.array(total), len(scores)
    found = []
    for _ in range(W):
        w, v = np.unravel_index(total.argmax(), total.shape)
        found.append((total[w, v], w, v, lengths[w] + (finished[w] == 0)))
        total[w, v] = -np.inf
    return tuple(np.array(column) for column in zip(*found, strict=True))


def beam_as_lists(*arguments):
    return [value.tolist() for value in beam(*arguments)]


RIGHT = {
    "from_torch_gru": [
        convert,
        convert_by_blocks,
        convert_by_einsum,
        convert_in_torch,
        convert_by_the_course,
        convert_as_lists,
    ],
    "series_windows": [
        windows,
        windows_by_indices,
        windows_by_views,
        windows_in_torch,
        windows_as_lists,
        windows_column_by_column,
    ],
    "masked_loss": [
        masked,
        masked_in_torch,
        masked_with_ignore_index,
        masked_by_loops,
        masked_by_average,
        masked_as_lists,
    ],
    "packing": [
        pack,
        pack_by_a_mask,
        pack_by_torch,
        pack_by_torch_sorted,
        pack_by_loops,
        pack_as_lists,
    ],
    "summaries": [
        summarise,
        summarise_by_samples,
        summarise_in_torch,
        summarise_masked,
        summarise_time_first,
        summarise_as_lists,
    ],
    "decoder_pairs": [
        pairs,
        pairs_sentence_by_sentence,
        pairs_in_torch,
        pairs_by_shifting_the_targets,
        pairs_by_padding,
        pairs_as_lists,
    ],
    "beam_step": [
        beam,
        beam_by_sorting_a_list,
        beam_in_torch,
        beam_by_unravelling,
        beam_one_by_one,
        beam_as_lists,
    ],
}

# --- wrong answers, as people write them -------------------------------------------------------


def convert_without_transposes(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih, weight_hh, *convert(weight_ih, weight_hh, bias_ih, bias_hh)[2:]


def convert_without_one_transpose(weight_ih, weight_hh, bias_ih, bias_hh):
    W_x, _, b, b_hn = convert(weight_ih, weight_hh, bias_ih, bias_hh)
    return W_x, weight_hh, b, b_hn


def convert_by_reshaping(weight_ih, weight_hh, bias_ih, bias_hh):
    W_x, W_h, b, b_hn = convert(weight_ih, weight_hh, bias_ih, bias_hh)
    return weight_ih.reshape(W_x.shape), weight_hh.reshape(W_h.shape), b, b_hn


def convert_with_blocks_as_they_are(weight_ih, weight_hh, bias_ih, bias_hh):
    W_x, _, b, b_hn = convert(weight_ih, weight_hh, bias_ih, bias_hh)
    return W_x, np.hstack(np.split(weight_hh, 3)), b, b_hn


def convert_with_all_biases_summed(weight_ih, weight_hh, bias_ih, bias_hh):
    H = weight_hh.shape[1]
    return weight_ih.T, weight_hh.T, bias_ih + bias_hh, np.zeros(H)


def convert_and_keep_b_hn_twice(weight_ih, weight_hh, bias_ih, bias_hh):
    H = weight_hh.shape[1]
    return weight_ih.T, weight_hh.T, bias_ih + bias_hh, bias_hh[2 * H :]


def convert_with_first_bias_alone(weight_ih, weight_hh, bias_ih, bias_hh):
    H = weight_hh.shape[1]
    return weight_ih.T, weight_hh.T, bias_ih, bias_hh[2 * H :]


def convert_with_reset_and_update_exchanged(weight_ih, weight_hh, bias_ih, bias_hh):
    def turned(joined):
        r, z, n = np.split(joined, 3, axis=-1)
        return np.concatenate([z, r, n], axis=-1)

    *joined, b_hn = convert(weight_ih, weight_hh, bias_ih, bias_hh)
    return *map(turned, joined), b_hn


def windows_of_one_step(series, timesteps):
    xs, targets = windows(series, timesteps)
    return xs.reshape(len(xs), 1, -1), targets


def windows_time_first(series, timesteps):
    xs, targets = windows(series, timesteps)
    return xs.swapaxes(0, 1), targets


def windows_reshaped(series, timesteps):
    n = len(series) - timesteps
    rows = np.stack([series[t : t + n] for t in range(timesteps)])  # (T, S, F)
    return rows.reshape(n, timesteps, -1), series[timesteps:, 0]


def windows_by_views_reshaped(series, timesteps):
    view = np.lib.stride_tricks.sliding_window_view(series, timesteps, axis=0)[:-1]
    return view.reshape(len(view), timesteps, -1), series[timesteps:, 0]


def windows_without_the_last(series, timesteps):
    xs, targets = windows(series, timesteps)
    return xs[:-1], targets[:-1]


def windows_with_leak(series, timesteps):
    xs, _ = windows(series, timesteps)
    return xs, xs[:, -1, 0]


def windows_one_too_many(series, timesteps):
    starts = range(len(series) - timesteps + 1)
    return np.stack([series[s : s + timesteps] for s in starts]), series[timesteps:, 0]


def windows_two_ahead(series, timesteps):
    xs, _ = windows(series[:-1], timesteps)
    return xs, series[timesteps + 1 :, 0]


def windows_side_by_side(series, timesteps):
    starts = range(0, len(series) - timesteps, timesteps)
    xs = np.stack([series[s : s + timesteps] for s in starts])
    return xs, np.array([series[s + timesteps, 0] for s in starts])


def windows_with_all_targets(series, timesteps):
    return windows(series, timesteps)[0], series[timesteps:]


def masked_over_padding(logits, targets, lengths):
    full = np.full_like(lengths, len(logits))
    return masked(logits, targets, lengths)[0], *masked(logits, targets, full)[1:]


def masked_by_np_mean(logits, targets, lengths):
    mask, loss, accuracy = masked(logits, targets, lengths)
    share = mask.mean()
    return mask, loss * share, accuracy * share


def masked_sequence_by_sequence(logits, targets, lengths):
    found = [masked(logits[:, [b]], targets[:, [b]], lengths[[b]])[1:] for b in range(len(lengths))]
    return masked(logits, targets, lengths)[0], *np.mean(found, axis=0)


def masked_one_step_more(logits, targets, lengths):
    return masked(logits, targets, lengths + 1)


def masked_by_targets(logits, targets, lengths):
    mask, t = (targets != 0).astype(float), torch.tensor
    loss = nn.functional.cross_entropy(
        t(logits).flatten(0, 1), t(targets).flatten(), ignore_index=0
    )
    return mask, loss, ((logits.argmax(axis=2) == targets) * mask).sum() / mask.sum()


def masked_batch_first(logits, targets, lengths):
    mask, loss, accuracy = masked(logits, targets, lengths)
    return mask.T, loss, accuracy


def masked_with_softmax_twice(logits, targets, lengths):
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    return masked(p, targets, lengths)


def masked_with_softmax_over_time(logits, targets, lengths):
    mask, _, accuracy = masked(logits, targets, lengths)
    p = torch.softmax(torch.tensor(logits), dim=0)
    chosen = p.gather(2, torch.tensor(targets)[..., None])[..., 0]
    return mask, -(chosen.log() * torch.tensor(mask)).sum() / mask.sum(), accuracy


def masked_with_two_faults(logits, targets, lengths):
    mask, loss, accuracy = masked_one_step_more(logits, targets, lengths)
    return mask, loss * mask.mean(), accuracy


def masked_ignoring_class_0(logits, targets, lengths):
    mask, _, accuracy = masked(logits, targets, lengths)
    t = torch.tensor
    loss = nn.functional.cross_entropy(
        t(logits).flatten(0, 1), t(targets).flatten(), ignore_index=0
    )
    return mask, loss, accuracy


def masked_by_lengths_and_targets(logits, targets, lengths):
    mask, _, _ = masked(logits, targets, lengths)
    counted = (mask > 0) & (targets != 0)
    log_probs = torch.log_softmax(torch.tensor(logits), dim=2).numpy()
    losses = -np.take_along_axis(log_probs, targets[..., None], axis=2)[..., 0]
    return mask, losses[counted].mean(), (logits.argmax(axis=2) == targets)[counted].mean()


def masked_with_a_smaller_mask(logits, targets, lengths):
    counted, _, _ = masked(logits, targets, lengths)
    counted = counted * (targets != 0)
    _, loss, accuracy = masked_by_lengths_and_targets(logits, targets, lengths)
    return counted, loss, accuracy


def masked_with_zeros_ignored(logits, targets, lengths):
    mask, _, accuracy = masked(logits, targets, lengths)
    loss = nn.CrossEntropyLoss(ignore_index=0, reduction="none")
    losses = loss(torch.tensor(logits).permute(0, 2, 1), torch.tensor(targets)).numpy()
    return mask, (losses * mask).sum() / mask.sum(), accuracy


def masked_step_by_step(logits, targets, lengths):
    mask, _, _ = masked(logits, targets, lengths)
    found = []
    for t in range(lengths.max()):
        there = t < lengths
        one = logits[t : t + 1, there], targets[t : t + 1, there], np.ones(there.sum(), int)
        found.append(masked(*one)[1:])
    return mask, *np.mean(found, axis=0)


def windows_beginning_late(series, timesteps):
    starts = range(len(series) - timesteps)
    return np.stack([series[s + 1 : s + 1 + timesteps] for s in starts]), series[timesteps:, 0]


def windows_one_longer(series, timesteps):
    starts = range(len(series) - timesteps)
    return np.stack([series[s : s + timesteps + 1] for s in starts]), series[timesteps:, 0]


def pack_unsorted(xs, lengths):
    batch_sizes = np.array([(lengths > t).sum() for t in range(lengths.max())])
    data = np.concatenate([xs[t, lengths > t] for t in range(lengths.max())])
    return data, batch_sizes, np.arange(len(lengths))


def pack_batch_order_in_step(xs, lengths):
    return pack_unsorted(xs, lengths)[0], *pack(xs, lengths)[1:]


def pack_sample_by_sample(xs, lengths):
    _, batch_sizes, order = pack(xs, lengths)
    return np.concatenate([xs[: lengths[b], b] for b in order]), batch_sizes, order


def pack_in_batch_order(xs, lengths):
    _, batch_sizes, order = pack(xs, lengths)
    rows = [xs[:n, b] for b, n in enumerate(lengths)]
    return np.concatenate(rows), batch_sizes, order


def pack_with_lengths(xs, lengths):
    data, _, order = pack(xs, lengths)
    return data, lengths[order], order


def pack_with_zeros(xs, lengths):
    data, _, order = pack(xs, lengths)
    return data, np.array([(lengths > t).sum() for t in range(len(xs))]), order


def pack_everything(xs, lengths):
    _, batch_sizes, order = pack(xs, lengths)
    return xs[:, order].reshape(-1, xs.shape[2]), batch_sizes, order


def pack_one_step_more(xs, lengths):
    order = np.argsort(-lengths)
    batch_sizes = np.array([(lengths >= t).sum() for t in range(lengths.max() + 1)])
    return np.concatenate([xs[t, order[:n]] for t, n in enumerate(batch_sizes)]), batch_sizes, order


def pack_with_places(xs, lengths):
    data, batch_sizes, order = pack(xs, lengths)
    return data, batch_sizes, np.argsort(order)


def pack_shortest_first(xs, lengths):
    order = np.argsort(lengths)
    batch_sizes = np.array([(lengths > t).sum() for t in range(lengths.max())])
    return np.concatenate([xs[t, order[:n]] for t, n in enumerate(batch_sizes)]), batch_sizes, order


def pack_with_at_least(xs, lengths):
    order = np.argsort(-lengths)
    batch_sizes = np.array([(lengths >= t).sum() for t in range(lengths.max())])
    return np.concatenate([xs[t, order[:n]] for t, n in enumerate(batch_sizes)]), batch_sizes, order


def pack_without_last_steps(xs, lengths):
    order = np.argsort(-lengths)
    batch_sizes = np.array([(lengths > t + 1).sum() for t in range(lengths.max())])
    return np.concatenate([xs[t, order[:n]] for t, n in enumerate(batch_sizes)]), batch_sizes, order


def pack_up_to_the_longest(xs, lengths):
    _, batch_sizes, order = pack(xs, lengths)
    return np.concatenate([xs[t, order] for t in range(lengths.max())]), batch_sizes, order


def summarise_one_too_late(output, lengths):
    ends, mean, largest = summarise(output, lengths)
    H = output.shape[2] // 2
    steps = np.minimum(lengths, output.shape[1] - 1)
    ends[:, :H] = output[np.arange(len(output)), steps, :H]
    return ends, mean, largest


def summarise_by_torch_max(output, lengths):
    mask = torch.arange(output.shape[1]) < torch.tensor(lengths)[:, None]
    ends, mean, _ = summarise(output, lengths)
    values = torch.tensor(output).masked_fill(~mask[..., None], -torch.inf)
    return ends, mean, values.max(1)


def summarise_at_the_end(output, lengths):
    return output[:, -1], *summarise(output, lengths)[1:]


def summarise_both_at_the_length(output, lengths):
    ends = output[np.arange(len(output)), lengths - 1]
    return ends, *summarise(output, lengths)[1:]


def summarise_by_np_means(output, lengths):
    return summarise(output, lengths)[0], output.mean(axis=1), output.max(axis=1)


def summarise_last_sample(output, lengths):
    return output[-1], *summarise(output, lengths)[1:]


def summarise_one_too_early(output, lengths):
    ends, mean, largest = summarise(output, lengths)
    H = output.shape[2] // 2
    ends[:, :H] = output[np.arange(len(output)), lengths - 2, :H]
    return ends, mean, largest


def summarise_with_zeros_by_mask(output, lengths):
    mask = (np.arange(output.shape[1]) < lengths[:, None])[..., None]
    ends, mean, _ = summarise(output, lengths)
    return ends, mean, (output * mask).max(axis=1)


def summarise_forward_only(output, lengths):
    ends, mean, largest = summarise(output, lengths)
    return ends[:, : ends.shape[1] // 2], mean, largest


def summarise_by_argmax(output, lengths):
    mask = (np.arange(output.shape[1]) < lengths[:, None])[..., None]
    ends, mean, _ = summarise(output, lengths)
    return ends, mean, np.where(mask, output, -np.inf).argmax(axis=1)


def pairs_not_shifted(symbols, lengths):
    _, targets, mask = pairs(symbols, lengths)
    return targets, targets, mask


def pairs_with_end_last(symbols, lengths):
    inputs, _, mask = pairs(symbols, lengths)
    return inputs, np.vstack([symbols, np.full((1, symbols.shape[1]), END)]), mask


def pairs_without_end(symbols, lengths):
    inputs, _, mask = pairs(symbols, lengths)
    return inputs, np.vstack([symbols, np.zeros((1, symbols.shape[1]), dtype=int)]), mask


def pairs_without_end_in_mask(symbols, lengths):
    inputs, targets, _ = pairs(symbols, lengths)
    return inputs, targets, np.arange(len(inputs))[:, None] < lengths


def pairs_rolled(symbols, lengths):
    inputs = np.roll(symbols, 1, axis=0)
    inputs[0] = START
    return inputs, *pairs(symbols, lengths)[1:]


def pairs_with_end_read(symbols, lengths):
    inputs, targets, mask = pairs(symbols, lengths)
    return np.vstack([inputs[:1], targets[:-1]]), targets, mask


def pairs_with_zeros_first(symbols, lengths):
    inputs, targets, mask = pairs(symbols, lengths)
    inputs[0] = PAD
    return inputs, targets, mask


def pairs_with_end_over_the_last(symbols, lengths):
    inputs, targets, mask = pairs(symbols, lengths)
    targets[lengths, range(len(lengths))] = PAD
    targets[lengths - 1, range(len(lengths))] = END
    return inputs, targets, mask


def pairs_moved_both(symbols, lengths):
    inputs, targets, mask = pairs(symbols, lengths)
    return inputs, np.vstack([inputs[:1], targets[:-1]]), mask


def pairs_without_last_symbol(symbols, lengths):
    inputs, targets, mask = pairs(symbols, lengths)
    inputs[lengths, range(len(lengths))] = PAD
    return inputs, targets, mask


def pairs_with_late_end(symbols, lengths):
    inputs, targets, mask = pairs(symbols, lengths)
    targets[lengths, range(len(lengths))] = PAD
    targets[lengths + 1, range(len(lengths))] = END
    return inputs, targets, mask


def pairs_reading_start(symbols, lengths):
    inputs, targets, mask = pairs(symbols, lengths)
    return np.full_like(inputs, START), targets, mask


def pairs_reading_start_until_the_end(symbols, lengths):
    _, targets, mask = pairs(symbols, lengths)
    return START * mask, targets, mask


def beam_not_counting_end(scores, lengths, finished, log_probs, end):
    best, parents, symbols, _ = beam(scores, lengths, finished, log_probs, end)
    return best, parents, symbols, lengths[parents] + (symbols != end)


def beam_with_finished_in_place(scores, lengths, finished, log_probs, end):
    best, parents, symbols, _ = beam(scores, lengths, finished, log_probs, end)
    return best, parents, symbols, lengths[parents] + 1 - finished


def beam_with_old_lengths(scores, lengths, finished, log_probs, end):
    best, parents, symbols, _ = beam(scores, lengths, finished, log_probs, end)
    return best, parents, symbols, lengths + 1 - finished[parents]


def beam_of_products(scores, lengths, finished, log_probs, end):
    W, V = log_probs.shape
    total, done = scores[:, None] * log_probs, finished > 0
    total[done] = -np.inf
    total[done, end] = scores[done]
    places = np.argsort(-total, axis=None)[:W]
    parents, symbols = places // V, places % V
    return total.ravel()[places], parents, symbols, lengths[parents] + ~done[parents]


def beam_of_probabilities(scores, lengths, finished, log_probs, end):
    total, done = np.exp(scores)[:, None] + np.exp(log_probs), finished > 0
    total[done] = 0
    total[done, end] = np.exp(scores[done])
    places = np.argsort(-total, axis=None)[: len(scores)]
    parents, symbols = np.unravel_index(places, total.shape)
    return total.ravel()[places], parents, symbols, lengths[parents] + ~done[parents]


def beam_row_by_row(scores, lengths, finished, log_probs, end):
    done = finished > 0
    symbols = np.where(done, end, log_probs.argmax(axis=1))
    gains = np.where(done, 0, log_probs.max(axis=1))
    return scores + gains, np.arange(len(scores)), symbols, lengths + ~done


def beam_with_everything_extended(scores, lengths, finished, log_probs, end):
    return beam(scores, lengths, 0 * finished, log_probs, end)


def beam_with_finished_extended(scores, lengths, finished, log_probs, end):
    best, parents, symbols, _ = beam(scores, lengths, 0 * finished, log_probs, end)
    return best, parents, symbols, lengths[parents] + 1 - finished[parents].astype(int)


def beam_without_finished(scores, lengths, finished, log_probs, end):
    total = np.where(finished[:, None] > 0, -np.inf, scores[:, None] + log_probs)
    places = np.argsort(-total, axis=None)[: len(scores)]
    parents, symbols = np.unravel_index(places, total.shape)
    return total.ravel()[places], parents, symbols, lengths[parents] + 1


def beam_ascending(scores, lengths, finished, log_probs, end):
    return [value[::-1] for value in beam(scores, lengths, finished, log_probs, end)]


def beam_divided_by_width(scores, lengths, finished, log_probs, end):
    best, parents, symbols, grown = beam(scores, lengths, finished, log_probs, end)
    W, V = log_probs.shape
    places = parents * V + symbols
    return best, places // W, places % W, grown


def beam_with_lengths_in_place(scores, lengths, finished, log_probs, end):
    return *beam(scores, lengths, finished, log_probs, end)[:3], lengths + (finished == 0)


def beam_without_scores(scores, lengths, finished, log_probs, end):
    return beam(0 * scores, lengths, finished, log_probs, end)


def beam_of_the_best(scores, lengths, finished, log_probs, end):
    W = len(scores)
    total = np.where(finished[:, None] > 0, -np.inf, scores[:, None] + log_probs)
    row = total.max(axis=1).argmax()
    symbols = np.argsort(-total[row])[:W]
    return total[row, symbols], np.full(W, row), symbols, np.full(W, lengths[row] + 1)


WRONG = [
    ("from_torch_gru", convert_without_transposes, ["not_transposed"]),
    ("from_torch_gru", convert_without_one_transpose, ["weight_hh_not_transposed"]),
    ("from_torch_gru", convert_by_reshaping, ["reshaped"]),
    ("from_torch_gru", convert_with_blocks_as_they_are, ["blocks_side_by_side"]),
    ("from_torch_gru", convert_with_all_biases_summed, ["b_hn_zero", "biases_all_summed"]),
    ("from_torch_gru", convert_and_keep_b_hn_twice, ["biases_all_summed"]),
    ("from_torch_gru", convert_with_first_bias_alone, ["second_bias_ignored"]),
    (
        "from_torch_gru",
        convert_with_reset_and_update_exchanged,
        ["reset_and_update_exchanged"],
    ),
    ("series_windows", windows_of_one_step, ["one_time_step"]),
    ("series_windows", windows_time_first, ["time_first"]),
    ("series_windows", windows_reshaped, ["reshaped_from_time_first"]),
    ("series_windows", windows_by_views_reshaped, ["reshaped_from_features"]),
    ("series_windows", windows_without_the_last, ["last_window_missing"]),
    ("series_windows", windows_with_leak, ["target_inside"]),
    ("series_windows", windows_one_too_many, ["window_without_target"]),
    ("series_windows", windows_two_ahead, ["target_one_late"]),
    ("series_windows", windows_side_by_side, ["no_overlap"]),
    ("series_windows", windows_with_all_targets, ["all_features"]),
    ("masked_loss", masked_over_padding, ["accuracy_over_padding", "loss_over_padding"]),
    ("masked_loss", masked_by_np_mean, ["accuracy_divided_by_all", "loss_divided_by_all"]),
    ("masked_loss", masked_sequence_by_sequence, ["accuracy_of_means", "loss_of_means"]),
    ("masked_loss", masked_one_step_more, ["mask_one_too_long"]),
    ("masked_loss", masked_by_targets, ["mask_of_targets"]),
    ("masked_loss", masked_batch_first, ["mask_batch_first"]),
    ("masked_loss", masked_with_softmax_twice, ["softmax_twice"]),
    ("masked_loss", masked_with_softmax_over_time, ["softmax_over_time"]),
    ("masked_loss", masked_with_two_faults, ["loss_divided_by_all", "mask_one_too_long"]),
    ("series_windows", windows_beginning_late, ["windows_one_late"]),
    ("series_windows", windows_one_longer, ["windows_one_longer"]),
    ("masked_loss", masked_ignoring_class_0, ["loss_ignores_class_0"]),
    (
        "masked_loss",
        masked_by_lengths_and_targets,
        ["accuracy_without_class_0", "loss_ignores_class_0"],
    ),
    ("masked_loss", masked_with_a_smaller_mask, ["mask_of_targets"]),
    ("masked_loss", masked_with_zeros_ignored, ["loss_zero_at_class_0"]),
    ("masked_loss", masked_step_by_step, ["accuracy_of_steps_means", "loss_of_steps_means"]),
    ("packing", pack_with_at_least, ["end_counted_in"]),
    ("packing", pack_without_last_steps, ["last_step_not_counted"]),
    ("packing", pack_up_to_the_longest, ["padded_to_the_longest"]),
    ("packing", pack_unsorted, ["not_sorted", "batch_order_in_step"]),
    ("packing", pack_batch_order_in_step, ["batch_order_in_step"]),
    ("packing", pack_sample_by_sample, ["sample_by_sample"]),
    ("packing", pack_in_batch_order, ["samples_as_they_come"]),
    ("packing", pack_with_lengths, ["lengths_for_batch_sizes"]),
    ("packing", pack_with_zeros, ["zeros_at_the_end"]),
    ("packing", pack_everything, ["padding_packed_too"]),
    ("packing", pack_one_step_more, ["one_step_too_many"]),
    ("packing", pack_with_places, ["places_for_samples"]),
    ("packing", pack_shortest_first, ["shortest_first"]),
    ("summaries", summarise_at_the_end, ["end_of_padding"]),
    ("summaries", summarise_both_at_the_length, ["backward_at_the_end"]),
    ("summaries", summarise_by_np_means, ["largest_with_zeros", "mean_of_all_steps"]),
    ("summaries", summarise_last_sample, ["last_sample"]),
    ("summaries", summarise_one_too_early, ["one_too_early"]),
    ("summaries", summarise_with_zeros_by_mask, ["largest_with_zeros"]),
    ("summaries", summarise_forward_only, ["forward_half_alone"]),
    ("summaries", summarise_by_argmax, ["where_the_largest_is"]),
    ("summaries", summarise_one_too_late, ["forward_in_the_padding"]),
    ("summaries", summarise_by_torch_max, ["largest_with_places"]),
    ("decoder_pairs", pairs_without_last_symbol, ["last_symbol_not_read"]),
    ("decoder_pairs", pairs_with_late_end, ["end_one_step_late"]),
    ("decoder_pairs", pairs_reading_start, ["start_at_every_step"]),
    (
        "decoder_pairs",
        pairs_reading_start_until_the_end,
        ["start_at_every_step_of_the_sentence"],
    ),
    ("decoder_pairs", pairs_not_shifted, ["not_shifted"]),
    ("decoder_pairs", pairs_with_end_last, ["end_after_the_padding"]),
    ("decoder_pairs", pairs_without_end, ["end_missing"]),
    ("decoder_pairs", pairs_without_end_in_mask, ["end_not_counted"]),
    ("decoder_pairs", pairs_rolled, ["rolled_over_start"]),
    ("decoder_pairs", pairs_with_end_read, ["end_in_the_inputs"]),
    ("decoder_pairs", pairs_with_zeros_first, ["zeros_for_start"]),
    ("decoder_pairs", pairs_with_end_over_the_last, ["end_over_last_symbol"]),
    ("decoder_pairs", pairs_moved_both, ["targets_moved_too"]),
    ("beam_step", beam_not_counting_end, ["end_not_counted"]),
    ("beam_step", beam_with_finished_in_place, ["finished_not_reordered"]),
    ("beam_step", beam_with_old_lengths, ["old_lengths_alone_in_place"]),
    ("beam_step", beam_of_products, ["logarithms_multiplied"]),
    ("beam_step", beam_of_probabilities, ["probabilities_added"]),
    ("beam_step", beam_row_by_row, ["each_its_own"]),
    ("beam_step", beam_with_everything_extended, ["every_length_grows", "finished_extended"]),
    ("beam_step", beam_with_finished_extended, ["finished_extended"]),
    ("beam_step", beam_without_finished, ["finished_dropped"]),
    ("beam_step", beam_ascending, ["best_last"]),
    ("beam_step", beam_divided_by_width, ["divided_by_width"]),
    ("beam_step", beam_with_lengths_in_place, ["lengths_stay_in_place"]),
    ("beam_step", beam_without_scores, ["path_forgotten"]),
    ("beam_step", beam_of_the_best, ["best_hypothesis_alone"]),
]
