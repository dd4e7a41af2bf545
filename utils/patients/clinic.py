"""Networks that do not learn, or seem to, each for a reason that can be found by looking inside.

`admit` trains a patient as its owner did, fault included; `treat` trains it again with one thing
changed. Every run has a seed of its own and takes about a second, so what you measure on a patient
is what others measure.
"""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, nn

from utils.patients.switches import FEATURES, batch
from utils.validation import as_choice

KELVIN = (300.0, 100.0)
"""Offset and scale of readings as the sensors send them, before anybody standardises them."""
TEST_SEQUENCES = 400


@dataclass(frozen=True)
class Script:
    """How an owner trains: every line of the program that matters."""

    cell: str = "lstm"  #: "rnn", "lstm" or "gru"
    steps: int = 16  #: T
    flip: float = 0.0
    """Chance that the switch is set anew at a step; without it, only the end is asked for."""
    hidden: int = 16  #: H
    updates: int = 150
    """How many it makes."""
    learning_rate: float = 0.01  #: of Adam
    clip: float | None = 1.0  #: largest global norm of the gradients
    forget_bias: float = 2.0  #: at the start
    gain: float | None = None
    """Scale of W_hh at the start; None leaves the start that torch chooses."""
    orthogonal: bool = True
    """Whether all singular values of W_hh are its scale; otherwise it is drawn from a normal
    distribution, with the scale divided by √H as standard deviation."""
    raw: bool = False
    """Whether the readings come as the sensors send them."""
    batch_first: bool = False
    """Whether the module takes batch first; the readings come time first."""
    padding: int = 0
    """Steps of padding that a longer sequence in the batch causes, once the network is in use;
    above 0, sequences differ in length."""
    summary: str = "last step"  #: or "last word": whose output is read
    windows: int = 1
    """Into how many windows a sequence is cut."""
    carry: bool = True
    """Whether the state goes on from window to window."""
    one_step: bool = False
    """Whether every step is handed in as a sequence of its own."""
    shuffled: bool = False
    """Whether the answers are those of other sequences."""
    seed: int = 0  #: of weights and readings


