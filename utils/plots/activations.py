"""Activations with their derivatives under them, and how a scale carries through layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from utils.activations import ACTIVATIONS
from utils.plots.style import ROLE

Z_RANGE = (-5.0, 5.0)
NAMES = ("sigmoid", "tanh", "relu", "leaky_relu")
TITLES = {
    "identity": "identity",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
}
KINKED = ("relu", "leaky_relu")
VALUE = {"color": "black", "linestyle": "-", "linewidth": 2.0}
DERIVATIVE = dict(ROLE["gradient"])
OTHER = {"color": "#bbbbbb", "linestyle": "-", "linewidth": 1.0}
BOUND = dict(ROLE["reference"])


@dataclass(frozen=True)
class ActivationCurve:
    """Hold one activation and its derivative on a grid, and both at one chosen sum.

    Attributes
    ----------
    name : str
        Key in ``ACTIVATIONS``.
    z, values, derivatives : array, shape (n,)
        Grid of sums, the activation there, its derivative there. Where the derivative jumps
        it is NaN, so that a drawn line has a gap instead of a false vertical stroke.
    at, value, derivative : float
        The chosen sum, the activation and its derivative at it.
    bound : float
        The least upper bound of the derivative over all sums.
    """

    name: str
    z: np.ndarray
    values: np.ndarray
    derivatives: np.ndarray
    at: float
    value: float
    derivative: float
    bound: float

    @property
    def title(self) -> str:
        """Give the activation's name as it is printed."""
        return TITLES[self.name]


def compute_activation_curve(name: str, at: float = 0.0, n: int = 401) -> ActivationCurve:
    """Evaluate an activation and its derivative on a grid and at one sum.

    Parameters
    ----------
    name : {"identity", "sigmoid", "tanh", "relu", "leaky_relu"}
        The activation.
    at : float
        The sum z at which value and derivative are wanted.
    n : int
        Number of grid points from -5 to 5; odd, so that 0 is one of them.

    Returns
    -------
    curve : ActivationCurve

    Raises
    ------
    ValueError
        If `name` is not an activation or `n` is not an odd number above 2.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"name is {name!r}; expected one of {', '.join(ACTIVATIONS)}.")
    if n < 3 or n % 2 == 0:
        raise ValueError(f"n is {n}; expected an odd number of grid points, at least 3.")
    activation = ACTIVATIONS[name]
    z = np.linspace(*Z_RANGE, n)
    derivatives = np.array(activation.derivative(z), dtype=float)
    if name in KINKED:
        derivatives[n // 2] = np.nan
    point = np.array([float(at)])
    return ActivationCurve(
        name=name,
        z=z,
        values=np.asarray(activation.function(z)),
        derivatives=derivatives,
        at=float(at),
        value=float(activation.function(point)[0]),
        derivative=float(activation.derivative(point)[0]),
        bound=float(activation.derivative_bound),
    )


def draw_activations(axes: np.ndarray, curves: Sequence[ActivationCurve]) -> None:
    """Draw each activation in the upper row and its derivative under it in the lower row.

    Parameters
    ----------
    axes : array of Axes, shape (2, len(curves))
    curves : sequence of ActivationCurve
    """
    for column, curve in enumerate(curves):
        upper, lower = axes[0, column], axes[1, column]
        upper.plot(curve.z, curve.values, **VALUE)
        lower.plot(curve.z, curve.derivatives, **DERIVATIVE)
        lower.axhline(curve.bound, **BOUND)
        lower.text(-4.8, curve.bound + 0.03, f"at most {curve.bound:g}", va="bottom", fontsize=9)
        upper.set_title(curve.title)
        lower.set_xlabel("sum z")
        _frame(upper, lower)
    axes[0, 0].set_ylabel("value")
    axes[1, 0].set_ylabel("derivative")


def _frame(upper: Axes, lower: Axes) -> None:
    """Give a pair of panels the same limits in every picture, so that shapes compare."""
    for axes in (upper, lower):
        axes.set_xlim(*Z_RANGE)
        axes.set_xticks([-4, -2, 0, 2, 4])
    upper.set_ylim(-1.3, 2.6)
    lower.set_ylim(-0.08, 1.25)
    lower.set_yticks([0, 0.25, 0.5, 0.75, 1])
    upper.axhline(0, color="#cccccc", linewidth=0.8, zorder=0)


@dataclass
class ActivationPicture:
    """Own the artists of the activation explorer and move them to new data."""

    value_line: Artist
    tangent: Artist
    value_point: Artist
    derivative_line: Artist
    derivative_point: Artist
    drop: Artist
    bound_line: Artist
    value_text: Artist
    derivative_text: Artist
    bound_text: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return tuple(vars(self).values())

    def move(self, curve: ActivationCurve) -> None:
        """Show `curve` with its tangent at the chosen sum.

        Parameters
        ----------
        curve : ActivationCurve
        """
        self.value_line.set_data(curve.z, curve.values)
        self.derivative_line.set_data(curve.z, curve.derivatives)
        reach = 1.2 / np.hypot(1.0, curve.derivative)
        ends = np.array([-reach, reach])
        self.tangent.set_data(curve.at + ends, curve.value + curve.derivative * ends)
        self.value_point.set_data([curve.at], [curve.value])
        self.derivative_point.set_data([curve.at], [curve.derivative])
        self.drop.set_data([curve.at, curve.at], [0, curve.derivative])
        self.bound_line.set_ydata([curve.bound, curve.bound])
        self.bound_text.set_y(curve.bound + 0.03)
        self.bound_text.set_text(f"at most {curve.bound:g}")
        at = f"{curve.at:.1f}".replace("-", "−")
        value = f"{curve.value:.4f}".replace("-", "−")
        self.value_text.set_text(f"{curve.title}({at}) = {value}")
        self.derivative_text.set_text(f"slope there = {curve.derivative:.4f}")


def draw_activation_explorer(
    axes: np.ndarray, curve: ActivationCurve, others: Sequence[ActivationCurve] = ()
) -> ActivationPicture:
    """Draw one activation over its derivative, with the tangent at a chosen sum.

    Parameters
    ----------
    axes : array of Axes, shape (2,)
        The left panel takes the activation, the right one its derivative.
    curve : ActivationCurve
        What is shown first.
    others : sequence of ActivationCurve
        Drawn thin and grey behind it, for comparison; they stand still.

    Returns
    -------
    picture : ActivationPicture
    """
    upper, lower = axes
    for other in others:
        upper.plot(other.z, other.values, **OTHER)
        lower.plot(other.z, other.derivatives, **OTHER)
    _frame(upper, lower)
    upper.set_title("activation")
    lower.set_title("its derivative")
    for panel in axes:
        panel.set_xlabel("sum z")
    picture = ActivationPicture(
        value_line=upper.plot([], [], **VALUE)[0],
        tangent=upper.plot([], [], **{**DERIVATIVE, "linestyle": "-", "linewidth": 3})[0],
        value_point=upper.plot([], [], "o", color="black", markersize=8, clip_on=False)[0],
        derivative_line=lower.plot([], [], **DERIVATIVE)[0],
        derivative_point=lower.plot([], [], "o", color=DERIVATIVE["color"], ms=8, clip_on=False)[0],
        drop=lower.plot([], [], color=DERIVATIVE["color"], linewidth=1)[0],
        bound_line=lower.axhline(1.0, **BOUND),
        value_text=upper.text(-4.8, 2.25, "", fontsize=11),
        derivative_text=upper.text(-4.8, 1.9, "", fontsize=11, color=DERIVATIVE["color"]),
        bound_text=lower.text(-4.8, 1.0, "", va="bottom", fontsize=9),
    )
    picture.move(curve)
    return picture


def compute_scale_through_layers(
    scales: dict[str, float],
    rng: np.random.Generator,
    *,
    activation: str = "tanh",
    n_layers: int = 10,
    width: int = 100,
    batch: int = 200,
) -> dict[str, dict[str, np.ndarray]]:
    r"""Send random inputs through a stack of layers and measure how far the values spread.

    .. math:: a_l = \sigma(a_{l-1} W_l), \qquad W_l \sim N(0, \text{scale}^2)

    Every entry of `scales` sees the same inputs and the same random numbers, so that nothing
    but the scale differs.

    Parameters
    ----------
    scales : dict from name to float
        Standard deviation of each weight; above 0.
    rng : numpy.random.Generator
    activation : str
        Key in ``ACTIVATIONS``.
    n_layers, width, batch : int
        Depth, units per layer (the D of every layer but also its H) and number of samples.

    Returns
    -------
    measured : dict from name to dict
        ``"spread"``: root mean square of the values after 0, 1, … layers, shape (n_layers + 1,);
        ``"slope"``: mean derivative of the activation in each layer, shape (n_layers,).

    Raises
    ------
    ValueError
        If a scale is not above 0, or the activation is unknown.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation is {activation!r}; expected one of {', '.join(ACTIVATIONS)}.")
    for name, scale in scales.items():
        if not scale > 0:
            raise ValueError(f"scales[{name!r}] is {scale}; expected a number above 0.")
    x = rng.standard_normal((batch, width))
    draws = rng.standard_normal((n_layers, width, width))
    chosen = ACTIVATIONS[activation]
    measured = {}
    for name, scale in scales.items():
        a, spread, slope = x, [_rms(x)], []
        for draw in draws:
            z = a @ (scale * draw)
            a = chosen.function(z)
            spread.append(_rms(a))
            slope.append(float(np.mean(chosen.derivative(z))))
        measured[name] = {"spread": np.array(spread), "slope": np.array(slope)}
    return measured


