"""Find out whether this machine is ready for the course, and say how to cure what is not.

The check runs where things are broken: it uses the standard library alone and imports nothing
that it examines. `report` is what chapter 00 calls; `collect` looks at the machine and `judge`,
which is pure, turns what was seen into findings, each with its cure.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

NAME = "unrolled"
OLDEST_PYTHON = (3, 11)
COURSE_PACKAGES = ("utils", "experiments")
WIDGET_EXTENSIONS = {"@jupyter-widgets/jupyterlab-manager": 5, "anywidget": 0}
"""What draws widgets in the browser, each with the oldest major version that fits."""

RESTART = "then choose Kernel → Restart Kernel in the menu and run this cell again."
LAB = "`make lab` (on Windows `py tools\\course.py lab`) in the folder of the course"


class Finding(NamedTuple):
    """Something that is not as the course needs it, and what to do about it."""

    name: str
    """Short name, such as "old" or "hidden"."""
    problem: str
    """What was found and what was expected, as a sentence."""
    cure: str
    """What to do, as a sentence."""
    blocks: bool = True
    """Whether chapters will fail; otherwise something smaller is amiss."""

    def __str__(self) -> str:
        kind = "Problem" if self.blocks else "Note"
        return f"{kind}: {self.problem}\n   Cure: {self.cure}"


@dataclass(frozen=True)
class Facts:
    """What `collect` has seen of a machine."""

    python: tuple[int, ...]
    """Version of Python."""
    executable: str
    """The program that runs it."""
    prefix: Path
    """Folder of the environment that this kernel runs in."""
    folder: Path
    """The working folder, that is the notebook's."""
    package_root: Path | None
    """Checkout of the course that the package comes from, if it comes from one."""
    folder_root: Path | None
    """Checkout of the course that the working folder lies in, if any."""
    required: Mapping[str, str]
    """Package → oldest version that fits ("" for any)."""
    installed: Mapping[str, str]
    """Package → version, for those of `required` that are there."""
    hiding: Mapping[str, Path] = field(default_factory=dict)
    """Module → a file or folder of the learner's that hides it."""
    extensions: Mapping[str, str] = field(default_factory=dict)
    """Front end of widgets → its version, for those of `WIDGET_EXTENSIONS` that are there."""
    disabled: tuple[str, ...] = ()
    """Those of `WIDGET_EXTENSIONS` that JupyterLab's settings switch off."""
    unwritable: str = ""
    """The folder for progress, if it cannot be written to."""


def collect(folder: Path | None = None) -> Facts:
    """Look at the machine, without importing any of the packages in question.

    Parameters
    ----------
    folder : Path, optional
        The notebook's folder; the working folder if not given.

    Returns
    -------
    facts : Facts
    """
    folder = Path.cwd() if folder is None else Path(folder)
    package_root = course_root(Path(__file__).parent)
    required = read_requirements(package_root)
    return Facts(
        python=tuple(sys.version_info[:3]),
        executable=sys.executable,
        prefix=Path(sys.prefix),
        folder=folder,
        package_root=package_root,
        folder_root=course_root(folder),
        required=required,
        installed={name: found for name in required if (found := installed_version(name))},
        hiding=find_hiding(folder, required),
        extensions=find_extensions(_data_folders()),
        disabled=find_disabled(_config_folders()),
        unwritable=_unwritable_progress(),
    )


def judge(facts: Facts) -> list[Finding]:
    """Turn what was seen into findings, the ones to cure first at the front.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    findings : list of Finding
        Empty if all is well.
    """
    return [
        *_judge_python(facts),
        *_judge_hiding(facts),
        *_judge_packages(facts),
        *_judge_place(facts),
        *_judge_front_end(facts),
        *_judge_progress(facts),
    ]


