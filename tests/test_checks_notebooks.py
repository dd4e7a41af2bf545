"""The notebooks around the checks: those of learners run, and say what they hold.

That solved ones earn every point stands in `book/test_solutions`, where nbgrader itself reads them.
"""

import json
import re
from pathlib import Path

import pytest

from tests import checks_contract as contract
from utils.checks import REGISTRY

ROOT = Path(__file__).resolve().parents[1]
SMALL = (
    *("one", "two", "three", "four", "five", "six", "seven"),
    *("eight", "nine", "ten", "eleven", "twelve", "thirteen"),
)
NUMBERS = {word: n for n, word in enumerate(SMALL, start=1)}
NOTEBOOKS = {path.stem: path for path in sorted(ROOT.glob("solutions/*/*.ipynb"))}
every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


def cells_of(name):
    return json.loads(NOTEBOOKS[name].read_text(encoding="utf-8"))["cells"]


def text_of(name):
    return "\n".join("".join(cell["source"]) for cell in cells_of(name))


@every_notebook
def test_untouched_notebook_runs_to_its_end_and_earns_nothing(name, capsys):
    graded = contract.graded_cells(NOTEBOOKS[name], solved=False)
    assert [earned for _, _, earned in graded] == [0.0] * len(REGISTRY[name])
    printed = capsys.readouterr()
    assert printed.out.count("Not started yet: ") == len(REGISTRY[name])
    assert printed.err == ""


@every_notebook
def test_the_head_of_the_notebook_counts_its_parts(name):
    text = text_of(name)
    minutes = sum(int(n) for n in re.findall(r"\*\*[^*\n]*?(\d+) minutes\b", text))
    stated = re.search(r"About (\d+ minutes|two hours) in all", text)[1]
    stated = 120 if stated == "two hours" else int(stated.split()[0])
    assert abs(minutes - stated) <= 5, minutes
    exercises, tests, texts = re.search(
        r"(\w+) exercises \((\w+) checks and (\w+) texts?\)", text
    ).groups()
    assert len(re.findall(r"^##+ \d+ ", text, re.MULTILINE)) == NUMBERS[exercises.lower()]
    graded = [c["metadata"]["nbgrader"] for c in cells_of(name) if "nbgrader" in c["metadata"]]
    graded = [about for about in graded if about["grade"]]
    assert sum(not about["solution"] for about in graded) == NUMBERS[tests]
    assert sum(about["solution"] for about in graded) == NUMBERS[texts]


@every_notebook
def test_checks_are_registered_in_the_order_of_the_notebook(name):
    named = re.findall(r"^checks\.check_(\w+)\(", text_of(name), re.MULTILINE)
    assert named == [check.name for check in REGISTRY[name].values()]
