"""The offline pack of a report: signed and released files, their entries, proofs, and the script that checks it all."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from studio import blobs, pipeline
from studio.audit.models import Report
from studio.audit.reporting import pictures_in
from studio.jobs.models import Picture
from studio.review.models import Release

SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/avif": ".avif"}
TOLD_EVERY = 10


def pack(report: Report, destination: Path, *, at: datetime, tell: Callable[[int], None]) -> None:
    """Write the pack; `tell` hears how many pictures are in it. Raises BlobError, ProvenanceError."""
    files = (file for picture in _told(report, tell) for file in files_of(picture))
    pipeline.write_pack(destination, log=report.organisation.log, pictures=files, now=at)


def _told(report: Report, tell: Callable[[int], None]) -> Iterator[Picture]:
    for number, picture in enumerate(pictures_in(report).iterator(100), start=1):
        yield picture
        if number % TOLD_EVERY == 0:
            tell(number)


def files_of(picture: Picture) -> Iterator[tuple[str, bytes]]:
    """A picture's first signed file and, where it was released, the released one: names and bytes."""
    yield f"{picture.pk}{SUFFIXES.get(picture.media_type, '')}", blobs.get(picture.sha256)
    release = Release.objects.filter(picture=picture, at__isnull=False).first()
    if release is not None:
        yield f"{picture.pk}-released{SUFFIXES.get(release.media_type, '')}", blobs.get(release.sha256)
