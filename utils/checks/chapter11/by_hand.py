"""By hand: the seasonal naive forecast of eight numbers, and its errors in four units."""

from __future__ import annotations

import numpy as np

from utils.checks.chapter11.formulas import CHAPTER
from utils.checks.engine import Check

KNOWN = (12.0, 20.0, 16.0, 14.0, 25.0, 13.0, 17.0, 29.0)
CAME = (15.0, 18.0, 25.0, 21.0)
PERIOD = 3
_known, _came = np.array(KNOWN), np.array(CAME)
_forecast = np.array([13.0, 17.0, 29.0, 13.0])

check_errors_by_hand = Check(
    "errors_by_hand",
    chapter=CHAPTER,
    title="Eight numbers, by hand",
    outputs={"forecast": "H", "mae": "", "rmse": "", "scale": "", "mase": ""},
    steps={
        "forecast": lambda: _forecast,
        "errors": lambda forecast: forecast - _came,
        "mae": lambda errors: np.abs(errors).mean(),
        "rmse": lambda errors: np.sqrt((errors**2).mean()),
        "scale": lambda: np.abs(_known[PERIOD:] - _known[:-PERIOD]).mean(),
        "mase": lambda mae, scale: mae / scale,
    },
    decimals=3,
    hints=(
        "Write the eight numbers in rows of three, the newest at the end of the last row, and the "
        "four that came below them. What stands one season above each?",
        "The forecasts repeat the last three known values; the fourth begins the season anew. The "
        "scale is the mean absolute error of the same rule on the known part: each value from the "
        "fourth on against the one three before it.",
        "The absolute errors are 2, 1, 4 and 8. The scale comes from five differences, of which "
        "the first is |14 − 12|. MASE is MAE over scale, with no unit.",
    ),
)


