"""Every pin, its licence, the bill of materials, and an audit that says when it was none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from tests.ports import free_port
from tests.supply import audit, bom, check
from tests.supply.packages import SHIPPED, closure, licence, lines


def test_nothing_is_wrong_with_what_is_pinned() -> None:
    assert list(check.faults()) == []


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("GPL-3.0-or-later", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("AGPL-3.0-only", True),
        ("GNU Affero General Public License v3", True),
        ("Other/Proprietary License", True),
        ("CC-BY-NC-4.0", True),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("MPL-2.0 AND MIT", False),
        ("BSD License", False),
    ],
)
def test_licences_that_bind_others_are_refused(words: str, refused: bool) -> None:
    assert bool(list(check._licensed("a-package", words))) == refused


def test_what_is_not_pinned_not_described_or_not_licensed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = tmp_path / "requirements.txt"
    written.write_text("Django>=5.2\nsomething-new==1.0\n# a comment\n-r other.txt\n")
    monkeypatch.setattr(check, "SHIPPED", written)
    told = "\n".join(check.faults())
    assert "Django>=5.2 is not pinned to one version" in told
    assert "something-new has no line in docs/dependencies.md" in told
    assert "a-package declares no licence" in "\n".join(check._licensed("a-package", ""))


def test_what_packages_bring_along_is_known() -> None:
    found = closure(SHIPPED)
    assert {line.name for line in lines(SHIPPED)} <= found.keys()
    assert {"fido2", "vine", "botocore", "asgiref"} <= found.keys(), "of extras, and of what those bring"
    assert not {"pytest", "mypy", "rapidocr-onnxruntime"} & found.keys()
    assert licence("django") == "BSD-3-Clause"


def test_the_bill_of_materials_is_whole(tmp_path: Path) -> None:
    document = bom.write(tmp_path / "sbom.cdx.json")
    text = (tmp_path / "sbom.cdx.json").read_text(encoding="utf-8")
    assert json.loads(text) == document
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components = {canonicalize_name(component["name"]): component for component in document["components"]}
    for name, version in closure(SHIPPED).items():
        component = components[name]
        assert (component["version"], component["scope"]) == (version, "required"), name
        assert component["licenses"], name
        assert component["purl"].startswith("pkg:pypi/"), name
    assert components["pytest"]["scope"] == "excluded"


def test_an_audit_tells_holes_from_not_knowing() -> None:
    whole = {"dependencies": [{"name": "a", "version": "1", "vulns": []}], "fixes": []}
    assert audit.judged(whole) == audit.Outcome([], "")
    assert audit.judged(whole).status == 0
    hole = {"id": "PYSEC-1", "fix_versions": ["2"], "aliases": [], "description": ""}
    holed = audit.judged({"dependencies": [{"name": "a", "version": "1", "vulns": [hole]}]})
    assert (holed.status, list(holed.holes)) == (1, ["a 1: PYSEC-1, mended by 2"])
    skipped = audit.judged({"dependencies": [{"name": "a", "skip_reason": "Dependency not found on PyPI"}]})
    assert (skipped.status, "1 packages are unknown to the service, a" in skipped.not_audited) == (2, True)


def test_where_nobody_can_be_asked_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = audit.audit(f"http://127.0.0.1:{free_port()}/{{name}}/{{version}}")
    assert (outcome.status, "cannot be asked (ConnectError)" in outcome.not_audited) == (2, True)
    closed = {"HTTPS_PROXY": f"http://127.0.0.1:{free_port()}", "PATH": "/usr/bin:/bin"}

    def run(*options: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "tests.supply", "audit", *options]
        done = subprocess.run(command, env=closed, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    status, words = run()
    assert (status, words.startswith("not audited: ")) == (2, True)
    assert run("--where-possible") == (0, words)
