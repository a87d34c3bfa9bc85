"""From soft bindings and strangers' pictures to records, and from released files to their manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from studio.pipeline.keys import trust
from studio.pipeline.records import ledger

if TYPE_CHECKING:
    from provenance.resolution import Match


def soft_binding_algorithms() -> dict[str, list[str]]:
    """What can be asked for: names on C2PA's list, by `watermarks` and `fingerprints`."""
    from provenance.resolution import ALGORITHMS, Kind

    return {str(kind): [name for name, algorithm in ALGORITHMS.items() if algorithm.kind is kind] for kind in Kind}


def matches_by_binding(name: str, value: str, *, most: int) -> list[Match]:
    """The recorded files with a soft binding. Raises ValueError naming the field, LedgerUnavailableError."""
    from provenance.resolution import by_binding

    return by_binding(ledger(), name, value, most=most)


def matches_by_content(data: bytes, *, most: int) -> list[Match]:
    """The recorded files that a stranger's picture may be of, parsed in a limited process.

    Raises UnreadableAssetError for what is no picture, LedgerUnavailableError.
    """
    from provenance.resolution import by_content

    return by_content(data, trust=trust(), ledger=ledger(), most=most, watermark=settings.WATERMARK)


def manifest_store(data: bytes, media_type: str, *, active_only: bool) -> bytes:
    """The C2PA manifest store in a file of ours, or one with its active manifest alone. Raises ValueError for none."""
    from provenance import jumbf

    store = jumbf.manifest_store(data, media_type)
    if store is None:
        raise ValueError("file: it holds no manifest store")
    return jumbf.active_manifest(store) if active_only else store
