"""Melodies: their notes, their events, and a sound without clipping."""

import doctest
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data import tunes
from utils.data.tunes import TUNES, Note

seeds = st.integers(0, 2**32 - 1)
splits = st.sampled_from(tunes.SPLITS)
notes_ = st.lists(
    st.builds(Note, st.none() | st.integers(0, 127), st.sampled_from([0.25, 0.5, 1.0, 3.0])),
    min_size=1,
    max_size=12,
)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", TUNES)
def test_a_tune(name):
    tune = TUNES[name]
    assert tune.title
    assert re.search(r"1[5-9]\d\d|century|period", tune.source), tune.source
    assert 40 <= tune.beats_per_minute <= 240
    assert len(tune.notes) >= 20
    for note in tune.notes:
        assert 50 <= note.pitch <= 84
        assert 0.25 <= note.beats <= 6
    leaps = np.abs(np.diff([note.pitch for note in tune.notes]))
    assert leaps.max() <= 15  # a slip of typing would leap further
    assert np.mean(leaps <= 5) > 0.75
    assert tunes.decode(tunes.encode(tune.notes)) == tune.notes


@pytest.mark.parametrize(
    ("name", "beats_per_bar", "upbeat"),
    [
        ("ode_to_joy", 4, 0), ("frere_jacques", 4, 0), ("twinkle", 4, 0), ("mary", 4, 0),
        ("au_clair_de_la_lune", 4, 0), ("london_bridge", 4, 0), ("jingle_bells", 4, 0),
        ("silent_night", 3, 0), ("greensleeves", 3, 1), ("lullaby", 3, 1), ("minuet", 3, 0),
        ("entchen", 4, 0), ("wenceslas", 4, 0), ("hans", 4, 0), ("korobeiniki", 4, 0),
        ("new_world", 4, 0), ("mountain_king", 4, 0), ("auld_lang_syne", 4, 1), ("row", 6, 0),
    ],
)  # fmt: skip
def test_notes_fill_their_bars(name, beats_per_bar, upbeat):
    """Bar lines fall between notes, which a note left out or of a wrong length would break."""
    ends = upbeat * -1 + np.cumsum([note.beats for note in TUNES[name].notes])
    bars = np.arange(beats_per_bar, ends[-1] + 1e-9, beats_per_bar)
    assert set(bars) <= set(ends)


def test_vocabulary():
    assert len(set(tunes.VOCABULARY)) == len(tunes.VOCABULARY)
    assert tunes.VOCABULARY[:3] == ("<pad>", "<start>", "<end>")
    assert set(tunes.HELD_OUT) < set(TUNES)
    trained = {n for name in TUNES if name not in tunes.HELD_OUT for n in TUNES[name].notes}
    held_out = [note for name in tunes.HELD_OUT for note in TUNES[name].notes]
    assert np.mean([note in trained for note in held_out]) == 1


@given(st.integers(1, 40), splits, seeds)
def test_batch(B, split, seed):
    batch = tunes.batch(rng(seed), B, split)
    assert batch.xs.shape == batch.targets.shape == batch.mask.shape
    assert batch.xs.shape[1] == B == len(batch.names)
    for b, name in enumerate(batch.names):
        assert (name in tunes.HELD_OUT) == (split == "held_out")
        n = len(TUNES[name].notes)
        assert batch.mask[:, b].sum() == n + 1
        assert tunes.decode(batch.xs[: n + 1, b]) == TUNES[name].notes
        assert tunes.decode(batch.targets[: n + 1, b]) == TUNES[name].notes
        assert batch.xs[0, b] == tunes.START
        assert batch.targets[n, b] == tunes.END
        assert not batch.xs[n + 1 :, b].any()
        assert not batch.targets[n + 1 :, b].any()
    there = len(tunes.HELD_OUT) if split == "held_out" else len(TUNES) - len(tunes.HELD_OUT)
    assert len(set(batch.names[:there])) == min(B, there)  # none twice before all have come


# --- sound ------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(notes_, st.sampled_from([20, 90.5, 600]), st.sampled_from([4000, 8000]))
def test_samples(notes, tempo, rate):
    samples = tunes.to_samples(notes, tempo, rate)
    seconds = sum(note.beats for note in notes) * 60 / tempo
    assert samples.shape == (round(seconds * rate),)
    assert np.abs(samples).max() <= 0.9 + 1e-12
    assert np.abs(samples[[0, -1]]).max() < 0.05
    if all(note.pitch is None for note in notes):
        assert not samples.any()


@pytest.mark.parametrize("pitch", [57, 60, 69, 81])
def test_the_tone_has_its_frequency(pitch):
    samples = tunes.to_samples([Note(pitch, 4.0)], 60, 16_000)
    strengths = np.abs(np.fft.rfft(samples))
    hertz = np.argmax(strengths) / 4
    assert hertz == pytest.approx(tunes.frequency(pitch), abs=0.5)
    assert tunes.frequency(69) == 440
    assert tunes.frequency(pitch + 12) == pytest.approx(2 * tunes.frequency(pitch))


def test_a_tone_comes_smoothly_and_fades():
    samples = np.abs(tunes.to_samples([Note(60, 4.0)], 60))
    early, late = samples[2000:10_000].max(), samples[60_000:80_000].max()
    assert samples[:20].max() < 0.1
    assert late < 0.3 * early
    assert np.abs(np.diff(tunes.to_samples(TUNES["twinkle"].notes))).max() < 0.4  # no clicks


def test_a_rest_is_silent():
    samples = tunes.to_samples([Note(60, 1), Note(None, 1), Note(60, 1)], 60, 8000)
    assert not samples[8000:16_000].any()
    assert samples[:8000].any()
    assert samples[16_000:].any()


def test_names_of_pitches():
    assert [tunes.note_name(pitch) for pitch in (60, 61, 69, 72, 0, None)] == [
        *("C4", "C♯4", "A4", "C5", "C-1", "rest"),
    ]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: tunes.encode([(1, 9.0)]), ValueError, "notes holds (1, 9.0) at position 0;"),
        (lambda: tunes.encode([]), ValueError, "notes is empty; expected at least one note."),
        (lambda: tunes.to_samples([]), ValueError, "notes is empty; expected at least one note."),
        (lambda: tunes.to_samples([60]), TypeError, "notes holds an int at position 0; expected"),
        (lambda: tunes.to_samples([Note(60, 0)]), ValueError, "beats is 0; expected a number abov"),
        (lambda: tunes.to_samples([Note(200, 1)]), ValueError, "pitch is 200; expected a whole"),
        (lambda: tunes.to_samples([Note(60, 1)], 1), ValueError, "beats_per_minute is 1; expected"),
        (lambda: tunes.to_samples([Note(60, 1)], 60, 10), ValueError, "rate is 10; expected"),
        (lambda: tunes.note_name(2.5), TypeError, "pitch is 2.5; expected a whole number"),
        (lambda: tunes.decode([999]), ValueError, "indices holds 999 at index (0,)"),
        (lambda: tunes.batch(rng(), 0), ValueError, "B is 0; expected a whole number"),
        (lambda: tunes.batch(rng(), 1, "x"), ValueError, "split is 'x'; expected one of"),
        (lambda: tunes.as_batch(["x"]), ValueError, "name is 'x'; expected one of 'ode_to_joy'"),
        (lambda: tunes.as_batch([]), ValueError, "names is empty; expected at least one."),
    ],
)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        call()


def test_examples_in_the_docstrings():
    result = doctest.testmod(tunes)
    assert result.attempted >= 3
    assert result.failed == 0
