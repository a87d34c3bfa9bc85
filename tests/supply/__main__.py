"""`python -m tests.supply check|sbom|audit`: see the package."""

import argparse
import sys
from pathlib import Path

from tests.supply import audit, bom, check


def main() -> int:
    """Run one of them; the exit status is what `make` sees."""
    parser = argparse.ArgumentParser(prog="python -m tests.supply", epilog="example: python -m tests.supply sbom")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("check", help="pins, licences, docs/dependencies.md; asks nobody")
    written = verbs.add_parser("sbom", help="write a bill of materials")
    written.add_argument("--out", type=Path, default=Path("var/sbom.cdx.json"))
    asked = verbs.add_parser("audit", help="ask for known holes")
    asked.add_argument("--where-possible", action="store_true", help="no failure where nobody can be asked")
    options = parser.parse_args()
    if options.verb == "check":
        found = list(check.faults())
        sys.stdout.write("".join(f"{fault}\n" for fault in found))
        return 1 if found else 0
    if options.verb == "sbom":
        components = bom.write(options.out)["components"]
        shipped = sum(component["scope"] == "required" for component in components)
        sys.stdout.write(f"{options.out}: {len(components)} components, {shipped} of them shipped\n")
        return 0
    outcome = audit.audit()
    sys.stdout.write("".join(f"{hole}\n" for hole in outcome.holes))
    sys.stdout.write(f"not audited: {outcome.not_audited}\n" if outcome.not_audited else "audited: every package\n")
    return 0 if options.where_possible and not outcome.holes else outcome.status


if __name__ == "__main__":
    sys.exit(main())
