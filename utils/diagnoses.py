"""What a patient of chapter 12 can have, in words."""

from __future__ import annotations

SCALE = "inputs on the wrong scale"
SHUT = "forget gate shut at the start"
EXPLODES = "gradient explodes on its way back"
DEAD = "dead ReLU units"
LARGE_UPDATES = "gates driven to their ends by too large updates"
AXES = "axes of samples and steps exchanged"
PADDING = "padding read like data"
CUTS = "state lost at every cut"
ONE_STEP = "every step handed in as a sequence"
NOTHING = "the answers belong to other sequences"
TOO_SHORT = "too few updates"
BALANCE = "one answer far more frequent than the other"

DIAGNOSES = tuple(
    sorted(
        (
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
    )
)
"""What a patient can have, by the alphabet; two of them nobody on this ward has."""
