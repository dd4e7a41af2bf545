"""A network that reads a text as a bag of words: what order is worth, measured against it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from utils.pytorch.padding import make_mask, masked_mean
from utils.validation import as_count

__all__ = ["BagOfWords"]


class BagOfWords(nn.Module):
    r"""Name the class of a text from the mean of its word vectors, in whatever order they come.

    .. math:: o = \Big(\frac{1}{T} \sum_t E_{x_t}\Big) W + b

    Parameters
    ----------
    V, D, K : int
        Sizes of the vocabulary, of a word vector, and number of classes.

    Raises
    ------
    TypeError, ValueError
        If a size is no whole number of at least 1.
    """

    def __init__(self, V: int, D: int, K: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(as_count("V", V), as_count("D", D))
        self.output = nn.Linear(D, as_count("K", K))

    def forward(self, xs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the scores of the classes.

        Parameters
        ----------
        xs : whole numbers, shape (T, B)
        lengths : whole numbers in 1 … T, shape (B,), optional
            T for all if it is left out.

        Returns
        -------
        logits, shape (B, K)

        Raises
        ------
        TypeError, ValueError
            If `lengths` is not as described.
        """
        T, B = xs.shape
        lengths = torch.full((B,), T) if lengths is None else lengths
        return self.output(masked_mean(self.embedding(xs), make_mask(lengths, T)))
