"""`python -m emoface` is the command `emoface`."""

import sys

from emoface.cli import main

if __name__ == "__main__":
    sys.exit(main())
