"""What a page shows of an output: pictures as files, and nothing that needs a kernel."""

import base64
import io

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from book import outputs
from book.errors import BookError
from book.frames import MIME
from book.notebooks import Page
from book.places import ROOT

PAGE = Page("chapter", "05_x", "chapters/05_x", ROOT / "chapters/05_x.ipynb", "05", "X", "", "")
VIEW = "application/vnd.jupyter.widget-view+json"


def png(colour):
    with io.BytesIO() as file:
        Image.new("RGB", (8, 5), colour).save(file, "PNG")
        return file.getvalue()


def embedded(picture):
    data = base64.b64encode(picture).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" alt="It rises." width="8">'


def shown(tmp_path, *given, page=PAGE):
    """Return the outputs of a cell after the transform."""
    notebook = new_notebook(cells=[new_code_cell("1", id="curve", outputs=list(given))])
    outputs.transform(notebook, page, tmp_path)
    nbformat.validate(notebook)
    return notebook.cells[0].outputs


def data(**kinds):
    names = {"html": "text/html", "plain": "text/plain", "png": "image/png", "view": VIEW}
    return new_output("display_data", {names.get(k, k): v for k, v in kinds.items()})


def test_a_picture_becomes_a_file_without_loss(tmp_path):
    picture = png("#123456")
    (one,) = shown(tmp_path, data(html=f"<p>{embedded(picture)}</p>", png="x", plain="It rises."))
    (file,) = (tmp_path / "pictures/chapters/05_x").iterdir()
    assert file.name.startswith("curve-0-")
    address = f"../_static/pictures/chapters/05_x/{file.name}"
    html = f'<p><img loading="lazy" src="{address}" alt="It rises." width="8"></p>'
    assert one.data == {"text/html": html, "text/plain": "It rises."}
    with Image.open(file) as made, Image.open(io.BytesIO(picture)) as given:
        assert made.format == "WEBP"
        assert np.array_equal(np.asarray(made.convert("RGB")), np.asarray(given))


def test_a_picture_alone_has_its_alternative_text_as_a_caption(tmp_path):
    picture = embedded(png("red")).replace("It rises.", "It rises &amp; falls.")
    (one,) = shown(tmp_path, data(html=picture, plain="x"))
    html = BeautifulSoup(one.data["text/html"], "html.parser")
    (figure,) = html.find_all("figure", class_="unrolled-figure")
    assert figure.img["alt"] == figure.select_one(".unrolled-caption").text == "It rises & falls."
    assert figure.p["aria-hidden"] == "true"  # the picture has said it
    assert figure.img["src"].startswith("../_static/")


def test_a_picture_among_words_has_no_caption(tmp_path):
    (one,) = shown(tmp_path, data(html=f"<p>Loss 0.1.</p>{embedded(png('red'))}", plain="x"))
    assert "unrolled-caption" not in one.data["text/html"]


def test_another_picture_has_another_name(tmp_path):
    folder = tmp_path / "p"
    names = [outputs.write_picture(png(colour), folder, "a") for colour in ("red", "blue", "red")]
    assert names[0] == names[2] != names[1]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names[:2])


def test_a_page_at_the_top_refers_to_its_pictures_from_there(tmp_path):
    page = Page("claims", "claims", "claims", ROOT / "README.md", "", "Claims", "", "")
    (one,) = shown(tmp_path, data(html=embedded(png("red"))), page=page)
    assert 'src="_static/pictures/claims/curve-0-' in one.data["text/html"]


def test_of_several_forms_the_one_that_a_page_can_show_stays(tmp_path):
    text, table = shown(tmp_path, data(plain="3"), data(view={}, html="<b>3</b>", plain="3"))
    assert text.data == {"text/plain": "3"}
    assert table.data == {"text/html": "<b>3</b>", "text/plain": "3"}


def test_formulas_in_the_cells_of_a_table_are_marked_for_mathjax(tmp_path):
    (one,) = shown(tmp_path, data(html='<table class="dataframe"><td>$f_t$</td></table>', plain=""))
    formula = '<span class="math notranslate nohighlight">\\(f_t\\)</span>'
    assert f"<td>{formula}</td>" in one.data["text/html"]


def test_frames_become_a_player(tmp_path, monkeypatch):
    calls = []

    def write(frames, folder, name, prefix):
        calls.append((frames, folder.is_dir(), name, prefix))
        return "<figure></figure>"

    monkeypatch.setattr(outputs.player, "write", write)
    (one,) = shown(tmp_path, data(**{MIME: {"alts": []}, "view": {}, "html": "x", "plain": "y"}))
    assert calls == [({"alts": []}, True, "curve-0", "../_static/pictures/chapters/05_x/")]
    assert one.data == {"text/html": "<figure></figure>", "text/plain": "y"}


def test_what_is_printed_stays(tmp_path):
    (one,) = shown(tmp_path, new_output("stream", name="stdout", text="3\n"))
    assert one.text == "3\n"


def test_an_empty_display_is_left_out(tmp_path):
    assert shown(tmp_path, data()) == []


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (new_output("stream", name="stderr", text="RuntimeWarning: overflow\n"), "overflow"),
        (new_output("error", ename="ValueError", evalue="no", traceback=[]), "ValueError: no"),
        (data(png="x", plain="<Figure>"), "without alternative text"),
        (data(view={}, plain="IntSlider()"), "_repr_mimebundle_"),
        (data(**{"application/json": {}}), "application/json"),
    ],
)
def test_what_no_page_can_show_is_refused_with_its_place(tmp_path, output, said):
    with pytest.raises(BookError, match=r"05_x\.ipynb, cell 'curve', output 1") as error:
        shown(tmp_path, output)
    assert said in str(error.value)
