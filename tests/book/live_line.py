"""A small live figure with a slider and a list, for the tests of frames and of their html."""

import ipywidgets

from utils.plots.style import new_figure
from utils.widgets import LiveFigure


def live_line(update=None, **options):
    """Make a figure of a line; `update` takes its height and its colour."""
    figure, ax = new_figure(size=(3, 2))
    ax.set(xlim=(0, 1), ylim=(0, 5))
    (line,) = ax.plot([], [])

    def draw(height, colour="blue"):
        line.set_data([0, 1], [height, height])
        line.set_color(colour)
        return f"The line stands at {height} and is {colour}."

    controls = {
        "height": ipywidgets.IntSlider(2, 0, 4, description="height <m>"),
        "colour": ipywidgets.Dropdown(options=["blue", "red"], description="colour"),
    }
    return LiveFigure(
        figure, update or draw, moving=[line], controls=controls, title="A line", **options
    )
