"""Live figures, training and questions in JupyterLab, as a reader meets them."""

import base64

import nbformat
import numpy as np
from nbconvert import HTMLExporter

from tests.helpers import pixels

from .lab import notebook

SET_UP = """
import time, ipywidgets, numpy as np
from utils.plots import new_figure, show
from utils.widgets import LiveFigure, TrainingControls, predict, recall, train_live
def make(seconds=0.0, extra=()):
    fig, ax = new_figure(size=(6, 3))
    ax.set(xlim=(-3, 3), ylim=(-1, 1))
    line, = ax.plot([], [])
    z = np.linspace(-3, 3, 100)
    def update(gain):
        time.sleep(seconds)
        if gain > 3.95: raise ValueError("gain is above 3.95.")
        line.set_data(z, np.tanh(gain * z))
        return f"Gain {gain:.1f}."
    slider = ipywidgets.FloatSlider(value=1, min=.1, max=4, step=.1,
                                    description="Gain of the sum (no unit)")
    return LiveFigure(fig, update, moving=[line], controls={"gain": slider}, extra=extra)
"""
FIGURE = "live = make(); live"
TRAIN = """
def step(i):
    time.sleep(0.002)
    return {"loss": 2 * 0.999 ** i, "accuracy": i / 20000}
history = await train_live(step, 20000, title="Demo")
print(history.ended, len(history.losses))
"""


def alt(lab, index):
    return lab.picture(index).get_attribute("alt")


def start_training(lab, index):
    """Begin a training, wait until it is under way, and give its Stop button."""
    stop = lab.cell(index).get_by_role("button", name="Stop")
    stop.wait_for(state="visible", timeout=30_000)
    line = lab.cell(index).get_by_text("left.")
    line.wait_for(state="visible", timeout=30_000)
    return stop


def ended(lab, index):
    """Give how a training ended and after how many steps, as its cell printed it."""
    how, steps = lab.text(index).split()
    return how, int(steps)


def test_a_slider_moves_the_picture_by_keyboard(open_lab):
    lab = open_lab(notebook(SET_UP, FIGURE))
    lab.run_all()
    first, alt_first = lab.picture_state(1)
    assert alt_first == "Gain 1.0."
    lab.press(1, "ArrowRight", times=3)
    lab.until(lambda: alt(lab, 1) == "Gain 1.3.", what="the new alternative text")
    second, _ = lab.picture_state(1)
    assert second != first
    lab.press(1, "Home")
    lab.until(lambda: alt(lab, 1) == "Gain 0.1.", what="the left end")
    slider = lab.cell(1).locator('[role="slider"]')
    assert slider.get_attribute("aria-label") == "Gain of the sum (no unit)"
    lab.until(
        lambda: lab.cell(1).locator(".unrolled-status").text_content() == "Gain 0.1.",
        what="the finding, said to a screen reader",
    )
    assert lab.cell_errors() == []
    assert lab.errors == []


def test_old_pictures_are_let_go(open_lab):
    lab = open_lab(notebook(SET_UP, FIGURE))
    lab.run_all()
    lab.picture(1)
    lab.page.evaluate(
        """() => {
          window.kept = 0;
          const make = URL.createObjectURL, revoke = URL.revokeObjectURL;
          URL.createObjectURL = (blob) => { window.kept++; return make.call(URL, blob); };
          URL.revokeObjectURL = (url) => { window.kept--; revoke.call(URL, url); };
        }"""
    )
    lab.press(1, "ArrowRight", times=20)
    lab.until(lambda: alt(lab, 1) == "Gain 3.0.", what="the last value")
    lab.until(lambda: lab.page.evaluate("window.kept") == 0, what="one address left")
    assert lab.errors == []


