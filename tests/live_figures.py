"""Every live figure that the course has, with a small untrained model where it needs one.

Tests that have to hold for all of them go through `LIVE_FIGURES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import nn

from utils import forecasting, lens, widgets
from utils.cell_race import CELLS, build_reader
from utils.cells.lstm_variants import LSTM_VARIANTS
from utils.classifier import init_classifier
from utils.data import dates, grammar, series, tunes
from utils.data.text import Vocabulary
from utils.language_model import LanguageModelTrainer, init_language_model
from utils.optim import Adam
from utils.plots.variant_results import CellResult
from utils.pytorch.models import Composer, EncoderDecoder
from utils.stacked_training import build_tagger
from utils.widgets import LiveFigure
from utils.widgets.chapter11 import LeakCase

TEXT = "the cat sat on the mat and the cats sat on the mats.\n" * 40
VOCABULARY = Vocabulary.of(TEXT)


def _readers(**options: object) -> dict[str, object]:
    V = len(grammar.VOCABULARY)
    return {
        name: init_classifier(V, 8, 2, np.random.default_rng(seed), **options)
        for seed, name in enumerate(("one", "other"))
    }


def _writer() -> object:
    return init_language_model(len(VOCABULARY), 8, np.random.default_rng(0))


def explore_training() -> LiveFigure:
    """Give the figure of a language model that has learnt nothing yet, with its trainer."""
    text = VOCABULARY.encode(TEXT)
    trainer = LanguageModelTrainer(_writer(), Adam(0.02), text, 8, 4)
    live = widgets.explore_training(trainer, VOCABULARY, text[:200], 40, {"uniform": 3.9}, "the ")
    live.trainer = trainer
    return live


def _own_cell() -> LiveFigure:
    live = widgets.explore_own_cell(first=0)
    live.updates = (0, 4)
    return live


def _variant_results() -> LiveFigure:
    rng = np.random.default_rng(0)

    def result() -> CellResult:
        points = rng.random(4)
        return CellResult(points, points.mean(), points.min(), points.max())

    results = {
        measure: {task: {cell: result() for cell in LSTM_VARIANTS} for task in tasks}
        for measure, tasks in (("share", ("adding", "copying")), ("bits", ("text",)))
    }
    limits = {"share": (-0.03, 1.03), "bits": (0, 2)}
    return widgets.explore_variant_results(results, list(LSTM_VARIANTS), limits)


def _composer() -> LiveFigure:
    torch.manual_seed(0)
    return widgets.explore_composer(Composer(len(tunes.VOCABULARY), 8, 12).eval())


def _beam_search() -> LiveFigure:
    torch.manual_seed(0)
    model = EncoderDecoder(len(dates.SOURCE), len(dates.TARGET), 8, 12).eval()
    return widgets.explore_beam_search(model, ["3 May 2024", "29 février 2024"])


def _forecast() -> LiveFigure:
    co2 = series.load("co2").without_gaps()
    train = co2.values[:332]
    fitted = [forecasting.SeasonalNaive(12), forecasting.LinearAutoregression(13).fit(train)]
    return widgets.explore_forecast(co2, fitted, 332, 12, 1.25)


class _LastValue:
    def forecast_many(self, past: np.ndarray) -> np.ndarray:
        return np.repeat(past[:, -1:], 5, axis=1)


def _leak() -> LiveFigure:
    spots = series.load("sunspots")
    windows = forecasting.make_windows(spots.values, 10, 5)
    in_time = windows.between(0, 189), windows.between(189, 239)
    share = in_time[1].n / windows.between(0, 239).n
    at_random = forecasting.random_split(windows.between(0, 239), share, np.random.default_rng(0))
    cases = {"none": LeakCase(_LastValue(), *in_time), "split": LeakCase(_LastValue(), *at_random)}
    return widgets.explore_leak(spots, cases, windows.between(239, 309))


def _lens() -> LiveFigure:
    torch.manual_seed(0)
    return lens.explore(nn.LSTM(3, 6, 2), torch.randn(5, 2, 3), loss=lambda found: found[0].sum())


LIVE_FIGURES: Mapping[str, Callable[[], LiveFigure]] = {
    "explore_activations": widgets.explore_activations,
    "explore_agreement_distance": lambda: widgets.explore_agreement_distance(_readers()),
    "explore_backward_pass": widgets.explore_backward_pass,
    "explore_beam_search": _beam_search,
    "explore_cliff": widgets.explore_cliff,
    "explore_composer": _composer,
    "explore_decision_boundary": lambda: widgets.explore_decision_boundary(80, first=10),
    "explore_depth_and_width": lambda: widgets.explore_depth_and_width(24, first=3),
    "explore_descent": widgets.explore_descent,
    "explore_equal_parameters": lambda: widgets.explore_equal_parameters(40, first=3),
    "explore_error_flow": widgets.explore_error_flow,
    "explore_forecast": _forecast,
    "explore_future": lambda: widgets.explore_future(
        {"mine": build_tagger("entities", 6000, True, seed=0)}, "entities"
    ),
    "explore_gates": lambda: widgets.explore_gates(_readers(cell="lstm")),
    "explore_gradient_check": widgets.explore_gradient_check,
    "explore_gru_gates": widgets.explore_gru_gates,
    "explore_half_life": widgets.explore_half_life,
    "explore_hidden_states": widgets.explore_hidden_states,
    "explore_layer_time": widgets.explore_layer_time,
    "explore_leak": _leak,
    "explore_memory_cell": widgets.explore_memory_cell,
    "explore_own_cell": _own_cell,
    "explore_packing": widgets.explore_packing,
    "explore_parameter_counts": widgets.explore_parameter_counts,
    "explore_repeated_factor": widgets.explore_repeated_factor,
    "explore_sampling": lambda: widgets.explore_sampling(_writer(), VOCABULARY, "the "),
    "explore_scalar_chain": widgets.explore_scalar_chain,
    "explore_spectral_radius": widgets.explore_spectral_radius,
    "explore_task_shapes": widgets.explore_task_shapes,
    "explore_three_cells": lambda: widgets.explore_three_cells(
        {name: build_reader(cell, 14, seed=0) for cell, name in CELLS.items()}
    ),
    "explore_training": explore_training,
    "explore_truncation": widgets.explore_truncation,
    "explore_unrolled": widgets.explore_unrolled,
    "explore_variant_results": _variant_results,
    "lens.explore": _lens,
}
