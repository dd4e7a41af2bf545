"""Bytes that are no submission, or hardly one."""

from __future__ import annotations

import copy
import gzip
import io
import json
import pickle
import zipfile

from tests.instructor.hostile.sheet import NAME, Sheet, World, hostile

NO_NOTEBOOK = {"runs": False, "reached": ()}


@hostile("did not parse", **NO_NOTEBOOK)
def empty_file(sheet: Sheet, world: World) -> bytes:
    """Hand in a file without a byte."""
    return b""


@hostile("did not parse", **NO_NOTEBOOK)
def only_white_space(sheet: Sheet, world: World) -> bytes:
    """Hand in blanks and line ends."""
    return b" \n\r\n\t" * 50


@hostile("did not parse", **NO_NOTEBOOK)
def cut_in_half(sheet: Sheet, world: World) -> bytes:
    """Hand in what a broken upload left."""
    data = sheet.data()
    return data[: len(data) // 2]


@hostile("did not parse", **NO_NOTEBOOK)
def latin_1(sheet: Sheet, world: World) -> bytes:
    """Save the notebook in an encoding that no notebook has."""
    sheet.before("step-task", "Grüße, naïve façade", "markdown")
    text = json.dumps(sheet.notebook, ensure_ascii=False)
    return text.encode("latin-1", errors="replace")


@hostile("did not parse", "graded", **NO_NOTEBOOK)
def utf_16(sheet: Sheet, world: World) -> bytes:
    """Save the notebook as some Windows editors do; to read it is kind, to refuse it is honest."""
    return sheet.data().decode("utf-8").encode("utf-16")


@hostile()
def byte_order_mark(sheet: Sheet, world: World) -> bytes:
    """Save the notebook with a byte order mark in front, which changes nothing in it."""
    return b"\xef\xbb\xbf" + sheet.data()


@hostile("did not parse", **NO_NOTEBOOK)
def random_bytes(sheet: Sheet, world: World) -> bytes:
    """Hand in noise."""
    return bytes((i * i * 31 + 7 * i) % 256 for i in range(5000))


@hostile("did not parse", **NO_NOTEBOOK)
def list_in_place_of_a_notebook(sheet: Sheet, world: World) -> bytes:
    """Hand in JSON that is no notebook."""
    return json.dumps(sheet.cells).encode()


@hostile("did not parse", **NO_NOTEBOOK)
def brackets_without_end(sheet: Sheet, world: World) -> bytes:
    """Nest JSON so deep that a recursive reader falls over."""
    return b"[" * 1_000_000


@hostile("did not parse", **NO_NOTEBOOK)
def metadata_nested_deep(sheet: Sheet, world: World) -> bytes:
    """Hide deep nesting in the metadata of a notebook that is right in everything else."""
    depth = 100_000
    text = sheet.data().decode()
    start = text.index('"metadata": {')
    deep = '{"a": ' * depth + "1" + "}" * depth
    return (text[:start] + f'"deep": {deep}, ' + text[start:]).encode()


@hostile("did not parse", **NO_NOTEBOOK)
def too_large(sheet: Sheet, world: World) -> bytes:
    """Hand in a notebook with a film in it."""
    sheet.before("title", "x" * 25_000_000, "markdown")
    return sheet.data()


@hostile("did not parse", "graded", reached=(), runs=False)
def endless_number(sheet: Sheet, world: World) -> bytes:
    """Write a number of 10,000 digits where a cell counts its runs."""
    text = sheet.data().decode()
    return text.replace('"execution_count": null', '"execution_count": ' + "9" * 10_000).encode()


@hostile("did not parse", "graded", reached=(), runs=False)
def infinite_version(sheet: Sheet, world: World) -> bytes:
    """Give the format's version as a number that JSON does not have."""
    sheet.notebook["nbformat_minor"] = float("inf")
    return sheet.data()


@hostile("did not parse", **NO_NOTEBOOK)
def version_in_words(sheet: Sheet, world: World) -> None:
    """Give the format's version as a text."""
    sheet.notebook["nbformat"] = "four"


@hostile("did not parse", **NO_NOTEBOOK)
def version_of_the_future(sheet: Sheet, world: World) -> None:
    """Claim a format that does not exist yet."""
    sheet.notebook["nbformat"] = 99


@hostile("did not parse", **NO_NOTEBOOK)
def cells_are_numbers(sheet: Sheet, world: World) -> None:
    """Put numbers where the cells should be."""
    sheet.notebook["cells"] = [1, 2, 3]


@hostile("did not parse", **NO_NOTEBOOK)
def source_is_a_tree(sheet: Sheet, world: World) -> None:
    """Give a cell an object in place of its text."""
    sheet.cell("step-answer")["source"] = {"text": ["def rnn_step(): ..."]}


@hostile("did not parse", "graded", reached=(), runs=False)
def metadata_is_a_list(sheet: Sheet, world: World) -> None:
    """Give a cell a list in place of its metadata."""
    sheet.cell("step-answer")["metadata"] = ["nbgrader"]


@hostile("did not parse", "graded", reached=(), runs=False)
def grade_id_is_a_dictionary(sheet: Sheet, world: World) -> None:
    """Give a cell a grade id that cannot be looked up."""
    sheet.cell("step-answer")["metadata"]["nbgrader"]["grade_id"] = {"id": ["step-answer"]}


@hostile("did not parse", "graded", reached=())
def half_a_character(sheet: Sheet, world: World) -> bytes:
    """Use a code point that no encoding can write, as an escape that JSON allows."""
    text = json.dumps(sheet.notebook)
    return text.replace("def rnn_step", "# \\ud800\\ndef rnn_step", 1).encode()


@hostile()
def null_character_in_a_cell(sheet: Sheet, world: World) -> None:
    """Put a character into a cell that Python refuses to compile."""
    sheet.answer("step", "def rnn_step(*inputs):\n    return '\0'")


@hostile("wrong notebook", "did not parse", **NO_NOTEBOOK)
def format_of_2013(sheet: Sheet, world: World) -> bytes:
    """Hand in a notebook of format 3, which knows no cells outside of worksheets."""
    cells = [
        {"cell_type": "code", "input": "1 + 1", "language": "python", "outputs": [], "metadata": {}}
    ]
    old = {
        "metadata": {"name": NAME},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    return json.dumps(old).encode()


@hostile("wrong kernel", detail="R|ir", **NO_NOTEBOOK)
def kernel_of_r(sheet: Sheet, world: World) -> None:
    """Hand in a notebook for another language."""
    sheet.notebook["metadata"] = {
        "kernelspec": {"display_name": "R", "language": "R", "name": "ir"},
        "language_info": {"name": "R"},
    }


@hostile("wrong kernel", **NO_NOTEBOOK)
def kernel_of_julia(sheet: Sheet, world: World) -> None:
    """Hand in a notebook for another language, and a name that would be a path."""
    sheet.notebook["metadata"] = {
        "kernelspec": {"display_name": "J", "language": "julia", "name": "../../../bin/sh"},
        "language_info": {"name": "julia"},
    }


@hostile("wrong notebook", detail="01_backprop_recap", **NO_NOTEBOOK)
def notebook_of_another_chapter(sheet: Sheet, world: World) -> bytes:
    """Hand in the exercises of chapter 01."""
    return Sheet("01_backprop_recap").data()


@hostile("wrong notebook", **NO_NOTEBOOK)
def chapter_in_place_of_the_exercises(sheet: Sheet, world: World) -> bytes:
    """Hand in a notebook that has no graded cell."""
    cells = [copy.deepcopy(cell) for cell in sheet.cells]
    for cell in cells:
        cell["metadata"].pop("nbgrader", None)
        cell.pop("id", None)
    sheet.notebook["cells"] = cells
    return sheet.data()


@hostile("wrong notebook", **NO_NOTEBOOK)
def no_cells(sheet: Sheet, world: World) -> None:
    """Hand in a notebook whose cells are all deleted."""
    sheet.notebook["cells"] = []


@hostile("did not parse", **NO_NOTEBOOK)
def zip_named_notebook(sheet: Sheet, world: World) -> bytes:
    """Hand in a zip under the notebook's name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{NAME}.ipynb", sheet.data())
    return file.getvalue()


@hostile("did not parse", **NO_NOTEBOOK)
def bomb_named_notebook(sheet: Sheet, world: World) -> bytes:
    """Hand in a compressed file that is 300 times as large when it is opened."""
    return gzip.compress(b"0" * 3_000_000)


@hostile("did not parse", **NO_NOTEBOOK)
def pickle_named_notebook(sheet: Sheet, world: World) -> bytes:
    """Hand in a pickle that runs a command when someone loads it."""

    class Command:
        def __reduce__(self) -> tuple:
            return (open, (str(world.classroom / "pwned"), "w"))

    return pickle.dumps(Command())


@hostile("did not parse", **NO_NOTEBOOK)
def script_named_notebook(sheet: Sheet, world: World) -> bytes:
    """Hand in the lines of the notebook as a Python script."""
    return "\n\n".join("".join(cell["source"]) for cell in sheet.cells).encode()


@hostile("did not parse", **NO_NOTEBOOK)
def page_named_notebook(sheet: Sheet, world: World) -> bytes:
    """Hand in the notebook saved as a web page."""
    return b"<!DOCTYPE html><html><script>alert(1)</script><body>42</body></html>"


@hostile("did not parse", "graded", reached=(), runs=False)
def cells_without_number(sheet: Sheet, world: World) -> bytes:
    """Add 50,000 empty cells."""
    empty = {"cell_type": "markdown", "metadata": {}, "source": ""}
    sheet.notebook["cells"] = [*sheet.cells, *([empty] * 50_000)]
    return sheet.data()


@hostile("did not parse", "graded", reached=(), runs=False)
def cells_given_twice(sheet: Sheet, world: World) -> bytes:
    """Write the key `cells` twice, so that two readers may see two notebooks."""
    text = sheet.data().decode()
    assert text.startswith("{")
    return ('{"cells": [{"cell_type": "code"}], ' + text[1:]).encode()


@hostile()
def unknown_kinds_of_cells(sheet: Sheet, world: World) -> None:
    """Add cells of kinds that do not run; nothing is lost by them."""
    sheet.before("step-task", "raw text", "raw")
