"""The training loop: history, callback, the four ways to end, with and without awaiting."""

import asyncio
import math
import re
import time
from types import SimpleNamespace

import numpy as np
import pytest

from utils import training
from utils.activations import sigmoid
from utils.data.points import blobs
from utils.feedforward import (
    init_two_layer_weights,
    two_layer_backward,
    two_layer_forward,
    two_layer_loss,
)
from utils.optim import SGD


def run_sync(*args, **kwargs):
    return training.train(*args, **kwargs)


def run_async(*args, **kwargs):
    return asyncio.run(training.train_async(*args, **kwargs))


both = pytest.mark.parametrize("run", [run_sync, run_async], ids=["train", "train_async"])


@both
def test_history_of_a_finished_run(run):
    called = []

    def step(i):
        called.append(i)
        return 1 / (i + 1)

    history = run(step, 4)
    assert called == [0, 1, 2, 3]
    assert history.steps == [1, 2, 3, 4]
    assert history.losses == [1, 1 / 2, 1 / 3, 1 / 4]
    assert history.metrics == {}
    assert len(history.seconds) == 4
    assert history.seconds == sorted(history.seconds)
    assert history.ended == "finished"
    assert str(history) == history.reason == "Finished all 4 steps."
    assert repr(history) == "<History: Finished all 4 steps. Loss 1 → 0.25.>"


@both
def test_metrics_may_be_measured_now_and_then(run):
    def step(i):
        return {"loss": np.float32(i), **({"accuracy": np.array(0.5)} if i % 2 else {})}

    history = run(step, 3)
    assert history.losses == [0, 1, 2]
    assert all(type(loss) is float for loss in history.losses)
    accuracy = history.metrics["accuracy"]
    assert len(accuracy) == 3
    assert accuracy[1] == 0.5
    assert math.isnan(accuracy[0])
    assert math.isnan(accuracy[2])


@both
def test_callback_gets_a_record_after_every_step(run):
    records = []

    def step(i):
        time.sleep(0.01)
        return {"loss": float(i), "accuracy": i / 10}

    run(step, 3, records.append)
    assert [record.step for record in records] == [1, 2, 3]
    assert [record.loss for record in records] == [0, 1, 2]
    assert [record.metrics for record in records] == [{"accuracy": i / 10} for i in range(3)]
    assert all(record.n_steps == 3 for record in records)
    assert records[-1].seconds_left == 0
    first = records[0]
    assert first.seconds >= 0.01
    assert first.seconds_left == pytest.approx(2 * first.seconds)


@both
def test_stopping_on_request(run):
    asked = iter([False, False, True])
    history = run(lambda i: 1.0, 10, should_stop=lambda: next(asked))
    assert history.steps == [1, 2]
    assert history.ended == "stopped"
    assert history.reason == "Stopped on request after 2 of 10 steps."


@both
@pytest.mark.parametrize("bad", [math.nan, math.inf, np.float32("nan")])
def test_loss_that_is_not_finite_ends_the_run(run, bad):
    history = run(lambda i: 0.5 if i < 3 else bad, 10)
    assert history.losses == [0.5] * 3
    assert history.ended == "diverged"
    assert re.fullmatch(
        r"Diverged at step 4: the loss is (nan|inf)\. The last finite loss was 0\.5, at step 3\.",
        history.reason,
    )


@both
def test_first_loss_that_is_not_finite_leaves_an_empty_history(run):
    history = run(lambda i: math.nan, 10)
    assert history.losses == []
    assert history.reason == "Diverged at step 1: the loss is nan."
    assert repr(history) == "<History: Diverged at step 1: the loss is nan.>"


@both
def test_array_that_is_not_finite_ends_the_run_and_is_named(run):
    history = run(lambda i: float(sigmoid([0.0 if i < 2 else math.nan])[0]), 10)
    assert history.steps == [1, 2]
    assert history.ended == "diverged"
    assert history.reason == (
        "Diverged at step 3: z holds 1 value that is NaN or infinite, at index (0,). The last "
        "finite loss was 0.5, at step 2."
    )


