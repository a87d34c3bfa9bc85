"""Which files go into a backup beside the databases, and where they lie in an installation.

Certificates are taken by their names, one by one: whatever else somebody put beside them, a passphrase for instance, is
none of them. Keys are a list of their own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from studio import blobs, pipeline, quarantine, stores
from studio.operations.backup.manifest import FILES
from studio.quarantine import Kind
from studio.stores.folder import Folder

KEY_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of files: its folder in a backup, its store here, and which of the store's names are meant.

    `by_digest`: each is named by its SHA-256. `fleeting`: they are removed in daily work, as pictures go their way.
    `secret`: for their owner alone.
    """

    name: str
    store: stores.Store
    wanted: Callable[[str], bool]
    by_digest: bool = False
    fleeting: bool = False
    secret: bool = False

    def names(self) -> Iterator[str]:
        """What is there now."""
        return (found.name for found in self.store.listed() if _whole(found.name) and self.wanted(found.name))

    def path(self, name: str) -> str:
        """Where a name's file lies in a backup."""
        return f"{FILES}/{self.name}/{name}"


def parts(*, files: bool = True, keys: bool = True) -> list[Part]:
    """All kinds of files; without `files` those of the stores are left out, and without `keys` the keys."""
    trust = Folder(settings.TRUST_DIR)
    found = [
        Part("signed", blobs.store(), lambda name: name.count("/") == 1, by_digest=True),
        # A report is here until it is whole, and made again otherwise.
        Part("quarantine", quarantine.store(), lambda name: not name.startswith(f"{Kind.REPORT}/"), fleeting=True),
    ]
    found = found if files else []
    found += [
        Part("models", Folder(settings.MODELS_DIR), lambda name: True),
        Part("trust", trust, lambda name: name.endswith((".pem", ".vkey")) and not is_key(name)),
    ]
    if keys:
        found.append(Part("keys", trust, is_key, secret=True))
        if path := pipeline.watermark_key():
            found.append(Part("watermark", Folder(path.parent), path.name.__eq__, secret=True))
    return found


def is_key(name: str) -> bool:
    """Whether a file of the trust directory is a key, or says where one is."""
    return name.endswith((".key.pem", ".uri"))


def protect(part: Part, name: str) -> None:
    """Give a restored key back to its owner alone."""
    if part.secret and isinstance(part.store, Folder):
        part.store.path(name).chmod(KEY_MODE)


def _whole(name: str) -> bool:
    """Not the half of a dead writer, whose name begins with a point."""
    return not Path(name).name.startswith(".")
