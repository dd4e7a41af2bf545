"""Live figures of chapter 10: what they compute, both ends of every control, what they say."""

import base64
import io
import re
import wave

import numpy as np
import pytest
import torch

from tests.helpers import visit_ends
from utils.data import dates, tunes
from utils.pytorch.decoding import beam_search
from utils.pytorch.models import Composer, EncoderDecoder
from utils.widgets import explore_beam_search, explore_composer, explore_packing
from utils.widgets.chapter10 import (
    READERS,
    RECALL,
    audio_element,
    compute_packing,
    compute_tree,
    compute_tune,
)


@pytest.fixture(scope="module")
def composer():
    torch.manual_seed(0)
    return Composer(len(tunes.VOCABULARY), 8, 12).eval()


@pytest.fixture(scope="module")
def translator():
    torch.manual_seed(0)
    return EncoderDecoder(len(dates.SOURCE), len(dates.TARGET), 8, 12).eval()


def test_both_ends_of_packing():
    live = explore_packing()
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 10
    assert len({visit.pixels.tobytes() for visit in visits}) > 10
    assert live.full_redraws == 1
    assert all(control.description for control in live.controls.values())
    assert {"image/png", "text/html", "text/plain"} <= set(live._repr_mimebundle_())


def test_packing_starts_with_a_reader_in_the_padding():
    live = explore_packing()
    assert "4 of them padding" in live.alt
    live.set(reader="backwards, packed")
    assert "0 of them padding" in live.alt
    live.set(spread=0.0, reader="backwards, padded")
    assert "0 of them padding" in live.alt
    live.set(step=12)
    assert "reads nothing" in live.alt


def test_readers_read_every_item_once():
    for reader in READERS:
        views = [compute_packing(6, 9, 1.0, 3, reader, step) for step in range(1, 10)]
        lengths = views[0].lengths
        read = [place for view in views for place in view.reads]
        items = {(t, b) for b, n in enumerate(lengths) for t in range(n)}
        assert len(read) == len(set(read))
        assert items <= set(read)
        padding = sum(view.padding_read for view in views)
        assert padding == len(read) - len(items)
        assert (padding == 0) == reader.endswith("packed")
        assert views[0].places == 6 * 9
        assert set(views[0].packing.items) == items
        first = {t for t, _ in views[0].reads}
        assert first == {8 if reader.startswith("backwards") else 0}


def test_packing_has_a_longest_sequence_and_refuses_other_readers():
    for seed in range(10):
        view = compute_packing(3, 7, 1.0, seed, READERS[0], 1)
        assert max(view.lengths) == 7
        assert min(view.lengths) >= 1
    with pytest.raises(ValueError, match="reader is 'sideways'"):
        compute_packing(3, 7, 1.0, 0, "sideways", 1)


def test_both_ends_of_the_composer(composer):
    live = explore_composer(composer)
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 9
    assert live.full_redraws == 1
    assert all(control.description for control in live.controls.values())


def test_composer_is_silent_until_asked(composer):
    live = explore_composer(composer)
    assert live.player.value == ""
    live.set(seed=3)
    assert live.player.value == ""
    live.listen.click()
    assert live.player.value.startswith("<audio controls autoplay ")
    assert 'src="data:audio/wav;base64,' in live.player.value
    assert live.alt in live.player.value
    live.set(temperature=1.2)
    assert live.player.value == ""  # what would be heard is no longer what is shown


def test_tune_begins_with_its_opening_and_is_reproducible(composer):
    opening = tunes.encode(tunes.TUNES["ode_to_joy"].notes[:5])
    notes = compute_tune(composer, 1.0, 2, 12, opening)
    assert notes[:5] == tunes.TUNES["ode_to_joy"].notes[:5]
    assert len(notes) <= 17
    assert notes == compute_tune(composer, 1.0, 2, 12, opening)
    assert notes != compute_tune(composer, 1.0, 3, 12, opening)
    live = explore_composer(composer)
    live.set(opening="ode_to_joy")
    assert "It begins E4, E4, F4, G4, G4" in live.alt


def test_a_melody_that_ends_at_once_is_shown_and_not_played():
    mute = Composer(len(tunes.VOCABULARY), 4, 4).eval()
    with torch.no_grad():
        mute.output.bias[tunes.END] = 1000.0
    assert compute_tune(mute, 1.0, 0, 10) == ()
    live = explore_composer(mute)
    assert "writes 0 notes" in live.alt
    live.listen.click()
    assert live.player.value == ""


def test_audio_element_holds_the_samples():
    samples = np.sin(np.linspace(0, 20, 500))
    element = audio_element(samples, 8000, 'a "tone" & more')
    assert "autoplay" not in element
    assert 'aria-label="a &quot;tone&quot; &amp; more"' in element
    data = re.search(r"base64,([^\"]+)", element)[1]
    with wave.open(io.BytesIO(base64.b64decode(data))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        stored = np.frombuffer(sound.readframes(500), "<i2") / 32767
    np.testing.assert_allclose(stored, samples, atol=1 / 32767)


def test_both_ends_of_the_beam(translator):
    live = explore_beam_search(translator, ["3 september 2021", "1/2/1999"])
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) >= 4
    assert live.full_redraws == 1
    assert all(control.description for control in live.controls.values())


def test_beam_says_what_the_search_found(translator):
    live = explore_beam_search(translator, ["3 september 2021"])
    live.set(width=2)
    beam = beam_search(translator, dates.encode("3 september 2021"), 2, max_steps=11)
    assert f"({beam.best.log_probability:.2f})" in live.alt
    assert f"It looks at {len(beam.nodes) - 1} beginnings" in live.alt
    live.set(typed="2021年9月3日 <b>")
    assert "“2021年9月3日 <b>”" in live.alt
    assert any("&lt;b&gt;" in getattr(child, "value", "") for child in live.children)
    with pytest.raises(ValueError, match="examples is empty"):
        explore_beam_search(translator, [])


def test_tree_has_every_kept_node_and_no_crossing(translator):
    beam = beam_search(translator, dates.encode("1/2/1999"), 4, max_steps=11)
    tree = compute_tree(beam, dates.TARGET, most_pruned=3)
    kept = {node.index for node in beam.nodes if node.fate != "pruned"}
    assert kept <= set(tree.places)
    assert {node.index for node in beam.path(beam.best.node)} == {
        child for _, child, fate in tree.edges if fate == "best"
    }
    by_step = {}
    for parent, child, fate in tree.edges:
        assert tree.places[child][0] == tree.places[parent][0] + 1
        assert (fate == "pruned") == (beam.nodes[child].fate == "pruned")
        step = by_step.setdefault(tree.places[child][0], [])
        step.append((tree.places[parent][1], tree.places[child][1], fate))
    for edges in by_step.values():
        edges.sort(key=lambda edge: edge[1])
        parents = [parent for parent, _, _ in edges]
        assert parents == sorted(parents)
        assert sum(fate == "pruned" for _, _, fate in edges) <= 3
        assert all(0 <= child <= 1 for _, child, _ in edges)


def test_models_are_not_changed(composer, translator):
    for model, explore in (
        (composer, explore_composer),
        (translator, lambda m: explore_beam_search(m, ["1/2/1999"])),
    ):
        before = {name: weights.clone() for name, weights in model.state_dict().items()}
        live = explore(model)
        live.redraw()
        assert not model.training
        for name, weights in model.state_dict().items():
            assert torch.equal(weights, before[name])


def test_recall_has_five_questions():
    assert len(RECALL) == 5
    assert all(question.endswith("?") and answer for question, answer in RECALL)
