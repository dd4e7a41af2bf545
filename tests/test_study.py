"""Predictions, recall questions and the table of solved exercises."""

import html
import re

import IPython.display
import pytest

from tests.helpers import from_browser
from utils import checks, progress
from utils.widgets import predict, recall, study
from utils.widgets import progress as show_progress


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed, as in a notebook."""
    calls = []
    monkeypatch.setattr(study, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda data, **_: calls.append(data))
    return calls


def number(text, unit="steps"):
    prediction = predict("How many?", unit=unit)
    from_browser(prediction.control, value=text)
    return prediction


def revealed(shown):
    return shown[-1]["text/plain"]


def test_predict_shows_the_question_and_goes_on(shown):
    prediction = predict("Which is larger?", options=["first", "second"])
    (panel,) = shown
    assert panel is prediction.panel
    assert prediction.value is None
    assert "Which is larger?" in panel.children[0].value
    assert prediction.control.disabled is False


def test_a_choice(shown):
    prediction = predict("Which?", options=["first", "second"])
    from_browser(prediction.control, index=1)
    assert prediction.value == "second"
    assert "Noted: second." in prediction._note.value
    from_browser(prediction.control, index=0)  # the reader may still change it
    prediction.reveal("second", "Since `b > a`.")
    assert revealed(shown) == (
        "You predicted: first. The answer: second. It turned out otherwise. Since `b > a`."
    )
    assert "<code>b &gt; a</code>" in shown[-1]["text/html"]
    assert prediction.control.disabled


def test_a_right_choice(shown):
    prediction = predict("Which?", options=[5, 10])
    from_browser(prediction.control, index=1)
    prediction.reveal(10)
    assert revealed(shown) == "You predicted: 10. The answer: 10. You were right."


@pytest.mark.parametrize(
    ("typed", "truth", "verdict"),
    [
        ("12", 12, "You were right."),
        ("12.00001", 12, "You were right."),
        ("13", 12, "You were close: 1 steps too high."),
        ("10", 12, "You were 2 steps too low."),
        ("30", 12, "You were 2.5 times too high."),
        ("4 steps", 12, "You were 3 times too low."),
        ("-4", 12, "You were 16 steps too low."),
        ("5", 0, "You were 5 steps too high."),
        ("-30", -12, "You were 2.5 times too low."),
        ("1e-3", 0.1, "You were 1e+02 times too low."),
    ],
)
def test_a_number_is_compared_in_words(shown, typed, truth, verdict):
    number(typed).reveal(truth)
    assert revealed(shown).endswith(verdict)


@pytest.mark.parametrize("typed", ["", "many", "1,5", "nan", "inf"])
def test_what_is_no_number_is_no_prediction(shown, typed):
    prediction = number(typed)
    assert prediction.value is None
    assert ("not a number" in prediction._note.value) == bool(typed)
    prediction.reveal(3)
    assert revealed(shown).startswith("You made no prediction.")


def test_without_a_prediction_the_answer_is_folded_and_the_control_stays_open(shown):
    prediction = predict("How many?", unit="steps")
    prediction.reveal(12, "Because.")
    page = shown[-1]["text/html"]
    assert revealed(shown) == "You made no prediction. The answer: 12 steps. Because."
    assert page.index("<details>") < page.index("12 steps") < page.index("</details>")
    assert prediction.control.disabled is False
    from_browser(prediction.control, value="6")
    prediction.reveal(12)
    assert revealed(shown).startswith("You predicted: 6 steps.")


def test_the_question_stays_where_there_is_no_kernel(shown):
    prediction = predict("Is $a<b$ or `c`?", options=["yes", "no"])
    data = prediction.panel._repr_mimebundle_()
    assert data["text/plain"] == "Predict. Is $a<b$ or `c`?\n  - yes\n  - no"
    assert "Is $a&lt;b$ or <code>c</code>?" in data["text/html"]
    assert data["text/html"].count("<li>") == 2
    assert prediction._ipython_display_() is None


def test_controls_say_what_they_are(shown):
    assert predict("Q?", unit="steps").control.description == "Your prediction (steps):"
    chosen = predict("Q?", options=["a", "b"]).control
    assert chosen.description == "Your prediction:"
    assert chosen.layout.width == "auto"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"question": ""}, "question is ''; expected words"),
        ({"question": "Q?", "options": ["a"]}, "options has 1 answer; expected at least two"),
        ({"question": "Q?", "options": ["a", "a"]}, "expected a list of different answers"),
        ({"question": "Q?", "options": "ab"}, "options is 'ab'; expected a list"),
        ({"question": "Q?", "options": ["a", "b"], "unit": "steps"}, "a choice has no unit"),
    ],
)
def test_predict_says_what_is_wrong(shown, arguments, message):
    with pytest.raises(ValueError, match=message):
        predict(**arguments)


def test_reveal_says_what_is_wrong(shown):
    with pytest.raises(ValueError, match="truth is 'c'; expected one of the options 'a', 'b'"):
        predict("Q?", options=["a", "b"]).reveal("c")
    for truth in ("twelve", float("nan"), [1, 2], True, None):
        with pytest.raises(ValueError, match="expected a finite number"):
            predict("Q?").reveal(truth)


def test_in_a_script_everything_is_printed(capsys):
    predict("How many?", options=["one", "two"]).reveal("one", "It is so.")
    recall([("What?", "That.")])
    assert capsys.readouterr().out.splitlines() == [
        "Predict. How many?",
        "  - one",
        "  - two",
        "You made no prediction. The answer: one. It is so.",
        "Recall. Answer from memory, then compare.",
        "1. What?",
        "",
        "Answers:",
        "1. That.",
    ]


def test_recall_folds_the_answers(shown):
    recall([("What is $h_0$?", "Zeros & `np.zeros`."), ("Why?", "So.")])
    page = shown[0]["text/html"]
    assert page.count("<details>") == page.count("<summary>") == 2
    assert "<details open" not in page
    assert "Answer 2</summary>" in page
    assert "Zeros &amp; <code>np.zeros</code>." in page
    assert "What is $h_0$?" in page
    plain = shown[0]["text/plain"]
    assert plain.index("Why?") < plain.index("Zeros")


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([], "items is empty"),
        (["ab"], r"an item is 'ab'; expected \(question, answer\)"),
        ([("a", "b", "c")], "expected"),
        ([("a", "")], "answer is ''; expected words"),
    ],
)
def test_recall_says_what_is_wrong(shown, items, message):
    with pytest.raises(ValueError, match=message):
        recall(items)


class Listed:
    def __init__(self, title):
        self.title = title


@pytest.fixture
def registry(monkeypatch):
    chapters = {
        "02_rnn_forward": {"step": Listed("One `step`"), "count": Listed("Count <them>")},
        "01_backprop_recap": {"sigmoid": Listed("Sigmoid")},
    }
    monkeypatch.setattr(checks, "REGISTRY", chapters)
    return chapters


def test_progress_per_chapter(shown, registry):
    progress.record("02_rnn_forward", "step", 1)
    progress.record("02_rnn_forward", "count", 0.5)
    progress.record("02_rnn_forward", "no longer there", 1)
    show_progress()
    lines = shown[0]["text/plain"].splitlines()
    assert lines[:6] == [
        "1 of 3 exercises solved",
        "01_backprop_recap: 0 of 1 solved",
        "  Sigmoid: not yet tried",
        "02_rnn_forward: 1 of 2 solved",
        "  One `step`: solved",
        "  Count <them>: 50% right so far",
    ]
    assert str(progress.path()) in lines[6]
    page = shown[0]["text/html"]
    assert re.findall(r'<th scope="(\w+)"', page) == ["col"] * 3 + ["row"] * 2
    assert "<caption" in page
    assert html.escape("Count <them>") in page


def test_progress_tells_of_a_file_kept_aside(shown, registry):
    progress.path().write_text("broken")
    progress.record("02_rnn_forward", "step", 1)
    show_progress()
    assert "could not be read and was kept as progress.unreadable-" in shown[0]["text/plain"]


def test_progress_of_the_course_itself(capsys):
    show_progress()
    assert "exercises solved" in capsys.readouterr().out
