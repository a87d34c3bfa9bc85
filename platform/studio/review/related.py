"""The pictures around a picture: of the same request, what it varies or replaces, and what varies or replaces it."""

from dataclasses import dataclass

from studio.accounts.models import User
from studio.jobs.models import Job, Picture

MOST = 24


@dataclass(frozen=True, slots=True)
class Related:
    """Each a list of pictures that the reader may see, newest first, `MOST` at most; `origin` is one or none."""

    siblings: list[Picture]
    origin: Picture | None
    variations: list[Picture]
    replacements: list[Picture]

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return bool(self.siblings or self.origin or self.variations or self.replacements)


def related_to(user: User, picture: Picture) -> Related:
    """What is around `picture`, as far as `user` may see it."""
    seen = Picture.objects.visible_to(user).select_related("job__campaign")
    of_it = seen.filter(job__origin=picture).order_by("-created")
    return Related(
        siblings=list(seen.filter(job=picture.job).exclude(pk=picture.pk).order_by("index")[:MOST]),
        origin=seen.filter(pk=picture.job.origin_id).first() if picture.job.origin_id else None,
        variations=list(of_it.filter(job__relation=Job.Relation.VARIATION)[:MOST]),
        replacements=list(of_it.filter(job__relation=Job.Relation.REPLACEMENT)[:MOST]),
    )
