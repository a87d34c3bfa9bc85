"""The mark as a whole: hardly to be seen, read after what happens to pictures, silent where it is not."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from provenance.watermark import SpreadSpectrum
from provenance.watermark.codec import CHECK_BITS
from provenance.watermark.embedding import apply
from provenance.watermark.sight import working_size
from provenance.watermark.synchronisation import SIGHTINGS
from tests.provenance.watermark.conftest import KEY, PAYLOAD, embedded, heard, landscape
from tests.provenance.watermark.survival.quality import psnr, ssim

Change = Callable[[Image.Image], Image.Image]


def encoded(format_: str, quality: int) -> Change:
    def change(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, format_, quality=quality)
        return Image.open(file).convert("RGB")

    return change


def sized(factor: float) -> Change:
    return lambda image: image.resize((round(image.width * factor), round(image.height * factor)))


def on_a_page(image: Image.Image) -> Image.Image:
    """A part of a larger white surface, as in a screenshot."""
    page = Image.new("RGB", (image.width + 270, image.height + 190), "white")
    page.paste(image, (101, 77))
    return page


CHANGES: dict[str, Change] = {
    "nothing": lambda image: image,
    "JPEG": encoded("JPEG", 50),
    "WebP": encoded("WEBP", 50),
    "half": sized(0.5),
    "double": sized(2),
    "slightly another shape": lambda image: image.resize((512, 508)),
    "part": lambda image: image.crop((37, 51, 480, 494)),
    "quarter": lambda image: image.crop((200, 100, 456, 356)),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.8),
    "flatter": lambda image: ImageEnhance.Contrast(image).enhance(0.8),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "page": on_a_page,
    "part, smaller, JPEG": lambda image: encoded("JPEG", 75)(sized(0.75)(image.crop((9, 60, 452, 503)))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_read_after(change: str, marked: Image.Image, mark: SpreadSpectrum) -> None:
    assert heard(mark, CHANGES[change](marked)) == PAYLOAD


@pytest.mark.parametrize("size", [(256, 256), (512, 512), (900, 600), (2048, 1024)])
def test_it_keeps_the_promised_likeness(size: tuple[int, int], mark: SpreadSpectrum) -> None:
    picture = landscape(*size, seed=3)
    marked = embedded(mark, picture)
    assert psnr(picture, marked) >= 40
    assert ssim(picture, marked) >= 0.98
    assert heard(mark, marked) == PAYLOAD


@pytest.mark.parametrize("size", [(300, 300), (512, 512), (1000, 700)])
def test_both_limits_hold_in_the_finished_pixels_however_loud_the_mark(size: tuple[int, int]) -> None:
    """What is foretold at working size may be wrong; what is given out is measured."""
    picture, working = landscape(*size, seed=3), working_size(*size)
    loud = np.random.default_rng(1).normal(0, 9, working[::-1]).astype(np.float32)
    marked = Image.fromarray(apply(picture, loud))
    assert (psnr(picture, marked) >= 40, ssim(picture, marked) >= 0.98) == (True, True)
    assert marked.tobytes() != picture.tobytes(), "it gives way, and no more than it must"


def test_broad_waves_alone_are_enough_to_find_the_place() -> None:
    """WebP at quality 50 leaves of a plain picture's mark hardly more than its broad waves."""
    down, across = np.mgrid[0:512, 0:512]
    sky = 120 + 60 * down / 512 + np.random.default_rng(5).normal(0, 1.0, (512, 512)) + 10 * np.sin(across / 90)
    picture = Image.fromarray(np.repeat(sky[..., None], 3, axis=2).clip(0, 255).astype(np.uint8))
    mark = SpreadSpectrum(KEY)
    assert heard(mark, encoded("WEBP", 50)(embedded(mark, picture))) == PAYLOAD


