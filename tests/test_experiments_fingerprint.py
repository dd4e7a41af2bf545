"""What makes stored rows stale: a change of code does, a change of words does not."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import experiments
from experiments import c05_relu, fingerprint
from experiments.fingerprint import ROOT, code_of, imported_modules, sources

SCRIPT = "experiments/c05_relu.py"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy")
    for package in fingerprint.PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.csv")
        )
    return folder


@pytest.fixture
def edited(original):
    """Give a function that edits a file of the copy; every file is put back after the test."""
    before = {}

    def edit(name, old, new):
        path = original / name
        text = path.read_text(encoding="utf-8")
        before.setdefault(path, text)
        assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return mark(original)

    yield edit
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")


def mark(root, settings=c05_relu.SETTINGS):
    experiment = c05_relu.EXPERIMENT
    deciding = {name: value for name, value in settings.items() if name not in experiment.plan}
    return fingerprint.fingerprint(root / SCRIPT, deciding, root, unused=experiment.unused)


def test_a_copy_elsewhere_has_the_same_fingerprint(original):
    assert mark(original) == c05_relu.EXPERIMENT.fingerprint()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (SCRIPT, "The usual argument", "The argument that one meets"),
        (SCRIPT, "    start, activation = set", "    # as set\n    start, activation = set"),
        (SCRIPT, "make_jobs(settings, \"network\")", "make_jobs(settings, \"network\")[:9]"),
        (SCRIPT, "SUCCESS = 0.90", "SUCCESS = 0.80"),  # of the verdict alone
        (SCRIPT, "from experiments.training import GATED, build", "import json\n\n"
         "from experiments.training import GATED, build"),
        ("utils/optim.py", "Follow the gradient downhill", "Go down along the gradient"),
        ("utils/optim.py", "            w -= self.learning_rate * g\n",
         "            w -= self.learning_rate * g  # downhill\n\n"),
        ("utils/sequence/rnn.py", "Run a plain RNN over a sequence.", "Run over a sequence."),
        ("utils/validation.py", "expected a number", "wanted a number"),
        ("utils/unrolled.py", "def ", "def _unused() -> None:\n    return None\n\n\ndef "),
    ],
)  # fmt: skip
def test_words_and_what_no_row_comes_from_keep_the_rows(original, edited, name, old, new):
    before = mark(original)
    if name.endswith(("validation.py", "unrolled.py")):
        path = original / name
        text = path.read_text(encoding="utf-8")
        edited(name, text, text.replace(old, new, 1))
    else:
        edited(name, old, new)
    assert (original / name).read_text() != (ROOT / name).read_text()
    assert mark(original) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (SCRIPT, 'settings["updates"],\n', 'settings["updates"] + 1,\n'),
        ("experiments/training.py", "LAST = 50", "LAST = 60"),
        ("experiments/distance_study.py", '[job["seed"], 1]', '[job["seed"], 2]'),
        ("utils/optim.py", "            w -= self.learning_rate * g\n",
         "            w -= 2 * self.learning_rate * g\n"),
        ("utils/clipping.py", "min(1.0, max_norm / norm)", "min(1.0, max_norm / (norm + 1e-6))"),
        ("utils/data/grammar.py", '_ADVERBS = ("already", "often", "still")',
         '_ADVERBS = ("already", "often")'),
        ("utils/initialisation.py", "scale = shape[0] ** -0.5", "scale = shape[1] ** -0.5"),
        ("utils/jacobians.py", 'PLACEHOLDER', ""),
    ],
)  # fmt: skip
def test_a_changed_expression_makes_the_rows_stale(original, edited, name, old, new):
    before = mark(original)
    if old == "PLACEHOLDER":
        old = "logs[t] = logs[t + 1] + np.log10(size)"
        new = "logs[t] = logs[t + 1] + np.log(size)"
    assert edited(name, old, new) != before


def test_other_settings_make_the_rows_stale(original):
    assert mark(original, {**c05_relu.SETTINGS, "updates": 601}) != mark(original)
    assert mark(original, {**c05_relu.SETTINGS, "seeds": [0]}) == mark(original)


def test_line_ends_of_another_system_do_not_count(original):
    path = original / SCRIPT
    before, text = mark(original), path.read_bytes()
    path.write_bytes(text.replace(b"\n", b"\r\n"))
    after = mark(original)
    path.write_bytes(text)
    assert after == before


def test_all_of_the_engine_counts():
    found = set(sources(ROOT / SCRIPT, unused=c05_relu.EXPERIMENT.unused))
    assert found >= {
        "experiments.distance_study",
        "experiments.training",
        "utils.cells.rnn",
        "utils.classifier",
        "utils.clipping",
        "utils.data.grammar",
        "utils.initialisation",
        "utils.jacobians",
        "utils.optim",
        "utils.sequence.rnn",
    }
    assert not any(fingerprint.is_excluded(module) for module in found)
    assert not any(module.startswith("utils.widgets") for module in found)


def test_what_is_excluded_exists_and_says_why():
    for module, reason in fingerprint.EXCLUDED.items():
        assert fingerprint.file_of(module), module
        assert len(reason.split()) > 3


CODE = '''"""A module."""

import math  # for pi

NUMBER = 1
"""What NUMBER is."""


def area(r):
    """Return π r²; "naïve" # not a comment here."""
    text = "# neither is this"  # but this is: ü

    return math.pi * r**2, text


