"""Not waiting again and again for an authority that is silent.

The C2PA SDK waits half a minute for a time-stamp that does not come, and a queue of pictures would wait as often. After
one failure the others fail at once for a while, and then a short question of our own finds out whether to go on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from provenance.errors import SealError
from provenance.keys import SigningIdentity
from provenance.timestamps.client import request_stamp

_QUESTION = b"Are you there?"


@dataclass(slots=True)
class Patience:
    """What one process remembers of its authorities. `pause` and `timeout` are seconds, `clock` a monotonic one."""

    pause: float
    timeout: float
    clock: Callable[[], float]
    _silent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def watching(self, identity: SigningIdentity) -> Iterator[None]:
        """Sign inside. SealError, never permanent, without signing while the identity's authority is silent."""
        url = identity.timestamp_url or ""
        since = self._silent.get(url) if url else None
        if since is not None and self.clock() - since < self.pause:
            raise SealError(f"time-stamp: {url} did not answer a moment ago; it is asked again soon", permanent=False)
        try:
            if since is not None:
                request_stamp(url, _QUESTION, roots_pem=identity.anchors.time_roots_pem, timeout=self.timeout)
            yield
        except SealError as error:
            if not error.permanent:
                self._silent[url] = self.clock()
            raise
        self._silent.pop(url, None)
