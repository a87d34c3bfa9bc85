"""What an imperceptible watermark has to offer to be part of a seal. Any model that offers it can be chosen.

A watermark is applied after the visible label and before XMP and C2PA. It survives what strips metadata, so its payload
is a short number that finds the record in the ledger, never anything about a person.
"""

import hashlib
from dataclasses import dataclass
from typing import Protocol

_DOMAIN = b"imprimatur/watermark/v1\x00"


@dataclass(frozen=True, slots=True)
class Finding:
    """A payload that was found. `whole`: the picture seems to be all of the one that was marked; None if unknown."""

    payload: bytes
    whole: bool | None


class Watermark(Protocol):
    """An embedder and reader of a payload in RGB8 pixels (row by row, three bytes each)."""

    @property
    def algorithm(self) -> str:
        """Its name in the C2PA list of soft bindings, or our own: lower-case letters, digits, dots and dashes."""

    @property
    def capacity(self) -> int:
        """How many bytes a payload has, 4 to 32."""

    def embed(self, pixels: bytes, width: int, height: int, payload: bytes) -> bytes:
        """The pixels, same size, with the payload in them."""

    def read(self, pixels: bytes, width: int, height: int) -> bytes | None:
        """The payload found in the pixels, None when there is none to be sure of."""

    def find(self, pixels: bytes, width: int, height: int) -> Finding | None:
        """The same, with what else can be said about the picture."""


def payload_of(record: str, capacity: int) -> bytes:
    """The payload for a record: the first bytes of a SHA-256, so nothing can be read out of it without the ledger.

    With eight bytes, two of a million records share one with a probability of 3 in 100 million.
    """
    return hashlib.sha256(_DOMAIN + record.encode()).digest()[:capacity]


def mark_name(algorithm: str, payload: bytes) -> str:
    """How a mark is written in ledger entries and findings: `algorithm:payload` in hexadecimal."""
    return f"{algorithm}:{payload.hex()}"
