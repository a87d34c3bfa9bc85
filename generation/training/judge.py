"""The judge: a small classifier of pictures that was trained on real drawings alone and never trains the painter.

It answers which declared concept, gender and skin tone a picture shows, and gives pooled features for the question how
near a picture is to a training drawing. It says nothing about beauty and knows no concept beyond the declared ones.

Invariants:
- it sees the drawings of both styles on random backgrounds, moved, scaled, blurred and noisy, never a painted picture;
- its quality is measured on compositions that it did not train on, and on a third icon set that no model here has seen;
- it is asked for gender and skin tone of people alone, and learns them from people alone;
- input is uint8 (n, 64, 64, 3), and it looks at every pixel: what tells a person from a man is often a chin.
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

PEOPLE = 0.4
"""Share of people among the scenes: one drawing in two is of a person, but only one concept in fourteen."""
_TONES = ("", *TONES)
_NOBODY = -1
_FEATURES = 192


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the judge makes of n pictures: log-probabilities of concepts (n, concepts), genders and tones, features."""

    concepts: Tensor
    genders: Tensor
    tones: Tensor
    features: Tensor


class Classifier(nn.Module):
    """Five convolutions over a grid of 32 x 32 blocks of four pixels, and what each question makes of them.

    Concept, gender and skin tone have features of their own: a hat that tells the concept says nothing about the rest.
    The two of people read a finer grid than the concept, in which a chin is still in its place.
    """

    def __init__(self, concepts: int) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.PixelUnshuffle(2),
            *_convolution(12, 48),
            *_convolution(48, 64),
            nn.MaxPool2d(2),
            *_convolution(64, 128),
            nn.MaxPool2d(2),
            *_convolution(128, 192),
        )
        self.name = nn.Sequential(
            nn.MaxPool2d(2), *_convolution(192, 256), nn.Flatten(), nn.Linear(256 * 16, _FEATURES)
        )
        self.people = nn.ModuleList([nn.Sequential(nn.Flatten(), nn.Linear(192 * 64, _FEATURES)) for _ in range(2)])
        self.heads = nn.ModuleList([nn.Linear(_FEATURES, n) for n in (concepts, len(GENDERS), len(_TONES))])

    def forward(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the concept's features (n, 192) and the three answers' logits for pictures (n, 3, 64, 64) in [-1, 1].

        The answers are the concepts, GENDERS, and the skin tones behind the neutral one.
        """
        seen = self.look(pictures.to(memory_format=torch.channels_last))
        features = [self.name(seen), *(own(seen) for own in self.people)]
        return features[0], [head(functional.relu(f)) for head, f in zip(self.heads, features, strict=True)]


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
            f, h = self._classifier(_scaled(pictures[start : start + 64]))
            features.append(f)
            heads.append(h)
        concepts, genders, tones = (torch.cat(part).log_softmax(dim=1) for part in zip(*heads, strict=True))
        return Opinion(concepts, genders, tones, torch.cat(features))

    def gender(self, opinion: Opinion) -> list[str]:
        """Return the gender seen in each picture, among person, man and woman."""
        return [GENDERS[int(i)] for i in opinion.genders.argmax(dim=1)]

    def tone(self, opinion: Opinion) -> list[str]:
        """Return the skin tone seen in each picture, "" for the neutral one."""
        return [_TONES[int(i)] for i in opinion.tones.argmax(dim=1)]


class Scenes:
    """Compositions to train and test the judge on: one drawing each, varied more widely than the painter's data.

    A person comes with the other genders of the same drawing, in the same place, light and noise, so that nothing but
    the gender tells the three apart.
    """

    def __init__(self, drawings: list[Drawing], pixels: NDArray[np.uint8]) -> None:
        self._pixels = pixels
        self.concepts = tuple(sorted({d.concept for d in drawings}))
        self._labels = np.array([self._answers(d) for d in drawings], dtype=np.int64)
        self._things = _grouped(drawings, lambda d: (d.concept,), [i for i, d in enumerate(drawings) if not d.gender])
        people = [i for i, d in enumerate(drawings) if d.gender]
        self._people = _grouped(drawings, lambda d: (d.concept, d.style, d.tone), people)
        # Each group gives one scene for a thing and as many as it has genders for a person.
        genders = len(people) / max(1, len(self._people))
        self._chance = PEOPLE / (PEOPLE + (1 - PEOPLE) * genders) if people else 0.0

    def _answers(self, drawing: Drawing) -> tuple[int, int, int]:
        gender = GENDERS.index(drawing.gender) if drawing.gender else _NOBODY
        tone = _TONES.index(drawing.tone) if drawing.gender else _NOBODY
        return self.concepts.index(drawing.concept), gender, tone

    def batch(self, size: int, *, seed: int, step: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return pictures (size, 64, 64, 3) and labels (size, 3): concept, gender, tone; -1 where nobody is shown."""
        rng = np.random.default_rng([seed, step])
        chosen: list[tuple[int, int]] = []
        while len(chosen) < size:
            manner = int(rng.integers(2**32))
            chosen += [(drawing, manner) for drawing in self._subjects(rng)]
        rows = chosen[:size]
        scenes = [self.scene(self._pixels[i], np.random.default_rng([seed, step, manner])) for i, manner in rows]
        return np.stack(scenes), self._labels[[i for i, _ in rows]]

    def _subjects(self, rng: np.random.Generator) -> list[int]:
        """Choose the drawings of one person in all genders, or one drawing of a thing."""
        if rng.random() < self._chance:
            return self._people[int(rng.integers(len(self._people)))]
        styles = self._things[int(rng.integers(len(self._things)))]
        return [styles[int(rng.integers(len(styles)))]]

    @staticmethod
    def scene(drawing: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Put one drawing (premultiplied RGBA) on a random background: half as a painter places it, half anywhere."""
        usual = rng.random() < 0.5
        side = int(rng.integers(52, 57) if usual else rng.integers(44, 61))
        image = Image.fromarray(drawing, "RGBa").resize((side, side), Image.Resampling.BILINEAR)
        rgba = np.asarray(image, dtype=np.float32)
        canvas = np.empty((CANVAS, CANVAS, 3), dtype=np.float32)
        canvas[:] = list(COLOURS.values())[int(rng.integers(len(COLOURS)))]
        room = CANVAS - side
        top, left = rng.integers(room // 2 - 1, room // 2 + 2, size=2) if usual else rng.integers(0, room + 1, size=2)
        part = canvas[top : top + side, left : left + side]
        part[:] = part * (1 - rgba[:, :, 3:] / 255) + rgba[:, :, :3]
        return worn(canvas, rng)


def worn(canvas: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Soften, blotch and grain a scene (64, 64, 3): a painter's pictures are so, a judge must not trip over it."""
    if rng.random() < 0.5:
        small = int(rng.integers(28, 57))
        soft = Image.fromarray(canvas.clip(0, 255).astype(np.uint8)).resize((small, small))
        canvas = np.asarray(soft.resize((CANVAS, CANVAS), Image.Resampling.BILINEAR), dtype=np.float32)
    if rng.random() < 0.5:
        coarse = rng.normal(0, rng.uniform(0, 18), (CANVAS // 4, CANVAS // 4, 3))
        canvas = canvas + coarse.repeat(4, axis=0).repeat(4, axis=1).astype(np.float32)
    canvas = canvas + rng.normal(0, rng.uniform(0, 12), canvas.shape).astype(np.float32)
    return canvas.clip(0, 255).astype(np.uint8)


def _grouped(drawings: list[Drawing], key: Callable[[Drawing], tuple[str, ...]], wanted: list[int]) -> list[list[int]]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for index in wanted:
        groups.setdefault(key(drawings[index]), []).append(index)
    return list(groups.values())


def train_judge(scenes: Scenes, *, steps: int, seed: int, progress: Callable[[int, int], None]) -> Judge:
    """Train a judge from nothing."""
    torch.manual_seed(seed)
    classifier = Classifier(len(scenes.concepts)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=3e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)
    for step in range(steps):
        pictures, labels = scenes.batch(64, seed=seed, step=step)
        _, heads = classifier(_scaled(pictures))
        targets = torch.from_numpy(labels)
        loss = functional.cross_entropy(heads[0], targets[:, 0])
        shown = targets[:, 1] != _NOBODY
        for answer, head in enumerate(heads[1:], start=1):
            # A sum over a steady count: a batch without people is no division by nothing.
            people = functional.cross_entropy(head[shown], targets[shown, answer], reduction="sum")
            loss = loss + people / (PEOPLE * len(targets))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        progress(step + 1, steps)
    return Judge(scenes.concepts, classifier)


def _scaled(pictures: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _convolution(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
