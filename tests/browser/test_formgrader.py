"""`make instructor` as an instructor uses it: JupyterLab opens on formgrader, which is safe."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest

from instructor.gradebook import open_gradebook
from instructor.marks import read_marks
from tests.instructor.classes import small_class
from tests.needs import needs_bubblewrap
from tools.lab import free_ports

from .lab import new_page

ROOT = Path(__file__).resolve().parents[2]
NAME = "02_rnn_forward"
START_SECONDS = 120
POINTS, POSSIBLE = 35.5, 40.5  # for code, and with the text
TEXT = "The gradient shrinks by the same factor at every step, so early words lose their say."

MARK = "document.documentElement.dataset.ran = 'yes'"
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{MARK}\"><script>{MARK}</script></svg>"
HOSTILE = f"""Shown as text.

<script>{MARK}</script>
<img src=x onerror="{MARK}">
{SVG}
<iframe srcdoc="<script>parent.{MARK}</script>"></iframe>
<object data="data:text/html,<script>parent.{MARK}</script>"></object>
<style>@import "http://tracker.example/style.css"; body {{ display: none }}</style>
<base href="http://tracker.example/">
<meta http-equiv="refresh" content="0;url=http://tracker.example/">
<form action="http://tracker.example/"><input name="open-answer" id="open-answer"></form>
<math><mtext><table><mglyph><style><img src=x onerror="{MARK}"></style></mglyph></table></mtext>

