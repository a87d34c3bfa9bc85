"""Looking at hostile files in a process that can do little and may die.

- The child limits itself before it reads a byte: address space, CPU seconds, no new files, few descriptors; where the
  system allows, it also gives up the network (`unshare`). The parent adds a deadline of its own.
- Only the evidence comes back, as JSON on a pipe; a child that dies, hangs or talks nonsense is "unreadable".
- The limits are the operating system's; they bound damage, they do not make a parser right.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from provenance.errors import UnreadableAssetError
from provenance.evidence import Evidence, examine

ADDRESS_SPACE = 1536 * 2**20
CPU_SECONDS = 8
DEADLINE_SECONDS = 10
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000
_SIZE = 8


def examine_isolated(data: bytes, *, roots_pem: bytes) -> Evidence:
    """`examine` in a process of its own; UnreadableAssetError also when that process dies or takes too long."""
    package = Path(__file__).resolve().parent.parent
    environment = {"PYTHONPATH": str(package), "PATH": os.defpath, "MALLOC_ARENA_MAX": "2"}
    message = len(roots_pem).to_bytes(_SIZE, "big") + roots_pem + data
    try:
        done = subprocess.run(
            [sys.executable, "-m", "provenance.isolation"],
            input=message, capture_output=True, timeout=DEADLINE_SECONDS, env=environment, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise UnreadableAssetError(f"file: reading it took more than {DEADLINE_SECONDS} seconds") from error
    if done.returncode != 0:
        raise UnreadableAssetError(f"file: the reader gave up on it (exit status {done.returncode})")
    return _parse(done.stdout)


def _parse(output: bytes) -> Evidence:
    try:
        answer = json.loads(output)
        if "unreadable" in answer:
            raise UnreadableAssetError(str(answer["unreadable"]))
        return Evidence.from_json(answer)
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableAssetError("file: the reader did not answer") from error


def restrict() -> None:
    """Give up what reading a picture does not need; afterwards this process is good for nothing else."""
    for limit, value in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    # Failing here is not fatal: containers often forbid it, and the SDK is told to fetch nothing anyway.
    ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NETWORK)


def _serve() -> None:
    """The child: limits first, then one message in, one answer out."""
    restrict()
    message = sys.stdin.buffer.read()
    size = int.from_bytes(message[:_SIZE], "big")
    roots, data = message[_SIZE : _SIZE + size], message[_SIZE + size :]
    try:
        answer = examine(data, roots_pem=roots).to_json()
    except UnreadableAssetError as error:
        answer = {"unreadable": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _serve()
