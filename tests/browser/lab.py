"""A JupyterLab server on this machine, and one browser page that works in it as a reader does."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.lab import free_ports

START_SECONDS = 60

# What JupyterLab itself reports as an error when nothing is wrong with a notebook: its debugger
# asks each new kernel for its state, and says this when the kernel is shut down meanwhile.
NOISE = ("Could not restore the debugger state: Canceled future for debug_request",)


def notebook(*sources: str) -> str:
    """Give a notebook of code cells as the text of its file."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    content = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content)


@contextmanager
def lab_server(folder: Path) -> Iterator[str]:
    """Run JupyterLab in `folder` with a token and its own settings; give its address.

    Nothing of the user's own JupyterLab is read or written, and nothing is fetched.
    """
    home = folder / ".home"
    news = home / "settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false, "doNotDisturbMode": true}'
    )
    (port,) = free_ports(1)
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "UNROLLED_HOME": str(home / "unrolled"),
        "JUPYTER_TOKEN": token,
    }
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True",
    ]
    log = home / "server.log"
    with open(log, "wb") as output:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for_server(f"{address}/api/status?token={token}", server, log)
            yield f"{address}/lab?token={token}"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for_server(address: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if server.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"JupyterLab did not start.\n{tail}") from None
            time.sleep(0.2)


def new_page(browser: Any, **options: Any) -> Any:
    """Open a page of a usual size, with a context of its own."""
    return browser.new_page(**{"viewport": {"width": 1280, "height": 1000}, **options})


