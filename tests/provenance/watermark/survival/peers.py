"""The marks that are measured: ours, and the three of the package `invisible-watermark`, each behind one interface."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from provenance.watermark import SpreadSpectrum

KEY = bytes(range(32))


@dataclass(frozen=True, slots=True)
class Contender:
    """A mark under measurement: how many bits it carries, and how it embeds and reads them. None: nothing found."""

    name: str
    bits: int
    embed: Callable[[Image.Image, bytes], Image.Image]
    read: Callable[[Image.Image], bytes | None]


def ours() -> Contender:
    """Our own mark, its 64 bits."""
    mark = SpreadSpectrum(KEY)

    def embed(image: Image.Image, payload: bytes) -> Image.Image:
        return Image.frombytes("RGB", image.size, mark.embed(image.tobytes(), *image.size, payload))

    return Contender("lattice (ours)", 64, embed, lambda image: mark.read(image.tobytes(), *image.size))


def peers(packages: str) -> list[Contender]:
    """dwtDct and dwtDctSvd with 64 bits, rivaGan with its 32, from a folder of packages."""
    sys.path.append(packages)
    from imwatermark import WatermarkDecoder, WatermarkEncoder  # type: ignore[import-not-found]

    WatermarkEncoder.loadModel()

    def peer(method: str, bits: int) -> Contender:
        def embed(image: Image.Image, payload: bytes) -> Image.Image:
            encoder = WatermarkEncoder()
            encoder.set_watermark("bytes", payload)
            blue_first = encoder.encode(np.asarray(image)[..., ::-1].copy(), method)
            return Image.fromarray(np.ascontiguousarray(blue_first[..., ::-1]))

        def read(image: Image.Image) -> bytes | None:
            if image.width * image.height < 256 * 256:
                return None
            decoder = WatermarkDecoder("bytes", bits)
            return bytes(decoder.decode(np.asarray(image)[..., ::-1].copy(), method))

        return Contender(method, bits, embed, read)

    return [peer("dwtDct", 64), peer("dwtDctSvd", 64), peer("rivaGan", 32)]


def wrong_bits(payload: bytes, read: bytes | None) -> float:
    """The share of bits that differ; a half, as by guessing, when nothing was read."""
    if read is None or len(read) != len(payload):
        return 0.5
    difference = int.from_bytes(payload, "big") ^ int.from_bytes(read, "big")
    return difference.bit_count() / (8 * len(payload))
