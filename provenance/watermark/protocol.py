"""What an imperceptible watermark has to offer to be part of a seal. Any model that offers it can be chosen.

A watermark is applied after the visible label and before XMP and C2PA. It survives what strips metadata, so its payload
is a short number that finds the record in the ledger, never anything about a person.
"""

from typing import Protocol


class Watermark(Protocol):
    """An embedder and reader of a payload in RGB8 pixels (row by row, three bytes each)."""

    @property
    def algorithm(self) -> str:
        """Its name in the C2PA list of soft bindings, or our own; letters, digits, dots and dashes."""

    @property
    def capacity(self) -> int:
        """How many bytes a payload has."""

    def embed(self, pixels: bytes, width: int, height: int, payload: bytes) -> bytes:
        """The pixels, same size, with the payload in them."""

    def read(self, pixels: bytes, width: int, height: int) -> bytes | None:
        """The payload found in the pixels, None when there is none to be sure of."""
