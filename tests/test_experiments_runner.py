"""The runner of the experiments: a real scheduler, real workers, and what goes wrong with them."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments import cluster, runner
from experiments.common import Experiment

ROOT = Path(__file__).resolve().parents[1]
CLAIM = '''
"""A claim whose jobs take no time, with files beside it that make them fail."""
import os
import time
from pathlib import Path
from experiments.common import Experiment, Verdict

HERE = Path(__file__).parent
SETTINGS = {"jobs": 30, "seconds": 0.05}

def jobs(settings=SETTINGS):
    return [{"phase": "measure", "seed": seed} for seed in range(settings["jobs"])]

def run_job(job, settings=SETTINGS):
    time.sleep(settings["seconds"])
    with open(HERE / "ran.txt", "a") as ran:
        ran.write(f"{job['seed']}\\n")
    if job["seed"] == 7 and (HERE / "die").exists():
        (HERE / "die").unlink()
        os._exit(1)
    if job["seed"] == 5 and (HERE / "fail").exists():
        raise ZeroDivisionError("on purpose")
    return {"value": job["seed"] / 3, "threads": _threads()}

def _threads():
    import numpy
    from threadpoolctl import threadpool_info
    return max(pool["num_threads"] for pool in threadpool_info())

def verdict(rows):
    return Verdict("C00", "it runs", "holds", f"{len(rows)} rows.", "none", rows)

EXPERIMENT = Experiment(
    "C00", Path(__file__), SETTINGS, jobs, run_job, verdict, ("phase", "seed"), HERE / "c00.csv"
)
'''
GO = """
import signal, sys
from experiments.runner import main
if __name__ == "__main__":
    # Where the tests run in the background of a shell, Control-C is ignored from the start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:], modules=["quick_claim"]))
