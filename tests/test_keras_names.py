"""What Keras returns, said in NumPy, is what Keras returned; torch with its weights agrees."""

import numpy as np
import pytest
import torch

from tests import keras_reference as reference
from utils.cells import gru_step, init_gru_weights, init_lstm_weights, init_rnn_weights
from utils.interop import to_torch
from utils.keras_names import MERGE_MODES, from_keras, keras_bidirectional, keras_layer, to_keras

STORED, VERSION = reference.load()
XS = STORED["xs"]
kinds = pytest.mark.parametrize("kind", reference.KINDS)
INITS = {"rnn": init_rnn_weights, "lstm": init_lstm_weights, "gru": init_gru_weights}


def weights_of(name):
    return reference.outputs_of(STORED, f"weights/{name}")


def same(result, case):
    result = result if isinstance(result, tuple) else (result,)
    wanted = reference.outputs_of(STORED, case)
    assert len(result) == len(wanted), case
    for got, right in zip(result, wanted, strict=True):
        assert got.shape == right.shape, case
        np.testing.assert_allclose(got, right, rtol=0, atol=2e-6, err_msg=case)


def test_reference_is_of_keras_3_and_covers_every_case():
    assert VERSION.startswith("3.")
    assert set(reference.MODES) == set(MERGE_MODES)
    for kind in reference.KINDS:
        cases = {name.split("/")[1] for name in STORED if name.startswith(f"{kind}/")}
        assert len(cases) >= len(reference.PLAIN) + 1 + 2 + 4 * len(MERGE_MODES)


@kinds
def test_each_way_to_call_a_layer(kind):
    weights = from_keras(kind, weights_of(kind))
    for name, options in reference.PLAIN.items():
        same(keras_layer(XS, weights, **options), f"{kind}/{name}")
    both = {"return_sequences": True, "return_state": True}
    start = reference.outputs_of(STORED, f"start/{kind}")
    same(keras_layer(XS, weights, initial_state=start, **both), f"{kind}/start")
    for name in reference.MASKS:
        mask = reference.make_mask(name)
        same(keras_layer(XS, weights, mask=mask, **both), f"{kind}/mask {name}")


@kinds
def test_each_merge_mode(kind):
    for mode in MERGE_MODES:
        for sequences in (False, True):
            arrays = weights_of(f"{kind} {mode} {sequences}")
            pair = from_keras(kind, arrays[:3]), from_keras(kind, arrays[3:])
            options = {
                "merge_mode": mode,
                "return_sequences": sequences,
                "return_state": True,
            }
            case = f"{kind}/bidirectional {mode} {sequences}"
            same(keras_bidirectional(XS, *pair, **options), case)
            mask = reference.make_mask("end")
            same(keras_bidirectional(XS, *pair, mask=mask, **options), f"{case} masked")


def test_merged_without_states_is_the_first_of_what_it_returns():
    pair = (from_keras("gru", weights_of("gru")),) * 2
    for mode in MERGE_MODES[:-1]:
        alone = keras_bidirectional(XS, *pair, merge_mode=mode)
        with_state = keras_bidirectional(XS, *pair, merge_mode=mode, return_state=True)
        np.testing.assert_array_equal(alone, with_state[0])
    two = keras_bidirectional(XS, *pair, merge_mode=None)
    assert len(two) == 2


@kinds
def test_weights_there_and_back(kind):
    rng = np.random.default_rng(0)
    weights = INITS[kind](2, 3, rng)
    weights = type(weights)(*(rng.normal(size=array.shape) for array in weights))
    arrays = to_keras(weights)
    assert [a.shape for a in arrays] == [a.shape for a in weights_of(kind)]
    for got, right in zip(from_keras(kind, arrays), weights, strict=True):
        np.testing.assert_array_equal(got, right)
    arrays[0][:] = 0  # copies
    assert weights[0].any()


@kinds
def test_torch_computes_what_keras_returned(kind):
    module = to_torch(from_keras(kind, weights_of(kind)), batch_first=True)
    output = module(torch.tensor(XS))[0].detach().numpy()
    same(output, f"{kind}/sequences")


def test_gru_with_one_bias_resets_before_the_product():
    weights = from_keras("gru", weights_of("gru before"))
    assert not weights.b_hn.any()
    h = np.zeros((len(XS), 3), np.float32)
    for t in range(XS.shape[1]):
        h = gru_step(XS[:, t], h, weights, reset_after=False).h_t
    same(h, "gru/before")
    with pytest.raises(AssertionError):
        same(keras_layer(XS, weights), "gru/before")


def test_errors_name_what_was_given():
    weights = from_keras("lstm", weights_of("lstm"))
    with pytest.raises(ValueError, match="kind is 'mamba'"):
        from_keras("mamba", [])
    with pytest.raises(ValueError, match="arrays has 2 entries; expected kernel"):
        from_keras("rnn", weights_of("rnn")[:2])
    with pytest.raises(ValueError, match=r"recurrent_kernel has shape \(3, 12\)"):
        from_keras("gru", weights_of("lstm"))
    with pytest.raises(TypeError, match="weights is a list; expected RNNWeights"):
        to_keras([1])
    with pytest.raises(TypeError, match="weights is None; expected RNNWeights"):
        keras_layer(XS, None)
    with pytest.raises(ValueError, match=r"initial_state has 1 arrays; expected 2\."):
        keras_layer(XS, weights, initial_state=[np.zeros((3, 3))])
    with pytest.raises(ValueError, match=r"mask holds 0\.5"):
        keras_layer(XS, weights, mask=np.full((3, 4), 0.5))
    with pytest.raises(ValueError, match="mask has shape"):
        keras_layer(XS, weights, mask=np.ones((4, 3)))
    with pytest.raises(ValueError, match="merge_mode is 'add'; expected one of"):
        keras_bidirectional(XS, weights, weights, merge_mode="add")
