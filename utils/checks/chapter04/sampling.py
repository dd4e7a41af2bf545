"""Code: probabilities to draw the next character from, with temperature and top-k."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter04.formulas import CHAPTER, Array, softmax
from utils.checks.engine import Check


def sampling_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw scores; with an even number of characters, some are equal where the list is cut."""
    B, V, k = sizes["B"], sizes["V"], sizes["k"]
    logits = 2 * rng.normal(size=(B, V))
    if V % 2 == 0:
        order = np.argsort(-logits, axis=1, kind="stable")
        rows = np.arange(B)
        for place in range(max(1, k - 2), k):  # from the second best on
            logits[rows, order[:, place]] = logits[rows, order[:, k]]
    return {
        "logits": logits,
        "temperature": float(rng.choice([rng.uniform(0.4, 0.7), rng.uniform(1.5, 2.5)])),
        "k": k,
    }


def best(scores: Array, k: int, axis: int = -1) -> Array:
    """Mark the k largest scores along an axis; of equal ones those of lower index."""
    order = np.argsort(-scores, axis=axis, kind="stable")
    return np.argsort(order, axis=axis, kind="stable") < int(k)


def kth(scores: Array, k: int) -> Array:
    """Return the k-th largest score of each row, (B, 1)."""
    return np.sort(scores, axis=-1)[:, ::-1][:, int(k) - 1][:, None]


def renormalised(p: Array) -> Array:
    """Divide each row by its sum."""
    return p / p.sum(axis=-1, keepdims=True)


def down_the_batch(scaled: Array, kept: Array) -> Array:
    """Take the softmax along the batch; there is nothing to divide again if all are kept."""
    p = softmax(scaled, axis=0)
    return p if kept.all() else renormalised(p * kept)


class SamplingCheck(Check):
    """The check of the probabilities; it says so if they stand at other characters."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Tell when rows hold the right numbers in another order."""
        if not isinstance(value, np.ndarray) or value.shape != right.shape:
            return ""
        if not np.allclose(np.sort(value, axis=1), np.sort(right, axis=1), rtol=1e-5, atol=1e-9):
            return ""
        return (
            "`p`: a row holds the numbers that it should, and not all of them at the right "
            "characters. Of equal scores at the border those with the lower index stay: "
            '`np.argsort(-scores, axis=1, kind="stable")` lists them so.'
        )


