"""Where the source of what the reference describes is shown, if the repository is known."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

from book.api.names import PACKAGE, module_of
from book.places import ROOT, repository, source_address


def path_of(module: ModuleType) -> str:
    """Return where the source of a module stands in the repository.

    Parameters
    ----------
    module : module

    Returns
    -------
    str
        Such as "utils/cells/lstm.py".
    """
    return Path(str(module.__file__)).resolve().relative_to(ROOT).as_posix()


def source_link(module: ModuleType) -> str:
    """Return where the source of a module stands, as reStructuredText; a link if there is one.

    Parameters
    ----------
    module : module

    Returns
    -------
    str
    """
    path, address = path_of(module), repository()
    return f"`{path} <{source_address(path, address)}>`__" if address else f"``{path}``"


def source_of(domain: str, info: dict[str, str]) -> str | None:
    """Return the address of the lines that define something, as `sphinx.ext.linkcode` asks.

    Parameters
    ----------
    domain : str
        "py" for all that is described here.
    info : dict of str to str
        "module" and "fullname".

    Returns
    -------
    str or None
        None where nothing can be pointed at: constants, other names for what another package
        defines, and while no repository is known.
    """
    address = repository()
    if domain != "py" or not address or not info["module"]:
        return None
    thing: Any = module_of(info["module"])
    for part in info["fullname"].split("."):
        thing = inspect.getattr_static(thing, part, None)
    if isinstance(thing, property):
        thing = thing.fget
    elif isinstance(thing, functools.cached_property):
        thing = thing.func
    thing = inspect.unwrap(thing)  # what is cached, or of a class
    if not (inspect.isfunction(thing) or inspect.isclass(thing)):
        return None
    if thing.__module__.split(".")[0] != PACKAGE:
        return None
    lines, first = inspect.getsourcelines(thing)
    shown = source_address(path_of(module_of(thing.__module__)), address)
    return f"{shown}#L{first}-L{first + len(lines) - 1}"
