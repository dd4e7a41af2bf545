"""Numbers in sentences."""

import numpy as np
import pytest

from utils.wording import counted


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0 steps"),
        (1, "1 step"),
        (2, "2 steps"),
        (1000, "1,000 steps"),
        (np.int64(1), "1 step"),
        (0.5, "0.5 steps"),
        (1.0, "1.0 steps"),
    ],
)
def test_a_number_with_its_noun(number, written):
    assert counted(number, "step") == written


def test_it_is_one_if_it_is_written_so():
    assert counted(1.0, "step", digits=".3g") == "1 step"
    assert counted(1.0004, "step", digits=".3g") == "1 step"
    assert counted(1.04, "step", digits=".3g") == "1.04 steps"


def test_a_plural_of_its_own():
    assert counted(1, "bias", "biases") == "1 bias"
    assert counted(2, "bias", "biases") == "2 biases"
