"""The networks of the starter family: a PRX transformer in pixel space and a small BERT that reads the caption tokens.

Stock classes of diffusers and transformers only, so that an exported folder loads without code of ours.

Shapes: pictures (batch, 3, side, side) in [-1, 1]; tokens (batch, length) int64; noise level t (batch,) in (0, 1].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from diffusers import PRXTransformer2DModel
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from generation.training.tokens import PAD


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of both networks. `width` and `text_width` are hidden sizes, `heads` divides `width`."""

    side: int = 64
    patch: int = 8
    width: int = 256
    depth: int = 8
    heads: int = 4
    mlp_ratio: float = 3.5
    text_width: int = 256
    text_depth: int = 2
    positions: int = 64


class Painter(nn.Module):
    """Predicts the clean picture from a noisy one and a caption."""

    def __init__(self, shape: Shape, vocabulary: int) -> None:
        super().__init__()
        self.side = shape.side
        axis = shape.width // shape.heads // 2
        # diffusers carries no types: its classes are used as Any.
        transformer: Any = PRXTransformer2DModel
        self.transformer: Any = transformer(
            in_channels=3,
            patch_size=shape.patch,
            context_in_dim=shape.text_width,
            hidden_size=shape.width,
            mlp_ratio=shape.mlp_ratio,
            num_heads=shape.heads,
            depth=shape.depth,
            axes_dim=[axis, axis],
        )
        self.text_encoder = BertModel(
            BertConfig(
                vocab_size=vocabulary,
                hidden_size=shape.text_width,
                num_hidden_layers=shape.text_depth,
                num_attention_heads=4,
                intermediate_size=4 * shape.text_width,
                max_position_embeddings=shape.positions,
                hidden_dropout_prob=0.0,
                attention_probs_dropout_prob=0.0,
                pad_token_id=PAD,
            ),
            add_pooling_layer=False,
        )

    def read(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Encode captions: hidden states (batch, length, text_width) and the boolean mask (batch, length)."""
        mask = tokens != PAD
        hidden = self.text_encoder(input_ids=tokens, attention_mask=mask.long()).last_hidden_state
        return hidden, mask

    def forward(self, noisy: Tensor, level: Tensor, tokens: Tensor) -> Tensor:
        """Return the predicted clean pictures, of the shape of `noisy`."""
        hidden, mask = self.read(tokens)
        result: Tensor = self.transformer(noisy, level, hidden, attention_mask=mask, return_dict=False)[0]
        return result


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of drawing: the noise level before it, the noisy pictures and the clean ones predicted from them."""

    level: float
    noisy: Tensor
    clean: Tensor


def sample(painter: Painter, tokens: Tensor, noise: Tensor, *, steps: int, guidance: float) -> Tensor:
    """Draw one picture for each row of `tokens` from `noise`, as PRXPixelPipeline does, but in one batch.

    Returns pictures in [-1, 1], not clipped. The last prediction is the picture: the last level leads to no noise.
    """
    moments = list(trace(painter, tokens, noise, steps=steps, guidance=guidance))
    last = moments[-1]
    return last.noisy - last.level * (last.noisy - last.clean) / max(last.level, 0.05)


def trace(painter: Painter, tokens: Tensor, noise: Tensor, *, steps: int, guidance: float) -> Iterator[Moment]:
    """Yield the moments of drawing, one per step, at the levels of FlowMatchEulerDiscreteScheduler with shift 1."""
    levels = [*torch.linspace(1.0, 1.0 / 1000, steps).tolist(), 0.0]
    empty = torch.full_like(tokens, PAD)
    empty[:, 0] = tokens[:, 0]
    hidden, mask = painter.read(torch.cat([empty, tokens]))
    picture = noise
    for now, then in pairwise(levels):
        level = torch.full((2 * len(tokens),), now)
        both = painter.transformer(torch.cat([picture] * 2), level, hidden, attention_mask=mask, return_dict=False)[0]
        without, with_caption = both.chunk(2)
        clean = without + guidance * (with_caption - without)
        yield Moment(now, picture, clean)
        picture = picture + (then - now) * (picture - clean) / max(now, 0.05)
