"""Experiment: what more padding does to a classifier that reads it, and to one that does not.

The four lists of measurements are taken as they come; see `utils.checks.studies`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from utils.checks.chapter10.formulas import CHAPTER, Array
from utils.checks.engine import Property
from utils.checks.studies import (
    CHOICES,
    StudyCheck,
    add_interval_mistakes,
    ends_of,
    interval_of,
    middle_and_half,
)

LISTS = ("packed", "packed_longer", "padded", "padded_longer")
COSTS, HELPS = "padding costs", "padding helps"
UNDECIDED = "not decided"
VERDICTS = (COSTS, HELPS, UNDECIDED)

# One run of the exercise, with the seeds 0 to 5, for trying the check itself.
EXAMPLE = {
    "packed": np.ones(6),
    "packed_longer": np.ones(6),
    "padded": np.array([0.5975, 0.52, 0.69, 0.7475, 1.0, 0.515]),
    "padded_longer": np.array([0.3425, 0.51, 0.53, 0.41, 1.0, 0.49]),
}


def instead(form: Callable[[Array], Array], *names: str) -> Callable[..., Any]:
    """Make the step of an interval for one list minus another, given in another form."""

    def interval(*values: Any) -> Array:
        one, other, centre, pairing, quantile, ddof, divisor = values
        how = (str(centre), str(pairing), str(quantile), ddof, str(divisor))
        return form(interval_of(one, other, *how))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in (*names, *CHOICES)]
    interval.__signature__ = inspect.Signature(parameters)
    return interval


def interval_step(*names: str) -> Callable[..., Any]:
    """Make the step of an interval for one list minus another."""
    return instead(lambda interval: interval, *names)


def verdict_of(interval: Array) -> str:
    """Read a verdict off the interval of what padding costs."""
    low, high = interval
    return COSTS if low > 0 else HELPS if high < 0 else UNDECIDED


def verdict_by_mean(interval: Array) -> str:
    """Read it off the middle of the interval, as if the seeds were all there are."""
    return COSTS if np.mean(interval) > 0 else HELPS


def verdict_turned(interval: Array) -> str:
    """Take a loss for a gain."""
    turned = {COSTS: HELPS, HELPS: COSTS}
    return turned.get(verdict_of(interval), UNDECIDED)


def _shares(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether all measurements are shares."""
    values = np.concatenate([inputs[name] for name in LISTS])
    return bool(values.min() >= 0 and values.max() <= 1)


