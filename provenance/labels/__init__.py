"""The visible label: what a person sees without any tool; drawn at sealing, found again in the pixels."""

from provenance.labels.drawing import VisibleLabel, draw_label
from provenance.labels.finding import FoundLabel, find_label
from provenance.labels.words import LANGUAGES

__all__ = ["LANGUAGES", "FoundLabel", "VisibleLabel", "draw_label", "find_label"]
