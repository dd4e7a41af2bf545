"""The benchmark of the grading: what it measures with, what it says, and one small run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import grading
from benchmarks.grading import Measured
from tests.instructor.making import make_submissions
from tests.needs import needs_bubblewrap

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = [["a", "b"], ["c", "d"]]


def found(ours=2.0, batch=8.0, single=20.0, points=None):
    """Make measurements of two blocks that take these seconds."""
    points = points or {"a": 1.0, "b": None, "c": 2.0, "d": 3.0}
    return {
        "ours, 1 worker": Measured([4.0, 4.0], 3.0, 2**20, points),
        "ours, 2 workers": Measured([ours, ours], 3.0, 2**20, points),
        "nbgrader batch": Measured([batch, batch], 3.0, 2**20, points),
        "nbgrader single": Measured([single, single], 3.0, 2**20, dict(points)),
    }


def test_ratios_and_bars_are_told(capsys):
    assert grading.tell(found(), BLOCKS)
    told = capsys.readouterr().out
    assert re.search(r"ours, 2 workers +1.00 s +60.0/min", told)
    assert re.search(r"ours, 2 workers +/ nbgrader batch +4.00 \[.*bar 3  holds", told)
    assert re.search(r"ours, 2 workers +/ nbgrader single +10.00 \[.*bar 8  holds", told)
    assert re.search(r"ours, 2 workers +/ ours, 1 worker +2.00", told)
    assert "the same from all for 4 of 4" in told


def test_a_missed_bar_fails(capsys):
    assert not grading.tell(found(batch=5.0), BLOCKS)
    assert "is MISSED" in capsys.readouterr().out


def test_other_points_fail_and_are_named(capsys):
    measured = found()
    measured["nbgrader single"].points["c"] = 1.5
    assert not grading.tell(measured, BLOCKS)
    assert re.search(r"3 of 4\n  c: .*nbgrader single 1.5", capsys.readouterr().out)


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's /proc")
def test_memory_of_a_tree_counts_children_and_shared_pages_once():
    alone = grading.tree_memory(os.getpid())
    code = "held = b'x' * 60_000_000; input()"
    with subprocess.Popen(
        [sys.executable, "-c", f"print('ready', flush=True); {code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        try:
            child.stdout.readline()
            while grading.share(child.pid) < 60_000_000:
                assert child.poll() is None
            assert grading.tree_memory(os.getpid()) > 0.8 * alone + 60_000_000
        finally:
            child.kill()
    assert grading.share(child.pid) == 0


def test_a_class_folder_holds_the_submissions_and_names_itself(tmp_path):
    (tmp_path / "template").mkdir()
    made = make_submissions(3)
    grading.make_class(tmp_path / "template", tmp_path / "class", made)
    assert repr(str(tmp_path / "class")) in (tmp_path / "class/nbgrader_config.py").read_text()
    for item in made:
        path = tmp_path / "class/submitted" / item.student / grading.NAME
        assert (path / f"{grading.NAME}.ipynb").read_bytes() == item.data


def test_a_command_that_fails_is_an_error_with_its_words(tmp_path):
    with pytest.raises(RuntimeError, match=r"(?s)ended with 1:.*no such thing"):
        grading.command(["-c", "raise SystemExit('no such thing')"], tmp_path)


def test_wrong_blocks_are_refused(capsys):
    with pytest.raises(SystemExit):
        grading.main(["--submissions", "3", "--blocks", "4"])
    assert "4 blocks of 3 submissions cannot be" in capsys.readouterr().err


@pytest.mark.instructor
@needs_bubblewrap
@pytest.mark.timeout(900)
def test_both_give_the_same_points_in_a_small_run(tmp_path):
    options = ["--submissions", "6", "--blocks", "1", "--workers", "2", "--without", "single"]
    done = subprocess.run(
        [sys.executable, "benchmarks/grading.py", *options, "--folder", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert "the same from all for 6 of 6" in done.stdout, done.stdout + done.stderr
    assert not list(tmp_path.iterdir())
