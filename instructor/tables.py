"""Tables as CSV: numbers written short, no formulas, whole at every moment."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.files import write_atomically

FORMULA = tuple("=+-@\t\r\n")


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula; numbers stay as they are."""
    if not text.lstrip(" ").startswith(FORMULA) or text.strip() == "-":
        return text
    if re.fullmatch(r"[-+]?\d+([.,]\d+)?", text.strip()):
        return text
    return "'" + text


def number(value: float | None) -> str:
    """Write points with at most four decimals, and nothing for None."""
    if value is None:
        return ""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def write_table(
    path: Path, rows: Iterable[Sequence[str]], delimiter: str = ",", marked: bool = False
) -> None:
    """Write a table; `marked` puts a byte-order mark at its beginning, for Excel's sake.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([[guarded(cell) for cell in row] for row in rows])
    encoding = "utf-8-sig" if marked else "utf-8"
    write_atomically(path, text.getvalue().encode(encoding, "replace"))
