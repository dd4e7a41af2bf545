"""Predict: which steps of an evaluation leak, how, and which baseline is hard to beat."""

from __future__ import annotations

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter11.formulas import CHAPTER
from utils.checks.engine import Check

CLEAN = "no leak"
SCALE = "scaled by the future"
INPUT = "future values go in"
ANSWERS = "test values are trained on"
CHOSEN = "chosen on the test part"
REASONS = (CLEAN, SCALE, INPUT, ANSWERS, CHOSEN)
NAIVE, SEASONAL, AGREE = "naive", "seasonal naive", "they agree"
MEAN = "seasonal mean"

LEAKS = {
    "one_scaler": SCALE,
    "own_window": CLEAN,
    "shuffled": ANSWERS,
    "smoothed": INPUT,
    "early_stop": CHOSEN,
    "reaches_back": CLEAN,
    "month": CLEAN,
}
BEST = {
    "co2_lead_1": (NAIVE, (NAIVE, SEASONAL, AGREE)),
    "co2_lead_12": (AGREE, (NAIVE, SEASONAL, AGREE)),
    "el_nino_lead_6": (MEAN, (SEASONAL, MEAN, AGREE)),
}

check_leaks = Check(
    "leaks",
    chapter=CHAPTER,
    title="Leak or no leak, and which baseline wins",
    outputs={
        **dict.fromkeys(LEAKS, REASONS),
        **{name: options for name, (_, options) in BEST.items()},
    },
    steps={
        **{name: constant(reason) for name, reason in LEAKS.items()},
        **{name: constant(right) for name, (right, _) in BEST.items()},
    },
    hints=(
        "Ask of every number that reaches the network, in training or in the test: could it have "
        "been written down on the day on which the forecast is made?",
        "A leak lets something in from after the origin: into a scale, into an input, into what is "
        "trained on, or into a choice. What is known on that day, the calendar among it, may "
        "always be used.",
        "Four of the seven steps leak, each in a way of its own. For the baselines write down "
        "which value each of them copies: 12 months ahead, with a season of 12, the seasonal "
        "naive forecast goes back to the last known value.",
    ),
)
for _name, _wrong, _key, _message in (
    (
        "one_scaler",
        CLEAN,
        "scaler_taken_for_harmless",
        "Mean and standard deviation were taken from all years, those of the test among them. The "
        "network is told at which level the future will lie.",
    ),
    (
        "one_scaler",
        INPUT,
        "scaler_as_input",
        "The windows hold past values alone. What comes from the future are the two numbers that "
        "they are scaled by.",
    ),
    (
        "one_scaler",
        ANSWERS,
        "scaler_as_training",
        "No weight is trained on a value of the test part. What comes from there are two numbers, "
        "a mean and a standard deviation.",
    ),
    (
        "own_window",
        SCALE,
        "window_scale_suspected",
        "The mean of the window's own past is known on the day of the forecast, in the test part "
        "as in the training part.",
    ),
    (
        "own_window",
        INPUT,
        "window_input_suspected",
        "The 24 values are all known when the forecast is made, and so is their mean.",
    ),
    (
        "shuffled",
        CLEAN,
        "shuffle_taken_for_harmless",
        "Windows overlap. Dealt out at random, nearly every value that a test window asks for "
        "stands in some training window.",
    ),
    (
        "shuffled",
        INPUT,
        "shuffle_as_input",
        "Each test window goes in as it should. What is wrong happened before: the values it asks "
        "for were in windows that the network was trained on.",
    ),
    (
        "shuffled",
        CHOSEN,
        "shuffle_as_choice",
        "No choice looks at the test windows here. But neighbours of theirs, with the same values, "
        "were trained on.",
    ),
    (
        "smoothed",
        CLEAN,
        "smoothing_taken_for_harmless",
        "A centred mean of five months needs the two months after. At the origin those are what "
        "is to be forecast.",
    ),
    (
        "smoothed",
        SCALE,
        "smoothing_as_scale",
        "Nothing is scaled. The mean of five months puts two later months into each value that "
        "goes in.",
    ),
    (
        "smoothed",
        ANSWERS,
        "smoothing_as_training",
        "Near the split this happens too, but it goes further: at every origin of the test the "
        "newest inputs hold months that are still to come.",
    ),
    (
        "early_stop",
        CLEAN,
        "stop_taken_for_harmless",
        "The update at which the test error is least was found by looking at the test part. The "
        "error reported there is the least of many.",
    ),
    (
        "early_stop",
        ANSWERS,
        "stop_as_training",
        "No gradient comes from the test part. It picks one of many sets of weights, which is "
        "enough to flatter.",
    ),
    (
        "reaches_back",
        INPUT,
        "known_past_suspected",
        "At this origin the training years lie in the past. What is known may be read, wherever "
        "the border stands.",
    ),
    (
        "reaches_back",
        ANSWERS,
        "past_as_training_suspected",
        "The window reads training years and asks for test years; no value it asks for was "
        "trained on.",
    ),
    (
        "month",
        INPUT,
        "calendar_suspected",
        "Which month it will be is known for every day to come. What is not known is the value.",
    ),
    (
        "co2_lead_1",
        SEASONAL,
        "trend_forgotten",
        "The seasonal naive forecast lags a whole year behind the trend. One month ahead the last "
        "value is nearer, though the season moves on.",
    ),
    (
        "co2_lead_1",
        AGREE,
        "lead_1_taken_for_equal",
        "The one copies the last month, the other the month a year ago. They agree only where the "
        "lead is a whole number of seasons.",
    ),
    (
        "co2_lead_12",
        SEASONAL,
        "lead_12_seasonal",
        "Which value does the seasonal naive forecast copy 12 months ahead? Count back one season "
        "from there.",
    ),
    (
        "co2_lead_12",
        NAIVE,
        "lead_12_naive",
        "Twelve months ahead, one season back from there is the last known value: what does the "
        "seasonal naive forecast copy?",
    ),
    (
        "el_nino_lead_6",
        SEASONAL,
        "last_year_copied",
        "The seasonal naive forecast also copies what was unusual about last year, and half a year "
        "ahead most of that has passed. The mean of many years forgets it.",
    ),
    (
        "el_nino_lead_6",
        AGREE,
        "mean_taken_for_equal",
        "The one copies one year, the other takes the mean of sixty. Their seasons are alike, "
        "their errors are not.",
    ),
):
    check_leaks.add_mistake(_key, _message, {_name: constant(_wrong)})
