"""Why is an LSTM built as it is? Seven questions, and the variants that answer them.

Each variant of `utils.cells.lstm_variants` differs from the standard LSTM in one thing, and so
answers a question: what is that thing for? Beside them stands what two large published studies
found when they took the same parts away.
"""

from __future__ import annotations

from typing import NamedTuple

from utils.cells.lstm_variants import LSTM_VARIANTS, VARIANT_ALIASES
from utils.lstm_design import equations
from utils.validation import as_choice

__all__ = [
    "PUBLISHED",
    "QUESTIONS",
    "Published",
    "Question",
    "VariantRow",
    "questions_of",
    "variant_table",
]


class Question(NamedTuple):
    """Hold one of the seven questions.

    Attributes
    ----------
    number : int, 1 … 7
    asks : str
        The question, short.
    variants : tuple of str
        Names of `LSTM_VARIANTS` that are compared with the standard LSTM to answer it.
    """

    number: int
    asks: str
    variants: tuple[str, ...]


class VariantRow(NamedTuple):
    """Hold one row of the table of variants.

    Attributes
    ----------
    name : str
    other_name : str
        Under which the same cell is also known; empty if there is none.
    changes : str
        In what it differs from the standard LSTM: LaTeX in dollar signs, or words.
    questions : tuple of int
        Numbers of the questions that it answers.
    claims : tuple of str
        Identifiers in the ledger of claims.
    """

    name: str
    other_name: str
    changes: str
    questions: tuple[int, ...]
    claims: tuple[str, ...]


class Published(NamedTuple):
    """Hold what a published study reports about one part.

    Attributes
    ----------
    variant : str
        Our name of the cell that it tried.
    greff : str
        Finding of Greff et al. (2017); empty if they did not try it.
    jozefowicz : str
        Finding of Jozefowicz, Zaremba and Sutskever (2015); empty if they did not try it.
    """

    variant: str
    greff: str
    jozefowicz: str


QUESTIONS = (
    Question(1, "What does the separate line c do?", ("no cell line",)),
    Question(
        2,
        "Why two gates, forget and input?",
        ("coupled gates", "no forget gate", "no input gate"),
    ),
    Question(
        3,
        "Why sigmoid times tanh?",
        ("sigmoid candidate", "linear candidate", "tanh input gate", "tanh output gate"),
    ),
    Question(4, "Why add?", ("overwriting",)),
    Question(
        5,
        "Why tanh(c) before the output?",
        ("output path without tanh", "output path sigmoid(c)"),
    ),
    Question(6, "Tanh only, at the input or at the output?", ("no input gate", "no output gate")),
    Question(
        7,
        "Sigmoid only, at the input or at the output?",
        (
            "input path sigmoid only",
            "sigmoid candidate",
            "output path without tanh",
            "output path sigmoid(c)",
        ),
    ),
)
"""The seven questions; the standard LSTM is the other half of every contrast."""

_CLAIMS = {
    "C11": ("forget bias 0, 1, 2, 5",),
    "C12": ("linear candidate", "output path without tanh"),
    "C13": ("no input gate", "tanh input gate"),
    "C14": ("no output gate", "tanh output gate"),
    "C15": QUESTIONS[6].variants,
    "C16": QUESTIONS[1].variants,
    "C21": ("no forget gate", "overwriting", "coupled gates"),
    "C24": ("parameter-matched plain RNN",),
    "C25": ("output bias 0, −2, −5, −10",),
}

_BESIDE = {
    "forget bias 0, 1, 2, 5": "the forget gate's bias at the start (chapter 06)",
    "output bias 0, −2, −5, −10": "the output gate's bias at the start",
    "parameter-matched plain RNN": "no gates, as many parameters",
}
"""What is compared with the LSTM and is no variant of its equations."""

PUBLISHED = (
    Published(
        "no forget gate",
        "worse on all three",
        "extremely significant, except in language modelling",
    ),
    Published("no input gate", "worse on speech and handwriting", "important"),
    Published("no output gate", "worse on speech and handwriting", "unimportant"),
    Published("linear candidate", "worse on speech and handwriting", ""),
    Published("output path without tanh", "worse on all three", ""),
    Published("coupled gates", "no significant change", ""),
)
"""What taking a part away did to the mean performance in Greff et al. (2017), who tried speech
(TIMIT), handwriting (IAM-OnDB) and music (JSB Chorales), and in what words Jozefowicz et al. (2015)
sum up how much a gate matters. "Worse" is significantly worse, by Welch's t test at 0.05; the
standard cell of Greff et al. has peepholes.

References
----------
Greff, Srivastava, Koutník, Steunebrink and Schmidhuber (2017), LSTM: a search space odyssey, IEEE
Transactions on Neural Networks and Learning Systems 28(10).
Jozefowicz, Zaremba and Sutskever (2015), An empirical exploration of recurrent network
architectures, ICML.
"""


def questions_of(name: str) -> tuple[int, ...]:
    """Return the numbers of the questions that a variant answers.

    Parameters
    ----------
    name : str
        In `LSTM_VARIANTS` or `VARIANT_ALIASES`.

    Returns
    -------
    tuple of int
        All seven for "lstm", which every other variant is compared with.

    Raises
    ------
    TypeError, ValueError
        If there is no variant of that name.
    """
    name = VARIANT_ALIASES.get(name, name)
    as_choice("name", name, tuple(LSTM_VARIANTS))
    return tuple(q.number for q in QUESTIONS if name == "lstm" or name in q.variants)


def variant_table() -> tuple[VariantRow, ...]:
    """Return which variant answers which of the seven questions, and which claims it decides.

    Returns
    -------
    tuple of VariantRow
        The standard LSTM first, then all other variants in the order of their first question, and
        in the end what is no variant of the equations.
    """
    names = dict.fromkeys(["lstm", *(name for q in QUESTIONS for name in q.variants)])
    known_as = {name: alias for alias, name in VARIANT_ALIASES.items()}
    rows = [
        VariantRow(name, known_as.get(name, ""), _changes(name), questions_of(name), _claims(name))
        for name in names
    ]
    rows += [VariantRow(name, "", words, (), _claims(name)) for name, words in _BESIDE.items()]
    return tuple(rows)


def _claims(name: str) -> tuple[str, ...]:
    return tuple(claim for claim, names in _CLAIMS.items() if name in names)


def _changes(name: str) -> str:
    """Return the lines that differ; where a part is left out, the line that it is missing in."""
    changed = {line.role: line.text for line in equations(name) if line.changed}
    if "cell_state" in changed or "hidden_state" in changed:
        changed = {role: text for role, text in changed.items() if role.endswith("state")}
    return ", ".join(f"${text}$" for text in changed.values()) or "nothing: the cell of chapter 06"
