"""What the picture page says about delivered files: the released one and its renditions, and what could still be made.

Which label fields a file carries was computed from its bytes when it was signed, and is kept with it; nothing here
judges anything.
"""

from dataclasses import dataclass
from typing import Any

from studio.accounts.models import User
from studio.jobs.models import Picture
from studio.jobs.states import PictureState
from studio.review.models import Release, Rendition
from studio.review.rendering import offers_for
from studio.review.rules import may_render


@dataclass(frozen=True, slots=True)
class Choice:
    """A rendition that can be asked for. `refusal` says why this person cannot, empty when they can."""

    name: str
    title: str
    width: int
    height: int
    crops: bool
    refusal: str


@dataclass(frozen=True, slots=True)
class Row:
    """One profile across the delivered files: each cell is a profile as JSON, None where a file has no report yet."""

    title: str
    cells: tuple[dict[str, Any] | None, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything about a released picture's files. `release` is the released file, `shown` the renditions to be had,
    `asked` those still being made."""

    release: Release
    shown: tuple[Rendition, ...]
    asked: tuple[Rendition, ...]
    choices: tuple[Choice, ...]

    @property
    def waits(self) -> bool:
        """Whether the page should look again in a moment."""
        return bool(self.asked)

    @property
    def files(self) -> tuple[Release | Rendition, ...]:
        """The delivered files, the released one first."""
        return (self.release, *self.shown)

    @property
    def matrix(self) -> tuple[Row, ...]:
        """Profiles down, files across."""
        reports = [{item["profile"]: item for item in file.report.get("profiles", ())} for file in self.files]
        titles = {key: item["title"] for report in reports for key, item in report.items()}
        return tuple(Row(title, tuple(report.get(key) for report in reports)) for key, title in titles.items())


def delivered(user: User, picture: Picture) -> Delivery | None:
    """The files of a picture that was released; None before that."""
    release = Release.objects.filter(picture=picture, at__isnull=False).prefetch_related("renditions").first()
    if release is None:
        return None
    renditions = list(release.renditions.all())
    return Delivery(
        release,
        shown=tuple(item for item in renditions if item.at),
        asked=tuple(item for item in renditions if not item.at),
        choices=_choices(user, picture, {item.shape for item in renditions}),
    )


def _choices(user: User, picture: Picture, made: set[str]) -> tuple[Choice, ...]:
    if picture.state != PictureState.RELEASED:
        return ()
    rulings = {crops: may_render(user, picture.job, crops=crops) for crops in (False, True)}
    return tuple(
        Choice(
            item.name,
            item.title,
            item.width,
            item.height,
            item.crops,
            "" if rulings[item.crops].allowed else rulings[item.crops].reason,
        )
        for item in offers_for(picture)
        if item.name not in made
    )