"""


@pytest.fixture
def claim(tmp_path):
    (tmp_path / "quick_claim.py").write_text(CLAIM, encoding="utf-8")
    (tmp_path / "go.py").write_text(GO, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def processes():
    """Give a function that starts a process; what still runs at the end is killed."""
    started = []

    def start(command, path, **options):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
        for name in ("ONLY", "CHECK", "FRESH", "WORKERS", "SCHEDULER"):
            environment.pop(name, None)
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        end(process)


def end(process):
    process.kill()
    if not process.stdout.closed:
        process.communicate()


@pytest.fixture
def go(claim, processes):
    """Give a function that starts the runner on the quick claim."""

    def start(*arguments):
        return processes([sys.executable, "go.py", *arguments], [claim, ROOT], cwd=claim)

    return start


def finish(process, seconds=60):
    text, _ = process.communicate(timeout=seconds)
    return process.returncode, text


@pytest.fixture(scope="module")
def scheduler(processes, tmp_path_factory):
    """Start a scheduler in a process of its own and return its address."""
    file = tmp_path_factory.mktemp("scheduler") / "address.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0"]
    processes(
        [*command, "--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)], [ROOT]
    )
    deadline = time.monotonic() + 30
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.1)
    return json.loads(file.read_text())["address"]


@pytest.fixture
def worker(processes, scheduler, claim):
    """Give a function that starts a worker, which ends with the test."""
    started = []

    def start(*path):
        path = path or (claim, ROOT)
        command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler]
        process = processes(
            [*command, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "30"],
            path,
            cwd=path[0],
        )
        started.append(process)
        return process

    yield start
    for process in started:
        end(process)


def rows_of(path):
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line[0] != "#"]


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.02)


def test_killed_at_a_random_moment_and_resumed_gives_the_same_file(claim, go):
    code, text = finish(go())
    assert code == 0, text
    assert "Verdict: holds. 30 rows." in text
    whole = (claim / "c00.csv").read_bytes()
    assert b",1\n" in whole  # matrix products with one thread
    assert sorted(path.name for path in claim.glob("*.csv*")) == ["c00.csv"]

    code, text = finish(go("--check"))
    assert code == 0
    assert "up to date, 30 runs" in text
    (claim / "c00.csv").unlink()
    process = go()
    partial = claim / "c00.partial.csv"
    wait_for(partial.exists)
    time.sleep(random.uniform(0, 0.6))
    end(process)
    kept = len(rows_of(partial)) - 1
    assert 0 < kept < 30
    assert not (claim / "c00.csv").exists()
    code, text = finish(go())
    assert code == 0
    assert f"{30 - kept} of 30 runs to do" in text
    assert (claim / "c00.csv").read_bytes() == whole
    assert not partial.exists()


if os.name != "nt":  # where Control-C is sent in another way

    def test_control_c_keeps_the_rows(claim, go):
        process = go()
        wait_for((claim / "c00.partial.csv").exists)
        process.send_signal(signal.SIGINT)
        code, text = finish(process)
        assert code == 130
        assert "the same command goes on" in text
        assert "Traceback" not in text
        assert 0 < len(rows_of(claim / "c00.partial.csv")) - 1 < 30


def test_a_scheduler_elsewhere_a_failed_job_and_a_worker_that_dies(claim, go, worker, scheduler):
    first = worker()
    (claim / "fail").touch()
    process = go("--scheduler", scheduler)
    wait_for((claim / "c00.partial.csv").exists)
    worker()
    first.kill()
    code, text = finish(process)
    assert code == 1
    assert "this job failed: {'phase': 'measure', 'seed': 5}" in text
    assert "ZeroDivisionError: on purpose" in text
    assert "1 jobs failed; the rows of all others are kept" in text
    assert len(rows_of(claim / "c00.partial.csv")) == 1 + 29
    assert not (claim / "c00.csv").exists()
    (claim / "fail").unlink()
    code, text = finish(go("--scheduler", scheduler))
    assert code == 0
    assert "1 of 30 runs to do" in text
    assert len(rows_of(claim / "c00.csv")) == 1 + 30


def test_a_local_worker_that_dies_is_replaced(claim, go):
    (claim / "die").touch()
    code, text = finish(go("--workers", "1"))
    assert code == 0, text
    assert len(rows_of(claim / "c00.csv")) == 1 + 30


def test_workers_with_another_version_or_without_the_course_are_refused(
    claim, go, worker, scheduler, tmp_path_factory
):
    other = tmp_path_factory.mktemp("other")
    changed = CLAIM.replace('job["seed"] / 3', 'job["seed"] / 4')
    (other / "quick_claim.py").write_text(changed, encoding="utf-8")
    process = worker(other, ROOT)
    code, text = finish(go("--scheduler", scheduler))
    assert code == 2, text
    assert "has another version of quick_claim" in text
    end(process)

    empty = tmp_path_factory.mktemp("empty")
    (empty / "experiments").mkdir()
    (empty / "experiments" / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'experiments'\")\n", encoding="utf-8"
    )
    worker(empty)
    code, text = finish(go("--scheduler", scheduler))
    assert code == 2, text
    assert "does not have the course" in text
    assert "pip install" in text
    assert not (claim / "ran.txt").exists()


def test_a_scheduler_without_workers_and_none_at_all(claim, monkeypatch, scheduler, capsys):
    monkeypatch.setattr("tools.clusters.WAIT", 0.5)
    with (
        pytest.raises(runner.RunnerError, match="has no workers"),
        cluster.open_cluster(scheduler, 1) as open_,
    ):
        open_.check({})
    with (
        pytest.raises(runner.RunnerError, match="No scheduler answers at tcp://"),
        cluster.open_cluster("tcp://127.0.0.1:1", 1),
    ):
        pass
    with (
        pytest.raises(runner.RunnerError, match="expected an address such as tcp"),
        cluster.open_cluster("nowhere://x", 1),
    ):
        pass


class Here:
    """Takes the place of a cluster: runs each job at once, in this process."""

    def __init__(self, fail=()):
        self.open, self.fail = [], fail

    def submit(self, module, job, made):
        self.open.append((module, job))

    def results(self):
        for module, job in self.open:
            row = {**job, "value": job["seed"] / 3}
            yield module, job, ValueError("no") if job["seed"] in self.fail else row


def work(tmp_path, name, seeds):
    script = tmp_path / f"{name}.py"
    if not script.exists():
        script.write_text("def run_job(job):\n    return {}\n", encoding="utf-8")
    experiment = Experiment(
        name,
        script,
        {"seeds": seeds},
        lambda s: [{"seed": seed} for seed in s["seeds"]],
        dict,
        None,
        ("seed",),
        tmp_path / f"{name}.csv",
    )
    rows = experiment.stored()
    made = experiment.fingerprint()
    return runner.Work(name, experiment, made, rows, experiment.missing(rows))


def test_others_go_on_where_a_job_fails(tmp_path, capsys):
    one, two = (work(tmp_path, name, [1, 2, 3]) for name in ("one", "two"))
    runner.run([one, two], Here(fail={2}))
    assert not runner.report([one, two])
    assert capsys.readouterr().err.count("this job failed: {'seed': 2}") == 2
    assert len(rows_of(tmp_path / "one.partial.csv")) == 3
    again = work(tmp_path, "one", [1, 2, 3])
    assert again.missing == [{"seed": 2}]
    runner.run([again], Here())
    assert runner.report([again])
    assert rows_of(tmp_path / "one.csv") == ["seed,value", "1,0.333333", "2,0.666667", "3,1"]


def test_rows_made_before_an_edit_carry_the_fingerprint_of_then(tmp_path):
    one = work(tmp_path, "one", [1, 2])
    one.experiment.script.write_text("def run_job(job):\n    return {1: 2}\n")
    runner.run([one], Here())
    assert f"fingerprint: {one.made}" in (tmp_path / "one.csv").read_text()
    assert one.experiment.fingerprint() != one.made
    assert work(tmp_path, "one", [1, 2]).missing == [{"seed": 1}, {"seed": 2}]


def test_rows_of_unequal_columns_are_refused(tmp_path):
    one = work(tmp_path, "one", [1, 2])
    with pytest.raises(ValueError, match=r"one: the row of \(2,\) has the columns seed, b; exp"):
        one.experiment.keep([{"seed": 1, "a": 1}, {"seed": 2, "b": 1}], one.made)


def test_choose_and_arguments(capsys, monkeypatch):
    names = ["experiments.c05_relu", "experiments.c06_clipping", "experiments.agreement"]
    assert runner.choose(names, "") == names
    assert runner.choose(names, "C06 agr") == names[1:]
    assert runner.choose(names, "c06,c05") == names[:2]
    with pytest.raises(runner.RunnerError, match="no experiment begins with 'c9'; there are c05"):
        runner.choose(names, "c9")
    assert runner.main(["--only", "c9", "--check"]) == 2
    assert runner.main(["--workers", "many", "--check"]) == 2
    assert "workers is 'many'; expected a whole number" in capsys.readouterr().err
    monkeypatch.setenv("ONLY", "c99")
    assert runner.main(["--check"]) == 2
    with pytest.raises(SystemExit):
        runner.main(["--help"])
    assert "make experiments ONLY=c05" in capsys.readouterr().out


def test_every_script_is_found():
    found = runner.discover()
    assert {f"experiments.{name}" for name in ("c01_position", "c22_early_layers")} <= set(found)
    assert not {"experiments.common", "experiments.training", "experiments.runner"} & set(found)


def test_rows_that_only_wait_for_their_place_are_put_there(claim, tmp_path, capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(claim))
    monkeypatch.delitem(sys.modules, "quick_claim", raising=False)
    monkeypatch.setattr("experiments.cluster.open_cluster", None)  # no job is left to run
    (work_,) = runner.plan(["quick_claim"])
    rows = [{**job, "value": 1.0, "threads": 1} for job in work_.missing]
    work_.experiment.keep(rows, work_.made)
    assert runner.main([], modules=["quick_claim"]) == 0
    assert not (claim / "c00.partial.csv").exists()
    assert len(rows_of(claim / "c00.csv")) == 1 + 30
    before = (claim / "c00.csv").stat().st_mtime_ns
    assert runner.main([], modules=["quick_claim"]) == 0
    assert (claim / "c00.csv").stat().st_mtime_ns == before, "what is up to date is left alone"
    assert "up to date, 30 runs" in capsys.readouterr().out
    del sys.modules["quick_claim"]
