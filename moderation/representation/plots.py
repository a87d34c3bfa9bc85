"""Plots of a report as SVG text: distances with their intervals, one row a group. No scripts, no outside resources.

Shapes and units: 460 units wide, so that words stay readable on a telephone; colours follow the page's
`currentColor`, so they read in light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _ROW, _RIGHT, _TOP, _BOTTOM = 460, 34, 26, 10, 34
_SIZES = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0)  # of a step, in powers of ten
_LEFT_FROM, _LEFT_TO, _LETTER = 132, 232, 7.1  # room for the labels: at least, at most, a letter at 14 units


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: a value with its interval, and where the floor lies, if there is one."""

    label: str
    value: float
    low: float
    high: float
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class _Scale:
    """The axis: `most` at its right end, `left` units of labels beside it, values as numbers or per cent."""

    most: float
    left: float
    percent: bool

    def x(self, value: float) -> float:
        """Where a value lies."""
        return self.left + (_WIDTH - self.left - _RIGHT) * value / self.most

    def said(self, value: float) -> str:
        """A value in words."""
        return f"{value * 100:.0f} %" if self.percent else f"{value:.3f}"


def intervals(bars: Sequence[Bar], *, title: str, axis: str, percent: bool = False) -> str:
    """A dot and whisker for each bar, on one axis from 0; the floor is a dashed tick."""
    most = _round_end(max(max(bar.high, bar.floor or 0.0) for bar in bars) or 1.0)
    longest = max(len(bar.label) for bar in bars) * _LETTER + 14
    scale = _Scale(min(most, 1.0) if percent else most, min(max(longest, _LEFT_FROM), _LEFT_TO), percent)
    height = _TOP + _ROW * len(bars) + _BOTTOM
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg" font-family="inherit" font-size="14">'
    ]
    parts += _axis(scale, height, axis)
    for row, bar in enumerate(bars):
        parts += _bar(bar, _TOP + _ROW * row + _ROW / 2, scale)
    return "".join((*parts, "</svg>"))


def _round_end(highest: float) -> float:
    """The end of an axis of four steps, each a round number, that holds `highest`."""
    step = highest / 4
    power = 10.0 ** math.floor(math.log10(step))
    return 4 * power * next(size for size in _SIZES if size * power >= step)


def _axis(scale: _Scale, height: float, axis: str) -> list[str]:
    base = height - _BOTTOM + 4
    marks = []
    for step in range(5):
        value = scale.most * step / 4
        x = scale.x(value)
        marks.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{base}" stroke="currentColor" opacity=".14"/>'
            f'<text x="{x:.1f}" y="{base + 14}" text-anchor="middle" fill="currentColor" opacity=".7" font-size="12">'
            f"{scale.said(value)}</text>"
        )
    marks.append(f'<text x="0" y="{base + 14}" fill="currentColor" opacity=".7" font-size="12">{escape(axis)}</text>')
    return marks


def _bar(bar: Bar, y: float, scale: _Scale) -> list[str]:
    low, high, at = (scale.x(value) for value in (bar.low, bar.high, bar.value))
    said = f"{bar.label}: {scale.said(bar.value)}, 95 % interval {scale.said(bar.low)} to {scale.said(bar.high)}"
    parts = [
        f"<g><title>{escape(said)}</title>",
        f'<text x="{scale.left - 12:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="currentColor">'
        f"{escape(_fitting(bar.label))}</text>",
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" '
        'stroke-width="3" stroke-linecap="round" opacity=".4"/>',
        f'<circle cx="{at:.1f}" cy="{y:.1f}" r="5" fill="currentColor"/>',
    ]
    if bar.floor is not None:
        x = scale.x(bar.floor)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 12:.1f}" y2="{y + 12:.1f}" stroke="currentColor" '
            'stroke-width="1.6" stroke-dasharray="3 3"/>'
        )
    return [*parts, "</g>"]


def _fitting(label: str) -> str:
    """A label cut to what its column holds; the whole of it is in the row's title."""
    most = int((_LEFT_TO - 14) / _LETTER)
    return label if len(label) <= most else f"{label[: most - 1]}…"
