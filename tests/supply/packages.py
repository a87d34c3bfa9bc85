"""Pinned requirements, what they bring along, and under which licence each is, from what is installed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "requirements.txt"
OPTIONAL = ROOT / "requirements-ocr.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"
BENCH = ROOT / "requirements-bench.txt"
# Their wheels declare none, or two that cannot both be meant; each was read in the package's own licence file.
READ = {"protobuf": "BSD-3-Clause", "qrcode": "BSD-3-Clause", "transformers": "Apache-2.0", "uharfbuzz": "Apache-2.0"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a requirements file; `version` is empty where it is not pinned to exactly one."""

    name: str
    version: str
    requirement: Requirement


def lines(path: Path) -> list[Line]:
    """What a requirements file asks for itself, without the files that it includes."""
    found = []
    for text in path.read_text(encoding="utf-8").splitlines():
        words = text.partition("#")[0].strip()
        if not words or words.startswith("-r "):
            continue
        requirement = Requirement(words)
        exact = re.fullmatch(r"==([^*,]+)", str(requirement.specifier))
        found.append(Line(canonicalize_name(requirement.name), exact[1] if exact else "", requirement))
    return found


def closure(*paths: Path) -> dict[str, str]:
    """Everything that is installed because of some files: names and versions. What is not installed is left out."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [_asked(line.requirement) for path in paths for line in lines(path) if _meant(line.requirement)]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = distribution.version
        brought = map(Requirement, distribution.requires or ())
        waiting += [_asked(one) for one in brought if _meant(one, *extras)]
    return found


def _asked(requirement: Requirement) -> tuple[str, frozenset[str]]:
    return canonicalize_name(requirement.name), frozenset(requirement.extras)


def _meant(requirement: Requirement, *extras: str) -> bool:
    """Whether its marker holds on this machine, with any of the extras."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def licence(name: str) -> str:
    """What an installed package says that it is under, in its own words; empty where it says nothing."""
    if read := READ.get(canonicalize_name(name)):
        return read
    facts = metadata.metadata(name)
    if expression := facts.get("License-Expression"):
        return str(expression)
    classifiers = [str(line) for line in facts.get_all("Classifier", []) if line.startswith("License :: ")]
    named = " AND ".join(sorted({line.rpartition(" :: ")[2] for line in classifiers} - {"OSI Approved"}))
    stated = str(facts.get("License") or "").strip().partition("\n")[0]
    return named or (stated if stated != "UNKNOWN" else "")


def described() -> set[str]:
    """The packages that docs/dependencies.md names: in the first cell of a table, or as code in its text."""
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    return {canonicalize_name(name) for name in _named(text)}


def _named(text: str) -> Iterator[str]:
    for row in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE):
        yield from (name.strip() for name in row.split(","))
    yield from re.findall(r"`([A-Za-z0-9_.-]+)`", text)
