"""The routes of the programs' interface by what they are about, and what they say they may answer."""

from collections.abc import Mapping
from typing import Any

from studio.api.schemas import Problem


def answers(shown: Mapping[int, Any], *refused: int) -> dict[int, Any]:
    """The answers of a route that a token opens: what it shows by status, and what it may be refused with."""
    return dict(shown) | dict.fromkeys(sorted({401, 403, 429, 503, *refused}), Problem)
