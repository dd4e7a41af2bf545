"""Answers to the exercises of chapter 11 as people write them: right ones and wrong ones."""

import math

import numpy as np
import torch

from utils.forecasting import (
    Band,
    Drift,
    Evaluation,
    calibrate,
    coverage,
    fit_scaler,
    make_windows,
    origins_of,
    rolling_origin,
)


def one_step(window, weights, bias):
    """Give the next value, as the function of the notebook does."""
    return float(np.tanh(window @ weights + bias))


# --- right answers, written in different ways --------------------------------------------------


def cut(values, past, horizon, border):
    def stacked(first, stop):
        pasts = np.stack([values[o - past : o] for o in range(first, stop)])
        return pasts, np.stack([values[o : o + horizon] for o in range(first, stop)])

    train = stacked(past, border - horizon + 1)
    return *train, *stacked(border, len(values) - horizon + 1)


def cut_by_the_course(values, past, horizon, border):
    windows = make_windows(values, past, horizon)
    train, test = windows.between(0, border), windows.between(border, len(values))
    return train.past, train.future, test.past, test.future


def cut_by_views(values, past, horizon, border):
    view = np.lib.stride_tricks.sliding_window_view(values, past + horizon)
    origins = np.arange(past, past + len(view))
    before, after = view[origins + horizon <= border], view[origins >= border]
    return before[:, :past], before[:, past:], after[:, :past], after[:, past:]


def cut_in_parts(values, past, horizon, border):
    known, coming = values[:border], values[border - past :]
    found = {}
    for name, part in (("train", known), ("test", coming)):
        count = len(part) - past - horizon + 1
        rows = np.array([part[s : s + past + horizon] for s in range(count)])
        found[f"{name}_past"], found[f"{name}_future"] = rows[:, :past], rows[:, past:]
    return found


def cut_in_torch(values, past, horizon, border):
    windows = torch.tensor(values).unfold(0, past + horizon, 1)
    stop = border - past - horizon + 1
    train, test = windows[:stop], windows[border - past :]
    return train[:, :past], train[:, past:], test[:, :past], test[:, past:]


def cut_as_lists(values, past, horizon, border):
    found = [[], [], [], []]
    for o in range(past, len(values) - horizon + 1):
        place = 0 if o + horizon <= border else 2 if o >= border else None
        if place is not None:
            found[place].append(list(values[o - past : o]))
            found[place + 1].append(list(values[o : o + horizon]))
    return found


def scale(values, border, outputs):
    known = values[:border]
    mean, spread = known.mean(), known.std()
    scaled = (values - mean) / spread
    return scaled[:border], scaled[border:], outputs * spread + mean


def scale_by_the_course(values, border, outputs):
    scaler = fit_scaler(values[:border])
    scaled = scaler.transform(values)
    return {
        "forecast": scaler.inverse(outputs),
        "train": scaled[:border],
        "test": scaled[border:],
    }


def scale_by_hand(values, border, outputs):
    mean = sum(values[:border]) / border
    spread = math.sqrt(sum((v - mean) ** 2 for v in values[:border]) / border)
    train = [(v - mean) / spread for v in values[:border]]
    test = [(v - mean) / spread for v in values[border:]]
    return train, test, [mean + spread * v for v in outputs]


def scale_in_torch(values, border, outputs):
    y = torch.tensor(values)
    known = y[:border]
    spread, mean = torch.std_mean(known, correction=0)
    train, test = ((y - mean) / spread).split([border, len(y) - border])
    return train, test, torch.tensor(outputs) * spread + mean


def scale_on_the_left(values, border, outputs):
    known, later = np.split(values, [border])
    moments = np.mean(known), np.sqrt(np.mean(known**2) - np.mean(known) ** 2)

    def forth(y):
        return np.divide(np.subtract(y, moments[0]), moments[1])

    return forth(known), forth(later), np.multiply(outputs, moments[1]) + moments[0]


