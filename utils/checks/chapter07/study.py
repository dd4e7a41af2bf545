"""Experiment: one change to the LSTM, trained on signed counting from five seeds.

The check trains the learner's own variant again, as the notebook does; a run takes a fraction of
a second.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from utils.cells.lstm_variants import LSTM_VARIANTS, OPTIONS, VARIANT_ALIASES, LSTMVariant
from utils.checks.chapter07.formulas import CHAPTER, Array, constant
from utils.checks.engine import Case, Check, Mistake
from utils.checks.reporting import Report
from utils.checks.running import Answer, Problem
from utils.clipping import clip_by_global_norm
from utils.data.tasks import COUNT_SYMBOLS, signed_count
from utils.optim import Adam
from utils.sequence_model import count_parameters, init_sequence_model

SEEDS, T_FACTOR = 5, 2.776
STEPS, SAMPLES, UNITS, UPDATES, RATE = 16, 32, 8, 150, 0.01
COSTS, HELPS, UNDECIDED = VERDICTS = ("the change costs", "the change helps", "not decided")
LSTM = LSTMVariant()
TRAINING = {"seeds", "variant_seeds", "losses"}  # whose mistakes show in the table itself


def new_model(variant: LSTMVariant, seed: int) -> Any:
    """Draw the network that the exercise draws."""
    rng, D = np.random.default_rng(seed), len(COUNT_SYMBOLS)
    return init_sequence_model(D, UNITS, 1, rng, cell="lstm", variant=variant, forget_bias=1.0)


@functools.lru_cache(maxsize=4096)
def final_loss(variant: LSTMVariant, seed: int) -> float:
    """Train on signed counting; return the mean loss on 500 fresh sequences, or infinity."""
    model, rng, optimiser = new_model(variant, seed), np.random.default_rng([seed, 1]), Adam(RATE)
    try:
        for _ in range(UPDATES):
            step = model.loss_and_gradients(*signed_count(rng, SAMPLES, STEPS))
            clipped = clip_by_global_norm(step.gradients, 1.0)
            optimiser.step(model.weights, clipped.gradients)
        fresh = signed_count(np.random.default_rng(1000), 500, STEPS)
        return float(model.loss_and_gradients(*fresh).loss)
    except ValueError:  # values that are no finite numbers any more
        return np.inf


@functools.lru_cache(maxsize=256)
def parameters_of(variant: LSTMVariant) -> int:
    """Count the parameters of the network with this cell."""
    return count_parameters(new_model(variant, 0))


def encode(variant: LSTMVariant) -> Array:
    """Return a variant as six whole numbers: the place of each part among its options."""
    return np.array([options.index(getattr(variant, p)) for p, options in OPTIONS.items()])


def decode(code: Any) -> LSTMVariant:
    """Return the variant of six whole numbers."""
    pairs = zip(OPTIONS.items(), np.asarray(code).astype(int), strict=True)
    return LSTMVariant(**{part: options[place] for (part, options), place in pairs})


def losses_of(code: Array, seeds: Sequence[int]) -> Array:
    """Return the final losses of a variant for these seeds."""
    variant = decode(code)
    return np.array([final_loss(variant, int(seed)) for seed in seeds])


def changed_parts(code: Any) -> list[str]:
    """Return the names of the parts that differ from the LSTM's."""
    return [part for part, place in zip(OPTIONS, np.ravel(code), strict=True) if place != 0]


def verdict_of(interval: Array) -> str:
    """Decide by the rule: an interval for variant minus LSTM that lies on one side of 0."""
    low, high = interval
    return COSTS if low > 0 else HELPS if high < 0 else UNDECIDED


DEFAULT = encode(LSTM_VARIANTS["overwriting"])


