"""From answers to a report: what is right, what is wrong first, and which mistake it equals."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.checks.comparing import wrong_places
from utils.checks.describing import describe_wrong, own_words, quote, sizes_text
from utils.checks.reporting import Line, Report
from utils.checks.running import Answer, Problem

if TYPE_CHECKING:
    from utils.checks.engine import Case, Check, Mistake

DISTINCT = 100  # a mistake must differ from the right value by this many tolerances


def judge(check: Check, cases: Sequence[Case], answers: Sequence[Answer]) -> Report:
    """Compare the answers to all cases of a check with the right values.

    Parameters
    ----------
    check : Check
    cases : sequence of Case
    answers : sequence of Answer
        To the cases, in their order.

    Returns
    -------
    Report
        With status "right", "wrong", "open" (part is right, and the rest not filled in yet), "not
        started" or "stopped", a score between 0 and 1, and lines that hold in every case they
        speak of.
    """
    notes = _notes(answers)
    problems = [answer.problem for answer in answers]
    if problems[0] is not None:
        return _problem_report(check, problems[0], notes)
    memory = _remembers(answers)
    if any(problems):
        return _hard_coded(check, cases, answers, [*memory, *notes])

    open_outputs = [n for n in check.outputs if any(a.outputs[n] is None for a in answers)]
    lines, wrong, correct = [], [], []
    for name in check.outputs:
        if name in open_outputs:
            lines.append(Line("open", f"`{name}` is still open."))
        elif fault := _form_fault(check, name, cases, answers):
            lines.append(Line("wrong", own_words(check, name, cases, answers) or fault))
            wrong.append(name)
        elif name not in check.steps:
            continue  # only the properties speak of it
        elif all(
            check.agrees(a.outputs[name], c.right[name])
            for a, c in zip(answers, cases, strict=True)
        ):
            correct.append(name)
            if len(check.outputs) > 1:
                lines.append(Line("right", f"`{name}` is right."))
        else:
            wrong.append(name)

    if wrong and memory:
        return _report(check, "wrong", len(correct) / len(check.outputs), [*memory, *lines, *notes])
    if wrong:
        lines = _explain(check, cases, answers, wrong, open_outputs, lines)
    score = len(correct) / len(check.outputs)
    if not wrong and not open_outputs and check.properties:
        held, failed = _judge_properties(check, cases, answers)
        lines += held + failed
        score = len(held) / len(check.properties)
        wrong = [line.text for line in failed]
    if not wrong and not open_outputs:
        faults = _conduct(answers)
        if faults:
            return _report(check, "wrong", score / 2, [*lines, *faults, *notes])
        return _report(check, "right", 1.0, [*lines, *notes])
    faults = _conduct(answers)
    if wrong or (correct and faults):
        return _report(check, "wrong", score, [*lines, *faults, *notes])
    if len(open_outputs) == len(check.outputs):
        return _report(check, "not started", score, [*lines, *faults, *notes])
    summary = f"{len(correct)} of {len(check.outputs)} right, {len(open_outputs)} still open"
    return _report(check, "open", score, [*lines, *faults, *notes], summary)


def _report(
    check: Check, status: str, score: float, lines: Sequence[Line], summary: str = ""
) -> Report:
    hints = tuple(check.hints)
    return Report(check.title, status, score, tuple(lines), hints, check.name, summary)


# --- answers without numbers to compare ------------------------------------------------------


def _problem_report(check: Check, problem: Problem, notes: list[Line]) -> Report:
    status = {"not started": "not started", "raised": "stopped"}.get(problem.kind, "wrong")
    kind = "open" if status == "not started" else "wrong"
    return _report(check, status, 0.0, [*_problem_lines(problem, kind), *notes])


def _problem_lines(problem: Problem, kind: str) -> list[Line]:
    lines = [Line(kind, problem.text)]
    if problem.line_number:
        lines.append(Line("code", f"line {problem.line_number}: {problem.line}"))
    return lines


def _hard_coded(
    check: Check, cases: Sequence[Case], answers: Sequence[Answer], notes: list[Line]
) -> Report:
    """Report an answer that works for the first case's sizes and fails at others."""
    bad = next(i for i, answer in enumerate(answers) if answer.problem)
    right = all(
        check.agrees(answers[0].outputs[name], cases[0].right[name])
        for name in check.outputs
        if name in check.steps and answers[0].outputs[name] is not None
    )
    first, other = sizes_text(cases[0]), sizes_text(cases[bad])
    lines = [*_problem_lines(answers[bad].problem, "wrong")]
    if right and first != other and answers[0].repeatable:
        text = f"It is right for {first} and fails for {other}. Does a size stand in your code "
        text += "as a number, or does a shape hold for the first sizes only?"
    else:
        text = f"It runs for {first or 'the first inputs'} and fails for {other or 'others'}."
    return _report(check, "stopped", 0.0, [Line("wrong", text), *lines, *notes])


