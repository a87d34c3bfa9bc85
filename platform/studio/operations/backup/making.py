"""Makes a backup: both databases as of one moment, then the files."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from tqdm import tqdm

from studio import pipeline
from studio.operations.backup import databases
from studio.operations.backup.manifest import LEDGER, WATERMARK_KEY, BackupError, Listing, Manifest
from studio.operations.backup.parts import Part, parts

SECRETS = ("SECRET_KEY", "VAULT_KEY", "TRUST_PASSPHRASE", "the passwords in DATABASE_URL, LEDGER_URL and their like")
KEYS = ("the signing keys of TRUST_DIR", WATERMARK_KEY)
STORES = ("the files of STORAGE_URL", "those of QUARANTINE_URL")


def make(folder: Path, *, now: datetime, keys: bool = False, files: bool = True, quiet: bool = False) -> Manifest:
    """Back the installation up into a folder that is empty or not there yet.

    Without `files` the two stores are left out, for installations whose buckets are kept safe by their own means. With
    `keys` the key files are taken along, as they lie: under their passphrase. Raises BackupError, OSError,
    LedgerUnavailableError; the folder then has no manifest, and is no backup.
    """
    _prepare(folder)
    listing, already = Listing(folder), set[str]()
    chosen = parts(files=files, keys=keys)
    with databases.snapshot() as studio:
        # What the databases say as of their moment may be removed from there while they are copied.
        _copy([part for part in chosen if part.fleeting], listing, already=already, quiet=quiet)
        logs = pipeline.copy_ledger(folder / LEDGER, meanwhile=studio.take)
        database = studio.write(folder)
    for name in (LEDGER, database):
        listing.note(name)
    damaged = _copy(chosen, listing, already=already, quiet=quiet)
    manifest = Manifest(
        made=now.isoformat(),
        database={"engine": connection.vendor, "version": _server(), "file": database},
        migrations=sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()),
        logs=[asdict(log) for log in logs],
        places={"ROOT": str(settings.ROOT), "MODELS_DIR": str(settings.MODELS_DIR)},
        files=listing.files,
        bytes=listing.bytes,
        list_sha256=listing.close(),
        damaged=damaged,
        left_out=[*SECRETS, *(() if keys else KEYS), *(() if files else STORES)],
    )
    manifest.write(folder)
    return manifest


def _prepare(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty: name a new folder for each backup.")
    folder.chmod(0o700)


def _copy(chosen: Iterable[Part], listing: Listing, *, already: set[str], quiet: bool) -> list[str]:
    """Copy what is not there already; returns the signed files that were altered where they are kept.

    Those are left out: a good copy in an older backup must not be replaced by them.
    """
    damaged = []
    for part in chosen:
        for name in tqdm(part.names(), desc=part.name, unit="file", disable=True if quiet else None):
            path = part.path(name)
            if path in already:
                continue
            expected = Path(name).name if part.by_digest else None
            # What is gone by now was erased or has moved on; the check after a restoration names what is missed.
            with suppress(FileNotFoundError), part.store.open(name) as stream:
                already.add(path)
                if not listing.take(path, stream, expected=expected):
                    damaged.append(name)
    return damaged


def _server() -> str:
    facts: Any = connection.get_database_version()
    return ".".join(str(part) for part in facts)