@both
def test_bad_data_at_the_first_step_are_an_error_not_divergence(run):
    with pytest.raises(ValueError, match=r"^z holds 1 value that is NaN"):
        run(lambda i: float(sigmoid([math.nan])[0]), 10)


@both
def test_overflow_is_reported_in_words_not_as_warnings(run):
    w = np.array([3.0])

    def step(i):
        w[:] = w**3
        return float(w[0] ** 2)

    history = run(step, 100)
    assert history.ended == "diverged"
    assert "the loss is inf" in history.reason


@both
@pytest.mark.parametrize("place", ["step", "callback"])
def test_keyboard_interrupt_keeps_what_was_learnt(run, place):
    weights = np.zeros(1)

    def interrupt_at(where, i):
        if where == place and i == 3:
            raise KeyboardInterrupt

    def step(i):
        interrupt_at("step", i)
        weights[0] += 1
        return float(i)

    history = run(step, 10, lambda record: interrupt_at("callback", record.step))
    assert history.losses == [0, 1, 2]
    assert weights[0] == 3
    assert history.ended == "interrupted"
    assert history.reason == "Interrupted after 3 of 10 steps; what was learnt is kept."


@both
def test_errors_of_the_learner_come_through(run):
    def step(i):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        run(step, 3)


@both
@pytest.mark.parametrize(
    ("step", "n_steps", "kind", "message"),
    [
        ("abc", 3, TypeError, "step is a str; expected a function of the step number that returns"),
        (float, 0, ValueError, "n_steps is 0; expected a whole number of at least 1."),
        (float, 2.5, TypeError, "n_steps is 2.5; expected a whole number of at least 1."),
        (lambda i: None, 3, TypeError, "step(0) returned None as its loss; expected one number."),
        (lambda i: "0.5", 3, TypeError, "step(0) returned a str as its loss; expected one number."),
        (
            lambda i: np.ones(3),
            3,
            TypeError,
            "step(0) returned an array of shape (3,) as its loss; expected one number.",
        ),
        (
            lambda i: {"accuracy": 1},
            3,
            TypeError,
            "step(0) returned a dict with 'accuracy'; expected the entry 'loss' too.",
        ),
        (
            lambda i: {"loss": 1, "accuracy": None},
            3,
            TypeError,
            "step(0) returned None as its accuracy; expected one number.",
        ),
    ],
)
def test_bad_input(run, step, n_steps, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        run(step, n_steps)


@both
def test_bad_functions(run):
    with pytest.raises(TypeError, match=r"^callback is a str; expected a function"):
        run(float, 3, "abc")
    with pytest.raises(TypeError, match=r"^should_stop is a bool; expected a function"):
        run(float, 3, should_stop=True)


# --- awaiting ---------------------------------------------------------------------------------


def test_bad_interval():
    with pytest.raises(ValueError, match=r"^yield_every is -1; expected a number at least 0"):
        run_async(float, 3, yield_every=-1)


@both
def test_async_step_is_refused_before_anything_runs(run):
    async def step(i):
        return 1.0

    message = r"^step is an async function; expected one that returns the loss itself\.$"
    with pytest.raises(TypeError, match=message):
        run(step, 3)


def test_others_run_while_it_trains_and_can_stop_it():
    async def main():
        stop = []

        async def click():
            await asyncio.sleep(0.05)
            stop.append(True)

        clicking = asyncio.create_task(click())
        start = time.perf_counter()
        history = await training.train_async(
            lambda i: time.sleep(0.002) or 1.0, 100_000, should_stop=lambda: bool(stop)
        )
        await clicking
        return history, time.perf_counter() - start

    history, seconds = asyncio.run(main())
    assert history.ended == "stopped"
    assert 0 < len(history.steps) < 5000
    assert seconds < 30


@pytest.mark.parametrize(("work", "pauses"), [(60, 40), (25, 20), (10, 8), (0, 0)])
def test_pauses_come_by_the_clock_not_by_the_step(monkeypatch, work, pauses):
    """40 steps of work: a pause first, and then whenever 50 seconds of it have gathered."""
    now, counted = [0], []
    clock = SimpleNamespace(perf_counter=lambda: now[0])
    monkeypatch.setattr(training, "time", clock)

    def step(i):
        now[0] += work
        return 1.0

    async def pause():
        counted.append(now[0])
        now[0] += 30  # time that others take does not count as work

    run_async(step, 40, yield_every=50, pause=pause)
    assert counted[0] == 0
    assert len(counted) == 1 + pauses


def test_zero_interval_pauses_after_every_step():
    async def main():
        ticks = []

        async def tick():
            while True:
                ticks.append(1)
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        await training.train_async(lambda i: 1.0, 20, yield_every=0)
        ticking.cancel()
        return len(ticks)

    assert asyncio.run(main()) >= 20


def test_cancellation_keeps_what_was_learnt_and_is_not_passed_on():
    """The interrupt button of a notebook cancels the task that runs the cell."""

    async def main():
        after = []

        async def cell():
            history = await training.train_async(lambda i: time.sleep(0.001) or 1.0, 100_000)
            await asyncio.sleep(0)  # the rest of the cell can await again
            after.append("the rest of the cell")
            return history

        task = asyncio.create_task(cell())
        await asyncio.sleep(0.1)
        task.cancel()
        return await task, after, task.cancelling()

    history, after, cancelling = asyncio.run(main())
    assert history.ended == "interrupted"
    assert 0 < len(history.steps) < 100_000
    assert re.fullmatch(r"Interrupted after \d+ of 100000 steps; what was .*", history.reason)
    assert after
    assert cancelling == 0


def test_trains_a_network():
    rng = np.random.default_rng(0)
    x, y = blobs(rng, 100)
    weights = init_two_layer_weights(2, 4, 1, rng)
    optimiser = SGD(1.0, momentum=0.9)

    def step(i):
        values = two_layer_forward(x, weights)
        loss = two_layer_loss(values, y, loss="binary_cross_entropy")
        optimiser.step(
            weights, two_layer_backward(x, y, values, weights, loss="binary_cross_entropy")
        )
        return {"loss": loss, "accuracy": ((values.y_hat > 0.5) == y).mean()}

    history = training.train(step, 200)
    assert history.losses[0] > 0.5
    assert history.losses[-1] < 0.1
    assert history.metrics["accuracy"][-1] > 0.97


def test_network_that_diverges_ends_in_words():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 2)), rng.standard_normal((20, 1))
    weights = init_two_layer_weights(2, 4, 1, rng)
    optimiser = SGD(50.0)

    def step(i):
        values = two_layer_forward(x, weights, "relu", "identity")
        optimiser.step(weights, two_layer_backward(x, y, values, weights, "relu", "identity"))
        return two_layer_loss(values, y, "identity")

    history = training.train(step, 1000)
    assert history.ended == "diverged"
    assert "The last finite loss was" in history.reason


