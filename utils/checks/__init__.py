"""Checks of the exercises: ``checks.check_NAME(answer)`` and ``checks.check_NAME.hint()``.

Every chapter has one module here; `REGISTRY` maps chapter to name to `Check`.
"""

from utils.checks.chapter00 import check_first_steps
from utils.checks.chapter01 import (
    check_initial_gain,
    check_layer_spread,
    check_momentum_step,
    check_numerical_gradient,
    check_one_unit,
    check_repaired_step,
    check_shapes_and_bounds,
    check_softmax_cross_entropy,
    check_two_layer_backward,
    check_two_layer_forward,
    check_width_regimes,
)
from utils.checks.chapter02 import (
    check_fading,
    check_joined_step,
    check_last_states,
    check_look_up,
    check_parameter_counts,
    check_read_out,
    check_rnn_step,
    check_state_distance,
    check_task_shapes,
    check_two_steps,
    check_unroll,
)
from utils.checks.engine import REGISTRY, Check, Property

__all__ = [
    "REGISTRY",
    "Check",
    "Property",
    "check_fading",
    "check_first_steps",
    "check_initial_gain",
    "check_joined_step",
    "check_last_states",
    "check_layer_spread",
    "check_look_up",
    "check_momentum_step",
    "check_numerical_gradient",
    "check_one_unit",
    "check_parameter_counts",
    "check_read_out",
    "check_repaired_step",
    "check_rnn_step",
    "check_shapes_and_bounds",
    "check_softmax_cross_entropy",
    "check_state_distance",
    "check_task_shapes",
    "check_two_layer_backward",
    "check_two_layer_forward",
    "check_two_steps",
    "check_unroll",
    "check_width_regimes",
]
