"""The command line of the book."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from book.errors import BookError
from tools.variables import is_on

DESCRIPTION = """\
Build the web book of the course: the site in book/_build/html, the PDF beside it.

1 executes chapters and solutions whose results are missing or stale; what changed is named
2 writes pages for Sphinx, with pictures as files and widgets as frames to step through
3 builds the site; a warning is an error, every internal link and reference is checked
4 prints the PDF where there is Chromium or Chrome

The site needs no server and no network: open book/_build/html/index.html.
"""
EXAMPLES = """\
examples
  make book                  what has changed since the last time
  make book ONLY=05          execute chapter 05 and its solutions alone; no PDF
  make book PDF=0            no PDF
  make book FRESH=1          execute and build everything again
  make book JOBS=4           four notebooks side by side

Without make the same words are options: python -m book --only 05 --no-pdf
BOOK_BUILD=DIR puts all that is made elsewhere. BOOK_REPOSITORY=OWNER/NAME adds buttons for Binder
and for the source. BOOK_PDF=required fails where no browser can print the PDF.
exit codes: 0 the book is built; 1 a notebook failed, or a page is not right; 130 stopped by
Control-C. Results of notebooks that were finished are kept: the next build goes on from there.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; its defaults come from the environment."""
    top = argparse.ArgumentParser(
        prog="python -m book",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument(
        "--only",
        action="append",
        metavar="NN",
        help="execute this chapter and its solutions; may be repeated",
    )
    top.add_argument(
        "--no-pdf",
        action="store_true",
        default=_word("PDF") in ("0", "no", "false"),
        help="make no PDF",
    )
    top.add_argument(
        "--jobs",
        type=_count,
        metavar="N",
        default=_word("JOBS") or "2",
        help="how many notebooks run side by side, and processes of Sphinx (default 2)",
    )
    top.add_argument(
        "--fresh",
        action="store_true",
        default=is_on("FRESH"),
        help="execute and build everything again",
    )
    return top


def _word(name: str) -> str:
    return os.environ.get(name, "").strip().lower()


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 64")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; see ``python -m book --help``."""
    options = parser().parse_args(argv)
    only = options.only or os.environ.get("ONLY", "").replace(",", " ").split()
    try:
        from book.building import build

        build(
            [word.zfill(2) for word in only],
            jobs=options.jobs,
            fresh=options.fresh,
            with_pdf=not options.no_pdf,
        )
    except BookError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Finished notebooks are kept; the next build goes on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
