"""The html of frames: a picture with its controls, which a script brings to life.

Without the script, and in print, the still picture with its text stands alone.
"""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from book.errors import BookError

_MOST_NAMES = 6  # of controls that a note lists
_NUMBERED = re.compile(r"([a-z])_\d+")  # x_1
_ENTRY = re.compile(r"(\w+)\[[\d,]+\]")  # W_hh[1,2]
_ADDITION = re.compile(r", | \(")
_NEEDS_SCRIPT = "<noscript>, with JavaScript</noscript>"
_UPDATES, _STORY = "updates", "story"  # names of stops that are no controls of the notebook
_DRIVEN = (
    "In the notebook you drive it yourself: sliders set the gates of the next step, the buttons "
    "<em>write +1</em>, <em>write −1</em>, <em>keep</em>, <em>erase</em> and <em>read</em> put "
    "them in place, and <em>Make the step</em>, <em>Take it back</em> and <em>Start again</em> "
    "lead through the steps."
)


def write(data: Mapping[str, Any], folder: Path, name: str, prefix: str) -> str:
    """Write the pictures of one live figure into a folder, and return the html that plays them.

    Parameters
    ----------
    data : mapping
        What `book.frames.kernel` has put into the output.
    folder : Path
        Where the pictures go; it exists.
    name : str
        Of the figure, different from all others of the page.
    prefix : str
        What stands before the name of a file in the page, with a slash at its end.

    Returns
    -------
    str
        Equal pictures are one file, named by what it holds.

    Raises
    ------
    BookError
        If the frames could not be drawn, or are not as many as the controls have positions.
    """
    if "error" in data:
        raise BookError(
            f"The frames of {name} could not be drawn; display the figure in the notebook and move "
            f"its controls to see what is wrong.\n{data['error']}"
        )
    controls, alts = data["controls"], data["alts"]
    wanted = 1
    for control in controls:
        wanted *= len(control["values"])
    if not len(data["pictures"]) == len(alts) == wanted:
        raise BookError(
            f"{name} has {len(data['pictures'])} pictures and {len(alts)} texts for {wanted} "
            "positions of its controls; execute the notebook again with `python -m book --fresh`."
        )
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    files = [_written(picture, folder, base) for picture in data["pictures"]]
    return _page(data, [prefix + file for file in files], f"player-{base}")


def _written(picture: str, folder: Path, base: str) -> str:
    """Write a picture, if it is not there yet, and return its name."""
    content = base64.b64decode(picture)
    name = f"{base}-{hashlib.sha256(content).hexdigest()[:10]}.webp"
    path = folder / name
    if not path.exists():
        path.write_bytes(content)
    return name


def _page(data: Mapping[str, Any], addresses: Sequence[str], ident: str) -> str:
    title, alts = html.escape(data["title"]), data["alts"]
    kinds = [control["kind"] for control in data["controls"]]
    sliders = [n for n, kind in enumerate(kinds) if kind == "range"]
    sliders = sliders or [0]  # every player has a slider, and the first has the button that plays
    places = _start(data["controls"], addresses, sliders[0])
    controls = [{**c, "start": at} for c, at in zip(data["controls"], places, strict=True)]
    start = _frame(controls, places)
    frames = {"pictures": list(addresses), "alts": list(alts)}
    stored = json.dumps(frames, ensure_ascii=False).replace("<", "\\u003c")
    rows = "\n".join(
        _slider(control, f"{ident}-{number}", plays=number == sliders[0])
        if number in sliders
        else _list(control, f"{ident}-{number}")
        for number, control in enumerate(controls)
    )
    named = f' aria-label="{title}"' if title else ""
    heading = f'<p class="unrolled-player-title">{title}</p>\n' if title else ""
    said = html.escape(alts[start])
    return f"""<figure class="unrolled-player" role="group"{named} data-start="{start}">
{heading}<p class="unrolled-player-more">{_note(data)}</p>
<div class="unrolled-picture"><img src="{html.escape(addresses[start])}" \
alt="{said}" width="{data["width"]}" height="{data["height"]}" loading="lazy"></div>
<div class="unrolled-player-controls" hidden>
{rows}
</div>
<p class="unrolled-caption unrolled-player-words" aria-hidden="true"><span>{said}</span></p>
<p class="unrolled-player-status" role="status"></p>
<script type="application/json" class="unrolled-player-frames">{stored}</script>
</figure>"""


def _frame(controls: Sequence[Mapping[str, Any]], places: Sequence[int]) -> int:
    """Return which frame belongs to these places of the controls; the last changes fastest."""
    frame = 0
    for control, place in zip(controls, places, strict=True):
        frame = frame * len(control["values"]) + place
    return frame


