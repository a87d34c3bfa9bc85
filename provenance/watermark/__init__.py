"""Imperceptible watermarks: the protocol, and the spread-spectrum mark of our own."""

from provenance.watermark.choice import create_key, key_file, open_watermark
from provenance.watermark.protocol import Finding, Watermark, mark_name, payload_of
from provenance.watermark.spread import SpreadSpectrum

__all__ = [
    "Finding",
    "SpreadSpectrum",
    "Watermark",
    "create_key",
    "key_file",
    "mark_name",
    "open_watermark",
    "payload_of",
]