def go_on(values, origin, weights, bias, horizon):
    window, windows, forecasts = values[origin - len(weights) : origin], [], []
    for _ in range(horizon):
        windows.append(window)
        forecasts.append(one_step(window, weights, bias))
        window = np.append(window[1:], forecasts[-1])
    return np.array(windows), np.array(forecasts)


def go_on_with_a_list(values, origin, weights, bias, horizon):
    P, known = len(weights), list(values[:origin])
    windows = []
    for _ in range(horizon):
        windows.append(known[-P:])
        known.append(one_step(np.array(known[-P:]), weights, bias))
    return windows, known[origin:]


def go_on_in_one_array(values, origin, weights, bias, horizon):
    P = len(weights)
    line = np.concatenate([values[origin - P : origin], np.zeros(horizon)])
    for k in range(horizon):
        line[P + k] = one_step(line[k : P + k], weights, bias)
    windows = np.lib.stride_tricks.sliding_window_view(line, P)[:horizon]
    return {"forecasts": line[P:], "windows": windows}


def go_on_by_rolling(values, origin, weights, bias, horizon):
    window = values[origin - len(weights) : origin].copy()
    windows, forecasts = np.empty((horizon, len(weights))), np.empty(horizon)
    for k in range(horizon):
        windows[k] = window
        forecasts[k] = one_step(window, weights, bias)
        window = np.roll(window, -1)
        window[-1] = forecasts[k]
    return windows, forecasts


def go_on_in_torch(values, origin, weights, bias, horizon):
    w, window = torch.tensor(weights), torch.tensor(values)[origin - len(weights) : origin]
    windows, forecasts = [], []
    for _ in range(horizon):
        new = torch.tanh(window @ w + bias)
        windows.append(window)
        forecasts.append(new)
        window = torch.cat([window[1:], new[None]])
    return torch.stack(windows), torch.stack(forecasts)


def go_on_recursively(values, origin, weights, bias, horizon):
    def further(window, left):
        if left == 0:
            return [], []
        new = one_step(window, weights, bias)
        windows, forecasts = further(np.array([*window[1:], new]), left - 1)
        return [window, *windows], [new, *forecasts]

    return further(values[:origin][-len(weights) :], horizon)


def roll(values, first, every, horizon):
    forecasts, errors = [], []
    for o in range(first, len(values) - horizon + 1, every):
        past = values[:o]
        slope = (past[-1] - past[0]) / (o - 1)
        forecasts.append(past[-1] + slope * np.arange(1, horizon + 1))
        errors.append(forecasts[-1] - values[o : o + horizon])
    return np.array(forecasts), np.abs(errors).mean(axis=0)


def roll_at_once(values, first, every, horizon):
    origins = np.arange(first, len(values) - horizon + 1, every)
    newest = values[origins - 1]
    slopes = (newest - values[0]) / (origins - 1)
    leads = np.arange(horizon)
    forecasts = newest[:, None] + np.outer(slopes, leads + 1)
    return forecasts, np.abs(forecasts - values[origins[:, None] + leads]).mean(axis=0)


def roll_by_the_course(values, first, every, horizon):
    origins = origins_of(len(values), first, horizon, every)
    found = rolling_origin(Drift(), values, origins, horizon, refit_every=1)
    return found.forecasts, found.mae_by_lead()


def roll_by_differences(values, first, every, horizon):
    steps, forecasts, sums, origin = np.diff(values), [], np.zeros(horizon), first
    while origin + horizon <= len(values):
        drift = np.full(horizon, steps[: origin - 1].mean())
        forecasts.append(values[origin - 1] + np.cumsum(drift))
        sums += np.abs(values[origin : origin + horizon] - forecasts[-1])
        origin += every
    return {"mae_by_lead": sums / len(forecasts), "forecasts": forecasts}


def roll_in_torch(values, first, every, horizon):
    y = torch.tensor(values)
    origins = torch.arange(first, len(y) - horizon + 1, every)
    leads = torch.arange(1, horizon + 1)
    slopes = (y[origins - 1] - y[0]) / (origins - 1)
    forecasts = y[origins - 1, None] + slopes[:, None] * leads
    return forecasts, (forecasts - y[origins[:, None] + leads - 1]).abs().mean(dim=0)


