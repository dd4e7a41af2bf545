"""Patients in whose network there is nothing wrong: Fay, Hal, Ivy and Joe."""

from __future__ import annotations

import numpy as np

from utils.checks.chapter12.ward import Array, Evidence, answers, lives, opened, patient, ward_check
from utils.checks.chapter12.words import NOT_BESIDE
from utils.diagnoses import AXES, CUTS, NOTHING, ONE_STEP

WINDOW = 8
CUT_STEPS = (8, 16, 24, 32)
TOUCHED = 9
"""The sequence of Fay to whose readings 1 is added."""


def changed(axis: int = 1) -> Array:
    """Return whether a logit of Fay changes when readings do, (T, B).

    Those of sequence `TOUCHED` at all steps, or, along axis 0, those of step `TOUCHED` in all
    sequences.
    """
    import torch

    fay = patient("Fay")
    other = fay.inputs.clone()
    other.select(axis, TOUCHED).add_(1)
    with torch.no_grad():
        moved = (fay.fresh(other) - fay.fresh(fay.inputs)).abs()
    return (moved > 1e-6).any(dim=-1).numpy()


check_fay = ward_check(
    "Fay",
    "Fay's chart",
    AXES,
    "hand in the axes in the module's order",
    evidence=(
        Evidence(
            "steps",
            lambda: len(opened("Fay").mask),
            "count",
            "the number of steps that the layer itself saw, the first axis of `trace.mask`",
            (
                (
                    "steps_of_inputs",
                    "This is the first axis of what is handed in. Asked for is the number of steps "
                    "that the layer itself saw, the first axis of `trace.mask`.",
                    lambda: len(patient("Fay").inputs),
                ),
                (
                    "steps_features",
                    "This is the number of features. The steps are the first axis of `trace.mask`.",
                    lambda: 3,
                ),
            ),
        ),
        Evidence(
            "others",
            lambda: np.delete(changed().any(axis=0), TOUCHED).sum(),
            "count",
            "the number of sequences other than 9 whose logits in `fay.fresh` change when 1 is "
            "added to the readings of sequence 9",
            (
                (
                    "sequence_itself",
                    "One too many: sequence 9 itself is among them, or one that is not was left "
                    "out in its place. Asked for is how many of the others change.",
                    lambda: changed().any(axis=0).sum(),
                ),
                (
                    "unchanged",
                    "This is how many stay as they were. Asked for is how many change.",
                    lambda: (~changed().any(axis=0)).sum(),
                ),
                (
                    "steps_changed",
                    "This counts steps. Count sequences of which any answer changes.",
                    lambda: changed().any(axis=1).sum(),
                ),
                (
                    "steps_but_one",
                    "This counts steps, all but one. Count the other sequences: in `inputs` and in "
                    "the logits they are axis 1.",
                    lambda: np.delete(changed().any(axis=1), TOUCHED).sum(),
                ),
                (
                    "other_axis",
                    "Here step 9 of every sequence was changed. Sequence 9 is `inputs[:, 9]`.",
                    lambda: np.delete(changed(axis=0).any(axis=0), TOUCHED).sum(),
                ),
                (
                    "other_axis_all",
                    "Here step 9 of every sequence was changed, and all sequences are counted. "
                    "Sequence 9 is `inputs[:, 9]`, and only the others count.",
                    lambda: changed(axis=0).any(axis=0).sum(),
                ),
                (
                    "other_axis_twice",
                    "Nothing else changes if step 9 is taken for sequence 9, in the inputs and in "
                    "the logits. The axes of both begin with step, sequence.",
                    lambda: np.delete(changed(axis=0).any(axis=1), TOUCHED).sum(),
                ),
                (
                    "answers_changed",
                    "This counts every step of every other sequence. Count the sequences.",
                    lambda: np.delete(changed(), TOUCHED, axis=1).sum(),
                ),
            ),
        ),
    ),
    hints=(
        "The gates are healthy and the gradient arrives. So count: how many steps does the layer "
        "believe a sequence has, and how many does it have?",
        "`len(trace.mask)` is the number of steps that the layer saw. Then add 1 to `inputs[:, 9]` "
        "in a copy, run `fay.fresh` on both, and see which sequences get other logits.",
        "`(fay.fresh(other) - fay.fresh(fay.inputs)).abs().amax(dim=(0, 2)) > 1e-6` is (B,); count "
        "the entries but number 9. Other sequences change because the layer takes those behind "
        "for later steps.",
    ),
    said={NOTHING: NOT_BESIDE},
)