def _form_fault(
    check: Check, name: str, cases: Sequence[Case], answers: Sequence[Answer]
) -> str | None:
    """Say what keeps an output from being compared number by number, apart from its shape."""
    expected = check.outputs[name]
    for answer in answers:
        value = answer.outputs[name]
        if isinstance(expected, tuple):
            if not isinstance(value, str) or value not in expected:
                options = ", ".join(f"`{option}`" for option in expected)
                got = "" if isinstance(value, Problem) else f" is {quote(value)}:"
                return f"`{name}`{got} choose one of {options}."
        elif isinstance(value, Problem):
            return value.text
        elif isinstance(value, str):
            wanted = "an array of numbers" if str(expected).split() else "a number"
            return f"`{name}` is the text {quote(value)}; expected {wanted}."
        elif not np.isfinite(value).all():
            count = int((~np.isfinite(value)).sum())
            first = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
            where = f", the first at index {first}" if value.ndim else ""
            values = "1 value that is" if count == 1 else f"{count} values that are"
            return f"`{name}` holds {values} NaN or infinite{where}."
    return None


# --- wrong numbers ---------------------------------------------------------------------------


def _explain(
    check: Check,
    cases: Sequence[Case],
    answers: Sequence[Answer],
    wrong: Sequence[str],
    open_outputs: Sequence[str],
    lines: list[Line],
) -> list[Line]:
    """Add a line for each wrong output, in the order of computation."""
    order = [name for name in check.steps if name in wrong]
    found: tuple[Mistake, ...] = ()
    unexplained: list[str] = []
    roots: dict[str, tuple[Mistake, ...]] = {}  # wrong by itself: the mistakes named there
    pinned: list[dict[str, Any]] = [{} for _ in cases]
    faulty: set[str] = set()  # reported already; what is computed from it cannot be judged
    for name in order:
        values = [answer.outputs[name] for answer in answers]
        if _form_fault(check, name, cases, answers):
            faulty.add(name)
        if faulty & check.ancestors(name):
            continue
        follows = _followed(check, name, values, cases, found, pinned) if roots else None
        matches = [] if follows else _matches(check, name, cases, answers, found, pinned)
        if follows:
            lines.append(_follows_line(check, name, roots, *follows))
        elif matches:
            lines += _mistake_lines(name, matches)
            found = (*found, *matches[0])
            roots[name] = matches[0]
        else:
            sources = [other for other in unexplained if other in check.ancestors(name)]
            if sources:
                text = f"`{name}` is wrong too; it may follow from {_names(sources)}."
                lines.append(Line("follows", text))
            else:
                first = len(check.outputs) > 1 and name == order[0] and not open_outputs
                own = own_words(check, name, cases, answers)
                lines.append(
                    Line("wrong", own or describe_wrong(check, name, cases, answers, first))
                )
            unexplained.append(name)
            roots[name] = ()
        for pins, value, case in zip(pinned, values, cases, strict=True):
            if not isinstance(value, np.ndarray) or value.shape == case.right[name].shape:
                pins[name] = value
    sized = _right_sizes(check, cases, answers, wrong) if unexplained or not found else None
    return [sized, *lines] if sized else lines


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _followed(
    check: Check,
    name: str,
    values: Sequence[Any],
    cases: Sequence[Case],
    found: tuple[Mistake, ...],
    pinned: list[dict[str, Any]],
) -> tuple[tuple[Mistake, ...], bool] | None:
    """Return from what a wrong output follows: mistakes, and whether from the learner's values."""
    for mistakes, start in _starts(cases, found, pinned):
        computed = [
            check.compute(case.inputs, mistakes, pins, case.right, name) for case, pins in start
        ]
        if _equal(check, name, values, computed):
            return mistakes, any(pins for _, pins in start)
    return None


def _follows_line(
    check: Check,
    name: str,
    roots: Mapping[str, tuple[Mistake, ...]],
    mistakes: tuple[Mistake, ...],
    own: bool,
) -> Line:
    """Name the outputs, wrong by themselves, that alone make `name` wrong."""
    causes, seen, unseen = set(), set(), [name]
    while unseen:
        quantity = unseen.pop()
        if quantity in seen or quantity not in check.steps:
            continue
        seen.add(quantity)
        made = [m for m in mistakes if quantity in m.replaces]
        if own and quantity in roots:
            causes.add(quantity)
        elif made:
            causes |= {root for root, known in roots.items() if any(m in known for m in made)}
        else:
            unseen.extend(inspect.signature(check.steps[quantity]).parameters)
    ordered = [root for root in roots if root in causes]
    lead = "" if causes <= check.ancestors(name) else "the mistake in "
    text = f"`{name}` is wrong only because of {lead}{_names(ordered) or 'what came before it'}: "
    return Line("follows", f"{text}mend {'those' if len(ordered) > 1 else 'that'} first.")


