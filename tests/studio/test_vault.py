"""Sealed bytes open with their key, for their purpose, unaltered; otherwise not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio import vault


@given(st.binary(max_size=2000))
def test_what_is_sealed_opens(data: bytes) -> None:
    key = vault.new_key()
    sealed = vault.seal(data, key=key, purpose="words 1")
    assert vault.unseal(sealed, key=key, purpose="words 1") == data
    assert len(data) < 8 or data not in sealed


def test_another_key_purpose_or_byte_does_not_open_it() -> None:
    key = vault.new_key()
    sealed = vault.seal(b"secret", key=key, purpose="words 1")
    for bad, used, purpose in (
        (sealed, vault.new_key(), "words 1"),
        (sealed, key, "words 2"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), key, "words 1"),
    ):
        with pytest.raises(vault.SealBrokenError):
            vault.unseal(bad, key=used, purpose=purpose)
