"""The printed book: one document from all pages, and the numbers in its contents."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from book import paper, pdf
from book.errors import BookError
from tools.browser import find_chromium

SIDEBAR = """<div id="pst-primary-sidebar"><nav><p class="caption">Chapters</p><ul>
<li><a href="{up}chapters/01_a.html">01</a></li><li><a href="{up}chapters/02_b.html">02</a></li>
</ul><p class="caption">Reference</p><ul><li><a href="{up}glossary.html">Glossary</a></li>
<li><a href="{up}api/index.html">API</a></li></ul></nav></div>"""
PAGE = """<!doctype html><html><head><link rel="stylesheet" href="{up}_static/book.css">
<script src="{up}_static/menu.js"></script>{head}</head>
<body>{sidebar}<article class="bd-article"><h1 id="top">{title}<a class="headerlink" href="#top">#
</a></h1>{body}</article></body></html>"""
MATHEMATICS = """<script>window.MathJax = {{}}</script>
<script defer src="{up}_static/mathjax/tex-svg.js"></script>"""
BODIES = {
    "index": "",
    "chapters/01_a": """<p>See <a href="02_b.html#gate">gates</a>, <a href="../api/index.html">more
        </a>, <a href="https://example.org/x">elsewhere</a>, <a href="#top">above</a>.</p>
        <img src="../_static/pictures/a.png" loading="lazy" alt="A">
        <details><summary>Answer 1</summary><p id="answer">Seven.</p></details>
        <label for="slider">T</label><div class="unrolled-player-controls"><input id="slider"></div>
        <script>stray()</script>""",
    "chapters/02_b": '<h2 id="gate">Gate</h2><p>A <a href="../glossary.html">word</a>.</p>',
    "glossary": "<p>Words.</p>",
    "api/index": "<p>Functions.</p>",
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "html"
    for docname, body in BODIES.items():
        up = "../" * docname.count("/")
        parts = {"sidebar": SIDEBAR.format(up=up), "title": f"On {docname}", "body": body}
        # As Sphinx does it: a page has MathJax only if it has mathematics.
        parts["head"] = MATHEMATICS.format(up=up) if docname == "chapters/02_b" else ""
        page = PAGE.format(up=up, **parts)
        path = folder / f"{docname}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    return folder


@pytest.fixture
def document(site: Path) -> BeautifulSoup:
    text = paper.assemble(site, paper.parts(site), "A book", "html/")
    return BeautifulSoup(text, "html.parser")


def test_the_order_is_that_of_the_menu_without_the_reference_of_functions(site: Path) -> None:
    assert paper.parts(site) == [
        paper.Part("Chapters", ["chapters/01_a", "chapters/02_b"]),
        paper.Part("Reference", ["glossary"]),
    ]


def test_links_lead_to_their_place_in_the_document_or_nowhere(document: BeautifulSoup) -> None:
    links = {a.get_text(strip=True): a.get("href") for a in document.select("article p a")}
    assert links == {
        "gates": "#chapters.02_b--gate",
        "more": None,  # a page that is left out
        "elsewhere": "https://example.org/x",
        "above": "#chapters.01_a--top",
        "word": "#glossary",
    }
    entries = [a["href"] for a in document.select(".unrolled-contents a")]
    assert entries == ["#chapters.01_a", "#chapters.02_b", "#glossary"]
    ids = [tag["id"] for tag in document.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in [*links.values(), *entries] if link and link[0] == "#"} < set(ids)


def test_what_is_for_the_screen_is_gone_and_what_is_folded_is_open(document: BeautifulSoup) -> None:
    assert not document.select("article :is(script, .headerlink, .unrolled-player-controls)")
    assert all("open" in tag.attrs for tag in document.find_all("details"))
    assert document.find(id="chapters.01_a--answer").get_text() == "Seven."
    assert document.label["for"] == "chapters.01_a--slider"


def test_files_are_found_from_beside_the_site(document: BeautifulSoup) -> None:
    assert document.img["src"] == "html/_static/pictures/a.png"
    assert "loading" not in document.img.attrs  # a picture that waits to be seen is not printed
    assert [link["href"] for link in document.select("head link")] == ["html/_static/book.css"]
    sources = [script.get("src") for script in document.select("head script")]
    assert sources == [None, "html/_static/mathjax/tex-svg.js"]


def test_a_page_without_its_article_is_said(site: Path) -> None:
    (site / "glossary.html").write_text("<html></html>", encoding="utf-8")
    with pytest.raises(BookError, match=r"glossary\.html has no 'article\.bd-article'; .* --fresh"):
        paper.assemble(site, paper.parts(site), "A book", "html/")


@pytest.mark.parametrize("required", [True, False])
def test_without_a_browser_the_pdf_is_left_out_or_refused(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], required: bool
) -> None:
    monkeypatch.setenv("UNROLLED_CHROMIUM", "no-such-browser")
    monkeypatch.setenv("BOOK_PDF", "required" if required else "")
    target = site.parent / "book.pdf"
    if required:
        with pytest.raises(BookError, match="required by BOOK_PDF, and no Chromium or Chrome"):
            pdf.build(site, target)
    else:
        assert not pdf.build(site, target)
        assert "PDF left out: no Chromium or Chrome was found" in capsys.readouterr().out
    assert [path.name for path in site.parent.iterdir()] == ["html"]


@pytest.fixture(scope="module")
def printed(book_site: Path) -> PdfReader:
    """Read the PDF of the built book."""
    path = book_site.parent / "unrolled.pdf"
    if find_chromium() is None:
        pytest.skip("no Chromium or Chrome found; UNROLLED_CHROMIUM can name one")
    assert path.is_file()
    return PdfReader(path)


@pytest.mark.book
def test_the_pdf_holds_every_page_under_the_number_that_its_contents_give(
    printed: PdfReader, book_site: Path
) -> None:
    root = printed.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert printed.metadata.title == "Unrolled"
    titles = {
        BeautifulSoup((book_site / f"{docname}.html").read_text("utf-8"), "html.parser")
        .select_one("article h1")
        .get_text()
        .removesuffix("#")
        .strip()
        for part in paper.parts(book_site)
        for docname in part.docnames
    }
    outline = {entry.title: entry for entry in printed.outline if not isinstance(entry, list)}
    assert titles <= set(outline)
    places = {title: printed.get_destination_page_number(outline[title]) for title in titles}
    contents = " ".join(page.extract_text() for page in printed.pages[1 : min(places.values())])
    joined = "".join(unicodedata.normalize("NFKC", contents).split())  # "fi" may be one glyph
    for title, place in places.items():
        assert "".join(title.split()) in joined
        assert str(place + 1) in contents.split()
        page = unicodedata.normalize("NFKC", printed.pages[place].extract_text())
        assert title.split()[-1] in page


@pytest.mark.book
def test_no_link_of_the_pdf_leads_to_a_file_of_the_machine_that_made_it(
    printed: PdfReader,
) -> None:
    addresses = [
        str(link.get_object()["/A"].get("/URI", ""))
        for page in printed.pages
        for link in page.get("/Annots", ())
        if "/A" in link.get_object()
    ]
    assert sum(address.startswith("https://") for address in addresses) > 20
    assert [address for address in addresses if address.startswith("file:")] == []
