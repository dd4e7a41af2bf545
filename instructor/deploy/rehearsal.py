"""Rehearse the deployment without a container runtime or a cluster.

``python -m instructor.deploy.rehearsal FOLDER`` does in FOLDER what the container file does: it
copies what COPY names and runs every RUN step with /opt and /home moved below FOLDER, except for
those that need root on a machine of one's own. Then, with ``--proxy COMMAND`` (Node's
configurable-http-proxy), it starts a JupyterHub with the image's environment and the settings of
values.yaml, lets one learner in, starts their server through the hub, and runs a notebook there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from instructor.deploy.memory import connect, run_all
from instructor.deploy.start import COURSE
from tools.lab import free_ports

HERE = Path(__file__).parent
CONTAINERFILE = HERE / "Containerfile"
VALUES = HERE / "values.yaml"
NEED_ROOT = ("apt-get", "useradd")
LEARNER = "jovyan"
NOTEBOOK = "work/chapters/01_backprop_recap.ipynb"
PATIENCE = 600  # seconds

HUB_CONFIG = """
import json
given = json.loads({given!r})
c = get_config()  # noqa: F821
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.bind_url = given["url"]
c.JupyterHub.hub_port = given["hub_port"]
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret_file = given["folder"] + "/cookie_secret"
c.ConfigurableHTTPProxy.command = given["proxy"]
c.ConfigurableHTTPProxy.pid_file = given["folder"] + "/proxy.pid"
c.ConfigurableHTTPProxy.api_url = given["proxy_api"]
c.Authenticator.allowed_users = {{given["learner"]}}
c.SimpleLocalProcessSpawner.home_dir_template = given["home"]
c.Spawner.cmd = given["command"]
c.Spawner.args = given["arguments"]
c.Spawner.default_url = given["default_url"]
c.Spawner.environment = given["environment"]
c.Spawner.http_timeout = c.Spawner.start_timeout = 300
c.JupyterHub.services = [{{"name": "rehearsal", "api_token": given["token"]}}]
c.JupyterHub.load_roles = [
    {{
        "name": "rehearsal",
        "scopes": ["admin:users", "admin:servers", "access:servers"],
        "services": ["rehearsal"],
    }}
]
"""


@dataclass
class Image:
    """What a container file says.

    Attributes
    ----------
    steps : list of (str, str)
        Instruction and its text, in order, lines that go on joined.
    arguments, environment : dict of str to str
        Of ARG and ENV.
    """

    steps: list[tuple[str, str]]
    arguments: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def all(self, instruction: str) -> list[str]:
        """Return the texts of one kind of instruction."""
        return [text for name, text in self.steps if name == instruction]

    def list_of(self, instruction: str) -> list[str]:
        """Return the last ENTRYPOINT or CMD as a list."""
        return json.loads(self.all(instruction)[-1])


def read_image(path: Path = CONTAINERFILE) -> Image:
    """Read a container file; ValueError for a line that is no instruction."""
    text = "\n".join(
        line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")
    )
    image = Image([])
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        found = re.fullmatch(r"\s*([A-Z]+)\s+(.+?)\s*", line)
        if found is None:
            raise ValueError(f"{path} has a line that is no instruction: {line!r}.")
        name, rest = found.groups()
        image.steps.append((name, rest))
        if name in ("ARG", "ENV"):
            pairs = dict(piece.split("=", 1) for piece in shlex.split(rest))
            (image.arguments if name == "ARG" else image.environment).update(pairs)
    return image


def moved(text: str, folder: Path) -> str:
    """Return a text with the image's /opt and /home below a folder."""
    return re.sub(r"(?<![\w/.])/(opt|home)(?=/|\b)", lambda found: f"{folder}{found[0]}", text)


def build(image: Image, folder: Path, arguments: Mapping[str, str]) -> dict[str, str]:
    """Do in a folder what a container file says; return its environment, moved there."""
    values = {**image.arguments, **arguments}
    (folder / "opt").mkdir(parents=True)
    (folder / "home" / LEARNER).mkdir(parents=True)
    environment = {name: moved(text, folder) for name, text in image.environment.items()}
    # The interpreter that runs this takes the place of the base image's.
    tools = folder / "opt" / "base"
    tools.mkdir()
    (tools / "python").symlink_to(sys.executable)
    path = environment["PATH"].split(os.pathsep)
    environment["PATH"] = os.pathsep.join([path[0], str(tools), *path[1:], os.environ["PATH"]])
    here = folder
    for name, text in image.steps:
        if name == "WORKDIR":
            here = Path(moved(text, folder))
            here.mkdir(parents=True, exist_ok=True)
        elif name == "COPY":
            *sources, target = shlex.split(text)
            place = here / target
            for source in sources:
                _copy(COURSE / source, place, target.endswith("/") or len(sources) > 1)
        elif name == "RUN" and any(word in text for word in NEED_ROOT):
            print(f"left out, needs root: RUN {text[:70]} …", flush=True)
        elif name == "RUN":
            print(f"RUN {text[:90]} …", flush=True)
            subprocess.run(
                ["/bin/sh", "-c", moved(text, folder)],
                cwd=here,
                env={**os.environ, **environment, **values},
                check=True,
                stdout=subprocess.DEVNULL,
            )
    return environment


def _copy(source: Path, place: Path, into: bool) -> None:
    """Copy as COPY does: the contents of a folder, or a file into a folder or to a name."""
    if source.is_dir():
        hidden = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(source, place, dirs_exist_ok=True, ignore=hidden)
    else:
        target = place / source.name if into else place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


