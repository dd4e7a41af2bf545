"""What the lens opens, what it says where it cannot, and that it leaves nothing behind."""

import copy
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from utils import lens

ROOT = Path(__file__).resolve().parents[1]


class Tagger(nn.Module):
    """A model around a recurrent module, with a buffer, dropout, batch norm and noise."""

    def __init__(self, layers=2, **options):
        super().__init__()
        self.embed = nn.Embedding(9, 3)
        self.lstm = nn.LSTM(3, 4, layers, **options)
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(4, 2)
        self.seen = []

    def forward(self, words):
        self.seen.append(len(words))
        h, self.state = self.lstm(self.embed(words))
        noise = torch.rand(1) + random.random() + np.random.rand()  # noqa: NPY002
        return self.out(self.drop(self.norm(h.transpose(1, 2)).transpose(1, 2))) + noise


def snapshot(model):
    """Return everything of a model and of the process that a trace could have changed."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return {
        "weights": {k: v.clone() for k, v in model.state_dict().items()},
        "versions": {k: p._version for k, p in model.named_parameters()},
        "gradients": {
            k: None if p.grad is None else p.grad.clone() for k, p in model.named_parameters()
        },
        "identity": {k: (id(p), p.data_ptr()) for k, p in model.named_parameters()},
        "learn": {k: (p.requires_grad, p.dtype, p.device) for k, p in model.named_parameters()},
        "modes": {k: m.training for k, m in model.named_modules()},
        "hooks": {k: [list(getattr(m, h)) for h in hooks] for k, m in model.named_modules()},
        "attributes": {k: sorted(vars(m)) for k, m in model.named_modules()},
        "torch": torch.get_rng_state(),
        "numpy": str(np.random.get_state()),  # noqa: NPY002
        "python": random.getstate(),
        "settings": (
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.get_num_threads(),
            torch.is_autocast_enabled("cpu"),
        ),
    }


def assert_same(before, after):
    for name, value in before.items():
        for key, part in value.items() if isinstance(value, dict) else [("", value)]:
            now = after[name][key] if isinstance(value, dict) else after[name]
            same = torch.equal(now, part) if isinstance(part, torch.Tensor) else now == part
            assert np.all(same), f"{name} {key} changed"


@pytest.fixture
def tagger():
    torch.manual_seed(0)
    model = Tagger(dropout=0.3)
    words = torch.randint(9, (5, 4))
    model(words).sum().backward()  # gradients, running statistics, a state with a graph
    model.out.weight.requires_grad_(False)
    model.norm.eval()
    model.seen.clear()
    return model, words


def fail_in_loss(answer):
    raise ZeroDivisionError("on purpose")


@pytest.mark.parametrize("how", ["returns", "the loss raises", "the model raises", "wrong loss"])
@pytest.mark.parametrize("around", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_nothing_is_left_behind(tagger, how, around):
    model, words = tagger
    called = []
    model.lstm.register_forward_hook(lambda *_: called.append("forward"))
    model.embed.register_forward_pre_hook(lambda *_: called.append("before"))
    model.out.register_full_backward_hook(lambda *_: called.append("back"))
    loss = {"returns": lambda y: y.sum(), "the loss raises": fail_in_loss}.get(how, lambda y: y)
    inputs = words if how != "the model raises" else words.float()
    given = inputs.clone()
    before = snapshot(model)
    with around():
        if how == "returns":
            trace = lens.trace(model, inputs, loss)
            assert np.abs(trace["d_cell"]).max() > 0
            trace["hidden"], trace.table(), trace.total_gains(), trace.half_life()
        else:
            with pytest.raises(lens.LensError):
                lens.trace(model, inputs, loss)
    assert_same(before, snapshot(model))
    assert called == []
    assert model.seen == []
    assert torch.equal(inputs, given)
    assert model.state[0].grad_fn is not None
    torch.set_grad_enabled(True)


def test_a_bare_module_is_left_as_it_was():
    module = nn.GRU(3, 4, 2, dropout=0.5, bidirectional=True)
    xs = torch.randn(5, 2, 3, requires_grad=True)
    state = torch.zeros(4, 2, 4, requires_grad=True)
    before, flat = snapshot(module), [id(w) for w in module._flat_weights]
    trace = lens.trace(module, xs, lambda y: y[0].sum(), state=state)
    assert_same(before, snapshot(module))
    assert [id(w) for w in module._flat_weights] == flat
    assert xs.grad is None
    assert state.grad is None
    assert all(not array.flags.writeable for array in (trace["hidden"], trace["d_hidden"]))
    np.testing.assert_array_equal(trace.output, lens.trace(module.eval(), xs, state=state).output)


def test_changing_the_trace_cannot_change_the_model():
    module = nn.LSTM(3, 4).double()
    trace = lens.trace(module, np.ones((5, 2, 3)))
    weights = {k: v.clone() for k, v in module.state_dict().items()}
    done = trace._passes[0][0]
    for array in (*done.weights.values(), *done.values.values()):
        if array.flags.writeable:
            array += 1
    assert all(torch.equal(v, weights[k]) for k, v in module.state_dict().items())


def test_dropout_is_off_and_said():
    torch.manual_seed(1)
    model, words = Tagger(dropout=0.5), torch.randint(9, (5, 4))
    trace = lens.trace(model, words)
    assert trace.findings == [
        "The model is in train mode; the trace is of a copy in eval mode. The difference is "
        "dropout, which passes everything on there, and batch normalisation, which uses its "
        "running averages there."
    ]
    model.eval()
    again = lens.trace(model, words)
    np.testing.assert_array_equal(trace["hidden"], again["hidden"])
    assert not [f for f in again.findings if "train mode" in f]
    assert not [
        f for f in lens.trace(nn.LSTM(3, 4, 2), torch.ones(2, 1, 3)).findings if "train" in f
    ]
    bare = nn.LSTM(3, 4, 2, dropout=0.1)
    assert lens.trace(bare.eval(), XS).findings == []
    bare.train()
    assert [f for f in lens.trace(bare, torch.ones(2, 1, 3)).findings if "train mode" in f]


def test_hooks_of_the_reader_are_left_out_and_counted():
    module = nn.RNN(3, 4)
    module.register_forward_hook(lambda m, a, out: (out[0] * 2, out[1]))
    trace = lens.trace(module, torch.ones(2, 1, 3))
    assert trace.findings == ["The copy was run without the model's 1 hook."]


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("how", ["parametrised", "hook"])
def test_weights_that_are_computed(how):
    module = nn.GRU(3, 4)
    if how == "hook":
        nn.utils.weight_norm(module, "weight_hh_l0")
    else:
        nn.utils.parametrizations.weight_norm(module, "weight_hh_l0")
    xs = torch.randn(5, 2, 3)
    expected = module(xs)[0].detach().numpy()
    trace = lens.trace(module, xs)
    np.testing.assert_allclose(trace.output, expected, atol=1e-6)
    assert trace.findings == []


class Compiled(nn.Module):
    """Holds a module as what torch.compile returns does, without the seconds that takes."""

    def __init__(self, module):
        super().__init__()
        self._orig_mod = module


def test_wrappers_are_taken_off():
    module, xs = nn.LSTM(3, 4), torch.randn(5, 2, 3)
    expected = lens.trace(module, xs)["cell"]
    for wrapped in (nn.DataParallel(module), Compiled(module), nn.Sequential(module)):
        np.testing.assert_array_equal(lens.trace(wrapped, xs)["cell"], expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_number_types_of_the_module(dtype):
    torch.manual_seed(2)
    module, xs = nn.LSTM(3, 4).to(dtype), torch.randn(5, 2, 3, dtype=dtype)
    trace = lens.trace(module, xs)
    assert trace.precision == str(dtype).removeprefix("torch.")
    if dtype == torch.float64:
        assert trace.divergence is None
    else:
        assert 0 < trace.divergence.max() < 0.02
    assert trace["hidden"].dtype == np.float64


def test_a_default_type_or_device_of_the_reader_does_not_matter():
    class Started(nn.LSTM):
        def forward(self, xs):
            return super().forward(xs, (torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)))

    module, xs = Started(3, 4), torch.randn(5, 2, 3)
    expected = lens.trace(module, xs)["d_cell"]
    torch.set_default_device("meta")
    torch.set_default_dtype(torch.float16)
    try:
        found = lens.trace(module, xs)["d_cell"]
        assert torch.get_default_dtype() == torch.float16
        assert torch.get_default_device().type == "meta"
    finally:
        torch.set_default_device(None)
        torch.set_default_dtype(torch.float32)
    np.testing.assert_array_equal(found, expected)


def test_autocast_does_not_reach_the_copy():
    module, xs = nn.GRU(3, 4), torch.randn(5, 2, 3)
    expected = lens.trace(module, xs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = lens.trace(module, xs)
    np.testing.assert_array_equal(found["hidden"], expected["hidden"])
    np.testing.assert_array_equal(found.divergence, expected.divergence)


# What it cannot open


class Steps(nn.Module):
    """A loop of its own over a cell."""

    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(3, 4)


class Twisted(nn.LSTM):
    """Says that it is an LSTM and computes something else."""

    def forward(self, xs, hx=None):
        output, last = super().forward(xs, hx)
        return output * 1.001, last


class Uncopied(nn.LSTM):
    """Holds something that cannot be copied."""

    def __deepcopy__(self, memo):
        raise TypeError("no copies of me")


class Unused(nn.Module):
    """Never calls what it holds."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(3, 4)

    def forward(self, xs):
        return xs


