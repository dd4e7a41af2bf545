"""Artists of a live figure: which of them move, in which order, and what of one is seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.container import Container
from matplotlib.text import Text

Moving = Artist | Iterable["Moving"] | Mapping[Any, "Moving"] | None


def look_of(artist: Artist) -> Any:
    """Give what of an artist is seen, where setting it to the same again raises a false alarm.

    Parameters
    ----------
    artist : Artist

    Returns
    -------
    any
        Equal for two looks that are the same.
    """
    if isinstance(artist, Text):
        colour, size = artist.get_color(), artist.get_fontsize()
        place = (artist.get_position(), artist.get_rotation(), artist.get_ha(), artist.get_va())
        font = (artist.get_fontweight(), artist.get_fontstyle(), artist.get_alpha())
        return (artist.get_text(), artist.get_visible(), str(colour), size, place, font)
    if isinstance(artist, Axis):
        ticks = []
        for ticker in (artist.major, artist.minor):
            places = getattr(ticker.locator, "locs", None)
            names = getattr(ticker.formatter, "seq", None)
            ticks.append(id(ticker.locator) if places is None else tuple(places))
            ticks.append(id(ticker.formatter) if names is None else tuple(names))
        return (
            artist.get_view_interval().tolist(),
            artist.get_scale(),
            artist.get_visible(),
            ticks,
        )
    children = [id(child) for child in artist.get_children() if not child.get_animated()]
    if isinstance(artist, Axes):
        sides = (artist.get_xlim(), artist.get_ylim(), artist.get_aspect(), artist.axison)
        return (sides, artist.get_visible(), children)
    return children


def flatten(moving: Moving) -> list[Artist]:
    """Give the artists of what moves as one list.

    Parameters
    ----------
    moving : artist, (nested) iterable or mapping of artists, or None

    Returns
    -------
    list of Artist

    Raises
    ------
    TypeError
        If there is something else than artists in it.
    """
    if moving is None:
        return []
    if isinstance(moving, Artist):
        return [moving]
    if isinstance(moving, Container):
        return [child for child in moving.get_children() if child is not None]
    if isinstance(moving, Mapping):
        moving = moving.values()
    if isinstance(moving, str) or not isinstance(moving, Iterable):
        raise TypeError(f"moving holds a {type(moving).__name__}; expected matplotlib artists.")
    return [artist for part in moving for artist in flatten(part)]


def drawing_order(artist: Artist) -> tuple[float, float]:
    """Give what artists are sorted by, so that the last one is drawn above all others.

    Parameters
    ----------
    artist : Artist

    Returns
    -------
    tuple of two floats
        The zorder of its axes, then its own.
    """
    return (artist.axes.get_zorder() if artist.axes is not None else 0, artist.get_zorder())
