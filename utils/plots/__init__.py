"""Drawing functions of the course and its one look.

``use_style``, ``new_figure`` and ``show`` serve every chapter; each ``draw_*(ax, data)``
paints what it is given and computes nothing itself. What a figure alone needs, such as what a
network says on a grid, is computed by a ``compute_*`` beside it, which draws nothing. One module
per subject; their names are exported here so that a notebook imports everything from
``utils.plots``.
"""

# Subjects, one import per module, in the order of the chapters:
from utils.plots.activations import (
    compute_activation_curve,
    compute_scale_through_layers,
    draw_activation_explorer,
    draw_activations,
    draw_scale_through_layers,
)
from utils.plots.boundary import (
    compute_boundary,
    compute_extent,
    compute_network_boundary,
    compute_running_mean,
    draw_boundary,
    draw_losses,
)
from utils.plots.cell_builder import draw_built_cell, draw_equations
from utils.plots.cell_race import draw_cell_race, draw_sentence_reading
from utils.plots.claims import draw_interval_curves, draw_interval_rows
from utils.plots.cliff import (
    compute_cliff_grid,
    draw_cliff,
    draw_cliff_walk,
    draw_clipped_directions,
    draw_ruined_run,
)
from utils.plots.computation_graph import compute_graph_pass, draw_graph_pass
from utils.plots.counts import count_lines, draw_counts
from utils.plots.descent import (
    compute_contours,
    compute_slow_start,
    draw_descent,
    draw_difference_errors,
    draw_slow_start,
)
from utils.plots.directions import draw_beliefs, draw_look_ahead, draw_two_readers
from utils.plots.forecasts import (
    draw_coverage,
    draw_errors_by_lead,
    draw_forecast,
    draw_forecasts,
    draw_leak,
    draw_series,
)
from utils.plots.gains import (
    draw_chain,
    draw_gains,
    draw_gradient_parts,
    draw_power_norms,
    draw_products,
    draw_training_gains,
)
from utils.plots.gradient_flow import (
    draw_cache_sizes,
    draw_error_flow,
    draw_gradient_check,
    draw_sizes_by_step,
    draw_two_paths,
)
from utils.plots.graph import draw_folded, draw_unrolled, draw_wiring
from utils.plots.gru import draw_gru_cell, draw_gru_unit
from utils.plots.hidden_states import (
    draw_distances,
    draw_hidden_states,
    draw_parameter_counts,
    draw_state_sizes,
)
from utils.plots.language_model import (
    draw_bits_by_context,
    draw_credit,
    draw_learning_rates,
    draw_next_characters,
    draw_stored_bits,
    draw_training_bits,
    draw_windows,
    draw_written,
)
from utils.plots.layers import draw_depth_race, draw_layer_time
from utils.plots.lstm_cell import draw_cell_outside, draw_lstm_cell
from utils.plots.memory import draw_gates_over_words, draw_half_life, draw_memory
from utils.plots.positions import draw_accuracy_by_position, draw_accuracy_grid
from utils.plots.sequence_tasks import draw_beam, draw_melody, draw_packing
from utils.plots.start import (
    compute_intervals,
    compute_matrix_image,
    draw_intervals,
    draw_matrix_image,
)
from utils.plots.style import (
    DIVERGING,
    ROLE,
    SEQUENTIAL,
    new_figure,
    show,
    symmetric_limits,
    use_style,
)
from utils.plots.variant_results import draw_results

__all__ = [
    "DIVERGING",
    "ROLE",
    "SEQUENTIAL",
    "compute_activation_curve",
    "compute_boundary",
    "compute_cliff_grid",
    "compute_contours",
    "compute_extent",
    "compute_graph_pass",
    "compute_intervals",
    "compute_matrix_image",
    "compute_network_boundary",
    "compute_running_mean",
    "compute_scale_through_layers",
    "compute_slow_start",
    "count_lines",
    "draw_accuracy_by_position",
    "draw_accuracy_grid",
    "draw_activation_explorer",
    "draw_activations",
    "draw_beam",
    "draw_beliefs",
    "draw_bits_by_context",
    "draw_boundary",
    "draw_built_cell",
    "draw_cache_sizes",
    "draw_cell_outside",
    "draw_cell_race",
    "draw_chain",
    "draw_cliff",
    "draw_cliff_walk",
    "draw_clipped_directions",
    "draw_counts",
    "draw_coverage",
    "draw_credit",
    "draw_depth_race",
    "draw_descent",
    "draw_difference_errors",
    "draw_distances",
    "draw_equations",
    "draw_error_flow",
    "draw_errors_by_lead",
    "draw_folded",
    "draw_forecast",
    "draw_forecasts",
    "draw_gains",
    "draw_gates_over_words",
    "draw_gradient_check",
    "draw_gradient_parts",
    "draw_graph_pass",
    "draw_gru_cell",
    "draw_gru_unit",
    "draw_half_life",
    "draw_hidden_states",
    "draw_interval_curves",
    "draw_interval_rows",
    "draw_intervals",
    "draw_layer_time",
    "draw_leak",
    "draw_learning_rates",
    "draw_look_ahead",
    "draw_losses",
    "draw_lstm_cell",
    "draw_matrix_image",
    "draw_melody",
    "draw_memory",
    "draw_next_characters",
    "draw_packing",
    "draw_parameter_counts",
    "draw_power_norms",
    "draw_products",
    "draw_results",
    "draw_ruined_run",
    "draw_scale_through_layers",
    "draw_sentence_reading",
    "draw_series",
    "draw_sizes_by_step",
    "draw_slow_start",
    "draw_state_sizes",
    "draw_stored_bits",
    "draw_training_bits",
    "draw_training_gains",
    "draw_two_paths",
    "draw_two_readers",
    "draw_unrolled",
    "draw_windows",
    "draw_wiring",
    "draw_written",
    "new_figure",
    "show",
    "symmetric_limits",
    "use_style",
]
