"""Let a trained network write: greedily, by beam search, or by drawing.

A decoder gives the probability of each next character given those before it. What is wanted is
the most probable whole text,

    ln P(y | x) = Σ_s ln P(y_s | y_1 … y_{s-1}, x).

`greedy` takes the most probable character at each step, which need not lead there. `beam_search`
keeps the ``width`` best beginnings at each step, and returns the whole tree that it looked at; with
width 1 it is greedy. `compose` draws each character by its probability.

References
----------
Graves (2012), Sequence transduction with recurrent neural networks, ICML workshop. Wu et al.
(2016), Google's neural machine translation system, arXiv:1609.08144, section 7: dividing by a
power of the length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from utils.pytorch.models import Composer, EncoderDecoder
from utils.sampling import sample, tempered, top_k
from utils.validation import as_count, as_generator, as_indices, as_number


class Decoded(NamedTuple):
    """Hold what a decoder wrote for a batch of texts.

    Attributes
    ----------
    tokens : array of int, shape (S, B)
        What was written, with the end mark; after it padding, 0.
    log_probabilities : array, shape (B,), at most 0, in nats
        Of each whole text, the end mark included.
    attention : array or None, shape (S, B, T)
        Where the decoder looked; None where the model has no attention.
    """

    tokens: np.ndarray
    log_probabilities: np.ndarray
    attention: np.ndarray | None


class Node(NamedTuple):
    """Hold one character that a beam search looked at.

    Attributes
    ----------
    index : int
        Its place in `Beam.nodes`.
    parent : int
        The place of the node before it; -1 for the root.
    step : int
        How many characters the text has with this one; 0 for the root.
    token : int
        The character; for the root the one that the decoder reads first.
    log_probability : float, at most 0, in nats
        Of the text up to here.
    fate : {"kept", "pruned", "finished"}
        Gone on from, dropped at its step, or ended by an end mark (or by the last step).
    """

    index: int
    parent: int
    step: int
    token: int
    log_probability: float
    fate: str


class Hypothesis(NamedTuple):
    """Hold one text that a beam search ended with.

    Attributes
    ----------
    tokens : tuple of int
        The text, with its end mark if it has one.
    log_probability : float, at most 0, in nats
    score : float
        ``log_probability / len(tokens) ** length_power``.
    finished : bool
        Whether it ends with an end mark.
    node : int
        The place of its last character in `Beam.nodes`.
    """

    tokens: tuple[int, ...]
    log_probability: float
    score: float
    finished: bool
    node: int


@dataclass(frozen=True)
class Beam:
    """Hold the tree that a beam search grew.

    Attributes
    ----------
    hypotheses : tuple of Hypothesis
        At most `width`, the best first.
    nodes : tuple of Node
        The root first, then step by step, within a step from the most probable text down. Of the
        characters that could follow a beginning, those are kept here that were among its `width`
        most probable ones.
    width : int
    """

    hypotheses: tuple[Hypothesis, ...]
    nodes: tuple[Node, ...]
    width: int

    @property
    def best(self) -> Hypothesis:
        """The hypothesis with the highest score."""
        return self.hypotheses[0]

    def path(self, node: int) -> tuple[Node, ...]:
        """Return the nodes from the first character to the one at a place in `nodes`.

        Parameters
        ----------
        node : int
            A place in `nodes`.

        Returns
        -------
        tuple of Node
        """
        found = []
        while node > 0:
            found.append(self.nodes[node])
            node = self.nodes[node].parent
        return tuple(reversed(found))


@torch.no_grad()
def greedy(
    model: EncoderDecoder, xs: Any, lengths: Any = None, max_steps: int = 20, end: int = 2
) -> Decoded:
    """Write the most probable character at each step, for a whole batch at once.

    Parameters
    ----------
    model : EncoderDecoder
    xs : whole numbers, shape (T, B)
        Tensor or array.
    lengths : whole numbers, shape (B,), optional
        T for all if it is left out.
    max_steps : int, at least 1
        Where a text ends that has found no end.
    end : int
        The index of the end mark.

    Returns
    -------
    Decoded

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    max_steps, end = as_count("max_steps", max_steps), as_count("end", end, at_least=0)
    with _at_rest(model):
        memory = model.encode(_as_input(xs, 2), lengths)
        y, state = _first(model, memory), memory.state
        total, done = torch.zeros(len(y)), torch.zeros(len(y), dtype=torch.bool)
        tokens, looks = [], []
        for _ in range(max_steps):
            logits, state, attention = model.decode_step(y, state, memory)
            best, y = torch.log_softmax(logits, dim=-1).max(dim=-1)
            y, best = y.masked_fill(done, 0), best.masked_fill(done, 0.0)
            total, done = total + best, done | (y == end)
            tokens.append(y)
            looks.append(attention)
            if done.all():
                break
    seen = None if looks[0] is None else torch.stack(looks).numpy()
    return Decoded(torch.stack(tokens).numpy(), total.numpy(), seen)


