"""What the screens said about the words that go out with a picture."""

from django.db import models
from django.utils.translation import gettext

from studio import pipeline
from studio.review.models.deciding import ReviewRequest


class DescriptionScreening(models.Model):
    """What the screens decided about the description that a maker wrote; it holds up nothing but a batch and a release.

    Read like a `jobs.models.Screening`, and kept beside it, since it is about words that no model is given.
    """

    request = models.OneToOneField(ReviewRequest, on_delete=models.PROTECT, primary_key=True, related_name="screening")
    action = models.CharField(max_length=12)
    decision = models.JSONField()
    reasons = models.JSONField(default=list, help_text="In plain words, no scores.")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.action} {self.request_id}"

    @property
    def subject(self) -> str:
        """What was screened, as a heading."""
        return gettext("Description")

    @property
    def changes(self) -> list[str]:
        """What its writer can change so that less is noted."""
        return pipeline.what_to_change(self.decision)