for _key, _quantity, _function, _message in (
    (
        "naive_forecast",
        "forecast",
        lambda: np.full(4, 29.0),
        "That is the naive forecast, the last value four times. The seasonal one goes back a whole "
        "season.",
    ),
    (
        "period_of_four",
        "forecast",
        lambda: _known[4:],
        "Those are the last four values: they go back four steps. A season has three.",
    ),
    (
        "period_of_two",
        "forecast",
        lambda: np.array([17.0, 29.0, 17.0, 29.0]),
        "This goes back two steps. A season has three.",
    ),
    (
        "one_lead_late",
        "forecast",
        lambda: np.array([17.0, 29.0, 13.0, 17.0]),
        "All forecasts are off by one lead: the first copies the value three steps before its own "
        "place, which is the sixth.",
    ),
    (
        "what_came_copied",
        "forecast",
        lambda: np.array([13.0, 17.0, 29.0, 15.0]),
        "The fourth copies what came at the first lead. That is not known when the forecast is "
        "made; it takes the value one season earlier.",
    ),
    (
        "first_season",
        "forecast",
        lambda: np.array([16.0, 12.0, 20.0, 16.0]),
        "That is the season in an early year. Take the newest value at each place of the season.",
    ),
    (
        "mean_of_seasons",
        "forecast",
        lambda: np.array([14.5, 43 / 3, 74 / 3, 14.5]),
        "That is the seasonal mean. Asked for is the newest value at each place of the season.",
    ),
    (
        "errors_cancel",
        "mae",
        lambda errors: errors.mean(),
        "That is the mean error, in which too high and too low cancel: the bias. Take absolute "
        "values first.",
    ),
    (
        "bias_without_sign",
        "mae",
        lambda errors: np.abs(errors.mean()),
        "The absolute value was taken after the mean. Take it of each error.",
    ),
    (
        "mae_is_sum",
        "mae",
        lambda errors: np.abs(errors).sum(),
        "That is the sum of the absolute errors. Divide by the four leads.",
    ),
    (
        "mae_is_median",
        "mae",
        lambda errors: np.median(np.abs(errors)),
        "That is the median of the absolute errors. MAE is their mean.",
    ),
    (
        "mae_in_per_cent",
        "mae",
        lambda errors: 100 * np.abs(errors / _came).mean(),
        "That is the error in per cent of what came. MAE keeps the unit of the series.",
    ),
    (
        "mae_of_three",
        "mae",
        lambda errors: np.abs(errors[:3]).mean(),
        "That is the mean over the first season. There are four leads.",
    ),
    (
        "not_rooted",
        "rmse",
        lambda errors: (errors**2).mean(),
        "That is the mean squared error, in squared units. Take the root.",
    ),
    (
        "root_of_sum",
        "rmse",
        lambda errors: np.sqrt((errors**2).sum()),
        "That is the root of the sum of squares. Divide by four before the root.",
    ),
    (
        "root_divided",
        "rmse",
        lambda errors: np.sqrt((errors**2).sum()) / len(errors),
        "The root was taken first and divided by four. The mean belongs under the root.",
    ),
    (
        "spread_of_errors",
        "rmse",
        lambda errors: errors.std(),
        "That is the standard deviation of the errors, which forgets their mean. RMSE takes the "
        "squares of the errors themselves.",
    ),
    (
        "rmse_is_mae",
        "rmse",
        lambda mae: mae,
        "That is the MAE: the root of each square was taken before the mean.",
    ),
    (
        "n_minus_one",
        "rmse",
        lambda errors: np.sqrt((errors**2).sum() / 3),
        "The squares were divided by three. RMSE divides by the number of errors, four.",
    ),
    (
        "scale_of_the_test",
        "scale",
        lambda: np.abs(_came - _forecast).mean(),
        "That is the error on what came, by which every seasonal naive forecast gets MASE 1. The "
        "scale comes from the known part.",
    ),
    (
        "scale_of_all",
        "scale",
        lambda: np.abs(np.diff(np.reshape([*KNOWN, *CAME], (-1, 3)), axis=0)).mean(),
        "The scale was taken from all twelve numbers. Those that came are not known yet: only the "
        "eight belong to it.",
    ),
    (
        "scale_of_one_step",
        "scale",
        lambda: np.abs(np.diff(_known)).mean(),
        "That is the scale with period 1, from neighbouring values. Here a season has three steps.",
    ),
    (
        "scale_of_four_steps",
        "scale",
        lambda: np.abs(_known[4:] - _known[:-4]).mean(),
        "The differences go back four steps. A season has three.",
    ),
    (
        "scale_over_eight",
        "scale",
        lambda: np.abs(_known[PERIOD:] - _known[:-PERIOD]).sum() / len(KNOWN),
        "The sum was divided by eight. The first season has nothing to be compared with: there are "
        "five differences.",
    ),
    (
        "scale_with_signs",
        "scale",
        lambda: (_known[PERIOD:] - _known[:-PERIOD]).mean(),
        "In this mean ups and downs cancel. Take the absolute value of each difference.",
    ),
    (
        "scale_squared",
        "scale",
        lambda: np.sqrt(((_known[PERIOD:] - _known[:-PERIOD]) ** 2).mean()),
        "The scale of MASE is a mean of absolute differences, without squares.",
    ),
    (
        "scale_is_spread",
        "scale",
        lambda: _known.std(),
        "That is the standard deviation of the known values. The scale is an error: that of the "
        "seasonal naive rule.",
    ),
    (
        "rmse_over_scale",
        "mase",
        lambda rmse, scale: rmse / scale,
        "The RMSE was divided by the scale. MASE takes the MAE.",
    ),
    (
        "mase_turned",
        "mase",
        lambda mae, scale: scale / mae,
        "The fraction stands on its head: MAE over scale.",
    ),
    (
        "mase_multiplied",
        "mase",
        lambda mae, scale: mae * scale,
        "MAE and scale were multiplied. Divide, so that the unit goes away.",
    ),
    (
        "mase_over_mean",
        "mase",
        lambda mae: mae / _known.mean(),
        "The MAE was divided by the mean of the values. MASE divides by the scale.",
    ),
):
    check_errors_by_hand.add_mistake(_key, _message, {_quantity: _function})
