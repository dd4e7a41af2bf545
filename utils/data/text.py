"""Text as numbers: a vocabulary of characters, parts for training and testing, and windows.

The course's own text is the reference manual that comes with every Python, in the standard
module ``pydoc_data.topics``; any text file can stand in its place.

>>> vocabulary = Vocabulary.of("hello")
>>> vocabulary.characters, vocabulary.encode("hole")
('ehlo', array([1, 3, 2, 0]))
>>> for window in windows(vocabulary.encode("hello hello".replace(" ", "")), T=2, B=2):
...     print([vocabulary.decode(column) for column in window.xs.T],
...           [vocabulary.decode(column) for column in window.targets.T])
['he', 'oh'] ['el', 'he']
['ll', 'el'] ['lo', 'll']
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from utils.validation import IndexArray, as_array, as_count, as_number, describe

SHORTEST = 2_000
"""Characters that `read_text` asks for, unless told otherwise."""

_MOST_NAMED = 5  # unknown characters that an error names


class TextSplit(NamedTuple):
    """Hold three parts of a text, one after the other, that do not overlap.

    Attributes
    ----------
    train : str
        What a model learns from: the beginning.
    validation : str
        What its settings are chosen on.
    test : str
        What it is judged by, once: the end.
    """

    train: str
    validation: str
    test: str


class Window(NamedTuple):
    """Hold T steps of B pieces of a text.

    Attributes
    ----------
    xs : array of int, shape (T, B)
        Characters that are read.
    targets : array of int, shape (T, B)
        The character after each of them.
    """

    xs: IndexArray
    targets: IndexArray


@dataclass(frozen=True)
class Vocabulary:
    """Say which characters there are; the index of a character is its place among them.

    Attributes
    ----------
    characters : str
        V different characters in the order of their code points.

    Raises
    ------
    TypeError
        If `characters` is not a text.
    ValueError
        If it is empty, not in order, or names a character twice.
    """

    characters: str

    def __post_init__(self) -> None:
        if not isinstance(self.characters, str):
            raise TypeError(f"characters is {describe(self.characters)}; expected a text.")
        if not self.characters:
            raise ValueError("characters is empty; expected at least one character.")
        if self.characters != "".join(sorted(set(self.characters))):
            raise ValueError(
                f"characters is {self.characters[:20]!r}; expected different characters in "
                "order. Vocabulary.of(text) finds those of a text."
            )

    @classmethod
    def of(cls, text: str) -> Vocabulary:
        """Return the vocabulary of all characters that occur in a text.

        Parameters
        ----------
        text : str

        Returns
        -------
        Vocabulary
            In the order of the characters' code points.

        Raises
        ------
        TypeError, ValueError
            If `text` is not a text, or empty.
        """
        return cls("".join(sorted(set(_text("text", text)))))

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> IndexArray:
        """Turn a text into the indices of its characters.

        Parameters
        ----------
        text : str, N characters

        Returns
        -------
        array of int, shape (N,), values in [0, V)

        Raises
        ------
        TypeError
            If `text` is not a text.
        ValueError
            If a character is not in the vocabulary; up to five are named, with the place of
            the first.
        """
        points = _code_points(_text("text", text))
        known = _code_points(self.characters)
        indices = np.minimum(np.searchsorted(known, points), len(known) - 1)
        unknown = known[indices] != points
        if unknown.any():
            names = list(dict.fromkeys(chr(point) for point in points[unknown]))
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            raise ValueError(
                f"text holds {', '.join(map(repr, names[:_MOST_NAMED]))}{more}, first at position "
                f"{int(unknown.argmax())}; expected the {len(self)} characters of the vocabulary "
                "alone."
            )
        return indices

    def decode(self, indices: Any) -> str:
        """Turn indices back into a text.

        Parameters
        ----------
        indices : array of int, shape (N,), values in [0, V)

        Returns
        -------
        str, N characters

        Raises
        ------
        TypeError
            If the indices are not whole numbers.
        ValueError
            If they are not in one row, or one lies outside [0, V).
        """
        if np.size(indices) == 0:
            return ""
        array = as_array("indices", indices, "N", kind="int")
        wrong = (array < 0) | (array >= len(self))
        if wrong.any():
            raise ValueError(
                f"indices holds {array[wrong][0]}; expected whole numbers from 0 to V - 1 = "
                f"{len(self) - 1}."
            )
        return "".join(self.characters[index] for index in array)


def topics_text(repeats: bool = False) -> str:
    """Return the reference manual that every Python brings along, as one text.

    Sections stand in alphabetical order of their names. Many paragraphs stand in several
    sections; without `repeats` each is kept where it occurs first, so that no paragraph of the
    end of the text has been read before. The text differs a little from one version of Python
    to the next.

    Parameters
    ----------
    repeats : bool
        Keep the repeated paragraphs too.

    Returns
    -------
    str
        Several hundred thousand characters of English prose and code.

    References
    ----------
    The Python Language Reference, https://docs.python.org/3/reference/
    """
    from pydoc_data.topics import topics  # half a megabyte: read when it is asked for

    sections = "\n\n".join(topics[name].strip("\n") for name in sorted(topics)) + "\n"
    return sections if repeats else drop_repeats(sections)


def drop_repeats(text: str) -> str:
    """Leave out every paragraph that stood in the text before.

    Paragraphs are parted by empty lines; two that differ in nothing but spaces and line breaks
    count as one.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        What is left, parted by one empty line each.

    Raises
    ------
    TypeError, ValueError
        If `text` is not a text, or empty.
    """
    first: dict[str, str] = {}
    for paragraph in _text("text", text).split("\n\n"):
        words = " ".join(paragraph.split())
        if words:
            first.setdefault(words, paragraph.strip("\n"))
    return "\n\n".join(first.values()) + "\n"


def read_text(path: str | os.PathLike[str], shortest: int = SHORTEST) -> str:
    r"""Read a text file in UTF-8, or say in one line why it is none.

    Line ends become ``"\n"``, and a byte order mark at the start is left out.

    Parameters
    ----------
    path : path
        Of a text file.
    shortest : int, at least 1, in characters
        A shorter text is refused.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If `path` is no path.
    FileNotFoundError
        If there is no file at that place.
    ValueError
        If it is a folder, is not text in UTF-8, holds control characters as binary files do,
        or is too short.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path is {describe(path)}; expected the place of a text file.")
    shortest, place = as_count("shortest", shortest), Path(path).expanduser()
    if place.is_dir():
        raise ValueError(f"{place} is a folder; expected a text file.")
    if not place.exists():
        raise FileNotFoundError(f"{place} does not exist (looked in {Path.cwd()}).")
    content = place.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError(f"{place.name} is text in UTF-16; save it as UTF-8.")
    if 0 in content:
        raise ValueError(
            f"{place.name} holds a byte 0 at position {content.index(0)}, as pictures, archives "
            "and other binary files do; expected a text file."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{place.name} is not UTF-8: byte 0x{content[error.start]:02x} at position "
            f"{error.start}; save it as UTF-8, or expected a text file."
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for position, character in enumerate(text):
        if unicodedata.category(character) == "Cc" and character not in "\n\t\f\v":
            raise ValueError(
                f"{place.name} holds the control character {character!r} at position {position}; "
                "expected a text file."
            )
    if len(text) < shortest:
        raise ValueError(
            f"{place.name} holds {len(text)} characters; expected at least {shortest} to learn "
            "from."
        )
    return text


def split_text(text: str, validation: float = 0.05, test: float = 0.05) -> TextSplit:
    """Cut a text into a beginning, a middle and an end for training, choosing and judging.

    The parts are contiguous: characters picked out here and there would leave their neighbours,
    and so nearly themselves, in the training text.

    Parameters
    ----------
    text : str
    validation, test : float, above 0, together below 1
        Shares of the text; the rest is for training.

    Returns
    -------
    TextSplit
        In the order of the text; put together they are the text.

    Raises
    ------
    TypeError
        If `text` is not a text or a share not a number.
    ValueError
        If a share is out of range, or a part would hold fewer than two characters.
    """
    text = _text("text", text)
    validation = as_number("validation", validation, above=0)
    test = as_number("test", test, above=0)
    if validation + test >= 1:
        raise ValueError(
            f"validation and test are {validation:g} and {test:g}; expected shares that leave "
            "some text for training."
        )
    second = round(len(text) * (1 - test))
    first = round(len(text) * (1 - test - validation))
    parts = TextSplit(text[:first], text[first:second], text[second:])
    if min(map(len, parts)) < 2:
        raise ValueError(
            f"text holds {len(text)} characters; too few to give every part at least two."
        )
    return parts


def count_windows(N: int, T: int, B: int) -> int:
    r"""Return how many windows `windows` makes of N characters.

    .. math:: \left\lfloor \frac{\lfloor (N - 1) / B \rfloor}{T} \right\rfloor

    Parameters
    ----------
    N, T, B : int
        Characters of the text, steps of a window, pieces side by side.

    Returns
    -------
    int, at least 1

    Raises
    ------
    TypeError, ValueError
        If a number is not whole or below 1, or there is not one window.
    """
    N, T, B = as_count("N", N), as_count("T", T), as_count("B", B)
    count = (N - 1) // B // T
    if count < 1:
        raise ValueError(
            f"a text of {N} characters is too short for T = {T} and B = {B}; expected at least "
            f"T B + 1 = {T * B + 1}."
        )
    return count


def windows(indices: IndexArray, T: int, B: int) -> Iterator[Window]:
    """Cut a text into B pieces that are read side by side, T steps at a time.

    Column b of every window belongs to piece b, and a window begins with the character after
    the last one that the window before it read: a state can be carried on from one to the next.
    Targets are the same characters one step later. Nothing overlaps; what does not fill a
    window at the end of the pieces is left out, fewer than B (T + 1) characters.

    Parameters
    ----------
    indices : array of int, shape (N,)
        The text, one index for each character.
    T, B : int, at least 1
        Steps of a window, and pieces.

    Yields
    ------
    Window
        xs (T, B) and targets (T, B), `count_windows` of them.

    Raises
    ------
    TypeError, ValueError
        If the arguments are not as described, or the text is too short for one window.
    """
    indices = as_array("indices", indices, "N", kind="int")
    count = count_windows(len(indices), T, B)
    length = (len(indices) - 1) // B
    xs, targets = (
        np.ascontiguousarray(indices[shift : shift + B * length].reshape(B, length).T)
        for shift in (0, 1)
    )  # (length, B)
    return (Window(xs[w * T : (w + 1) * T], targets[w * T : (w + 1) * T]) for w in range(count))


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is {describe(value)}; expected a text.")
    if not value:
        raise ValueError(f"{name} is empty; expected at least one character.")
    return value


def _code_points(text: str) -> IndexArray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
