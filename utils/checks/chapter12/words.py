"""What the ward of chapter 12 says: diagnoses, treatments, and what speaks against a wrong one.

Every sentence about a diagnosis says what one would see if it were the right one; it is therefore
true of every patient that does not have it.
"""

from __future__ import annotations

from utils.diagnoses import (
    AXES,
    BALANCE,
    CUTS,
    DEAD,
    EXPLODES,
    LARGE_UPDATES,
    NOTHING,
    ONE_STEP,
    PADDING,
    SCALE,
    SHUT,
    TOO_SHORT,
)

CHAPTER = "12_open_your_model"

TREATS = {
    "carry the state from window to window": "windows that begin with an empty state",
    "clip the gradient at norm 1": "single updates that are too long",
    "divide the learning rate by 100": "updates that wreck what was in order at the start",
    "hand in the axes in the module's order": "a layer that takes samples for steps",
    "hand in whole sequences": "sequences that reach the layer as single steps",
    "put every answer beside its own sequence": "answers that belong to other sequences",
    "read the state at the last real step": "a state that goes on changing in the padding",
    "standardise the inputs": "inputs whose scale drives the gates to their ends",
    "start W_hh orthogonal": "a gradient that a plain RNN multiplies by too much or too little at "
    "every step",
    "start with the forget gate open": "a memory that is too short at the start",
    "train four times as long": "a network that still learns when its training ends",
}
"""What every treatment of `utils.patients` is for; the names are those of `TREATMENTS` there."""

IF_SO = {
    SCALE: "Then the numbers in `patient.inputs` would be of a size far from 1, and the gates of "
    "`patient.fresh` would stand at their ends. Look at both.",
    SHUT: "Then the forget gate of `patient.fresh` would be shut in all units at all steps, and "
    "every half-life would be below one step. `trace.half_life()` has them.",
    EXPLODES: "Then the norm of the gradient in `patient.fresh` would grow by powers of ten from "
    'the last step to the first. Look at `trace.norms("d_hidden")`.',
    DEAD: "Then `patient.model` would have units that are 0 at nearly every step. `trace.findings` "
    "names such units; only a ReLU has them.",
    LARGE_UPDATES: "Then gates that move freely in `patient.fresh` would stand at their ends at "
    "nearly all steps in `patient.model`. Compare the two with `trace.saturation()`.",
    AXES: "Then the layer itself would see as many steps as the owner has sequences, and as many "
    "sequences as the owner has steps. Hold `print(trace)` against `patient.inputs` and the "
    "complaint.",
    PADDING: "Then sequences would differ in length, and the state would go on changing behind the "
    "last real step. See whether `patient.lengths` says so.",
    CUTS: "Then the owner would hand in a sequence piece by piece, with good answers up to the "
    "first cut and bad ones behind it. Read the complaint again.",
    ONE_STEP: "Then the layer would see a single step. `print(trace)` says how many it sees.",
    NOTHING: "Then the lens would show nothing odd, neither in `patient.fresh` nor in "
    "`patient.model`, and the targets would not fit the readings beside them.",
    TOO_SHORT: "Then more updates would heal. `patients.treat({name!r}, 'train four times as "
    "long').accuracy` says whether they do.",
    BALANCE: "Then nearly all of `patient.targets` would be the same number. Take their mean.",
}
"""What one would see if a diagnosis were right, and where to look."""

NO_GATES = (
    "This network is a plain RNN, which has no gates: `print(trace)` says which kind it is, and "
    "`trace.names` what it has."
)
PLAIN_SCALE = (
    "Then the numbers in `patient.inputs` would be of a size far from 1, and with them the states. "
    "Look at the inputs."
)
SOMETHING = (
    "Then `trace.findings` would be empty for `patient.fresh` and for `patient.model`. Print both."
)
NOT_BESIDE = (
    "Nothing in the gates or in the gradient, true; then go on to what stands around the layer. "
    "Which steps does it read, and from which state does it start?"
)


def against(name: str, diagnosis: str) -> str:
    """Return what to say of a wrong diagnosis: what one would see, and where to look.

    Parameters
    ----------
    name : str
        Of the patient.
    diagnosis : str
        One of `DIAGNOSES`, and not the right one.
    """
    return IF_SO[diagnosis].format(name=name)


def about(name: str, treatment: str) -> str:
    """Return what to say of a treatment that does not heal.

    Parameters
    ----------
    name : str
        Of the patient.
    treatment : str
        A key of `TREATS`, and not the one that heals.
    """
    call = f'`patients.treat("{name}", "{treatment}").accuracy`'
    return f"This treats {TREATS[treatment]}. Measure {call}: a healed network is above 0.95."
