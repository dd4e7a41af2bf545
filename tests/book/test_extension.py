"""What the book does to pages while Sphinx makes them."""

import pytest
from docutils import nodes
from docutils.utils import new_document

from book.extension import KeepPunctuation, name_folds_by_their_words


@pytest.mark.parametrize(
    ("after", "wrapped", "rest"),
    [(". Then", ".", " Then"), ("), and", "),", " and"), (" and", None, " and"), ("", None, "")],
)
def test_a_full_stop_stays_with_the_formula_before_it(after, wrapped, rest):
    document = new_document("page")
    paragraph = nodes.paragraph("", "", nodes.Text("So "), nodes.math("", "a^2"))
    if after:
        paragraph += nodes.Text(after)
    document += paragraph
    KeepPunctuation(document).run()
    assert paragraph.astext() == f"So a^2{after}"
    together = list(paragraph.findall(nodes.inline))
    assert [node.astext() for node in together] == ([] if wrapped is None else [f"a^2{wrapped}"])
    assert all(node["classes"] == ["unrolled-together"] for node in together)
    assert not rest or paragraph[-1].astext() == rest


def test_a_fold_is_named_by_its_own_words():
    context = {"body": '<summary aria-label="Toggle hidden content"><span>Show</span></summary>'}
    name_folds_by_their_words(None, "page", "page.html", context, None)
    assert context["body"] == "<summary><span>Show</span></summary>"
    name_folds_by_their_words(None, "search", "search.html", empty := {}, None)
    assert empty == {}
