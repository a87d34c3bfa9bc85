"""Pictures that are neither flat nor noise, made here, and a mark."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from provenance.watermark import SpreadSpectrum

KEY = bytes(range(32))
PAYLOAD = bytes.fromhex("0123456789abcdef")


def landscape(width: int, height: int, *, seed: int) -> Image.Image:
    """Something like a photograph: energy that falls with the frequency, in colour, with some sharp shapes on it."""
    chance = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    fall = 1 / np.maximum(np.hypot(down, across), 1 / max(width, height)) ** 1.3
    waves = chance.normal(size=(3, height, width // 2 + 1)) + 1j * chance.normal(size=(3, height, width // 2 + 1))
    planes = np.fft.irfft2(waves * fall, s=(height, width))
    shared = planes + 2 * planes[:1]
    levels = 128 + 45 * shared / shared.std(axis=(1, 2), keepdims=True)
    image = Image.fromarray(np.moveaxis(levels.clip(0, 255), 0, -1).astype(np.uint8))
    pencil = ImageDraw.Draw(image)
    for _ in range(5):
        x, y, size = chance.integers(0, width), chance.integers(0, height), chance.integers(10, 20 + height // 6)
        colour = tuple(int(value) for value in chance.integers(0, 255, 3))
        pencil.ellipse((int(x), int(y), int(x + size), int(y + size)), fill=colour)
    return image.filter(ImageFilter.GaussianBlur(0.6))


def embedded(mark: SpreadSpectrum, image: Image.Image, payload: bytes = PAYLOAD) -> Image.Image:
    """The picture with the payload in it."""
    return Image.frombytes("RGB", image.size, mark.embed(image.tobytes(), *image.size, payload))


def heard(mark: SpreadSpectrum, image: Image.Image) -> bytes | None:
    """What the mark reads in a picture."""
    return mark.read(image.tobytes(), *image.size)


@pytest.fixture(scope="package")
def mark() -> SpreadSpectrum:
    return SpreadSpectrum(KEY)


@pytest.fixture(scope="package")
def picture() -> Image.Image:
    return landscape(512, 512, seed=1)


@pytest.fixture(scope="package")
def marked(mark: SpreadSpectrum, picture: Image.Image) -> Image.Image:
    return embedded(mark, picture)
