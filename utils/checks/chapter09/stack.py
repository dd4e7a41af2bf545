"""Code: a deep plain RNN with dropout between its layers and residual connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.checks.chapter09.formulas import CHAPTER, constant, draw_cell, read
from utils.checks.engine import Check

Array = np.ndarray


def stack_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw inputs, one random number for each entry of each layer, and the weights of all.

    Sizes without D have inputs as wide as a layer, where a residual connection would fit.
    """
    L, T, B, H = (sizes[name] for name in "LTBH")
    D = sizes.get("D", H)
    cells = [draw_cell(rng, H if layer else D, H) for layer in range(L)]
    return {
        "xs": rng.normal(size=(T, B, D)),
        "uniform": rng.uniform(size=(L, T, B, H)),
        "p": float(rng.uniform(0.35, 0.45)),
        "W_in": cells[0][0],
        "W_up": np.stack([W_x for W_x, _, _ in cells[1:]]),
        "W_hh": np.stack([W_h for _, W_h, _ in cells]),
        "b_h": np.stack([b for _, _, b in cells]),
    }


#: What a layer hands on before dropout, of what its cell wrote (y), what it read (x), that before
#: dropout (u) and what the first layer handed on (f); all but the first are what learners write.
SUMS: dict[str, Callable[[Array, Array, Array, Array], Array]] = {
    "input": lambda y, x, u, f: y + x,
    "undropped": lambda y, x, u, f: y + u,
    "first": lambda y, x, u, f: y + f,
    "twice": lambda y, x, u, f: y + 2 * x,
    "mean": lambda y, x, u, f: (y + x) / 2,
    "minus": lambda y, x, u, f: y - x,
    "product": lambda y, x, u, f: y * x,
    "squashed": lambda y, x, u, f: np.tanh(y + x),
    "nothing": lambda y, x, u, f: y,
}


def way_of(layer: int, L: int, way: str) -> str:
    """Return the way in which one layer adds; some mistakes leave single layers out."""
    if way == "wherever it fits":
        return "input"
    adds = {
        "but the top": layer < L - 1,
        "only the top": layer == L - 1,
        "but the second": layer != 1,
    }
    if layer == 0 or not adds.get(way, True):
        return "nothing"
    return "input" if way in adds else way


def deep(
    xs: Array,
    keeps: Array,
    W_in: Array,
    W_up: Array,
    W_h: Array,
    b: Array,
    squash: str,
    way: str,
    carry: str,
) -> Array:
    """Run all layers and return what each cell wrote, what each layer handed on, and its sums.

    Parameters
    ----------
    xs : array, shape (T, B, D)
    keeps : array, shape (L, T, B, H)
        What the output of each layer is multiplied with.
    W_in, W_up, W_h, b : array
        Shapes (D, H), (L - 1, H, H), (L, H, H), (L, H).
    squash : str
        ``"tanh"`` in the right answer.
    way : str
        A key of `SUMS`, ``"input"`` in the right answer; one of those in `way_of`, such as
        ``"wherever it fits"``, the first layer among them; or ``"branch dropped"``, where dropout
        comes before the sum.
    carry : str
        Where each cell starts: ``"zeros"`` in the right answer.

    Returns
    -------
    array, shape (3, L, T, B, H)
        The sums are what the layers handed on but for dropout.
    """
    L, below, undropped = len(keeps), xs, xs
    found = np.empty((3, *keeps.shape))
    wrote, handed, sums = found
    for layer, keep in enumerate(keeps):
        start = np.zeros(keep.shape[1:])
        if carry == "from below" and layer:
            start = wrote[layer - 1, -1]
        W_x = W_up[layer - 1] if layer else W_in
        y = wrote[layer] = read(below @ W_x + b[layer], start, W_h[layer], squash)
        if layer and way == "branch dropped":
            undropped = below = y * keep + below
        elif way == "wherever it fits" and y.shape != below.shape:
            undropped, below = y, y * keep
        else:
            undropped = SUMS[way_of(layer, L, way)](y, below, undropped, handed[0])
            below = undropped * keep
        handed[layer], sums[layer] = below, undropped
    return found


