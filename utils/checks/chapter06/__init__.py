"""Checks of chapter 06, `06_lstm`, in the order of its exercises.

The order of the quantities in each check is the order in which a learner computes them.
"""

from utils.checks.chapter06.by_hand import check_lstm_by_hand
from utils.checks.chapter06.cell_line import check_cell_line
from utils.checks.chapter06.counts import check_lstm_counts
from utils.checks.chapter06.direct_path import check_direct_path
from utils.checks.chapter06.experiment import check_forget_bias
from utils.checks.chapter06.formulas import CHAPTER
from utils.checks.chapter06.half_life import check_half_life
from utils.checks.chapter06.predict import check_gate_fates
from utils.checks.chapter06.step import check_lstm_step
from utils.checks.chapter06.step_back import check_lstm_step_back
from utils.checks.chapter06.unroll import check_lstm_unroll
from utils.checks.engine import REGISTRY

__all__ = [
    "check_cell_line",
    "check_direct_path",
    "check_forget_bias",
    "check_gate_fates",
    "check_half_life",
    "check_lstm_by_hand",
    "check_lstm_counts",
    "check_lstm_step",
    "check_lstm_step_back",
    "check_lstm_unroll",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_gate_fates,
        check_lstm_by_hand,
        check_lstm_step,
        check_lstm_unroll,
        check_cell_line,
        check_lstm_step_back,
        check_direct_path,
        check_half_life,
        check_lstm_counts,
        check_forget_bias,
    )
}
