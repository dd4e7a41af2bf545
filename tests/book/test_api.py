"""The reference of `utils`: a page for each public module, with links from names in docstrings."""

import io
import re
import types

import pytest

from book import api
from book.api import addresses, docstrings, names, subjects, tables
from book.errors import BookError
from book.places import ROOT
from utils import lens
from utils.cells import lstm
from utils.checks import engine, ordering
from utils.lens import result
from utils.pytorch import models


def test_every_public_module_has_one_page_and_one_place():
    pages = api.pages()
    modules = subjects.public_modules()
    assert set(pages) == {"api/index.rst", *(f"api/{name}.rst" for name in modules)}
    placed = [name for subject in subjects.SUBJECTS for name in subject.modules]
    assert sorted(placed) == sorted(modules)
    for name in modules:
        assert f".. automodule:: {name}\n" in pages[f"api/{name}.rst"]
        assert f"{name} " in pages["api/index.rst"].replace("\n", " ")


def test_exercises_and_private_modules_have_no_page():
    modules = subjects.public_modules()
    assert not [name for name in modules if "._" in name or ".checks.chapter" in name]
    assert {"utils.checks", "utils.checks.engine", "utils.cells.lstm"} <= set(modules)


def test_a_module_without_a_subject_stops_the_build(monkeypatch):
    monkeypatch.setattr(api, "public_modules", lambda: (*subjects.public_modules(), "utils.novel"))
    with pytest.raises(BookError, match=r"utils\.novel: no subject .* add it"):
        api.pages()


def test_where_to_look_leads_to_pages():
    assert {module for _, module in subjects.WAYS} <= set(subjects.public_modules())


@pytest.mark.parametrize(
    ("text", "module", "owner", "target"),
    [
        ("lstm_step", lstm, None, "utils.cells.lstm.lstm_step"),
        ("utils.cells.lstm_step", engine, None, "utils.cells.lstm.lstm_step"),
        ("utils.cells", engine, None, "utils.cells"),
        ("Trace.keys", result, None, "utils.lens.result.Trace.keys"),
        ("keys", result, result.Trace, "utils.lens.result.Trace.keys"),
        ("run", ordering, ordering.OrderedCheck, "utils.checks.engine.Check.run"),
        ("Trace.findings", result, None, "utils.lens.result.Trace"),
        ("LSTMWeights.W_x", lstm, None, "utils.cells.lstm.LSTMWeights"),
        ("utils.lens.explore", lens, None, "utils.widgets.lens.explore"),
        ("QUANTITIES", lens, None, "utils.lens.result.QUANTITIES"),
        ("utils.cells.RNN_ACTIVATIONS", lstm, None, "utils.cells.rnn.RNN_ACTIVATIONS"),
        ("lstm_stop", lstm, None, None),
        ("Trace.nothing", result, None, None),
        ("utils.nowhere.at_all", lstm, None, None),
        ("np.tanh", lstm, None, None),
        ("nn.Module", models, None, None),
    ],
)
def test_names_lead_to_where_things_are_defined(text, module, owner, target):
    assert names.resolve(text, module, owner) == target


def test_parameters_become_code_and_other_names_links():
    text = (
        "From `x_t` as `lstm_step` does, ``not `this` ``; :math:`x`, `lost`.\n\n::\n\n    `code`\n"
    )
    assert docstrings.link_names(text, lstm, None, {"x_t"}) == (
        "From ``x_t`` as :py:obj:`lstm_step <utils.cells.lstm.lstm_step>` does, "
        "``not `this` ``; :math:`x`, `lost`.\n\n::\n\n    `code`\n"
    )


def test_classes_of_the_package_are_linked_in_types_and_other_words_are_plain():
    lines = [
        "Step with LSTMWeights.",
        "",
        "Parameters",
        "----------",
        "weights : LSTMWeights or None",
        "    Of LSTMWeights.",
        'kind : {"LSTMWeights"}',
        "x : array, shape (B, D)",
        "",
        "Returns",
        "-------",
        "LSTMStepValues",
        "",
        "Raises",
        "------",
        "TypeError",
    ]
    linked = docstrings.link_types(lines, lstm)
    changed = {i: line for i, line in enumerate(linked) if line != lines[i]}
    assert changed == {
        4: "weights : :py:obj:`LSTMWeights <utils.cells.lstm.LSTMWeights>` or None",
        11: ":py:obj:`LSTMStepValues <utils.cells.lstm.LSTMStepValues>`",
    }


def test_a_class_names_what_it_builds_on():
    assert docstrings.bases_of(ordering.OrderedCheck) == [
        ":py:obj:`Check <utils.checks.engine.Check>`"
    ]
    assert docstrings.bases_of(models.Tagger) == ["``torch.Module``"]
    assert docstrings.bases_of(lstm.LSTMWeights) == ["``NamedTuple``"]
    assert docstrings.bases_of(engine.Check) == []


