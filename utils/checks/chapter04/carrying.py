"""Code: truncated backpropagation through time, window after window with the state carried."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from utils.checks.chapter04.formulas import CHAPTER, Array, constant, run_window
from utils.checks.engine import Check


def pass_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw characters with their targets, a start state that is not zero, and a model."""
    T, B, H, V = (sizes[name] for name in "TBHV")
    text = rng.integers(0, V, size=(T + 1, B))
    return {
        "xs": text[:-1].copy(),
        "targets": text[1:].copy(),
        "h_0": rng.uniform(-0.9, 0.9, size=(B, H)),
        "W_xh": rng.normal(size=(V, H)) / 2,
        "W_hh": 1.2 * rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": 0.5 * rng.normal(size=H),
        "W_hy": rng.normal(size=(H, V)),
        "b_y": rng.normal(size=V),
        "window": sizes["window"],
    }


@functools.lru_cache(maxsize=512)
def _run_frozen(*arrays: tuple[tuple[int, ...], str, bytes]) -> tuple[float, Array, Array]:
    return run_window(*(np.frombuffer(b, dtype).reshape(shape) for shape, dtype, b in arrays))


def run_window_once(*arrays: Array) -> tuple[float, Array, Array]:
    """Run one window, or remember what came out; most mistakes change what is done with it."""
    return _run_frozen(*((array.shape, array.dtype.str, array.tobytes()) for array in arrays))


def run_windows(
    xs: Array, targets: Array, starts: Array, size: int, begin: Array, carry: str, weights: Any
) -> tuple[Array, Array, Array]:
    """Run window after window; `carry` says from which state each but the first begins.

    Returns
    -------
    losses (W,), gradients for W_hh (W, H, H), last states (W, B, H)
    """
    state, before, losses, gradients, ends = begin, begin, [], [], []
    for start in starts:
        steps = slice(int(start), int(start) + int(size))
        loss, gradient, end = run_window_once(xs[steps], targets[steps], state, *weights)
        losses.append(loss)
        gradients.append(gradient)
        ends.append(end)
        state = {"carried": end, "zeros": 0 * end, "begin": begin, "late": before}[carry]
        before = end
    return np.array(losses), np.array(gradients), np.array(ends)


def run_flat(xs, wanted, starts, size, begin, carry, W_xh, W_hh, b_h, W_hy, b_y) -> Array:
    """Run all windows; one row for each, with its loss, its gradient and its last state."""
    weights = (W_xh, W_hh, b_h, W_hy, b_y)
    results = run_windows(xs, wanted, starts, size, begin, str(carry), weights)
    return np.concatenate([part.reshape(len(starts), -1) for part in results], axis=1)


