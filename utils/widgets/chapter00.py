"""Chapter 00: a first live figure, and ten questions that point to the primers."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ipywidgets

from utils.plots.start import (
    MOST_STEPS,
    RepeatedFactor,
    compute_repeated_factor,
    draw_repeated_factor,
)
from utils.plots.style import new_figure
from utils.widgets.live_figure import LiveFigure
from utils.widgets.messages import mime_data
from utils.wording import counted

__all__ = [
    "PRIMERS",
    "QUESTIONS",
    "Diagnostic",
    "Question",
    "Result",
    "compute_result",
    "describe_repeated_factor",
    "diagnostic",
    "explore_repeated_factor",
]


def describe_repeated_factor(data: RepeatedFactor) -> str:
    """Say in words what repeated multiplication leaves.

    Parameters
    ----------
    data : RepeatedFactor

    Returns
    -------
    str
    """
    steps, last = counted(len(data.left) - 1, "step"), data.left[-1]
    if data.factor == 1:
        return f"With a factor of exactly 1 everything is left after {steps}."
    if data.factor > 1:
        return f"With a factor of {data.factor:.3g}, 1 has grown to {last:.2g} after {steps}."
    share = f"{last:.1%}" if last >= 1e-3 else f"{last:.1e}"
    return (
        f"With a factor of {data.factor:.3g}, {share} is left after {steps}; "
        f"one half is gone after {data.half_after:.1f}."
    )


def explore_repeated_factor() -> LiveFigure:
    """Multiply 1 by the same factor at every step, and see how fast it vanishes or explodes.

    Returns
    -------
    LiveFigure
        Starts with a factor of 0.9 and 50 steps.
    """
    figure, ax = new_figure(size=(7.0, 3.2))
    artists = draw_repeated_factor(ax, compute_repeated_factor(0.9, 50))

    def update(factor: float, T: int) -> str:
        data = compute_repeated_factor(factor, T)
        draw_repeated_factor(ax, data, artists)
        return describe_repeated_factor(data)

    controls = {
        "factor": ipywidgets.FloatSlider(
            value=0.9,
            min=0.72,
            max=1.25,
            step=0.005,
            readout_format=".3f",
            description="Factor of one step",
        ),
        "T": ipywidgets.IntSlider(
            value=50, min=1, max=MOST_STEPS, description="Multiplications (steps)"
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=artists,
        controls=controls,
        title="What a repeated factor leaves",
        steps={"factor": None, "T": (10, 25, 50, MOST_STEPS)},
    )


# Ten questions


class Question(NamedTuple):
    """One question of the diagnostic, with the primer that answers it."""

    text: str  #: what is asked
    options: tuple[str, ...]  #: to choose from
    right: int
    """Index of the right option."""
    why: str  #: what explains the right option
    primer: str
    """A key of `PRIMERS`."""


#: What the self-test may send a reader to, by name.
PRIMERS: Mapping[str, str] = {
    "A": "Primer A, shapes and the chain rule",
    "B": "Primer B, singular values",
    "C": "Primer C, confidence intervals",
    "D": "Primer D, torch in ten minutes",
}

QUESTIONS: tuple[Question, ...] = (
    Question(
        "x has shape (2, 3) and W has shape (3, 4). What is the shape of x @ W?",
        ("(2, 4)", "(3, 3)", "(4, 2)", "The product does not exist"),
        0,
        "The two 3s meet and are summed over; 2 and 4 stay.",
        "A",
    ),
    Question(
        "z has shape (2, 4) and b has shape (4,). What does NumPy do for z + b?",
        (
            "It raises an error",
            "It adds b to each of the two rows",
            "It adds b to the first row only",
            "It adds the sum of b to every entry",
        ),
        1,
        "Shapes are compared from the last axis; b counts as (1, 4) and is repeated for every row.",
        "A",
    ),
    Question(
        "L = a · b with a = 2w and b = w². What is dL/dw at w = 1?",
        ("2", "4", "6", "8"),
        2,
        "w reaches L by two paths, and paths add: 2 · b through a plus a · 2w through b is 6.",
        "A",
    ),
    Question(
        "y = x W, and d_y holds the derivatives of the loss L by the entries of y. Which product "
        "gives the derivatives of L with respect to x?",
        ("W d_y", "d_y Wᵀ", "Wᵀ d_y", "xᵀ d_y"),
        1,
        "x has shape (B, D), d_y (B, H), W (D, H): of these products only d_y Wᵀ fits (B, D) for "
        "all sizes. The last one is the derivative by W.",
        "A",
    ),
    Question(
        "W, of shape (2, 2), has singular values 3 and 0.5. x has length 1. How long can x W be?",
        ("Always 3.5", "From 0 to 3", "From 0.5 to 3", "From 0.5 to 1.5"),
        2,
        "The largest and the smallest singular value are the largest and the smallest factor by "
        "which W stretches any vector.",
        "B",
    ),
    Question(
        "The largest singular value of W is 0.9. A vector of length 1 is multiplied by W fifty "
        "times. How long is it at most?",
        ("0.9", "About 0.45", "About 0.005", "It can have any length"),
        2,
        "Each product makes it at most 0.9 times as long, and 0.9 to the power 50 is 0.005.",
        "B",
    ),
    Question(
        "Five runs with different seeds give a mean accuracy of 0.80 with a 95 % confidence "
        "interval of 0.70 to 0.90. What does the 95 % say?",
        (
            "95 % of all runs have an accuracy between 0.70 and 0.90",
            "The accuracy is right in 95 % of cases",
            "Of many such studies, 95 % get an interval that holds the true mean",
            "The next run lies in the interval with a probability of 95 %",
        ),
        2,
        "The 95 % belongs to the procedure: repeat the whole study, and 95 % of the intervals hold "
        "the true mean. Single runs scatter more widely.",
        "C",
    ),
    Question(
        "Ten runs out of ten succeed. What can be said about the success rate?",
        (
            "It is 100 %",
            "A 95 % interval reaches from 72 % to 100 %",
            "Nothing without 100 runs",
            "It is 95 %",
        ),
        1,
        "That is the Wilson interval. A rate of 80 % would still give ten out of ten in one study "
        "of nine.",
        "C",
    ),
    Question(
        "In torch, w.grad holds 5. loss.backward() computes a derivative of 2 for w. What does "
        "w.grad hold then?",
        ("2", "5", "7", "10"),
        2,
        "backward adds to .grad. That is why a training loop sets the gradients to zero first.",
        "D",
    ),
    Question(
        "h is a torch tensor in the middle of a computation. What is h.detach()?",
        (
            "The same numbers, and gradients do not flow back beyond them",
            "A tensor of zeros",
            "The gradient of h",
            "h as a NumPy array",
        ),
        0,
        "It shares the numbers and forgets how they were computed.",
        "D",
    ),
)


class Result(NamedTuple):
    """What the answers say."""

    n_right: int  #: questions
    n_answered: int  #: questions
    correct: tuple[bool, ...]
    """One per question; False also where no answer was given."""
    by_primer: Mapping[str, tuple[int, int]]
    """Primer → (questions right, questions)."""

    @property
    def to_read(self) -> tuple[str, ...]:
        """Give the primers with a question that was not answered rightly."""
        return tuple(key for key, (right, of) in self.by_primer.items() if right < of)


def compute_result(
    answers: Sequence[int | None], questions: Sequence[Question] = QUESTIONS
) -> Result:
    """Compare answers with the right ones.

    Parameters
    ----------
    answers : sequence of int or None
        For each question the index of the chosen option, None where none was chosen.
    questions : sequence of Question

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        If there are not as many answers as questions, or an answer is no index of an option.
    """
    if len(answers) != len(questions):
        raise ValueError(f"{len(answers)} answers; expected {len(questions)}, one per question.")
    for number, (answer, question) in enumerate(zip(answers, questions, strict=True), start=1):
        if answer is not None and answer not in range(len(question.options)):
            raise ValueError(
                f"answer {number} is {answer!r}; expected None or a whole number in "
                f"0 … {len(question.options) - 1}."
            )
    correct = tuple(a == q.right for a, q in zip(answers, questions, strict=True))
    by_primer = {}
    for key in dict.fromkeys(question.primer for question in questions):
        marks = [c for c, q in zip(correct, questions, strict=True) if q.primer == key]
        by_primer[key] = (sum(marks), len(marks))
    answered = sum(answer is not None for answer in answers)
    return Result(sum(correct), answered, correct, by_primer)


class Diagnostic(ipywidgets.VBox):
    """Ten questions with one answer each, and a button that says which primers to read.

    Made by `diagnostic`. Where there is no kernel the questions remain as text, each with its
    answer folded.

    Parameters
    ----------
    questions : sequence of Question
    """

    def __init__(self, questions: Sequence[Question] = QUESTIONS) -> None:
        self.questions = tuple(questions)
        self.choices = [_choice(question, n) for n, question in enumerate(self.questions, start=1)]
        self.button = ipywidgets.Button(description="Show my result", button_style="primary")
        self.again = ipywidgets.Button(description="Clear my answers")
        self.outcome = ipywidgets.HTML()
        self._shown = False
        rows = []
        for number, (question, choice) in enumerate(
            zip(self.questions, self.choices, strict=True), start=1
        ):
            asked = ipywidgets.HTML(f"<b>{number}.</b> {html.escape(question.text)}")
            rows.append(ipywidgets.VBox([asked, choice]))
            choice.observe(self._on_choice, "value")
        self.button.on_click(self._on_button)
        self.again.on_click(self._on_again)
        super().__init__([*rows, ipywidgets.HBox([self.button, self.again]), self.outcome])

    @property
    def answers(self) -> list[int | None]:
        """Give the index of the chosen option of each question, None where there is none."""
        return [choice.value for choice in self.choices]

    @property
    def result(self) -> Result:
        """Give what the answers so far say."""
        return compute_result(self.answers, self.questions)

    def _on_button(self, _button: Any) -> None:
        self._shown = True
        self._show()

    def _on_choice(self, _change: Any) -> None:
        if self._shown:
            self._show()

    def _on_again(self, _button: Any) -> None:
        self._shown = False
        for choice in self.choices:
            choice.value = None
        self.outcome.value = ""

    def _show(self) -> None:
        self.outcome.value = f'<div role="status">{_result_page(self)}</div>'

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data = mime_data(super()._repr_mimebundle_(**kwargs))
        data["text/plain"] = repr(self)
        data["text/html"] = _still_page(self.questions)
        return data

    def __repr__(self) -> str:
        lines = []
        for number, question in enumerate(self.questions, start=1):
            lines += [f"{number}. {question.text}", *(f"   - {o}" for o in question.options)]
        return "\n".join(lines)


def diagnostic() -> Diagnostic:
    """Ask ten questions and say which primers of chapter 00 to read; nothing waits for an answer.

    Returns
    -------
    Diagnostic
    """
    return Diagnostic()


def _choice(question: Question, number: int) -> ipywidgets.RadioButtons:
    # In JupyterLab the arrow keys belong to the notebook: in a list they would leave the cell.
    # Each radio button is a stop of the Tab key and is chosen by the space bar.
    choice = ipywidgets.RadioButtons(
        options=[(option, index) for index, option in enumerate(question.options)],
        value=None,
        description=f"Answer {number}:",
    )
    choice.style.description_width = "initial"
    choice.layout.width = "auto"
    return choice


def _result_page(diagnostic: Diagnostic) -> str:
    result, questions = diagnostic.result, diagnostic.questions
    said = f"<p><b>{result.n_right} of {len(questions)} right.</b>"
    missing = len(questions) - result.n_answered
    said += f" {missing} not answered; they count as not known." if missing else ""
    if result.to_read:
        names = "".join(f"<li>{html.escape(_advice(key, result))}</li>" for key in result.to_read)
        said += f"</p><p>Read below before chapter 01:</p><ul>{names}</ul>"
    else:
        said += " You can leave out all four primers.</p>"
    rows = []
    for answer, correct, question in zip(
        diagnostic.answers, result.correct, questions, strict=True
    ):
        mark = "right" if correct else "no answer" if answer is None else "not right"
        right = "" if correct else f" The answer: {question.options[question.right]}."
        rows.append(f"<li><b>{mark}.</b>{html.escape(f'{right} {question.why}')}</li>")
    return (
        f"{said}<details><summary>Question by question</summary><ol>{''.join(rows)}</ol></details>"
    )


def _advice(key: str, result: Result) -> str:
    right, of = result.by_primer[key]
    return f"{PRIMERS[key]} ({right} of {of} right)"


def _still_page(questions: Sequence[Question]) -> str:
    rows = []
    for question in questions:
        options = "".join(f"<li>{html.escape(option)}</li>" for option in question.options)
        answer = f"{question.options[question.right]}. {question.why} {PRIMERS[question.primer]}."
        rows.append(
            f"<li><p>{html.escape(question.text)}</p><ul>{options}</ul><details><summary>Answer"
            f"</summary><p>{html.escape(answer)}</p></details></li>"
        )
    return f"<ol>{''.join(rows)}</ol>"
