"""How many numbers a recurrent network has to learn: cell by cell, layer by layer."""

from __future__ import annotations

from typing import NamedTuple

from utils.validation import as_choice, as_count, describe

__all__ = ["BLOCKS", "LayerCount", "NetworkCount", "count_network"]

BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}
"""How many parts of each cell have weights: sums of inputs, state and bias."""


class LayerCount(NamedTuple):
    """Hold the parameters of one layer in one direction.

    Attributes
    ----------
    inputs, state : int
        Numbers that enter from below (D in the first layer) and from the step before.
    W_x, W_h, b, W_p : int
        Parameters of the matrix from the input, of the matrix from the state, of all biases, and
        of the projection (0 without one).
    """

    inputs: int
    state: int
    W_x: int
    W_h: int
    b: int
    W_p: int

    @property
    def total(self) -> int:
        """All parameters of this layer in this direction."""
        return self.W_x + self.W_h + self.b + self.W_p


class NetworkCount(NamedTuple):
    """Hold the parameters of a recurrent network.

    Attributes
    ----------
    cell : {"rnn", "gru", "lstm"}
    H : int
    directions : 1 or 2
    layers : tuple of LayerCount
        For one direction each; with two directions every layer is there twice.
    """

    cell: str
    H: int
    directions: int
    layers: tuple[LayerCount, ...]

    @property
    def total(self) -> int:
        """All parameters of the network."""
        return self.directions * sum(layer.total for layer in self.layers)


def count_network(
    cell: str,
    D: int,
    H: int,
    layers: int = 1,
    bidirectional: bool = False,
    projection: int | None = None,
    biases: int = 1,
) -> NetworkCount:
    r"""Count the parameters of a recurrent network, without its output layer.

    One layer in one direction with G blocks (1 for the plain RNN, 3 for the GRU, 4 for the LSTM),
    n biases, D inputs and H units:

    .. math:: G \cdot H \, (D + H + n)

    With a projection to P numbers the state that goes on is P long, and there is one matrix more:
    :math:`4 H (D + P + n) + H P`. Every further layer reads the states of all directions of the
    layer below.

    Parameters
    ----------
    cell : {"rnn", "gru", "lstm"}
    D, H : int, at least 1
        Input features and hidden units.
    layers : int, at least 1
    bidirectional : bool
    projection : int from 1 to H - 1, optional
        Length P of the projected state; of an LSTM alone, as in ``torch``.
    biases : {0, 1, 2}
        Biases of each block. ``torch`` has two, one of which is redundant but for the candidate of
        a GRU that resets after the product: this course's GRU has one for each block and ``b_hn``
        besides, H numbers more than are counted here for one.

    Returns
    -------
    NetworkCount
        ``.total``, and ``.layers`` with the parts.

    Raises
    ------
    TypeError
        If a size is not a whole number or `bidirectional` neither True nor False.
    ValueError
        If a size is below 1, there is no such cell, the biases are not 0, 1 or 2, or the cell
        cannot have that projection.

    References
    ----------
    Sak, Senior and Beaufays (2014), Long short-term memory recurrent neural network architectures
    for large scale acoustic modeling, Interspeech; on the projection.

    Examples
    --------
    >>> count_network("lstm", D=10, H=20).total
    2480
    """
    as_choice("cell", cell, BLOCKS)
    D, H, layers = as_count("D", D), as_count("H", H), as_count("layers", layers)
    if not isinstance(bidirectional, bool):
        raise TypeError(f"bidirectional is {describe(bidirectional)}; expected True or False.")
    biases = as_count("biases", biases, at_least=0)
    if biases > 2:
        raise ValueError(f"biases is {biases}; expected 0, 1 or 2 for each block.")
    P = H
    if projection is not None:
        P = as_count("projection", projection)
        if cell != "lstm":
            raise ValueError(f"projection is {P}; expected none for the cell {cell!r}.")
        if P >= H:
            raise ValueError(f"projection is {P}; expected less than H = {H}.")
    directions = 2 if bidirectional else 1
    rows = []
    for layer in range(layers):
        inputs = D if layer == 0 else directions * P
        G = BLOCKS[cell] * H
        W_p = H * P if projection is not None else 0
        rows.append(LayerCount(inputs, P, inputs * G, P * G, biases * G, W_p))
    return NetworkCount(cell, H, directions, tuple(rows))
