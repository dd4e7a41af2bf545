"""Checks of chapter 09, `09_bidirectional_deep`, in the order of its exercises.

The order of the quantities in each check is the order in which a learner computes them.
"""

from utils.checks.chapter09.both_ways import check_both_directions
from utils.checks.chapter09.by_hand import check_both_by_hand
from utils.checks.chapter09.counting import check_deep_counts
from utils.checks.chapter09.formulas import CHAPTER
from utils.checks.chapter09.layer_back import check_layer_back
from utils.checks.chapter09.padded import check_padded_both
from utils.checks.chapter09.predict import check_context_seen
from utils.checks.chapter09.stack import check_deep_run
from utils.checks.chapter09.study import check_who_needs_what
from utils.checks.engine import REGISTRY

__all__ = [
    "check_both_by_hand",
    "check_both_directions",
    "check_context_seen",
    "check_deep_counts",
    "check_deep_run",
    "check_layer_back",
    "check_padded_both",
    "check_who_needs_what",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_context_seen,
        check_both_by_hand,
        check_both_directions,
        check_padded_both,
        check_deep_run,
        check_layer_back,
        check_deep_counts,
        check_who_needs_what,
    )
}
