"""Recurrent networks that forecast: the stacked LSTM of many articles, and a small one.

`NeuralForecaster` makes a forecaster in the sense of `utils.forecasting` out of a network: scaling,
windows and the two ways to forecast several steps ahead stand there, once. `Training` makes one
update at a time, so that ``train_live`` can show it, and keeps the weights that did best on a
validation part that lies after the training part in time.

References
----------
Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8). Hewamalage,
Bergmeir and Bandara (2021), Recurrent neural networks for time series forecasting: current status
and future directions, International Journal of Forecasting 37.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import nn

from utils.forecasting import Scaler, Windows, fit_scaler, make_windows
from utils.forecasting.baselines import as_past
from utils.training import train
from utils.validation import Array, as_array, as_choice, as_count, as_number

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
ANCHORS = ("none", "last")


class StackedForecaster(nn.Module):
    """Stack LSTMs with dropout between them; a dense layer gives all steps of the horizon at once.

    With the sizes that are usual in articles: LSTM of 128 units, dropout, LSTM of 128, dropout,
    LSTM of 64, and a dense layer from its last hidden state.

    Parameters
    ----------
    horizon : int, at least 1
        H, the outputs.
    hidden : sequence of int
        Units of each LSTM.
    dropout : float in [0, 1)
        Share of the values between two LSTMs that is set to 0 while training.
    seed : int
        Of the first weights.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or `hidden` is empty.
    """

    def __init__(
        self,
        horizon: int,
        hidden: Sequence[int] = (128, 128, 64),
        dropout: float = 0.2,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.horizon = as_count("horizon", horizon)
        sizes = [1, *(as_count("hidden", H) for H in hidden)]
        if len(sizes) == 1:
            raise ValueError("hidden is empty; expected the units of at least one LSTM.")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.ModuleList(nn.LSTM(D, H) for D, H in itertools.pairwise(sizes))
            self.dense = nn.Linear(sizes[-1], self.horizon)
        self.dropout = nn.Dropout(as_number("dropout", dropout, at_least=0, below=1))

    def forward(self, xs: torch.Tensor) -> torch.Tensor:
        """Return forecasts (B, H) from scaled windows `xs`, (T, B, 1), time first."""
        hs = xs
        for place, layer in enumerate(self.layers):
            hs, _ = layer(self.dropout(hs) if place else hs)  # (T, B, units)
        return self.dense(hs[-1])


class SmallForecaster(nn.Module):
    """Read a window with one recurrent layer; a dense layer gives all steps of the horizon.

    Parameters
    ----------
    horizon : int, at least 1
    hidden : int, at least 1
    cell : {"lstm", "gru", "rnn"}
    seed : int
    """

    def __init__(self, horizon: int, hidden: int = 32, cell: str = "lstm", seed: int = 0) -> None:
        super().__init__()
        self.horizon = as_count("horizon", horizon)
        as_choice("cell", cell, CELLS)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.recurrent = CELLS[cell](1, as_count("hidden", hidden))
            self.dense = nn.Linear(hidden, self.horizon)

    def forward(self, xs: torch.Tensor) -> torch.Tensor:
        """Return forecasts (B, H) from scaled windows `xs`, (T, B, 1), time first."""
        return self.dense(self.recurrent(xs)[0][-1])


class FeedForwardForecaster(nn.Module):
    """Read the whole window at once, without recurrence: what a network does that has no time.

    Parameters
    ----------
    horizon : int, at least 1
    past : int, at least 1
        P, the length of the window; it cannot read another.
    hidden : int, at least 1
    seed : int
    """

    def __init__(self, horizon: int, past: int, hidden: int = 64, seed: int = 0) -> None:
        super().__init__()
        self.horizon = as_count("horizon", horizon)
        hidden = as_count("hidden", hidden)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.Sequential(
                nn.Linear(as_count("past", past), hidden),
                nn.ReLU(),
                nn.Linear(hidden, hidden),
                nn.ReLU(),
                nn.Linear(hidden, self.horizon),
            )

    def forward(self, xs: torch.Tensor) -> torch.Tensor:
        """Return forecasts (B, H) from scaled windows `xs`, (T, B, 1), time first."""
        return self.layers(xs[:, :, 0].T)


class Best(NamedTuple):
    """Say where the validation part was forecast best."""

    updates: int  #: made until then
    mae: float  #: in the unit of the series


class NeuralForecaster:
    r"""Make a forecaster out of a network that maps a window to the next values.

    A window is scaled before the network sees it, and its forecast scaled back,

    .. math:: x_t = (y_t - a) / s , \quad \hat y_{o+k} = a + s \cdot \text{network}(x)_k ,

    where a and s come from the training windows; with ``anchor="last"`` a is the window's own last
    value, which is known, so that the network forecasts changes and not levels. A network whose
    horizon is 1 forecasts further steps recursively: its forecast is put at the end of the window.

    Parameters
    ----------
    network : torch.nn.Module
        Maps (T, B, 1) to (B, horizon), and has the attribute ``horizon``.
    past : int, at least 1
        P, the length of the window.
    anchor : {"none", "last"}
    scaler : Scaler, optional
        Given where scaling itself is the question, as for a leak; otherwise it is fitted to the
        training windows.
    scaling : {"standard", "range"}
        How it is fitted.
    name : str, optional
    """

    def __init__(
        self,
        network: nn.Module,
        past: int,
        anchor: str = "none",
        scaler: Scaler | None = None,
        scaling: str = "standard",
        name: str | None = None,
    ) -> None:
        self.network = network
        self.horizon = as_count("network.horizon", getattr(network, "horizon", None))
        self.past = as_count("past", past)
        self.anchor = as_choice("anchor", anchor, ANCHORS)
        self.scaling = as_choice("scaling", scaling, ("standard", "range"))
        self.scaler = scaler
        self.name = name or type(network).__name__

    def training(
        self,
        train_windows: Windows,
        validation_windows: Windows,
        learning_rate: float = 1e-3,
        batch: int = 32,
        seed: int = 0,
        check_every: int = 10,
        patience: int | None = None,
    ) -> Training:
        """Fit the scaler to the training windows and return what makes the updates.

        Parameters
        ----------
        train_windows, validation_windows : Windows
            The validation's futures must lie after those of training: see `Windows.between`. Where
            the network forecasts one step, those of the validation may be longer: it is then
            judged by its recursive forecasts.
        learning_rate : float, above 0
            Of Adam.
        batch : int, at least 1
            Windows per update, drawn at random.
        seed : int
            Of the order of windows and of dropout.
        check_every : int, at least 1
            Updates from one look at the validation windows to the next.
        patience : int, optional
            Updates without a better validation after which `Training.finished` is True.

        Returns
        -------
        Training

        Raises
        ------
        ValueError
            If the windows do not fit the network.
        """
        for name, windows in (("train", train_windows), ("validation", validation_windows)):
            given = (windows.past.shape[1], windows.future.shape[1])
            free = name == "validation" and self.horizon == 1
            if given[0] != self.past or (given[1] != self.horizon and not free):
                raise ValueError(
                    f"{name} windows have (past, horizon) {given}; expected "
                    f"{(self.past, self.horizon)}."
                )
        if self.scaler is None:
            both = np.concatenate([train_windows.past, train_windows.future], axis=1)
            self.scaler = fit_scaler((both - self._anchor(both)).ravel(), self.scaling)
        return Training(
            self,
            train_windows,
            validation_windows,
            as_number("learning_rate", learning_rate, above=0),
            as_count("batch", batch),
            seed,
            as_count("check_every", check_every),
            None if patience is None else as_count("patience", patience),
        )

    def fit(
        self,
        values: Array,
        validation: float = 0.2,
        updates: int = 300,
        patience: int | None = None,
        **options: float,
    ) -> Self:
        """Train on the first part of a series, keep the weights that did best on its last part.

        The network goes on from the weights that it has.

        Parameters
        ----------
        values : array, shape (N,)
        validation : float in (0, 1)
            Share at the end that weights are chosen on.
        updates : int
        patience : int, optional
        **options
            Further arguments of `training`.

        Returns
        -------
        NeuralForecaster

        Raises
        ------
        TypeError, ValueError
            If an argument is not as described, or a part of the series is too short for one window.
        """
        windows = make_windows(values, self.past, self.horizon)
        N = len(windows.origins) + self.past + self.horizon - 1
        border = N - round(as_number("validation", validation, above=0, below=1) * N)
        training = self.training(
            windows.between(0, border), windows.between(border, N), patience=patience, **options
        )
        training.run(updates)
        return self

    def forecast(self, past: Array, horizon: int) -> Array:
        """Return the next `horizon` values, shape (horizon,); only the last P values are read.

        Parameters
        ----------
        past : array, shape (N,), N at least P
        horizon : int, at least 1

        Returns
        -------
        array, shape (horizon,)
        """
        return self.forecast_many(as_past(past, self.past, self.name)[None, -self.past :], horizon)[
            0
        ]

    def forecast_many(self, past: Array, horizon: int | None = None) -> Array:
        """Return forecasts for many windows at once.

        Parameters
        ----------
        past : array, shape (n, P)
        horizon : int, optional
            That of the network if it is left out.

        Returns
        -------
        array, shape (n, horizon)

        Raises
        ------
        ValueError
            If nothing was trained yet, or `horizon` lies beyond that of a direct network.
        """
        known = as_array("past", past, ("n", str(self.past)), dtype=np.float64)
        H = self.horizon if horizon is None else as_count("horizon", horizon)
        if self.scaler is None:
            raise ValueError(f"{self.name} is not trained; expected training(…) or fit(…) first.")
        if self.horizon >= H:
            return self._apply(known)[:, :H]
        if self.horizon > 1:
            raise ValueError(
                f"horizon is {H}; this network gives {self.horizon} steps at once. One of "
                "horizon 1 goes on recursively."
            )
        found = np.empty((len(known), H))
        for k in range(H):
            found[:, k] = self._apply(known)[:, 0]
            known = np.concatenate([known[:, 1:], found[:, k : k + 1]], axis=1)
        return found

    def _apply(self, past: Array) -> Array:
        """Run the network on windows (n, P), without dropout; (n, H) in the series' unit."""
        was_training = self.network.training
        self.network.eval()
        try:
            with torch.no_grad():
                out = self.network(self._inputs(past)).double().numpy()
        finally:
            self.network.train(was_training)
        return self.scaler.inverse(out) + self._anchor(past)

    def _anchor(self, past: Array) -> Array | float:
        """Return the value that is subtracted from each window, (n, 1), or 0."""
        return past[:, self.past - 1 : self.past] if self.anchor == "last" else 0.0

    def _inputs(self, past: Array) -> torch.Tensor:
        scaled = self.scaler.transform(past - self._anchor(past))
        dtype = next(self.network.parameters()).dtype
        return torch.tensor(scaled.T[:, :, None], dtype=dtype)  # (T, B, 1)

    def _targets(self, windows: Windows) -> torch.Tensor:
        scaled = self.scaler.transform(windows.future - self._anchor(windows.past))
        return torch.tensor(scaled, dtype=next(self.network.parameters()).dtype)  # (B, H)


