"""What the lens says when it cannot open a model."""

from __future__ import annotations

__all__ = ["LensError"]


class LensError(ValueError):
    """Says in one line why a model cannot be opened, and what to do instead."""
