"""Patients without gates: Cleo, Dan and Gus."""

from __future__ import annotations

import numpy as np

from utils.checks.chapter12.ward import Array, Evidence, flow, opened, patient, ward_check
from utils.checks.chapter12.words import NO_GATES, PLAIN_SCALE, SOMETHING
from utils.diagnoses import DEAD, EXPLODES, LARGE_UPDATES, NOTHING, PADDING, SCALE, SHUT

GATELESS = {
    SCALE: PLAIN_SCALE,
    SHUT: NO_GATES,
    LARGE_UPDATES: "There are no gates in it. " + NO_GATES,
}


def growth(steps: int, network: str = "fresh") -> Array:
    """Return the factor per step by which Cleo's gradient grows on its way back."""
    norms = flow("Cleo", "d_hidden", network)
    return (norms[0] / norms[-1]) ** (1 / steps)


def singular(weight: str = "weight_hh_l0", network: str = "fresh") -> Array:
    """Return the singular values of one of Cleo's matrices."""
    matrix = getattr(getattr(patient("Cleo"), network).recurrent, weight)
    return np.linalg.svd(matrix.detach().numpy().astype(float), compute_uv=False)


def _radius() -> Array:
    matrix = patient("Cleo").fresh.recurrent.weight_hh_l0
    return np.abs(np.linalg.eigvals(matrix.detach().numpy().astype(float))).max()


check_cleo = ward_check(
    "Cleo",
    "Cleo's chart",
    EXPLODES,
    "start W_hh orthogonal",
    evidence=(
        Evidence(
            "factor",
            lambda: growth(39),
            "number",
            "the factor per step, on the way back over 39 steps, of the norm of `d_hidden`, the "
            "mean over the samples, in `cleo.fresh`",
            (
                (
                    "factor_forwards",
                    "This is the factor in the order of time. The gradient goes the other way, "
                    "from the last step to the first.",
                    lambda: 1 / growth(39),
                ),
                (
                    "factor_of_forty",
                    "Here the root is taken over 40 steps. From the last of 40 steps to the first "
                    "it is 39 factors.",
                    lambda: growth(40),
                ),
                (
                    "factor_in_all",
                    "This is the factor over all steps. Asked for is the one per step: take a "
                    "root.",
                    lambda: growth(1),
                ),
                (
                    "factor_divided",
                    "The whole factor is divided by the number of steps here. Factors multiply: "
                    "take a root.",
                    lambda: growth(1) / 39,
                ),
                (
                    "factor_trained",
                    "This is the gradient in `cleo.model`. Asked for is `cleo.fresh`, the network "
                    "before its training.",
                    lambda: growth(39, "model"),
                ),
            ),
        ),
        Evidence(
            "stretch",
            lambda: singular()[0],
            "number",
            "the largest singular value of `cleo.fresh.recurrent.weight_hh_l0`",
            (
                (
                    "stretch_trained",
                    "This is the matrix of `cleo.model`. Asked for is `cleo.fresh`.",
                    lambda: singular(network="model")[0],
                ),
                (
                    "stretch_radius",
                    "This is the spectral radius, the largest size of an eigenvalue. Asked for is "
                    "the largest singular value, by which a matrix can lengthen a vector.",
                    lambda: _radius(),
                ),
                (
                    "stretch_smallest",
                    "This is the smallest singular value. Asked for is the largest.",
                    lambda: singular()[-1],
                ),
                (
                    "stretch_mean",
                    "This is the mean of the singular values. Asked for is the largest.",
                    lambda: singular().mean(),
                ),
                (
                    "stretch_of_inputs",
                    "This is `weight_ih_l0`, which reads the inputs. Asked for is `weight_hh_l0`, "
                    "which leads from state to state.",
                    lambda: singular("weight_ih_l0")[0],
                ),
                (
                    "stretch_frobenius",
                    "This is the norm of all entries, to which every singular value adds. Asked "
                    "for is the largest singular value.",
                    lambda: np.sqrt((singular() ** 2).sum()),
                ),
                (
                    "stretch_squared",
                    "This is the square of it, an eigenvalue of W Wᵀ. Take the root.",
                    lambda: singular()[0] ** 2,
                ),
            ),
        ),
    ),
    hints=(
        "A loss that jumps speaks of updates that are far too long at times. `cleo.norms` has the "
        "norm of the gradient at every update. Where does its size come from?",
        'The norms of the gradient at every step are `trace.norms("d_hidden").mean(axis=1)`, '
        "before training. Compare the first with the last; 39 equal factors lie between them.",
        "`factor` is `(norms[0] / norms[-1]) ** (1 / 39)`; the singular values of "
        "`cleo.fresh.recurrent.weight_hh_l0` come from `torch.linalg.svdvals`. The cure that lasts "
        "is a matrix that stretches nothing.",
    ),
    said={
        **GATELESS,
        NOTHING: SOMETHING,
        "clip the gradient at norm 1": "Clipping shortens an update and leaves its direction to "
        'the steps whose gradient has grown. Measure `patients.treat("Cleo", "clip the gradient '
        'at norm 1").accuracy`: a healed network is above 0.95.',
    },
)


def zeros(network: str) -> Array:
    """Return for each unit of Dan the share of steps at which it is 0, (H,)."""
    return (opened("Dan", network)["hidden"] == 0).mean(axis=(0, 1))


