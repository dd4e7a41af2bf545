"""Tables and pictures of the memory study, as chapter 07 shows them.

The rows are those of `experiments.memory_study`; nothing is judged here. What "succeeds" and
"helpless" mean is what they mean in `experiments.memory_claims`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.memory_claims import LSTM, SURE
from experiments.memory_study import (
    CELLS,
    LEARNT,
    TASKS,
    TEXT,
    bits,
    means,
    measured,
    success_rates,
)
from utils.plots.variant_results import CellResult

MEASURES = {
    "share of right answers": ("score", LEARNT, False, (-0.03, 1.03)),
    "updates made": ("updates", LEARNT, False, (0, 840)),
    "factor per step before training": ("gain_before", TASKS, True, (0, 1.6)),
    "factor per step after training": ("gain", TASKS, True, (0, 1.6)),
    "bits per character": ("score", (TEXT,), False, (2.3, 3.2)),
}
"""What the explorer can show: column, tasks, whether means are geometric, ends of the axis."""


class Board:
    """Look up how often cells learn.

    Parameters
    ----------
    rows : DataFrame
        As `memory_study.load` returns them.

    Attributes
    ----------
    runs : DataFrame
        Runs that succeed, a row for each task and a column for each cell.
    total : Series
        The same, summed over the tasks, by cell.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        self._rows = rows
        self._rates = success_rates(rows).set_index(["task", "cell"])
        self.runs = self._rates.successes.unstack().loc[list(LEARNT)]
        self.total = self.runs.sum()

    def outcome(self, task: str, cell: str) -> str:
        """Return "succeeds", "helpless" or "between", by the Wilson interval of the rate."""
        rate = self._rates.loc[(task, cell)]
        return "succeeds" if rate.low >= SURE else "helpless" if rate.high <= SURE else "between"

    def tasks(self, cell: str = LSTM, outcome: str = "succeeds") -> list[str]:
        """Return the tasks at which a cell has an outcome."""
        return [task for task in LEARNT if self.outcome(task, cell) == outcome]

    def table(self, *cells: str) -> pd.DataFrame:
        """Return the runs that succeed, with the word for them; a row for each cell."""
        words = {
            task: [f"{self.runs.loc[task, cell]} {self.outcome(task, cell)}" for cell in cells]
            for task in LEARNT
        }
        return pd.DataFrame(words, index=list(cells))

    def mean(self, column: str, task: str, *cells: str) -> dict[str, float]:
        """Return the geometric mean of a column over the runs, by cell, to three digits."""
        table = means(self._rows, column, logarithmic=True).set_index(["task", "cell"])["mean"]
        return {cell: float(f"{table[task, cell]:.3g}") for cell in cells}

    def text(self, *cells: str) -> pd.DataFrame:
        """Return the bits per character with their interval, a row for each cell."""
        return bits(self._rows).set_index("cell").loc[list(cells)]


def explorer(
    rows: pd.DataFrame,
) -> tuple[dict[str, dict[str, dict[str, CellResult]]], dict[str, tuple[float, float]]]:
    """Return what `utils.widgets.explore_variant_results` shows, and the ends of its axes.

    Returns
    -------
    results : dict of measure to dict of task to dict of cell to CellResult
        Means with 95 % t intervals, cut to [0, 1] for shares; the points are the runs.
    limits : dict of measure to (low, high)
    """
    results: dict[str, dict[str, dict[str, CellResult]]] = {}
    runs = measured(rows).set_index(["task", "cell"]).sort_index()
    for measure, (column, tasks, logarithmic, _) in MEASURES.items():
        table = means(rows, column, logarithmic).set_index(["task", "cell"])
        top = 1.0 if measure.startswith("share") else np.inf
        results[measure] = {
            task: {
                cell: CellResult(
                    runs.loc[(task, cell), column].to_numpy(float),
                    *np.clip(
                        table.loc[(task, cell), ["mean", "low", "high"]].to_numpy(float), 0, top
                    ),
                )
                for cell in CELLS
            }
            for task in tasks
        }
    return results, {measure: setting[3] for measure, setting in MEASURES.items()}
