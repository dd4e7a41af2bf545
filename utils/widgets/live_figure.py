"""A figure that answers its controls fast: one figure, only what moves is drawn again.

A plot library draws tick labels, grids and titles slowly and lines fast. ``LiveFigure`` keeps
the slow part as a background and draws only the artists that move on top of it::

    fig, ax = new_figure(size=(7, 3))
    ax.set(xlim=(-5, 5), ylim=(-1.2, 1.2), xlabel="z")
    (line,) = ax.plot([], [])

    def update(gain):
        z = np.linspace(-5, 5, 200)
        line.set_data(z, np.tanh(gain * z))
        return f"With a gain of {gain:.1f} tanh saturates beyond |z| = {2 / gain:.1f}."

    LiveFigure(fig, update, moving=[line], controls={"gain": gain_slider})
"""

from __future__ import annotations

import contextvars
import html
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, FigureBase
from matplotlib.text import Text

from utils.plots.style import DPI, DRAWING, checked_alt, picture_bundle
from utils.widgets.artists import Moving, drawing_order, flatten, look_of
from utils.widgets.controls import (
    Stops,
    Wanted,
    checked_steps,
    label_of,
    listed,
    make_readable,
    move,
    stops_of,
    value_of,
)
from utils.widgets.kernel import keep_sliders_alive
from utils.widgets.messages import error_line, mime_data, one_line
from utils.widgets.picture import Picture, encode_png

Steps = Sequence[str] | Mapping[str, Wanted] | None