def _starts(cases: Sequence[Case], found: tuple[Mistake, ...], pinned: list[dict[str, Any]]):
    """Yield the states from which the learner may have gone on: right, mistaken or their own."""
    plain = [(case, {}) for case in cases]
    own = list(zip(cases, pinned, strict=True))
    yield (), plain
    if found:
        yield found, plain
    if any(pinned):
        yield (), own
        if found:
            yield found, own


def _matches(
    check: Check,
    name: str,
    cases: Sequence[Case],
    answers: Sequence[Answer],
    found: tuple[Mistake, ...],
    pinned: list[dict[str, Any]],
) -> list[tuple[Mistake, ...]]:
    """Return the smallest sets of known mistakes that give the learner's numbers in every case.

    Of several such sets, those that explain more of the outputs after `name` are kept.
    """
    matches: dict[tuple[str, ...], tuple[Mistake, ...]] = {}
    reach: dict[tuple[str, ...], tuple[int, int]] = {}
    few_digits = check.decimals is not None and np.size(answers[0].outputs[name]) == 1
    still_open = {n for n in check.outputs if any(a.outputs[n] is None for a in answers)}
    for combination in check.combinations(name):
        if matches and len(combination) > min(map(len, matches.values())):
            break
        taken = {quantity for mistake in combination for quantity in mistake.replaces}
        if few_digits and (len(combination) > 1 or taken & still_open):
            continue  # a number of few digits meets such a combination by chance
        for base, start in _starts(cases, found, pinned):
            if taken & {quantity for mistake in base for quantity in mistake.replaces}:
                continue
            if _explains(check, name, answers, base, combination, start):
                messages = tuple(mistake.message for mistake in combination)
                far = _reach(check, name, cases, answers, (*base, *combination), start)
                matches[messages] = combination
                reach[messages] = max(far, reach.get(messages, far))
    farthest = max(reach.values(), default=(0, 0))
    return [fitting for messages, fitting in matches.items() if reach[messages] == farthest]


def _reach(
    check: Check,
    name: str,
    cases: Sequence[Case],
    answers: Sequence[Answer],
    made: tuple[Mistake, ...],
    start: list[tuple[Case, dict[str, Any]]],
) -> tuple[int, int]:
    """Count the outputs after `name` that come out as the learner's too: wrong ones, right ones."""
    try:
        computed = [check.compute(case.inputs, made, pins, case.right) for case, pins in start]
    except (ValueError, IndexError, TypeError):
        return 0, 0  # shapes that do not fit together further on
    right = [case.right for case in cases]
    order = [output for output in check.steps if output in check.outputs]
    counts = [0, 0]
    for later in order[order.index(name) + 1 :]:
        values = [answer.outputs[later] for answer in answers]
        if _equal(check, later, values, computed):
            counts[_equal(check, later, values, right)] += 1
    return counts[0], counts[1]


def _explains(
    check: Check,
    name: str,
    answers: Sequence[Answer],
    base: tuple[Mistake, ...],
    combination: tuple[Mistake, ...],
    start: list[tuple[Case, dict[str, Any]]],
) -> bool:
    """Tell whether a combination gives the learner's numbers and contradicts none of them.

    It contradicts if it would also change an output before `name`, and what the learner handed
    over there is something else; a wrong output that nothing explains contradicts nothing.
    """
    order = list(check.steps)
    before = [earlier for earlier in order[: order.index(name)] if earlier in check.outputs]
    replaced = {quantity for mistake in combination for quantity in mistake.replaces}
    differs = False
    for (case, pins), answer in zip(start, answers, strict=True):
        try:
            computed = check.compute(case.inputs, (*base, *combination), pins, case.right, name)
        except (ValueError, IndexError, TypeError):
            return False  # shapes of two mistakes that do not fit together
        if not check.agrees(answer.outputs[name], computed[name]):
            return False
        plain = check.compute(case.inputs, base, pins, case.right, name)
        for earlier in before:
            told = answer.outputs[earlier]
            if told is None:
                continue
            if earlier in pins and replaced & check.ancestors(earlier):
                others = {quantity: pin for quantity, pin in pins.items() if quantity != earlier}
                try:
                    with_it, without = (
                        check.compute(case.inputs, made, others, case.right, earlier)[earlier]
                        for made in ((*base, *combination), base)
                    )
                except (ValueError, IndexError, TypeError):
                    return False  # as above
                shows = earlier in replaced or _differs(check, with_it, without)
                # what nothing explains may hold this mistake beside an unknown one
                explained = earlier in replaced or check.agrees(told, without)
                if shows and explained and not check.agrees(told, with_it):
                    return False
            elif _differs(check, computed[earlier], plain[earlier]) and not check.agrees(
                told, computed[earlier]
            ):
                return False
        differs = differs or _differs(check, computed[name], plain[name])
    return differs