class Lab:
    """Work in one notebook of a running JupyterLab.

    Attributes
    ----------
    page : playwright.sync_api.Page
    errors : list of str
        Every error that the browser's console or a script reported, and every address that
        did not answer, since the page was opened.
    """

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.errors: list[str] = []
        self._address = address
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.errors.append(f"script: {error}"))

    def _on_console(self, message: Any) -> None:
        if message.type == "error" and not message.text.startswith(NOISE):
            self.errors.append(f"console: {message.text} ({message.location.get('url', '')})")

    # Notebook and kernel

    def open(self, path: str, seconds: float = 60) -> None:
        """Open a notebook in a JupyterLab loaded for it, and wait until its kernel is idle."""
        base, token = self._address.split("?")
        self.page.goto(f"{base}/tree/{path}?{token}&reset", wait_until="domcontentloaded")
        self._wait_for_notebook(path, seconds)

    def open_another(self, path: str, seconds: float = 60) -> None:
        """Close the notebook at hand with its kernel and open another; forget old errors."""
        self.shut_down()
        self.errors.clear()
        self.page.evaluate(
            """async (path) => {
              const app = window.jupyterapp;
              app.shell.currentWidget?.dispose();
              await app.commands.execute('docmanager:open', { path });
            }""",
            path,
        )
        self._wait_for_notebook(path, seconds)

    def _wait_for_notebook(self, path: str, seconds: float) -> None:
        self.wait(
            "(path) => window.jupyterapp?.shell.currentWidget?.context?.path === path",
            seconds,
            path,
        )
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=seconds * 1000)
        self.wait_idle(seconds)

    def wait_idle(self, seconds: float = 60) -> None:
        """Wait until nothing runs in the kernel."""
        self.wait(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
            "?.status === 'idle'",
            seconds,
        )

    def shut_down(self) -> None:
        """End the notebook's kernel."""
        self.page.evaluate(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()"
        )

    def command(self, name: str) -> None:
        """Carry out a command of JupyterLab without waiting for its end."""
        self.page.evaluate(
            "(name) => { window.jupyterapp.commands.execute(name).catch(() => {}); }", name
        )

    def run_all(self, seconds: float = 120) -> None:
        """Run all cells and wait until the last one has ended."""
        self.command("notebook:run-all-cells")
        self.wait_done(seconds)

    def start_all(self) -> None:
        """Begin to run all cells."""
        self.command("notebook:run-all-cells")

    def wait_done(self, seconds: float = 120) -> None:
        """Wait until every code cell has run, or one has ended in an error, and all is quiet."""
        self.wait(
            """() => {
              const panel = window.jupyterapp.shell.currentWidget;
              const cells = panel.content.widgets.filter((cell) =>
                cell.model.type === 'code' && cell.model.sharedModel.source.trim());
              const failed = cells.some((cell) => cell.model.outputs.toJSON().some((output) =>
                output.output_type === 'error'));
              const done = cells.every((cell) => cell.model.executionCount !== null
                && cell.model.executionState !== 'running');
              return (done || failed)
                && panel.sessionContext.session.kernel.status === 'idle';
            }""",
            seconds,
        )

    def interrupt(self) -> None:
        """Interrupt the kernel as the stop symbol of the toolbar does."""
        self.command("notebook:interrupt-kernel")

    def wait(self, condition: str, seconds: float = 30, argument: Any = None) -> None:
        """Wait until a JavaScript function gives something true."""
        self.page.wait_for_function(condition, arg=argument, timeout=seconds * 1000, polling=50)

    def until(self, condition: Callable[[], Any], seconds: float = 30, what: str = "") -> Any:
        """Wait until a Python function gives something true, and give that."""
        deadline = time.monotonic() + seconds
        while True:
            result = condition()
            if result:
                return result
            if time.monotonic() > deadline:
                raise AssertionError(f"not seen within {seconds} s: {what or condition}")
            self.page.wait_for_timeout(30)

    # Cells

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """Give the outputs that the notebook holds for a cell, as in its file."""
        return self.page.evaluate(
            "(i) => window.jupyterapp.shell.currentWidget.content.widgets[i].model"
            ".outputs.toJSON()",
            index,
        )

    def all_outputs(self) -> list[list[dict[str, Any]]]:
        """Give the outputs of every cell; none for cells without code."""
        return self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.content.widgets.map((cell) =>"
            " cell.model.type === 'code' ? cell.model.outputs.toJSON() : [])"
        )

    def text(self, index: int) -> str:
        """Give what a cell has printed."""
        return "".join(
            "".join(output["text"])
            for output in self.outputs(index)
            if output["output_type"] == "stream"
        )

    def cell_errors(self) -> list[str]:
        """Give the name and message of every error output."""
        return [
            f"cell {index}: {output['ename']}: {output['evalue']}"
            for index, outputs in enumerate(self.all_outputs())
            for output in outputs
            if output["output_type"] == "error"
        ]

    def source(self, index: int) -> str:
        """Give the source of a code cell; nothing for other cells."""
        return self.page.evaluate(
            """(i) => {
              const cell = window.jupyterapp.shell.currentWidget.content.widgets[i];
              return cell.model.type === 'code' ? cell.model.sharedModel.source : '';
            }""",
            index,
        )

    def cells_with(self, text: str) -> list[int]:
        """Give the code cells whose source contains a text, lines that import left out."""
        return [
            index
            for index in range(len(self.all_outputs()))
            if text
            in "\n".join(line for line in self.source(index).split("\n") if "import" not in line)
        ]

    def run(self, index: int) -> None:
        """Begin to run one cell."""
        self.page.evaluate(
            """(i) => {
              const notebook = window.jupyterapp.shell.currentWidget.content;
              notebook.deselectAll();
              notebook.activeCellIndex = i;
            }""",
            index,
        )
        self.command("notebook:run-cell")

    def cell(self, index: int) -> Any:
        """Scroll to a cell and give its element."""
        self.page.evaluate(
            "async (i) => { await window.jupyterapp.shell.currentWidget.content"
            ".scrollToItem(i, 'start'); }",
            index,
        )
        locator = self.page.locator(f'.jp-Cell[data-windowed-list-index="{index}"]')
        locator.wait_for(state="attached")
        return locator

    def output(self, index: int) -> Any:
        """Scroll to a cell and give the element of its outputs."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    # Live figures

    def picture(self, index: int) -> Any:
        """Give the picture of the live figure in a cell, once the browser has painted it."""
        image = self.cell(index).locator("img.unrolled-picture").first
        image.wait_for(state="visible")
        self.until(lambda: image.evaluate("(i) => i.complete && i.naturalWidth > 0"), 15, "picture")
        return image

    def picture_state(self, index: int) -> tuple[str, str]:
        """Give the bytes of a picture, as text, and its alternative text."""
        read = """async (image) => {
          const bytes = await fetch(image.src).then((got) => got.arrayBuffer(), () => null);
          return bytes && [Array.from(new Uint8Array(bytes)).join(' '), image.alt];
        }"""
        # A picture that a newer one has just replaced cannot be read any more: look again.
        state = self.until(lambda: self.picture(index).evaluate(read), 15, "a picture's bytes")
        return state[0], state[1]

    def press(self, index: int, key: str, times: int = 1, control: int = 0) -> None:
        """Focus a slider of a cell's figure and press a key."""
        slider = self.cell(index).locator('[role="slider"]').nth(control)
        slider.focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def move_slider(self, index: int, key: str = "ArrowRight", control: int = 0) -> tuple[str, str]:
        """Move a slider of a cell's figure by keyboard and wait for another picture.

        Returns the alternative text before and after. A slider that stands at its upper end is
        moved down instead of up.
        """
        before, alt = self.picture_state(index)
        assert alt, f"the figure of cell {index} has no alternative text"
        slider = self.output(index).locator('[role="slider"]').nth(control)
        ends = slider.get_attribute("aria-valuenow"), slider.get_attribute("aria-valuemax")
        if key == "ArrowRight" and ends[0] == ends[1]:
            key = "ArrowLeft"
        slider.focus()
        slider.press(key)
        self.until(
            lambda: self.picture_state(index)[0] != before, what=f"a new picture in cell {index}"
        )
        return alt, self.picture_state(index)[1]

    def stop_training(self, index: int, history: str = "history") -> None:
        """Run a cell that trains, press Stop meanwhile, and see that what was learnt is kept."""
        self.run(index)
        stop = self.output(index).get_by_role("button", name="Stop")
        stop.wait_for(state="visible")
        stop.click()
        self.wait_done(60)
        ended = f"print({history}.ended, 0 < len({history}.losses) == len({history}.steps))"
        assert self.evaluate(ended) == "stopped True\n"
        assert self.output(index).get_by_text("Stopped on request after").is_visible()

    # Kernel

    def evaluate(self, code: str) -> str:
        """Run code in the notebook's kernel outside its cells and give what it prints."""
        return self.page.evaluate(
            """async (code) => {
              const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
              const future = kernel.requestExecute({ code, store_history: false });
              let printed = '';
              future.onIOPub = (message) => {
                if (message.header.msg_type === 'stream') printed += message.content.text;
                if (message.header.msg_type === 'error') printed += message.content.evalue;
              };
              await future.done;
              return printed;
            }""",
            code,
        )