class LiveFigure(ipywidgets.VBox):
    """Show a figure with controls, and redraw only the moving artists when one is moved.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Made by ``new_figure``; it stays the same object for the life of the widget.
    update : callable
        ``update(**values) -> str`` receives the value of every control by name, moves the
        artists (``set_data``, ``set_text``, ``set_array``, ...), and returns the alternative
        text: one or two sentences that state what the figure shows now.
    moving : artist, (nested) iterable or mapping of artists, or callable that returns one
        The artists that `update` changes. They are drawn last, above everything else, in the
        order of their zorder. A callable is asked again after each update: use it when the
        artists themselves come and go (a new arrow, one text per word).
    controls : mapping of str to widget
        Any ipywidgets control with a ``value``; its name is the keyword for `update`. Give
        each a ``description`` in words, with the unit.
    extra : iterable of widgets
        Further widgets, such as buttons, shown below the controls.
    title : str
        Heading above the figure; empty for none.
    steps : sequence of one or two names, or mapping of names to values, optional
        The controls that a reader without a kernel steps through, and the values to stop at, or
        how many; see `utils.widgets.controls.stops_of`. The first slider if left out.

    Attributes
    ----------
    controls : dict
        The controls by name.
    frame : bytes
        The last picture, as PNG.
    alt : str
        The last alternative text.
    full_redraws, pictures : int
        How many pictures needed a full redraw, and how many were drawn at all.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, a control has no value, an artist belongs to
        another figure, or `update` returns no text.

    Notes
    -----
    A change to anything that does not move (limits, ticks, titles, colours, an artist added
    or removed) is noticed and leads to a full redraw, about ten times slower than a picture
    of the moving artists alone. Setting limits, ticks or a title to what they already are
    costs nothing. Only what matplotlib itself cannot notice needs a call of ``redraw``: an
    array changed in place, for example.

    When events come faster than pictures can be drawn, the newest values are drawn and the
    ones between are dropped. `update` then runs in a thread of its own, one call at a time
    over all live figures; it should not print.

    An error in `update` is shown as one line below the controls. It is also raised wherever
    there is somebody to catch it: on construction, in ``set``, in ``redraw`` and when a cell
    sets a control's value.
    """

    def __init__(
        self,
        figure: Figure,
        update: Callable[..., str],
        *,
        moving: Moving | Callable[[], Moving],
        controls: Mapping[str, ipywidgets.Widget],
        extra: Iterable[ipywidgets.Widget] = (),
        title: str = "",
        steps: Steps = None,
    ) -> None:
        if not isinstance(figure, Figure):
            raise TypeError(f"figure is a {type(figure).__name__}; expected a matplotlib Figure.")
        if not callable(update):
            raise TypeError(f"update is a {type(update).__name__}; expected a function.")
        if not isinstance(controls, Mapping):
            raise TypeError(f"controls is a {type(controls).__name__}; expected name: control.")
        for name, control in controls.items():
            if not isinstance(control, ipywidgets.Widget) or not control.has_trait("value"):
                raise TypeError(
                    f"controls[{name!r}] is a {type(control).__name__};"
                    " expected an ipywidgets control with a value."
                )
        keep_sliders_alive()
        self.figure = figure
        self.controls = dict(controls)
        self.title = title
        self._steps = checked_steps(steps, self.controls)
        self.pictures = 0
        self.full_redraws = 0
        self._canvas = (
            figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
        )
        self._update = update
        self._moving = moving if callable(moving) else lambda: moving
        self._artists: list[Artist] = []
        self._background: Any = None
        self._still: dict[int, Any] = {}
        self._error = ""
        self._quiet = self._busy = False
        self._asked = count(1)
        self._newest = 0
        self._drawn = 0
        self._picture = Picture(width=round(figure.get_figwidth() * DPI))
        self._message = ipywidgets.HTML()
        self._message.layout.display = "none"
        self._draw()

        for control in self.controls.values():
            make_readable(control)
        heading = [ipywidgets.HTML(f"<b>{html.escape(title)}</b>")] if title else []
        panel = ipywidgets.VBox([*self.controls.values()])
        super().__init__([*heading, self._picture, panel, *extra, self._message])
        self.add_class("unrolled-live")
        for control in self.controls.values():
            control.observe(self._on_control, "value")
        self._picture.observe(self._on_pixel_ratio, "pixel_ratio")

    @property
    def values(self) -> dict[str, Any]:
        """Give the value of every control by name."""
        return {name: value_of(control) for name, control in self.controls.items()}

    @property
    def frame(self) -> bytes:
        """Give the last picture as PNG bytes."""
        return self._picture.png

    @property
    def alt(self) -> str:
        """Give the text that says what the last picture shows."""
        return self._picture.alt

    @property
    def error(self) -> str:
        """Give the line that reports the last error in `update`, empty if there is none."""
        return self._error

    @property
    def steps(self) -> tuple[Stops, ...]:
        """Give what a reader without a kernel steps through: none, one or two controls."""
        return tuple(stops_of(n, self.controls[n], v) for n, v in self._steps.items())

    @property
    def unstepped(self) -> tuple[str, ...]:
        """Give in words the controls that a reader without a kernel does not have."""
        left = (name for name in self.controls if name not in self._steps)
        return tuple(label_of(name, self.controls[name]) for name in left)

    def set(self, **values: Any) -> None:
        """Move controls from code, with one new picture for all of them.

        Parameters
        ----------
        **values
            New values by the controls' names.

        Raises
        ------
        ValueError
            If there is no such control, or the control does not take that value.
        """
        for name in values:
            if name not in self.controls:
                raise ValueError(f"no control {name!r}; this figure has {listed(self.controls)}.")
        with DRAWING:
            before = self.values
            self._quiet = True
            try:
                for name, value in values.items():
                    move(self.controls[name], name, value)
            except ValueError:
                for name, value in before.items():
                    self.controls[name].value = value
                raise
            finally:
                self._quiet = False
            self._draw()

    def redraw(self) -> None:
        """Call `update` with the current values and draw everything again, layout included."""
        with DRAWING:
            self._background = None
            self._draw()

    def refresh(self) -> None:
        """Call `update` with the current values and draw what moved.

        For what changes without a control: a training that reports, a button.
        """
        self._draw()

    def pictures_at(
        self,
        choices: Iterable[Mapping[str, Any]],
        ratio: float = 1.0,
        encode: Callable[[np.ndarray], bytes] = encode_png,
    ) -> list[tuple[bytes, str]]:
        """Draw the figure as it is at other values, and leave controls and picture as they are.

        Parameters
        ----------
        choices : iterable of mappings
            For each picture the values by the names of `steps`; what is left out stays as it is.
        ratio : float
            Pixels of the picture per CSS pixel.
        encode : callable
            From pixels, uint8 of shape (height, width, 4), to the bytes of a picture.

        Returns
        -------
        list of (bytes, str)
            Each picture with its alternative text.
        """
        with DRAWING:
            now, redraws = self.values, self.full_redraws
            drawn = []
            self._busy = True  # what `update` sets off must not draw in between
            try:
                for choice in choices:
                    alt = checked_alt(self._update(**{**now, **choice}))
                    drawn.append((encode(self._paint(ratio)), alt))
            finally:
                self._update(**now)
                self._background, self.full_redraws = None, redraws
                self._busy = False
        return drawn

    # From a control to a picture

    def _on_control(self, change: Mapping[str, Any]) -> None:
        if self._quiet:
            return
        self._newest = next(self._asked)
        if _from_browser(change["owner"]):
            _PAINTER.ask(self)
        else:
            self._draw()

    def _on_pixel_ratio(self, _change: Mapping[str, Any]) -> None:
        self._newest = next(self._asked)
        _PAINTER.ask(self)

    def _draw_newest(self) -> None:
        """Draw for the browser: skip what is drawn already, show an error and go on."""
        with DRAWING:
            if self._drawn >= self._newest:
                return
            try:
                self._draw()
            except Exception:
                # Nobody is there to catch it; `_draw` has put it where the reader looks.
                self._drawn = self._newest

    def _draw(self) -> None:
        with DRAWING:
            if self._busy:
                return  # `update` asked for the picture that it is called for
            newest, self._busy = self._newest, True
            try:
                alt = checked_alt(self._update(**self.values))
                png = encode_png(self._paint())
            except Exception as error:
                self._report(error)
                raise
            finally:
                self._busy = False
            self._drawn = newest
            self.pictures += 1
            self._report(None)
            with self._picture.hold_sync():
                self._picture.alt = alt
                self._picture.png = png

    def _report(self, error: Exception | None) -> None:
        line = "" if error is None else one_line(error)
        if line == self._error:
            return
        self._error = line
        self._message.value = error_line(line) if line else ""
        self._message.layout.display = None if line else "none"

    # Painting

    def _paint(self, ratio: float | None = None) -> np.ndarray:
        """Draw what has to be drawn again and return all pixels; the next call changes them."""
        canvas, figure = self._canvas, self.figure
        dpi = DPI * (ratio or self._picture.pixel_ratio)
        if figure.dpi != dpi:
            figure.set_dpi(dpi)
            self._background = None
        self._take_moving()
        if self._background is None or (figure.stale and self._still_changed()):
            engine = figure.get_layout_engine()
            if self.full_redraws == 0 and engine is not None:
                for _ in range(2):
                    engine.execute(figure)  # settle now: later redraws must not shift the axes
            canvas.draw()
            self._background = canvas.copy_from_bbox(figure.bbox)
            self._still = self._remember_still()
            self.full_redraws += 1
        else:
            canvas.restore_region(self._background)
        for artist in self._artists:
            (artist.axes or artist.figure).draw_artist(artist)
        return np.asarray(canvas.buffer_rgba())

    def _take_moving(self) -> None:
        artists = sorted(flatten(self._moving()), key=drawing_order)
        for artist in artists:
            if artist.get_figure(root=True) is not self.figure:
                raise ValueError(f"moving holds {artist!r}, which is not in this figure.")
        now = {id(artist) for artist in artists}
        for artist in self._artists:
            if id(artist) not in now and artist.get_figure(root=True) is self.figure:
                artist.set_animated(False)
                artist.stale = True  # it stands still from now on
        for artist in artists:
            if not artist.get_animated():
                artist.set_animated(True)
                self._background = None  # it may be part of the background
        self._artists = artists

    def _still_artists(self) -> Iterable[Artist]:
        """Give every artist that is not inside a moving one."""
        waiting: list[Artist] = [self.figure]
        while waiting:
            artist = waiting.pop()
            if not artist.get_animated():
                yield artist
                waiting.extend(artist.get_children())

    def _remember_still(self) -> dict[int, Any]:
        """Mark all as drawn and note what can be set to the same again without effect."""
        notes = {}
        for artist in self._still_artists():
            artist.stale = False
            if isinstance(artist, FigureBase | Axes | Axis | Text):
                notes[id(artist)] = look_of(artist)
        return notes

    def _still_changed(self) -> bool:
        """Tell whether the background has to be drawn again, and forget false alarms."""
        alarms = [artist for artist in self._still_artists() if artist.stale]
        for artist in alarms:
            if id(artist) not in self._still or self._still[id(artist)] != look_of(artist):
                return True
        for artist in alarms:
            artist.stale = False
        return False

    # The still picture, where there is no kernel

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data = mime_data(super()._repr_mimebundle_(**kwargs))
        with DRAWING:
            data.update(picture_bundle(self.frame, self.alt, self._picture.width))
        if self.title:
            data["text/plain"] = f"{self.title}. {self.alt}"
        return data

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.title or self.alt!r})"


class _Painter:
    """Draw for all live figures in one thread, each with the newest values it has.

    A control's event only leaves a note here and returns, so that events never queue up
    behind a picture and a button pressed meanwhile is heard at once.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, LiveFigure] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def ask(self, figure: LiveFigure) -> None:
        with self._changed:
            self._waiting[id(figure)] = figure
            if self._thread is None or not self._thread.is_alive():
                context = contextvars.copy_context()
                self._thread = threading.Thread(
                    target=context.run, args=(self._work,), name="live-figures", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                figure = self._waiting.pop(next(iter(self._waiting)))
            figure._draw_newest()


_PAINTER = _Painter()


def _from_browser(control: ipywidgets.Widget) -> bool:
    """Tell whether a control is being set by a message from the browser."""
    return bool(control._property_lock)
