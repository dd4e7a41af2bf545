"""The glossary page: a directive that lists all terms by letter; a role that names a chapter."""

from itertools import groupby

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from book.terms.glossary import MADE_FROM, Term, sort_key, terms
from book.terms.linking import OFF, link_terms
from book.terms.matching import Matcher

CHINESE = "language-zh-Hans"  # docutils turns a class of this form into the attribute `lang`
NOTED_PAGES = "terms_pages"  # where the environment keeps the names of pages that link to chapters


def chapter_page(env: BuildEnvironment, number: str) -> str | None:
    """Find the page of a chapter among those of the project.

    Parameters
    ----------
    env : BuildEnvironment
        Knows the pages.
    number : str
        Number of the chapter, such as "05".

    Returns
    -------
    docname : str or None
        Such as "chapters/05_vanishing_exploding"; None if the project does not hold the chapter.
    """
    names = sorted(name for name in env.found_docs if name.startswith(f"chapters/{number}_"))
    return names[0] if names else None


def link_to_chapter(env: BuildEnvironment, number: str, label: str) -> nodes.Node:
    """Link to a chapter if the project holds it.

    Parameters
    ----------
    env : BuildEnvironment
        Knows the pages.
    number : str
        Number of the chapter.
    label : str
        What the link says.

    Returns
    -------
    node : Node
        A cross reference, or the label as text.
    """
    docname = chapter_page(env, number)
    if docname is None:
        return nodes.Text(label)
    return addnodes.pending_xref(
        "",
        nodes.inline(label, label, classes=["xref", "doc"]),
        refdoc=env.docname,
        refdomain="std",
        reftype="doc",
        reftarget=f"/{docname}",
        refexplicit=True,
        refwarn=True,
    )


def noted_pages(env: BuildEnvironment) -> frozenset[str]:
    """Return the names of the pages that link to those chapters that exist.

    Parameters
    ----------
    env : BuildEnvironment
        Keeps them from build to build.

    Returns
    -------
    docnames : frozenset of str
    """
    return getattr(env, NOTED_PAGES, frozenset())


def note_page(env: BuildEnvironment) -> None:
    """Note that the page being read links to those chapters that exist.

    Parameters
    ----------
    env : BuildEnvironment
        Keeps the names of such pages from build to build.
    """
    setattr(env, NOTED_PAGES, noted_pages(env) | {env.docname})


class CourseGlossary(SphinxDirective):
    """List the terms of the course: name, Chinese name, definition, chapter."""

    def run(self) -> list[nodes.Node]:
        """Build one section for each letter."""
        for path in MADE_FROM:
            self.env.note_dependency(str(path))
        note_page(self.env)
        matcher = Matcher((term for term in terms() if not term.only), number="")
        sections: list[nodes.Node] = []
        for letter, group in groupby(terms(), key=lambda term: sort_key(term)[0][0].upper()):
            section = nodes.section(ids=[f"letter-{letter.lower()}"], names=[letter])
            section += nodes.title(letter, letter)
            items = [self._entry(term, matcher) for term in group]
            section += nodes.definition_list("", *items, classes=["glossary"])
            self.set_source_info(section)
            sections.append(section)
        return sections

    def _entry(self, term: Term, matcher: Matcher) -> nodes.definition_list_item:
        """Build one entry, with links to the other terms that its definition uses."""
        head = nodes.term("", "", ids=[term.anchor], classes=[OFF])
        head += nodes.inline(term.name, term.name, classes=["term-name"])
        if term.long:
            head += nodes.Text(f" ({term.long})")
        head += nodes.Text(" ")
        head += nodes.inline(term.chinese, term.chinese, classes=["term-chinese", CHINESE])
        self.set_source_info(head)
        self.state.document.note_explicit_target(head)
        self.env.domains.standard_domain.note_object("term", term.name, term.anchor, head)
        meaning = nodes.paragraph(term.definition, term.definition, classes=["term-definition"])
        link_terms(meaning, matcher, {term.anchor}, self.env.docname)
        home = link_to_chapter(self.env, term.chapter, f"Chapter {term.chapter}")
        meaning += [nodes.Text(" "), nodes.inline("", "", home, classes=["term-home"])]
        return nodes.definition_list_item("", head, nodes.definition("", meaning))


class ChapterRole(SphinxRole):
    """Name a chapter by its number, with a link to it: {chapter}`05`."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Give the link, or the number alone where the project does not hold the chapter."""
        note_page(self.env)
        return [link_to_chapter(self.env, self.text, self.text)], []


def outdated_pages(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Have glossary and notation read again when chapters come or go: they link those that exist.

    Parameters
    ----------
    app : Sphinx
        The application.
    env : BuildEnvironment
        Knows these pages from earlier builds.
    added, changed, removed : set of str
        Names of pages.

    Returns
    -------
    docnames : list of str
        The pages to read again.
    """
    if any(name.startswith("chapters/") for name in added | removed):
        return sorted(noted_pages(env) & env.found_docs)
    return []


def merge_pages(
    app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment
) -> None:
    """Take over what a second process has noted that read some of the pages.

    Parameters
    ----------
    app : Sphinx
        The application.
    env, other : BuildEnvironment
        The environment that stays, and that of the other process.
    docnames : set of str
        The pages that the other process has read.
    """
    setattr(env, NOTED_PAGES, noted_pages(env) | noted_pages(other))


def register(app: Sphinx) -> None:
    """Register the directive `course-glossary` and the role `chapter`.

    Parameters
    ----------
    app : Sphinx
        The application that is being set up.
    """
    app.add_directive("course-glossary", CourseGlossary)
    app.add_role("chapter", ChapterRole())
    app.connect("env-get-outdated", outdated_pages)
    app.connect("env-merge-info", merge_pages)
