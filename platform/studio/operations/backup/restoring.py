"""Restores a backup into an installation that has nothing yet, and looks whether everything agrees then.

The files come first, then the ledger, then the studio's database: a web process that was started too early finds no
accounts, rather than pictures without their files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from tqdm import tqdm

from studio import pipeline, quarantine, vault
from studio.accounts.models import Organisation, SubjectKey
from studio.audit.integrity import Problem, ledger_problems, problems
from studio.catalogue.models import Model
from studio.jobs import finishing
from studio.jobs.models import Picture
from studio.jobs.queue import JOINED
from studio.jobs.states import PictureState
from studio.operations.backup import databases
from studio.operations.backup.manifest import (
    FILES,
    LEDGER,
    WATERMARK_KEY,
    BackupError,
    Entry,
    Manifest,
    checked,
)
from studio.operations.backup.parts import Part, parts, protect
from studio.quarantine import Kind
from studio.trail import actions as trail

# Pictures whose pixels nobody has signed yet.
UNSIGNED = (PictureState.GENERATED, PictureState.CHECKED, PictureState.QUARANTINED)
LOST = "its pixels were not in the backup that the installation was restored from"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it. `owed` entries were appended that the ledger had not got yet; `discarded` pictures had lost
    their pixels; `concerns` are what somebody has to see to, `problems` what does not agree."""

    manifest: Manifest
    owed: int
    discarded: int
    concerns: list[str]
    problems: list[Problem]


def verify(folder: Path, *, quiet: bool = False) -> Manifest:
    """The manifest of a backup all of whose files are as they were made. Raises BackupError."""
    manifest = Manifest.read(folder)
    for entry in tqdm(manifest.entries(folder), desc="looking", unit="file", disable=True if quiet else None):
        checked(entry, folder)
    return manifest


def restore(folder: Path, *, now: datetime, outside: Path | None = None, quiet: bool = False) -> Restored:
    """Restore a backup here. `outside` is a folder of checkpoints that were kept elsewhere.

    Raises BackupError, whose words say so where something was written already; OSError, LedgerUnavailableError.
    """
    manifest = verify(folder, quiet=quiet)
    database = folder / manifest.database["file"]
    _require_fitting(manifest)
    databases.require_readable(database)
    _require_empty()
    _restore_files(manifest, folder, quiet=quiet)
    pipeline.restore_ledger(folder / LEDGER)
    try:
        databases.restore(database)
    except BackupError as error:
        raise BackupError(f"{error} The ledger is restored already: empty LEDGER_URL before the next try.") from error
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    _move_models(manifest)
    outside = outside or _kept_elsewhere()
    behind = [problem for each in Organisation.objects.all() for problem in ledger_problems(each, outside)]
    # A ledger that is not what was signed gets nothing more: somebody may still find a newer backup.
    owed, discarded = (0, 0) if behind else (_settle(), _discard_lost(now))
    for organisation in Organisation.objects.all():
        trail.note(
            actor=None,
            verb="installation.restore",
            subject=organisation,
            organisation=organisation.pk,
            at=now,
            made=manifest.made,
            discarded=discarded,
        )
    found = list(problems(now=timezone.now(), outside=outside))
    return Restored(manifest, owed, discarded, list(_concerns(outside)), found)


def _kept_elsewhere() -> Path | None:
    """The second place for checkpoints, where it has any."""
    place = Path(settings.CHECKPOINT_COPY_DIR) if settings.CHECKPOINT_COPY_DIR else None
    return place if place is not None and any(place.glob("*.txt")) else None


def _require_fitting(manifest: Manifest) -> None:
    here = MigrationLoader(None).disk_migrations
    known = {f"{app}.{name}" for key, step in here.items() for app, name in (key, *step.replaces)}
    if newer := sorted(set(manifest.migrations) - known):
        raise BackupError(
            f"The backup is of a later version, which has {newer[0]}: restore it with that version, or a later one."
        )
    mark = pipeline.watermark_key()
    if mark is not None and not mark.exists() and WATERMARK_KEY in manifest.left_out:
        raise BackupError(
            f"The watermark's key is neither in the backup nor at {mark}: bring it there first, or, if it is lost, set"
            " WATERMARK to nothing; marks made with it can then not be read."
        )