def roll_as_lists(*arguments):
    return [value.tolist() for value in roll(*arguments)]


def band(past_forecasts, past_actual, forecasts, actual, level):
    ordered = np.sort(past_actual - past_forecasts, axis=0)
    n, tail = len(ordered), (1 - level) / 2
    low = forecasts + ordered[math.floor((n + 1) * tail) - 1]
    high = forecasts + ordered[math.ceil((n + 1) * (1 - tail)) - 1]
    return low, high, ((low <= actual) & (actual <= high)).mean(axis=0)


def band_by_the_course(past_forecasts, past_actual, forecasts, actual, level):
    origins = np.arange(len(past_actual))
    fitted = calibrate(Evaluation("", origins, past_forecasts, past_actual), level)
    ends = fitted.around(forecasts)
    return *ends, coverage(Band(*ends), actual).by_lead


def band_by_partition(past_forecasts, past_actual, forecasts, actual, level):
    residuals = past_actual - past_forecasts
    n = len(residuals)
    k = int((n + 1) * (1 - level) / 2)
    places = [k - 1, n - k]  # as many on either side
    ends = np.partition(residuals, places, axis=0)[places]
    low, high = ends[:, None] + forecasts
    share = 1 - ((actual < low) | (actual > high)).sum(axis=0) / len(actual)
    return {"low": low, "high": high, "coverage": share}


def band_lead_by_lead(past_forecasts, past_actual, forecasts, actual, level):
    low, high, shares = [], [], []
    for h in range(actual.shape[1]):
        r = sorted(past_actual[:, h] - past_forecasts[:, h])
        at = (len(r) + 1) * (1 - level) / 2
        low.append(forecasts[:, h] + r[math.floor(at) - 1])
        high.append(forecasts[:, h] + r[math.ceil(len(r) + 1 - at) - 1])
        hits = [a <= y <= b for a, y, b in zip(low[-1], actual[:, h], high[-1], strict=True)]
        shares.append(sum(hits) / len(hits))
    return np.transpose(low), np.transpose(high), shares


def band_in_torch(past_forecasts, past_actual, forecasts, actual, level):
    residuals = torch.tensor(past_actual - past_forecasts)
    n, tail = len(residuals), (1 - level) / 2
    below = residuals.kthvalue(math.floor((n + 1) * tail), dim=0).values
    above = residuals.kthvalue(math.ceil((n + 1) * (1 - tail)), dim=0).values
    f, y = torch.tensor(forecasts), torch.tensor(actual)
    inside = (y >= f + below) & (y <= f + above)
    return f + below, f + above, inside.double().mean(dim=0)


def band_by_errors(past_forecasts, past_actual, forecasts, actual, level):
    errors = np.sort(past_forecasts - past_actual, axis=0)[::-1]  # subtracted, so turned round
    n, tail = len(errors), (1 - level) / 2
    low = forecasts - errors[math.floor((n + 1) * tail) - 1]
    high = forecasts - errors[math.ceil((n + 1) * (1 - tail)) - 1]
    return low, high, np.mean(np.logical_and(actual >= low, actual <= high), axis=0)


RIGHT = {
    "split_windows": [
        cut,
        cut_by_the_course,
        cut_by_views,
        cut_in_parts,
        cut_in_torch,
        cut_as_lists,
    ],
    "scaled_parts": [
        scale,
        scale_by_the_course,
        scale_by_hand,
        scale_in_torch,
        scale_on_the_left,
    ],
    "recursive": [
        go_on,
        go_on_with_a_list,
        go_on_in_one_array,
        go_on_by_rolling,
        go_on_in_torch,
        go_on_recursively,
    ],
    "rolling_drift": [
        roll,
        roll_at_once,
        roll_by_the_course,
        roll_by_differences,
        roll_in_torch,
        roll_as_lists,
    ],
    "calibrated_band": [
        band,
        band_by_the_course,
        band_by_partition,
        band_lead_by_lead,
        band_in_torch,
        band_by_errors,
    ],
}

