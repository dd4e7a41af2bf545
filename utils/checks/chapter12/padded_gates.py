"""Code: half-lives and ends of gates, over the steps that are there."""

from __future__ import annotations

import numpy as np

from utils.checks.chapter12.words import CHAPTER
from utils.checks.engine import Check

Array = np.ndarray
LOW, HIGH, STUCK = 0.1, 0.9, 0.95


def gate_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Array]:
    """Draw a forget gate (T, B, H), NaN in the padding, with units of six kinds.

    Always shut, always open, at either end in turn, in the middle, mostly open, mostly shut.
    """
    T, B, H = (sizes[name] for name in "TBH")
    shut, open_ = rng.uniform(0.01, 0.09, (T, B, H)), rng.uniform(0.91, 0.99, (T, B, H))
    middle = rng.uniform(0.3, 0.8, (T, B, H))
    chance = rng.random((T, B, H))
    kinds = rng.permutation(np.arange(H) % 6)
    forget = np.select(
        [kinds == 0, kinds == 1, kinds == 2, kinds == 3, kinds == 4],
        [
            shut,
            open_,
            np.where(chance < 0.5, shut, open_),
            middle,
            np.where(chance < 0.8, open_, middle),
        ],
        np.where(chance < 0.8, shut, middle),
    )
    lengths = rng.permutation(np.linspace(T // 3, T, B).astype(int))
    forget[np.arange(T)[:, None] >= lengths] = np.nan
    return {"forget": forget}


def share(values: Array, real: Array) -> Array:
    """Return the share of real steps at which `values` holds, (H,)."""
    return (values & (real[..., None] > 0)).sum(axis=(0, 1)) / real.sum()


def _logs(forget: Array) -> Array:
    return np.nan_to_num(np.log(forget))  # 0 in the padding


check_padded_gates = Check(
    "padded_gates",
    chapter=CHAPTER,
    title="Half-lives and ends, without the padding",
    outputs={"half_life": "H", "decides": "H", "stuck": "H"},
    inputs=gate_inputs,
    sizes=(
        {"T": 12, "B": 5, "H": 7},
        {"T": 15, "B": 4, "H": 6},
        {"T": 9, "B": 3, "H": 8},
    ),
    steps={
        "real": lambda forget: (~np.isnan(forget[..., 0])).astype(float),
        "count": lambda real: real.sum(),
        "factor": lambda forget, count: np.exp(_logs(forget).sum(axis=(0, 1)) / count),
        "half_life": lambda factor: np.log(0.5) / np.log(factor),
        "low": lambda forget, real: share(forget < LOW, real),
        "high": lambda forget, real: share(forget > HIGH, real),
        "decides": lambda low, high: low + high,
        "most": lambda low, high: np.maximum(low, high),
        "stuck": lambda most: (most >= STUCK).astype(float),
    },
    hints=(
        "The lens puts NaN into the padding so that no mean takes it in by mistake. A mean that "
        "leaves NaN out exists; and what does NumPy answer to NaN < 0.1?",
        "`np.nanmean(np.log(forget), axis=(0, 1))` is the logarithm of the geometric mean. "
        "`forget < 0.1` is False in the padding, so divide the number of True by the number of "
        "real steps, not by T · B.",
        "With `real = ~np.isnan(forget[..., 0])` the shares are `low = (forget < 0.1).sum(axis=(0, "
        "1)) / real.sum()` and `high` alike. `decides` is `low + high`, `stuck` is "
        "`np.maximum(low, high) >= 0.95`.",
    ),
)
for _key, _message, _replaces in (
    (
        "arithmetic_mean",
        "The mean over the steps is the arithmetic one. What is left is a product of the gates, so "
        "take the geometric mean: the mean of their logarithms.",
        {"factor": lambda forget: np.nanmean(forget, axis=(0, 1))},
    ),
    (
        "each_sequence_alike",
        "The mean was taken of every sequence and then over the sequences, so that a step of a "
        "short one counts more. Take all real steps together.",
        {"factor": lambda forget: np.exp(np.nanmean(np.log(forget), axis=0).mean(axis=0))},
    ),
    (
        "padding_in_the_mean",
        "The sum of the logarithms was divided by T · B. In the padding there is no step: divide "
        "by the number of real steps.",
        {"factor": lambda forget: np.exp(_logs(forget).mean(axis=(0, 1)))},
    ),
    (
        "mean_of_lives",
        "This is the mean of the half-lives of single steps. Average the logarithms of the gate "
        "first, then compute one half-life.",
        {"half_life": lambda forget: np.nanmean(np.log(0.5) / np.log(forget), axis=(0, 1))},
    ),
    (
        "one_over_e",
        "This is −1 / ln f, after which 1/e is left. For a half, the numerator is ln ½.",
        {"half_life": lambda factor: -1 / np.log(factor)},
    ),
    (
        "one_over_loss",
        "This is 1 / (1 − f). Half is left after ln ½ / ln f steps.",
        {"half_life": lambda factor: 1 / (1 - factor)},
    ),
    (
        "longest_possible",
        "This is the half-life of the largest gate at any step. Asked for is the one of the "
        "geometric mean.",
        {"half_life": lambda forget: np.log(0.5) / np.log(np.nanmax(forget, axis=(0, 1)))},
    ),
    (
        "padding_in_the_shares",
        "The shares are divided by T · B. In the padding every comparison is False, so that it "
        "counts as a gate in the middle: divide by the number of real steps.",
        {
            "low": lambda forget: (forget < LOW).mean(axis=(0, 1)),
            "high": lambda forget: (forget > HIGH).mean(axis=(0, 1)),
        },
    ),
    (
        "padding_in_decides",
        "`decides` is divided by T · B. In the padding every comparison is False, so that it "
        "counts as a gate in the middle: divide by the number of real steps.",
        {"decides": lambda forget: ((forget < LOW) | (forget > HIGH)).mean(axis=(0, 1))},
    ),
    (
        "padding_decides",
        "The padding is counted as if the gate stood at an end there: not being in the middle is "
        "True of NaN too. Count the real steps.",
        {"decides": lambda forget: (~((forget >= LOW) & (forget <= HIGH))).mean(axis=(0, 1))},
    ),
    (
        "low_end_alone",
        "This is the share below 0.1. Above 0.9 the gate decides too.",
        {"decides": lambda low: low},
    ),
    (
        "high_end_alone",
        "This is the share above 0.9. Below 0.1 the gate decides too.",
        {"decides": lambda high: high},
    ),
    (
        "the_middle",
        "This is the share of steps in the middle. Asked for is the rest of the real steps.",
        {"decides": lambda low, high: 1 - low - high},
    ),
    (
        "counted",
        "These are numbers of steps. A share is such a number divided by the number of real steps.",
        {"decides": lambda low, high, count: (low + high) * count},
    ),
    (
        "both_ends_together",
        "A unit that stands now at one end and now at the other is called stuck here. It decides; "
        "stuck is one that stands at the same end at 95 % of the steps.",
        {"most": lambda low, high: low + high},
    ),
    (
        "stuck_shut_alone",
        "Only units that are shut are called stuck here. One that is open at all steps decides as "
        "little.",
        {"most": lambda low: low},
    ),
    (
        "stuck_open_alone",
        "Only units that are open are called stuck here. One that is shut at all steps decides as "
        "little.",
        {"most": lambda high: high},
    ),
    (
        "free_ones",
        "These are the units that are not stuck. Asked for is 1 where a unit is stuck.",
        {"stuck": lambda most: (most < STUCK).astype(float)},
    ),
):
    check_padded_gates.add_mistake(_key, _message, _replaces)
