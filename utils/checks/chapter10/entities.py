"""By hand: what four tagged sentences are worth, by entity, by word and by sentence."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter10.formulas import CHAPTER
from utils.checks.engine import Check

COUNTS = ("true", "predicted", "hits")
# words; the right tags; the predicted ones, word by word ("." stands for no entity)
SENTENCES = (
    (
        "Ann Brown paid 40 euros at Lake Jordan on 3 May .",
        "PERSON PERSON . MONEY MONEY . PLACE PLACE . DATE DATE .",
        "PERSON PERSON . MONEY MONEY . PLACE PERSON . DATE DATE .",
    ),
    ("May moved to Georgia in March .", "PERSON . . PLACE . DATE .", "DATE . . PLACE . DATE ."),
    (
        "Nothing at all had happened there in that year .",
        ". . . . . . . . . .",
        ". . . . . . . . . .",
    ),
    (
        "New York and 1 June 2021",
        "PLACE PLACE . DATE DATE DATE",
        "PLACE PLACE . DATE . DATE",
    ),
)


class ScoreCheck(Check):
    """The check of counts and shares: it says so where a number is no count, or in per cent."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say that a count is a whole number, and a share at most 1."""
        if not isinstance(value, np.ndarray) or value.ndim:
            return ""
        if name in COUNTS:
            return f"`{name}` is {value:g}; expected a whole number." if value % 1 > 0 else ""
        if value > 1 and abs(value / 100 - right) < 6e-3:
            return f"`{name}` is in per cent. Give it as a share, between 0 and 1."
        return ""