check_truncated_pass = Check(
    "truncated_pass",
    chapter=CHAPTER,
    title="Window after window",
    outputs={"loss": "", "d_W_hh": "H H", "h_T": "B H"},
    inputs=pass_inputs,
    sizes=(
        {"T": 6, "B": 2, "H": 4, "V": 5, "window": 3},
        {"T": 7, "B": 4, "H": 3, "V": 6, "window": 2},
        {"T": 8, "B": 1, "H": 4, "V": 3, "window": 5},
    ),
    steps={
        "size": lambda window: window,
        "starts": lambda xs, size: np.arange(0, len(xs), size),
        "counts": lambda xs, starts, size: np.minimum(size, len(xs) - starts) * xs.shape[1],
        "begin": lambda h_0: h_0,
        "wanted": lambda targets: targets,
        "carry": constant("carried"),
        "runs": run_flat,
        "losses": lambda runs: runs[:, 0],
        "loss": lambda losses: losses.sum(),
        "gradients": lambda runs, W_hh: runs[:, 1 : 1 + W_hh.size].reshape(-1, *W_hh.shape),
        "d_W_hh": lambda gradients: gradients.sum(axis=0),
        "ends": lambda runs, W_hh, h_0: runs[:, 1 + W_hh.size :].reshape(-1, *h_0.shape),
        "h_T": lambda ends: ends[-1],
    },
    hints=(
        "Three things live outside the loop: the sum of the losses, the sum of the gradients, and "
        "the state, which is `h_0` at first.",
        "`for start in range(0, len(xs), window):` gives where each window begins. Its steps are "
        "`start:start + window`; a slice that reaches beyond the end is shorter by itself.",
        "In the loop call `window_pass` with the state, add its loss and its gradient to the sums, "
        "and put the last state that it returns in the place of the old one.",
    ),
)
for _key, _replaces, _message in (
    (
        "state_reset",
        {"carry": constant("zeros")},
        "From the second window on, each begins from zeros: the state is not carried. Begin with "
        "the last state of the window before.",
    ),
    (
        "h_0_at_every_window",
        {"carry": constant("begin")},
        "Every window begins from the state that the first began from. Put the last state of the "
        "window in its place before the next one starts.",
    ),
    (
        "state_one_late",
        {"carry": constant("late")},
        "The state that a window hands on reaches the window after the next. Put it in the place "
        "of the old one before the next call.",
    ),
    (
        "targets_not_shifted",
        {"wanted": lambda xs: xs},
        "The inputs went in as targets. The targets are the next characters, `targets`.",
    ),
    (
        "last_window_first",
        {"starts": lambda xs, size: np.arange(0, len(xs), size)[::-1]},
        "The windows are read from the last to the first. It is the way back, inside "
        "`window_pass`, that goes backwards; the windows follow the text.",
    ),
    (
        "start_ignored",
        {"begin": lambda h_0: 0 * h_0},
        "`h_0` is ignored: the first window begins from zeros.",
    ),
    (
        "one_window",
        {
            "gradients": lambda xs, wanted, begin, W_xh, W_hh, b_h, W_hy, b_y: _one_window(
                xs, wanted, begin, (W_xh, W_hh, b_h, W_hy, b_y)
            )
        },
        "This is the gradient of full backpropagation over the whole text, as with a state that "
        "was not detached. Go back through one window at a time.",
    ),
    (
        "detached_every_step",
        {"size": constant(1)},
        "The gradient never goes back further than one step, as if the state were detached at "
        "each. A window has `window` steps.",
    ),
    (
        "window_too_long",
        {"size": lambda window: window + 1},
        "The windows have one step more than `window`.",
    ),
    (
        "window_too_short",
        {"size": lambda window: window - 1},
        "The windows have one step less than `window`.",
    ),
    (
        "short_window_dropped",
        {"starts": lambda xs, size: np.arange(0, len(xs) - size + 1, size)},
        "The last window is left out where it is shorter than the others. Its steps have losses "
        "too.",
    ),
    (
        "windows_overlap",
        {"starts": lambda xs, size: np.arange(0, len(xs) - size + 1)},
        "The windows overlap: each begins one step after the one before. Each begins where the "
        "one before has ended.",
    ),
    (
        "first_window_again",
        {"starts": lambda xs, size: 0 * np.arange(0, len(xs) - size + 1, size)},
        "Every turn of the loop reads the first window. Each begins where the one before has "
        "ended.",
    ),
    (
        "loss_of_last_window",
        {"loss": lambda losses: losses[-1]},
        "This is the loss of the last window alone: the sum was overwritten in the loop. Add up.",
    ),
    (
        "loss_of_first_window",
        {"loss": lambda losses: losses[0]},
        "This is the loss of the first window alone. Add up over all windows.",
    ),
    (
        "loss_mean_over_windows",
        {"loss": lambda losses: losses.mean()},
        "The loss was divided by the number of windows. Asked for is the sum.",
    ),
    (
        "loss_per_character",
        {"loss": lambda losses, xs: losses.sum() / xs.size},
        "The loss was divided by the number of characters. Asked for is the sum.",
    ),
    (
        "loss_of_window_means",
        {"loss": lambda losses, counts: (losses / counts).sum()},
        "The mean losses of the windows were added up. Asked for is the sum over all characters.",
    ),
    (
        "loss_mean_of_window_means",
        {"loss": lambda losses, counts: (losses / counts).mean()},
        "This is the mean of the windows' mean losses, in which a short window weighs as much as a "
        "long one. Asked for is the sum over all characters.",
    ),
    (
        "loss_in_bits",
        {"loss": lambda losses: losses.sum() / np.log(2)},
        "The loss was turned into bits. Asked for are nats, as `window_pass` returns them.",
    ),
    (
        "gradient_of_last_window",
        {"d_W_hh": lambda gradients: gradients[-1]},
        "This is the gradient of the last window alone: the sum was overwritten in the loop. Add "
        "up.",
    ),
    (
        "gradient_of_first_window",
        {"d_W_hh": lambda gradients: gradients[0]},
        "This is the gradient of the first window alone. Add up over all windows.",
    ),
    (
        "gradient_mean_over_windows",
        {"d_W_hh": lambda gradients: gradients.mean(axis=0)},
        "The gradient was divided by the number of windows. Asked for is the sum.",
    ),
    (
        "gradient_per_character",
        {"d_W_hh": lambda gradients, xs: gradients.sum(axis=0) / xs.size},
        "The gradient was divided by the number of characters. Asked for is the sum.",
    ),
    (
        "gradient_of_window_means",
        {"d_W_hh": lambda gradients, counts: (gradients / counts[:, None, None]).sum(axis=0)},
        "The gradients of the windows' mean losses were added up. Asked for is the gradient of the "
        "sum over all characters.",
    ),
    (
        "gradient_mean_of_window_means",
        {"d_W_hh": lambda gradients, counts: (gradients / counts[:, None, None]).mean(axis=0)},
        "The gradients of the windows' mean losses were averaged. Asked for is the gradient of the "
        "sum over all characters.",
    ),
    (
        "state_after_first_window",
        {"h_T": lambda ends: ends[0]},
        "This is the state after the first window. Asked for is the one after the last.",
    ),
    (
        "state_before_last_window",
        {"h_T": lambda ends, begin: np.concatenate([begin[None], ends])[-2]},
        "This is the state from which the last window began. Asked for is the one after it.",
    ),
    (
        "zeros_for_state",
        {"h_T": lambda begin: 0 * begin},
        "The state that comes back is all zeros. Asked for is the state after the last step.",
    ),
):
    check_truncated_pass.add_mistake(_key, _message, _replaces)


def _one_window(xs: Array, targets: Array, begin: Array, weights: Any) -> Array:
    return run_windows(xs, targets, np.array([0]), len(xs), begin, "carried", weights)[1]