[a link](javascript:{MARK.replace(" ", "")}) [another](data:text/html;base64,PHNjcmlwdD4=)
[to a file](notes.html) [plain](http://plain.example/) <a href="java&#10;script:{MARK}">third</a>

![tracker](http://tracker.example/pixel.png) ![photo](attachment:photo.png) ![gone](attachment:gone)

```mermaid
</pre><script>{MARK}</script>
```

<details><summary onclick="{MARK}">Fold</summary>folded</details>
$a < b$ and $\\href{{javascript:{MARK}}}{{x}}$ "><script>{MARK}</script>
"""
HOSTILE_CODE = f"""from IPython.display import HTML, Javascript, SVG, Markdown, display
display(HTML({f"<script>{MARK}</script><img src=x onerror={MARK!r}>"!r}))
display(Javascript({MARK!r}), SVG({SVG!r}), Markdown({f"<script>{MARK}</script>"!r}))
display({{"text/html": {f"<script>{MARK}</script>"!r}, "text/plain": "plain"}}, raw=True)
print("</pre><script>{MARK}</script>")
# </pre><script>{MARK}</script>
"""


def submit(classroom, student, change):
    """Put a changed copy of the solution into the class folder as a student's submission."""
    notebook = nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", as_version=4)
    change(notebook, {cell.metadata.nbgrader["grade_id"]: cell for cell in notebook.cells})
    path = classroom.submission(student, NAME)
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    path.with_name("timestamp.txt").write_text("2025-03-01 10:00:00.000000 UTC", encoding="utf-8")


def answer(notebook, cells):
    cells["open-answer"].source = TEXT


def attack(notebook, cells):
    """Hide scripts wherever a notebook can hold text."""
    cells["open-answer"].source = HOSTILE
    cells["open-answer"]["attachments"] = {
        "photo.png": {"image/svg+xml": SVG, "image/png": PICTURE, "text/html": HOSTILE}
    }
    cells["step-answer"].source += "\n" + HOSTILE_CODE
    cells["step-answer"].metadata["tags"] = [f'"><script>{MARK}</script>']
    html = nbformat.v4.new_output("display_data", {"text/html": f"<script>{MARK}</script>"})
    svg = nbformat.v4.new_output("display_data", {"image/svg+xml": SVG})
    cells["step-answer"].outputs = [html, svg]
    cells["step-check"].outputs = [html]
    own = {"grade": True, "solution": True, "locked": False, "task": False, "points": 1}
    own |= {"grade_id": f'"><img src=x onerror="{MARK}">', "schema_version": 3}
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(HOSTILE, metadata={"nbgrader": own}))
    notebook.cells.insert(2, nbformat.v4.new_raw_cell(HOSTILE, metadata={"format": "text/html"}))
    notebook.cells.insert(3, nbformat.v4.new_code_cell(HOSTILE_CODE))
    notebook.metadata["title"] = f"</title><script>{MARK}</script>"
    notebook.metadata["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"state": {}, "x": f"</script>{HOSTILE}"}
    }


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    made = small_class(tmp_path_factory.mktemp("instructor"))
    submit(made, "ada", answer)
    submit(made, "mallory", attack)
    page = made.submission("mallory", NAME).with_name("notes.html")
    page.write_text(f"<script>{MARK}</script>", encoding="utf-8")
    (made.submitted / "broken" / NAME).mkdir(parents=True)
    made.submission("broken", NAME).write_text("no notebook", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def address(classroom, tmp_path_factory):
    """Run `make instructor` for the class and give the address that it prints."""
    (port,) = free_ports(1)
    home = tmp_path_factory.mktemp("home")
    own = {f"JUPYTER_{kind}_DIR": str(home / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    own |= {"CLASS": str(classroom.root), "PORT": str(port), "HEADLESS": "1"}
    log = home / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "tools/course.py", "instructor", "--here"],
            cwd=ROOT,
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            printed = log.read_text(encoding="utf-8", errors="replace")
            found = re.search(rf"http://127\.0\.0\.1:{port}/lab/\S+\?token=\w+", printed)
            if found:
                break
            assert server.poll() is None, printed
            assert time.monotonic() < deadline, printed
            time.sleep(0.2)
        yield found[0]
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


class Desk:
    """The instructor's browser: JupyterLab, and formgrader within it."""

    def __init__(self, browser, address):
        self.page = new_page(browser)
        self.asked, self.dialogs = [], []
        self.page.context.route("**/*", self._only_here)
        self.page.on(
            "dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss())
        )
        self.address = address
        self.page.goto(address, wait_until="domcontentloaded")
        self.page.wait_for_selector("iframe", timeout=60_000)
        self.formgrader = self.page.frame_locator("iframe").first

    def _only_here(self, route):
        """Let nothing leave this machine, and note who was asked for what."""
        host = urlsplit(route.request.url).hostname
        if host not in (None, "127.0.0.1"):
            self.asked.append(host)
            route.abort()
        else:
            route.continue_()

    def goto(self, path):
        """Open one of formgrader's pages in its frame."""
        base = self.address.partition("/lab/")[0]
        frame = self.page.query_selector("iframe").content_frame()
        frame.goto(f"{base}/formgrader/{path}")
        return frame

    def ran(self):
        """Tell in which frames something of a submission has run."""
        return [
            frame.url
            for frame in self.page.frames
            if frame.evaluate("() => document.documentElement.dataset.ran") is not None
        ]


@pytest.fixture(scope="module")
def desk(browser, address):
    desk = Desk(browser, address)
    yield desk
    desk.page.context.close()


def marks(classroom, student):
    """Return what the gradebook holds of a student's work."""
    with open_gradebook(classroom.root) as gradebook:
        return read_marks(gradebook.nbgrader.db, NAME)[student]


def open_submission(desk, classroom, student):
    """Open a student's submission in formgrader as a click on its row does."""
    with open_gradebook(classroom.root) as gradebook:
        notebook = gradebook.nbgrader.find_submission_notebook(NAME, NAME, student)
        identifier = notebook.id
    return identifier, desk.goto(f"submissions/{identifier}/")


@pytest.mark.slow
@needs_bubblewrap
def test_formgrader_opens_and_its_button_grades_in_the_sandbox(desk, classroom):
    """Also what is no notebook at all: it gets a reason in place of a score."""
    link = desk.formgrader.get_by_role("link", name=NAME, exact=True)
    link.wait_for(timeout=60_000)
    desk.goto(f"manage_submissions/{NAME}")
    for student, score in (("ada", POINTS), ("mallory", POINTS), ("broken", 0)):
        row = desk.formgrader.locator("tbody tr").filter(has_text=student)
        row.get_by_text("needs autograding").wait_for(timeout=30_000)
        # Nobody gave their names: nbgrader would say "None, None".
        assert row.locator("td").first.text_content() == f"{student}, "
        row.locator(".autograde a").click()
        modal = desk.formgrader.locator(".modal-content")
        modal.wait_for(timeout=120_000)
        assert "Successfully autograded" in modal.text_content()
        log = modal.locator("pre").text_content()
        expected = "no score: did not parse" if student == "broken" else f"{POINTS} of {POINTS}"
        assert expected in log
        modal.get_by_role("button", name="OK").click()
        modal.wait_for(state="detached")
        row.get_by_text(f"{score} / {POSSIBLE}").wait_for()
        row.get_by_text("needs manual grading").wait_for()
    assert desk.ran() == []

    record = json.loads(next((classroom.grading / NAME).glob("records/ada/*.json")).read_text())
    assert record["result"]["status"] == "graded"
    assert not classroom.autograded_notebook("mallory", NAME).with_name("notes.html").exists()
    assert {mark.auto for mark in marks(classroom, "broken").cells.values()} == {None}


@pytest.mark.slow
@needs_bubblewrap
def test_a_text_gets_points_and_a_comment_by_clicking(desk, classroom):
    _, frame = open_submission(desk, classroom, "ada")
    assert frame.get_by_text(TEXT).is_visible()
    check = frame.locator(".nbgrader_cell, .cell").filter(has_text="step-check")
    assert check.count() >= 1
    score = frame.locator("#open-answer")
    frame.wait_for_function("() => formgrader.grades?.loaded && formgrader.comments?.loaded")
    cell = frame.locator(".nbgrader_cell").filter(has=score)
    with desk.page.expect_response(lambda r: "/api/grade/" in r.url and r.request.method == "PUT"):
        cell.get_by_role("button", name="Full credit").click()
    with desk.page.expect_response(lambda r: "/api/grade/" in r.url and r.request.method == "PUT"):
        score.fill("3.5")
        score.press("Tab")
    comment = cell.locator("textarea")
    with desk.page.expect_response(lambda r: "/api/comment/" in r.url):
        comment.fill("Say which factor.")
        comment.blur()
    given = marks(classroom, "ada")
    assert given.cells["open-answer"].manual == 3.5
    assert given.comments == {"open-answer": "Say which factor."}
    frame = desk.goto(f"gradebook/{NAME}/{NAME}")
    frame.locator("tbody tr").filter(has_text=f"{POINTS + 3.5:g} / {POSSIBLE}").wait_for()


def test_the_same_text_runs_in_a_page_that_nothing_protects(browser):
    """What the next test looks for does happen otherwise."""
    page = browser.new_page()
    page.set_content(f"<body>{HOSTILE.partition('<iframe')[0]}</body>")
    assert page.evaluate("() => document.documentElement.dataset.ran") == "yes"
    page.context.close()


@pytest.mark.slow
@needs_bubblewrap
def test_nothing_of_a_submission_runs_or_asks_the_network(desk, classroom):
    identifier, frame = open_submission(desk, classroom, "mallory")
    frame.get_by_text("Shown as text.").first.wait_for()
    shown = frame.locator("#notebook-container").first
    shown.get_by_text("Fold").first.click()
    shown.get_by_text("a link").first.click(force=True)
    frame.wait_for_timeout(1000)
    assert desk.ran() == []
    assert desk.dialogs == []
    assert "tracker.example" not in desk.asked
    forbidden = "script, iframe, object, embed, style, base, meta, form, svg, math, link"
    assert shown.locator(forbidden).count() == 0
    attributes = shown.evaluate(
        "(top) => [...top.querySelectorAll('*')].flatMap((element) =>"
        " [...element.attributes].map((one) => [element.tagName, one.name, one.value]))"
    )
    assert not [one for one in attributes if one[1].startswith("on") or one[1] == "srcdoc"]
    links = {one[2] for one in attributes if one[:2] == ["A", "href"] and "plain" in one[2]}
    assert links == {"http://plain.example/"}
    addresses = [one[2] for one in attributes if one[1] in ("href", "src")]
    good = re.compile(r"http://plain\.example/|https?://\S+|#\S*|data:image/(png|jpeg);base64,\S+")
    assert [one for one in addresses if not good.fullmatch(one)] == []
    photo = shown.locator('img[alt="photo"]').first
    assert photo.evaluate("(image) => image.complete && image.naturalWidth") == 1
    # One input for the score of each cell that is graded, and none that a learner brought.
    assert frame.locator('[id="open-answer"]').count() == 1

    base = desk.address.partition("/lab/")[0]
    answer = desk.page.request.get(f"{base}/formgrader/submissions/{identifier}/notes.html")
    assert answer.status == 404
