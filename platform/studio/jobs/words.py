"""What a person typed.

Sealed under their own key, opened only to screen, to generate, and for people who may read it.
"""

import json
import secrets
from dataclasses import asdict, dataclass

from studio import pipeline, vault
from studio.accounts.models import Membership, SubjectKey
from studio.jobs.models import Job


@dataclass(frozen=True, slots=True)
class Words:
    """Prompt and negative prompt, with the salt (hex) of their commitment."""

    prompt: str
    negative_prompt: str
    salt: str

    @property
    def commitment(self) -> str:
        """What the ledger and the manifest hold instead of the words."""
        return pipeline.commitment(json.dumps([self.prompt, self.negative_prompt]), bytes.fromhex(self.salt))


def fresh(prompt: str, negative_prompt: str) -> Words:
    """The words with a new salt."""
    return Words(prompt, negative_prompt, secrets.token_hex(16))


def seal_for(membership: Membership, words: Words, *, job: Job) -> bytes:
    """Sealed under the member's key, which is made at their first request."""
    key, _ = SubjectKey.objects.get_or_create(membership=membership, defaults={"wrapped": vault.new_key()})
    return vault.seal(json.dumps(asdict(words)).encode(), key=bytes(key.wrapped), purpose=f"words {job.pk}")


def open_words(job: Job) -> Words:
    """The words of a job. Raises SubjectKey.DoesNotExist when they were erased."""
    key = SubjectKey.objects.get(membership=job.requester_id)
    return Words(**json.loads(vault.unseal(bytes(job.words), key=bytes(key.wrapped), purpose=f"words {job.pk}")))
