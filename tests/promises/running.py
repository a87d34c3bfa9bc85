"""A module of this repository, run in a process of its own for what it prints."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from tests.production.engines import ROOT


def run(module: Sequence[str], environment: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """`python -m` with these words, in the root folder; how it ended is the caller's to judge."""
    command = [sys.executable, "-m", *module]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )
