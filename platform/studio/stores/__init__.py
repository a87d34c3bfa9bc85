"""Where files are kept: a folder of this machine or a network share, or a bucket that speaks S3.

A store keeps bytes under names like `ab/abcdef…`, whole or not at all, and never looks into them. What the names mean
is the business of `studio.blobs` (signed files) and `studio.quarantine` (sealed bytes of what is not signed yet).

Whatever goes wrong is an OSError, whichever kind of store it is; a name that is not there is a FileNotFoundError.
"""

from studio.stores.folder import write_whole
from studio.stores.store import Place, Store, Stored, at, is_away

__all__ = ["Place", "Store", "Stored", "at", "is_away", "write_whole"]
