"""Code: symbols in, probabilities out, and where a sentence ends in a batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter02.steps import CHAPTER
from utils.checks.engine import Check
from utils.losses import softmax

Array = np.ndarray

# --- Exercise 6: from indices to rows ----------------------------------------------------------


def look_up_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw indices that hold the symbol 0 and never the last one, and a table of rows."""
    T, B, V, D = (sizes[name] for name in "TBVD")
    indices = rng.integers(0, V - 1, size=(T, B))
    indices[0, 0] = 0
    return {"indices": indices, "W": rng.normal(size=(V, D))}


check_look_up = Check(
    "look_up",
    chapter=CHAPTER,
    title="From indices to rows",
    outputs={"one_hots": "T B V", "xs": "T B D"},
    inputs=look_up_inputs,
    sizes=(
        {"T": 4, "B": 2, "V": 5, "D": 7},
        {"T": 3, "B": 5, "V": 4, "D": 6},
        {"T": 6, "B": 1, "V": 3, "D": 4},
    ),
    steps={
        "picked": lambda indices: indices,
        "width": lambda W: len(W),
        "one_hots": lambda picked, width: np.eye(int(width))[picked],
        "xs": lambda picked, W: W[picked],
    },
    hints=(
        "Two facts from the chapter: a one-hot vector is a row of the identity matrix, and a "
        "one-hot vector times `W` is a row of `W`.",
        "NumPy can look up many rows at once: an index array of shape (T, B) in the square "
        "brackets of a matrix with N columns gives an array of shape (T, B, N).",
        "How many symbols there are is written in the shape of `W`; `np.eye` of that number has "
        "all the one-hot vectors as its rows. Look up in both matrices with the same indices.",
    ),
)
check_look_up.add_mistake(
    "counted_from_one",
    "Everything is one symbol off, as if the symbols were numbered from 1. Index 0 is row 0.",
    {"picked": lambda indices: indices - 1},
)
check_look_up.add_mistake(
    "width_from_largest_index",
    "The width was taken from the largest index that occurs. A symbol that this batch does not "
    "hold is still in the vocabulary: `W` knows how many there are.",
    {"width": lambda indices: indices.max() + 1},
)
check_look_up.add_mistake(
    "symbols_first",
    "The axis of the symbols stands first. Each index becomes a vector, so the new axis comes "
    "last: look up rows, not columns.",
    {"one_hots": lambda picked, width: np.eye(int(width))[:, picked]},
)
check_look_up.add_mistake(
    "columns_for_rows",
    "You looked up columns of `W`. Every symbol has its row.",
    {"xs": lambda picked, W: W[:, picked]},
)
check_look_up.add_mistake(
    "one_hots_batch_first",
    "The one-hot vectors are batch first. Keep the order of `indices`, time first.",
    {"one_hots": lambda picked, width: np.swapaxes(np.eye(int(width))[picked], 0, 1)},
)
check_look_up.add_mistake(
    "rows_batch_first",
    "The rows are batch first. Keep the order of `indices`, time first.",
    {"xs": lambda picked, W: np.swapaxes(W[picked], 0, 1)},
)
check_look_up.add_mistake(
    "bag_of_words",
    "The one-hot vectors of all steps were added up. That is a bag of words: the order is gone.",
    {"one_hots": lambda picked, width: np.eye(int(width))[picked].sum(axis=0)},
)
check_look_up.add_mistake(
    "rows_added_up",
    "The rows of all steps were added up, so the order is gone. Keep one row for each step.",
    {"xs": lambda picked, W: W[picked].sum(axis=0)},
)
check_look_up.add_mistake(
    "first_sample_only",
    "Only the first sample of the batch was looked up.",
    {"picked": lambda indices: indices[:, 0]},
)


# --- Exercise 7: probabilities at every step ---------------------------------------------------


