"""Known holes in what is shipped, asked of PyPI's advisories by pip-audit; who could not be asked about is said.

pip-audit itself calls a package that its service does not know "skipped" and ends well; here that is not an audit.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx

from tests.supply.packages import OPTIONAL, SHIPPED, closure

TOOL = Path(sys.executable).with_name("pip-audit")
SERVICE = "https://pypi.org/pypi/{name}/{version}/json"
PATIENCE_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: holes by package, and why not everything was audited (empty when it was)."""

    holes: Sequence[str]
    not_audited: str = ""

    @property
    def status(self) -> int:
        """The exit status of an audit: 0 nothing known, 1 holes, 2 nobody knows."""
        return 1 if self.holes else 2 if self.not_audited else 0


def audit(service: str = SERVICE) -> Outcome:
    """Ask about everything that is shipped."""
    if unreachable := _unreachable(service.format(name="django", version=metadata.version("django"))):
        return Outcome((), unreachable)
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder, "pins.txt")
        found = closure(SHIPPED, OPTIONAL)
        pins.write_text("".join(f"{name}=={version.partition('+')[0]}\n" for name, version in sorted(found.items())))
        command = [str(TOOL), "-r", str(pins), "--no-deps", "--disable-pip", "--format", "json"]
        done = subprocess.run([*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False)
    try:
        return judged(json.loads(done.stdout))
    except ValueError:
        return Outcome((), f"pip-audit failed: {done.stderr.strip().rpartition(chr(10))[2]}")


def judged(answer: Mapping[str, Any]) -> Outcome:
    """What pip-audit's JSON says."""
    holes, skipped = [], []
    for package in answer["dependencies"]:
        if "skip_reason" in package:
            skipped.append(package["name"])
        for hole in package.get("vulns", ()):
            fixed = ", ".join(hole["fix_versions"]) or "nothing yet"
            holes.append(f"{package['name']} {package['version']}: {hole['id']}, mended by {fixed}")
    words = f"{len(skipped)} packages are unknown to the service, {', '.join(skipped[:5])} …" if skipped else ""
    return Outcome(holes, words)


def _unreachable(service: str) -> str:
    """Why the service cannot be asked; empty when it can."""
    try:
        answer = httpx.get(service, timeout=PATIENCE_SECONDS)
        if answer.status_code == httpx.codes.OK and "vulnerabilities" in answer.json():
            return ""
    except (httpx.HTTPError, ValueError) as error:
        return f"{service} cannot be asked ({type(error).__name__})"
    return f"{service} has no advisories (status {answer.status_code})"
