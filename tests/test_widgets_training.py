"""Watching and stopping a training: in an awaited cell, in the background, in a script."""

import asyncio
import threading
import time
import types

import IPython.display
import ipywidgets
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from tests.helpers import from_browser, pixels, wait_until
from utils.plots import new_figure
from utils.widgets import LiveFigure, TrainingControls, kernel, train_live, training
from utils.widgets.study import Prediction


def step(i):
    return {"loss": 2 * 0.99**i, "accuracy": i / 1000}


def slow_step(i):
    time.sleep(0.002)
    return step(i)


class Handle:
    def __init__(self):
        self.updates = []

    def update(self, panel):
        self.updates.append(panel._repr_mimebundle_())


@pytest.fixture
def panels(monkeypatch):
    """Collect displayed panels, as in a notebook."""
    calls = []

    def display(panel, display_id):
        panel.handle = Handle()
        calls.append(panel)
        return panel.handle

    monkeypatch.setattr(training, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", display)
    return calls


def run(*others, step=step, n_steps=200, **options):
    """Train live beside other coroutines and give the history."""

    async def together():
        tasks = [asyncio.create_task(other()) for other in others]
        history = await train_live(step, n_steps, **options)
        await asyncio.gather(*tasks)
        return history

    return asyncio.run(together())


def test_it_stops_by_itself_and_shows_how_it_went(panels):
    history = run(title="Demo")
    (panel,) = panels
    assert history.ended == "finished"
    assert len(history.losses) == 200
    assert history.metrics["accuracy"][-1] == 0.199
    text = panel._line.value
    assert "Finished all 200 steps. Loss 0.2707, accuracy 0.199, after " in text
    assert 'role="status"' in text
    assert panel._bar.value == 200
    assert panel._button.disabled


def test_the_finished_curve_stays_behind(panels):
    run(title="Demo")
    (data,) = panels[0].handle.updates
    assert data["text/plain"].startswith("Demo. Finished all 200 steps.")
    assert 'alt="Loss against step: 2 at step 1, 0.2707 at step 200, lowest' in data["text/html"]
    assert pixels(panels[0]._curve.frame).std() > 0
    assert "application/vnd.jupyter.widget-view+json" in data


def test_only_the_metrics_asked_for_are_shown(panels):
    run(step=lambda i: {"loss": 1.0, "a": 2.0, "b": 3.0}, metrics=("b", "not there"))
    assert "Loss 1, b 3, after" in panels[0]._line.value


def test_the_stop_button_keeps_what_was_learnt(panels):
    learnt = []

    def learn(i):
        learnt.append(i)
        return slow_step(i)

    async def click():
        await asyncio.sleep(0.3)
        panels[0]._button.click()

    history = run(click, step=learn, n_steps=100_000)
    assert history.ended == "stopped"
    assert 10 < len(history.losses) == len(learnt) < 2000
    assert "Stopped on request after" in panels[0]._line.value
    assert panels[0]._button.description == "Ended"


def test_interrupting_the_kernel_keeps_what_was_learnt(panels):
    async def main():
        task = asyncio.create_task(train_live(slow_step, 100_000))
        await asyncio.sleep(0.2)
        task.cancel()  # what ipykernel does with an awaited cell
        return await task

    history = asyncio.run(main())
    assert history.ended == "interrupted"
    assert 10 < len(history.losses) < 2000
    assert "Interrupted after" in panels[0]._line.value


def test_progress_shows_while_it_runs_and_not_too_often(panels):
    seen, drawn = [], []

    async def watch():
        while panels == [] or panels[0]._bar.value < 200:
            await asyncio.sleep(0.02)
            if panels and (panels[0]._bar.value, panels[0]._line.value) not in seen:
                seen.append((panels[0]._bar.value, panels[0]._line.value))

    run(
        watch,
        step=lambda i: time.sleep(0.005) or 1.0,
        draw=lambda record: drawn.append(record.step),
    )
    assert len(seen) >= 3
    assert any("Step" in text and "left." in text for _, text in seen)
    assert 3 <= len(drawn) <= 12  # about one second, at most five a second, and the last
    assert drawn[-1] == 200


def test_a_loss_that_is_no_number_ends_it(panels):
    history = run(step=lambda i: float("nan") if i > 5 else 1.0)
    assert history.ended == "diverged"
    assert "loss is nan" in panels[0]._line.value


def test_an_error_in_a_step_is_raised_and_shown(panels):
    def broken(i):
        if i == 3:
            raise ValueError("shapes differ")
        return 1.0

    with pytest.raises(ValueError, match="shapes differ"):
        run(step=broken)
    assert "Ended by an error. shapes differ" in panels[0]._line.value
    assert panels[0]._button.disabled


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((step, 0), ValueError, "n_steps is 0; expected a whole number of at least 1"),
        ((step, 2.5), ValueError, "n_steps is 2.5"),
        (("step", 5), TypeError, "step is a str; expected a function"),
    ],
)
def test_train_live_says_what_is_wrong(arguments, error, message):
    with pytest.raises(error, match=message):
        asyncio.run(train_live(*arguments))
    with pytest.raises(TypeError, match="draw is a int; expected a function"):
        asyncio.run(train_live(step, 5, draw=3))


