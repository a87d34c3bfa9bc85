"""Draws wishes by a fixed seed: what a contact sheet shows and what a measurement asks for, chosen before any picture.

A wish is a meaning; `caption` says it in canonical tokens and `prompt` in the words of a language.

Invariant: the same drawings, count and seed give the same wishes, whatever the state of the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.training.compose import held_out
from generation.training.concepts import TONES
from generation.training.drawings import Drawing
from generation.training.tokens import COLOURS, Alphabet, subject_name
from generation.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Wish:
    """One picture asked for. `gender` and `tone` are empty where they do not apply."""

    concept: str
    field: str
    gender: str
    tone: str
    style: str
    colour: str

    def caption(self, alphabet: Alphabet) -> list[int]:
        """Return the canonical tokens: tone, subject, style, colour."""
        names = [f"tone:{self.tone}"] if self.tone else []
        names += [subject_name(self.concept, self.gender), f"style:{self.style}", f"colour:{self.colour}"]
        return alphabet.caption(names)

    def prompt(self, vocabulary: Vocabulary, language: str) -> str:
        """Say the wish in `language`, in the first declared words of each part."""
        names = [subject_name(self.concept, self.gender)] + ([f"tone:{self.tone}"] if self.tone else [])
        names += [f"style:{self.style}", f"colour:{self.colour}"]
        return ", ".join(vocabulary.word(name, language) for name in names)


def draw(drawings: list[Drawing], count: int, *, seed: int) -> list[Wish]:
    """Draw wishes evenly over the concepts that have trained drawings, in random styles, colours, genders and tones."""
    rng = np.random.default_rng(seed)
    concepts = sorted({d.concept for d in drawings})
    order = [concepts[int(i)] for i in rng.permutation(len(concepts))]
    kept_out = held_out(drawings)
    return [_one(rng, order[i % len(order)], drawings, kept_out) for i in range(count)]


def people(drawings: list[Drawing], count: int, *, seed: int) -> list[Wish]:
    """Draw wishes for people alone, evenly over their drawings' concepts, genders and styles, with a skin tone each."""
    rng = np.random.default_rng(seed)
    known = sorted({(d.concept, d.field, d.gender, d.style) for d in drawings if d.tone})
    order = rng.permutation(len(known))
    chosen = [known[int(order[i % len(order)])] for i in range(count)]
    return [
        Wish(concept, field, gender, TONES[int(rng.integers(len(TONES)))], style, _colour(rng))
        for concept, field, gender, style in chosen
    ]


def unseen(drawings: list[Drawing], *, seed: int) -> list[Wish]:
    """Return one wish for each concept-style pair that was kept from training."""
    rng = np.random.default_rng(seed)
    field = {d.concept: d.field for d in drawings}
    pairs = sorted(held_out(drawings))
    return [Wish(concept, field[concept], "", "", style, _colour(rng)) for concept, style in pairs]


def _one(rng: np.random.Generator, concept: str, drawings: list[Drawing], kept_out: frozenset[tuple[str, str]]) -> Wish:
    mine = [d for d in drawings if d.concept == concept and not d.tone and (concept, d.style) not in kept_out]
    chosen = mine[int(rng.integers(len(mine)))]
    tone = TONES[int(rng.integers(len(TONES)))] if chosen.gender and rng.random() < 0.7 else ""
    return Wish(concept, chosen.field, chosen.gender, tone, chosen.style, _colour(rng))


def _colour(rng: np.random.Generator) -> str:
    return list(COLOURS)[int(rng.integers(len(COLOURS)))]
