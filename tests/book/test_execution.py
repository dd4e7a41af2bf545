"""Executing notebooks: what is kept, what is stale, and what a failure says."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from book import execution
from book.errors import BookError
from book.execution import execute
from book.keys import Code
from book.notebooks import Page
from book.places import ROOT
from book.stored import job_for, read_stored, stored_path, with_results


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Return a function that makes a page of a small notebook, in a course of its own."""
    monkeypatch.setattr(execution, "ROOT", tmp_path)
    monkeypatch.setattr(execution, "KERNEL_EXTENSION", "json")  # any module: it has no hook
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "chapters").mkdir()

    def make(*codes, name="05_x"):
        cells = [new_markdown_cell("# 05 · X", id="title")]
        cells += [new_code_cell(code, id=f"cell-{n}") for n, code in enumerate(codes)]
        path = tmp_path / "chapters" / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=cells), path)
        return Page("chapter", name, f"chapters/{name}", path, "05", "05 · X", "", "")

    return make


def job(page, folder, fresh=False):
    return job_for(page, folder, Code(), fresh)


@pytest.fixture
def no_extension(monkeypatch):
    monkeypatch.setattr(execution, "_check_extension", lambda log: None)


def run(page, folder):
    execute([job(page, folder)], folder, 1)


def test_results_are_kept_with_what_they_depend_on(made, tmp_path, no_extension):
    page, folder = made("print(2 * 3)", "import os\nprint(os.getcwd())"), tmp_path / "executed"
    assert job(page, folder).reason == "no results yet"
    seen = []
    execute(
        [job(page, folder)],
        folder,
        1,
        lambda page: seen.append(page.name),
        lambda page, seconds: seen.append(seconds),
    )
    assert seen[:-1] == ["05_x", "05_x"]
    assert seen[-1] > 0
    stored = read_stored(page, folder)
    assert stored.cells[1].outputs[0].text == "6\n"
    assert stored.cells[2].outputs[0].text.strip() == str(page.source.parent)
    assert "its code cells" in stored.metadata["unrolled"]["parts"]
    assert job(page, folder) is None
    assert job(page, folder, fresh=True).reason == "asked for by --fresh"


def test_better_words_need_no_new_results(made, tmp_path, no_extension):
    page, folder = made("print(6)"), tmp_path / "executed"
    run(page, folder)
    notebook = nbformat.read(page.source, 4)
    notebook.cells[0].source = "# 05 · A better title"
    nbformat.write(notebook, page.source)
    assert job(page, folder) is None
    shown, executed = with_results(page, folder)
    assert executed
    assert shown.cells[0].source == "# 05 · A better title"
    assert shown.cells[1].outputs[0].text == "6\n"
    made("print(7)")
    assert job(page, folder).reason == "changed: its code cells"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"metadata": {"unrolled": {}}}'])
def test_results_that_cannot_be_read_are_made_again(made, tmp_path, text):
    page, folder = made("1"), tmp_path / "executed"
    path = stored_path(page, folder)
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert job(page, folder).reason == "no results yet"


def test_a_failure_names_cell_error_and_how_to_run_it(made, tmp_path):
    page = made("x = 1", "if x:\n    raise ValueError('x is 1; expected 2')", "x = 3")
    with pytest.raises(BookError) as error:
        run(page, tmp_path / "executed")
    said = str(error.value)
    assert said.startswith("chapters/05_x.ipynb, cell 'cell-1': ValueError: x is 1; expected 2\n")
    assert re.search(r"\n    -+> 2 +raise ValueError\('x is 1; expected 2'\)\n  Open it", said)
    assert "jupyter lab chapters/05_x.ipynb" in said
    assert "python -m pytest --nbval-lax chapters/05_x.ipynb" in said
    assert not stored_path(page, tmp_path / "executed").exists()


def test_a_cell_that_takes_too_long_is_named(made, tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "CELL_SECONDS", 1)
    page = made("1", "import time\ntime.sleep(600)")
    with pytest.raises(BookError, match="cell 'cell-1': It ran longer than 1 s"):
        run(page, tmp_path / "executed")


def test_a_kernel_that_dies_is_reported(made, tmp_path):
    page = made("import os\nos._exit(1)")
    with pytest.raises(BookError, match=r"chapters/05_x\.ipynb, cell 'cell-0': Its kernel ended"):
        run(page, tmp_path / "executed")


def test_code_that_is_no_python_is_named(made, tmp_path):
    with pytest.raises(BookError, match=r"05_x\.ipynb, or code that it imports, is not Python"):
        job(made("def f(:"), tmp_path)


def test_finished_notebooks_are_kept_when_another_fails(made, tmp_path, no_extension):
    folder = tmp_path / "executed"
    pages = [made("1", name="01_a"), made("1 / 0", name="02_b"), made("1", name="03_c")]
    jobs = [job(page, folder) for page in pages]
    with pytest.raises(BookError, match=r"02_b\.ipynb, cell 'cell-0': ZeroDivisionError"):
        execute(jobs, folder, 1)
    before = [page.name for page in pages if stored_path(page, folder).exists()]
    assert "02_b" not in before
    stale = [found for page in pages if (found := job(page, folder)) is not None]
    assert len(stale) == 3 - len(before)


def test_an_extension_that_does_not_load_fails_the_build(made, tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "KERNEL_EXTENSION", "no_such_module_of_the_book")
    with pytest.raises(BookError, match="could not load no_such_module_of_the_book"):
        run(made("1"), tmp_path / "executed")


def test_progress_of_the_learner_is_left_alone():
    environ = execution.kernel_environment("/home/of/the/build", {"UNROLLED_HOME": "/mine"})
    assert environ["UNROLLED_HOME"] == "/home/of/the/build"
    assert environ["OMP_NUM_THREADS"] == "1"
    assert environ["PYTHONPATH"].split(os.pathsep)[0] == str(ROOT)


STOPPED = """
import signal
import sys
from pathlib import Path
from book import execution
from book.execution import execute
from book.keys import Code
from book.notebooks import Page
from book.stored import job_for

folder, source = Path(sys.argv[1]), Path(sys.argv[2])
# Where the tests run in the background of a shell, Control-C is ignored from the start.
signal.signal(signal.SIGINT, signal.default_int_handler)
page = Page("chapter", "05_x", "chapters/05_x", source, "05", "05 · X", "", "")
try:
    execute([job_for(page, folder, Code())], folder, 1, lambda page: print("cell", flush=True))
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent in another way there")
def test_control_c_ends_the_kernels_as_well(made, tmp_path):
    page = made(
        "import os\nfrom pathlib import Path\n_ = Path('pid').write_text(str(os.getpid()))",
        "import time\ntime.sleep(600)",
    )
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STOPPED), tmp_path / "executed", page.source],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "cell\n"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    kernel = int((page.source.parent / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)
    assert not stored_path(page, tmp_path / "executed").exists()
    assert json.loads(page.source.read_text("utf-8"))["cells"][1]["outputs"] == []
