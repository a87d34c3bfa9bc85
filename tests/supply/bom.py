"""The bill of materials: CycloneDX 1.6 of what is installed, written by its own tool, with the scope of each component.

`required` is what the product needs to run, `optional` what requirements-ocr.txt adds, `excluded` (the standard's word
for what is only used to build and test) all the rest.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.spdx import is_supported_id
from packaging.utils import canonicalize_name

from tests.supply.packages import OPTIONAL, SHIPPED, closure, licence

TOOL = Path(sys.executable).with_name("cyclonedx-py")


def write(target: Path) -> dict[str, Any]:
    """Write it; returns the document. Raises CalledProcessError with the tool's words."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [str(TOOL), "environment", sys.prefix, "--of", "JSON", "--sv", "1.6", "--no-validate"]
    done = subprocess.run([*command, "--output-reproducible"], capture_output=True, text=True, check=True)
    document: dict[str, Any] = json.loads(done.stdout)
    needed, added = closure(SHIPPED), closure(OPTIONAL)
    for component in document["components"]:
        name = canonicalize_name(component["name"])
        component["scope"] = "required" if name in needed else "optional" if name in added else "excluded"
        words = licence(name)
        if not component.get("licenses") and words:
            # Names that are none of SPDX's are kept as they are told.
            known = "id" if is_supported_id(words) else "name"
            component["licenses"] = [{"license": {known: words, "acknowledgement": "concluded"}}]
    target.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return document
