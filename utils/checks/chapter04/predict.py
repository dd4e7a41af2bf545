"""Predict: temperature, an unshifted target, a uniform guess, and what truncation leaves out."""

from __future__ import annotations

from utils.checks.chapter04.formulas import CHAPTER, constant
from utils.checks.engine import Check

HOTTER = ("falls", "stays the same", "rises")
COLD = (
    "every character equally often",
    "the most probable character, always",
    "what the model's own probabilities say",
)
UNSHIFTED = ("to what shifted targets reach", "to about ln V", "towards 0")
WRITES = ("text like the training text", "one character over and over", "characters at random")

check_predictions = Check(
    "predictions",
    chapter=CHAPTER,
    title="Before you run anything",
    outputs={
        "entropy_when_hotter": HOTTER,
        "near_zero": COLD,
        "unshifted_loss": UNSHIFTED,
        "unshifted_writes": WRITES,
        "uniform_bits": "",
        "terms_full": "",
        "terms_windows": "",
    },
    steps={
        "entropy_when_hotter": constant(HOTTER[2]),
        "near_zero": constant(COLD[1]),
        "unshifted_loss": constant(UNSHIFTED[2]),
        "unshifted_writes": constant(WRITES[1]),
        "uniform_bits": constant(6),
        "terms_full": constant(36),
        "terms_windows": constant(20),
    },
    tolerance=1e-2,  # whole numbers; a mistake in nats may be given to two digits
    hints=(
        "Temperature divides all scores by the same number. Are scores that lie nearer together "
        "told apart more, or less? And an unshifted target is a character that the network has "
        "read already.",
        "One yes-or-no answer halves 64 characters. For the terms draw a triangle: the loss of "
        "step 1 reaches one sum, that of step 2 reaches two, and so on.",
        "A guess among 64 needs log2 of 64 bits. With all 8 steps the triangle has "
        "1 + 2 + … + 8 terms; a border after step 4 leaves two triangles of 1 + 2 + 3 + 4.",
    ),
)
for _key, _quantity, _wrong, _message in (
    (
        "hotter_falls",
        "entropy_when_hotter",
        HOTTER[0],
        "It moves the other way. Divided by 2, all scores lie nearer together, and so do the "
        "probabilities: the choice is less certain.",
    ),
    (
        "hotter_stays",
        "entropy_when_hotter",
        HOTTER[1],
        "The order of the characters stays, the probabilities do not: their ratios are those of "
        "exponentials of half the scores.",
    ),
    (
        "cold_is_uniform",
        "near_zero",
        COLD[0],
        "That is the other end, a very high temperature. Divided by a number near 0, the "
        "differences of the scores grow without end.",
    ),
    (
        "cold_is_the_model",
        "near_zero",
        COLD[2],
        "That is temperature 1, where the scores stay as they are.",
    ),
    (
        "unshifted_stays_high",
        "unshifted_loss",
        UNSHIFTED[1],
        "ln V is the loss of a guess without any knowledge. Here the right answer is the very "
        "character that the network reads at this step.",
    ),
    (
        "unshifted_like_shifted",
        "unshifted_loss",
        UNSHIFTED[0],
        "The next character of a text is partly a surprise. The character that comes in at this "
        "step is none: the network has to copy it.",
    ),
    (
        "copier_writes_text",
        "unshifted_writes",
        WRITES[0],
        "It has learnt nothing of what follows what. Asked for the next character, it names the "
        "one that it has read last, and that one is read next.",
    ),
    (
        "copier_writes_noise",
        "unshifted_writes",
        WRITES[2],
        "It is quite certain of its answer: the character that it has read last. That one is "
        "read next.",
    ),
    (
        "uniform_in_nats",
        "uniform_bits",
        4.1589,
        "This is ln 64, in nats. Bits are counted with the logarithm to base 2.",
    ),
    (
        "uniform_in_decimal_digits",
        "uniform_bits",
        1.8062,
        "This is the logarithm of 64 to base 10. Bits are counted with base 2.",
    ),
    (
        "uniform_perplexity",
        "uniform_bits",
        64,
        "64 is the perplexity of the uniform guess. Asked for are the bits: the power of 2 that "
        "gives 64.",
    ),
    (
        "eight_bits",
        "uniform_bits",
        8,
        "8 bits is what a file may spend on a character. A guess among 64 needs fewer.",
    ),
    (
        "full_every_pair",
        "terms_full",
        64,
        "You paired every step with every step. The loss of a step does not depend on sums that "
        "are computed after it.",
    ),
    (
        "full_one_each",
        "terms_full",
        8,
        "8 is one term for each step. The loss of step t reaches the sums of steps 1 to t, since "
        "the same `W_hh` stands in all of them: t terms.",
    ),
    (
        "full_own_step_left_out",
        "terms_full",
        28,
        "You left out the pairs s = t. The loss of step t depends on the sum of its own step too.",
    ),
    (
        "windows_every_pair",
        "terms_windows",
        32,
        "Within a window you paired every step with every step. The loss of a step does not "
        "depend on sums that are computed after it.",
    ),
    (
        "windows_one_each",
        "terms_windows",
        8,
        "8 is one term for each step. A loss reaches the sums of all steps from the first of its "
        "window to its own.",
    ),
    (
        "windows_own_step_left_out",
        "terms_windows",
        12,
        "The pairs s = t are left out. Within its window, too, each loss depends on the sum of its "
        "own step.",
    ),
    (
        "one_window_counted",
        "terms_windows",
        10,
        "These are the terms of one window. There are two.",
    ),
    (
        "all_terms_in_windows",
        "terms_windows",
        36,
        "These are the terms without a border. A loss of steps 5 to 8 sends nothing back to steps "
        "1 to 4.",
    ),
    (
        "lost_terms",
        "terms_windows",
        16,
        "That many terms cross the border and are lost. Asked for is how many are left.",
    ),
):
    check_predictions.add_mistake(_key, _message, {_quantity: constant(_wrong)})
