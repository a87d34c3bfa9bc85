"""The second stage: size, determinism, clean borders and refusals, with the weights that ship."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.errors import ModelFolderError
from generation.upscale import MARGIN, SCALE, Upscaler
from tests.generation.training.conftest import STARTER


@pytest.fixture(scope="session")
def upscaler() -> Upscaler:
    return Upscaler.from_folder(STARTER / "upscaler")


@settings(deadline=None, max_examples=10)
@given(st.integers(MARGIN + 1, 40), st.integers(MARGIN + 1, 40), st.integers(0, 255))
def test_an_even_picture_stays_even_to_its_borders(upscaler: Upscaler, height: int, width: int, grey: int) -> None:
    large = upscaler(torch.full((height, width, 3), grey, dtype=torch.uint8))
    assert large.shape == (height * SCALE, width * SCALE, 3)
    assert large.dtype == torch.uint8
    assert (large.int() - grey).abs().max() <= 6
    # The upscaler's own pattern repeats each SCALE pixels; whatever the borders add would show as more than that.
    centre = large[SCALE : 2 * SCALE, SCALE : 2 * SCALE]
    assert (large[:SCALE, :SCALE].int() - centre.int()).abs().max() <= 1


def test_the_picture_is_the_same_picture(upscaler: Upscaler) -> None:
    small = torch.zeros(32, 32, 3, dtype=torch.uint8)
    small[8:24, 8:24] = torch.tensor([200, 40, 40], dtype=torch.uint8)
    large = upscaler(small).float()
    back = large.reshape(32, SCALE, 32, SCALE, 3).mean(dim=(1, 3))
    assert (back - small.float()).abs().mean() < 4


def test_the_same_pixels_give_the_same_pixels(upscaler: Upscaler) -> None:
    small = torch.randint(0, 256, (20, 24, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(upscaler(small), upscaler(small))


@pytest.mark.parametrize(
    "pixels",
    [
        torch.zeros(32, 32, 3),
        torch.zeros(32, 32, dtype=torch.uint8),
        torch.zeros(32, 32, 4, dtype=torch.uint8),
        torch.zeros(MARGIN, 32, 3, dtype=torch.uint8),
    ],
)
def test_other_types_and_shapes_are_refused(upscaler: Upscaler, pixels: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="pixels must be"):
        upscaler(pixels)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match=r"model\.safetensors"):
        Upscaler.from_folder(tmp_path)
