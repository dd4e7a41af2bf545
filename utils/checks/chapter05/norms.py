"""Code: the size of ∂h_T/∂h_t for every t."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter05.predict import CHAPTER
from utils.checks.comparing import wrong_places
from utils.checks.engine import Check

Array = np.ndarray


def jacobian_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the Jacobians of T steps of one sequence."""
    T, H = sizes["T"], sizes["H"]
    slopes = rng.uniform(0.3, 1.0, size=(T, 1, H))
    return {"Js": 1.2 * rng.normal(size=(H, H)) / np.sqrt(H) * slopes}


def products_back(Js: Array, order: str = "right") -> Array:
    """Return J_{t+1} … J_T for t = 0 … T, the identity last; `order` can turn the factors round."""
    product = np.eye(Js.shape[1])
    products = [product]
    for J in Js[::-1]:
        product = J @ product if order == "right" else product @ J
        products.append(product)
    return np.stack(products[::-1])


def entrywise(Js: Array) -> Array:
    """Return the products of the Jacobians entry by entry, without an end."""
    return np.cumprod(Js[::-1], axis=0)[::-1]


def products_forward(Js: Array) -> Array:
    """Return J_1 … J_t for t = 0 … T, the identity first."""
    products = [np.eye(Js.shape[1])]
    for J in Js:
        products.append(products[-1] @ J)
    return np.stack(products)


def sums_back(Js: Array, start: Array) -> Array:
    """Return `start` plus J_{t+1} + … + J_T for t = 0 … T."""
    return np.concatenate([start + np.cumsum(Js[::-1], axis=0)[::-1], start[None]])


SIZES = {
    "spectral": lambda M: np.linalg.norm(M, 2, axis=(-2, -1)),
    "frobenius": lambda M: np.linalg.norm(M, axis=(-2, -1)),
    "gain": lambda M: np.linalg.norm(M, axis=(-2, -1)) / np.sqrt(M.shape[-1]),
    "radius": lambda M: np.abs(np.linalg.eigvals(M)).max(axis=-1),
    "largest": lambda M: np.abs(M).max(axis=(-2, -1)),
    "columns": lambda M: np.linalg.norm(M, 1, axis=(-2, -1)),
    "rows": lambda M: np.linalg.norm(M, np.inf, axis=(-2, -1)),
    "least": lambda M: np.linalg.norm(M, -2, axis=(-2, -1)),
    "nuclear": lambda M: np.linalg.norm(M, "nuc", axis=(-2, -1)),
    "determinant": lambda M: np.abs(np.linalg.det(M)),
    "mean": lambda M: np.linalg.svd(M, compute_uv=False).mean(axis=-1),
    "all": lambda M: np.linalg.svd(M, compute_uv=False),
}


def sizes_of(matrices: Array, kind: str) -> Array:
    """Measure each matrix (…, H, H) by one of ``SIZES``."""
    return SIZES[kind](matrices)


def product_of_sizes(Js: Array, kind: str) -> Array:
    """Multiply the sizes of the single Jacobians J_{t+1} … J_T, for t = 0 … T."""
    each = sizes_of(Js, kind)
    return np.append(np.cumprod(each[::-1])[::-1], 1.0)


class BackwardCheck(Check):
    """The check of a curve over t that is computed from its end; a fault is told from there."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Name the first wrong step on the way back from T."""
        if not isinstance(value, np.ndarray) or value.shape != right.shape:
            return ""
        if not np.isfinite(value).all():
            return ""
        T = len(right) - 1
        wrong = np.flatnonzero(wrong_places(value, right, self.tolerance))
        if not len(wrong) or wrong[-1] == T:
            return ""
        last = int(wrong[-1])
        until = f"t = {T}" if last == T - 1 else f"t = {T} … {last + 1}"
        return (
            f"`{name}` is right at {until} (for T = {T}) and wrong at t = {last}, the first wrong "
            "step on the way back."
        )