def read_out_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw hidden states and the weights of an output layer."""
    T, B, H, K = (sizes[name] for name in "TBHK")
    return {
        "hs": rng.uniform(-0.95, 0.95, size=(T, B, H)),
        "W_hy": rng.normal(size=(H, K)),
        "b_y": rng.normal(size=K),
    }


check_read_out = Check(
    "read_out",
    chapter=CHAPTER,
    title="Probabilities at every step",
    outputs={"y_hats": "T B K", "picks": "T B"},
    inputs=read_out_inputs,
    sizes=(
        {"T": 4, "B": 2, "H": 3, "K": 5},
        {"T": 3, "B": 5, "H": 2, "K": 4},
        {"T": 2, "B": 4, "H": 5, "K": 3},
    ),
    steps={
        "bias": lambda b_y: b_y,
        "logits": lambda hs, W_hy, bias: hs @ W_hy + bias,
        "y_hats": lambda logits: softmax(logits, axis=-1),
        "picks": lambda y_hats: y_hats.argmax(axis=-1),
    },
    hints=(
        "No loop is needed: NumPy multiplies every state of `hs`, shape (T, B, H), with `W_hy` in "
        "one product. What shape comes out, and which of its axes holds the classes?",
        "One state gives K scores, and the softmax makes K probabilities of them that add up to 1. "
        "So it works along the axis of the classes. Check with `y_hats.sum(axis=...)`.",
        "Both `softmax` and `argmax` take the argument `axis`. The classes are the last axis, for "
        "both.",
    ),
)
check_read_out.add_mistake(
    "softmax_over_time",
    "The softmax runs over time: the probabilities of one class add up to 1 over the steps. Every "
    "step and sample needs its own K probabilities that add up to 1.",
    {"y_hats": lambda logits: softmax(logits, axis=0)},
)
check_read_out.add_mistake(
    "softmax_over_batch",
    "The softmax runs over the batch: the samples share one sum. Every step and sample needs its "
    "own K probabilities that add up to 1.",
    {"y_hats": lambda logits: softmax(logits, axis=1)},
)
check_read_out.add_mistake(
    "softmax_over_all",
    "All entries of the array together add up to 1. Every step and sample needs its own K "
    "probabilities that add up to 1.",
    {"y_hats": lambda logits: softmax(logits.ravel()).reshape(logits.shape)},
)
check_read_out.add_mistake(
    "no_softmax",
    "These are the scores, before the softmax: they can be negative and do not add up to 1.",
    {"y_hats": lambda logits: logits},
)
check_read_out.add_mistake(
    "not_divided",
    "The exponentials are there, and the division by their sum is missing.",
    {"y_hats": lambda logits: np.exp(logits)},
)
check_read_out.add_mistake(
    "divided_without_exp",
    "The scores were divided by their sum without the exponential, so some can come out negative.",
    {"y_hats": lambda logits: logits / logits.sum(axis=-1, keepdims=True)},
)
check_read_out.add_mistake(
    "softmax_twice",
    "The softmax was applied twice, which brings all probabilities close to one another. Apply it "
    "once, to the scores.",
    {"y_hats": lambda logits: softmax(softmax(logits))},
)
check_read_out.add_mistake(
    "sigmoid_for_softmax",
    "Each score went through a sigmoid of its own. Classes that exclude one another need the "
    "softmax, whose values add up to 1.",
    {"y_hats": lambda logits: 1 / (1 + np.exp(-logits))},
)
check_read_out.add_mistake(
    "last_step_only",
    "Only the last step was read out. Here every step has an output.",
    {"y_hats": lambda logits: softmax(logits)[-1]},
)
check_read_out.add_mistake(
    "bias_forgotten",
    "The bias of the output layer is missing: `b_y` is added to the scores.",
    {"bias": lambda b_y: 0 * b_y},
)
check_read_out.add_mistake(
    "largest_over_time",
    "These are indices of steps: for each class, the step at which it is most probable. Asked for "
    "is, at each step, the class.",
    {"picks": lambda y_hats: y_hats.argmax(axis=0)},
)
check_read_out.add_mistake(
    "largest_over_batch",
    "These are indices of samples. Asked for is the most probable class of each step and sample.",
    {"picks": lambda y_hats: y_hats.argmax(axis=-2)},
)
check_read_out.add_mistake(
    "probability_for_class",
    "These are the largest probabilities themselves. Asked for are the indices of the classes.",
    {"picks": lambda y_hats: y_hats.max(axis=-1)},
)
check_read_out.add_mistake(
    "least_probable",
    "These are the least probable classes.",
    {"picks": lambda y_hats: y_hats.argmin(axis=-1)},
)
check_read_out.add_mistake(
    "classes_from_one",
    "The classes are numbered from 1 here. Indices in this course start at 0.",
    {"picks": lambda y_hats: y_hats.argmax(axis=-1) + 1},
)


# --- Exercise 8b: the last state of each sentence in a padded batch ----------------------------


def last_states_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw states and lengths that differ from one another, from T and from 1.

    From four samples on, neither the shortest nor the longest sentence stands first or last.
    """
    T, B, H = (sizes[name] for name in "TBH")
    lengths = rng.permutation(np.arange(2, T))[:B]
    if B > 3:
        ends = [lengths.min(), lengths.max()]
        lengths = np.insert(np.setdiff1d(lengths, ends, assume_unique=True), 1, ends)
    return {"hs": rng.uniform(-0.95, 0.95, size=(T, B, H)), "lengths": lengths}