check_sampling = SamplingCheck(
    "sampling",
    chapter=CHAPTER,
    title="Temperature and top-k",
    outputs={"p": "B V"},
    inputs=sampling_inputs,
    sizes=(
        {"B": 3, "V": 8, "k": 4},  # an even V: ties
        {"B": 4, "V": 7, "k": 3},
        {"B": 1, "V": 6, "k": 2},
        {"B": 2, "V": 5, "k": 3},
    ),
    steps={
        "scaled": lambda logits, temperature: logits / temperature,
        "places": lambda k: k,
        "kept": lambda scaled, places: best(scaled, places),
        "shifted": lambda scaled, kept: np.where(kept, scaled, -np.inf),
        "p": lambda shifted: softmax(shifted),
    },
    hints=(
        "In this order: divide the scores by the temperature, find the k largest of each row, "
        "set what belongs to the others to zero, and see that each row adds up to 1.",
        '`np.argsort(-scores, axis=1, kind="stable")` lists the characters of each row from the '
        "best to the worst, of equal ones the lower index first. Its first k columns stay.",
        "Softmax first: `p = softmax(logits / temperature)`. Then an array of zeros, "
        "`np.put_along_axis(keep, order[:, :k], 1, axis=1)`, and `p * keep` divided by its sum "
        "along axis 1 with `keepdims=True`.",
    ),
)
for _key, _quantity, _function, _message in (
    (
        "multiplied",
        "scaled",
        lambda logits, temperature: logits * temperature,
        "The scores were multiplied by the temperature, so the entropy moves the wrong way. "
        "Divide: a high temperature brings the scores nearer together.",
    ),
    (
        "no_effect",
        "scaled",
        lambda logits: logits,
        "The temperature has no effect. It was left out, or it divides the probabilities, where "
        "making their sum 1 takes it out again. It divides the scores, before the softmax.",
    ),
    (
        "temperature_squared",
        "scaled",
        lambda logits, temperature: logits / temperature**2,
        "The temperature came in twice. The scores are divided by it once.",
    ),
    (
        "softmax_first",
        "scaled",
        lambda logits, temperature: softmax(logits) / temperature,
        "The probabilities were divided by the temperature and put through a softmax again. "
        "Divide the scores; one softmax comes after.",
    ),
    (
        "one_more",
        "places",
        lambda k: k + 1,
        "k + 1 characters were kept. Exactly k stay.",
    ),
    (
        "one_less",
        "places",
        lambda k: k - 1,
        "k − 1 characters were kept. Exactly k stay.",
    ),
    (
        "greedy",
        "places",
        lambda: 1,
        "Only the best character of each row was kept. The k best stay.",
    ),
    (
        "all_kept",
        "kept",
        lambda scaled: np.ones(scaled.shape, dtype=bool),
        "All characters were kept: the top-k part is missing.",
    ),
    (
        "worst_kept",
        "kept",
        lambda scaled, places: best(-scaled, places),
        "The k least probable characters were kept. `np.argsort` sorts upwards, so the best stand "
        "last.",
    ),
    (
        "ties_all_kept",
        "kept",
        lambda scaled, places: scaled >= kth(scaled, places),
        "Where scores are equal at the border, more than k characters were kept. Of equal ones "
        "those with the lower index stay, k in all.",
    ),
    (
        "ties_all_dropped",
        "kept",
        lambda scaled, places: scaled > kth(scaled, places),
        "The k-th best character was dropped, as with `>` in the place of `>=`. Exactly k stay.",
    ),
    (
        "ties_by_higher_index",
        "kept",
        lambda scaled, places: best(scaled[:, ::-1], places)[:, ::-1],
        "Where scores are equal at the border, the characters with the higher index were kept. "
        'Sort downwards with `np.argsort(-scores, kind="stable")`.',
    ),
    (
        "first_k",
        "kept",
        lambda scaled, places: np.arange(scaled.shape[1]) < np.full((len(scaled), 1), places),
        "The first k characters of the vocabulary were kept. Keep the k with the largest scores.",
    ),
    (
        "over_the_batch",
        "kept",
        lambda scaled, places: best(scaled, places, axis=0),
        "The largest scores were looked for along the batch. Each row keeps its own k characters.",
    ),
    (
        "same_for_all_rows",
        "kept",
        lambda scaled, places: np.repeat(best(scaled[:1], places), len(scaled), axis=0),
        "All rows keep the characters that are best in the first row. Each keeps its own k.",
    ),
    (
        "score_zero_for_dropped",
        "shifted",
        lambda scaled, kept: np.where(kept, scaled, 0.0),
        "The scores of the dropped characters were set to 0, and e to the power of 0 is 1. Set "
        "their probabilities to 0, or their scores to −∞.",
    ),
    (
        "not_renormalised",
        "p",
        lambda scaled, kept: softmax(scaled) * kept,
        "The rows do not add up to 1: after the others are set to 0, the k that are left have to "
        "be divided by their sum.",
    ),
    (
        "divided_without_temperature",
        "p",
        lambda logits, temperature, kept: softmax(logits) / temperature * kept,
        "The probabilities were divided by the temperature and do not add up to 1. Divide the "
        "scores, before the softmax.",
    ),
    (
        "divided_at_the_end",
        "p",
        lambda logits, temperature, kept: renormalised(softmax(logits) * kept) / temperature,
        "The finished probabilities were divided by the temperature, so they do not add up to 1. "
        "Divide the scores, before the softmax.",
    ),
    (
        "equal_shares",
        "p",
        lambda kept: kept / kept.sum(axis=-1, keepdims=True),
        "The k characters share the probability equally. They keep the ratios that they had.",
    ),
    (
        "rest_shared",
        "p",
        lambda scaled, kept: (
            softmax(scaled) * kept
            + (1 - (softmax(scaled) * kept).sum(-1, keepdims=True))
            * kept
            / kept.sum(-1, keepdims=True)
        ),
        "What the dropped characters had was shared out equally. Divide by the sum of those that "
        "stay, which keeps their ratios.",
    ),
    (
        "softmax_over_batch",
        "p",
        lambda scaled, kept: down_the_batch(scaled, kept),
        "The softmax runs over the batch. The probabilities of one row add up to 1.",
    ),
    (
        "not_divided",
        "p",
        lambda shifted: np.exp(shifted),
        "The exponentials are there, and the division by their sum is missing.",
    ),
    (
        "softmax_twice",
        "p",
        lambda scaled, kept: softmax(np.where(kept, softmax(scaled), -np.inf)),
        "The probabilities went through a softmax once more. To make them add up to 1 again, "
        "divide by their sum.",
    ),
    (
        "softmax_of_zeros",
        "p",
        lambda scaled, kept: softmax(softmax(scaled) * kept),
        "Probabilities, some set to 0, went through a softmax once more, which gives the dropped "
        "ones a share again. Divide by the sum.",
    ),
):
    check_sampling.add_mistake(_key, _message, {_quantity: _function})
