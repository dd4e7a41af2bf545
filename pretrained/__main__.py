"""Train the stored models: ``python -m pretrained --help`` says how."""

import sys

from pretrained.runner import main

if __name__ == "__main__":
    sys.exit(main())
