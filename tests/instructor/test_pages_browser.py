"""In a real browser: nothing of a submission runs, nothing is loaded, and all of it is readable."""

import dataclasses
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from instructor.assignment import Assignment
from instructor.class_report import write_class_report
from instructor.feedback import feedback_page
from instructor.marks import Mark, Marked
from instructor.results import ExerciseResult, ManualResult, Result, without_score
from tests.needs import require_browser
from tools.browser import chromium

from .test_rendering import HOSTILE

pytestmark = pytest.mark.browser
NAME = "02_rnn_forward"
SOURCE = Path(__file__).parents[2] / "solutions" / NAME / f"{NAME}.ipynb"
ATTACK = "\n\n".join([*HOSTILE, "plain **words**, `code`, [a link](https://notes.example)"])

# Contrast of every text with what lies behind it, by the formula of WCAG 2.2
CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim()) continue;
    const pair = [numbers(getComputedStyle(element).color), behind(element)].map(light).sort();
    const [low, high] = pair[0] < pair[1] ? pair : [pair[1], pair[0]];
    found.push([(high + 0.05) / (low + 0.05), walker.currentNode.data.trim().slice(0, 40)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser():
    require_browser()
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Write a page of feedback and a class report, with hostile words wherever they can be."""
    folder = tmp_path_factory.mktemp("pages")
    assignment = Assignment.load(SOURCE)
    notebook = assignment.node()
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = ATTACK if cell.cell_type == "markdown" else f"{cell.source}\n# {ATTACK}"
    states = ["right", "wrong", "stopped", "open", "not started"]
    lines = (("right", "`a` is right.", ""), ("wrong", ATTACK, ""), ("code", ATTACK, ""))
    exercises = tuple(
        ExerciseResult(
            item.grade_id,
            item.check,
            item.title,
            item.points,
            item.points if states[number % 5] == "right" else 0.0,
            states[number % 5],
            (assignment.check(item).mistakes or [None])[0]
            and (assignment.check(item).mistakes[0].key,)
            if states[number % 5] == "wrong"
            else (),
            lines,
            ("First hint.", "Second hint.", ATTACK),
        )
        for number, item in enumerate(assignment.exercises)
    )
    manual = tuple(ManualResult(cell.grade_id, cell.points, True) for cell in assignment.manual)
    result = Result("jane", NAME, "0" * 64, "graded", "", exercises, manual, (ATTACK,), 2.0)
    marked = Marked({"open-answer": Mark(5, None, 3.5)}, {"open-answer": ATTACK}, 8000.0, 1.0)
    (folder / "feedback.html").write_text(
        feedback_page(result, notebook, marked, student_name=ATTACK), encoding="utf-8"
    )
    stopped = without_score("ben", assignment, "0" * 64, "timed out", ATTACK, "key")
    (folder / "stopped.html").write_text(feedback_page(stopped, notebook), encoding="utf-8")
    results = [dataclasses.replace(result, student=f"s{number}") for number in range(5)]
    report = write_class_report(
        folder, NAME, [*results, stopped], late={"s1": 50.0}, missing=[ATTACK]
    )
    report.rename(folder / "report.html")
    return folder


@pytest.fixture
def open_page(browser):
    """Open a file; give the page, and a list of every address that was asked for."""
    opened = []

    def open_file(path, **options):
        page = browser.new_page(viewport={"width": 900, "height": 1000}, **options)
        asked, alerts = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        opened.append(page)
        return page, asked, alerts

    yield open_file
    for page in opened:
        page.close()


@pytest.mark.parametrize("name", ["feedback", "stopped", "report"])
def test_nothing_runs_and_nothing_is_loaded(open_page, pages, name):
    page, asked, alerts = open_page(pages / f"{name}.html")
    for element in page.query_selector_all("details:not([open]) > summary"):
        element.evaluate("(summary) => { summary.parentElement.open = true; }")
    page.mouse.move(200, 200)
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None
    assert [url for url in asked if not url.startswith(("file:", "data:image/svg+xml"))] == []
    assert sum(url.startswith("file:") for url in asked) == 1
    assert alerts == []
    assert page.evaluate("document.querySelectorAll('a[href^=javascript]').length") == 0


@pytest.fixture
def listener():
    """Serve nothing, and keep every path that was asked for."""
    paths = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words):
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()
    thread.join()


def test_were_a_script_to_slip_through_the_policy_would_stop_it(
    open_page, pages, tmp_path, listener
):
    address, paths = listener
    text = (pages / "feedback.html").read_text(encoding="utf-8")
    script = f"<script>window.hacked = 1</script><img src='{address}/a.png'>"
    slipped = text.replace("<h1>", f"{script}<h1>", 1)
    (tmp_path / "slipped.html").write_text(slipped, encoding="utf-8")
    page, _, _ = open_page(tmp_path / "slipped.html")
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None
    assert paths == []
    without = slipped.replace("Content-Security-Policy", "Nothing")
    (tmp_path / "without.html").write_text(without, encoding="utf-8")
    page, _, _ = open_page(tmp_path / "without.html")
    assert page.evaluate("window.hacked") == 1
    assert paths == ["/a.png"]


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize("name", ["feedback", "stopped", "report"])
def test_every_text_is_readable(open_page, pages, name, scheme):
    page, _, _ = open_page(pages / f"{name}.html", color_scheme=scheme.replace("print", "dark"))
    if scheme == "print":
        page.emulate_media(media="print")
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 50
    assert [pair for pair in contrasts if pair[0] < 4.5] == []


@pytest.mark.parametrize("name", ["feedback", "stopped", "report"])
def test_a_narrow_screen_needs_no_sideways_scrolling(open_page, pages, name):
    page, _, _ = open_page(pages / f"{name}.html")
    page.set_viewport_size({"width": 420, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


@pytest.mark.parametrize("name", ["feedback", "stopped", "report"])
def test_the_page_has_what_a_screen_reader_needs(open_page, pages, name):
    page, _, _ = open_page(pages / f"{name}.html")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    assert page.evaluate("document.querySelectorAll('img:not([alt]), img[alt=\"\"]').length") == 0
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    broken = """[...document.querySelectorAll('a[href^="#"]')]
      .filter((a) => !document.getElementById(a.getAttribute('href').slice(1))).length"""
    assert page.evaluate(broken) == 0
    unscoped = """[...document.querySelectorAll('th:not([scope])')]
      .filter((e) => !e.closest('.written, .comment')).length"""
    assert page.evaluate(unscoped) == 0
