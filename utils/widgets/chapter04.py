"""Live figures of chapter 04: what windows cut off, a model that learns to write, and its dice."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import ipywidgets
import numpy as np

from utils.classifier import SequenceClassifier
from utils.data.text import Vocabulary, topics_text, windows
from utils.language_model import (
    LanguageModelTrainer,
    evaluate,
    generate,
    init_language_model,
    read,
)
from utils.optim import Adam
from utils.plots.language_model import (
    draw_credit,
    draw_next_characters,
    draw_training_bits,
    draw_written,
    visible,
)
from utils.plots.style import new_figure
from utils.sampling import entropy, tempered, top_k
from utils.training import Record
from utils.truncation import (
    CreditByPair,
    credit_by_pair,
    kept_by_windows,
    truncation_error,
)
from utils.validation import Array, IndexArray, as_choice, as_number
from utils.widgets.live_figure import LiveFigure
from utils.wording import counted

__all__ = [
    "RECALL",
    "NextCharacter",
    "TruncationStudy",
    "WritingFigure",
    "compute_next",
    "compute_truncation",
    "explore_sampling",
    "explore_training",
    "explore_truncation",
]

STEPS = 48  #: of the stretch of text in `explore_truncation`
_PIECES = 8
_UNITS = 32
_ROWS = 12  # characters whose probability is shown
_SAMPLE = 400  # characters that the sampler writes
_LIVE_SAMPLE = 300  # and a model in training
_EVERY = 1.0  # seconds between two measurements of a model in training


class TruncationStudy(NamedTuple):
    """Hold what windows of every length keep of one gradient.

    Attributes
    ----------
    credit : CreditByPair
        Of a stretch of `STEPS` characters.
    errors : array, shape (STEPS,)
        ‖g_T - g‖ / ‖g‖ of ∂L/∂W_hh for T = 1 … STEPS.
    cosines : array, shape (STEPS,)
        Of the angle between g_T and g.
    """

    credit: CreditByPair
    errors: Array
    cosines: Array


@functools.lru_cache(maxsize=1)
def _text() -> tuple[Vocabulary, IndexArray]:
    text = topics_text()
    vocabulary = Vocabulary.of(text)
    return vocabulary, vocabulary.encode(text)


@functools.lru_cache(maxsize=2)
def _small_model(network: str) -> SequenceClassifier:
    """Return a small model, as it starts or after some hundred updates."""
    vocabulary, text = _text()
    model = init_language_model(len(vocabulary), _UNITS, np.random.default_rng(0), np.float64)
    if network == "trained":
        trainer = LanguageModelTrainer(model, Adam(0.01), text[: len(text) // 2], 24, 16)
        for _ in range(300):
            trainer.step()
    return model


def compute_truncation(network: str = "trained", factor: float = 1.0) -> TruncationStudy:
    """Compare windows of every length on one stretch of text.

    Parameters
    ----------
    network : {"random", "trained"}
        A network of 32 units as it starts, or after 300 updates.
    factor : float, at least 0
        Its W_hh is multiplied by this first.

    Returns
    -------
    TruncationStudy

    Raises
    ------
    ValueError
        If `network` is another word or `factor` negative.
    """
    as_choice("network", network, ("random", "trained"))
    factor = as_number("factor", factor, at_least=0)
    model = _small_model(network)
    model = SequenceClassifier(model.cell._replace(W_hh=factor * model.cell.W_hh), model.output)
    _, text = _text()
    window = next(windows(text[len(text) // 2 :], STEPS, _PIECES))
    credit = credit_by_pair(model, window.xs, window.targets)
    error = truncation_error(credit, np.arange(1, STEPS + 1))
    return TruncationStudy(credit, error.relative, error.cosine)


def explore_truncation() -> LiveFigure:
    """Change the length of the windows and see which part of the gradient is left.

    Returns
    -------
    LiveFigure
        Three controls: steps of a window, random or trained network, factor on W_hh.
    """
    cached = functools.lru_cache(maxsize=64)(compute_truncation)
    start = cached()
    figure, axes = new_figure(1, 2, size=(10, 4.4), width_ratios=[1, 1.15])
    picture = draw_credit(axes, start.credit.norms, kept_by_windows(STEPS, 8), 8, start.errors)

    def update(window: int, network: str, factor: float) -> str:
        study = cached(network, factor)
        kept = kept_by_windows(STEPS, window)
        picture.update(study.credit.norms, kept, window, study.errors)
        error, cosine = study.errors[window - 1], study.cosines[window - 1]
        if window >= STEPS:
            return f"One window of all {STEPS} steps: nothing is dropped, the gradient is full."
        return (
            f"Windows of {counted(window, 'step')}, {network} network, W_hh times {factor:.2f}: "
            f"the gradient of W_hh is off by {error:.0%} of its length, and its cosine with the "
            f"full one is {cosine:.2f}."
        )

    controls = {
        "window": ipywidgets.IntSlider(8, 1, STEPS, description="steps of a window"),
        "network": ipywidgets.ToggleButtons(
            options=["random", "trained"],
            value="trained",
            description="network",
            style={"button_width": "auto"},
        ),
        "factor": ipywidgets.FloatSlider(
            1.0, min=0, max=1.5, step=0.05, description="factor on W_hh"
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="What windows keep of the gradient",
        steps={"window": (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 48), "network": None},
    )


class WritingFigure(LiveFigure):
    """Show a language model while it learns: bits per character, and what it writes by now.

    Hand ``draw`` to ``train_live``. It measures and writes about once a second; the measurement
    reads other text than the training does and changes nothing in the model.

    Parameters
    ----------
    trainer : LanguageModelTrainer
    vocabulary : Vocabulary
    held_out : array of int, shape (N,)
        Text that is not trained on; the shorter it is, the faster is a measurement.
    n_updates : int
        Right end of the axis.
    baselines : mapping of str to float
        Bits per character by name, drawn as lines.
    start : str
        What the samples begin with.

    Attributes
    ----------
    measured : list of (int, float)
        Updates made, and bits per character on the text held out, at every measurement.
    watchers : list of callables
        Each is called, without arguments, after every picture that ``draw`` has made.
    """

    def __init__(
        self,
        trainer: LanguageModelTrainer,
        vocabulary: Vocabulary,
        held_out: IndexArray,
        n_updates: int,
        baselines: Mapping[str, float],
        start: str = "The ",
    ) -> None:
        self.measured: list[tuple[int, float]] = []
        self.watchers: list[Callable[[], None]] = []
        self._losses: list[tuple[int, float]] = []
        self._next = 0.0
        figure, (left, right) = new_figure(1, 2, size=(11, 4.2), width_ratios=[1, 1.05])
        picture = draw_training_bits(left, n_updates, baselines)
        page = draw_written(right, title="what it writes by now")

        def update(temperature: float) -> str:
            if not self.measured or self.measured[-1][0] != trainer.updates:
                score = evaluate(trainer.model, held_out)
                self.measured.append((trainer.updates, score.bits_per_character))
            rng = np.random.default_rng(0)
            written = generate(trainer.model, vocabulary, start, _LIVE_SAMPLE, rng, temperature)
            page.update(start, written)
            picture.loss.set_data(*zip(*self._losses, strict=True) if self._losses else ([], []))
            picture.held_out.set_data(*zip(*self.measured, strict=True))
            return (
                f"After {counted(trainer.updates, 'update')}: {self.measured[-1][1]:.2f} bits per "
                f"character on text that was not trained on. At temperature {temperature:.2f} it "
                f"writes: {start}{written[:100]}"
            )

        slider = ipywidgets.FloatSlider(
            0.7, min=0.2, max=1.5, step=0.05, description="temperature of the sample"
        )
        super().__init__(
            figure,
            update,
            moving=[*picture.moving, *page.moving],
            controls={"temperature": slider},
            title="A model learns to write",
            steps=(),
        )

    def draw(self, record: Record) -> None:
        """Take note of the loss; measure, write and redraw if a second has passed.

        Parameters
        ----------
        record : utils.training.Record
            With ``"bits"`` among its metrics.
        """
        self._losses.append((record.step, record.metrics["bits"]))
        last = record.step == record.n_steps
        if last or time.perf_counter() >= self._next:
            self.refresh()
            for watcher in self.watchers:
                watcher()
            self._next = time.perf_counter() + _EVERY


def explore_training(
    trainer: LanguageModelTrainer,
    vocabulary: Vocabulary,
    held_out: IndexArray,
    n_updates: int,
    baselines: Mapping[str, float],
    start: str = "The ",
) -> WritingFigure:
    """Watch a model learn: loss, bits per character on other text, and a sample every second.

    Parameters
    ----------
    trainer, vocabulary, held_out, n_updates, baselines, start
        As in `WritingFigure`.

    Returns
    -------
    WritingFigure
        One control: the temperature of the sample. Its ``draw`` is for ``train_live``.
    """
    return WritingFigure(trainer, vocabulary, held_out, n_updates, baselines, start)


class NextCharacter(NamedTuple):
    """Hold the distribution of the next character, and a text drawn from such distributions.

    Attributes
    ----------
    characters : list of str
        The most probable ones, the first is the most probable.
    before : array, shape (R,)
        Their probabilities by the model: temperature 1, all characters.
    after : array, shape (R,)
        The same as used.
    entropy : float, in bits
        Of the distribution as used.
    written : str
    """

    characters: list[str]
    before: Array
    after: Array
    entropy: float
    written: str


def compute_next(
    model: SequenceClassifier,
    vocabulary: Vocabulary,
    start: str,
    temperature: float = 1.0,
    k: int | None = None,
    seed: int = 0,
    length: int = _SAMPLE,
) -> NextCharacter:
    """Score the character after a start, and write on from there.

    Parameters
    ----------
    model : SequenceClassifier
    vocabulary : Vocabulary
    start : str, at least one character
    temperature : float above 0
    k : int in 1 … V, optional
        Draw among the k most probable alone.
    seed : int
        Of the dice.
    length : int, at least 1
        Characters to write.

    Returns
    -------
    NextCharacter

    Raises
    ------
    TypeError, ValueError
        If a character of `start` is not in the vocabulary, or a number is out of range.
    """
    logits, _ = read(model, vocabulary.encode(start))
    before, after = tempered(logits), tempered(logits, temperature)
    if k is not None:
        after = top_k(after, k)
    best = np.argsort(-before, kind="stable")[:_ROWS]
    rng = np.random.default_rng(seed)
    written = generate(model, vocabulary, start, length, rng, temperature, k)
    return NextCharacter(
        [vocabulary.characters[i] for i in best],
        before[best],
        after[best],
        float(entropy(after)),
        written,
    )


def explore_sampling(
    model: SequenceClassifier, vocabulary: Vocabulary, start: str = "The "
) -> LiveFigure:
    """Turn temperature and top k, and see the next character's probabilities and a text.

    Parameters
    ----------
    model : SequenceClassifier
    vocabulary : Vocabulary
    start : str
        What is read before.

    Returns
    -------
    LiveFigure
        Four controls: temperature, k, the start, and the throw of the dice.
    """
    V = len(vocabulary)
    first = compute_next(model, vocabulary, start, length=1)
    figure, (left, right) = new_figure(1, 2, size=(11, 4.4), width_ratios=[1, 1.35])
    picture = draw_next_characters(left, first.characters, first.before, first.after)
    page = draw_written(right, columns=56, title="what it writes then")

    def update(temperature: float, k: int, start: str, dice: int) -> str:
        result = compute_next(model, vocabulary, start, temperature, k, dice)
        picture.update(result.characters, result.before, result.after)
        page.update(start, result.written)
        return (
            f"After {start!r} at temperature {temperature:.2f} among the top {k} of {V}: "
            f"{visible(result.characters[0])} has probability {result.after[0]:.2f}, the entropy "
            f"is {result.entropy:.2f} bits. It writes: {start}{result.written[:80]}"
        )

    controls = {
        "temperature": ipywidgets.FloatSlider(
            0.7, min=0.1, max=2.5, step=0.05, description="temperature"
        ),
        "k": ipywidgets.IntSlider(V, 1, V, description="top k, characters"),
        "start": ipywidgets.Text(start, description="start of the text"),
        "dice": ipywidgets.IntSlider(1, 0, 20, description="throw of the dice"),
    }
    return LiveFigure(
        figure,
        update,
        moving=[*picture.moving, *page.moving],
        controls=controls,
        title="The dice of a language model",
        steps={
            "temperature": (0.1, 0.4, 0.7, 1.0, 1.3, 1.7, 2.1, 2.5),
            "k": sorted({1, min(5, V), min(20, V), V}),
        },
    )


RECALL = (
    (
        "A window of T steps and B pieces: which character is the target of the last one read?",
        "The first one that the next window reads: the same piece, one step later.",
    ),
    (
        "The state is carried on and the gradient is not: what is exact and what is not?",
        "States, loss and the output layer's gradient are exact; the other gradients lack every "
        "path over a border.",
    ),
    (
        "A model has 2 bits per character. What is its perplexity, and its cross-entropy in nats?",
        "$2^2 = 4$, and $2 \\ln 2 = 1.39$ nats.",
    ),
    (
        "You multiply the logits by 0.5 before the softmax. Which temperature is that?",
        "2: the distribution becomes flatter, its entropy grows.",
    ),
    (
        "Chapter 03: which two paths does the gradient take into $h_t$?",
        "From the output of step t itself, and from $h_{t+1}$ through $W_{hh}$.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
