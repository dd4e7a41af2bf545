"""What a learner wrote, as a page of formgrader: nothing runs, nothing is fetched."""

import html.parser

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from nbconvert import HTMLExporter
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from traitlets.config.loader import PyFileConfigLoader

from instructor import rendering
from instructor.pages import ELEMENTS, clean_html, markdown_to_html
from tests.instructor.classes import ROOT

PNG = "iVBORw0KGgo="


def render(source, attachments=None):
    """Render as formgrader's template does."""
    environment = Environment()
    environment.filters["markdown2html"] = markdown_to_html
    template = environment.from_string("{{ cell.source | markdown2html }}")
    return template.render(cell={"source": source, "attachments": attachments or {}})


class Elements(html.parser.HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def is_safe(page):
    """Tell whether a page holds only elements and attributes that do nothing."""
    for tag, attributes in Elements(page).found:
        allowed = {"a": {"href", "rel", "target"}, "img": {"alt", "src"}}.get(tag, {"class"})
        if tag not in ELEMENTS or not set(attributes) <= allowed:
            return False
        if any(len(one) > 3 and one != "highlight" for one in attributes.get("class", "").split()):
            return False
        if not attributes.get("href", "https://").startswith(("http://", "https://", "mailto:")):
            return False
        if not attributes.get("src", "data:image/png;base64,").startswith("data:image/"):
            return False
    return True


def test_usual_markdown_is_rendered():
    page = render(
        "# Answer\n\nThe *first* step: `tanh`, $a_1 < b$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    for part in ("<h1>Answer</h1>", "<em>first</em>", "<code>tanh</code>", "$a_1 &lt; b$", "<td>1"):
        assert part in page


def test_folded_hints_of_the_course_stay_folded():
    page = render("<details>\n<summary>Hint</summary>\n\nThink of *tanh*.\n</details>")
    assert "<details>" in page
    assert "<summary>Hint</summary>" in page
    assert "<em>tanh</em>" in page


def test_photograph_in_the_cell_is_shown_and_no_other_picture():
    photo = {"photo.png": {"image/svg+xml": "<svg onload=x>", "image/png": PNG}}
    assert f'src="data:image/png;base64,{PNG}"' in render("![my sum](attachment:photo.png)", photo)
    for source in (
        "![my sum](attachment:gone.png)",
        "![my sum](http://tracker.example/pixel.png)",
        "![my sum](photo.png)",
    ):
        page = render(source, photo)
        assert "[picture: my sum]" in page
        assert "src=" not in page
    only_svg = {"photo.svg": {"image/svg+xml": "<svg onload=x>"}}
    assert "src=" not in render("![my sum](attachment:photo.svg)", only_svg)


def test_links_lead_away_in_a_window_of_their_own_and_only_to_pages():
    page = render(
        "[a](https://example.org/x) [b](notes.html) [c](javascript:x) [d](data:text/html,x)"
    )
    addresses = [attributes.get("href") for tag, attributes in Elements(page).found if tag == "a"]
    assert [address for address in addresses if address] == ["https://example.org/x"]
    assert 'target="_blank" rel="noopener noreferrer nofollow"' in page


HOSTILE = [
    "<script>x</script>",
    "<img src=x onerror=x>",
    "<svg onload=x><script>x</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=x></style></mglyph></table></mtext>",
    "```mermaid\n</pre><script>x</script>\n```",
    "```html\n</pre><script>x</script>\n```",
    "[a](javascript:x) <a href='java&#10;script:x'>b</a> <javascript:x>",
    '![<img src=x onerror=x>](attachment:a) ![a](<attachment:a" onerror="x>)',
    "[a](<http://x/?<a href= onmouseover=x y>)",
    "![<a href= onerror=x ](attachment:photo.png)",
    "$<img src=x onerror=x>$ $$</div><script>x</script>$$",
    "<details ontoggle=x open><summary onclick=x>a</summary></details>",
    "<iframe srcdoc='<script>x</script>'></iframe><object data=x></object><embed src=x>",
    "<base href=http://x/><meta http-equiv=refresh content=0><link rel=stylesheet href=x>",
    "<style>*{display:none}</style><div style='position:fixed' id=open-answer>a</div>",
    "<form action=http://x/><input id=open-answer></form>",
    "<!--><script>x</script>-->",
    "<noscript><p title='</noscript><img src=x onerror=x>'>",
    "\\begin{a}<script>x</script>\\end{a}",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_runs(source):
    page = render(source, {"photo.png": {"image/png": f'{PNG}" onerror="x'}})
    assert is_safe(page), page
    assert is_safe(clean_html(source)), clean_html(source)


def test_reports_of_checks_and_coloured_code_survive():
    report = (
        "<div style='margin:1em'><b>x</b><details><summary>Hint 1</summary>tanh</details></div>"
    )
    assert "<details><summary>Hint 1</summary>tanh</details>" in clean_html(report)
    assert "style" not in clean_html(report)
    code = highlight("import numpy  # <b>", PythonLexer(), HtmlFormatter())
    assert clean_html(code) == code.strip("\n") + "\n"
    assert clean_html(b"<p>a</p>") == "<p>a</p>"
    assert clean_html('<div class="modal-backdrop in">a</div>') == "<div>a</div>"


@given(st.lists(st.sampled_from([*HOSTILE, "`", "\n\n", "    ", "> ", "$", '"', "<", "-->"])))
def test_nothing_runs_whatever_stands_together(parts):
    assert is_safe(render("".join(parts)))


@pytest.mark.parametrize("part", ["> ", "[", "<div>", "<details><summary>", "* a\n", "$", "`", "<"])
def test_deeply_nested_texts_are_rendered(part):
    assert is_safe(render(part * (rendering.TEXT_CHARACTERS // len(part))))


def test_text_that_is_too_long_is_shown_as_typed():
    page = render("*word* " * rendering.TEXT_CHARACTERS)
    assert page.startswith('<pre class="typed"')
    assert {tag for tag, _ in Elements(page).found} == {"pre", "p"}
    assert "*word* *word*" in page


def test_settings_of_a_class_use_it_for_every_page(tmp_path):
    """The exporter as formgrader makes it, with a notebook that brings scripts in its outputs."""
    folder = ROOT / "instructor" / "templates"
    config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    outputs = [
        nbformat.v4.new_output("display_data", {"text/html": bad}),
        nbformat.v4.new_output("display_data", {"text/markdown": bad}),
        nbformat.v4.new_output("display_data", {"application/javascript": "alert(1)"}),
        nbformat.v4.new_output("stream", text=bad),
    ]
    cells = [
        nbformat.v4.new_markdown_cell(bad),
        nbformat.v4.new_raw_cell(bad, metadata={"format": "text/html"}),
        nbformat.v4.new_code_cell(bad, outputs=outputs),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    body = HTMLExporter(config=config, template_name="basic").from_notebook_node(notebook)[0]
    names = {tag for tag, _ in Elements(body).found}
    assert "script" not in names
    assert body.count("alert(1)") >= 4  # it is shown
    assert not [name for _, found in Elements(body).found for name in found if name[:2] == "on"]
