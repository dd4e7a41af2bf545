"""The output layer that reads scores off a hidden state."""

from typing import Any, NamedTuple

import numpy as np

from utils.initialisation import normal_matrix
from utils.validation import Array, as_count, as_float_type, as_generator


class OutputWeights(NamedTuple):
    """Hold the weights of the output layer; ``linear(h_t, *output_weights)`` gives the scores.

    Attributes
    ----------
    W_hy : array, shape (H, V)
        From the hidden state to one score for every class.
    b_y : array, shape (V,)
        Bias of the scores.
    """

    W_hy: Array
    b_y: Array


def init_output_weights(
    H: int, V: int, rng: np.random.Generator, scale: float | None = None, dtype: Any = np.float64
) -> OutputWeights:
    r"""Draw the weights of the output layer from a normal distribution around zero, bias zero.

    Parameters
    ----------
    H, V : int
        Hidden units and classes.
    rng : numpy.random.Generator
    scale : float, optional
        Standard deviation; without it :math:`1/\sqrt H`.
    dtype : float32 or float64

    Returns
    -------
    OutputWeights
        W_hy (H, V), b_y (V,).

    Raises
    ------
    TypeError, ValueError
        As `init_rnn_weights` does.
    """
    H, V, rng = as_count("H", H), as_count("V", V), as_generator("rng", rng)
    dtype = as_float_type("dtype", dtype)
    return OutputWeights(
        W_hy=normal_matrix(rng, (H, V), scale, dtype), b_y=np.zeros(V, dtype=dtype)
    )
