"""Numbers in sentences."""

from __future__ import annotations


def counted(number: float, noun: str, plural: str = "", digits: str = ",") -> str:
    """Write a number with its noun: 1 step, 2 steps, 1,000 steps.

    Parameters
    ----------
    number : float
    noun : str
        For one.
    plural : str, optional
        For all other numbers; `noun` with an s at its end without it.
    digits : str, optional
        How the number is written, as for ``format``; it is one if it is written as ``1``.

    Returns
    -------
    str
    """
    written = format(number, digits)
    return f"{written} {noun if written == '1' else plural or noun + 's'}"
