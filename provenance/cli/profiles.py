"""`profiles FILE…` and `survival FILE…`: which label fields a file carries, and what is left of its marks after use."""

import argparse
import json
import sys
from pathlib import Path

from provenance.cli import options as shared
from provenance.errors import UnreadableAssetError
from provenance.pictures import MOST_BYTES
from provenance.profiles import Profile, profiles, read_contents
from provenance.survival import Survivors, survival


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both commands."""
    example = "example: python -m provenance profiles picture.png --trust var/trust --json"
    parser = commands.add_parser(
        "profiles",
        help="say which law's label fields a file carries",
        description="Read the fields from the file's own bytes. Exit status 0 if every profile is complete, 1 if not.",
        epilog=example,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    shared.add_trust(parser)
    shared.add_watermark(parser)
    shared.add_json(parser)
    parser.set_defaults(run=_profiles)
    report = commands.add_parser(
        "survival",
        help="say what is left of a picture's marks after common transforms",
        description="Carry out each transform and look again. Exit status 0 unless a file is unreadable.",
        epilog="example: python -m provenance survival picture.png --trust var/trust",
    )
    report.add_argument("files", nargs="+", type=Path, metavar="FILE")
    shared.add_trust(report)
    shared.add_watermark(report)
    shared.add_json(report)
    report.set_defaults(run=_survival)


def _profiles(options: argparse.Namespace) -> int:
    roots, mark = shared.trust_store(options).anchors.all_pem, shared.any_watermark(options)
    complete = True
    for path in options.files:
        found = profiles(read_contents(_read(path), roots_pem=roots, watermark=mark))
        complete = complete and not any(profile.missing for profile in found)
        if options.json:
            answer = {"file": str(path), "profiles": [profile.to_json() for profile in found]}
            sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        else:
            sys.stdout.write(f"{path}\n" + "".join(_lines(profile) for profile in found))
    return 0 if complete else 1


def _lines(profile: Profile) -> str:
    rows = [f"    {'yes' if field.present else 'NO ':3}  {field.name}: {field.where}\n" for field in profile.fields]
    beyond = f"    not a matter of the file: {', '.join(profile.beyond)}\n" if profile.beyond else ""
    return f"  {profile.sentence}\n{''.join(rows)}{beyond}"


def _survival(options: argparse.Namespace) -> int:
    roots, mark = shared.trust_store(options).anchors.all_pem, shared.any_watermark(options)
    for path in options.files:
        rows = survival(_read(path), roots_pem=roots, watermark=mark)
        if options.json:
            answer = {"file": str(path), "survival": [row.to_json() for row in rows]}
            sys.stdout.write(json.dumps(answer) + "\n")
        else:
            sys.stdout.write(f"{path}\n" + "".join(_row(row) for row in rows))
    return 0


def _row(row: Survivors) -> str:
    found = {None: "-", True: "found", False: "lost"}
    described = "kept" if row.xmp else "gone"
    return (
        f"  {row.transform:24} manifest {row.manifest:8} XMP {described:5} watermark {found[row.watermark]:6}"
        f" fingerprint {found[row.fingerprint]}{'' if row.bits is None else f' ({row.bits} bits)'}\n"
    )


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UnreadableAssetError(f"{path}: more than {MOST_BYTES} bytes")
    return data
