"""What passes between reviewers and makers before a decision: who looks at a picture now, flags, and comments.

None of it decides anything, and none of it enters the ledger.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from studio.jobs.models import Picture
from studio.review.models.deciding import ReviewRequest

PER_MILLE = 1000


class Look(models.Model):
    """A reviewer looks at a picture now, and others wait: until `until`, and no longer than a while after `since`."""

    request = models.OneToOneField(ReviewRequest, on_delete=models.CASCADE, primary_key=True, related_name="look")
    holder = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="look")
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(until__gt=F("since")), name="look_ends")]

    def __str__(self) -> str:
        return f"{self.holder} looks at {self.request_id}"


class Flag(models.Model):
    """A reviewer's warning to the others: look at this one by itself. It stays until somebody lifts it."""

    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="flags")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    lifted = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["picture"], condition=Q(lifted=None), name="one_open_flag"),
            models.CheckConstraint(condition=~Q(reason=""), name="flag_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"flag on {self.picture_id}"


class Comment(models.Model):
    """Something said about a picture in review, perhaps about a place in it: per mille of its width and height.

    It is open until the maker submits the picture again; `answered` is that submission.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(ReviewRequest, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    x = models.PositiveSmallIntegerField(null=True, blank=True)
    y = models.PositiveSmallIntegerField(null=True, blank=True)
    at = models.DateTimeField()
    answered = models.ForeignKey(ReviewRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="answers")

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(text=""), name="comment_says_something"),
            models.CheckConstraint(
                condition=Q(x=None, y=None) | Q(x__lte=PER_MILLE, y__lte=PER_MILLE), name="comment_in_the_picture"
            ),
        ]

    def __str__(self) -> str:
        return f"comment on {self.request_id}"

    @property
    def pinned(self) -> bool:
        """Whether it is about a place in the picture."""
        return self.x is not None

    @property
    def left(self) -> str:
        """Its place across, as a percentage that SVG takes."""
        return f"{(self.x or 0) / 10:.1f}%"

    @property
    def top(self) -> str:
        """Its place down, as a percentage that SVG takes."""
        return f"{(self.y or 0) / 10:.1f}%"