def test_the_picture_never_goes_blank(open_lab):
    """In every frame that the browser shows while a slider moves there is a curve, in its place."""
    lab = open_lab(notebook(SET_UP, FIGURE))
    lab.run_all()
    box = lab.picture(1).bounding_box()
    frames = []
    session = lab.page.context.new_cdp_session(lab.page)

    def keep(event):
        frames.append(event["data"])
        session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    session.on("Page.screencastFrame", keep)
    session.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})
    for _ in range(25):
        lab.press(1, "ArrowRight")
        lab.page.wait_for_timeout(40)
    lab.until(lambda: alt(lab, 1) == "Gain 3.5.", what="the last value")
    session.send("Page.stopScreencast")
    assert len(frames) > 10
    left, top = round(box["x"]), round(box["y"])
    right, bottom = round(box["x"] + box["width"]), round(box["y"] + box["height"])
    blue = np.array([0x00, 0x72, 0xB2])  # the colour of the first line of an axes
    for frame in frames:
        shown = pixels(base64.b64decode(frame))[top:bottom, left:right].astype(int)
        assert (np.abs(shown - blue).max(axis=2) < 20).sum() > 300
    assert lab.errors == []


def test_slow_pictures_do_not_lag_behind(open_lab):
    lab = open_lab(notebook(SET_UP, "live = make(0.3); live"))
    lab.run_all()
    lab.picture(1)
    lab.press(1, "ArrowRight", times=25)
    lab.until(lambda: alt(lab, 1) == "Gain 3.5.", seconds=5, what="the last of 25 values")
    assert int(lab.evaluate("print(live.pictures)")) < 20
    assert lab.errors == []


def test_an_error_in_update_is_one_line_below_the_controls(open_lab):
    lab = open_lab(notebook(SET_UP, FIGURE))
    lab.run_all()
    lab.picture(1)
    lab.press(1, "End")
    alert = lab.cell(1).get_by_role("alert")
    alert.wait_for(state="visible")
    assert alert.text_content() == "gain is above 3.95."
    lab.press(1, "ArrowLeft")
    alert.wait_for(state="detached")
    assert alt(lab, 1) == "Gain 3.9."
    assert lab.cell_errors() == []
    assert lab.errors == []


def test_a_sharp_screen_gets_a_sharp_picture(open_lab):
    lab = open_lab(notebook(SET_UP, FIGURE), device_scale_factor=2)
    lab.run_all()
    size = "(image) => [image.naturalWidth, image.clientWidth]"
    lab.until(lambda: lab.picture(1).evaluate(size) == [1200, 600], what="twice the pixels")
    lab.press(1, "ArrowRight")
    lab.until(lambda: alt(lab, 1) == "Gain 1.1.", what="the move")
    assert lab.picture(1).evaluate(size) == [1200, 600]
    assert lab.errors == []


def test_stop_during_training_keeps_the_result(open_lab):
    lab = open_lab(notebook(SET_UP, TRAIN, "print('then', history.ended)"))
    lab.start_all()
    start_training(lab, 1).click()
    lab.wait_done(20)
    how, steps = ended(lab, 1)
    assert how == "stopped"
    assert 0 < steps < 20000
    assert lab.text(2) == "then stopped\n"
    (panel,) = [o for o in lab.outputs(1) if o["output_type"] == "display_data"]
    assert f"Stopped on request after {steps} of 20000 steps." in str(panel["data"]["text/plain"])
    assert lab.cell_errors() == []
    assert lab.errors == []


def test_stop_works_by_keyboard(open_lab):
    lab = open_lab(notebook(SET_UP, TRAIN))
    lab.start_all()
    start_training(lab, 1).focus()
    lab.page.keyboard.press("Enter")
    lab.wait_done(20)
    assert ended(lab, 1)[0] == "stopped"


def test_interrupting_the_kernel_keeps_the_result(open_lab):
    lab = open_lab(notebook(SET_UP, TRAIN))
    lab.start_all()
    start_training(lab, 1)
    lab.interrupt()
    lab.wait_done(20)
    how, steps = ended(lab, 1)
    assert how == "interrupted"
    assert 0 < steps < 20000
    assert lab.cell_errors() == []  # the cell does not end red
    assert lab.evaluate("print(len(history.losses))") == f"{steps}\n"
    assert lab.errors == []


