"""Chapter 12: its questions; its figure is `utils.lens.explore`, which serves every model."""

from __future__ import annotations

__all__ = ["RECALL"]

RECALL = (
    (
        "A forget gate has a half-life of three steps, and the network remembers a word over "
        "thirty. How can that be?",
        "The half-life is that of the direct path. The memory can be rewritten at every step from "
        "what all units show: the total gain counts those paths too.",
    ),
    (
        "All gates stand at their ends before the first update. Where do you look, and where not?",
        "At the scale of the inputs and the starting weights. Learning rate and gradients have not "
        "acted yet.",
    ),
    (
        "The correlation of a unit with your signal is 0.4 in a layer of 500 units. What has to "
        "stand beside that number, and what is missing after it?",
        "Beside it: the largest correlation that chance gives to any of 500 units. After it: what "
        "becomes of the answers when the unit is taken away.",
    ),
    (
        "Chapter 10: an answer changes when a longer sequence joins the batch. What leaks, and "
        "what are two cures?",
        "The padding: the state goes on changing after the last word. Pack the sequences, or read "
        "the state at the last real step.",
    ),
    (
        "Chapter 05: what grows when gradients explode, and which two things does clipping not "
        "change?",
        "The product of the Jacobians of the steps. Clipping changes neither that product nor the "
        "direction of the gradient: it shortens the step.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