def in_sentence(T: int, lengths: Array) -> Array:
    """Mark the steps that belong to a sentence: 1 inside, 0 in the padding, shape (T, B, 1)."""
    return (np.arange(T)[:, None] < lengths)[..., None].astype(float)


def states_at(hs: Array, step: Array) -> Array:
    """Pick one state of each sample: step (B,) gives (B, H)."""
    return hs[step, np.arange(hs.shape[1])]


check_last_states = Check(
    "last_states",
    chapter=CHAPTER,
    title="The state where each sentence ends",
    outputs={"h_last": "B H"},
    inputs=last_states_inputs,
    sizes=(
        {"T": 7, "B": 4, "H": 3},
        {"T": 9, "B": 5, "H": 2},
        {"T": 6, "B": 2, "H": 4},
    ),
    steps={
        "step": lambda lengths: lengths - 1,
        "h_last": lambda hs, step: states_at(hs, step),
    },
    hints=(
        "A sentence of three words ends at step 2, counted from 0. Which state of `hs` has read "
        "all of its words and nothing else?",
        "Each sample ends at a step of its own. A loop over the samples takes one entry of `hs` "
        "for each: first index the step, second index the sample.",
        "NumPy does it without a loop when both indices are arrays of length B: the array of last "
        "steps, and `np.arange(B)` for the samples.",
    ),
)
check_last_states.add_mistake(
    "end_of_padding",
    "You took `hs[-1]` for all samples. At that step most sentences have long ended, and the "
    "network has read padding since.",
    {"h_last": lambda hs: hs[-1]},
)
check_last_states.add_mistake(
    "one_too_late",
    "This is one step too late: a sentence of length n ends at step n − 1, and step n is the "
    "first of the padding.",
    {"step": lambda lengths: lengths},
)
check_last_states.add_mistake(
    "one_too_early",
    "This is one step too early: the last word of each sentence has not been read yet.",
    {"step": lambda lengths: lengths - 2},
)
check_last_states.add_mistake(
    "counted_from_the_end",
    "The lengths were counted from the end of the array. The padding is at the end; the sentences "
    "stand at the beginning.",
    {"step": lambda hs, lengths: len(hs) - lengths},
)
check_last_states.add_mistake(
    "longest_for_all",
    "You took the last step of the longest sentence for all samples. Each has a length of its own.",
    {"step": lambda lengths: np.full_like(lengths, lengths.max() - 1)},
)
check_last_states.add_mistake(
    "shortest_for_all",
    "You took the last step of the shortest sentence for all samples. Each has a length of its "
    "own.",
    {"step": lambda lengths: np.full_like(lengths, lengths.min() - 1)},
)
check_last_states.add_mistake(
    "first_length_for_all",
    "You took the last step of sentence 0 for all samples. Each has a length of its own.",
    {"step": lambda lengths: np.full_like(lengths, lengths[0] - 1)},
)
check_last_states.add_mistake(
    "last_length_for_all",
    "You took the last step of the last sentence of the batch for all samples. Each has a length "
    "of its own.",
    {"step": lambda lengths: np.full_like(lengths, lengths[-1] - 1)},
)
check_last_states.add_mistake(
    "lengths_descending",
    "The lengths were sorted, the longest first, so they belong to other samples now. Leave them "
    "in the order of the batch.",
    {"step": lambda lengths: np.sort(lengths)[::-1] - 1},
)
check_last_states.add_mistake(
    "lengths_ascending",
    "The lengths were sorted, the shortest first, so they belong to other samples now. Leave "
    "them in the order of the batch.",
    {"step": lambda lengths: np.sort(lengths) - 1},
)
check_last_states.add_mistake(
    "first_state",
    "You took the state after the first word. The summary of a sentence is its last state.",
    {"h_last": lambda hs: hs[0]},
)
check_last_states.add_mistake(
    "every_pair",
    "Every length was combined with every sample, so there is an axis too much. Pick one step for "
    "each sample: sample 0 at its own step, sample 1 at its own.",
    {"h_last": lambda hs, step: hs[step]},
)
check_last_states.add_mistake(
    "mean_of_sentence",
    "This is the mean over the steps of each sentence. It can serve as a summary too, but asked "
    "for is the last state.",
    {"h_last": lambda hs, lengths: (hs * in_sentence(len(hs), lengths)).sum(0) / lengths[:, None]},
)
check_last_states.add_mistake(
    "mean_of_all",
    "This is the mean over all steps, padding included. Asked for is the last state of each "
    "sentence.",
    {"h_last": lambda hs: hs.mean(axis=0)},
)
check_last_states.add_mistake(
    "sum_of_sentence",
    "This is the sum over the steps of each sentence. Asked for is its last state alone.",
    {"h_last": lambda hs, lengths: (hs * in_sentence(len(hs), lengths)).sum(0)},
)
