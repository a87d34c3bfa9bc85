"""Looking at a picture of nothing under a signature of nobody, so that whatever a look loads is loaded.

A keeper does this before it forks its first child (`reader`): a child that looks at a file would otherwise load the
same things anew for every file, which takes longer than the look. The file is made here, for nobody but us.
"""

import io
from contextlib import suppress
from datetime import UTC, datetime

import numpy as np
from PIL import Image

from provenance import credentials
from provenance.errors import ProvenanceError
from provenance.evidence import examine
from provenance.keys import Anchors, SigningIdentity, issuing
from provenance.keys.signing import in_process

NAME = "Rehearsal"
SIDE = 64


def rehearse() -> None:
    """Sign a black picture with a key made for it, and look at it; nothing of it is kept."""
    now = datetime.now(UTC)
    root = issuing.new(issuing.ROOT, NAME, now=now)
    middle = issuing.new(issuing.INTERMEDIATE, NAME, now=now, by=root)
    leaf = issuing.new(issuing.CLAIMS, NAME, now=now, by=middle)
    anchors = Anchors(roots_pem=issuing.pem(root.certificate))
    chain = issuing.pem(leaf.certificate, middle.certificate)
    identity = SigningIdentity.from_callback(in_process(leaf.key).sign, chain_pem=chain, anchors=anchors)
    file = io.BytesIO()
    Image.fromarray(np.zeros((SIDE, SIDE, 3), np.uint8)).save(file, "PNG")
    definition = {"claim_generator_info": [{"name": NAME}], "title": NAME, "assertions": []}
    # What cannot be rehearsed is loaded by each child for itself, as if nobody had tried.
    with suppress(ProvenanceError):
        examine(credentials.sign(file.getvalue(), "image/png", definition, identity), anchors=anchors)
