"""The mark of our own as a `Watermark`: key in, bytes in, bytes out."""

from dataclasses import dataclass, field

from provenance.pictures import to_image
from provenance.watermark import embedding, reading
from provenance.watermark.codec import PAYLOAD_BYTES, encode
from provenance.watermark.pattern import Pattern
from provenance.watermark.protocol import Finding

SMALLEST = 64


@dataclass(frozen=True, slots=True)
class SpreadSpectrum:
    """A spread-spectrum mark under a secret key of at least 16 bytes: whoever can read it can also forge or damage it.

    Reading therefore belongs on a server that keeps the key. A public reader is possible (publish the key), and then
    anybody can forge marks, and try changes until nothing is read any more. A check page answers without giving the key
    away; it, too, tells whether a try has succeeded. A mark is a means to find a record again, never proof.
    """

    key: bytes = field(repr=False)
    _pattern: Pattern = field(init=False, repr=False, compare=False)

    algorithm = "org.imprimatur.lattice.v1"
    capacity = PAYLOAD_BYTES

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pattern", Pattern.of_key(self.key))

    def embed(self, pixels: bytes, width: int, height: int, payload: bytes) -> bytes:
        """The pixels with the payload of 8 bytes in them; ValueError for pixels or a payload that do not fit.

        A picture of less than SMALLEST pixels on a side has no room for a mark and comes back as it is.
        """
        image, signs = to_image(pixels, width, height), encode(payload)
        if min(image.size) < SMALLEST:
            return pixels
        mark = embedding.plan(embedding.Canvas.of(image), self._pattern, signs)
        return embedding.apply(image, mark).tobytes()

    def read(self, pixels: bytes, width: int, height: int) -> bytes | None:
        """The payload found in the pixels, None for none to be sure of; ValueError for pixels that do not fit."""
        found = self.find(pixels, width, height)
        return found.payload if found else None

    def find(self, pixels: bytes, width: int, height: int) -> Finding | None:
        """The same; `whole` is told from the number of tiles and their place."""
        image = to_image(pixels, width, height)
        found = reading.find(image, self._pattern) if min(image.size) >= SMALLEST else None
        return Finding(found.payload, found.whole) if found else None