def _rms(values: np.ndarray) -> float:
    """Give the root mean square of all entries."""
    return float(np.sqrt(np.mean(values**2)))


def draw_scale_through_layers(axes: np.ndarray, measured: dict[str, dict[str, np.ndarray]]) -> None:
    """Draw spread of the values (left) and mean slope of the activation (right) by layer.

    Parameters
    ----------
    axes : array of Axes, shape (2,)
    measured : dict
        As `compute_scale_through_layers` returns it; at most four scales.
    """
    looks = (
        ("#882255", "-.", "v", 5),
        ("black", "-", "o", -5),
        ("#666666", "--", "s", 0),
        ("#0072B2", ":", "D", 0),
    )
    for (name, of_scale), (colour, dash, marker, up) in zip(measured.items(), looks, strict=False):
        look = {"color": colour, "linestyle": dash, "marker": marker, "markersize": 4}
        layers = np.arange(len(of_scale["spread"]))
        axes[0].plot(layers, of_scale["spread"], **look)
        axes[1].plot(layers[1:], of_scale["slope"], **look)
        for panel, values in zip(axes, (of_scale["spread"], of_scale["slope"]), strict=True):
            panel.annotate(
                name,
                (layers[-1], values[-1]),
                xytext=(8, up),
                textcoords="offset points",
                va="center",
                color=colour,
                annotation_clip=False,
            )
    for panel in axes:  # the names stand inside of the panel, beside the ends of the lines
        panel.set_xlim(right=1.27 * layers[-1])
        panel.set_xticks(layers[::2])
    axes[0].set_yscale("log")
    axes[0].set(title="spread of the values", xlabel="layer", ylabel="root mean square")
    axes[1].set(title="mean slope of tanh", xlabel="layer", ylim=(-0.05, 1.05))
