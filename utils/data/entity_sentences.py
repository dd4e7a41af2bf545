"""The sentences of `utils.data.entities`: their names, their templates and how one is drawn.

Templates hold slots in braces, which names, dates and sums fill that Babel writes in English.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from babel import Locale
from babel.dates import format_date, get_day_names, get_month_names
from babel.numbers import format_currency, get_currency_name, get_currency_symbol

from utils.validation import as_choice, as_count, as_generator, describe

TAGS = ("O", "PERSON", "PLACE", "DATE", "MONEY")
"""The tags; the index of a tag is its place here. O is a word outside all entities."""

PADDING = "<pad>"
UNKNOWN = "<unknown>"
SPLITS = ("train", "held_out")

_CODES = (
    "AF AL AM AO AR AT AU AZ BD BE BG BH BO BR BW BY CA CH CL CM CN CO CR CU CY CZ DE DK DZ EC EE "
    "EG ES ET FI FJ FR GA GH GM GR GT HN HR HT HU ID IE IN IQ IR IS IT JM JP KE KH KR KW KZ LA LB "
    "LK LT LU LV LY MA MD ME MG ML MN MT MW MX MY MZ NA NE NG NI NL NO NP NZ OM PA PE PH PK PL PT "
    "PY QA RO RS RU RW SA SE SG SI SK SN SO SY TG TH TN TZ UA UG UY UZ VE VN YE ZA ZM ZW"
)

#: Names of countries in English, none of them also a person's.
PLACES: tuple[str, ...] = tuple(Locale("en").territories[code] for code in _CODES.split())

#: First names, none of them also a place or a month.
PEOPLE: tuple[str, ...] = (
    *("Ada", "Ahmed", "Akiko", "Alan", "Amara", "Anna", "Boris", "Carla", "Chen", "Clara"),
    *("Daniel", "David", "Edith", "Elif", "Emma", "Farid", "Fatima", "Felix", "Grace", "Hana"),
    *("Hugo", "Ibrahim", "Ines", "Ivan", "Jakob", "Jana", "Julia", "Kofi", "Lars", "Leila"),
    *("Lena", "Luca", "Marta", "Mei", "Miguel", "Mina", "Nadia", "Noor", "Olga", "Omar"),
    *("Oscar", "Paolo", "Priya", "Rosa", "Samir", "Sofia", "Tariq", "Tomas", "Yusuf", "Zofia"),
)

#: Second names, which follow some of the first ones.
SURNAMES: tuple[str, ...] = (
    *("Abe", "Bauer", "Costa", "Diaz", "Eriksen", "Fischer", "Gupta", "Haddad", "Ito", "Jansen"),
    *("Kaya", "Lopez", "Moreau", "Novak", "Okafor", "Petrov", "Rossi", "Silva", "Tanaka", "Wolf"),
)

#: Names that are a place in one sentence and a person in another.
PLACE_OR_PERSON: tuple[str, ...] = (
    *("Georgia", "Jordan", "Chad", "Israel", "Florence", "Sydney", "Victoria", "Adelaide"),
    *("Austin", "Charlotte", "Paris", "Savannah"),
)

#: Names that are a month in one sentence and a person in another.
MONTH_OR_PERSON: tuple[str, ...] = ("April", "May", "June", "August")

_CURRENCIES = ("EUR", "USD", "GBP", "JPY", "KRW", "BRL", "ZAR", "INR")
_THINGS = ("books", "boats", "chairs", "letters", "apples", "people")
_ASIDES = ("as we heard", "as you know", "so the paper says", "they write", "as everyone said")
_OPENERS = ("", "", "", "we heard that", "the paper says that", "it seems that")
_DATE_FORMATS = ("MMMM d", "d MMMM", "d MMMM y", "MMMM d, y", "EEEE", "EEEE, MMMM d", "MMMM y")

# What follows a name at the front and shows what it is; the first words alike where they can be.
_AFTER = {
    "person": (
        "forgot the keys",
        "laughed at the letter",
        "has two sisters",
        "brought letters to {place}",
        "was ill on {date}",
        "was born in {place}",
        "paid {money} for the chairs",
        "won the game",
        "may come on {weekday}",
    ),
    "place": (
        "borders {place}",
        "exports rice to {place}",
        "has two airports",
        "brought goods to {place}",
        "was hit by a storm on {date}",
        "voted for a new law",
        "may close all ports",
    ),
    "month": (
        "begins on a {weekday}",
        "has too many days",
        "brought rain to {place}",
        "was the coldest month in {place}",
        "cost us {money}",
        "may bring snow",
    ),
}
_TAG_OF = {"person": "PERSON", "place": "PLACE", "month": "DATE"}

# Sentences in which what comes before a name shows what it is.
_LEFT = (
    "we flew to {place_either} with {person_either} on {date} .",
    "we talked to {person_either} about {money} .",
    "we met {person_either} in {place_either} .",
    "the hotel in {place_either} costs {money} a night .",
    "on {date} we saw {person_either} again .",
    "in {month} it may rain in {place} .",
    "the game that they won on {date} was in {place} .",
    "she gave {person_either} {money} and {number} {things} .",
    "a real friend of {person_either} lives near {place_either} .",
    "tickets from {place} to {place_either} cost {money} until {date} .",
    "the letter that {person} wrote on {date} came from {place} .",
    "with {person_either} we travelled to {place_either} in {month} .",
    "please call {person_either} before {date} .",
    "they sold the boats to {person_either} for {money} .",
)
# Sentences that begin with a number: what follows shows whether it counts, dates or pays.
_NUMBERS = (
    "{number} {things} were sold in {place_either} .",
    "{number} {things} were seen by {person_either} .",
    "{number_of_money} were paid to {person_either} .",
    "{number_of_money} are too much for a night in {place} .",
    "{number_of_date} was a {weekday} .",
    "{number_of_date} is too late for {person} .",
)
# After "March", which is an order then, and no month.
_ORDERS = ("to the gate and wait", "on if you can", "home before {date}", "with {person}")


@dataclass(frozen=True)
class TaggedSentence:
    """Hold one sentence with the tag of every word.

    Attributes
    ----------
    words : tuple of str
        As one would write them; commas and full stops are words of their own.
    tags : tuple of str
        One of `TAGS` for every word.
    opening : tuple of bool
        Whether the word stands where what comes before it tells nothing about its tag.
    names : tuple of bool
        Whether the word belongs to a name of one meaning alone.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    opening: tuple[bool, ...]
    names: tuple[bool, ...]

    @property
    def needs_right(self) -> tuple[bool, ...]:
        """Whether the tag of a word can be told only with what comes after it.

        For a reader who knows all names; a name of one meaning that is read as ``<unknown>`` at
        the opening needs it too, which ``EntityBatch.needs_right`` says.
        """
        return tuple(o and not n for o, n in zip(self.opening, self.names, strict=True))

    @property
    def text(self) -> str:
        """The words with spaces between them, and their tags in brackets where they have one."""
        pairs = zip(self.words, self.tags, strict=True)
        return " ".join(word if tag == "O" else f"{word}[{tag}]" for word, tag in pairs)

    def __str__(self) -> str:
        return self.text


