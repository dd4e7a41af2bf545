"""The cells of `utils.cells` over a whole sequence, fast: run these to train.

One module per cell. Each agrees with its cell in a loop; what makes it fast is said in its place.
"""

from utils.sequence.rnn import (
    RNNSequence,
    RNNSequenceGradients,
    rnn_sequence,
    rnn_sequence_backward,
)

__all__ = [
    "RNNSequence",
    "RNNSequenceGradients",
    "rnn_sequence",
    "rnn_sequence_backward",
]