class Hub:
    """A JupyterHub on this machine with one learner."""

    def __init__(self, folder: Path, image: Image, environment: dict[str, str], proxy: str) -> None:
        public, api, hub = free_ports(3)
        self.url, self.token = f"http://127.0.0.1:{public}", secrets.token_hex(16)
        values = yaml.safe_load(VALUES.read_text("utf-8"))["singleuser"]
        # The entry point without tini, which the image installs as root, then the command.
        command = [*image.list_of("ENTRYPOINT")[2:], values["cmd"]]
        given = {
            "url": self.url,
            "hub_port": hub,
            "proxy_api": f"http://127.0.0.1:{api}",
            "proxy": shlex.split(proxy),
            "folder": str(folder),
            "learner": LEARNER,
            "home": str(folder / "home" / "{username}"),
            "command": command,
            "arguments": ["--allow-root"] if os.geteuid() == 0 else [],
            "default_url": values["defaultUrl"],
            "environment": {**environment, **(values.get("extraEnv") or {})},
            "token": self.token,
        }
        config = folder / "hub_config.py"
        config.write_text(HUB_CONFIG.format(given=json.dumps(given)))
        self.log = (folder / "hub.log").open("wb")
        python = Path(environment["PATH"].split(os.pathsep)[0], "python")
        self.process = subprocess.Popen(
            [python, "-m", "jupyterhub", "--config", str(config)],
            cwd=folder,
            env={**os.environ, **environment, "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16)},
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def ask(self, path: str, data: object = None, method: str | None = None) -> tuple[int, bytes]:
        """Send a request as the service; return status and body, of errors of HTTP as well."""
        request = urllib.request.Request(
            self.url + path,
            data=None if data is None else json.dumps(data).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def until(self, path: str, wanted: str) -> bytes:
        """Ask until the answer holds a text; RuntimeError after a while."""
        end = time.monotonic() + PATIENCE
        answer: object = "nothing"
        while time.monotonic() < end and self.process.poll() is None:
            try:
                status, body = self.ask(path)
                if status == 200 and wanted.encode() in body:
                    return body
                answer = status, body[:300]
            except OSError as error:  # nobody listens yet
                answer = error
            time.sleep(0.5)
        raise RuntimeError(f"{path} did not answer with {wanted!r} but {answer}; see hub.log.")

    def close(self) -> None:
        """End the hub, its proxy and the learner's server."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


def check_page(page: str) -> None:
    """See that JupyterLab's page has the course's settings; RuntimeError if it has not."""
    found = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    settings = json.loads(found[1]) if found else {}
    disabled = list(settings.get("disabledExtensions", ()))
    manager = settings.get("extensionManager", {})
    if "@jupyterlab/apputils-extension:announcements" not in disabled:
        raise RuntimeError(f"JupyterLab's news are not turned off; it disables {disabled}.")
    if manager.get("can_install") is not False:
        raise RuntimeError(f"JupyterLab searches for extensions; its manager is {manager}.")


def visit(hub: Hub, folder: Path) -> None:
    """Let the learner in, start their server, look at JupyterLab and run a notebook there."""
    hub.until("/hub/api/", "version")
    print(f"hub: {json.loads(hub.ask('/hub/api/')[1])['version']}")
    hub.ask(f"/hub/api/users/{LEARNER}", method="POST")
    status, body = hub.ask(f"/hub/api/users/{LEARNER}/server", {}, "POST")
    if status not in (201, 202):
        raise RuntimeError(f"The hub did not start the server: {status} {body[:300]!r}.")
    base = f"/user/{LEARNER}"
    hub.until(f"{base}/api/status", "started")
    page = hub.until(f"{base}/lab", "jupyter-config-data").decode()
    check_page(page)
    print("JupyterLab: news are off, and no search for extensions")
    kernel = {"name": "python3"}
    wanted = {"path": NOTEBOOK, "name": NOTEBOOK, "type": "notebook", "kernel": kernel}
    status, body = hub.ask(f"{base}/api/sessions", wanted, "POST")
    if status != 201:
        raise RuntimeError(f"The server did not open the notebook: {status} {body[:300]!r}.")
    identity = json.loads(body)["kernel"]["id"]
    home = folder / "home" / LEARNER
    (connection,) = home.rglob(f"kernel-{identity}.json")
    client = connect(connection)
    try:
        count = run_all(home / NOTEBOOK, client)
    finally:
        client.stop_channels()
    print(f"{NOTEBOOK}: {count} code cells ran in the learner's server")
    print(f"hub: {hub.ask(f'/hub/api/users/{LEARNER}/server', method='DELETE')[0]} on stopping it")


def main(argv: list[str] | None = None) -> int:
    """Read the command line and rehearse."""
    parser = argparse.ArgumentParser(
        prog="python -m instructor.deploy.rehearsal",
        description=__doc__.split("\n\n")[0],
        epilog=__doc__.split("\n\n")[1],
    )
    parser.add_argument("folder", type=Path, help="made if missing; built again if empty")
    parser.add_argument("--proxy", metavar="COMMAND", help="start a hub as well, with this proxy")
    parser.add_argument("--torch-index", default=None, help="in place of the image's TORCH_INDEX")
    options = parser.parse_args(argv)
    folder, image = options.folder.resolve(), read_image()
    record = folder / "environment.json"
    if record.exists():
        environment = json.loads(record.read_text())
        print(f"{folder} is built already; delete it to build it again.")
    else:
        arguments = {} if options.torch_index is None else {"TORCH_INDEX": options.torch_index}
        environment = build(image, folder, arguments)
        record.write_text(json.dumps(environment))
    if options.proxy:
        hub = Hub(folder, image, environment, options.proxy)
        try:
            visit(hub, folder)
        finally:
            hub.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