def make_sentence(
    rng: np.random.Generator, split: str = "train", asides: int = 1
) -> TaggedSentence:
    """Draw one tagged sentence.

    Parameters
    ----------
    rng : numpy.random.Generator
    split : {"train", "held_out"}
        Names of one meaning come from the four fifths that one trains on, or from the others.
        Names of two meanings are few and occur in both.
    asides : int, at least 0
        At most so many asides, such as ", as we heard ,", stand between a name at the front
        and what shows its meaning.

    Returns
    -------
    TaggedSentence

    Raises
    ------
    TypeError, ValueError
        If `rng` is no generator, `split` not one of the two, or `asides` not a whole number of
        at least 0.
    """
    draw = _Drawing(as_generator("rng", rng), as_choice("split", split, SPLITS))
    asides = as_count("asides", asides, at_least=0)
    kind = draw.pick(("name", "name", "name", "left", "left", "number", "march"))
    if kind == "left":
        return draw.fill(draw.pick(_LEFT))
    if kind == "number":
        return draw.fill(draw.pick(_NUMBERS))
    if kind == "march" and draw.pick((True, False)):
        draw.add("March", "O", opening=True)
        return draw.fill(f"{draw.pick(_ORDERS)} .")
    meaning = draw.pick(tuple(_AFTER))
    opener = draw.pick(_OPENERS)
    draw.fill(opener)
    if kind == "march":
        meaning = "month"
        draw.add("March", "DATE", opening=not opener)
    elif draw.pick((True, False)):
        draw.add(draw.pick(_either(meaning)), _TAG_OF[meaning], opening=True)
    else:
        draw.fill(f"{{opening_{meaning}}}")
    between = [draw.pick(_ASIDES) for _ in range(draw.pick(range(asides + 1)))]
    return draw.go_on(between, draw.pick(_AFTER[meaning]))


