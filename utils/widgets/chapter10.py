"""Live figures of chapter 10: padding and packing, a network that composes, a beam search.

Models come in as arguments; this module imports nothing that knows PyTorch until it needs it.
"""

from __future__ import annotations

import base64
import html
import io
import wave
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import ipywidgets
import numpy as np

from utils.plots.sequence_tasks import draw_beam, draw_melody, draw_packing
from utils.plots.style import new_figure
from utils.validation import Array, as_choice, as_count
from utils.widgets.live_figure import LiveFigure
from utils.wording import counted

if TYPE_CHECKING:
    from utils.pytorch.decoding import Beam
    from utils.pytorch.models import Composer, EncoderDecoder
    from utils.pytorch.padding import Packing

__all__ = [
    "MOST_SEQUENCES",
    "READERS",
    "RECALL",
    "PackingView",
    "Tree",
    "audio_element",
    "compute_packing",
    "compute_tree",
    "compute_tune",
    "explore_beam_search",
    "explore_composer",
    "explore_packing",
]

MOST_SEQUENCES, LONGEST = 7, 12
READERS = ("forwards, padded", "backwards, padded", "forwards, packed", "backwards, packed")
"""Ways to read a batch in `explore_packing`."""

_BEATS = 64  # room on the axis of a melody
_RATE = 11025  # samples per second: enough for a melody, half the bytes
_OPENING = 5  # notes that a known tune can lend
_LENDERS = ("ode_to_joy", "frere_jacques", "mary", "wenceslas")  # the last two are held out
_STEPS = 11  # an ISO date and its end mark

Place = tuple[int, int]  # step and sequence


# Padding and packing


class PackingView(NamedTuple):
    """Hold a batch of sequences and what a reader reads at one of its steps.

    Attributes
    ----------
    lengths : tuple of int
    packing : utils.pytorch.padding.Packing
        Where each item goes in the packed tensor.
    places : int
        Places of the padded tensor, padding included.
    reads : tuple of (int, int)
        Step and sequence of what is read now, padding included.
    padding_read : int
        How many of `reads` are padding.
    """

    lengths: tuple[int, ...]
    packing: Packing
    places: int
    reads: tuple[Place, ...]
    padding_read: int


