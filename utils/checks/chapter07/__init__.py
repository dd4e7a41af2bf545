"""Checks of chapter 07, `07_lstm_design`, in the order of its exercises.

The order of the quantities in each check is the order in which a learner computes them.
"""

from utils.checks.chapter07.by_hand import check_four_steps
from utils.checks.chapter07.coupled import check_coupled_step
from utils.checks.chapter07.coupled_backward import check_coupled_back
from utils.checks.chapter07.formulas import CHAPTER
from utils.checks.chapter07.matched import check_matched_units
from utils.checks.chapter07.paired import check_paired_comparison
from utils.checks.chapter07.paths import check_memory_paths
from utils.checks.chapter07.predict import check_ranges
from utils.checks.chapter07.study import check_study
from utils.checks.engine import REGISTRY

__all__ = [
    "check_coupled_back",
    "check_coupled_step",
    "check_four_steps",
    "check_matched_units",
    "check_memory_paths",
    "check_paired_comparison",
    "check_ranges",
    "check_study",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_ranges,
        check_four_steps,
        check_coupled_step,
        check_coupled_back,
        check_memory_paths,
        check_matched_units,
        check_paired_comparison,
        check_study,
    )
}
