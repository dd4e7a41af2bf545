"""The five shapes of sequence task, each with small real examples and its wiring.

A task's shape is given by where inputs enter the network and where outputs leave it. Each
`TaskShape` says so for examples of any length, gives the examples in words and as arrays, and
gives for each the `Wiring` from which a figure can be drawn.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.layers import one_hot
from utils.validation import Array, IndexArray, as_count

START = "<start>"
END = "<end>"


class Wiring(NamedTuple):
    """Say which steps of a network take an input and which give an output.

    Attributes
    ----------
    inputs, outputs : tuple of str or None
        One entry for every step; None where nothing enters or leaves.
    recurrent : bool
        Whether the hidden state is handed on from step to step.
    feedback : bool
        Whether the output of a step is also the input of the next one.
    decoder_from : int or None
        The first step of a second network that takes over the hidden state of the first.
    """

    inputs: tuple[str | None, ...]
    outputs: tuple[str | None, ...]
    recurrent: bool = True
    feedback: bool = False
    decoder_from: int | None = None

    @property
    def n_steps(self) -> int:
        """How many time steps the network runs."""
        return len(self.inputs)

    @property
    def input_steps(self) -> tuple[int, ...]:
        """The steps at which an input enters, counted from 0."""
        return tuple(t for t, word in enumerate(self.inputs) if word is not None)

    @property
    def output_steps(self) -> tuple[int, ...]:
        """The steps at which an output leaves, counted from 0."""
        return tuple(t for t, word in enumerate(self.outputs) if word is not None)


@dataclass(frozen=True)
class TaskExample:
    """Hold one example of a task in words.

    Attributes
    ----------
    inputs : tuple of str
        What is given.
    outputs : tuple of str
        What is wanted.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class TaskShape:
    """Hold one shape of sequence task with its examples.

    Attributes
    ----------
    name : str
        Such as ``"many_to_one"``.
    title : str
        Such as ``"many-to-one"``.
    task : str
        The task of the examples, such as ``"sentiment"``.
    question : str
        What the network is asked, in one sentence.
    explanation : str
        What the examples show, in one or two sentences.
    examples : tuple of TaskExample
    """

    name: str
    title: str
    task: str
    question: str
    explanation: str
    examples: tuple[TaskExample, ...]

    @property
    def input_vocabulary(self) -> tuple[str, ...]:
        """All different inputs that the network reads, in alphabetical order."""
        words = {word for i in range(len(self.examples)) for word in self._entering(i)}
        return tuple(sorted(words))

    @property
    def output_vocabulary(self) -> tuple[str, ...]:
        """All different outputs, in alphabetical order."""
        return tuple(sorted({word for e in self.examples for word in _leaving(self.name, e)}))

    def wiring(self, example: int = 0) -> Wiring:
        """Return at which steps the inputs and outputs of an example stand.

        Parameters
        ----------
        example : int
            Which of the examples, counted from 0.

        Returns
        -------
        Wiring

        Raises
        ------
        TypeError
            If `example` is not a whole number.
        ValueError
            If there is no such example.
        """
        given = self._example(example)
        inputs, outputs = given.inputs, given.outputs
        if self.name == "one_to_one":
            return Wiring(inputs, outputs, recurrent=False)
        if self.name == "one_to_many":
            # Every note that was written is read before the next one is chosen.
            return Wiring((*inputs, *outputs[:-1]), outputs, feedback=True)
        if self.name == "many_to_one":
            return Wiring(inputs, (None,) * (len(inputs) - 1) + outputs)
        if self.name == "many_to_many_aligned":
            return Wiring(inputs, outputs)
        before = len(inputs)
        return Wiring(
            inputs=(*inputs, START, *outputs),
            outputs=(None,) * before + (*outputs, END),
            feedback=True,
            decoder_from=before,
        )

    def arrays(self, example: int = 0) -> tuple[Array, IndexArray]:
        """Return an example as arrays: what enters, one-hot, and what is to leave.

        Row k of the first array enters at step ``wiring(example).input_steps[k]``; entry k
        of the second leaves at step ``wiring(example).output_steps[k]``.

        Parameters
        ----------
        example : int
            Which of the examples, counted from 0.

        Returns
        -------
        xs : array, shape (number of inputs, 1, D)
            One-hot over `input_vocabulary`, with a batch axis of 1.
        targets : array of int, shape (number of outputs, 1)
            Places in `output_vocabulary`.

        Raises
        ------
        TypeError, ValueError
            As `wiring` does.
        """
        leaving = [word for word in self.wiring(example).outputs if word is not None]
        places = [self.input_vocabulary.index(word) for word in self._entering(example)]
        wanted = [self.output_vocabulary.index(word) for word in leaving]
        xs = one_hot(np.array(places)[:, None], len(self.input_vocabulary))
        return xs, np.array(wanted)[:, None]

    def _entering(self, example: int) -> tuple[str, ...]:
        return tuple(word for word in self.wiring(example).inputs if word is not None)

    def _example(self, example: int) -> TaskExample:
        number = as_count("example", example, at_least=0)
        if number >= len(self.examples):
            raise ValueError(
                f"example is {number}; {self.title} has {len(self.examples)} examples, "
                f"0 to {len(self.examples) - 1}."
            )
        return self.examples[number]