@torch.no_grad()
def beam_search(
    model: EncoderDecoder,
    xs: Any,
    width: int = 3,
    max_steps: int = 20,
    end: int = 2,
    length_power: float = 0.0,
) -> Beam:
    r"""Look for the most probable text, keeping the best `width` beginnings at each step.

    A text that ends leaves the search; the others go on until `width` have ended, or
    `max_steps` are over. A sum of logarithms falls with every character, so the most probable
    text tends to be short; the hypotheses are therefore compared by

    .. math:: \frac{\ln P(y \mid x)}{|y|^{\alpha}}

    with α = `length_power`: 0 compares probabilities, 1 the mean per character.

    Parameters
    ----------
    model : EncoderDecoder
    xs : whole numbers, shape (T,) or (T, 1)
        One text, without padding.
    width : int, at least 1
        1 is greedy; V ** (max_steps - 1) would look at everything.
    max_steps : int, at least 1
        Where a text ends that has found no end.
    end : int
        The index of the end mark.
    length_power : float, at least 0

    Returns
    -------
    Beam

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    width, max_steps = as_count("width", width), as_count("max_steps", max_steps)
    end = as_count("end", end, at_least=0)
    power = as_number("length_power", length_power, at_least=0)
    nodes = [Node(0, -1, 0, model.start, 0.0, "kept")]
    open_, ended = [0], []  # places in nodes
    with _at_rest(model):
        memory = model.encode(_as_input(xs, 1))
        state = memory.state
        for step in range(1, max_steps + 1):
            copies = _copies(memory, len(open_))
            y = torch.tensor([nodes[place].token for place in open_])
            logits, state, _ = model.decode_step(y, state, copies)
            found = _followers(torch.log_softmax(logits, dim=-1), nodes, open_, width)
            room, rows, before = width - len(ended), [], open_
            open_ = []
            for rank, (total, row, token) in enumerate(found):
                kept = rank < room
                stops = kept and (token == end or step == max_steps)
                fate = "finished" if stops else "kept" if kept else "pruned"
                node = Node(len(nodes), before[row], step, token, total, fate)
                nodes.append(node)
                if stops:
                    ended.append(node.index)
                elif kept:
                    open_.append(node.index)
                    rows.append(row)
            if not open_:
                break
            state = _rows(state, rows)
    beam = Beam((), tuple(nodes), width)
    hypotheses = [_hypothesis(beam, place, end, power) for place in ended]
    return replace(beam, hypotheses=tuple(sorted(hypotheses, key=lambda h: -h.score)))


@torch.no_grad()
def sequence_log_probability(model: EncoderDecoder, xs: Any, targets: Any) -> float:
    r"""Return the logarithm of the probability of a text by teacher forcing, in nats.

    .. math:: \ln P(y \mid x) = \sum_s \ln P(y_s \mid y_1 \dots y_{s-1}, x)

    Parameters
    ----------
    model : EncoderDecoder
    xs : whole numbers, shape (T,) or (T, 1)
    targets : whole numbers, shape (S,) or (S, 1)
        With the end mark, if its probability is to count.

    Returns
    -------
    float, at most 0

    Raises
    ------
    ValueError
        If a shape is not as described.
    """
    targets = _as_input(targets, 1)
    with _at_rest(model):
        logits = model(_as_input(xs, 1), None, targets)
    return torch.log_softmax(logits, dim=-1).gather(-1, targets[..., None]).sum().item()


@torch.no_grad()
def compose(
    model: Composer,
    start: Sequence[int],
    n: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
    k: int | None = None,
    end: int | None = 2,
) -> list[int]:
    """Let a composer go on from a beginning, drawing each symbol by its probability.

    Parameters
    ----------
    model : Composer
    start : sequence of int, at least one
        What it reads first.
    n : int, at least 1
        At most so many symbols are drawn.
    rng : numpy.random.Generator
    temperature : float above 0
        Below 1 the probable becomes more probable, above 1 all become more alike.
    k : int, optional
        Draw among the k most probable symbols only.
    end : int, optional
        Stop after this symbol; None never stops.

    Returns
    -------
    list of int
        What was drawn, without `start` and without the end mark.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    rng, n = as_generator("rng", rng), as_count("n", n)
    V = model.embedding.num_embeddings
    read = torch.as_tensor(as_indices("start", start, V, "T"))[:, None]
    drawn: list[int] = []
    with _at_rest(model):
        state = None
        while len(drawn) < n:
            logits, state = model(read, state)
            probabilities = tempered(logits[-1, 0].numpy(), temperature)
            if k is not None:
                probabilities = top_k(probabilities, k)
            token = sample(probabilities, rng)
            if token == end:
                break
            drawn.append(token)
            read = torch.tensor([[token]])
    return drawn


