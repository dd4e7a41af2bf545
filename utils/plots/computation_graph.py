"""One forward and one backward pass through the smallest two-layer network, node by node."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from utils.activations import sigmoid
from utils.losses import (
    binary_cross_entropy,
    d_binary_cross_entropy,
    d_squared_error,
    squared_error,
)
from utils.plots.style import ROLE

GRADIENT_COLOUR = ROLE["gradient"]["color"]
LOSSES = ("squared error", "binary cross-entropy")
N_STEPS = 16
"""Steps of a pass: 7 forward, the start of the way back, 7 backward, and a last look."""


@dataclass(frozen=True)
class PassStep:
    """Hold one step of a pass: what becomes known, at which node, and why.

    Attributes
    ----------
    names : tuple of str
        Quantities that become known: ``"z1"`` for a value, ``"d_z1"`` for a gradient.
    node : str or None
        The operation that is at work.
    text : str
        The line of arithmetic, with its numbers.
    """

    names: tuple[str, ...]
    node: str | None
    text: str


@dataclass(frozen=True)
class GraphPass:
    """Hold every number of one forward and one backward pass.

    Attributes
    ----------
    values : dict from str to float
        x, w1, b1, w2, b2, y, p1, z1, a1, p2, z2, y_hat, L, and for each of them but y the
        gradient of L under the same name with ``d_`` in front.
    steps : tuple of PassStep
        In the order in which the numbers become known.
    """

    values: dict[str, float]
    steps: tuple[PassStep, ...]

    def known_after(self, step: int) -> set[str]:
        """Name the quantities that are known after `step` steps; inputs are known before.

        Returns
        -------
        set of str
        """
        known = {"x", "w1", "b1", "w2", "b2", "y"}
        for done in self.steps[:step]:
            known.update(done.names)
        return known


def compute_graph_pass(
    x: float = 2.0,
    y: float = 1.0,
    *,
    w1: float = 1.0,
    b1: float = -1.0,
    w2: float = 2.0,
    b2: float = -1.0,
    loss: str = "squared error",
) -> GraphPass:
    r"""Carry one number forward through a network of one hidden unit, and the gradient back.

    .. math:: p_1 = x w_1,\; z_1 = p_1 + b_1,\; a_1 = \sigma(z_1),\;
              p_2 = a_1 w_2,\; z_2 = p_2 + b_2,\; \hat y = \sigma(z_2)

    Each backward step multiplies the gradient that arrives at a node by the node's own
    derivative.

    Parameters
    ----------
    x : float
        The only input.
    y : float
        Target, from 0 to 1.
    w1, b1, w2, b2 : float
        Weights and biases.
    loss : {"squared error", "binary cross-entropy"}
        Half the squared error, or the cross-entropy in nats.

    Returns
    -------
    graph_pass : GraphPass

    Raises
    ------
    ValueError
        If `loss` is neither of the two or `y` is outside 0 to 1.
    """
    if loss not in LOSSES:
        raise ValueError(f"loss is {loss!r}; expected one of {', '.join(map(repr, LOSSES))}.")
    if not 0 <= y <= 1:
        raise ValueError(f"y is {y}; expected a target from 0 to 1.")
    v = {"x": x, "w1": w1, "b1": b1, "w2": w2, "b2": b2, "y": y}
    v["p1"] = x * w1
    v["z1"] = v["p1"] + b1
    v["a1"] = sigmoid(v["z1"])
    v["p2"] = v["a1"] * w2
    v["z2"] = v["p2"] + b2
    v["y_hat"] = sigmoid(v["z2"])
    squared = loss == "squared error"
    measure = squared_error if squared else binary_cross_entropy
    slope = d_squared_error if squared else d_binary_cross_entropy
    v["L"] = measure([v["y_hat"]], [y])
    v["d_y_hat"] = slope([v["y_hat"]], [y])[0]
    v["d_L"] = 1.0
    v["d_z2"] = v["d_y_hat"] * v["y_hat"] * (1.0 - v["y_hat"])
    v["d_p2"] = v["d_b2"] = v["d_z2"]
    v["d_a1"], v["d_w2"] = v["d_p2"] * w2, v["d_p2"] * v["a1"]
    v["d_z1"] = v["d_a1"] * v["a1"] * (1.0 - v["a1"])
    v["d_p1"] = v["d_b1"] = v["d_z1"]
    v["d_x"], v["d_w1"] = v["d_p1"] * w1, v["d_p1"] * x
    v = {name: float(number) for name, number in v.items()}
    return GraphPass(v, _tell(v, squared))


def in_digits(number: float) -> str:
    """Write a number with four decimals, or as a power of ten where they would hide it.

    Parameters
    ----------
    number : float

    Returns
    -------
    str
        With a true minus sign.
    """
    if number != 0 and abs(number) < 0.001:
        return f"{number:.1e}".replace("-", "−")
    return f"{number + 0.0:.4f}".replace("-", "−")


def _tell(v: dict[str, float], squared: bool) -> tuple[PassStep, ...]:
    """Write the line of arithmetic for every step."""

    def n(name: str) -> str:
        return in_digits(v[name])

    def times(a: str, b: str) -> str:
        return f"{a} · ({b})" if b.startswith("−") else f"{a} · {b}"

    def plus(a: str, b: str) -> str:
        return f"{a} − {b[1:]}" if b.startswith("−") else f"{a} + {b}"

    slope1 = in_digits(v["a1"] * (1 - v["a1"]))
    slope2 = in_digits(v["y_hat"] * (1 - v["y_hat"]))
    if squared:
        loss = f"L = ½ (ŷ − y)² = ½ ({n('y_hat')} − {n('y')})² = {n('L')}"
        d_loss = f"d_ŷ = ŷ − y = {n('y_hat')} − {n('y')} = {n('d_y_hat')}"
    else:
        loss = f"L = −y ln ŷ − (1 − y) ln(1 − ŷ) = {n('L')}"
        error = in_digits(v["y_hat"] - v["y"])
        d_loss = f"d_ŷ = (ŷ − y) / (ŷ (1 − ŷ)) = {error} / {slope2} = {n('d_y_hat')}"
    rows = (
        ("p1", "times1", f"Forward: p1 = x · w1 = {times(n('x'), n('w1'))} = {n('p1')}"),
        ("z1", "plus1", f"Forward: z1 = p1 + b1 = {plus(n('p1'), n('b1'))} = {n('z1')}"),
        ("a1", "sigma1", f"Forward: a1 = σ(z1) = σ({n('z1')}) = {n('a1')}"),
        ("p2", "times2", f"Forward: p2 = a1 · w2 = {times(n('a1'), n('w2'))} = {n('p2')}"),
        ("z2", "plus2", f"Forward: z2 = p2 + b2 = {plus(n('p2'), n('b2'))} = {n('z2')}"),
        ("y_hat", "sigma2", f"Forward: ŷ = σ(z2) = σ({n('z2')}) = {n('y_hat')}"),
        ("L", "loss", f"Forward: {loss}"),
        ("d_L", None, "Backward: the way back starts with d_L = ∂L/∂L = 1.0000"),
        ("d_y_hat", "loss", f"Backward: {d_loss}"),
        (
            "d_z2",
            "sigma2",
            f"Backward: d_z2 = d_ŷ · ŷ(1 − ŷ) = {n('d_y_hat')} · {slope2} = {n('d_z2')}",
        ),
        (
            "d_p2 d_b2",
            "plus2",
            f"Backward: a sum hands on what arrives, d_p2 = d_b2 = d_z2 = {n('d_z2')}",
        ),
        (
            "d_a1 d_w2",
            "times2",
            f"Backward: d_a1 = d_p2 · w2 = {times(n('d_p2'), n('w2'))} = {n('d_a1')};   "
            f"d_w2 = d_p2 · a1 = {times(n('d_p2'), n('a1'))} = {n('d_w2')}",
        ),
        (
            "d_z1",
            "sigma1",
            f"Backward: d_z1 = d_a1 · a1(1 − a1) = {n('d_a1')} · {slope1} = {n('d_z1')}",
        ),
        (
            "d_p1 d_b1",
            "plus1",
            f"Backward: a sum hands on what arrives, d_p1 = d_b1 = d_z1 = {n('d_z1')}",
        ),
        (
            "d_x d_w1",
            "times1",
            f"Backward: d_x = d_p1 · w1 = {times(n('d_p1'), n('w1'))} = {n('d_x')};   "
            f"d_w1 = d_p1 · x = {times(n('d_p1'), n('x'))} = {n('d_w1')}",
        ),
        (
            "",
            None,
            "Done: the gradient is d_w1, d_b1, d_w2, d_b2. No weight has changed yet; "
            "changing them is the optimiser's work.",
        ),
    )
    return tuple(PassStep(tuple(names.split()), node, text) for names, node, text in rows)


_NODES = {
    "times1": (1.0, "×"),
    "plus1": (2.0, "+"),
    "sigma1": (3.0, "σ"),
    "times2": (4.0, "×"),
    "plus2": (5.0, "+"),
    "sigma2": (6.0, "σ"),
    "loss": (7.0, "loss"),
}
_RADIUS = 0.17
_ALONG = {"x": 0.5, "p1": 1.5, "z1": 2.5, "a1": 3.5, "p2": 4.5, "z2": 5.5, "y_hat": 6.5, "L": 7.5}
_UPWARD = {"w1": 1.0, "b1": 2.0, "w2": 4.0, "b2": 5.0, "y": 7.0}
_SIGNS = {
    "p1": "$p_1$",
    "z1": "$z_1$",
    "a1": "$a_1$",
    "p2": "$p_2$",
    "z2": "$z_2$",
    "y_hat": r"$\hat{y}$",
    "w1": "$w_1$",
    "b1": "$b_1$",
    "w2": "$w_2$",
    "b2": "$b_2$",
}


@dataclass
class GraphPicture:
    """Own the artists of a computation graph and move them through a pass."""

    values: dict[str, Artist]
    gradients: dict[str, Artist]
    ring: Circle
    text: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return (self.ring, *self.values.values(), *self.gradients.values(), self.text)

    def move(self, graph_pass: GraphPass, step: int) -> None:
        """Show what is known after `step` steps, with a ring around the node at work.

        Parameters
        ----------
        graph_pass : GraphPass
        step : int
            From 0, where nothing is computed yet.
        """
        known = graph_pass.known_after(step)
        for name, artist in self.values.items():
            artist.set_text(in_digits(graph_pass.values[name]) if name in known else "")
        for name, artist in self.gradients.items():
            artist.set_text(in_digits(graph_pass.values[name]) if name in known else "")
        at_work = graph_pass.steps[step - 1].node if step else None
        self.ring.set_visible(at_work is not None)
        if at_work is not None:
            self.ring.set_center((_NODES[at_work][0], 0))
            self.ring.set_edgecolor(GRADIENT_COLOUR if step > 7 else "black")
        start = "Before the pass: inputs and weights are given, nothing is computed."
        self.text.set_text(graph_pass.steps[step - 1].text if step else start)


def draw_graph_pass(ax: Axes, graph_pass: GraphPass, step: int = N_STEPS) -> GraphPicture:
    """Draw the graph with the values above each arrow and the gradients below.

    Parameters
    ----------
    ax : Axes
    graph_pass : GraphPass
    step : int
        How many steps of the pass are shown, from 0 to 16.

    Returns
    -------
    picture : GraphPicture
    """
    ax.set(xlim=(-0.1, 8.1), ylim=(-1.75, 1.0), aspect="equal")
    ax.axis("off")
    arrow = {"arrowstyle": "-|>", "color": "#666666", "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    values, gradients = {}, {}
    small = {"ha": "center", "fontsize": 9}
    for name, middle in _ALONG.items():
        ends = (middle - 0.5 + _RADIUS, middle + 0.5 - _RADIUS)
        ax.annotate("", (ends[1], 0), (ends[0], 0), arrowprops=arrow)
        sign = _SIGNS.get(name, f"${name}$")
        ax.text(middle, 0.32, sign, ha="center", va="bottom", fontsize=12)
        values[name] = ax.text(middle, 0.11, "", va="bottom", **small)
        gradients["d_" + name] = ax.text(
            middle, -0.11, "", va="top", color=GRADIENT_COLOUR, weight="bold", **small
        )
    for name, across in _UPWARD.items():
        ax.annotate("", (across, -_RADIUS), (across, -0.78), arrowprops=arrow)
        sign = _SIGNS.get(name, f"${name}$")
        ax.text(across, -0.86, sign, ha="center", va="center", fontsize=12)
        values[name] = ax.text(across, -1.0, "", va="top", **small)
        if name != "y":
            gradients["d_" + name] = ax.text(
                across, -1.2, "", va="top", color=GRADIENT_COLOUR, weight="bold", **small
            )
    for name, (across, sign) in _NODES.items():
        ax.add_patch(Circle((across, 0), _RADIUS, facecolor="white", edgecolor="black", zorder=3))
        size = 8 if name == "loss" else 13
        ax.text(across, 0, sign, ha="center", va="center", fontsize=size, zorder=4)
    ring = ax.add_patch(Circle((0, 0), 1.06 * _RADIUS, fill=False, linewidth=4, zorder=5))
    ax.text(0.0, 0.85, "above each arrow: its value", fontsize=9)
    ax.text(
        2.2, 0.85, "below: gradient of the loss", fontsize=9, color=GRADIENT_COLOUR, weight="bold"
    )
    text = ax.text(4.0, -1.62, "", ha="center", va="center", fontsize=11)
    picture = GraphPicture(values, gradients, ring, text)
    picture.move(graph_pass, step)
    return picture
