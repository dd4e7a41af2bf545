"""Padding, masks and packing: what each returns, and that a leak is found where there is one."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from utils.pytorch.padding import (
    last_outputs,
    make_mask,
    masked_loss,
    masked_mean,
    packing,
    pad,
    pad_to,
    padding_leak,
    run_packed,
    turn_round,
)

LENGTHS = torch.tensor([3, 6, 1, 4])
KINDS = pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
lengths_of_any_kind = st.lists(st.integers(1, 6), min_size=1, max_size=5)


@pytest.fixture
def rng():
    torch.manual_seed(0)
    return np.random.default_rng(0)


def draw(rng, lengths=LENGTHS, D=2):
    sequences = [torch.tensor(rng.standard_normal((int(n), D))) for n in lengths]
    return sequences, pad(sequences)


def hidden(state):
    return state[0] if isinstance(state, tuple) else state


@given(lengths_of_any_kind)
def test_padded_sequences_are_all_there(lengths):
    sequences, (xs, found, mask) = draw(np.random.default_rng(1), lengths)
    assert found.tolist() == lengths
    assert xs.shape == (max(lengths), len(lengths), 2)
    assert mask.sum(dim=0).tolist() == lengths
    for b, sequence in enumerate(sequences):
        assert torch.equal(xs[: lengths[b], b], sequence)
        assert not xs[lengths[b] :, b].any()


def test_pad_takes_arrays_words_and_another_value():
    xs, lengths, mask = pad([np.array([4, 5]), [6]], value=9)
    assert xs.tolist() == [[4, 6], [5, 9]]
    assert lengths.tolist() == [2, 1]
    assert mask.tolist() == [[True, True], [True, False]]


def test_mask_reaches_as_far_as_asked_for():
    assert make_mask([2, 1]).tolist() == [[True, True], [True, False]]
    assert make_mask([2, 1], 3).shape == (3, 2)
    assert not make_mask([2, 1], 3)[2].any()


@KINDS
@pytest.mark.parametrize("both", [False, True])
def test_packed_run_is_that_of_each_sequence_alone(kind, both, rng):
    sequences, (xs, lengths, mask) = draw(rng)
    module = kind(2, 3, num_layers=2, bidirectional=both).double()
    output, state = run_packed(module, xs, lengths)
    assert output.shape == (6, 4, 3 + 3 * both)
    assert not output[~mask].any()
    for b, sequence in enumerate(sequences):
        alone, last = module(sequence[:, None])
        torch.testing.assert_close(output[: len(sequence), b], alone[:, 0], rtol=0, atol=1e-12)
        torch.testing.assert_close(hidden(state)[:, b], hidden(last)[:, 0], rtol=0, atol=1e-12)
    if not both:
        torch.testing.assert_close(last_outputs(output, lengths), hidden(state)[-1])


def test_packed_run_batch_first_with_a_state_and_spare_steps(rng):
    _, (xs, lengths, _) = draw(rng)
    module = nn.GRU(2, 3).double()
    first = nn.GRU(2, 3, batch_first=True).double()
    first.load_state_dict(module.state_dict())
    longer = torch.cat([xs, xs[:2]])
    h_0 = torch.tensor(rng.standard_normal((1, 4, 3)))
    output, h_n = run_packed(module, longer, lengths, h_0)
    assert output.shape == (8, 4, 3)
    turned, other = run_packed(first, longer.transpose(0, 1), lengths, h_0)
    torch.testing.assert_close(turned.transpose(0, 1), output)
    torch.testing.assert_close(other, h_n)
    assert not torch.allclose(run_packed(module, longer, lengths)[1], h_n)


def test_means_and_losses_leave_the_padding_out(rng):
    sequences, (xs, _, mask) = draw(rng)
    dirty = torch.where(mask[..., None], xs, torch.tensor(float("nan"), dtype=xs.dtype))
    right = torch.stack([sequence.mean(dim=0) for sequence in sequences])
    torch.testing.assert_close(masked_mean(dirty, mask), right)
    torch.testing.assert_close(masked_mean(dirty[..., 0], mask), right[:, 0])
    losses = torch.cat([sequence[:, 0] for sequence in sequences]).mean()
    torch.testing.assert_close(masked_loss(dirty[..., 0], mask), losses)
    torch.testing.assert_close(masked_loss(xs[..., 0], mask.double().numpy()), losses)


def test_no_gradient_goes_into_the_padding(rng):
    _, (xs, _, mask) = draw(rng)
    xs.requires_grad_()
    (masked_mean(xs, mask).sum() + masked_loss(xs[..., 0], mask)).backward()
    assert not xs.grad[~mask].any()
    assert xs.grad[mask].any()


@given(lengths_of_any_kind)
def test_turning_round_twice_is_nothing(lengths):
    _, (xs, found, mask) = draw(np.random.default_rng(2), lengths)
    turned = turn_round(xs, found)
    assert torch.equal(turn_round(turned, found), xs)
    assert not turned[~mask].any()
    assert torch.equal(turned[0], last_outputs(xs, found))


def test_reading_backwards_is_reading_what_was_turned_round(rng):
    _, (xs, lengths, _) = draw(rng)
    both = nn.GRU(2, 3, bidirectional=True).double()
    back = nn.GRU(2, 3).double()
    back.load_state_dict({n: both.state_dict()[f"{n}_reverse"] for n in back.state_dict()})
    output, h_n = run_packed(both, xs, lengths)
    turned, last = run_packed(back, turn_round(xs, lengths), lengths)
    torch.testing.assert_close(output[..., 3:], turn_round(turned, lengths))
    torch.testing.assert_close(h_n[1], last[0])


@given(lengths_of_any_kind)
def test_packing_says_what_torch_packs(lengths):
    order, sizes, items = packing(lengths)
    assert sum(sizes) == sum(lengths) == len(set(items))
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[b] for b in order] == sorted(lengths, reverse=True)
    assert list(sizes) == [sum(n > t for n in lengths) for t in range(max(lengths))]
    assert [t for t, _ in items] == [t for t, size in enumerate(sizes) for _ in range(size)]
    assert all(t < lengths[b] for t, b in items)


@KINDS
def test_leaks_are_found_and_cures_are_clean(kind, rng):
    _, (xs, lengths, _) = draw(rng)
    one, two = (kind(2, 3, bidirectional=both).double() for both in (False, True))
    leaky = [
        lambda x, n: one(x)[0][-1],
        lambda x, n: one(x)[0].mean(dim=0),
        lambda x, n: hidden(two(x)[1])[-1],
        lambda x, n: one(x)[0].square().mean(),
    ]
    clean = [
        lambda x, n: last_outputs(one(x)[0], n),
        lambda x, n: masked_mean(one(x)[0], make_mask(n, len(x))),
        lambda x, n: hidden(run_packed(two, x, n)[1])[-1],
        lambda x, n: masked_loss(one(x)[0].square().sum(dim=-1), make_mask(n, len(x))),
    ]
    for read in leaky:
        leak = padding_leak(read, xs, lengths, rng)
        assert min(leak) > 1e-3
        assert leak.worst == max(leak)
    for read in clean:
        assert padding_leak(read, xs, lengths, rng).worst < 1e-12


def test_a_leak_by_the_number_of_steps_alone_is_found(rng):
    _, (xs, lengths, _) = draw(rng)
    leak = padding_leak(
        lambda x, n: (x * make_mask(n, len(x))[..., None]).mean(dim=0), xs, lengths, rng
    )
    assert leak.changed == 0 < leak.longer


def test_leak_of_words_stays_in_the_vocabulary_and_on_the_inputs(rng):
    words, lengths, mask = pad([torch.tensor([1, 4, 2]), torch.tensor([3])])
    before, seen = words.clone(), []
    embedding = nn.Embedding(5, 2)

    def read(x, n):
        seen.append(x)
        return embedding(x)[-1]

    assert padding_leak(read, words, lengths, rng, extra=2).worst > 0
    assert torch.equal(words, before)
    assert len(seen) == 3
    assert seen[2].shape == (5, 2)
    assert all(torch.equal(x[:3][mask], words[mask]) for x in seen)


def test_errors_name_what_was_given(rng):
    _, (xs, lengths, mask) = draw(rng)
    module = nn.GRU(2, 3).double()
    with pytest.raises(TypeError, match="sequences is a Tensor; expected a list"):
        pad(xs)
    with pytest.raises(ValueError, match="sequences is empty"):
        pad([])
    with pytest.raises(ValueError, match="sequences holds nothing at position 1"):
        pad([[1], []])
    with pytest.raises(ValueError, match=r"items of shape \(3,\) at position 1; expected \(2,\)"):
        pad([torch.ones(1, 2), torch.ones(1, 3)])
    with pytest.raises(TypeError, match=r"lengths holds torch\.float32; expected whole"):
        make_mask(torch.tensor([1.5]))
    with pytest.raises(ValueError, match="lengths holds 0; expected values from 1"):
        make_mask([2, 0])
    with pytest.raises(ValueError, match="lengths holds 7; expected values from 1 to T = 6"):
        last_outputs(xs, [7, 1, 1, 1])
    with pytest.raises(ValueError, match=r"lengths has shape \(2,\); expected \(B,\) = \(4,\)"):
        run_packed(module, xs, [1, 2])
    with pytest.raises(TypeError, match=r"module is a Linear; expected nn\.RNN"):
        run_packed(nn.Linear(2, 3), xs, lengths)
    with pytest.raises(ValueError, match=r"mask has shape \(4, 6\); expected \(6, 4\)"):
        masked_mean(xs, mask.T)
    with pytest.raises(ValueError, match="mask has no item for sequence 1"):
        masked_mean(xs, mask * torch.tensor([1, 0, 1, 1]))
    with pytest.raises(ValueError, match="mask has no item; expected at least one"):
        masked_loss(xs[..., 0], torch.zeros(6, 4))
    with pytest.raises(ValueError, match="lengths are all 6; expected a sequence with padding"):
        padding_leak(lambda x, n: x.sum(), xs, [6] * 4, rng)
    with pytest.raises(ValueError, match=r"xs is of shape \(3,\); expected a tensor with axes"):
        turn_round(torch.ones(3), [1])


@given(lengths_of_any_kind, st.integers(0, 4), st.booleans())
def test_padding_goes_where_it_is_asked_for(lengths, more, front):
    sequences, (xs, found, _) = draw(np.random.default_rng(3), lengths)
    T = max(lengths) + more
    moved = pad_to(xs, found, T, front, value=7.0)
    assert moved.shape == (T, len(lengths), 2)
    for b, sequence in enumerate(sequences):
        start = T - len(sequence) if front else 0
        assert torch.equal(moved[start : start + len(sequence), b], sequence)
        rest = torch.cat([moved[:start, b], moved[start + len(sequence) :, b]])
        assert (rest == 7.0).all()
    if more == 0 and not front:
        assert torch.equal(pad_to(xs, found, T), xs)
    if max(lengths) > 1:
        with pytest.raises(ValueError, match=f"expected values from 1 to T = {max(lengths) - 1}"):
            pad_to(xs, found, max(lengths) - 1)
