"""Makes the label's font, in which each wording of the visible label is drawn, shaped once and for good.

    python -m tests.provenance.bundle_labels FOLDER

FOLDER holds the unpacked sources that `SOURCES` names: `fontpkg-noto-sans` from PyPI and `@fontsource/noto-sans-*` from
npm, all under the SIL Open Font License 1.1. It needs `fonttools`, `brotli` and `uharfbuzz`, which nothing else here
does. Arabic letters join, vowel signs find their place and marks stack here, so drawing a label needs no shaping engine
on the machine that seals.
"""

import argparse
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uharfbuzz
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from provenance.labels.words import FONT, LANGUAGES, PIECES, glyphs

WEIGHT = 600
UNITS = 1000
LONGEST = 4.5 * UNITS
LATIN = "fontpkg_noto_sans/files/NotoSans[wdth,wght].ttf"
SCRIPTS = {
    "am": ("ethiopic", "ethiopic"),
    "ar": ("arabic", "arabic"),
    "bn": ("bengali", "bengali"),
    "fa": ("arabic", "arabic"),
    "hi": ("devanagari", "devanagari"),
    "ja": ("jp", "japanese"),
    "ko": ("kr", "korean"),
    "ne": ("devanagari", "devanagari"),
    "ta": ("tamil", "tamil"),
    "th": ("thai", "thai"),
    "ur": ("arabic", "arabic"),
    "zh-hans": ("sc", "chinese-simplified"),
    "zh-hant": ("tc", "chinese-traditional"),
}
RIGHT_TO_LEFT = {"ar", "fa", "ur"}
ZERO_WIDTH_NON_JOINER = 0x200C


@dataclass(frozen=True)
class Source:
    """A font to take outlines from: for drawing, and for shaping."""

    font: TTFont
    shaper: uharfbuzz.Font

    @classmethod
    def load(cls, path: Path) -> "Source":
        """The font in a file, at the one weight that labels use."""
        font = TTFont(path)
        if "fvar" in font:
            font = instancer.instantiateVariableFont(font, {"wght": WEIGHT, "wdth": 100})
        font.flavor = None
        file = io.BytesIO()
        font.save(file)
        return cls(font, uharfbuzz.Font(uharfbuzz.Face(file.getvalue())))

    def has(self, mark: str) -> bool:
        """Whether it can draw a character."""
        return ord(mark) in self.font.getBestCmap() or ord(mark) == ZERO_WIDTH_NON_JOINER


def runs(words: str, sources: list[Source]) -> Iterator[tuple[str, Source]]:
    """The words cut where another font has to take over; ValueError for a character that none has."""
    run, current = "", None
    for mark in words:
        able = next((source for source in sources if source.has(mark)), None)
        if able is None:
            raise ValueError(f"{words}: no glyph for {mark!r}")
        if current is not None and able is not current:
            yield run, current
            run = ""
        run, current = run + mark, able
    if current is not None:
        yield run, current


def compose(words: str, language: str, sources: list[Source]) -> Iterator[tuple[TTGlyphPen, int]]:
    """The words as outlines with their advances: one for each piece, cut at spaces."""
    outline, at = TTGlyphPen(None), 0.0
    in_order = list(runs(words, sources))
    # Nothing here mixes directions within a line but the icon, which is one run.
    for run, source in reversed(in_order) if language in RIGHT_TO_LEFT else in_order:
        scale = UNITS / source.font["head"].unitsPerEm
        drawn = source.font.getGlyphSet()
        for info, place in shaped(run, language, source):
            if info.codepoint == 0:
                raise ValueError(f"{words}: the font of {language} has no glyph for part of it")
            shift = (scale, 0, 0, scale, at + place.x_offset * scale, place.y_offset * scale)
            # Decomposed, so that no glyph of the new font refers to one that is not in it.
            drawn[source.font.getGlyphName(info.codepoint)].draw(TransformPen(_Flat(outline, drawn), shift))
            at += place.x_advance * scale
            if at > LONGEST and run[info.cluster] == " ":
                yield outline, round(at)
                outline, at = TTGlyphPen(None), 0.0
    yield outline, round(at)


def shaped(run: str, language: str, source: Source) -> Iterator[tuple[Any, Any]]:
    """HarfBuzz's glyphs and places, from left to right."""
    buffer = uharfbuzz.Buffer()
    buffer.add_str(run)
    buffer.guess_segment_properties()
    buffer.language = language
    uharfbuzz.shape(source.shaper, buffer)
    return zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)


class _Flat:
    """A pen that draws a component as the outline it stands for."""

    def __init__(self, pen: TTGlyphPen, drawn: object) -> None:
        self._pen, self._drawn = pen, drawn

    def __getattr__(self, name: str) -> object:
        return getattr(self._pen, name)

    def addComponent(self, name: str, shift: tuple[float, ...]) -> None:  # noqa: N802  # the pen protocol's name
        self._drawn[name].draw(TransformPen(self, shift))  # type: ignore[index]


def build(folder: Path) -> None:
    """Write the font."""
    latin, loaded = Source.load(folder / LATIN), {}
    for family, script in set(SCRIPTS.values()):
        name = f"fontsource-noto-sans-{family}/files/noto-sans-{family}-{script}-{WEIGHT}-normal.woff2"
        loaded[family] = Source.load(folder / name)
    outlines, advances, places = {".notdef": TTGlyphPen(None).glyph()}, {".notdef": (UNITS, 0)}, {}
    for language in LANGUAGES:
        sources = [loaded[SCRIPTS[language][0]], latin] if language in SCRIPTS else [latin]
        for use, (marks, words) in glyphs(language).items():
            pieces = list(compose(words, language, sources))
            pieces += [(TTGlyphPen(None), 0)] * (PIECES - len(pieces))
            for mark, (outline, advance) in zip(marks, pieces, strict=True):
                name = f"{language}.{use}.{ord(mark):x}"
                outlines[name], advances[name], places[ord(mark)] = outline.glyph(), (advance, 0), name
    font = FontBuilder(UNITS, isTTF=True)
    font.setupGlyphOrder(list(outlines))
    font.setupCharacterMap(places)
    font.setupGlyf(outlines)
    font.setupHorizontalMetrics(advances)
    font.setupHorizontalHeader(ascent=UNITS, descent=-UNITS // 2)
    licence = "Outlines from Noto Sans, Copyright The Noto Project Authors and Google Inc., SIL Open Font License 1.1"
    font.setupNameTable({"familyName": "Label Words", "styleName": "SemiBold", "copyright": licence})
    font.setupOS2()
    font.setupPost()
    font.save(FONT)


def main() -> int:
    """Make it and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    build(parser.parse_args().folder)
    sys.stdout.write(f"{FONT.name}: {FONT.stat().st_size} bytes, {len(LANGUAGES)} languages\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
