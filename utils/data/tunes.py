"""Melodies in the public domain, as numbers: pitch and length of every note, and their sound.

    Note(pitch=60, beats=1.0)      C4 for one beat; 60 is middle C, and each semitone counts one
    Note(pitch=None, beats=0.5)    half a beat of silence

All are written in C major or A minor, whatever key their composers chose, so that what is learnt
from one tune serves another. All are more than a hundred years old.

A network reads and writes events, each a pitch with its length; `VOCABULARY` lists those that
occur. `to_samples` turns notes into a waveform that ``IPython.display.Audio`` plays.

>>> notes = TUNES["frere_jacques"].notes
>>> [note_name(note.pitch) for note in notes[:4]]
['C4', 'D4', 'E4', 'C4']
>>> decode(encode(notes)) == notes
True
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from utils.data.melodies import TUNES, Note, Tune
from utils.validation import (
    Array,
    IndexArray,
    as_choice,
    as_count,
    as_generator,
    as_indices,
    as_number,
    describe,
)

__all__ = [
    "END",
    "HELD_OUT",
    "PADDING",
    "RATE",
    "SPLITS",
    "START",
    "TUNES",
    "VOCABULARY",
    "Note",
    "Tune",
    "TuneBatch",
    "as_batch",
    "batch",
    "decode",
    "encode",
    "frequency",
    "note_name",
    "to_samples",
]

SPLITS = ("train", "held_out")
PADDING, START, END = 0, 1, 2
"""Indices of `VOCABULARY` that are no events."""

RATE = 22_050
"""Samples per second of `to_samples`."""

HELD_OUT = ("mary", "london_bridge", "wenceslas", "entchen")
"""Tunes that are kept from training."""

_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_HARMONICS = (1.0, 0.35, 0.18, 0.06)  # strengths of the tone and of its overtones
_ATTACK, _RELEASE = 0.012, 0.06  # seconds in which a note comes and goes
_DECAY = 1.1  # seconds after which a held note has fallen to 1/e
_LOUDEST = 0.9


class TuneBatch(NamedTuple):
    """Hold whole melodies, time first, the shorter ones padded at their ends.

    Attributes
    ----------
    xs : array of int, shape (T, B), values in [0, V)
        The start mark, then all events: what is read.
    targets : array of int, shape (T, B), values in [0, V)
        All events, then the end mark: what is to be written, one step ahead of `xs`.
    mask : array, shape (T, B), of 0.0 and 1.0
        1 where there is a target.
    names : tuple of str
        Keys of `TUNES`.
    """

    xs: IndexArray
    targets: IndexArray
    mask: Array
    names: tuple[str, ...]


_EVENTS = sorted({note for tune in TUNES.values() for note in tune.notes})

VOCABULARY: tuple[str | Note, ...] = ("<pad>", "<start>", "<end>", *_EVENTS)
"""All events that are read and written; the index of an event is its place here."""

_INDEX = {event: index for index, event in enumerate(VOCABULARY)}


def batch(rng: np.random.Generator, B: int, split: str = "train") -> TuneBatch:
    """Draw whole melodies; none comes twice before all have come.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
    split : {"train", "held_out"}
        All melodies but those of `HELD_OUT`, or these.

    Returns
    -------
    TuneBatch

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> xs, targets, mask, names = batch(np.random.default_rng(0), B=8)
    >>> bool((xs[1:][mask[1:] > 0] == targets[:-1][mask[1:] > 0]).all())
    True
    """
    rng, B = as_generator("rng", rng), as_count("B", B)
    held_out = as_choice("split", split, SPLITS) == "held_out"
    there = [name for name in TUNES if (name in HELD_OUT) == held_out]
    names: list[str] = []
    while len(names) < B:
        names += [there[place] for place in rng.permutation(len(there))]
    return as_batch(names[:B])


def as_batch(names: Iterable[str]) -> TuneBatch:
    """Turn melodies into arrays, the shorter ones padded at their ends.

    Parameters
    ----------
    names : iterable of str
        Keys of `TUNES`.

    Returns
    -------
    TuneBatch

    Raises
    ------
    ValueError
        If there is no name, or no melody of that name.
    """
    names = tuple(as_choice("name", name, TUNES) for name in names)
    if not names:
        raise ValueError("names is empty; expected at least one.")
    events = [encode(TUNES[name].notes) for name in names]
    T, B = max(map(len, events)) + 1, len(names)
    xs, targets = np.zeros((T, B), dtype=np.intp), np.zeros((T, B), dtype=np.intp)
    mask = np.zeros((T, B))
    for b, tune in enumerate(events):
        n = len(tune)
        xs[: n + 1, b] = START, *tune
        targets[: n + 1, b] = *tune, END
        mask[: n + 1, b] = 1
    return TuneBatch(xs, targets, mask, names)


def encode(notes: Iterable[Note]) -> IndexArray:
    """Turn notes into places in `VOCABULARY`.

    Parameters
    ----------
    notes : iterable of Note

    Returns
    -------
    array of int, shape (T,), values in [3, V)

    Raises
    ------
    ValueError
        If there is no note, or one that is in none of the melodies.
    """
    indices = []
    for position, note in enumerate(notes):
        if tuple(note) not in _INDEX:
            raise ValueError(
                f"notes holds {tuple(note)} at position {position}; expected a pitch with a length "
                "that occurs in one of the melodies."
            )
        indices.append(_INDEX[tuple(note)])
    if not indices:
        raise ValueError("notes is empty; expected at least one note.")
    return np.array(indices)


def decode(indices: IndexArray) -> tuple[Note, ...]:
    """Turn places in `VOCABULARY` back into notes; start, end and padding are left out.

    Parameters
    ----------
    indices : array of int, shape (T,), values in [0, len(VOCABULARY))

    Returns
    -------
    tuple of Note

    Raises
    ------
    TypeError, ValueError
        If `indices` is no array of places in `VOCABULARY`, shape (T,).
    """
    indices = as_indices("indices", indices, len(VOCABULARY), "T")
    return tuple(VOCABULARY[i] for i in indices if i > END)


def note_name(pitch: int | None) -> str:
    """Return what a pitch is called: 60 is ``"C4"``, 61 ``"C♯4"``, None ``"rest"``.

    Parameters
    ----------
    pitch : int from 0 to 127, or None

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        If `pitch` is no whole number from 0 to 127.
    """
    if pitch is None:
        return "rest"
    octave, name = divmod(_as_pitch(pitch), 12)
    return f"{_NAMES[name]}{octave - 1}"


def frequency(pitch: int) -> float:
    r"""Return the frequency of a pitch in hertz, in equal temperament.

    .. math:: f = 440 \cdot 2^{(p - 69)/12}

    Parameters
    ----------
    pitch : int from 0 to 127
        69 is the A of 440 hertz.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If `pitch` is no whole number from 0 to 127.
    """
    return 440.0 * 2.0 ** ((_as_pitch(pitch) - 69) / 12)


def to_samples(notes: Iterable[Note], beats_per_minute: float = 120.0, rate: int = RATE) -> Array:
    r"""Turn notes into a waveform, each a tone with overtones that comes quickly and fades.

    .. math:: s(t) = a(t) \sum_k w_k \sin(2 \pi k f t)

    with the attack and release of a(t) as ramps, and an exponential decay between them. Overtones
    above half the rate are left out.

    Parameters
    ----------
    notes : iterable of Note
        Pitches from 0 to 127; others than those of the melodies are welcome.
    beats_per_minute : float in [20, 600]
    rate : int, at least 4000
        Samples per second.

    Returns
    -------
    array, shape (n,), values in [-0.9, 0.9]
        For ``IPython.display.Audio(samples, rate=rate)``. It begins and ends at 0.

    Raises
    ------
    TypeError, ValueError
        If a note or another argument is not as described.
    """
    tempo = as_number("beats_per_minute", beats_per_minute, at_least=20, at_most=600)
    rate = as_count("rate", rate, at_least=4000)
    notes = [_as_note(note, position) for position, note in enumerate(notes)]
    if not notes:
        raise ValueError("notes is empty; expected at least one note.")
    ends = np.cumsum([note.beats for note in notes]) * 60 / tempo * rate
    edges = np.concatenate([[0], np.round(ends).astype(int)])  # no drift from rounding
    samples = np.zeros(edges[-1])
    for note, start, stop in zip(notes, edges[:-1], edges[1:], strict=True):
        if note.pitch is not None and stop > start:
            samples[start:stop] = _tone(frequency(note.pitch), stop - start, rate)
    loudest = np.abs(samples).max()
    return samples * (_LOUDEST / loudest) if loudest else samples


def _tone(hertz: float, n: int, rate: int) -> Array:
    seconds = np.arange(n) / rate
    tone = np.zeros(n)
    for overtone, strength in enumerate(_HARMONICS, start=1):
        if overtone * hertz < rate / 2:
            tone += strength * np.sin(2 * np.pi * overtone * hertz * seconds)
    comes = seconds / _ATTACK
    goes = seconds[::-1] / _RELEASE
    return tone * np.minimum(1, np.minimum(comes, goes)) * np.exp(-seconds / _DECAY)


def _as_pitch(pitch: int) -> int:
    number = as_count("pitch", pitch, at_least=0)
    if number > 127:
        raise ValueError(f"pitch is {number}; expected a whole number from 0 to 127.")
    return number


def _as_note(note: Note, position: int) -> Note:
    if not isinstance(note, tuple) or len(note) != 2:
        raise TypeError(
            f"notes holds {describe(note)} at position {position}; expected Note(pitch, beats)."
        )
    pitch, beats = note
    return Note(
        None if pitch is None else _as_pitch(pitch), as_number("beats", beats, above=0, at_most=64)
    )
