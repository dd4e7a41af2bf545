"""Dates in many languages: each names one day, and what is held out is never trained on."""

import datetime
import doctest
import re
from contextlib import suppress

import numpy as np
import pytest
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data import dates

seeds = st.integers(0, 2**32 - 1)
days = st.dates(dates.FIRST_DAY, dates.LAST_DAY)
languages = st.sampled_from(sorted(dates.LANGUAGES))
splits = st.sampled_from(dates.SPLITS)
EVERY = [(language, form) for language in dates.LANGUAGES for form in dates.formats(language)]


def rng(seed=0):
    return np.random.default_rng(seed)


def test_enough_languages_forms_and_digits():
    assert len(dates.LANGUAGES) >= 10
    for language in dates.LANGUAGES:
        written = {dates.write(datetime.date(2021, 9, 3), language, p) for _, p in EVERY if p in
                   dates.formats(language)}  # fmt: skip
        assert len(written) >= 3, language
    texts = [dates.write(datetime.date(2021, 9, 3), language) for language in dates.LANGUAGES]
    assert {digit for text in texts for digit in text if digit.isdigit()} >= set("2٢۲२")


@pytest.mark.parametrize(("language", "pattern"), EVERY)
def test_every_form_of_every_language_reads_back(language, pattern):
    for place in range(0, 36_500, 599):  # each month and each day of the week
        day = dates.FIRST_DAY + datetime.timedelta(place)
        text = dates.write(day, language, pattern)
        assert dates.read(text, language) == day
        assert dates.UNKNOWN not in dates.encode(text), text


def test_each_character_is_one_that_babel_writes_or_a_letter_of_its_script():
    """No character is unknown for any month or day of the week, in any form."""
    unknown = set()
    for place in range(0, 365, 2):
        day = datetime.date(2021, 1, 1) + datetime.timedelta(place)
        for language, pattern in EVERY:
            text = dates.tidy(dates.write(day, language, pattern)).lower()
            unknown |= set(text) - set(dates.SOURCE)
    assert not unknown
    assert len(set(dates.SOURCE)) == len(dates.SOURCE)


@given(days, languages)
def test_words_are_those_of_babel(day, language):
    for pattern in dates.formats(language):
        name = {"ar": "ar_EG"}.get(language, language)
        ours = "".join(
            str(int(c)) if c.isdigit() else c for c in dates.write(day, language, pattern)
        )
        assert ours == " ".join(format_date(day, pattern, locale=name).split())


@settings(max_examples=30)
@given(days)
def test_one_text_names_one_day_in_whatever_language(day):
    for language in dates.LANGUAGES:
        for pattern in dates.formats(language):
            text = dates.write(day, language, pattern)
            for other in dates.LANGUAGES:
                with suppress(ValueError):  # most languages have no such form
                    assert dates.read(text, other) == day, (text, language, other)


def test_rules_of_what_is_left_out():
    assert all("yy" not in pattern for _, pattern in EVERY)
    assert not any(re.match(r"M+/", pattern) for _, pattern in EVERY)
    assert dates.write(datetime.date(2021, 9, 3), "en", "dd/MM/y") == "03/09/2021"


def test_dates_by_hand():
    day = datetime.date(2021, 9, 3)
    assert dates.write(day, "fr", "d MMMM y") == "3 septembre 2021"
    assert dates.write(day, "mr", "d MMMM, y") == "३ सप्टेंबर, २०२१"
    assert dates.write(day, "zh") == "2021年9月3日星期五"
    assert dates.read("Friday, September 3, 2021", "en") == day
    assert dates.read("٣/٩/٢٠٢١", "ar") == day
    assert dates.tidy("3\u200f/9 \u202f 2021") == "3/9 2021"


# --- the split --------------------------------------------------------------------------------


@given(seeds, splits, st.none() | languages)
def test_an_example(seed, split, language):
    example = dates.make_example(rng(seed), split, language)
    day = datetime.date.fromisoformat(example.iso)
    assert language in (None, example.language)
    assert dates.FIRST_DAY <= day <= dates.LAST_DAY
    assert dates.write(day, example.language, example.pattern) == example.text
    assert dates.is_held_out(day, example.language) == (split == "held_out")
    if split == "train":
        for other in dates.sharing(example.language, example.pattern):
            assert not dates.is_held_out(day, other)


def as_read(day, language, pattern):
    return dates.tidy(dates.write(day, language, pattern)).lower()


@given(days)
def test_sharing_names_all_languages_that_write_a_text(day):
    writers = {}
    for language, pattern in EVERY:
        writers.setdefault(as_read(day, language, pattern), set()).add((language, pattern))
    for together in writers.values():
        for language, pattern in together:
            assert {other for other, _ in together} <= dates.sharing(language, pattern)


