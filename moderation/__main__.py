"""`python -m moderation`: see `moderation.cli`."""

import sys

from moderation.cli import main

if __name__ == "__main__":
    sys.exit(main())