check_dan = ward_check(
    "Dan",
    "Dan's chart",
    DEAD,
    "divide the learning rate by 100",
    evidence=(
        Evidence(
            "share",
            lambda: zeros("fresh").mean(),
            "share",
            "the share of the values of `hidden` in `dan.fresh` that are 0",
            (
                (
                    "zeros_trained",
                    "This is the network after its training. Asked for is `dan.fresh`.",
                    lambda: zeros("model").mean(),
                ),
                (
                    "zeros_others",
                    "This is the share of values above 0. Asked for is the share that are 0.",
                    lambda: 1 - zeros("fresh").mean(),
                ),
                (
                    "zeros_counted",
                    "This is a number of zeros. A share is that number divided by all values.",
                    lambda: zeros("fresh").mean() * opened("Dan")["hidden"].size,
                ),
                (
                    "zeros_sums",
                    "This is the share of sums below 0 at the last step. Asked for are the hidden "
                    "states of all steps.",
                    lambda: (opened("Dan")["hidden"][-1] == 0).mean(),
                ),
            ),
        ),
        Evidence(
            "units",
            lambda: (zeros("model") >= 0.95).sum(),
            "count",
            "the number of units in `dan.model` that are 0 at 95 % of the steps or more",
            (
                (
                    "dead_share",
                    "This is a share. Asked for is the number of dead units.",
                    lambda: (zeros("model") >= 0.95).mean(),
                ),
                (
                    "dead_fresh",
                    "This is the network before its training. Asked for is `dan.model`.",
                    lambda: (zeros("fresh") >= 0.95).sum(),
                ),
                (
                    "dead_values",
                    "This is a number of values that are 0. Asked for is the number of units that "
                    "are 0 at 95 % of the steps or more.",
                    lambda: (opened("Dan", "model")["hidden"] == 0).sum(),
                ),
            ),
        ),
    ),
    hints=(
        "A network that stands still whatever it is shown has no gradient left. Which activation "
        "has a slope of exactly 0?",
        'Look at `trace["hidden"]` before and after training. `(h == 0).mean(axis=(0, 1))` says '
        "for each unit at what share of the steps it is 0.",
        "`share` is `(h == 0).mean()` of `dan.fresh`, `units` is `((h == 0).mean(axis=(0, 1)) >= "
        "0.95).sum()` of `dan.model`. The units were alive at the start: one update too long can "
        "push all sums below 0 for good.",
    ),
    said={**GATELESS, NOTHING: SOMETHING},
)


def drift(network: str = "fresh", behind: int = 1, end: int = 0) -> Array:
    """Return how far Gus's states are at the end from those at the last real step, (B, H)."""
    h, lengths = opened("Gus", network)["hidden"], _lengths()
    return h[end - 1] - h[lengths - behind, np.arange(len(lengths))]


def _lengths() -> Array:
    return patient("Gus").lengths.numpy()


def padded() -> Array:
    """Return the share of steps that are padding."""
    return 1 - _lengths().sum() / opened("Gus").mask.size


check_gus = ward_check(
    "Gus",
    "Gus's chart",
    PADDING,
    "read the state at the last real step",
    evidence=(
        Evidence(
            "change",
            lambda: np.abs(drift()).max(),
            "number",
            "the largest absolute change of a unit from the last real step to the last step of "
            "all, in `gus.fresh`",
            (
                (
                    "drift_trained",
                    "These are the states of `gus.model`. Asked for is `gus.fresh`.",
                    lambda: np.abs(drift("model")).max(),
                ),
                (
                    "drift_mean",
                    "This is the mean of all changes. Asked for is the largest.",
                    lambda: np.abs(drift()).mean(),
                ),
                (
                    "drift_to_longest",
                    "This is the change up to the end of the longest of these sequences. The layer "
                    "reads on to the last step of `gus.inputs`.",
                    lambda: np.abs(drift(end=_lengths().max())).max(),
                ),
                (
                    "drift_one_late",
                    "The change is counted from one step too late. The last real step of a "
                    "sequence has the index `lengths - 1`.",
                    lambda: np.abs(drift(behind=0)).max(),
                ),
                (
                    "drift_norm",
                    "This is the norm of the change of a whole state. Asked for is the largest "
                    "change of a single unit.",
                    lambda: np.linalg.norm(drift(), axis=1).max(),
                ),
                (
                    "drift_signed",
                    "A change downwards counts as well: take absolute values first.",
                    lambda: min(drift().max(), -drift().min()),
                ),
            ),
        ),
        Evidence(
            "share",
            lambda: padded(),
            "share",
            "the share of all steps that the layer reads which lie behind the end of their "
            "sequence",
            (
                (
                    "behind_real",
                    "This is the share of the steps that are there. Asked for is the rest.",
                    lambda: 1 - padded(),
                ),
                (
                    "behind_counted",
                    "This is a number of steps. A share is that number divided by all steps.",
                    lambda: padded() * opened("Gus").mask.size,
                ),
                (
                    "behind_own_longest",
                    "This counts up to the longest of these sequences. The layer reads on to the "
                    "end of `gus.inputs`.",
                    lambda: 1 - np.mean(_lengths() / _lengths().max()),
                ),
            ),
        ),
    ),
    hints=(
        "What does this sequence have when it shares a batch with a longer one that it does not "
        "have alone? See `gus.inputs.shape` and `gus.lengths`.",
        "The state at the last real step is `h[lengths - 1, np.arange(B)]`, the state that is read "
        "is `h[-1]`. Nothing happens between them, so nothing should change.",
        "`change` is `np.abs(h[-1] - h[lengths - 1, np.arange(B)]).max()` in `gus.fresh`; `share` "
        "is `1 - lengths.sum() / (T * B)` with T and B of `gus.inputs`. Read the state before the "
        "padding begins.",
    ),
    said={
        **GATELESS,
        NOTHING: "The same sequence gets another answer beside a longer one, so this is no matter "
        "of answers in another order. What of its neighbour reaches it?",
        "divide the learning rate by 100": "It helps and does not heal: measure "
        '`patients.treat("Gus", "divide the learning rate by 100").accuracy`. A healed network is '
        "above 0.95.",
    },
)
