"""The source tree: heads and links of pages, and that only what changed is written."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from book import heads, sources
from book.errors import BookError
from book.files import remove_others, write_if_changed
from book.notebooks import KINDS, Page, all_pages, read_page
from book.places import ROOT, binder_address, build_folder, repository, source_address


def page(kind, number, name, needs="", minutes=""):
    path = f"{kind}s/{number}_{name}"
    source = f"{path}.ipynb" if kind == "chapter" else f"{path}/{number}_{name}.ipynb"
    title = f"{number} · {name.title()}"
    return Page(kind, f"{number}_{name}", path, ROOT / source, number, title, minutes, needs)


NEEDS = "[Chapter 01](01_one.ipynb), chapters 02 and 03, section 9, and 25 minutes of patience."
BOOK = [page("chapter", f"{n:02}", name) for n, name in enumerate(("zero", "one", "two"))]
FIVE = page("chapter", "05", "five", NEEDS, "90 minutes.")
BOOK += [FIVE, page("exercise", "05", "five"), page("solution", "05", "five")]


# The pages


def test_every_notebook_is_a_page():
    assert [found.kind for found in all_pages()] == sorted(
        (found.kind for found in all_pages()), key=KINDS.index
    )
    docnames = [found.docname for found in all_pages()]
    assert len(set(docnames)) == len(docnames)
    assert len(docnames) == len(list(ROOT.glob("chapters/*.ipynb"))) + 2 * len(
        list(ROOT.glob("solutions/*/*.ipynb"))
    )


def test_every_chapter_says_what_it_needs_and_how_long_it_takes():
    for found in all_pages():
        assert found.title.split(" · ")[0].endswith(found.number)
        if found.kind == "chapter":
            assert found.needs, found.name
            assert "minutes" in found.minutes, found.name


@pytest.mark.parametrize("text", ["", "{}", '{"cells": []}'])
def test_what_is_no_notebook_is_named(tmp_path, text):
    path = tmp_path / "05_x.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BookError, match=r"05_x\.ipynb is not a notebook with cells"):
        read_page("chapter", path)


def test_a_notebook_without_a_title_is_named(tmp_path):
    path = tmp_path / "05_x.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("Some words.")]), path)
    with pytest.raises(BookError, match=r"begins with 'Some words\.'; expected a heading"):
        read_page("chapter", path)


# Heads and links


def transformed(of, *cells, repository=""):
    title = new_markdown_cell(
        f"# {of.title}\n\nA promise.\n\n**You need** {of.needs}\n\n**Time** {of.minutes}"
    )
    notebook = new_notebook(cells=[title, *cells])
    heads.transform(notebook, of, BOOK, repository)
    return notebook.cells


def test_head_holds_needs_time_and_what_to_do_next():
    (title,) = transformed(FIVE)
    heading, head, *rest = title.source.split("\n\n")
    assert heading == "# 05 · Five"
    assert head == "````{div} unrolled-page-head"
    assert rest[0].startswith(
        "**You need** [Chapter 01](01_one.ipynb), [chapters 02](02_two.ipynb)"
    )
    assert rest[0].endswith("and 03, section 9, and 25 minutes of patience.")  # no such chapters
    assert rest[1] == "**Time** 90 minutes."
    assert "[Exercises 05](../exercises/05_five.ipynb)" in rest[2]
    assert "[Solutions 05](../solutions/05_five.ipynb)" in rest[2]
    assert "[Download the notebook](path:../notebooks/chapters/05_five.ipynb)" in rest[2]
    assert "Binder" not in title.source
    assert rest[-1].strip() == "A promise."
    assert title.source.count("**Time**") == title.source.count("**You need**") == 1


def test_buttons_for_binder_and_source_where_the_repository_is_known():
    (title,) = transformed(FIVE, repository="https://github.com/owner/name")
    path = "chapters/05_five.ipynb"
    binder = f"https://mybinder.org/v2/gh/owner/name/HEAD?urlpath=lab/tree/{path}"
    assert f"[Open in Binder]({binder})" in title.source
    assert f"[Source](https://github.com/owner/name/blob/HEAD/{path})" in title.source


def test_links_between_notebooks_lead_to_pages():
    text = (
        "[a](02_two.ipynb) [b](../exercises/05_five/05_five.ipynb#part) [c](#here) "
        "[d](https://example.org/x.ipynb)"
    )
    _, cell = transformed(FIVE, new_markdown_cell(text))
    assert cell.source == (
        "[a](02_two.ipynb) [b](../exercises/05_five.ipynb#part) [c](#here) "
        "[d](https://example.org/x.ipynb)"
    )
    exercise = BOOK[-2]
    _, cell = transformed(exercise, new_markdown_cell("[a](../../chapters/02_two.ipynb)"))
    assert cell.source == "[a](../chapters/02_two.ipynb)"


@pytest.mark.parametrize("target", ["03_gone.ipynb", "../README.ipynb", "02_two/02_two.ipynb"])
def test_a_link_to_no_page_is_refused(target):
    with pytest.raises(BookError, match=r"05_five\.ipynb has a link to .*no page of the book"):
        transformed(FIVE, new_markdown_cell(f"[x]({target})"))


def test_imports_are_folded_and_nothing_else():
    first, second = new_code_cell("import numpy as np"), new_code_cell("import this")
    _, one, two = transformed(FIVE, first, second)
    assert one.metadata["tags"] == ["hide-input"]
    assert one.metadata["mystnb"]["code_prompt_show"] == "Show the imports"
    assert two.metadata == {}
    _, one = transformed(FIVE, new_code_cell("print(1)"))
    assert one.metadata == {}


# Places


@pytest.mark.parametrize(
    ("named", "address"),
    [
        ("", ""),
        ("owner/name", "https://github.com/owner/name"),
        ("https://github.com/owner/name.git", "https://github.com/owner/name"),
        ("https://gitlab.com/group/part/name/", "https://gitlab.com/group/part/name"),
    ],
)
def test_address_of_the_repository(tmp_path, named, address):
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    assert repository({"BOOK_REPOSITORY": named}, tmp_path) == address
    project = f'[project]\n[project.urls]\nRepository = "{named}"\n'
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    assert repository({}, tmp_path) == address
    assert bool(binder_address("chapters/05_five.ipynb", address)) == ("github.com" in address)


def test_sources_are_those_of_the_main_branch_whatever_its_name():
    shown = source_address("utils/optim.py", "https://github.com/owner/name")
    assert shown == "https://github.com/owner/name/blob/HEAD/utils/optim.py"


@pytest.mark.parametrize("named", ["name", "git@github.com:owner/name", "http://x/owner/name"])
def test_an_address_of_another_kind_is_refused(named):
    with pytest.raises(BookError, match="expected https://HOST/OWNER/NAME"):
        repository({"BOOK_REPOSITORY": named})


def test_build_folder(tmp_path):
    assert build_folder({}) == ROOT / "book" / "_build"
    assert build_folder({"BOOK_BUILD": str(tmp_path)}) == tmp_path


# Files


def test_a_file_is_written_only_when_its_content_changed(tmp_path):
    path = tmp_path / "a" / "b.md"
    assert write_if_changed(path, "one\n")
    before = path.stat().st_mtime_ns
    assert not write_if_changed(path, b"one\n")
    assert path.stat().st_mtime_ns == before
    assert write_if_changed(path, "two\n")
    assert path.read_text(encoding="utf-8") == "two\n"
    assert [found.name for found in path.parent.iterdir()] == ["b.md"]


def test_files_that_nobody_wants_are_removed(tmp_path):
    for name in ("a/1", "a/2", "b/c/3"):
        write_if_changed(tmp_path / name, name)
    gone = remove_others(tmp_path, [tmp_path / "a" / "1"])
    assert [path.name for path in gone] == ["2", "3"]
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "1"]


# The tree


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Return a function that writes a tree of two small pages and one written page."""
    course, build = tmp_path / "course", tmp_path / "build"
    (course / "chapters").mkdir(parents=True)
    (course / "docs").mkdir()
    (course / "book" / "pages").mkdir(parents=True)
    (course / "docs" / "widget.png").write_bytes(b"png")
    (course / "book" / "pages" / "about.md").write_text("# About\n", encoding="utf-8")
    for number in ("01", "02"):
        cells = [new_markdown_cell(f"# {number} · X", id="title"), new_code_cell("1", id="one")]
        nbformat.write(new_notebook(cells=cells), course / "chapters" / f"{number}_x.ipynb")
    pages = [read_page("chapter", path) for path in sorted(course.glob("chapters/*.ipynb"))]
    monkeypatch.setattr(sources, "all_pages", lambda: pages)
    monkeypatch.setattr(sources, "ROOT", course)
    monkeypatch.setattr(sources, "BOOK", course / "book")
    monkeypatch.setattr(sources.api, "pages", lambda: {"api/index.rst": "Reference\n=========\n"})
    monkeypatch.setattr(sources.claims, "notebook", lambda given: new_notebook())

    def write():
        return sorted(sources.Tree(build).write())

    write.course, write.source, write.pages = course, build / "source", pages
    return write