# --- wrong answers, as they are often written ---------------------------------------------------


def _cut_at(values, past, horizon, train, test):
    found = []
    for origins in (train, test):
        found.append(np.stack([values[o - past : o] for o in origins]))
        found.append(np.stack([values[o : o + horizon] for o in origins]))
    return tuple(found)


def cut_after_windowing(values, past, horizon, border):
    count = len(values) - past - horizon + 1
    xs = np.stack([values[s : s + past] for s in range(count)])
    ys = np.stack([values[s + past : s + past + horizon] for s in range(count)])
    return xs[:border], ys[:border], xs[border:], ys[border:]


def cut_with_futures_over_the_border(values, past, horizon, border):
    test = range(border, len(values) - horizon + 1)
    return _cut_at(values, past, horizon, range(past, border), test)


def cut_without_the_last(values, past, horizon, border):
    train, test = range(past, border - horizon), range(border, len(values) - horizon)
    return _cut_at(values, past, horizon, train, test)


def cut_each_part_by_itself(values, past, horizon, border):
    found = []
    for part in (values[:border], values[border:]):
        rows = np.lib.stride_tricks.sliding_window_view(part, past + horizon)
        found += [rows[:, :past], rows[:, past:]]
    return tuple(found)


def cut_with_one_value_twice(values, past, horizon, border):
    train, test = range(past, border - horizon + 1), range(border, len(values) - horizon + 1)
    found = []
    for origins in (train, test):
        found.append(np.stack([values[o - past : o] for o in origins]))
        found.append(np.stack([values[o - 1 : o - 1 + horizon] for o in origins]))
    return tuple(found)


def cut_to_one_step(values, past, horizon, border):
    train_past, train_future, test_past, test_future = cut(values, past, horizon, border)
    return train_past, train_future[:, 0], test_past, test_future[:, 0]


def cut_backwards(values, past, horizon, border):
    train_past, train_future, test_past, test_future = cut(values, past, horizon, border)
    return train_past[:, ::-1], train_future, test_past[:, ::-1], test_future


def cut_with_every_test_window(values, past, horizon, border):
    train = range(past, border - horizon + 1)
    return _cut_at(values, past, horizon, train, range(past, len(values) - horizon + 1))


def scale_on_everything(values, border, outputs):
    scaled = (values - values.mean()) / values.std()
    return scaled[:border], scaled[border:], outputs * values.std() + values.mean()


def scale_each_part(values, border, outputs):
    known, later = values[:border], values[border:]
    train = (known - known.mean()) / known.std()
    return train, (later - later.mean()) / later.std(), outputs * known.std() + known.mean()


def scale_and_stay(values, border, outputs):
    train, test, _ = scale(values, border, outputs)
    return train, test, outputs


def scale_swapped(values, border, outputs):
    spread, mean = values[:border].mean(), values[:border].std()
    scaled = (values - mean) / spread
    return scaled[:border], scaled[border:], outputs * spread + mean


def scale_back_in_the_wrong_order(values, border, outputs):
    known = values[:border]
    train, test, _ = scale(values, border, outputs)
    return train, test, (outputs + known.mean()) * known.std()


def scale_back_by_the_test(values, border, outputs):
    later = values[border:]
    train, test, _ = scale(values, border, outputs)
    return train, test, outputs * later.std() + later.mean()


def scale_in_torch_with_n_minus_one(values, border, outputs):
    y = torch.tensor(values)
    mean, spread = y[:border].mean(), y[:border].std()
    scaled = (y - mean) / spread
    return scaled[:border], scaled[border:], torch.tensor(outputs) * spread + mean


def scale_without_brackets(values, border, outputs):
    known = values[:border]
    scaled = values - known.mean() / known.std()
    return scaled[:border], scaled[border:], outputs * known.std() + known.mean()


