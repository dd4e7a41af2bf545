"""Outputs of cells from inside, as nbformat outputs that show nothing but text and pictures."""

from __future__ import annotations

import base64
import struct
from typing import Any

from .inside.wire import BrokenFrame

MOST_OUTPUTS = 1000  # of one cell
MOST_PIXELS = 30_000_000
PNG = b"\x89PNG\r\n\x1a\n"
NO_PICTURE = "[picture left out: it is no PNG of a reasonable size]"


def to_notebook(raw: Any, count: int, characters: int) -> list[dict[str, Any]]:
    """Turn what came back for a cell into nbformat's outputs.

    Parameters
    ----------
    raw : tree
        From the session, so of any form.
    count : int
        The number of the cell, for its result.
    characters : int
        How much text may be kept.

    Raises
    ------
    BrokenFrame
        If it is no list of outputs.
    """
    if not isinstance(raw, list) or len(raw) > MOST_OUTPUTS:
        raise BrokenFrame("The outputs of a cell are no list of a reasonable length.")
    made = []
    for item in raw:
        if not isinstance(item, dict):
            raise BrokenFrame("An output of a cell has no known form.")
        text, kind, name = item.get("text"), item.get("kind"), item.get("name")
        if not isinstance(kind, str) or not (name is None or isinstance(name, str)):
            raise BrokenFrame("An output of a cell has no kind.")
        if text is not None:
            if not isinstance(text, str):
                raise BrokenFrame("The text of an output is none.")
            text = text[: max(0, characters)]
            characters -= len(text)
        if kind == "stream" and name in ("stdout", "stderr") and text is not None:
            made.append({"output_type": "stream", "name": name, "text": text})
        elif kind in ("display_data", "execute_result"):
            made.append(_shown(kind, text, item.get("png"), count))
        else:
            raise BrokenFrame("An output of a cell has no known form.")
    return made


def _shown(kind: str, text: str | None, png: Any, count: int) -> dict[str, Any]:
    data = {} if text is None else {"text/plain": text}
    if is_picture(png):
        data["image/png"] = base64.b64encode(png).decode("ascii")
    elif png is not None:
        data["text/plain"] = NO_PICTURE
    made = {"output_type": kind, "data": data, "metadata": {}}
    return {**made, "execution_count": count} if kind == "execute_result" else made


def is_picture(png: Any) -> bool:
    """Tell whether bytes begin as a PNG of a size that a browser can show."""
    if not isinstance(png, bytes) or len(png) < 33 or not png.startswith(PNG):
        return False
    length, name, width, height = struct.unpack(">I4sII", png[8:24])
    return length == 13 and name == b"IHDR" and 0 < width * height <= MOST_PIXELS
