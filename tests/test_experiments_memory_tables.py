"""Tables of the memory study: the numbers of the rows, and the words of the claims."""

import numpy as np
import pytest

from experiments import memory_study, memory_tables
from experiments.memory_claims import Case, outcomes


@pytest.fixture(scope="module")
def rows():
    return memory_study.load()[0]


@pytest.fixture(scope="module")
def board(rows):
    return memory_tables.Board(rows)


def test_runs_are_counted(rows, board):
    some = rows[(rows.phase == "measure") & (rows.task == "adding") & (rows.cell == "lstm")]
    assert board.runs.loc["adding", "lstm"] == (some.score >= 0.9).sum()
    assert list(board.runs.index) == list(memory_study.LEARNT)
    assert set(board.runs.columns) == set(memory_study.CELLS)
    assert board.total["lstm"] == board.runs["lstm"].sum()


def test_words_are_those_of_the_claims(rows, board):
    found = outcomes(rows)
    for task in memory_study.LEARNT:
        for cell in memory_study.CELLS:
            case = Case(cell, task)
            word = "succeeds" if case in found.succeed else "between"
            word = "helpless" if case in found.helpless else word
            assert board.outcome(task, cell) == word
            assert (task in board.tasks(cell)) == (word == "succeeds")
    table = board.table("lstm", "overwriting")
    assert table.shape == (2, 5)
    n, word = table.loc["overwriting", "agreement"].split()
    assert int(n) == board.runs.loc["agreement", "overwriting"]
    assert word == board.outcome("agreement", "overwriting")


def test_means(rows, board):
    some = rows[(rows.phase == "measure") & (rows.task == "copying") & (rows.cell == "rnn")]
    expected = np.exp(np.log(some.gain_before).mean())
    assert board.mean("gain_before", "copying", "rnn")["rnn"] == pytest.approx(expected, rel=5e-3)
    text = board.text("lstm", "rnn")
    assert list(text.index) == ["lstm", "rnn"]
    assert (text.low < text["mean"]).all()


def test_explorer_holds_every_run(rows):
    results, limits = memory_tables.explorer(rows)
    assert set(results) == set(limits) == set(memory_tables.MEASURES)
    for measure, by_task in results.items():
        low, high = limits[measure]
        for task, by_cell in by_task.items():
            assert list(by_cell) == list(memory_study.CELLS)
            n = len(memory_study.SETTINGS["seeds"][task])
            for result in by_cell.values():
                assert len(result.points) == n
                assert low <= result.estimate <= high, (measure, task)
                assert result.low <= result.estimate <= result.high
    share = results["share of right answers"]["adding"]["lstm"]
    some = rows[(rows.phase == "measure") & (rows.task == "adding") & (rows.cell == "lstm")]
    np.testing.assert_array_equal(np.sort(share.points), np.sort(some.score))
    assert share.estimate == pytest.approx(some.score.mean())
    assert share.high <= 1
