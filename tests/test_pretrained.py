"""Stored models: up to date, small, as good as they say, and refused where something is wrong."""

import asyncio
import doctest
import json
import pickle
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from pretrained import composer as composer_script
from pretrained import dates as dates_script
from pretrained import recipe, runner
from utils.data import dates, tunes
from utils.pytorch import stored
from utils.pytorch.decoding import beam_search, compose, greedy
from utils.pytorch.models import Classifier, Composer
from utils.pytorch.stored import StoredWeightsError, load_model, load_weights, save_weights
from utils.pytorch.training import composer_loss, evaluate, make_step, translation_loss
from utils.training import train, train_async

RECIPES = {recipe.name: recipe for recipe in runner.RECIPES}


def tiny(seed=0):
    torch.manual_seed(seed)
    return Composer(5, 2, 3)


SETTINGS = {"model": {"kind": "Composer", "arguments": {"V": 5, "D": 2, "H": 3}}, "updates": 3}
MEASURED = {"accuracy": {"estimate": 0.5, "low": 0.2, "high": 0.8, "n": 10}}


@pytest.fixture
def folder(tmp_path):
    save_weights(tiny(), "tiny", SETTINGS, MEASURED, "0123", tmp_path)
    return tmp_path


# --- what is stored ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECIPES)
def test_stored_weights_are_up_to_date(name):
    assert RECIPES[name].state() == "up to date", "run `make pretrained`"
    about = stored.read_about(name)
    assert about.settings == RECIPES[name].settings


def test_every_file_has_its_recipe_and_all_are_small():
    assert set(stored.names()) == set(RECIPES)
    sizes = [stored.read_about(name).kilobytes for name in RECIPES]
    assert max(sizes) < 1000
    assert sum(sizes) < 3000


@pytest.mark.parametrize("name", RECIPES)
def test_stored_weights_fit_their_models(name):
    model, about = load_model(name)
    assert not model.training
    assert about.name == name
    of = about.measured["accuracy"]
    assert 0 <= of["low"] <= of["estimate"] <= of["high"] <= 1
    assert name in str(about)
    for value in model.state_dict().values():
        torch.testing.assert_close(
            value, value.half().float()
        )  # what is stored is what was measured


def test_the_translator_is_as_good_as_it_says():
    """On dates drawn anew; the interval of 320 dates is wider than that of the stored accuracy."""
    model, about = load_model("dates")
    assert about.measured["accuracy"]["low"] > 0.9
    languages = about.measured["languages"]
    assert set(languages) == set(dates.LANGUAGES)
    assert len(languages) >= 10
    assert min(of["estimate"] for of in languages.values()) > 0.8
    found = dates_script.measure(model, seed=12, per_language=20)["accuracy"]
    assert found["high"] >= about.measured["accuracy"]["low"]
    assert found["low"] <= about.measured["accuracy"]["high"]


def test_attention_is_what_the_other_translator_lacks():
    (model, with_it), (other, without) = map(load_model, ("dates", "dates_without_attention"))
    assert without.measured["accuracy"]["high"] < with_it.measured["accuracy"]["low"]
    assert other.attention is None
    settings = [
        {**about.settings, "model": None, "attention": None} for about in (with_it, without)
    ]
    assert settings[0] == settings[1]
    arguments = [about.settings["model"]["arguments"] for about in (with_it, without)]
    assert {**arguments[0], "attention": False} == arguments[1]
    assert model.attention is not None


def test_the_translator_translates():
    model, _ = load_model("dates")
    for text, iso in [("3 september 2021", "2021-09-03"), ("2021年9月3日", "2021-09-03")]:
        xs = dates.encode(text)
        said = greedy(model, xs[:, None], max_steps=11)
        assert dates.decode_iso(said.tokens[:, 0]) == iso
        beam = beam_search(model, xs, width=3, max_steps=11)
        assert dates.decode_iso(np.array(beam.best.tokens)) == iso


def test_the_composer_knows_more_than_the_most_frequent_note():
    model, about = load_model("composer")
    measured = about.measured
    now = composer_script.measure(model)
    for entry in ("accuracy", "seen", "most frequent", "after the last"):
        assert now[entry]["estimate"] == pytest.approx(measured[entry]["estimate"], abs=0.02)
    assert measured["accuracy"]["estimate"] > 1.5 * measured["most frequent"]["estimate"]
    for seed in range(3):
        events = compose(model, [tunes.START], 40, np.random.default_rng(seed))
        assert len(events) >= 5
        tunes.to_samples(tunes.decode(np.array(events)))


# --- training goes on -------------------------------------------------------------------------


def test_training_goes_on_from_stored_weights_and_holds():
    """Live, as `train_live` does it, with a rate for models that know their task."""
    model, _ = load_model("dates")
    rng = np.random.default_rng(5)
    test = dates.batch(np.random.default_rng(6), 100, "held_out")
    before = evaluate(model, translation_loss, test)
    step = make_step(model, translation_loss, lambda: dates.batch(rng, 32), learning_rate=3e-4)
    history = asyncio.run(train_async(step, 15))
    after = evaluate(model, translation_loss, test)
    assert history.ended == "finished"
    assert np.mean(history.losses) < 0.5
    assert after["loss"] < before["loss"] + 0.05
    assert after["accuracy"] > before["accuracy"] - 0.01


