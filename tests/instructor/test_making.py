"""Generated submissions: of every kind, the same each time, with mistakes that are known."""

import nbformat
import numpy as np
import pytest

from tests.instructor.hostile.sheet import NAME, Sheet, solved
from tests.instructor.making import MISTAKES, SHARES, answers_of, make_submissions, spoil
from utils import checks
from utils.cells import RNNWeights, rnn_unroll
from utils.losses import softmax


def test_same_seed_gives_the_same_bytes_and_a_smaller_class_is_the_beginning():
    made = make_submissions(30, seed=3)
    assert make_submissions(30, seed=3) == made
    assert make_submissions(8, seed=3) == made[:8]
    assert make_submissions(30, seed=4) != made
    assert len({item.student for item in made}) == 30


def test_every_kind_is_there_in_about_its_share():
    made = make_submissions(200, seed=0)
    assert {item.kind for item in made[: len(SHARES)]} == set(SHARES)
    for kind, share in SHARES.items():
        count = sum(item.kind == kind for item in made)
        assert 0.4 * share < count / 200 < 2 * share, kind
    assert sum(len(item.mistakes) for item in made) > 50
    for item in made:
        nbformat.validate(nbformat.reads(item.data.decode(), as_version=4))


def test_other_assignments_can_be_made_too():
    for item in make_submissions(8, name="03_rnn_backward"):
        assert b"back_through_time" in item.data


def test_answers_are_found_by_their_cells():
    stems = answers_of(Sheet())
    assert stems[:4] == ["count", "hand", "step", "unroll"]
    assert len(stems) == 11


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.exercise}-{m.key}")
def test_each_mistake_is_recognised_by_its_check(mistake):
    sheet = Sheet(honest=False)
    spoil(sheet, mistake)
    space = {"np": np, "softmax": softmax, "RNNWeights": RNNWeights, "rnn_unroll": rnn_unroll}
    if mistake.exercise == "fading":
        exec(solved("distance-answer"), space)
        source = "".join(sheet.cell("fading-setup")["source"])
        exec(source.rpartition("guess = ")[0], space)
    exec(sheet.cell(f"{mistake.exercise}-answer")["source"], space)
    call = "".join(sheet.cell(f"{mistake.exercise}-check")["source"])
    variable = call.rpartition(f"check_{mistake.check}(")[2].partition(",")[0]
    report = checks.REGISTRY[NAME][mistake.check].report(space[variable])
    assert any(mistake.key in key.split("|") for key in report.mistakes), str(report)
    assert report.score < 1


def test_a_slip_that_no_longer_fits_is_an_error():
    with pytest.raises(ValueError, match="the answer to step has no 'nowhere' to change"):
        spoil(Sheet(), MISTAKES[3].__class__("step", "rnn_step", "x", "nowhere", ""))
