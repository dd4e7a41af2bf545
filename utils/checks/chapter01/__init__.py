"""Checks of chapter 01, `01_backprop_recap`, one module per kind of work."""

from utils.checks.chapter01.backward import check_two_layer_backward
from utils.checks.chapter01.by_hand import check_one_unit
from utils.checks.chapter01.experiment import (
    check_initial_gain,
    check_layer_spread,
    check_width_regimes,
)
from utils.checks.chapter01.formulas import CHAPTER
from utils.checks.chapter01.forward import check_two_layer_forward
from utils.checks.chapter01.loss import check_softmax_cross_entropy
from utils.checks.chapter01.nudging import check_numerical_gradient
from utils.checks.chapter01.predict import check_shapes_and_bounds
from utils.checks.chapter01.training import check_momentum_step, check_repaired_step
from utils.checks.engine import REGISTRY

__all__ = [
    "check_initial_gain",
    "check_layer_spread",
    "check_momentum_step",
    "check_numerical_gradient",
    "check_one_unit",
    "check_repaired_step",
    "check_shapes_and_bounds",
    "check_softmax_cross_entropy",
    "check_two_layer_backward",
    "check_two_layer_forward",
    "check_width_regimes",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_shapes_and_bounds,
        check_one_unit,
        check_two_layer_forward,
        check_softmax_cross_entropy,
        check_two_layer_backward,
        check_numerical_gradient,
        check_momentum_step,
        check_layer_spread,
        check_width_regimes,
        check_initial_gain,
        check_repaired_step,
    )
}
