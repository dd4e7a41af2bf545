"""Find terms in running text: the longest form first, whole words only."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from book.terms.glossary import Term

# A hyphen or a dash joins words: "half" is no word of "half-life", nor "coder" of "en–coder".
EDGE_BEFORE = r"(?<![\w\-–])"
EDGE_AFTER = r"(?![\w\-–])"


@dataclass(frozen=True)
class Found:
    """A place of a text at which a term stands: `text[start:end]` is a form of `term`."""

    start: int
    end: int
    term: Term


class Matcher:
    """Finds the terms of one page.

    Parameters
    ----------
    terms : iterable of Term
        The glossary.
    number : str
        Number of the chapter to which the page belongs, such as "05". Terms that are restricted
        to other chapters are not looked for.
    """

    def __init__(self, terms: Iterable[Term], number: str) -> None:
        self._owner: dict[str, Term | None] = {}
        forms: list[tuple[str, Term, bool]] = []
        for term in terms:
            if not term.only or number in term.only:
                forms += [(form, term, True) for form in term.to_link]
                forms += [(form, term, False) for form in term.never]
        # Alternatives are tried in their order, so the longest one has to come first.
        forms.sort(key=lambda entry: (-len(entry[0]), entry[0]))
        patterns = []
        for index, (form, term, links) in enumerate(forms):
            group = f"f{index}"
            self._owner[group] = term if links else None
            patterns.append(f"(?P<{group}>{_pattern(form, term.exact)})")
        nothing = r"(?!)"
        self._regex = re.compile(f"{EDGE_BEFORE}(?:{'|'.join(patterns) or nothing}){EDGE_AFTER}")

    def every(self, text: str) -> Iterator[Found]:
        """Find all terms of a text from left to right.

        A term inside of a longer one is not reported: "gradient descent" is no "gradient".

        Parameters
        ----------
        text : str
            Running text; a line break counts as a blank.

        Yields
        ------
        found : Found
            One place after the other; places do not overlap.
        """
        for match in self._regex.finditer(text):
            term = self._owner[match.lastgroup]
            if term is not None:
                yield Found(match.start(), match.end(), term)

    def first(self, text: str, seen: set[str]) -> Iterator[Found]:
        """Find the terms of a text that have not been seen before, and note them as seen.

        Parameters
        ----------
        text : str
            Running text.
        seen : set of str
            Anchors of the terms that occurred before. It grows.

        Yields
        ------
        found : Found
            The first place of each new term.
        """
        for found in self.every(text):
            if found.term.anchor not in seen:
                seen.add(found.term.anchor)
                yield found


def _pattern(form: str, exact: bool) -> str:
    """Write a form as a pattern: any white space between words, a capital where one may stand."""
    words = [re.escape(word) for word in form.split()]
    if not exact and form[0].isalpha():
        words[0] = f"[{form[0].lower()}{form[0].upper()}]{words[0][1:]}"
    return r"\s+".join(words)