class Strange(nn.LSTM):
    """Returns no pair."""

    def forward(self, xs, hx=None):
        return super().forward(xs, hx)[0].sum()


def two():
    return nn.ModuleDict({"up": nn.LSTM(3, 4), "down": nn.GRU(3, 4)})


def quantised():
    class Linear(nn.Linear):
        pass

    Linear.__module__ = "torch.ao.nn.quantized.dynamic.modules.rnn"
    return nn.Sequential(Linear(3, 4))


XS = torch.ones(5, 2, 3)
CANNOT = {
    "no module": (lambda: 3, {}, "model is an int; expected a torch.nn.Module"),
    "a class": (lambda: nn.LSTM, {}, r"model is a type \(give the object, not the class\)"),
    "a cell": (Steps, {}, "through an nn.LSTMCell at 'cell' in a loop of its own.*nn.LSTM to look"),
    "none": (
        lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU()),
        {},
        r"no recurrent module in this Sequential \(Linear, ReLU\)",
    ),
    "two": (two, {}, r"2 recurrent modules: 'up' \(LSTM\), 'down' \(GRU\); say module="),
    "unknown": (two, {"module": "side"}, "'side' is no recurrent module; the model has: 'up', 'do"),
    "no rnn": (lambda: Tagger(), {"module": "out"}, r"no recurrent module \(it is a Linear\)"),
    "meta": (lambda: nn.LSTM(3, 4, device="meta"), {}, "weight_ih_l0 is on the device 'meta'"),
    "lazy": (
        lambda: nn.Sequential(nn.LazyLinear(3), nn.LSTM(3, 4)),
        {},
        r"0.weight has no shape yet \(a lazy module\); run the model once",
    ),
    "quantised": (quantised, {}, "holds a quantised Linear at '0'"),
    "twisted": (Twisted, {}, "recomputed output differs from the module's own.*allowed is 1e-10"),
    "strange": (Strange, {}, r"returned a Tensor; expected \(output, state\)"),
    "uncopied": (Uncopied, {}, r"could not be copied.*\(TypeError: no copies of me\)"),
    "unused": (Unused, {}, "'rnn' was not called when the model ran"),
    "no loss": (nn.LSTM, {"loss": 3}, "loss is an int; expected a function"),
    "loss of many": (
        nn.LSTM,
        {"loss": lambda y: y[0]},
        r"the loss returned a tensor of shape \(5, 2, 4\); expected a tensor with one number",
    ),
    "loss of none": (nn.LSTM, {"loss": lambda y: None}, "the loss returned None"),
    "loss fails": (
        nn.LSTM,
        {"loss": fail_in_loss},
        r"the loss failed on what the model returned, a tuple of a tensor of shape \(5, 2, 4\), a "
        r"tuple of .* \(ZeroDivisionError: on purpose\)",
    ),
    "features": (
        nn.LSTM,
        {"inputs": torch.ones(5, 2, 7)},
        "does not run on these inputs.*input_size",
    ),
    "empty": (nn.LSTM, {"inputs": torch.ones(5, 0, 3)}, "read an empty batch"),
    "no steps": (nn.LSTM, {"inputs": torch.ones(0, 2, 3)}, "does not run on these inputs"),
    "lengths": (
        nn.LSTM,
        {"lengths": [5, 6]},
        r"lengths is \[5, 6\]; expected numbers from 1 to T = 5",
    ),
    "lengths 0": (nn.LSTM, {"lengths": [5, 0]}, "expected numbers from 1 to T = 5"),
    "one length": (nn.LSTM, {"lengths": [5]}, r"lengths is \[5\]; expected 2 whole numbers"),
    "half lengths": (nn.LSTM, {"lengths": [5.5, 2]}, "expected 2 whole numbers, one a sample"),
    "flat": (nn.LSTM, {"lengths": [5], "inputs": XS[:, 0]}, "a padded tensor of three axes"),
    "tuple": (nn.LSTM, {"lengths": [5, 2], "inputs": (XS, None)}, "beside a tuple of inputs"),
    "inside": (
        lambda: Tagger(),
        {"lengths": [5]},
        "lengths can be given to a bare .* 'lstm' is up to its forward",
    ),
    "both": (lambda: Tagger(), {"lengths": [5], "state": 1}, "lengths and state can be given"),
    "state": (nn.LSTM, {"state": torch.ones(1, 2, 4)}, "does not run on these inputs"),
}


