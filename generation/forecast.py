"""A look at the finished picture while it is still being made. Loads torch.

Two things make a preview worth looking at. The *forecast* takes the noise out: along the path a sampler walks, in
the noise level s, the clean picture is x - s * dx/ds; this holds for flow matching, x = (1 - s) * clean + s * noise,
as for the variance-exploding form, x = clean + s * noise. The *palette* turns latents into colours: the linear map
that comes closest to the model's own decoder, found once by decoding one small random latent.

Neither touches the picture that is made. Shapes: latents are (1, channels, rows, columns) float.
"""

from typing import Any

import torch
from torch.nn import functional

PROBE_SIDE = 8
PROBE_SEED = 0


def forecast(scheduler: Any, before: torch.Tensor | None, after: torch.Tensor) -> torch.Tensor:
    """Return the clean latents that the step from `before` to `after` was heading for.

    Returns the latents as they are after the first step and with schedulers that keep no noise levels.
    """
    sigmas, place = getattr(scheduler, "sigmas", None), getattr(scheduler, "step_index", None)
    if before is None or sigmas is None or not place or sigmas[place] == sigmas[place - 1]:
        return after
    level, fall = float(sigmas[place]), float(sigmas[place] - sigmas[place - 1])
    return after - level * (after - before) / fall


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
