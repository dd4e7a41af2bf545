"""Live figures of chapter 03: what they compute, both ends of every control, what they say."""

import numpy as np
import pytest

from tests.helpers import visit_ends
from utils.bptt import bptt
from utils.gradient_flow import e3_example
from utils.widgets import explore_error_flow, explore_gradient_check
from utils.widgets.chapter03 import (
    RECALL,
    check_example,
    compute_check,
    compute_error_flow,
    unseen_mistakes,
)

BOTH = pytest.mark.parametrize("explore", [explore_error_flow, explore_gradient_check])


@BOTH
def test_both_ends_of_every_control(explore):
    live = explore()
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > len(live.controls)
    assert live.full_redraws == 1  # the background is drawn once
    for control in live.controls.values():
        assert control.description


@BOTH
def test_a_still_figure_is_left_without_a_kernel(explore):
    live = explore()
    bundle = live._repr_mimebundle_()
    assert {"image/png", "text/html", "text/plain"} <= set(bundle)
    assert live.alt in bundle["text/plain"]


def test_error_flow_starts_with_the_example_of_the_chapter():
    live = explore_error_flow()
    assert "+0.473, +0.262, +0.251, +0.069; together +1.056, the whole gradient" in live.alt
    total = bptt(*e3_example(), steps=[3]).gradients["d_W_hh"].item()
    assert f"{total:+.3f}" in live.alt


def test_error_flow_tells_what_is_missing():
    live = explore_error_flow()
    live.set(steps_back=2)
    assert "terms of s_3, s_2 are +0.473, +0.262; together +0.735" in live.alt
    assert "From s_3 back to s_2 the gradient goes from +1.598 to +0.753." in live.alt
    assert "2 of 4 terms not shown, the whole is +1.056" in live.alt
    live.set(steps_back=0)
    assert "nothing has gone back yet" in live.alt
    live.set(steps_back=4, error_at=1, parameter="b_h")
    flow = compute_error_flow(1)
    assert f"together {flow.totals['b_h']:+.3f}, the whole gradient" in live.alt
    assert "∂E_1/∂b_h the terms of s_1, s_0 are" in live.alt


def test_no_recurrent_weight_leaves_one_term():
    live = explore_error_flow()
    live.set(W_hh=0.0)
    assert "+0.000, +0.000, +0.000; together" in live.alt
    start = compute_error_flow(3, start=0.0)
    assert start.terms["W_hh"][0] == 0 != start.terms["W_xh"][0]


def test_check_starts_with_a_mistake_that_shows():
    live = explore_gradient_check()
    assert live.alt == (
        "Broken: W_hh not transposed, with T = 4 and B = 2. Gradients equal: W_hy, b_y; "
        "not equal: W_xh, W_hh, b_h, h_0."
    )
    live.set(broken="none")
    assert "not equal: none" in live.alt
    live.set(broken="future", T=1)
    assert "The check does not see this mistake at these sizes." in live.alt
    live.set(broken="none")
    assert "does not see" not in live.alt


@pytest.mark.parametrize("zero_start", [False, True])
@pytest.mark.parametrize("B", [1, 2, 3])
@pytest.mark.parametrize("T", range(1, 7))
def test_check_passes_wherever_nothing_is_broken(T, B, zero_start):
    assert compute_check("none", T, B, zero_start).passed


def test_every_mistake_shows_at_the_start_sizes_and_some_hide_elsewhere():
    assert unseen_mistakes(4, 2) == []
    assert unseen_mistakes(1, 2) == ["future", "own_output", "last_step"]
    assert [row.name for row in compute_check("transpose", 1).rows if not row.passed] == ["h_0"]
    assert unseen_mistakes(4, 1) == ["bias"]
    assert unseen_mistakes(2, 2, zero_start=True) == ["last_step"]
    assert unseen_mistakes(2, 2) == []


def test_check_example_is_the_same_at_each_call_and_refuses():
    first, again = check_example(4, 2), check_example.__wrapped__(4, 2)
    for a, b in zip(
        (*first[:2], *first.weights, *first.output, first.h_0),
        (*again[:2], *again.weights, *again.output, again.h_0),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)
    assert not check_example(4, 2, True).h_0.any()
    with pytest.raises(ValueError, match="broken is 'loop'"):
        compute_check("loop")
    with pytest.raises(ValueError, match="start is 2"):
        compute_error_flow(3, start=2)


def test_recall_asks_five_questions():
    assert len(RECALL) == 5
    assert all(question.endswith("?") for question, _ in RECALL)
