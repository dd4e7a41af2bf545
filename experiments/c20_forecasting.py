"""C20: an LSTM beats simple baselines at forecasting.

Articles show a stack of LSTMs (128 units, dropout, 128, dropout, 64, a dense layer for all steps of
the horizon) on one series, and often no baseline beside it. Here every forecaster learns from the
same first part of a series, chooses its settings on the part after it, and is judged on the last
part, from many origins, at several leads.

Series: `co2` (trend and season), `el_nino` (season and irregular swings), `sunspots` (cycles of
uneven length), all real; and two that are generated with known noise, to find out where an LSTM
wins if it does: `mackey-glass`, one long non-linear series with little noise, and `related`, 400
short series of one family, of which 30 values are known and 12 are asked for.

Baselines: naive, drift, seasonal naive, seasonal mean, exponential smoothing (statsmodels), linear
autoregression: recursive, direct, with the season taken off first, and on `related` also one that
all series share. Orders and kinds of trend are chosen on the validation part.

Networks: the article's stack; a small LSTM of 32 units (64 on `related`), direct (all steps at
once) and recursive (one step, fed its own forecasts). "Anchored" ones see and forecast differences
from the last known value; the others see levels, scaled by mean and standard deviation of the
training part. They keep the weights that did best on the validation part. A feed-forward network
that reads the same window stands beside them: it is no LSTM and no part of the verdict, but tells
whether recurrence wins or whatever is not linear.

Prediction, after pilots on the validation parts with other seeds and before the runs: it holds only
where the dynamics are non-linear and there are data enough to show it. On `co2` linear
autoregression wins at every lead, since 252 months are few and the trend leads out of everything
that was seen; on `el_nino` nothing beats the season and the last anomaly by much; on `sunspots` a
recursive LSTM may win. On `mackey-glass` the LSTM wins at all leads but the first, and the
feed-forward network wins as much; on `related` the LSTM wins at all leads.

The rule of the verdict, 95 % intervals
---------------------------------------
A case is a series and a lead. Its baseline is the one with the least error at that lead on the
validation part; its network is the LSTM with the least error there, mean over the selection seeds,
at the learning rate chosen for it. On the test part, differences of absolute errors, network less
baseline, are paired by origin (by series, on `related`). A case confirms the claim if two intervals
lie below 0: that over origins, of the mean over seeds, with Newey and West's variance for origins
that overlap; and the t interval over seeds. It refutes if both lie above 0.

- "holds": all cases confirm.
- "holds only when": some do; the text says on which series.
- "is false": none does, and at least one refutes.

Looked at after the runs, and no part of the rule
--------------------------------------------------
A forecaster that is fitted once grows old: the test part of `co2` begins 80 months after the
training part ends, and lasts ten. Least squares cost milliseconds, so whoever uses a linear
autoregression fits it anew at every origin. `refitted` puts that baseline, with the order chosen
before, in the place of the frozen one; the verdict's text says what is left. The networks are not
fitted anew.

How chapter 11 uses it
----------------------
::

    rows, verdict = c20_forecasting.load()      # verdict.evidence: differences(rows)
    c20_forecasting.differences(rows)           # series, lead, baseline, network, difference, low …
    c20_forecasting.refitted(rows)              # the same against baselines fitted anew
    c20_forecasting.errors(rows)                # series, forecaster, lead, mase, low, high (seeds)
    labels, groups = c20_forecasting.bars(rows, "co2")      # for draw_interval_rows: by forecaster

References
----------
Makridakis, Spiliotis and Assimakopoulos (2018), Statistical and machine learning forecasting
methods: concerns and ways forward, PLoS ONE 13(3). Hewamalage, Bergmeir and Bandara (2021),
Recurrent neural networks for time series forecasting: current status and future directions,
International Journal of Forecasting 37. Diebold and Mariano (1995), Comparing predictive accuracy,
Journal of Business and Economic Statistics 13.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from experiments.common import RESULTS, Experiment, Verdict
from experiments.intervals import check_learning_rates, decide, t_interval
from utils.data import series as real_series
from utils.forecasting import (
    Drift,
    ExponentialSmoothing,
    Forecaster,
    LinearAutoregression,
    Naive,
    SeasonallyAdjusted,
    SeasonalMean,
    SeasonalNaive,
    Windows,
    difference_interval,
    join_windows,
    mackey_glass,
    make_windows,
    mase_scale,
    noise_floor,
    origins_of,
    related_series,
)
from utils.pytorch.forecaster import (
    FeedForwardForecaster,
    NeuralForecaster,
    SmallForecaster,
    StackedForecaster,
)
from utils.validation import Array

STATEMENT = "an LSTM beats simple baselines at forecasting"
REAL = ("co2", "el_nino", "sunspots")
GENERATED = ("mackey-glass", "related")
SERIES = (*REAL, *GENERATED)
BASELINES = (
    "naive",
    "drift",
    "seasonal naive",
    "seasonal mean",
    "exponential smoothing",
    "autoregression",
    "direct autoregression",
    "adjusted autoregression",
    "shared autoregression",
)
LSTMS = (
    "stacked",
    "stacked, anchored",
    "small",
    "small, anchored",
    "recursive",
    "recursive, anchored",
)
OTHERS = ("feed-forward", "feed-forward, anchored", "recursive feed-forward")
REFITTED = ("autoregression", "direct autoregression", "adjusted autoregression")

_ALL = list(LSTMS)
SETTINGS: dict[str, Any] = {
    "series": {
        "co2": {
            "past": 36, "horizon": 24, "leads": [1, 6, 12, 24], "validation": 80, "test": 120,
            "every": 2, "orders": [12, 24, 36], "hidden": 32,
        },
        "el_nino": {
            "past": 24, "horizon": 24, "leads": [1, 6, 12, 24], "validation": 108, "test": 144,
            "every": 2, "orders": [1, 3, 12, 24], "hidden": 32,
        },
        "sunspots": {
            "past": 33, "horizon": 11, "leads": [1, 3, 6, 11], "validation": 50, "test": 90,
            "every": 1, "orders": [2, 9, 18, 33], "hidden": 32,
        },
        "mackey-glass": {
            "past": 36, "horizon": 24, "leads": [1, 6, 12, 24], "validation": 200, "test": 400,
            "every": 6, "orders": [6, 18, 36], "hidden": 32, "values": 1600, "noise": 0.02,
            "data_seed": 20,
        },
        "related": {
            "past": 24, "horizon": 12, "leads": [1, 3, 6, 12], "validation": 50, "test": 100,
            "orders": [2, 4, 8], "hidden": 64, "training_series": 400, "values": 42, "noise": 0.1,
            "data_seed": 20,
        },
    },
    "networks": {
        "co2": [*_ALL, "feed-forward, anchored"],
        "el_nino": [*_ALL, "feed-forward", "recursive feed-forward"],
        "sunspots": [*_ALL, "feed-forward", "recursive feed-forward"],
        "mackey-glass": ["small", "recursive", "feed-forward", "recursive feed-forward"],
        "related": ["small, anchored", "feed-forward, anchored"],
    },
    "updates": {
        "stacked": 300, "small": 800, "recursive": 800, "feed-forward": 1000,
        "recursive feed-forward": 1000, "mackey-glass": 2000, "related": 2000,
    },
    "patience": {
        "stacked": 100, "small": 300, "recursive": 300, "feed-forward": 400,
        "recursive feed-forward": 400,
    },
    "batch": 32,
    "check_every": 10,
    "seeds": [0, 1, 2, 3, 4],
    # Chosen for each series and network on seeds of their own: least error on the validation part.
    "selection_seeds": [100, 101],
    "candidates": {
        "stacked": [0.001, 0.003],
        "small": [0.003, 0.01, 0.03],
        "recursive": [0.003, 0.01, 0.03],
        "feed-forward": [0.001, 0.003, 0.01],
        "recursive feed-forward": [0.001, 0.003, 0.01],
    },
    "learning_rates": {
        "co2, stacked": 0.001,
        "co2, stacked, anchored": 0.001,
        "co2, small": 0.01,
        "co2, small, anchored": 0.03,
        "co2, recursive": 0.03,
        "co2, recursive, anchored": 0.01,
        "co2, feed-forward, anchored": 0.003,
        "el_nino, stacked": 0.001,
        "el_nino, stacked, anchored": 0.001,
        "el_nino, small": 0.03,
        "el_nino, small, anchored": 0.003,
        "el_nino, recursive": 0.003,
        "el_nino, recursive, anchored": 0.03,
        "el_nino, feed-forward": 0.003,
        "el_nino, recursive feed-forward": 0.01,
        "sunspots, stacked": 0.001,
        "sunspots, stacked, anchored": 0.003,
        "sunspots, small": 0.003,
        "sunspots, small, anchored": 0.03,
        "sunspots, recursive": 0.003,
        "sunspots, recursive, anchored": 0.003,
        "sunspots, feed-forward": 0.003,
        "sunspots, recursive feed-forward": 0.003,
        "mackey-glass, small": 0.01,
        "mackey-glass, recursive": 0.01,
        "mackey-glass, feed-forward": 0.003,
        "mackey-glass, recursive feed-forward": 0.001,
        "related, small, anchored": 0.01,
        "related, feed-forward, anchored": 0.01,
    },
}  # fmt: skip
KEY = ("phase", "series", "forecaster", "seed", "learning_rate")


class Problem(NamedTuple):
    """What is to be forecast: training series, and pasts with the futures that belong to them."""

    train: list[Array]
    validation: tuple[list[Array], Array]
    """Pasts from the start of their series, and what followed, (n, H)."""
    test: tuple[list[Array], Array]
    scales: tuple[Array, Array]
    """What errors are divided by, (n,) each: see `utils.forecasting.mase_scale`."""
    period: int


def make_problem(name: str, settings: Mapping[str, Any] = SETTINGS) -> Problem:
    """Return a series of the study, cut into its parts."""
    s = settings["series"][name]
    if name == "related":
        return _related(s)
    if name == "mackey-glass":
        values = mackey_glass(np.random.default_rng(s["data_seed"]), s["values"], s["noise"])
        period = 1
    else:
        found = real_series.load(name).without_gaps()
        values, period = found.values, found.period
    last, first = len(values) - s["test"], len(values) - s["test"] - s["validation"]
    scale = mase_scale(values[:first], period)
    parts = []
    for start, stop, every in ((first, last, 1), (last, len(values), s["every"])):
        origins = origins_of(stop, start, s["horizon"], every)
        futures = np.array([values[o : o + s["horizon"]] for o in origins])
        parts.append(([values[:o] for o in origins], futures))
    scales = tuple(np.full(len(part[1]), scale) for part in parts)
    return Problem([values[:first]], *parts, scales, period)


def _related(s: Mapping[str, Any]) -> Problem:
    rng = np.random.default_rng(s["data_seed"])
    sizes = (s["training_series"], s["validation"], s["test"])
    train, *rest = (related_series(rng, n, s["values"], s["noise"]) for n in sizes)
    known = s["values"] - s["horizon"]
    parts = [(list(part[:, :known]), part[:, known:]) for part in rest]
    scales = tuple(np.array([mase_scale(past, 1) for past in part[0]]) for part in parts)
    return Problem(list(train), *parts, scales, 1)


class Shared:
    """A linear autoregression that many series share; each is taken as deviations from its mean."""

    name = "shared autoregression"

    def __init__(self, order: int, horizon: int, train: list[Array], known: int) -> None:
        self.inner = LinearAutoregression(order, "direct", horizon)
        self.inner.fit([values - values[:known].mean() for values in train])

    def fit(self, values: Array) -> Shared:
        """Return the forecaster as it is: it was fitted to other series."""
        return self

    def forecast(self, past: Array, horizon: int) -> Array:
        """Return the next `horizon` values, shape (horizon,)."""
        return self.inner.forecast(past - past.mean(), horizon) + past.mean()


def baseline(name: str, problem: Problem, s: Mapping[str, Any]) -> dict[str, Callable]:
    """Return what a baseline may be, by its setting: functions that make an unfitted one."""
    m, H = problem.period, s["horizon"]
    ar = LinearAutoregression
    plain = {"naive": Naive, "drift": Drift}
    if name in plain:
        return {"": plain[name]}
    if name in ("seasonal naive", "seasonal mean"):
        return {
            f"period {m}": lambda: (SeasonalNaive if name.endswith("naive") else SeasonalMean)(m)
        }
    if name == "exponential smoothing":
        seasons = {m, 1} if m > 1 else {1}
        return {
            f"period {season}, {trend} trend": lambda season=season, trend=trend: (
                ExponentialSmoothing(season, trend != "no", trend == "damped")
            )
            for season in sorted(seasons)
            for trend in ("no", "damped", "full")
        }
    make = {
        "autoregression": lambda p: ar(p),
        "direct autoregression": lambda p: ar(p, "direct", H),
        "adjusted autoregression": lambda p: SeasonallyAdjusted(ar(p), m),
        "shared autoregression": lambda p: Shared(p, H, problem.train, s["values"] - H),
    }[name]
    return {f"order {p}": lambda p=p: make(p) for p in s["orders"]}


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    found = []
    for name in settings["series"]:
        for forecaster in BASELINES:
            if forecaster.startswith("shared") and name != "related":
                continue
            if forecaster.startswith(("adjusted", "seasonal n")) and name in GENERATED:
                continue  # no season: the naive forecast and plain autoregression again
            found.append(("baseline", name, forecaster, 0, 0.0))
    arms = [
        (name, network) for name in settings["series"] for network in settings["networks"][name]
    ]
    found += [
        ("select", *arm, seed, rate)
        for arm in arms
        for rate in settings["candidates"][kind(arm[1])]
        for seed in settings["selection_seeds"]
    ]
    rates = settings["learning_rates"]
    found += [
        ("measure", *arm, seed, rates[", ".join(arm)])
        for arm in arms * bool(rates)
        for seed in settings["seeds"]
    ]
    return [dict(zip(KEY, job, strict=True)) for job in found]


def kind(network: str) -> str:
    """Return the name of a network without what it is anchored to: "small"."""
    return network.split(",")[0]


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Fit one forecaster to one series, and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `setting`, which a baseline chose on the validation part; `updates`
        after which a network did best there; `validation`, mean absolute scaled errors there, one
        per lead, written with spaces; and, but for selection runs, `errors` on the test part: those
        of all origins in order, with "|" between leads. `mase` is their mean.
    """
    problem, s = make_problem(job["series"], settings), settings["series"][job["series"]]
    leads = np.array(s["leads"]) - 1
    run = _run_baseline if job["phase"] == "baseline" else _run_network
    (validation, test), setting, updates = run(job, problem, settings)
    scaled = np.abs(validation - problem.validation[1]) / problem.scales[0][:, None]
    errors = (np.abs(test - problem.test[1]) / problem.scales[1][:, None])[:, leads]  # (n, leads)
    measured = job["phase"] != "select"
    return {
        **job,
        "setting": setting or "none",
        "updates": updates,
        "validation": " ".join(f"{value:.4f}" for value in scaled[:, leads].mean(axis=0)),
        "mase": round(float(errors.mean()), 5) if measured else np.nan,
        "errors": "|".join(" ".join(f"{e:.3f}" for e in at) for at in errors.T)
        if measured
        else "none",
    }


