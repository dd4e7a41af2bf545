"""Checks of chapter 04, `04_language_model`, in the order of its exercises.

The order of the quantities in each check is the order in which a learner computes them.
"""

from utils.checks.chapter04.carrying import check_truncated_pass
from utils.checks.chapter04.clipping import check_clip
from utils.checks.chapter04.cutting import check_cut_gradient
from utils.checks.chapter04.experiment import check_truncation_error
from utils.checks.chapter04.formulas import CHAPTER
from utils.checks.chapter04.predict import check_predictions
from utils.checks.chapter04.sampling import check_sampling
from utils.checks.chapter04.score import check_bits_by_hand, check_text_score
from utils.checks.chapter04.windows import check_windows
from utils.checks.engine import REGISTRY

__all__ = [
    "check_bits_by_hand",
    "check_clip",
    "check_cut_gradient",
    "check_predictions",
    "check_sampling",
    "check_text_score",
    "check_truncated_pass",
    "check_truncation_error",
    "check_windows",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_predictions,
        check_windows,
        check_bits_by_hand,
        check_text_score,
        check_cut_gradient,
        check_truncated_pass,
        check_clip,
        check_sampling,
        check_truncation_error,
    )
}