def _equal(
    check: Check, name: str, values: Sequence[Any], computed: Sequence[Mapping[str, Any]]
) -> bool:
    return all(check.agrees(v, c[name]) for v, c in zip(values, computed, strict=True))


def _differs(check: Check, one: Any, other: Any) -> bool:
    """Tell whether two values differ by far more than the tolerance, so that a match proves."""
    if isinstance(one, str) or isinstance(other, str):
        return one != other
    if one.shape != other.shape:
        return True
    if check.decimals is not None:
        return bool(wrong_places(one, other, decimals=check.decimals).any())
    return bool(wrong_places(one, other, min(DISTINCT * check.tolerance, 1e-2)).any())


def _mistake_lines(name: str, matches: Sequence[tuple[Mistake, ...]]) -> list[Line]:
    if len(matches) == 1:
        return [
            Line("mistake", f"`{name}`: {mistake.message}", mistake.key) for mistake in matches[0]
        ]
    messages = [" And: ".join(m.message for m in combination) for combination in matches]
    text = f"`{name}` is what comes out in either of these ways. " + " — Or: ".join(messages)
    return [Line("mistake", text, "|".join(m.key for match in matches for m in match))]


def _right_sizes(
    check: Check, cases: Sequence[Case], answers: Sequence[Answer], wrong: Sequence[str]
) -> Line | None:
    """Point at a hard-coded size: right for the first case, wrong for another."""

    def right(case: Case, answer: Answer) -> bool:
        return all(
            not isinstance(answer.outputs[n], str)
            and answer.outputs[n] is not None
            and check.agrees(answer.outputs[n], case.right[n])
            for n in wrong
            if n in check.steps
        )

    verdicts = [right(case, answer) for case, answer in zip(cases, answers, strict=True)]
    if not verdicts[0] or all(verdicts):
        return None
    other = cases[verdicts.index(False)]
    if sizes_text(other) == sizes_text(cases[0]):
        return None
    here, there = sizes_text(cases[0]), sizes_text(other)
    if all(good != (1 in case.sizes.values()) for good, case in zip(verdicts, cases, strict=True)):
        text = f"Right but for {there}: does an axis of length 1 get lost on the way, as with "
        return Line("wrong", text + "`squeeze`?")
    text = f"Right for {here}, wrong for {there}: does a size stand in your code as a number?"
    return Line("wrong", text)


# --- properties, conduct, notes --------------------------------------------------------------


def _judge_properties(
    check: Check, cases: Sequence[Case], answers: Sequence[Answer]
) -> tuple[list[Line], list[Line]]:
    held, failed = [], []
    for item in check.properties:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nothing of ours on the learner's standard error
            pairs = [(c.inputs, a.outputs) for c, a in zip(cases, answers, strict=True)]
            told = next((pair for pair in pairs if not item.test(*pair)), None)
        if told is None:
            held.append(Line("right", f"{item.name}: holds."))
        else:
            said = item.message if isinstance(item.message, str) else item.message(*told)
            failed.append(Line("wrong", f"{item.name}: {said}"))
    return held, failed


def _conduct(answers: Sequence[Answer]) -> list[Line]:
    """Faults that are not in the numbers: inputs changed in place, results that differ."""
    lines = []
    changed = list(dict.fromkeys(n for a in answers for n in a.changed_inputs))
    if changed:
        lines.append(
            Line(
                "wrong",
                f"Your function changes its input {_names(changed)} in place, so that whoever "
                "called it finds other values there. Work on a copy, or make a new array.",
                "changes_input",
            )
        )
    return lines or _remembers(answers)


def _remembers(answers: Sequence[Answer]) -> list[Line]:
    """Say so if equal inputs gave different results, which explains whatever else is wrong."""
    if all(answer.repeatable for answer in answers):
        return []
    text = "Called twice with equal inputs, your function gave different results: it remembers "
    text += "something between calls (a list outside the function, or one as default value of a "
    text += "parameter?), reads an entry of `np.empty` before writing it (index `t - 1` at `t = 0` "
    text += "is the last entry), or draws random numbers."
    return [Line("wrong", text, "not_repeatable")]


def _notes(answers: Sequence[Answer]) -> list[Line]:
    warned = dict.fromkeys(text for answer in answers for text in answer.warnings)
    lines = [Line("note", f"Your code warned: {text}") for text in list(warned)[:3]]
    if answers and answers[0].printed:
        lines.append(Line("printed", answers[0].printed))
    return lines