def _run_baseline(
    job: Mapping[str, Any], problem: Problem, settings: Mapping[str, Any]
) -> tuple[tuple[Array, Array], str, int]:
    """Return forecasts for both parts, by the setting that forecasts the validation part best."""
    s = settings["series"][job["series"]]
    leads = np.array(s["leads"]) - 1
    own = len(problem.train) > 1  # each series is its own past, and nothing else is to be fitted to
    best: tuple[float, str, Forecaster | None, Callable | None, Array] | None = None
    for setting, make in baseline(job["forecaster"], problem, s).items():
        fitted = None if own else make().fit(problem.train[0])
        found = _forecasts(fitted, make, problem.validation[0], s["horizon"])
        gaps = np.abs(found - problem.validation[1]) / problem.scales[0][:, None]
        if best is None or gaps[:, leads].mean() < best[0]:
            best = (gaps[:, leads].mean(), setting, fitted, make, found)
    _, setting, fitted, make, validation = best
    return (validation, _forecasts(fitted, make, problem.test[0], s["horizon"])), setting, 0


def _forecasts(
    fitted: Forecaster | None, make: Callable, pasts: list[Array], horizon: int
) -> Array:
    return np.array([(fitted or make().fit(past)).forecast(past, horizon) for past in pasts])


def _run_network(
    job: Mapping[str, Any], problem: Problem, settings: Mapping[str, Any]
) -> tuple[tuple[Array, Array], str, int]:
    """Train a network and return its forecasts for both parts."""
    torch.set_num_threads(1)
    s, name, seed = settings["series"][job["series"]], kind(job["forecaster"]), job["seed"]
    P, H = s["past"], s["horizon"]
    network = {
        "stacked": lambda: StackedForecaster(H, seed=seed),
        "small": lambda: SmallForecaster(H, s["hidden"], seed=seed),
        "recursive": lambda: SmallForecaster(1, s["hidden"], seed=seed),
        "feed-forward": lambda: FeedForwardForecaster(H, P, 2 * s["hidden"], seed=seed),
        "recursive feed-forward": lambda: FeedForwardForecaster(1, P, 2 * s["hidden"], seed=seed),
    }[name]()
    anchor = "last" if job["forecaster"].endswith("anchored") else "none"
    model = NeuralForecaster(network, P, anchor)
    pasts = [np.array([past[-P:] for past in part[0]]) for part in problem[1:3]]
    training = model.training(
        join_windows([make_windows(values, P, network.horizon) for values in problem.train]),
        Windows(pasts[0], problem.validation[1], np.arange(len(pasts[0]))),
        job["learning_rate"],
        settings["batch"],
        seed,
        settings["check_every"],
        settings["patience"][name],
    )
    training.run(settings["updates"].get(job["series"], settings["updates"][name]))
    found = (model.forecast_many(pasts[0], H), model.forecast_many(pasts[1], H))
    return found, anchor, training.best.updates


