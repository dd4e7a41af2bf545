"""Answers that call the course's own functions in place of writing one: none may earn a point.

Each is what somebody writes who knows the package. There is at least one for every check of a
function that withholds something.
"""

from textwrap import dedent

from tests.instructor import delegates_first, delegates_second

DELEGATES = {
    chapter: {name: [dedent(source) for source in sources] for name, sources in answers.items()}
    for chapter, answers in {**delegates_first.ANSWERS, **delegates_second.ANSWERS}.items()
}
# Outside a course copy the others are right in everything. These are right in part (by their place
# in the list), or show that a function can be reached whose numbers would help.
PARTLY_RIGHT = {
    ("03_rnn_backward", "rnn_gradients", 1),
    ("03_rnn_backward", "rnn_gradients", 2),
    ("05_vanishing_exploding", "repaired_run", 0),
    ("06_lstm", "lstm_step_back", 0),
    ("07_lstm_design", "paired_comparison", 0),
    ("10_sequence_tasks", "packing", 0),
}
REACHED = {
    ("09_bidirectional_deep", "deep_run", 0),
    ("09_bidirectional_deep", "layer_back", 0),
    ("10_sequence_tasks", "beam_step", 0),
    ("11_forecasting", "recursive", 0),
}
