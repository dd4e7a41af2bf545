"""Four networks in PyTorch, one for each shape of sequence task.

- `Classifier`, many-to-one: reads a text, writes one class.
- `Tagger`, many-to-many, aligned: reads a text, writes a tag for every word.
- `Composer`, one-to-many: reads what it wrote last, writes the next note.
- `EncoderDecoder`, many-to-many, unaligned: reads a text, writes another text.

All are time first: whole numbers of shape (T, B) go in. Where texts of one batch differ in length,
``lengths`` says how long each is; the recurrent layer then gets the batch packed, so that padding
never enters it, in neither direction.

References
----------
Cho et al. (2014), Learning phrase representations using RNN encoder-decoder for statistical
machine translation, EMNLP. Sutskever, Vinyals and Le (2014), Sequence to sequence learning with
neural networks, NeurIPS. Luong, Pham and Manning (2015), Effective approaches to attention-based
neural machine translation, EMNLP: the attention here is their "general" score.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from utils.pytorch.padding import make_mask, run_packed
from utils.validation import as_choice, as_count, as_number, describe

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
"""The recurrent layers of PyTorch by their names in this course."""

State = Tensor | tuple[Tensor, Tensor]


class Classifier(nn.Module):
    """Read a whole text, then name its class: many-to-one.

    What is classified is the state of the last layer after the last word of each text; with both
    directions, that of the forward one after the last word beside that of the backward one after
    the first.

    Parameters
    ----------
    V : int
        Size of the vocabulary.
    D : int
        Size of the vector that stands for a word.
    H : int
        Hidden units per layer and direction.
    K : int
        How many classes.
    cell : {"lstm", "gru", "rnn"}
    layers : int, at least 1
    both_directions : bool
        Whether a second cell reads from the end.
    dropout : float in [0, 1)
        Share of the values between two layers that is set to zero in training.

    Raises
    ------
    TypeError, ValueError
        If a size is no whole number of at least 1, or an argument not as described.
    """

    def __init__(
        self,
        V: int,
        D: int,
        H: int,
        K: int,
        cell: str = "lstm",
        layers: int = 1,
        both_directions: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(as_count("V", V), as_count("D", D))
        self.recurrent = recurrent_layer(D, H, cell, layers, both_directions, dropout)
        self.output = nn.Linear(H * (1 + both_directions), as_count("K", K))

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
        ValueError
            If shapes or lengths are not as described.
        """
        _, state = run(self.recurrent, self.embedding(xs), lengths)
        return self.output(last_of(state, self.recurrent.bidirectional))


