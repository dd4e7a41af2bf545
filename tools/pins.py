"""Write `constraints.txt` from the packages of the environment that runs this."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tools.environment import CONSTRAINTS, PROJECT, requirement_name

ROOT = Path(__file__).resolve().parent.parent
HEAD = """\
# The versions that the course is tested with. Written by `make constraints`, which installs the
# newest packages, PyTorch held at its pin, and lists what it got; run `make test` before
# committing it. For another PyTorch change its line first.
# Lines with a marker are for other systems than the one that wrote the list.
"""


def pins(installed: list[dict[str, str]], before: str) -> str:
    """Return the text of a constraints file.

    Parameters
    ----------
    installed : list of dict
        Name and version of each package, as `pip list --format=json` gives them.
    before : str
        The constraints so far; lines with an environment marker for packages that are not
        installed here, since they belong to another system, are kept.
    """
    lines = {}
    for package in installed:
        name = requirement_name(package["name"])
        if name not in ("pip", "wheel", PROJECT):
            version = package["version"].partition("+")[0]  # of torch 2.13.0+cpu, 2.13.0
            lines[name] = f"{package['name']}=={version}"
    for line in before.splitlines():
        if ";" in line and not line.startswith("#"):
            lines.setdefault(requirement_name(line), line)
    return HEAD + "".join(f"{lines[name]}\n" for name in sorted(lines))


def main() -> int:
    """Write the file and return 0."""
    command = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "list"]
    answer = subprocess.run([*command, "--format=json"], capture_output=True, check=True)
    path = ROOT / CONSTRAINTS
    text = pins(json.loads(answer.stdout), path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{CONSTRAINTS} lists {text.count('==')} packages.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
