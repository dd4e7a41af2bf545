"""Choose: which of the five shapes does a task have?"""

from __future__ import annotations

from collections.abc import Callable

from utils.checks.chapter02.steps import CHAPTER
from utils.checks.engine import Check

# --- Exercise 8a: which shape does the task have? ----------------------------------------------

SHAPES = (
    "one-to-one",
    "one-to-many",
    "many-to-one",
    "many-to-many, aligned",
    "many-to-many, unaligned",
)


def choose(option: str) -> Callable[[], str]:
    """Make a step that gives one option of a choice."""
    return lambda: option


check_task_shapes = Check(
    "task_shapes",
    chapter=CHAPTER,
    title="Which shape does the task have?",
    outputs=dict.fromkeys(
        ("spam", "caption", "heartbeats", "next_letter", "subtitles", "flower", "verb"), SHAPES
    ),
    steps={
        "spam": lambda: "many-to-one",
        "caption": lambda: "one-to-many",
        "heartbeats": lambda: "many-to-many, aligned",
        "next_letter": lambda: "many-to-many, aligned",
        "subtitles": lambda: "many-to-many, unaligned",
        "flower": lambda: "one-to-one",
        "verb": lambda: "many-to-one",
    },
    hints=(
        "Ask two questions of each task. Does something come in at one step or at many? Does "
        "something come out at one step or at many?",
        "If both are many, ask a third: does each output belong to one input of the same step, so "
        "that both are equally long?",
        "Only the answer counts that the task wants, not the states in between; and whether a "
        "vector of numbers is one input or many depends on whether it has an order in time.",
    ),
)
for _task, _option, _key, _message in (
    (
        "spam",
        "many-to-many, aligned",
        "spam_at_every_word",
        "A label at every word would be one output per input. The filter gives one answer for "
        "the whole message.",
    ),
    (
        "spam",
        "one-to-one",
        "spam_as_one_input",
        "A message is not one input: its words come one after the other, and their number varies.",
    ),
    (
        "spam",
        "one-to-many",
        "spam_as_sequence_out",
        "The words come in one after the other, and one label comes out: this is the other way "
        "round.",
    ),
    (
        "spam",
        "many-to-many, unaligned",
        "spam_as_translation",
        "One label is asked for, once: one output, not a second sequence.",
    ),
    (
        "caption",
        "one-to-one",
        "caption_as_one_output",
        "One picture goes in, and the sentence comes out word by word: count the outputs again.",
    ),
    (
        "caption",
        "many-to-many, unaligned",
        "caption_of_many",
        "The picture comes in once, before the first word; it is not a sequence.",
    ),
    (
        "caption",
        "many-to-one",
        "caption_turned_round",
        "One picture goes in and many words come out: this is the other way round.",
    ),
    (
        "caption",
        "many-to-many, aligned",
        "caption_aligned",
        "The picture goes in once: one input, not a sequence to which the words could be aligned.",
    ),
    (
        "heartbeats",
        "many-to-one",
        "heartbeats_once",
        "One answer for the whole recording would say that it holds a beat, not when. There is an "
        "answer for every moment.",
    ),
    (
        "heartbeats",
        "many-to-many, unaligned",
        "heartbeats_unaligned",
        "Every answer belongs to a moment of the recording, so both sequences are equally long.",
    ),
    (
        "heartbeats",
        "one-to-one",
        "heartbeats_alone",
        "One value alone shows no beat: the values come in one after the other, and each has an "
        "answer.",
    ),
    (
        "heartbeats",
        "one-to-many",
        "heartbeats_from_one",
        "The values of the recording come in one after the other: count the inputs again.",
    ),
    (
        "next_letter",
        "many-to-one",
        "next_letter_once",
        "The network predicts after every letter, not after the last one alone.",
    ),
    (
        "next_letter",
        "one-to-one",
        "next_letter_alone",
        "Each prediction rests on all the letters so far, and there are many predictions.",
    ),
    (
        "next_letter",
        "one-to-many",
        "next_letter_from_one",
        "When a network writes on its own, one letter sets it going. Here it reads a text that is "
        "there, letter by letter.",
    ),
    (
        "next_letter",
        "many-to-many, unaligned",
        "next_letter_unaligned",
        "Every prediction is made at one letter, as soon as it is read, so there are as many as "
        "letters.",
    ),
    (
        "subtitles",
        "many-to-many, aligned",
        "subtitles_aligned",
        "Word by word does not work: the English sentence has another length and another order, "
        "and its first word may depend on the last one of the German.",
    ),
    (
        "subtitles",
        "many-to-one",
        "subtitles_once",
        "A sentence comes out, not one label: count the outputs again.",
    ),
    (
        "subtitles",
        "one-to-one",
        "subtitles_as_one_vector",
        "A sentence goes in and a sentence comes out: both are sequences.",
    ),
    (
        "subtitles",
        "one-to-many",
        "subtitles_from_one",
        "What goes in is spoken word after word: count the inputs again.",
    ),
    (
        "flower",
        "many-to-one",
        "flower_as_sequence",
        "The four measurements have no order in time: they are one vector, one input.",
    ),
    (
        "flower",
        "one-to-many",
        "flower_to_many",
        "One species is asked for, once: one output, not a sequence.",
    ),
    (
        "flower",
        "many-to-many, aligned",
        "flower_aligned",
        "No measurement has an answer of its own, and the four have no order in time.",
    ),
    (
        "flower",
        "many-to-many, unaligned",
        "flower_unaligned",
        "The four measurements are one vector, and one species is asked for: there is no "
        "sequence here.",
    ),
    (
        "verb",
        "many-to-many, aligned",
        "verb_at_every_word",
        "The words before the gap get no answer. One is asked for, at the end.",
    ),
    (
        "verb",
        "one-to-one",
        "verb_as_one_input",
        "The words come in one after the other, and their number varies; that is not one input.",
    ),
    (
        "verb",
        "one-to-many",
        "verb_turned_round",
        "The words come in one after the other, and one word comes out: this is the other way "
        "round.",
    ),
    (
        "verb",
        "many-to-many, unaligned",
        "verb_unaligned",
        "One word is asked for, once: one output, not a second sequence of words.",
    ),
):
    check_task_shapes.add_mistake(_key, _message, {_task: choose(_option)})
