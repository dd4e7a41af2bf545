"""Terms of the course, read from `terms.toml` and checked as they are read."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from book.errors import BookError

SOURCE = Path(__file__).with_name("terms.toml")
# Pages that hold terms or links are made anew when one of these files changes.
MADE_FROM = (SOURCE, *sorted(SOURCE.parent.glob("*.py")))
REQUIRED = {"name", "chinese", "chapter", "definition"}
OPTIONAL = {"long", "forms", "linked", "never", "exact", "only"}


@dataclass(frozen=True)
class Term:
    """One entry of the glossary.

    Attributes
    ----------
    name : str
        The word as the glossary lists it, in the singular.
    chinese : str
        Its name in simplified Chinese characters, as the field uses it.
    chapter : str
        Number of the chapter that defines it, such as "05".
    definition : str
        One or two plain sentences.
    long : str
        What an abbreviation stands for, or "".
    forms : tuple of str
        Other forms under which the chapters use it; regular plurals need no mention.
    linked : tuple of str
        If not empty, the only forms that are linked. For a word that has a common meaning as well.
    never : tuple of str
        Phrases in which the word means something else, so that it is not linked.
    exact : bool
        Whether capitals must agree everywhere. Otherwise the first letter may be a capital.
    only : tuple of str
        If not empty, the numbers of the chapters on whose pages the term is linked.
    """

    name: str
    chinese: str
    chapter: str
    definition: str
    long: str = ""
    forms: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    exact: bool = False
    only: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """Give the anchor of the entry on the glossary page, such as `term-hidden-state`."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def written(self) -> tuple[str, ...]:
        """Give every form of the term, plurals included, without repetition."""
        forms = [self.name, *([self.long] if self.long else []), *self.forms]
        return tuple(dict.fromkeys([*forms, *map(plural, forms)]))

    @property
    def to_link(self) -> tuple[str, ...]:
        """Give the forms that are linked on a page."""
        return self.linked or self.written


def plural(form: str) -> str:
    """Form the regular plural of a noun or of a phrase that ends in one.

    Parameters
    ----------
    form : str
        A singular, such as "memory cell" or "bias".

    Returns
    -------
    plural : str
        "memory cells", "biases". What looks like a plural, such as "series", stays as it is.
    """
    if re.search(r"[^aeiou]y$", form):
        return form[:-1] + "ies"
    if re.search(r"(ss|is|as|us|x|z|[cs]h)$", form):
        return form + "es"
    return form if form.endswith("s") else form + "s"


def sort_key(term: Term) -> tuple[str, str]:
    """Order terms by letters alone, whatever their capitals and hyphens.

    Parameters
    ----------
    term : Term
        An entry.

    Returns
    -------
    key : tuple of str
        The letters and figures of the name, then the name itself.
    """
    return re.sub(r"[^a-z0-9]", "", term.name.lower()), term.name


def read_terms(path: Path) -> tuple[Term, ...]:
    """Read a file of terms and refuse entries that are incomplete or clash.

    Parameters
    ----------
    path : Path
        A TOML file with one table `[[term]]` per entry.

    Returns
    -------
    terms : tuple of Term
        The entries in alphabetical order.

    Raises
    ------
    BookError
        If an entry lacks a field or has an unknown one, if two entries share an anchor, or if two
        claim the same form on the same page.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["term"]
    terms = sorted((_term(entry, path) for entry in entries), key=sort_key)
    anchors: dict[str, Term] = {}
    owners: dict[str, list[Term]] = {}
    for term in terms:
        if term.anchor in anchors:
            raise BookError(
                f"{path.name}: {anchors[term.anchor].name!r} and {term.name!r} have the same anchor"
                f" {term.anchor!r}. Keep one of them, with the other as one of its forms."
            )
        anchors[term.anchor] = term
        for form in {form.lower() for form in term.to_link}:
            for other in owners.setdefault(form, []):
                if _share_a_page(term, other):
                    raise BookError(
                        f"{path.name}: {form!r} is a form of {other.name!r} and of {term.name!r},"
                        " so that it is not clear where it leads. Drop it from one of them, or"
                        " give both the chapters to which they apply (`only`)."
                    )
            owners[form].append(term)
    return tuple(terms)


def _share_a_page(one: Term, other: Term) -> bool:
    """Say whether there is a chapter on whose pages both terms are linked."""
    return not (one.only and other.only) or bool(set(one.only) & set(other.only))


def _term(entry: dict, path: Path) -> Term:
    """Make a term of one table of the file."""
    name = entry.get("name", "without a name")
    missing, unknown = REQUIRED - set(entry), set(entry) - REQUIRED - OPTIONAL
    if missing or unknown:
        raise BookError(
            f"{path.name}: the entry {name!r} lacks {sorted(missing)} and has the unknown fields"
            f" {sorted(unknown)}. Every entry has {sorted(REQUIRED)}, and may have"
            f" {sorted(OPTIONAL)}."
        )
    lists = {key: tuple(entry[key]) for key in ("forms", "linked", "never", "only") if key in entry}
    return Term(**{**entry, **lists})


@cache
def terms() -> tuple[Term, ...]:
    """Give the terms of the course in alphabetical order.

    Returns
    -------
    terms : tuple of Term
        All entries of `terms.toml`.
    """
    return read_terms(SOURCE)
