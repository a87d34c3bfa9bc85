"""Fetches the pinned packages that drawings and words come from, with the npm client, and reads icons out of them.

Not a downloader of its own: npm checks the integrity of what it fetches, and install scripts never run.

Invariants:
- versions are exact; a cache folder that holds another version is refused, never used silently;
- an icon comes back as a complete SVG document, whatever aliases and flips the package used to store it.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.training.errors import DataError


@dataclass(frozen=True, slots=True)
class Package:
    """One pinned npm package: `licence` is an SPDX identifier, copied from the package at the pinned version."""

    name: str
    version: str
    licence: str


FLAT = Package("@iconify-json/fluent-emoji-flat", "1.2.6", "MIT")
NOTO = Package("@iconify-json/noto", "1.2.9", "Apache-2.0")
WORDS = Package("emojibase-data", "17.0.0", "MIT")
UPSCALER = Package("@upscalerjs/esrgan-slim", "1.0.0", "MIT")
THIRD = Package("@iconify-json/twemoji", "1.2.5", "CC-BY-4.0")
"""Drawings that no model here is trained on; fetched for measurements alone and never shipped."""

STYLES: dict[str, Package] = {"flat": FLAT, "noto": NOTO}
PACKAGES = (FLAT, NOTO, WORDS, UPSCALER)


def fetch(cache: Path, packages: tuple[Package, ...] = PACKAGES) -> None:
    """Install `packages` into `cache` (a folder of this purpose alone) and check their versions.

    Raises DataError when npm is missing or fails, or when a version is not the pinned one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    if not all((folder(cache, package) / "package.json").exists() for package in packages):
        wanted = [f"{package.name}@{package.version}" for package in packages]
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(cache), *wanted]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise DataError("npm is not installed: install Node.js with npm to fetch the drawings") from error
        except subprocess.CalledProcessError as error:
            raise DataError(f"npm could not fetch the packages: {error.stderr[-400:]}") from error
    for package in packages:
        found = json.loads((folder(cache, package) / "package.json").read_text())["version"]
        if found != package.version:
            raise DataError(f"cache holds {package.name} {found}, not {package.version}: empty the folder {cache}")


def folder(cache: Path, package: Package) -> Path:
    """Return where npm puts `package` inside the cache."""
    return cache / "node_modules" / package.name


class IconSet:
    """The drawings of one iconify package by slug."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    @classmethod
    def load(cls, cache: Path, package: Package) -> IconSet:
        """Read the package's icons.json (some tens of megabytes)."""
        return cls(json.loads((folder(cache, package) / "icons.json").read_text()))

    def __contains__(self, slug: str) -> bool:
        return slug in self._data["icons"] or slug in self._data.get("aliases", {})

    def svg(self, slug: str) -> str:
        """Return the icon as an SVG document. Raises DataError when the package has no such icon."""
        icon, flipped = self._resolve(slug)
        width = icon.get("width", self._data.get("width", 16))
        height = icon.get("height", self._data.get("height", 16))
        body = icon["body"]
        if flipped:
            body = f'<g transform="translate({width} 0) scale(-1 1)">{body}</g>'
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{body}</svg>'

    def _resolve(self, slug: str) -> tuple[dict[str, Any], bool]:
        flipped = False
        aliases = self._data.get("aliases", {})
        while slug in aliases:
            flipped ^= bool(aliases[slug].get("hFlip"))
            slug = aliases[slug]["parent"]
        if slug not in self._data["icons"]:
            raise DataError(f"the icon package has no icon {slug!r}: take it out of concepts.py")
        return self._data["icons"][slug], flipped