@pytest.mark.parametrize("name", CANNOT)
def test_what_cannot_be_opened_is_said_in_one_line(name):
    make, options, words = CANNOT[name]
    model = make(3, 4) if isinstance(make, type) and issubclass(make, nn.LSTM) else make()
    options = {"inputs": XS, **options}
    kind = TypeError if name in ("no module", "a class", "no loss") else lens.LensError
    with pytest.raises(kind, match=words) as caught:
        lens.trace(model, **options)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_torchscript_and_real_quantised_modules():
    scripted = torch.jit.script(nn.LSTM(3, 4))
    for model in (scripted, nn.Sequential(nn.Linear(3, 3), scripted)):
        with pytest.raises(lens.LensError, match="TorchScript"):
            lens.trace(model, XS)
    model = nn.Sequential(nn.LSTM(3, 4))
    small = torch.ao.quantization.quantize_dynamic(copy.deepcopy(model), {nn.LSTM})
    with pytest.raises(lens.LensError, match="quantised LSTM"):
        lens.trace(small, XS)


def test_a_wrong_gate_is_found(monkeypatch):
    """The check compares every step with the module, so a slip in a formula cannot pass."""
    from utils.lens import layers

    right = layers._gru_values

    def swapped(done, from_x, from_h, h_prevs):
        values, _ = right(done, from_x, from_h, h_prevs)
        z, n = values["update_gate"], values["candidate"]
        return values, h_prevs + z * (n - h_prevs)

    monkeypatch.setitem(layers._VALUES, "gru", swapped)
    with pytest.raises(lens.LensError, match="recomputed hidden state, layer 0, forward direction"):
        lens.trace(nn.GRU(3, 4), XS)


