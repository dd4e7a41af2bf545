"""Checks of chapter 02, `02_rnn_forward`, in the order of its exercises.

The order of the quantities in each check is the order in which a learner computes them.
"""

from utils.checks.chapter02.by_hand import check_parameter_counts, check_two_steps
from utils.checks.chapter02.memory import check_fading, check_state_distance
from utils.checks.chapter02.sequences import check_last_states, check_look_up, check_read_out
from utils.checks.chapter02.steps import (
    CHAPTER,
    check_joined_step,
    check_rnn_step,
    check_unroll,
)
from utils.checks.chapter02.task_shapes import check_task_shapes
from utils.checks.engine import REGISTRY

__all__ = [
    "check_fading",
    "check_joined_step",
    "check_last_states",
    "check_look_up",
    "check_parameter_counts",
    "check_read_out",
    "check_rnn_step",
    "check_state_distance",
    "check_task_shapes",
    "check_two_steps",
    "check_unroll",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_parameter_counts,
        check_two_steps,
        check_rnn_step,
        check_unroll,
        check_joined_step,
        check_look_up,
        check_read_out,
        check_task_shapes,
        check_last_states,
        check_state_distance,
        check_fading,
    )
}
