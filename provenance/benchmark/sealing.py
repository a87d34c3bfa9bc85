"""Signing, checking, marking and recognising one picture, and the whole seal."""

import io
import itertools
import json
from collections.abc import Callable, Iterator
from functools import partial

import c2pa
import iscc_lib
import numpy as np
from PIL import Image

from provenance import credentials, manifest, xmp
from provenance.benchmark.materials import MEDIA_TYPE, Materials, entry_of
from provenance.benchmark.measurements import Measurement
from provenance.benchmark.timing import Timing, in_turn
from provenance.fingerprint import fingerprint
from provenance.isolation import close_keepers
from provenance.keys import SigningIdentity
from provenance.labels import draw_label
from provenance.landmarks import landmarks
from provenance.ledger import Ledger
from provenance.pictures import decode, encode, to_image
from provenance.seal import SignedAsset, seal
from provenance.verification import verify, verify_isolated
from provenance.watermark import payload_of

SEAL_GOAL_MS = 400
SAME_SETTINGS_GOAL, OWN_SETTINGS_GOAL = 1.3, 0.15


def measured(materials: Materials, ledger: Ledger, *, rounds: int) -> Iterator[Measurement]:
    """All of it, on one picture."""
    yield from _signing(materials, rounds)
    yield from _checking(materials, ledger, rounds)
    yield from _marking(materials, rounds)
    yield from _whole(materials, ledger, rounds)


def _signing(materials: Materials, rounds: int) -> Iterator[Measurement]:
    claim, identity = materials.claim(1), materials.identity
    file = encode(_image(materials), MEDIA_TYPE, xmp=xmp.packet(manifest.plain_fields(claim)))
    definition = manifest.creation(claim, MEDIA_TYPE, fingerprint="")
    ours, same, own = in_turn(
        [
            lambda: credentials.sign(file, MEDIA_TYPE, definition, identity),
            lambda: _bare_sign(file, definition, identity, credentials.sdk_context(identity.anchors.all_pem)),
            lambda: _bare_sign(file, definition, identity, None),
        ],
        rounds=rounds,
    )
    yield _beside("sign", ours, "c2pa, the same settings", same, ratio_goal=SAME_SETTINGS_GOAL)
    yield _beside("sign", ours, "c2pa, its own settings", own, ratio_goal=OWN_SETTINGS_GOAL)


def _checking(materials: Materials, ledger: Ledger, rounds: int) -> Iterator[Measurement]:
    data, trust, mark = _sealed(materials, 1).data, materials.trust, materials.watermark
    roots = materials.identity.anchors.all_pem
    ours, apart, marked, bare = in_turn(
        [
            lambda: verify(data, trust=trust, ledger=ledger),
            lambda: verify_isolated(data, trust=trust, ledger=ledger),
            lambda: verify(_stripped(data), trust=trust, ledger=ledger, watermark=mark),
            lambda: _bare_read(data, roots),
        ],
        rounds=rounds,
    )
    close_keepers()
    yield _beside("verify", ours, "c2pa reading", bare)
    yield _beside("verify, in the limited process", apart, "c2pa reading", bare)
    yield _beside("verify, stripped: watermark and looks", marked, "c2pa reading", bare)


def _marking(materials: Materials, rounds: int) -> Iterator[Measurement]:
    pixels, side, mark = materials.pixels, materials.side, materials.watermark
    payload = payload_of(materials.claim(1).governance.record, mark.capacity)
    marked = mark.embed(pixels, side, side, payload)
    grey = _image(materials).convert("L")
    plane, small = np.asarray(grey, np.float32), grey.resize((32, 32)).tobytes()
    embed, read, bare = in_turn(
        [
            lambda: mark.embed(pixels, side, side, payload),
            lambda: mark.read(marked, side, side),
            lambda: np.fft.irfft2(np.fft.rfft2(plane)),
        ],
        rounds=rounds,
    )
    beside = "NumPy's Fourier transform and back"
    yield _beside("watermark, embed", embed, beside, bare)
    yield _beside("watermark, read", read, beside, bare)
    code, places, bare_code = in_turn(
        [
            lambda: fingerprint(pixels, side, side),
            lambda: landmarks(pixels, side, side),
            lambda: iscc_lib.gen_image_code_v0(small, 256),
        ],
        rounds=rounds,
    )
    yield _beside("fingerprint", code, "ISCC of ready 32 x 32 pixels", bare_code)
    yield _beside("landmarks", places, "ISCC of ready 32 x 32 pixels", bare_code)


