"""Train the networks of `utils.pytorch.models`: losses with masks, accuracies, one step at a time.

A batch is what the data modules give: a NamedTuple of NumPy arrays, time first, with a mask where
lengths differ. `make_step` turns a model, a loss and a source of batches into the function that
``train_live`` and ``utils.training.train`` call.

>>> import numpy as np, torch
>>> from utils.data import negation
>>> from utils.pytorch.models import Classifier
>>> rng, _ = np.random.default_rng(0), torch.manual_seed(0)
>>> model = Classifier(len(negation.VOCABULARY), 16, 32, len(negation.CLASSES))
>>> step = make_step(model, classifier_loss, lambda: negation.batch(rng, 32))
>>> sorted(step(0))
['accuracy', 'loss']
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from utils.pytorch.padding import masked_loss
from utils.validation import as_count, as_named, as_number, describe

Batch = Any
"""A NamedTuple of NumPy arrays, as the data modules give it."""


class Loss(NamedTuple):
    """Hold what one batch says about a model.

    Attributes
    ----------
    loss : Tensor, one number
        Mean cross-entropy in nats, over all places that are not padding.
    accuracy : float in [0, 1]
        Share of these places at which the most probable class is the right one.
    """

    loss: Tensor
    accuracy: float


def as_tensors(batch: Batch) -> dict[str, Tensor]:
    """Return the arrays of a batch as tensors by name, and the lengths that its mask says.

    Whole numbers become int64, and other numbers float32. What is no array is left out.

    Parameters
    ----------
    batch : NamedTuple or mapping
        Arrays by name. Where there is a ``mask`` of shape (T, B), an entry ``lengths`` of shape
        (B,) is added.

    Returns
    -------
    dict of str to Tensor

    Raises
    ------
    TypeError
        If `batch` is neither.
    ValueError
        If the mask has a gap: a 1 below a 0.
    """
    tensors = {}
    for name, array in as_named("batch", batch).items():
        if isinstance(array, np.ndarray):
            kind = torch.float32 if array.dtype.kind == "f" else torch.int64
            tensors[name] = torch.as_tensor(array).to(kind)
    if "mask" in tensors:
        mask = tensors["mask"]
        if (mask[1:] > mask[:-1]).any():
            raise ValueError("mask has a 0 above a 1; expected padding at the end of a text only.")
        tensors["lengths"] = mask.sum(dim=0).long()
    return tensors


def masked_cross_entropy(logits: Tensor, targets: Tensor, mask: Tensor | None = None) -> Tensor:
    r"""Return the mean cross-entropy over all places that are not padding.

    .. math:: L = \frac{\sum_{t,b} m_{tb} \, (-\ln \text{softmax}(o_{tb})_{y_{tb}})}
                       {\sum_{t,b} m_{tb}}

    Every word counts the same, so that a long text counts more than a short one.

    Parameters
    ----------
    logits : Tensor, shape (T, B, K) or (B, K)
    targets : whole numbers in [0, K), shape (T, B) or (B,)
    mask : Tensor of 0 and 1, of the shape of `targets`, optional
        Everything counts if it is left out.

    Returns
    -------
    Tensor, one number, in nats

    Raises
    ------
    ValueError
        If shapes differ, or the mask leaves nothing.
    """
    if logits.shape[:-1] != targets.shape:
        raise ValueError(
            f"logits have shape {tuple(logits.shape)} and targets {tuple(targets.shape)}; "
            "expected those of logits without the last axis."
        )
    nats = nn.functional.cross_entropy(logits.flatten(0, -2), targets.flatten(), reduction="none")
    nats = nats.reshape(targets.shape)
    return nats.mean() if mask is None else masked_loss(nats, mask)


def classifier_loss(model: nn.Module, batch: Batch) -> Loss:
    """Compare the classes that a classifier gives with the right ones.

    Parameters
    ----------
    model : utils.pytorch.models.Classifier
    batch : NamedTuple or mapping
        xs (T, B) and targets (B,); where lengths differ also mask (T, B).

    Returns
    -------
    Loss
    """
    given = as_tensors(batch)
    return _compare(model(given["xs"], given.get("lengths")), given["targets"], None)


def tagger_loss(model: nn.Module, batch: Batch) -> Loss:
    """Compare the tags that a tagger gives with the right ones.

    Parameters
    ----------
    model : utils.pytorch.models.Tagger
    batch : NamedTuple or mapping
        xs and tags (T, B); where lengths differ also mask (T, B).

    Returns
    -------
    Loss
    """
    given = as_tensors(batch)
    logits = model(given["xs"], given.get("lengths"))
    return _compare(logits, given["tags"], given.get("mask"))


def composer_loss(model: nn.Module, batch: Batch) -> Loss:
    """Compare what a composer expects next with what comes.

    Parameters
    ----------
    model : utils.pytorch.models.Composer
    batch : NamedTuple or mapping
        xs and targets (T, B); where lengths differ also mask (T, B).

    Returns
    -------
    Loss
    """
    given = as_tensors(batch)
    logits, _ = model(given["xs"])
    return _compare(logits, given["targets"], given.get("mask"))


def translation_loss(model: nn.Module, batch: Batch) -> Loss:
    """Compare what an encoder-decoder writes with the right text, by teacher forcing.

    Each character is scored given the right ones before it, so the accuracy is that of single
    characters, and higher than when the model writes by itself.

    Parameters
    ----------
    model : utils.pytorch.models.EncoderDecoder
    batch : NamedTuple or mapping
        xs (T, B) and targets (S, B); where lengths differ also mask (T, B).

    Returns
    -------
    Loss
    """
    given = as_tensors(batch)
    logits = model(given["xs"], given.get("lengths"), given["targets"])
    return _compare(logits, given["targets"], None)


def make_step(
    model: nn.Module,
    loss: Callable[[nn.Module, Batch], Loss],
    draw: Callable[[], Batch],
    learning_rate: float | Callable[[int], float] = 3e-3,
    max_norm: float = 1.0,
    optimiser: torch.optim.Optimizer | None = None,
) -> Callable[[int], dict[str, float]]:
    """Return the function that makes one update: draw, score, go back, clip, step.

    Parameters
    ----------
    model : nn.Module
        Changed by every call.
    loss : callable
        ``loss(model, batch)`` returns a `Loss`, such as `tagger_loss`.
    draw : callable
        ``draw()`` returns the next batch, such as ``lambda: entities.batch(rng, 32)``.
    learning_rate : float above 0, or callable
        Of Adam; a function of the update's number, such as `falling_rate` gives, changes it on
        the way. Not used where an optimiser is given.
    max_norm : float above 0
        Gradients of a larger global norm are scaled down to it.
    optimiser : torch.optim.Optimizer, optional
        Takes the place of Adam.

    Returns
    -------
    callable
        ``step(i)`` makes one update and returns ``{"loss": …, "accuracy": …}`` of the batch
        before the update. i, counted from 0, matters where the learning rate depends on it.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    for name, function in (("loss", loss), ("draw", draw)):
        if not callable(function):
            raise TypeError(f"{name} is {describe(function)}; expected a function.")
    if not isinstance(model, nn.Module):
        raise TypeError(f"model is {describe(model)}; expected an nn.Module.")
    max_norm = as_number("max_norm", max_norm, above=0)
    changes = callable(learning_rate) and optimiser is None
    if optimiser is None:
        rate = learning_rate(0) if changes else learning_rate
        rate = as_number("learning_rate", rate, above=0)
        optimiser = torch.optim.Adam(model.parameters(), lr=rate)

    def step(i: int) -> dict[str, float]:
        model.train()
        if changes:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(i)
        result = loss(model, draw())
        optimiser.zero_grad()
        result.loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimiser.step()
        return {"loss": result.loss.item(), "accuracy": result.accuracy}

    return step


