"""Reads the process environment: a value, or the content of the file that `NAME_FILE` points to.

Secrets come as files in containers and under systemd, so every name here may be given either way, never both.
"""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str) -> str:
    """The value of `NAME`, or the stripped content of the file named by `NAME_FILE`, or `default`.

    Raises ImproperlyConfigured when both are given, or the file cannot be read.
    """
    value, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set; keep one of them.")
    if path is None:
        return default if value is None else value
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE points to {path}, which cannot be read: {error.strerror}.") from error


def flag(name: str, default: str) -> bool:
    """Whether `NAME` says yes (`1`, `true`, `yes`, `on`) or no (`0`, `false`, `no`, `off`, empty)."""
    value = text(name, default).lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; write true or false.")


def number(name: str, default: str) -> float:
    """`NAME` as a number of seconds, pieces or whatever its heading in docs/settings.md says."""
    value = text(name, default)
    try:
        return float(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a number.") from error
