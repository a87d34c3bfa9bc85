"""What can go wrong in training, in one place; every class says whether trying again could help."""

from __future__ import annotations


class TrainingError(Exception):
    """Base of all errors of generation.training. `permanent` decides whether a caller retries."""

    permanent: bool = True


class DataError(TrainingError):
    """Training data are missing, altered or not licensed; the message names the file or package and the remedy."""


class LessonError(DataError):
    """A lesson cannot be taught as asked: `field` is the option to mend (concept, word, model, caption)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class CheckpointError(TrainingError):
    """A checkpoint cannot be resumed or exported: unreadable, or of another configuration."""


class MeasureError(TrainingError):
    """A measurement cannot be made as asked, for lack of a model or of drawings."""
