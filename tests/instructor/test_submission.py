"""What was handed in becomes cells, or a reason why it cannot."""

import base64
import json
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructor.assignment import Assignment
from instructor.submission import (
    MAX_BYTES,
    MAX_CELLS,
    MAX_SOURCE,
    Rejected,
    Submission,
    read_submission,
    recognise,
)

ROOT = Path(__file__).resolve().parents[2]
NAME = "02_rnn_forward"
PATH = ROOT / "exercises" / NAME / f"{NAME}.ipynb"
ALL = [Assignment.load(path) for path in sorted(ROOT.glob("exercises/*/*.ipynb"))]
(ASSIGNMENT,) = [item for item in ALL if item.name == NAME]


def released():
    return json.loads(PATH.read_text(encoding="utf-8"))


def written(notebook):
    return json.dumps(notebook).encode()


def read(data):
    return read_submission(data if isinstance(data, bytes) else written(data), ASSIGNMENT, ALL)


def test_the_released_notebook_is_a_submission():
    found = read(PATH.read_bytes())
    assert isinstance(found, Submission)
    assert [cell.source for cell in found.cells] == [cell.source for cell in ASSIGNMENT.cells]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b" " * 10 + b"x" * MAX_BYTES, "MB"),
        ("{'a': 'ä'}".encode("latin-1"), "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"\x80\x04}", "not UTF-8"),
        (b"{", "valid JSON"),
        (b"[1" + b"0" * 6000 + b"]", "valid JSON"),
        (b"[" * 50_000 + b"]" * 50_000, "too deeply"),
        (b"[" * 500 + b"]" * 500, "too deeply"),
        (b"[" + b"[]," * 1_000_001 + b"1]", "more lists"),
        (b"[]", "no notebook"),
        (b"null", "no notebook"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
        (b'{"nbformat": 5, "cells": []}', "nbformat 5"),
        (b'{"nbformat": 4, "metadata": [], "cells": []}', "no notebook"),
        (b'{"nbformat": 3, "worksheets": [7]}', "format 3 and cannot"),
        (b'{"nbformat": 4, "cells": [3]}', "Cell 1 is no cell"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}', "Cell 1 is no"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "x", "source": ""}]}', "Cell 1 is no"),
    ],
    ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else None,
)
def test_what_does_not_parse(data, said):
    found = read(data)
    assert isinstance(found, Rejected)
    assert found.reason == "did not parse"
    assert said in found.detail


def test_too_many_cells_and_too_much_text():
    notebook = released()
    empty = {"cell_type": "code", "source": "", "metadata": {}}
    assert "cells" in read({**notebook, "cells": [empty] * (MAX_CELLS + 1)}).detail
    long = {**empty, "source": "x" * (MAX_SOURCE + 1)}
    assert "characters" in read({**notebook, "cells": [long]}).detail


def test_another_assignment_is_named():
    other = ROOT / "exercises/03_rnn_backward/03_rnn_backward.ipynb"
    found = read(other.read_bytes())
    assert (found.reason, "03_rnn_backward" in found.detail) == ("wrong notebook", True)


def test_a_notebook_without_cells_of_the_assignment():
    notebook = released()
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    assert read(notebook).reason == "wrong notebook"
    assert read({**notebook, "cells": []}).reason == "wrong notebook"


@pytest.mark.parametrize(
    ("metadata", "fine"),
    [
        ({}, True),
        ({"kernelspec": {"name": "python3", "language": "python"}}, True),
        ({"kernelspec": {"name": "conda-env-x-py", "display_name": "x"}}, True),
        ({"kernelspec": {"name": "xpython", "language": "python"}}, True),
        ({"kernelspec": 7, "language_info": []}, True),
        ({"kernelspec": {"name": "ir", "language": "R"}}, False),
        ({"kernelspec": {"name": "julia"}, "language_info": {"name": "julia"}}, False),
    ],
)
def test_kernels(metadata, fine):
    found = read({**released(), "metadata": metadata})
    assert isinstance(found, Submission) if fine else found.reason == "wrong kernel"


def test_an_old_notebook_is_converted():
    old = nbformat.convert(nbformat.read(PATH, as_version=4), 3)
    found = read(json.dumps(old).encode())
    assert isinstance(found, Submission)
    assert "format 3" in found.notes[0]
    assert ASSIGNMENT.grade_ids <= {cell.grade_id for cell in found.cells}


def test_a_byte_order_mark_is_no_fault():
    assert isinstance(read(b"\xef\xbb\xbf" + PATH.read_bytes()), Submission)


def test_lone_halves_of_characters_are_replaced():
    notebook = released()
    notebook["cells"][0]["source"] = "\ud800 \U0001f600"
    found = read(notebook)
    assert found.cells[0].source == "\ufffd \U0001f600"


def test_outputs_and_foreign_metadata_are_not_kept():
    notebook = released()
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    cell["outputs"] = [{"output_type": "display_data", "data": {"text/html": "<script>"}}]
    cell["metadata"]["nbgrader"]["comment"] = "<script>"
    found = read(notebook)
    assert "<script>" not in repr(found)


def test_only_pictures_are_attached():
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n rest").decode()
    notebook = released()
    notebook["cells"][0]["attachments"] = {
        "a.png": {"image/png": png},
        "b.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"},
        "c.png": {"image/png": base64.b64encode(b"<script>").decode()},
        "d.png": {"image/png": "no base64!"},
        "e.png": 7,
    }
    assert read(notebook).cells[0].attachments == {"a.png": {"image/png": png}}


@pytest.mark.parametrize("assignment", ALL, ids=lambda item: item.name)
def test_every_notebook_is_recognised(assignment):
    assert recognise(assignment.notebook.encode(), ALL) is assignment


def test_what_is_no_notebook_is_not_recognised():
    assert recognise(b"no", ALL) is None
    assert recognise(written({**released(), "cells": []}), ALL) is None
    assert recognise(PATH.read_bytes(), []) is None
    twice = [ASSIGNMENT, Assignment.of(ASSIGNMENT.node(), "a copy of it")]
    assert recognise(PATH.read_bytes(), twice) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "metadata", "nbgrader", "grade_id", "source", "cell_type", "nbformat"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.binary(max_size=60))
def test_random_bytes_are_rejected(data):
    assert isinstance(read(data), Rejected)


@given(st.lists(json_values, max_size=4), json_values)
def test_random_cells_never_fail(cells, metadata):
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    assert isinstance(read(notebook), Submission | Rejected)
