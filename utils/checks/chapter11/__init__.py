"""Checks of chapter 11, `11_forecasting`, in the order of its exercises.

The order of the quantities in each check is the order in which a learner computes them.
"""

from utils.checks.chapter11.bands import check_calibrated_band
from utils.checks.chapter11.by_hand import check_errors_by_hand
from utils.checks.chapter11.formulas import CHAPTER
from utils.checks.chapter11.predict import check_leaks
from utils.checks.chapter11.recursive import check_recursive
from utils.checks.chapter11.rolling import check_rolling_drift
from utils.checks.chapter11.scaling import check_scaled_parts
from utils.checks.chapter11.study import check_network_study
from utils.checks.chapter11.windows import check_split_windows
from utils.checks.engine import REGISTRY

__all__ = [
    "check_calibrated_band",
    "check_errors_by_hand",
    "check_leaks",
    "check_network_study",
    "check_recursive",
    "check_rolling_drift",
    "check_scaled_parts",
    "check_split_windows",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_leaks,
        check_errors_by_hand,
        check_split_windows,
        check_scaled_parts,
        check_recursive,
        check_rolling_drift,
        check_calibrated_band,
        check_network_study,
    )
}
