"""An IPython shell that keeps what cells print and show, up to a limit."""

from __future__ import annotations

import base64
import io
import os
import sys
import traceback
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from .jail import TOO_MUCH_OUTPUT

LONGEST_REPR = 20_000  # characters of one displayed value
LONGEST_LINE = 300
LATER_TEXT = 10_000  # characters of every cell after the limit was reached
MOST_REFUSALS = 1000  # attempts to print on before the process ends itself
MOST_OUTPUTS = 500  # of one cell
CUT = "\n[cut: the limit of output is reached]\n"


class Halt(BaseException):
    """A limit ends a cell; no `except Exception` of a learner catches it.

    Attributes
    ----------
    reason : str
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Collector:
    """The outputs of the current cell, and how much more the session may print.

    Attributes
    ----------
    outputs : list of dict
        ``{"kind": "stream", "name", "text"}`` (its text a list of parts until `take`) or
        ``{"kind": "display_data" or "execute_result", "text", "png", "id"}``.
    """

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []
        self.text_left = 0
        self.bytes_left = 0
        self.refused = 0
        self.over = False

    def begin(self) -> None:
        """Start a new cell."""
        self.outputs = []
        self.refused = 0
        if self.over:
            self.text_left = LATER_TEXT

    def stream(self, name: str, text: str) -> None:
        """Keep printed text; stop the cell where the session has printed too much."""
        if not text:
            return
        if self.text_left <= 0:
            self._refuse()
        kept = text[: self.text_left]
        self.text_left -= len(kept)
        last = self.outputs[-1] if self.outputs else {}
        if last.get("kind") == "stream" and last["name"] == name:
            last["text"].append(kept)
        elif len(self.outputs) < MOST_OUTPUTS:
            self.outputs.append({"kind": "stream", "name": name, "text": [kept]})
        if len(kept) < len(text):
            self.outputs.append({"kind": "stream", "name": name, "text": [CUT]})
            self._refuse()

    def _refuse(self) -> None:
        self.over = True
        self.refused += 1
        if self.refused > MOST_REFUSALS:
            os._exit(TOO_MUCH_OUTPUT)
        raise Halt("too much output")

    def show(self, kind: str, data: dict[str, Any], label: str | None, update: bool) -> None:
        """Keep the text and the picture of a displayed value, and nothing that is markup."""
        text, png = data.get("text/plain"), data.get("image/png")
        text = text if isinstance(text, str) else None
        if isinstance(png, str):  # IPython hands pictures on in base 64
            png = base64.b64decode(png)
        if isinstance(png, bytes):
            if len(png) > self.bytes_left:
                png, text = None, "[picture left out: the limit of pictures is reached]"
            else:
                self.bytes_left -= len(png)
        else:
            png = None
        if text is None and png is None:
            return
        if text is not None:
            text = text if len(text) <= LONGEST_REPR else text[:LONGEST_REPR] + " […]"
            if len(text) > self.text_left:
                self._refuse()
            self.text_left -= len(text)
        shown = {"kind": kind, "text": text, "png": png, "id": label}
        if update and label is not None:
            for output in self.outputs:
                if output.get("id") == label:
                    output.update(text=text, png=png)
        elif len(self.outputs) < MOST_OUTPUTS:
            self.outputs.append(shown)

    def take(self) -> list[dict[str, Any]]:
        """Return the outputs as plain values, and forget them."""
        taken, self.outputs = self.outputs, []
        for output in taken:
            output.pop("id", None)
            if output["kind"] == "stream":
                output["text"] = "".join(output["text"])
        return taken


class Stream(io.TextIOBase):
    """What `sys.stdout` and `sys.stderr` are inside."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, collector: Collector) -> None:
        self.name = name
        self._collector = collector

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Keep text.

        Raises
        ------
        TypeError
            If it is no text.
        """
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._collector.stream(self.name, text)
        return len(text)

    def close(self) -> None:
        """Stay open: the next cell prints as well."""


class _Publisher(DisplayPublisher):
    collector: Collector

    def publish(self, data: Any, metadata: Any = None, *_: Any, **options: Any) -> None:
        label = (options.get("transient") or {}).get("display_id")
        update = bool(options.get("update"))
        self.collector.show("display_data", data, label, update)

    def clear_output(self, wait: bool = False) -> None:
        self.collector.outputs.clear()


class _Hook(DisplayHook):
    collector: Collector

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        self.collector.show("execute_result", format_dict, None, False)

    def finish_displayhook(self) -> None:
        self._is_active = False


class Shell(InteractiveShell):
    """The shell that cells run in; errors are told by the result of `run_cell`, not shown."""

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: there is no window to show."""

    def ask_exit(self) -> None:
        """Do nothing: the grader says when a session ends."""

    def showtraceback(self, *_: Any, **__: Any) -> None:
        """Show nothing."""

    def showsyntaxerror(self, *_: Any, **__: Any) -> None:
        """Show nothing."""

    def showindentationerror(self, *_: Any, **__: Any) -> None:
        """Show nothing."""


def make_shell() -> tuple[Shell, Collector]:
    """Make the one shell of this process, with pictures by matplotlib's inline backend."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "NoColor" if _old_colours() else "nocolor"
    config.InteractiveShell.display_page = True
    config.InteractiveShell.xmode = "Minimal"
    config.InteractiveShell.banner1 = ""
    collector = Collector()
    _Publisher.collector = _Hook.collector = collector
    shell = Shell.instance(
        config=config, display_pub_class=_Publisher, displayhook_class=_Hook, user_ns=None
    )
    shell.run_line_magic("matplotlib", "inline")
    sys.stdout, sys.stderr = Stream("stdout", collector), Stream("stderr", collector)
    return shell, collector


def _old_colours() -> bool:
    import IPython

    return IPython.version_info[0] < 9


def describe_error(error: BaseException) -> tuple[str, str, int | None]:
    """Return the error in a line, the learner's line where it happened, and its number."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # a learner's own exception class whose text cannot be made
        lines = []
    text = f"{type(error).__name__}: {lines[0] if lines else ''}".removesuffix(": ")
    line, number = "", None
    if isinstance(error, SyntaxError):
        line, number = (error.text or "").strip(), error.lineno
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.startswith("<ipython-input"):
                line, number = frame.line or "", frame.lineno
    return text[:LONGEST_LINE], line[:LONGEST_LINE], number
