"""The benchmark of the widgets runs, and what it measures points the right way."""

import pytest

from benchmarks import widget_latency


@pytest.mark.slow
def test_live_figures_are_faster(browser):
    """A few moves only: the bar of the benchmark itself is for a quiet machine."""
    result = widget_latency.measure(4, browser)
    text, ratio = widget_latency.report(result)
    assert all(len(times) == 4 for times in result["times"].values())
    assert result["alt"].startswith("With a factor of 0.59 the gradient")
    assert f"{ratio:.1f} times faster" in text
    assert ratio > 2
