"""Check an Imprimatur evidence pack. Needs Python 3.11 or newer and the package `cryptography`, nothing else.

    python verify_pack.py                    in the folder where the pack was unpacked
    python verify_pack.py pack.zip           on the pack itself
    python verify_pack.py pack.zip --vkey "<verifier key you were given elsewhere>"

It checks that every file is complete, that every picture is the one that was recorded, that every record is in the log
whose checkpoint was signed, and, if the package `c2pa-python` is installed, the Content Credentials in the pictures.
A pack can be forged as a whole, keys included: compare the fingerprints it prints with those that the organisation
publishes elsewhere, or pass --vkey. It ends with status 0 if everything holds, 1 if anything does not.
"""

import argparse
import base64
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SUMS = "SHA256SUMS"


class Failure(Exception):  # noqa: N818  # it is what the reader of the output is told: a check failed
    """A check that did not hold."""


def main(arguments: list[str] | None = None) -> int:
    """Run all checks, say what was found, and return the exit status."""
    parser = argparse.ArgumentParser(description="Check an evidence pack.", epilog="python verify_pack.py pack.zip")
    parser.add_argument("pack", nargs="?", default=str(Path(__file__).parent), help="the zip, or the unpacked folder")
    parser.add_argument("--vkey", help="the verifier key of the log, obtained from somewhere else than this pack")
    options = parser.parse_args(arguments)
    try:
        for line in check(read_files(Path(options.pack)), options.vkey):
            sys.stdout.write(f"{line}\n")
    except (Failure, OSError, zipfile.BadZipFile) as error:
        sys.stdout.write(f"FAILED: {error}\n")
        return 1
    sys.stdout.write("ALL CHECKS HOLD\n")
    return 0


def read_files(pack: Path) -> dict[str, bytes]:
    """All files of the pack by name, without a trace of what only lies beside them."""
    if pack.is_dir():
        found = {path.relative_to(pack).as_posix(): path.read_bytes() for path in pack.rglob("*") if path.is_file()}
        return {name: data for name, data in found.items() if "__pycache__" not in name}
    with zipfile.ZipFile(pack) as archive:
        names = archive.namelist()
        if len(set(names)) != len(names):
            raise Failure("the zip holds two files of one name")
        return {name: archive.read(name) for name in names}


def check(files: dict[str, bytes], vkey: str | None) -> Iterator[str]:
    """Every check in turn, a sentence for each; Failure at the first that does not hold."""
    try:
        yield from _check(files, vkey)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        raise Failure(f"the pack is damaged ({type(error).__name__}: {error})") from error


def _check(files: dict[str, bytes], vkey: str | None) -> Iterator[str]:
    yield f"{check_sums(files)} files are complete and unchanged since the pack was made."
    index = json.loads(files["pack.json"])
    origin, size, root, key = check_checkpoint(files["checkpoint.txt"].decode(), index["vkeys"], vkey)
    if origin != index["log"]:
        raise Failure(f"the checkpoint is of the log {origin}, the pack is of {index['log']}")
    yield f"The checkpoint of the log {origin}, {size} entries, was signed by {key}."
    entries = {item["sequence"]: check_entry(files[item["file"]], item, size, root) for item in index["entries"]}
    yield f"{len(entries)} entries are in that log, each proven by its path to the checkpoint's root."
    for picture in index["pictures"]:
        yield check_picture(files[picture["file"]], picture, entries)
    yield check_credentials(files, index)
    roots = files["trust/roots.pem"]
    yield f"Fingerprint of the trust roots (SHA-256 of trust/roots.pem): {hashlib.sha256(roots).hexdigest()}"


def check_sums(files: dict[str, bytes]) -> int:
    """Compare every file with the list of digests; no file may be missing or extra."""
    lines = [line.partition("  ") for line in files[SUMS].decode().splitlines()]
    listed = {name: digest for digest, _, name in lines}
    if set(listed) != set(files) - {SUMS}:
        raise Failure(f"files missing or added: {sorted(set(listed) ^ (set(files) - {SUMS}))}")
    for name, digest in listed.items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise Failure(f"{name} was changed after the pack was made")
    return len(listed)