def test_the_composer_learns_on():
    model, _ = load_model("composer")
    rng = np.random.default_rng(0)
    seen = tunes.batch(np.random.default_rng(1), 8)
    before = evaluate(model, composer_loss, seen)["loss"]
    history = train(make_step(model, composer_loss, lambda: tunes.batch(rng, 8), 1e-3), 12)
    assert history.ended == "finished"
    assert evaluate(model, composer_loss, seen)["loss"] < before + 0.02


# --- files ------------------------------------------------------------------------------------


def test_saving_and_loading(folder):
    model = tiny(seed=1)
    about = load_weights(model, "tiny", folder)
    assert (about.settings, about.measured, about.made) == (SETTINGS, MEASURED, "0123")
    right = tiny()
    stored.round_weights(right)
    for name, value in right.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value, rtol=0, atol=0)
    built, _ = load_model("tiny", folder)
    torch.testing.assert_close(built.state_dict(), right.state_dict())
    assert stored.names(folder) == ["tiny"]
    double = tiny(seed=2).double()
    load_weights(double, "tiny", folder)
    assert double.output.weight.dtype == torch.float64


def test_the_same_weights_make_the_same_bytes(folder, tmp_path):
    first = (folder / "tiny.npz").read_bytes()
    save_weights(tiny(), "tiny", SETTINGS, MEASURED, "0123", folder)
    assert (folder / "tiny.npz").read_bytes() == first
    assert [path.name for path in folder.iterdir()] == ["tiny.npz"]  # nothing is left behind


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            Composer(5, 2, 4),
            "recurrent.weight_ih_l0 has shape (12, 2) in the weights 'tiny' and (16, 2) in the "
            "model; expected the same.",
        ),
        (Composer(6, 2, 3), "embedding.weight has shape (5, 2) in the weights 'tiny' and (6, 2)"),
        (Composer(5, 2, 3, "gru"), "recurrent.weight_ih_l0 has shape (12, 2) in the weights"),
        (
            Composer(5, 2, 3, layers=2),
            "The weights 'tiny' lack recurrent.bias_hh_l1, recurrent.bias_ih_l1, recurrent.wei",
        ),
        (
            torch.nn.Linear(3, 5),
            "The weights 'tiny' lack bias, weight and hold embedding.weight, output.bias, outpu",
        ),
        (Classifier(5, 2, 3, 4), "output.weight has shape (5, 3) in the weights 'tiny' and (4, 3)"),
    ],
)
def test_another_model_is_refused_and_stays_as_it_is(folder, model, message):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(StoredWeightsError, match="^" + re.escape(message)):
        load_weights(model, "tiny", folder)
    torch.testing.assert_close(dict(model.state_dict()), before)


def test_a_wrong_shape_names_both(folder):
    with np.load(folder / "tiny.npz") as file:
        arrays = dict(file)
    arrays["output.bias"] = np.zeros(7, np.float16)
    np.savez(folder / "tiny.npz", **arrays)
    message = (
        r"^output\.bias has shape \(7,\) in the weights 'tiny' and \(5,\) in the model; expected "
        r"the same\.$"
    )
    with pytest.raises(StoredWeightsError, match=message):
        load_weights(tiny(), "tiny", folder)


@pytest.mark.parametrize("bad", [np.full(5, np.nan, np.float16), np.array(list("abcde"))])
def test_what_is_no_finite_number_is_refused(folder, bad):
    with np.load(folder / "tiny.npz") as file:
        arrays = dict(file)
    arrays["output.bias"] = bad
    np.savez(folder / "tiny.npz", **arrays)
    with pytest.raises(StoredWeightsError, match=r"^output\.bias in the weights 'tiny' holds no f"):
        load_weights(tiny(), "tiny", folder)


def test_missing_weights(tmp_path):
    message = r"^There are no stored weights 'x'; there are: none\. To train them, run: python -m p"
    with pytest.raises(StoredWeightsError, match=message):
        load_model("x", tmp_path)
    with pytest.raises(StoredWeightsError, match="there are: composer, dates, "):
        load_model("x")


class Trap:
    """Leaves a trace when it is unpickled."""

    def __reduce__(self):
        return (open, ("trap.txt", "w"))


def test_a_file_cannot_run_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trap = np.empty(1, dtype=object)
    trap[0] = Trap()
    np.savez(tmp_path / "trap.npz", about=trap)
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps(Trap()))
    for name in ("trap", "pickle"):
        with pytest.raises(StoredWeightsError, match=rf"^{name}\.npz is no file of weights \("):
            load_model(name, tmp_path)
    assert not (tmp_path / "trap.txt").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"text"])
def test_a_broken_file_is_refused(tmp_path, content):
    (tmp_path / "broken.npz").write_bytes(content)
    with pytest.raises(StoredWeightsError, match=r"^broken\.npz is no file of weights .* anew, r"):
        load_model("broken", tmp_path)


