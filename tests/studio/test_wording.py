"""What the libraries call things in their own words has words for people: nothing of it is shown bare."""

import re
from pathlib import Path

import pytest
from django.utils.functional import Promise

from moderation.inventory import bundled
from provenance.evidence import Integrity
from provenance.manifest import WATERMARKED
from provenance.profiles import Contents, profiles
from studio.audit import integrity
from studio.wording import credentials
from studio.wording.names import INVARIANTS, SCREENS

PROVENANCE = Path(__file__).parents[2] / "provenance"


def test_what_is_found_about_a_file_has_words() -> None:
    assert {str(one) for one in Integrity} <= set(credentials.INTEGRITY)
    sources = "".join(path.read_text() for path in sorted(PROVENANCE.glob("*.py")))
    assert set(re.findall(r'ledger="([a-z-]+)"', sources)) <= set(credentials.KEPT)
    assert set(re.findall(r'_Standing\("([a-z-]+)"', sources)) - {"none"} <= set(credentials.STATUSES)
    done = set(re.findall(r'(?:"action": |Step\()"(c2pa\.[a-z.]+)"', sources))
    assert {"c2pa.created", "c2pa.published", "c2pa.resized"} <= done
    assert done | {WATERMARKED} <= set(credentials.ACTIONS)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("trusted:Sample Aid", "Sample Aid, who is trusted here"),
        ("revoked:Sample Aid", "Sample Aid, with a key that was taken back"),
        ("unlisted", "somebody on none of our trust lists"),
        ("none", "nobody"),
    ],
)
def test_a_signer_is_named_with_what_their_signature_is_worth(found: str, said: str) -> None:
    assert credentials.signer(found) == said


def test_every_field_of_a_label_has_words() -> None:
    """Of a file with nothing in it: what it lacks is all that there is."""
    empty = Contents(
        "image/png",
        64,
        64,
        signed=False,
        stamped=False,
        signer="",
        assertions={},
        parents=0,
        xmp={},
        label=None,
        watermark=False,
    )
    asked = {field.name for profile in profiles(empty) for field in profile.fields}
    assert len(asked) > 20
    assert asked <= credentials.LABEL_FIELDS.keys() | credentials.STANDARD_FIELDS.keys()


def test_every_screen_that_comes_with_the_product_has_words() -> None:
    assert {one.id for one in bundled()} <= set(SCREENS)


def test_every_invariant_that_is_checked_has_words() -> None:
    numbers = {int(number) for number in re.findall(r"Problem\((\d+),", Path(integrity.__file__).read_text())}
    assert numbers >= {1, 2, 3, 4, 6, 7, 9}
    assert numbers | {2, 8} <= set(INVARIANTS)
    assert all(isinstance(words, Promise) for words in INVARIANTS.values())