def test_the_second_time_nothing_is_written(tree):
    assert tree() == [
        "about.md",
        "api/index.rst",
        "chapters/01_x.ipynb",
        "chapters/02_x.ipynb",
        "claims.ipynb",
        "notebooks/chapters/01_x.ipynb",
        "notebooks/chapters/02_x.ipynb",
        "pictures/widget.png",
    ]
    assert tree() == []


def test_a_better_sentence_writes_its_page_alone(tree):
    tree()
    path = tree.course / "chapters" / "01_x.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("· X", "· Y"), encoding="utf-8")
    assert tree() == ["chapters/01_x.ipynb", "notebooks/chapters/01_x.ipynb"]


def test_a_new_page_writes_those_that_refer_to_it(tree):
    tree()
    path = tree.course / "chapters" / "01_y.ipynb"
    path.write_bytes((tree.course / "chapters" / "01_x.ipynb").read_bytes())
    tree.pages.append(read_page("chapter", path))
    assert tree() == [
        "chapters/01_x.ipynb",  # its head leads to all pages of its number
        "chapters/01_y.ipynb",
        "notebooks/chapters/01_y.ipynb",
    ]


def test_pages_and_pictures_that_are_gone_are_removed(tree):
    tree()
    pictures = tree.source / "_static" / "pictures" / "chapters" / "01_x"
    write_if_changed(pictures / "old.webp", b"old")
    (tree.course / "book" / "pages" / "about.md").unlink()
    code = tree.course / "book" / "new.py"  # code of the book changed: every page is made anew
    code.write_text("", encoding="utf-8")
    assert tree() == ["_static/pictures/chapters/01_x/old.webp", "about.md"]


def test_a_page_as_shipped_for_download_is_the_notebook_itself(tree):
    tree()
    shipped = tree.source / "notebooks" / "chapters" / "01_x.ipynb"
    assert shipped.read_bytes() == (tree.course / "chapters" / "01_x.ipynb").read_bytes()
    made = json.loads((tree.source / "chapters" / "01_x.ipynb").read_text(encoding="utf-8"))
    assert made["cells"][0]["source"].startswith("# 01 · X")
