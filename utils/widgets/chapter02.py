"""Live figures of chapter 02: step through time, watch the memory, pick the shape of a task."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import ipywidgets
import numpy as np

from utils.cells import OutputWeights, RNNWeights
from utils.data import grammar
from utils.data.task_shapes import TASK_SHAPES, Wiring
from utils.layers import one_hot
from utils.plots.graph import draw_unrolled, draw_wiring
from utils.plots.hidden_states import SMALLEST_DISTANCE, draw_distances, draw_hidden_states
from utils.plots.style import new_figure
from utils.unrolled import (
    MemoryOfFirstWord,
    UnrolledRun,
    memory_of_first_word,
    product_lines,
    run_unrolled,
    two_step_example,
)
from utils.validation import Array, as_array
from utils.widgets.live_figure import LiveFigure
from utils.wording import counted

__all__ = [
    "RECALL",
    "compute_memory",
    "compute_steps",
    "compute_wirings",
    "explain_step",
    "explore_hidden_states",
    "explore_task_shapes",
    "explore_unrolled",
]

_FEWEST_STEPS = 7  # a shorter wiring keeps the scale of one of this length
SENTENCE = "The cat, which already ate fresh bread and saw warm rice,"
OTHER_SENTENCE = "The cats, which already ate fresh bread and saw warm rice,"


def compute_steps(xs: Sequence[float], entries: Sequence[float]) -> UnrolledRun:
    """Run a network with scalar input, two hidden units and two classes, without biases.

    Parameters
    ----------
    xs : sequence of float
        T inputs.
    entries : sequence of float
        Ten weights, row by row: W_xh (1, 2), W_hh (2, 2), W_hy (2, 2).

    Returns
    -------
    UnrolledRun
        All values of the T steps.

    Raises
    ------
    ValueError
        If there are not ten entries, or a number is not finite.
    """
    entries = as_array("entries", entries, "10")
    xs = as_array("xs", xs, "T")
    weights = RNNWeights(entries[:2].reshape(1, 2), entries[2:6].reshape(2, 2), np.zeros(2))
    output = OutputWeights(entries[6:].reshape(2, 2), np.zeros(2))
    return run_unrolled(xs[:, None], weights, output)


def explain_step(run: UnrolledRun, entries: Sequence[float], step: int) -> str:
    """Write the arithmetic of one step as lines of text, every product shown.

    Parameters
    ----------
    run : UnrolledRun
        What `compute_steps` returned for the same entries.
    entries : sequence of float
        The ten weights of `compute_steps`.
    step : int
        0 (nothing has been read) to T.

    Returns
    -------
    str
        Six lines for a step, one line for step 0.
    """
    if step == 0:
        return "Nothing has been read: the state is h_0, all zeros. Take the first step."
    entries = np.asarray(entries, dtype=float)
    t = step - 1
    h_prev = run.h_0 if t == 0 else run.hs[t - 1]
    three = np.concatenate([run.xs[t], h_prev])
    lines = [
        *product_lines(three, entries[:6].reshape(3, 2), name="z"),
        "h  = tanh(z) = " + _vector(run.hs[t]),
        *product_lines(run.hs[t], entries[6:].reshape(2, 2), name="o"),
        "y  = softmax(o) = " + _vector(run.probabilities[t]),
    ]
    return "\n".join(lines)


def _vector(values: Array) -> str:
    return "(" + ", ".join(f"{value + 0.0:+.3f}" for value in values) + ")"


def explore_unrolled() -> LiveFigure:
    """Step through time on an unrolled graph with its numbers, and change any weight or input.

    Returns
    -------
    LiveFigure
        Starts on the two-step example of the chapter with a third input, after two steps.
    """
    example = two_step_example()
    inputs = [*example.xs[:, 0], 0.8]
    start = np.concatenate(
        [example.weights.W_xh.ravel(), example.weights.W_hh.ravel(), example.output.W_hy.ravel()]
    )
    T = len(inputs)
    input_names = [f"x_{t + 1}" for t in range(T)]
    weight_names = [
        *(f"W_xh[1,{j}]" for j in (1, 2)),
        *(f"W_hh[{i},{j}]" for i in (1, 2) for j in (1, 2)),
        *(f"W_hy[{i},{j}]" for i in (1, 2) for j in (1, 2)),
    ]
    keys = [f"value_{i}" for i in range(T + len(weight_names))]
    controls: dict[str, ipywidgets.Widget] = {
        "step": ipywidgets.IntSlider(
            2, 0, T, description="steps taken", layout=ipywidgets.Layout(width="100%")
        ),
    }
    for key, name, value in zip(
        keys, [*input_names, *weight_names], [*inputs, *start], strict=True
    ):
        controls[key] = ipywidgets.BoundedFloatText(
            value=float(value),
            min=-5,
            max=5,
            step=0.1,
            description=name,
            layout=ipywidgets.Layout(width="165px"),
        )

    figure, ax = new_figure(size=(8.2, 4.9))
    picture = draw_unrolled(
        ax, compute_steps(inputs, start), 2, classes=["class 1", "class 2"], note_lines=6
    )

    def update(step: int, **values: float) -> str:
        numbers = [values[key] for key in keys]
        run = compute_steps(numbers[:T], numbers[T:])
        picture.update(run, step, explain_step(run, numbers[T:], step))
        if step == 0:
            return "No step has been taken: the state is zero and every later box is empty."
        best = int(run.probabilities[step - 1].argmax())
        return (
            f"After step {step} of {T} the state is {_vector(run.hs[step - 1])} and class "
            f"{best + 1} has probability {run.probabilities[step - 1, best]:.3f}; every step "
            "uses the same ten weights."
        )

    live = LiveFigure(
        figure, update, moving=picture.moving, controls=controls, title="Step through time"
    )
    for child in live.children:
        if isinstance(child, ipywidgets.VBox):  # the numbers side by side, as many as fit
            child.layout.flex_flow = "row wrap"
    return live


def compute_memory(recurrent_scale: float, H: int = 16, seed: int = 0) -> MemoryOfFirstWord:
    """Read the two agreement sentences with random weights and compare their states.

    Parameters
    ----------
    recurrent_scale : float
        Factor on a random W_hh whose largest eigenvalue has absolute value 1; at least 0.
    H : int
        Hidden units.
    seed : int
        Of the random weights.

    Returns
    -------
    MemoryOfFirstWord
        States (T, H) of both sentences and their distance (T,) after each word.
    """
    V = len(grammar.VOCABULARY)
    rng = np.random.default_rng(seed)
    W_xh = rng.standard_normal((V, H))
    W_hh = rng.standard_normal((H, H))
    W_hh /= np.abs(np.linalg.eigvals(W_hh)).max()
    xs, xs_other = (one_hot(grammar.encode(text), V) for text in (SENTENCE, OTHER_SENTENCE))
    return memory_of_first_word(xs, xs_other, RNNWeights(W_xh, W_hh, np.zeros(H)), recurrent_scale)


def explore_hidden_states() -> LiveFigure:
    """Watch the states of a sentence, and its memory of one word, as the recurrent weights scale.

    Returns
    -------
    LiveFigure
        One control: the factor on W_hh, 0 to 3.
    """
    words, others = (
        [grammar.VOCABULARY[index] for index in grammar.encode(text)]
        for text in (SENTENCE, OTHER_SENTENCE)
    )
    pairs = [
        word if word == other else f"{word} / {other}"
        for word, other in zip(words, others, strict=True)
    ]
    start = 0.7
    memory = compute_memory(start)
    figure, (left, right) = new_figure(1, 2, size=(10, 4))
    picture = draw_hidden_states(
        left, memory.hs, words, title="states of “The cat …”, red +1, blue −1"
    )
    line = draw_distances(right, memory.distances, pairs, title="“cat” against “cats”")

    def update(recurrent_scale: float) -> str:
        memory = compute_memory(recurrent_scale)
        picture.set_data(memory.hs.T)
        line.set_ydata(np.maximum(memory.distances, SMALLEST_DISTANCE))
        first, last = memory.distances[1], memory.distances[-1]
        return (
            f"With W_hh scaled by {recurrent_scale:.2f} the states of the two sentences are "
            f"{first:.2g} apart after the noun and {last:.2g} before the verb: "
            f"{last / first:.2g} of the difference is left."
        )

    scale = ipywidgets.FloatSlider(start, min=0, max=3, step=0.05, description="factor on W_hh")
    return LiveFigure(
        figure,
        update,
        moving=[picture, line],
        controls={"recurrent_scale": scale},
        title="How long one word stays in the state",
    )


def compute_wirings() -> dict[tuple[str, int], Wiring]:
    """Give the wiring of every example of every task shape.

    Returns
    -------
    dict
        From (name of the shape, number of the example from 1) to its wiring.
    """
    return {
        (name, number): shape.wiring(number - 1)
        for name, shape in TASK_SHAPES.items()
        for number in range(1, len(shape.examples) + 1)
    }


def explore_task_shapes() -> LiveFigure:
    """Pick one of the five shapes of sequence task and see how the network is wired for it.

    Returns
    -------
    LiveFigure
        Two controls: the shape, and which of its examples.
    """
    wirings = compute_wirings()
    figure, (above, below) = new_figure(2, 1, size=(9.5, 4.4), height_ratios=[1, 3.2])
    above.set_axis_off()
    below.set_axis_off()
    heading = above.text(0, 0.95, "", fontsize=12, weight="bold", va="top")
    explanation = above.text(0, 0.55, "", fontsize=10, va="top", linespacing=1.4)
    above.set(xlim=(0, 1), ylim=(0, 1))
    groups = {}
    for key, wiring in wirings.items():  # painted once, shown and hidden later
        ax = below.inset_axes([0, 0, 1, 1])
        groups[key] = draw_wiring(ax, wiring, steps=max(_FEWEST_STEPS, wiring.n_steps))

    def update(shape: str, example: int) -> str:
        task, wiring = TASK_SHAPES[shape], wirings[shape, example]
        heading.set_text(f"{task.title} ({task.task}): {task.question}")
        explanation.set_text(textwrap.fill(task.explanation, 125))
        for key, artists in groups.items():
            for artist in artists:
                artist.set_visible(key == (shape, example))
        reads, gives = (
            " ".join(item for item in items if item) for items in (wiring.inputs, wiring.outputs)
        )
        return (
            f"{task.title}, {task.task}: {counted(len(wiring.input_steps), 'input')} and "
            f"{counted(len(wiring.output_steps), 'output')} over "
            f"{counted(wiring.n_steps, 'step')}. "
            f"It reads: {reads}. It answers: {gives}. {task.explanation}"
        )

    controls = {
        "shape": ipywidgets.ToggleButtons(
            options=[(task.title, name) for name, task in TASK_SHAPES.items()],
            value="many_to_one",
            description="shape of the task",
            style={"button_width": "auto"},
        ),
        "example": ipywidgets.IntSlider(
            1, 1, max(number for _, number in wirings), description="example"
        ),
    }
    moving = [heading, explanation, *(a for artists in groups.values() for a in artists)]
    return LiveFigure(
        figure,
        update,
        moving=moving,
        controls=controls,
        title="Five shapes of sequence task",
        steps=["shape", "example"],
    )


RECALL = (
    (
        "Which shapes have [x_t, h_prev] for one sequence and the matrix that it meets?",
        "D + H numbers, and (D + H, H): W_xh on top of W_hh.",
    ),
    (
        "Which grow with the length of a sequence: weights, states, computing time?",
        "States and computing time. The same weights are used again at every step.",
    ),
    (
        "Why does a padded flat network not learn its last positions from short sentences?",
        "The gradient of a weight is its input times what comes back; the input there is zero.",
    ),
    (
        "You feed (B, T, D) to a time-first module and see no error. How do you notice?",
        "Disturb one sequence: the states of another change.",
    ),
    (
        "Chapter 01: softmax with cross-entropy, what is its gradient for the logits?",
        "The prediction minus the target, $\\hat y - y$, divided by B for the mean over a batch.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
