"""Previews: the forecast is exact on straight paths, the palette on linear decoders, the walk from a picture even."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from generation.families.prx import flow_times
from generation.forecast import as_bytes, forecast, painted, palette
from generation.noise import Mixture

CHANNELS = 4


class LinearDecoder:
    """A stand-in for a VAE whose decoder is a linear map of each latent, enlarged eightfold."""

    def __init__(self, colours: torch.Tensor, *, scale: float, shift: float) -> None:
        self.config = SimpleNamespace(latent_channels=CHANNELS, scaling_factor=scale, shift_factor=shift)
        self.dtype = torch.float32
        self._colours, self._scale, self._shift = colours, scale, shift

    def decode(self, latents: torch.Tensor, *, return_dict: bool) -> tuple[torch.Tensor]:
        assert not return_dict
        back = (latents - self._shift) * self._scale
        flat = torch.einsum("bcrk,cp->bprk", back, self._colours[:-1]) + self._colours[-1].view(1, 3, 1, 1)
        return (flat.repeat_interleave(8, 2).repeat_interleave(8, 3),)


@given(st.integers(0, 2**31), st.floats(0.05, 1), st.floats(0, 0.95), st.booleans())
def test_the_forecast_finds_the_clean_picture_on_a_straight_path(
    seed: int, level: float, share: float, flow: bool
) -> None:
    generator = torch.Generator().manual_seed(seed)
    clean, noise = torch.randn(2, 1, 3, 4, 4, generator=generator, dtype=torch.float64)
    sigmas = [level, level * share]
    path = [(1 - s) * clean + s * noise if flow else clean + s * noise for s in sigmas]
    first, then = (Mixture(1 - s if flow else 1.0, s) for s in sigmas)
    assert torch.allclose(forecast(path[0], path[1], first, then), clean, atol=1e-6)


@pytest.mark.parametrize(
    ("first", "then"), [(None, Mixture(0.5, 0.5)), (Mixture(0.5, 0.5), None), (Mixture(0.5, 0.5), Mixture(0.5, 0.5))]
)
def test_without_noise_levels_the_latents_are_shown_as_they_are(first: Mixture | None, then: Mixture | None) -> None:
    before, after = torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)
    assert forecast(before, after, first, then) is after


@given(st.integers(0, 2**31), st.floats(0.1, 2), st.floats(-0.5, 0.5))
def test_the_palette_of_a_linear_decoder_is_its_map(seed: int, scale: float, shift: float) -> None:
    colours = torch.randn(CHANNELS + 1, 3, generator=torch.Generator().manual_seed(seed))
    assert torch.allclose(palette(LinearDecoder(colours, scale=scale, shift=shift)), colours, atol=1e-4)


def test_painted_latents_are_one_pixel_each() -> None:
    colours = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]])
    latents = torch.tensor([-1.0, 0, 1, 5]).view(1, CHANNELS, 1, 1).expand(1, CHANNELS, 2, 3)
    pixels = painted(latents, colours)
    assert pixels.shape == (2, 3, 3)
    assert pixels[1, 2].tolist() == [0, 128, 255]


def test_what_lies_outside_the_range_is_cut_off() -> None:
    assert as_bytes(torch.tensor([-9.0, 0.0, 9.0]).view(3, 1, 1)).flatten().tolist() == [0, 128, 255]


@given(st.integers(1, 150), st.floats(0.05, 1))
def test_the_walk_from_a_picture_is_the_end_of_the_whole_walk(steps: int, strength: float) -> None:
    times = flow_times(steps, strength)
    assert times == flow_times(steps, 1.0)[-len(times) :]
    assert len(times) == max(1, round(steps * strength))
    assert times == sorted(times, reverse=True)
    assert times[0] <= 1000
    assert times[-1] > 0.99
