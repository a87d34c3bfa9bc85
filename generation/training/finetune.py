"""Teaches the starter model new concepts from an organisation's own pictures, by low-rank adaptation (LoRA).

Hu et al. 2021, through peft's injection. The adapters are merged when the folder is written, so that the result is a
model folder like any other: it loads without peft, has weights, digests and a lineage of its own, and enters a
catalogue unapproved.

Invariants:
- only adapters and the embedding rows of the new concepts are trained; the parent's weights stay as they are;
- half of what every step sees is what the parent can paint already (rehearsal.py), so that it goes on painting it;
- the lineage names the parent by its digest, the manifest by its SHA-256, and every picture with licence and consent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from generation.training.errors import DataError
from generation.training.material import Picture
from generation.training.network import Painter
from generation.training.rows import SPREAD
from generation.training.tokens import PAD, PARTS, Alphabet
from generation.vocabulary import Vocabulary

TARGETS = ["img_qkv_proj", "txt_kv_proj", "to_out.0", "gate_proj", "up_proj", "down_proj", "txt_in"]


@dataclass(frozen=True, slots=True)
class Tuning:
    """The recipe of a fine-tune: `batch` new pictures a step and as many known ones, out of `rehearsed`.

    `rank` is the adapters' rank, `row_rate` the rate of the new embedding rows.
    """

    seed: int = 1
    steps: int = 400
    batch: int = 8
    rehearsed: int = 320
    rank: int = 8
    rate: float = 1e-3
    row_rate: float = 1e-2
    level_mean: float = 1.0
    level_spread: float = 1.2
    floor: float = 0.5


@dataclass(frozen=True, slots=True)
class Samples:
    """Pictures (n, 3, side, side) float32 in [-1, 1] and their captions (n, length) int64, padded with PAD."""

    pictures: Tensor
    tokens: Tensor

    def drawn(self, count: int, generator: torch.Generator) -> Samples:
        """Return `count` of them at random, with repetition."""
        chosen = torch.randint(0, len(self.pictures), (count,), generator=generator)
        return Samples(self.pictures[chosen], self.tokens[chosen])

    def and_also(self, other: Samples) -> Samples:
        """Return these and others in one, with captions of the same length."""
        length = max(self.tokens.shape[1], other.tokens.shape[1])
        tokens = [pad(part, (0, length - part.shape[1]), value=PAD) for part in (self.tokens, other.tokens)]
        return Samples(torch.cat([self.pictures, other.pictures]), torch.cat(tokens))


def captions(pictures: list[Picture], vocabulary: Vocabulary, alphabet: Alphabet) -> Tensor:
    """Read all captions to tokens, int64 (n, length). Raises DataError when one names no known or new concept."""
    rows = []
    for picture in pictures:
        names = [phrase.token for phrase in vocabulary.read(picture.caption)[0] if phrase.token]
        if not any(name.startswith("concept:") for name in names):
            raise DataError(
                f"{picture.file}: caption {picture.caption!r} names no concept; name the new one with --concept"
            )
        rows.append(alphabet.caption(names))
    longest = max(len(row) for row in rows)
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


def tune(
    painter: Painter,
    new: Samples,
    known: Samples,
    new_rows: list[int],
    tuning: Tuning,
    *,
    report: Callable[[int, float], None],
) -> Painter:
    """Train `painter` on new samples, and on known ones that it is not to forget, merge the adapters and return it.

    `report` hears the step and the loss after every step.
    """
    from peft import LoraConfig, inject_adapter_in_model

    torch.manual_seed(tuning.seed)
    painter.requires_grad_(False)
    table = painter.text_encoder.get_input_embeddings().weight  # type: ignore[no-untyped-call]
    _begin_rows(table, new_rows, tuning.seed)
    config = LoraConfig(r=tuning.rank, lora_alpha=tuning.rank, target_modules=TARGETS)
    painter.transformer = inject_adapter_in_model(config, painter.transformer)
    adapters = [p for n, p in painter.transformer.named_parameters() if "lora_" in n]
    table.requires_grad_(True)
    groups: list[dict[str, Any]] = [{"params": adapters, "lr": tuning.rate}, {"params": [table], "lr": tuning.row_rate}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
    # Adam moves a row only where it has ever had a gradient; old rows get none.
    frozen = torch.ones(len(table), 1)
    frozen[new_rows] = 0
    for step in range(tuning.steps):
        loss = _loss(painter, new, known, tuning, step)
        loss.backward()  # type: ignore[no-untyped-call]
        if table.grad is not None:
            table.grad.mul_(1 - frozen)
        optimizer.step()
        optimizer.zero_grad()
        report(step + 1, float(loss.detach()))
    painter.transformer = _merged(painter.transformer)
    return painter.eval().requires_grad_(False)


def _loss(painter: Painter, new: Samples, known: Samples, tuning: Tuning, step: int) -> Tensor:
    generator = torch.Generator().manual_seed(tuning.seed * 1_000_003 + step)
    samples = new.drawn(tuning.batch, generator).and_also(known.drawn(tuning.batch, generator))
    clean = samples.pictures
    level = torch.sigmoid(torch.randn(len(clean), generator=generator) * tuning.level_spread + tuning.level_mean)
    t = level[:, None, None, None]
    noise = torch.randn(clean.shape, generator=generator)
    guess = painter((1 - t) * clean + t * noise, level, samples.tokens)
    loss: Tensor = ((guess - clean) / t.clamp(min=tuning.floor)).square().mean()
    return loss


@torch.no_grad()
def _begin_rows(table: Tensor, new_rows: list[int], seed: int) -> None:
    """Begin each part of a new concept where the same part of a known one lies on average, and a little beside it."""
    known = [
        token for name, tokens in Alphabet.declared().tokens.items() if name.startswith("concept:") for token in tokens
    ]
    places = table[known].reshape(-1, PARTS, table.shape[1]).mean(dim=0)
    noise = torch.randn(len(new_rows), table.shape[1], generator=torch.Generator().manual_seed(seed)) * SPREAD / 4
    table[new_rows] = places.repeat(len(new_rows) // PARTS, 1) + noise


def _merged(transformer: Any) -> Any:
    """Fold every adapter into the layer that it adapts and put the plain layer back in its place."""
    from peft.tuners.lora import LoraLayer

    layers = [(name, module) for name, module in transformer.named_modules() if isinstance(module, LoraLayer)]
    for name, layer in layers:
        layer.merge()
        parent, _, attribute = name.rpartition(".")
        setattr(transformer.get_submodule(parent), attribute, layer.get_base_layer())
    return transformer
