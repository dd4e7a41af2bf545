"""Safe HTML from what learners wrote: their code and their texts.

A submission is a stranger's text. Code is escaped and coloured by Pygments. Markdown is rendered
with its raw HTML escaped, and what comes out passes through Bleach, which keeps a short list of
elements and no attribute but the address of a link. Pictures are named, never loaded: a page made
here asks no server for anything.
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlsplit

import bleach
from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer, TextLexer

CODE_CHARACTERS = 10_000  # of one cell that a page shows
COLOURED_CHARACTERS = 4_000  # longer code is shown without colours
TEXT_CHARACTERS = 20_000  # of one text; a longer one is shown as it was typed, and cut
BLOCKS = {"blockquote", "dd", "div", "dl", "dt", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p"}
TABLES = {"pre", "table", "tbody", "td", "th", "thead", "tr", "ul"}
WORDS = {"a", "br", "code", "del", "em", "s", "span", "strong", "sub", "sup"}
ELEMENTS = frozenset(BLOCKS | TABLES | WORDS)
_UNREADABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def clean(text: str) -> str:
    """Return a text that can be written and read: no control characters, no half characters.

    Marks that turn the direction of writing are shown as a replacement character, because code
    with them reads otherwise than it runs.
    """
    return _UNREADABLE.sub("\ufffd", text)


def code_html(source: str) -> Markup:
    """Colour Python code; classes of Pygments, no styles of its own.

    Parameters
    ----------
    source : str
        Of any length; what is over `CODE_CHARACTERS` is cut, and the page says so.
    """
    text, left = _cut(clean(source), CODE_CHARACTERS)
    lexer = PythonLexer(stripnl=False, ensurenl=True)
    if len(text) > COLOURED_CHARACTERS:  # colours take ten times the room of the text
        lexer = TextLexer(stripnl=False, ensurenl=True)
    coloured = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return Markup(f'<pre class="code" tabindex="0"><code>{coloured}</code></pre>{_left(left)}')


def text_html(source: str) -> Markup:
    """Render a learner's or grader's Markdown; formulas stay as they were typed.

    A text that is too long is shown as it was typed, up to a limit.
    """
    text, left = _cut(clean(source), TEXT_CHARACTERS)
    if left:
        return Markup(f'<pre class="typed" tabindex="0">{html.escape(text)}</pre>{_left(left)}')
    rendered = MarkdownWithMath(renderer=_Renderer()).render(text)
    kept = bleach.clean(
        rendered,
        tags=ELEMENTS,
        attributes={"a": link_attribute},
        protocols={"http", "https", "mailto"},
        strip=True,
        strip_comments=True,
    )
    return Markup(kept.replace("<a href=", '<a rel="noopener noreferrer nofollow" href='))


def is_hard(text: str) -> bool:
    """Tell whether a text is too long to be rendered in a time that a class can wait for."""
    return len(text) > TEXT_CHARACTERS


def message_html(text: str) -> Markup:
    """Escape a check's message and show its names, in backquotes, as code."""
    escaped = html.escape(clean(text), quote=False)
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped))


class _Renderer(IPythonRenderer):
    """Markdown to plain elements: no pictures, no diagrams, headings below the page's own."""

    def __init__(self) -> None:
        super().__init__(escape=True, exclude_anchor_links=True)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        named = html.escape(bleach.clean(text, tags=set(), strip=True)) or "no description"
        return f"[picture: {named}]"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre>{html.escape(code)}</pre>\n"

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        level = min(level + 2, 6)
        return f"<h{level}>{text}</h{level}>\n"


def link_attribute(tag: str, name: str, value: str) -> bool:
    """Keep the address of a link that leads to a web page or to a mail program."""
    if name != "href":
        return False
    try:
        return urlsplit(value.strip()).scheme.lower() in ("http", "https", "mailto")
    except ValueError:
        return False


def _cut(text: str, length: int) -> tuple[str, int]:
    return text[:length], max(0, len(text) - length)


def _left(characters: int) -> str:
    if not characters:
        return ""
    return f'<p class="note">{characters:,} more characters are not shown here.</p>'
