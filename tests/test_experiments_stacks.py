"""C18 and C19: the rules on made-up rows, the tasks of stacks, and runs of a few updates."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import stacked_steps
from experiments import c18_both_directions as c18
from experiments import c19_depth as c19
from experiments import stacked_training as training
from utils.data import entities
from utils.stacked_model import count_parameters, init_stacked_model

NAN = float("nan")


def spread(job):
    return 0.001 * (job["seed"] % 10)


def both_ways(scores, preferred=None):
    """Return a row for each job of C18.

    Parameters
    ----------
    scores : dict
        By task, the scores of the three readers; of the entities pairs, whole and online. A whole
        number says how many of ten runs succeed.
    preferred : function, optional
        Gives the learning rate that the selection runs prefer.
    """
    preferred = preferred or (lambda job: c18.SETTINGS["learning_rates"][c18.arm(job)])
    rows = []
    for job in c18.jobs():
        found = scores[job["task"]][c18.READERS.index(job["reader"])]
        online = need_right = NAN
        if job["task"] == c18.ENTITIES:
            (found, online), need_right = found, 0.5
        if isinstance(found, int):
            found = 1.0 if job["seed"] < found else 0.5
        else:
            found += spread(job)
        row = {"units": 8, "parameters": 900, "budget": 9, "learnt": 1, "updates": 300}
        row |= {"loss": 0.1, "score": found, "online": online + spread(job)}
        row |= {"need_right": need_right, "other_words": need_right}
        half = 0.6 if "agreement" in job["task"] and job["reader"] != c18.FORWARD else NAN
        row |= {"forward_half": half, "backward_half": half + 0.3, "largest_norm": 2.0}
        if job["phase"] == "select":
            row |= {"loss": float(job["learning_rate"] != preferred(job)), "score": 1.0}
        rows.append({**job, **row})
    return pd.DataFrame(rows)


NEAR, FAR = (f"agreement, {words} words" for words in (40, 200))
USUAL = {
    c18.ENTITIES: [(0.85, 0.85), (0.99, 0.8), (0.99, 0.8)],
    NEAR: [10, 10, 10],
    FAR: [0, 10, 10],
    "copying": [10, 10, 9],
    c18.TEXT: [3.0, 2.98, 3.2],
}
ALWAYS = {
    c18.ENTITIES: [(0.85, 0.85), (0.99, 0.9), (0.99, 0.9)],
    **{task: [0, 10, 10] for task in (NEAR, FAR, "copying")},
    c18.TEXT: [3.0, 2.8, 2.9],
}
NEVER = {**USUAL, c18.ENTITIES: [(0.85, 0.85), (0.85, 0.8), (0.84, 0.8)], FAR: [0, 0, 1]}


@pytest.mark.parametrize(
    ("scores", "word", "n", "said"),
    [
        (USUAL, "holds only when", 4, "against it: entities, online (equal width)"),
        (ALWAYS, "holds", 12, "12 of 12 cases say so"),
        (NEVER, "is false", 0, "0 of 12 cases say so; against it: entities (equal width)"),
        ({**USUAL, FAR: [0, 10, 7]}, "holds only when", 3, "undecided: agreement, 200 words (equ"),
        ({**USUAL, FAR: [6, 10, 10]}, "holds only when", 2, "undecided: agreement, 200 words"),
    ],
)
def test_rule_of_both_directions(scores, word, n, said):
    rows = both_ways(scores)
    found = c18.verdict(rows)
    assert found.word == word
    assert said in found.text
    assert sum(value == 1 for value in c18.cases(rows).values()) == n
    assert set(found.evidence.task) == {c18.ONLINE, *c18.TASKS}


@pytest.mark.parametrize(
    ("gain", "noise", "tells"),
    [(0.02, 0.001, 1), (0.008, 0.001, -1), (0.02, 0.1, 0), (-0.1, 0.001, -1), (0.012, 0.02, 0)],
)
def test_a_gain_counts_from_the_margin_on(gain, noise, tells):
    rows = both_ways(USUAL)
    rng = np.random.default_rng(0)
    chosen = (rows.task == c18.ENTITIES) & (rows.reader == c18.WIDE) & (rows.phase == "measure")
    draws = rng.normal(0, noise, chosen.sum())
    rows.loc[chosen, "score"] = 0.85 + gain + draws - draws.mean()
    assert c18.cases(rows)["entities (equal width)"] == tells


def test_tables_of_both_directions():
    rows = both_ways(USUAL)
    labels, groups = c18.bars(rows)
    assert labels == [c18.ENTITIES, c18.ONLINE, NEAR, FAR, "copying"]
    assert set(groups) == set(c18.READERS)
    for estimate, low, high in groups.values():
        assert (low <= estimate + 1e-9).all()
        assert (estimate <= high + 1e-9).all()
        assert (low >= 0).all()
        assert (high <= 1).all()
    assert groups[c18.FORWARD][0][3] == 0
    assert c18.gain(rows, c18.TEXT, c18.EQUAL).estimate == pytest.approx(-0.2)
    assert set(c18.words(rows)["words"]) == {"need_right", "other_words"}
    halves = c18.halves(rows)
    assert set(halves.task) == {NEAR, FAR}
    assert halves[halves.half == "backward_half"]["mean"].to_numpy() == pytest.approx(0.9)
    times = c18.learning_times(rows)
    assert times.updates.to_numpy() == pytest.approx(300)
    at = times.set_index(["task", "reader"]).steps
    assert at[("copying", c18.WIDE)] == pytest.approx(300 * c18.STEP_TIMES["copying"][c18.WIDE])
    assert len(c18.sizes(rows)) == 15


def stacks(scores, preferred=None):
    """Return a row for each job of C19.

    Parameters
    ----------
    scores : function
        Gives the score by updates and by time of a job; whole numbers as in `both_ways`.
    """
    preferred = preferred or (lambda job: c19.SETTINGS["learning_rates"][c19.arm(job)])
    rows = []
    for job in c19.jobs():
        found = [
            float(0.5 + 0.5 * (job["seed"] < value)) if isinstance(value, int) else value
            for value in scores(job)
        ]
        row = {"units": 8, "parameters": 900, "budget": 9, "time_budget": 5, "learnt": 1}
        row |= {"updates": 300, "loss": 0.1, "score_updates": found[0] + spread(job)}
        row |= {"score_time": found[1] + spread(job), "largest_norm": 2.0}
        if job["phase"] == "select":
            other = float(job["learning_rate"] != preferred(job))
            worse = 0.05 * other * (1 if job["task"] == c19.TEXT else -1)
            # In training the others are better where the score decides.
            loss = other if job["task"] in c19.LEARNT else -other
            row |= {"loss": loss, "score_updates": 1.0 + worse}
        rows.append({**job, **row})
    return pd.DataFrame(rows)


def deeper_wins(job):
    if job["task"] in c19.LEARNT:
        return (0, 0) if job["depth"] == 1 else (10, 10)
    better = 0.1 * job["depth"] * (1 if job["task"] == c19.ENTITIES else -1)
    return 0.5 + better, 0.5 + better


def deeper_loses(job):
    if job["task"] in c19.LEARNT:
        return 10, 10
    worse = 0.1 * job["depth"] * (-1 if job["task"] == c19.ENTITIES else 1)
    return 0.8 + worse, 0.8 + worse


def wide_text_wins(job):
    found = deeper_loses(job)
    if job["task"] == c19.TEXT and job["sized"] == "width" and job["wiring"] == c19.RESIDUAL:
        return 0.6, 0.6
    return found


@pytest.mark.parametrize(
    ("scores", "word", "n", "said"),
    [
        (deeper_wins, "holds", 64, "64 of 64 cases say so, 0 say the contrary"),
        (deeper_loses, "is false", 0, "0 of 64 cases say so, 64 say the contrary. Gains"),
        (wide_text_wins, "holds only when", 2, "text, residual, 2 and 4 layers (width)"),
    ],
)
def test_rule_of_depth(scores, word, n, said):
    rows = stacks(scores)
    found = c19.verdict(rows)
    assert found.word == word
    assert said in found.text
    assert (found.evidence.tells == 1).sum() == n
    assert len(found.evidence) == 64


def test_equal_time_is_judged_on_its_own():
    def slow(job):
        updates, _ = deeper_wins(job)
        return updates, deeper_loses(job)[1] if job["depth"] > 1 else updates

    cases = c19.cases(stacks(slow)).set_index(["task", "budget", "wiring", "depth"]).tells
    assert cases[("text", "updates", "plain", 2)] == 1
    assert cases[("text", "time", "plain", 2)] == -1


def test_tables_of_depth():
    rows = stacks(deeper_wins)
    for task, wiring, budget in (("text", "plain", "width"), ("counting", "residual", "time")):
        curve = c19.score_curve(rows, task, wiring, budget)
        depths = (1, *c19.WIDE) if budget == "width" else c19.DEPTHS
        np.testing.assert_array_equal(curve.x, depths)
    plain, residual = (c19.score_curve(rows, "text", wiring) for wiring in c19.WIRINGS)
    assert plain.estimate[0] == residual.estimate[0]
    times = c19.learning_times(rows).set_index(["task", "wiring", "depth"])
    step = c19.SETTINGS["step_times"]["counting"][3]
    assert times.loc[("counting", "plain", 4)].steps == pytest.approx(300 * step)
    sizes = c19.sizes(rows).set_index(["task", "sized", "depth"]).step_time
    assert np.isnan(sizes[("text", "width", 4)])
    assert sizes[("text", "parameters", 1)] == 1


@pytest.mark.parametrize(("script", "rows"), [(c18, both_ways(USUAL)), (c19, stacks(deeper_wins))])
def test_another_learning_rate_than_the_preferred_one_is_refused(script, rows):
    other = rows.copy()
    first = script.arm(other.iloc[0])
    used = script.SETTINGS["learning_rates"][first]
    arms = np.array([script.arm(row) == first for row in other.to_dict("records")])
    others = (other.phase == "select") & arms & (other.learning_rate != used)
    other.loc[others, "loss"] = -1.0
    other.loc[others, "score" if script is c18 else "score_updates"] = 2.0  # F1 in both
    with pytest.raises(ValueError, match="the selection runs prefer"):
        script.verdict(other)


# The tasks


def test_tagging_gives_the_same_sentences_and_trims_them():
    task = training.tagging(50, 30)
    xs, tags, mask = task.draw(np.random.default_rng(0), 8)
    assert xs.shape == tags.shape == mask.shape
    assert mask[-1].any()
    known = {tuple(column[column > 0]) for column in training.tagged_sentences("train", 50).xs.T}
    assert {tuple(column[column > 0]) for column in xs.T} <= known
    new = task.draw_new(np.random.default_rng(1), 99)
    again = task.draw_new(np.random.default_rng(2), 99)
    assert new[0].shape[1] == 30
    np.testing.assert_array_equal(new[0], again[0])


@pytest.mark.parametrize("both", [False, True])
def test_online_tags_are_those_of_a_reader_who_stops_at_the_word(both):
    task = training.tagging(20, 12)
    xs, tags, mask = task.draw_new(np.random.default_rng(0), 1)
    model = training.build(np.random.default_rng(0), task, 4, both_directions=both)
    said = training.predict_online(model, xs, mask)
    for b in range(xs.shape[1]):
        for t in range(int(mask[:, b].sum())):
            assert said[t, b] == model.predict_steps(xs[: t + 1, b : b + 1])[-1, 0]
    expected = entities.entity_score(said, tags, mask).f1
    assert training.f1_online(model, xs, tags, mask) == expected
    if not both:
        assert training.f1(model, xs, tags, mask) == expected


def test_right_where_looks_at_chosen_words():
    task = training.tagging(20, 12)
    xs, tags, mask = task.draw_new(np.random.default_rng(0), 1)
    model = training.build(np.random.default_rng(0), task, 4, both_directions=True)
    said = model.predict_steps(xs, mask)
    assert training.right_where(model, xs, said, mask, mask == 1) == 1
    where = np.zeros(mask.shape, bool)
    where[0] = True
    found = training.right_where(model, xs, tags, mask, where)
    assert found == pytest.approx((said[0] == tags[0]).mean())


def test_one_half_leaves_the_other_out():
    task = training.make_task("agreement", {"distance": 6})
    xs, targets = task.draw_new(np.random.default_rng(0), 5)
    model = training.build(np.random.default_rng(0), task, 4, both_directions=True)
    summary = model.summary(model.forward(xs).stack)
    for half, kept in ((0, slice(0, 4)), (1, slice(4, 8))):
        scores = summary[:, kept] @ model.output.W_hy[kept]
        found = training.one_half(model, half)
        np.testing.assert_array_equal(found.predict(xs), scores.argmax(axis=1))
    assert (model.output.W_hy != 0).all()
    assert 0 <= task.score(found, xs, targets) <= 1


def test_the_next_character_is_asked_for_once():
    task = training.next_character(7)
    xs, targets = task.draw(np.random.default_rng(0), 5)
    every, nexts = training.make_task("text", {"T": 7}).draw(np.random.default_rng(0), 5)
    np.testing.assert_array_equal(xs, every)
    np.testing.assert_array_equal(targets, nexts[-1])
    model = training.build(np.random.default_rng(0), task, 3)
    assert task.score(model, xs, targets) == pytest.approx(task.blind, abs=1)


def test_scores_are_taken_on_the_way():
    task = training.make_task("agreement", {"distance": 4})
    rng = np.random.default_rng(0)
    test = task.draw_new(rng, 100)
    model = training.build(rng, task, 8)
    done, found = training.train_and_score(model, task, rng, test, 0.02, (5, 200), 16, 1.0)
    assert done.learnt
    assert 5 < done.updates < 200
    assert found[5] < found[200] == 1
    ruined = init_stacked_model(task.D, 2, 2, rng)
    ruined.output.W_hy[0] = np.nan
    assert training.score_on(task, ruined, test) == task.blind


# The runs


FEW = {"test_sequences": 20}


def test_a_reader_runs_on_every_task():
    few = {**c18.SETTINGS, **FEW, "updates": dict.fromkeys(c18.TASKS, 2)}
    small = {"kind": "entities", "sentences": 50, "new_sentences": 20}
    few["tasks"] = {**few["tasks"], c18.ENTITIES: small}
    few["tasks"][FAR] = {"kind": "agreement", "distance": 12}
    for task in c18.TASKS:
        for reader in (c18.FORWARD, c18.EQUAL):
            row = c18.run_job(c18.live_job(reader, task), few)
            assert np.isnan(row["online"]) == (task != c18.ENTITIES)
            halved = "agreement" in task and reader == c18.EQUAL
            assert np.isnan(row["backward_half"]) != halved
            assert row["updates"] == 2
            forward = c18.run_job(c18.live_job(c18.FORWARD, task), few) if halved else row
            assert abs(row["parameters"] / forward["parameters"] - 1) < 0.1


@pytest.mark.parametrize("task", c19.TASKS)
def test_a_stack_runs_on_every_task(task):
    few = {**c19.SETTINGS, **FEW, "updates": dict.fromkeys(c19.TASKS, 4)}
    small = {"kind": "entities", "sentences": 50, "new_sentences": 20}
    few["tasks"] = {**few["tasks"], c19.ENTITIES: small}
    job = c19.live_job(task, 3, c19.RESIDUAL)
    row, again = c19.run_job(job, few), c19.run_job(job, few)
    assert row == again
    assert row["time_budget"] < row["budget"] == row["updates"] == 4
    wide = c19.run_job(c19.live_job(task, 3, c19.RESIDUAL, "width"), few)
    assert wide["units"] == c19.SETTINGS["hidden"][task] > row["units"]
    assert wide["parameters"] > 1.2 * row["parameters"]


def test_stacks_have_equal_parameters():
    for task, hidden in c19.SETTINGS["hidden"].items():
        both = task in c19.SETTINGS["both_directions"]
        one = count_parameters(60, hidden, 5, both_directions=both)
        for depth in c19.DEPTHS:
            H = c19.units(task, 60, 5, depth, "parameters")
            own = count_parameters(60, H, 5, depth=depth, both_directions=both)
            assert abs(own / one - 1) < 0.08


def test_only_chosen_names_are_run_live():
    assert c19.live_job("text", 1, c19.RESIDUAL)["wiring"] == c19.PLAIN
    with pytest.raises(ValueError, match="reader is 'backward'; expected one of forward; both"):
        c18.live_job("backward", "copying")
    with pytest.raises(ValueError, match="task is 'adding'; expected one of entities"):
        c18.live_job(c18.FORWARD, "adding")
    with pytest.raises(ValueError, match=r"stack is \(5, 'plain'\); expected one of \(1, 'plain'"):
        c19.live_job("text", 5)
    with pytest.raises(ValueError, match="sized is 'time'; expected one of parameters; width"):
        c19.live_job("text", 2, sized="time")


# The benchmark


def test_every_reader_and_depth_makes_a_step(capsys):
    readers = stacked_steps.reader_steps("copying")
    assert list(readers) == list(c18.READERS)
    depths = stacked_steps.depth_steps("counting")
    assert list(depths) == [str(depth) for depth in c19.DEPTHS]
    for step in (*readers.values(), *depths.values()):
        step()
    found = stacked_steps.to_first(dict(list(readers.items())[:2]), 2, "copying")
    assert found[c18.FORWARD] == 1
    assert "copying" in capsys.readouterr().out
