"""One row of a register as people read it: its fields under their names, kept values said in words.

Not what may be seen: the register decides that. A row's fields fall into what people read, what a machine goes by (ids,
digests, kept words), what workers keep for themselves, and documents as they are kept; an empty field is left out.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from studio.languages import language
from studio.wording import category, deed, licence, read_out, thing

Words = Mapping[str, Callable[[Any], str]]
# What only a machine compares or looks up.
CODES = frozenset(
    {
        "asset_sha256", "data_manifest_sha256", "digest", "entry", "id", "idempotency_key", "key_id", "leaf",
        "manifest", "object_id", "parent_digest", "pixel_sha256", "policy_digest", "process_sha256",
        "prompt_commitment", "pseudonym", "recipe_digest", "record", "request_digest", "row", "sha256",
        "source_pixel_sha256",
    }
)  # fmt: skip
# What workers keep for each other while they work.
WORKERS = frozenset({"attempt", "lease", "not_before", "rank", "served", "token"})
# Kept words that an auditor may have to quote: they stand among the codes too, as they are kept.
QUOTED = frozenset({"action", "kind", "object_kind", "verb"})
# What is told by the stamp above the fields.
STATES = ("state", "outcome")
MINING = MappingProxyType({"allowed": _("allowed"), "notAllowed": _("not allowed")})


def file_kind(media_type: str) -> str:
    """A media type as people call such files."""
    return media_type.rpartition("/")[2].upper()


# What these fields keep means the same in every register.
SAID: Words = MappingProxyType(
    {
        "failure": read_out,
        "label_language": language,
        "language": language,
        "languages": language,
        "licence": licence,
        "may_relax": category,
        "media_type": file_kind,
        "object_kind": thing,
        "training_mining": lambda kept: str(MINING.get(kept, kept)),
        "verb": deed,
        "waiting": read_out,
    }
)


@dataclass(frozen=True, slots=True)
class Link:
    """Another row, by what it is called; without an address, because this reader may not open it."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One field: its name, and either a text, a moment, or other rows."""

    name: str | Promise
    text: str = ""
    moment: date | None = None
    links: Sequence[Link] = ()

    @property
    def exact(self) -> bool:
        """Whether the moment has a time of day."""
        return isinstance(self.moment, datetime)


@dataclass(slots=True)
class Row:
    """A row by what it is called, its state where it has one, and its fields in four heaps."""

    name: str
    state: str = ""
    facts: list[Fact] = field(default_factory=list)
    codes: list[Fact] = field(default_factory=list)
    workers: list[Fact] = field(default_factory=list)
    documents: list[Fact] = field(default_factory=list)


def row_of(row: models.Model, fields: Iterable[Any], *, words: Words, link: Callable[[models.Model], str]) -> Row:
    """The row, told by these of its fields."""
    told = Row(called(row), state=next((str(getattr(row, name)) for name in STATES if hasattr(row, name)), ""))
    for one in fields:
        if isinstance(one, models.BinaryField | models.AutoField) or one.name in STATES:
            continue
        value = getattr(row, one.name)
        if one.many_to_many:
            # A model stands in its own line.
            value = [other for other in value.all() if other != row]
        if value not in (None, "", [], {}):
            _tell(told, row, one, value, words, link)
    return told


def _tell(
    told: Row, row: models.Model, one: Any, value: Any, words: Words, link: Callable[[models.Model], str]
) -> None:
    """Put a field on its heap."""
    name, heap = one.verbose_name, told.workers if one.name in WORKERS else told.facts
    if one.is_relation:
        rows = value if isinstance(value, list) else [value]
        heap.append(Fact(name, links=[Link(called(other), link(other)) for other in rows]))
    elif isinstance(value, date):
        heap.append(Fact(name, moment=value))
    elif one.name in CODES and one.name not in words:
        told.codes.append(Fact(name, str(value)))
    elif isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
        told.documents.append(Fact(name, json.dumps(value, indent=2, ensure_ascii=False)))
    else:
        said = str(getattr(row, f"get_{one.name}_display")()) if one.choices else in_words(one.name, value, words)
        heap.append(Fact(name, said))
        if one.name in QUOTED and not one.choices:
            told.codes.append(Fact(name, str(value)))


def in_words(name: str, value: Any, words: Words) -> str:
    """A field's value, said; each one of a list."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    say = words.get(name, str)
    return ", ".join(map(say, value)) if isinstance(value, list) else say(value)


def called(row: models.Model) -> str:
    """What people call a row: its own name, its person's, its deed or number; else what it is and its key's start."""
    for name in ("title", "name", "username", "email", "concept"):
        if own := getattr(row, name, ""):
            return str(own)
    for name in ("user", "membership"):
        if isinstance(somebody := getattr(row, name, None), models.Model):
            return called(somebody)
    if verb := getattr(row, "verb", ""):
        return deed(verb)
    if number := getattr(row, "number", None):
        return pgettext("a policy", "Version %(n)s") % {"n": number}
    return f"{thing(str(row._meta.model_name))} {str(row.pk)[:8]}"