def compute_packing(
    sequences: int, longest: int, spread: float, seed: int, reader: str, step: int
) -> PackingView:
    """Draw lengths, pack them as ``torch`` does, and say what a reader reads.

    Parameters
    ----------
    sequences, longest : int
        How many sequences, and items of the longest.
    spread : float in [0, 1]
        0: all are equally long; 1: the shortest may have a single item.
    seed : int
    reader : str
        One of `READERS`.
    step : int, at least 1
        The reader's own step; after the last one it has nothing to read.

    Returns
    -------
    PackingView

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    from utils.pytorch.padding import packing

    as_choice("reader", reader, READERS)
    step, longest = as_count("step", step), as_count("longest", longest)
    rng = np.random.default_rng(seed)
    shorter = rng.random(as_count("sequences", sequences)) * spread * (longest - 1)
    lengths = longest - np.round(shorter).astype(int)
    lengths[rng.integers(sequences)] = longest
    packed = packing(lengths)
    t = longest - step if reader.startswith("backwards") else step - 1
    reads = [(t, b) for b in range(sequences)] if 0 <= t < longest else []
    if reader.endswith("packed"):
        reads = [place for place in packed.items if place[0] == t]
    empty = sum(at >= lengths[b] for at, b in reads)
    whole = tuple(int(length) for length in lengths)
    return PackingView(whole, packed, sequences * longest, tuple(reads), int(empty))


def explore_packing() -> LiveFigure:
    """Follow a reader through a batch that is padded or packed, forwards or backwards.

    Returns
    -------
    LiveFigure
        Starts with a reader that begins backwards, in the padding.
    """
    figure, axes = new_figure(1, 2, size=(10.5, 3.5))
    picture = draw_packing(axes, MOST_SEQUENCES, LONGEST)

    def update(**values: Any) -> str:
        view = compute_packing(**values)
        packed = values["reader"].endswith("packed")
        order, sizes, items = view.packing
        saved = 1 - len(items) / view.places
        note = f"{counted(view.places, 'place')} padded, {len(items)} packed: {saved:.0%} saved"
        picture.move(view.lengths, order, sizes, view.reads, packed, f"{note} · batch sizes →")
        what = f"{counted(len(view.reads), 'place')}, {view.padding_read} of them padding"
        return (
            f"Lengths {', '.join(map(str, view.lengths))}. At its step {values['step']} the reader "
            f"({values['reader']}) reads {what if view.reads else 'nothing'}. The padded tensor "
            f"has {counted(view.places, 'place')}, the packed one {len(items)}."
        )

    controls = {
        "sequences": ipywidgets.IntSlider(
            5, min=1, max=MOST_SEQUENCES, description="sequences in the batch"
        ),
        "longest": ipywidgets.IntSlider(
            8, min=1, max=LONGEST, description="items of the longest sequence"
        ),
        "spread": ipywidgets.FloatSlider(
            0.9, min=0, max=1, step=0.1, description="how far lengths differ (0 to 1)"
        ),
        "seed": ipywidgets.IntSlider(1, min=0, max=9, description="random seed"),
        "reader": ipywidgets.ToggleButtons(
            options=list(READERS),
            value=READERS[1],
            description="reads",
            style={"button_width": "auto"},
        ),
        "step": ipywidgets.IntSlider(1, min=1, max=LONGEST, description="step of the reader"),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="Padding and packing",
        steps={"step": range(1, 9), "reader": None},
    )


# A network that composes


def compute_tune(
    model: Composer, temperature: float, seed: int, n: int, opening: Sequence[int] = ()
) -> tuple[Any, ...]:
    """Let a network write a melody.

    Parameters
    ----------
    model : Composer
        Trained on `utils.data.tunes`; it is not changed.
    temperature : float above 0
    seed : int
    n : int, at least 1
        Notes at most, those of the opening not counted.
    opening : sequence of int
        Events that the melody begins with, after the start mark.

    Returns
    -------
    tuple of utils.data.tunes.Note
        The opening and what the network made of it; empty if it ended at once.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    from utils.data import tunes
    from utils.pytorch.decoding import compose

    rng = np.random.default_rng(seed)
    events = [*opening, *compose(model, [tunes.START, *opening], n, rng, temperature)]
    return tunes.decode(np.array(events)) if events else ()


def audio_element(samples: Array, rate: int, label: str, autoplay: bool = False) -> str:
    """Return an HTML audio player that carries its sound in itself, 16 bits a sample.

    Parameters
    ----------
    samples : array, shape (n,), values in [-1, 1]
    rate : int
        Samples per second.
    label : str
        What is heard, for those who cannot see or hear it.
    autoplay : bool
        Begin at once. Browsers allow that after the reader has pressed something.

    Returns
    -------
    str
    """
    with io.BytesIO() as file:
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(rate)
            sound.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        data = base64.b64encode(file.getvalue()).decode("ascii")
    words = html.escape(label, quote=True)
    return (
        f'<audio controls {"autoplay " if autoplay else ""}aria-label="{words}" title="{words}" '
        f'src="data:audio/wav;base64,{data}">{words}</audio>'
    )