def falling_rate(peak: float, updates: int, rise: int = 50) -> Callable[[int], float]:
    r"""Return a learning rate that rises for a few updates and then falls evenly to nearly zero.

    .. math:: \eta_i = \eta \cdot \min\!\left(\frac{i + 1}{r},\; \frac{n - i}{n}\right)

    with the peak η, n updates and a rise of r. Past the last update it stays where it is.

    Parameters
    ----------
    peak : float above 0
    updates : int, at least 1
    rise : int, at least 1

    Returns
    -------
    callable
        From the number of an update, counted from 0, to its learning rate, above 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    peak, n = as_number("peak", peak, above=0), as_count("updates", updates)
    rise = as_count("rise", rise)
    return lambda i: peak * min((i + 1) / rise, (n - min(i, n - 1)) / n)


@torch.no_grad()
def evaluate(
    model: nn.Module, loss: Callable[[nn.Module, Batch], Loss], batch: Batch
) -> dict[str, float]:
    """Return loss and accuracy on a batch with dropout off; the model stays as it is.

    Parameters
    ----------
    model : torch.nn.Module
    loss : callable
        As in `make_step`.
    batch : NamedTuple or mapping
        What `loss` takes.

    Returns
    -------
    dict of str to float
        ``loss`` in nats and ``accuracy`` in [0, 1].
    """
    training = model.training
    model.eval()
    try:
        result = loss(model, batch)
    finally:
        model.train(training)
    return {"loss": result.loss.item(), "accuracy": result.accuracy}


def _compare(logits: Tensor, targets: Tensor, mask: Tensor | None) -> Loss:
    right = (logits.detach().argmax(dim=-1) == targets).float()
    share = right.mean() if mask is None else (right * mask).sum() / mask.sum()
    return Loss(masked_cross_entropy(logits, targets, mask), share.item())
