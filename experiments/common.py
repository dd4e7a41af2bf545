"""What every claim's script needs: a verdict, and results that know what made them.

A script states a claim, the settings, the jobs that follow from them, how one job is run, and the
rule that turns the rows into a verdict. `Experiment` does the rest: it says which jobs are missing,
stores the rows as a CSV file whose head carries a fingerprint of settings and sources (see
`experiments.fingerprint`), and refuses to read rows that others have made. `experiments.runner`
runs the jobs, many at a time.
"""

from __future__ import annotations

import io
import json
import platform
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import fingerprint
from tools.files import write_atomically

RESULTS = Path(__file__).parent / "results"
"""Where the rows are stored, one file per claim."""


class StaleResultsError(RuntimeError):
    """Stored rows are missing, incomplete, or were made by other settings or sources."""


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
    script: Path
    """The file of the script; what else decides the rows is found from its imports."""
    settings: Mapping[str, Any]
    """Everything that decides the rows and the jobs; must be writable as JSON."""
    jobs: Callable[[Mapping[str, Any]], list[dict[str, Any]]]
    run_job: Callable[[Mapping[str, Any]], dict[str, Any]]
    """Returns the row of a job; all rows have the same columns, NaN where one does not apply."""
    verdict: Callable[[pd.DataFrame], Verdict] | None
    """None where the rows are used and no claim is judged."""
    key: tuple[str, ...]
    """Columns that name a job."""
    results: Path
    plan: tuple[str, ...] = ()
    """Settings that only say which jobs there are, such as the seeds: their change asks for the
    jobs that are missing and leaves the rows of the others alone. `run_job` must not read them."""
    unused: tuple[str, ...] = ()
    """Modules that come with an import and that no job calls, such as the LSTM where plain RNNs are
    trained: their change leaves the rows alone. A test runs a job without them."""
    study: Experiment | None = None
    """The experiment that owns the rows, where a claim judges rows of a study; see `judge`."""

    def judge(
        self,
        claim: str,
        script: Path,
        verdict: Callable[[pd.DataFrame], Verdict],
        wanted: Callable[[Mapping[str, Any]], bool],
    ) -> Experiment:
        """Return a claim about some of the rows of this experiment, which stays their owner.

        Parameters
        ----------
        claim, script, verdict
            As for an experiment with rows of its own.
        wanted : callable
            Says of a job whether the claim looks at its row.

        Returns
        -------
        Experiment
            With the jobs that are wanted. Its rows are stored, run and told stale by this one.
        """
        return replace(
            self,
            claim=claim,
            script=script,
            verdict=verdict,
            jobs=lambda settings: [job for job in self.jobs(settings) if wanted(job)],
            study=self,
        )

    @property
    def name(self) -> str:
        """The name of the script, without ``.py``."""
        return self.script.stem

    def fingerprint(self, read: fingerprint.Reader = fingerprint.read_text) -> str:
        """Return the hash of settings and sources that the stored rows must carry."""
        if self.study:
            return self.study.fingerprint(read)
        deciding = {k: v for k, v in self.settings.items() if k not in self.plan}
        return fingerprint.fingerprint(self.script, deciding, read=read, unused=self.unused)

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

    def load(self) -> tuple[pd.DataFrame, Verdict | None]:
        """Return the stored rows, one per job, and the verdict that follows from them.

        Raises
        ------
        StaleResultsError
            If rows are missing, or other settings or sources have made them.
        """
        rows = self.read()
        missing = self.missing(rows.to_dict("records"))
        if missing:
            raise StaleResultsError(
                f"{self.results.name} lacks {len(missing)} of {len(self.jobs(self.settings))} "
                f"jobs; {self._cure()}"
            )
        wanted = {self._name(job) for job in self.jobs(self.settings)}
        names = [self._name(row) in wanted for row in rows.to_dict("records")]
        rows = rows[names].reset_index(drop=True)  # without jobs that the plan once had
        return rows, self.verdict(rows) if self.verdict else None

    @property
    def partial(self) -> Path:
        """The file that keeps the rows of a run that is under way."""
        return self.results.with_suffix(".partial.csv")

    def stored(self) -> list[dict[str, Any]]:
        """Return the rows that are there already: of the last run, finished or not."""
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for path in (self.results, self.partial):
            try:
                rows |= {self._name(row): row for row in self.read(path).to_dict("records")}
            except StaleResultsError:
                continue
        return list(rows.values())

    def missing(self, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the jobs that have no row."""
        done = {self._name(row) for row in rows}
        return [job for job in self.jobs(self.settings) if self._name(job) not in done]

    def keep(self, rows: list[dict[str, Any]], made: str) -> None:
        """Store the rows so far; should the run be killed, the next one goes on from them.

        Parameters
        ----------
        rows : list of dict
        made : str
            The fingerprint of the code that made them, taken before the first job: a source may
            be edited while jobs run.
        """
        self._write(self.partial, rows, made)

    def finish(self, rows: list[dict[str, Any]], made: str) -> None:
        """Store the rows of all jobs, in the order of the jobs; arguments as for `keep`."""
        self._write(self.results, rows, made)
        self.partial.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove all stored rows."""
        self.results.unlink(missing_ok=True)
        self.partial.unlink(missing_ok=True)

    def run(self) -> tuple[pd.DataFrame, Verdict | None]:
        """Run the jobs that are missing one after the other, in this process, and load the rows.

        A claim about the rows of a study runs the study.
        """
        if self.study:
            self.study.run()
            return self.load()
        rows, made = self.stored(), self.fingerprint()
        for job in self.missing(rows):
            rows.append({**job, **self.run_job(job)})
            self.keep(rows, made)
        self.finish(rows, made)
        return self.load()

    def run_as_script(self) -> None:
        """Run what is missing and print the verdict, as ``python -m experiments`` does, and exit.

        For the end of a script, so that it can be started alone.
        """
        from experiments.runner import main  # it imports every script

        sys.exit(main(["--only", self.name, *sys.argv[1:]]))

    def _name(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row[column] for column in self.key)

    def _write(self, path: Path, rows: Iterable[Mapping[str, Any]], made: str) -> None:
        """Write rows in the order of their jobs; the file is written in full, then put in place."""
        order = {self._name(job): place for place, job in enumerate(self.jobs(self.settings))}
        rows = sorted(
            (row for row in rows if self._name(row) in order), key=lambda r: order[self._name(r)]
        )
        for row in rows:
            if list(row) != list(rows[0]):
                raise ValueError(
                    f"{self.claim}: the row of {self._name(row)} has the columns "
                    f"{', '.join(row)}; expected {', '.join(rows[0])}."
                )
        head = {
            "claim": self.claim,
            "fingerprint": made,
            "settings": json.dumps(self.settings, sort_keys=True),
            "made with": f"Python {platform.python_version()}, "
            + ", ".join(f"{name} {version(name)}" for name in ("numpy", "torch")),
        }
        text = "".join(f"# {name}: {value}\n" for name, value in head.items())
        text += pd.DataFrame(rows).to_csv(index=False, lineterminator="\n", float_format="%.6g")
        write_atomically(path, text.encode())

    def _cure(self) -> str:
        return f"run `make experiments ONLY={self.name}` in the folder of the course."
