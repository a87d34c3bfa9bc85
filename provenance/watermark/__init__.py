"""Imperceptible watermarks: the protocol, and the spread-spectrum mark of our own."""

from provenance.watermark.protocol import Watermark
from provenance.watermark.spread import SpreadSpectrum

__all__ = ["SpreadSpectrum", "Watermark"]
