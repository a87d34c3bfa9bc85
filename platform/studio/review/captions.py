"""The words that go with a picture out of the house: what it shows, and that a machine made it.

The description is the maker's, as it was reviewed; the caption is ours and says no more than the record does.
"""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from studio.jobs.models import Picture
from studio.jobs.states import PictureState


@dataclass(frozen=True, slots=True)
class Caption:
    """`alt` is empty as long as nobody has described the picture; `record` is the path of its public record, if any."""

    alt: str
    credit: str
    record: str

    @property
    def text(self) -> str:
        """Both as plain text, a line each."""
        return "\n".join(part for part in (self.alt, self.credit, self.record) if part) + "\n"


def caption_of(picture: Picture) -> Caption:
    """The latest description, and a credit line. Its job, organisation and model are at hand."""
    described = picture.review_requests.order_by("-at").values_list("alt_text", flat=True).first()
    organisation, model = picture.job.project.organisation.name, picture.job.model.title
    credit = _("AI-generated picture. %(organisation)s, %(year)s, made with %(model)s.") % {
        "organisation": organisation,
        "year": picture.created.year,
        "model": model,
    }
    public = picture.state in {PictureState.RELEASED, PictureState.WITHDRAWN}
    return Caption(described or "", credit, reverse("record", args=[picture.pk]) if public else "")
