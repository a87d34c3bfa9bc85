"""In what two pictures differ, as rows of a table. It tells; which one is better is for people."""

from dataclasses import dataclass

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from studio.jobs.models import Picture
from studio.jobs.reading import readable_words
from studio.pages import MemberRequest


@dataclass(frozen=True, slots=True)
class Row:
    """One property of both."""

    what: str
    left: str
    right: str

    @property
    def differs(self) -> bool:
        """Whether the two are unlike."""
        return self.left != self.right


def compared(request: MemberRequest, left: Picture, right: Picture) -> list[Row]:
    """What is told of both, in the order of a recipe; words only where the person may read both."""
    one, other = _told(request, left), _told(request, right)
    return [Row(what, one[what], other[what]) for what in one if one[what] or other[what]]


def _told(request: MemberRequest, picture: Picture) -> dict[str, str]:
    job = picture.job
    typed = readable_words(request, job)
    spec = job.spec
    return {
        _("Words"): typed.prompt if typed else _("Shown to their maker and to reviewers only"),
        _("Not in it"): typed.negative_prompt if typed else "",
        _("Seed"): picture.seed,
        _("Model"): job.model.title,
        _("Size"): f"{picture.width} × {picture.height}",
        _("Steps"): str(spec.get("steps", "")),
        _("Guidance"): formats.number_format(spec["guidance"]) if "guidance" in spec else "",
        _("Status"): str(picture.get_state_display()),
        _("Campaign"): job.campaign.name,
        _("Made by"): str(job.requester.user),
        _("Made"): formats.date_format(timezone.localtime(picture.created), "j F Y, H:i"),
    }
