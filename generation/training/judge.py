"""The judge: a small classifier of pictures that was trained on real drawings alone and never trains the painter.

It answers which declared concept, gender and skin tone a picture shows, and gives pooled features for the question how
near a picture is to a training drawing. It says nothing about beauty and knows no concept beyond the declared ones.

Invariants:
- it sees the drawings of both styles on random backgrounds, moved, scaled, blurred and noisy, never a painted picture;
- its quality is measured on compositions that it did not train on, and on a third icon set that no model here has seen;
- input is uint8 (n, 64, 64, 3); it looks at SIDE x SIDE pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from generation.training.compose import CANVAS
from generation.training.concepts import GENDERS, TONES
from generation.training.drawings import Drawing
from generation.training.errors import MeasureError
from generation.training.tokens import COLOURS

SIDE = 32
_GENDERS = ("", *GENDERS)
_TONES = ("", *TONES)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the judge makes of n pictures: log-probabilities of concepts (n, concepts), genders and tones, features."""

    concepts: Tensor
    genders: Tensor
    tones: Tensor
    features: Tensor


class Classifier(nn.Module):
    """Four convolutions, pooled features of 192 numbers, and one linear head each for concept, gender and tone."""

    def __init__(self, concepts: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, 32), (32, 64), (64, 128), (128, 192)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
        self.look = nn.Sequential(*layers, nn.Flatten())
        self.pool = nn.Linear(192 * (SIDE // 16) ** 2, 192)
        self.heads = nn.ModuleList([nn.Linear(192, n) for n in (concepts, len(_GENDERS), len(_TONES))])

    def forward(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return features (n, 192) and the logits of the three heads for pictures (n, 3, SIDE, SIDE) in [-1, 1]."""
        features = self.pool(self.look(pictures))
        return features, [head(functional.relu(features)) for head in self.heads]


class Judge:
    """A trained classifier with the list of concepts that its answers refer to."""

    def __init__(self, concepts: tuple[str, ...], classifier: Classifier) -> None:
        self.concepts = concepts
        self._classifier = classifier.eval()

    @classmethod
    def load(cls, path: Path) -> Judge:
        """Read a judge that `save` wrote. Raises MeasureError when there is none."""
        if not path.is_file():
            raise MeasureError(f"{path} does not exist: train the judge first with `measure --train-judge`")
        weights = load_file(path)
        concepts = tuple(bytes(weights.pop("concepts").tolist()).decode().split("\n"))
        classifier = Classifier(len(concepts))
        classifier.load_state_dict(weights)
        return cls(concepts, classifier)

    def save(self, path: Path) -> None:
        """Write weights and concept names as one safetensors file."""
        names = torch.tensor(list("\n".join(self.concepts).encode()), dtype=torch.uint8)
        weights = {name: value.contiguous() for name, value in self._classifier.state_dict().items()}
        save_file(weights | {"concepts": names}, path)

    @torch.no_grad()
    def look(self, pictures: NDArray[np.uint8]) -> Opinion:
        """Judge pictures, uint8 of shape (n, 64, 64, 3)."""
        features, heads = [], []
        for start in range(0, len(pictures), 64):
            f, h = self._classifier(_reduced(pictures[start : start + 64]))
            features.append(f)
            heads.append(h)
        concepts, genders, tones = (torch.cat(part).log_softmax(dim=1) for part in zip(*heads, strict=True))
        return Opinion(concepts, genders, tones, torch.cat(features))

    def gender(self, opinion: Opinion) -> list[str]:
        """Return the gender seen in each picture, among person, man and woman."""
        return [GENDERS[int(i)] for i in opinion.genders[:, 1:].argmax(dim=1)]

    def tone(self, opinion: Opinion) -> list[str]:
        """Return the skin tone seen in each picture, "" for the neutral one."""
        return [_TONES[int(i)] for i in opinion.tones.argmax(dim=1)]


class Scenes:
    """Compositions to train and test the judge on: one drawing each, varied more widely than the painter's data."""

    def __init__(self, drawings: list[Drawing], pixels: NDArray[np.uint8]) -> None:
        self._pixels = pixels
        self.concepts = tuple(sorted({d.concept for d in drawings}))
        index = {concept: i for i, concept in enumerate(self.concepts)}
        rows = [(index[d.concept], _GENDERS.index(d.gender), _TONES.index(d.tone)) for d in drawings]
        self._labels = np.array(rows, dtype=np.int64)
        # Concepts with many drawings (people) are thinned out, so that each concept is seen about as often.
        counts = np.bincount(self._labels[:, 0])
        weights = 1 / np.sqrt(counts[self._labels[:, 0]])
        self._weights = weights / weights.sum()

    def batch(self, size: int, *, seed: int, step: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return pictures (size, 64, 64, 3) and labels (size, 3): concept, gender, tone."""
        rng = np.random.default_rng([seed, step])
        chosen = rng.choice(len(self._pixels), size=size, p=self._weights)
        return np.stack([self.scene(self._pixels[i], rng) for i in chosen]), self._labels[chosen]

    @staticmethod
    def scene(drawing: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Put one drawing (premultiplied RGBA) on a random background at a random size and place."""
        side = int(rng.integers(44, 61))
        image = Image.fromarray(drawing, "RGBa").resize((side, side), Image.Resampling.BILINEAR)
        rgba = np.asarray(image, dtype=np.float32)
        canvas = np.empty((CANVAS, CANVAS, 3), dtype=np.float32)
        canvas[:] = list(COLOURS.values())[int(rng.integers(len(COLOURS)))]
        top, left = rng.integers(0, CANVAS - side + 1, size=2)
        part = canvas[top : top + side, left : left + side]
        part[:] = part * (1 - rgba[:, :, 3:] / 255) + rgba[:, :, :3]
        if rng.random() < 0.5:
            # A painter's pictures are softer and noisier than renderings; the judge must not trip over that.
            small = int(rng.integers(20, 48))
            soft = Image.fromarray(canvas.clip(0, 255).astype(np.uint8)).resize((small, small))
            canvas = np.asarray(soft.resize((CANVAS, CANVAS), Image.Resampling.BILINEAR), dtype=np.float32)
        canvas = canvas + rng.normal(0, rng.uniform(0, 10), canvas.shape).astype(np.float32)
        return canvas.clip(0, 255).astype(np.uint8)


def train_judge(scenes: Scenes, *, steps: int, seed: int, progress: Callable[[int, int], None]) -> Judge:
    """Train a judge from nothing; 1,500 steps of 64 scenes take a few minutes on one core."""
    torch.manual_seed(seed)
    classifier = Classifier(len(scenes.concepts))
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=3e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)
    for step in range(steps):
        pictures, labels = scenes.batch(64, seed=seed, step=step)
        _, heads = classifier(_reduced(pictures))
        targets = torch.from_numpy(labels)
        losses = [functional.cross_entropy(head, targets[:, i]) for i, head in enumerate(heads)]
        loss = losses[0] + 0.3 * losses[1] + 0.3 * losses[2]
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        progress(step + 1, steps)
    return Judge(scenes.concepts, classifier)


def _reduced(pictures: NDArray[np.uint8]) -> Tensor:
    values = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return functional.avg_pool2d(values, CANVAS // SIDE)
