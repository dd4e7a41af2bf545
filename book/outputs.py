"""The outputs of executed notebooks in the form that a page shows.

Pictures leave the notebook and become WebP files beside the page, without loss, and get their
alternative text as a caption; frames become a player; of several forms of one output the one that a
page can show stays.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from pathlib import Path

from nbformat import NotebookNode
from PIL import Image

from book.errors import BookError
from book.files import write_if_changed
from book.frames import MIME, player
from book.notebooks import Page
from book.study import with_formulas

_EMBEDDED = re.compile(r'src="data:image/(png|jpeg|webp);base64,([^"]+)"')
_PICTURE_ALONE = re.compile(r'\s*<img\b[^>]* alt="([^"]+)"[^>]*>\s*')
_SHOWN = ("text/html", "text/plain")


def pictures_folder(page: Page, static: Path) -> Path:
    """Return the folder for the pictures of a page, below the site's static files."""
    return static / "pictures" / page.docname


def address(page: Page) -> str:
    """Return how the page refers to the folder of its pictures, with a slash at the end."""
    return f"{'../' * page.docname.count('/')}_static/pictures/{page.docname}/"


def transform(notebook: NotebookNode, page: Page, static: Path) -> None:
    """Bring every output of a notebook into the form that the page shows, in place.

    Parameters
    ----------
    notebook : NotebookNode
    page : Page
    static : Path
        The folder of the site's static files, which receives the pictures.

    Raises
    ------
    BookError
        If an output is an error or a warning, a picture has no alternative text, or there is
        nothing in it that a page could show.
    """
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        kept = []
        for place, output in enumerate(cell.outputs):
            where = f"{page.source.name}, cell {cell.id!r}, output {place + 1}"
            if output.output_type == "stream":
                if output.name == "stderr":
                    raise BookError(
                        f"{where} is a message on stderr: {output.text.strip()[:300]!r}. "
                        "Pages show results alone: mend what warns, or print what belongs there."
                    )
                kept.append(output)
            elif output.output_type == "error":
                raise BookError(f"{where} is an error, {output.ename}: {output.evalue}.")
            elif output.data:
                _show(output, page, static, f"{cell.id}-{place}", where)
                kept.append(output)
        cell.outputs = kept


def _show(output: NotebookNode, page: Page, static: Path, name: str, where: str) -> None:
    data = output.data
    folder = pictures_folder(page, static)
    if MIME in data:
        folder.mkdir(parents=True, exist_ok=True)
        html = player.write(data[MIME], folder, name, address(page))
    elif "text/html" in data:
        html = _with_files("".join(data["text/html"]), folder, address(page), name)
        html = with_caption(html)
        if 'class="dataframe"' in html:  # JupyterLab typesets what stands in the cells of a table
            html = with_formulas(html)
    elif any(kind.startswith("image/") for kind in data):
        raise BookError(
            f"{where} is a picture without alternative text. Show it with utils.plots.show."
        )
    elif "text/plain" in data and not any("widget-view" in kind for kind in data):
        output.data = NotebookNode({"text/plain": data["text/plain"]})
        return
    else:
        raise BookError(
            f"{where} holds only {', '.join(data)}; a page needs one of {', '.join(_SHOWN)}. "
            "Give the widget a _repr_mimebundle_ that says what it shows."
        )
    output.data = NotebookNode({"text/html": html, "text/plain": data.get("text/plain", "")})
    output.metadata = NotebookNode({})


def _with_files(html: str, folder: Path, prefix: str, name: str) -> str:
    """Write the pictures that stand inside of html into files and refer to these."""

    def as_file(found: re.Match[str]) -> str:
        file = write_picture(base64.b64decode(found[2]), folder, name)
        return f'loading="lazy" src="{prefix}{file}"'

    return _EMBEDDED.sub(as_file, html)


def with_caption(html: str) -> str:
    """Show the alternative text of a picture below it, if the output holds nothing else.

    Where words stand beside the picture, as below a training, they say it already. The caption is
    hidden from screen readers, which read the same words from the picture; so it is no figcaption,
    which some browsers take for the figure's name, hidden or not.
    """
    found = _PICTURE_ALONE.fullmatch(html)
    if found is None:
        return html
    return (
        f'<figure class="unrolled-figure"><div class="unrolled-picture">{html.strip()}</div>'
        f'<p class="unrolled-caption" aria-hidden="true">{found[1]}</p></figure>'
    )


def write_picture(picture: bytes, folder: Path, name: str) -> str:
    """Write a picture as WebP without loss and return the name of the file.

    The name ends in a hash of the picture: a file that is there already is right.
    """
    file = f"{name}-{hashlib.sha256(picture).hexdigest()[:10]}.webp"
    if not (folder / file).is_file():
        with Image.open(io.BytesIO(picture)) as image, io.BytesIO() as buffer:
            pixels = image.convert("RGBA" if image.has_transparency_data else "RGB")
            pixels.save(buffer, "WEBP", lossless=True, quality=70, method=4)
            write_if_changed(folder / file, buffer.getvalue())
    return file
