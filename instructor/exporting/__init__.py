"""Scores as CSV for a learning platform: Canvas, Moodle, or columns of one's own.

A student without an honest score gets an empty cell, never a 0: Canvas and Moodle leave the grade
as it is where a cell is empty. Text that a spreadsheet would run as a formula gets an apostrophe
before it.
"""

from instructor.exporting.canvas import write_canvas
from instructor.exporting.columns import parse_columns, write_generic
from instructor.exporting.moodle import write_moodle
from instructor.exporting.scores import Exported, ExportError, Score

__all__ = [
    "ExportError",
    "Exported",
    "Score",
    "parse_columns",
    "write_canvas",
    "write_generic",
    "write_moodle",
]
