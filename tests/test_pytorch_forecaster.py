"""Networks that forecast: shapes, scaling, both strategies, leaks, and training that stops."""

import asyncio

import numpy as np
import pytest
import torch

from utils.forecasting import (
    LinearAutoregression,
    Naive,
    Scaler,
    make_windows,
    origins_of,
    rolling_origin,
)
from utils.pytorch.forecaster import (
    FeedForwardForecaster,
    NeuralForecaster,
    SmallForecaster,
    StackedForecaster,
)
from utils.training import train
from utils.widgets import train_live

T = np.arange(200)
WAVE = 50 + 5 * np.sin(2 * np.pi * T / 12)
P, H = 12, 4


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def parts(values=WAVE, horizon=H, border=120, end=150):
    windows = make_windows(values, P, horizon)
    return windows.between(0, border), windows.between(border, end)


def made(horizon=H, anchor="none", **options):
    return NeuralForecaster(SmallForecaster(horizon, 8), P, anchor, **options)


def trained(horizon=H, anchor="none", updates=30, values=WAVE, **options):
    model = made(horizon, anchor)
    model.training(*parts(values, horizon), 0.01, **options).run(updates)
    return model


def test_the_stack_is_that_of_the_articles():
    network = StackedForecaster(24)
    assert [(layer.input_size, layer.hidden_size) for layer in network.layers] == [
        (1, 128),
        (128, 128),
        (128, 64),
    ]
    assert (network.dense.in_features, network.dense.out_features) == (64, 24)
    assert network.dropout.p == 0.2
    count = sum(p.numel() for p in network.parameters())
    lstm = [4 * n * (d + n + 2) for d, n in ((1, 128), (128, 128), (128, 64))]
    assert count == sum(lstm) + 64 * 24 + 24


def test_the_stack_computes_layer_after_layer():
    network = StackedForecaster(3, (5, 4), dropout=0.5).eval()
    xs = torch.randn(7, 2, 1)
    hs = network.layers[1](network.layers[0](xs)[0])[0]
    assert torch.equal(network(xs), network.dense(hs[-1]))
    assert network(xs).shape == (2, 3)
    network.train()
    assert not torch.equal(network(xs), network(xs))  # dropout
    alone = StackedForecaster(3, (5,), dropout=0.5).train()
    assert torch.equal(alone(xs), alone(xs))  # between layers only, not on the input