def test_a_file_without_its_text_is_refused(tmp_path):
    np.savez(tmp_path / "bare.npz", **{"output.bias": np.zeros(5)})
    with pytest.raises(StoredWeightsError, match=r"^bare\.npz is no file of weights \(KeyError"):
        load_model("bare", tmp_path)


def test_an_unknown_class_is_not_built(folder):
    settings = {"model": {"kind": "Popen", "arguments": {}}}
    save_weights(tiny(), "other", settings, MEASURED, "0", folder)
    with pytest.raises(StoredWeightsError, match=r"^kind is 'Popen'; expected one of 'Classifier'"):
        load_model("other", folder)


# --- recipes and the command ------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch):
    """The composer's recipe, made small, as the only one."""
    settings = json.loads(json.dumps(composer_script.SETTINGS["composer"]))
    settings["model"]["arguments"] |= {"D": 4, "H": 6}
    small = replace(RECIPES["composer"], settings={**settings, "updates": 2})
    monkeypatch.setattr(runner, "RECIPES", (small,))
    return small


def test_a_recipe_is_stale_after_a_change_of_settings_or_code(small, tmp_path):
    assert small.state(tmp_path) == "missing"
    made = small.make(folder=tmp_path)
    assert made.settings == small.settings
    assert small.state(tmp_path) == "up to date"
    assert replace(small, settings={**small.settings, "seed": 9}).state(tmp_path) == "stale"
    assert replace(small, script=RECIPES["dates"].script).state(tmp_path) == "stale"
    (tmp_path / "composer.npz").write_bytes(b"x")
    assert small.state(tmp_path) == "unreadable"


def test_the_code_that_counts():
    found = set(recipe.fingerprint.sources(RECIPES["dates"].script))
    assert found >= {"utils.data.dates", "utils.pytorch.models", "utils.pytorch.training"}
    assert not {"utils.data.tunes", "utils.data.entities"} & found


def test_training_is_the_same_each_time(small, tmp_path):
    files = []
    for name in ("a", "b"):
        small.make(folder=tmp_path / name)
        files.append((tmp_path / name / "composer.npz").read_bytes())
    assert files[0] == files[1]


def test_the_command(small, tmp_path, capsys, monkeypatch):
    for variable in ("ONLY", "CHECK", "FRESH"):
        monkeypatch.delenv(variable, raising=False)
    assert runner.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().out == "composer  missing\n"
    assert runner.main([], tmp_path) == 0
    out = capsys.readouterr().out
    assert "composer: " in out
    assert "right on held-out data" in out
    for words in (["composer"], ["--only", "composer"], ["--only", "composer,composer"]):
        assert runner.main([*words, "--check"], tmp_path) == 0
        assert capsys.readouterr().out == "composer  up to date\n"
    before = (tmp_path / "composer.npz").stat().st_mtime_ns
    assert runner.main([], tmp_path) == 0
    assert (tmp_path / "composer.npz").stat().st_mtime_ns == before
    assert runner.main(["--fresh"], tmp_path) == 0
    assert (tmp_path / "composer.npz").stat().st_mtime_ns > before
    monkeypatch.setenv("ONLY", "opera")
    assert runner.main([], tmp_path) == 2
    assert "error: there is no model 'opera'; there are composer." in capsys.readouterr().err
    assert runner.main(["--only", "composer"], tmp_path) == 0


def test_a_training_that_fails_keeps_what_was_there(small, tmp_path, capsys, monkeypatch):
    runner.main([], tmp_path)
    before = (tmp_path / "composer.npz").read_bytes()

    def fails(settings, report):
        raise RuntimeError("Diverged at step 7.")

    monkeypatch.setattr(runner, "RECIPES", (replace(small, run_job=fails),))
    assert runner.main(["--fresh"], tmp_path) == 1
    assert "error: composer: Diverged at step 7." in capsys.readouterr().err
    assert (tmp_path / "composer.npz").read_bytes() == before


def test_an_interrupted_training_stores_nothing(small, tmp_path, monkeypatch, capsys):
    def interrupted(record):
        raise KeyboardInterrupt

    with pytest.raises(RuntimeError, match=r"^Interrupted"):
        small.make(interrupted, tmp_path)
    assert small.state(tmp_path) == "missing"

    def by_hand(settings, report):
        return small.run_job(settings, interrupted)

    monkeypatch.setattr(runner, "RECIPES", (replace(small, run_job=by_hand),))
    assert runner.main([], tmp_path) == 130


def test_accuracy_holds_its_interval():
    assert recipe.accuracy(90, 100) == {"estimate": 0.9, "low": 0.8256, "high": 0.9448, "n": 100}


def test_the_guesses_of_the_composer():
    frequent, after = composer_script.guesses()
    assert 0 < frequent["estimate"] < after["estimate"] < 1
    assert frequent["n"] == sum(len(tunes.TUNES[name].notes) + 1 for name in tunes.HELD_OUT)


def test_examples_in_the_docstrings():
    result = doctest.testmod(stored)
    assert result.attempted >= 2
    assert result.failed == 0