def check_checkpoint(note: str, vkeys: list[str], wanted: str | None) -> tuple[str, int, bytes, str]:
    """Origin, size, root and key of the checkpoint, after its Ed25519 signature was checked (C2SP signed-note)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    lines = text.split("\n")
    for vkey in [wanted] if wanted else vkeys:
        name, identifier, encoded = vkey.strip().split("+", 2)
        key = base64.b64decode(encoded)
        if hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() != identifier:
            raise Failure(f"the verifier key {name} does not fit its own identifier")
        for line in signatures.splitlines():
            signature = base64.b64decode(line.rpartition(" ")[2])
            if not line.startswith(f"\u2014 {name} ") or signature[:4].hex() != identifier:
                continue
            try:
                Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], text.encode())
            except InvalidSignature:
                raise Failure(f"the checkpoint's signature by {name} does not hold") from None
            return lines[0], int(lines[1]), base64.b64decode(lines[2]), f"{name}+{identifier}"
    raise Failure("the checkpoint was not signed by the given key" if wanted else "no key signed the checkpoint")


def check_entry(canonical: bytes, item: dict[str, Any], size: int, root: bytes) -> dict[str, Any]:
    """The entry, after its path to the root was followed (RFC 6962, RFC 9162 section 2.1.3.2)."""
    position, last = item["sequence"], size - 1
    if not 0 <= position <= last:
        raise Failure(f"entry {position} is not among the {size} entries of the checkpoint")
    running = hashlib.sha256(b"\x00" + canonical).digest()
    for sibling in map(bytes.fromhex, item["proof"]):
        if position & 1 or position == last:
            running = hashlib.sha256(b"\x01" + sibling + running).digest()
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            running = hashlib.sha256(b"\x01" + running + sibling).digest()
        position, last = position >> 1, last >> 1
    if last != 0 or running != root:
        raise Failure(f"entry {item['sequence']} is not in the log that the checkpoint signed")
    return dict(json.loads(canonical))


def check_picture(data: bytes, picture: dict[str, Any], entries: dict[int, dict[str, Any]]) -> str:
    """That an entry of the picture's record names exactly this file; says how the record stands."""
    digest = hashlib.sha256(data).hexdigest()
    history = [entries[sequence] for sequence in picture["entries"]]
    if any(entry["record"] != picture["record"] for entry in history):
        raise Failure(f"{picture['file']}: an entry listed for it is about another picture")
    kinds = [entry["kind"] for entry in history if (entry["asset"] or {}).get("sha256") == digest]
    if not {"picture", "release", "rendition"}.intersection(kinds):
        raise Failure(f"{picture['file']}: no entry records this file")
    standing = "recorded, not released"
    if "release" in kinds:
        standing = "released"
    if any(entry["kind"] == "withdrawal" for entry in history):
        standing = "withdrawn"
    return f"{picture['file']}: {picture['record']}, {standing}."


def check_credentials(files: dict[str, bytes], index: dict[str, Any]) -> str:
    """The pictures' Content Credentials against the pack's roots, where the C2PA SDK is installed."""
    try:
        import c2pa
    except ImportError:
        return "C2PA not checked: install c2pa-python to check the Content Credentials in the pictures."
    settings = {
        "trust": {
            "trust_anchors": files["trust/roots.pem"].decode(),
            "trust_config": "1.3.6.1.4.1.62558.2.1\n1.3.6.1.5.5.7.3.4",
        },
        "verify": {"remote_manifest_fetch": False},
    }
    for picture in index["pictures"]:
        data = io.BytesIO(files[picture["file"]])
        try:
            with c2pa.Reader(picture["media_type"], data, context=c2pa.Context.from_dict(settings)) as reader:
                state, report = reader.get_validation_state(), json.loads(reader.json())
        except c2pa.C2paError as error:
            raise Failure(f"{picture['file']}: its Content Credentials cannot be read ({error})") from error
        manifest = report["manifests"][report["active_manifest"]]
        facts = {item["label"]: item["data"] for item in manifest["assertions"]}
        if state != "Trusted" or facts["org.imprimatur.governance"]["record"] != picture["record"]:
            raise Failure(f"{picture['file']}: its Content Credentials are {state} or are about another picture")
    return f"The Content Credentials of {len(index['pictures'])} pictures are intact and end in the pack's roots."


if __name__ == "__main__":
    sys.exit(main())