def test_sliders_live_on_after_they_were_moved_during_training(open_lab):
    lab = open_lab(notebook(SET_UP, FIGURE, TRAIN))
    lab.start_all()
    stop = start_training(lab, 2)
    lab.press(1, "ArrowRight", times=2)
    lab.until(lambda: alt(lab, 1) == "Gain 1.2.", what="a picture during training")
    lab.press(1, "ArrowRight", times=2)
    lab.until(lambda: alt(lab, 1) == "Gain 1.4.", what="a second picture during training")
    lab.cell(2)
    stop.click()
    lab.wait_done(20)
    assert ended(lab, 2)[0] == "stopped"
    lab.press(1, "ArrowRight")
    lab.until(lambda: alt(lab, 1) == "Gain 1.5.", what="a picture after training")
    assert lab.errors == []


def test_buttons_train_in_the_background(open_lab):
    controls = """
done = [0]
def learn(i):
    done[0] += 1; time.sleep(0.002); return 1 / (i + 1)
controls = TrainingControls(learn, 100000, draw=lambda: live.refresh())
live = make(extra=[controls]); live
"""
    lab = open_lab(notebook(SET_UP, controls))
    lab.run_all()
    cell = lab.cell(1)
    cell.get_by_role("button", name="Start").click()
    lab.until(lambda: int(lab.evaluate("print(done[0])")) > 50, what="training")
    lab.press(1, "ArrowRight")
    lab.until(lambda: alt(lab, 1) == "Gain 1.1.", what="a slider beside the training")
    cell.get_by_role("button", name="Stop").click()
    cell.get_by_role("button", name="Continue").wait_for(state="visible")
    before = lab.evaluate("print(done[0])")
    lab.page.wait_for_timeout(200)
    assert lab.evaluate("print(done[0])") == before
    cell.get_by_role("button", name="Reset").click()
    cell.get_by_role("button", name="Start").wait_for(state="visible")
    assert lab.errors == []


QUESTIONS = (
    "from utils.widgets import predict, recall",
    "which = predict('Which of $a_1$ and `b`?', options=['the first of them', 'the second'])\n"
    "many = predict('How many?', unit='steps')",
    "which.reveal('the second', 'Since $a_1 < b$.'); many.reveal(12)",
    "recall([('What is $h_0$?', 'Zeros: $h_0 = 0$.'), ('Why?', 'So.')])",
)


def test_questions_wait_for_nobody(open_lab):
    lab = open_lab(notebook(*QUESTIONS))
    lab.run_all()
    assert lab.cell_errors() == []
    assert lab.output(2).get_by_text("You made no prediction.").count() == 2
    folded = lab.output(2).get_by_text("Since")
    assert not folded.is_visible()
    assert lab.errors == []


def test_questions_are_answered_by_keyboard(open_lab):
    lab = open_lab(notebook(*QUESTIONS))
    lab.run_all()
    lab.output(1).get_by_role("radio").first.focus()
    lab.page.keyboard.press("Space")
    lab.output(1).get_by_text("Noted: the first of them.").wait_for(state="visible")
    lab.output(1).get_by_role("textbox").last.focus()
    lab.page.keyboard.type("30")
    lab.page.keyboard.press("Tab")
    lab.output(1).get_by_text("Noted: 30 steps.").wait_for(state="visible")
    lab.run(2)
    lab.output(2).get_by_text("You were 2.5 times too high.").wait_for(state="visible")
    assert lab.output(2).get_by_text("It turned out otherwise.").is_visible()
    summary = lab.output(3).locator("summary").first
    summary.focus()
    lab.page.keyboard.press("Enter")
    lab.output(3).get_by_text("Zeros:").wait_for(state="visible")
    assert lab.output(3).locator("mjx-container").count() >= 2  # formulas are typeset
    assert lab.errors == []


def test_a_stored_notebook_shows_the_still_figure(open_lab, tmp_path):
    """A page made from a notebook that was run shows picture and text without kernel or network."""
    lab = open_lab(notebook(SET_UP, FIGURE))
    lab.run_all()
    content = lab.page.evaluate(
        "() => JSON.stringify(window.jupyterapp.shell.currentWidget.content.model.toJSON())"
    )
    html, _ = HTMLExporter().from_notebook_node(nbformat.reads(content, as_version=4))
    file = tmp_path / "page.html"
    file.write_text(html, encoding="utf-8")
    context = lab.page.context.browser.new_context(offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    image = page.get_by_alt_text("Gain 1.0.")
    image.wait_for(state="visible")
    assert image.evaluate("(image) => image.naturalWidth") == 600
    context.close()
