"""By hand and code: bits per character and perplexity."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter04.formulas import CHAPTER, at_targets, constant, log_softmax, softmax
from utils.checks.engine import Check

LN_2 = np.log(2.0)

# --- Exercise 3a: by hand ----------------------------------------------------------------------

FIRST, SECOND = np.array([1 / 2, 1 / 4, 1 / 8, 1 / 4]), np.array([1 / 16, 1 / 8])
PROBABILITIES = np.concatenate([FIRST, SECOND])
SIGNS_MISSED = "The sign is missing: a probability below 1 has a negative logarithm, and the "
SIGNS_MISSED += "surprise is that number with its sign turned."

check_bits_by_hand = Check(
    "bits_by_hand",
    chapter=CHAPTER,
    title="Bits and perplexity by hand",
    outputs={"surprise": "N", "bits": "", "nats": "", "perplexity": ""},
    steps={
        "surprise": lambda: -np.log2(PROBABILITIES),
        "bits": lambda surprise: surprise.mean(),
        "nats": lambda bits: bits * LN_2,
        "perplexity": lambda bits: 2.0**bits,
    },
    decimals=3,
    hints=(
        "The surprise in bits is the number of halvings: 1/8 is one half, halved, halved again.",
        "Bits per character is the mean of the six surprises, each character counted once, in "
        "whichever window it stands.",
        "A bit is ln 2 = 0.693 nats. The perplexity is 2 to the power of the bits per character; "
        "e to the power of the nats is the same number.",
    ),
)
for _key, _quantity, _function, _message in (
    (
        "surprise_in_nats",
        "surprise",
        lambda: -np.log(PROBABILITIES),
        "These are nats, from the natural logarithm. Asked for are bits, base 2.",
    ),
    (
        "surprise_in_decimal_digits",
        "surprise",
        lambda: -np.log10(PROBABILITIES),
        "These come from the logarithm to base 10. Bits have base 2.",
    ),
    ("sign_missed", "surprise", lambda: np.log2(PROBABILITIES), SIGNS_MISSED),
    (
        "inverse_for_logarithm",
        "surprise",
        lambda: 1 / PROBABILITIES,
        "This is 1 over the probability. The surprise is the logarithm of that, to base 2.",
    ),
    (
        "weighted_by_probability",
        "surprise",
        lambda: -PROBABILITIES * np.log2(PROBABILITIES),
        "Each was multiplied by its probability, as in an entropy. Here the characters have "
        "really come, and each counts once.",
    ),
    (
        "complement",
        "surprise",
        lambda: 1 - PROBABILITIES,
        "This is 1 minus the probability. The surprise is the negative logarithm to base 2.",
    ),
    (
        "mean_of_window_means",
        "bits",
        lambda surprise: (surprise[:4].mean() + surprise[4:].mean()) / 2,
        "You took the mean of the two windows' means. The windows differ in length: every "
        "character counts once, so divide the sum of all by 6.",
    ),
    (
        "summed",
        "bits",
        lambda surprise: surprise.sum(),
        "This is the sum over the text. Per character means divided by their number.",
    ),
    (
        "first_window_only",
        "bits",
        lambda surprise: surprise[:4].mean(),
        "This is the mean of window 1 alone.",
    ),
    (
        "second_window_only",
        "bits",
        lambda surprise: surprise[4:].mean(),
        "This is the mean of window 2 alone.",
    ),
    (
        "divided_by_windows",
        "bits",
        lambda surprise: surprise.sum() / 2,
        "You divided by the number of windows. Per character means divided by 6.",
    ),
    (
        "mean_of_probabilities",
        "bits",
        constant(-np.log2(PROBABILITIES.mean())),
        "You took the mean of the probabilities first and the logarithm after. Logarithm first, "
        "character by character, then the mean.",
    ),
    (
        "bits_again",
        "nats",
        lambda bits: bits,
        "This is the number of bits again. A nat is larger than a bit, so there are fewer nats.",
    ),
    (
        "divided_by_ln_2",
        "nats",
        lambda bits: bits / LN_2,
        "You divided by ln 2, which leads from nats to bits. The other way is a product.",
    ),
    (
        "power_of_e",
        "perplexity",
        lambda bits: np.exp(bits),
        "You raised e to the power of the bits. The base must fit the unit: 2 to the power of "
        "bits, or e to the power of nats.",
    ),
    (
        "power_of_ten",
        "perplexity",
        lambda bits: 10.0**bits,
        "You raised 10 to the power of the bits. The base must fit the unit: 2 for bits.",
    ),
    (
        "two_to_the_nats",
        "perplexity",
        lambda nats: 2.0**nats,
        "You raised 2 to the power of the nats. The base must fit the unit: 2 for bits, e for "
        "nats.",
    ),
    (
        "mean_of_perplexities",
        "perplexity",
        lambda surprise: (2.0 ** surprise[:4].mean() + 2.0 ** surprise[4:].mean()) / 2,
        "You took the mean of the two windows' perplexities. Take the mean of the surprises over "
        "all characters first, and the power once, at the end.",
    ),
    (
        "weighted_mean_of_perplexities",
        "perplexity",
        lambda surprise: (4 * 2.0 ** surprise[:4].mean() + 2 * 2.0 ** surprise[4:].mean()) / 6,
        "You averaged the two windows' perplexities, weighted by their length. Average the "
        "surprises over all characters, and take the power once, at the end.",
    ),
    (
        "mean_of_inverse_probabilities",
        "perplexity",
        constant((1 / PROBABILITIES).mean()),
        "You took the mean of 1 over the probabilities. Take the mean of the surprises first, and "
        "the power of that.",
    ),
    (
        "squared",
        "perplexity",
        lambda bits: bits**2,
        "You squared the bits. The bits are the exponent: 2 to the power of them.",
    ),
    (
        "inverse",
        "perplexity",
        lambda bits: 2.0**-bits,
        "This is 1 over the perplexity, the geometric mean of the probabilities. A perplexity is "
        "never below 1.",
    ),
):
    check_bits_by_hand.add_mistake(_key, _message, {_quantity: _function})


# --- Exercise 3b: the score of a text ----------------------------------------------------------


def score_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the scores of W windows and the characters that really came; some are well foreseen."""
    W, T, B, V = (sizes[name] for name in "WTBV")
    targets = rng.integers(0, V, size=(W, T, B))
    lift = rng.uniform(0, 3, size=(W, 1, 1, 1)) + rng.uniform(0, 1, size=(W, T, B, 1))
    logits = rng.normal(size=(W, T, B, V)) + lift * np.eye(V)[targets]
    # All above 0, which no softmax notices: their logarithms, taken by mistake, are numbers then.
    return {"logits": logits - logits.min() + 0.1, "targets": targets}