# --- in a notebook ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kernel():
    """Run a real kernel, as JupyterLab does."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=120)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run_cell(kernel, code, *, interrupt=False):
    """Run a cell, interrupt it once it has printed "ready" if asked, and return what it prints."""
    manager, client = kernel
    request, printed, waiting = client.execute(code), "", interrupt
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        if message["msg_type"] == "stream":
            printed += content["text"]
        elif message["msg_type"] == "error":
            printed += f"{content['ename']}: {content['evalue']}"
        elif content.get("execution_state") == "idle":
            return printed
        if waiting and "ready" in printed:
            waiting = False
            manager.interrupt_kernel()


CELL = """
import time
from utils.training import train, train_async

def step(i):
    if i == 20:
        print("ready", flush=True)
    time.sleep(0.002)
    return 1.0

history = {call}(step, {n_steps})
print(history.ended, 0 < len(history.steps) < 20_000, "and the cell goes on")
"""


@pytest.mark.parametrize("call", ["train", "await train_async"])
def test_interrupting_the_kernel_keeps_what_was_learnt(kernel, call):
    printed = run_cell(kernel, CELL.format(call=call, n_steps=20_000), interrupt=True)
    assert printed.split("\n")[1:] == ["interrupted True and the cell goes on", ""]
    assert run_cell(kernel, CELL.format(call=call, n_steps=2)) == (
        "finished True and the cell goes on\n"
    )