check_entity_scores = ScoreCheck(
    "entity_scores",
    chapter=CHAPTER,
    title="Four sentences, scored by hand",
    outputs=dict.fromkeys((*COUNTS, "precision", "recall", "f1", "words", "sentences"), ""),
    steps={
        "true": constant(9),
        "predicted": constant(11),
        "hits": constant(6),
        "precision": lambda hits, predicted: hits / predicted,
        "recall": lambda hits, true: hits / true,
        "f1": lambda precision, recall: 2 * precision * recall / (precision + recall),
        "words": constant(32 / 35),
        "sentences": constant(1 / 4),
    },
    decimals=3,
    hints=(
        "Mark the entities first, in both rows: every longest run of one tag is one entity. Then "
        "look for those that stand in both rows.",
        "A hit has the same first word, the same last word and the same kind. Precision asks how "
        "many of the predicted entities are hits, recall how many of those that are there.",
        "There are 9 entities. F1 is 2 · P · R / (P + R). For `words` count the agreeing tags of "
        "all 35 words, those outside entities too; for `sentences` those without any difference.",
    ),
)
for _key, _quantity, _function, _message in (
    (
        "true_words",
        "true",
        constant(16),
        "That is the number of words inside entities. A run of one tag is one entity.",
    ),
    (
        "predicted_words",
        "predicted",
        constant(15),
        "That is the number of words that are tagged as part of an entity. A run of one tag is "
        "one entity.",
    ),
    (
        "predicted_joined",
        "predicted",
        constant(10),
        "One too few: 'Lake' and 'Jordan' have different tags, and between '1' and '2021' stands "
        "a word without one. Both times that is two entities.",
    ),
    (
        "predicted_joined_twice",
        "predicted",
        constant(9),
        "Two too few: 'Lake' and 'Jordan' are two entities, since their tags differ, and '1' and "
        "'2021' are two, since the word between them has no tag.",
    ),
    (
        "hits_in_words",
        "hits",
        constant(13),
        "That is the number of words. A hit is a whole entity.",
    ),
    (
        "hits_in_words_of_hits",
        "hits",
        constant(10),
        "That is the number of words inside the hits. A hit counts once, however many words it "
        "has.",
    ),
    (
        "hits_of_any_kind",
        "hits",
        constant(7),
        "One too many: 'May' was found, but as a date, and 'Lake' is a part of 'Lake Jordan'. "
        "First word, last word and kind all belong to a hit.",
    ),
    (
        "hits_that_touch",
        "hits",
        constant(8),
        "Parts were counted as hits, as '1' and '2021' of a date. A hit has the same first and "
        "the same last word.",
    ),
    (
        "hits_that_touch_with_lake",
        "hits",
        constant(9),
        "Three too many. 'Lake', '1' and '2021' are parts of entities, and 'May' was found as "
        "another kind: none of them is a hit.",
    ),
    (
        "precision_is_recall",
        "precision",
        lambda hits, true: hits / true,
        "That is recall: hits over the entities that are there. Precision divides by those "
        "predicted.",
    ),
    (
        "recall_is_precision",
        "recall",
        lambda hits, predicted: hits / predicted,
        "That is precision: hits over the entities predicted. Recall divides by those that are "
        "there.",
    ),
    (
        "precision_turned",
        "precision",
        lambda hits, predicted: predicted / hits,
        "The fraction stands on its head: hits over predicted.",
    ),
    (
        "recall_turned",
        "recall",
        lambda hits, true: true / hits,
        "The fraction stands on its head: hits over what is there.",
    ),
    (
        "precision_by_sentence",
        "precision",
        constant((3 / 5 + 2 / 3 + 1 / 3) / 3),
        "That is the mean of the precisions of three sentences. Count hits and predicted entities "
        "over all sentences, then divide once.",
    ),
    (
        "precision_by_sentence_of_four",
        "precision",
        constant((3 / 5 + 2 / 3 + 1 / 3) / 4),
        "That is the mean of the precisions of the sentences, with 0 for the one without "
        "entities. Count over all sentences, then divide once.",
    ),
    (
        "recall_by_sentence",
        "recall",
        constant((3 / 4 + 2 / 3 + 1 / 2) / 3),
        "That is the mean of the recalls of three sentences. Count hits and entities over all "
        "sentences, then divide once.",
    ),
    (
        "recall_by_sentence_of_four",
        "recall",
        constant((3 / 4 + 2 / 3 + 1 / 2) / 4),
        "That is the mean of the recalls of the sentences, with 0 for the one without entities. "
        "Count over all sentences, then divide once.",
    ),
    (
        "precision_of_words",
        "precision",
        constant(13 / 15),
        "That is the precision of words. Half an entity found is no hit.",
    ),
    (
        "recall_of_words",
        "recall",
        constant(13 / 16),
        "That is the recall of words. Half an entity found is no hit.",
    ),
    (
        "plain_mean",
        "f1",
        lambda precision, recall: (precision + recall) / 2,
        "That is the plain mean of precision and recall. F1 is their harmonic mean.",
    ),
    (
        "geometric_mean",
        "f1",
        lambda precision, recall: np.sqrt(precision * recall),
        "That is the geometric mean of precision and recall. F1 is their harmonic mean, "
        "2 · P · R / (P + R).",
    ),
    (
        "f1_by_sentence",
        "f1",
        constant((2 / 3 + 2 / 3 + 2 / 5) / 3),
        "That is the mean of the F1 scores of three sentences. Take precision and recall of all "
        "sentences together.",
    ),
    (
        "product",
        "f1",
        lambda precision, recall: precision * recall,
        "That is the product of precision and recall. F1 divides twice the product by the sum.",
    ),
    (
        "factor_missing",
        "f1",
        lambda precision, recall: precision * recall / (precision + recall),
        "The factor 2 is missing.",
    ),
    (
        "f1_of_words",
        "f1",
        constant(26 / 31),
        "That is the F1 score of words. Asked for is that of entities.",
    ),
    (
        "words_in_entities",
        "words",
        constant(13 / 16),
        "That counts the words inside entities alone. Words outside count too: they can be tagged "
        "by mistake.",
    ),
    (
        "words_by_sentence",
        "words",
        constant((11 / 12 + 6 / 7 + 1 + 5 / 6) / 4),
        "That is the mean of the shares of the four sentences. Count all words together.",
    ),
    (
        "words_wrong",
        "words",
        constant(3 / 35),
        "That is the share of words with another tag.",
    ),
    (
        "empty_sentence_left_out",
        "sentences",
        constant(0),
        "The sentence without entities counts: nothing is there, nothing was predicted.",
    ),
    (
        "sentences_wrong",
        "sentences",
        constant(3 / 4),
        "That is the share of sentences with a fault.",
    ),
):
    check_entity_scores.add_mistake(_key, _message, {_quantity: _function})
