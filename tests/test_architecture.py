"""The order of the packages: who may import whom, and that public things are documented."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import utils
from utils.checks import REGISTRY

ROOT = Path(__file__).resolve().parents[1]
MODULES = ["utils", *sorted(info.name for info in pkgutil.walk_packages(utils.__path__, "utils."))]
# What each package of the course may import, lowest first; a package is listed after all of these.
MAY_IMPORT = {
    "utils": (),
    "tools": (),
    "experiments": ("utils", "tools"),
    "pretrained": ("utils", "tools", "experiments"),
    "instructor": ("utils", "tools"),
    "book": ("utils", "tools", "experiments"),
}
MAY_IMPORT_ALL = ("benchmarks", "tests")
LAYERS = {"utils.widgets": 3, "utils.plots": 2, "utils.checks": 2}  # all others: 1
UPWARDS = {("utils.lens", "utils.widgets.lens")}  # its live figure, imported when it is asked for
LONGEST = 500  # lines of a module
LONG = {"experiments/c20_forecasting.py"}  # its text belongs to the rows that were measured by it


def layer(module):
    for name, number in LAYERS.items():
        if within(module, name):
            return number
    return 1


def imported(path):
    """Return every module of the package that the file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: expected the whole name of what is imported"
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "utils":
            names |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("utils")}
    return names


def modules_of(folder):
    """Return the files of a package, without what the book builds."""
    return [path for path in sorted(folder.rglob("*.py")) if "_build" not in path.parts]


def packages_imported(path):
    """Return the top-level packages that the file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.partition(".")[0] for name in names}


def wrong_imports(folder, allowed):
    """Return the files of a package that import another one which they may not, with its name."""
    course = set(MAY_IMPORT) | set(MAY_IMPORT_ALL)
    return [
        (path.relative_to(folder.parent).as_posix(), other)
        for path in modules_of(folder)
        for other in sorted(packages_imported(path) & course - {folder.name, *allowed})
    ]


def test_the_packages_are_all_there_and_no_two_need_each_other():
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found == set(MAY_IMPORT) | set(MAY_IMPORT_ALL)
    names = list(MAY_IMPORT)
    for place, (name, allowed) in enumerate(MAY_IMPORT.items()):
        assert set(allowed) <= set(names[:place]), name


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_depend_one_way(package):
    assert wrong_imports(ROOT / package, MAY_IMPORT[package]) == []


def test_an_import_from_above_would_be_seen(tmp_path):
    folder = tmp_path / "utils"
    folder.mkdir()
    (folder / "first.py").write_text("def f():\n    from book.keys import Code\n")
    (folder / "second.py").write_text(
        "import numpy, utils.first\nimport tools.locking as locking\n"
    )
    assert wrong_imports(folder, ()) == [("utils/first.py", "book"), ("utils/second.py", "tools")]
    assert wrong_imports(folder, ("book", "tools")) == []


def file_of(module):
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def within(module, package):
    return f"{module}.".startswith(f"{package}.")


@pytest.mark.parametrize("module", MODULES)
def test_dependencies_run_one_way(module):
    for other in imported(file_of(module)):
        if any(module == lower and within(other, upper) for lower, upper in UPWARDS):
            continue
        if layer(other) > layer(module):
            pytest.fail(f"{module} imports {other}, which stands above it")
        if {layer(module), layer(other)} == {2} and module.split(".")[1] != other.split(".")[1]:
            pytest.fail(f"{module} imports {other}, which stands beside it")


def test_a_package_counts_as_a_module():
    assert {"utils", "utils.layers", "utils.checks", "utils.lens"} < set(MODULES)
    for lower, upper in UPWARDS:
        assert any(within(other, upper) for other in imported(file_of(lower)))


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_module_is_long(package):
    long = {
        path.relative_to(ROOT).as_posix()
        for path in modules_of(ROOT / package)
        if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST
    }
    assert long == {name for name in LONG if name.startswith(f"{package}/")}


def mistakes():
    """Return the functions that compute known mistakes; their messages document them."""
    return {
        function
        for chapter in REGISTRY.values()
        for check in chapter.values()
        for mistake in check.mistakes
        for function in mistake.replaces.values()
    }


def public_things(module):
    loaded = importlib.import_module(module)
    for name, thing in vars(loaded).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module:
            continue
        documented_by_message = inspect.isfunction(thing) and thing in mistakes()
        if not documented_by_message and (inspect.isfunction(thing) or inspect.isclass(thing)):
            yield name, thing


@pytest.mark.parametrize("module", MODULES)
def test_public_things_are_documented(module):
    assert importlib.import_module(module).__doc__, f"{module} has no docstring"
    for name, thing in public_things(module):
        doc = inspect.getdoc(thing)
        assert doc, f"{module}.{name} has no docstring"
        first = doc.splitlines()[0]
        assert first.endswith((".", ":", "?")), f"{module}.{name}: {first!r} is not a sentence"
        if inspect.isfunction(thing) and not module.startswith("utils.checks.chapter"):
            hints = inspect.signature(thing)
            missing = [p.name for p in hints.parameters.values() if p.annotation is p.empty]
            assert not missing, f"{module}.{name}: no type hint for {missing}"
