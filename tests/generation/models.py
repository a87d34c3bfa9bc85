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
    pipeline = diffusers.PRXPixelPipeline(
        transformer=_prx_transformer(patch_size=8, in_channels=3, bottleneck_size=16),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        text_encoder=_bert(),
        tokenizer=tokenizer(),
        default_sample_size=64,
        prompt_max_tokens=LONGEST,
        noise_scale=1.0,
    )
    return _saved(pipeline, folder)


def prx_latent(folder: Path) -> Path:
    """Save a PRX pipeline on the latents of a VAE."""
    torch.manual_seed(0)
    pipeline = diffusers.PRXPipeline(
        transformer=_prx_transformer(patch_size=2, in_channels=4),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        text_encoder=_bert(),
        tokenizer=tokenizer(),
        vae=_vae(shift_factor=0.1),
        default_sample_size=64,
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


def stable_diffusion_3(folder: Path) -> Path:
    """Save a Stable Diffusion 3 pipeline with its three text encoders."""
    torch.manual_seed(0)
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=32,
        patch_size=2,
        in_channels=4,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=32,
        caption_projection_dim=32,
        pooled_projection_dim=64,
        out_channels=4,
    )
    _wake(transformer)
    pipeline = diffusers.StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=_vae(shift_factor=0.1),
        text_encoder=transformers.CLIPTextModelWithProjection(_clip()),
        text_encoder_2=transformers.CLIPTextModelWithProjection(_clip()),
        text_encoder_3=_t5(),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        tokenizer_3=tokenizer(),
    )
    return _saved(pipeline, folder)


def flux(folder: Path) -> Path:
    """Save a FLUX pipeline with guidance as an input."""
    torch.manual_seed(0)
    transformer = diffusers.FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        guidance_embeds=True,
        axes_dims_rope=(4, 4, 8),
    )
    _wake(transformer)
    pipeline = diffusers.FluxPipeline(
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=_vae(shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=transformers.CLIPTextModel(_clip()),
        text_encoder_2=_t5(),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
    )
    return _saved(pipeline, folder)


def pixart_alpha(folder: Path) -> Path:
    """Save a PixArt-alpha pipeline."""
    return _pixart(folder, diffusers.PixArtAlphaPipeline)


def pixart_sigma(folder: Path) -> Path:
    """Save a PixArt-sigma pipeline."""
    return _pixart(folder, diffusers.PixArtSigmaPipeline)


def sana(folder: Path) -> Path:
    """Save a Sana pipeline with a small language model as its text encoder."""
    torch.manual_seed(0)
    transformer = diffusers.SanaTransformer2DModel(
        in_channels=4,
        out_channels=4,
        num_layers=1,
        num_attention_heads=2,
        attention_head_dim=8,
        num_cross_attention_heads=2,
        cross_attention_head_dim=8,
        cross_attention_dim=16,
        caption_channels=8,
        sample_size=32,
    )
    _wake(transformer)
    vae = diffusers.AutoencoderDC(
        latent_channels=4,
        attention_head_dim=2,
        encoder_block_types=("ResBlock", "EfficientViTBlock"),
        decoder_block_types=("ResBlock", "EfficientViTBlock"),
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        encoder_qkv_multiscales=((), (5,)),
        decoder_qkv_multiscales=((), (5,)),
        encoder_layers_per_block=(1, 1),
        decoder_layers_per_block=(1, 1),
        downsample_block_type="conv",
        upsample_block_type="interpolate",
        decoder_norm_types="rms_norm",
        decoder_act_fns="silu",
        scaling_factor=0.41407,
    )
    encoder = transformers.Gemma2Model(
        transformers.Gemma2Config(
            vocab_size=32,
            hidden_size=8,
            intermediate_size=16,
            head_dim=4,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=2,
        )
    )
    pipeline = diffusers.SanaPipeline(
        transformer=transformer,
        scheduler=diffusers.DPMSolverMultistepScheduler(use_flow_sigmas=True, prediction_type="flow_prediction"),
        vae=vae,
        text_encoder=encoder,
        tokenizer=tokenizer(),
    )
    return _saved(pipeline, folder)


FAMILIES: dict[str, Callable[[Path], Path]] = {
    "prx-pixel": prx_pixel,
    "prx-latent": prx_latent,
    "stable-diffusion": stable_diffusion,
    "stable-diffusion-xl": stable_diffusion_xl,
    "stable-diffusion-3": stable_diffusion_3,
    "flux": flux,
    "pixart-alpha": pixart_alpha,
    "pixart-sigma": pixart_sigma,
    "sana": sana,
}


def _prx_transformer(**differences: Any) -> Any:
    transformer = diffusers.PRXTransformer2DModel(
        context_in_dim=32, hidden_size=32, mlp_ratio=2.0, num_heads=2, depth=2, axes_dim=[8, 8], **differences
    )
    _wake(transformer)
    return transformer


def _bert() -> Any:
    config = transformers.BertConfig(
        vocab_size=32,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=LONGEST,
    )
    return transformers.BertModel(config, add_pooling_layer=False)


def _pixart(folder: Path, pipeline_class: Any) -> Path:
    torch.manual_seed(0)
    transformer = diffusers.PixArtTransformer2DModel(
        sample_size=32,
        num_layers=1,
        patch_size=2,
        attention_head_dim=8,
        num_attention_heads=3,
        caption_channels=32,
        in_channels=4,
        cross_attention_dim=24,
        out_channels=8,
        use_additional_conditions=False,
    )
    _wake(transformer)
    pipeline = pipeline_class(
        transformer=transformer,
        scheduler=diffusers.DPMSolverMultistepScheduler(),
        vae=_vae(),
        text_encoder=_t5(),
        tokenizer=tokenizer(),
    )
    return _saved(pipeline, folder)


def _t5() -> Any:
    return transformers.T5EncoderModel(
        transformers.T5Config(
            vocab_size=32, d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=2, decoder_start_token_id=0
        )
    )


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


def _vae(**differences: Any) -> Any:
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=4,
        norm_num_groups=4,
        **differences,
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
