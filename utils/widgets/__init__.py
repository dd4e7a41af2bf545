"""Live figures, training with a stop button, predictions and recall questions.

``explore_*`` functions give a figure with controls; each ends as a still picture with
alternative text where no kernel is running. What a notebook uses is exported here, so that it
imports everything from ``utils.widgets``; the widgets of a chapter are in ``chapterNN.py``.
"""

from utils.widgets.chapter00 import diagnostic, explore_repeated_factor
from utils.widgets.chapter01 import (
    explore_activations,
    explore_backward_pass,
    explore_decision_boundary,
    explore_descent,
)
from utils.widgets.chapter02 import (
    explore_hidden_states,
    explore_task_shapes,
    explore_unrolled,
)
from utils.widgets.chapter03 import explore_error_flow, explore_gradient_check
from utils.widgets.chapter04 import explore_sampling, explore_training, explore_truncation
from utils.widgets.chapter05 import (
    explore_agreement_distance,
    explore_cliff,
    explore_scalar_chain,
    explore_spectral_radius,
)
from utils.widgets.chapter06 import (
    explore_gates,
    explore_half_life,
    explore_memory_cell,
    explore_parameter_counts,
)
from utils.widgets.chapter07 import explore_own_cell, explore_variant_results
from utils.widgets.chapter08 import (
    explore_equal_parameters,
    explore_gru_gates,
    explore_three_cells,
)
from utils.widgets.chapter09 import (
    explore_depth_and_width,
    explore_future,
    explore_layer_time,
)
from utils.widgets.chapter10 import explore_beam_search, explore_composer, explore_packing
from utils.widgets.chapter11 import explore_forecast, explore_leak
from utils.widgets.live_figure import LiveFigure
from utils.widgets.study import predict, progress, recall
from utils.widgets.training import TrainingControls, train_live

__all__ = [
    "LiveFigure",
    "TrainingControls",
    "diagnostic",
    "explore_activations",
    "explore_agreement_distance",
    "explore_backward_pass",
    "explore_beam_search",
    "explore_cliff",
    "explore_composer",
    "explore_decision_boundary",
    "explore_depth_and_width",
    "explore_descent",
    "explore_equal_parameters",
    "explore_error_flow",
    "explore_forecast",
    "explore_future",
    "explore_gates",
    "explore_gradient_check",
    "explore_gru_gates",
    "explore_half_life",
    "explore_hidden_states",
    "explore_layer_time",
    "explore_leak",
    "explore_memory_cell",
    "explore_own_cell",
    "explore_packing",
    "explore_parameter_counts",
    "explore_repeated_factor",
    "explore_sampling",
    "explore_scalar_chain",
    "explore_spectral_radius",
    "explore_task_shapes",
    "explore_three_cells",
    "explore_training",
    "explore_truncation",
    "explore_unrolled",
    "explore_variant_results",
    "predict",
    "progress",
    "recall",
    "train_live",
]