check_deep_run = Check(
    "deep_run",
    chapter=CHAPTER,
    title="A stack with dropout and residual connections",
    outputs={"h_n": "L B H", "out": "T B H"},
    inputs=stack_inputs,
    sizes=(
        {"L": 3, "T": 2, "B": 4, "D": 6, "H": 5},
        {"L": 4, "T": 3, "B": 5, "D": 7, "H": 2},
        {"L": 2, "T": 5, "B": 1, "D": 4, "H": 3},
        {"L": 3, "T": 2, "B": 5, "H": 4},  # D = H: a sum in the first layer would fit
    ),
    steps={
        "threshold": lambda p: p,
        "numbers": lambda uniform: uniform,
        "kept": lambda numbers, threshold: numbers >= threshold,
        "scale": lambda p: 1 / (1 - p),
        "every_keep": lambda kept, scale: kept * scale,
        "keeps": lambda every_keep: np.concatenate(
            [every_keep[:-1], np.ones((1, *every_keep.shape[1:]))]
        ),
        "W_ups": lambda W_up: W_up,
        "W_h": lambda W_hh: W_hh,
        "b": lambda b_h: b_h,
        "squash": constant("tanh"),
        "way": constant("input"),
        "carry": constant("zeros"),
        "layers": lambda xs, keeps, W_in, W_ups, W_h, b, squash, way, carry: deep(
            xs, keeps, W_in, W_ups, W_h, b, str(squash), str(way), str(carry)
        ),
        "read_at": constant(-1),
        "h_n": lambda layers, read_at: layers[0][:, int(read_at)],
        "out": lambda layers: layers[1][-1],
    },
    hints=(
        "One loop over the layers with one name, `below`, for what the next layer reads. In each "
        "turn: run the cell, note its last state, add the residual, drop.",
        "The first layer adds nothing, even where D and H happen to be equal. The last "
        "one is not dropped, so the numbers `uniform[L - 1]` stay unused. Layer number l, counted "
        "from 0, has the input matrix `W_in` if l is 0 and `W_up[l - 1]` otherwise.",
        "`y = run(below, …)`, then `out = y + below` from the second layer on, and for every layer "
        "but the last `below = out * (uniform[l] >= p) / (1 - p)`. `y[-1]` goes into `h_n`.",
    ),
)


