"""What somebody asks for: one frozen, checked value with a digest.

A spec names a model but does not open it, so it can be made, checked and compared where no model lies. Limits that
belong to a model (its size rule, say) are checked by its family, `generation.families`.

Invariants:

- A `GenerationSpec` that exists is valid: the constructor raises `SpecError` otherwise.
- `from_json(spec.to_json()) == spec`, and equal specs have equal digests.

Units: width and height in pixels; seeds are whole numbers from 0 to 2**63 - 1.
"""

import hashlib
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Self

from generation.canonical import JSON, digest
from generation.errors import SpecError

MAX_PROMPT = 2000
SIDES = range(64, 2049, 8)
STEPS = range(1, 151)
COUNTS = range(1, 17)
MAX_GUIDANCE = 30.0
MIN_STRENGTH = 0.05
MAX_SEED = 2**63 - 1
SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSpec:
    """A request for `count` pictures of one prompt from one model, from noise or from a reference picture.

    `reference_sha256` is the SHA-256 of the reference's RGB8 pixels, and `strength` says how much of it is painted
    over: near 0 hardly anything, 1 everything. Both are given or neither is.

    Raises `SpecError`, naming the field and the remedy, when a value is out of range.
    """

    model: str
    prompt: str
    seed: int
    negative_prompt: str = ""
    width: int = 256
    height: int = 256
    steps: int = 12
    guidance: float = 4.0
    count: int = 1
    reference_sha256: str | None = None
    strength: float | None = None

    def __post_init__(self) -> None:
        _check_words("model", self.model, longest=200)
        _check_words("prompt", self.prompt, longest=MAX_PROMPT)
        if self.negative_prompt != "":
            _check_words("negative_prompt", self.negative_prompt, longest=MAX_PROMPT)
        _check_side("width", self.width)
        _check_side("height", self.height)
        _check_whole("steps", self.steps, lowest=STEPS.start, highest=STEPS.stop - 1)
        _check_whole("count", self.count, lowest=COUNTS.start, highest=COUNTS.stop - 1)
        _check_whole("seed", self.seed, lowest=0, highest=MAX_SEED)
        _check_number("guidance", self.guidance, lowest=0, highest=MAX_GUIDANCE)
        object.__setattr__(self, "guidance", float(self.guidance))
        _check_reference(self.reference_sha256, self.strength)
        if self.strength is not None:
            object.__setattr__(self, "strength", float(self.strength))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of this spec, lowercase hex."""
        return digest(self.to_json())

    def to_json(self) -> dict[str, JSON]:
        """Return plain JSON; the seed is a string, because JSON readers round numbers beyond 2**53.

        What is None is left out, so that a field added later changes no digest.
        """
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in given.items() if value is not None} | {"seed": str(self.seed)}

    @classmethod
    def from_json(cls, mapping: Mapping[str, JSON]) -> Self:
        """Rebuild a spec from `to_json`.

        Raises `SpecError` for a field that is unknown, missing or out of range.
        """
        known = {field.name: field.default is MISSING for field in fields(cls)}
        for name in sorted(mapping.keys() - known.keys()):
            raise SpecError(name, f"is not a field of a spec; leave it out or use one of {', '.join(known)}")
        for name in sorted(name for name, needed in known.items() if needed and name not in mapping):
            raise SpecError(name, "is missing; give it a value")
        return cls(**(dict(mapping) | {"seed": _seed_from(mapping["seed"])}))  # type: ignore[arg-type]

    def picture_seed(self, picture: int) -> int:
        """Return the seed of picture number `picture`, counted from 0.

        Picture 0 has the spec's own seed; picture i has the first four bytes, big-endian, of
        SHA-256("<seed>/<i>"). So each picture can be made again alone, by a spec with that seed and count 1, and
        neighbouring seeds share no pictures.
        """
        if picture not in range(self.count):
            raise SpecError("count", f"has no picture {picture}; pictures are numbered 0 to {self.count - 1}")
        if picture == 0:
            return self.seed
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{picture}".encode()).digest()[:4], "big")


def _check_words(field: str, value: object, *, longest: int) -> None:
    if not isinstance(value, str):
        raise SpecError(field, f"must be text, not {type(value).__name__}")
    if not value.strip():
        raise SpecError(field, "is empty; write at least one word")
    if len(value) > longest:
        raise SpecError(field, f"has {len(value)} characters; shorten it to {longest}")
    for place, character in enumerate(value):
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\t\n":
            raise SpecError(field, f"has the control character U+{ord(character):04X} at place {place}; remove it")


def _check_whole(field: str, value: object, *, lowest: int, highest: int) -> None:
    # bool is an int to Python and never a number to a person.
    if not isinstance(value, int) or isinstance(value, bool):
        raise SpecError(field, f"must be a whole number, not {type(value).__name__}")
    if not lowest <= value <= highest:
        raise SpecError(field, f"is {value}; choose a whole number from {lowest} to {highest}")


def _check_side(field: str, value: object) -> None:
    _check_whole(field, value, lowest=SIDES.start, highest=SIDES.stop - 1)
    if value not in SIDES:
        raise SpecError(field, f"is {value}; choose a multiple of {SIDES.step}")


def _check_number(field: str, value: object, *, lowest: float, highest: float) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise SpecError(field, f"must be a number, not {type(value).__name__}")
    if not math.isfinite(value) or not lowest <= value <= highest:
        raise SpecError(field, f"is {value}; choose a number from {lowest:g} to {highest:g}")


def _check_reference(sha256: object, strength: object) -> None:
    if (sha256 is None) != (strength is None):
        field = "strength" if strength is None else "reference_sha256"
        raise SpecError(field, "is missing; give both a reference picture and a strength, or neither")
    if sha256 is None:
        return
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise SpecError(
            "reference_sha256", "must be 64 hex digits, lowercase: the SHA-256 of the picture's RGB8 pixels"
        )
    _check_number("strength", strength, lowest=MIN_STRENGTH, highest=1)


def _seed_from(value: JSON) -> JSON:
    if not isinstance(value, str):
        return value
    if not (value.isascii() and value.isdecimal() and len(value) <= len(str(MAX_SEED))):
        raise SpecError("seed", f"must be a whole number from 0 to {MAX_SEED}, written in digits")
    return int(value)
