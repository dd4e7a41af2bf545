"""Predict: what comes out of `nn.LSTM` and `nn.GRU`, and what Keras calls it."""

from __future__ import annotations

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter10.formulas import CHAPTER
from utils.checks.shapes import ShapeCheck

RIGHT = {
    "deep_output": (7, 3, 16),
    "deep_h_n": (4, 3, 8),
    "deep_c_n": (4, 3, 8),
    "first_output": (3, 7, 8),
    "first_h_n": (1, 3, 8),
    "packed_data": (13, 16),
    "packed_h_n": (2, 3, 8),
    "keras_plain": (3, 8),
    "keras_sequences": (3, 7, 8),
}
EXPRESSIONS = ("output[:, -1]", "output[-1]", "output[:, 0]", "c_n[-1]")

check_torch_shapes = ShapeCheck(
    "torch_shapes",
    chapter=CHAPTER,
    title="Shapes, predicted",
    outputs={
        **dict.fromkeys(RIGHT, ""),
        "keras_arrays": "",
        "keras_in_torch": EXPRESSIONS,
    },
    steps={
        **{name: constant(shape) for name, shape in RIGHT.items()},
        "keras_arrays": constant(3),
        "keras_in_torch": constant(EXPRESSIONS[0]),
    },
    shapes=tuple(RIGHT),
    hints=(
        "`output` holds the hidden states of the last layer at every step; `h_n` and `c_n` hold "
        "the final states of every layer and direction. Which of the two can do without an axis "
        "of time?",
        "Two directions stand side by side in the last axis of `output`, and one after the other "
        "in the first axis of `h_n`. `batch_first` swaps two axes of `output` and none of `h_n`.",
        "A packed batch keeps one row for each step that is there: add up the lengths. Keras puts "
        "samples first, gives the last output alone unless `return_sequences=True`, and hands "
        "over h and c beside it with `return_state=True`.",
    ),
)
for _name, _wrong, _key, _message in (
    (
        "deep_output",
        (7, 3, 8),
        "output_of_one_direction",
        "That is one direction. The states of both stand side by side at every step.",
    ),
    (
        "deep_output",
        (7, 3, 32),
        "output_of_all_layers",
        "That counts both layers. `output` holds the states of the last layer alone, in both "
        "directions.",
    ),
    (
        "deep_output",
        (3, 7, 16),
        "output_batch_first",
        "That is batch first, which `torch` does only when it is told to.",
    ),
    (
        "deep_output",
        (3, 16),
        "output_of_last_step",
        "That is one step. `output` holds every step; Keras is the one that gives the last alone.",
    ),
    (
        "deep_h_n",
        (2, 3, 8),
        "h_n_layers_or_directions",
        "That counts layers or directions. Each layer has a final state for each direction.",
    ),
    (
        "deep_h_n",
        (1, 3, 8),
        "h_n_of_one_layer",
        "That is one layer in one direction. `h_n` keeps the final state of all of them.",
    ),
    (
        "deep_h_n",
        (2, 3, 16),
        "h_n_side_by_side",
        "Here the two directions stand side by side. That is how `output` does it; in `h_n` each "
        "has an entry of its own along the first axis.",
    ),
    (
        "deep_h_n",
        (3, 4, 8),
        "h_n_batch_first",
        "The batch is the second axis of `h_n`, the layers and directions are the first.",
    ),
    (
        "deep_h_n",
        (3, 16),
        "h_n_last_layer",
        "That is the last layer alone. `h_n` keeps the final states of all layers.",
    ),
    (
        "deep_c_n",
        (7, 3, 16),
        "c_n_at_every_step",
        "That would be a cell state for every step. `torch` hands over the final ones only.",
    ),
    (
        "deep_c_n",
        (2, 3, 8),
        "c_n_layers_or_directions",
        "That counts layers or directions. Each layer has a final cell state for each direction.",
    ),
    (
        "deep_c_n",
        (1, 3, 8),
        "c_n_of_one_layer",
        "That is one layer in one direction. `c_n` is made like `h_n`: one entry for each layer "
        "and direction.",
    ),
    (
        "deep_c_n",
        (2, 3, 16),
        "c_n_side_by_side",
        "The two directions do not stand side by side in `c_n`; each has an entry of its own.",
    ),
    (
        "first_output",
        (7, 3, 8),
        "batch_first_ignored",
        "That is time first. With `batch_first=True` input and `output` both have the samples in "
        "front.",
    ),
    (
        "first_output",
        (3, 8),
        "first_output_last_step",
        "That is one step. `output` holds the state of every step.",
    ),
    (
        "first_h_n",
        (3, 1, 8),
        "batch_first_h_n",
        "`batch_first` swaps the axes of input and `output`, and leaves those of `h_n` alone.",
    ),
    (
        "first_h_n",
        (3, 8),
        "first_h_n_without_layers",
        "The first axis counts layers and directions, and stays when there is one of each.",
    ),
    (
        "first_h_n",
        (1, 7, 8),
        "first_h_n_of_steps",
        "The 7 are the steps. `h_n` has a final state for each of the 3 samples.",
    ),
    (
        "packed_data",
        (21, 16),
        "packed_with_padding",
        "That counts 3 times 7 steps, padding among them. A packed batch holds the steps that are "
        "there.",
    ),
    (
        "packed_data",
        (13, 8),
        "packed_one_direction",
        "That is one direction. The states of both stand side by side in each row.",
    ),
    (
        "packed_data",
        (13, 5),
        "packed_input",
        "That is the packed input. The rows of the packed output hold hidden states.",
    ),
    (
        "packed_data",
        (7, 3, 16),
        "packed_as_padded",
        "That is the shape of a padded batch. Packed, the steps of all samples share one axis.",
    ),
    (
        "packed_h_n",
        (1, 3, 8),
        "packed_h_n_one_direction",
        "That is one direction. `h_n` has an entry for each of the two.",
    ),
    (
        "packed_h_n",
        (1, 3, 16),
        "packed_h_n_side_by_side",
        "The two directions stand one after the other along the first axis of `h_n`.",
    ),
    (
        "packed_h_n",
        (2, 13, 8),
        "packed_h_n_of_rows",
        "Only `output` is packed. `h_n` has one final state for each sample and direction.",
    ),
    (
        "keras_plain",
        (3, 7, 8),
        "keras_every_step",
        "That is what `return_sequences=True` asks for. Without it a layer of Keras gives its last "
        "output alone.",
    ),
    (
        "keras_plain",
        (1, 3, 8),
        "keras_as_h_n",
        "That is `h_n` of `torch`. What Keras gives has no axis for layers.",
    ),
    (
        "keras_plain",
        (3, 1, 8),
        "keras_one_step_kept",
        "An axis too many: the last output of each sample comes without an axis of time.",
    ),
    (
        "keras_sequences",
        (7, 3, 8),
        "keras_time_first",
        "That is time first. Keras has [samples, timesteps, features], going in and coming out.",
    ),
    (
        "keras_sequences",
        (3, 8),
        "keras_last_only",
        "That is the last output alone, the default. `return_sequences=True` gives one for every "
        "step.",
    ),
    (
        "keras_sequences",
        (3, 7, 5),
        "keras_features_kept",
        "The last axis holds the units of the layer, not the features of its input.",
    ),
    (
        "keras_arrays",
        2,
        "keras_states_as_one",
        "`torch` returns two things, of which the second is a pair. Keras hands over its three "
        "arrays one after the other.",
    ),
    (
        "keras_arrays",
        1,
        "keras_state_ignored",
        "That is the output alone. `return_state=True` adds the final states.",
    ),
    (
        "keras_arrays",
        4,
        "keras_last_output_too",
        "That is one too many. The last output is the final h, which is there already.",
    ),
    (
        "keras_in_torch",
        EXPRESSIONS[1],
        "last_sample",
        "With the batch first, `output[-1]` is the last sample, at every step.",
    ),
    (
        "keras_in_torch",
        EXPRESSIONS[2],
        "first_step",
        "That is the output of the first step, which has read one input.",
    ),
    (
        "keras_in_torch",
        EXPRESSIONS[3],
        "cell_for_output",
        "That is the cell state. What an LSTM puts out is h.",
    ),
):
    check_torch_shapes.add_mistake(_key, _message, {_name: constant(_wrong)})