check_backward_norms = BackwardCheck(
    "backward_norms",
    chapter=CHAPTER,
    title="The size of ∂h_T/∂h_t, for every t",
    sizes=({"T": 5, "H": 3}, {"T": 3, "H": 4}, {"T": 6, "H": 2}),
    inputs=jacobian_inputs,
    outputs={"norms": "T+1"},
    steps={
        "kind": lambda: "spectral",
        "products": lambda Js: products_back(Js),
        "sizes": lambda products, kind: sizes_of(products, str(kind)),
        "norms": lambda sizes: sizes,
    },
    tolerance=1e-5,
    hints=(
        "Start at the end: ∂h_T/∂h_T is the identity. Each step back puts one more Jacobian in "
        "front.",
        "Go through `Js[::-1]` with one variable for the product: the Jacobian of the earlier step "
        "comes to the left, `product = J @ product`. Note the norm before the loop and in every "
        "turn.",
        "`np.linalg.norm(product, 2)` is the largest singular value; without the 2 it is another "
        "norm. The list begins with t = T, so turn it round at the end.",
    ),
)
for _key, _message, _replaces in (
    (
        "factors_reversed",
        "The factors stand in reversed order, or each is transposed. With row vectors a change "
        "travels from the left: `J_{t+1} @ J_{t+2} @ … @ J_T`.",
        {"products": lambda Js: products_back(Js, "reversed")},
    ),
    (
        "read_forwards",
        "The loop runs through `Js` from the first step on and puts each Jacobian on the left. The "
        "way back begins with the last: `Js[::-1]`.",
        {"products": lambda Js: products_back(Js[::-1])},
    ),
    (
        "entry_by_entry",
        "The Jacobians are multiplied entry by entry, with `*`. The chain rule wants the matrix "
        "product, `@`.",
        {"products": lambda Js: np.concatenate([entrywise(Js), np.eye(Js.shape[1])[None]])},
    ),
    (
        "entry_by_entry_from_ones",
        "The Jacobians are multiplied entry by entry, as by `np.prod`, which gives ones for no "
        "factor at all. The chain rule wants the matrix product, `@`.",
        {"products": lambda Js: np.concatenate([entrywise(Js), np.ones_like(Js[:1])])},
    ),
    (
        "from_the_identity_entry_by_entry",
        "The product starts as the identity and goes on entry by entry, with `*`, so only the "
        "diagonals are left. The matrix product is `@`.",
        {
            "products": lambda Js: (
                np.concatenate([entrywise(Js), np.ones_like(Js[:1])]) * np.eye(Js.shape[1])
            )
        },
    ),
    (
        "added",
        "The Jacobians are added to the identity. From step to step they are multiplied.",
        {"products": lambda Js: sums_back(Js, np.eye(Js.shape[1]))},
    ),
    (
        "added_from_zero",
        "The Jacobians are added up: this is the norm of a sum. From step to step they are "
        "multiplied.",
        {"products": lambda Js: sums_back(Js, np.zeros(Js.shape[1:]))},
    ),
    (
        "one_step_only",
        "Each entry is the norm of one Jacobian. From t to T all steps in between are multiplied.",
        {"products": lambda Js: np.concatenate([Js, np.eye(Js.shape[1])[None]])},
    ),
    (
        "last_jacobian_again",
        "The last Jacobian is used at every step back. Each step has its own.",
        {"products": lambda Js: products_back(np.repeat(Js[-1:], len(Js), axis=0))},
    ),
    (
        "first_jacobian_again",
        "The first Jacobian is used at every step back. Each step has its own.",
        {"products": lambda Js: products_back(np.repeat(Js[:1], len(Js), axis=0))},
    ),
    (
        "from_the_start",
        "This is ∂h_t/∂h_0, the way from the first state to step t. Asked for is the way from "
        "step t to the last state.",
        {"products": products_forward},
    ),
    (
        "last_factor_twice",
        "The product starts as J_T, and the loop puts J_T into it once more. Before the first step "
        "back it is the identity.",
        {"products": lambda Js: products_back(Js) @ Js[-1]},
    ),
    (
        "one_factor_too_many",
        "One factor too many: ∂h_T/∂h_t has the Jacobians of the steps after t. That of step t "
        "itself leads on to h_{t−1}.",
        {"products": lambda Js: products_back(Js)[np.maximum(np.arange(len(Js) + 1) - 1, 0)]},
    ),
    (
        "one_factor_too_many_and_round_the_end",
        "One factor too many: the product begins with `Js[t - 1]`, which at t = 0 is even the last "
        "one. ∂h_T/∂h_t has the steps after t: `Js[t:]`.",
        {"products": lambda Js: np.concatenate([Js[-1:], products_back(Js)[:-1]])},
    ),
    (
        "one_factor_too_few",
        "The Jacobian of step t + 1 is missing, the first step after t: the product begins with "
        "`Js[t]`, since Python counts from 0.",
        {"products": lambda Js: np.append(products_back(Js)[1:], np.eye(Js.shape[1])[None], 0)},
    ),
    (
        "last_factor_missing",
        "The last factor, J_T, is missing from every product.",
        {
            "products": lambda Js: np.append(
                products_back(Js[:-1]), np.eye(Js.shape[1])[None], axis=0
            )
        },
    ),
    (
        "product_of_norms",
        "These are products of norms, one norm for each Jacobian. That is an upper bound: "
        "multiply the matrices first, then take the norm.",
        {"sizes": lambda Js, kind: product_of_sizes(Js, str(kind))},
    ),
    (
        "sum_of_norms",
        "The norms of the single Jacobians are added up. Multiply the matrices first, then take "
        "the norm.",
        {
            "sizes": lambda Js, kind: np.append(
                np.cumsum(sizes_of(Js, str(kind))[::-1], axis=0)[::-1], 0.0
            )
        },
    ),
    (
        "frobenius",
        "This is the Frobenius norm, which `np.linalg.norm` gives a matrix by default. The "
        "spectral norm is `np.linalg.norm(product, 2)`.",
        {"kind": lambda: "frobenius"},
    ),
    (
        "gain",
        "This is the Frobenius norm over the root of H, the mean gain that the chapter draws. "
        "Asked for is the spectral norm, the largest gain.",
        {"kind": lambda: "gain"},
    ),
    (
        "spectral_radius",
        "This is the spectral radius, the largest absolute eigenvalue. How far a matrix stretches "
        "a vector in one go is its largest singular value.",
        {"kind": lambda: "radius"},
    ),
    (
        "largest_entry",
        "This is the largest absolute entry. The spectral norm is the largest singular value.",
        {"kind": lambda: "largest"},
    ),
    (
        "one_norm",
        "This is the largest sum over a column (`ord=1`). The spectral norm is `ord=2`.",
        {"kind": lambda: "columns"},
    ),
    (
        "row_norm",
        "This is the largest sum over a row (`ord=np.inf`). The spectral norm is `ord=2`.",
        {"kind": lambda: "rows"},
    ),
    (
        "smallest_singular_value",
        "This is the smallest singular value (`ord=-2`, or the last of the list). The spectral "
        "norm is the largest.",
        {"kind": lambda: "least"},
    ),
    (
        "sum_of_singular_values",
        "The singular values are added up. The spectral norm is the largest of them.",
        {"kind": lambda: "nuclear"},
    ),
    (
        "mean_singular_value",
        "This is the mean of the singular values. The spectral norm is the largest of them.",
        {"kind": lambda: "mean"},
    ),
    (
        "determinant",
        "This is the determinant, the product of all singular values. The spectral norm is the "
        "largest of them.",
        {"kind": lambda: "determinant"},
    ),
    (
        "all_singular_values",
        "These are all singular values. The spectral norm is the largest, one number for each t.",
        {"kind": lambda: "all"},
    ),
    (
        "squared",
        "These are the squares of the norms: the eigenvalue of the product with its transpose "
        "still needs a root.",
        {"norms": lambda sizes: sizes**2},
    ),
    (
        "logarithms",
        "These are logarithms to base 10. They are for drawing; return the norms.",
        {"norms": lambda sizes: np.log10(sizes)},
    ),
    (
        "natural_logarithms",
        "These are natural logarithms. They are for drawing; return the norms.",
        {"norms": lambda sizes: np.log(sizes)},
    ),
    (
        "from_the_end",
        "The list begins with t = T. Turn it round: `norms[0]` belongs to h_0, `norms[T]` is 1.",
        {"norms": lambda sizes: sizes[::-1]},
    ),
    (
        "end_missing",
        "There are T norms; the one of t = T, the identity's, is missing.",
        {"norms": lambda sizes: sizes[:-1]},
    ),
    (
        "end_missing_from_the_end",
        "The norm of t = T, the identity's, is missing, and the list begins at the end. "
        "`norms[0]` belongs to h_0.",
        {"norms": lambda sizes: sizes[:-1][::-1]},
    ),
    (
        "start_missing",
        "There are T norms; the one of t = 0, of the state before the first step, is missing.",
        {"norms": lambda sizes: sizes[1:]},
    ),
    (
        "start_missing_from_the_end",
        "The norm of t = 0 is missing, and the list begins at the end. `norms[0]` belongs to h_0, "
        "`norms[T]` is 1.",
        {"norms": lambda sizes: sizes[1:][::-1]},
    ),
    (
        "start_only",
        "This is one number, the norm of ∂h_T/∂h_0. Keep the norm at every t.",
        {"norms": lambda sizes: sizes[0]},
    ),
):
    check_backward_norms.add_mistake(_key, _message, _replaces)
