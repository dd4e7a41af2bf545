"""Code: one step of beam search over logarithms of probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter10.formulas import CHAPTER, Array
from utils.checks.ordering import OrderedCheck
from utils.losses import softmax

END = 2


def beam_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw hypotheses, one of them finished and worth keeping, and what each could say next.

    Drawn again until the finished one is kept, in another place and not as the best, and would be
    kept too if it went on or paid for END; until some other hypothesis says END now; and until one
    is lost. It is the longest one, so that dividing scores by lengths would change the order.
    """
    W, V = sizes["W"], sizes["V"]
    while True:
        scores = -rng.uniform(1.0, 2.5, size=W)
        done = int(rng.integers(W))
        if done == scores.argmax():
            continue
        finished = (np.arange(W) == done).astype(float)
        scores[(finished == 0) & (scores == scores.min())] -= 2 * (W > 2)
        logits = 2 * rng.normal(size=(W, V))
        logits[done, [END, END + 1]] = logits[done].max() + np.array([1.5, 1.8])
        ending = int(rng.choice(np.flatnonzero(finished == 0)))
        logits[ending, END] = logits[ending].max() + 0.5
        log_probs = np.log(softmax(logits))
        best, extended, paid = (
            chosen(scores[:, None] + closed_rows(log_probs, finished, how), "all")
            for how in ("kept", "extended", "paid")
        )
        parents = best // V
        stays = all(done in rows for rows in (parents[1:], extended // V, paid // V))
        lost = len(set(parents)) < W or W == 2  # with two there is no room for a loss
        moved = parents[done] != done
        ends = ((best % V == END) & (parents != done)).any()
        if stays and lost and moved and ends and (best % V >= W).any():
            break
    lengths = rng.permutation(np.arange(2, 1 + 2 * W))[:W]
    lengths[done] = 2 + 3 * W
    return {
        "scores": scores,
        "lengths": lengths,
        "finished": finished,
        "log_probs": log_probs,
        "end": END,
    }


def closed_rows(gains: Array, finished: Array, how: str) -> Array:
    """Let finished hypotheses go on with END alone, at no cost, (W, V).

    Parameters
    ----------
    gains : array, shape (W, V)
    finished : array of 0 and 1, shape (W,)
    how : str
        ``"kept"`` is right; the others are what learners write.
    """
    only_end = np.where(np.arange(gains.shape[1]) == END, 0.0, -np.inf)
    rows = {
        "kept": only_end,
        "extended": gains,
        "dropped": -np.inf,
        "paid": gains + only_end,
        "every symbol": 0.0,
    }[how]
    return np.where(finished[:, None] > 0, rows, gains)


def chosen(total: Array, how: str) -> Array:
    """Return W places in the flattened table (W, V), the best first if `how` is ``"all"``."""
    W, V = total.shape
    if how == "each its own":
        return np.arange(W) * V + total.argmax(axis=1)
    if how == "each its own, sorted":
        own = np.arange(W) * V + total.argmax(axis=1)
        return own[np.argsort(-total.ravel()[own])]
    if how == "of the best":
        row = int(total.max(axis=1).argmax())
        return row * V + np.argsort(-total[row])[:W]
    order = np.argsort(-total, axis=None)
    if how == "worst":
        return np.argsort(np.where(np.isfinite(total), total, np.inf), axis=None)[:W]
    return order[:W][::-1] if how == "best last" else order[:W]


def taken(values: Array, places: Array) -> Array:
    """Take values at places, which may be any numbers where they are a learner's."""
    return values.take(places.astype(int), mode="wrap")


check_beam_step = OrderedCheck(
    "beam_step",
    chapter=CHAPTER,
    title="One step of beam search",
    outputs={"new_scores": "W", "parents": "W", "symbols": "W", "new_lengths": "W"},
    inputs=beam_inputs,
    sizes=({"W": 3, "V": 7}, {"W": 4, "V": 6}, {"W": 2, "V": 5}),
    steps={
        "gains": lambda log_probs: log_probs,
        "path": lambda scores: scores,
        "rule": constant("kept"),
        "total": lambda path, gains, finished, rule: (
            path[:, None] + closed_rows(gains, finished, str(rule))
        ),
        "choice": constant("all"),
        "grown": lambda lengths, finished: lengths + 1 - finished,
        "power": constant(0.0),
        "places": lambda total, grown, power, choice: chosen(
            total / grown[:, None] ** power, str(choice)
        ),
        "new_scores": lambda total, places: total.ravel()[places],
        "row_length": lambda log_probs: log_probs.shape[1],
        "parents": lambda places, row_length: places // row_length,
        "symbols": lambda places, row_length: places % row_length,
        "from_parents": lambda parents: parents,
        "grows": lambda finished, from_parents: 1 - taken(finished, from_parents),
        "new_lengths": lambda lengths, grows, from_parents: taken(lengths, from_parents) + grows,
    },
    hints=(
        "Make one table of all W · V continuations, `scores[:, None] + log_probs`, and look for "
        "the W best in the whole table, not in each row.",
        "Finished rows first: −∞ everywhere, and at END the score of the hypothesis itself, since "
        "it goes on at no cost. Then `np.argsort(-total, axis=None)` sorts the flattened table.",
        "A place p of the flattened table is row `p // V`, the parent, and column `p % V`, the "
        "symbol. The new length is that of the parent, and 1 more unless the parent is finished.",
    ),
)
for _key, _message, _replaces in (
    (
        "probabilities_for_gains",
        "Probabilities were added to a score that is a logarithm. Add logarithms: that multiplies "
        "probabilities.",
        {"gains": lambda log_probs: np.exp(log_probs)},
    ),
    (
        "probabilities_added",
        "The probabilities of hypothesis and symbol were added. They are multiplied; for their "
        "logarithms that is a sum.",
        {
            "gains": lambda log_probs: np.exp(log_probs),
            "path": lambda scores: np.exp(scores),
        },
    ),
    (
        "logarithms_multiplied",
        "Scores and log-probabilities were multiplied. Both are logarithms: these are added, which "
        "multiplies the probabilities.",
        {
            "total": lambda path, gains, finished, rule: np.where(
                finished[:, None] > 0,
                path[:, None] + closed_rows(gains, finished, str(rule)),
                path[:, None] * gains,
            )
        },
    ),
    (
        "scores_as_probabilities",
        "These are probabilities. Scores are logarithms: what would be multiplied is added.",
        {"new_scores": lambda total, places: np.exp(total.ravel()[places])},
    ),
    (
        "path_forgotten",
        "The scores of the hypotheses so far are not added: this is the next symbol alone.",
        {"path": lambda scores: 0 * scores},
    ),
    (
        "path_forgotten_in_scores",
        "The score of the symbol alone came back. Add that of its hypothesis so far.",
        {
            "new_scores": lambda scores, total, places: (
                total.ravel()[places] - scores[places // total.shape[1]]
            )
        },
    ),
    (
        "score_per_symbol",
        "The scores were divided by the lengths. A step of the search keeps sums; score per symbol "
        "serves to compare finished hypotheses at the end.",
        {
            "new_scores": lambda total, places, grown: (
                total.ravel()[places] / grown[places // total.shape[1]]
            )
        },
    ),
    (
        "ranked_per_symbol",
        "The continuations were ranked by score per symbol. Here the sums are ranked, whatever the "
        "lengths.",
        {"power": constant(1.0)},
    ),
    (
        "each_its_own",
        "Each hypothesis was given its own best symbol. All continuations compete with one "
        "another: one hypothesis may go on twice, another not at all.",
        {"choice": constant("each its own")},
    ),
    (
        "each_its_own_sorted",
        "Each hypothesis was given its own best symbol, and these were sorted. All continuations "
        "compete: one hypothesis may go on twice, another not at all.",
        {"choice": constant("each its own, sorted")},
    ),
    (
        "best_hypothesis_alone",
        "All continuations come from one hypothesis, the one with the best of them. Look in the "
        "whole table.",
        {"choice": constant("of the best")},
    ),
    (
        "worst_first",
        "These are the worst continuations: `argsort` goes upwards.",
        {"choice": constant("worst")},
    ),
    (
        "best_last",
        "The best continuation stands last. It comes first.",
        {"choice": constant("best last")},
    ),
    (
        "finished_extended",
        "A finished hypothesis was treated like the others. After END nothing follows: it keeps "
        "its score and repeats END.",
        {"rule": constant("extended")},
    ),
    (
        "finished_dropped",
        "Finished hypotheses are gone. They stay in the beam with the score they have, and compete "
        "with the others.",
        {"rule": constant("dropped")},
    ),
    (
        "finished_pays",
        "A finished hypothesis paid for another END. It goes on at no cost.",
        {"rule": constant("paid")},
    ),
    (
        "finished_with_every_symbol",
        "A finished hypothesis goes on at no cost with every symbol, so that copies of it fill the "
        "beam. It goes on with END alone.",
        {"rule": constant("every symbol")},
    ),
    (
        "divided_by_width",
        "The flattened places were taken apart with W. A row of the table has V entries, so it is "
        "`// V` and `% V`.",
        {"row_length": lambda log_probs: len(log_probs)},
    ),
    (
        "places_for_symbols",
        "These are places in the flattened table. The symbol is the column: the rest of a division "
        "by V.",
        {"symbols": lambda places: places},
    ),
    (
        "padding_after_end",
        "Finished hypotheses go on with symbol 0 here. They repeat END.",
        {
            "symbols": lambda places, row_length, finished: (
                (places % row_length) * (1 - finished)[places // row_length % len(finished)]
            )
        },
    ),
    (
        "place_in_the_new_beam",
        "These count the new beam. Asked for is, for each new hypothesis, the old one it goes on "
        "from.",
        {
            "parents": lambda places: np.arange(len(places)),
            "from_parents": lambda places, row_length: places // row_length,
        },
    ),
    (
        "every_length_grows",
        "Finished hypotheses grow here too. Their length stays; all others grow by 1.",
        {"grows": constant(1)},
    ),
    (
        "no_length_grows",
        "These are the lengths of the parents. A symbol was added to those not finished.",
        {"grows": constant(0)},
    ),
    (
        "lengths_stay_in_place",
        "The lengths were not reordered: they stand where the old hypotheses stood. Each new "
        "hypothesis takes the length of its parent.",
        {"from_parents": lambda lengths: np.arange(len(lengths))},
    ),
    (
        "end_not_counted",
        "A hypothesis that says END now has kept its length. END counts as one symbol when it is "
        "said; what does not grow is a hypothesis that was finished before.",
        {"grows": lambda symbols, end: (symbols != end).astype(int)},
    ),
    (
        "finished_not_reordered",
        "`finished` was used in the order of the old hypotheses, the lengths in that of the "
        "parents. Take both of the parent: `finished[parents]`.",
        {"grows": lambda finished: 1 - finished},
    ),
    (
        "old_lengths_alone_in_place",
        "`finished` was taken of the parents, the lengths were not. Take both of the parent: "
        "`lengths[parents]`.",
        {"new_lengths": lambda lengths, grows: lengths + grows},
    ),
):
    check_beam_step.add_mistake(_key, _message, _replaces)
