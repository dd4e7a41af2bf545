"""Assign, collect, grade in a sandbox and give back the exercises of the course.

``python -m instructor --help`` lists the commands; ``instructor/README.md`` tells the whole path.
"""

import sys


def _import_nbformat() -> None:
    """Import nbformat without a grammar that takes two seconds and that it has no use for.

    Its check of notebooks is jsonschema's, which tries to import all packages for formats that it
    might ever meet. Every process that grades would pay for the one of international web addresses.
    """
    unused = "rfc3987_syntax"
    if "jsonschema" in sys.modules or unused in sys.modules:
        return
    sys.modules[unused] = None  # type: ignore[assignment]  # reads as "not installed"
    try:
        import nbformat  # noqa: F401
    finally:
        del sys.modules[unused]


_import_nbformat()
