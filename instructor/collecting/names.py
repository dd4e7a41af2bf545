"""Names from a learning platform made into student ids that are safe as names of folders."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping

LONGEST = 64  # characters of an id
LONGEST_BYTES = 120  # of an id in UTF-8; a file name may have 255, and tools add suffixes
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789"),
}
KEPT = "_-.@"
COPY_MARK = re.compile(r"(?:[-_ ]*\((\d{1,4})\)|[-_ ]+copy[-_ ]*(\d{0,4}))$", re.IGNORECASE)
NUMBER_MARK = re.compile(r"-(\d{1,4})$")
EDGES = " _-.,()[]"


def safe_id(label: str) -> str:
    """Return a student id that is one safe folder name on every system.

    Letters and digits of every script stay, also ``_ - . @`` inside; everything else becomes one
    ``-``. Ids that would be too long end in a hash of the whole name.

    Parameters
    ----------
    label : str
        A name as the platform or the learner wrote it.

    Returns
    -------
    str
        1 to `LONGEST` characters in Unicode's composed form; the same for the same label, and
        unchanged when applied again.
    """
    text = unicodedata.normalize("NFC", label)
    kept = "".join(c if _is_kept(c) else "-" for c in text)
    kept = re.sub(r"-{2,}", "-", kept)
    kept = re.sub(r"\.{2,}", ".", kept)
    kept = unicodedata.normalize("NFC", _trimmed(kept))
    if not kept:
        kept = "student" if not label else f"student-{short_hash(label)}"
    if kept.split(".")[0].casefold() in RESERVED:
        kept = f"student-{kept}"
    if len(kept) > LONGEST or len(kept.encode()) > LONGEST_BYTES:
        kept = f"{_cut(kept)}-{short_hash(label)}"
    return kept


def short_hash(text: str) -> str:
    """Return six hexadecimal digits that tell names apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def letters(text: str) -> str:
    """Return a name's letters and digits alone, without case and accents, to compare names."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if c.isalnum())


def assign_ids(
    wanted: Mapping[str, tuple[str, str]], taken: Iterable[str] = ()
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Give every student an id of their own.

    Parameters
    ----------
    wanted : dict of str to (str, str)
        Key of a student to their name and their number on the platform, "" if there is none.
    taken : iterable of str
        Ids that belong to others.

    Returns
    -------
    ids : dict of str to str
        Key to id. Where two students want one id, also one that differs in case only, all of
        them get their number or a hash of their key at its end, so that the result does not
        depend on the order.
    collisions : dict of str to list of str
        The id that was wanted by several, or taken, to the names that wanted it.
    """
    first = {key: safe_id(label) for key, (label, _) in wanted.items()}
    groups: dict[str, list[str]] = {}
    for key, student in first.items():
        groups.setdefault(student.casefold(), []).append(key)
    occupied = {student.casefold() for student in taken}
    crowded = {name for name, keys in groups.items() if len(keys) > 1 or name in occupied}
    occupied |= groups.keys() - crowded
    ids, collisions = {}, {}
    for name in sorted(groups):
        for key in sorted(groups[name]):
            student = first[key]
            if name in crowded:
                label, number = wanted[key]
                collisions.setdefault(student, []).append(label)
                student = _free(student, number, key, occupied)
                occupied.add(student.casefold())
            ids[key] = student
    return ids, collisions


def _free(student: str, number: str, key: str, occupied: set[str]) -> str:
    """Return the id with the first ending that makes it free."""
    short = _cut(student)
    endings = [number] if number else []
    endings += [short_hash(key + "'" * round_) for round_ in range(1000)]
    for ending in endings:
        candidate = f"{short}-{ending}"
        if candidate.casefold() not in occupied:
            return candidate
    raise ValueError(f"No free id for {student!r} among {len(occupied)}.")


def _is_kept(character: str) -> bool:
    return character in KEPT or unicodedata.category(character) in {
        *("Lu", "Ll", "Lt", "Lm", "Lo"),
        *("Mn", "Mc"),
        *("Nd", "Nl"),
    }


def _trimmed(text: str) -> str:
    """Take separators and marks without a letter off the ends."""
    start, end = 0, len(text)
    while start < end and (text[start] in KEPT or unicodedata.category(text[start])[0] == "M"):
        start += 1
    while end > start and text[end - 1] in KEPT:
        end -= 1
    return text[start:end]


def _cut(text: str) -> str:
    """Return the beginning of an id, short enough for a hash or a number after it."""
    text = text[: LONGEST - 24]
    while len(text.encode()) > LONGEST_BYTES - 24:
        text = text[:-1]
    return unicodedata.normalize("NFC", text.rstrip(KEPT))


def without_copy_mark(stem: str, numbers: bool) -> tuple[str, int]:
    """Return a file's stem without what browsers and platforms put at its end, and the number.

    ``name (1)`` and ``name-Copy2`` always; ``name-1``, Canvas's mark of a resubmission, only if
    `numbers` is set, since it may as well be a part of a student's name.
    """
    total = 0
    while True:
        found = COPY_MARK.search(stem) or (NUMBER_MARK.search(stem) if numbers else None)
        if found is None or found.start() == 0:
            return stem, total
        digits = next((group for group in found.groups() if group), "1")
        total += int(digits)
        stem = stem[: found.start()]


def split_stem(stem: str, assignment: str) -> tuple[list[str], int] | None:
    """Take an assignment's name out of a file's stem.

    Parameters
    ----------
    stem : str
        ``jane_05_vanishing_exploding (1)``
    assignment : str
        ``05_vanishing_exploding``

    Returns
    -------
    (rest, number) or None
        What stands before and after it, empty pieces left out, and the number of a copy; None if
        the name of the assignment is not in the stem. Case, blanks and dashes do not matter.
    """
    words = [re.escape(word) for word in re.split(r"[-_ ]+", assignment) if word]
    expression = r"(?<![^\W_])" + r"[-_ ]+".join(words) + r"(?![^\W_])"
    found = re.search(expression, stem, re.IGNORECASE)
    if found is None:
        return None
    after, number = without_copy_mark("." + stem[found.end() :], numbers=True)
    pieces = [stem[: found.start()].strip(EDGES), after[1:].strip(EDGES)]
    return [piece for piece in pieces if piece], number
