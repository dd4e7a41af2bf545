"""Link each term to the glossary where a chapter or an exercise page uses it first.

The links are made while Sphinx reads a page, as cross references to terms of the standard domain:
Sphinx then checks that each leads somewhere, and carries them into every kind of output.
"""

from functools import cache
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from book.terms.glossary import MADE_FROM, terms
from book.terms.matching import Matcher

LINK_CLASS = "term-link"
OFF = "no-terms"  # a node with this class is left as it is, with all below it
SKIPPED_NODES = (
    nodes.title,
    nodes.subtitle,
    nodes.rubric,
    nodes.literal,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.reference,
    nodes.target,
    nodes.thead,
    nodes.figure,
    nodes.caption,
    nodes.footnote,
    nodes.footnote_reference,
    nodes.citation,
    nodes.citation_reference,
    nodes.problematic,
    nodes.system_message,
    nodes.FixedTextElement,  # code, comments and whatever else is set as it is written
    addnodes.pending_xref,
    addnodes.download_reference,
    addnodes.toctree,
    addnodes.index,
)
SKIPPED_CLASSES = {OFF, "cell_input", "cell_output", "toctree-wrapper", "sd-summary-title"}


@cache
def matcher_for(number: str) -> Matcher:
    """Give the matcher for the pages of one chapter.

    Parameters
    ----------
    number : str
        Number of the chapter, such as "05".

    Returns
    -------
    matcher : Matcher
    """
    return Matcher(terms(), number)


def link_terms(root: nodes.Element, matcher: Matcher, seen: set[str], docname: str) -> None:
    """Link the first use of every term below a node, in the order of reading.

    Parameters
    ----------
    root : Element
        A document or a part of one. It is changed in place.
    matcher : Matcher
        Finds the terms.
    seen : set of str
        Anchors of the terms that are not to be linked any more. It grows.
    docname : str
        The page on which the links stand.
    """
    if isinstance(root, SKIPPED_NODES) or SKIPPED_CLASSES & set(root.get("classes", ())):
        return
    _join_texts(root)
    folded = 0
    for child in list(root.children):
        folded += _folds(child)
        if folded:
            continue  # the first use is one that readers see without unfolding anything
        if isinstance(child, nodes.Text):
            _link_text(root, child, matcher, seen, docname)
        elif not _lists_references(child):
            link_terms(child, matcher, seen, docname)


def _folds(node: nodes.Node) -> int:
    """Count how many parts to unfold a piece of raw HTML opens, less those that it closes."""
    if not isinstance(node, nodes.raw):
        return 0
    html = node.astext().lower()
    return html.count("<details") - html.count("</details")


def _join_texts(parent: nodes.Element) -> None:
    """Join texts that stand side by side: MyST makes one of each line, and a term may be broken."""
    for index in range(len(parent) - 1, 0, -1):
        left, right = parent[index - 1], parent[index]
        if isinstance(left, nodes.Text) and isinstance(right, nodes.Text):
            parent[index - 1] = nodes.Text(left.astext() + right.astext())
            del parent[index]


def _link_text(
    parent: nodes.Element, text: nodes.Text, matcher: Matcher, seen: set[str], docname: str
) -> None:
    """Put links into one piece of text."""
    written, position, parts = text.astext(), 0, []
    for found in matcher.first(written, seen):
        if found.start > position:
            parts.append(nodes.Text(written[position : found.start]))
        shown = written[found.start : found.end]
        reference = addnodes.pending_xref(
            "",
            nodes.inline(shown, shown, classes=["xref", "std", "std-term", LINK_CLASS]),
            refdoc=docname,
            refdomain="std",
            reftype="term",
            reftarget=found.term.name,
            refexplicit=True,
            refwarn=True,
        )
        parts.append(reference)
        position = found.end
    if parts:
        if position < len(written):
            parts.append(nodes.Text(written[position:]))
        parent.replace(text, parts)


def _lists_references(node: nodes.Node) -> bool:
    """Say whether a node is a list of references: titles of papers are no use of a term.

    It is a section with that title, or a list that follows a paragraph which says so.
    """
    if isinstance(node, nodes.section):
        first = node[0] if len(node) else None
        return isinstance(first, nodes.title) and _says_references(first)
    if not isinstance(node, nodes.bullet_list | nodes.enumerated_list):
        return False
    before = node.previous_sibling()
    return isinstance(before, nodes.paragraph) and _says_references(before)


def _says_references(node: nodes.Element) -> bool:
    return node.astext().strip().rstrip(".:").lower() == "references"


class LinkTerms(SphinxTransform):
    """Link the terms of a chapter or of an exercise page as Sphinx reads it."""

    default_priority = 870  # after references have been made and quotation marks been set

    def apply(self, **kwargs: Any) -> None:
        """Link terms if the page is one of those that are linked."""
        docname = self.env.docname
        if not docname.startswith(tuple(self.config.terms_linked_prefixes)):
            return
        for path in MADE_FROM:
            self.env.note_dependency(str(path))
        number = docname.rpartition("/")[2][:2]
        link_terms(self.document, matcher_for(number), set(), docname)


def explain_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each link to the glossary its definition as a title, which browsers show on hovering.

    Parameters
    ----------
    app : Sphinx
        The application.
    doctree : document
        A page whose references have been resolved.
    docname : str
        Its name.
    """
    definitions = {term.anchor: term.definition for term in terms()}
    for reference in doctree.findall(nodes.reference):
        child = reference[0] if len(reference) else None
        if isinstance(child, nodes.inline) and LINK_CLASS in child["classes"]:
            target = reference.get("refuri", "").rpartition("#")[2] or reference.get("refid", "")
            reference["reftitle"] = definitions[target]


def register(app: Sphinx) -> None:
    """Register the transform and what belongs to it.

    Parameters
    ----------
    app : Sphinx
        The application that is being set up.
    """
    app.add_config_value("terms_linked_prefixes", ["chapters/", "exercises/"], "env", [list])
    app.add_transform(LinkTerms)
    app.connect("doctree-resolved", explain_links)
