"""What makes a notebook's results stale, and what leaves them alone."""

import json

import pytest

from book import keys
from book.notebooks import all_pages
from book.places import ROOT

FILES = {
    "utils/__init__.py": "",
    "utils/cells.py": "def step(x):\n    return 2 * x\n",
    "utils/losses.py": "from utils import cells\n\n\ndef loss(x):\n    return cells.step(x)\n",
    "utils/other.py": "VALUE = 1\n",
    "utils/plots/__init__.py": (
        '"""Drawings."""\n\nfrom utils.plots.one import draw_one\n'
        'from utils.plots.two import draw_two\n\n__all__ = ["draw_one", "draw_two"]\n'
    ),
    "utils/plots/one.py": "from .style import COLOUR\n\n\ndef draw_one(ax):\n    return COLOUR\n",
    "utils/plots/two.py": "def draw_two(ax):\n    return 2\n",
    "utils/plots/style.py": 'COLOUR = "black"\n',
    "utils/pytorch/__init__.py": "",
    "utils/pytorch/stored.py": "def load_model(name):\n    return name\n",
    "experiments/__init__.py": "",
    "experiments/common.py": "def read(name):\n    return name\n",
    "experiments/c05_relu.py": 'from experiments.common import read\n\nread("c05.csv")\n',
    "experiments/results/c05.csv": "seed,right\n0,1\n",
    "experiments/results/c06.csv": "seed,right\n0,2\n",
    "pretrained/weights/dates.npz": "weights",
    "book/__init__.py": "",
    "book/frames/__init__.py": "",
    "book/frames/kernel.py": "from utils.plots.style import COLOUR\n",
}


