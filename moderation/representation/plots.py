"""Plots of a report as SVG text: distances with their intervals, one row a group. No scripts, no outside resources.

Shapes and units: 460 units wide, so that words stay readable on a telephone; colours follow the page's
`currentColor`, so they read in light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _ROW, _LEFT, _RIGHT, _TOP, _BOTTOM = 460, 34, 132, 22, 10, 34


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: a value with its interval, and where the floor lies, if there is one."""

    label: str
    value: float
    low: float
    high: float
    floor: float | None = None


def intervals(bars: Sequence[Bar], *, title: str, axis: str) -> str:
    """A dot and whisker for each bar, on one axis from 0; the floor is a dashed tick."""
    most = max(max(bar.high, bar.floor or 0.0) for bar in bars) * 1.08 or 1.0
    height = _TOP + _ROW * len(bars) + _BOTTOM
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg" font-family="inherit" font-size="14">'
    ]
    parts += _axis(most, height, axis)
    for row, bar in enumerate(bars):
        parts += _bar(bar, _TOP + _ROW * row + _ROW / 2, most)
    return "".join((*parts, "</svg>"))


def _x(value: float, most: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * value / most


def _axis(most: float, height: float, axis: str) -> list[str]:
    base = height - _BOTTOM + 4
    marks = []
    for step in range(5):
        value = most * step / 4
        x = _x(value, most)
        marks.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{base}" stroke="currentColor" opacity=".14"/>'
            f'<text x="{x:.1f}" y="{base + 14}" text-anchor="middle" fill="currentColor" opacity=".7" font-size="12">'
            f"{value:.3f}</text>"
        )
    marks.append(f'<text x="0" y="{base + 14}" fill="currentColor" opacity=".7" font-size="12">{escape(axis)}</text>')
    return marks


def _bar(bar: Bar, y: float, most: float) -> list[str]:
    low, high, at = (_x(value, most) for value in (bar.low, bar.high, bar.value))
    said = f"{bar.label}: {bar.value:.3f}, 95 % interval {bar.low:.3f} to {bar.high:.3f}"
    parts = [
        f"<g><title>{escape(said)}</title>",
        f'<text x="{_LEFT - 12}" y="{y + 4:.1f}" text-anchor="end" fill="currentColor">{escape(bar.label)}</text>',
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="#2f6fb2" stroke-width="3" '
        'stroke-linecap="round" opacity=".55"/>',
        f'<circle cx="{at:.1f}" cy="{y:.1f}" r="5.5" fill="#2f6fb2"/>',
    ]
    if bar.floor is not None:
        x = _x(bar.floor, most)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 12:.1f}" y2="{y + 12:.1f}" stroke="currentColor" '
            'stroke-width="1.6" stroke-dasharray="3 3"/>'
        )
    return [*parts, "</g>"]
