"""How JupyterLab is started: port, display, what it may ask and fetch."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tools import lab
from tools.environment import SetupError

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("given", "port"), [(None, None), ("", None), (" ", None), ("8890", 8890), (" 1 ", 1)]
)
def test_port(given, port):
    assert lab.read_port(given) == port


@pytest.mark.parametrize("given", ["0", "65536", "-1", "8e3", "80.5", "many", "٣"])
def test_port_that_is_none(given):
    with pytest.raises(SetupError, match="expected a whole number from 1 to 65535"):
        lab.read_port(given)


def test_taken_port_is_an_error_of_one_line():
    with socket.socket() as taken:
        taken.bind((lab.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"Port {port} cannot be used") as caught:
            lab.check_port(port)
        assert "\n" not in str(caught.value)
    lab.check_port(port)


def test_wanted_port_is_read_and_tried():
    assert lab.wanted_port({}) is None
    first, second = lab.free_ports(2)
    assert lab.wanted_port({"PORT": str(first)}) == first != second
    with socket.socket() as taken:
        taken.bind((lab.HOST, second))
        taken.listen()
        with pytest.raises(SetupError, match=f"Port {second} cannot be used"):
            lab.wanted_port({"PORT": str(second)})


@pytest.mark.parametrize(
    ("environ", "platform", "headless"),
    [
        ({}, "linux", True),
        ({"DISPLAY": ":0"}, "linux", False),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", False),
        ({"DISPLAY": ":0", "HEADLESS": "1"}, "linux", True),
        ({"HEADLESS": "0"}, "linux", False),
        ({}, "darwin", False),
        ({"SSH_CONNECTION": "a"}, "darwin", True),
        ({}, "win32", False),
        ({"HEADLESS": "1"}, "win32", True),
    ],
)
def test_headless(environ, platform, headless):
    assert lab.is_headless(environ, platform) is headless


def test_arguments(tmp_path):
    first = tmp_path / "work" / lab.FIRST
    first.parent.mkdir(parents=True)
    first.touch()
    given = lab.arguments(lab.learner_place(tmp_path), 8890, headless=True, superuser=True)
    assert f"--ServerApp.root_dir={tmp_path / 'work'}" in given
    assert "--ServerApp.ip=127.0.0.1" in given
    assert "--ServerApp.port=8890" in given
    assert "--ServerApp.port_retries=0" in given
    assert "--LabApp.default_url=/lab/tree/chapters/00_start_here.ipynb" in given
    assert "--ServerApp.open_browser=False" in given
    assert "--ServerApp.allow_root=True" in given
    assert not [argument for argument in given if "token" in argument or "password" in argument]
    free = lab.arguments(lab.learner_place(tmp_path), None, headless=False, superuser=False)
    assert "--ServerApp.port_retries=50" in free
    assert not [argument for argument in free if "browser" in argument or "root=T" in argument]


def test_server_environment(tmp_path):
    environ = {"PORT": "1", "JUPYTER_CONFIG_PATH": "mine", "A": "b", "PATH": "bin"}
    python = tmp_path / "programs" / "python"
    given = lab.server_environment(tmp_path, lab.learner_place(tmp_path), python, environ)
    assert given["A"] == "b"
    assert given["PATH"].split(os.pathsep) == [str(tmp_path / "programs"), "bin"]
    assert "PYTHONPATH" not in given
    assert given["UNROLLED_HOME"] == str(tmp_path / "work")
    assert "PORT" not in given
    configuration = given["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert configuration == [str(tmp_path / "tools" / "jupyter"), "mine"]


def test_instructor_opens_formgrader_with_the_settings_of_the_class(tmp_path):
    place = lab.instructor_place(tmp_path / "class")
    given = lab.arguments(place, None, headless=True, superuser=False)
    assert f"--ServerApp.root_dir={tmp_path / 'class'}" in given
    assert "--LabApp.default_url=/lab/workspaces/formgrader" in given
    assert f"--LabApp.workspaces_dir={tmp_path / 'class' / '.layouts'}" in given
    python = tmp_path / "programs" / "python"
    environ = {"PYTHONPATH": "mine", "JUPYTER_CONFIG_PATH": "mine"}
    settings = lab.server_environment(tmp_path / "course", place, python, environ)
    configuration = settings["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert configuration[0] == str(tmp_path / "class")
    assert configuration[-1] == "mine"
    assert settings["PYTHONPATH"].split(os.pathsep) == [str(tmp_path / "course"), "mine"]
    assert settings["UNROLLED_HOME"] == str(tmp_path / "class")


def test_news_and_updates_are_off():
    path = ROOT / "tools" / "jupyter" / "labconfig" / "page_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    assert settings["disabledExtensions"]["@jupyterlab/apputils-extension:announcements"] is True


def fetch(address, token=None, method="GET"):
    """Ask the server and return the status and the text of its answer."""
    headers = {"Authorization": f"token {token}"} if token else {}
    request = urllib.request.Request(address, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


def test_server_starts_at_the_first_chapter_behind_its_token(tmp_path):
    """The whole command, with the packages of the Python that runs the tests."""
    root = tmp_path / "course with a space"
    shutil.copytree(ROOT / "tools", root / "tools")
    shutil.copy(ROOT / "pyproject.toml", root)
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    first = root / lab.FIRST
    first.parent.mkdir()
    first.write_text(json.dumps(notebook), encoding="utf-8")
    (port,) = lab.free_ports(1)
    home = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [sys.executable, "tools/course.py", "lab", "--here"],
            cwd=root,
            env={**os.environ, **home, "PORT": str(port), "HEADLESS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        printed, deadline = "", time.monotonic() + 90
        address = f"http://{lab.HOST}:{port}"
        expected = f"{address}/lab/tree/{lab.FIRST}?token="
        while expected not in printed:
            assert server.poll() is None, printed
            assert time.monotonic() < deadline, printed
            time.sleep(0.1)
            printed = log.read_text(encoding="utf-8")
        assert "Copied 1 notebook to work/." in printed
        token = printed.split(expected)[1].split()[0]
        assert len(token) >= 32
        assert fetch(f"{address}/api/contents")[0] == 403
        status, listing = fetch(f"{address}/api/contents", token)
        assert status == 200
        assert [entry["name"] for entry in json.loads(listing)["content"]] == ["chapters"]
        page = fetch(f"{address}/lab", token)[1]
        assert "apputils-extension:announcements" in page.split("disabledExtensions")[1][:300]
        assert fetch(f"{address}/api/shutdown", token, "POST")[0] == 200
        assert server.wait(30) == 0
    finally:
        server.kill()
        server.wait()