def in_windows(network: str = "model") -> Array:
    """Return which of Hal's answers are right when each window begins empty, (T, B)."""
    hal = patient("Hal")
    found = [answers(getattr(hal, network), window) for window in hal.inputs.split(WINDOW)]
    return np.concatenate(found) == hal.targets.numpy()


def in_one_go(network: str = "model") -> Array:
    """Return which of Hal's answers are right when the recording is read in one go, (T, B)."""
    hal = patient("Hal")
    return answers(getattr(hal, network), hal.inputs) == hal.targets.numpy()


check_hal = ward_check(
    "Hal",
    "Hal's chart",
    CUTS,
    "carry the state from window to window",
    evidence=(
        Evidence(
            "in_windows",
            lambda: in_windows()[list(CUT_STEPS)].mean(),
            "share",
            "the share of right answers of `hal.model` at steps 8, 16, 24 and 32 when every "
            "window is handed in by itself",
            (
                (
                    "after_cut_start",
                    "Step 0 is among them, before which there is no cut. Take steps 8, 16, 24 "
                    "and 32.",
                    lambda: in_windows()[::WINDOW].mean(),
                ),
                (
                    "after_cut_later",
                    "These are all steps of the later windows. Asked for is the first step of "
                    "each: 8, 16, 24 and 32.",
                    lambda: in_windows()[WINDOW:].mean(),
                ),
                (
                    "after_cut_all",
                    "These are all steps. Asked for are those right after a cut: 8, 16, 24 and 32.",
                    lambda: in_windows().mean(),
                ),
                (
                    "after_cut_before",
                    "Steps are counted from 0, so that a window begins with step 8, 16, 24 or 32. "
                    "These are the steps before the cuts.",
                    lambda: in_windows()[[step - 1 for step in CUT_STEPS]].mean(),
                ),
                (
                    "after_cut_whole",
                    "Here the recording was read in one go. Hand in each window of eight steps by "
                    "itself, as the owner does.",
                    lambda: in_one_go()[list(CUT_STEPS)].mean(),
                ),
                (
                    "after_cut_wrong_ones",
                    "This is the share of wrong answers. Asked for is the share of right ones.",
                    lambda: 1 - in_windows()[list(CUT_STEPS)].mean(),
                ),
            ),
        ),
        Evidence(
            "in_one_go",
            lambda: in_one_go()[list(CUT_STEPS)].mean(),
            "share",
            "the share of right answers of `hal.model` at steps 8, 16, 24 and 32 when "
            "`hal.inputs` is handed in as a whole",
            (
                (
                    "carried_windows",
                    "Here each window was handed in by itself. For this number the model reads the "
                    "whole recording in one go.",
                    lambda: in_windows()[list(CUT_STEPS)].mean(),
                ),
                (
                    "carried_fresh",
                    "This is `hal.fresh`. Asked for is `hal.model`, the network after training.",
                    lambda: in_one_go("fresh")[list(CUT_STEPS)].mean(),
                ),
                (
                    "carried_all",
                    "This counts every step. Count those right after a cut: 8, 16, 24 and 32.",
                    lambda: in_one_go().mean(),
                ),
                (
                    "carried_later",
                    "These are all steps from 8 on. Asked for are 8, 16, 24 and 32 alone.",
                    lambda: in_one_go()[WINDOW:].mean(),
                ),
                (
                    "carried_start",
                    "Step 0 is among these steps. Take the same four as before: 8, 16, 24 and 32.",
                    lambda: in_one_go()[::WINDOW].mean(),
                ),
            ),
        ),
    ),
    hints=(
        "The same network, the same readings: what differs between reading them piece by piece "
        "and reading them in one go?",
        "`hal.inputs.split(8)` gives the five windows; `torch.cat` puts their answers together. "
        'In `hal_window` the cell state after the first step, `hal_window["cell"][0]`, is `i * g` '
        "alone: what did it remember of the window before?",
        "With `right = logits.argmax(-1) == hal.targets`, (T, B), both numbers are `right[[8, 16, "
        "24, 32]].double().mean()`. At those steps the state before is empty in one case and not "
        "in the other.",
    ),
    said={
        NOTHING: "Read in one go, the same network answers better. So something about how it is "
        "run is at fault: which state does each window begin with?",
    },
)


