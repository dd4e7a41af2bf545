"""The PDF of the book: its pages in one document, printed by Chromium with outline and tags."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import pikepdf
from pikepdf import Dictionary, Name, ObjectStreamMode

from book import paper
from book.errors import BookError
from book.files import write_if_changed
from tools import browser

TITLE = "Unrolled"
PAPER = {"width": 672, "height": 990}  # pixels of the text on a page, by the margins in book.css
WAIT_SECONDS = 300  # for the mathematics of the whole book

# Numbers in the contents: Helvetica, whose digits are 0.556 em wide; sizes in points.
FONT, SIZE, DIGIT, RISE = "UnrolledNumbers", 8.5, 0.556, 3.5
EDGE = 45.4  # the margin of the page in book.css, 16 mm

# Where a page has a place for the link to the PDF; a place that is empty is not shown.
_PLACE = re.compile(r'(<p class="unrolled-buttons unrolled-pdf">).*?(</p>)')

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
    """Write page numbers into the contents, mend the outline, give the file a title, and pack it.

    Parameters
    ----------
    printed : Path
        What Chromium wrote: a cover, the contents, the pages.
    target : Path
        The finished PDF. Its tags are some hundred thousand small objects, which Chromium writes
        as plain text; here they are packed.
    headings : sequence of str
        All headings of the document in their order.

    Raises
    ------
    BookError
        If the outline that Chromium wrote has another number of entries.
    """
    with pikepdf.open(printed) as file:
        places = {page.objgen: number for number, page in enumerate(file.pages)}
        numbers = {
            name: places[place[0].objgen]
            for name, place in file.Root.Dests.items()
            if place[0].objgen in places
        }
        font = file.make_indirect(
            Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        )
        for page in file.pages[1 : min(numbers.values())]:  # from the cover to the first page
            stamps = [
                (float(entry.Rect[1]), numbers[str(entry.Dest)] + 1)
                for entry in page.get("/Annots", ())
                if "/Dest" in entry and str(entry.Dest) in numbers
            ]
            _stamp(page, font, stamps)
        _share_pictures(file)
        _name_entries(file.Root.Outlines, headings)
        file.docinfo["/Title"] = TITLE
        file.docinfo["/Author"] = "The Unrolled authors"
        file.Root.PageMode = Name.UseOutlines
        file.save(target, object_stream_mode=ObjectStreamMode.generate)


def _share_pictures(file: pikepdf.Pdf) -> None:
    """Keep one of pictures that are the same: claims show the figures of the chapters again."""
    known: dict[bytes, pikepdf.Object] = {}
    for page in file.pages:
        pictures = page.resources.get("/XObject", Dictionary())
        for name, picture in list(pictures.items()):
            if picture.get("/Subtype") != Name.Image or "/SMask" in picture:
                continue
            size = f"{picture.Width} {picture.Height} ".encode()
            key = hashlib.sha256(size + picture.read_raw_bytes()).digest()
            pictures[name] = known.setdefault(key, picture)


def _name_entries(outline: Dictionary, headings: Sequence[str]) -> None:
    """Name the entries anew: of a heading in two lines, Chromium repeats one and loses a space."""
    entries = list(_below(outline))
    if len(entries) != len(headings):
        raise BookError(
            f"The outline of the PDF has {len(entries)} entries for {len(headings)} headings; "
            "expected one for each. Look at the headings of the pages that were changed last."
        )
    for entry, heading in zip(entries, headings, strict=True):
        entry.Title = heading


def _below(entry: Dictionary) -> Iterator[Dictionary]:
    child = entry.get("/First")
    while child is not None:
        yield child
        yield from _below(child)
        child = child.get("/Next")


def _stamp(page: pikepdf.Page, font: Dictionary, stamps: Sequence[tuple[float, int]]) -> None:
    """Write numbers at the right edge of the text, each at its height; not part of the reading."""
    right = float(page.mediabox[2]) - EDGE
    lines = []
    for height, number in stamps:
        start = right - DIGIT * SIZE * len(str(number))
        lines.append(f"1 0 0 1 {start:.2f} {height + RISE:.2f} Tm ({number}) Tj")
    name = page.add_resource(font, Name.Font, Name("/" + FONT))
    text = f"/Artifact BMC q BT {name} {SIZE} Tf 0.3 g {' '.join(lines)} ET Q EMC"
    page.contents_add(b"q", prepend=True)  # whatever the page's own content leaves set is undone
    page.contents_add(f"Q {text}".encode("ascii"))


def offer(site: Path, book: Path | None) -> None:
    """Put the PDF beside the pages, and a link to it where a page has a place for one.

    Parameters
    ----------
    site : Path
        Folder of the built site.
    book : Path or None
        The PDF. Without one the pages have no link, and no PDF lies beside them.
    """
    link, beside = "", site / "unrolled.pdf"
    if book is None:
        beside.unlink(missing_ok=True)
    else:
        shutil.copyfile(book, beside)
        size = book.stat().st_size / 1e6
        link = f'<a href="{beside.name}">The book as a PDF, {size:.0f} MB</a>'
    for page in sorted(site.glob("*.html")):
        before = page.read_bytes().decode()
        write_if_changed(page, _PLACE.sub(rf"\1{link}\2", before))
