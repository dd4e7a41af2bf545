"""The PDF of the book: its pages in one document, printed by Chromium with outline and tags."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    TextStringObject,
)

from book import paper
from book.errors import BookError
from tools import browser

TITLE = "Unrolled"
PAPER = {"width": 672, "height": 990}  # pixels of the text on a page, by the margins in book.css
WAIT_SECONDS = 300  # for the mathematics of the whole book

# Numbers in the contents: Helvetica, whose digits are 0.556 em wide; sizes in points.
FONT, SIZE, DIGIT, RISE = "UnrolledNumbers", 8.5, 0.556, 3.5
EDGE = 45.4  # the margin of the page in book.css, 16 mm

# Mathematics is set once for the whole document. Nothing can be scrolled on paper, and one table
# that is too wide would shrink all pages: what is too wide is drawn smaller.
TYPESET = """async () => {
  if (window.MathJax) await window.MathJax.startup.promise;
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode()));
  for (const box of document.querySelectorAll("article :is(table, div.math)")) {
    const room = box.parentElement.clientWidth;
    const wide = Math.max(box.scrollWidth, box.offsetWidth);
    if (wide > room) box.style.zoom = room / wide;
  }
  const headings = document.querySelectorAll("article :is(h1, h2, h3, h4, h5, h6)");
  return [...headings].map((heading) => heading.textContent.replace(/\\s+/g, " ").trim());
}"""


def build(html: Path, target: Path) -> bool:
    """Print the built site.

    Parameters
    ----------
    html : Path
        Folder of the built site.
    target : Path
        The PDF to write. Beside it a page `NAME.html` is written, from which it is printed, and
        removed again.

    Returns
    -------
    written : bool
        False where it is left out, for want of a browser or of Playwright; a line says so.

    Raises
    ------
    BookError
        If there is no browser and the environment variable BOOK_PDF is ``required``, or if a
        picture of the book cannot be read.
    """
    missing = _missing()
    if missing is not None:
        if os.environ.get("BOOK_PDF") == "required":
            raise BookError(f"The PDF is required by BOOK_PDF, and {missing}.")
        print(f"PDF left out: {missing}.", flush=True)
        return False
    document = target.with_suffix(".print.html")
    address = Path(os.path.relpath(html, target.parent)).as_posix() + "/"
    document.write_text(paper.assemble(html, paper.parts(html), TITLE, address), encoding="utf-8")
    printed = target.with_suffix(".print.pdf")
    try:
        finish(printed, target, _print(document, printed))
    finally:
        document.unlink(missing_ok=True)
        printed.unlink(missing_ok=True)
    return True


def _missing() -> str | None:
    if find_spec("playwright") is None:
        return "Playwright is not installed; python -m pip install playwright brings it"
    if browser.find_chromium() is None:
        return f"no Chromium or Chrome was found; {browser.VARIABLE} can name one"
    return None


def _print(document: Path, target: Path) -> list[str]:
    """Print a document and return its headings in their order."""
    from playwright.sync_api import Error

    with browser.chromium() as started:
        page = started.new_page(viewport=PAPER)
        page.set_default_timeout(WAIT_SECONDS * 1000)
        page.emulate_media(media="print")
        page.goto(document.resolve().as_uri())
        try:
            headings = page.evaluate(TYPESET)
        except Error as error:
            raise BookError(
                f"The book could not be typeset for the PDF: {error.message} "
                "Build it anew with: python -m book --fresh"
            ) from error
        page.pdf(path=target, prefer_css_page_size=True, outline=True, tagged=True)
    return headings


def finish(printed: Path, target: Path, headings: Sequence[str]) -> None:
    """Write page numbers into the contents, mend the outline, and give the file a title.

    Parameters
    ----------
    printed : Path
        What Chromium wrote: a cover, the contents, the pages.
    target : Path
        The finished PDF.
    headings : sequence of str
        All headings of the document in their order.

    Raises
    ------
    BookError
        If the outline that Chromium wrote has another number of entries.
    """
    # pypdf warns that its copy counts more objects than the file said; nothing follows from it.
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    writer = PdfWriter(clone_from=PdfReader(printed))
    numbers = {
        name: number
        for name, place in writer.named_destinations.items()
        if (number := writer.get_destination_page_number(place)) is not None
    }
    for page in writer.pages[1 : min(numbers.values())]:  # from the cover to the first page
        entries = [link.get_object() for link in page.get("/Annots", ())]
        stamps = [
            (float(entry["/Rect"][1]), numbers[str(entry["/Dest"])] + 1)
            for entry in entries
            if str(entry.get("/Dest")) in numbers
        ]
        _stamp(writer, page, stamps)
    _name_entries(writer.root_object["/Outlines"].get_object(), headings)
    writer.add_metadata({"/Title": TITLE, "/Author": "The Unrolled authors"})
    writer.page_mode = "/UseOutlines"
    writer.write(target)


def _name_entries(outline: DictionaryObject, headings: Sequence[str]) -> None:
    """Name the entries anew: of a heading in two lines, Chromium repeats one and loses a space."""
    entries = list(_below(outline))
    if len(entries) != len(headings):
        raise BookError(
            f"The outline of the PDF has {len(entries)} entries for {len(headings)} headings; "
            "expected one for each. Look at the headings of the pages that were changed last."
        )
    for entry, heading in zip(entries, headings, strict=True):
        entry[NameObject("/Title")] = TextStringObject(heading)


def _below(entry: DictionaryObject) -> Iterator[DictionaryObject]:
    child = entry.get("/First")
    while child is not None:
        yield child.get_object()
        yield from _below(child.get_object())
        child = child.get_object().get("/Next")


def _stamp(writer: PdfWriter, page: PageObject, stamps: Sequence[tuple[float, int]]) -> None:
    """Write numbers at the right edge of the text, each at its height; not part of the reading."""
    right = float(page.mediabox.right) - EDGE
    lines = []
    for height, number in stamps:
        start = right - DIGIT * SIZE * len(str(number))
        lines.append(f"1 0 0 1 {start:.2f} {height + RISE:.2f} Tm ({number}) Tj")
    text = f"/Artifact BMC q BT /{FONT} {SIZE} Tf 0.3 g {' '.join(lines)} ET Q EMC"
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    resources = page["/Resources"].get_object()
    fonts = resources.setdefault(NameObject("/Font"), DictionaryObject()).get_object()
    fonts[NameObject(f"/{FONT}")] = writer._add_object(font)
    stream = DecodedStreamObject()
    stream.set_data(text.encode("ascii"))
    before = DecodedStreamObject()  # whatever the page's own content leaves set is undone
    before.set_data(b"q")
    after = DecodedStreamObject()
    after.set_data(b"Q")
    content = page["/Contents"]
    kept = list(content) if isinstance(content, ArrayObject) else [page.raw_get("/Contents")]
    added = [writer._add_object(part) for part in (before, after, stream)]
    page[NameObject("/Contents")] = ArrayObject([added[0], *kept, added[1], added[2]])
