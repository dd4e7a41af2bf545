"""Train the stored models that are missing or stale, one after the other, with a bar for each."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm.auto import tqdm

from pretrained import composer, dates
from pretrained.recipe import Recipe
from tools.variables import is_on
from utils.training import Record

RECIPES = (*dates.RECIPES, *composer.RECIPES)
"""All models that are stored."""

DESCRIPTION = """\
Train the models whose stored weights are missing, or were made by other settings or other code.
What is up to date is left alone. Each takes at most a few minutes on one core.
"""
EXAMPLES = """\
examples
  make pretrained                 all that is missing or stale
  make pretrained ONLY=dates      one of them; several: ONLY=dates,composer
  make pretrained CHECK=1         train nothing, say what is stale; exit code 1 if any is
  make pretrained FRESH=1         train all of them again

Without make, in the course's environment (source .venv/bin/activate), the same words are options:
python -m pretrained --only dates --fresh
exit codes: 0 all weights are up to date; 1 some are not (--check), or a training failed;
2 there is no model of that name; 130 stopped by Control-C
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; its defaults come from the environment."""
    top = argparse.ArgumentParser(
        prog="python -m pretrained",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("names", nargs="*", metavar="NAME", help="the same as --only NAME")
    top.add_argument("--only", default=os.environ.get("ONLY", ""), help="names: dates,composer")
    for word, does in (("check", "train nothing, say what is stale"), ("fresh", "train all again")):
        top.add_argument(f"--{word}", action="store_true", default=is_on(word.upper()), help=does)
    return top


def main(argv: Sequence[str] | None = None, folder: Path | None = None) -> int:
    """Run the command line and return its exit code; see ``python -m pretrained --help``.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; without it those that Python was started with.
    folder : Path, optional
        Where weights are stored; the course's own folder if it is left out.
    """
    options = parser().parse_args(argv)
    asked = options.names or options.only.replace(",", " ").split()
    known = {recipe.name: recipe for recipe in RECIPES}
    wrong = [name for name in asked if name not in known]
    if wrong:
        print(
            f"error: there is no model {wrong[0]!r}; there are {', '.join(known)}.",
            file=sys.stderr,
        )
        return 2
    chosen = [known[name] for name in asked] or list(RECIPES)
    states = {recipe.name: recipe.state(folder) for recipe in chosen}
    width = max(map(len, states))
    for name, state in states.items():
        print(f"{name:<{width}}  {state}", flush=True)
    if options.check:
        return 0 if set(states.values()) == {"up to date"} else 1
    try:
        for recipe in chosen:
            if options.fresh or states[recipe.name] != "up to date":
                print(_train(recipe, folder), flush=True)
    except RuntimeError as error:
        print(f"error: {recipe.name}: {error}", file=sys.stderr)
        return 130 if "Interrupted" in str(error) else 1
    except KeyboardInterrupt:
        print("\nStopped. Weights that were there are untouched.", file=sys.stderr)
        return 130
    return 0


def _train(recipe: Recipe, folder: Path | None) -> str:
    """Train one model behind a bar and return what it became."""
    updates = recipe.settings["updates"]
    with tqdm(total=updates, desc=recipe.name, mininterval=0.5) as bar:

        def report(record: Record) -> None:
            bar.update(record.step - bar.n)
            if record.step % 20 == 0:
                bar.set_postfix(loss=f"{record.loss:.3f}", refresh=False)

        return str(recipe.make(report, folder))
