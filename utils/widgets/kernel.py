"""What the widgets have to know about the kernel that they run in."""

from __future__ import annotations

import inspect
from typing import Any


def keep_sliders_alive() -> None:
    """Let a slider that was moved while a cell is awaited go on working.

    A slider sends its next value only when the kernel has reported the last one as dealt with.
    ipykernel 7.4 deals with a widget's message while a cell is awaited, but leaves the report
    out: the slider never sends anything again. From the first call on, this kernel sends the
    report. Kernels that send it themselves are left as they are, and so are scripts.
    """
    kernel = _kernel()
    dispatch = getattr(kernel, "dispatch_shell", None)
    if dispatch is None or "concurrent" not in inspect.signature(dispatch).parameters:
        return
    if getattr(dispatch, "reports_to_widgets", False):
        return

    async def dispatch_and_report(
        msg: Any, /, *args: Any, concurrent: bool = False, **options: Any
    ) -> None:
        cell = kernel.get_parent("shell")
        await dispatch(msg, *args, concurrent=concurrent, **options)
        if concurrent:
            kernel._publish_status("idle", "shell")  # on behalf of the widget's message
            kernel._publish_status("busy", "shell", parent=cell)  # the cell goes on

    dispatch_and_report.reports_to_widgets = True
    kernel.dispatch_shell = dispatch_and_report


def _kernel() -> Any:
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None)