def twins(rng: np.random.Generator, asides: int = 1) -> tuple[TaggedSentence, TaggedSentence]:
    """Draw two sentences that begin alike, with a name that is something else in each.

    Parameters
    ----------
    rng : numpy.random.Generator
    asides : int, at least 0
        Exactly so many asides stand between the name and what shows its meaning.

    Returns
    -------
    two TaggedSentence
        The name is the first word; all words up to the end of the last aside agree. The first
        one is about a person.

    Raises
    ------
    TypeError, ValueError
        As `make_sentence` does.
    """
    rng, asides = as_generator("rng", rng), as_count("asides", asides, at_least=0)
    draw = _Drawing(rng, "train")
    other = draw.pick(("place", "month"))
    name = draw.pick(_either(other))
    between = [draw.pick(_ASIDES) for _ in range(asides)]
    both = []
    for meaning in ("person", other):
        one = _Drawing(rng, "train")
        one.add(name, _TAG_OF[meaning], opening=True)
        both.append(one.go_on(between, one.pick(_AFTER[meaning])))
    return both[0], both[1]


def tokenise(text: str) -> list[str]:
    """Split a text into words, numbers and marks: ``"$1,250, please"`` → $ · 1,250 · , · please.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str

    Raises
    ------
    TypeError
        If `text` is not a text.
    """
    if not isinstance(text, str):
        raise TypeError(f"text is {describe(text)}; expected a text.")
    return re.findall(r"\d+(?:[.,/]\d+)*|R\$|[^\W\d_]+|[^\w\s]", text)


class _Drawing:
    """Writes one sentence, word by word, from a generator."""

    def __init__(self, rng: np.random.Generator, split: str) -> None:
        self._rng, self._split = rng, split
        self._words: list[tuple[str, str, bool, bool]] = []

    def pick(self, options: Sequence) -> Any:
        """Draw one of a few options."""
        return options[int(self._rng.random() * len(options))]

    def add(self, text: str, tag: str, opening: bool = False, name: bool = False) -> None:
        """Add the words of a text, all with the same tag."""
        self._words += [(word, tag, opening, name) for word in tokenise(text)]

    def fill(self, template: str) -> TaggedSentence:
        """Add a template's words and return the sentence so far."""
        for word in template.split():
            if word.startswith("{"):
                getattr(self, f"_{word[1:-1]}")()
            else:
                self.add(word, "O")
        return TaggedSentence(*zip(*self._words, strict=True)) if self._words else None

    def go_on(self, asides: Sequence[str], rest: str) -> TaggedSentence:
        """Add asides between commas, and what ends the sentence."""
        return self.fill(
            "".join(f", {aside} " for aside in asides) + (", " if asides else "") + f"{rest} ."
        )

    def _person(self, opening: bool = False) -> None:
        self.add(self.pick(_names(PEOPLE, self._split)), "PERSON", opening, name=True)
        if self.pick((True, False, False)):
            self.add(self.pick(_names(SURNAMES, self._split)), "PERSON", opening, name=True)

    def _person_either(self) -> None:
        if self.pick((True, False)):
            return self._person()
        return self.add(self.pick(PLACE_OR_PERSON + MONTH_OR_PERSON), "PERSON")

    def _place(self, opening: bool = False) -> None:
        self.add(self.pick(_names(PLACES, self._split)), "PLACE", opening, name=True)

    def _place_either(self) -> None:
        if self.pick((True, False)):
            return self._place()
        return self.add(self.pick(PLACE_OR_PERSON), "PLACE")

    def _opening_person(self) -> None:
        self._person(opening=True)

    def _opening_place(self) -> None:
        self._place(opening=True)

    def _opening_month(self) -> None:
        others = [month for month in _months() if month not in (*MONTH_OR_PERSON, "March")]
        self.add(self.pick(others), "DATE")

    def _month(self) -> None:
        self.add(self.pick(_months()), "DATE")

    def _weekday(self) -> None:
        self.add(self.pick(_weekdays()), "DATE")

    def _day(self) -> datetime.date:
        return datetime.date(1950, 1, 1) + datetime.timedelta(int(self._rng.integers(0, 36_000)))

    def _date(self) -> None:
        self.add(format_date(self._day(), self.pick(_DATE_FORMATS), locale="en"), "DATE")

    def _number_of_date(self) -> None:
        number, month = format_date(self._day(), "d MMMM", locale="en").split()
        self.add(number, "DATE", opening=True)
        self.add(month, "DATE")

    def _small(self) -> int:
        return int(self._rng.integers(2, 29))

    def _number(self) -> None:
        self.add(str(self._small()), "O", opening=len(self._words) == 0)

    def _things(self) -> None:
        self.add(self.pick(_THINGS), "O")

    def _number_of_money(self) -> None:
        self.add(str(self._small()), "MONEY", opening=True)
        self.add(_currency_word(self.pick(_CURRENCIES)), "MONEY")

    def _money(self) -> None:
        amount, code = int(10 ** self._rng.uniform(0.5, 5)), self.pick(_CURRENCIES)
        written = {"currency_digits": False, "locale": "en"}
        if self.pick((True, False)):
            self.add(format_currency(amount, code, "¤#,##0", **written), "MONEY")
        else:
            number = format_currency(amount, code, "#,##0", **written)
            self.add(f"{number} {_currency_word(code)}", "MONEY")


