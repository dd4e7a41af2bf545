"""How long a picture takes to follow its slider, in JupyterLab in headless Chromium.

    python benchmarks/widget_latency.py [--moves 40]

One notebook holds one slider for each way to follow it. The two ways with a picture show the same
figure, recomputed at each move by a plain RNN in NumPy, forward and backward: the states of twelve
hidden units over 60 steps, and the norm of the gradient that reaches each step.

- floor: a line of text that changes, no figure; what JupyterLab itself costs
- interactive_output: a new pyplot figure at each move, the usual way
- LiveFigure: one figure, of which only the moving artists are drawn again

The sliders are moved by key, in turn, so that each way meets the same load. A time runs from the
key to the first frame of the browser in which the new picture has been decoded. The script ends
with an error if LiveFigure is less than five times faster than interactive_output at the median,
or if its picture has no alternative text.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser.lab import Lab, lab_server, new_page, notebook
from tools.browser import chromium

BAR = 5.0
WARM_UP = 5
SETTLE = 400  # milliseconds between two moves, so that none meets what the last one left to do
WAYS = ("floor", "interactive_output", "LiveFigure")

SET_UP = """
import ipywidgets, numpy as np, matplotlib.pyplot as plt
from utils.plots import DIVERGING, ROLE, new_figure
from utils.widgets import LiveFigure

T, D, H = 60, 8, 32
rng = np.random.default_rng(0)
xs, W_xh = rng.standard_normal((T, D)), rng.standard_normal((D, H)) / np.sqrt(D)
W_hh, b_h = rng.standard_normal((H, H)) / np.sqrt(H), np.zeros(H)

def compute(scale):
    W = scale * W_hh
    hs, h_t = np.empty((T, H)), np.zeros(H)
    for t in range(T):
        h_t = hs[t] = np.tanh(xs[t] @ W_xh + h_t @ W + b_h)
    norms, d_h = np.empty(T), np.ones(H)
    for t in reversed(range(T)):
        norms[t] = np.linalg.norm(d_h)
        d_h = (d_h * (1 - hs[t] ** 2)) @ W.T
    return hs[:, :12].T, norms

def draw(left, right, states, norms):
    left.set(xlabel="step", ylabel="hidden unit", title="hidden states")
    right.set(xlabel="step", ylabel="gradient norm", title="gradient that reaches a step")
    right.set(yscale="log", ylim=(1e-18, 1e6), xlim=(0, T - 1))
    image = left.imshow(states, aspect="auto", cmap=DIVERGING, vmin=-1, vmax=1)
    line, = right.plot(norms, **ROLE["gradient"])
    return image, line

def slider():
    return ipywidgets.FloatSlider(
        value=0.5, min=0.1, max=3, step=0.01, description="Factor on W_hh"
    )
"""
FLOOR = """
label, move = ipywidgets.Label("0.5"), slider()
move.observe(lambda change: setattr(label, "value", f"{change.new:.2f}"), "value")
ipywidgets.VBox([move, label])
"""
USUAL = """
def redraw(scale):
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), dpi=100, layout="constrained")
    draw(left, right, *compute(scale))
    plt.show()
move = slider()
ipywidgets.VBox([move, ipywidgets.interactive_output(redraw, {"scale": move})])
"""
LIVE = """
fig, (left, right) = new_figure(1, 2, size=(9, 3.5))
image, line = draw(left, right, *compute(0.5))
def update(scale):
    states, norms = compute(scale)
    image.set_data(states)
    line.set_ydata(norms)
    return f"With a factor of {scale:.2f} the gradient at step 0 has the norm {norms[0]:.1e}."
LiveFigure(fig, update, moving=[image, line], controls={"scale": slider()})
"""
MEASURE = """
async ([cell, key]) => {
  const root = document.querySelector(`.jp-Cell[data-windowed-list-index="${cell}"]`);
  const handle = root.querySelector('[role="slider"]');
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const seen = () => {
    const image = root.querySelector(".jp-Cell-outputArea img");
    if (image) return image.complete && image.naturalWidth > 0 ? image.src : null;
    return [...root.querySelectorAll(".widget-label")].at(-1).textContent;
  };
  const before = seen();
  handle.focus();
  const start = performance.now();
  handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  while (seen() === null || seen() === before) {
    if (performance.now() - start > 20000) return null;
    await frame();
  }
  const image = root.querySelector(".jp-Cell-outputArea img");
  if (image) await image.decode().catch(() => {});
  return performance.now() - start;
}
"""


def measure(moves: int, browser: Any = None) -> dict[str, Any]:
    """Move the three sliders in turn and give the times.

    Parameters
    ----------
    moves : int, at least 2
        Timed moves of each slider.
    browser : playwright.sync_api.Browser, optional
        A Chromium that runs already; one is started and ended if left out.

    Returns
    -------
    result : dict
        ``times``: way → list of milliseconds; ``alt``: the last alternative text in the browser.
    """
    if browser is None:
        with chromium() as started:
            return measure(moves, started)
    with tempfile.TemporaryDirectory(prefix="latency-") as folder:
        content = notebook(SET_UP, FLOOR, USUAL, LIVE)
        Path(folder, "latency.ipynb").write_text(content, encoding="utf-8")
        with lab_server(Path(folder)) as address:
            page = new_page(browser, viewport={"width": 1280, "height": 2600})
            try:
                return _measure_in(page, address, moves)
            finally:
                page.context.close()


def _measure_in(page: Any, address: str, moves: int) -> dict[str, Any]:
    lab = Lab(page, address)
    lab.open("latency.ipynb")
    lab.run_all()
    if lab.cell_errors():
        raise RuntimeError(lab.cell_errors()[0])
    alt_before = lab.picture(3).get_attribute("alt")
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    for move in range(WARM_UP + moves):
        for cell, way in enumerate(WAYS, start=1):
            taken = page.evaluate(MEASURE, [cell, "ArrowRight"])
            if taken is None:
                raise RuntimeError(f"{way}: no new picture within 20 s.")
            if move >= WARM_UP:
                times[way].append(taken)
            page.wait_for_timeout(SETTLE)
    alt = lab.picture(3).get_attribute("alt")
    if not alt or alt == alt_before:
        raise RuntimeError(f"the alternative text did not follow the slider: {alt!r}")
    if lab.errors:
        raise RuntimeError(lab.errors[0])
    return {"times": times, "alt": alt}


def report(result: dict[str, Any]) -> tuple[str, float]:
    """Give the table of times and the ratio of the medians."""
    times = result["times"]
    medians = {way: statistics.median(values) for way, values in times.items()}
    ratio = medians["interactive_output"] / medians["LiveFigure"]
    packages = ("jupyterlab", "ipykernel", "ipywidgets", "anywidget", "matplotlib", "numpy")
    lines = [
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages),
        f"{len(times['floor'])} moves each, in turn; milliseconds from key to new picture",
        "",
        f"{'way':<20}{'median':>8}{'95 %':>8}",
    ]
    for way, values in times.items():
        high = statistics.quantiles(values, n=20, method="inclusive")[-1]
        lines.append(f"{way:<20}{medians[way]:>8.0f}{high:>8.0f}")
    lines += [
        "",
        f"LiveFigure is {ratio:.1f} times faster than interactive_output (bar: {BAR:g}).",
        f"Alternative text in the browser: {result['alt']}",
    ]
    return "\n".join(lines), ratio


def main() -> int:
    """Measure, print the table, and tell whether the bar is met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--moves", type=int, default=40, help="timed moves of each slider")
    text, ratio = report(measure(parser.parse_args().moves))
    print(text)
    return 0 if ratio >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
