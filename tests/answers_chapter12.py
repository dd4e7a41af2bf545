"""Answers to the exercises of chapter 12 as people write them: right ones and wrong ones."""

import numpy as np
import pandas as pd
import torch

# --- right answers, written in different ways --------------------------------------------------


def padded(forget):
    real = ~np.isnan(forget[..., 0])
    half_life = np.log(0.5) / np.nanmean(np.log(forget), axis=(0, 1))
    low = (forget < 0.1).sum(axis=(0, 1)) / real.sum()
    high = (forget > 0.9).sum(axis=(0, 1)) / real.sum()
    return half_life, low + high, np.maximum(low, high) >= 0.95


def padded_by_selection(forget):
    steps = forget[~np.isnan(forget).any(axis=2)]  # (N, H)
    low, high = (steps < 0.1).mean(axis=0), (steps > 0.9).mean(axis=0)
    factor = steps.prod(axis=0) ** (1 / len(steps))
    return np.log(0.5) / np.log(factor), low + high, (low >= 0.95) | (high >= 0.95)


def padded_by_unit(forget):
    found = {"stuck": [], "decides": [], "half_life": []}
    for unit in range(forget.shape[2]):
        values = forget[..., unit].ravel()
        values = values[np.isfinite(values)]
        low, high = np.mean(values < 0.1), np.mean(values > 0.9)
        found["half_life"].append(-np.log(2) / np.log(values).mean())
        found["decides"].append(low + high)
        found["stuck"].append(int(max(low, high) >= 0.95))
    return found


def padded_in_torch(forget):
    values = torch.tensor(forget)
    steps = values[~values[..., 0].isnan()]
    low, high = (steps < 0.1).double().mean(0), (steps > 0.9).double().mean(0)
    lives = torch.log(torch.tensor(0.5)).double() / steps.log().mean(0)
    return lives, low + high, (torch.maximum(low, high) >= 0.95).long()


def padded_in_pandas(forget):
    steps = pd.DataFrame(forget.reshape(-1, forget.shape[2])).dropna()
    low, high = (steps < 0.1).mean(), (steps > 0.9).mean()
    half_life = np.log2(0.5) / np.log2(steps).mean()
    return half_life, low + high, ((low >= 0.95) | (high >= 0.95)).astype(int)


def padded_as_lists(forget):
    return [value.tolist() for value in padded(forget)]


def chance(states, signal, orders):
    def correlations(signal):
        return np.array(
            [np.corrcoef(unit.ravel(), signal.ravel())[0, 1] for unit in np.moveaxis(states, 2, 0)]
        )

    correlation = correlations(signal)
    largest = [np.abs(correlations(signal[:, order])).max() for order in orders]
    level = np.quantile(largest, 0.95)
    return correlation, level, np.abs(correlation) > level


def chance_by_einsum(states, signal, orders):
    def standard(values, axes):
        values = values - values.mean(axis=axes, keepdims=True)
        return values / values.std(axis=axes, keepdims=True)

    x, y = standard(states, (0, 1)), standard(signal, (0, 1))
    r = np.einsum("tb,tbh->h", y, x) / y.size
    null = np.einsum("tsb,tbh->sh", y[:, orders], x) / y.size
    level = np.percentile(abs(null).max(axis=1), 95)
    return r, level, (abs(r) > level).astype(int)


def chance_in_torch(states, signal, orders):
    x, y = torch.tensor(states), torch.tensor(signal)

    def row(y):
        rows = torch.cat([y.reshape(1, -1), x.flatten(0, 1).T])
        return torch.corrcoef(rows)[0, 1:]

    null = torch.stack([row(y[:, order]).abs().max() for order in torch.tensor(orders)])
    r, level = row(y), torch.quantile(null, 0.95)
    return {"correlation": r, "chance": level, "beats": r.abs() > level}


def chance_in_pandas(states, signal, orders):
    table = pd.DataFrame(states.reshape(-1, states.shape[2]))
    r = table.corrwith(pd.Series(signal.ravel()))
    largest = pd.Series(
        [table.corrwith(pd.Series(signal[:, order].ravel())).abs().max() for order in orders]
    )
    return r, largest.quantile(0.95), r.abs() > largest.quantile(0.95)


def chance_by_turning_states(states, signal, orders):
    def row(states):
        flat = states.reshape(-1, states.shape[2])
        return np.corrcoef(flat, signal.ravel(), rowvar=False)[-1, :-1]

    largest = sorted(np.abs(row(states[:, np.argsort(order)])).max() for order in orders)
    level = largest[round(0.95 * (len(orders) - 1))]  # the level falls on one of the orders
    return row(states), level, [abs(r) > level for r in row(states)]


def chance_as_lists(*arguments):
    return [np.asarray(value).tolist() for value in chance(*arguments)]


RIGHT = {
    "padded_gates": [
        padded,
        padded_by_selection,
        padded_by_unit,
        padded_in_torch,
        padded_in_pandas,
        padded_as_lists,
    ],
    "chance": [
        chance,
        chance_by_einsum,
        chance_in_torch,
        chance_in_pandas,
        chance_by_turning_states,
        chance_as_lists,
    ],
}

