"""Everything this library raises on purpose.

`permanent` decides retry at a worker's boundary: a permanent error will fail again with the same
input, a transient one may pass later. A *blocked* prompt or picture is never an error; it is a
recorded `Decision`.
"""

from __future__ import annotations

from typing import ClassVar


class ModerationError(Exception):
    """Base of every error of this library."""

    permanent: ClassVar[bool] = True


class InputError(ModerationError):
    """The text or the pixels handed in cannot be screened at all (empty, too long, wrong size)."""


class PolicyError(ModerationError):
    """A policy, a term or a threshold is malformed, empty, or loosens what it may not loosen."""


class ClassifierError(ModerationError):
    """A classifier is missing, changed, or answered with something that is not a score."""


class ClassifierTimeoutError(ClassifierError):
    """A classifier gave no answer in its time; asking again later may succeed."""

    permanent: ClassVar[bool] = False


class TrainingError(ModerationError):
    """The texts the heads are trained from, or an evaluation file, cannot be used."""
