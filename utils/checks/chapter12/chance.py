"""Code: what chance gives the best of many units, by signals exchanged between sequences."""

from __future__ import annotations

import numpy as np

from utils.checks.chapter12.words import CHAPTER
from utils.checks.engine import Check

Array = np.ndarray
LEVEL = 0.95


def chance_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Array]:
    """Draw slow states, of which one unit follows the signal, one follows it turned round."""
    T, B, H, S = (sizes[name] for name in "TBHS")
    sides = rng.permutation(np.where(np.arange(B) % 2, 1.0, -1.0))
    signal = sides * rng.uniform(0.5, 1.5, (T, B)) + 0.4
    slow = rng.normal(size=(B, H))  # the same at every step of a sequence
    states = np.tanh(slow + 0.6 * rng.normal(size=(T, B, H)) + 0.3)
    up, down = rng.permutation(H)[:2]
    states[..., up] = np.tanh(signal + 0.3 * rng.normal(size=(T, B)))
    states[..., down] = np.tanh(-signal + 0.3 * rng.normal(size=(T, B)))
    orders = np.stack([rng.permutation(B) for _ in range(S)])
    return {"states": states, "signal": signal, "orders": orders}


def exchanged(signal: Array, orders: Array) -> Array:
    """Return the signals that belong to other sequences, (S, T, B)."""
    return signal[:, orders].swapaxes(0, 1)


def correlated(states: Array, signals: Array) -> Array:
    """Return Pearson's correlation over steps and sequences, (..., H), of signals (..., T, B)."""
    x = states - states.mean(axis=(0, 1))
    y = signals - signals.mean(axis=(-2, -1), keepdims=True)
    size = np.sqrt((x**2).sum(axis=(0, 1))) * np.sqrt((y**2).sum(axis=(-2, -1)))[..., None]
    return np.einsum("...tb,tbh->...h", y, x) / size


def uncentred(states: Array, signals: Array) -> Array:
    """Return the cosine in place of the correlation."""
    size = np.sqrt((states**2).sum(axis=(0, 1)) * (signals**2).sum())
    return np.einsum("tb,tbh->h", signals, states) / size


