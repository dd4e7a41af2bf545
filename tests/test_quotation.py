"""The longest run that was copied."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.quotation import longest_quotation

texts = st.lists(st.integers(0, 3), min_size=1, max_size=12)


def by_hand(written, known):
    """Try every run, the longest first."""
    for length in range(len(written), 0, -1):
        for i in range(len(written) - length + 1):
            run = written[i : i + length]
            for text in known:
                if any(text[j : j + length] == run for j in range(len(text) - length + 1)):
                    return length
    return 0


@given(texts, st.lists(texts, max_size=3))
def test_is_what_trying_every_run_finds(written, known):
    assert longest_quotation(written, known) == by_hand(written, known)


def test_a_run_is_unbroken_and_within_one_text():
    assert longest_quotation([1, 2, 9, 3, 4], [[1, 2, 3, 4]]) == 2
    assert longest_quotation([1, 2, 3, 4], [[1, 2], [3, 4]]) == 2
    assert longest_quotation([11], [[1, 1]]) == 0
    assert (
        longest_quotation(np.array([5, 6, 7]), [np.array([6, 7]), np.array([4, 5, 6, 7, 8])]) == 3
    )


def test_errors():
    with pytest.raises(ValueError, match="written"):
        longest_quotation([], [[1]])
    with pytest.raises(TypeError, match="known"):
        longest_quotation([1], [["a"]])
