"""The code that the chapters of Unrolled share.

Importing a numeric module pulls in NumPy alone; figures live in ``utils.plots``,
live figures in ``utils.widgets``, and checks of exercises in ``utils.checks``.
"""

__version__ = "0.1.0"