def right_of_ivy(network: str = "model") -> Array:
    """Return which of Ivy's answers are right, (N,)."""
    ivy = patient("Ivy")
    return (answers(getattr(ivy, network), ivy.inputs) == ivy.targets.numpy())[0]


def set_now() -> Array:
    """Return at which of Ivy's steps the switch is set, (N,)."""
    return patient("Ivy").inputs[0, :, 0].numpy() != 0


def _ahead(network: str = "model") -> Array:
    right = right_of_ivy(network)
    return right[set_now()].mean() - right[~set_now()].mean()


check_ivy = ward_check(
    "Ivy",
    "Ivy's chart",
    ONE_STEP,
    "hand in whole sequences",
    evidence=(
        Evidence(
            "steps",
            lambda: len(opened("Ivy").mask),
            "count",
            "the number of steps that the layer itself saw, the first axis of `trace.mask`",
            (
                (
                    "steps_samples",
                    "This is the number of samples, the second axis of `trace.mask`. The steps are "
                    "its first.",
                    lambda: opened("Ivy").mask.shape[1],
                ),
                (
                    "steps_features",
                    "This is the number of features. The steps are the first axis of `trace.mask`.",
                    lambda: 3,
                ),
            ),
        ),
        Evidence(
            "difference",
            lambda: _ahead(),
            "number",
            "the share of right answers of `ivy.model` among the readings at which the switch is "
            "set, minus that share among the others",
            (
                (
                    "where_set",
                    "This is the share where the switch is set, and reading 0 is not 0. Subtract "
                    "the share among the others.",
                    lambda: right_of_ivy()[set_now()].mean(),
                ),
                (
                    "elsewhere",
                    "This is the share where the switch is left alone, and reading 0 is 0. "
                    "Subtract it from the share where the switch is set.",
                    lambda: right_of_ivy()[~set_now()].mean(),
                ),
                (
                    "everywhere",
                    "This is the share over all readings. Take the share where the switch is set, "
                    "minus that among the others.",
                    lambda: right_of_ivy().mean(),
                ),
                (
                    "turned",
                    "The sign is turned: from the share where the switch is set, subtract the "
                    "other.",
                    lambda: -_ahead(),
                ),
                (
                    "difference_fresh",
                    "This is `ivy.fresh`. Asked for is `ivy.model`, the network after training.",
                    lambda: _ahead("fresh"),
                ),
                (
                    "less_everywhere",
                    "Here the share over all readings is subtracted. Subtract the share among "
                    "those where the switch is left alone.",
                    lambda: right_of_ivy()[set_now()].mean() - right_of_ivy().mean(),
                ),
                (
                    "divided_by_all",
                    "The right answers are divided by all readings on both sides. Divide each by "
                    "the number of readings of its own kind.",
                    lambda: (
                        (right_of_ivy() & set_now()).mean() - (right_of_ivy() & ~set_now()).mean()
                    ),
                ),
            ),
            slack=0.003,
        ),
    ),
    hints=(
        "How far back can this network look? `print(trace)` has the number.",
        "Reading 0, `ivy.inputs[..., 0]`, is not 0 where the switch is set. Compare the answers "
        "there with those elsewhere, where the past would be needed.",
        "With `right = ivy.model(ivy.inputs).argmax(-1) == ivy.targets` one share is "
        "`right[ivy.inputs[..., 0] != 0].double().mean()`, the other has `== 0`; `steps` is "
        "`len(trace.mask)`. A state that is never handed on cannot be trained to remember.",
    ),
    said={
        AXES: "Turned, the axes would give one sample of 512 steps, made of many recordings. "
        "Which axis should hold the steps of one recording, and is there such an axis?",
        CUTS: "A cut separates windows, inside which the past is known. Count the steps that the "
        "layer sees: is there an inside?",
    },
)