def test_in_a_script_a_bar_is_shown(capsys):
    history = asyncio.run(train_live(step, 30, title="Demo"))
    assert history.ended == "finished"
    captured = capsys.readouterr()
    assert "30/30" in captured.err
    assert "Demo. Finished all 30 steps." in captured.err
    assert captured.out == ""


def test_the_curve_shows_every_loss():
    losses = []
    curve = training._loss_curve(100, losses)
    assert curve.alt == "Loss against step: no step has been done yet."
    losses.extend([3.0, 1.0, -2.0])
    curve.refresh()
    each, mean = curve.figure.axes[0].lines
    assert each.get_ydata().tolist() == [3.0, 1.0, -2.0]
    assert curve.alt.endswith("-2 at step 3, lowest -2 at step 3.")
    losses.extend(np.full(97, 2.0))
    curve.refresh()
    assert mean.get_ydata()[0] == np.mean([3.0, 1.0, -2.0, 2.0])
    assert len(mean.get_ydata()) == 97
    low, high = curve.figure.axes[0].get_ylim()
    assert low < -2 < 3 < high


@pytest.mark.parametrize("value", [1e-9, 0.99, 1.0, 1.2, 9.99, 10.0, 11.9, 12.5, 4.2e7])
def test_roof_is_above_and_near(value):
    assert value < training._roof(value) <= 2 * value


# Training in the background


@pytest.fixture
def trained():
    """Controls below a figure that shows how many steps are done."""
    done = [0]

    def learn(i):
        assert i == done[0]
        done[0] += 1
        return slow_step(i)

    figure, ax = new_figure(size=(3, 2))
    (line,) = ax.plot([0, 1], [0, 1])
    parts = types.SimpleNamespace(done=done)
    parts.live = LiveFigure(figure, lambda: f"{done[0]} steps.", moving=line, controls={})
    parts.controls = TrainingControls(
        learn,
        150,
        draw=parts.live.refresh,
        reset=lambda: done.__setitem__(0, 0),
        draws_per_second=20,
    )
    yield parts
    parts.controls.stop()


def test_start_stop_continue_and_reset(trained):
    controls = trained.controls
    start, stop, reset = controls.children[0].children
    assert (start.disabled, stop.disabled) == (False, True)
    start.click()
    assert (start.disabled, stop.disabled) == (True, False)
    wait_until(lambda: trained.done[0] > 20)
    stop.click()
    done = trained.done[0]
    assert 20 < done < 150
    assert len(controls.losses) == done
    assert trained.live.alt == f"{done} steps."
    assert controls.status.startswith(f"Stopped after {done} of 150 steps. Loss ")
    assert (start.description, start.disabled, stop.disabled) == ("Continue", False, True)
    time.sleep(0.05)
    assert trained.done[0] == done
    start.click()
    controls.wait(10)
    assert trained.live.alt == "150 steps."
    assert controls.status.startswith("Finished all 150 steps.")
    assert (start.disabled, stop.disabled) == (True, True)
    reset.click()
    assert trained.live.alt == "0 steps."
    assert controls.status == "Not started."
    assert (start.description, start.disabled) == ("Start", False)
    assert controls.losses == []


def test_it_draws_while_it_trains(trained):
    trained.controls.start()
    wait_until(lambda: trained.live.pictures > 3)
    assert trained.controls.running
    assert "loss" in trained.controls.status


def test_run_trains_in_the_calling_thread(trained):
    trained.controls.run(30)
    assert trained.live.alt == "30 steps."
    assert trained.live.pictures == 2
    trained.controls.run()
    assert trained.done == [150]
    trained.controls.run()  # nothing is left to do
    assert trained.done == [150]


def test_a_figure_may_stop_its_training(trained):
    """A slider's update that resets the training waits for a thread that waits to draw."""
    controls = trained.controls
    slider = ipywidgets.IntSlider(value=1, min=1, max=9, description="Hidden units")
    figure, ax = new_figure(size=(3, 2))
    used = [1]

    def update(units):
        if units != used[0]:
            used[0] = units
            controls.reset()
        return f"{units} units, {len(controls.losses)} steps."

    live = LiveFigure(figure, update, moving=ax.title, controls={"units": slider}, extra=[controls])
    controls._draw = live.refresh
    controls.start()
    wait_until(lambda: live.pictures > 3)
    mover = threading.Thread(target=lambda: live.set(units=5), daemon=True)
    mover.start()
    mover.join(5)
    assert not mover.is_alive(), "the figure and its training wait for each other"
    assert live.alt == "5 units, 0 steps."
    assert not controls.running


def test_an_error_in_the_background_is_shown():
    def broken(i):
        raise ValueError("shapes differ")

    controls = TrainingControls(broken, 10)
    controls.start()
    wait_until(lambda: controls.error)
    assert controls.error == "shapes differ"
    assert 'role="alert"' in controls.children[1].value
    wait_until(lambda: not controls.running)
    assert controls.children[0].children[0].disabled is False
    with pytest.raises(ValueError, match="shapes differ"):
        controls.run(1)


