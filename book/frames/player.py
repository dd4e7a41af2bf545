"""The html of frames: a picture with its controls, which a script brings to life.

Without the script, and in print, the still picture with its text stands alone.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from book.errors import BookError

_MOST_NAMES = 6  # of controls that a note lists


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
    controls, title = data["controls"], html.escape(data["title"])
    start = 0
    for control in controls:
        start = start * len(control["values"]) + control["start"]
    frames = {"pictures": list(addresses), "alts": list(data["alts"])}
    stored = json.dumps(frames, ensure_ascii=False).replace("<", "\\u003c")
    sliders = [n for n, control in enumerate(controls) if control["kind"] == "range"]
    sliders = sliders or [0]  # every player has a slider, and the first has the button that plays
    rows = "\n".join(
        _slider(control, f"{ident}-{number}", plays=number == sliders[0])
        if number in sliders
        else _list(control, f"{ident}-{number}")
        for number, control in enumerate(controls)
    )
    named = f' aria-label="{title}"' if title else ""
    heading = f'<p class="unrolled-player-title">{title}</p>\n' if title else ""
    return f"""<figure class="unrolled-player" role="group"{named} data-start="{start}">
{heading}<div class="unrolled-player-picture"><img src="{html.escape(addresses[start])}" \
alt="{html.escape(data["alts"][start])}" width="{data["width"]}" height="{data["height"]}" \
loading="lazy"></div>
<div class="unrolled-player-controls" hidden>
{rows}
</div>
<p class="unrolled-player-status" role="status"></p>
{_more(data["more"], data["complete"])}\
<script type="application/json" class="unrolled-player-frames">{stored}</script>
</figure>"""


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
        f'<output for="{ident}" aria-live="off">{said}</output>{play}</div>'
    )


def _more(labels: Sequence[str], complete: bool) -> str:
    """Return the note on what only the notebook has."""
    shown = [html.escape(label) for label in labels[:_MOST_NAMES]]
    if len(labels) > _MOST_NAMES:
        shown.append(f"{len(labels) - _MOST_NAMES} more")
    said = []
    if shown:
        said.append(f"there you can also set: {'; '.join(shown)}")
    if not complete:
        said.append("its sliders stop everywhere")
    text = "The notebook does more" + (f": {', and '.join(said)}." if said else ": it runs live.")
    return f'<p class="unrolled-player-more">{text}</p>\n'
