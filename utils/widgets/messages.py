"""What widgets say in words: lines below a figure, and what stands in place of a widget."""

from __future__ import annotations

import html
from typing import Any


def one_line(error: BaseException) -> str:
    """Give an error as one line that a reader can act on.

    Parameters
    ----------
    error : exception

    Returns
    -------
    str
    """
    text = " ".join(str(error).split()) or type(error).__name__
    known = isinstance(error, ValueError | TypeError)
    return text if known else f"{type(error).__name__}: {text}"


def error_line(text: str) -> str:
    """Return HTML that shows `text` as an error; a screen reader says it at once."""
    return f'<div role="alert" style="color: #B00020">{html.escape(text)}</div>'


def status_line(text: str) -> str:
    """Return HTML that shows `text`; a screen reader says it when nothing else is being said."""
    return f'<span role="status">{html.escape(text)}</span>'


def mime_data(bundle: Any) -> dict[str, Any]:
    """Return the data of what a widget gives for display: nothing, data, or data with metadata.

    Parameters
    ----------
    bundle : None, dict, or tuple of dict
        What ``_repr_mimebundle_`` of ``ipywidgets.Widget`` returned.

    Returns
    -------
    dict
        From mime type to content; a copy.
    """
    return dict(bundle[0] if isinstance(bundle, tuple) else bundle or {})