def _whole(materials: Materials, ledger: Ledger, rounds: int) -> Iterator[Measurement]:
    """The whole seal up to its receipt, beside nothing but encoding and signing, and the share of each step."""
    numbers, claim, side = itertools.count(2), materials.claim(1), materials.side
    packet = xmp.packet(manifest.plain_fields(claim))
    definition = manifest.creation(claim, MEDIA_TYPE, fingerprint="")
    context = credentials.sdk_context(materials.identity.anchors.all_pem)

    def whole() -> None:
        number = next(numbers)
        ledger.append(entry_of(number, _sealed(materials, number), materials.now))

    def bare() -> None:
        file = encode(to_image(materials.pixels, side, side), MEDIA_TYPE, xmp=packet)
        _bare_sign(file, definition, materials.identity, context)

    steps = _steps(materials)
    ours, least, *shares = in_turn([whole, bare, *steps.values()], rounds=rounds)
    beside = "PNG and c2pa alone"
    yield _beside("whole seal: label to receipt", ours, beside, least, goal=SEAL_GOAL_MS)
    for name, share in zip(steps, shares, strict=True):
        yield Measurement(f"    of it {name}", share.wall, processor=share.processor)


def _steps(materials: Materials) -> dict[str, Callable[[], object]]:
    claim, image, side = materials.claim(1), _image(materials), materials.side
    made = _sealed(materials, 1)
    payload = payload_of(claim.governance.record, materials.watermark.capacity)
    return {
        "label": partial(draw_label, image, claim.label, claim.language),
        "watermark": partial(materials.watermark.embed, materials.pixels, side, side, payload),
        "PNG with XMP": partial(encode, image, MEDIA_TYPE, xmp=xmp.packet(manifest.plain_fields(claim))),
        "reading it back": partial(decode, made.data),
    }


def _beside(
    name: str, ours: Timing, beside: str, bare: Timing, *, goal: float | None = None, ratio_goal: float | None = None
) -> Measurement:
    return Measurement(
        name, ours.wall, processor=ours.processor, beside=beside, bare=bare.wall, goal=goal, ratio_goal=ratio_goal
    )


def _image(materials: Materials) -> Image.Image:
    return to_image(materials.pixels, materials.side, materials.side)


def _sealed(materials: Materials, number: int) -> SignedAsset:
    side, claim = materials.side, materials.claim(number)
    return seal(materials.pixels, side, side, claim, materials.identity, watermark=materials.watermark)


def _stripped(data: bytes) -> bytes:
    pixels = decode(data)
    return encode(to_image(pixels.data, pixels.width, pixels.height), MEDIA_TYPE, xmp=b"")


def _bare_sign(file: bytes, definition: dict[str, object], identity: SigningIdentity, context: object) -> None:
    signer = c2pa.Signer.from_callback(
        identity.sign, c2pa.C2paSigningAlg.ES256, identity.chain_pem.decode(), identity.timestamp_url
    )
    builder = c2pa.Builder(json.dumps(definition), context)
    builder.sign(signer, MEDIA_TYPE, io.BytesIO(file), io.BytesIO())


def _bare_read(data: bytes, roots: bytes) -> None:
    with c2pa.Reader(MEDIA_TYPE, io.BytesIO(data), context=credentials.sdk_context(roots)) as reader:
        reader.json()
