"""The cells of recurrent networks, one time step at a time: read these to learn.

One module per cell, each with its step forward, its step back, and its weights.
"""

from utils.cells.gru import (
    GRUStepGradients,
    GRUStepValues,
    GRUWeights,
    gru_step,
    gru_step_backward,
    init_gru_weights,
)
from utils.cells.lstm import (
    LSTMStepGradients,
    LSTMStepValues,
    LSTMWeights,
    init_lstm_weights,
    lstm_step,
    lstm_step_backward,
)
from utils.cells.lstm_variants import (
    LSTM_VARIANTS,
    VARIANT_ALIASES,
    LSTMVariant,
    as_variant,
    init_variant_weights,
    lstm_variant_step,
    lstm_variant_step_backward,
)
from utils.cells.output import OutputWeights, init_output_weights
from utils.cells.rnn import (
    RNN_ACTIVATIONS,
    RNNStepGradients,
    RNNWeights,
    init_rnn_weights,
    rnn_step,
    rnn_step_backward,
    rnn_unroll,
)

__all__ = [
    "LSTM_VARIANTS",
    "RNN_ACTIVATIONS",
    "VARIANT_ALIASES",
    "GRUStepGradients",
    "GRUStepValues",
    "GRUWeights",
    "LSTMStepGradients",
    "LSTMStepValues",
    "LSTMVariant",
    "LSTMWeights",
    "OutputWeights",
    "RNNStepGradients",
    "RNNWeights",
    "as_variant",
    "gru_step",
    "gru_step_backward",
    "init_gru_weights",
    "init_lstm_weights",
    "init_output_weights",
    "init_rnn_weights",
    "init_variant_weights",
    "lstm_step",
    "lstm_step_backward",
    "lstm_variant_step",
    "lstm_variant_step_backward",
    "rnn_step",
    "rnn_step_backward",
    "rnn_unroll",
]