def _leaving(name: str, example: TaskExample) -> tuple[str, ...]:
    return (*example.outputs, END) if name == "many_to_many_unaligned" else example.outputs


def _example(inputs: str, outputs: str) -> TaskExample:
    return TaskExample(tuple(inputs.split()), tuple(outputs.split()))


_ALL = (
    TaskShape(
        name="one_to_one",
        title="one-to-one",
        task="vowels",
        question="Is this letter a vowel or a consonant?",
        explanation="One input, one output, no time: a plain network does it. Nothing is "
        "remembered, so no arrow runs from step to step.",
        examples=(_example("e", "vowel"), _example("t", "consonant"), _example("a", "vowel")),
    ),
    TaskShape(
        name="one_to_many",
        title="one-to-many",
        task="music",
        question="How does the tune go on after its first note?",
        explanation="One note enters, and each note that is written is read before the next "
        "one is chosen. The tunes are the openings of Beethoven's Ode to Joy, of Frère Jacques "
        "and of Silent Night, from different first notes.",
        examples=(
            _example("E4", "E4 F4 G4 G4 F4 E4 D4"),
            _example("C4", "D4 E4 C4 C4 D4 E4 C4"),
            _example("G4", "A4 G4 E4 G4 A4 G4 E4"),
        ),
    ),
    TaskShape(
        name="many_to_one",
        title="many-to-one",
        task="sentiment",
        question="Did the writer like the film?",
        explanation="All words are read before the one answer is given. The first two reviews "
        "hold the same words: only their order decides.",
        examples=(
            _example("good , not bad", "positive"),
            _example("bad , not good", "negative"),
            _example("not bad , very good", "positive"),
        ),
    ),
    TaskShape(
        name="many_to_many_aligned",
        title="many-to-many, aligned",
        task="named entities",
        question="Which words name a person, which a place?",
        explanation="Every word gets its own label, at the step at which it is read. Florence "
        "is a name in one place and a city in another: the words around it decide.",
        examples=(
            _example("Ada Lovelace lived in London", "person person other other place"),
            _example(
                "Florence Nightingale was born in Florence",
                "person person other other other place",
            ),
            _example("Washington slept in Washington", "person other other place"),
        ),
    ),
    TaskShape(
        name="many_to_many_unaligned",
        title="many-to-many, unaligned",
        task="translation",
        question="What is this in French?",
        explanation="The lengths differ and the order changes, so the first network reads the "
        "whole sentence before the second one writes, reading each word that it wrote.",
        examples=(
            _example("the potato is hot", "la pomme de terre est chaude"),
            _example("I see them", "je les vois"),
            _example("the black cat sleeps", "le chat noir dort"),
        ),
    ),
)

#: The five shapes by name, in the order of the chapter.
TASK_SHAPES: dict[str, TaskShape] = {shape.name: shape for shape in _ALL}
