"""Tiny models with random weights, one a family: real pipelines of diffusers that sample in well under a second.

They are saved to a folder once a session and only ever read after that; a test that spoils a folder copies it first.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers

# Neither library is typed.
diffusers: Any = import_module("diffusers")
transformers: Any = import_module("transformers")

WORDS = ("a", "red", "blue", "tent", "and", "cow", "on", "field", "nurse", "rain")
LONGEST = 16


def tokenizer() -> Any:
    """Return a word-level tokenizer that knows `WORDS`."""
    names = ("<pad>", "<start>", "<end>", "<unknown>", *WORDS)
    inner = Tokenizer(models.WordLevel({name: place for place, name in enumerate(names)}, unk_token="<unknown>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",
        bos_token="<start>",
        eos_token="<end>",
        unk_token="<unknown>",
        model_max_length=LONGEST,
    )


def prx_pixel(folder: Path) -> Path:
    """Save a PRX pipeline in pixel space: no VAE, patches of 8 x 8 pixels."""
    torch.manual_seed(0)
    transformer = diffusers.PRXTransformer2DModel(
        patch_size=8,
        in_channels=3,
        context_in_dim=32,
        hidden_size=32,
        mlp_ratio=2.0,
        num_heads=2,
        depth=2,
        axes_dim=[8, 8],
        bottleneck_size=16,
    )
    _wake(transformer)
    encoder = transformers.BertModel(
        transformers.BertConfig(
            vocab_size=32,
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=LONGEST,
        ),
        add_pooling_layer=False,
    )
    pipeline = diffusers.PRXPixelPipeline(
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        text_encoder=encoder,
        tokenizer=tokenizer(),
        default_sample_size=64,
        prompt_max_tokens=LONGEST,
        noise_scale=1.0,
    )
    return _saved(pipeline, folder)


def stable_diffusion(folder: Path) -> Path:
    """Save a Stable Diffusion 1.5 pipeline whose VAE shrinks by two."""
    torch.manual_seed(0)
    pipeline = diffusers.StableDiffusionPipeline(
        unet=_unet(cross_attention_dim=32),
        scheduler=diffusers.PNDMScheduler(skip_prk_steps=True, steps_offset=1, beta_schedule="scaled_linear"),
        vae=_vae(),
        text_encoder=transformers.CLIPTextModel(_clip()),
        tokenizer=tokenizer(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return _saved(pipeline, folder)


def stable_diffusion_xl(folder: Path) -> Path:
    """Save a Stable Diffusion XL pipeline with two text encoders and size conditioning."""
    torch.manual_seed(0)
    unet = _unet(
        cross_attention_dim=64,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 32,
        use_linear_projection=True,
    )
    pipeline = diffusers.StableDiffusionXLPipeline(
        unet=unet,
        scheduler=diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear", timestep_spacing="leading"),
        vae=_vae(),
        text_encoder=transformers.CLIPTextModel(_clip()),
        text_encoder_2=transformers.CLIPTextModelWithProjection(_clip()),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        add_watermarker=False,
    )
    return _saved(pipeline, folder)


FAMILIES: dict[str, Callable[[Path], Path]] = {
    "prx-pixel": prx_pixel,
    "stable-diffusion": stable_diffusion,
    "stable-diffusion-xl": stable_diffusion_xl,
}


def _wake(model: torch.nn.Module) -> None:
    """Fill what starts at zero with noise; a gate that is shut would hide the prompt from the picture."""
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(std=0.3)


def _unet(**differences: Any) -> Any:
    return diffusers.UNet2DConditionModel(
        block_out_channels=(8, 16),
        layers_per_block=1,
        sample_size=16,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=4,
        norm_num_groups=4,
        **differences,
    )


def _vae() -> Any:
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=4,
        norm_num_groups=4,
    )


def _clip() -> Any:
    return transformers.CLIPTextConfig(
        vocab_size=32,
        hidden_size=32,
        projection_dim=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=LONGEST,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )


def _saved(pipeline: Any, folder: Path) -> Path:
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder
