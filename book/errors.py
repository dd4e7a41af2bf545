"""The error that stops a build with words for the person at the keyboard."""

from __future__ import annotations


class BookError(Exception):
    """A build cannot go on; the message says what was found, what was expected, what to do."""
