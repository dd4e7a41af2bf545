"""Checks of chapter 05, `05_vanishing_exploding`, in the order of its exercises.

The order of the quantities in each check is the order in which a learner computes them.
"""

from utils.checks.chapter05.clipping import check_turned_angles
from utils.checks.chapter05.jacobians import check_step_jacobian
from utils.checks.chapter05.norms import check_backward_norms
from utils.checks.chapter05.predict import CHAPTER, check_fates
from utils.checks.chapter05.reach import check_reach
from utils.checks.chapter05.scalar_chain import check_scalar_chain
from utils.checks.chapter05.shared_weight import check_split_gradient
from utils.checks.chapter05.training import check_repaired_run
from utils.checks.engine import REGISTRY

__all__ = [
    "check_backward_norms",
    "check_fates",
    "check_reach",
    "check_repaired_run",
    "check_scalar_chain",
    "check_split_gradient",
    "check_step_jacobian",
    "check_turned_angles",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_fates,
        check_scalar_chain,
        check_step_jacobian,
        check_backward_norms,
        check_split_gradient,
        check_turned_angles,
        check_repaired_run,
        check_reach,
    )
}
