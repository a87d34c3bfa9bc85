"""How log records are written for programs that gather them: an object a line. Nobody logs the text of a prompt."""

import json
import logging
from datetime import UTC, datetime


class AsJson(logging.Formatter):
    """One JSON object a line: `at` (RFC 3339), `level`, `logger`, `message`, and `trace` where something failed."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as its line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