def _start(
    controls: Sequence[Mapping[str, Any]], addresses: Sequence[str], main: int
) -> tuple[int, ...]:
    """Return where the controls stand at first: as in the notebook, if the slider does something.

    Otherwise the nearest places of the other controls at which it does.
    """

    def does_something(places: tuple[int, ...]) -> bool:
        moved = (
            (*places[:main], place, *places[main + 1 :])
            for place in range(len(controls[main]["values"]))
        )
        return len({addresses[_frame(controls, at)] for at in moved}) > 1

    given = tuple(control["start"] for control in controls)
    ranges = (
        [given[n]] if n == main else range(len(control["values"]))
        for n, control in enumerate(controls)
    )
    useful = filter(does_something, itertools.product(*ranges))
    return min(
        useful,
        key=lambda places: sum(abs(a - b) for a, b in zip(places, given, strict=True)),
        default=given,
    )


def _list(control: Mapping[str, Any], ident: str) -> str:
    """Return a row with a list to choose from."""
    options = "".join(
        f'<option value="{i}"{" selected" if i == control["start"] else ""}>'
        f"{html.escape(value)}</option>"
        for i, value in enumerate(control["values"])
    )
    return (
        f'<div class="unrolled-player-row"><label for="{ident}">{html.escape(control["label"])}'
        f'</label><select id="{ident}" autocomplete="off">{options}</select></div>'
    )


def _slider(control: Mapping[str, Any], ident: str, plays: bool) -> str:
    """Return a row with a slider, a button at each of its ends, and what it says."""
    label, values, start = html.escape(control["label"]), control["values"], control["start"]
    words = html.escape(json.dumps(values, ensure_ascii=False))
    said = html.escape(values[start])
    play = '<button type="button" class="unrolled-player-play">Play</button>' if plays else ""
    return (
        f'<div class="unrolled-player-row"><label for="{ident}">{label}</label>'
        f'<button type="button" aria-label="{label}: one step back">‹</button>'
        f'<input type="range" id="{ident}" min="0" max="{len(values) - 1}" step="1" '
        f'value="{start}" autocomplete="off" aria-valuetext="{said}" data-words="{words}">'
        f'<button type="button" aria-label="{label}: one step on">›</button>'
        f'<output for="{ident}" aria-live="off">{said}</output>{play}'
        f'<span class="unrolled-player-why" id="{ident}-why" hidden></span></div>'
    )


def _note(data: Mapping[str, Any]) -> str:
    """Return what the figure does here, and what it does in the notebook alone."""
    controls = data["controls"]
    names = [control["name"] for control in controls]
    through = _joined([_emphasised(control["label"]) for control in controls])
    here = f"Here the figure steps through {through}{_NEEDS_SCRIPT}"
    if _STORY in names:
        return f"{here}. {_DRIVEN}"
    there = []
    if _UPDATES in names:
        there.append("it trains while you watch")
    if data["more"]:
        there.append(f"you can also {_settings(data['more'])}")
    if not data["complete"]:
        kinds = [c["kind"] for c in controls if c["name"] != _UPDATES]
        if "range" in kinds:
            alone = kinds == ["range"] and not data["more"]
            there.append(f"{'the' if alone else 'every'} slider takes any value")
        elif _UPDATES not in names:
            there.append("its lists offer more")
    if not there:
        return f"{here}, as in the notebook."
    *first, last = there
    return f"{here}. In the notebook {', '.join(first)}{', and ' if first else ''}{last}."


def _settings(labels: Sequence[str]) -> str:
    """Return in html what one can set, or type: a label as "or type a word" follows another."""
    typed = [label.removeprefix("or ") for label in labels if label.startswith("or ")]
    named = [label for label in labels if not label.startswith("or ")]
    ways = [f"set {_joined(_shortened(_grouped(named)))}"] if named else []
    return ", or ".join([*ways, *map(_emphasised, typed)])


def _grouped(labels: Sequence[str]) -> list[str]:
    """Return labels in html: inputs with a number and entries of matrices as one each."""
    numbered = [label for label in labels if _NUMBERED.fullmatch(label)]
    matrices = [_code(found[1]) for found in map(_ENTRY.fullmatch, labels) if found]
    shown = []
    for label in labels:
        if _ENTRY.fullmatch(label):
            shown.append(f"the entries of {_joined(list(dict.fromkeys(matrices)))}")
        elif label in numbered and len(numbered) > 1:
            shown.append(f"{_code(numbered[0])} to {_code(numbered[-1])}")
        else:
            shown.append(_emphasised(label))
    return list(dict.fromkeys(shown))


def _shortened(items: list[str]) -> list[str]:
    """Return a list with the number of the others in place of the many; one is not counted."""
    if len(items) <= _MOST_NAMES + 1:
        return items
    return [*items[:_MOST_NAMES], f"{len(items) - _MOST_NAMES} more"]


def _joined(items: Sequence[str]) -> str:
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def _emphasised(label: str) -> str:
    """Return what a control is called, without its unit and other additions."""
    return f"<em>{html.escape(_ADDITION.split(label)[0])}</em>"


def _code(name: str) -> str:
    return f"<code>{html.escape(name)}</code>"