def explore_composer(model: Composer) -> LiveFigure:
    """Listen while a network composes.

    Parameters
    ----------
    model : Composer
        Trained on `utils.data.tunes`; it is not changed, and it may be trained on meanwhile.

    Returns
    -------
    LiveFigure
        With a button that plays what is shown; until it is pressed there is no sound. Its
        ``player`` holds the audio element, its ``listen`` the button.
    """
    from utils.data import tunes

    pitches = [note.pitch for tune in tunes.TUNES.values() for note in tune.notes if note.pitch]
    low, high = min(pitches), max(pitches)
    names = {
        pitch: tunes.note_name(pitch) for pitch in range(low, high + 1) if pitch % 12 in (0, 7)
    }
    figure, ax = new_figure(size=(10.5, 3.2))
    picture = draw_melody(ax, _BEATS, low, high, names)
    notes: list[Any] = []

    def update(temperature: float, seed: int, n: int, opening: str) -> str:
        notes[:] = compute_tune(model, temperature, seed, n, _opening(opening))
        starts = np.cumsum([0.0, *(note.beats for note in notes)])
        bars = [
            (start, note.beats, note.pitch)
            for start, note in zip(starts, notes, strict=False)
            if note.pitch is not None
        ]
        different = len({note.pitch for note in notes if note.pitch is not None})
        beyond = f"; {_BEATS} of them shown" if starts[-1] > _BEATS else ""
        beats = counted(starts[-1], "beat", digits="g")
        picture.move(bars, f"{counted(len(notes), 'event')}, {beats}{beyond}")
        first = ", ".join(tunes.note_name(note.pitch) for note in notes[:8]) or "with the end"
        return (
            f"At temperature {temperature:.1f}, seed {seed}, the network writes "
            f"{counted(len(notes), 'note or rest', 'notes and rests')} of "
            f"{counted(different, 'pitch', 'different pitches')}, {beats} in all. It begins "
            f"{first}."
        )

    controls = {
        "temperature": ipywidgets.FloatSlider(
            0.8, min=0.1, max=2.5, step=0.1, description="temperature"
        ),
        "seed": ipywidgets.IntSlider(0, min=0, max=20, description="random seed"),
        "n": ipywidgets.IntSlider(40, min=4, max=80, description="notes at most"),
        "opening": ipywidgets.Dropdown(
            options=[("nothing", ""), *((tunes.TUNES[name].title, name) for name in _LENDERS)],
            value="",
            description="begins with five notes of",
        ),
    }
    listen = ipywidgets.Button(
        description="Listen", tooltip="Play the melody that is shown", icon="play"
    )
    player = ipywidgets.HTML()

    def play(_button: Any) -> None:
        if not notes:
            return
        samples = tunes.to_samples(notes, rate=_RATE)
        player.value = audio_element(samples, _RATE, f"Melody. {live.alt}", autoplay=True)

    listen.on_click(play)
    live = LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        extra=[ipywidgets.HBox([listen, player])],
        title="Listen while it composes",
        steps={"temperature": (0.1, 0.4, 0.8, 1.2, 1.6, 2.0, 2.5), "seed": (0, 1, 2)},
    )
    live.player, live.listen = player, listen
    for control in controls.values():
        control.observe(lambda _change: setattr(player, "value", ""), "value")
    return live


def _opening(name: str) -> tuple[int, ...]:
    from utils.data import tunes

    return tuple(tunes.encode(tunes.TUNES[name].notes[:_OPENING])) if name else ()


# Beam search


class Tree(NamedTuple):
    """Hold where the nodes of a beam search stand in a drawing.

    Attributes
    ----------
    places : dict of int to (float, float)
        Step and height, 0 to 1, of each node by its index.
    edges : tuple of (int, int, str)
        Parent, child, and "best", "kept" or "pruned".
    labels : dict of int to str
        The character of each node.
    """

    places: dict[int, tuple[float, float]]
    edges: tuple[tuple[int, int, str], ...]
    labels: dict[int, str]


def compute_tree(beam: Beam, target: Sequence[str], most_pruned: int) -> Tree:
    """Lay out the tree of a beam search, step by step to the right.

    Parameters
    ----------
    beam : utils.pytorch.decoding.Beam
    target : sequence of str
        What each token is called.
    most_pruned : int
        Of the dropped beginnings so many are shown at each step, the most probable ones.

    Returns
    -------
    Tree
        Children stand in the order of their parents, so that no two edges of a step cross.
    """
    best = {node.index for node in beam.path(beam.best.node)}
    places = {0: (0.0, 0.5)}
    edges: list[tuple[int, int, str]] = []
    for step in range(1, max(node.step for node in beam.nodes) + 1):
        here = [node for node in beam.nodes if node.step == step]
        kept = [node for node in here if node.fate != "pruned"]
        dropped = [node for node in here if node.fate == "pruned"][:most_pruned]
        shown = sorted(
            kept + dropped, key=lambda node: (-places[node.parent][1], -node.log_probability)
        )
        for rank, node in enumerate(shown):
            places[node.index] = (step, 1 - (rank + 0.5) / len(shown))
            fate = "best" if node.index in best else "pruned" if node in dropped else "kept"
            edges.append((node.parent, node.index, fate))
    labels = {index: target[beam.nodes[index].token] for index in places if index}
    return Tree(places, tuple(edges), labels)


