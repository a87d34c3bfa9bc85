"""The commands of `python -m generation`, one module each; this one only puts the parser together.

A command module has `add(subparsers)`, which sets `run` to a function of the parsed arguments that returns an exit
code: 0 done, 1 failed with a reason on standard error, 2 wrong usage.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from generation.commands import bench, explain, generate, models, reproduce, speed
from generation.errors import GenerationError

TRAINING = "generation.training.cli"
EPILOG = """examples:
  python -m generation generate --prompt "a red tent" --out tent.png
  python -m generation models show starter
  python -m generation reproduce tent.json
"""


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; failures become one line on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except GenerationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m generation",
        description="Make pictures with models on this machine, and keep what made them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (generate, explain, models, reproduce, bench, speed):
        command.add(subparsers)
    if find_spec(TRAINING) is not None:
        import_module(TRAINING).add_commands(subparsers)
    return parser
