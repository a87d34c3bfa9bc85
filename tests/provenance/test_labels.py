"""The visible label: legible on any ground, at any size, in any of its languages; and found again in the pixels."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont, features

from provenance.labels import LANGUAGES, VisibleLabel, draw_label, find_label
from provenance.labels.drawing import SHARE, SMALLEST_LETTERS, lay_out, picture_of, plate_of
from provenance.labels.words import FONT, glyphs
from tests.provenance.office import Pixels

DRAWN = [label for label in VisibleLabel if label != VisibleLabel.NONE]


def luminance(image: Image.Image) -> np.ndarray[Any, Any]:
    return np.asarray(image.convert("L"), dtype=float) / 255


def contrast(a: float, b: float) -> float:
    """A ratio as in WCAG 2, on plain luminance."""
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def ground(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), Pixels.gradient(width, height).data)


@pytest.mark.parametrize("shade", [0, 60, 128, 200, 255])
@pytest.mark.parametrize("size", [(64, 64), (128, 512), (1024, 256), (1024, 1024)])
@pytest.mark.parametrize("label", DRAWN)
def test_labels_read_on_light_and_dark(label: str, size: tuple[int, int], shade: int) -> None:
    plain = Image.new("RGB", size, (shade, shade, shade))
    labelled = draw_label(plain, label)
    changed = np.argwhere(luminance(labelled) != luminance(plain))
    assert len(changed), "there is a label"
    plate = lay_out(label, "en", *size)
    words = luminance(labelled)[size[1] - plate.height + 2 :, : plate.width - 2]
    assert contrast(words.max(), words.min()) >= 7, "the letters stand out from their plate"
    assert changed.shape[0] <= 0.25 * size[0] * size[1], "and the picture remains a picture"
    if shade == 0:
        edge = luminance(labelled)[size[1] - plate.height, : plate.width // 2]
        assert contrast(edge.min(), 0) >= 7, "on black the plate has an edge"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("side", [64, 128, 512, 4096])
def test_letters_are_large_enough_in_every_language(language: str, side: int) -> None:
    for label in DRAWN:
        plate = lay_out(label, language, side, side)
        assert plate.letters >= SMALLEST_LETTERS
        assert plate.letters * SHARE >= side, "five per cent of the shorter side"
        assert plate.width <= side


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wording_is_in_the_font_and_its_plate(language: str) -> None:
    for use in glyphs(language):
        plate = plate_of(use, language, 40, 4096)
        inked = np.argwhere(luminance(picture_of(plate))[4:, 4 : plate.width - 4] > 0.5)
        assert len(inked) > 200, f"{language} {use} is drawn"
        assert inked[:, 0].max() < plate.height - 4, "with room below"
        assert inked[:, 0].min() > 0, "and above"


@pytest.mark.skipif(not features.check("raqm"), reason="Pillow finds no shaping engine here to compare with")
def test_latin_is_spaced_as_a_shaping_engine_spaces_it() -> None:
    """The wordings were shaped once; the advance of each must be that of its words in the source font's spirit."""
    font = ImageFont.truetype(FONT, 100, layout_engine=ImageFont.Layout.BASIC)
    for language in ("en", "de", "ru"):
        for marks, words in glyphs(language).values():
            assert 30 * len(words) < font.getlength(marks) < 95 * len(words)


def test_arabic_letters_join_and_lines_run_from_the_right() -> None:
    """Joined letters leave fewer gaps than letters; and the leading word of a band is on the right."""
    plate = plate_of("text", "ar", 60, 4096)
    columns = (luminance(picture_of(plate))[6:, 40 : plate.width - 40] > 0.5).any(axis=0)
    gaps = int((np.diff(columns.astype(int)) == -1).sum())
    letters = len([mark for mark in LANGUAGES["ar"].text if mark.isalpha()])
    assert gaps < letters * 0.75
    band, warning = (picture_of(plate_of(use, "ar", 60, 2000)) for use in ("band", "warning"))
    short, whole = (luminance(image)[8:-2].sum(axis=0) for image in (warning, band))
    word, line = (np.trim_zeros((sums - sums.min()).round(1)) for sums in (short, whole))
    last, first = line[-len(word) :], line[: len(word)]
    assert np.corrcoef(word, last)[0, 1] > 0.9 > np.corrcoef(word, first)[0, 1]


def test_no_label_leaves_the_picture_alone() -> None:
    image = Image.new("RGB", (64, 64))
    assert draw_label(image, VisibleLabel.NONE) is image
    with pytest.raises(ValueError, match="label"):
        draw_label(image, "loud")


@settings(max_examples=30, deadline=None)
@given(
    st.integers(16, 300), st.integers(16, 300), st.sampled_from(list(VisibleLabel)), st.sampled_from(list(LANGUAGES))
)
def test_a_label_fits_any_size(width: int, height: int, label: VisibleLabel, language: str) -> None:
    assert draw_label(Image.new("RGB", (width, height)), label, language).size == (width, height)


@pytest.mark.parametrize("language", ["en", "ar", "hi", "bn", "zh-hans", "ta", "sw"])
@pytest.mark.parametrize("label", DRAWN)
@pytest.mark.parametrize("quality", [None, 50])
def test_a_label_is_found_again(language: str, label: str, quality: int | None) -> None:
    for size in ((64, 64), (400, 300)):
        labelled = draw_label(ground(*size), label, language)
        if quality:
            file = io.BytesIO()
            labelled.save(file, "JPEG", quality=quality)
            labelled = Image.open(file).convert("RGB")
        found, drawn = find_label(labelled), lay_out(label, language, *size)
        assert found is not None
        assert glyphs(found.language)[found.plate.use][1] == glyphs(language)[drawn.use][1], "the very words"
        assert found.plate.letters == drawn.letters


def test_what_is_no_label_is_not_taken_for_one() -> None:
    for image in (
        ground(300, 200), Image.new("RGB", (300, 200)), Image.new("RGB", (300, 200), (16, 16, 16)),
        Image.new("RGB", (20, 20)),
    ):  # fmt: skip
        assert find_label(image) is None
    plate = Image.new("RGB", (300, 200), (250, 250, 250))
    plate.paste((16, 16, 16), (0, 179, 90, 200))
    assert find_label(plate) is None, "an empty plate says nothing"
    labelled = draw_label(ground(300, 200), "text")
    assert find_label(labelled.crop((0, 0, 300, 190))) is None, "a label that was cut off is none"