# --- wrong answers, with the mistakes that are in them -----------------------------------------


def padded_plain_means(forget):
    low, high = (forget < 0.1).mean(axis=(0, 1)), (forget > 0.9).mean(axis=(0, 1))
    life = np.log(0.5) / np.nanmean(np.log(forget), axis=(0, 1))
    return life, low + high, np.maximum(low, high) >= 0.95


def padded_arithmetic(forget):
    _, decides, stuck = padded(forget)
    return np.log(0.5) / np.log(np.nanmean(forget, axis=(0, 1))), decides, stuck


def padded_filled_with_ones(forget):
    _, decides, stuck = padded(forget)
    logs = np.log(np.where(np.isnan(forget), 1, forget))
    return np.log(0.5) / logs.mean(axis=(0, 1)), decides, stuck


def padded_not_in_the_middle(forget):
    half_life, _, stuck = padded(forget)
    middle = (forget >= 0.1) & (forget <= 0.9)
    return half_life, 1 - middle.mean(axis=(0, 1)), stuck


def padded_stuck_by_decides(forget):
    half_life, decides, _ = padded(forget)
    return half_life, decides, decides >= 0.95


def padded_two_faults(forget):
    life, decides, stuck = padded_stuck_by_decides(forget)
    return life * -1 / np.log(0.5), decides, stuck


def chance_of_one_unit(states, signal, orders):
    r, _, _ = chance(states, signal, orders)
    null = [abs(np.corrcoef(states[..., 0].ravel(), signal[:, o].ravel())[0, 1]) for o in orders]
    level = np.quantile(null, 0.95)
    return r, level, abs(r) > level


def chance_with_signs(states, signal, orders):
    r, _, _ = chance(states, signal, orders)
    flat = states.reshape(-1, states.shape[2])
    null = [np.corrcoef(flat, signal[:, o].ravel(), rowvar=False)[-1, :-1].max() for o in orders]
    level = np.quantile(null, 0.95)
    return r, level, r > level


def chance_pooled(states, signal, orders):
    r, _, _ = chance(states, signal, orders)
    flat = states.reshape(-1, states.shape[2])
    null = [np.corrcoef(flat, signal[:, o].ravel(), rowvar=False)[-1, :-1] for o in orders]
    level = np.quantile(np.abs(null), 0.95)
    return r, level, abs(r) > level


def chance_by_rule(states, signal, orders):
    r, _, _ = chance(states, signal, orders)
    level = 1.96 / np.sqrt(states.shape[0] * states.shape[1])
    return r, level, abs(r) > level


def chance_without_mean(states, signal, orders):
    _, level, beats = chance(states, signal, orders)
    x = states / np.sqrt((states**2).sum(axis=(0, 1)))
    y = signal / np.sqrt((signal**2).sum())
    return (x * y[..., None]).sum(axis=(0, 1)), level, beats


def chance_unsigned(states, signal, orders):
    r, level, _ = chance(states, signal, orders)
    return r, level, r > level


def chance_at(level):
    def answer(states, signal, orders):
        r, _, _ = chance(states, signal, orders)
        flat = states.reshape(-1, states.shape[2])
        largest = [
            abs(np.corrcoef(flat, signal[:, o].ravel(), rowvar=False)[-1, :-1]).max()
            for o in orders
        ]
        chosen = np.quantile(largest, level)
        return r, chosen, abs(r) > chosen

    return answer


def chance_each_unit(states, signal, orders):
    r, _, _ = chance(states, signal, orders)
    flat = states.reshape(-1, states.shape[2])
    null = [np.corrcoef(flat, signal[:, o].ravel(), rowvar=False)[-1, :-1] for o in orders]
    level = np.quantile(np.abs(null), 0.95, axis=0)
    return r, level, abs(r) > level


chance_two_sided, chance_at_ninety = chance_at(0.975), chance_at(0.90)

WRONG = [
    ("padded_gates", padded_plain_means, ["padding_in_the_shares"]),
    ("padded_gates", padded_arithmetic, ["arithmetic_mean"]),
    ("padded_gates", padded_filled_with_ones, ["padding_in_the_mean"]),
    ("padded_gates", padded_not_in_the_middle, ["padding_decides"]),
    ("padded_gates", padded_stuck_by_decides, ["both_ends_together"]),
    ("padded_gates", padded_two_faults, ["both_ends_together", "one_over_e"]),
    ("chance", chance_of_one_unit, ["first_unit_alone"]),
    ("chance", chance_with_signs, ["beaten_with_sign", "largest_with_sign"]),
    ("chance", chance_pooled, ["all_pooled"]),
    ("chance", chance_two_sided, ["both_ends"]),
    ("chance", chance_at_ninety, ["ninety"]),
    ("chance", chance_each_unit, ["level_of_each_unit"]),
    ("chance", chance_by_rule, ["independent_steps"]),
    ("chance", chance_without_mean, ["not_centred"]),
    ("chance", chance_unsigned, ["beaten_with_sign"]),
]
