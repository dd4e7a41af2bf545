"""Run the experiments: ``python -m experiments --help`` says how."""

import sys

from experiments.runner import main

if __name__ == "__main__":
    sys.exit(main())
