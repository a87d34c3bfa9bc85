"""A look at the finished picture while it is still being made. Loads torch.

Two things make a preview worth looking at. The *forecast* takes the noise out: a step leads from one mixture of the
clean picture and noise to another, and two mixtures of the same two things can be solved for either. The *palette*
turns latents into colours: the linear map that comes closest to the model's own decoder, found once by decoding one
small random latent.

Neither touches the picture that is made. Shapes: latents are (1, channels, rows, columns) float.
"""

from typing import Any

import torch
from torch.nn import functional

from generation.noise import Mixture

PROBE_SIDE = 8
PROBE_SEED = 0
# Below this two mixtures are one, and say nothing about their parts.
LEAST_CHANGE = 1e-6


def forecast(before: torch.Tensor, after: torch.Tensor, first: Mixture | None, then: Mixture | None) -> torch.Tensor:
    """Return the clean latents that the step from `before`, mixed as `first`, to `after`, mixed as `then`, aimed at.

    Exact for steps that keep to their noise; returns the latents as they are where the mixtures are unknown or equal.
    """
    if first is None or then is None:
        return after
    change = then.signal * first.noise - first.signal * then.noise
    if abs(change) < LEAST_CHANGE:
        return after
    return (first.noise * after - then.noise * before) / change


def palette(vae: Any) -> torch.Tensor:
    """Return the linear map (channels + 1, 3) from a latent and a one to RGB in -1 to 1, fitted to the decoder."""
    generator = torch.Generator("cpu").manual_seed(PROBE_SEED)
    probe = torch.randn(1, vae.config.latent_channels, PROBE_SIDE, PROBE_SIDE, generator=generator)
    scaled = probe / vae.config.scaling_factor + (getattr(vae.config, "shift_factor", None) or 0.0)
    seen = functional.adaptive_avg_pool2d(vae.decode(scaled.to(vae.dtype), return_dict=False)[0].float(), PROBE_SIDE)
    fitted: torch.Tensor = torch.linalg.lstsq(_with_one(probe), seen[0].flatten(1).T).solution
    return fitted


def painted(latents: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
    """Return (rows, columns, 3) uint8 of latents, one pixel a latent."""
    rows, columns = latents.shape[-2:]
    return as_bytes((_with_one(latents.float()) @ colours).T.reshape(3, rows, columns))


def as_bytes(picture: torch.Tensor) -> torch.Tensor:
    """Return (rows, columns, 3) uint8 of a (3, rows, columns) picture in -1 to 1; what lies outside is cut off."""
    return ((picture.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0)


def _with_one(latents: torch.Tensor) -> torch.Tensor:
    flat = latents[0].flatten(1).T
    return torch.cat([flat, torch.ones(len(flat), 1)], dim=1)