def test_no_held_out_text_is_trained_on():
    """As texts are read: in lower case, whichever language wrote them."""

    def texts(split):
        drawn = dates.batch(rng(5), 4000, split, ["nl", "de", "fi", "en"])
        return {dates.tidy(text).lower() for text in drawn.texts}

    train, held_out = texts("train"), texts("held_out")
    assert len(train) > 3000
    assert not train & held_out


def test_a_form_that_languages_share_is_kept_out_for_all_of_them():
    assert dates.sharing("nl", "d MMMM y") >= {"nl", "en"}
    assert dates.sharing("de", "dd.MM.y") >= {"de", "ru", "pl"}
    assert dates.sharing("fr", "dd/MM/y") >= {"fr", "en", "it"}
    assert dates.sharing("ja", "y年M月d日") == {"ja", "zh"}
    assert dates.sharing("el", "d MMMM y") == {"el"}


def test_a_fifth_is_held_out():
    held = [
        dates.is_held_out(dates.FIRST_DAY + datetime.timedelta(place), language)
        for place in range(0, 36_000, 90)
        for language in dates.LANGUAGES
    ]
    assert 0.18 < np.mean(held) < 0.22


# --- encode and decode ------------------------------------------------------------------------


@given(days, languages)
def test_encode_and_decode(day, language):
    for pattern in dates.formats(language):
        text = dates.write(day, language, pattern)
        indices = dates.encode(text)
        assert dates.decode(indices) == dates.tidy(text).lower()
        np.testing.assert_array_equal(dates.encode(dates.decode(indices)), indices)


@given(days)
def test_iso_there_and_back(day):
    indices = dates.encode_iso(day.isoformat())
    assert indices.shape == (dates.TARGET_STEPS,)
    assert indices[-1] == dates.END
    assert dates.decode_iso(indices) == day.isoformat()
    assert dates.decode_iso(np.concatenate([[dates.START], indices, [5, 0]])) == day.isoformat()


def test_unknown_characters():
    assert dates.encode("3!").tolist() == [dates.SOURCE.index("3"), dates.UNKNOWN]
    assert dates.decode(dates.encode("3!")) == "3?"


@settings(max_examples=30)
@given(st.integers(1, 6), splits, seeds)
def test_batch(B, split, seed):
    batch = dates.batch(rng(seed), B, split)
    assert batch.xs.shape == batch.mask.shape
    assert batch.targets.shape == (dates.TARGET_STEPS, B)
    assert not batch.xs[batch.mask == 0].any()
    assert (np.diff(batch.mask, axis=0) <= 0).all()
    assert batch.mask[-1].any()
    for b in range(B):
        assert dates.decode(batch.xs[:, b]) == dates.tidy(batch.texts[b]).lower()
        assert dates.decode_iso(batch.targets[:, b]) == batch.isos[b]
        assert dates.read(batch.texts[b], batch.languages[b]).isoformat() == batch.isos[b]


def test_batch_of_some_languages():
    assert set(dates.batch(rng(), 40, languages=["ja", "el"]).languages) == {"ja", "el"}


DAY = datetime.date(2021, 9, 3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: dates.write("x", "en"), TypeError, "date is a str; expected a datetime.date."),
        (lambda: dates.write(DAY, "xx"), ValueError, "language is 'xx'; expected one of 'en', "),
        (lambda: dates.write(DAY, "fr", "y"), ValueError, "pattern is 'y'; expected one of 'EEEE"),
        (lambda: dates.read("soon", "en"), ValueError, "'soon' has none of the forms of English"),
        (lambda: dates.encode(3), TypeError, "text is an int; expected a text."),
        (lambda: dates.encode("\u200f "), ValueError, "text is empty; expected at least one"),
        (lambda: dates.decode([9999]), ValueError, "indices holds 9999 at index (0,)"),
        (lambda: dates.encode_iso(3), TypeError, "iso is an int; expected a text such as"),
        (lambda: dates.encode_iso("2021-02-30"), ValueError, "iso is '2021-02-30'; expected a day"),
        (lambda: dates.encode_iso("20210903"), ValueError, "iso is '20210903'; expected a day"),
        (lambda: dates.batch(rng(), 0), ValueError, "B is 0; expected a whole number"),
        (lambda: dates.batch(0, 2), TypeError, "rng is an int; expected a random generator"),
        (lambda: dates.batch(rng(), 2, "x"), ValueError, "split is 'x'; expected one of 'train'"),
        (lambda: dates.batch(rng(), 2, "train", []), ValueError, "languages is empty; expected"),
        (lambda: dates.batch(rng(), 2, "train", ["q"]), ValueError, "language is 'q'; expected"),
        (lambda: dates.as_batch([]), ValueError, "examples is empty; expected at least one."),
    ],
)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        call()


def test_examples_in_the_docstrings():
    result = doctest.testmod(dates)
    assert result.attempted >= 4
    assert result.failed == 0