def report(facts: Facts | None = None) -> list[Finding]:
    """Print each finding with its cure, or that all is well, and return the findings.

    Parameters
    ----------
    facts : Facts, optional
        What to judge; what `collect` sees now if not given.

    Returns
    -------
    findings : list of Finding
        Empty if all is well.
    """
    facts = collect() if facts is None else facts
    findings = judge(facts)
    for number, finding in enumerate(findings, start=1):
        print(f"{number}. {finding}")
    if not any(finding.blocks for finding in findings):
        shown = [n for n in ("numpy", "torch", "jupyterlab", "ipywidgets") if n in facts.installed]
        versions = ", ".join(f"{name} {facts.installed[name]}" for name in shown)
        print(f"Ready: Python {_dotted(facts.python)}, {versions}.")
    return findings


def course_root(folder: Path) -> Path | None:
    """Return the checkout of the course that a folder lies in, or None.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    root : Path or None
        The nearest folder above, or itself, whose pyproject.toml names the course.
    """
    for candidate in (folder, *folder.parents):
        file = candidate / "pyproject.toml"
        if file.is_file() and _project(file).get("name") == NAME:
            return candidate
    return None


def read_requirements(root: Path | None) -> dict[str, str]:
    """Return the packages that the course needs, each with the oldest version that fits.

    Parameters
    ----------
    root : Path or None
        A checkout, whose pyproject.toml is read; without one, what the installed course says.

    Returns
    -------
    required : dict of str to str
        Package → version, "" where any will do. Empty if the course is not installed.
    """
    if root is not None:
        lines = _project(root / "pyproject.toml").get("dependencies", [])
    else:
        try:
            lines = metadata.requires(NAME) or []
        except metadata.PackageNotFoundError:
            lines = []
    required = {}
    for line in lines:
        requirement, _, marker = line.partition(";")
        name = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
        if name and "extra" not in marker:
            bound = re.search(r">=\s*([0-9][0-9.]*)", requirement)
            required[name[0]] = bound[1] if bound else ""
    return required


