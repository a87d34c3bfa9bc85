"""What may be asked here: so many bytes from anybody, so much a minute from strangers, from members and from programs.

Not a shield against a flood from many addresses; that is the reverse proxy's work. Counts live in the cache.
"""

import io
import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

CHECKS_A_MINUTE = 30
VISITS_A_MINUTE = 30
TRIALS_A_MINUTE = 40
# A token's calls in all, and those among them that ask for something to be made.
CALLS_A_MINUTE = 600
MAKES_A_MINUTE = 60
FORWARDED = frozenset({"HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"})


class UploadTooLargeError(Exception):
    """More bytes than `UPLOAD_LIMIT_BYTES` arrived; the rest was not read."""

    permanent = True


class BoundedUpload(FileUploadHandler):
    """Counts what arrives, over all files of a form, and stops reading at the limit."""

    seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the piece on, unless it is one too many. Raises UploadTooLargeError."""
        self.seen += len(raw_data)
        if self.seen > settings.UPLOAD_LIMIT_BYTES:
            _let_go(self)
            raise UploadTooLargeError
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler keeps the file."""


class CappedUpload(FileUploadHandler):
    """Lets no file of any form grow beyond the limit, and loses nothing else of the form.

    What comes beyond is swallowed, and the form finds an empty file that names the size which arrived.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Pass the piece on, unless the file has become too large."""
        return raw_data if start + len(raw_data) <= settings.UPLOAD_LIMIT_BYTES else None

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """The empty file of one that was too large; the next handler keeps any other."""
        if file_size <= settings.UPLOAD_LIMIT_BYTES:
            return None
        _let_go(self)
        return UploadedFile(io.BytesIO(), self.file_name, self.content_type, file_size)


def _let_go(handler: FileUploadHandler) -> None:
    """Close what the handlers after this one keep of the file; Django closes only files that they handed over."""
    for other in handler.request.upload_handlers if handler.request else ():
        other.upload_interrupted()


def uploads(request: HttpRequest) -> list[tuple[str, UploadedFile | io.BytesIO]]:
    """Names and files of a form's field `file`, or the whole body when it is no form; all of them together are no
    larger than one may be.

    Raises UploadTooLargeError. Must be the first to touch the body.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.UPLOAD_LIMIT_BYTES + 65_536:
        raise UploadTooLargeError
    if request.content_type not in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        data = request.read(settings.UPLOAD_LIMIT_BYTES + 1)
        if len(data) > settings.UPLOAD_LIMIT_BYTES:
            raise UploadTooLargeError
        return [("", io.BytesIO(data))] if data else []
    request.upload_handlers = [BoundedUpload(request), *request.upload_handlers]
    return [(file.name or "", file) for file in request.FILES.getlist("file")]


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a caller may go on, and otherwise after how many seconds."""

    allowed: bool
    retry_after_s: int


def take_turn(request: HttpRequest, *, now: float) -> Turn:
    """Count this call for the caller's address in the current minute. `now` is in seconds, as `time.time` gives it."""
    return _turn(f"checks:{client_address(request)}", CHECKS_A_MINUTE, now)


def take_visit(request: HttpRequest, *, now: float) -> Turn:
    """Count one call by an invitation's link for the caller's address in the current minute."""
    return _turn(f"visits:{client_address(request)}", VISITS_A_MINUTE, now)


def take_trial(member: int, *, now: float) -> Turn:
    """Count one question to the screens for this member (by primary key) in the current minute."""
    return _turn(f"trials:{member}", TRIALS_A_MINUTE, now)


def take_call(token: UUID, *, makes: bool, now: float) -> Turn:
    """Count one call with a token (by primary key) in the current minute; `makes` says that it asks for work."""
    turn = _turn(f"calls:{token}", CALLS_A_MINUTE, now)
    return _turn(f"makes:{token}", MAKES_A_MINUTE, now) if turn.allowed and makes else turn


def _turn(caller: str, most: int, now: float) -> Turn:
    minute, second = divmod(int(now), 60)
    key = f"{caller}:{minute}"
    cache.add(key, 0, 120)
    return Turn(allowed=cache.incr(key) <= most, retry_after_s=60 - second)


def client_address(request: HttpRequest) -> str:
    """The caller's address: the nearest one that our own proxy saw, or the connection's.

    Behind a proxy, what carries neither of its headers came past it, as from whoever gathers figures.
    """
    if settings.SECURE_PROXY_SSL_HEADER and not FORWARDED.isdisjoint(request.META):
        return request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or "unknown"
    return request.META.get("REMOTE_ADDR") or "unknown"


def clock() -> float:
    """The wall clock that turns are counted by; tests replace it."""
    return time.time()