for _key, _message, _replaces in (
    (
        "no_dropout",
        "Nothing is dropped. Between two layers the entries with `uniform[l] < p` become 0.",
        {"every_keep": lambda kept: np.ones(kept.shape)},
    ),
    (
        "not_scaled",
        "The entries that stay are not scaled. Multiply them with 1/(1 − p), so that their "
        "expected value is what it would be without dropout.",
        {"scale": constant(1.0)},
    ),
    (
        "scaled_by_p",
        "The entries that stay are multiplied with 1/p. The share that stays is 1 − p, so the "
        "factor is 1/(1 − p).",
        {"scale": lambda p: 1 / p},
    ),
    (
        "scaled_down",
        "The entries that stay are multiplied with 1 − p. That is what is done without dropout "
        "in the older form, at test time; here the factor is 1/(1 − p).",
        {"scale": lambda p: 1 - p},
    ),
    (
        "kept_and_dropped_exchanged",
        "Dropped are the entries that should stay. An entry with `uniform[l] < p` becomes 0.",
        {"kept": lambda numbers, threshold: numbers < threshold},
    ),
    (
        "p_is_the_share_kept",
        "p was taken as the share that stays, with the factor 1/p. It is the share that is "
        "dropped, as in `torch`.",
        {
            "kept": lambda numbers, threshold: numbers < threshold,
            "scale": lambda p: 1 / p,
        },
    ),
    (
        "threshold_one_minus_p",
        "The entries were compared with 1 − p, so that this share is dropped. The share that is "
        "dropped is p.",
        {"threshold": lambda p: 1 - p},
    ),
    (
        "dropped_at_the_top",
        "The last layer is dropped too. Dropout acts between the layers: what the last one hands "
        "on stays whole.",
        {"keeps": lambda every_keep: every_keep},
    ),
    (
        "one_mask_for_all_steps",
        "All steps have the dropout of step 0. `uniform` has numbers for every step: each step "
        "drops entries of its own.",
        {"numbers": lambda uniform: uniform[:, :1] + 0 * uniform},
    ),
    (
        "one_mask_for_the_batch",
        "All samples have the dropout of sample 0. `uniform` has numbers for every sample.",
        {"numbers": lambda uniform: uniform[:, :, :1] + 0 * uniform},
    ),
    (
        "one_mask_for_all_layers",
        "All layers have the dropout of the first. `uniform[l]` belongs to the output of layer l, "
        "counted from 0.",
        {"numbers": lambda uniform: uniform[:1] + 0 * uniform},
    ),
    (
        "mask_of_the_layer_above",
        "The output of layer l was dropped with the numbers of layer l + 1. `uniform[l]` belongs "
        "to what layer l writes, counted from 0.",
        {"numbers": lambda uniform: np.roll(uniform, -1, axis=0)},
    ),
    (
        "mask_of_the_layer_below",
        "The output of layer l was dropped with the numbers of layer l − 1, and that of the first "
        "with those of the last. `uniform[l]` belongs to what layer l writes, counted from 0.",
        {"numbers": lambda uniform: np.roll(uniform, 1, axis=0)},
    ),
    (
        "one_number_for_all_units",
        "All units have the dropout of unit 0, so that they fall out together. `uniform` has "
        "numbers for every unit.",
        {"numbers": lambda uniform: uniform[..., :1] + 0 * uniform},
    ),
    (
        "multiplied_with_uniform",
        "What a layer hands on was multiplied with the random numbers themselves. They decide "
        "which entries become 0: those with `uniform[l] < p`.",
        {"every_keep": lambda uniform: uniform},
    ),
    (
        "scaled_and_not_dropped",
        "Everything between the layers is multiplied with 1/(1 − p), and nothing is dropped. The "
        "entries with `uniform[l] < p` become 0.",
        {"every_keep": lambda kept, scale: np.full(kept.shape, scale)},
    ),
    (
        "scaled_by_one_plus_p",
        "The entries that stay are multiplied with 1 + p. The share that stays is 1 − p, so the "
        "factor is 1/(1 − p).",
        {"scale": lambda p: 1 + p},
    ),
    (
        "threshold_one_half",
        "The numbers were compared with 0.5, whatever p is. An entry with `uniform[l] < p` becomes "
        "0.",
        {"threshold": constant(0.5)},
    ),
    (
        "first_layer_not_dropped",
        "The output of the first layer is not dropped. Dropout acts after every layer but the "
        "last.",
        {
            "keeps": lambda every_keep: np.concatenate(
                [np.ones((1, *every_keep.shape[1:])), every_keep[1:-1], np.ones_like(every_keep)]
            )[: len(every_keep)]
        },
    ),
    (
        "only_the_last_dropped",
        "Dropped is what the last layer hands on, and nothing between the layers. It is the other "
        "way round.",
        {
            "keeps": lambda every_keep: np.concatenate(
                [np.ones((len(every_keep) - 1, *every_keep.shape[1:])), every_keep[-1:]]
            )
        },
    ),
    (
        "W_up_of_the_first",
        "All upper layers read through `W_up[0]`. Layer l, counted from 0, has `W_up[l - 1]`.",
        {"W_ups": lambda W_up: W_up[:1] + 0 * W_up},
    ),
    (
        "W_up_transposed",
        "The matrices in `W_up` are transposed. What a layer reads are rows on their left: "
        "`below @ W_up[l - 1]`.",
        {"W_ups": lambda W_up: np.swapaxes(W_up, 1, 2)},
    ),
    (
        "W_up_reversed",
        "The matrices in `W_up` were taken from the last to the first, as the index −l does. Layer "
        "l, counted from 0, has `W_up[l - 1]`.",
        {"W_ups": lambda W_up: W_up[::-1]},
    ),
    (
        "W_up_shifted",
        "Layer l took `W_up[l - 2]`, and the second layer the last matrix of the list. Layer l, "
        "counted from 0, has `W_up[l - 1]`.",
        {"W_ups": lambda W_up: np.roll(W_up, 1, axis=0)},
    ),
    (
        "W_hh_of_the_first",
        "All layers have the state matrix of the first. Layer l, counted from 0, has `W_hh[l]`.",
        {"W_h": lambda W_hh: W_hh[:1] + 0 * W_hh},
    ),
    (
        "W_hh_transposed",
        "The matrices in `W_hh` are transposed. States are rows on their left: `h @ W_hh[l]`.",
        {"W_h": lambda W_hh: np.swapaxes(W_hh, 1, 2)},
    ),
    (
        "bias_of_the_first",
        "All layers have the bias of the first. Layer l, counted from 0, has `b_h[l]`.",
        {"b": lambda b_h: b_h[:1] + 0 * b_h},
    ),
    (
        "bias_forgotten",
        "The biases are missing.",
        {"b": lambda b_h: 0 * b_h},
    ),
    (
        "tanh_forgotten",
        "The tanh is missing: the states are the sums themselves.",
        {"squash": constant("none")},
    ),
    (
        "starts_from_below",
        "The upper layers start from the last state of the layer below. Every layer starts from "
        "zeros; what it gets from below are its inputs.",
        {"carry": constant("from below")},
    ),
    (
        "residual_missing",
        "The residual connection is missing: from the second layer on, what a layer read is added "
        "to what it wrote.",
        {"way": constant("nothing")},
    ),
    (
        "residual_undropped",
        "Added was the output of the layer below before dropout. A layer adds what it read, and "
        "that is after dropout.",
        {"way": constant("undropped")},
    ),
    (
        "residual_of_the_first",
        "Every layer adds what the first one handed on. A layer adds what it read itself, from the "
        "layer right below.",
        {"way": constant("first")},
    ),
    (
        "residual_missing_at_the_top",
        "The last layer adds nothing: `out` is what its cell wrote. It is dropout that ends before "
        "the last layer; the residual connection does not.",
        {"way": constant("but the top")},
    ),
    (
        "residual_only_at_the_top",
        "Only the last layer adds what it read. From the second on every layer does.",
        {"way": constant("only the top")},
    ),
    (
        "residual_twice",
        "What a layer read was added twice.",
        {"way": constant("twice")},
    ),
    (
        "residual_missing_at_the_second",
        "The second layer adds nothing. Of all layers only the first is left out.",
        {"way": constant("but the second")},
    ),
    (
        "residual_wherever_it_fits",
        "Where D and H are equal your first layer adds its inputs too. Every layer but the first "
        "adds what it read, whatever the sizes: ask for the layer, not for the shapes.",
        {"way": constant("wherever it fits")},
    ),
    (
        "residual_averaged",
        "What a layer read and what its cell wrote were averaged. They are added.",
        {"way": constant("mean")},
    ),
    (
        "residual_subtracted",
        "What a layer read was subtracted from what its cell wrote. They are added.",
        {"way": constant("minus")},
    ),
    (
        "residual_multiplied",
        "What a layer read was multiplied with what its cell wrote. They are added.",
        {"way": constant("product")},
    ),
    (
        "sum_through_tanh",
        "tanh was taken of the sum. The residual connection passes by the tanh: what a layer read "
        "is added as it is.",
        {"way": constant("squashed")},
    ),
    (
        "dropped_before_the_sum",
        "Dropout was applied to what a cell wrote, before the residual was added. Add first: the "
        "sum is what the layer hands on, and what is dropped.",
        {"way": constant("branch dropped")},
    ),
    (
        "h_n_after_the_sum",
        "`h_n` holds what the layers handed on, residual and dropout included. The state of a cell "
        "is what the cell itself wrote.",
        {"h_n": lambda layers: layers[1][:, -1]},
    ),
    (
        "h_n_with_residual",
        "`h_n` holds the sums, what the layers read included. The state of a cell is what the cell "
        "itself wrote.",
        {"h_n": lambda layers: layers[2][:, -1]},
    ),
    (
        "h_n_top_with_residual",
        "The last row of `h_n` is that of `out`, what the top layer read included. The state of a "
        "cell is what the cell itself wrote, at the top too.",
        {"h_n": lambda layers: np.concatenate([layers[0][:-1, -1], layers[1][-1:, -1]])},
    ),
    (
        "h_n_batch_first",
        "`h_n` has the batch as its first axis. The layers come first: stack the states along a "
        "new axis in front.",
        {"h_n": lambda layers: np.swapaxes(layers[0][:, -1], 0, 1)},
    ),
    (
        "h_n_below_one_another",
        "The states of the layers stand below one another, (L · B, H). `np.stack` gives them an "
        "axis of their own.",
        {"h_n": lambda layers: np.concatenate(layers[0][:, -1])},
    ),
    (
        "h_n_side_by_side",
        "The states of the layers stand side by side, (B, L · H). `np.stack` gives them an axis of "
        "their own, in front.",
        {"h_n": lambda layers: np.concatenate(layers[0][:, -1], axis=-1)},
    ),
    (
        "h_n_of_the_first_step",
        "`h_n` holds the states after the first step. Take those after the last.",
        {"read_at": constant(0)},
    ),
    (
        "h_n_of_the_last_sample",
        "`h_n` holds all steps of the last sample. Time is the first axis of what a layer writes.",
        {"h_n": lambda layers: layers[0][:, :, -1]},
    ),
    (
        "h_n_of_the_top",
        "`h_n` holds the last state of the top layer alone. Every layer has one.",
        {"h_n": lambda layers: layers[0][-1, -1]},
    ),
    (
        "h_n_from_the_top",
        "`h_n` begins with the top layer. The one that reads the inputs comes first.",
        {"h_n": lambda layers: layers[0][::-1, -1]},
    ),
    (
        "h_n_all_steps",
        "`h_n` holds the states of all steps. Take those after the last.",
        {"h_n": lambda layers: layers[0]},
    ),
    (
        "out_of_all_layers",
        "`out` holds what every layer handed on. Asked is that of the last one.",
        {"out": lambda layers: layers[1]},
    ),
    (
        "out_of_the_last_step",
        "`out` holds the last step alone. Asked are all steps of the last layer.",
        {"out": lambda layers: layers[1][-1, -1]},
    ),
):
    check_deep_run.add_mistake(_key, _message, _replaces)