@pytest.mark.parametrize(
    "build",
    [
        lambda seed: StackedForecaster(2, (4, 3), seed=seed),
        lambda seed: SmallForecaster(2, 4, "gru", seed=seed),
        lambda seed: FeedForwardForecaster(2, P, 4, seed=seed),
    ],
)
def test_seeds_decide_the_weights_and_leave_the_global_generator_alone(build):
    before = torch.get_rng_state()
    one, same, other = build(1), build(1), build(2)
    assert torch.equal(before, torch.get_rng_state())
    weights = [next(network.parameters()) for network in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert one(torch.zeros(P, 5, 1)).shape == (5, 2)


def test_bad_networks():
    with pytest.raises(ValueError, match="cell is 'esn'"):
        SmallForecaster(2, cell="esn")
    with pytest.raises(ValueError, match="hidden is empty"):
        StackedForecaster(2, ())
    with pytest.raises(TypeError, match=r"network\.horizon is None"):
        NeuralForecaster(torch.nn.Linear(1, 1), 3)
    with pytest.raises(ValueError, match="anchor is 'first'"):
        made(anchor="first")


class Repeat(torch.nn.Module):
    """A network whose forecast is known: each step is the last scaled value plus 1."""

    def __init__(self, horizon):
        super().__init__()
        self.horizon = horizon
        self.one = torch.nn.Parameter(torch.ones((), dtype=torch.float64))

    def forward(self, xs):
        return xs[-1] + self.one.expand(self.horizon)


def test_scaling_and_anchor_by_hand():
    past = np.array([[1.0, 3.0], [10.0, 20.0]])
    levels = NeuralForecaster(Repeat(2), 2, scaler=Scaler(5, 10))
    assert levels.forecast_many(past) == pytest.approx(np.array([[13, 13], [30, 30]]))
    anchored = NeuralForecaster(Repeat(2), 2, "last", scaler=Scaler(0, 10))
    assert anchored.forecast_many(past) == pytest.approx(np.array([[13, 13], [30, 30]]))


def test_one_step_networks_are_fed_their_own_forecasts():
    recursive = NeuralForecaster(Repeat(1), 2, scaler=Scaler(0, 10))
    assert recursive.forecast(np.array([9.0, 1.0, 3.0]), 3) == pytest.approx([13, 23, 33])
    anchored = NeuralForecaster(Repeat(1), 2, "last", scaler=Scaler(0, 10))
    assert anchored.forecast(np.array([1.0, 3.0]), 3) == pytest.approx([13, 23, 33])
    with pytest.raises(ValueError, match="horizon is 3; this network gives 2 steps at once"):
        NeuralForecaster(Repeat(2), 2, scaler=Scaler(0, 1)).forecast([1.0, 2.0], 3)


def test_recursion_equals_that_of_a_linear_autoregression():
    """A network that computes an autoregression's forecast gives the same further steps."""
    linear = LinearAutoregression(3).fit(WAVE + 0.01 * T)
    constant, *weights = linear.coefficients[0]

    class Linear(torch.nn.Module):
        horizon = 1

        def __init__(self):
            super().__init__()
            self.weights = torch.nn.Parameter(torch.tensor(weights, dtype=torch.float64))

        def forward(self, xs):
            return (xs[:, :, 0].T @ self.weights + constant)[:, None]

    model = NeuralForecaster(Linear(), 3, scaler=Scaler(0, 1))
    assert model.forecast(WAVE, 20) == pytest.approx(linear.forecast(WAVE, 20))


@pytest.mark.parametrize("anchor", ["none", "last"])
def test_the_scaler_comes_from_the_training_windows_alone(anchor):
    changed = WAVE.copy()
    changed[120:] += 1000
    scalers = []
    for values in (WAVE, changed):
        model = made(anchor=anchor)
        model.training(*parts(values))
        scalers.append(model.scaler)
    assert scalers[0] == scalers[1]
    given = Scaler(1, 2)
    model = made(scaler=given)
    model.training(*parts())
    assert model.scaler is given


@pytest.mark.parametrize("anchor", ["none", "last"])
@pytest.mark.parametrize("horizon", [1, H])
def test_changing_the_test_part_changes_no_forecast(anchor, horizon):
    changed = WAVE.copy()
    changed[150:] = np.random.default_rng(0).normal(size=50)
    one, other = (
        rolling_origin(trained(horizon, anchor, values=values), values, [150], H)
        for values in (WAVE, changed)
    )
    assert np.array_equal(one.forecasts, other.forecasts)


def test_values_before_the_window_do_not_matter():
    model = trained()
    moved = WAVE.copy()
    moved[: 150 - P] += 99
    assert np.array_equal(model.forecast(WAVE[:150], H), model.forecast(moved[:150], H))


def test_forecasts_one_by_one_equal_those_of_a_batch():
    model = trained()
    windows = make_windows(WAVE, P, H).between(150, 200)
    found = rolling_origin(model, WAVE, windows.origins, H)
    assert found.forecasts == pytest.approx(model.forecast_many(windows.past), abs=1e-4)
    assert model.forecast(WAVE, 2) == pytest.approx(model.forecast(WAVE, H)[:2])


@pytest.mark.parametrize("anchor", ["none", "last"])
def test_a_small_lstm_learns_a_wave_better_than_the_naive_forecast(anchor):
    model = trained(anchor=anchor, updates=250)
    origins = origins_of(200, 150, H)
    ours, naive = (rolling_origin(f, WAVE, origins, H).mae() for f in (model, Naive()))
    assert ours < naive / 4


def test_equal_seeds_give_equal_runs_and_the_global_generators_do_not_matter():
    def run(seed):
        network = StackedForecaster(H, (6, 5), dropout=0.3)
        model = NeuralForecaster(network, P)
        training = model.training(*parts(), seed=seed)
        return [training.step(i)["loss"] for i in range(5)]

    torch.manual_seed(1)
    first, before = run(3), torch.get_rng_state()
    torch.manual_seed(2)
    assert run(3) == first
    assert run(4) != first
    torch.manual_seed(1)
    assert torch.equal(before, torch.get_rng_state())


def test_the_best_weights_on_the_validation_part_come_back():
    model = made()
    noise = np.random.default_rng(0).normal(size=200)  # which it learns by heart, and gets worse
    training = model.training(*parts(noise), 0.05, check_every=5)
    history = train(training.step, 60)
    assert history.ended == "finished"
    assert set(history.metrics) == {"validation"}
    updates, measured = zip(*training.history, strict=True)
    assert updates == tuple(range(0, 61, 5))
    assert training.best.mae == min(measured)
    assert training.best.updates == updates[np.argmin(measured)]
    assert training.best.mae < measured[-1]
    training.restore_best()
    validation = parts(noise)[1]
    again = np.abs(model.forecast_many(validation.past) - validation.future).mean()
    assert again == pytest.approx(training.best.mae)


def test_training_stops_when_patience_is_used_up():
    noise = np.random.default_rng(0).normal(size=200)
    model = made()
    training = model.training(*parts(noise), 0.05, check_every=2, patience=10)
    training.run(2000)
    assert training.updates - training.best.updates == 10
    assert training.finished
    assert training.updates < 500


def test_training_is_live_and_stops_on_request():
    model = made()
    training = model.training(*parts(), 0.01, check_every=5)
    history = asyncio.run(train_live(training.step, 12))
    assert (history.ended, training.updates) == ("finished", 12)
    assert history.losses[-1] > 0


def test_recursive_networks_are_validated_by_their_recursion():
    model = made(1)
    windows = make_windows(WAVE, P, H).between(120, 150)
    training = model.training(parts(horizon=1)[0], windows)
    expected = np.abs(model.forecast_many(windows.past, H) - windows.future).mean()
    assert training.best.mae == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"validation windows have .* \(12, 3\); expected \(12, 4"):
        made().training(parts()[0], make_windows(WAVE, P, 3))
    with pytest.raises(ValueError, match=r"train windows have \(past, horizon\) \(12, 4\)"):
        made(1).training(parts()[0], windows)


def test_fit_trains_on_the_first_part_and_validates_on_the_last():
    model = made().fit(WAVE[:150], validation=0.2, updates=40)
    by_hand = made()
    by_hand.training(*parts(border=120)).run(40)
    assert np.array_equal(model.forecast(WAVE, H), by_hand.forecast(WAVE, H))
    refitted = rolling_origin(made(), WAVE, [100], H, refit_every=1)
    assert refitted.forecasts.shape == (1, H)


def test_nothing_trained_yet():
    with pytest.raises(ValueError, match="SmallForecaster is not trained"):
        made().forecast(WAVE, H)
    with pytest.raises(ValueError, match="past has 5 values; SmallForecaster needs at least 12"):
        trained(updates=1).forecast(WAVE[:5], H)
    with pytest.raises(ValueError, match="learning_rate is 0"):
        made().training(*parts(), learning_rate=0)
