"""What every claim's script needs: intervals, a verdict, and results that know their settings.

A script states a claim, the settings, the jobs that follow from them, how one job is run, and the
rule that turns the rows into a verdict. `Experiment` does the rest: it runs the jobs that are
missing, stores the rows as a CSV file whose head carries a fingerprint of settings and sources, and
refuses to read rows that other settings or other sources have made.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import platform
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW
from tqdm.auto import tqdm

RESULTS = Path(__file__).parent / "results"
"""Where the rows are stored, one file per claim."""


class StaleResultsError(RuntimeError):
    """Stored rows are missing, incomplete, or were made by other settings or sources."""


class Interval(NamedTuple):
    """An estimate with the ends of its confidence interval."""

    estimate: float
    low: float
    high: float
    n: int
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}]"


def t_interval(
    values: ArrayLike,
    level: float = 0.95,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Interval:
    r"""Return the mean of independent values with its t interval.

    .. math:: \bar v \pm t_{n-1,\,(1+\text{level})/2} \; s / \sqrt n

    Parameters
    ----------
    values : array, shape (n,), n at least 2
        One value per independent run, in any unit.
    level : float in (0, 1)
        Share of such intervals that cover the true mean when the values are normal.
    bounds : (float, float)
        Range that the mean cannot leave, such as (0, 1) for accuracies; the ends are cut there.

    Returns
    -------
    interval : Interval
        In the unit of the values. Both ends equal the mean if all values are equal.

    Raises
    ------
    ValueError
        If there are fewer than two values, a value is not finite, or `level` is not in (0, 1).

    References
    ----------
    Student (1908), The probable error of a mean, Biometrika 6(1).
    """
    v = np.asarray(values, dtype=np.float64)
    if v.ndim != 1 or v.size < 2 or not np.isfinite(v).all():
        raise ValueError(f"values has shape {v.shape}; expected at least two finite numbers.")
    _check_level(level)
    if np.ptp(v) == 0:
        return Interval(float(v[0]), float(v[0]), float(v[0]), v.size, level)
    low, high = DescrStatsW(v).tconfint_mean(alpha=1 - level)
    low, high = np.clip([low, high], *bounds)
    return Interval(float(v.mean()), float(low), float(high), v.size, level)


def wilson_interval(successes: int, n: int, level: float = 0.95) -> Interval:
    r"""Return a success rate with its Wilson interval.

    .. math::
        \frac{\hat p + z^2/2n \pm z\sqrt{\hat p (1-\hat p)/n + z^2/4n^2}}{1 + z^2/n}

    Parameters
    ----------
    successes : int in 0 … n
        Runs that succeeded.
    n : int, at least 1
        Independent runs.
    level : float in (0, 1)
        Nominal share of such intervals that cover the true rate.

    Returns
    -------
    interval : Interval
        Values in [0, 1].

    Raises
    ------
    ValueError
        If `n` is below 1, `successes` is not in 0 … n, or `level` is not in (0, 1).

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22(158).
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}; expected 0 ≤ successes ≤ n, n at least 1.")
    _check_level(level)
    low, high = proportion_confint(successes, n, alpha=1 - level, method="wilson")
    return Interval(successes / n, float(low), float(high), int(n), level)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level is {level!r}; expected a number between 0 and 1.")


def check_learning_rates(rows: pd.DataFrame, group: str, used: Mapping[str, float]) -> None:
    """Compare the learning rates of the measurement with those that the selection runs prefer.

    Parameters
    ----------
    rows : DataFrame
        With columns `phase`, `learning_rate`, `loss` and `group`; preferred is the rate of the
        lowest mean loss over the rows of phase "select".
    group : str
        The column that learning rates were chosen for, such as ``"network"``.
    used : mapping of str to float
        The learning rate that each value of that column was measured with.

    Raises
    ------
    ValueError
        If another rate is preferred for one of them.
    """
    select = rows[rows.phase == "select"]
    means = select.groupby([group, "learning_rate"]).loss.mean()
    for name, rate in used.items():
        preferred = float(means[name].idxmin())
        if preferred != rate:
            raise ValueError(
                f"{name} was run with learning rate {rate}; the selection runs prefer "
                f"{preferred}:\n{means[name].to_string()}"
            )


@dataclass(frozen=True)
class Verdict:
    """What the runs say about a claim."""

    claim: str
    """Identifier in the ledger of claims, such as "C01"."""
    statement: str
    """The claim as it is usually told."""
    word: str
    """One of "holds", "holds only when", "is false"."""
    text: str
    """One or two sentences with the numbers that decide."""
    budget: str
    """The effort for which this verdict was reached."""
    evidence: pd.DataFrame
    """The intervals that the rule looked at, one row each."""

    def __post_init__(self) -> None:
        if self.word not in ("holds", "holds only when", "is false"):
            raise ValueError(
                f"word is {self.word!r}; expected 'holds', 'holds only when' or 'is false'."
            )

    def __str__(self) -> str:
        lines = (
            f"{self.claim}: {self.statement}",
            f"Verdict: {self.word}. {self.text}",
            f"Budget: {self.budget}",
        )
        return "\n".join(textwrap.fill(line, 88, subsequent_indent="  ") for line in lines)


