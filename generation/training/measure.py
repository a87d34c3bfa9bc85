"""Measures a model folder with an independent judge, on wishes drawn by a fixed seed before any picture is made.

What is measured: the judge itself (held-out compositions, a third icon set), the asked concept first and in the first
five, pairs never seen together, background colour, gender, skin tone, how far each language is read as English is, and
how near the pictures are to training drawings. Of people, a second opinion that nothing was trained for is asked too.

Invariant: a figure is a share of cases with its number of cases, never a verdict.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from generation.training import drawings as data_set
from generation.training import nearest, sheet, wishes
from generation.training.drawings import Drawing
from generation.training.judge import Judge, Scenes, worn
from generation.training.network import Painter
from generation.training.sources import THIRD, IconSet
from generation.training.tokens import COLOURS, Alphabet
from generation.training.wishes import Wish
from generation.vocabulary import Vocabulary

WISHES_SEED = 200
BORDER = 3


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `cases`."""

    hits: int
    cases: int

    def __str__(self) -> str:
        part = f"{100 * self.hits / self.cases:.1f} %" if self.cases else "no cases"
        return f"{part} ({self.hits} of {self.cases})"


@dataclass(frozen=True, slots=True)
class Likeness:
    """What was asked for, the drawing that the picture of it is nearest to, and how near: a cosine in [-1, 1]."""

    asked: str
    drawing: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Memory:
    """How near pictures are to drawings: the share of near-copies, the cosine that counts as one, each picture's."""

    near: Share
    threshold: float
    nearest: tuple[Likeness, ...]

    def report(self) -> str:
        """Return the memorisation report as JSON Lines: a picture a line, whether it counts as a near-copy."""
        rows = (asdict(one) | {"near_copy": one.cosine >= self.threshold} for one in self.nearest)
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def of_judge(judge: Judge, scenes: Scenes, cache: Path) -> dict[str, Share]:
    """Measure the judge on compositions with a seed of their own, and on the icon set that nothing was trained on."""
    pictures, labels = scenes.batch(1000, seed=9_000, step=0)
    opinion = judge.look(pictures)
    first = opinion.concepts.argmax(dim=1).numpy()
    shares = {"judge: held-out compositions, first": Share(int((first == labels[:, 0]).sum()), len(labels))}
    people = labels[:, 2] > 0
    for name, column, seen in (("gender", 1, opinion.genders), ("skin tone", 2, opinion.tones)):
        right = seen.argmax(dim=1).numpy()[people] == labels[people, column]
        shares[f"judge: {name} of people in held-out compositions"] = Share(int(right.sum()), len(right))
    third, expected = _third_set(judge, cache)
    ranks = _ranks(judge.look(third).concepts, expected)
    shares["judge: third icon set, first"] = _within(ranks, 1)
    shares["judge: third icon set, first five"] = _within(ranks, 5)
    return shares


def asked_for(drawings: list[Drawing], count: int) -> list[Wish]:
    """Return the wishes that are measured, drawn by a fixed seed."""
    return wishes.draw(drawings, count, seed=WISHES_SEED)


def of_pictures(pictures: NDArray[np.uint8], asked: list[Wish], judge: Judge) -> dict[str, Share]:
    """Let the judge say what pictures (n, 64, 64, 3) show, against the wishes they were painted for."""
    opinion = judge.look(pictures)
    ranks = _ranks(opinion.concepts, [judge.concepts.index(w.concept) for w in asked])
    return {
        "concept first": _within(ranks, 1),
        "concept in the first five": _within(ranks, 5),
        "background colour": _equal([w.colour for w in asked], [background(p) for p in pictures]),
        "gender": _agreement(asked, "gender", judge.gender(opinion)),
        "skin tone": _agreement(asked, "tone", judge.tone(opinion)),
    }


def of_people(
    painter: Painter, judge: Judge, drawings: list[Drawing], pixels: NDArray[np.uint8], *, count: int
) -> dict[str, Share]:
    """Paint people with a stated gender and skin tone, since the general wishes hold too few of them for a share."""
    asked = wishes.people(drawings, count, seed=WISHES_SEED)
    painted = sheet.paint(painter, asked, Alphabet.declared(), seed=WISHES_SEED)
    opinion = judge.look(painted)
    second = nearest.seen(painted, asked, drawings, pixels)
    return {
        "people alone: gender": _agreement(asked, "gender", judge.gender(opinion)),
        "people alone: skin tone": _agreement(asked, "tone", judge.tone(opinion)),
        "people alone: gender of the nearest drawing": _agreement(asked, "gender", [d.gender for d in second]),
        "people alone: skin tone of the nearest drawing": _agreement(asked, "tone", [d.tone for d in second]),
    }