class _at_rest:
    """Switches dropout off inside a ``with`` block, and back to what it was."""

    def __init__(self, model: torch.nn.Module) -> None:
        self._model, self._training = model, model.training

    def __enter__(self) -> None:
        self._model.eval()

    def __exit__(self, *error: object) -> None:
        self._model.train(self._training)


def _as_input(xs: Any, axes: int) -> Tensor:
    """Return whole numbers of shape (T, B); where `axes` is 1 a single text, (T, 1)."""
    tensor = torch.as_tensor(xs)
    if axes == 1 and tensor.ndim == 1:
        tensor = tensor[:, None]
    one = axes == 1
    if tensor.ndim != 2 or not tensor.numel() or (one and tensor.shape[1] != 1):
        wanted = "(T,) or (T, 1)" if one else "(T, B)"
        raise ValueError(f"a text has shape {tuple(tensor.shape)}; expected {wanted}.")
    if tensor.is_floating_point():
        raise TypeError(f"a text holds {tensor.dtype}; expected whole numbers.")
    return tensor.long()


def _first(model: EncoderDecoder, memory: Any) -> Tensor:
    return torch.full((memory.states.shape[1],), model.start)


def _rows(state: Any, rows: list[int]) -> Any:
    """Return the states of some members of a batch, in the order asked for."""
    if isinstance(state, tuple):
        return tuple(part[:, rows] for part in state)
    return state[:, rows]


def _copies(memory: Any, n: int) -> Any:
    """Return the memory of one text n times, for n beginnings."""
    return memory._replace(states=memory.states.expand(-1, n, -1), mask=memory.mask.expand(-1, n))


def _followers(
    log_p: Tensor, nodes: list[Node], open_: list[int], width: int
) -> list[tuple[float, int, int]]:
    """Return the `width` best followers of each beginning: (log-probability, row, token)."""
    best, tokens = log_p.double().topk(min(width, log_p.shape[-1]), dim=-1)
    found = [
        (nodes[place].log_probability + value, row, token)
        for row, place in enumerate(open_)
        for value, token in zip(best[row].tolist(), tokens[row].tolist(), strict=True)
    ]
    return sorted(found, key=lambda entry: -entry[0])


def _hypothesis(beam: Beam, place: int, end: int, power: float) -> Hypothesis:
    tokens = tuple(node.token for node in beam.path(place))
    total = beam.nodes[place].log_probability
    return Hypothesis(tokens, total, total / len(tokens) ** power, tokens[-1] == end, place)