@dataclass(frozen=True)
class Experiment:
    """A claim with its settings, its jobs, and the rule of its verdict."""

    claim: str
    settings: Mapping[str, Any]
    """Everything that decides the rows; must be writable as JSON."""
    sources: tuple[Path, ...]
    """The files whose text decides the rows: the script and the data modules that it uses."""
    jobs: Callable[[Mapping[str, Any]], list[dict[str, Any]]]
    run_job: Callable[[Mapping[str, Any]], dict[str, Any]]
    verdict: Callable[[pd.DataFrame], Verdict]
    key: tuple[str, ...]
    """Columns that name a job."""
    results: Path

    def fingerprint(self) -> str:
        """Return the hash of settings and sources that the stored rows must carry."""
        digest = hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode())
        for path in self.sources:
            digest.update(path.read_text(encoding="utf-8").encode())  # line ends as "\n"
        return digest.hexdigest()[:16]

    def read(self, path: Path | None = None) -> pd.DataFrame:
        """Return the stored rows after a comparison of their fingerprint with today's.

        Raises
        ------
        StaleResultsError
            If there are no rows, or other settings or sources have made them.
        """
        path = path or self.results
        if not path.exists():
            raise StaleResultsError(f"{path.name} does not exist; {self._cure()}")
        text = path.read_text(encoding="utf-8")
        head = dict(line[2:].split(": ", 1) for line in text.splitlines() if line.startswith("# "))
        made, now = head.get("fingerprint"), self.fingerprint()
        if made != now:
            raise StaleResultsError(
                f"{path.name} carries fingerprint {made}, settings and sources have {now}; "
                f"{self._cure()}"
            )
        return pd.read_csv(io.StringIO(text), comment="#")

    def load(self) -> tuple[pd.DataFrame, Verdict]:
        """Return the stored rows, one per job, and the verdict that follows from them.

        Raises
        ------
        StaleResultsError
            If rows are missing, or other settings or sources have made them.
        """
        rows = self.read()
        missing = self._missing(rows)
        if missing:
            raise StaleResultsError(
                f"{self.results.name} lacks {len(missing)} of {len(self.jobs(self.settings))} "
                f"jobs; {self._cure()}"
            )
        return rows, self.verdict(rows)

    def run(self, progress: bool = True) -> tuple[pd.DataFrame, Verdict]:
        """Run the jobs that are not stored yet, store all rows, and return them with the verdict.

        Rows are kept beside the result file after each job, so that an interrupted run goes on
        where it stopped. Each file is written in full and then put into place.
        """
        partial = self.results.with_suffix(".partial.csv")
        rows: list[dict[str, Any]] = []
        for path in (partial, self.results):
            try:
                rows = self.read(path).to_dict("records")
                break
            except StaleResultsError:
                continue
        for job in tqdm(self._missing(pd.DataFrame(rows)), desc=self.claim, disable=not progress):
            rows.append({**job, **self.run_job(job)})
            self._write(partial, rows)
        order = {self._name(job): place for place, job in enumerate(self.jobs(self.settings))}
        rows = sorted(
            (r for r in rows if self._name(r) in order), key=lambda r: order[self._name(r)]
        )
        self._write(self.results, rows)
        partial.unlink(missing_ok=True)
        return self.load()

    def main(self, argv: list[str] | None = None) -> int:
        """Run from the command line: `python -m experiments.<script> [--check | --fresh]`."""
        parser = argparse.ArgumentParser(description=f"Claim {self.claim}: run it, or read it.")
        parser.add_argument("--check", action="store_true", help="only read the stored rows")
        parser.add_argument("--fresh", action="store_true", help="run every job again")
        args = parser.parse_args(argv)
        try:
            if args.fresh and not args.check:
                self.results.unlink(missing_ok=True)
                self.results.with_suffix(".partial.csv").unlink(missing_ok=True)
            _, verdict = self.load() if args.check else self.run()
        except StaleResultsError as error:
            print(error, file=sys.stderr)
            return 1
        print(verdict.evidence.to_string(index=False))
        print(verdict)
        return 0

    def _name(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row[column] for column in self.key)

    def _missing(self, rows: pd.DataFrame) -> list[dict[str, Any]]:
        done = {self._name(row) for row in rows.to_dict("records")}
        return [job for job in self.jobs(self.settings) if self._name(job) not in done]

    def _write(self, path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
        head = {
            "claim": self.claim,
            "fingerprint": self.fingerprint(),
            "settings": json.dumps(self.settings, sort_keys=True),
            "made with": f"Python {platform.python_version()}, "
            + ", ".join(f"{name} {version(name)}" for name in ("numpy", "torch")),
        }
        text = "".join(f"# {name}: {value}\n" for name, value in head.items())
        text += pd.DataFrame(rows).to_csv(index=False, lineterminator="\n", float_format="%.6g")
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}.partial.csv")
        scratch.write_text(text, encoding="utf-8", newline="\n")
        os.replace(scratch, path)

    def _cure(self) -> str:
        return f"run `python -m experiments.{self.sources[0].stem}` in the folder of the course."
