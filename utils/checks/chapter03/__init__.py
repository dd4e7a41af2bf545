"""Checks of chapter 03, `03_rnn_backward`, in the order of its exercises.

The order of the quantities in each check is the order in which a learner computes them.
"""

from utils.checks.chapter03.all_backward import check_rnn_gradients
from utils.checks.chapter03.by_hand import check_e3_terms
from utils.checks.chapter03.formulas import CHAPTER
from utils.checks.chapter03.loss import check_sequence_loss
from utils.checks.chapter03.nudging import check_diagnosis, check_numerical_gradients
from utils.checks.chapter03.one_step import check_step_back
from utils.checks.chapter03.predict import check_zero_gradients
from utils.checks.chapter03.terms_needed import check_terms_needed
from utils.checks.chapter03.through_time import check_back_through_time
from utils.checks.engine import REGISTRY

__all__ = [
    "check_back_through_time",
    "check_diagnosis",
    "check_e3_terms",
    "check_numerical_gradients",
    "check_rnn_gradients",
    "check_sequence_loss",
    "check_step_back",
    "check_terms_needed",
    "check_zero_gradients",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_zero_gradients,
        check_e3_terms,
        check_sequence_loss,
        check_step_back,
        check_back_through_time,
        check_rnn_gradients,
        check_numerical_gradients,
        check_diagnosis,
        check_terms_needed,
    )
}