def _learnt(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether the packed way has learnt the task."""
    return bool(inputs["packed"].mean() > 0.7)


def _shut(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether more padding changes nothing where it is packed away."""
    return bool(np.allclose(inputs["packed"], inputs["packed_longer"], rtol=0, atol=1e-9))


def _leaks(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether more padding changes anything where it is read."""
    return not np.array_equal(inputs["padded"], inputs["padded_longer"])


def _seeds_differ(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether the list with the largest scatter is not one seed over and over."""
    return bool(np.ptp(inputs["padded"]) > 0)


def _two_models(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether the two ways have been measured on models of their own."""
    return not np.array_equal(inputs["packed"], inputs["padded"])


check_padding_study = StudyCheck(
    "padding_study",
    chapter=CHAPTER,
    title="What does padding do that is read?",
    outputs={
        **dict.fromkeys(LISTS, "S"),
        "interval": "end",
        "interval_longer": "end",
        "verdict": VERDICTS,
        "verdict_longer": VERDICTS,
    },
    example=EXAMPLE,
    steps={
        **CHOICES,
        "interval": interval_step("packed", "padded"),
        "interval_longer": interval_step("padded", "padded_longer"),
        "verdict": verdict_of,
        "verdict_longer": lambda interval_longer: verdict_of(interval_longer),
    },
    properties=(
        Property(
            "Shares",
            _shares,
            "an accuracy is a share between 0 and 1.",
        ),
        Property(
            "Two models",
            _two_models,
            "`packed` and `padded` are the same list. Each way has classifiers of its own, trained "
            "with `train(seed, packed=True)` and `train(seed, packed=False)`.",
        ),
        Property(
            "Different seeds",
            _seeds_differ,
            "`padded` holds the same number for every seed. Does the seed go into `train`?",
        ),
        Property(
            "Learnt, where it is packed",
            _learnt,
            "packed, the classifiers get above 0.7 on average. Is each of them measured in "
            "the way in which it was trained, on `held_out`?",
        ),
        Property(
            "Nothing leaks where it is packed",
            _shut,
            "packed, the padding reaches no state, so that more of it changes nothing at all; "
            "these two lists differ. Are the lengths those of the reviews, without the rows added?",
        ),
        Property(
            "Something leaks where it is not",
            _leaks,
            "`padded` and `padded_longer` are the same. Were rows of padding added behind, and "
            "no lengths handed over?",
        ),
    ),
    tolerance=3e-4,  # an interval has two numbers: few to prove a mistake with
    hints=(
        "A row of padding is a row of zeros in `xs`, behind the others. The packed way hands over "
        "the lengths of the reviews, the other way hands over none.",
        "`np.pad(batch.xs, [(0, extra), (0, 0)])` adds the rows. The lengths are "
        "`batch.mask.sum(axis=0)`, with or without them. An accuracy is the mean of "
        "`logits.argmax(dim=1)` equal to the targets.",
        "With `gap = np.array(packed) - np.array(padded)` the half width is `T_QUANTILE[n - 1] * "
        "gap.std(ddof=1) / np.sqrt(n)`; the second interval takes `padded` minus `padded_longer`. "
        "Wholly above 0 padding costs; if 0 lies in it, nothing is decided.",
    ),
)
add_interval_mistakes(check_padding_study)


def _both(quantity: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Let a function of an interval replace both verdicts."""
    return {
        "verdict": lambda interval: quantity(interval),
        "verdict_longer": lambda interval_longer: quantity(interval_longer),
    }


for _key, _message, _replaces in (
    (
        "turned",
        "The differences are turned round in both intervals. Asked for is what padding costs: "
        "`packed` minus `padded`, and `padded` minus `padded_longer`.",
        {
            "interval": interval_step("padded", "packed"),
            "interval_longer": interval_step("padded_longer", "padded"),
        },
    ),
    (
        "interval_turned",
        "This is `padded` minus `packed`. Asked for is what the leak costs, `packed` minus "
        "`padded`.",
        {"interval": interval_step("padded", "packed")},
    ),
    (
        "longer_turned",
        "This is `padded_longer` minus `padded`. Asked for is what is lost, `padded` minus "
        "`padded_longer`.",
        {"interval_longer": interval_step("padded_longer", "padded")},
    ),
    (
        "longer_against_packed",
        "This is `packed_longer` minus `padded_longer`. Asked for is what the same classifiers "
        "lose, `padded` minus `padded_longer`.",
        {"interval_longer": interval_step("packed_longer", "padded_longer")},
    ),
    (
        "ends_exchanged",
        "The upper end stands first. An interval is given as lower end, upper end.",
        {
            "interval": instead(lambda interval: interval[::-1], "packed", "padded"),
            "interval_longer": instead(lambda interval: interval[::-1], "padded", "padded_longer"),
            "verdict": lambda interval: verdict_of(interval[::-1]),
            "verdict_longer": lambda interval_longer: verdict_of(interval_longer[::-1]),
        },
    ),
    (
        "middle_and_half_width",
        "These are the middle of the interval and half its width. Give its lower and upper end.",
        {
            "interval": instead(middle_and_half, "packed", "padded"),
            "interval_longer": instead(middle_and_half, "padded", "padded_longer"),
            "verdict": lambda interval: verdict_of(ends_of(interval)),
            "verdict_longer": lambda interval_longer: verdict_of(ends_of(interval_longer)),
        },
    ),
    (
        "by_the_mean",
        "This goes by the sign of the mean. While 0 lies in the interval, other seeds may turn "
        "that sign: then nothing is decided.",
        _both(verdict_by_mean),
    ),
    (
        "read_the_wrong_way",
        "A difference above 0 is an accuracy lost: what stands first is the way with less padding.",
        _both(verdict_turned),
    ),
    (
        "undecided",
        "The interval leaves out 0, so it does decide.",
        _both(lambda interval: UNDECIDED),
    ),
):
    check_padding_study.add_mistake(_key, _message, _replaces)
