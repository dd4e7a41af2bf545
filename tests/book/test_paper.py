"""The printed book: one document from all pages, and the numbers in its contents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from bs4 import BeautifulSoup

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


def test_pictures_that_are_the_same_are_kept_once() -> None:
    file = pikepdf.new()
    for width, height, smooth in ((3, 1, False), (3, 1, False), (1, 3, False), (3, 1, True)):
        picture = file.make_stream(bytes(3), Subtype=pikepdf.Name.Image, Width=width, Height=height)
        if smooth:
            picture.SMask = file.make_stream(bytes(3), Subtype=pikepdf.Name.Image)
        file.add_blank_page().add_resource(picture, pikepdf.Name.XObject, pikepdf.Name.Picture)
    pdf._share_pictures(file)
    first, second, third, fourth = (page.resources.XObject.Picture.objgen for page in file.pages)
    assert first == second
    assert len({first, third, fourth}) == 3


PLACE = '<p class="unrolled-buttons unrolled-pdf"></p>'


def test_pages_link_to_the_pdf_where_there_is_one(site: Path) -> None:
    (site / "index.html").write_text(f"<p>First</p>\n{PLACE}\n<p>Last</p>\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in site.rglob("*.html")}
    book = site.parent / "unrolled.pdf"
    for content in (b"%PDF 1", b"%PDF 2" + bytes(21_600_000)):
        book.write_bytes(content)
        pdf.offer(site, book)
        assert (site / "unrolled.pdf").read_bytes() == content
    page = BeautifulSoup((site / "index.html").read_text("utf-8"), "html.parser")
    assert page.get_text(" ", strip=True) == "First The book as a PDF, 22 MB Last"
    assert page.select_one("p.unrolled-pdf > a")["href"] == "unrolled.pdf"
    pdf.offer(site, None)
    assert {path: path.read_bytes() for path in site.rglob("*.html")} == before
    assert not (site / "unrolled.pdf").exists()


@pytest.mark.book
def test_the_first_page_and_the_guide_offer_the_pdf_and_no_other_page_does(
    book_site: Path,
) -> None:
    made = (book_site.parent / "unrolled.pdf").is_file()
    offering = {
        path.stem
        for path in book_site.glob("*.html")
        if 'href="unrolled.pdf"' in path.read_text("utf-8")
    }
    assert offering == ({"index", "how_to_read"} if made else set())
    assert (book_site / "unrolled.pdf").is_file() == made


@pytest.fixture(scope="module")
def printed(book_site: Path) -> Iterator[pikepdf.Pdf]:
    """Open the PDF of the built book."""
    path = book_site.parent / "unrolled.pdf"
    if find_chromium() is None:
        pytest.skip("no Chromium or Chrome found; UNROLLED_CHROMIUM can name one")
    assert path.is_file()
    with pikepdf.open(path) as opened:
        yield opened


def glyphs(font: pikepdf.Dictionary) -> tuple[int, dict[bytes, str]]:
    """Give how many bytes a glyph of a font has, and the text that each stands for."""
    if "/ToUnicode" not in font:
        return 1, {bytes([code]): chr(code) for code in range(32, 127)}
    table, found = font.ToUnicode.read_bytes().decode("ascii"), {}
    width = len(re.search(r"begincodespacerange\s*<(\w+)>", table)[1]) // 2
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for code, text in re.findall(r"<(\w+)>\s*<(\w+)>", block):
            found[bytes.fromhex(code)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            start = ord(bytes.fromhex(text).decode("utf-16-be"))
            for place, code in enumerate(range(int(first, 16), int(last, 16) + 1)):
                found[code.to_bytes(width, "big")] = chr(start + place)
    return width, found


def text_of(page: pikepdf.Page) -> str:
    """Read the words of a page without spaces, which are moves of the pen."""
    fonts = {name: glyphs(font) for name, font in page.resources.Font.items()}
    said = []
    for operands, operator in pikepdf.parse_content_stream(page, "Tf Tj TJ"):
        if str(operator) == "Tf":
            width, known = fonts[str(operands[0])]
            continue
        strings = operands[0] if str(operator) == "TJ" else operands
        for string in strings:
            if isinstance(string, pikepdf.String):
                codes = bytes(string)
                for at in range(0, len(codes), width):
                    said.append(known.get(codes[at : at + width], ""))
    joined = unicodedata.normalize("NFKC", "".join(said))  # "fi" may be one glyph
    return "".join(joined.split())


def numbers_of(page: pikepdf.Page) -> list[int]:
    """Read the numbers that were written into a page of the contents, from top to bottom."""
    content = b"".join(part.read_bytes() for part in page.Contents).decode("latin-1")
    stamp = content.rpartition("/Artifact BMC")[2]
    return [int(number) for number in re.findall(r"Tm \((\d+)\) Tj", stamp)]


@pytest.mark.book
def test_the_pdf_holds_every_page_under_the_number_that_its_contents_give(
    printed: pikepdf.Pdf, book_site: Path
) -> None:
    assert printed.Root.MarkInfo.Marked
    assert printed.Root.StructTreeRoot.Type == "/StructTreeRoot"
    assert printed.Root.Lang == "en"
    assert printed.docinfo["/Title"] == "Unrolled"
    titles = [
        " ".join(
            BeautifulSoup((book_site / f"{docname}.html").read_text("utf-8"), "html.parser")
            .select_one("article h1")
            .get_text()
            .removesuffix("#")
            .split()
        )
        for part in paper.parts(book_site)
        for docname in part.docnames
    ]
    pages = {page.objgen: number for number, page in enumerate(printed.pages)}
    with printed.open_outline() as outline:
        entries = [(entry.title, entry.destination) for entry in outline.root]
    places = {title: pages[place[0].objgen] for title, place in entries if title in titles}
    assert list(places) == titles
    contents = printed.pages[1 : min(places.values())]
    words = "".join(text_of(page) for page in contents)
    for title, place in places.items():
        assert "".join(title.split()) in words
        assert "".join(title.split()) in text_of(printed.pages[place])
    stamped = [number for page in contents for number in numbers_of(page)]
    assert stamped == [place + 1 for place in places.values()]


@pytest.mark.book
def test_the_tags_of_the_pdf_are_packed(printed: pikepdf.Pdf, book_site: Path) -> None:
    plain = (book_site.parent / "unrolled.pdf").read_bytes().count(b" 0 obj\n")
    assert 0 < plain < len(printed.objects) / 10


@pytest.mark.book
def test_no_link_of_the_pdf_leads_to_a_file_of_the_machine_that_made_it(
    printed: pikepdf.Pdf,
) -> None:
    addresses = [
        str(link.A.get("/URI", ""))
        for page in printed.pages
        for link in page.get("/Annots", ())
        if "/A" in link
    ]
    assert sum(address.startswith("https://") for address in addresses) > 20
    assert [address for address in addresses if address.startswith("file:")] == []