def test_sources_are_linked_only_where_the_repository_is_known(monkeypatch):
    info = {"module": "utils.cells.lstm", "fullname": "lstm_step"}
    monkeypatch.setattr(addresses, "repository", lambda: "")
    assert addresses.source_of("py", info) is None
    monkeypatch.setattr(addresses, "repository", lambda: "https://example.org/course")
    address, _, lines = addresses.source_of("py", info).partition("#")
    assert address == "https://example.org/course/blob/HEAD/utils/cells/lstm.py"
    first, last = (int(line.removeprefix("L")) for line in lines.split("-"))
    source = addresses.path_of(lstm)
    text = (ROOT / source).read_text(encoding="utf-8").splitlines()
    assert text[first - 1].startswith("def lstm_step(")
    assert text[last - 1].startswith("    return LSTMStepValues(")
    assert addresses.source_of("py", info | {"fullname": "nothing"}) is None


@pytest.mark.parametrize(
    ("module", "name", "first"),
    [
        ("utils.sick_passes", "Array", None),  # other names for what other packages define
        ("utils.pytorch.training", "Batch", None),
        ("utils.data.dates", "sharing", "@lru_cache"),
        ("utils.lens.backward", "WayBack.own_path", "@cached_property"),
        ("utils.lens.result", "Trace", "class Trace:"),
    ],
)
def test_what_is_cached_has_a_source_and_another_name_has_none(monkeypatch, module, name, first):
    monkeypatch.setattr(addresses, "repository", lambda: "https://example.org/course")
    found = addresses.source_of("py", {"module": module, "fullname": name})
    if first is None:
        assert found is None
        return
    path, line, _ = re.fullmatch(r".*/blob/HEAD/(.+)#L(\d+)-L(\d+)", found).groups()
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    assert lines[int(line) - 1].strip().startswith(first)


MEMBERS = '''
"""A module of which a page is made.

See `Pair`.
"""

from pathlib import Path
from typing import NamedTuple


class Pair(NamedTuple):
    r"""Hold two numbers, :math:`a^2`.

    Attributes
    ----------
    one : int
    """

    one: int
    two: int  #: the other one

    def swapped(self) -> "Pair":
        """Return them swapped, as `swap` does, which takes `one`."""
        return Pair(self.two, self.one)


def swap(pair: Pair, times: int = 1) -> Pair:
    r"""Swap.

    .. math:: (a, b) \\to (b, a)

    Parameters
    ----------
    pair : Pair
    times : int

    Returns
    -------
    Pair
    """
    return pair.swapped()


#: How many there are.
SIZE = 23456

#: Where it is.
PLACE = Path("/on/this/machine")

#: Who does it.
DOERS = {"swap": swap}

#: All of them.
EVERY = tuple(range(1000, 2000))

_PRIVATE = 3
'''


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Return the page that Sphinx makes of a module, with warnings as errors, as HTML."""
    from sphinx.testing.util import SphinxTestApp

    folder = tmp_path_factory.mktemp("reference")
    with pytest.MonkeyPatch.context() as patch:
        module = types.ModuleType("utils.made_up")
        source = folder / "made_up.py"
        source.write_text(MEMBERS, encoding="utf-8")
        module.__file__ = str(source)
        patch.setitem(names.sys.modules, "utils.made_up", module)
        exec(compile(MEMBERS, source, "exec"), vars(module))
        patch.setattr(subjects, "public_modules", lambda: ("utils.made_up",))
        patch.setattr(docstrings, "public_modules", lambda: ("utils.made_up",))
        patch.setattr(tables, "public_modules", lambda: ("utils.made_up",))
        patch.setattr(addresses, "path_of", lambda module: "utils/made_up.py")
        extensions = [*api.EXTENSIONS, "book.api"]
        (folder / "conf.py").write_text(
            f"extensions = {extensions}\nglobals().update({api.SETTINGS})\n", encoding="utf-8"
        )
        (folder / "index.rst").write_text(api._page("utils.made_up"), encoding="utf-8")
        warnings = io.StringIO()
        app = SphinxTestApp(
            "html", srcdir=folder, warning=warnings, confoverrides={"nitpicky": True}
        )
        try:
            app.build()
        finally:
            app.cleanup()
        assert not warnings.getvalue()
        return (app.outdir / "index.html").read_text(encoding="utf-8")


def test_a_page_shows_what_a_module_defines(page):
    for anchor in ("Pair", "Pair.two", "Pair.swapped", "swap", "SIZE"):
        assert f'id="utils.made_up.{anchor}"' in page
    assert "the other one" in page
    assert 'id="utils.made_up.Pair.one"' not in page  # described with its class
    assert "_PRIVATE" not in page
    assert "23456" in page
    assert "1776" not in page  # a long value would fill the page
    assert 'id="utils.made_up.PLACE"' in page
    assert "/on/this/machine" not in page
    assert "&lt;function" not in page
    assert "Alias for field" not in page
    assert "utils/made_up.py" in page


def test_a_page_links_names_and_typesets_mathematics(page):
    assert page.count('href="#utils.made_up.swap"') >= 2  # the summary, and the text of a method
    assert page.count('href="#utils.made_up.Pair"') >= 4  # as well as two types
    assert r"\((a, b)" in page or r"\[(a, b) \to (b, a)\]" in page
    assert r"\(a^2\)" in page
