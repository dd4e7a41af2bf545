"""What every stored model needs: settings, a script that trains it, a way to tell it is stale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from experiments import fingerprint
from experiments.intervals import wilson_interval
from utils.pytorch import stored
from utils.training import Record

Report = Callable[[Record], Any]

UNUSED = ("utils.pytorch.stored",)
"""Modules that scripts import and that decide no weight: this one builds, rounds and stores."""


@dataclass(frozen=True)
class Recipe:
    """A stored model: how it is made.

    Attributes
    ----------
    name : str
        Of the file in `pretrained/weights`.
    script : Path
        The file that holds `run_job`; with what it imports it decides the weights.
    settings : mapping
        Everything else that decides them; must be writable as JSON. ``settings["model"]`` names a
        class of `utils.pytorch.models` and its arguments.
    run_job : callable
        ``run_job(settings, report)`` returns the trained model, its weights rounded as they will
        be stored, and what was measured.
    """

    name: str
    script: Path
    settings: Mapping[str, Any]
    run_job: Callable[[Mapping[str, Any], Report | None], tuple[nn.Module, dict[str, Any]]]

    def fingerprint(self) -> str:
        """Return the hash of the settings and of the code that decides the weights."""
        return fingerprint.fingerprint(self.script, self.settings, unused=UNUSED)

    def state(self, folder: Path | None = None) -> str:
        """Say how the stored weights stand: "up to date", "missing", "unreadable" or "stale"."""
        if self.name not in stored.names(folder):
            return "missing"
        try:
            made = stored.read_about(self.name, folder).made
        except stored.StoredWeightsError:
            return "unreadable"
        return "up to date" if made == self.fingerprint() else "stale"

    def make(self, report: Report | None = None, folder: Path | None = None) -> stored.Stored:
        """Train the model and store its weights.

        Parameters
        ----------
        report : callable, optional
            Gets a ``utils.training.Record`` after every update.
        folder : Path, optional
            Where to store; the course's own folder if it is left out.

        Returns
        -------
        Stored
        """
        made = self.fingerprint()
        model, measured = self.run_job(self.settings, report)
        stored.save_weights(model, self.name, dict(self.settings), measured, made, folder)
        return stored.read_about(self.name, folder)


def accuracy(right: int, n: int) -> dict[str, Any]:
    """Return an accuracy with its 95 % Wilson interval, as `Stored.measured` holds it."""
    interval = wilson_interval(right, n)
    return {
        "estimate": round(interval.estimate, 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
        "n": n,
    }