def agreeing() -> Array:
    """Return for which of Joe's sequences the target is what the switch says, (B,)."""
    joe = patient("Joe")
    return (joe.inputs[0, :, 0] > 0).numpy() == joe.targets.numpy()


check_joe = ward_check(
    "Joe",
    "Joe's chart",
    NOTHING,
    "put every answer beside its own sequence",
    evidence=(
        Evidence(
            "half_life",
            lambda: lives("Joe").max(),
            "number",
            "the longest half-life of a unit in `joe.fresh`, in steps",
            (
                (
                    "life_trained",
                    "This is the longest half-life in `joe.model`. Asked for is `joe.fresh`, the "
                    "network before its training.",
                    lambda: lives("Joe", "model").max(),
                ),
                (
                    "life_mean",
                    "This is the mean over the units. Asked for is the longest half-life.",
                    lambda: lives("Joe").mean(),
                ),
                (
                    "life_shortest",
                    "This is the shortest half-life. Asked for is the longest.",
                    lambda: lives("Joe").min(),
                ),
                (
                    "life_factor",
                    "This is what is left after one step, the column `factor`. Asked for is the "
                    "column `half_life`.",
                    lambda: opened("Joe").half_life().factor.max(),
                ),
            ),
        ),
        Evidence(
            "share",
            lambda: agreeing().mean(),
            "share",
            "the share of sequences whose target is 1 where reading 0 of step 0 is above 0, and 0"
            " where it is below",
            (
                (
                    "agree_not",
                    "This is the share of targets that do not agree. A switch that is up (+1) "
                    "belongs to target 1.",
                    lambda: (~agreeing()).mean(),
                ),
                (
                    "agree_counted",
                    "This is a number of targets. A share is that number divided by all of them.",
                    lambda: agreeing().sum(),
                ),
                (
                    "agree_only_up",
                    "Targets are 0 and 1, readings −1 and +1, so that equal numbers are found only "
                    "where the switch is up. Ask whether the reading is above 0.",
                    lambda: (agreeing() & (patient("Joe").targets.numpy() == 1)).mean(),
                ),
                (
                    "agree_with_the_model",
                    "This is `joe.accuracy`: the network's own answers, to new sequences. "
                    "Count in `joe.inputs` and `joe.targets`, without the network.",
                    lambda: patient("Joe").accuracy,
                ),
                (
                    "agree_by_chance",
                    "Half of them is what guessing gives, and it is not what these data have. "
                    "Count in `joe.inputs` and `joe.targets`, without the network.",
                    lambda: 0.5,
                ),
            ),
        ),
    ),
    hints=(
        "The findings are empty, half-lives and gradients are as they should be. Which part of "
        "the data have you not looked at yet?",
        "The switch is set at step 0 only, by reading 0: +1 for up, −1 for down. Target 1 means "
        "up. You can answer without a network; how often would you be right?",
        "`share` is `((joe.inputs[0, :, 0] > 0) == (joe.targets == 1)).double().mean()`. It should "
        "be 1. An answer that does not belong to its sequence cannot be learnt.",
    ),
)
