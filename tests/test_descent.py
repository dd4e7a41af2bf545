"""Gradient descent on losses of two weights: its surfaces, its updates, and how it is judged."""

import numpy as np
import pytest
import torch

from utils.descent import SURFACES, compute_descent, describe_descent, make_surface
from utils.gradients import numerical_gradient


@pytest.mark.parametrize("name", SURFACES)
def test_surfaces_have_their_gradient_and_their_minimum(name):
    surface = make_surface(name)
    at = np.array([-1.7, 0.6])
    numerical = numerical_gradient(surface.loss, at)
    np.testing.assert_allclose(surface.gradient(at), numerical, atol=1e-8)
    np.testing.assert_allclose(surface.gradient(surface.minimum), 0, atol=1e-9)
    grid = np.random.default_rng(0).uniform(-3, 3, (4, 5, 2))
    assert surface.loss(grid).shape == (4, 5)
    assert surface.loss(grid)[2, 3] == pytest.approx(surface.loss(grid[2, 3]))
    assert np.all(surface.loss(grid) >= surface.loss(surface.minimum))


def test_unknown_surface_is_named():
    with pytest.raises(ValueError, match="name is 'saddle'; expected one of 'round bowl'"):
        make_surface("saddle")


def test_descent_multiplies_each_weight_by_its_own_factor():
    valley = make_surface("narrow valley")
    descent = compute_descent(valley, 0.15, n_steps=12)
    steps = np.arange(13)[:, None]
    factors = 1 - 0.15 * np.array(valley.curvatures)
    np.testing.assert_allclose(descent.path, valley.start * factors**steps, atol=1e-12)
    np.testing.assert_allclose(descent.losses, valley.loss(descent.path))


def test_descent_with_momentum_is_that_of_torch():
    unit = make_surface("sigmoid unit")
    w = torch.tensor(unit.start, requires_grad=True)
    x, y = torch.tensor(unit.x), torch.tensor(unit.y)
    optimiser = torch.optim.SGD([w], lr=0.4, momentum=0.8)
    path = [unit.start]
    for _ in range(20):
        optimiser.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(w[0] * x + w[1], y)
        loss.backward()
        optimiser.step()
        path.append(w.detach().numpy().copy())
    descent = compute_descent(unit, 0.4, 0.8, n_steps=20)
    np.testing.assert_allclose(descent.path, path, atol=1e-10)


@pytest.mark.parametrize(
    ("surface", "learning_rate", "momentum", "verdict"),
    [
        ("narrow valley", 0.178, 0.0, "oscillates"),
        ("narrow valley", 0.199, 0.0, "oscillates"),
        ("narrow valley", 0.201, 0.0, "diverges"),
        ("narrow valley", 0.005, 0.0, "creeps"),
        ("narrow valley", 0.09, 0.0, "arrives"),
        ("narrow valley", 0.1, 0.5, "arrives"),
        ("round bowl", 1.0, 0.0, "arrives"),
        ("round bowl", 1.9, 0.0, "oscillates"),
        ("round bowl", 10.0, 0.0, "diverges"),
        ("sigmoid unit", 0.01, 0.0, "creeps"),
        ("sigmoid unit", 1.0, 0.9, "oscillates"),
    ],
)
def test_verdicts(surface, learning_rate, momentum, verdict):
    descent = compute_descent(make_surface(surface), learning_rate, momentum)
    assert descent.verdict == verdict
    assert describe_descent(descent).lower().startswith(verdict)


def test_round_bowl_takes_one_step_at_rate_one_and_says_so():
    descent = compute_descent(make_surface("round bowl"), 1.0)
    assert descent.arrived_after == 1
    assert "after 1 update " in describe_descent(descent)


def test_momentum_arrives_sooner_and_at_a_lower_rate():
    valley = make_surface("narrow valley")
    rates = 10.0 ** np.arange(-1.5, -0.6, 0.05)

    def best(momentum):
        runs = [compute_descent(valley, rate, momentum) for rate in rates]
        arrivals = [run.arrived_after or 999 for run in runs]
        return min(arrivals), rates[np.argmin(arrivals)]

    (plain, plain_rate), (heavy, heavy_rate) = best(0.0), best(0.5)
    assert heavy < plain
    assert heavy_rate < plain_rate < 0.2


def test_divergence_ends_before_numbers_overflow():
    descent = compute_descent(make_surface("narrow valley"), 10.0)
    assert len(descent.path) < 10
    assert np.isfinite(descent.losses).all()


def test_descent_refuses_nonsense():
    bowl = make_surface("round bowl")
    with pytest.raises(ValueError, match="n_steps is 0; expected at least 1"):
        compute_descent(bowl, 0.1, n_steps=0)
    with pytest.raises(ValueError, match="learning_rate"):
        compute_descent(bowl, -0.1)
    with pytest.raises(ValueError, match="momentum"):
        compute_descent(bowl, 0.1, momentum=1.0)
