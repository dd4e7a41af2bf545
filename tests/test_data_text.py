"""Text as numbers: vocabulary, files with what can be wrong with them, parts, windows."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.data import text as data
from utils.data.text import (
    Vocabulary,
    count_windows,
    drop_repeats,
    read_text,
    split_text,
    topics_text,
    windows,
)


def test_examples_of_the_module():
    assert doctest.testmod(data).failed == 0


@given(st.text(min_size=1, max_size=60))
def test_decoding_undoes_encoding(text):
    vocabulary = Vocabulary.of(text)
    indices = vocabulary.encode(text)
    assert indices.shape == (len(text),)
    assert len(vocabulary) == len(set(text)) == indices.max() + 1
    assert vocabulary.decode(indices) == text


def test_vocabulary_is_in_order_whatever_the_text():
    assert Vocabulary.of("bca") == Vocabulary.of("cab") == Vocabulary("abc")
    assert Vocabulary("abc").decode([]) == ""


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: Vocabulary("ba"), ValueError, "expected different characters in order"),
        (lambda: Vocabulary("aa"), ValueError, "expected different characters in order"),
        (lambda: Vocabulary(""), ValueError, "characters is empty"),
        (lambda: Vocabulary(3), TypeError, "characters is an int; expected a text"),
        (lambda: Vocabulary.of(""), ValueError, "text is empty"),
        (lambda: Vocabulary.of(b"ab"), TypeError, "text is a bytes; expected a text"),
        (lambda: Vocabulary("abc").encode(None), TypeError, "text is None; expected a text"),
        (
            lambda: Vocabulary("abc").encode("abж"),
            ValueError,
            "text holds 'ж', first at position 2; expected the 3 characters",
        ),
        (lambda: Vocabulary("c").encode("cabdefgh"), ValueError, "'f' and 2 more, first at posi"),
        (lambda: Vocabulary("abc").decode([0, 3]), ValueError, "indices holds 3; expected whole"),
        (lambda: Vocabulary("abc").decode([-1]), ValueError, "indices holds -1"),
        (lambda: Vocabulary("abc").decode([0.5]), TypeError, "whole numbers"),
        (lambda: drop_repeats(""), ValueError, "text is empty"),
        (lambda: split_text("abcd" * 9, test=0), ValueError, "test is 0"),
        (lambda: split_text("abcd" * 9, test=0.6, validation=0.4), ValueError, "leave some text"),
        (lambda: split_text("abcd"), ValueError, "text holds 4 characters; too few"),
        (lambda: count_windows(8, 4, 2), ValueError, r"8 characters is too short for T = 4 and B"),
        (lambda: windows(np.arange(5), 0, 1), ValueError, "T is 0"),
        (lambda: windows(np.ones(9), 2, 1), TypeError, "whole numbers"),
        (lambda: windows(np.ones((9, 1), int), 2, 1), ValueError, r"expected \(N,\)"),
    ],
)
def test_bad_input_is_told_in_one_line(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


# Files


def test_a_file_is_read_as_it_stands(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_bytes("\ufeffäöü\r\nsecond\rthird\n".encode())
    assert read_text(path, shortest=5) == "äöü\nsecond\nthird\n"
    assert read_text(str(path), shortest=5).startswith("ä")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds 0 characters; expected at least 2000"),
        (b"short", "holds 5 characters; expected at least 2000"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "holds a byte 0 at position 8, as pictures"),
        ("caf\xe9".encode("latin-1") * 900, "is not UTF-8: byte 0xe9 at position 3"),
        ("text".encode("utf-16") * 900, "is text in UTF-16; save it as UTF-8"),
        (b"abc\x1b[31m" * 900, r"holds the control character '\\x1b' at position 3"),
    ],
)
def test_what_is_no_text_is_refused_in_one_line(tmp_path, content, words):
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        read_text(path)
    assert str(caught.value).startswith("mine.txt ")
    assert "\n" not in str(caught.value)


def test_places_that_are_no_file_are_refused(tmp_path):
    with pytest.raises(ValueError, match="is a folder; expected a text file"):
        read_text(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no\.txt does not exist \(looked in "):
        read_text(tmp_path / "no.txt")
    with pytest.raises(TypeError, match="path is an int; expected the place"):
        read_text(3)
    (tmp_path / "one.txt").write_text("a" * 10)
    with pytest.raises(ValueError, match="shortest is 0"):
        read_text(tmp_path / "one.txt", shortest=0)


# The course's text


def test_no_paragraph_of_the_course_text_stands_in_it_twice():
    text, whole = topics_text(), topics_text(repeats=True)
    paragraphs = [" ".join(p.split()) for p in text.split("\n\n")]
    assert len(set(paragraphs)) == len(paragraphs)
    assert {" ".join(p.split()) for p in whole.split("\n\n")} - {""} == set(paragraphs)
    assert 200_000 < len(text) < 0.95 * len(whole)
    assert text == topics_text()
    assert 80 < len(Vocabulary.of(text)) < 150


def test_repeats_are_dropped_where_they_come_later():
    assert drop_repeats("a  b\n\nc\n\n\na\nb\n\n d") == "a  b\n\nc\n\n d\n"


def test_parts_follow_one_another_and_test_text_is_not_in_training_text():
    text = topics_text()
    parts = split_text(text)
    assert "".join(parts) == text
    assert len(parts.validation) == pytest.approx(0.05 * len(text), abs=1)
    assert len(parts.test) == pytest.approx(0.05 * len(text), abs=1)
    seen = {" ".join(p.split()) for p in parts.train.split("\n\n")}
    for part in (parts.validation, parts.test):
        inner = part.split("\n\n")[1:-1]  # the first and the last may be cut
        assert len(inner) > 10
        assert not seen & {" ".join(p.split()) for p in inner}


# Windows


@given(st.integers(1, 7), st.integers(1, 5), st.integers(0, 60))
def test_windows_carry_on_and_targets_come_one_later(T, B, extra):
    text = np.arange(T * B + 1 + extra)
    parts = list(windows(text, T, B))
    assert len(parts) == count_windows(len(text), T, B)
    for part in parts:
        assert part.xs.shape == part.targets.shape == (T, B)
        np.testing.assert_array_equal(part.targets, part.xs + 1)
    pieces = np.concatenate([part.xs for part in parts])  # (steps, B)
    np.testing.assert_array_equal(np.diff(pieces, axis=0), 1)  # nothing skipped, nothing twice
    length = (len(text) - 1) // B
    np.testing.assert_array_equal(pieces[0], length * np.arange(B))
    left_out = len(text) - 1 - pieces.size
    assert 0 <= left_out < B * (T + 1)
