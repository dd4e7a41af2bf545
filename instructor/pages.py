"""HTML for formgrader's pages, which the Jupyter server gives out with the instructor's rights.

nbgrader's own template puts a learner's Markdown into the page as it is, scripts and all. The
`nbgrader_config.py` of a class folder puts `markdown_to_html` in the place of that filter, and
`clean_html` in the place of the one for HTML in outputs, which would show a folded hint as code.
"""

from __future__ import annotations

import html
import re
from typing import Any

import bleach
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from instructor import rendering

ELEMENTS = rendering.ELEMENTS | {"details", "h1", "h2", "img", "summary"}
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*")
COLOURS = re.compile(r"highlight|hl-\w+|[a-z][a-z0-9]{0,2}")
"""Classes that Pygments gives to the parts of a program."""
PICTURE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")


@pass_context
def markdown_to_html(context: Context, source: str) -> str:
    """Render a Markdown cell for formgrader; nothing in it runs, loads or leaves the page.

    Elements that Markdown makes stay, and the foldable ones of the course. Pictures stay where
    the cell carries them itself, as a photograph of a derivation does.

    Parameters
    ----------
    context : Context
        Of the template, with the cell.
    source : str

    Returns
    -------
    html : str
        Formulas stay as they were typed, for MathJax.
    """
    text = rendering.clean(source)
    if rendering.is_hard(text):
        return str(rendering.text_html(source))
    attachments = context.get("cell", {}).get("attachments", {})
    page = MarkdownWithMath(renderer=_Renderer(attachments)).render(text)
    return _clean(page)


def clean_html(page: str | bytes) -> str:
    """Keep of HTML what neither runs nor loads anything: texts, tables, folds, coloured code."""
    return _clean(page.decode("utf-8", "replace") if isinstance(page, bytes) else str(page))


def _clean(page: str) -> str:
    attributes = {"a": rendering.link_attribute, "img": _picture_attribute}
    attributes |= dict.fromkeys(("div", "pre", "span"), _colour_attribute)
    kept = bleach.clean(
        page,
        tags=ELEMENTS,
        attributes=attributes,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
        strip_comments=True,
    )
    away = '<a target="_blank" rel="noopener noreferrer nofollow" href='
    return kept.replace("<a href=", away)  # bleach leaves no "<" in text or in an attribute


class _Renderer(IPythonRenderer):
    """Markdown to HTML that is cleaned afterwards; its pictures are those that the cell carries."""

    def __init__(self, attachments: Any) -> None:
        super().__init__(escape=False, exclude_anchor_links=True, attachments=attachments)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        alt = html.escape(bleach.clean(text, tags=set(), strip=True), quote=True)
        bundle = self.attachments.get(url.removeprefix("attachment:"), {})
        for kind in PICTURE_TYPES:
            if url.startswith("attachment:") and isinstance(bundle.get(kind), str):
                data = re.sub(r"[^A-Za-z0-9+/=]", "", bundle[kind])
                return f'<img alt="{alt}" src="data:{kind};base64,{data}">'
        return f"[picture: {alt or 'no description'}]"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre>{html.escape(code)}</pre>\n"


def _picture_attribute(tag: str, name: str, value: str) -> bool:
    return name == "alt" or (name == "src" and PICTURE.fullmatch(value) is not None)


def _colour_attribute(tag: str, name: str, value: str) -> bool:
    return name == "class" and all(COLOURS.fullmatch(one) for one in value.split())
