"""Forecasting one series in time: windows, baselines, honest evaluation and intervals.

Import what you need from here, such as ``from utils.forecasting import rolling_origin``. Numbers
are counted as in Python: an origin is how many values are known, a lead how many steps ahead.
"""

from utils.forecasting.autoregression import Lags, LinearAutoregression, lag_matrix
from utils.forecasting.baselines import (
    Drift,
    Forecaster,
    Mean,
    Naive,
    SeasonallyAdjusted,
    SeasonalMean,
    SeasonalNaive,
)
from utils.forecasting.evaluation import (
    DifferenceInterval,
    Evaluation,
    difference_interval,
    mae,
    mase,
    mase_scale,
    origins_of,
    paired_differences,
    rmse,
    rolling_origin,
)
from utils.forecasting.intervals import (
    Band,
    Calibration,
    Coverage,
    calibrate,
    coverage,
    interval_score,
)
from utils.forecasting.leaks import RandomSplit, leaky_scaler, random_split, shared_values
from utils.forecasting.scaling import Scaler, fit_scaler
from utils.forecasting.smoothing import ExponentialSmoothing
from utils.forecasting.systems import mackey_glass, mackey_glass_next, noise_floor, related_series
from utils.forecasting.windows import Split, Windows, join_windows, make_windows, split_in_time

__all__ = [
    "Band",
    "Calibration",
    "Coverage",
    "DifferenceInterval",
    "Drift",
    "Evaluation",
    "ExponentialSmoothing",
    "Forecaster",
    "Lags",
    "LinearAutoregression",
    "Mean",
    "Naive",
    "RandomSplit",
    "Scaler",
    "SeasonalMean",
    "SeasonalNaive",
    "SeasonallyAdjusted",
    "Split",
    "Windows",
    "calibrate",
    "coverage",
    "difference_interval",
    "fit_scaler",
    "interval_score",
    "join_windows",
    "lag_matrix",
    "leaky_scaler",
    "mackey_glass",
    "mackey_glass_next",
    "mae",
    "make_windows",
    "mase",
    "mase_scale",
    "noise_floor",
    "origins_of",
    "paired_differences",
    "random_split",
    "related_series",
    "rmse",
    "rolling_origin",
    "shared_values",
    "split_in_time",
]
