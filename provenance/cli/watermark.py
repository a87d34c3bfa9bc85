"""`watermark key|embed|read`: make a key, put a mark into a picture, read it from one."""

import argparse
import json
import sys
from pathlib import Path

from provenance.cli import options as shared
from provenance.pictures import MOST_BYTES, Pixels, decode, encode, guess, to_image
from provenance.watermark import Watermark, create_key, mark_name, payload_of

_SUFFIXES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its three verbs."""
    example = "example: python -m provenance watermark"
    flags = "--watermark lattice:var/watermark.key"
    first = f"{example} key var/watermark.key"
    parser = commands.add_parser("watermark", help="put an imperceptible mark into a picture, read it", epilog=first)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    key = verbs.add_parser("key", help="make a new key; whoever has it can read, forge and damage marks", epilog=first)
    key.add_argument("file", type=Path, help="a file that does not exist yet")
    key.set_defaults(run=_key)
    embed = verbs.add_parser(
        "embed",
        help="write a picture with a mark in it",
        description="Pixels alone are kept: whatever else the file holds, a credential too, is not in the new one.",
        epilog=f"{example} embed in.png --out marked.png --payload 0123456789abcdef {flags}",
    )
    embed.add_argument("file", type=Path)
    embed.add_argument("--out", type=Path, required=True, help=f"the new file, {', '.join(_SUFFIXES)}")
    what = embed.add_mutually_exclusive_group(required=True)
    what.add_argument("--payload", metavar="HEX", help="the payload, two digits a byte")
    what.add_argument("--record", metavar="URN", help="a picture's urn:uuid:…, whose payload is derived from it")
    embed.set_defaults(run=_embed)
    read = verbs.add_parser(
        "read",
        help="say which mark pictures carry",
        description="Exit status 0 if every file carries a mark.",
        epilog=f"{example} read picture.jpg {flags} --json",
    )
    read.add_argument("files", nargs="+", type=Path, metavar="FILE")
    read.set_defaults(run=_read)
    for verb in (embed, read):
        shared.add_watermark(verb)
        shared.add_json(verb)


def _key(options: argparse.Namespace) -> int:
    create_key(options.file)
    sys.stdout.write(f"The key is in {options.file}. Keep a copy: without it no mark made with it can be read.\n")
    return 0


def _embed(options: argparse.Namespace) -> int:
    media_type = _SUFFIXES.get(options.out.suffix.lower())
    if media_type is None:
        raise ValueError(f"--out: {options.out} must end in one of {', '.join(_SUFFIXES)}")
    mark, pixels = shared.watermark(options), _pixels(options.file)
    payload = _payload(options, mark)
    marked = mark.embed(pixels.data, pixels.width, pixels.height, payload)
    options.out.write_bytes(encode(to_image(marked, pixels.width, pixels.height), media_type, xmp=b""))
    name = mark_name(mark.algorithm, payload)
    answer = json.dumps({"file": str(options.out), "watermark": name}) if options.json else f"{options.out}: {name}"
    sys.stdout.write(f"{answer}\n")
    return 0


def _payload(options: argparse.Namespace, mark: Watermark) -> bytes:
    if options.record:
        return payload_of(options.record, mark.capacity)
    payload = bytes.fromhex(options.payload)
    if len(payload) != mark.capacity:
        raise ValueError(f"--payload: {len(payload)} bytes; {mark.algorithm} carries {mark.capacity}")
    return payload


def _read(options: argparse.Namespace) -> int:
    mark, missing = shared.watermark(options), False
    for path in options.files:
        pixels = _pixels(path)
        found = mark.find(pixels.data, pixels.width, pixels.height)
        name = mark_name(mark.algorithm, found.payload) if found else None
        missing = missing or found is None
        answer = {"file": str(path), "watermark": name, "whole": found.whole if found else None}
        plain = f"{path}: {name or 'no mark'}"
        sys.stdout.write(f"{json.dumps(answer) if options.json else plain}\n")
    return 1 if missing else 0


def _pixels(path: Path) -> Pixels:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if guess(data) is None:
        raise ValueError(f"{path}: not a PNG, JPEG or WebP picture")
    return decode(data)
