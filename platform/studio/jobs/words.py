"""What a person typed.

Sealed under their own key, opened only to screen, to generate, and for people who may read it.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from studio import pipeline, vault
from studio.accounts.models import Membership, SubjectKey, User
from studio.jobs.models import Job

# The fields of a generation spec that hold words.
TYPED = ("prompt", "negative_prompt")


class ErasedError(Exception):
    """The words (or pixels) were erased together with their key; nothing brings them back."""


@dataclass(frozen=True, slots=True)
class Words:
    """Prompt and negative prompt, with the salt (hex) of their commitment.

    `rights` says by what right a request uses the picture that it starts from; empty where it starts from none.
    `purpose` is what an appeal says the pictures are for; empty for any other request.
    `credentialed` says that the picture to start from carries a credential, which must go along; it is no word, but
    known as long as the words are, and never without them.
    """

    prompt: str
    negative_prompt: str
    salt: str
    rights: str = ""
    purpose: str = ""
    credentialed: bool = False

    @property
    def commitment(self) -> str:
        """What the ledger and the manifest hold instead of the words."""
        typed = [self.prompt, self.negative_prompt, *filter(None, [self.rights, self.purpose])]
        return pipeline.commitment(json.dumps(typed), bytes.fromhex(self.salt))


def fresh(
    prompt: str, negative_prompt: str, rights: str = "", purpose: str = "", *, credentialed: bool = False
) -> Words:
    """The words with a new salt."""
    return Words(prompt, negative_prompt, secrets.token_hex(16), rights, purpose, credentialed)


def request_digest(spec: Mapping[str, Any], typed: Words) -> str:
    """What a request was, as a digest: its spec with the salted commitment in the place of the words.

    A bare digest of the whole would let anybody who guesses a short prompt prove the guess, even after erasure.
    """
    wordless = {name: value for name, value in spec.items() if name not in TYPED}
    return hashlib.sha256(json.dumps([wordless, typed.commitment], sort_keys=True).encode()).hexdigest()


def key_of(job: Job) -> bytes:
    """The wrapped key of the job's maker. Raises ErasedError."""
    wrapped = SubjectKey.objects.filter(membership=job.requester_id).values_list("wrapped", flat=True).first()
    if wrapped is None:
        raise ErasedError("The words of this request were erased.")
    return bytes(wrapped)


def keys_of(user: User) -> dict[int, bytes]:
    """The wrapped keys of one person, by membership."""
    keys = SubjectKey.objects.filter(membership__user=user).values_list("membership", "wrapped")
    return {membership: bytes(wrapped) for membership, wrapped in keys}


def key_for(membership: Membership) -> bytes:
    """The member's wrapped key, which is made when they first write something."""
    key, _ = SubjectKey.objects.get_or_create(membership=membership, defaults={"wrapped": vault.new_key()})
    return bytes(key.wrapped)


def seal_for(membership: Membership, words: Words, *, job: Job) -> bytes:
    """Sealed under the member's key."""
    return vault.seal(json.dumps(asdict(words)).encode(), key=key_for(membership), purpose=f"words {job.pk}")


def open_words(job: Job, *, key: bytes | None = None) -> Words:
    """The words of a job, with its maker's wrapped `key` where that is at hand.

    Raises ErasedError, also when the key is a newer one than the words, or they alone went.
    """
    if not job.words:
        raise ErasedError("The words of this request were erased.")
    try:
        sealed = bytes(job.words)
        return Words(**json.loads(vault.unseal(sealed, key=key or key_of(job), purpose=f"words {job.pk}")))
    except vault.SealBrokenError as error:
        raise ErasedError("The words of this request were erased.") from error
