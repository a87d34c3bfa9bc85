"""The model card of the starter model, in the form that model hubs read: YAML front matter, then plain words.

Every figure comes from a measurement that is passed in; a card without measurements says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generation.training.concepts import LEFT_OUT
from generation.vocabulary import Vocabulary

DEFAULTS = {"steps": 12, "guidance": 2.0, "width": 256, "height": 256}

_BODY = """\
# The starter model of Imprimatur: an illustrator of known symbols

It draws {concepts} declared concepts from health, agriculture, education, aid and weather in two styles, on twelve
background colours, alone or two side by side. It is a small diffusion model in pixel space (64 pixels), with a second
stage that enlarges fourfold, and runs on two processor cores. It knows what `vocabulary.json` declares and nothing
else; other words are reported, not guessed at.

It has seen few drawings of each concept and draws much like them: treat its pictures as variations of openly licensed
icons, with the attribution that their licences ask for.

## Training data

Rendered from these pinned packages; the manifest of all drawings has the SHA-256 `{manifest}`.

| package | version | licence | used for |
|---|---|---|---|
{packages}

Captions are composed, not written by people: concept, style, background colour, size and place, two subjects.
Left out on purpose:

{left_out}

The second stage was not trained by this project; `upscaler/config.json` says what is known of its origin.

## Languages

{languages}. Labels come from emojibase-data (Unicode CLDR); synonyms, style and colour words are our own and have not
been reviewed by native readers. All words of {unreviewed} are our own and unreviewed.

## Training

{samples} samples in all, the last run's {steps} steps included, of flow matching with prediction of the clean picture;
the whole recipe is in `lineage.json`. {start}

## Measured

{figures}

`memorisation.jsonl`, once measured, names the drawing that each of the 200 pictures is nearest to, and how near.

## Limits

- Faces and hands are symbols, not portraits; it cannot draw a particular person, and must not be used to suggest one.
- Skin tones and genders are drawn as asked; what is not stated is drawn in the neutral yellow of the icon sets.
- Concept-style pairs that were kept from training are drawn worse than the others.
"""

_USES = {
    "@iconify-json/fluent-emoji-flat": "drawings in the style flat",
    "@iconify-json/noto": "drawings in the style noto",
    "emojibase-data": "words in seven languages",
    "@upscalerjs/esrgan-slim": "weights of the second stage",
}


def render(lineage: Mapping[str, Any], vocabulary: Vocabulary, figures: Mapping[str, Any]) -> str:
    """Return the card as text. `figures` maps what was measured to its value, e.g. {"top-1": "61 %"}."""
    rows = (f"| {p['name']} | {p['version']} | {p['licence']} | {_USES[p['name']]} |" for p in lineage["packages"])
    start = lineage["started_from"]
    body = _BODY.format(
        concepts=lineage["concepts"],
        manifest=lineage["data_manifest_sha256"],
        packages="\n".join(rows),
        left_out="\n".join(f"- {reason}: {slugs.replace(' ', ', ')}" for slugs, reason in LEFT_OUT.items()),
        languages=", ".join(vocabulary.languages),
        unreviewed=" and ".join(vocabulary.unreviewed),
        steps=lineage["steps"],
        samples=lineage["samples_seen"],
        start=f"It started from the averaged weights of an earlier run ({start})." if start else "",
        figures="\n".join(f"- {name}: {value}" for name, value in figures.items()) or "Not measured yet.",
    )
    return _front_matter(vocabulary) + body


def _front_matter(vocabulary: Vocabulary) -> str:
    lines = ["---", "title: Starter illustrator", "license: apache-2.0", "library_name: diffusers"]
    lines += ["pipeline_tag: text-to-image", "language:", *(f"- {language}" for language in vocabulary.languages)]
    lines += ["defaults:", *(f"  {name}: {value}" for name, value in DEFAULTS.items()), "---", ""]
    return "\n".join(lines)