def test_divergence_in_the_background_is_told():
    controls = TrainingControls(lambda i: float("inf"), 10)
    controls.start()
    controls.wait(10)
    assert "loss is inf" in controls.status


def test_pace_slows_training_down():
    controls = TrainingControls(step, 1000, pace=50)
    controls.start()
    time.sleep(0.5)
    controls.stop()
    assert 5 < len(controls.losses) < 40


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_steps": 0}, ValueError, "n_steps is 0"),
        ({"pace": 0}, ValueError, "pace is 0; expected a positive number"),
        ({"draws_per_second": -1}, ValueError, "draws_per_second is -1"),
        ({"step": None}, TypeError, "step is a NoneType; expected a function"),
        ({"reset": 3}, TypeError, "reset is a int"),
    ],
)
def test_controls_say_what_is_wrong(arguments, error, message):
    with pytest.raises(error, match=message):
        TrainingControls(**{"step": step, "n_steps": 5, **arguments})


# Under a kernel


class FakeKernel:
    """A kernel that deals with widgets' messages as ipykernel 7.4 does."""

    def __init__(self):
        self.sent = []
        self.parent = "cell"

    def get_parent(self, channel):
        return self.parent

    def _publish_status(self, status, channel, parent=None):
        self.sent.append((status, parent or self.parent))

    async def dispatch_shell(self, msg, /, subshell_id=None, *, concurrent=False):
        self.parent = msg
        self.sent.append(("handled", msg))


def test_a_slider_moved_during_training_is_answered(monkeypatch):
    fake = FakeKernel()
    monkeypatch.setattr(kernel, "_kernel", lambda: fake)
    kernel.keep_sliders_alive()
    kernel.keep_sliders_alive()  # a second call changes nothing
    asyncio.run(fake.dispatch_shell("cell", subshell_id=None))
    asyncio.run(fake.dispatch_shell("slider", subshell_id=None, concurrent=True))
    assert fake.sent == [
        ("handled", "cell"),
        ("handled", "slider"),
        ("idle", "slider"),
        ("busy", "cell"),
    ]


def test_other_kernels_are_left_as_they_are(monkeypatch):
    class Plain:
        async def dispatch_shell(self, msg):
            pass

    plain = Plain()
    monkeypatch.setattr(kernel, "_kernel", lambda: plain)
    kernel.keep_sliders_alive()
    assert vars(plain) == {}
    monkeypatch.setattr(kernel, "_kernel", lambda: None)
    kernel.keep_sliders_alive()


def test_every_control_of_the_course_asks_for_it(monkeypatch):
    fake = FakeKernel()
    monkeypatch.setattr(kernel, "_kernel", lambda: fake)
    LiveFigure(new_figure()[0], lambda: "Nothing.", moving=None, controls={})
    assert fake.dispatch_shell.reports_to_widgets
    del fake.dispatch_shell
    Prediction("Q?", ["a", "b"], None)
    assert fake.dispatch_shell.reports_to_widgets


def executed(*sources, seconds=60):
    """Run cells in a real kernel without a browser and give what each printed."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=seconds, kernel_name="python3").execute()
    return notebook.cells


@pytest.mark.filterwarnings("default")
def test_run_all_without_a_browser_goes_through():
    cells = executed(
        "import asyncio, os, signal, threading\n"
        "from utils.widgets import train_live, predict, recall\n"
        "def step(i): return {'loss': 1 / (i + 1)}",
        "history = await train_live(step, 300, title='Demo')\nprint(history.ended)",
        "import time\n"
        "threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "kept = await train_live(lambda i: time.sleep(0.01) or 1.0, 100000)\n"
        "print(kept.ended, 10 < len(kept.losses) < 5000)",
        "guess = predict('How many?', unit='steps')",
        "guess.reveal(3); recall([('Q?', 'A.')]); print('to the end')",
    )
    printed = [
        "".join(output.text for output in cell.outputs if output.output_type == "stream")
        for cell in cells
    ]
    assert printed == ["", "finished\n", "interrupted True\n", "", "to the end\n"]
    (panel,) = [o for o in cells[1].outputs if o.output_type == "display_data"]
    assert panel.data["text/plain"].startswith("Demo. Finished all 300 steps.")
    assert 'alt="Loss against step' in panel.data["text/html"]


def test_a_slider_moves_a_figure_while_training_goes_on(panels):
    slider = ipywidgets.IntSlider(value=1, min=1, max=9, description="Number")
    figure, ax = new_figure(size=(3, 2))
    live = LiveFigure(figure, lambda n: f"{n}.", moving=ax.title, controls={"n": slider})

    async def move():
        await asyncio.sleep(0.1)
        from_browser(slider, value=7)

    run(move, step=slow_step, n_steps=300)
    wait_until(lambda: live.alt == "7.")
