"""What a learner reads after a check: HTML in Jupyter, plain text elsewhere."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace

from utils.notebook import in_notebook

STATUS = {  # status: (sign, words, colour of the bar and the sign, with 4.5:1 on white)
    "right": ("✓", "right", "#00704f"),
    "wrong": ("✗", "not right yet", "#a63c00"),
    "stopped": ("✗", "your code stopped", "#a63c00"),
    "open": ("…", "still open", "#5a5a5a"),
    "not started": ("…", "not started", "#5a5a5a"),
}
HINTED = ("wrong", "stopped", "open")  # the statuses with which hints are offered
MARKS = {"right": "✓", "wrong": "✗", "mistake": "✗", "follows": "→", "open": "…", "note": "!"}


@dataclass(frozen=True)
class Line:
    """One finding of a report.

    Attributes
    ----------
    kind : {"right", "wrong", "mistake", "follows", "open", "note", "code", "printed"}
    text : str
        Names of quantities and code in backquotes.
    key : str
        Key of the recognised mistake, or keys joined by ``|`` where several fit; else empty.
    """

    kind: str
    text: str
    key: str = ""


@dataclass(frozen=True)
class Report:
    """The result of one check.

    Attributes
    ----------
    title : str
    status : {"right", "wrong", "stopped", "open", "not started"}
        "open": nothing is wrong, and something is not filled in yet.
    score : float
        Between 0 and 1.
    lines : tuple of Line
    hints : tuple of str
        Three, or none.
    name : str
        The check's name, for the call that gives a hint.
    summary : str
        Words in place of those that belong to the status.
    """

    title: str
    status: str
    score: float
    lines: tuple[Line, ...]
    hints: tuple[str, ...] = ()
    name: str = ""
    summary: str = ""

    @property
    def mistakes(self) -> tuple[str, ...]:
        """Keys of the mistakes that were recognised, in order."""
        return tuple(line.key for line in self.lines if line.kind == "mistake")

    def with_note(self, text: str) -> Report:
        """Return the report with one more remark at its end.

        Parameters
        ----------
        text : str

        Returns
        -------
        Report
        """
        return replace(self, lines=(*self.lines, Line("note", text)))

    def __str__(self) -> str:
        out = [self._head() + self._share()]
        for line in self.lines:
            if line.kind in ("code", "printed"):
                lead = "    " if line.kind == "code" else "    | "
                out += [lead + text for text in line.text.splitlines()]
            else:
                out.append(f"  {MARKS[line.kind]} {line.text}")
        if self.hints and self.status in HINTED:
            out.append(f"  A hint: checks.check_{self.name}.hint()")
        return "\n".join(out)

    def _head(self) -> str:
        sign, words, _ = STATUS[self.status]
        words = self.summary or words
        if self.title.endswith("?"):
            return f"{sign} {self.title} {words[0].upper()}{words[1:]}."
        return f"{sign} {self.title}: {words}"

    def _share(self) -> str:
        share = f" ({self.score:.0%} of it is)"
        return share if 0 < self.score < 1 and not self.summary else ""

    def _repr_html_(self) -> str:
        colour = STATUS[self.status][2]
        rows = "".join(_line_html(line) for line in self.lines)
        hints = ""
        if self.hints and self.status in HINTED:
            for number in (3, 2, 1):
                text = _code(self.hints[number - 1])
                hints = (
                    f"<details style='margin:0.3em 0 0 0.4em'><summary>Hint {number} of 3</summary>"
                    f"<div style='margin:0.2em 0 0 1.2em'>{text}{hints}</div></details>"
                )
        return (
            f"<div class='unrolled-report' data-status='{self.status}' "
            f"role='status' style='border-left:4px solid {colour};padding:0.3em 0.8em;"
            "margin:0.3em 0;max-width:46em;line-height:1.45'>"
            f"<div><strong style='color:{colour}'>{html.escape(self._head())}</strong>"
            f"{self._share()}</div>{rows}{hints}</div>"
        )


def _line_html(line: Line) -> str:
    if line.kind == "code":
        return f"<pre style='margin:0.2em 0 0.2em 1.4em'>{html.escape(line.text)}</pre>"
    if line.kind == "printed":
        return (
            "<details style='margin-left:1.4em'><summary>What your function printed</summary>"
            f"<pre>{html.escape(line.text)}</pre></details>"
        )
    return f"<div style='margin-left:0.4em'>{MARKS[line.kind]}&ensp;{_code(line.text)}</div>"


def _code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


def display(report: Report) -> None:
    """Show a report: as HTML in a notebook, printed elsewhere.

    Parameters
    ----------
    report : Report
    """
    if in_notebook():
        from IPython.display import display as show

        show({"text/html": report._repr_html_(), "text/plain": str(report)}, raw=True)
    else:
        print(report)
