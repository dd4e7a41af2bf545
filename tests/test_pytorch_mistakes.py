"""Where translators go wrong, on networks that are small and untrained; and bags of words."""

import itertools

import numpy as np
import pytest
import torch

from utils.data import negation
from utils.pytorch.bag import BagOfWords
from utils.pytorch.decoding import greedy, sequence_log_probability
from utils.pytorch.mistakes import judge_search, write_after_slip
from utils.pytorch.models import EncoderDecoder
from utils.pytorch.padding import padding_leak
from utils.pytorch.training import classifier_loss, make_step

V = 5  # pad, start, end, and two letters
LENGTHS = torch.tensor([4, 2, 3])


@pytest.fixture(params=["gru", "lstm"])
def model(request):
    torch.manual_seed(3)
    model = EncoderDecoder(7, V, 4, 6, cell=request.param, start=1)
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(6)  # so that what was read matters
    return model


@pytest.fixture
def xs():
    return torch.tensor(np.random.default_rng(0).integers(1, 7, (4, 3)))


def test_without_a_slip_it_is_greedy(model, xs):
    targets = torch.full((6, 3), 3)
    written = write_after_slip(model, xs, LENGTHS, targets, None, None)
    by_greedy = greedy(model, xs, LENGTHS, 6, end=V + 1).tokens  # no symbol ends it
    np.testing.assert_array_equal(written, by_greedy)
    own = torch.tensor(written)
    for place in range(6):
        again = write_after_slip(model, xs, LENGTHS, own, place, lambda right: right)
        np.testing.assert_array_equal(again, written)


def test_slips_at_every_place_change_nothing_before_them(model, xs):
    targets = torch.full((6, 3), 3)
    without = write_after_slip(model, xs, LENGTHS, targets, None, None)
    moved = 0
    for place in range(6):
        for token in range(V):
            slip = lambda right, token=token: torch.full_like(right, token)  # noqa: E731
            written = write_after_slip(model, xs, LENGTHS, targets, place, slip)
            np.testing.assert_array_equal(written[: place + 1], without[: place + 1])
            moved += (written[place + 1 :] != without[place + 1 :]).sum()
    assert moved > 0


def test_slip_gets_the_right_characters_and_is_read(model, xs):
    targets = torch.tensor(np.random.default_rng(1).integers(3, V, (5, 3)))
    seen = []

    def slip(right):
        seen.append(right.clone())
        return right

    written = write_after_slip(model, xs, LENGTHS, targets, 2, slip)
    assert torch.equal(seen[0], targets[2])
    forced = targets.clone()
    forced[:2] = torch.tensor(written[:2])
    logits = model(xs, LENGTHS, forced)  # reads the same up to and with the slip
    np.testing.assert_array_equal(logits[3].argmax(-1).numpy(), written[3])


def test_slip_outside_the_text_is_refused(model, xs):
    with pytest.raises(ValueError, match="place is 5; expected 0 to 4"):
        write_after_slip(model, xs, LENGTHS, torch.full((5, 3), 3), 5, lambda right: right)


def every_text(steps):
    """All texts of at most so many symbols that end with 2, or are cut off."""
    for n in range(1, steps + 1):
        for text in itertools.product((0, 1, 3, 4), repeat=n - 1):
            yield (*text, 2)


def test_search_is_judged_against_every_text(model):
    rng = np.random.default_rng(4)
    sources = [rng.integers(1, 7, n) for n in (3, 5, 2)]
    best = []
    for source in sources:
        texts = [text for text in every_text(3) if len(text) == 3]
        totals = [sequence_log_probability(model, source, np.array(t)) for t in texts]
        best.append(np.array(texts[int(np.argmax(totals))]))
    results = {width: judge_search(model, sources, best, width) for width in (1, 5)}
    for result in results.values():
        assert result.found + result.missed + result.mistaken == pytest.approx(1)
    assert results[5].log_probability >= results[1].log_probability - 1e-6
    assert results[5].beginnings > results[1].beginnings
    assert 0 < results[1].beginnings <= 3


def test_search_and_model_errors_are_told_apart(model):
    source = np.array([3, 1, 4])
    wide = 4**3
    texts = [np.array(t) for t in every_text(3)]
    totals = np.array([sequence_log_probability(model, source, t) for t in texts])
    least = texts[int(totals.argmin())]
    result = judge_search(model, [source], [least], wide)
    assert result.mistaken == 1
    own = greedy(model, source[:, None], None, 3, end=2).tokens[:, 0]
    if own[-1] == 2:
        assert judge_search(model, [source], [own], 1).found == 1


def test_search_refuses_what_does_not_fit(model):
    with pytest.raises(ValueError, match="there are 1 sources and 2 targets"):
        judge_search(model, [[1]], [[2], [2]], 1)
    with pytest.raises(ValueError, match="there are 0 sources"):
        judge_search(model, [], [], 1)


def test_bag_of_words_ignores_order_and_padding():
    torch.manual_seed(0)
    bag = BagOfWords(9, 3, 2).double()
    words = torch.tensor([[1, 5], [2, 6], [3, 0], [4, 0]])
    lengths = torch.tensor([4, 2])
    logits = bag(words, lengths)
    assert logits.shape == (2, 2)
    torch.testing.assert_close(bag(words[[2, 0, 3, 1], :1]), logits[:1])
    torch.testing.assert_close(bag(words[:2, 1:]), logits[1:])
    leak = padding_leak(bag, words, lengths, np.random.default_rng(0))
    assert leak.worst < 1e-12
    mean = bag.embedding(words[:, 0]).mean(dim=0)
    torch.testing.assert_close(bag.output(mean), logits[0])
    with pytest.raises(ValueError, match="V is 0"):
        BagOfWords(0, 3, 2)


def test_bag_of_words_learns_up_to_its_ceiling():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    bag = BagOfWords(len(negation.VOCABULARY), 16, 2)
    step = make_step(bag, classifier_loss, lambda: negation.batch(rng, 32), 0.03)
    for i in range(80):
        step(i)
    held = negation.batch(np.random.default_rng(1), 600, "held_out")
    assert abs(classifier_loss(bag, held).accuracy - negation.bag_ceiling()) < 0.1