check_chance = Check(
    "chance",
    chapter=CHAPTER,
    title="What chance gives the best of many units",
    outputs={"correlation": "H", "chance": "", "beats": "H"},
    inputs=chance_inputs,
    sizes=(
        {"T": 8, "B": 12, "H": 6, "S": 21},
        {"T": 6, "B": 14, "H": 9, "S": 41},
        {"T": 5, "B": 10, "H": 7, "S": 81},
    ),
    steps={
        "correlation": lambda states, signal: correlated(states, signal),
        "found": lambda states, signal, orders: correlated(states, exchanged(signal, orders)),
        "sizes": lambda found: np.abs(found),
        "largest": lambda sizes: sizes.max(axis=1),
        "chance": lambda largest: np.quantile(largest, LEVEL),
        "strength": lambda correlation: np.abs(correlation),
        "beats": lambda strength, chance: (strength > chance).astype(float),
    },
    hints=(
        "The correlation of a unit takes all T · B pairs of state and signal as one long list. "
        "Chance: the same computation with `signal[:, order]`, which belongs to other sequences.",
        "For each order you get H correlations. What you report later is the best of H units, so "
        "note the largest absolute value of these H, one number for each order.",
        "`np.corrcoef(states[..., j].ravel(), signal.ravel())[0, 1]` is the correlation of unit j. "
        "`chance` is `np.quantile(largest, 0.95)` over the orders, and `beats` is "
        "`abs(correlation) > chance`.",
    ),
)
for _key, _message, _replaces in (
    (
        "not_centred",
        "The means were not subtracted: this is a cosine, which a constant in the signal raises. "
        "Subtract the mean of the unit and of the signal.",
        {"correlation": lambda states, signal: uncentred(states, signal)},
    ),
    (
        "covariance",
        "This is a covariance. Divide it by both standard deviations.",
        {
            "correlation": lambda states, signal: (
                np.einsum("tb,tbh->h", signal - signal.mean(), states - states.mean(axis=(0, 1)))
                / signal.size
            )
        },
    ),
    (
        "last_step_alone",
        "This is the correlation at the last step. Take all steps and sequences as one list.",
        {"correlation": lambda states, signal: correlated(states[-1:], signal[-1:])},
    ),
    (
        "mean_over_steps",
        "The correlation was computed at every step, and the mean taken of them. Take all steps "
        "and sequences as one list.",
        {
            "correlation": lambda states, signal: np.mean(
                [correlated(s[None], x[None]) for s, x in zip(states, signal, strict=True)], axis=0
            )
        },
    ),
    (
        "time_averaged",
        "States and signal were averaged over time first. Take all steps and sequences as one "
        "list.",
        {
            "correlation": lambda states, signal: correlated(
                states.mean(axis=0, keepdims=True), signal.mean(axis=0, keepdims=True)
            )
        },
    ),
    (
        "squared",
        "This is r², without a sign. Asked for is r.",
        {"correlation": lambda states, signal: correlated(states, signal) ** 2},
    ),
    (
        "unsigned",
        "The signs are gone. A unit that follows the signal turned round has a correlation below "
        "0; the absolute value is taken only to compare.",
        {"correlation": lambda states, signal: np.abs(correlated(states, signal))},
    ),
    (
        "largest_with_sign",
        "The largest was taken of the correlations with their signs. One of −0.8 is as far from 0 "
        "as one of 0.8: take absolute values first.",
        {"sizes": lambda found: found},
    ),
    (
        "mean_of_units",
        "The mean over the units was taken for every order. You are going to report the best of "
        "them, so chance gets the best of them as well: take the largest.",
        {"largest": lambda sizes: sizes.mean(axis=1)},
    ),
    (
        "all_pooled",
        "All correlations of all orders and units went into the quantile. With H units the largest "
        "of H has to be beaten: take the largest of each order first.",
        {"largest": lambda sizes: sizes.ravel()},
    ),
    (
        "first_unit_alone",
        "This is what chance gives unit 0. The best of all units has more chances: take the "
        "largest of each order.",
        {"largest": lambda sizes: sizes[:, 0]},
    ),
    (
        "largest_of_all",
        "This is the largest of all orders. Asked for is what 95 % of the orders stay below.",
        {"chance": lambda largest: largest.max()},
    ),
    (
        "median_order",
        "This is the median of the orders, which half of them exceed. Asked for is the 95 % level.",
        {"chance": lambda largest: np.median(largest)},
    ),
    (
        "mean_order",
        "This is the mean over the orders. Asked for is the 95 % level, `np.quantile(…, 0.95)`.",
        {"chance": lambda largest: largest.mean()},
    ),
    (
        "both_ends",
        "This is the 97.5 % level. The absolute values have no lower end to cut off: take "
        "`np.quantile(…, 0.95)`.",
        {"chance": lambda largest: np.quantile(largest, 1 - (1 - LEVEL) / 2)},
    ),
    (
        "ninety",
        "This is the 90 % level. Asked for is the 95 % level, `np.quantile(…, 0.95)`.",
        {"chance": lambda largest: np.quantile(largest, 0.90)},
    ),
    (
        "ninety_nine",
        "This is the 99 % level. Asked for is the 95 % level, `np.quantile(…, 0.95)`.",
        {"chance": lambda largest: np.quantile(largest, 0.99)},
    ),
    (
        "level_of_each_unit",
        "This is one level for each unit. For each order take the largest over the units first, "
        "so that one level is left for all.",
        {"chance": lambda sizes: np.quantile(sizes, LEVEL, axis=0)},
    ),
    (
        "lowest_level",
        "This is the 5 % level, which nearly all orders exceed. Asked for is the 95 % level.",
        {"chance": lambda largest: np.quantile(largest, 1 - LEVEL)},
    ),
    (
        "independent_steps",
        "This is 1.96 / √(T · B), a rule for independent pairs and a single unit. States of "
        "neighbouring steps are alike, and there are H units: use the orders.",
        {"chance": lambda states, signal: 1.96 / np.sqrt(signal.size)},
    ),
    (
        "both_exchanged",
        "States and signal were exchanged together, so that every pair is still a pair. Exchange "
        "the signal alone.",
        {
            "found": lambda states, signal, orders: np.repeat(
                correlated(states, signal)[None], len(orders), axis=0
            )
        },
    ),
    (
        "beaten_with_sign",
        "Here only correlations above 0 can beat chance. A unit that follows the signal turned "
        "round follows it: compare the absolute value.",
        {"strength": lambda correlation: correlation},
    ),
    (
        "beaten_ones",
        "These are the units that chance beats. Asked for is 1 where a unit beats chance.",
        {"beats": lambda strength, chance: (strength <= chance).astype(float)},
    ),
):
    check_chance.add_mistake(_key, _message, _replaces)
