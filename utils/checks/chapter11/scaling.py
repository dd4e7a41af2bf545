"""Code: scale by what is known, and bring forecasts back to the unit of the series."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter11.formulas import CHAPTER, draw_series
from utils.checks.engine import Check


def scaling_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a series of N values, b of them for training, and H scaled forecasts."""
    return {
        "values": draw_series(rng, sizes["N"]),
        "border": sizes["b"],
        "outputs": rng.normal(size=sizes["H"]),
    }


check_scaled_parts = Check(
    "scaled_parts",
    chapter=CHAPTER,
    title="Scaled by what is known",
    outputs={"train": "b", "test": "N-b", "forecast": "H"},
    inputs=scaling_inputs,
    sizes=({"N": 20, "b": 13, "H": 4}, {"N": 17, "b": 9, "H": 3}, {"N": 26, "b": 16, "H": 6}),
    steps={
        "known": lambda values, border: values[: int(border)],
        "shift": lambda known: known.mean(),
        "scale": lambda known: known.std(),
        "train": lambda values, border, shift, scale: (values[:border] - shift) / scale,
        "test_shift": lambda shift: shift,
        "test_scale": lambda scale: scale,
        "test": lambda values, border, test_shift, test_scale: (
            (values[border:] - test_shift) / test_scale
        ),
        "back_shift": lambda shift: shift,
        "back_scale": lambda scale: scale,
        "forecast": lambda outputs, back_shift, back_scale: outputs * back_scale + back_shift,
    },
    hints=(
        "On the day of the first forecast only the values before the border are known. Which two "
        "numbers can you take from them, and where are they used?",
        "One mean and one standard deviation, both of `values[:border]`, scale the training part "
        "and the test part. They also bring the forecast back: solve scaled = (y − mean) / std "
        "for y.",
        "With `known = values[:border]`: `(values[:border] - known.mean()) / known.std()`, the "
        "same for `values[border:]`, and `outputs * known.std() + known.mean()`.",
    ),
)
for _key, _message, _replaces in (
    (
        "fitted_on_all",
        "Mean and standard deviation come from the whole series. Those of the test part are not "
        "known yet: take `values[:border]` alone.",
        {"known": lambda values: values},
    ),
    (
        "fitted_on_the_test",
        "Mean and standard deviation come from the test part. Take them from the values before "
        "the border.",
        {"known": lambda values, border: values[border:]},
    ),
    (
        "border_one_early",
        "The last training value was left out of mean and standard deviation: `values[:border]` "
        "ends before the border by itself.",
        {"known": lambda values, border: values[: border - 1]},
    ),
    (
        "border_one_late",
        "The first test value went into mean and standard deviation.",
        {"known": lambda values, border: values[: border + 1]},
    ),
    (
        "swapped",
        "Mean and standard deviation have changed places: the mean is subtracted, and the standard "
        "deviation divides.",
        {"shift": lambda known: known.std(), "scale": lambda known: known.mean()},
    ),
    (
        "median_for_mean",
        "The median was subtracted. Asked for is the mean.",
        {"shift": lambda known: np.median(known)},
    ),
    (
        "variance",
        "This divides by the variance. The standard deviation is its root.",
        {"scale": lambda known: known.var()},
    ),
    (
        "n_minus_one",
        "The standard deviation was made with n − 1. Here it is made with n, as `np.std` does.",
        {"scale": lambda known: known.std(ddof=1)},
    ),
    (
        "range_for_spread",
        "This divides by the range, largest less least. Asked for is the standard deviation.",
        {"scale": lambda known: np.ptp(known)},
    ),
    (
        "into_zero_one",
        "The values were brought into the range from 0 to 1. Asked for are mean 0 and standard "
        "deviation 1.",
        {"shift": lambda known: known.min(), "scale": lambda known: np.ptp(known)},
    ),
    (
        "train_not_centred",
        "The training part was divided without taking the mean off first.",
        {"train": lambda values, border, scale: values[:border] / scale},
    ),
    (
        "train_only_centred",
        "The mean is off the training part, and it was not divided by the standard deviation.",
        {"train": lambda values, border, shift: values[:border] - shift},
    ),
    (
        "train_brackets_missing",
        "Brackets are missing in the training part: only the mean was divided.",
        {"train": lambda values, border, shift, scale: values[:border] - shift / scale},
    ),
    (
        "test_by_itself",
        "The test part was scaled by its own mean and standard deviation, which are not known when "
        "its first value is forecast.",
        {
            "test_shift": lambda values, border: values[border:].mean(),
            "test_scale": lambda values, border: values[border:].std(),
        },
    ),
    (
        "test_by_all",
        "The test part was scaled by mean and standard deviation of the whole series.",
        {
            "test_shift": lambda values: values.mean(),
            "test_scale": lambda values: values.std(),
        },
    ),
    (
        "test_not_scaled",
        "The test part was left in the unit of the series. A network that was trained on scaled "
        "values must be handed scaled ones.",
        {"test": lambda values, border: values[border:]},
    ),
    (
        "test_brackets_missing",
        "Brackets are missing in the test part: only the mean was divided.",
        {
            "test": lambda values, border, test_shift, test_scale: (
                values[border:] - test_shift / test_scale
            )
        },
    ),
    (
        "not_brought_back",
        "The forecast is still scaled. It has to be brought back to the unit of the series.",
        {"forecast": lambda outputs: outputs},
    ),
    (
        "scaled_twice",
        "The forecast was scaled once more. It comes out scaled and has to be brought back.",
        {"forecast": lambda outputs, back_shift, back_scale: (outputs - back_shift) / back_scale},
    ),
    (
        "mean_not_added",
        "The forecast was multiplied back, and the mean was not added.",
        {"forecast": lambda outputs, back_scale: outputs * back_scale},
    ),
    (
        "only_mean_added",
        "The mean was added to the forecast, and the standard deviation was forgotten.",
        {"forecast": lambda outputs, back_shift: outputs + back_shift},
    ),
    (
        "wrong_order_back",
        "The way back runs in the wrong order: multiply by the standard deviation first, then add "
        "the mean.",
        {"forecast": lambda outputs, back_shift, back_scale: (outputs + back_shift) * back_scale},
    ),
    (
        "back_by_the_test",
        "The forecast was brought back with mean and standard deviation of the test part. Use "
        "the ones that scaled the training part.",
        {
            "back_shift": lambda values, border: values[border:].mean(),
            "back_scale": lambda values, border: values[border:].std(),
        },
    ),
    (
        "back_by_all",
        "The forecast was brought back with mean and standard deviation of the whole series.",
        {"back_shift": lambda values: values.mean(), "back_scale": lambda values: values.std()},
    ),
):
    check_scaled_parts.add_mistake(_key, _message, _replaces)
