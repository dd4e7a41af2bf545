"""What the reference describes, by subject, in the order in which a newcomer needs it."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "utils"
_FOLDER = Path(__file__).resolve().parents[2] / PACKAGE
_NOT_PUBLIC = re.compile(r"(^|\.)_|^utils\.checks\.chapter\d\d")


@dataclass(frozen=True)
class Subject:
    """Some modules that belong together.

    Attributes
    ----------
    title : str
    sentence : str
        What is found there and where to begin; reStructuredText.
    named : tuple of str
        Modules and packages, without ``utils.`` in front, in reading order. With a package come
        its modules: first those that are named, then the others by the alphabet.
    """

    title: str
    sentence: str
    named: tuple[str, ...]

    @property
    def modules(self) -> list[str]:
        """Give the full names of all modules of the subject, in reading order."""
        named = [f"{PACKAGE}.{name}" for name in self.named]
        inside = tuple(f"{name}." for name in named)
        others = [name for name in public_modules() if name.startswith(inside)]
        return [*named, *(name for name in others if name not in named)]


@functools.cache
def public_modules() -> tuple[str, ...]:
    """Return the full name of every module that has a page, in alphabetical order.

    Returns
    -------
    tuple of str
        All but those whose name begins with an underscore and those that hold the exercises of
        one chapter: there the exercise says what is asked, and its check what went wrong.
    """
    files = (path.relative_to(_FOLDER.parent) for path in _FOLDER.rglob("*.py"))
    names = (".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files)
    found = (name for name in names if name != PACKAGE and not _NOT_PUBLIC.search(name))
    return tuple(sorted(found))


WAYS = (
    ("read one time step of a cell, equation by equation", "utils.cells"),
    ("run or train a cell over whole sequences, fast", "utils.sequence"),
    ("train a network that answers with a class or a number", "utils.sequence_model"),
    ("stack layers, or read in both directions", "utils.stacked_model"),
    ("let a network write", "utils.language_model"),
    ("check a gradient that you derived", "utils.gradients"),
    ("see how far a gradient reaches", "utils.state_gains"),
    ("carry weights to PyTorch and back", "utils.interop"),
    ("look inside a network of your own", "utils.lens"),
    ("forecast a series and judge the forecast", "utils.forecasting"),
    ("get data without a download", "utils.data"),
    ("make a figure that answers a slider", "utils.widgets.live_figure"),
    ("write a check for an exercise", "utils.checks.engine"),
)
"""What a reader may want, and the module to open for it."""


SUBJECTS = (
    Subject(
        "Cells and layers",
        "One time step of each cell, written to be read. Begin with `utils.cells.rnn`; the other "
        "cells follow its pattern.",
        (
            "activations",
            "cells",
            "cells.rnn",
            "cells.lstm",
            "cells.gru",
            "cells.lstm_variants",
            "cells.output",
            "layers",
            "layers.recurrent",
            "initialisation",
        ),
    ),
    Subject(
        "Whole sequences",
        "The same cells over all steps at once, written to be fast. Begin with "
        "`utils.sequence.rnn`; `utils.ladder` shows the steps from the readable to the fast form.",
        (
            "sequence",
            "sequence.rnn",
            "sequence.lstm",
            "sequence.gru",
            "sequence.lstm_variants",
            "sequence.checkpointing",
            "sequence.gates",
            "sequence.inputs",
            "ladder",
        ),
    ),
    Subject(
        "Losses, optimisers, training",
        "What a training loop is made of. Begin with `utils.training`, which puts the others to "
        "work.",
        ("losses", "optim", "descent", "clipping", "training", "point_learner"),
    ),
    Subject(
        "Models",
        "Networks that are complete: a cell or several, an output, a loss and its gradient. Begin "
        "with `utils.classifier`.",
        (
            "feedforward",
            "classifier",
            "sequence_model",
            "stacked_model",
            "stacked_training",
            "language_model",
            "ngrams",
            "sampling",
            "quotation",
        ),
    ),
    Subject(
        "Gradients through time",
        "How gradients are checked, where they go and how large they arrive. Begin with "
        "`utils.gradients` for the check and with `utils.jacobians` for the size.",
        (
            "gradients",
            "nudging",
            "bptt",
            "gradient_flow",
            "truncation",
            "jacobians",
            "scalar_chain",
            "cliff",
            "state_gains",
            "gru_paths",
            "layer_gradients",
        ),
    ),
    Subject(
        "Studies of the chapters",
        "Small experiments that a chapter runs and draws. The first sentence of each page says "
        "what it measures.",
        (
            "unrolled",
            "agreement",
            "memory",
            "sentence_gates",
            "lstm_questions",
            "lstm_design",
            "cell_builder",
            "cell_race",
            "look_ahead",
            "parameter_counts",
            "measure",
        ),
    ),
    Subject(
        "Data",
        "Texts, sentences, tasks, melodies and series that need no download. Begin with "
        "`utils.data.text` and `utils.data.tasks`.",
        (
            "data",
            "data.text",
            "data.grammar",
            "data.one_form",
            "data.negation",
            "data.tasks",
            "data.task_shapes",
            "data.positions",
            "data.points",
            "data.dates",
            "data.date_forms",
            "data.entities",
            "data.entity_sentences",
            "data.tunes",
            "data.melodies",
            "data.series",
            "data.series_csv",
        ),
    ),
    Subject(
        "Forecasting",
        "Windows, baselines, evaluation and intervals for one series in time. Begin with "
        "`utils.forecasting.evaluation`.",
        (
            "forecasting",
            "forecasting.windows",
            "forecasting.scaling",
            "forecasting.baselines",
            "forecasting.smoothing",
            "forecasting.autoregression",
            "forecasting.evaluation",
            "forecasting.intervals",
            "forecasting.leaks",
            "forecasting.systems",
        ),
    ),
    Subject(
        "PyTorch and Keras",
        "Models in PyTorch for the five shapes of task, and the names that other libraries use "
        "for the same weights. Begin with `utils.pytorch.models`.",
        (
            "interop",
            "keras_names",
            "pytorch",
            "pytorch.models",
            "pytorch.training",
            "pytorch.padding",
            "pytorch.decoding",
            "pytorch.mistakes",
            "pytorch.bag",
            "pytorch.forecaster",
            "pytorch.stored",
        ),
    ),
    Subject(
        "The lens",
        "Look inside a trained network that you have: `utils.lens` is all that a script needs. The "
        "modules below it say how it works, and the patients are networks to practise on.",
        (
            "lens",
            "lens.tracing",
            "lens.result",
            "lens.findings",
            "lens.gains",
            "lens.tracking",
            "lens.units",
            "lens.layers",
            "lens.backward",
            "lens.opening",
            "lens.copying",
            "lens.running",
            "lens.errors",
            "patients",
            "patients.clinic",
            "patients.switches",
            "diagnoses",
        ),
    ),
    Subject(
        "Figures",
        "Functions that draw what they are given, beside those that compute what a figure alone "
        "needs. Begin with `utils.plots.style`, which holds the one look of the course.",
        (
            "plots",
            "plots.style",
        ),
    ),
    Subject(
        "Live figures",
        "Figures with controls, predictions and recall questions in a notebook. Begin with "
        "`utils.widgets`, from which a notebook imports them all, and with "
        "`utils.widgets.live_figure` to build one.",
        (
            "widgets",
            "widgets.live_figure",
        ),
    ),
    Subject(
        "Checks of exercises",
        "What stands behind ``check_NAME(answer)``. Begin with `utils.checks.engine` to write a "
        "check of your own.",
        (
            "checks",
            "checks.engine",
            "checks.calling",
            "checks.running",
            "checks.comparing",
            "checks.judging",
            "checks.describing",
            "checks.reporting",
            "checks.choices",
            "checks.ordering",
            "checks.shapes",
            "checks.studies",
            "progress",
            "sick_passes",
        ),
    ),
    Subject(
        "Underneath",
        "How arguments are read, and what the course asks of a machine. Every function above "
        "words its errors through `utils.validation`.",
        ("validation", "wording", "environment", "notebook"),
    ),
)
"""Every public module belongs to one of them; `book.api.pages` refuses one that does not."""
