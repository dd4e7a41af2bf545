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
MODULES = sorted(
    info.name for info in pkgutil.walk_packages(utils.__path__, "utils.") if not info.ispkg
)
# What each package of the course may import, lowest first; a package is listed after all of these.
MAY_IMPORT = {
    "utils": (),
    "tools": (),
    "experiments": ("utils", "tools"),
    "pretrained": ("utils", "experiments"),
    "instructor": ("utils", "tools"),
    "book": ("utils", "tools", "experiments"),
}
MAY_IMPORT_ALL = ("benchmarks", "tests")
LAYERS = {"utils.widgets": 3, "utils.plots": 2, "utils.checks": 2}  # all others: 1


def layer(module):
    for name, number in LAYERS.items():
        if module == name or module.startswith(name + "."):
            return number
    return 1


def imported(path):
    """Return every module of the package that the file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("utils"):
            names |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("utils")}
    return names


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
        for path in sorted(folder.rglob("*.py"))
        if "_build" not in path.parts
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
    return ROOT / (module.replace(".", "/") + ".py")


@pytest.mark.parametrize("module", MODULES)
def test_dependencies_run_one_way(module):
    for other in imported(file_of(module)):
        if layer(other) > layer(module):
            pytest.fail(f"{module} imports {other}, which stands above it")
        if {layer(module), layer(other)} == {2} and module.split(".")[1] != other.split(".")[1]:
            pytest.fail(f"{module} imports {other}, which stands beside it")


@pytest.mark.parametrize("module", MODULES)
def test_modules_have_one_subject(module):
    assert len(file_of(module).read_text(encoding="utf-8").splitlines()) <= 500


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
