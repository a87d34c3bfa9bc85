"""A policy's bounds in the reader's language: what follows for a category, and from when on.

The words are those of `moderation.explaining`, put together here so that every language can order them. Nothing here
decides anything; a bound that has no words is told as its figure.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from studio import pipeline
from studio.wording import read_out


def grade(bound: float) -> str:
    """A bound in words, or as its figure where it has none."""
    words = dict(pipeline.grades()).get(bound)
    return read_out(words) if words else _("from a score of %(score)s") % {"score": f"{bound:g}"}


def follows(document: Mapping[str, Any], stage: str, category: str) -> str:
    """What follows for one category at one stage, as a sentence; the strictest first."""
    threshold = document["stages"][stage].get(category)
    if threshold is None:
        return _("Not looked for.")
    steps = {
        "block": _("refused %(when)s"),
        "review": _("a reviewer is asked %(when)s"),
        "annotate": _("noted %(when)s"),
    }
    bounds = {step: threshold.get(f"{step}_at") for step in steps}
    parts = [steps[step] % {"when": grade(bound)} for step, bound in bounds.items() if bound is not None]
    if not parts:
        return _("Let through.")
    sentence = _("; ").join(parts)
    if threshold.get("mode") == "shadow":
        return _("Only watched, never acted on: %(what)s.") % {"what": sentence}
    return f"{sentence[:1].upper()}{sentence[1:]}."
