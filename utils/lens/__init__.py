"""Look inside any trained ``nn.RNN``, ``nn.LSTM`` or ``nn.GRU``, or a model that contains one.

``trace(model, inputs, loss)`` returns every gate and state of every layer and direction, with the
gradient of the loss at each of them, as arrays and as a tidy table; it works in a script.
``explore(model, inputs, labels)`` is the same as a live figure, in a notebook::

    from utils import lens

    trace = lens.trace(model, inputs, loss=lambda output: criterion(output, targets))
    trace["forget_gate", 0, "forward"]  # (T, B, H)
    trace.findings

The model is copied and the copy is run: nothing of the model changes. What the lens shows is
recomputed from the weights in float64 and held against the module's own output at each call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from utils.lens.errors import LensError
from utils.lens.gains import Gains
from utils.lens.result import QUANTITIES, Trace
from utils.lens.tracing import trace

if TYPE_CHECKING:
    from utils.widgets.lens import explore

__all__ = ["QUANTITIES", "Gains", "LensError", "Trace", "explore", "trace"]


def __getattr__(name: str) -> Any:
    """Load the live figure when it is asked for: a script needs neither widgets nor plots."""
    if name == "explore":
        from utils.widgets.lens import explore

        return explore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
