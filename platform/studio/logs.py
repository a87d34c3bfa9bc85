"""How log records are written: a line, or an object a line for programs that gather them. Nobody logs what was typed.

Our own lines quote no person. What libraries say when they fail may: a parser names what it could not parse. So with
DEBUG off the words of a failure that is not ours stay out, wherever a record has them; its class and the way to it are
written, in which only code stands.
"""

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.db import OperationalError

# Written by us to be read, or by a system about itself.
OURS = ("studio.", "generation.", "moderation.", "provenance.")
SYSTEMS = (OSError, OperationalError)
KEPT_BACK = "its words may quote a person, and are not logged"


class AsLine(logging.Formatter):
    """One line, and below it the way to a failure."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as its line."""
        return super().format(wordless(record))

    def formatException(self, ei: object) -> str:  # noqa: N802  logging's own name
        """The way to the failure."""
        return _way(ei)


class AsJson(logging.Formatter):
    """One JSON object a line: `at` (RFC 3339), `level`, `logger`, `message`, and `trace` where something failed."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as its line."""
        record = wordless(record)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["trace"] = _way(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def wordless(record: logging.LogRecord) -> logging.LogRecord:
    """A record whose message has no word of a failure that is not ours, as others' lines often do."""
    if settings.DEBUG or not record.exc_info or record.exc_info[1] is None:
        return record
    message = record.getMessage()
    for error in _chain(record.exc_info[1]):
        for words in (repr(error), str(error)):
            if words and not _may_speak(error):
                message = message.replace(words, type(error).__name__)
    kept = logging.makeLogRecord(record.__dict__)
    kept.msg, kept.args, kept.exc_text = message, None, None
    return kept


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """A failure and what it came from, the last first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _may_speak(error: BaseException) -> bool:
    return isinstance(error, SYSTEMS) or f"{type(error).__module__}.".startswith(OURS)


def _way(info: object) -> str:
    """A failure's traceback, its causes first."""
    error = info[1] if isinstance(info, tuple) else None
    if not isinstance(error, BaseException):
        return ""
    if settings.DEBUG:
        return "".join(traceback.format_exception(error)).rstrip()
    parts = []
    for one in reversed(list(_chain(error))):
        said = str(one) if _may_speak(one) else KEPT_BACK
        frames = "".join(traceback.format_list(traceback.extract_tb(one.__traceback__)))
        parts.append(f"{frames}{type(one).__module__}.{type(one).__qualname__}: {said}")
    return "\n\n".join(parts)
