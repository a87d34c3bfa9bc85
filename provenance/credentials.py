"""The one adapter to the C2PA SDK: sign bytes under a definition, read what a file carries.

- Every object of the SDK is made for one call, in the calling process: they do not survive a fork.
- Reading fetches nothing from the network and trusts no list but the roots it is given.
- It reports what the SDK found; what that means for us is decided in `verification`.
"""

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import c2pa

from provenance import jumbf
from provenance.errors import KeyFileError, SealError
from provenance.keys import SigningIdentity
from provenance.keys.signing import Algorithm
from provenance.timestamps.relay import relayed
from provenance.timestamps.stamps import open_stamp

CLAIM_SIGNING_OIDS = "1.3.6.1.4.1.62558.2.1\n1.3.6.1.5.5.7.3.4"
_LARGEST_SKEW = timedelta(minutes=5)
_ALGORITHMS = {
    Algorithm.ES256: c2pa.C2paSigningAlg.ES256,
    Algorithm.ES384: c2pa.C2paSigningAlg.ES384,
    Algorithm.PS256: c2pa.C2paSigningAlg.PS256,
    Algorithm.ED25519: c2pa.C2paSigningAlg.ED25519,
}


@dataclass(frozen=True, slots=True)
class Parent:
    """A file that a new manifest opens, or takes as an input: bytes, type, and its description as an ingredient."""

    data: bytes
    media_type: str
    description: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Credential:
    """What a file's active manifest says, and what the SDK thinks of it.

    `state` is `Trusted`, `Valid` or `Invalid`; `successes` and `failures` are C2PA status codes, the former of the
    active manifest alone; `assertions` are by label, the second of a label as `label__1` and so on, as in the file.
    """

    state: str
    successes: frozenset[str]
    failures: tuple[str, ...]
    manifest_id: str
    title: str
    assertions: Mapping[str, Any]


def sign(
    data: bytes,
    media_type: str,
    definition: Mapping[str, Any],
    identity: SigningIdentity,
    *,
    parent: Parent | None = None,
    reference: Parent | None = None,
    update: bool = False,
) -> bytes:
    """The file with a manifest in it. Raises SealError when the SDK or the key refuses.

    With `update` it is an update manifest (C2PA 2.4, 11.2): nothing but the manifest store changes.
    """
    raised: list[Exception] = []
    signed = io.BytesIO()
    with _clock(identity, raised) as timestamp_url:
        try:
            builder = c2pa.Builder(json.dumps(definition), sdk_context(identity.anchors.all_pem))
            if update:
                builder.set_intent(c2pa.C2paBuilderIntent.UPDATE)
            for opened in filter(None, (parent, reference)):
                builder.add_ingredient(json.dumps(opened.description), opened.media_type, io.BytesIO(opened.data))
            algorithm, chain = _ALGORITHMS[identity.algorithm], identity.chain_pem.decode()
            signer = c2pa.Signer.from_callback(_callback(identity, raised), algorithm, chain, timestamp_url)
            builder.sign(signer, media_type, io.BytesIO(data), signed)
        except c2pa.C2paError as error:
            raise _refused(raised[0] if raised else error, identity) from error
    if identity.timestamp_url:
        _require_stamp(signed.getvalue(), media_type, identity)
    return signed.getvalue()


def read(data: bytes, media_type: str, *, roots_pem: bytes) -> Credential | None:
    """The active manifest of a file, None if it carries none; one that does not parse is `Invalid` and says why."""
    try:
        reader = c2pa.Reader.try_create(media_type, io.BytesIO(data), context=sdk_context(roots_pem))
        return _credential(reader) if reader is not None else None
    except c2pa.C2paError as error:
        return Credential("Invalid", frozenset(), (f"unparsable: {error}",), "", "", {})


def read_beside(data: bytes, media_type: str, store: bytes, *, roots_pem: bytes) -> Credential:
    """The active manifest of a store that is kept apart from a file, judged against that file; as `read` otherwise."""
    try:
        return _credential(c2pa.Reader(media_type, io.BytesIO(data), store, context=sdk_context(roots_pem)))
    except c2pa.C2paError as error:
        return Credential("Invalid", frozenset(), (f"unparsable: {error}",), "", "", {})


