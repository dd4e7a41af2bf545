"""Predict: the shapes of gradients, and how much of a gradient ten layers can leave."""

from __future__ import annotations

from utils.checks.chapter01.formulas import CHAPTER, constant
from utils.checks.shapes import ShapeCheck

check_shapes_and_bounds = ShapeCheck(
    "shapes_and_bounds",
    chapter=CHAPTER,
    title="Shapes and bounds, predicted",
    outputs={
        "d_z2": "",
        "d_W2": "",
        "d_b2": "",
        "d_W1": "",
        "d_b1": "",
        "ten_sigmoids": "",
        "ten_tanhs": "",
    },
    steps={
        "d_z2": lambda: (6, 2),
        "d_W2": lambda: (4, 2),
        "d_b2": lambda: (2,),
        "d_W1": lambda: (3, 4),
        "d_b1": lambda: (4,),
        "ten_sigmoids": lambda: 0.25**10,
        "ten_tanhs": lambda: 1.0,
    },
    shapes=("d_z2", "d_W2", "d_b2", "d_W1", "d_b1"),
    tolerance=1e-2,  # two digits of a power are enough; sizes are whole numbers
    hints=(
        "A gradient says, for each entry of an array, how the loss changes with that entry.",
        "So the gradient of an array has one entry for each entry of the array. For the two "
        "factors: where is the slope of the activation largest, and what is it there?",
        "`W1` turns 3 inputs into 4 hidden values and `b1` is added to each row of them. Ten "
        "layers multiply ten slopes; the largest slope of sigmoid is 1/4, that of tanh is 1.",
    ),
)
for _name, _shape in {"d_W2": (4, 2), "d_W1": (3, 4)}.items():
    check_shapes_and_bounds.add_mistake(
        f"{_name}_transposed",
        f"This is the shape of the transpose. Samples are rows here, so `{_name[2:]}` stands on "
        "the right of the product and has a row for each of its inputs.",
        {_name: constant(_shape[::-1])},
    )
    check_shapes_and_bounds.add_mistake(
        f"{_name}_with_batch",
        f"This has a batch axis. One `{_name[2:]}` serves all samples, so its gradient adds up "
        "what they say and has no axis for them.",
        {_name: constant((6, *_shape))},
    )
for _name, _size in {"d_b2": 2, "d_b1": 4}.items():
    check_shapes_and_bounds.add_mistake(
        f"{_name}_with_batch",
        f"This still has a row for every sample. There is one `{_name[2:]}` for all samples: its "
        "gradient is summed over the batch.",
        {_name: constant((6, _size))},
    )
    check_shapes_and_bounds.add_mistake(
        f"{_name}_as_row",
        f"An axis too many: `{_name[2:]}` has one axis, and so has its gradient.",
        {_name: constant((1, _size))},
    )
    check_shapes_and_bounds.add_mistake(
        f"{_name}_per_sample",
        f"This has one number per sample. `{_name[2:]}` has one number per unit, and so has its "
        "gradient.",
        {_name: constant((6,))},
    )
for _key, _quantity, _wrong, _message in (
    (
        "d_z2_without_batch",
        "d_z2",
        (2,),
        "This has no batch axis. `z2` has a row for every sample, and each of its entries has a "
        "gradient of its own.",
    ),
    (
        "d_z2_as_weights",
        "d_z2",
        (4, 2),
        "This is the shape of `W2`, the weights. `z2` is the result of the product with them: a "
        "row for every sample.",
    ),
    (
        "value_for_slope",
        "ten_sigmoids",
        0.5**10,
        "This takes one half for each layer, the value of the sigmoid at 0. The gradient is "
        "multiplied by the slope there.",
    ),
    (
        "one_layer",
        "ten_sigmoids",
        0.25,
        "This is the bound for one layer. A gradient that passes ten layers meets ten slopes.",
    ),
    (
        "added",
        "ten_sigmoids",
        2.5,
        "The ten slopes are added up here. The chain rule multiplies them.",
    ),
    (
        "no_bound",
        "ten_sigmoids",
        1.0,
        "1 is the largest value that a sigmoid comes near to; its slope is never above a "
        "smaller number.",
    ),
    (
        "tanh_like_sigmoid",
        "ten_tanhs",
        0.25**10,
        "That is the bound for the sigmoid. The slope of tanh is 1 − tanh², which is larger at 0.",
    ),
    (
        "tanh_added",
        "ten_tanhs",
        10.0,
        "Ten times the largest slope: the slopes are added up. The chain rule multiplies them.",
    ),
    (
        "tanh_at_its_end",
        "ten_tanhs",
        0.0,
        "That is the slope on the flat ends of tanh. Asked is the largest it can be.",
    ),
):
    check_shapes_and_bounds.add_mistake(_key, _message, {_quantity: constant(_wrong)})
