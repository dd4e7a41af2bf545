"""The ledger of all claims: complete, in order, and told as the scripts tell it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

import experiments
from experiments import c01_position, ledger
from experiments.common import StaleResultsError, Verdict

FOLDER = Path(experiments.__path__[0])


@pytest.fixture(scope="module")
def entries():
    return ledger.load()


def test_every_claim_has_one_line_in_the_order_of_the_numbers(entries):
    numbers = [entry.verdict.claim for entry in entries]
    scripts = {path.name[:3].upper() for path in FOLDER.glob("c[0-9][0-9]_*.py")}
    assert numbers == sorted(scripts)
    assert sum(ledger.count(entries).values()) == len(entries)


def test_no_claim_stands_in_two_chapters():
    claims = [claim for claims in ledger.CHAPTERS.values() for claim in claims]
    assert sorted(claims) == [f"C{number:02}" for number in range(1, 26)]


def test_chapters_and_statements_are_those_of_the_readme(entries):
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (C\d\d) (.+?) \| `(\w+)\.py` \| .+ \| (\d\d) \|$", readme, re.M)
    assert rows == [
        (e.verdict.claim, e.verdict.statement, e.script, e.chapter[:2]) for e in entries
    ]


def test_chapters_exist_and_name_their_claims(entries):
    for entry in entries:
        path = FOLDER.parent / "chapters" / f"{entry.chapter}.ipynb"
        assert entry.verdict.claim in path.read_text(encoding="utf-8"), entry.chapter


def test_markdown_holds_every_word_and_number(entries):
    text = ledger.as_markdown(entries, "chapters/")
    for verdict, chapter, script in entries:
        assert f"| {verdict.claim} | {verdict.statement} | **{verdict.word}** |" in text
        assert f"(chapters/{chapter}.ipynb)" in text
        assert f"<summary>{verdict.claim}: {verdict.word}</summary>\n\n{verdict.text}" in text
        assert f"`experiments/{script}.py`" in text
    head, _, *rows = text.split("\n\n")[0].splitlines()
    assert len(rows) == len(entries)
    assert {row.count(" | ") for row in (head, *rows)} == {3}


def test_a_verdict_follows_from_the_stored_rows(monkeypatch):
    """A rule that says something else is seen in the ledger: no verdict is written by hand."""
    other = Verdict("C01", "statement", "is false", "text", "budget", None)
    monkeypatch.setattr(
        c01_position,
        "EXPERIMENT",
        replace(c01_position.EXPERIMENT, verdict=lambda rows: other),
    )
    (entry,) = ledger.load(["experiments.c01_position"])
    assert entry.verdict is other


def test_stale_rows_are_refused(monkeypatch, tmp_path):
    moved = replace(c01_position.EXPERIMENT, results=tmp_path / "none.csv")
    monkeypatch.setattr(c01_position, "EXPERIMENT", moved)
    with pytest.raises(StaleResultsError, match=r"none\.csv does not exist"):
        ledger.load(["experiments.c01_position"])


def test_a_claim_without_a_chapter_is_told(monkeypatch):
    monkeypatch.setattr(ledger, "CHAPTERS", {})
    with pytest.raises(KeyError, match="C01 is in no chapter"):
        ledger.load(["experiments.c01_position"])
