"""What can be said of the dependencies without asking anybody; quick enough to be part of `make lint`."""

import re
from collections.abc import Iterator
from importlib import metadata

from tests.supply.packages import BENCH, DEVELOPMENT, OPTIONAL, SHIPPED, closure, described, licence, lines

# Whoever passes the product on would have to pass it on under these, or must not at all.
FORBIDDEN = re.compile(r"\bA?GPL|(?<!lesser )\bgeneral public|SSPL|BUSL|CC-BY-NC|proprietary", re.IGNORECASE)


def faults() -> Iterator[str]:
    """What is wrong, one thing a line, with what to do."""
    known = described()
    for path in (SHIPPED, OPTIONAL, DEVELOPMENT, BENCH):
        for line in lines(path):
            if not line.version:
                yield f"{path.name}: {line.requirement} is not pinned to one version; write {line.name}==…"
            if line.name not in known:
                yield f"{path.name}: {line.name} has no line in docs/dependencies.md; say what it is for"
    for line in lines(SHIPPED):
        yield from _installed(line.name, line.version)
    for name in sorted(closure(SHIPPED, OPTIONAL)):
        yield from _licensed(name, licence(name))


def _installed(name: str, version: str) -> Iterator[str]:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return
    if found.partition("+")[0] != version:
        yield f"requirements.txt pins {name} {version}, {found} is installed; run pip install -r requirements.txt"


def _licensed(name: str, words: str) -> Iterator[str]:
    if not words:
        yield f"{name} declares no licence; read it where it is developed and note it in tests/supply/packages.py"
    elif FORBIDDEN.search(words):
        yield f"{name} is under {words}, which must not be shipped; find another"