def explore_beam_search(model: EncoderDecoder, examples: Sequence[str]) -> LiveFigure:
    """See which beginnings a beam search keeps while a network translates a date.

    Parameters
    ----------
    model : EncoderDecoder
        Trained on `utils.data.dates`; it is not changed.
    examples : sequence of str
        Dates to choose from; another may be typed.

    Returns
    -------
    LiveFigure

    Raises
    ------
    ValueError
        If there is no example.
    """
    from utils.data import dates
    from utils.pytorch.decoding import beam_search

    if not examples:
        raise ValueError("examples is empty; expected at least one date to choose from.")
    most = 5
    figure, ax = new_figure(size=(10.5, 4.4))
    picture = draw_beam(ax, _STEPS, room=2 * most * _STEPS)
    names = ["pad", "start", "end", *("–" if name == "-" else name for name in dates.TARGET[3:])]
    line = ipywidgets.HTML()  # the browser has the letters of every language, the figure has not

    def update(example: str, typed: str, width: int) -> str:
        text = typed.strip() or example
        beam = beam_search(model, dates.encode(text), width, max_steps=_STEPS)
        tree = compute_tree(beam, names, most_pruned=width)
        written = [
            f"{dates.decode_iso(h.tokens)} ({h.log_probability:.2f})" for h in beam.hypotheses
        ]
        shown = "; ".join(written[:3]) + (" …" if len(written) > 3 else "")
        picture.move(*tree, f"log-probability in brackets: {shown.replace('(-', '(−')}")
        line.value = f"“{html.escape(text)}” → <b>{written[0].split()[0]}</b>"
        looked = len(beam.nodes) - 1
        return (
            f"A beam of {width} reads “{text}” and writes {written[0]}, the logarithm of its "
            f"probability in brackets. It looks at {looked} beginnings; all that it ends with: "
            f"{', '.join(written)}."
        )

    controls = {
        "width": ipywidgets.IntSlider(3, min=1, max=most, description="width of the beam"),
        "example": ipywidgets.Dropdown(options=list(examples), description="date"),
        "typed": ipywidgets.Text("", description="or type one", placeholder="29 février 2024"),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        extra=[line],
        title="The tree of a beam search",
        steps={"width": None, "example": examples[:4]},
    )


RECALL = (
    (
        "A batch holds sequences of 7, 3 and 5 items. Of a one-directional LSTM, run without "
        "packing, which states are wrong?",
        "None up to the end of each sequence: padding comes later in time. But `output[-1]` and "
        "`h_n` of the two shorter ones are states after padding; take the state at each end.",
    ),
    (
        "The data of a network have the shape (500, 1, 24), batch first. Which of its weights do "
        "not learn, and why?",
        "Those from the hidden state: with one step there is only $h_0 = 0$ to multiply with, so "
        "their gradient is exactly zero.",
    ),
    (
        "What does Keras's `LSTM(H, return_sequences=True, return_state=True)` return, in the "
        "names of torch, batch first?",
        "`output`, `h_n[0]`, `c_n[0]`.",
    ),
    (
        "Why is the accuracy of single characters under teacher forcing higher than that of whole "
        "texts which the network writes by itself?",
        "Under teacher forcing every character is judged after a right beginning. Alone, it goes "
        "on from what it wrote; and a text is right only if all of its characters are.",
    ),
    (
        "Chapter 09: what is the summary of a bidirectional layer, and what is `output[-1]`?",
        "The forward state after the last item beside the backward state after the first, both in "
        "`h_n`. In `output[-1]` the backward half has read one item only.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
