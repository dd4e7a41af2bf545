"""``python -m instructor``."""

import sys

from instructor.commands import main

if __name__ == "__main__":
    sys.exit(main())
