"""The language of the pipe between a worker and its child process: JSON headers, raw bytes behind them.

A frame is the length of its header (4 bytes, big-endian), the length of its body (4 bytes, big-endian), the header
(a JSON object, UTF-8) and the body. Nothing is pickled, so neither side can make the other run anything.
"""

import json
import os
import selectors
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from generation.canonical import JSON

LENGTHS = struct.Struct(">II")
LONGEST_HEADER = 4 * 2**20
LONGEST_BODY = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: what it says and the bytes it brings."""

    header: Mapping[str, Any]
    body: bytes = b""


class BrokenFrameError(Exception):
    """The other side sent what is no frame; it cannot be trusted with another."""


def write_frame(pipe: int, header: Mapping[str, JSON], body: bytes = b"") -> None:
    """Write one frame to a file descriptor; raise `BrokenPipeError` when nobody reads."""
    words = json.dumps(header).encode()
    message = memoryview(LENGTHS.pack(len(words), len(body)) + words + body)
    while message:
        message = message[os.write(pipe, message) :]


class FrameReader:
    """Frames from a file descriptor, waiting no longer than it is told."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._selector = selectors.DefaultSelector()
        self._selector.register(pipe, selectors.EVENT_READ)

    def read(self, *, until: float | None) -> Frame | None:
        """Return the next frame, or None at the end of the stream.

        `until` is a moment of `time.monotonic`, or None for no limit. Raises `TimeoutError` when it has passed, even
        if a frame is waiting, and `BrokenFrameError` for what is no frame.
        """
        lengths = self._exactly(LENGTHS.size, until)
        if lengths is None:
            return None
        header_length, body_length = LENGTHS.unpack(lengths)
        if header_length > LONGEST_HEADER or body_length > LONGEST_BODY:
            raise BrokenFrameError(f"a frame of {header_length} + {body_length} bytes was announced")
        words, body = self._exactly(header_length, until), self._exactly(body_length, until)
        if words is None or body is None:
            return None
        return Frame(_header(words), body)

    def close(self) -> None:
        """Stop watching the descriptor; closing it stays with whoever opened it."""
        self._selector.close()

    def _exactly(self, length: int, until: float | None) -> bytes | None:
        parts = bytearray()
        while len(parts) < length:
            left = None if until is None else until - monotonic()
            if (left is not None and left <= 0) or not self._selector.select(left):
                raise TimeoutError
            part = os.read(self._pipe, length - len(parts))
            if not part:
                return None
            parts += part
        return bytes(parts)


def _header(words: bytes) -> Mapping[str, Any]:
    try:
        header = json.loads(words)
    except ValueError as error:
        raise BrokenFrameError("a frame's header is no JSON") from error
    if not isinstance(header, dict):
        raise BrokenFrameError("a frame's header is no JSON object")
    return header