class ScoreCheck(Check):
    """The check of the two numbers; it says so if they were rounded."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Tell a rounded number from a wrong one."""
        if not isinstance(value, np.ndarray) or value.shape:
            return ""
        if any(value == np.round(right, decimals) for decimals in range(1, 6)):
            return f"`{name}` was rounded. Return the number as it is."
        return ""


check_text_score = ScoreCheck(
    "text_score",
    chapter=CHAPTER,
    title="Bits per character and perplexity of a text",
    outputs={"bits": "", "perplexity": ""},
    inputs=score_inputs,
    sizes=(
        {"W": 2, "T": 4, "B": 3, "V": 6},
        {"W": 4, "T": 3, "B": 2, "V": 5},
        {"W": 3, "T": 5, "B": 1, "V": 4},
    ),
    steps={
        "log_p": lambda logits: log_softmax(logits),
        "nats": lambda log_p, targets: -at_targets(log_p, targets),
        "loss": lambda nats: nats.mean(),
        "base": constant(LN_2),
        "bits": lambda loss, base: loss / base,
        "perplexity": lambda loss: np.exp(loss),
    },
    hints=(
        "Three things in a row: probabilities along the axis of the characters, the one of the "
        "character that really came, the mean of its negative logarithm.",
        "`softmax_cross_entropy(logits, targets)` does all three for any number of leading axes "
        "and takes the logits as they are. Its unit is the nat.",
        "Divide the mean in nats by `np.log(2)` to have bits. The perplexity is `np.exp` of the "
        "nats, or 2 to the power of the bits, taken once, of the mean of all.",
    ),
)
for _key, _quantity, _function, _message in (
    (
        "softmax_before_the_loss",
        "log_p",
        lambda logits: log_softmax(softmax(logits)),
        "The softmax was applied twice: before a loss that applies it itself. Such a loss can "
        "never come below ln(e + V − 1) − 1. Hand over the logits as they are.",
    ),
    (
        "softmax_over_time",
        "log_p",
        lambda logits: log_softmax(logits, axis=-3),
        "The softmax runs over time: the probabilities of one character add up to 1 over the "
        "steps. They must add up to 1 over the V characters, the last axis.",
    ),
    (
        "softmax_over_batch",
        "log_p",
        lambda logits: log_softmax(logits, axis=-2),
        "The softmax runs over the batch: the streams share one sum. The probabilities of the V "
        "characters, the last axis, must add up to 1.",
    ),
    (
        "softmax_over_windows",
        "log_p",
        lambda logits: log_softmax(logits, axis=0),
        "The softmax runs over the windows, the first axis. The probabilities of the V "
        "characters, the last axis, must add up to 1.",
    ),
    (
        "softmax_over_all",
        "log_p",
        lambda logits: logits - np.log(np.exp(logits).sum()),
        "All entries of the array share one sum. The V probabilities of every step and stream add "
        "up to 1 by themselves.",
    ),
    (
        "no_softmax",
        "log_p",
        lambda logits: logits,
        "The scores themselves were taken for logarithms of probabilities. They become that by "
        "the softmax.",
    ),
    (
        "scores_as_probabilities",
        "log_p",
        lambda logits: np.log(logits),
        "The scores were taken as probabilities; softmax comes first.",
    ),
    (
        "shifted_again",
        "nats",
        lambda log_p, targets: -at_targets(log_p[:, :-1], targets[:, 1:]),
        "You shifted once more. `targets` are shifted already: step t of the logits belongs to "
        "step t of the targets.",
    ),
    (
        "best_for_target",
        "nats",
        lambda log_p: -log_p.max(axis=-1),
        "You took the largest probability of each step. Asked for is the probability of the "
        "character that really came, the target.",
    ),
    (
        "every_class",
        "nats",
        lambda log_p: -log_p,
        "You averaged over all V characters. Only the probability of the character that really "
        "came counts.",
    ),
    (
        "entropy_for_surprise",
        "nats",
        lambda log_p: -(np.exp(log_p) * log_p).sum(axis=-1),
        "This is the entropy of the model's own probabilities, in which the targets do not come "
        "up at all. Asked for is the surprise at what really came.",
    ),
    (
        "sign_missed",
        "nats",
        lambda log_p, targets: at_targets(log_p, targets),
        "The minus sign is missing: bits per character are positive, and a perplexity is above 1.",
    ),
    (
        "summed",
        "loss",
        lambda nats: nats.sum(),
        "This is made from the sum over all characters. Per character means the mean.",
    ),
    (
        "sum_per_window",
        "loss",
        lambda nats: nats.reshape(len(nats), -1).sum(axis=1).mean(),
        "This is per window: the sum within each, and the mean over windows. Divide by the number "
        "of characters.",
    ),
    (
        "sum_per_stream",
        "loss",
        lambda nats: nats.sum(axis=1).mean(),
        "The losses were added up over the T steps of a window and averaged over the rest. Divide "
        "by the number of steps too.",
    ),
    (
        "last_window_only",
        "loss",
        lambda nats: nats[-1].mean(),
        "This is the score of the last window alone. All of them count.",
    ),
    (
        "first_window_only",
        "loss",
        lambda nats: nats[0].mean(),
        "This is the score of the first window alone. All of them count.",
    ),
    (
        "last_step_only",
        "loss",
        lambda nats: nats[:, -1].mean(),
        "Only the last step of each window was counted. Every step has a target.",
    ),
    (
        "mean_of_probabilities",
        "loss",
        lambda nats: -np.log(np.exp(-nats).mean()),
        "You took the mean of the probabilities first and the logarithm after. Logarithm first, "
        "character by character, then the mean.",
    ),
    (
        "nats_for_bits",
        "base",
        constant(1.0),
        "These are nats. A bit is ln 2 nats, so divide by `np.log(2)`.",
    ),
    (
        "decimal_digits",
        "base",
        constant(np.log(10.0)),
        "These come from the logarithm to base 10. Bits have base 2.",
    ),
    (
        "multiplied_by_ln_2",
        "base",
        constant(1 / LN_2),
        "You multiplied by ln 2. A bit is the smaller unit, so there are more of them than nats: "
        "divide.",
    ),
    (
        "base_of_vocabulary",
        "base",
        lambda logits: np.log(logits.shape[-1]),
        "You divided by ln V, which compares with a uniform guess. Bits are nats divided by ln 2.",
    ),
    (
        "power_of_e",
        "perplexity",
        lambda bits: np.exp(bits),
        "You raised e to the power of the bits. The base must fit the unit: 2 to the power of "
        "bits, or e to the power of nats.",
    ),
    (
        "two_to_the_nats",
        "perplexity",
        lambda loss: 2.0**loss,
        "You raised 2 to the power of the nats. The base must fit the unit: e for nats, 2 for "
        "bits.",
    ),
    (
        "power_of_ten",
        "perplexity",
        lambda bits: 10.0**bits,
        "You raised 10 to the power of the bits. The base must fit the unit: 2 for bits.",
    ),
    (
        "mean_of_window_perplexities",
        "perplexity",
        lambda nats: np.exp(nats.reshape(len(nats), -1).mean(axis=1)).mean(),
        "This is the mean of the windows' perplexities, which is larger. Take the mean of the "
        "losses over all windows first, and the power once, at the end.",
    ),
    (
        "mean_of_stream_perplexities",
        "perplexity",
        lambda nats: np.exp(nats.mean(axis=(0, 1))).mean(),
        "This is the mean of the streams' perplexities, one for each column. Take the mean of all "
        "losses first, and the power once, at the end.",
    ),
    (
        "mean_of_inverse_probabilities",
        "perplexity",
        lambda nats: np.exp(nats).mean(),
        "You took the mean of 1 over the probabilities. Take the mean of the losses first, and "
        "the power of that.",
    ),
    (
        "inverse",
        "perplexity",
        lambda loss: np.exp(-loss),
        "This is 1 over the perplexity, the geometric mean of the probabilities.",
    ),
    (
        "loss_for_perplexity",
        "perplexity",
        lambda loss: loss,
        "This is the mean loss in nats itself. The perplexity is e to the power of it.",
    ),
):
    check_text_score.add_mistake(_key, _message, {_quantity: _function})
check_text_score.add_mistake(
    "swapped",
    "The two numbers stand in the other order: bits per character first, then the perplexity.",
    {"bits": lambda loss: np.exp(loss), "perplexity": lambda loss, base: loss / base},
)