class StudyCheck(Check):
    """The check of a study whose variant the learner has chosen.

    The right values are those of the learner's own variant, if it differs from the LSTM in one
    part; as long as there is none, those of a variant that overwrites its memory.
    """

    def _make_inputs(self, case: int, seed: int | None = None) -> dict[str, Any]:
        return {"code": DEFAULT}

    def compute(self, inputs: Mapping[str, Any], *arguments: Any, **options: Any) -> dict[str, Any]:
        """Compute as `Check` does, for a variant of the check's own where there is none."""
        return super().compute({**self._make_inputs(0), **inputs}, *arguments, **options)

    def combinations(self, quantity: str) -> Iterable[tuple[Mistake, ...]]:
        """Yield what `Check` does, without training other seeds for what the table decides."""
        if quantity == "verdict":
            return  # three words prove no mistake of the numbers before them
        late = quantity in ("mean", "interval")
        for combination in super().combinations(quantity):
            if not (late and any(TRAINING & set(mistake.replaces) for mistake in combination)):
                yield combination

    def run(self, answer: Any, cases: Sequence[Case]) -> list[Answer]:
        """Take a variant as an LSTMVariant or by its name."""
        if isinstance(answer, (tuple, list)) and len(answer) == len(self.outputs):
            answer = dict(zip(self.outputs, answer, strict=True))
        if not isinstance(answer, Mapping):
            return super().run(answer, cases)
        told = _read_variant(answer.get("variant"))
        plain = {**answer, "variant": None if isinstance(told, Problem) else told}
        if isinstance(told, Problem) and all(
            value is None or value is Ellipsis for name, value in plain.items() if name != "variant"
        ):
            plain["variant"] = np.zeros(len(OPTIONS))  # so that it is not taken for untouched
        answers = super().run(plain, cases)
        if isinstance(told, Problem) and answers[0].problem is None:
            outputs = {**answers[0].outputs, "variant": told}
            return [Answer(outputs)] * len(cases)
        return answers

    def report(self, answer: Any, seed: int | None = None) -> Report:
        """Judge an answer by what its own variant does."""
        cases = self.cases(seed)
        answers = self.run(answer, cases)
        code = None if answers[0].problem else answers[0].outputs["variant"]
        if isinstance(code, np.ndarray) and _is_code(code):
            inputs = {"code": code}
            cases = [Case({}, inputs, self.compute(inputs))]
        return self.judge(cases, answers[:1])

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say what is changed, which shape is expected, or what a verdict has against it."""
        if name == "variant" and isinstance(value, np.ndarray) and _is_code(value):
            return _one_change_text(value)
        if name == "verdict" and isinstance(value, str) and value in VERDICTS:
            return _verdict_text(value, str(right))
        if name == "losses" and isinstance(value, np.ndarray) and value.shape != right.shape:
            return (
                f"`losses` has shape {value.shape}; expected (5, 2): a row for each seed, the LSTM "
                "in the first column, your variant in the second."
            )
        if name == "losses" and isinstance(value, np.ndarray) and np.isfinite(value).all():
            columns = [self.agrees(value[:, k], right[:, k]) for k in (0, 1)]
            if any(columns) and not all(columns):
                which = "your variant" if columns[0] else "the LSTM"
                return (
                    f"`losses`: the column of {which} is not what `final_loss` gives for the seeds "
                    "0 to 4, and the other one is."
                )
        return ""


def _is_code(value: Array) -> bool:
    try:
        return bool(np.isfinite(value).all()) and np.array_equal(encode(decode(value)), value)
    except (ValueError, IndexError, TypeError):
        return False


def _read_variant(value: Any) -> Any:
    """Return a variant as its code, None where there is none yet, or say what is wrong with it."""
    if value is None or value is Ellipsis:
        return None
    if isinstance(value, LSTMVariant):
        return encode(value)
    if isinstance(value, str):
        name = VARIANT_ALIASES.get(value, value)
        if name in LSTM_VARIANTS:
            return encode(LSTM_VARIANTS[name])
        return Problem("not numbers", f"`variant`: there is none called '{value}'. {_EXPECTED}")
    if isinstance(value, type):
        return Problem("not numbers", f"`variant` is the class itself. {_EXPECTED}")
    if isinstance(value, (np.ndarray, list)):
        return value
    return Problem("not numbers", f"`variant` is of type {type(value).__name__}. {_EXPECTED}")


_EXPECTED = "Expected is what you trained, such as `LSTMVariant(forget_gate='zero')`."


def _one_change_text(code: Array) -> str:
    parts = changed_parts(code)
    if not parts:
        return "`variant`: this is the LSTM itself. Change one of its parts."
    listed = ", ".join(f"`{part}`" for part in parts)
    return (
        f"`variant`: {len(parts)} parts differ from the LSTM, {listed}. Which of them made the "
        "difference cannot be told; change one."
    )


def _verdict_text(value: str, right: str) -> str:
    if right == UNDECIDED:
        return (
            "`verdict`: 0 lies in the interval. By the rule that was set before the runs, these "
            "five seeds do not decide, whatever the sign of the mean."
        )
    if value == UNDECIDED:
        return "`verdict`: 0 does not lie in the interval. On which side of it is it?"
    return (
        "`verdict`: turned round. The numbers are losses, variant minus LSTM: above 0 the variant "
        "has lost more."
    )


check_study = StudyCheck(
    "study",
    chapter=CHAPTER,
    title="One change, trained from five seeds",
    outputs={
        "variant": "part",
        "parameters": "cell",
        "losses": "S cell",
        "mean": "",
        "interval": "limit",
        "verdict": VERDICTS,
    },
    steps={
        "variant": lambda code: code if len(changed_parts(code)) == 1 else DEFAULT,
        "parameters": lambda code: np.array([parameters_of(LSTM), parameters_of(decode(code))]),
        "seeds": lambda: np.arange(SEEDS),
        "variant_seeds": lambda seeds: seeds,
        "reference": lambda: encode(LSTM),
        "lstm_column": lambda reference, seeds: losses_of(reference, seeds),
        "variant_column": lambda code, variant_seeds: losses_of(code, variant_seeds),
        "losses": lambda lstm_column, variant_column: np.stack([lstm_column, variant_column], 1),
        "differences": lambda losses: losses[:, 1] - losses[:, 0],
        "mean": lambda differences: differences.mean(),
        "spread": lambda differences: differences.std(ddof=1),
        "share": constant(np.sqrt(SEEDS)),
        "factor": constant(T_FACTOR),
        "half": lambda spread, share, factor: factor * spread / share,
        "interval": lambda mean, half: np.array([mean - half, mean + half]),
        "verdict": lambda interval: verdict_of(interval),
    },
    tolerance=1e-3,
    hints=(
        "Build the variant first, with one part changed, and look at its `.blocks`: those are the "
        "parts that have parameters. Then run one seed, to see how long it takes.",
        "`[[final_loss(cell, seed) for cell in (LSTMVariant(), variant)] for seed in range(5)]` is "
        "the table, a row for each seed.",
        "The differences are column 1 minus column 0. Mean and interval as in exercise 6 with "
        "the factor 2.776; then compare both limits with 0.",
    ),
)
for _key, _message, _replaces in (
    (
        "counts_swapped",
        "The two counts have changed places: the LSTM comes first.",
        {"parameters": lambda code: np.array([parameters_of(decode(code)), parameters_of(LSTM)])},
    ),
    (
        "count_of_cell",
        "The output layer is not counted. `count_parameters` takes the whole network.",
        {
            "parameters": lambda code: (
                np.array([parameters_of(LSTM), parameters_of(decode(code))]) - UNITS - 1
            )
        },
    ),
    (
        "count_of_lstm_twice",
        "Both counts are those of the LSTM. A part without a sigmoid, a tanh or a sum of its own "
        "has no parameters.",
        {"parameters": lambda: np.full(2, parameters_of(LSTM))},
    ),
    (
        "seeds_from_one",
        "The seeds are 1 to 5. Asked for are 0 to 4, `range(5)`.",
        {"seeds": lambda: np.arange(1, SEEDS + 1)},
    ),
    (
        "one_seed",
        "All rows are from one seed, 0. Hand the row's own seed to `final_loss`.",
        {"seeds": lambda: np.zeros(SEEDS, dtype=int)},
    ),
    (
        "variant_from_other_seeds",
        "The variant was trained from the seeds 5 to 9. Then the rows are no pairs: use 0 to 4 for "
        "both.",
        {"variant_seeds": lambda seeds: seeds + SEEDS},
    ),
    (
        "variant_from_one_seed",
        "The column of the variant is from one seed, 0. Each row has its own.",
        {"variant_seeds": lambda seeds: 0 * seeds},
    ),
    (
        "columns_swapped",
        "The columns have changed places: the LSTM stands in the first one.",
        {
            "losses": lambda lstm_column, variant_column: np.stack(
                [variant_column, lstm_column], axis=1
            )
        },
    ),
    (
        "rows_and_columns_swapped",
        "Rows and columns have changed places. A row for each seed, a column for each cell.",
        {"losses": lambda lstm_column, variant_column: np.stack([lstm_column, variant_column])},
    ),
    (
        "lstm_twice",
        "Both columns are the LSTM. Hand your variant to `final_loss` for the second one.",
        {"losses": lambda lstm_column: np.stack([lstm_column, lstm_column], axis=1)},
    ),
    (
        "variant_twice",
        "Both columns are your variant. The first one is `LSTMVariant()` as it is.",
        {"losses": lambda variant_column: np.stack([variant_column, variant_column], axis=1)},
    ),
    (
        "other_way_round",
        "The differences are LSTM minus variant. Take variant minus LSTM.",
        {"differences": lambda losses: losses[:, 0] - losses[:, 1]},
    ),
    (
        "relative",
        "The differences are divided by the loss of the LSTM. Take them as they are.",
        {"differences": lambda losses: losses[:, 1] / losses[:, 0] - 1},
    ),
    (
        "mean_of_variant",
        "This is the mean loss of the variant. Asked for is that of the differences.",
        {"mean": lambda losses: losses[:, 1].mean()},
    ),
    (
        "median",
        "This is the median of the differences. Asked for is their mean.",
        {"mean": lambda differences: np.median(differences)},
    ),
    (
        "summed",
        "This is the sum of the differences. The mean divides it by 5.",
        {"mean": lambda differences: differences.sum()},
    ),
    (
        "not_paired",
        "The spreads of both columns were put together, as for runs without pairs. Use the spread "
        "of the five differences.",
        {"spread": lambda losses: np.sqrt(losses.var(axis=0, ddof=1).sum())},
    ),
    (
        "divided_by_count",
        "The sum of squares was divided by 5. Divide by 4: `std(ddof=1)`.",
        {"spread": lambda differences: differences.std()},
    ),
    (
        "spread_for_error",
        "The standard deviation was not divided by the root of 5.",
        {"share": constant(1.0)},
    ),
    (
        "divided_without_root",
        "The standard deviation was divided by 5. Divide by the root of 5.",
        {"share": constant(5.0)},
    ),
    (
        "normal_factor",
        "The factor is 1.96, which holds for very many runs. For five it is 2.776.",
        {"factor": constant(1.96)},
    ),
    (
        "no_factor",
        "The half width is the standard error itself. Multiply it by 2.776.",
        {"factor": constant(1.0)},
    ),
    (
        "around_zero",
        "This interval lies around 0. Put it around the mean.",
        {"interval": lambda half: np.array([-half, half])},
    ),
    (
        "limits_swapped",
        "The limits have changed places: the lower one comes first.",
        {"interval": lambda mean, half: np.array([mean + half, mean - half])},
    ),
    (
        "smallest_and_largest",
        "These are the smallest and the largest difference. Asked for is the interval of the mean.",
        {"interval": lambda differences: np.array([differences.min(), differences.max()])},
    ),
):
    check_study.add_mistake(_key, _message, _replaces)