def _either(meaning: str) -> tuple[str, ...]:
    if meaning == "person":
        return PLACE_OR_PERSON + MONTH_OR_PERSON
    return PLACE_OR_PERSON if meaning == "place" else MONTH_OR_PERSON


@lru_cache(maxsize=16)
def _names(names: tuple[str, ...], split: str) -> tuple[str, ...]:
    """Return four fifths of the names, or every fifth, which is held out."""
    return tuple(n for place, n in enumerate(names) if (place % 5 == 2) == (split == "held_out"))


@lru_cache(maxsize=1)
def _months() -> tuple[str, ...]:
    return tuple(get_month_names("wide", locale="en").values())


@lru_cache(maxsize=1)
def _weekdays() -> tuple[str, ...]:
    return tuple(get_day_names("wide", locale="en").values())


@lru_cache(maxsize=16)
def _currency_word(code: str) -> str:
    """Return the last word of a currency's name in the plural: "South Korean won" is "won"."""
    return get_currency_name(code, count=25, locale="en").split()[-1]


def read_as(word: str) -> str:
    """Return what is read of a word: lower case, and 0 for every digit.

    Parameters
    ----------
    word : str

    Returns
    -------
    str
    """
    return re.sub(r"\d", "0", word.lower())


def _collect() -> tuple[str, ...]:
    """Return every word that a network may read, in an order that never changes by itself."""
    texts = [*_LEFT, *_NUMBERS, *_ORDERS, *_OPENERS, *_ASIDES, *_THINGS]
    texts += [rest for after in _AFTER.values() for rest in after]
    texts = [re.sub(r"\{\w+\}", " ", text) for text in texts]
    texts += ["March", ".", ",", *_months(), *_weekdays(), *PLACE_OR_PERSON, *MONTH_OR_PERSON]
    texts += [_currency_word(code) for code in _CURRENCIES]
    texts += [get_currency_symbol(code, locale="en") for code in _CURRENCIES]
    texts += ["0", "00", "000", "0000", "0,000", "00,000", "000,000"]
    for names in (PEOPLE, SURNAMES, PLACES):
        texts += _names(names, "train")
    words = {read_as(word): None for text in texts for word in tokenise(text)}
    return (PADDING, UNKNOWN, *sorted(words))


VOCABULARY: tuple[str, ...] = _collect()
"""All words that are read, in lower case; the index of a word is its place here."""