def _numbers(text: str) -> Array:
    """Read the errors of a row, (leads, n)."""
    return np.array([[float(e) for e in at.split()] for at in text.split("|")])


def arm(row: Mapping[str, Any]) -> str:
    """Return the name of what a learning rate is chosen for, such as "co2, small"."""
    return f"{row['series']}, {row['forecaster']}"


def errors(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the errors on the test part by series, forecaster and lead.

    Returns
    -------
    DataFrame
        series, forecaster, lead, runs, and `mase`, the mean absolute error scaled by that of the
        seasonal naive forecast on the training part; for networks with the t interval over seeds in
        `low` and `high`, which equal `mase` for baselines: they have no seeds.
    """
    table = []
    for (name, forecaster), group in rows[rows.phase != "select"].groupby(
        ["series", "forecaster"], sort=False
    ):
        by_seed = np.array([_numbers(text).mean(axis=1) for text in group.errors])  # (seeds, leads)
        for lead, values in zip(SETTINGS["series"][name]["leads"], by_seed.T, strict=True):
            ends = t_interval(values)[:3] if len(values) > 1 else (values[0],) * 3
            table.append((name, forecaster, lead, len(values), *ends))
    return pd.DataFrame(
        table, columns=["series", "forecaster", "lead", "runs", "mase", "low", "high"]
    )


def _preferred(rows: pd.DataFrame, names: tuple[str, ...]) -> dict[int, str]:
    """Return for every lead the forecaster with the least error on the validation part.

    Of networks the mean over selection seeds, at the chosen learning rate.
    """
    rates = SETTINGS["learning_rates"]
    chosen = rows[rows.forecaster.isin(names) & (rows.phase != "measure")]
    at_rate = [
        row["phase"] == "baseline" or row["learning_rate"] == rates[arm(row)]
        for row in chosen.to_dict("records")
    ]
    chosen = chosen[at_rate]
    means = (
        chosen.assign(at=[_numbers(t)[0] for t in chosen.validation])
        .groupby("forecaster", sort=False)["at"]
        .apply(lambda values: np.mean(list(values), axis=0))
    )
    leads = SETTINGS["series"][chosen.series.iloc[0]]["leads"]
    best = np.argmin(np.array(list(means)), axis=0)
    return {lead: means.index[place] for lead, place in zip(leads, best, strict=True)}


COLUMNS = (
    *("series", "lead", "baseline", "network", "baseline_mase", "network_mase"),
    *("difference", "low", "high", "seed_low", "seed_high", "says"),
)


def differences(rows: pd.DataFrame, networks: tuple[str, ...] = LSTMS) -> pd.DataFrame:
    """Return for every case the difference of absolute errors, network less baseline.

    Parameters
    ----------
    rows : DataFrame
    networks : tuple of str
        Of which the best on the validation part is taken: one name to see how it alone does.

    Returns
    -------
    DataFrame
        series, lead, baseline, network, their errors `baseline_mase` and `network_mase`, the
        `difference` with its ends over origins, `low` and `high`, and over seeds, `seed_low` and
        `seed_high`; `says`: 1 if the case confirms the claim, -1 if it refutes it, else 0.
    """
    table = []
    for name, group in rows.groupby("series", sort=False):
        there = tuple(network for network in networks if network in set(group.forecaster))
        if not there:
            continue
        bases, nets = _preferred(group, BASELINES), _preferred(group, there)
        for place, lead in enumerate(SETTINGS["series"][name]["leads"]):
            chosen = group[(group.phase == "baseline") & (group.forecaster == bases[lead])]
            base = _numbers(chosen.errors.iloc[0])[place]
            table.append(
                (name, lead, bases[lead], nets[lead], *_compare(group, nets[lead], place, base))
            )
    return pd.DataFrame(table, columns=COLUMNS)


def refitted(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the cases of the real series against linear autoregressions fitted at every origin.

    Of the linear autoregressions that one is taken which did best on the validation part at that
    lead; its order is the one chosen there. Networks are those of `differences`.

    Returns
    -------
    DataFrame
        As `differences` gives it.
    """
    table = []
    for name, group in rows[rows.series.isin(REAL)].groupby("series", sort=False):
        bases, nets = _preferred(group, REFITTED), _preferred(group, LSTMS)
        for place, lead in enumerate(SETTINGS["series"][name]["leads"]):
            chosen = group[(group.phase == "baseline") & (group.forecaster == bases[lead])]
            base = _refitted_errors(name, bases[lead], chosen.setting.iloc[0])[:, lead - 1]
            table.append(
                (name, lead, bases[lead], nets[lead], *_compare(group, nets[lead], place, base))
            )
    return pd.DataFrame(table, columns=COLUMNS)


@functools.lru_cache(maxsize=32)
def _refitted_errors(name: str, forecaster: str, setting: str) -> Array:
    """Return the scaled errors (n, H) on the test part of a baseline fitted at every origin."""
    problem, s = make_problem(name), SETTINGS["series"][name]
    make = baseline(forecaster, problem, s)[setting]
    found = _forecasts(None, make, problem.test[0], s["horizon"])
    return np.abs(found - problem.test[1]) / problem.scales[1][:, None]


def _compare(group: pd.DataFrame, network: str, place: int, base: Array) -> tuple[float, ...]:
    """Return the columns of `differences` from the errors on: `place` is that of the lead."""
    s = SETTINGS["series"][group.series.iloc[0]]
    measured = group[(group.phase == "measure") & (group.forecaster == network)]
    net = np.array([_numbers(text)[place] for text in measured.errors])  # (seeds, n)
    overlap = -(-s["leads"][place] // s["every"]) if "every" in s else 1
    over = difference_interval(net.mean(axis=0) - base, overlap)
    seeds = t_interval((net - base).mean(axis=1))
    says = int(max(over.high, seeds.high) < 0) - int(min(over.low, seeds.low) > 0)
    return (base.mean(), net.mean(), *over[:3], seeds.low, seeds.high, says)


def bars(
    rows: pd.DataFrame, name: str
) -> tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """Return what `utils.plots.claims.draw_interval_rows` draws: leads, and errors by forecaster.

    Parameters
    ----------
    rows : DataFrame
    name : str
        Of the series.
    """
    table = errors(rows)
    table = table[table.series == name]
    groups = {
        forecaster: tuple(group[column].to_numpy() for column in ("mase", "low", "high"))
        for forecaster, group in table.groupby("forecaster", sort=False)
    }
    return [f"lead {lead}" for lead in SETTINGS["series"][name]["leads"]], groups


def floor() -> float:
    """Return the error at lead 1 that the noise of `mackey-glass` leaves to the best forecast."""
    problem = make_problem("mackey-glass")
    return noise_floor(SETTINGS["series"]["mackey-glass"]["noise"]) / float(problem.scales[1][0])


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    named = rows.assign(
        arm=[arm(row) for row in rows.to_dict("records")],
        loss=[_numbers(text).mean() for text in rows.validation],
    )
    check_learning_rates(named, "arm", SETTINGS["learning_rates"])
    found = differences(rows)
    cases = [f"{row.series} at {row.lead}" for row in found.itertuples()]
    confirmed = [case for case, says in zip(cases, found.says, strict=True) if says == 1]
    refuted = [case for case, says in zip(cases, found.says, strict=True) if says == -1]
    word = decide(confirmed, refuted, cases)
    parts = []
    for name, group in found.groupby("series", sort=False):
        won, lost = (group[group.says == says].lead for says in (1, -1))
        gain = 1 - group.network_mase.sum() / group.baseline_mase.sum()
        parts.append(
            f"{name}: better at {_listed(won)}, worse at {_listed(lost)} of leads "
            f"{_listed(group.lead)}, errors {-gain:+.0%}".replace("%", " %")
        )
    stack, anew = differences(rows, ("stacked",)), refitted(rows)
    text = (
        f"{len(confirmed)} of {len(cases)} cases say so, {len(refuted)} say the opposite. "
        f"{'; '.join(parts)}. The article's stack on levels: better in {(stack.says == 1).sum()}, "
        f"worse in {(stack.says == -1).sum()} of {len(stack)} cases on the real series. Against "
        "linear autoregression fitted anew at every origin (looked at after the runs) the best "
        f"LSTM is better in {(anew.says == 1).sum()}, worse in {(anew.says == -1).sum()} of these."
    )
    return Verdict("C20", STATEMENT, word, text, _budget(), found)


def _listed(leads: pd.Series) -> str:
    return ", ".join(map(str, leads)) or "none"


def _budget() -> str:
    updates = ", ".join(f"{name} {n}" for name, n in SETTINGS["updates"].items())
    return (
        f"at most so many updates of Adam on {SETTINGS['batch']} windows each: {updates}; the "
        "weights that did best on the validation part; all forecasters are fitted to the training "
        f"part and choose there and on the validation part; {len(SETTINGS['seeds'])} seeds, "
        "learning rates chosen on other seeds for each series and network; errors are scaled by "
        "the seasonal naive forecast's on the training part; 95 % intervals, not corrected for "
        "the number of cases."
    )


EXPERIMENT = Experiment(
    claim="C20",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=KEY,
    results=RESULTS / "c20.csv",
    plan=("seeds", "candidates", "learning_rates", "selection_seeds", "networks"),
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
