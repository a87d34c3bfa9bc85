"""Tiny models with random weights, one a family: real pipelines of diffusers that sample in well under a second.

They are saved to a folder once a session and only ever read after that; a test that spoils a folder copies it first.
"""

from pathlib import Path

import diffusers
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

WORDS = ("a", "red", "blue", "tent", "and", "cow", "on", "field", "nurse", "rain")
LONGEST = 16


def tokenizer() -> PreTrainedTokenizerFast:
    """Return a word-level tokenizer that knows `WORDS`."""
    names = ("<pad>", "<start>", "<end>", "<unknown>", *WORDS)
    inner = Tokenizer(models.WordLevel({name: place for place, name in enumerate(names)}, unk_token="<unknown>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",
        bos_token="<start>",
        eos_token="<end>",
        unk_token="<unknown>",
        model_max_length=LONGEST,
    )


def prx_pixel(folder: Path) -> Path:
    """Save a PRX pixel-space pipeline of 16 x 16 blocks' worth of nothing learned."""
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
    return _saved(
        diffusers.PRXPixelPipeline(
            transformer=transformer,
            scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
            text_encoder=encoder,
            tokenizer=tokenizer(),
            default_sample_size=64,
            prompt_max_tokens=LONGEST,
            noise_scale=1.0,
        ),
        folder,
    )


def _saved(pipeline: diffusers.DiffusionPipeline, folder: Path) -> Path:
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder
