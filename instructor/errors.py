"""Errors whose message is for the instructor: the command line prints it, without a traceback."""

from __future__ import annotations


class InstructorError(Exception):
    """Something that the instructor can put right; the message says what was got and what to do.

    The command line ends with exit code 2.
    """


class UnavailableError(InstructorError):
    """Something outside this program does not answer: the sandbox, a database, a scheduler.

    The command line ends with exit code 3; nothing that was graded before is lost.
    """
