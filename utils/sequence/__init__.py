"""The cells of `utils.cells` over a whole sequence, fast: run these to train.

One module per cell. Each agrees with its cell in a loop; what makes it fast is said in its place.
"""

from utils.sequence.gru import (
    GRUSequence,
    GRUSequenceGradients,
    gru_sequence,
    gru_sequence_backward,
)
from utils.sequence.lstm import (
    LSTMSequence,
    LSTMSequenceGradients,
    lstm_sequence,
    lstm_sequence_backward,
)
from utils.sequence.lstm_variants import (
    VariantSequence,
    lstm_variant_sequence,
    lstm_variant_sequence_backward,
)
from utils.sequence.rnn import (
    RNNSequence,
    RNNSequenceGradients,
    rnn_sequence,
    rnn_sequence_backward,
)

__all__ = [
    "GRUSequence",
    "GRUSequenceGradients",
    "LSTMSequence",
    "LSTMSequenceGradients",
    "RNNSequence",
    "RNNSequenceGradients",
    "VariantSequence",
    "gru_sequence",
    "gru_sequence_backward",
    "lstm_sequence",
    "lstm_sequence_backward",
    "lstm_variant_sequence",
    "lstm_variant_sequence_backward",
    "rnn_sequence",
    "rnn_sequence_backward",
]
