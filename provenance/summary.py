"""What a file's credential says, in a few facts for people: who signed it, when, with which key, and what was done.

Not a verdict: whether the file is ours and in force is `verification`'s to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provenance import credentials, jumbf
from provenance.evidence import examine
from provenance.keys import Anchors
from provenance.keys.chains import key_id
from provenance.manifest import ACTIONS
from provenance.pictures import probe


@dataclass(frozen=True, slots=True)
class Summary:
    """The active manifest of a file. `key_id` is the SHA-256 of the signer's certificate; `stamped_at` is RFC 3339,
    empty without a time-stamp that counts; `actions` are C2PA's names, in the order in which they stand."""

    manifest_id: str
    title: str
    integrity: str
    signer: str
    key_id: str
    stamped_at: str
    stamped_by: str
    source_type: str
    actions: tuple[str, ...]
    assertions: tuple[str, ...]

    @property
    def signed_by(self) -> str:
        """The signer's name, where the file says whose it is; else what is known of them."""
        return self.signer.partition(":")[2] or self.signer


def summarise(data: bytes, *, anchors: Anchors) -> Summary | None:
    """The facts; None for a file without a credential. Raises UnreadableAssetError."""
    media_type = probe(data)
    store = jumbf.manifest_store(data, media_type)
    credential = credentials.read(data, media_type, roots_pem=anchors.all_pem) if store else None
    if store is None or credential is None:
        return None
    evidence, chain = examine(data, anchors=anchors), jumbf.signature(store).chain
    actions = _actions(credential.assertions)
    sources = [str(one["digitalSourceType"]) for one in actions if one.get("digitalSourceType")]
    return Summary(
        manifest_id=credential.manifest_id,
        title=credential.title,
        integrity=str(evidence.integrity),
        signer=evidence.signer,
        key_id=key_id(chain[0]) if chain else "",
        stamped_at=evidence.stamped_at,
        stamped_by=evidence.stamped_by,
        source_type=sources[0].rpartition("/")[2] if sources else "",
        actions=tuple(str(one.get("action", "")) for one in actions),
        assertions=tuple(sorted(credential.assertions)),
    )


def _actions(assertions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = assertions.get(ACTIONS)
    actions = found.get("actions", ()) if isinstance(found, Mapping) else ()
    return [action for action in actions if isinstance(action, Mapping)]
