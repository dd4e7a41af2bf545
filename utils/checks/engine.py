"""A check of one exercise: inputs → the learner's function → comparison.

A check is a chain of named quantities in the order of computation. Each *step* computes one
quantity from the ones before it, which it takes by parameter name::

    check_rnn_step = Check(
        "rnn_step",
        chapter="02_rnn_forward",
        title="One step of a plain RNN",
        sizes=[{"B": 2, "D": 3, "H": 4}, {"B": 3, "D": 5, "H": 2}],
        inputs=rnn_step_inputs,                 # (rng, sizes) -> dict of arrays
        steps={
            "z_t": lambda x_t, h_prev, W_xh, W_hh, b_h: x_t @ W_xh + h_prev @ W_hh + b_h,
            "h_t": lambda z_t: np.tanh(z_t),
        },
        outputs={"h_t": "B H"},                 # what the learner returns, with its axes
        hints=("…", "…", "…"),
    )

A *mistake* puts another function in the place of one step; everything after it is computed from
there, so mistakes combine without further words::

    @check_rnn_step.mistake("h_t", "The tanh is missing: put the sum through `np.tanh`.")
    def no_tanh(z_t):
        return z_t

A mistake is named only if the learner's numbers equal its numbers in every case. Where none fits,
the report says which quantity is the first wrong one, and where in it the wrong entries lie.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

from utils import progress
from utils.checks.comparing import is_close
from utils.checks.judging import judge
from utils.checks.reporting import Report, display
from utils.checks.running import NOT_STARTED, Answer, Problem, name_outputs, run

Step = Callable[..., Any]
#: Every check, by chapter and then by name.
REGISTRY: dict[str, dict[str, Check]] = {}


@dataclass(frozen=True)
class Case:
    """One set of inputs with the right value of every quantity.

    Attributes
    ----------
    sizes : dict of str to int
    inputs : dict of str to array or number
    right : dict of str to array
        Every quantity of the check, in the order of computation.
    """

    sizes: Mapping[str, int]
    inputs: Mapping[str, Any]
    right: Mapping[str, Any]


@dataclass(frozen=True)
class Mistake:
    """A known wrong way to compute one quantity or several.

    Attributes
    ----------
    key : str
        A short name, unique within its check.
    replaces : dict of str to callable
        Quantity to the function that wrongly computes it.
    message : str
        What was done, and what to do instead; names in backquotes.
    """

    key: str
    replaces: Mapping[str, Step]
    message: str


@dataclass(frozen=True)
class Property:
    """Something that must be true of a result for which there is no single right value.

    Attributes
    ----------
    name : str
        What is demanded, as a short noun phrase.
    test : callable
        ``test(inputs, outputs)`` with two dictionaries; True if it holds.
    message : str or callable
        What the learner reads when it does not hold; or ``message(inputs, outputs)`` that gives
        it, for the first case in which it does not.
    """

    name: str
    test: Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
    message: str | Callable[[Mapping[str, Any], Mapping[str, Any]], str]


@dataclass
class Check:
    """The check of one exercise; call it with the learner's function or value.

    Parameters
    ----------
    name : str
        Unique within the chapter; the exercise's short name.
    chapter : str
        The notebook's name, such as ``"02_rnn_forward"``.
    title : str
    outputs : mapping of str to str or tuple of str
        What the learner returns, in order: name to axes (``"T B H"``, ``""`` for a number; a gate
        axis may list its blocks, ``"4H:input,forget,candidate,output"``), or to a tuple of the
        options of a choice.
    steps : mapping of str to callable
        Every quantity in the order of computation; a step's parameters are earlier quantities or
        inputs. Outputs that only `properties` speak of need no step.
    inputs : callable, optional
        ``inputs(rng, sizes)`` gives the named arguments of the learner's function, in order. Left
        out when the learner hands over a value in place of a function.
    sizes : sequence of mappings
        One per case. Within a case all sizes above 1 differ; a hard-coded size shows at the
        second case.
    hints : sequence of three str
        From a nudge to nearly the answer.
    properties : sequence of Property
    call : callable, optional
        ``call(function, **inputs)`` for functions that take more than arrays.
    parameters : sequence of str, optional
        The stub's parameters, where they are not the names of the inputs because of `call`.
    tolerance : float
        Largest difference allowed, as a share of the largest absolute value of the right array.
    decimals : int, optional
        For values worked out by hand: one unit in this decimal place is allowed instead.

    Raises
    ------
    ValueError
        If a step or mistake asks for a quantity that does not exist yet, if two sizes of a case
        are equal, or if the chapter has a check of this name already.
    """

    name: str
    chapter: str
    title: str
    outputs: Mapping[str, str | tuple[str, ...]]
    steps: Mapping[str, Step] = field(default_factory=dict)
    inputs: Callable[..., dict[str, Any]] | None = None
    sizes: Sequence[Mapping[str, int]] = ({},)
    hints: Sequence[str] = ()
    properties: Sequence[Property] = ()
    call: Callable[..., Any] | None = None
    parameters: Sequence[str] | None = None
    tolerance: float = 1e-6
    decimals: int | None = None
    mistakes: list[Mistake] = field(default_factory=list, init=False)  #: in order of entry
    _hints_given: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.__doc__ = f"Check the exercise '{self.title}'."
        if self.hints and len(self.hints) != 3:
            raise ValueError(f"{self.name}: {len(self.hints)} hints given, expected three.")
        for case in self.sizes:
            large = [size for size in case.values() if size > 1]
            if len(set(large)) < len(large):
                raise ValueError(f"{self.name}: equal sizes in {dict(case)} hide swapped axes.")
        known = set(self._make_inputs(0))
        for quantity, step in self.steps.items():
            self._require(known, step, quantity)
            known.add(quantity)
        missing = [name for name in self.outputs if name not in self.steps]
        if missing and not self.properties:
            raise ValueError(f"{self.name}: no step computes the output {missing[0]}.")
        chapter = REGISTRY.setdefault(self.chapter, {})
        if self.name in chapter:
            raise ValueError(f"{self.chapter} has a check named {self.name} already.")
        chapter[self.name] = self

    # --- what a check is made of -------------------------------------------------------------

    def mistake(self, quantity: str, message: str) -> Callable[[Step], Step]:
        """Register the decorated function as a known wrong way to compute `quantity`.

        Parameters
        ----------
        quantity : str
        message : str
            What the learner reads; names in backquotes.

        Returns
        -------
        callable
            The decorator; it gives the function back unchanged.
        """

        def register(function: Step) -> Step:
            self.add_mistake(function.__name__, message, {quantity: function})
            return function

        return register

    def add_mistake(self, key: str, message: str, replaces: Mapping[str, Step]) -> None:
        """Register a mistake that shows in one quantity or in several.

        Parameters
        ----------
        key : str
            Its name, unique within the check.
        message : str
            What the learner reads; names in backquotes.
        replaces : mapping of str to callable
            Quantity to the function that wrongly computes it; parameters are earlier quantities.

        Raises
        ------
        ValueError
            If a quantity is unknown, a parameter is not yet computed there, or the key is taken.
        """
        if any(key == mistake.key for mistake in self.mistakes):
            raise ValueError(f"{self.name} has a mistake named {key} already.")
        order = list(self.steps)
        for quantity, function in replaces.items():
            if quantity not in self.steps:
                raise ValueError(f"{self.name}: mistake {key} replaces unknown {quantity!r}.")
            before = set(self._make_inputs(0)) | set(order[: order.index(quantity)])
            self._require(before, function, key)
        self.mistakes.append(Mistake(key, dict(replaces), message))

    def _require(self, known: set[str], function: Step, where: str) -> None:
        unknown = [p for p in _parameters(function) if p not in known]
        if unknown:
            raise ValueError(f"{self.name}: {where} needs {unknown[0]!r} before it is computed.")

    def _make_inputs(self, case: int, seed: int | None = None) -> dict[str, Any]:
        if self.inputs is None:
            return {}
        start = zlib.crc32(self.name.encode()) if seed is None else seed
        rng = np.random.default_rng([start, case])
        return self.inputs(rng, dict(self.sizes[case]))

    # --- the three parts: inputs, the learner's function, comparison -------------------------

    def cases(self, seed: int | None = None) -> list[Case]:
        """Make the inputs of every case and the right values with them.

        Parameters
        ----------
        seed : int, optional
            Other inputs than the public ones.

        Returns
        -------
        list of Case
        """
        made = []
        for index, sizes in enumerate(self.sizes):
            inputs = self._make_inputs(index, seed)
            made.append(Case(dict(sizes), inputs, self.compute(inputs)))
        return made

    def run(self, answer: Any, cases: Sequence[Case]) -> list[Answer]:
        """Call the learner's function on every case; a value stands for itself.

        Parameters
        ----------
        answer : callable or value
            A value where the check has no inputs.
        cases : sequence of Case

        Returns
        -------
        list of Answer
            One per case; what went wrong stands in it and is not raised.
        """
        outputs = list(self.outputs)
        if callable(answer):
            return [run(answer, case.inputs, outputs, self.call, self.parameters) for case in cases]
        if self.inputs is None:
            named = name_outputs(answer, outputs)
            return [Answer({}, named) if isinstance(named, Problem) else Answer(named)] * len(cases)
        if answer is None or answer is Ellipsis:
            return [Answer({}, NOT_STARTED) for _ in cases]
        problem = Problem(
            "not a function",
            f"The check needs a function and got a value, {type(answer).__name__}: "
            f"`check_{self.name}(your_function)`, with no parentheses after your function's name.",
        )
        return [Answer({}, problem) for _ in cases]

    def judge(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Report:
        """Compare answers with the right values and say what is wrong, as far as it is proven.

        Parameters
        ----------
        cases : sequence of Case
        answers : sequence of Answer
            To the cases, in their order.

        Returns
        -------
        Report
        """
        return judge(self, cases, answers)

    def compute(
        self,
        inputs: Mapping[str, Any],
        mistakes: Iterable[Mistake] = (),
        pinned: Mapping[str, Any] | None = None,
        right: Mapping[str, Any] | None = None,
        until: str | None = None,
    ) -> dict[str, Any]:
        """Compute every quantity, some steps replaced by mistakes, some values held fixed.

        Parameters
        ----------
        inputs : mapping
        mistakes : iterable of Mistake
        pinned : mapping of str to array, optional
            Quantities that keep these values; what follows is computed from them.
        right : mapping of str to array, optional
            The right values for these inputs, which spare computing what no mistake reaches.
        until : str, optional
            The last quantity that is wanted.

        Returns
        -------
        dict of str to array, in the order of computation
        """
        replaced = {q: function for m in mistakes for q, function in m.replaces.items()}
        values, changed = dict(inputs), set(pinned or ())
        with np.errstate(all="ignore"):
            for quantity, step in self.steps.items():
                function = replaced.get(quantity, step)
                needed = _parameters(function)
                if pinned and quantity in pinned:
                    values[quantity] = pinned[quantity]
                elif right and quantity not in replaced and changed.isdisjoint(needed):
                    values[quantity] = right[quantity]
                else:
                    changed.add(quantity)
                    value = function(*(_own_copy(values[name]) for name in needed))
                    values[quantity] = value if isinstance(value, str) else np.asarray(value)
                if quantity == until:
                    break
        return {quantity: values[quantity] for quantity in self.steps if quantity in values}

    def ancestors(self, quantity: str) -> set[str]:
        """Return the quantities that `quantity` is computed from, itself among them.

        Parameters
        ----------
        quantity : str

        Returns
        -------
        set of str
            Without the inputs.
        """
        found, open_ = set(), [quantity]
        while open_:
            name = open_.pop()
            if name in self.steps and name not in found:
                found.add(name)
                open_.extend(_parameters(self.steps[name]))
        return found

    def combinations(self, quantity: str) -> Iterable[tuple[Mistake, ...]]:
        """Yield the mistakes that can show in `quantity`: each alone, then each compatible pair.

        Parameters
        ----------
        quantity : str

        Yields
        ------
        tuple of one or two Mistake
            Two are compatible if they replace no quantity both.
        """
        reach = self.ancestors(quantity)
        candidates = [m for m in self.mistakes if reach & set(m.replaces)]
        yield from ((mistake,) for mistake in candidates)
        for pair in itertools.combinations(candidates, 2):
            if not set(pair[0].replaces) & set(pair[1].replaces):
                yield pair

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say in this check's own words what is wrong with an output; empty for the usual words.

        For checks whose values are no measurements, such as shapes, to override.

        Parameters
        ----------
        name : str
            The output.
        value, right : array or str
            What came, and what is right.

        Returns
        -------
        str
        """
        return ""

    def agrees(self, value: Any, right: Any) -> bool:
        """Tell whether `value` agrees with `right`, within this check's tolerance."""
        return is_close(value, right, self.tolerance, self.decimals)

    # --- what the learner calls --------------------------------------------------------------

    def report(self, answer: Any, seed: int | None = None) -> Report:
        """Check an answer without showing, recording or grading anything.

        Parameters
        ----------
        answer : callable or value
        seed : int, optional
            As in `cases`.

        Returns
        -------
        Report
        """
        cases = self.cases(seed)
        return self.judge(cases, self.run(answer, cases))

    def __call__(self, answer: Any, points: float = 1) -> float:
        """Check an answer, show what was found, and return the points earned.

        Parameters
        ----------
        answer : callable or value
            The learner's function, or the value, tuple or dictionary that the exercise asks for.
        points : float
            Points for an answer that is right in everything.

        Returns
        -------
        float
            Between 0 and `points`, in proportion to the outputs that are right.

        Raises
        ------
        ValueError
            If `points` is not a number of at least 0.
        """
        if isinstance(points, bool) or not isinstance(points, Real) or not 0 <= points < np.inf:
            raise ValueError(f"points is {points!r}; expected a number of at least 0.")
        report = self.report(answer)
        if report.status != "not started":
            reason = progress.record(self.chapter, self.name, report.score)
            if reason:
                report = report.with_note(f"Your progress was not saved: {reason}")
        display(report)
        return float(round(points * report.score, 6))

    def hint(self, number: int | None = None) -> None:
        """Show the next of the three hints, or hint `number` (1, 2 or 3).

        Raises
        ------
        ValueError
            If there is no hint of that number.
        """
        if not self.hints:
            print("This exercise has no hints.")
            return
        if number is not None and (type(number) is not int or number not in (1, 2, 3)):
            raise ValueError(f"hint {number!r} does not exist; there are hints 1, 2 and 3.")
        self._hints_given = number or min(self._hints_given + 1, 3)
        print(f"Hint {self._hints_given} of 3: {self.hints[self._hints_given - 1]}")

    def __repr__(self) -> str:
        return f"check_{self.name}(answer, points=1)  # {self.chapter}: {self.title}"


@functools.cache
def _parameters(function: Step) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def _own_copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