def go_on_with_the_truth(values, origin, weights, bias, horizon):
    P = len(weights)
    windows = [values[origin - P + k : origin + k] for k in range(horizon)]
    return np.array(windows), np.array([one_step(w, weights, bias) for w in windows])


def go_on_standing_still(values, origin, weights, bias, horizon):
    window = values[origin - len(weights) : origin]
    return np.array([window] * horizon), np.array([one_step(window, weights, bias)] * horizon)


def _go_on(move, start=0):
    def answer(values, origin, weights, bias, horizon):
        window = values[origin - len(weights) + start : origin + start]
        windows, forecasts = [], []
        for _ in range(horizon):
            windows.append(window)
            forecasts.append(one_step(window, weights, bias))
            window = move(window, forecasts[-1])
        return np.array(windows), np.array(forecasts)

    return answer


def go_on_with_the_oldest(values, origin, weights, bias, horizon):
    keep = _go_on(lambda window, new: np.append(window[:-1], new))
    return keep(values, origin, weights, bias, horizon)


def go_on_at_the_wrong_end(values, origin, weights, bias, horizon):
    other = _go_on(lambda window, new: np.insert(window[:-1], 0, new))
    return other(values, origin, weights, bias, horizon)


def go_on_at_the_front(values, origin, weights, bias, horizon):
    front = _go_on(lambda window, new: np.array([new, *window[1:]]))
    return front(values, origin, weights, bias, horizon)


def go_on_rolled(values, origin, weights, bias, horizon):
    rolled = _go_on(lambda window, new: np.roll(window, -1))
    return rolled(values, origin, weights, bias, horizon)


def go_on_from_one_further(values, origin, weights, bias, horizon):
    further = _go_on(lambda window, new: np.append(window[1:], new), start=1)
    return further(values, origin, weights, bias, horizon)


def go_on_in_place(values, origin, weights, bias, horizon):
    window, windows, forecasts = values[origin - len(weights) : origin].copy(), [], []
    for _ in range(horizon):
        windows.append(window)
        forecasts.append(one_step(window, weights, bias))
        window[:-1] = window[1:]
        window[-1] = forecasts[-1]
    return np.array(windows), np.array(forecasts)


def go_on_from_the_end(values, origin, weights, bias, horizon):
    return go_on(values, len(values), weights, bias, horizon)


def go_on_with_the_last_forecast(values, origin, weights, bias, horizon):
    windows, forecasts = go_on(values, origin, weights, bias, horizon)
    return windows, np.full(horizon, forecasts[-1])


def _roll(slope=None, start=lambda values, o: values[o - 1], leads=1, mean=None):
    slope = slope or (lambda values, o, first: (values[o - 1] - values[0]) / (o - 1))

    def answer(values, first, every, horizon):
        origins = range(first, len(values) - horizon + 1, every)
        steps = np.arange(leads, leads + horizon)
        forecasts = np.array([start(values, o) + slope(values, o, first) * steps for o in origins])
        actual = np.array([values[o : o + horizon] for o in origins])
        size = np.abs(forecasts - actual)
        return forecasts, size.mean(axis=0) if mean is None else mean(size)

    return answer


def roll_knowing_the_future(*arguments):
    slope = _roll(lambda values, o, first: (values[-1] - values[0]) / (len(values) - 1))
    return slope(*arguments)


def roll_fitted_once(*arguments):
    return _roll(lambda values, o, first: (values[first - 1] - values[0]) / (first - 1))(*arguments)


def roll_one_ahead(*arguments):
    def slope(values, o, first):
        return (values[o] - values[0]) / o

    return _roll(slope, lambda values, o: values[o])(*arguments)


def roll_over_o(*arguments):
    return _roll(lambda values, o, first: (values[o - 1] - values[0]) / o)(*arguments)


def roll_a_line(*arguments):
    return _roll(lambda values, o, first: np.polyfit(np.arange(o), values[:o], 1)[0])(*arguments)


