"""The other side of `isolation`, run as `python -m provenance.reader`: it forks a limited child for every file.

Messages and answers on stdin and stdout are eight bytes of length and that many bytes. A message is the length of the
trust lists, the lists as JSON, the length of the watermark's line of configuration, that line, then the file; an answer
is the evidence as JSON, or `{"unreadable": reason}`.
The process that forks, the keeper, never looks into a file that came from anywhere: it has looked at one of its own
making and keeps the watermark's model open, so that no child has to load what it can inherit.
"""

import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from functools import lru_cache
from typing import BinaryIO, NoReturn

from provenance.errors import UnreadableAssetError
from provenance.evidence import examine
from provenance.keys import Anchors
from provenance.rehearsal import rehearse
from provenance.watermark import Watermark, open_watermark

SIZE_BYTES = 8
ADDRESS_SPACE = 512 * 2**20
CPU_SECONDS = 8
DEADLINE_SECONDS = 10
_DESCRIPTORS = 32
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000


def leave_network() -> bool:
    """Move this process into a network of its own, which reaches nothing; False where the system forbids it."""
    return bool(ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NETWORK) == 0)


def may_leave_network() -> bool:
    """Whether the system lets a process do that; one is started to try."""
    trying = f"import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare({_NEW_USER | _NEW_NETWORK}) != 0)"
    return subprocess.run([sys.executable, "-I", "-c", trying], check=False).returncode == 0


def restrict() -> None:
    """Give up what reading a picture does not need; afterwards this process is good for nothing else."""
    for limit, value in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer messages until there are no more."""
    while header := requests.read(SIZE_BYTES):
        answer = _in_child(requests.read(int.from_bytes(header, "big")))
        answers.write(len(answer).to_bytes(SIZE_BYTES, "big") + answer)
        answers.flush()


def _in_child(message: bytes) -> bytes:
    anchors, rest = _split(message)
    line, data = _split(rest)
    watermark = _model(line.decode())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _look(data, anchors, watermark, writing)
    os.close(writing)
    answer = _collect(reading, deadline=time.monotonic() + DEADLINE_SECONDS)
    os.close(reading)
    if answer is None:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if answer is None:
        return _unreadable(f"reading it took more than {DEADLINE_SECONDS} seconds")
    return answer if status == 0 else _unreadable(f"the process that read it ended with status {status}")


def _collect(reading: int, *, deadline: float) -> bytes | None:
    """What the child writes until it closes its end, None when it takes too long."""
    data = b""
    while select.select([reading], [], [], max(0.0, deadline - time.monotonic()))[0]:
        chunk = os.read(reading, 1 << 16)
        if not chunk:
            return data
        data += chunk
    return None


def _look(data: bytes, anchors: bytes, watermark: Watermark | None, writing: int) -> NoReturn:
    """The child: limits first, then the file. It leaves without running anything of the keeper's."""
    status = 1
    try:
        restrict()
        os.write(writing, _answer(data, anchors, watermark))
        status = 0
    finally:
        os._exit(status)


def _split(message: bytes) -> tuple[bytes, bytes]:
    size = int.from_bytes(message[:SIZE_BYTES], "big")
    return message[SIZE_BYTES : SIZE_BYTES + size], message[SIZE_BYTES + size :]


def _answer(data: bytes, anchors: bytes, watermark: Watermark | None) -> bytes:
    trusted = Anchors.from_json(json.loads(anchors))
    try:
        return json.dumps(examine(data, anchors=trusted, watermark=watermark).to_json()).encode()
    except UnreadableAssetError as error:
        return json.dumps({"unreadable": str(error)}).encode()


def _model(line: str) -> Watermark | None:
    try:
        return _opened(line) if line else None
    except Exception:  # noqa: BLE001  # one that does not open in here must not make every file unreadable
        return None


@lru_cache(maxsize=1)
def _opened(line: str) -> Watermark:
    return open_watermark(line)


def _unreadable(reason: str) -> bytes:
    return json.dumps({"unreadable": f"file: {reason}"}).encode()


if __name__ == "__main__":
    leave_network()
    rehearse()
    serve(sys.stdin.buffer, sys.stdout.buffer)