def _require_empty() -> None:
    if not databases.is_empty():
        raise BackupError("DATABASE_URL has tables already: a backup is restored into an empty database alone.")
    if not pipeline.ledger_is_empty():
        raise BackupError("LEDGER_URL has entries already: a backup is restored into an empty ledger alone.")


def _restore_files(manifest: Manifest, folder: Path, *, quiet: bool) -> None:
    """Put every file where it belongs. What is there already and the same stays; what differs is not written over."""
    for entry, part, name in _placed(manifest, folder):
        if not part.by_digest and part.store.has(name) and not _same(part, name, folder / entry.path):
            raise BackupError(f"{part.store}/{name} is there already and is another file; nothing was restored.")
    for entry, part, name in tqdm(_placed(manifest, folder), desc="files", disable=True if quiet else None):
        if not part.store.has(name):
            part.store.take(name, folder / entry.path)
            protect(part, name)


def _placed(manifest: Manifest, folder: Path) -> Iterator[tuple[Entry, Part, str]]:
    """Each file with where it goes. Raises BackupError for one that goes nowhere."""
    kinds = {part.name: part for part in parts()}
    for entry in manifest.entries(folder):
        top, _, rest = entry.path.partition("/")
        if top != FILES:
            continue
        kind, _, name = rest.partition("/")
        part = kinds.get(kind)
        key = pipeline.watermark_key()
        if part is not None and kind == "watermark" and key is not None:
            name = key.name
        if part is None or not part.wanted(name):
            raise BackupError(f"{entry.path} has no place in this installation.")
        yield entry, part, name


def _same(part: Part, name: str, file: Path) -> bool:
    with part.store.open(name) as there:
        return there.read() == file.read_bytes()


def _move_models(manifest: Manifest) -> None:
    """Let models name their folders where they lie now."""
    for name, here in (("MODELS_DIR", settings.MODELS_DIR), ("ROOT", settings.ROOT)):
        there = Path(manifest.places[name])
        for model in Model.objects.all():
            if there != here and Path(model.folder).is_relative_to(there):
                folder = here / Path(model.folder).relative_to(there)
                Model.objects.filter(pk=model.pk).update(folder=str(folder))


def _settle() -> int:
    """Append what was committed to, and had not reached the ledger at the backup's moment."""
    owed = list(trail.pending())
    for intent in owed:
        trail.settle(intent, at=timezone.now())
    return len(owed)


def _discard_lost(now: datetime) -> int:
    """End, with an entry each, the pictures on their way whose pixels are gone."""
    lost = 0
    for picture in Picture.objects.filter(state__in=UNSIGNED).select_related(*JOINED):
        if not quarantine.place(Kind.PIXELS, picture.pk).exists():
            finishing.discard(picture, picture.state, reason=LOST, at=now)
            lost += 1
    return lost


def _concerns(outside: Path | None) -> Iterator[str]:
    """What the rows need and this installation does not have, and what could not be compared."""
    if outside is None and not any(settings.CHECKPOINT_DIR.glob("*.txt")):
        yield "Whether the backup is the newest nobody can tell: give --outside the checkpoints kept elsewhere."
    for model in Model.objects.filter(state=Model.State.APPROVED):
        if not Path(model.folder).is_dir():
            yield f"The model {model.title} is not at {model.folder}: bring it there, or withdraw it."
    wrapped = SubjectKey.objects.values_list("wrapped", flat=True).first()
    if wrapped is not None:
        try:
            vault.seal(b"", key=bytes(wrapped), purpose="a restoration's check")
        except vault.VaultKeyError:
            yield "VAULT_KEY is not the one of the backup: sealed words and pictures do not open. Set it as it was."
    slugs = Organisation.objects.order_by("slug").values_list("slug", flat=True)
    if missing := ", ".join(slug for slug in slugs if not _keys_lie(slug)):
        yield f"TRUST_DIR has no signing keys for {missing}: bring them to the sign worker (docs/keys.md)."


def _keys_lie(slug: str) -> bool:
    folder = pipeline.trust_folder(slug)
    return any(folder.glob("leaf-*.key.pem")) or any(folder.glob("leaf-*.uri"))