@pytest.fixture
def course(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def parts(course, *codes, words="A sentence."):
    cells = [{"cell_type": "markdown", "source": [words]}]
    cells += [{"cell_type": "code", "source": code.splitlines(True)} for code in codes]
    return keys.Code(course).parts({"cells": cells})


def modules(course, *codes):
    roots = ("utils", "experiments")
    return {name for name in parts(course, *codes) if name.split(".")[0] in roots}


def write(course, name, text):
    (course / name).write_text(text, encoding="utf-8")


ALWAYS = {"utils.plots.style"}  # the kernel's extension reaches it in every notebook


@pytest.mark.parametrize(
    ("code", "reached"),
    [
        ("import numpy as np", set()),
        ("from utils.cells import step", {"utils.cells"}),
        ("from utils.losses import loss", {"utils.losses", "utils.cells"}),
        ("import utils.losses\nutils.losses.loss(1)", {"utils.losses", "utils.cells"}),
        ("import utils.losses as l\nl.loss(1)", {"utils.losses", "utils.cells"}),
        ("from utils.plots import draw_two", {"utils.plots.two"}),
        ("from utils import plots\nplots.draw_two(0)", {"utils.plots", "utils.plots.two"}),
        ("from utils import plots\nplots.draw_one(0)", {"utils.plots", "utils.plots.one"}),
        ("import utils.plots\nutils.plots.draw_two(0)", {"utils.plots", "utils.plots.two"}),
        ("from utils import plots as p\np.two.draw_two(0)", {"utils.plots", "utils.plots.two"}),
    ],
)
def test_a_name_leads_to_the_module_that_defines_it(course, code, reached):
    assert modules(course, code) == reached | ALWAYS


def test_a_package_that_is_handed_on_counts_as_a_whole(course):
    whole = {"utils.plots", "utils.plots.one", "utils.plots.two"}
    assert modules(course, "from utils import plots\nprint(plots)") == whole | ALWAYS


def test_imports_of_one_cell_are_used_in_another(course):
    reached = modules(course, "from utils import plots", "await plots.draw_two(0)")
    assert "utils.plots.two" in reached
    assert "utils.plots.one" not in reached


def test_words_count_for_nothing(course):
    before = parts(course, "from utils.losses import loss")
    write(course, "utils/cells.py", '"""Cells."""\n\n\n# A remark.\n' + FILES["utils/cells.py"])
    now = parts(course, "from utils.losses import loss", words="Another sentence.")
    assert keys.changed_parts(before, now) == []


@pytest.mark.parametrize(
    ("name", "text", "changed"),
    [
        ("utils/cells.py", "def step(x):\n    return 3 * x\n", ["utils.cells"]),
        ("utils/other.py", "VALUE = 2\n", []),
        ("utils/plots/style.py", 'COLOUR = "red"\n', ["utils.plots.style"]),
        ("book/frames/kernel.py", "COLOUR = 1\n", ["book.frames.kernel", "utils.plots.style"]),
    ],
)
def test_code_that_is_reached_counts_and_no_other(course, name, text, changed):
    before = parts(course, "from utils.losses import loss")
    write(course, name, text)
    assert keys.changed_parts(before, parts(course, "from utils.losses import loss")) == changed


def test_a_package_with_code_of_its_own_is_read(course):
    before = parts(course, "from utils import plots\nplots.draw_two(0)")
    write(course, "utils/plots/__init__.py", FILES["utils/plots/__init__.py"] + "\nSIZE = 3\n")
    now = parts(course, "from utils import plots\nplots.draw_two(0)")
    assert keys.changed_parts(before, now) == ["utils.plots", "utils.plots.one"]


def test_code_cells_count(course):
    assert keys.changed_parts(parts(course, "1 + 1"), parts(course, "1 + 2")) == ["its code cells"]


def test_stored_results_count_for_the_chapter_that_shows_them(course):
    code = "from experiments import c05_relu"
    before = parts(course, code)
    write(course, "experiments/results/c06.csv", "seed,right\n0,3\n")
    assert parts(course, code) == before
    write(course, "experiments/results/c05.csv", "seed,right\n0,3\n")
    changed = keys.changed_parts(before, parts(course, code))
    assert changed == ["experiments/results/c05.csv"]


def test_stored_weights_count_where_they_are_loaded(course):
    code = "from utils.pytorch.stored import load_model"
    before = parts(course, code)
    write(course, "pretrained/weights/dates.npz", "others")
    assert keys.changed_parts(before, parts(course, code)) == ["pretrained/weights/dates.npz"]
    assert "pretrained/weights/dates.npz" not in parts(course, "from utils.cells import step")


def test_versions_of_packages_count_and_are_named_last(course, monkeypatch):
    versions, before = keys.versions(), parts(course, "1")
    monkeypatch.setattr(keys, "versions", lambda: {**versions, "numpy": "0"})
    now = parts(course, "2")
    assert keys.changed_parts(before, now) == ["its code cells", "numpy"]


def test_code_that_is_no_python_is_refused(course):
    with pytest.raises(SyntaxError):
        parts(course, "def f(:")


def test_every_stored_file_is_read_by_a_module_that_exists():
    reader, weights = keys.WEIGHTS
    assert (ROOT / f"{reader.replace('.', '/')}.py").is_file()
    assert list(ROOT.glob(weights))
    scripts = "".join(path.read_text("utf-8") for path in ROOT.glob("experiments/*.py"))
    assert all(f'"{path.name}"' in scripts for path in ROOT.glob(keys.RESULTS))


def test_chapters_reach_what_they_show():
    code, found = keys.Code(), {}
    for page in all_pages():
        if page.kind == "chapter":
            notebook = json.loads(page.source.read_text(encoding="utf-8"))
            found[page.number] = set(code.parts(notebook))
    assert "experiments/results/c05.csv" in found["05"]
    assert "experiments/results/c21.csv" not in found["05"]
    shown = {path.name for path in ROOT.glob(keys.RESULTS)}
    assert {name.split("/")[-1] for name in found["12"] if name.endswith(".csv")} == shown
    assert "pretrained/weights/dates.npz" in found["10"]
    assert "utils.widgets.chapter05" in found["05"]
    assert "utils.widgets.chapter08" not in found["05"]
    assert all("book.frames.kernel" in names for names in found.values())
    assert all("utils.plots.style" in names for names in found.values())
