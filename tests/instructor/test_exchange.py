"""The way through nbgrader's exchange, as it is with JupyterHub: hand out, hand in, give back."""

import getpass
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import needs_bubblewrap

from .classes import small_class, with_environment

pytestmark = [pytest.mark.instructor, pytest.mark.timeout(900), needs_bubblewrap]
ROOT = Path(__file__).parents[2]
NAME = "02_rnn_forward"


def run(folder, *arguments, **variables):
    environment = with_environment({**os.environ, "PYTHONPATH": str(ROOT), **variables})
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_an_assignment_goes_out_comes_back_and_its_feedback_returns(tmp_path):
    exchange, learner = tmp_path / "exchange", tmp_path / "learner"
    exchange.mkdir()
    exchange.chmod(0o777)
    learner.mkdir()
    settings = f"c.Exchange.root = {str(exchange)!r}\n"
    classroom = small_class(tmp_path)
    with open(classroom.config_file, "a", encoding="utf-8") as file:
        file.write(settings)
    (learner / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.course_id = 'unrolled'\n{settings}", encoding="utf-8"
    )
    run(classroom.root, "nbgrader", "release_assignment", NAME)
    run(learner, "nbgrader", "fetch_assignment", NAME)
    handed_out = learner / NAME / f"{NAME}.ipynb"
    assert handed_out.read_bytes() == classroom.released(NAME).read_bytes()

    answer = "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):"
    solved = "    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)"
    text = handed_out.read_text(encoding="utf-8")
    assert text.count(answer) == 1
    handed_out.write_text(
        text.replace(answer, f"{answer}\\n{solved}\\n\\n\\ndef spare():"), encoding="utf-8"
    )
    run(learner, "nbgrader", "submit", NAME)
    run(classroom.root, "nbgrader", "collect", NAME)
    student = getpass.getuser()
    assert classroom.students(NAME) == [student]

    told = run(tmp_path, "instructor", "grade", NAME, "--class", classroom.root, "--workers", "1")
    assert "2 of 35.5 points" in told
    run(tmp_path, "instructor", "feedback", NAME, "--class", classroom.root)
    run(classroom.root, "nbgrader", "release_feedback", NAME)
    run(learner, "nbgrader", "fetch_feedback", NAME)
    (page,) = (learner / NAME / "feedback").rglob("*.html")
    ours = classroom.feedback / student / NAME / f"{NAME}.html"
    assert page.read_bytes() == ours.read_bytes()
    assert "2 of 40.5 points" in page.read_text(encoding="utf-8")