def roll_from_lead_0(*arguments):
    return _roll(leads=0)(*arguments)


def roll_by_origin(*arguments):
    return _roll(mean=lambda size: size.mean(axis=1))(*arguments)


def roll_over_all(*arguments):
    return _roll(mean=lambda size: size.mean())(*arguments)


def roll_without_the_last(values, first, every, horizon):
    origins = np.arange(first, len(values) - horizon + 1, every)[:-1]
    slopes = (values[origins - 1] - values[0]) / (origins - 1)
    forecasts = values[origins - 1][:, None] + slopes[:, None] * np.arange(1, horizon + 1)
    actual = values[origins[:, None] + np.arange(horizon)]
    return forecasts, np.abs(forecasts - actual).mean(axis=0)


def roll_with_signs(values, first, every, horizon):
    forecasts, _ = roll(values, first, every, horizon)
    origins = range(first, len(values) - horizon + 1, every)
    return forecasts, np.mean(
        [f - values[o : o + horizon] for f, o in zip(forecasts, origins, strict=True)], axis=0
    )


def _band(residuals=None, ends=None, inside=None):
    def answer(past_forecasts, past_actual, forecasts, actual, level):
        r = past_actual - past_forecasts if residuals is None else residuals
        if residuals is not None:
            r = residuals(past_forecasts, past_actual, forecasts, actual)
        n, tail = len(r), (1 - level) / 2
        if ends is None:
            ordered = np.sort(r, axis=0)
            below = ordered[math.floor((n + 1) * tail) - 1]
            above = ordered[math.ceil((n + 1) * (1 - tail)) - 1]
        else:
            below, above = ends(r, level)
        low, high = forecasts + below, forecasts + above
        share = ((low <= actual) & (actual <= high)).mean(axis=0)
        if inside == "calibration":
            share = ((below <= r) & (r <= above)).mean(axis=0)
        return low, high, share.mean() if inside == "all" else share

    return answer


def band_of_errors(*arguments):
    return _band(lambda f, y, *test: f - y)(*arguments)


def band_of_the_test(*arguments):
    return _band(lambda f, y, forecasts, actual: actual - forecasts)(*arguments)


def band_interpolated(*arguments):
    def ends(r, level):
        return np.quantile(r, [(1 - level) / 2, (1 + level) / 2], axis=0)

    return _band(ends=ends)(*arguments)


def band_of_all_leads(*arguments):
    def ends(r, level):
        ordered, n, tail = np.sort(r.ravel()), r.size, (1 - level) / 2
        low, high = math.floor((n + 1) * tail), math.ceil((n + 1) * (1 - tail))
        return ordered[low - 1], ordered[high - 1]

    return _band(ends=ends)(*arguments)


def band_with_whole_tails(past_forecasts, past_actual, forecasts, actual, level):
    return band(past_forecasts, past_actual, forecasts, actual, 2 * level - 1)


def band_of_n(*arguments):
    def ends(r, level):
        ordered, n, tail = np.sort(r, axis=0), len(r), (1 - level) / 2
        return ordered[math.floor(n * tail) - 1], ordered[math.ceil(n * (1 - tail)) - 1]

    return _band(ends=ends)(*arguments)


def band_from_0(*arguments):
    def ends(r, level):
        ordered, n, tail = np.sort(r, axis=0), len(r), (1 - level) / 2
        return ordered[math.floor((n + 1) * tail)], ordered[math.ceil((n + 1) * (1 - tail))]

    return _band(ends=ends)(*arguments)


def band_unsorted(*arguments):
    def ends(r, level):
        n, tail = len(r), (1 - level) / 2
        return r[math.floor((n + 1) * tail) - 1], r[math.ceil((n + 1) * (1 - tail)) - 1]

    return _band(ends=ends)(*arguments)


def band_counted_where_calibrated(*arguments):
    return _band(inside="calibration")(*arguments)


def band_with_one_share(*arguments):
    return _band(inside="all")(*arguments)


