"""Predict before you run, recall after you read, and see which exercises are solved.

Nothing here waits for anybody: a notebook runs from top to bottom whether or not the reader
has answered, and says which it was. Beside what Jupyter shows, each output carries its content as
JSON under `MIME`: the web book, which has no kernel, shows that in its own way.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import ipywidgets
import numpy as np

from utils import progress as store
from utils.notebook import in_notebook
from utils.widgets.kernel import keep_sliders_alive
from utils.widgets.messages import mime_data

MIME = "application/vnd.unrolled.study+json"
"""The content of a prediction, its answer, recall questions or the table of progress."""

_CLOSE = 0.1  # a number within a tenth of the truth counts as close
_BOX = "border-left: 4px solid {}; padding: 0.2em 0.9em; margin: 0.4em 0"
_ASKED, _GOOD, _OFF = "#0072B2", "#009E73", "#D55E00"


class Prediction:
    """Hold what the reader predicts, until ``reveal`` shows it beside the truth.

    Made and displayed by `predict`, which says what `question`, `options` and `unit` are.
    """

    def __init__(self, question: str, options: Sequence[Any] | None, unit: str | None) -> None:
        keep_sliders_alive()
        self.question = question
        self.options = options
        self.unit = unit or ""
        self.control = _radio_buttons(options) if options is not None else _number_field(self.unit)
        self._note = ipywidgets.HTML()
        self.control.observe(self._on_change, "value")
        self.panel = _Panel(self)
        self._on_change(None)

    @property
    def value(self) -> Any:
        """Give the predicted option or number, or None while there is none."""
        if self.options is not None:
            return self.control.value
        return _read_number(self.control.value, self.unit)

    def reveal(self, truth: Any, explanation: str = "") -> None:
        """Display the prediction beside the truth; say so if none was made.

        Parameters
        ----------
        truth : one of the options, or a number
            The measured answer.
        explanation : str
            Why it is so; ``$formulas$`` and code between backquotes are typeset.

        Raises
        ------
        ValueError
            If ``truth`` is not one of the options, or is not a finite number.
        """
        truth = self._checked_truth(truth)
        guess = self.value
        said = self._in_words(truth)
        because = f" {explanation.strip()}" if explanation.strip() else ""
        content = {
            "kind": "reveal",
            "question": self.question,
            "answer": said,
            "explanation": explanation.strip(),
        }
        if guess is None:
            plain = f"You made no prediction. The answer: {said}.{because}"
            page = (
                "<p>You made no prediction. It is not too late if you have not looked yet: answer"
                " above, then run this cell again.</p><details><summary>Show the answer without"
                f" a prediction</summary><p><b>{_rich(said)}</b>.{_rich(because)}</p></details>"
            )
            _display(plain, page, _ASKED, content)
            return
        self.control.disabled = True
        good, verdict = self._judge(guess, truth)
        mine = self._in_words(guess)
        plain = f"You predicted: {mine}. The answer: {said}. {verdict}{because}"
        page = (
            f"<p>You predicted: {_rich(mine)}.<br>The answer: <b>{_rich(said)}</b>."
            f" {_rich(verdict)}</p>" + (f"<p>{_rich(because)}</p>" if because else "")
        )
        _display(plain, page, _GOOD if good else _OFF, content)

    def _checked_truth(self, truth: Any) -> Any:
        if self.options is not None:
            if truth not in self.options:
                names = ", ".join(repr(option) for option in self.options)
                raise ValueError(f"truth is {truth!r}; expected one of the options {names}.")
            return truth
        if isinstance(truth, bool) or np.ndim(truth) != 0 or not _is_finite(truth):
            raise ValueError(f"truth is {truth!r}; expected a finite number.")
        return float(truth)

    def _judge(self, guess: Any, truth: Any) -> tuple[bool, str]:
        if self.options is not None:
            right = guess == truth
            return right, "You were right." if right else "It turned out otherwise."
        return _compare(guess, truth, self.unit)

    def _in_words(self, answer: Any) -> str:
        if self.options is not None:
            return str(answer)
        return f"{answer:.4g} {self.unit}".strip()

    def _on_change(self, _change: Any) -> None:
        if self.value is not None:
            note = f"Noted: {html.escape(self._in_words(self.value))}. You can still change it."
        elif self.options is None and self.control.value.strip():
            note = "This is not a number: write it like 12, 0.5 or 1e-3."
        else:
            note = ""
        self._note.value = f'<span role="status">{note}</span>'

    def _ipython_display_(self) -> None:
        """Show nothing more: ``predict`` has displayed the question."""

    def __repr__(self) -> str:
        return f"Prediction({self.question!r}, value={self.value!r})"


class _Panel(ipywidgets.VBox):
    """The question and its control; the question alone where there is no kernel."""

    def __init__(self, prediction: Prediction) -> None:
        self._question = prediction.question
        self._options = prediction.options
        self._unit = prediction.unit
        asked = ipywidgets.HTMLMath(f"<b>Predict.</b> {_rich(prediction.question)}")
        super().__init__([asked, prediction.control, prediction._note])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data = mime_data(super()._repr_mimebundle_(**kwargs))
        options = [str(option) for option in self._options or ()]
        data["text/plain"] = f"Predict. {self._question}" + "".join(f"\n  - {o}" for o in options)
        items = "".join(f"<li>{_rich(option)}</li>" for option in options)
        listed = f"<ul>{items}</ul>" if items else ""
        data["text/html"] = f"<p><b>Predict.</b> {_rich(self._question)}</p>{listed}"
        data[MIME] = {
            "kind": "predict",
            "question": self._question,
            "options": options,
            "unit": self._unit,
        }
        return data

    def __repr__(self) -> str:
        return f"Predict. {self._question}"


def predict(
    question: str, options: Sequence[Any] | None = None, unit: str | None = None
) -> Prediction:
    """Ask the reader for a prediction, display the question, and go on without waiting.

    Parameters
    ----------
    question : str
        One concrete question in words; ``$formulas$`` and code between backquotes are typeset.
    options : sequence of at least two different values, optional
        Answers to choose from. Left out, the reader types a number.
    unit : str, optional
        Unit of the number, such as ``"steps"`` or ``"%"``; only without ``options``.

    Returns
    -------
    prediction : Prediction
        Call its ``reveal(truth, explanation)`` in a later cell.

    Raises
    ------
    ValueError
        If the question is empty, options repeat or are fewer than two, or both ``options`` and
        ``unit`` are given.
    """
    question = _checked_text("question", question)
    if options is not None:
        if unit is not None:
            raise ValueError("options and unit are both given; a choice has no unit.")
        if isinstance(options, str | Mapping) or len(set(options)) != len(list(options)):
            raise ValueError(f"options is {options!r}; expected a list of different answers.")
        options = list(options)
        if len(options) < 2:
            raise ValueError(f"options has {len(options)} answer; expected at least two.")
    prediction = Prediction(question, options, unit)
    if in_notebook():
        from IPython.display import display

        display(prediction.panel)
    else:
        print(prediction.panel._repr_mimebundle_()["text/plain"])
    return prediction


def recall(items: Iterable[tuple[str, str]]) -> None:
    """Display questions whose answers are folded until the reader opens them.

    Parameters
    ----------
    items : iterable of (question, answer)
        Both in words; ``$formulas$`` and code between backquotes are typeset.

    Raises
    ------
    ValueError
        If there is no item, or one is not a pair of texts.
    """
    pairs = []
    for item in items:
        if isinstance(item, str) or len(tuple(item)) != 2:
            raise ValueError(f"an item is {item!r}; expected (question, answer).")
        question, answer = item
        pairs.append((_checked_text("question", question), _checked_text("answer", answer)))
    if not pairs:
        raise ValueError("items is empty; expected at least one (question, answer).")
    entries = "".join(
        f'<li style="margin-bottom: 0.5em">{_rich(question)}'
        f"<details><summary>Answer {number}</summary>"
        f"<p>{_rich(answer)}</p></details></li>"
        for number, (question, answer) in enumerate(pairs, start=1)
    )
    plain = "\n".join(
        ["Recall. Answer from memory, then compare."]
        + [f"{number}. {question}" for number, (question, _) in enumerate(pairs, start=1)]
        + ["", "Answers:"]
        + [f"{number}. {answer}" for number, (_, answer) in enumerate(pairs, start=1)]
    )
    page = (
        "<p><b>Recall.</b> Answer from memory, aloud or on paper, then open the answer.</p>"
        f"<ol>{entries}</ol>"
    )
    _display(plain, page, _ASKED, {"kind": "recall", "items": [list(pair) for pair in pairs]})


def progress() -> None:
    """Display a table of the exercises solved in each chapter.

    Counted are the exercises that a check can judge; open ones and those done by hand have a
    rubric in place of a check. The scores come from one file on this machine.
    """
    from utils.checks import REGISTRY

    kept = store.read()
    rows, lines, solved_in_all, all_in_all = [], [], 0, 0
    for chapter in sorted(REGISTRY):
        checks = REGISTRY[chapter]
        states = {name: _state(kept.get(chapter, {}).get(name)) for name, check in checks.items()}
        solved = sum(state == "solved" for state in states.values())
        solved_in_all += solved
        all_in_all += len(checks)
        items = "".join(
            f"<li>{_rich(checks[name].title)}: {state}</li>" for name, state in states.items()
        )
        rows.append(
            f'<tr><th scope="row" style="text-align: left; vertical-align: top">'
            f'{html.escape(chapter)}</th><td style="vertical-align: top">{solved} of {len(checks)}'
            f'</td><td style="text-align: left"><details><summary>{_summary(states)}</summary>'
            f'<ul style="margin: 0">{items}</ul></details></td></tr>'
        )
        lines.append(f"{chapter}: {solved} of {len(checks)} solved")
        lines += [f"  {checks[name].title}: {state}" for name, state in states.items()]
    head = "".join(
        f'<th scope="col" style="text-align: left">{name}</th>'
        for name in ("Chapter", "Solved", "Exercises")
    )
    caption = f"{solved_in_all} of {all_in_all} exercises solved"
    where = f"Kept in {store.path()} and nowhere else."
    notes = [where] + [
        f"A progress file could not be read and was kept as {file.name}."
        for file in store.set_aside()
    ]
    page = (
        f'<table><caption style="text-align: left"><b>{caption}</b></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        + "".join(f"<p><small>{html.escape(note)}</small></p>" for note in notes)
    )
    titles = {
        chapter: [check.title for check in REGISTRY[chapter].values()]
        for chapter in sorted(REGISTRY)
    }
    content = {"kind": "progress", "chapters": titles}
    _display("\n".join([caption, *lines, *notes]), page, _ASKED, content)


def _state(entry: Mapping[str, Any] | None) -> str:
    if entry is None:
        return "not yet tried"
    score, possible = entry["score"], entry["max_score"]
    return "solved" if score >= possible else f"{score / possible:.0%} right so far"


def _summary(states: Mapping[str, str]) -> str:
    left = sum(state != "solved" for state in states.values())
    return "all solved" if not left else f"{left} left to solve"


def _radio_buttons(options: Sequence[Any]) -> ipywidgets.RadioButtons:
    buttons = ipywidgets.RadioButtons(
        options=[(str(option), option) for option in options],
        value=None,
        description="Your prediction:",
    )
    buttons.style.description_width = "initial"
    buttons.layout.width = "auto"
    return buttons


def _number_field(unit: str) -> ipywidgets.Text:
    field = ipywidgets.Text(
        placeholder="type a number",
        description=f"Your prediction ({unit}):" if unit else "Your prediction:",
    )
    field.style.description_width = "initial"
    field.layout.width = "min(100%, 420px)"
    return field


def _read_number(text: str, unit: str) -> float | None:
    text = text.strip()
    if unit and text.endswith(unit):
        text = text[: -len(unit)].strip()
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _compare(guess: float, truth: float, unit: str) -> tuple[bool, str]:
    difference = guess - truth
    close = abs(difference) <= _CLOSE * abs(truth)
    if difference == 0 or f"{guess:.4g}" == f"{truth:.4g}":
        return True, "You were right."
    way = "too high" if difference > 0 else "too low"
    off = f"{abs(difference):.2g} {unit}".strip()
    factor = max(guess / truth, truth / guess) if guess * truth > 0 else 0.0
    if factor >= 1.5:
        text = f"{factor:.2g} times {way}"
    else:
        text = f"{off} {way}"
    return close, f"You were {'close: ' if close else ''}{text}."


def _is_finite(value: Any) -> bool:
    return isinstance(value, Real | np.ndarray) and math.isfinite(float(value))


def _checked_text(name: str, text: Any) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{name} is {text!r}; expected words.")
    return text.strip()


def _rich(text: str) -> str:
    """Give text as HTML: escaped, code between backquotes marked, ``$formulas$`` as they are."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _display(plain: str, page: str, color: str, content: Mapping[str, Any]) -> None:
    if not in_notebook():
        print(plain)
        return
    from IPython.display import display

    box = f'<div style="{_BOX.format(color)}">{page}</div>'
    display({MIME: dict(content), "text/html": box, "text/plain": plain}, raw=True)
