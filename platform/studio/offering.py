"""A picture that somebody hands in: from a file to checked pixels, and by what right they are used.

A file becomes RGB8 pixels, upright, at most `LONGEST_SIDE` a side; nothing else of it (EXIF, profile, file) is kept.
It is decoded by a limited process of its own, never by the one that holds keys and connections.
Every refusal is a ValidationError in plain words for the person who chose the file.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio import pipeline

DECODER = Path(__file__).with_name("decoding.py")
SIZE_BYTES = 8
DEADLINE_SECONDS = 30
MOST_BYTES = 16 * 2**20
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2048
SHORTEST_SIDE = 64
LONGEST_RIGHTS = 500
DEFAULT_STRENGTH = 0.6
UNREADABLE = _(
    "This cannot be read as a PNG, JPEG or WebP picture; save it as one in a picture program and choose that."
)
TOO_MANY_PIXELS = format_lazy(
    _("The picture has more than {most} million pixels; make it smaller and choose that."), most=MOST_PIXELS // 10**6
)
REFUSALS = {
    "large": TOO_MANY_PIXELS,
    "animation": _("This is an animation; choose a single picture."),
    "deep": _("Its grey has more than 8 bits a pixel; save it with 8 and choose that."),
}
CREDENTIAL_REFUSALS = {
    pipeline.CredentialOf.BROKEN: _(
        "It carries a credential that does not hold: it was changed after somebody signed it."
        " Choose the file as it was signed."
    ),
    pipeline.CredentialOf.UNCHECKED: _(
        "It carries a credential that cannot be checked: the picture is damaged, or has"
        " more than 16 million pixels. Choose a smaller one that was signed."
    ),
}
NO_RIGHTS = _("Say where the picture comes from and by what right it is used: its licence, or where consent is filed.")


@dataclass(frozen=True, slots=True)
class Offered:
    """A picture handed in with a request, and in words where it comes from and by what right it is used.

    `file` is the file itself where it carries a credential that holds: that goes along into what is made of it.
    """

    picture: pipeline.Reference
    rights: str
    file: bytes = b""


def checked_rights(offered: Offered) -> str:
    """The words about its rights, stripped. Raises ValidationError where there are none, or too many."""
    rights = offered.rights.strip()
    if not rights:
        raise ValidationError({"rights": NO_RIGHTS})
    if len(rights) > LONGEST_RIGHTS:
        raise ValidationError(
            {
                "rights": gettext("It has %(n)s characters; shorten it to %(most)s.")
                % {"n": len(rights), "most": LONGEST_RIGHTS}
            }
        )
    return rights


def read(data: bytes) -> pipeline.Reference:
    """A picture file as RGB8 pixels, reduced to `LONGEST_SIDE`. Raises ValidationError.

    The file is decoded in a process of its own (`decoding`), which is believed in nothing but the pixels.
    """
    said, pixels = _line_and_rest(_ask([data], mode="pixels"))
    _check(said)
    width, height = (side if isinstance(side, int) else 0 for side in (said.get("width"), said.get("height")))
    sizes = range(SHORTEST_SIDE, LONGEST_SIDE + 1)
    if width not in sizes or height not in sizes or len(pixels) != width * height * 3:
        raise ValidationError(UNREADABLE)
    return pipeline.Reference(pixels, width, height)


def credentialed(data: bytes) -> bytes:
    """A picture file if it carries a credential that holds, else nothing. Raises ValidationError for a broken one.

    Without this gate a picture that was changed after somebody signed it would come out with a signature of ours.
    """
    standing = pipeline.credential_of(data)
    if standing in CREDENTIAL_REFUSALS:
        raise ValidationError(CREDENTIAL_REFUSALS[standing])
    return data if standing == pipeline.CredentialOf.HOLDS else b""


def check(files: Sequence[bytes]) -> list[str]:
    """For each file, why it is no usable picture; empty where it is one. All are read in one process of its own."""
    faults, rest = [], _ask(files, mode="sizes")
    for _file in files:
        said, rest = _line_and_rest(rest)
        try:
            _check(said)
        except ValidationError as error:
            faults.append(error.messages[0])
        else:
            faults.append("")
    return faults


def _ask(files: Sequence[bytes], *, mode: str) -> bytes:
    """What the decoding process answers; what it leaves unsaid, because it died or hung, is missing at the end."""
    message = b"".join(len(file).to_bytes(SIZE_BYTES, "big") + file for file in files)
    command = [sys.executable, "-I", str(DECODER), mode, str(len(files))]
    try:
        return subprocess.run(
            command,
            input=message,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=DEADLINE_SECONDS + len(files),
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValidationError(UNREADABLE) from error


def _line_and_rest(answer: bytes) -> tuple[Mapping[str, Any], bytes]:
    """The first line of an answer as JSON, and what follows; nothing where it is no such line."""
    line, _, rest = answer.partition(b"\n")
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    return (said if isinstance(said, Mapping) else {}), rest


def _check(said: Mapping[str, Any]) -> None:
    """Raise ValidationError in plain words for a file that was refused."""
    refusal = said.get("refused") if "width" not in said else ""
    if refusal == "small":
        size = " × ".join(str(side) for side in said.get("size") or ())
        raise ValidationError(
            gettext("It comes to %(size)s pixels; choose one with at least %(least)s a side.")
            % {"size": size, "least": SHORTEST_SIDE}
        )
    if refusal != "":
        raise ValidationError(REFUSALS.get(str(refusal), UNREADABLE))
