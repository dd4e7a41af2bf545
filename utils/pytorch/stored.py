"""Weights that the course trained, stored small and loaded safely.

Each file ``pretrained/weights/NAME.npz`` holds the arrays of one model by name, and a text that
says how they were made: settings, fingerprint of the code, and accuracy on data that the training
never saw. Arrays are read as arrays and as nothing else: a file cannot run code here.

``make pretrained`` trains what is missing or stale.

>>> model, stored = load_model("dates")
>>> stored.measured["accuracy"]["estimate"] > 0.9
True
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from utils.pytorch import models

FOLDER = Path(__file__).resolve().parents[2] / "pretrained" / "weights"
"""Where the files are."""

KINDS: dict[str, type[nn.Module]] = {
    kind.__name__: kind
    for kind in (models.Classifier, models.Tagger, models.Composer, models.EncoderDecoder)
}
"""The models that `load_model` can build, by the name of their class."""

_ABOUT = "about"


class StoredWeightsError(ValueError):
    """Stored weights are missing, unreadable, or those of another model."""


@dataclass(frozen=True)
class Stored:
    """Say what stored weights are and how good.

    Attributes
    ----------
    name : str
    settings : dict
        What they were made with; ``settings["model"]`` names the class and its arguments.
    measured : dict
        ``measured["accuracy"]`` holds ``estimate``, ``low``, ``high`` (a 95 % Wilson interval)
        and ``n``, on held-out data; further entries depend on the model.
    made : str
        Fingerprint of the settings and of the code that trained them.
    kilobytes : float
        Size of the file, in units of 1000 bytes.
    """

    name: str
    settings: dict[str, Any]
    measured: dict[str, Any]
    made: str
    kilobytes: float

    def __str__(self) -> str:
        of = self.measured["accuracy"]
        return (
            f"{self.name}: {of['estimate']:.1%} right on held-out data, 95 % interval "
            f"[{of['low']:.1%}, {of['high']:.1%}] of {of['n']}; {self.kilobytes:.0f} kB"
        )


def build_model(settings: Mapping[str, Any]) -> nn.Module:
    """Build an untrained model from ``settings["model"]``: its class and its arguments.

    Parameters
    ----------
    settings : mapping
        ``settings["model"]`` holds kind, the name of a class, and arguments by name.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    StoredWeightsError
        If the class is none of `KINDS`.
    """
    wanted = settings["model"]
    if wanted["kind"] not in KINDS:
        raise StoredWeightsError(
            f"kind is {wanted['kind']!r}; expected one of {', '.join(map(repr, KINDS))}."
        )
    return KINDS[wanted["kind"]](**wanted["arguments"])


def load_model(name: str, folder: Path | None = None) -> tuple[nn.Module, Stored]:
    """Build a model of the course and give it its stored weights.

    Parameters
    ----------
    name : str
        Such as ``"dates"``; `names` lists those that there are.
    folder : Path, optional
        Where to look; the course's own folder if it is left out.

    Returns
    -------
    model : nn.Module
        Ready to use (dropout off) and to train on.
    stored : Stored

    Raises
    ------
    StoredWeightsError
        If the file is missing or unreadable.
    """
    _, stored = _read(name, folder)
    model = build_model(stored.settings)
    load_weights(model, name, folder)
    return model.eval(), stored


def load_weights(model: nn.Module, name: str, folder: Path | None = None) -> Stored:
    """Put stored weights into a model, all or none.

    Parameters
    ----------
    model : nn.Module
        Changed in place; its weights keep their number type and device.
    name : str
        Such as ``"dates"``.
    folder : Path, optional
        Where to look; the course's own folder if it is left out.

    Returns
    -------
    Stored

    Raises
    ------
    StoredWeightsError
        If the file is missing or unreadable, or a weight is missing, unknown or of another
        shape; the message names the weight and both shapes. The model is then unchanged.
    """
    arrays, stored = _read(name, folder)
    own = model.state_dict()
    lacking, unknown = sorted(own.keys() - arrays.keys()), sorted(arrays.keys() - own.keys())
    if lacking or unknown:
        parts = [f"lack {', '.join(lacking)}"] if lacking else []
        parts += [f"hold {', '.join(unknown)}, which the model has not"] if unknown else []
        raise StoredWeightsError(f"The weights {name!r} {' and '.join(parts)}.")
    for key, array in arrays.items():
        if array.shape != tuple(own[key].shape):
            raise StoredWeightsError(
                f"{key} has shape {array.shape} in the weights {name!r} and "
                f"{tuple(own[key].shape)} in the model; expected the same."
            )
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise StoredWeightsError(f"{key} in the weights {name!r} holds no finite numbers.")
    model.load_state_dict({key: torch.from_numpy(array.copy()) for key, array in arrays.items()})
    return stored


def save_weights(
    model: nn.Module,
    name: str,
    settings: Mapping[str, Any],
    measured: Mapping[str, Any],
    made: str,
    folder: Path | None = None,
) -> Path:
    """Store the weights of a model in half precision, with what is known about them.

    A number of 16 bits keeps three digits. Measure after `round_weights`, so that what is stated
    holds for what is stored.

    Parameters
    ----------
    model : nn.Module
    name : str
    settings, measured : mapping
        As in `Stored`; must be writable as JSON.
    made : str
    folder : Path, optional
        The course's own folder if it is left out.

    Returns
    -------
    Path
        The file; one that was there is replaced.
    """
    folder = FOLDER if folder is None else Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    about = json.dumps({"settings": settings, "measured": measured, "made": made}, sort_keys=True)
    arrays = {key: value.cpu().numpy().astype(np.float16) for key, value in _weights(model).items()}
    path, partial = folder / f"{name}.npz", folder / f"{name}.part"
    with partial.open("wb") as file:
        np.savez_compressed(file, **{_ABOUT: np.array(about)}, **arrays)
    partial.replace(path)
    return path


@torch.no_grad()
def round_weights(model: nn.Module) -> None:
    """Round every weight, in place, to what `save_weights` keeps of it.

    Parameters
    ----------
    model : torch.nn.Module
    """
    for value in _weights(model).values():
        value.copy_(value.half())


def names(folder: Path | None = None) -> list[str]:
    """Return the names of the weights that are stored.

    Parameters
    ----------
    folder : path, optional
        The course's own without it.

    Returns
    -------
    list of str
        By the alphabet.
    """
    return sorted(path.stem for path in (FOLDER if folder is None else Path(folder)).glob("*.npz"))


def read_about(name: str, folder: Path | None = None) -> Stored:
    """Return what is known about stored weights.

    Parameters
    ----------
    name : str
    folder : path, optional
        The course's own without it.

    Returns
    -------
    Stored

    Raises
    ------
    StoredWeightsError
        If the file is missing or unreadable.
    """
    return _read(name, folder)[1]


def _weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {key: value.detach() for key, value in model.state_dict().items()}


def _read(name: str, folder: Path | None) -> tuple[dict[str, np.ndarray], Stored]:
    folder = FOLDER if folder is None else Path(folder)
    path = folder / f"{name}.npz"
    if not path.is_file():
        there = ", ".join(names(folder)) or "none"
        raise StoredWeightsError(
            f"There are no stored weights {name!r}; there are: {there}. "
            f"To train them, run: python -m pretrained {name}"
        )
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        about = json.loads(str(arrays.pop(_ABOUT)[()]))
        stored = Stored(
            name,
            about["settings"],
            about["measured"],
            about["made"],
            path.stat().st_size / 1000,
        )
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise StoredWeightsError(
            f"{path.name} is no file of weights ({type(error).__name__}: {reason}). "
            f"To train them anew, run: python -m pretrained {name}"
        ) from None
    return arrays, stored
