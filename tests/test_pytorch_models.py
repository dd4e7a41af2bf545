"""The four networks in PyTorch: shapes, padding that never enters, and what the decoder sees."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.pytorch import models
from utils.pytorch.models import Classifier, Composer, EncoderDecoder, Tagger

cells = st.sampled_from(sorted(models.CELLS))
sizes = st.integers(1, 5)
seeds = st.integers(0, 2**31 - 1)


def texts(V, T, B):
    return torch.randint(0, V, (T, B))


def padded(T, B):
    """Lengths with the longest text somewhere and the shortest of one word."""
    lengths = torch.randint(1, T + 1, (B,))
    lengths[B // 2] = T
    return lengths


@settings(max_examples=25)
@given(cells, st.booleans(), st.integers(1, 2), sizes, st.integers(2, 6), seeds)
def test_shapes(cell, both, layers, B, T, seed):
    torch.manual_seed(seed)
    xs, lengths = texts(7, T, B), padded(T, B)
    options = {"cell": cell, "layers": layers}
    assert Classifier(7, 3, 4, 5, both_directions=both, **options)(xs, lengths).shape == (B, 5)
    assert Tagger(7, 3, 4, 5, both_directions=both, **options)(xs, lengths).shape == (T, B, 5)
    logits, state = Composer(7, 3, 4, **options)(xs)
    assert logits.shape == (T, B, 7)
    h = state[0] if isinstance(state, tuple) else state
    assert h.shape == (layers, B, 4)


@settings(max_examples=25)
@given(cells, st.booleans(), st.integers(2, 4), st.integers(2, 6), seeds)
def test_padding_never_enters(cell, both, B, T, seed):
    """A text in a batch gives what it gives alone, whatever the padding is and however long."""
    torch.manual_seed(seed)
    xs, lengths = texts(7, T, B), padded(T, B)
    real = torch.arange(T)[:, None] < lengths
    other = torch.cat([torch.where(real, xs, texts(7, T, B)), texts(7, 2, B)])
    for kind in (Classifier, Tagger):
        model = kind(7, 3, 4, 5, cell=cell, both_directions=both).double()
        one, two = model(xs, lengths), model(other, lengths)
        if kind is Tagger:
            torch.testing.assert_close(one[real], two[:T][real])
        else:
            torch.testing.assert_close(one, two)
        for b, length in enumerate(lengths.tolist()):
            alone = model(xs[:length, b : b + 1])
            together = one[:length, b : b + 1] if kind is Tagger else one[b : b + 1]
            torch.testing.assert_close(alone, together)


def test_the_classifier_reads_the_summary_of_both_directions():
    """Forward state after the last word, backward state after the first: each sees all words."""
    torch.manual_seed(0)
    model = Classifier(7, 3, 4, 2, cell="gru", both_directions=True).double()
    xs = texts(7, 6, 1)
    hs, _ = model.recurrent(model.embedding(xs))
    summary = torch.cat([hs[-1, :, :4], hs[0, :, 4:]], dim=-1)
    torch.testing.assert_close(model(xs), model.output(summary))
    for place in range(6):  # every word counts
        changed = xs.clone()
        changed[place] = (changed[place] + 1) % 7
        assert not torch.allclose(model(changed), model(xs))


def test_the_composer_goes_on_from_its_state():
    torch.manual_seed(0)
    model = Composer(7, 3, 4, layers=2).double()
    xs = texts(7, 6, 2)
    whole, _ = model(xs)
    first, state = model(xs[:4])
    rest, _ = model(xs[4:], state)
    torch.testing.assert_close(torch.cat([first, rest]), whole)


# --- encoder and decoder ----------------------------------------------------------------------

translators = st.builds(
    lambda cell, attention, seed: (torch.manual_seed(seed), EncoderDecoder(9, 8, 3, 4, cell,
                                                                           attention).double())[1],
    cells, st.booleans(), seeds,
)  # fmt: skip


@settings(max_examples=25)
@given(translators, st.integers(2, 4), st.integers(2, 6), st.integers(1, 5))
def test_teacher_forcing_is_the_decoder_step_by_step(model, B, T, S):
    xs, lengths, targets = texts(9, T, B), padded(T, B), texts(8, S, B)
    logits = model(xs, lengths, targets)
    assert logits.shape == (S, B, 8)
    memory = model.encode(xs, lengths)
    y, state = torch.full((B,), model.start), memory.state
    for s in range(S):
        step = model.decode_step(y, state, memory)
        torch.testing.assert_close(step.logits, logits[s])
        y, state = targets[s], step.state
    changed = targets.clone()
    changed[-1] = (changed[-1] + 1) % 8  # the last target is read by no step
    torch.testing.assert_close(model(xs, lengths, changed), logits)


@settings(max_examples=25)
@given(translators, st.integers(2, 4), st.integers(2, 6))
def test_padding_says_nothing_to_the_decoder(model, B, T):
    xs, lengths, targets = texts(9, T, B), padded(T, B), texts(8, 3, B)
    real = torch.arange(T)[:, None] < lengths
    other = torch.cat([torch.where(real, xs, texts(9, T, B)), texts(9, 2, B)])
    torch.testing.assert_close(model(xs, lengths, targets), model(other, lengths, targets))
    memory = model.encode(other, lengths)
    assert memory.mask.sum(dim=0).tolist() == lengths.tolist()
    step = model.decode_step(torch.full((B,), model.start), memory.state, memory)
    if model.attention is None:
        assert step.attention is None
    else:
        assert step.attention.shape == (B, T + 2)
        torch.testing.assert_close(step.attention.sum(dim=1), torch.ones(B).double())
        assert not step.attention[~memory.mask.T].any()
        assert step.attention.min() >= 0


def test_attention_by_hand():
    torch.manual_seed(1)
    model = EncoderDecoder(9, 8, 3, 4, "gru", attention=True).double()
    memory = model.encode(texts(9, 5, 1))
    step = model.decode_step(torch.tensor([1]), memory.state, memory)
    h = step.state[0, 0].detach().numpy()
    states = memory.states[:, 0].detach().numpy()  # (T, 2H)
    scores = states @ model.attention.weight.detach().numpy().T @ h
    weights = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(step.attention[0].detach().numpy(), weights, atol=1e-12)
    W, b = (p.detach().numpy() for p in model.output.parameters())
    logits = W @ np.concatenate([h, weights @ states]) + b
    np.testing.assert_allclose(step.logits[0].detach().numpy(), logits, atol=1e-12)


def test_without_attention_one_vector_is_all():
    torch.manual_seed(1)
    model = EncoderDecoder(9, 8, 3, 4, attention=False)
    memory = model.encode(texts(9, 5, 1))
    blank = memory._replace(states=0 * memory.states)
    y = torch.tensor([1])
    for seen in (memory, blank):
        step = model.decode_step(y, memory.state, seen)
        torch.testing.assert_close(step.logits, model.decode_step(y, memory.state, memory).logits)


# --- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: Tagger(0, 3, 4, 5), ValueError, "V is 0; expected a whole number of at least 1."),
        (lambda: Tagger(7, 3.5, 4, 5), TypeError, "D is 3.5; expected a whole number"),
        (lambda: Tagger(7, 3, 4, 5, "grue"), ValueError, "cell is 'grue'; expected one of 'rnn',"),
        (lambda: Tagger(7, 3, 4, 5, layers=0), ValueError, "layers is 0; expected"),
        (lambda: Tagger(7, 3, 4, 5, dropout=0.5), ValueError, "dropout is 0.5 with 1 layer; it "),
        (lambda: Composer(7, 3, 4, layers=2, dropout=1), ValueError, "dropout is 1; expected"),
        (lambda: EncoderDecoder(9, 8, 3, 4, "x"), ValueError, "cell is 'x'; expected one of"),
        (lambda: Tagger(7, 3, 4, 5)(texts(7, 3, 1)[:, 0]), ValueError, "inputs are (3, 3); expect"),
        (
            lambda: Tagger(7, 3, 4, 5)(texts(7, 3, 2), torch.tensor([3])),
            ValueError,
            "lengths has shape (1,); expected (B,) = (2,).",
        ),
        (
            lambda: Classifier(7, 3, 4, 5)(texts(7, 3, 2), torch.tensor([3, 4])),
            ValueError,
            "lengths holds 4; expected values from 1 to T = 3.",
        ),
    ],
)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        call()
