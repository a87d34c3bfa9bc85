"""Check an Imprimatur evidence pack. Needs Python 3.11 or newer and the package `cryptography`, nothing else.

    python verify_pack.py                    in the folder where the pack was unpacked
    python verify_pack.py pack.zip           on the pack itself
    python verify_pack.py pack.zip --vkey "<verifier key you were given elsewhere>"

It checks that every file is complete, that every picture is the one that was recorded, that every record is in the log
whose checkpoint was signed, when an authority for time-stamps saw that log, and, if the package `c2pa-python` is
installed, the Content Credentials in the pictures, and that no signer was revoked by the lists in the pack.
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
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

SUMS = "SHA256SUMS"
# Object identifiers in DER, whole.
_TIME_STAMP_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_DIGESTS = {bytes.fromhex(f"060960864801650304020{n}"): f"sha{size}" for n, size in ((1, 256), (2, 384), (3, 512))}


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
        try:
            return {name: archive.read(name) for name in names}
        except (RuntimeError, EOFError, ValueError, zlib.error) as error:
            # A header that was changed may name a method or a password that no zip of ours has.
            raise Failure(f"the zip is damaged ({error})") from error


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
    yield check_anchor(files, index, vkey, size, root)
    for picture in index["pictures"]:
        yield check_picture(files[picture["file"]], picture, entries)
    yield from check_credentials(files, index)
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


def check_anchor(files: dict[str, bytes], index: dict[str, Any], vkey: str | None, size: int, root: bytes) -> str:
    """The time-stamp over an earlier checkpoint, or this one, and that this one goes on from it."""
    anchor = index.get("anchor")
    if anchor is None:
        return "No time-stamp is in the pack: when all this was recorded is the organisation's own word."
    statement, roots = files["anchor.txt"], files["trust/time-roots.pem"]
    at, authority = check_token(files["anchor.tst"], statement, roots)
    note = statement.decode().rpartition("\ntoken before: ")[0]
    origin, stamped, old, _ = check_checkpoint(note, index["vkeys"], vkey)
    if origin != index["log"] or stamped != anchor["size"]:
        raise Failure("the time-stamp is about another log or another checkpoint")
    check_consistency(stamped, size, old, root, [bytes.fromhex(step) for step in anchor["proof"]])
    return f"{authority} certified at {at:%Y-%m-%d %H:%M:%S} UTC that the first {stamped} entries of the log existed."


def check_consistency(old: int, new: int, before: bytes, after: bytes, proof: list[bytes]) -> None:
    """That the tree of `new` entries begins with that of `old` (RFC 9162 section 2.1.4.2)."""
    if old == new or old == 0:
        if proof or (old == new and before != after):
            raise Failure("the time-stamped checkpoint has another root than the pack's")
        return
    steps = iter(proof if old & (old - 1) else [before, *proof])
    first = second = next(steps, b"")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    for step in steps:
        if position & 1 or position == last:
            first = hashlib.sha256(b"\x01" + step + first).digest()
            second = hashlib.sha256(b"\x01" + step + second).digest()
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            second = hashlib.sha256(b"\x01" + second + step).digest()
        position, last = position >> 1, last >> 1
    if last != 0 or first != before or second != after:
        raise Failure("the pack's checkpoint does not go on from the time-stamped one: the log was rewritten")


def check_token(token: bytes, message: bytes, roots_pem: bytes) -> tuple[datetime, str]:
    """Time and authority of an RFC 3161 token over `message`, after its CMS signature and certificates were checked."""
    from cryptography import x509

    signed = _parts(_parts(_parts(_parts(token)[0][1])[1][1])[0][1])
    kind, content = _parts(signed[2][1])
    if kind[2] != _TIME_STAMP_INFO:
        raise Failure("the time-stamp holds something else than a time")
    information = _parts(content[1])[0][1]
    certificates = [x509.load_der_x509_certificate(part[2]) for part in _parts(signed[3][1])]
    leaf = _check_signature(_parts(_parts(signed[-1][1])[0][1]), information, certificates)
    facts = _parts(_parts(information)[0][1])
    digest, imprint = _parts(facts[2][1])
    if hashlib.new(_DIGESTS[_parts(digest[1])[0][2]], message).digest() != imprint[1]:
        raise Failure("the time-stamp is about something else")
    at = datetime.strptime(facts[4][1].decode().partition(".")[0].rstrip("Z"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not purposes.critical or [use.dotted_string for use in purposes.value] != [_TIME_STAMPING]:
        raise Failure("the time-stamp's certificate is for something else")
    _check_chain(leaf, certificates, x509.load_pem_x509_certificates(roots_pem), at)
    names = leaf.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return at, str(names[0].value) if names else leaf.subject.rfc4514_string()


def _check_signature(signer: list[tuple[int, bytes, bytes]], content: bytes, certificates: list[Any]) -> Any:
    """The certificate that signed a CMS content; `signer` is its SignerInfo (RFC 5652 section 5.3)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding

    issuer, serial = (part for part in _parts(signer[1][1]))
    number = int.from_bytes(serial[1], "big", signed=True)
    leaf = next(one for one in certificates if (one.issuer.public_bytes(), one.serial_number) == (issuer[2], number))
    name = _DIGESTS[_parts(signer[2][1])[0][2]]
    attributes = {kind[2]: _parts(values[1])[0] for kind, values in (_parts(one[1]) for one in _parts(signer[3][1]))}
    if attributes[_MESSAGE_DIGEST][1] != hashlib.new(name, content).digest():
        raise Failure("the time-stamp was changed")
    digest = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[name]
    signature, key = signer[5][1], leaf.public_key()
    covered = b"\x31" + signer[3][2][1:]  # signed as a SET, although it is sent under a tag of its own
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, covered, ec.ECDSA(digest))
        else:
            key.verify(signature, covered, padding.PKCS1v15(), digest)
    except InvalidSignature:
        raise Failure("the time-stamp's signature does not hold") from None
    return leaf


