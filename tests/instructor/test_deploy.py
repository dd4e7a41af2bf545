"""The container file, the hub's settings and the course say the same."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from instructor.deploy import memory, rehearsal, start
from tools import course, environment, workspace

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "instructor" / "deploy"
IMAGE = rehearsal.read_image()
VALUES = yaml.safe_load((DEPLOY / "values.yaml").read_text("utf-8"))
README = (DEPLOY / "README.md").read_text("utf-8")
GIB = {"G": 1000**3 / 2**30, "M": 1000**2 / 2**30, "Gi": 1.0, "Mi": 1 / 1024}


not_on_windows = pytest.mark.skipif(
    sys.platform == "win32", reason="the image is a Linux system; Windows has no exec and no sh"
)


def gibibytes(text):
    number, unit = re.fullmatch(r"([\d.]+)(Gi|Mi|G|M)", text).groups()
    return float(number) * GIB[unit]


def copied():
    """Return what COPY names: source and target below /opt/unrolled."""
    return [
        (source, text.split()[-1]) for text in IMAGE.all("COPY") for source in text.split()[:-1]
    ]


# --- the container file ----------------------------------------------------------------------


def test_everything_that_is_copied_is_there():
    assert copied()
    for source, _ in copied():
        assert (ROOT / source).exists(), source
        assert ".." not in source


def test_the_builder_gets_what_is_copied_and_no_secret():
    lines = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").splitlines()
    assert lines[1] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert allowed == {source.split("/")[0] for source, _ in copied()}


def test_learners_get_no_solutions_and_no_tests():
    places = {source.split("/")[0] for source, _ in copied()}
    assert not places & {"solutions", "tests", "classroom", "work", ".git"}
    inside = {source for source, _ in copied() if source.startswith("instructor")}
    assert inside == {
        "instructor/__init__.py",
        "instructor/deploy/__init__.py",
        "instructor/deploy/start.py",
        "instructor/deploy/jupyter",
    }


def test_the_packages_that_are_installed_are_copied_before():
    names = environment.read_project(ROOT)["tool"]["setuptools"]["packages"]["find"]["include"]
    assert "book*" in names
    for name in set(names) - {"book*"}:  # learners build no book
        assert any(source.startswith(name.rstrip("*")) for source, _ in copied()), name
    steps = [text for _, text in IMAGE.steps]
    (place,) = [i for i, text in enumerate(steps) if "--editable ." in text]
    assert max(steps.index(text) for text in IMAGE.all("COPY")) < place


def test_packages_are_installed_as_pyproject_and_constraints_say():
    installs = [text for text in IMAGE.all("RUN") if "pip install" in text]
    assert len(installs) == 2
    assert all("--constraint constraints.txt" in text for text in installs)
    assert "tomllib.load(open('pyproject.toml', 'rb'))['project']" in installs[0]
    # No package is named here but the hub's, whose version the chart gives.
    assert re.findall(r"[\w-]+==\S+", " ".join(installs)) == ["jupyterhub==${JUPYTERHUB_VERSION}"]
    assert "jupyterhub" not in (ROOT / "constraints.txt").read_text("utf-8")


def test_the_line_that_lists_the_packages_lists_them():
    (line,) = [text for text in IMAGE.all("RUN") if "tomllib" in text]
    code = re.search(r'python -c "(.*?)" >', line).group(1)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.decode().split("\n")[:-1] == environment.requirements(
        environment.read_project(ROOT)
    )


def test_pytorch_comes_without_cuda_at_a_version_that_is_pinned():
    assert IMAGE.arguments["TORCH_INDEX"].endswith("/whl/cpu")
    assert re.search(r"^torch==[\d.]+$", (ROOT / "constraints.txt").read_text("utf-8"), re.M)
    assert any("--extra-index-url ${TORCH_INDEX}" in text for text in IMAGE.all("RUN"))


def test_the_python_of_the_image_is_one_that_the_course_supports():
    (base,) = IMAGE.all("FROM")
    version = tuple(map(int, re.search(r"python:(\d+)\.(\d+)-", base).groups()))
    assert course.is_suitable(version)
    conda = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    assert f"python={version[0]}.{version[1]}" in conda


def test_the_image_runs_as_a_user_without_rights():
    (add,) = [text for text in IMAGE.all("RUN") if "useradd" in text]
    uid, gid = re.search(r"--uid (\d+) --gid (\d+)", add).groups()
    assert IMAGE.all("USER") == [f"{uid}:{gid}"]
    assert int(uid) > 0
    # Nothing after it that would need rights, so the course stays root's.
    after = [name for name, _ in IMAGE.steps[IMAGE.steps.index(("USER", f"{uid}:{gid}")) :]]
    assert not {"RUN", "COPY", "ADD"} & set(after)


def test_the_settings_of_the_image_are_files_of_the_course():
    for place in IMAGE.environment["JUPYTER_CONFIG_PATH"].split(":"):
        inside = place.removeprefix("/opt/unrolled/")
        assert (ROOT / inside).is_dir()
        assert any(inside.startswith(source) for source, _ in copied())
    assert IMAGE.environment["PATH"].startswith("/opt/venv/bin:")


def test_the_settings_of_jupyterlab_are_those_of_make_lab():
    settings = json.loads((DEPLOY / "jupyter" / "jupyter_server_config.json").read_text("utf-8"))
    from tools import lab

    command = lab.arguments(lab.Place(ROOT), None, True, False)
    assert f"--LabApp.extension_manager={settings['LabApp']['extension_manager']}" in command
    made = lab.server_environment(ROOT, lab.Place(ROOT), Path(sys.executable), {})
    assert made["JUPYTER_CONFIG_PATH"] == str(ROOT / "tools" / "jupyter")
    assert IMAGE.environment["JUPYTER_PREFER_ENV_PATH"] == made["JUPYTER_PREFER_ENV_PATH"]


def test_the_names_of_the_settings_are_real():
    from jupyter_server.serverapp import ServerApp
    from jupyter_server.services.kernels.kernelmanager import MappingKernelManager
    from jupyterlab.labapp import LabApp

    settings = json.loads((DEPLOY / "jupyter" / "jupyter_server_config.json").read_text("utf-8"))
    classes = {c.__name__: c for c in (LabApp, MappingKernelManager, ServerApp)}
    for name, values in settings.items():
        assert set(values) <= set(classes[name].class_trait_names(config=True))


def test_the_entry_point_is_a_module_of_the_course():
    *before, module = IMAGE.list_of("ENTRYPOINT")
    assert before == ["tini", "--", "python", "-m"]
    assert module == "instructor.deploy.start"
    assert "tini" in next(text for text in IMAGE.all("RUN") if "apt-get" in text)


def test_a_container_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "Containerfile").write_text("FROM x\nmake all\n")
    with pytest.raises(ValueError, match="no instruction: 'make all'"):
        rehearsal.read_image(tmp_path / "Containerfile")


# --- the hub's settings ----------------------------------------------------------------------


def test_the_hub_gives_the_user_and_home_of_the_image():
    single = VALUES["singleuser"]
    (add,) = [text for text in IMAGE.all("RUN") if "useradd" in text]
    assert f"--uid {single['uid']} --gid {single['fsGid']} " in add
    assert single["storage"]["homeMountPath"] == IMAGE.all("WORKDIR")[-1] == "/home/jovyan"
    assert add.endswith("jovyan")
    assert single["allowPrivilegeEscalation"] is False


def test_the_hub_starts_what_the_image_starts_at_the_first_chapter():
    single = VALUES["singleuser"]
    assert IMAGE.list_of("CMD") == [single["cmd"]]
    page = single["defaultUrl"].removeprefix("/lab/tree/")
    assert page.split("/", 1)[0] == workspace.FOLDER
    assert page.split("/", 1)[1] in set(workspace.course_notebooks(ROOT))


def test_the_versions_of_image_chart_and_course_agree():
    single = VALUES["singleuser"]
    assert single["image"]["tag"] == environment.read_project(ROOT)["project"]["version"]
    text = (DEPLOY / "values.yaml").read_text("utf-8")
    hub = IMAGE.arguments["JUPYTERHUB_VERSION"]
    assert f"brings JupyterHub {hub}" in text
    (chart,) = set(re.findall(r"version (\d+\.\d+\.\d+), which", text))
    assert f"--version {chart} " in text
    assert f"--version {chart} " in README


def test_the_number_of_threads_is_not_above_the_processors():
    single = VALUES["singleuser"]
    assert single["extraEnv"]["OMP_NUM_THREADS"] == IMAGE.environment["OMP_NUM_THREADS"]
    assert int(single["extraEnv"]["OMP_NUM_THREADS"]) <= single["cpu"]["limit"]
    assert single["cpu"]["guarantee"] <= single["cpu"]["limit"]


def test_the_memory_covers_what_was_measured():
    rows = [
        line.split("|")[1:-1] for line in README.splitlines() if re.match(r"\| .* \d+ \|", line)
    ]
    rows = [[cell.strip() for cell in row] for row in rows if len(row) == 7]
    assert [row[0].split()[0] for row in rows[1::2]] == [
        "02_rnn_forward",
        "06_lstm",
        "10_sequence_tasks",
    ]
    memory_ = VALUES["singleuser"]["memory"]
    server, *opened = [dict(zip("skotwp", map(int, row[1:]), strict=True)) for row in rows]
    one = max(row["s"] + row["k"] for row in opened)
    assert one / 1024 <= gibibytes(memory_["guarantee"])  # a server with the largest chapter
    assert max(row["p"] for row in opened) / 1024 <= gibibytes(memory_["limit"])  # all at once
    assert server["k"] == 0


def test_the_shared_folder_is_read_only_and_is_the_one_that_is_made():
    storage = VALUES["singleuser"]["storage"]
    claim = yaml.safe_load((DEPLOY / "shared-folder.yaml").read_text("utf-8"))
    (volume,) = storage["extraVolumes"]
    (mount,) = storage["extraVolumeMounts"]
    assert claim["kind"] == "PersistentVolumeClaim"
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert volume["name"] == mount["name"]
    assert volume["persistentVolumeClaim"]["readOnly"] is mount["readOnly"] is True
    assert mount["mountPath"].startswith(storage["homeMountPath"] + "/")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]


def test_servers_reach_no_network_and_end_when_nobody_uses_them():
    policy = VALUES["singleuser"]["networkPolicy"]
    assert policy["enabled"] is True
    assert not any(policy["egressAllowRules"].values())
    assert VALUES["cull"]["enabled"] is True
    settings = json.loads((DEPLOY / "jupyter" / "jupyter_server_config.json").read_text("utf-8"))
    assert settings["MappingKernelManager"]["cull_idle_timeout"] >= VALUES["cull"]["timeout"]


def test_there_is_no_secret_in_the_settings():
    text = (DEPLOY / "values.yaml").read_text("utf-8").lower()
    assert not re.search(r"(password|secret|token|key):", text)


# --- the start of a learner's server ---------------------------------------------------------


def run_start(home, *command):
    return subprocess.run(
        [sys.executable, "-m", "instructor.deploy.start", *command],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "USERPROFILE": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )


SAY = "import os; print(os.environ['UNROLLED_HOME'])"


@not_on_windows
def test_the_start_copies_the_notebooks_and_becomes_the_command(tmp_path):
    done = run_start(tmp_path, sys.executable, "-c", SAY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(tmp_path / "work")
    there = {p.relative_to(tmp_path / "work").as_posix() for p in tmp_path.rglob("*.ipynb")}
    assert there == set(workspace.course_notebooks(ROOT))


@not_on_windows
def test_a_second_start_keeps_what_the_learner_wrote(tmp_path):
    run_start(tmp_path, sys.executable, "-c", SAY)
    mine = tmp_path / "work" / "chapters" / "00_start_here.ipynb"
    mine.write_text("mine")
    done = run_start(tmp_path, sys.executable, "-c", SAY)
    assert done.returncode == 0
    assert mine.read_text() == "mine"
    assert "Copied" not in done.stdout


@not_on_windows
def test_a_home_that_cannot_be_written_does_not_keep_the_server_from_starting(tmp_path):
    (tmp_path / "work").write_text("a file where the folder should be")
    done = run_start(tmp_path, sys.executable, "-c", SAY)
    assert done.returncode == 0
    assert "warning: the copies were not brought up to date." in done.stderr
    assert done.stdout.strip().endswith("work")


@not_on_windows
def test_a_start_without_a_command_or_with_a_wrong_one_says_so(tmp_path):
    assert start.main([]) == 2
    done = run_start(tmp_path, "no-such-command")
    assert done.returncode == 127
    assert "no-such-command cannot be started" in done.stderr


# --- measuring and rehearsing ----------------------------------------------------------------

ROLLUP = """55d0c0000000-7ffd0000 ---p 00000000 00:00 0    [rollup]
Rss:              200000 kB
Pss:              150000 kB
Pss_Anon:          90000 kB
Pss_File:          50000 kB
Pss_Shmem:         10000 kB
Private_Dirty:     90000 kB
"""


def test_memory_is_read_as_the_kernel_writes_it():
    assert memory.parse_rollup(ROLLUP) == memory.Memory(150_000 * 1024, 100_000 * 1024)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc, which Linux has")
def test_the_memory_of_a_process_and_its_children_adds_up():
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    try:
        while len(memory.descendants(parent.pid)) < 2:
            assert parent.poll() is None
        family = memory.descendants(parent.pid)
        assert family[0] == parent.pid
        assert memory.total(parent.pid).pss > memory.memory_of(parent.pid).pss > 2**20
    finally:
        parent.communicate(b"\n", timeout=60)
    assert memory.total(parent.pid) == memory.Memory(0, 0)


def test_a_chapter_that_is_none_is_refused(capsys):
    assert memory.chapter_path("02") == "chapters/02_rnn_forward.ipynb"
    with pytest.raises(SystemExit):
        memory.main(["99"])
    assert "There is no chapter '99'" in capsys.readouterr().err


@not_on_windows
def test_paths_of_the_image_are_moved_below_the_folder_and_others_are_not(tmp_path):
    text = "/opt/venv/bin:/usr/bin /home/jovyan x/opt/y /optional .opt /opt"
    assert rehearsal.moved(text, Path("/s")) == (
        "/s/opt/venv/bin:/usr/bin /s/home/jovyan x/opt/y /optional .opt /s/opt"
    )


@not_on_windows
def test_a_rehearsal_copies_and_runs_what_the_container_file_says(tmp_path, capfd):
    lines = [
        "FROM python",
        "ARG WORD=hello",
        "RUN apt-get install x",
        "ENV PATH=/opt/venv/bin:/usr/bin PLACE=/opt/unrolled",
        "WORKDIR /opt/unrolled",
        "COPY LICENSE pyproject.toml ./",
        "COPY tools/jupyter tools/jupyter",
        "COPY tools/__init__.py tools/__init__.py",
        'RUN echo "${WORD} ${PLACE}" \\',
        "    > /opt/said",
        "USER 1000:100",
    ]
    (tmp_path / "Containerfile").write_text("\n".join(lines))
    image = rehearsal.read_image(tmp_path / "Containerfile")
    folder = tmp_path / "scratch"
    made = rehearsal.build(image, folder, {"WORD": "bye"})
    here = folder / "opt" / "unrolled"
    assert made["PLACE"] == str(here)
    assert (folder / "opt" / "said").read_text() == f"bye {here}\n"
    found = {p.relative_to(here).as_posix() for p in here.rglob("*") if p.is_file()}
    assert found == {
        "LICENSE",
        "pyproject.toml",
        "tools/__init__.py",
        "tools/jupyter/labconfig/page_config.json",
    }
    assert "left out, needs root: RUN apt-get install x" in capfd.readouterr().out


def page(**settings):
    text = json.dumps(settings)
    return f'<html><script id="jupyter-config-data" type="application/json">{text}</script></html>'


NEWS = "@jupyterlab/apputils-extension:announcements"


def test_the_page_of_jupyterlab_shows_whether_the_settings_have_arrived():
    rehearsal.check_page(
        page(disabledExtensions=[NEWS], extensionManager={"name": "readonly", "can_install": False})
    )
    with pytest.raises(RuntimeError, match="news are not turned off"):
        rehearsal.check_page(page(extensionManager={"can_install": False}))
    with pytest.raises(RuntimeError, match="searches for extensions"):
        rehearsal.check_page(page(disabledExtensions=[NEWS], extensionManager={"name": "pypi"}))
    with pytest.raises(RuntimeError, match="news"):
        rehearsal.check_page("<html></html>")


def test_the_notebook_of_the_rehearsal_is_one_of_the_course():
    folder, _, notebook = rehearsal.NOTEBOOK.partition("/")
    assert folder == workspace.FOLDER
    assert notebook in set(workspace.course_notebooks(ROOT))