class Training:
    """Make updates one by one, and remember the weights that forecast the validation part best.

    Made by `NeuralForecaster.training`, from the `forecaster` that it trains, `train_windows`,
    `validation_windows`, `learning_rate`, `batch`, `seed`, `check_every` and `patience`. Adam on
    the mean squared error of scaled values, gradients clipped at norm 1.

    Attributes
    ----------
    updates : int
        Made so far.
    history : list of (int, float)
        Updates, and the validation's mean absolute error in the unit of the series.
    best : Best
        The lowest of them.
    """

    def __init__(
        self,
        forecaster: NeuralForecaster,
        train_windows: Windows,
        validation_windows: Windows,
        learning_rate: float,
        batch: int,
        seed: int,
        check_every: int,
        patience: int | None,
    ) -> None:
        self.forecaster = forecaster
        self.validation = validation_windows
        self.batch, self.check_every, self.patience = batch, check_every, patience
        self._rng = np.random.default_rng([seed, 1])
        self._noise = torch.Generator().manual_seed(seed).get_state()  # of dropout
        self._xs = forecaster._inputs(train_windows.past)
        self._ys = forecaster._targets(train_windows)
        network = forecaster.network
        self._optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate)
        self.updates = 0
        self.history: list[tuple[int, float]] = []
        self._weights = copy.deepcopy(network.state_dict())
        self.best = Best(0, self._measure())

    @property
    def finished(self) -> bool:
        """Whether `patience` updates have brought nothing better on the validation part."""
        return self.patience is not None and self.updates - self.best.updates >= self.patience

    def step(self, i: int = 0) -> dict[str, float]:
        """Make one update; return the loss and the validation's latest mean absolute error.

        Parameters
        ----------
        i : int
            The number of the update, which training loops hand in; it is not used.

        Returns
        -------
        dict
            "loss": mean squared error of the batch, in scaled values; "validation": mean absolute
            error on the validation windows at the last look, in the unit of the series.
        """
        network = self.forecaster.network
        places = self._rng.integers(0, self._xs.shape[1], self.batch)
        network.train()
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self._noise)
            out = network(self._xs[:, places])  # (B, H)
            self._noise = torch.get_rng_state()
        loss = nn.functional.mse_loss(out, self._ys[places])
        self._optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        self._optimiser.step()
        network.eval()
        self.updates += 1
        if self.updates % self.check_every == 0:
            found = self._measure()
            if found < self.best.mae:
                self.best = Best(self.updates, found)
                self._weights = copy.deepcopy(network.state_dict())
        return {"loss": float(loss.detach()), "validation": self.history[-1][1]}

    def run(self, updates: int) -> Self:
        """Make at most so many updates, stop when `finished`, and put the best weights back.

        Parameters
        ----------
        updates : int, at least 1

        Returns
        -------
        Training
        """
        train(self.step, updates, should_stop=lambda: self.finished)
        return self.restore_best()

    def restore_best(self) -> Self:
        """Put the weights back that forecast the validation part best.

        Returns
        -------
        Training
        """
        self.forecaster.network.load_state_dict(self._weights)
        return self

    def _measure(self) -> float:
        windows = self.validation
        found = self.forecaster.forecast_many(windows.past, windows.future.shape[1])
        error = float(np.abs(found - windows.future).mean())
        self.history.append((self.updates, error))
        return error