def _check_chain(leaf: Any, certificates: list[Any], roots: list[Any], at: datetime) -> None:
    """That a certificate leads to one of the roots, all of them valid at the time."""
    chain = _climb(leaf, certificates, roots)
    if any(not one.not_valid_before_utc <= at <= one.not_valid_after_utc for one in chain):
        raise Failure("a certificate of the time-stamp was not valid at its time")
    if chain[-1] not in roots:
        raise Failure("the time-stamp's certificate does not lead to the pack's roots for time-stamps")


def _climb(leaf: Any, certificates: list[Any], roots: list[Any]) -> list[Any]:
    """The certificates from a leaf upwards, as far as they lead, the root last."""
    chain = [leaf]
    while chain[-1] not in roots and len(chain) < 6:
        issuer = next((one for one in [*roots, *certificates] if _issued(chain[-1], one)), None)
        if issuer is None:
            break
        chain.append(issuer)
    return chain


def _issued(certificate: Any, issuer: Any) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _parts(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """The DER elements one after another in some bytes: tag, contents, and the whole element."""
    found, offset = [], 0
    while offset < len(data):
        size, start = data[offset + 1], offset + 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[offset + 2 : start], "big")
        if start + size > len(data):
            raise ValueError("a DER element is cut off")
        found.append((data[offset], data[start : start + size], data[offset : start + size]))
        offset = start + size
    return found


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
    if "rendition" in kinds and any(entry["kind"] == "release" for entry in history):
        standing = "released in another size or format"
    if any(entry["kind"] == "withdrawal" for entry in history):
        standing = "withdrawn"
    return f"{picture['file']}: {picture['record']}, {standing}."


def check_credentials(files: dict[str, bytes], index: dict[str, Any]) -> Iterator[str]:
    """The pictures' Content Credentials against the pack's roots and lists, where the C2PA SDK is installed."""
    try:
        import c2pa
    except ImportError:
        yield "C2PA not checked: install c2pa-python to check the Content Credentials in the pictures."
        yield "Revocation: not judged, because the signers are named in the Content Credentials."
        return
    settings = {
        "trust": {
            "trust_anchors": (files["trust/roots.pem"] + files.get("trust/time-roots.pem", b"")).decode(),
            "trust_config": "1.3.6.1.4.1.62558.2.1\n1.3.6.1.5.5.7.3.4",
        },
        "verify": {"remote_manifest_fetch": False},
    }
    reports = {}
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
        reports[picture["file"]] = report
    yield f"The Content Credentials of {len(index['pictures'])} pictures are intact and end in the pack's roots."
    yield check_revocation(files, reports)


def check_revocation(files: dict[str, bytes], reports: dict[str, dict[str, Any]]) -> str:
    """That no signer was revoked before a time-stamp shows the signature to exist; `reports` are the SDK's, by file."""
    from cryptography import x509

    lists = [x509.load_pem_x509_crl(part) for part in _crls(files.get("trust/revoked.pem", b""))]
    if not lists:
        return "Revocation: the pack holds no list, so of no signer is anything known."
    roots, excused = x509.load_pem_x509_certificates(files["trust/roots.pem"]), 0
    for name, report in reports.items():
        signer = report["manifests"][report["active_manifest"]]["signature_info"]
        found = _certificates(files[f"manifests/{Path(name).name}.c2pa"])
        leaf = next((one for one in found if one.serial_number == int(signer["cert_serial_number"])), None)
        if leaf is None:
            raise Failure(f"{name}: the certificate of its signer is not in it")
        since = _revoked_since(_climb(leaf, found, roots), lists)
        if since is None:
            continue
        codes = {item["code"] for item in report["validation_results"]["activeManifest"]["success"]}
        if "timeStamp.trusted" not in codes or datetime.fromisoformat(signer["time"]) >= since:
            raise Failure(f"{name}: its signer was revoked as of {since}, and no time-stamp shows that it was before")
        excused += 1
    told = f"; {excused} were time-stamped before their signer was revoked" if excused else ""
    return f"Revocation: by the pack's {len(lists)} lists no signer was revoked when it signed{told}."


def _revoked_since(chain: list[Any], lists: list[Any]) -> datetime | None:
    """Since when one of a chain is not believed any more, by the lists that its issuer signed (RFC 5280 section 5)."""
    from cryptography import x509

    found = []
    for subject, issuer in pairwise(chain):
        for one in lists:
            if one.issuer != issuer.subject or not one.is_signature_valid(issuer.public_key()):
                continue
            if entry := one.get_revoked_certificate_by_serial_number(subject.serial_number):
                dates = [each.value for each in entry.extensions if isinstance(each.value, x509.InvalidityDate)]
                found += [entry.revocation_date_utc, *(date.invalidity_date_utc for date in dates)]
    return min(found, default=None)


def _crls(pem: bytes) -> list[bytes]:
    marker = b"-----END X509 CRL-----"
    return [part + marker for part in pem.split(marker)[:-1]]


def _certificates(store: bytes) -> list[Any]:
    """The certificates that stand in a manifest store, wherever it keeps them."""
    from cryptography import x509

    found, at = [], store.find(b"\x30\x82")
    while at >= 0:
        size = 4 + int.from_bytes(store[at + 2 : at + 4], "big")
        try:
            found.append(x509.load_der_x509_certificate(store[at : at + size]))
        except ValueError:
            size = 1
        at = store.find(b"\x30\x82", at + size)
    return found


if __name__ == "__main__":
    sys.exit(main())
