"""Which law's or standard's label fields a delivered file really carries, computed from its bytes alone.

- Nothing here knows what was meant to be in the file: the credential is validated, the XMP is parsed, the pixels are
  looked at. Any file can be asked about, ours or not.
- A profile is a list of fields; a file "carries the fields of" a profile when none is missing. That is a statement
  about a file, not about an organisation, and never that a law is complied with.
- What a law asks for beyond the file (a public detector, documented tests) is listed as `beyond` and not judged.

Sources: EU AI Act Art. 50 and its code of practice; California SB 942 and AB 853; GB 45438-2025; India's IT rules as
amended in 2026; IPTC Photo Metadata Standard 2025.1.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provenance import credentials, jumbf, media, xmp
from provenance.labels import FoundLabel, find_label
from provenance.labels.drawing import SHARE
from provenance.manifest import ACTIONS, GOVERNANCE, METADATA
from provenance.pictures import decode, to_image, xmp_packet
from provenance.watermark import Watermark

_IPTC = ("DigitalSourceType", "AISystemUsed", "AISystemVersionUsed", "AIPromptInformation", "AIPromptWriterName")
_AIGC = (
    "Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2",
)  # fmt: skip
_TRAINED = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia")
_TIME_STAMPS = frozenset({"timeStamp.validated", "timeStamp.trusted"})


@dataclass(frozen=True, slots=True)
class Contents:
    """What was found in a file. `signed`: a credential that holds, whoever signed it; `stamped`: with a time-stamp that
    validates; `assertions` and `xmp` are empty where there are none; `watermark`: one that the given reader reads."""

    media_type: str
    width: int
    height: int
    signed: bool
    stamped: bool
    signer: str
    assertions: Mapping[str, Any]
    parents: int
    xmp: Mapping[str, str]
    label: FoundLabel | None
    watermark: bool

    @property
    def governance(self) -> Mapping[str, Any]:
        """Our own assertion, where it is there."""
        found = self.assertions.get(GOVERNANCE) if self.signed else None
        return found if isinstance(found, Mapping) else {}

    @property
    def actions(self) -> Sequence[Mapping[str, Any]]:
        """The actions of a credential that holds."""
        found = self.assertions.get(ACTIONS) if self.signed else None
        return [action for action in (found or {}).get("actions", ()) if isinstance(action, Mapping)]

    @property
    def aigc(self) -> Mapping[str, Any]:
        """The fields of China's label."""
        try:
            found = json.loads(self.xmp.get("TC260:AIGC", ""))
        except ValueError:
            return {}
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a profile: is it there, and where it was found or what is missing."""

    name: str
    present: bool
    where: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One law's or standard's fields in one file; `beyond` is what it asks for that no file can carry."""

    key: str
    title: str
    fields: tuple[Field, ...]
    beyond: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the fields that are not there."""
        return tuple(field.name for field in self.fields if not field.present)

    @property
    def sentence(self) -> str:
        """The finding in words."""
        if not self.missing:
            return f"It carries the fields of {self.title}."
        return f"It does not carry all fields of {self.title}. Missing: {', '.join(self.missing)}."

    def to_json(self) -> dict[str, Any]:
        """The profile as plain JSON."""
        return {
            "profile": self.key,
            "title": self.title,
            "carries": not self.missing,
            "sentence": self.sentence,
            "fields": [{"name": item.name, "present": item.present, "where": item.where} for item in self.fields],
            "beyond": list(self.beyond),
        }


def read_contents(data: bytes, *, roots_pem: bytes, watermark: Watermark | None = None) -> Contents:
    """Look into a file: picture, MP4 or WAV. UnreadableAssetError for anything else."""
    kind = media.guess(data)
    label, marked, width, height = None, False, 0, 0
    if kind is not None:
        media.content_digest(data, kind)
        media_type, packet = kind, media.xmp_packet(data, kind)
    else:
        pixels = decode(data)
        media_type, packet, width, height = pixels.media_type, xmp_packet(data), pixels.width, pixels.height
        label = find_label(to_image(pixels.data, width, height))
        marked = watermark is not None and watermark.read(pixels.data, width, height) is not None
    found = credentials.read(data, media_type, roots_pem=roots_pem)
    signed = found is not None and found.state in {"Trusted", "Valid"}
    return Contents(
        media_type=media_type, width=width, height=height, signed=signed,
        stamped=bool(found and signed and _TIME_STAMPS & found.successes),
        signer=_signer(data, media_type) if signed else "",
        assertions=found.assertions if found else {},
        parents=_parents(data, media_type, roots_pem) if signed else 0,
        xmp=xmp.read(packet), label=label, watermark=marked,
    )  # fmt: skip


def profiles(contents: Contents) -> tuple[Profile, ...]:
    """Every profile, over what was found in one file."""
    return tuple(build(contents) for build in _PROFILES)


def _signer(data: bytes, media_type: str) -> str:
    """The organisation in the signing certificate."""
    store = jumbf.manifest_store(data, media_type)
    try:
        subject = jumbf.signature(store or b"").chain[0].subject
    except Exception:  # noqa: BLE001  # a certificate that cannot be read names nobody
        return ""
    return next((str(item.value) for item in subject if item.oid.dotted_string == "2.5.4.10"), "")


def _parents(data: bytes, media_type: str, roots_pem: bytes) -> int:
    report = json.loads(credentials.crjson(data, media_type, roots_pem=roots_pem) or "{}")
    return max(0, len(report.get("manifests", ())) - 1)


def _field(name: str, where: str | None, missing: str) -> Field:
    return Field(name, bool(where), where or missing)


def _metadata(contents: Contents) -> Field:
    where = "C2PA manifest, its signature and hashes hold" if contents.signed else None
    return _field("signed metadata", where, "no C2PA manifest that holds")


def _generated(contents: Contents) -> Field:
    """A machine-readable statement that the content is generated."""
    said = [str(action.get("digitalSourceType", "")) for action in contents.actions]
    metadata = contents.assertions.get(METADATA) if contents.signed else None
    if isinstance(metadata, Mapping):
        said.append(str(metadata.get(f"{xmp.PREFIX}:DigitalSourceType", "")))
    where = "digital source type in the manifest" if any(kind.endswith(_TRAINED) for kind in said) else None
    return _field("statement that it is generated", where, "no digital source type in a manifest that holds")


def _visible(contents: Contents) -> Field:
    label = contents.label
    where = f"“{label.label}” in its lower left corner, letters of {label.plate.letters} pixels" if label else None
    return _field("visible label", where, "none of our labels is in its pixels")


def _identifier(contents: Contents) -> Field:
    record = str(contents.governance.get("record", "")) or contents.xmp.get("dc:identifier", "")
    return _field("unique identifier", record, "no record name in manifest or XMP")


def _europe(contents: Contents) -> Profile:
    stamp = "RFC 3161 time-stamp over the signature" if contents.stamped else None
    mark = "read from the pixels" if contents.watermark else None
    kept = f"{contents.parents} earlier manifest(s) kept" if contents.parents else "no earlier manifest to keep"
    fields = (
        _metadata(contents),
        _generated(contents),
        _field("time-stamp", stamp, "no time-stamp that validates"),
        _field("imperceptible watermark", mark, "no watermark is read from its pixels"),
        Field("marks on its inputs kept", contents.signed, kept if contents.signed else "no manifest that holds"),
        _visible(contents),
    )
    beyond = ("a free detector", "documented tests of the marks", "optional logging")
    return Profile("eu-ai-act", "EU AI Act, Article 50, and its code of practice", fields, beyond)


def _california(contents: Contents) -> Profile:
    agents = [
        action["softwareAgent"] for action in contents.actions if isinstance(action.get("softwareAgent"), Mapping)
    ]
    agent = next((f"{item.get('name')} {item.get('version')}" for item in agents if item.get("version")), None)
    system = contents.xmp.get(f"{xmp.PREFIX}:AISystemUsed", "")
    version = contents.xmp.get(f"{xmp.PREFIX}:AISystemVersionUsed", "")
    when = next((str(action["when"]) for action in contents.actions if action.get("when")), None)
    fields = (
        _field(
            "name of the provider", contents.signer or contents.xmp.get("photoshop:Credit"), "in no certificate, no XMP"
        ),
        _field("name and version of the system", f"{system} {version}" if system and version else agent, "not said"),
        _field("time and date", when or contents.xmp.get("xmp:CreateDate"), "neither manifest nor XMP says when"),
        _identifier(contents),
    )
    beyond = ("a free public detection tool without personal data", "an offered visible disclosure")
    return Profile("california", "California SB 942 and AB 853", fields, beyond)


def _china(contents: Contents) -> Profile:
    label = contents.label
    large = label is not None and label.plate.letters * SHARE >= min(contents.width, contents.height)
    size = "letters of at least five per cent of the shorter side" if large else None
    implicit = tuple(
        _field(f"AIGC {name}", "in the XMP" if name in contents.aigc else None, "not in the XMP") for name in _AIGC
    )
    smaller = "the label is smaller than that" if label else "no label"
    fields = (*implicit, _visible(contents), _field("size of the label", size, smaller))
    return Profile("china", "China's GB 45438-2025", fields)


def _india(contents: Contents) -> Profile:
    permanent = "in signed manifest and watermark" if contents.watermark and contents.governance else None
    fields = (
        _visible(contents),
        _identifier(contents),
        _field("identifier that outlives metadata", permanent, "only in metadata, which copies lose"),
    )
    return Profile("india", "India's IT rules, 2026", fields, ("declarations by those who upload it",))


def _iptc(contents: Contents) -> Profile:
    fields = tuple(
        _field(name, "in the XMP" if contents.xmp.get(f"{xmp.PREFIX}:{name}") else None, "not in the XMP")
        for name in _IPTC
    )
    return Profile("iptc", "IPTC Photo Metadata 2025.1 for generated pictures", fields)


_PROFILES: tuple[Callable[[Contents], Profile], ...] = (_europe, _california, _china, _india, _iptc)