def of_second_opinion(drawings: list[Drawing], pixels: NDArray[np.uint8], *, count: int) -> dict[str, Share]:
    """Ask for the nearest drawing to people's drawings, as worn as the judge's scenes, and count the pairs alike.

    A pair of genders that is alike would have to be left out of the measurement; all others stay in.
    """
    asked = wishes.people(drawings, count, seed=WISHES_SEED)
    index = {(d.concept, d.style, d.gender, d.tone): i for i, d in enumerate(drawings)}
    rng = np.random.default_rng(WISHES_SEED)
    originals = [pixels[index[w.concept, w.style, w.gender, w.tone]] for w in asked]
    scenes = [worn(nearest.standing(p, w.colour), rng) for p, w in zip(originals, asked, strict=True)]
    seen = nearest.seen(np.stack(scenes), asked, drawings, pixels)
    apart = nearest.gender_differences(drawings, pixels)
    return {
        "nearest drawing: gender of worn drawings": _agreement(asked, "gender", [d.gender for d in seen]),
        "nearest drawing: skin tone of worn drawings": _agreement(asked, "tone", [d.tone for d in seen]),
        "genders of one drawing that nobody can tell apart": Share(sum(a < nearest.ALIKE for a in apart), len(apart)),
    }


def of_unseen(painter: Painter, judge: Judge, drawings: list[Drawing]) -> dict[str, Share]:
    """Paint the pairs of concept and style that were kept from training, and rank their concepts."""
    asked = wishes.unseen(drawings, seed=WISHES_SEED)
    pictures = sheet.paint(painter, asked, Alphabet.declared(), seed=WISHES_SEED)
    ranks = _ranks(judge.look(pictures).concepts, [judge.concepts.index(w.concept) for w in asked])
    return {"pair never seen together, concept in the first five": _within(ranks, 5)}


def of_languages(vocabulary: Vocabulary, drawings: list[Drawing], *, count: int) -> dict[str, Share]:
    """Tell for each language how many wishes are read as they are in English: those give the very same picture."""
    asked = wishes.draw(drawings, count, seed=WISHES_SEED)
    shares = {}
    for language in vocabulary.languages:
        same = [_meaning(vocabulary, w, language) == _meaning(vocabulary, w, "en") for w in asked]
        shares[f"read as in English: {language}"] = Share(sum(same), len(same))
    return shares


def of_memory(
    painted: NDArray[np.uint8], asked: list[Wish], judge: Judge, drawings: list[Drawing], pixels: NDArray[np.uint8]
) -> Memory:
    """Report how near painted pictures are to their nearest training drawing, by cosine of the judge's features.

    A near-copy is a picture at least as near to a drawing as half of the drawings' own recompositions are.
    """
    rng = np.random.default_rng(WISHES_SEED)
    plain = np.stack([Scenes.scene(p, rng) for p in pixels])
    again = np.stack([Scenes.scene(p, rng) for p in pixels])
    shelf = _unit(judge.look(plain).features)
    # Rounded as the cosines are, so that the report and the share agree.
    threshold = round(float((shelf * _unit(judge.look(again).features)).sum(dim=1).median()), 4)
    seen = _unit(judge.look(painted).features)
    best = (seen @ shelf.T).max(dim=1)
    nearest = tuple(
        Likeness(wish.concept, f"{drawings[index].style}:{drawings[index].icon}", round(cosine, 4))
        for wish, index, cosine in zip(asked, best.indices.tolist(), best.values.tolist(), strict=True)
    )
    return Memory(Share(sum(one.cosine >= threshold for one in nearest), len(nearest)), threshold, nearest)


def background(picture: NDArray[np.uint8]) -> str:
    """Return the declared colour nearest to the median of a picture's border."""
    edge = np.ones(picture.shape[:2], dtype=bool)
    edge[BORDER:-BORDER, BORDER:-BORDER] = False
    median = np.median(picture[edge].astype(float), axis=0)
    return min(COLOURS, key=lambda name: float(np.square(median - np.array(COLOURS[name])).sum()))


def _third_set(judge: Judge, cache: Path) -> tuple[NDArray[np.uint8], list[int]]:
    icons = IconSet.load(cache, THIRD)
    rng = np.random.default_rng(WISHES_SEED)
    known = [(i, concept) for i, concept in enumerate(judge.concepts) if concept in icons]
    scenes = [Scenes.scene(data_set.render(icons.svg(concept), data_set.SIDE), rng) for _, concept in known]
    return np.stack(scenes), [i for i, _ in known]


def _ranks(scores: torch.Tensor, expected: Sequence[int]) -> list[int]:
    own = scores[torch.arange(len(expected)), torch.tensor(expected)]
    return [int(rank) + 1 for rank in (scores > own[:, None]).sum(dim=1)]


def _within(ranks: Sequence[int], place: int) -> Share:
    return Share(sum(rank <= place for rank in ranks), len(ranks))


def _agreement(asked: list[Wish], part: str, seen: list[str]) -> Share:
    stated = [(getattr(w, part), s) for w, s in zip(asked, seen, strict=True) if getattr(w, part)]
    return Share(sum(a == s for a, s in stated), len(stated))


def _equal(asked: list[str], seen: list[str]) -> Share:
    return Share(sum(a == s for a, s in zip(asked, seen, strict=True)), len(asked))


def _meaning(vocabulary: Vocabulary, wish: Wish, language: str) -> list[str]:
    return [phrase.token for phrase in vocabulary.read(wish.prompt(vocabulary, language))[0] if phrase.token]


def _unit(features: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(features, dim=1)