@pytest.mark.parametrize("shade", ["black", "white", (120, 130, 110)])
def test_plain_surfaces_change_by_a_few_levels_at_most(shade: str, mark: SpreadSpectrum) -> None:
    plain = Image.new("RGB", (512, 512), shade)
    difference = np.abs(np.asarray(plain, int) - np.asarray(embedded(mark, plain), int))
    assert difference.max() <= 4
    assert psnr(plain, embedded(mark, plain)) > 43


def test_a_line_on_a_plain_surface_is_left_clean(mark: SpreadSpectrum) -> None:
    """Along an edge the amplitude is hardly more than on a plain surface: no crumbs around letters and outlines."""
    image = Image.new("RGB", (512, 512), (240, 236, 225))
    image.paste((40, 50, 60), (0, 250, 512, 262))
    difference = np.abs(np.asarray(image, int) - np.asarray(embedded(mark, image), int))
    assert difference.max() <= 4


def test_another_key_hears_nothing(marked: Image.Image) -> None:
    assert heard(SpreadSpectrum(KEY[::-1]), marked) is None


def test_the_same_picture_and_payload_give_the_same_pixels(picture: Image.Image, mark: SpreadSpectrum) -> None:
    assert embedded(mark, picture).tobytes() == embedded(SpreadSpectrum(KEY), picture).tobytes()


def test_a_second_mark_takes_the_place_of_the_first(marked: Image.Image, mark: SpreadSpectrum) -> None:
    """Marking again under the same key leaves at most one of the two, never a mixture."""
    assert heard(mark, embedded(mark, marked, b"\xff" * 8)) in {PAYLOAD, b"\xff" * 8, None}


def test_a_whole_picture_is_told_from_a_part(marked: Image.Image, mark: SpreadSpectrum) -> None:
    def whole(image: Image.Image) -> bool | None:
        found = mark.find(image.tobytes(), *image.size)
        assert found is not None
        return found.whole

    assert whole(marked) is True
    assert whole(sized(0.6)(marked)) is True
    assert whole(encoded("JPEG", 60)(sized(1.7)(marked))) is True
    assert whole(marked.crop((20, 0, 512, 512))) is False
    assert whole(on_a_page(marked)) is False
    assert whole(marked.crop((30, 30, 482, 482))) is None, "around the middle, or a small picture: nobody can tell"


@settings(max_examples=20, deadline=None)
@given(width=st.integers(1, 90), height=st.integers(1, 2000), shade=st.integers(0, 255))
def test_any_size_is_taken(width: int, height: int, shade: int) -> None:
    mark, pixels = SpreadSpectrum(KEY), bytes([shade]) * (3 * width * height)
    marked = mark.embed(pixels, width, height, PAYLOAD)
    assert len(marked) == len(pixels)
    assert mark.read(marked, width, height) in {PAYLOAD, None}


def test_unmarked_pictures_are_silent(mark: SpreadSpectrum) -> None:
    chance = np.random.default_rng(4)
    for number in range(40):
        side = int(chance.integers(64, 400))
        image = landscape(side, side, seed=100 + number)
        if number % 4 == 0:
            image = Image.fromarray(chance.integers(0, 256, (side, side, 3)).astype(np.uint8))
        assert heard(mark, image) is None


def test_false_alarms_are_rarer_than_promised() -> None:
    """Each attempt is right by chance once in 2**CHECK_BITS, and a picture gets at most SIGHTINGS of them."""
    assert SIGHTINGS / 2**CHECK_BITS <= 1e-6 / 500


@pytest.mark.parametrize(
    ("pixels", "payload", "named"), [(b"\x00" * 12, b"12345678", "pixels"), (None, b"1", "payload")]
)
def test_what_does_not_fit_is_named(pixels: bytes | None, payload: bytes, named: str, mark: SpreadSpectrum) -> None:
    with pytest.raises(ValueError, match=named):
        mark.embed(pixels or bytes(3 * 64 * 64), 64, 64, payload)


def test_the_key_is_not_shown() -> None:
    assert KEY.hex() not in repr(SpreadSpectrum(KEY))
    assert str(KEY) not in repr(SpreadSpectrum(KEY))
