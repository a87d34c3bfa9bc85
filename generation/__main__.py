"""The command line: `python -m generation COMMAND`."""

import sys

from generation.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
