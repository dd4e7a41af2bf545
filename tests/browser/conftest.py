"""Fixtures that open notebooks in JupyterLab in headless Chromium.

They end with this folder: while Playwright runs, no other test could use asyncio.run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.needs import require_browser
from tools.browser import chromium

from .lab import Lab, lab_server, new_page, notebook

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that JupyterLab shows."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Start Chromium once for all tests, or say why there is none."""
    require_browser()
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def lab_address(browser: Any, lab_folder: Path) -> Iterator[str]:
    """Run JupyterLab for all tests."""
    with lab_server(lab_folder) as address:
        yield address


@pytest.fixture(scope="package")
def shared_lab(browser: Any, lab_address: str, lab_folder: Path) -> Lab:
    """Load JupyterLab once for all tests that need nothing special of the page."""
    (lab_folder / "first.ipynb").write_text(notebook("pass"), encoding="utf-8")
    lab = Lab(new_page(browser), lab_address)
    lab.open("first.ipynb")
    return lab


@pytest.fixture
def open_lab(
    browser: Any, lab_address: str, lab_folder: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Lab]]:
    """Open a notebook, given as the text of its file; with options of a page, in its own page.

    At the end the page is kept as a picture beside the notebook, to look at after a failure.
    """
    opened: list[tuple[Lab, bool]] = []
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)

    def open_notebook(content: str, **options: Any) -> Lab:
        (lab_folder / f"{name}.ipynb").write_text(content, encoding="utf-8")
        if options:
            lab = Lab(new_page(browser, **options), lab_address)
            lab.open(f"{name}.ipynb")
        else:
            lab = request.getfixturevalue("shared_lab")
            lab.open_another(f"{name}.ipynb")
        opened.append((lab, bool(options)))
        return lab

    yield open_notebook
    for lab, own_page in opened:
        lab.page.screenshot(path=lab_folder / f"{name}.png")
        if own_page:
            lab.shut_down()
            lab.page.context.close()
