"""The workflow that publishes the book, against the commands and folders it names."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from tools import commands, testing

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text(encoding="utf-8"))


def test_only_main_is_published_and_only_what_was_looked_at() -> None:
    assert WORKFLOW[True] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    jobs = WORKFLOW["jobs"]
    assert jobs["publish"]["needs"] == "build"
    steps = jobs["build"]["steps"]
    places = {
        word: number
        for number, step in enumerate(steps)
        for word in ("course.py test --part book", "upload-pages-artifact")
        if word in step.get("run", "") + step.get("uses", "")
    }
    tested, uploaded = places.values()
    assert tested < uploaded
    options = commands.parser().parse_args(["test", "--part", "book"])
    assert set(options.part) <= set(testing.PARTS)
    assert steps[tested]["env"]["BOOK_PDF"] == "required"
    assert steps[uploaded]["with"]["path"] == "book/_build/html"


def test_only_the_job_that_publishes_may_write() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in WORKFLOW["jobs"]["build"]
    assert WORKFLOW["jobs"]["publish"]["permissions"] == {"pages": "write", "id-token": "write"}


def test_actions_carry_a_version() -> None:
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert len(used) == 5
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used)