def _credential(reader: Any) -> Credential:
    with reader:
        report = json.loads(reader.json())
    active = report.get("active_manifest", "")
    manifest = report.get("manifests", {}).get(active, {})
    results = report.get("validation_results", {})
    assertions = _by_label(manifest.get("assertions", ()))
    state = str(report.get("validation_state", "Invalid"))
    successes = frozenset(item["code"] for item in results.get("activeManifest", {}).get("success", ()))
    return Credential(state, successes, _failures(results), active, str(manifest.get("title", "")), assertions)


def crjson(data: bytes, media_type: str, *, roots_pem: bytes) -> str | None:
    """The file's credentials as crJSON, C2PA's own form for reports; None if it carries none that parses."""
    try:
        reader = c2pa.Reader.try_create(media_type, io.BytesIO(data), context=sdk_context(roots_pem))
        if reader is None:
            return None
        with reader:
            return str(reader.crjson())
    except c2pa.C2paError:
        return None


def sdk_context(roots_pem: bytes) -> Any:
    """The SDK's settings for signing and reading: our roots alone, no network, no thumbnails."""
    settings = {
        "trust": {"trust_anchors": roots_pem.decode(), "trust_config": CLAIM_SIGNING_OIDS},
        "verify": {"remote_manifest_fetch": False},
        "builder": {"thumbnail": {"enabled": False}},
    }
    return c2pa.Context.from_dict(settings)


@contextmanager
def _clock(identity: SigningIdentity, raised: list[Exception]) -> Iterator[str | None]:
    """Where the SDK asks for its time-stamp, if it has to; what went wrong with the asking is added to `raised`."""
    if identity.timestamp_url is None:
        yield None
        return
    with relayed(identity.timestamp_url, failed=raised.append) as url:
        yield url


def _callback(identity: SigningIdentity, raised: list[Exception]) -> Any:
    """The SDK swallows what a callback raises, so it is kept for the message."""

    def callback(data: bytes) -> bytes:
        try:
            return identity.sign(data)
        except Exception as error:
            raised.append(error)
            raise

    return callback


def _require_stamp(signed: bytes, media_type: str, identity: SigningIdentity) -> None:
    """SealError unless the file has a time-stamp that checks will believe: the SDK takes one from anybody."""
    try:
        signature = jumbf.signature(jumbf.manifest_store(signed, media_type) or b"")
        if signature.token is None:
            raise ValueError("time-stamp: none came")
        stamp = open_stamp(signature.token, signature.stamped, roots_pem=identity.anchors.time_roots_pem)
    except ValueError as error:
        raise SealError(
            f"{error}; nothing was signed, check TSA_URL {identity.timestamp_url} and its root", permanent=False
        ) from error
    skew = abs(stamp.at - datetime.now(UTC))
    if skew > _LARGEST_SKEW:
        raise SealError(
            f"time-stamp: {identity.timestamp_url} says {stamp.at}, {skew} off this machine's clock; set the wrong one",
            permanent=False,
        )


def _refused(cause: Exception, identity: SigningIdentity) -> SealError:
    """Why nothing was signed; a time-stamp that did not come, or a key that is away, are worth waiting for.

    The SDK calls whatever goes wrong between it and a time-stamp authority an internal error.
    """
    if isinstance(cause, SealError):
        return cause
    if isinstance(cause, KeyFileError):
        return SealError(f"signature: {cause}", permanent=False)
    _, internal, reason = str(cause).partition("internal error (")
    if identity.timestamp_url and internal:
        told = reason.removesuffix(")")
        return SealError(f"time-stamp: {identity.timestamp_url}: {told}; check TSA_URL and its roots", permanent=False)
    return SealError(f"signature: {cause}; check the signing key and its certificate chain")


def _by_label(assertions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    seen: Counter[str] = Counter()
    for item in assertions:
        label = str(item["label"])
        found[f"{label}__{seen[label]}" if seen[label] else label] = item.get("data")
        seen[label] += 1
    return found


def _failures(results: Mapping[str, Any]) -> tuple[str, ...]:
    """The failure codes of the active manifest and of every ingredient it was built on."""
    found = [item["code"] for item in results.get("activeManifest", {}).get("failure", ())]
    for delta in results.get("ingredientDeltas", ()):
        found += [item["code"] for item in delta.get("validationDeltas", {}).get("failure", ())]
    return tuple(dict.fromkeys(found))
