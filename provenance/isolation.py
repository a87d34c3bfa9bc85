"""Looking at hostile files in a process that can do little and may die.

- A keeper process has the parsers loaded and parses nothing itself; for every file it forks a fresh child, so one file
  can never reach the next. Two keepers are enough for one web process and are started on first use.
- The child limits itself before it looks: address space, CPU seconds, no file of any size, few descriptors. The keeper
  has no network where the system allows it (`unshare`), and ends a child at its deadline.
- Only the evidence comes back, as JSON; a child that dies, hangs or talks nonsense is "unreadable".
- The limits are the operating system's: they bound the damage, they do not make a parser right.
"""

import atexit
import json
import os
import queue
import select
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import IO

from provenance.canonical import sha256_hex
from provenance.errors import UnreadableAssetError
from provenance.evidence import Evidence
from provenance.keys import Anchors
from provenance.pictures import MOST_BYTES
from provenance.reader import DEADLINE_SECONDS, SIZE_BYTES

KEEPERS = 2
_GRACE_SECONDS = 5  # for starting, and for moving the file; the child's own deadline is the keeper's business
_CHUNK = 1 << 16


def examine_isolated(data: bytes, *, anchors: Anchors, watermark: str = "") -> Evidence:
    """`examine` in a process of its own; UnreadableAssetError also when that process dies or takes too long.

    `watermark` is a line of configuration, as `open_watermark` takes it, and is opened there; empty for none.

    The file's digest is taken here and not believed from there: even a reader that was taken over cannot pass off other
    bytes as a recorded file.
    """
    if len(data) > MOST_BYTES:
        raise UnreadableAssetError(f"file: more than {MOST_BYTES} bytes, it is not read")
    parts = (json.dumps(anchors.to_json()).encode(), watermark.encode())
    message = b"".join(len(part).to_bytes(SIZE_BYTES, "big") + part for part in parts) + data
    try:
        answer = json.loads(_keepers.ask(message))
        if "unreadable" in answer:
            raise UnreadableAssetError(str(answer["unreadable"]))
        return replace(Evidence.from_json(answer), sha256=sha256_hex(data))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UnreadableAssetError("file: the process that reads it died or gave no answer") from error


class Keeper:
    """One keeper process, started when it is first asked and again after it was closed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, message: bytes) -> bytes:
        """The answer to one message; ConnectionError when the keeper died, TimeoutError when it is silent."""
        process = self._running()
        assert process.stdin is not None  # noqa: S101  # both are pipes, see `_start`
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(len(message).to_bytes(SIZE_BYTES, "big") + message)
        process.stdin.flush()
        size = int.from_bytes(_read(process.stdout, SIZE_BYTES), "big")
        return _read(process.stdout, size)

    def close(self) -> None:
        """End the process, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = _start()
        return self._process


def _start() -> subprocess.Popen[bytes]:
    package = Path(__file__).resolve().parent.parent
    environment = {"PYTHONPATH": str(package), "PATH": os.defpath, "MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "provenance.reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _read(pipe: IO[bytes], size: int) -> bytes:
    """Exactly `size` bytes; TimeoutError or ConnectionError when they do not come."""
    data = bytearray()
    while len(data) < size:
        if not select.select([pipe], [], [], DEADLINE_SECONDS + _GRACE_SECONDS)[0]:
            raise TimeoutError("the reader is silent")
        chunk = os.read(pipe.fileno(), min(_CHUNK, size - len(data)))
        if not chunk:
            raise ConnectionResetError("the reader died")
        data += chunk
    return bytes(data)


class Keepers:
    """The keepers of this process. A forked child gets its own: its parent's pipes are not its to read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = 0
        self._all: list[Keeper] = []
        self._free: queue.SimpleQueue[Keeper] = queue.SimpleQueue()

    def ask(self, message: bytes) -> bytes:
        """The answer of a free keeper, waiting for one; a keeper that died is replaced and asked once more."""
        free = self._ready()
        keeper = free.get()
        try:
            return keeper.ask(message)
        except ConnectionError:
            keeper.close()
            return keeper.ask(message)
        except OSError:
            keeper.close()
            raise
        finally:
            free.put(keeper)

    def close(self) -> None:
        """End them all; the next question starts them again."""
        with self._lock:
            for keeper in self._all if self._process == os.getpid() else ():
                keeper.close()

    def _ready(self) -> "queue.SimpleQueue[Keeper]":
        with self._lock:
            if self._process != os.getpid():
                self._process, self._free = os.getpid(), queue.SimpleQueue()
                self._all = [Keeper() for _ in range(KEEPERS)]
                for keeper in self._all:
                    self._free.put(keeper)
            return self._free


_keepers = Keepers()
close_keepers = _keepers.close
atexit.register(close_keepers)