class Reader(nn.Module):
    """A recurrent layer with a linear one on top.

    Parameters
    ----------
    script : Script

    Attributes
    ----------
    recurrent : nn.RNN or nn.LSTM
    readout : nn.Linear
    """

    def __init__(self, script: Script) -> None:
        super().__init__()
        H, options = script.hidden, {"batch_first": script.batch_first}
        if script.cell == "lstm":
            self.recurrent: nn.RNNBase = nn.LSTM(FEATURES, H, **options)
        else:
            self.recurrent = nn.RNN(FEATURES, H, nonlinearity=script.cell, **options)
        self.readout = nn.Linear(H, 2)
        self.summary = "every step" if script.flip else script.summary
        with torch.no_grad():
            if script.cell == "lstm":
                self.recurrent.bias_ih_l0[H : 2 * H] = script.forget_bias
                self.recurrent.bias_hh_l0[H : 2 * H] = 0
            if script.gain is not None and script.orthogonal:
                nn.init.orthogonal_(self.recurrent.weight_hh_l0, script.gain)
            elif script.gain is not None:
                nn.init.normal_(self.recurrent.weight_hh_l0, std=script.gain / H**0.5)

    def forward(self, xs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the logits: (T, B, 2) of every step, or (B, 2) of the step that is the summary.

        Parameters
        ----------
        xs : Tensor, shape (T, B, D) or (B, T, D)
            As the recurrent layer takes it.
        lengths : Tensor of int, shape (B,), optional
            Steps of every sample; needed where the summary is the last word.

        Returns
        -------
        Tensor, shape (T, B, 2) or (B, 2)
        """
        outputs, _ = self.recurrent(xs)
        return self.read(outputs, lengths)

    def read(self, outputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the logits of outputs that the recurrent layer has written.

        Parameters
        ----------
        outputs : Tensor, shape (T, B, H)
        lengths : Tensor of int, shape (B,), optional
            As in `forward`.

        Returns
        -------
        Tensor, shape (T, B, 2) or (B, 2)
        """
        if self.summary == "last word":
            outputs = outputs[lengths - 1, torch.arange(outputs.shape[1])]
        elif self.summary == "last step":
            outputs = outputs[-1]
        return self.readout(outputs)


@dataclass(frozen=True, repr=False)
class Patient:
    """A network after training, with what its owner has and says.

    Attributes
    ----------
    name : str
    complaint : str
        What the owner reports.
    model : Reader
    inputs : tensor
        A batch as the owner's program hands it to the model.
    targets : tensor
        Its right answers.
    lengths : tensor or None
        Steps of each sequence, where they differ; the owner's program hands them in as well.
    losses : tuple of float
        Cross-entropy at each update, nats.
    norms : tuple of float
        Global norm of the gradient at each update, before clipping.
    accuracy : float
        Share of right answers to new sequences, as the owner's program counts it.
    fresh : Reader
        The same network before its training.
    training : str
        How it was trained: updates, learning rate, clipping.
    note : str
        Said of a treatment that found nothing to change; else empty.
    """

    name: str
    complaint: str
    model: Reader
    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None
    losses: tuple[float, ...]
    norms: tuple[float, ...]
    accuracy: float
    fresh: Reader
    training: str = ""
    note: str = ""

    def __str__(self) -> str:
        told = textwrap.fill(f"{self.name}: {self.complaint}", 90)
        note = f"\n{self.note}" if self.note else ""
        return f"{told}\n{self.training}\nRight answers to new sequences: {self.accuracy:.1%}{note}"

    def __repr__(self) -> str:
        return f"Patient({self.name!r}, accuracy={self.accuracy:.3f})"

    def loss(self, logits: Tensor) -> Tensor:
        """Return the cross-entropy of logits with this batch's targets; what the lens needs.

        Parameters
        ----------
        logits : Tensor, shape (T, B, 2) or (B, 2)
            As the model returns them.

        Returns
        -------
        Tensor, one number
            In nats.
        """
        return _cross_entropy(logits, self.targets)


SCRIPTS: Mapping[str, tuple[str, Script]] = MappingProxyType(
    {
        "Ada": (
            "Three sensors, an LSTM, sixteen steps. The loss stays at ln 2 from the first update "
            "to the last. A colleague's LSTM learns the same task in a minute.",
            Script(raw=True),
        ),
        "Ben": (
            "The switch is set at the first of sixteen steps, I ask for it at the last, and my "
            "LSTM guesses. I gave it gates of my own liking at the start.",
            Script(forget_bias=-6.0),
        ),
        "Cleo": (
            "A plain RNN over forty steps. The loss jumps about and gets nowhere.",
            Script(cell="tanh", steps=40, gain=3.5, orthogonal=False, clip=None, seed=4),
        ),
        "Dan": (
            "A ReLU network. After a few updates the loss stands still, whatever sequence I show.",
            Script(cell="relu", gain=1.0, learning_rate=0.3, steps=12),
        ),
        "Eve": (
            "The loss was fine at the start, then it rose, and now the network gives nearly the "
            "same answer to everything. The inputs are standardised; I looked.",
            Script(learning_rate=1.0, seed=1),
        ),
        "Fay": (
            "The switch is set now and then, and I ask for it at every step. Shapes fit, no "
            "error, and the answers are hardly better than guessing.",
            Script(flip=0.1, batch_first=True),
        ),
        "Gus": (
            "The same sequence gets another answer when it shares its batch with a longer one.",
            Script(cell="tanh", padding=60, steps=12, gain=1.0),
        ),
        "Hal": (
            "A long recording, handed in as windows of eight steps. In the first window nearly "
            "all answers are right, in the later ones most are guesses.",
            Script(flip=0.05, steps=40, windows=5, carry=False, seed=1),
        ),
        "Ivy": (
            "I followed an article and reshaped my data to [samples, 1, features]. It trains "
            "without an error and is right only where the switch has been set this very step.",
            Script(flip=0.1, one_step=True),
        ),
        "Joe": (
            "Everything is as in the course: standardised inputs, forget gate open, clipping. "
            "And it learns nothing.",
            Script(shuffled=True),
        ),
    }
)
"""Complaint and script of every patient."""

TREATMENTS: Mapping[str, Callable[[Script], Script]] = MappingProxyType(
    {
        "carry the state from window to window": lambda s: replace(s, carry=True),
        "clip the gradient at norm 1": lambda s: replace(s, clip=1.0),
        "divide the learning rate by 100": lambda s: replace(
            s, learning_rate=s.learning_rate / 100
        ),
        "hand in the axes in the module's order": lambda s: replace(s, batch_first=False),
        "hand in whole sequences": lambda s: replace(s, one_step=False),
        "put every answer beside its own sequence": lambda s: replace(s, shuffled=False),
        "read the state at the last real step": lambda s: replace(
            s, summary="last word" if s.padding else s.summary
        ),
        "standardise the inputs": lambda s: replace(s, raw=False),
        "start W_hh orthogonal": lambda s: replace(s, gain=1.0, orthogonal=True),
        "start with the forget gate open": lambda s: replace(s, forget_bias=2.0),
        "train four times as long": lambda s: replace(s, updates=4 * s.updates),
    }
)
"""What can be changed, one thing at a time; by the alphabet."""

#: Everyone who can be admitted.
NAMES = tuple(SCRIPTS)


def admit(name: str) -> Patient:
    """Train a patient as its owner did.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    Patient

    Raises
    ------
    ValueError
        If there is no such patient.
    """
    as_choice("name", name, SCRIPTS)
    return _train(name, SCRIPTS[name][1])


def treat(name: str, treatment: str) -> Patient:
    """Train a patient again with one thing changed, from the same seed.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    treatment : str
        One of `TREATMENTS`.

    Returns
    -------
    Patient
        After the treatment; one of what it does not have changes nothing, which ``note`` says.

    Raises
    ------
    ValueError
        If there is no such patient or treatment.
    """
    as_choice("name", name, SCRIPTS)
    as_choice("treatment", treatment, TREATMENTS)
    before = SCRIPTS[name][1]
    after = TREATMENTS[treatment](before)
    note = f"Nothing to change: {name} is trained so already, or this does not apply."
    return replace(_train(name, after), note=note if after == before else "")


@dataclass(frozen=True)
class _Batch:
    """What an update reads: tensors as the owner's program makes them."""

    xs: Tensor
    targets: Tensor
    lengths: Tensor | None


def _draw(rng: np.random.Generator, script: Script, B: int, in_use: bool = False) -> _Batch:
    xs, states = batch(rng, B, script.steps, script.flip)
    lengths = None
    if script.padding:
        xs, lengths = _pad(rng, xs, script.padding if in_use else 0)
    if script.raw:
        xs = KELVIN[0] + KELVIN[1] * xs
    targets = states if script.flip else states[0]
    if script.shuffled:
        targets = targets[..., rng.permutation(B)]
    if script.one_step:  # (T, B, D) becomes T·B sequences of one step
        xs, targets = xs.reshape(1, -1, FEATURES), targets.reshape(1, -1)
    return _Batch(torch.from_numpy(xs), torch.from_numpy(targets), lengths)


def _pad(rng: np.random.Generator, xs: np.ndarray, longer: int) -> tuple[np.ndarray, Tensor]:
    """Shorten each sequence by chance and fill up with zeros, to `longer` steps after the last."""
    T, B, _ = xs.shape
    lengths = rng.integers(T // 2, T + 1, B)
    padded = np.zeros((T + longer, B, FEATURES), xs.dtype)
    padded[:T] = np.where((np.arange(T)[:, None] < lengths)[..., None], xs, 0)
    return padded, torch.from_numpy(lengths)


def _told(script: Script) -> str:
    """Return how a script trains."""
    clip = "not clipped" if script.clip is None else f"clipped at norm {script.clip:g}"
    return (
        f"{script.updates} updates with Adam, learning rate {script.learning_rate:g}, "
        f"gradient {clip}."
    )


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return nn.functional.cross_entropy(logits.reshape(-1, 2), targets.reshape(-1))


def _logits(model: Reader, made: _Batch, script: Script) -> Tensor:
    """Run the model as the owner's program does, window by window where there are windows."""
    if script.windows == 1:
        return model(made.xs, made.lengths)
    state, logits = None, []
    for window in made.xs.chunk(script.windows):
        outputs, state = model.recurrent(window, state)
        logits.append(model.read(outputs))
        state = tuple(part.detach() for part in state) if script.carry else None
    return torch.cat(logits)


def _train(name: str, script: Script) -> Patient:
    """Return a copy of its own of what a script leads to; training happens once per process."""
    return replace(copy.deepcopy(_run(script)), name=name, complaint=SCRIPTS[name][0])


@cache
def _run(script: Script) -> Patient:
    rng = np.random.default_rng([script.seed, 0])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(script.seed)
        model, fresh = Reader(script), Reader(script)
    fresh.load_state_dict(model.state_dict())
    adam = torch.optim.Adam(model.parameters(), script.learning_rate)
    losses, norms = [], []
    for _ in range(script.updates):
        made = _draw(rng, script, B=32)
        loss = _cross_entropy(_logits(model, made, script), made.targets)
        adam.zero_grad()
        loss.backward()
        limit = np.inf if script.clip is None else script.clip
        norms.append(float(nn.utils.clip_grad_norm_(model.parameters(), limit)))
        losses.append(float(loss.detach()))
        adam.step()
    model.zero_grad()
    test = _draw(np.random.default_rng([script.seed, 1]), script, TEST_SEQUENCES, True)
    with torch.no_grad():
        right = _logits(model, test, script).argmax(-1) == test.targets
    shown = _draw(np.random.default_rng([script.seed, 2]), script, 32, True)
    return Patient(
        name="",
        complaint="",
        model=model,
        inputs=shown.xs,
        targets=shown.targets,
        lengths=shown.lengths,
        losses=tuple(losses),
        norms=tuple(norms),
        accuracy=float(right.double().mean()),
        fresh=fresh,
        training=_told(script),
    )


def outcomes(name: str) -> dict[str, float]:
    """Return the accuracy of a patient after each treatment; takes some seconds.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    dict of str to float in [0, 1]
        By treatment.

    Raises
    ------
    ValueError
        If there is no such patient.
    """
    as_choice("name", name, SCRIPTS)
    scripts = {treatment: change(SCRIPTS[name][1]) for treatment, change in TREATMENTS.items()}
    found = {script: _train(name, script).accuracy for script in set(scripts.values())}
    return {treatment: found[script] for treatment, script in scripts.items()}