class Empty:
    """Nothing but words."""


def alone():
    "Words." ; "More words."
'''


def test_code_without_comments_and_docstrings():
    code = code_of(CODE)
    assert code == (
        "import math\nNUMBER = 1\ndef area(r):\n"
        '    text = "# neither is this"\n    return math.pi * r**2, text\n'
        "class Empty:\n    ...\ndef alone():\n    ... ;\n"
    )
    assert code_of(code) == code
    without = ast.parse(CODE.replace("π r²", "the area"))
    assert code_of(CODE.replace("π r²", "the area")) == code
    assert isinstance(without, ast.Module)


def test_every_module_of_the_project_can_be_read():
    for folder in ("experiments", "utils", "utils/cells", "utils/data", "utils/sequence"):
        for path in (ROOT / folder).glob("*.py"):
            ast.parse(code_of(path.read_text(encoding="utf-8")))


def test_imports_are_followed_to_where_a_name_is_defined(tmp_path):
    package = tmp_path / "utils"
    (package / "cells").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "cells" / "__init__.py").write_text(
        "from .rnn import A\nfrom utils.cells.lstm import B\n"
    )
    (package / "cells" / "rnn.py").write_text("A = 1\n")
    (package / "cells" / "lstm.py").write_text("B = 2\n")
    (package / "one.py").write_text("def f():\n    from .cells import A as C\n    return C\n")

    def found(text, package=""):
        return imported_modules(ast.parse(text), package, tmp_path)

    assert found("from utils.cells import A") == {"utils.cells.rnn"}
    assert found("from utils.cells import B, A as X") == {"utils.cells.rnn", "utils.cells.lstm"}
    assert found("from utils.cells import rnn") == {"utils.cells.rnn"}
    assert found("import utils.cells.lstm as z, numpy") == {"utils.cells.lstm"}
    assert found("from .cells.lstm import B", "utils") == {"utils.cells.lstm"}
    script = tmp_path / "s.py"
    script.write_text(
        "from utils import one\nfrom utils.cells import B\n"
        "def run_job(j): return one.f()\ndef verdict(r): return B\n"
    )
    assert set(sources(script, tmp_path)) == {"", "utils.one", "utils.cells.rnn"}
    assert set(sources(script, tmp_path, unused=["utils.one"])) == {""}
    script.write_text("def jobs(s): return []\n")
    with pytest.raises(ValueError, match="defines no run_job"):
        sources(script, tmp_path)


def test_a_call_at_the_top_level_counts_and_the_main_block_does_not(tmp_path):
    script = tmp_path / "s.py"
    text = "def run_job(j): return {}\ndef set_up(): return 1\n"
    script.write_text(text + "if __name__ == '__main__':\n    set_up()\n")
    assert "set_up" not in sources(script, tmp_path)[""]
    script.write_text(text + "set_up()\n")
    assert "def set_up(): return 1" in sources(script, tmp_path)[""]


def test_fingerprints_do_not_need_the_heavy_packages():
    code = (
        "import sys; from pathlib import Path; from experiments.fingerprint import fingerprint; "
        f"fingerprint(Path({str(Path(experiments.__path__[0], 'c05_relu.py'))!r}), {{}}); "
        "print(sorted(m for m in ('numpy', 'pandas', 'torch') if m in sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert answer.stdout.strip() == "[]", answer.stderr
