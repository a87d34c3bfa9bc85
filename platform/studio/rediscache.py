"""Django's cache on Redis or Valkey, made to outlive it: while the server is away, each process counts by itself.

Limits so stay in force (each process allows its own share), and no request and no picture fails because of a cache.
What one process hands to another through it, previews of steps and answers of screens, is missing meanwhile.
"""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as NotReachedError
from redis.exceptions import TimeoutError as TooSlowError

logger = logging.getLogger(__name__)
# So long nobody asks again after a failure: a server that takes connections and never answers costs a second each time.
PAUSE_SECONDS = 5


class SteadyRedis(RedisCache):
    """A server that all processes share, or, while it is away, the memory of this process."""

    _away_until: ClassVar[float] = 0.0

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("while the server is away", params)

    @classmethod
    def is_away(cls) -> bool:
        """Whether the server did not answer when it was asked last, within the pause."""
        return monotonic() < cls._away_until

    def _either(self, shared: Callable[[], Any], own: Callable[[], Any]) -> Any:
        if self.is_away():
            return own()
        try:
            return shared()
        except (NotReachedError, TooSlowError) as error:
            logger.warning("the cache is not reached (%s); this process counts by itself", type(error).__name__)
            SteadyRedis._away_until = monotonic() + PAUSE_SECONDS
            return own()

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Count up. Raises ValueError where nothing is counted yet, unless it was counted where the server was not."""

        def shared() -> int:
            try:
                return super(SteadyRedis, self).incr(key, delta, version)
            except ValueError:
                if (counted := self._own.get(key, version=version)) is None:
                    raise
                super(SteadyRedis, self).add(key, counted, version=version)
                return super(SteadyRedis, self).incr(key, delta, version)

        def own() -> int:
            self._own.add(key, 0, version=version)
            return self._own.incr(key, delta, version=version)

        return int(self._either(shared, own))


def _passed_on(name: str) -> Callable[..., Any]:
    def method(self: SteadyRedis, *arguments: Any, **options: Any) -> Any:
        return self._either(
            lambda: getattr(RedisCache, name)(self, *arguments, **options),
            lambda: getattr(self._own, name)(*arguments, **options),
        )

    method.__name__, method.__doc__ = name, getattr(RedisCache, name).__doc__
    return method


for _name in ("add", "get", "set", "touch", "delete", "get_many", "has_key", "set_many", "delete_many", "clear"):
    setattr(SteadyRedis, _name, _passed_on(_name))
