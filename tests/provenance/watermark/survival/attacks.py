"""What happens to pictures on their way: encoders, resizing, cropping, grading, content systems, screens.

Each attack takes an RGB picture and a random generator and gives an RGB picture. Screens are a real Chromium's.
"""

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

Attack = Callable[[Image.Image, np.random.Generator], Image.Image]

_PAGE = """<!doctype html><meta charset="utf-8"><style>body{margin:32px;font:16px/1.5 sans-serif;color:#222}</style>
<h1>News from the district</h1><p>Rain is expected from Tuesday on. Nets are handed out at the market.</p>
<img src="picture.png" width="%d" height="%d"><p>Share this picture with whoever it may help.</p>"""


def encoded(image: Image.Image, format_: str, quality: int) -> Image.Image:
    """The picture after a lossy encoder."""
    file = io.BytesIO()
    image.save(file, format_, quality=quality)
    return Image.open(file).convert("RGB")


def resized(image: Image.Image, factor: float) -> Image.Image:
    """The picture at another size."""
    size = (round(image.width * factor), round(image.height * factor))
    return image.resize(size, Image.Resampling.BICUBIC)


def cropped(image: Image.Image, keep: float, chance: np.random.Generator) -> Image.Image:
    """A random part with this share of the area, of the same shape."""
    width, height = (round(length * keep**0.5) for length in image.size)
    left, top = int(chance.integers(0, image.width - width + 1)), int(chance.integers(0, image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def content_system(image: Image.Image) -> Image.Image:
    """To 1200 pixels wide, or to 80 % if it is no wider, then JPEG at quality 75, nothing else kept."""
    return encoded(resized(image, 1200 / image.width if image.width > 1200 else 0.8), "JPEG", 75)


def shared(image: Image.Image, chance: np.random.Generator) -> Image.Image:
    """One after the other: three quarters of the area, three quarters of the size, JPEG at quality 75."""
    return encoded(resized(cropped(image, 0.75, chance), 0.75), "JPEG", 75)


ATTACKS: dict[str, Attack] = {
    "untouched": lambda image, _: image,
    "JPEG q50": lambda image, _: encoded(image, "JPEG", 50),
    "WebP q50": lambda image, _: encoded(image, "WEBP", 50),
    "resize 50 %": lambda image, _: resized(image, 0.5),
    "resize 75 %": lambda image, _: resized(image, 0.75),
    "resize 150 %": lambda image, _: resized(image, 1.5),
    "resize 200 %": lambda image, _: resized(image, 2.0),
    "crop away 10 %": lambda image, chance: cropped(image, 0.90, chance),
    "crop away 25 %": lambda image, chance: cropped(image, 0.75, chance),
    "brightness -20 %": lambda image, _: ImageEnhance.Brightness(image).enhance(0.8),
    "brightness +20 %": lambda image, _: ImageEnhance.Brightness(image).enhance(1.2),
    "contrast -20 %": lambda image, _: ImageEnhance.Contrast(image).enhance(0.8),
    "contrast +20 %": lambda image, _: ImageEnhance.Contrast(image).enhance(1.2),
    "content system": lambda image, _: content_system(image),
}
FURTHER: dict[str, Attack] = {
    "crop away 50 %": lambda image, chance: cropped(image, 0.50, chance),
    "crop away 75 %": lambda image, chance: cropped(image, 0.25, chance),
    "crop, resize, JPEG": shared,
}
SCREEN_SCALES = (1.0, 1.5, 2.0)
_PATIENCE = 300_000  # milliseconds; on a busy machine a large page takes its time


@contextmanager
def screens(executable: str) -> Iterator[dict[str, Attack]]:
    """The attack "screenshot" at each device scale: a page with the picture in it, taken by a real Chromium."""
    from playwright.sync_api import Page, sync_playwright

    def shot(page: Page, folder: Path) -> Attack:
        def take(image: Image.Image, _: np.random.Generator) -> Image.Image:
            image.save(folder / "picture.png")
            width, height = (round(length * min(1.0, 1100 / image.width)) for length in image.size)
            (folder / "page.html").write_text(_PAGE % (width, height), encoding="utf-8")
            page.set_viewport_size({"width": width + 96, "height": height + 280})
            page.goto((folder / "page.html").as_uri(), timeout=_PATIENCE)
            return Image.open(io.BytesIO(page.screenshot(timeout=_PATIENCE))).convert("RGB")

        return take

    with tempfile.TemporaryDirectory(prefix="imprimatur-screen-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield {
            f"screenshot, scale {scale:g}": shot(browser.new_page(device_scale_factor=scale), Path(folder))
            for scale in SCREEN_SCALES
        }
        browser.close()