class Tagger(nn.Module):
    """Give every word a tag at the step at which it is read: many-to-many, aligned.

    Parameters
    ----------
    V, D, H : int, at least 1
        As in `Classifier`.
    K : int, at least 1
        Tags.
    cell, layers, both_directions, dropout
        As in `Classifier`.
    """

    def __init__(
        self,
        V: int,
        D: int,
        H: int,
        K: int,
        cell: str = "lstm",
        layers: int = 1,
        both_directions: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(as_count("V", V), as_count("D", D))
        self.recurrent = recurrent_layer(D, H, cell, layers, both_directions, dropout)
        self.output = nn.Linear(H * (1 + both_directions), as_count("K", K))

    def forward(self, xs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the scores of the tags, shape (T, B, K); at padding they mean nothing.

        Parameters and errors are those of `Classifier.forward`.

        Parameters
        ----------
        xs : Tensor of int, shape (T, B)
        lengths : Tensor of int, shape (B,), optional

        Returns
        -------
        Tensor, shape (T, B, K)
        """
        hs, _ = run(self.recurrent, self.embedding(xs), lengths)  # (T, B, H)
        return self.output(hs)


class Composer(nn.Module):
    """Write one symbol after the other, each read before the next is chosen: one-to-many.

    Parameters
    ----------
    V : int
        Size of the vocabulary, which is read and written.
    D, H, cell, layers, dropout
        As for `Classifier`. There is no backward direction: what it would read is not yet
        written.
    """

    def __init__(
        self, V: int, D: int, H: int, cell: str = "lstm", layers: int = 1, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(as_count("V", V), as_count("D", D))
        self.recurrent = recurrent_layer(D, H, cell, layers, False, dropout)
        self.output = nn.Linear(H, V)

    def forward(self, xs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the scores of what comes next at every step, and the state to go on from.

        Padding at the end of a text comes after all that is scored, so no lengths are needed.

        Parameters
        ----------
        xs : whole numbers, shape (T, B)
        state : optional
            What an earlier call returned; zeros if it is left out.

        Returns
        -------
        logits, shape (T, B, V)
        state
        """
        hs, state = self.recurrent(self.embedding(xs), state)
        return self.output(hs), state


class Memory(NamedTuple):
    """Hold what the encoder made of a batch of texts.

    Attributes
    ----------
    states : Tensor, shape (T, B, 2H)
        What it knew at every step: forward and backward direction side by side; 0 at padding.
    mask : Tensor of bool, shape (T, B)
        True where there is a character.
    state : Tensor or pair of Tensors, shape (1, B, H)
        The state that the decoder starts from.
    """

    states: Tensor
    mask: Tensor
    state: State


class Step(NamedTuple):
    """Hold what the decoder made of one step.

    Attributes
    ----------
    logits : Tensor, shape (B, V)
        Scores of the next character.
    state : Tensor or pair of Tensors, shape (1, B, H)
    attention : Tensor or None, shape (B, T)
        How much each character of the text counted; at least 0, adding up to 1, exactly 0 at
        padding. None where the model has no attention.
    """

    logits: Tensor
    state: State
    attention: Tensor | None


class EncoderDecoder(nn.Module):
    """Read a whole text, then write another one: many-to-many, unaligned.

    The encoder reads in both directions. The decoder starts from one vector that is made of the
    encoder's last states, and writes a character at a time, reading what it wrote. Without
    attention that vector is all that it ever learns of the text. With attention it looks back
    at every step: each state of the encoder is scored against its own state, and it gets their
    mean weighted by the softmax of the scores.

    Parameters
    ----------
    V_source, V_target : int
        Sizes of the two vocabularies.
    D : int
        Size of the vector that stands for a character.
    H : int
        Hidden units of the decoder, and of each direction of the encoder.
    cell : {"gru", "lstm", "rnn"}
    attention : bool
        Whether the decoder looks back.
    start : int
        The index, in the target's vocabulary, that the decoder reads first.

    Raises
    ------
    TypeError, ValueError
        If a size is no whole number of at least 1, or an argument not as described.
    """

    def __init__(
        self,
        V_source: int,
        V_target: int,
        D: int,
        H: int,
        cell: str = "gru",
        attention: bool = False,
        start: int = 1,
    ) -> None:
        super().__init__()
        self.start = as_count("start", start, at_least=0)
        self.source_embedding = nn.Embedding(as_count("V_source", V_source), as_count("D", D))
        self.encoder = recurrent_layer(D, H, cell, both_directions=True)
        self.bridge = nn.Linear(2 * H, H)
        self.target_embedding = nn.Embedding(as_count("V_target", V_target), D)
        self.decoder = recurrent_layer(D, H, cell)
        self.attention = nn.Linear(2 * H, H, bias=False) if attention else None
        self.output = nn.Linear(3 * H if attention else H, V_target)

    def encode(self, xs: Tensor, lengths: Tensor | None = None) -> Memory:
        """Read a batch of texts.

        Parameters
        ----------
        xs : whole numbers, shape (T, B)
        lengths : whole numbers in 1 … T, shape (B,), optional
            T for all if it is left out.

        Returns
        -------
        Memory

        Raises
        ------
        ValueError
            If shapes or lengths are not as described.
        """
        states, last = run(self.encoder, self.source_embedding(xs), lengths)  # (T, B, 2H)
        state = torch.tanh(self.bridge(last_of(last, both_directions=True)))[None]  # (1, B, H)
        T, B = xs.shape
        mask = make_mask([T] * B if lengths is None else lengths, T)
        if isinstance(self.decoder, nn.LSTM):
            state = (state, torch.zeros_like(state))
        return Memory(states, mask.to(xs.device), state)

    def decode_step(self, y: Tensor, state: State, memory: Memory) -> Step:
        """Read the character written last and score the next one.

        Parameters
        ----------
        y : whole numbers, shape (B,)
            `start` at the first step.
        state
            ``memory.state`` at the first step, then that of the step before.
        memory : Memory

        Returns
        -------
        Step
        """
        hs, state = self.decoder(self.target_embedding(y)[None], state)  # (1, B, H)
        logits, attention = self._score(hs, memory)
        return Step(logits[0], state, None if attention is None else attention[0])

    def forward(self, xs: Tensor, lengths: Tensor | None, targets: Tensor) -> Tensor:
        """Score every character of the targets, given those before it: teacher forcing.

        The decoder reads `start`, then the targets themselves, whatever it would have written;
        so all its steps run at once.

        Parameters
        ----------
        xs, lengths
            As for `encode`.
        targets : whole numbers, shape (S, B)

        Returns
        -------
        logits, shape (S, B, V_target)
            Those at step s are the scores for ``targets[s]``.
        """
        memory = self.encode(xs, lengths)
        first = torch.full_like(targets[:1], self.start)
        said = torch.cat([first, targets[:-1]])  # (S, B): shifted by one
        hs, _ = self.decoder(self.target_embedding(said), memory.state)  # (S, B, H)
        return self._score(hs, memory)[0]

    def _score(self, hs: Tensor, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """Return the scores of the next characters (S, B, V), and where the decoder looked."""
        if self.attention is None:
            return self.output(hs), None
        keys = self.attention(memory.states)  # (T, B, H)
        scores = torch.einsum("sbh,tbh->sbt", hs, keys)
        scores = scores.masked_fill(~memory.mask.T, -torch.inf)
        weights = torch.softmax(scores, dim=-1)  # (S, B, T), 0 at padding
        context = torch.einsum("sbt,tbe->sbe", weights, memory.states)  # (S, B, 2H)
        return self.output(torch.cat([hs, context], dim=-1)), weights


def recurrent_layer(
    D: int,
    H: int,
    cell: str = "lstm",
    layers: int = 1,
    both_directions: bool = False,
    dropout: float = 0.0,
) -> nn.RNNBase:
    """Return a recurrent layer of PyTorch, time first.

    Parameters
    ----------
    D, H : int, at least 1
        Input features and hidden units.
    cell : {"rnn", "gru", "lstm"}
    layers : int, at least 1
    both_directions : bool
    dropout : float in [0, 1)
        Between layers; 0 where there is one.

    Returns
    -------
    torch.nn.RNN, torch.nn.GRU or torch.nn.LSTM

    Raises
    ------
    TypeError, ValueError
        If a size is no whole number of at least 1, or an argument not as described.
    """
    kind = CELLS[as_choice("cell", cell, CELLS)]
    layers = as_count("layers", layers)
    dropout = as_number("dropout", dropout, at_least=0, below=1)
    if dropout and layers == 1:
        raise ValueError(f"dropout is {dropout} with 1 layer; it acts between layers only.")
    return kind(
        as_count("D", D), as_count("H", H), layers, bidirectional=both_directions, dropout=dropout
    )


def run(recurrent: nn.RNNBase, inputs: Tensor, lengths: Any = None) -> tuple[Tensor, State]:
    """Run a recurrent layer over padded texts such that padding never enters it.

    Parameters
    ----------
    recurrent : nn.RNN, nn.LSTM or nn.GRU, time first
    inputs : Tensor, shape (T, B, D)
    lengths : whole numbers in 1 … T, shape (B,), optional
        Without it no step is padding.

    Returns
    -------
    hs : Tensor, shape (T, B, H) or (T, B, 2H)
        0 at padding.
    state
        After the last word of each text, as the layer itself returns it.

    Raises
    ------
    ValueError
        If `inputs` has no three axes, or `lengths` is not as described.
    """
    if not isinstance(inputs, Tensor) or inputs.ndim != 3:
        given = tuple(inputs.shape) if isinstance(inputs, Tensor) else describe(inputs)
        raise ValueError(f"inputs are {given}; expected (T, B, D), so xs of shape (T, B).")
    return recurrent(inputs) if lengths is None else run_packed(recurrent, inputs, lengths)


def last_of(state: State, both_directions: bool) -> Tensor:
    """Return what the last layer knew when it had read everything, shape (B, H) or (B, 2H).

    Parameters
    ----------
    state : Tensor, shape (layers · directions, B, H), or a pair of them
        As a recurrent layer returns it; of a pair (h, c) the first is taken.
    both_directions : bool
        Whether the two last rows are two directions, which are put side by side.

    Returns
    -------
    Tensor, shape (B, H) or (B, 2H)
    """
    h = state[0] if isinstance(state, tuple) else state
    return torch.cat([h[-2], h[-1]], dim=-1) if both_directions else h[-1]
