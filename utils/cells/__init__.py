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
    "RNN_ACTIVATIONS",
    "GRUStepGradients",
    "GRUStepValues",
    "GRUWeights",
    "LSTMStepGradients",
    "LSTMStepValues",
    "LSTMWeights",
    "OutputWeights",
    "RNNStepGradients",
    "RNNWeights",
    "gru_step",
    "gru_step_backward",
    "init_gru_weights",
    "init_lstm_weights",
    "init_output_weights",
    "init_rnn_weights",
    "lstm_step",
    "lstm_step_backward",
    "rnn_step",
    "rnn_step_backward",
    "rnn_unroll",
]
