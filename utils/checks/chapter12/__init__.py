"""Checks of chapter 12, `12_open_your_model`, in the order of its exercises.

Two functions, then the ward: a check for each patient of `utils.patients`. Importing them imports
no torch; the numbers of a patient are computed when its check is called.
"""

from utils.checks.chapter12.around import check_fay, check_hal, check_ivy, check_joe
from utils.checks.chapter12.chance import check_chance
from utils.checks.chapter12.gates import check_ada, check_ben, check_eve
from utils.checks.chapter12.padded_gates import check_padded_gates
from utils.checks.chapter12.plain import check_cleo, check_dan, check_gus
from utils.checks.chapter12.words import CHAPTER
from utils.checks.engine import REGISTRY

__all__ = [
    "check_ada",
    "check_ben",
    "check_chance",
    "check_cleo",
    "check_dan",
    "check_eve",
    "check_fay",
    "check_gus",
    "check_hal",
    "check_ivy",
    "check_joe",
    "check_padded_gates",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_padded_gates,
        check_chance,
        check_ada,
        check_ben,
        check_cleo,
        check_dan,
        check_eve,
        check_fay,
        check_gus,
        check_hal,
        check_ivy,
        check_joe,
    )
}
