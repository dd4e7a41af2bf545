"""Code: two cells compared seed by seed, with an interval for their mean difference."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter07.formulas import CHAPTER, constant
from utils.checks.engine import Check

T_FACTORS = {5: 2.776, 8: 2.365, 10: 2.262}  # 95 %, for S - 1 degrees of freedom


def runs_of_seeds(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the losses of two cells; what a seed has in common is more than what sets them apart.

    Either cell is better on some seed: differences of one sign would hide that a sign was lost.
    """
    S = sizes["S"]
    common = rng.uniform(0.5, 2.0, S)
    lstm_losses = common + 0.1 * rng.uniform(0.5, 1.0, S)
    shift = 0.15 * rng.choice([-1, 1])
    variant_losses = common + shift + 0.2 * rng.uniform(-1.0, 1.0, S)
    if abs(np.sign(variant_losses - lstm_losses).sum()) == S:
        variant_losses[0] = 2 * lstm_losses[0] - variant_losses[0]  # the other sign, here
    return {
        "lstm_losses": lstm_losses,
        "variant_losses": variant_losses,
        "t_factor": T_FACTORS[S],
    }


check_paired_comparison = Check(
    "paired_comparison",
    chapter=CHAPTER,
    title="Two cells, seed by seed",
    sizes=({"S": 5}, {"S": 8}, {"S": 10}),
    inputs=runs_of_seeds,
    outputs={"differences": "S", "mean": "", "low": "", "high": ""},
    steps={
        "differences": lambda lstm_losses, variant_losses: variant_losses - lstm_losses,
        "mean": lambda differences: differences.mean(),
        "ddof": constant(1),
        "spread": lambda differences, ddof: differences.std(ddof=int(ddof)),
        "share": lambda differences: np.sqrt(len(differences)),
        "error": lambda spread, share: spread / share,
        "factor": lambda t_factor: t_factor,
        "half": lambda factor, error: factor * error,
        "low": lambda mean, half: mean - half,
        "high": lambda mean, half: mean + half,
    },
    hints=(
        "First one difference for each seed, variant minus LSTM. From there on the two cells are "
        "forgotten: all the rest is about these S numbers.",
        "The interval is the mean plus and minus a half width, and that is `t_factor` times the "
        "standard error: the standard deviation over the root of S.",
        "`differences.std(ddof=1)` divides the sum of squares by S − 1, as an estimate from S runs "
        "has to. Half width: `t_factor * differences.std(ddof=1) / np.sqrt(S)`.",
    ),
)
for _key, _message, _replaces in (
    (
        "other_way_round",
        "These are LSTM minus variant. Asked for is variant minus LSTM, so that a number above 0 "
        "says that the change has cost something.",
        {"differences": lambda lstm_losses, variant_losses: lstm_losses - variant_losses},
    ),
    (
        "signs_lost",
        "The signs are lost: these are absolute values. Seeds in which the variant won count "
        "against those in which it lost.",
        {"differences": lambda lstm_losses, variant_losses: np.abs(variant_losses - lstm_losses)},
    ),
    (
        "sorted_first",
        "Both lists were sorted first, so the pairs are torn apart. A difference belongs to one "
        "seed.",
        {
            "differences": lambda lstm_losses, variant_losses: (
                np.sort(variant_losses) - np.sort(lstm_losses)
            )
        },
    ),
    (
        "relative",
        "Each difference is divided by the loss of the LSTM. Asked for is the difference itself.",
        {
            "differences": lambda lstm_losses, variant_losses: (
                (variant_losses - lstm_losses) / lstm_losses
            )
        },
    ),
    (
        "ratios",
        "These are ratios. Asked for are differences.",
        {"differences": lambda lstm_losses, variant_losses: variant_losses / lstm_losses},
    ),
    (
        "from_the_mean",
        "The mean of the LSTM was taken away from every seed. Take away the LSTM's loss of the "
        "same seed.",
        {"differences": lambda lstm_losses, variant_losses: variant_losses - lstm_losses.mean()},
    ),
    (
        "variant_alone",
        "These are the losses of the variant. Take those of the LSTM away, seed by seed.",
        {"differences": lambda variant_losses: variant_losses},
    ),
    (
        "median",
        "This is the median. Asked for is the mean.",
        {"mean": lambda differences: np.median(differences)},
    ),
    (
        "summed",
        "This is the sum over the seeds. The mean divides it by S.",
        {"mean": lambda differences: differences.sum()},
    ),
    (
        "mean_of_variant",
        "This is the mean loss of the variant. Asked for is the mean of the differences.",
        {"mean": lambda variant_losses: variant_losses.mean()},
    ),
    (
        "mean_of_sizes",
        "This is the mean of the absolute differences. Keep the signs.",
        {"mean": lambda differences: np.abs(differences).mean()},
    ),
    (
        "mean_over_one_less",
        "The sum is divided by S − 1. That belongs to the standard deviation; the mean has S.",
        {"mean": lambda differences: differences.sum() / (len(differences) - 1)},
    ),
    (
        "divided_by_count",
        "The sum of squares was divided by S. With the mean taken from the same S runs it is "
        "S − 1: `ddof=1`.",
        {"ddof": constant(0)},
    ),
    (
        "variance",
        "The variance was used. The standard deviation is its root.",
        {"spread": lambda differences, ddof: differences.var(ddof=int(ddof))},
    ),
    (
        "spread_of_variant",
        "This is the spread of the variant's losses. Use that of the differences: what a seed does "
        "to both cells falls out.",
        {"spread": lambda variant_losses, ddof: variant_losses.std(ddof=int(ddof))},
    ),
    (
        "spread_of_lstm",
        "This is the spread of the LSTM's losses. Use that of the differences.",
        {"spread": lambda lstm_losses, ddof: lstm_losses.std(ddof=int(ddof))},
    ),
    (
        "not_paired",
        "The spreads of the two cells were put together, as for runs that have nothing to do with "
        "each other. These are pairs: use the spread of the differences.",
        {
            "spread": lambda lstm_losses, variant_losses, ddof: np.sqrt(
                lstm_losses.var(ddof=int(ddof)) + variant_losses.var(ddof=int(ddof))
            )
        },
    ),
    (
        "spread_for_error",
        "This is the interval of single runs: the standard deviation was not divided by the root "
        "of S.",
        {"share": constant(1.0)},
    ),
    (
        "divided_without_root",
        "The standard deviation was divided by S. Divide by the root of S.",
        {"share": lambda differences: len(differences)},
    ),
    (
        "root_of_one_less",
        "The standard deviation was divided by the root of S − 1. It is the root of S; the 1 less "
        "stands in the standard deviation already.",
        {"share": lambda differences: np.sqrt(len(differences) - 1)},
    ),
    (
        "normal_factor",
        "The factor is 1.96, which holds for very many runs. For few, use the `t_factor` that was "
        "handed in.",
        {"factor": constant(1.96)},
    ),
    (
        "no_factor",
        "The half width is the standard error itself. Multiply it by `t_factor`.",
        {"factor": constant(1.0)},
    ),
    (
        "factor_of_five",
        "The factor is 2.776 whatever is handed in. That is the one for five seeds.",
        {"factor": constant(2.776)},
    ),
    (
        "factor_halved",
        "The half width was halved. The interval reaches by `t_factor` standard errors to either "
        "side.",
        {"half": lambda factor, error: factor * error / 2},
    ),
    (
        "around_zero",
        "These limits lie around 0. Put them around the mean.",
        {"low": lambda half: -half, "high": lambda half: half},
    ),
    (
        "smallest_and_largest",
        "These are the smallest and the largest difference. An interval for the mean is narrower.",
        {
            "low": lambda differences: differences.min(),
            "high": lambda differences: differences.max(),
        },
    ),
    (
        "limits_swapped",
        "The two limits have changed places: the lower one comes first.",
        {"low": lambda mean, half: mean + half, "high": lambda mean, half: mean - half},
    ),
    (
        "half_for_high",
        "This is the half width. The upper limit is the mean plus it.",
        {"high": lambda half: half},
    ),
):
    check_paired_comparison.add_mistake(_key, _message, _replaces)
