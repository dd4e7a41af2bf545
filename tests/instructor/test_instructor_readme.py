"""What the pages for instructors say is what the program does: commands, limits, reasons, links."""

import re
import shlex
from pathlib import Path

import pytest

from instructor import commands
from instructor.collecting import parse_due
from instructor.results import REASONS
from instructor.sandbox import Limits
from tests.instructor.hostile import ALL

FOLDER = Path(__file__).parents[2] / "instructor"
PAGES = ("README.md", "own_assignments.md", "syllabi.md")
TEXTS = {name: (FOLDER / name).read_text(encoding="utf-8") for name in PAGES}
README = TEXTS["README.md"]


def rows(heading):
    """Return the rows of the first table after a heading, without its head."""
    part = README.split(f"\n{heading}\n", 1)[1]
    lines = part[part.index("\n| ") + 1 :].split("\n\n", 1)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_printed_command_can_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("submissions.zip", "gradebook.csv", "worksheet.csv", "folder"):
        (tmp_path / name).touch()
    shell = "\n".join(
        re.findall(r"^```console\n(.*?)^```$", "\n".join(TEXTS.values()), re.M | re.S)
    )
    lines = [line.split("   #")[0].split(" <")[0] for line in shell.splitlines()]
    lines = [line for line in lines if line.startswith("python -m instructor")]
    assert len(lines) >= 14
    inline = re.findall(r"`((?:grade|export|feedback) NAME[^`]*)`", README)
    assert len(inline) == 5
    for line in [*lines, *(f"python -m instructor {text}" for text in inline)]:
        words = shlex.split(line)[3:]
        assert commands.parser().parse_args(words).command == words[0]


def test_the_printed_due_date_can_be_read():
    printed = re.search(r'--due "([^"]+)"', README)[1]
    assert parse_due(printed).utcoffset() is not None


def test_the_limits_are_those_of_the_sandbox():
    limits = Limits()
    said = dict(row[:2] for row in rows("## What the sandbox protects from, and what not"))
    assert said == {
        "wall time in all; of one cell": f"{limits.seconds:g} s; {limits.cell_seconds:g} s",
        "processor time of all its processes": f"{limits.cpu_seconds:g} s",
        "memory of all its processes": f"{limits.memory / 2**30:g} GiB",
        "processes and threads at a time": f"{limits.processes}",
        "text that it prints": f"{limits.output:,} characters",
        "files that it writes": f"{limits.disk / 2**20:g} MiB",
        "what comes back for one check": f"{limits.answer_bytes / 2**20:g} MiB",
    }


def test_every_reason_is_explained_with_its_own_meaning():
    assert {row[0]: row[1] for row in rows("## Why is there no score?")} == dict(REASONS)


def test_the_number_of_hostile_submissions_is_not_larger_than_their_set():
    said = int(re.search(r"a set of (\d+) hostile and broken", README)[1])
    assert 40 <= said <= len(ALL)


@pytest.mark.parametrize("name", PAGES)
def test_links_and_pictures_lead_somewhere(name):
    text = TEXTS[name]
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, part = target.partition("#")
        page = FOLDER / path if path else FOLDER / name
        assert page.exists(), target
        if part:
            headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
            slugs = [re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings]
            assert part in slugs, target


@pytest.mark.parametrize("name", PAGES)
def test_the_words_are_those_of_the_course(name):
    prose = re.sub(r"```.*?```|`[^`]*`", "", TEXTS[name], flags=re.S)
    assert not re.search(r"(?<!\[)!(?!\[)|\b(simply|just|obviously|of course)\b", prose, re.I)