def test_an_error_of_the_smallest_size_is_found(monkeypatch):
    from utils.lens import layers

    right = layers._lstm_values

    def bent(done, from_x, from_h, h_prevs):
        values, again = right(done, from_x, from_h, h_prevs)
        again[-1, 0, 0] += 2e-10
        return values, again

    monkeypatch.setitem(layers._VALUES, "lstm", bent)
    with pytest.raises(lens.LensError, match=r"first at index \(4, 0, 0\)"):
        lens.trace(nn.LSTM(3, 4), XS)


# As a script


SCRIPT = """
import importlib.abc, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("ipywidgets", "IPython", "matplotlib", "anywidget"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
import torch
from utils import lens

torch.manual_seed(0)
xs = torch.nn.utils.rnn.pack_padded_sequence(torch.randn(5, 2, 3), [5, 3])
trace = lens.trace(torch.nn.LSTM(3, 4, 2, bidirectional=True), xs)
table = trace.table()
assert set(table["quantity"]) == set(trace.names) and len(table) == 8 * 4 * 8 * 4
trace.saturation(), trace.half_life(), trace.total_gains().reach(), trace.tracking(range(5))
try:
    lens.explore
except ImportError as error:
    print(trace, error)
"""


def test_it_works_in_a_script_without_jupyter():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "Trace(lstm, 2 layers, forward and backward, T = 5, B = 2, H = 4" in done.stdout
    assert "is blocked" in done.stdout


def test_names_of_the_package():
    assert "explore" in lens.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        lens.nothing  # noqa: B018
    packed = pack_padded_sequence(XS, [5, 3])
    assert lens.trace(nn.LSTM(3, 4), packed).lengths.tolist() == [5, 3]