def installed_version(name: str) -> str | None:
    """Return the version of an installed package, or None if it is not there.

    Parameters
    ----------
    name : str
        Name of the package as pip knows it.

    Returns
    -------
    version : str or None
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def is_older(version: str, oldest: str) -> bool:
    """Tell whether a version such as "2.1.0+cpu" lies before another such as "2.1".

    Parameters
    ----------
    version, oldest : str
        Only the leading numbers count, so that "2.1rc1" is taken for 2.1.

    Returns
    -------
    older : bool

    Raises
    ------
    ValueError
        If one of them does not begin with a number.
    """
    one, other = _numbers(version), _numbers(oldest)
    length = max(len(one), len(other))
    return one + (0,) * (length - len(one)) < other + (0,) * (length - len(other))


def find_hiding(folder: Path, required: Mapping[str, str]) -> dict[str, Path]:
    """Find files in a folder that hide a module, since Python looks in the notebook's folder first.

    Parameters
    ----------
    folder : Path
        The notebook's folder.
    required : mapping with package names as keys
        Modules that may be hidden, besides those of the course and of Python itself.

    Returns
    -------
    hiding : dict of str to Path
        Module → the file or folder that stands in its place.
    """
    ours = {name: Path(__file__).parent.with_name(name) for name in COURSE_PACKAGES}
    python = set(getattr(sys, "stdlib_module_names", ())) - set(sys.builtin_module_names)
    hiding = {}
    for name in sorted({*required, *ours, *python}):
        for place in (folder / name, folder / f"{name}.py"):
            is_package = place.is_dir() and (name in ours or (place / "__init__.py").is_file())
            is_own = name in ours and place.resolve() == ours[name].resolve()
            if (is_package or place.is_file()) and not is_own:
                hiding.setdefault(name, place)
    return hiding


def find_extensions(folders: tuple[Path, ...]) -> dict[str, str]:
    """Find the front ends that draw widgets in JupyterLab.

    Parameters
    ----------
    folders : tuple of Path
        Jupyter's data folders, the one that counts most first.

    Returns
    -------
    extensions : dict of str to str
        Name → version, of those of `WIDGET_EXTENSIONS` that are installed.
    """
    found = {}
    for name in WIDGET_EXTENSIONS:
        for folder in folders:
            file = folder / "labextensions" / name / "package.json"
            if file.is_file():
                found[name] = str(_read_json(file).get("version", "0"))
                break
    return found


def find_disabled(folders: tuple[Path, ...]) -> tuple[str, ...]:
    """Find the front ends of widgets that JupyterLab's settings switch off.

    Parameters
    ----------
    folders : tuple of Path
        Jupyter's folders of settings.

    Returns
    -------
    disabled : tuple of str
    """
    disabled = set()
    for folder in folders:
        settings = _read_json(folder / "labconfig" / "page_config.json").get("disabledExtensions")
        names = settings if isinstance(settings, Mapping) else dict.fromkeys(settings or (), True)
        for name in WIDGET_EXTENSIONS:
            if any(off and key.partition(":")[0] == name for key, off in names.items()):
                disabled.add(name)
    return tuple(sorted(disabled))


# Judgements, one subject each


def _judge_python(facts: Facts) -> list[Finding]:
    if facts.python[:2] >= OLDEST_PYTHON:
        return []
    problem = (
        f"This kernel runs Python {_dotted(facts.python)} ({facts.executable}); "
        f"the course needs Python {_dotted(OLDEST_PYTHON)} or newer."
    )
    cure = (
        f"Install a newer Python, run {LAB}, and choose Kernel → Change Kernel → "
        "Python 3 (ipykernel) in the window that opens."
    )
    return [Finding("python", problem, cure)]


def _judge_hiding(facts: Facts) -> list[Finding]:
    findings = []
    for name, place in facts.hiding.items():
        kind = "the course's own package" if name in COURSE_PACKAGES else "a module of that name"
        problem = f"{place} hides {kind}, `{name}`: Python looks in the notebook's folder first."
        cure = f"Rename it, for example to my_{place.name}, {RESTART}"
        blocks = name in COURSE_PACKAGES or name in facts.required
        findings.append(Finding("hidden", problem, cure, blocks))
    return findings


def _judge_packages(facts: Facts) -> list[Finding]:
    if not facts.required:
        problem = f"The course is not installed in this kernel's environment ({facts.prefix})."
        return [Finding("not installed", problem, _kernel_cure(facts))]
    findings = []
    missing = [name for name in facts.required if name not in facts.installed]
    if missing:
        problem = (
            f"{_listed(missing)} {'is' if len(missing) == 1 else 'are'} not installed in this "
            f"kernel's environment ({facts.prefix})."
        )
        findings.append(Finding("missing", problem, _kernel_cure(facts)))
    for name, version in facts.installed.items():
        oldest = facts.required.get(name, "")
        if oldest and is_older(version, oldest):
            problem = f"{name} has version {version}; the course needs {oldest} or newer."
            findings.append(Finding("old", problem, _kernel_cure(facts)))
    return findings


def _judge_place(facts: Facts) -> list[Finding]:
    root, here = facts.package_root, facts.folder_root
    if root is not None and here is not None and root.resolve() != here.resolve():
        problem = (
            f"This notebook lies in {here}, but the course's package comes from {root}: "
            "there are two copies of the course, and they may differ."
        )
        cure = f"Run {LAB} that you want to use ({here}), and open the notebook there."
        return [Finding("two copies", problem, cure, blocks=False)]
    made = None if root is None else root / ".venv"
    if made is not None and made.is_dir() and made.resolve() != facts.prefix.resolve():
        problem = (
            f"This kernel runs in {facts.prefix}, not in the environment that the course made "
            f"for itself, {made}."
        )
        cure = (
            f"If something fails, run {LAB}, and choose Kernel → Change Kernel → "
            "Python 3 (ipykernel) there. If you chose this environment on purpose, all is well."
        )
        return [Finding("other environment", problem, cure, blocks=False)]
    return []


def _judge_front_end(facts: Facts) -> list[Finding]:
    if "ipywidgets" not in facts.installed:
        return []  # said already
    findings = []
    for name, oldest in WIDGET_EXTENSIONS.items():
        version = facts.extensions.get(name)
        if name in facts.disabled:
            problem = f"JupyterLab's extension {name}, which draws sliders, is switched off."
            cure = f"In a terminal: jupyter labextension enable {name}. Then reload this page."
        elif version is None:
            problem = f"JupyterLab's extension {name}, which draws sliders, is not installed."
            package = "jupyterlab_widgets" if name.startswith("@jupyter-widgets") else name
            cure = (
                f'In a terminal: "{facts.executable}" -m pip install --force-reinstall {package}. '
                "Then start JupyterLab again. If the slider below moves, all is well."
            )
        elif is_older(version, str(oldest)):
            problem = f"JupyterLab's extension {name} has version {version}; it needs {oldest}."
            cure = (
                f'In a terminal: "{facts.executable}" -m pip install --upgrade ipywidgets. '
                "Then start JupyterLab again."
            )
        else:
            continue
        findings.append(Finding("front end", problem, cure, blocks=False))
    return findings


def _judge_progress(facts: Facts) -> list[Finding]:
    if not facts.unwritable:
        return []
    problem = f"The folder {facts.unwritable} cannot be written to, so progress is not kept."
    cure = "Set the environment variable UNROLLED_HOME to a folder of yours before JupyterLab."
    return [Finding("progress", problem, cure, blocks=False)]


def _kernel_cure(facts: Facts) -> str:
    made = None if facts.package_root is None else facts.package_root / ".venv"
    if made is not None and made.is_dir() and made.resolve() != facts.prefix.resolve():
        return (
            f"This is not the course's own environment. Run {LAB}, choose Kernel → Change Kernel "
            "→ Python 3 (ipykernel) there, and run this cell again."
        )
    if made is not None and made.is_dir():
        return f"Run {LAB}, which repairs its environment; {RESTART}"
    target = "." if facts.package_root is None else str(facts.package_root)
    return f'In a terminal: "{facts.executable}" -m pip install --upgrade -e "{target}"; {RESTART}'


# Looking at the machine


def _project(file: Path) -> dict[str, Any]:
    try:
        import tomllib  # not there before Python 3.11, which is found all the same

        return tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (ImportError, OSError, ValueError):  # ValueError: no UTF-8, or no TOML
        return {}


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _data_folders() -> tuple[Path, ...]:
    named = [Path(p) for p in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if p]
    home = Path.home()
    users = [
        home / ".local" / "share" / "jupyter",
        home / "Library" / "Jupyter",
        Path(os.environ.get("APPDATA", home)) / "jupyter",
    ]
    system = [Path("/usr/local/share/jupyter"), Path("/usr/share/jupyter")]
    return (*named, Path(sys.prefix) / "share" / "jupyter", *users, *system)


def _config_folders() -> tuple[Path, ...]:
    named = [Path(p) for p in os.environ.get("JUPYTER_CONFIG_PATH", "").split(os.pathsep) if p]
    own = Path(os.environ.get("JUPYTER_CONFIG_DIR", Path.home() / ".jupyter"))
    return (*named, own, Path(sys.prefix) / "etc" / "jupyter")


def _unwritable_progress() -> str:
    try:
        from utils import progress
    except ImportError:  # an old Python, which is a finding of its own
        return ""
    folder = progress.path().parent
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return "" if existing.is_dir() and os.access(existing, os.W_OK) else str(folder)


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    if not found:
        raise ValueError(f"version is {version!r}; expected one such as '2.1'.")
    return tuple(int(part) for part in found[0].split("."))


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
