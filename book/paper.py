"""Put the pages of the built site into one html document, in their order, ready to be printed."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from bs4 import BeautifulSoup, Tag

from book.errors import BookError

# Attributes that hold the id of another element, or several.
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers")

# What has no meaning on paper.
ON_SCREEN_ONLY = (
    "script",
    ".headerlink",
    ".no-print",
    ".unrolled-buttons",
    ".unrolled-player-controls",
    ".unrolled-player-more",
    ".unrolled-player-status",
)

# Classes of words of code that the style of the book leaves in the colour of the text.
COLOURLESS = {"n", "nn", "nx", "p", "pm", "w"}

# Left out of the printed book: a reference of some hundred pages that is there to be clicked.
LEFT_OUT = ("api/", "genindex", "search", "py-modindex")


@dataclass
class Part:
    """One group of pages, as the sidebar of the site shows it.

    Attributes
    ----------
    caption : str
        What stands above the group; empty for pages that stand before the first one.
    docnames : list of str
        The pages in their order.
    """

    caption: str
    docnames: list[str] = field(default_factory=list)


def parts(site: Path) -> list[Part]:
    """Read the order of the pages from the sidebar of the first one.

    Parameters
    ----------
    site : Path
        Folder of the built site.

    Returns
    -------
    found : list of Part
        Without the first page, which is the site's own, and without what is `LEFT_OUT`.
    """
    page = _read(site, "index")
    found = [Part("")]
    known = {"index"}
    for element in page.select("#pst-primary-sidebar nav :is(p.caption, li > a[href])"):
        if element.name == "p":
            found.append(Part(element.get_text(" ", strip=True)))
            continue
        docname = _docname("index", str(element["href"]))[0]
        if docname and docname not in known and not docname.startswith(LEFT_OUT):
            known.add(docname)
            found[-1].docnames.append(docname)
    return [part for part in found if part.docnames]


def assemble(site: Path, order: Sequence[Part], title: str, address: str) -> str:
    """Return one html document of all pages.

    Parameters
    ----------
    site : Path
        Folder of the built site.
    order : sequence of Part
        The pages, in groups.
    title : str
        Title of the book, on its cover and in the file.
    address : str
        What stands before the path of a file of the site, such as ``"html/"``.

    Returns
    -------
    document : str
        Every id carries the name of its page; links between the pages lead to their place in the
        document, and links to pages that are left out are plain text.

    Raises
    ------
    BookError
        If a page has no article or no title.
    """
    docnames = [docname for part in order for docname in part.docnames]
    main = BeautifulSoup("<main class='bd-content'></main>", "html.parser").main
    entries = []
    for part in order:
        if part.caption:
            entries.append(f"<li class='unrolled-part'>{part.caption}</li>")
        for docname in part.docnames:
            article = _article(site, docname, set(docnames), address)
            heading = _only(article, "h1", docname).get_text(" ", strip=True)
            entries.append(f"<li><a href='#{_anchor(docname)}'>{heading}</a></li>")
            main.append(article)
    cover = _read_text("cover.html").format(title=title, entries="".join(entries))
    head = "".join(_styles(site, docnames[0], address) + _mathematics(site, docnames, address))
    return (
        "<!doctype html><html lang='en' data-theme='light' data-mode='light'>"
        f"<head><meta charset='utf-8'><title>{title}</title>{head}</head>"
        f"<body class='unrolled-paper'>{cover}{main}</body></html>"
    )


def _read_text(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _read(site: Path, docname: str) -> BeautifulSoup:
    return BeautifulSoup((site / f"{docname}.html").read_text(encoding="utf-8"), "html.parser")


def _only(tree: BeautifulSoup | Tag, selector: str, docname: str) -> Tag:
    found = tree.select_one(selector)
    if found is None:
        raise BookError(
            f"{docname}.html has no {selector!r}; expected one, to print it. "
            "Build the site anew with: python -m book --fresh"
        )
    return found


def _styles(site: Path, docname: str, address: str) -> list[str]:
    kept = []
    for tag in _read(site, docname).select("head link[rel~=stylesheet]"):
        tag["href"] = address + _resolve(docname, str(tag["href"]))
        kept.append(str(tag))
    return kept


def _mathematics(site: Path, docnames: Sequence[str], address: str) -> list[str]:
    """Give MathJax and its settings as the first page has them that needs them."""
    for docname in docnames:
        kept = []
        for tag in _read(site, docname).select("head script"):
            source = str(tag.get("src") or "")
            if "mathjax" in source.lower():
                tag["src"] = address + _resolve(docname, source)
                kept.append(str(tag))
            elif not source and "window.MathJax" in tag.get_text():
                kept.append(str(tag))
        if kept:
            return kept
    return []


def _article(site: Path, docname: str, known: set[str], address: str) -> Tag:
    article = _only(_read(site, docname), "article.bd-article", docname)
    for tag in article.select(", ".join(ON_SCREEN_ONLY)):
        tag.decompose()
    _join_words(article)
    for tag in article.find_all(True):
        _move(tag, docname, known, address)
    article["id"] = _anchor(docname)
    return article


def _join_words(article: Tag) -> None:
    """Make one piece of the words of code that have no colour of their own.

    Every element of the document becomes one of the tags of the PDF, which code would double.
    """
    for word in article.select("pre span"):
        if set(word.get("class", ())) <= COLOURLESS:
            word.unwrap()


def _move(tag: Tag, docname: str, known: set[str], address: str) -> None:
    """Make one element right in its new place."""
    if "id" in tag.attrs:
        tag["id"] = _anchor(docname, str(tag["id"]))
    for name in REFERENCES:
        if name in tag.attrs:
            values = tag[name] if isinstance(tag[name], list) else str(tag[name]).split()
            tag[name] = " ".join(_anchor(docname, value) for value in values)
    if tag.name == "details":
        tag["open"] = ""  # nothing can be unfolded on paper
    if "src" in tag.attrs and not urlsplit(str(tag["src"])).scheme:
        tag["src"] = address + _resolve(docname, str(tag["src"]))
        tag.attrs.pop("loading", None)
    if tag.name == "a" and "href" in tag.attrs and not urlsplit(str(tag["href"])).scheme:
        target, fragment = _docname(docname, str(tag["href"]))
        if target in known:
            tag["href"] = f"#{_anchor(target, fragment)}"
        else:
            del tag["href"]


def _resolve(docname: str, reference: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(docname), reference))


def _docname(docname: str, reference: str) -> tuple[str, str]:
    """Give the page that a link leads to, empty where it leads to no page, and the place there."""
    path, fragment = urldefrag(reference)
    if not path or path == "#":
        return docname, fragment
    if not path.endswith(".html"):
        return "", fragment
    return _resolve(docname, path).removesuffix(".html"), fragment


def _anchor(docname: str, fragment: str = "") -> str:
    name = docname.replace("/", ".")
    return f"{name}--{fragment}" if fragment else name
