"""The ledger: all claims with the verdicts that follow from the stored rows.

Nothing is written here by hand but the chapter that treats each claim: statement, verdict, numbers
and budget come from the scripts, and a script whose rows are stale is refused.

    python -m experiments.ledger      prints the whole ledger
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from experiments.common import Verdict

CHAPTERS: dict[str, tuple[str, ...]] = {
    "02_rnn_forward": ("C01",),
    "05_vanishing_exploding": ("C02", "C03", "C04", "C05", "C06", "C07", "C08", "C22"),
    "06_lstm": ("C09", "C10", "C11", "C21"),
    "07_lstm_design": ("C12", "C13", "C14", "C15", "C16", "C24", "C25"),
    "08_gru": ("C17", "C23"),
    "09_bidirectional_deep": ("C18", "C19"),
    "11_forecasting": ("C20",),
}
"""The chapters that treat claims."""

WORDS = ("holds", "holds only when", "is false")


class Entry(NamedTuple):
    """One line of the ledger.

    Attributes
    ----------
    verdict : Verdict
    chapter : str
        Name of the notebook that treats the claim, without its ending.
    script : str
        Name of the script in ``experiments/``, without its ending.
    """

    verdict: Verdict
    chapter: str
    script: str


def load(modules: Sequence[str] | None = None) -> tuple[Entry, ...]:
    """Return the ledger in the order of the claims' numbers.

    Parameters
    ----------
    modules : sequence of str, optional
        The scripts; without it all of ``experiments/``.

    Returns
    -------
    tuple of Entry
        Experiments without a numbered claim are left out.

    Raises
    ------
    StaleResultsError
        If rows are missing, or other settings or sources have made them.
    KeyError
        If no chapter is named for a claim.
    """
    from experiments.runner import discover  # the runner is not needed to read one claim

    chapters = {claim: chapter for chapter, claims in CHAPTERS.items() for claim in claims}
    entries = []
    for name in modules or discover():
        experiment = importlib.import_module(name).EXPERIMENT
        if experiment.verdict is None or not experiment.claim[1:].isdigit():
            continue
        if experiment.claim not in chapters:
            raise KeyError(f"{experiment.claim} is in no chapter of experiments.ledger.CHAPTERS.")
        _, verdict = experiment.load()
        entries.append(Entry(verdict, chapters[experiment.claim], experiment.name))
    return tuple(sorted(entries, key=lambda entry: entry.verdict.claim))


def count(entries: Sequence[Entry]) -> dict[str, int]:
    """Return how many claims hold, hold only under conditions, and are false."""
    found = Counter(entry.verdict.word for entry in entries)
    return {word: found[word] for word in WORDS}


def as_markdown(entries: Sequence[Entry], folder: str = "") -> str:
    """Write the ledger as a table in Markdown, the numbers of each claim folded under it.

    Parameters
    ----------
    entries : sequence of Entry
    folder : str
        Put before the names of the chapters, to which the table links.

    Returns
    -------
    text : str
    """
    table = ["| claim | as it is usually told | verdict | chapter |", "|---|---|---|---|"]
    details = []
    for verdict, chapter, script in entries:
        link = f"[{chapter[:2]}]({folder}{chapter}.ipynb)"
        table.append(f"| {verdict.claim} | {verdict.statement} | **{verdict.word}** | {link} |")
        details.append(
            f"<details><summary>{verdict.claim}: {verdict.word}</summary>\n\n"
            f"{verdict.text}\n\nBudget: {verdict.budget}\n\nScript: `experiments/{script}.py`\n\n"
            "</details>"
        )
    return "\n".join(table) + "\n\n" + "\n\n".join(details)


if __name__ == "__main__":
    ledger = load()
    for entry in ledger:
        print(f"{entry.verdict}\nChapter: {entry.chapter}\n")
    print(", ".join(f"{number} {word}" for word, number in count(ledger).items()))
