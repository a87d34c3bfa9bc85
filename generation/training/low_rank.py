"""Teaches a Stable Diffusion model (1.x, 2.x, XL) from an organisation's own pictures, by low-rank adaptation (LoRA).

Hu et al. 2021, on the attention of the U-Net. The adapter is saved in the form that diffusers' own loader reads, loaded
by it and fused, so that the result is a model folder like any other: it loads without peft and has weights, digests and
a lineage of its own.

Invariants:
- the autoencoder and the text encoders stay as they are, byte for byte;
- the loss is the one the model was trained with: the error in the noise, or in the velocity, that its scheduler names;
- pictures are float32 in [-1, 1], shape (n, 3, side, side) with the side that `side_of` returns.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import torch
from torch import Tensor

from generation.catalogue import ModelEntry
from generation.loading import pipeline_of
from generation.training.finetune import Tuning

FAMILIES = ("stable-diffusion", "stable-diffusion-xl")
TARGETS = ["to_k", "to_q", "to_v", "to_out.0"]


def side_of(pipeline: Any) -> int:
    """Return the side in pixels of the pictures that a pipeline was trained on."""
    return int(pipeline.unet.config.sample_size * pipeline.vae_scale_factor)


def tune(
    entry: ModelEntry,
    pictures: Callable[[int], Tensor],
    captions: list[str],
    tuning: Tuning,
    out: Path,
    *,
    report: Callable[[int, float], None],
) -> None:
    """Train on `pictures(side)` with their `captions` and write the fused pipeline into the folder `out`.

    `report` hears the step and the loss after every step.
    """
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(tuning.seed)
    pipeline = pipeline_of(entry)
    clean, conditions = _read(pipeline, pictures(side_of(pipeline)), captions, tuning.seed)
    unet = pipeline.unet.requires_grad_(False)
    unet.add_adapter(LoraConfig(r=tuning.rank, lora_alpha=tuning.rank, target_modules=TARGETS))
    optimizer = torch.optim.AdamW([p for p in unet.parameters() if p.requires_grad], lr=tuning.rate, weight_decay=0.0)
    scheduler: Any = diffusers.DDPMScheduler
    scheduler = scheduler.from_config(pipeline.scheduler.config)
    for step in range(tuning.steps):
        loss = _loss(unet, scheduler, clean, conditions, tuning, step)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        report(step + 1, float(loss.detach()))
    _write_fused(entry, get_peft_model_state_dict(unet), type(pipeline), out)


@torch.no_grad()
def _read(pipeline: Any, pixels: Tensor, captions: list[str], seed: int) -> tuple[Tensor, list[dict[str, Any]]]:
    """Return the latents of the pictures and, for each caption, what the U-Net is told beside the noise level."""
    generator = torch.Generator().manual_seed(seed)
    latents = pipeline.vae.encode(pixels).latent_dist.sample(generator) * pipeline.vae.config.scaling_factor
    side = tuple(pixels.shape[-2:])
    conditions: list[dict[str, Any]] = []
    for caption in captions:
        read = pipeline.encode_prompt(
            prompt=caption, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False
        )
        condition: dict[str, Any] = {"encoder_hidden_states": read[0]}
        if getattr(pipeline, "text_encoder_2", None) is not None:
            # The size the picture had, where it was cut, the size wanted: all of them the trained side.
            sizes = torch.tensor([[*side, 0, 0, *side]], dtype=pixels.dtype)
            condition["added_cond_kwargs"] = {"text_embeds": read[2], "time_ids": sizes}
        conditions.append(condition)
    return latents, conditions


def _loss(
    unet: Any, scheduler: Any, clean: Tensor, conditions: list[dict[str, Any]], tuning: Tuning, step: int
) -> Tensor:
    """Return the mean squared error on one batch, drawn from the seed and the step alone."""
    generator = torch.Generator().manual_seed(tuning.seed * 1_000_003 + step)
    chosen = torch.randint(0, len(clean), (tuning.batch,), generator=generator).tolist()
    latents = clean[chosen]
    noise = torch.randn(latents.shape, generator=generator)
    times = torch.randint(0, scheduler.config.num_train_timesteps, (tuning.batch,), generator=generator)
    guess = unet(scheduler.add_noise(latents, noise, times), times, **_joined([conditions[i] for i in chosen])).sample
    velocity = scheduler.config.prediction_type == "v_prediction"
    target = scheduler.get_velocity(latents, noise, times) if velocity else noise
    loss: Tensor = (guess - target).square().mean()
    return loss


def _joined(conditions: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the conditions of single pictures together to those of a batch."""
    first = conditions[0]
    return {
        name: _joined([c[name] for c in conditions])
        if isinstance(first[name], dict)
        else torch.cat([c[name] for c in conditions])
        for name in first
    }


def _write_fused(entry: ModelEntry, adapter: dict[str, Tensor], kind: Any, out: Path) -> None:
    fresh = pipeline_of(entry)
    with tempfile.TemporaryDirectory() as folder:
        kind.save_lora_weights(folder, unet_lora_layers=adapter)
        fresh.load_lora_weights(folder)
    fresh.fuse_lora()
    fresh.unload_lora_weights()
    fresh.save_pretrained(out, safe_serialization=True)
