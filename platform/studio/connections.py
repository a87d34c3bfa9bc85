"""Where a database, a cache or a mail server is: one URL each from the environment, in the form Django wants.

It opens nothing. Raises ImproperlyConfigured, which names the setting and what it may be.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# A full cache forgets, and whoever can fill it must not make it forget whom it has locked out.
ROOMY = {"MAX_ENTRIES": 100_000}
# Of one process. A database that was away is asked again at the next request, not when a schedule says so.
MOST_CONNECTIONS = 20
POOL = {"min_size": 0, "max_size": MOST_CONNECTIONS, "timeout": 5.0, "reconnect_timeout": 5.0, "max_idle": 60.0}


def database(url: str) -> dict[str, Any]:
    """Django's form of a `sqlite:///path` or `postgresql://user:password@host:port/name` URL.

    What libpq knows besides (`?sslmode=require`) is passed on to it.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]),
            # Tests use a file too: threads and processes then meet the locks they will meet in service.
            "TEST": {"NAME": f"{unquote(parts.path[1:])}.test"},
            "OPTIONS": {
                # IMMEDIATE takes the write lock when a transaction begins, so two writers queue instead of failing
                # half way.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "studio.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            # A socket's folder comes as ?host=/run/postgresql, as libpq writes it.
            "HOST": parts.hostname or query.pop("host", ""),
            "PORT": str(parts.port or ""),
            # Over ASGI every request has a thread of its own, so connections are a process's to keep, not a thread's.
            "OPTIONS": {**query, "pool": POOL},
        }
    raise ImproperlyConfigured(f"DATABASE_URL begins with {parts.scheme!r}; use sqlite:///… or postgresql://…")


def same_database(one: str, other: str) -> bool:
    """Whether two URLs name one database, by whatever user, spelling or options."""
    return _place(one) == _place(other)


def _place(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return ("sqlite", str(Path(unquote(parts.path[1:])).resolve()))
    host = unquote(parts.hostname or dict(parse_qsl(parts.query)).get("host", "")).lower()
    here = host in {"", "localhost", "127.0.0.1", "::1"} or host.startswith("/")
    return (parts.scheme.replace("postgresql", "postgres"), "" if here else host, str(parts.port or 5432), parts.path)


def cache(url: str, *, folder: Path) -> dict[str, Any]:
    """Django's form of `redis://…`, of `database` (a table of DATABASE_URL), or of nothing: files in `folder`."""
    if url.startswith("redis"):
        quick = {"socket_connect_timeout": 1, "socket_timeout": 2}
        return {"BACKEND": "studio.rediscache.SteadyRedis", "LOCATION": url, "OPTIONS": quick}
    if url == "database":
        return {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "studio_cache", "OPTIONS": ROOMY}
    if url:
        raise ImproperlyConfigured(f"CACHE_URL is {url!r}; use redis://… or database, or leave it out.")
    return {"BACKEND": "studio.filecache.SharedFiles", "LOCATION": str(folder)}


def email(url: str) -> dict[str, Any]:
    """Django's settings for `smtp://user:password@host:587` (STARTTLS; `?tls=off` for a relay without), `smtps://…`.

    With none, mails are printed on the terminal.
    """
    parts = urlsplit(url)
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme not in {"smtp", "smtps"}:
        raise ImproperlyConfigured(f"EMAIL_URL begins with {parts.scheme!r}; use smtp://… or smtps://….")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and dict(parse_qsl(parts.query)).get("tls") != "off",
        "EMAIL_TIMEOUT": 10,
    }