def band_with_two_faults(*arguments):
    return _band(lambda f, y, *test: f - y, inside="all")(*arguments)


WRONG = [
    ("split_windows", cut_after_windowing, ["border_counts_windows"]),
    ("split_windows", cut_with_futures_over_the_border, ["future_over_the_border"]),
    (
        "split_windows",
        cut_without_the_last,
        ["last_test_window_lost", "last_training_window_lost"],
    ),
    ("split_windows", cut_each_part_by_itself, ["past_kept_out"]),
    ("split_windows", cut_with_one_value_twice, ["future_in_the_past"]),
    ("split_windows", cut_to_one_step, ["first_lead_alone"]),
    ("split_windows", cut_backwards, ["newest_first"]),
    ("split_windows", cut_with_every_test_window, ["tested_on_all"]),
    ("scaled_parts", scale_on_everything, ["fitted_on_all"]),
    ("scaled_parts", scale_each_part, ["test_by_itself"]),
    ("scaled_parts", scale_and_stay, ["not_brought_back"]),
    ("scaled_parts", scale_swapped, ["swapped"]),
    ("scaled_parts", scale_back_in_the_wrong_order, ["wrong_order_back"]),
    ("scaled_parts", scale_back_by_the_test, ["back_by_the_test"]),
    ("scaled_parts", scale_in_torch_with_n_minus_one, ["n_minus_one"]),
    ("scaled_parts", scale_without_brackets, ["test_brackets_missing", "train_brackets_missing"]),
    ("recursive", go_on_with_the_truth, ["truth_fed"]),
    ("recursive", go_on_standing_still, ["not_moved"]),
    ("recursive", go_on_with_the_oldest, ["newest_replaced"]),
    ("recursive", go_on_at_the_wrong_end, ["moved_the_other_way"]),
    ("recursive", go_on_at_the_front, ["front_replaced"]),
    ("recursive", go_on_rolled, ["rolled"]),
    ("recursive", go_on_from_one_further, ["one_value_ahead"]),
    ("recursive", go_on_in_place, ["one_window_kept"]),
    ("recursive", go_on_from_the_end, ["from_the_end"]),
    ("recursive", go_on_with_the_last_forecast, ["last_lead_for_all"]),
    ("rolling_drift", roll_knowing_the_future, ["slope_of_the_future"]),
    ("rolling_drift", roll_fitted_once, ["fitted_once"]),
    ("rolling_drift", roll_one_ahead, ["begins_with_the_truth", "slope_with_the_truth"]),
    ("rolling_drift", roll_over_o, ["slope_over_o"]),
    ("rolling_drift", roll_a_line, ["line_fitted"]),
    ("rolling_drift", roll_from_lead_0, ["leads_from_0"]),
    ("rolling_drift", roll_by_origin, ["mean_by_origin"]),
    ("rolling_drift", roll_over_all, ["mean_of_all"]),
    ("rolling_drift", roll_without_the_last, ["last_origin_lost"]),
    ("rolling_drift", roll_with_signs, ["signs_cancel"]),
    ("calibrated_band", band_of_errors, ["residuals_turned"]),
    ("calibrated_band", band_of_the_test, ["residuals_of_the_test"]),
    ("calibrated_band", band_interpolated, ["interpolated"]),
    ("calibrated_band", band_of_all_leads, ["one_band_for_all_leads"]),
    ("calibrated_band", band_with_whole_tails, ["whole_tail_on_each_side"]),
    ("calibrated_band", band_of_n, ["ranks_of_n"]),
    ("calibrated_band", band_from_0, ["high_rank_from_0", "low_rank_from_0"]),
    ("calibrated_band", band_unsorted, ["not_sorted"]),
    ("calibrated_band", band_counted_where_calibrated, ["counted_where_calibrated"]),
    ("calibrated_band", band_with_one_share, ["coverage_of_all"]),
    ("calibrated_band", band_with_two_faults, ["coverage_of_all", "residuals_turned"]),
]
