"""Checks of chapter 08, `08_gru`, in the order of its exercises.

The order of the quantities in each check is the order in which a learner computes them.
"""

from utils.checks.chapter08.blend_back import check_blend_back
from utils.checks.chapter08.by_hand import check_gru_by_hand
from utils.checks.chapter08.converting import check_other_convention
from utils.checks.chapter08.counting import check_gru_counts
from utils.checks.chapter08.formulas import CHAPTER
from utils.checks.chapter08.forward import check_gru_step, check_reset_before
from utils.checks.chapter08.predict import check_gate_ends
from utils.checks.chapter08.step_back import check_gru_back
from utils.checks.chapter08.study import check_fair_comparison
from utils.checks.engine import REGISTRY

__all__ = [
    "check_blend_back",
    "check_fair_comparison",
    "check_gate_ends",
    "check_gru_back",
    "check_gru_by_hand",
    "check_gru_counts",
    "check_gru_step",
    "check_other_convention",
    "check_reset_before",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_gate_ends,
        check_gru_by_hand,
        check_gru_step,
        check_reset_before,
        check_blend_back,
        check_gru_back,
        check_gru_counts,
        check_other_convention,
        check_fair_comparison,
    )
}
