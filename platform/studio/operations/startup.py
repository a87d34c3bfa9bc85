"""What a process looks at in the database before it serves or works, with DEBUG off."""

from studio import pipeline
from studio.accounts.models import Organisation
from studio.trail.models import LedgerIntent


def without_roots() -> list[str]:
    """Organisations that have signed pictures here, and no root of trust that vouches for them."""
    signed = LedgerIntent.objects.filter(kind="picture").values("log")
    organisations = Organisation.objects.filter(log__in=signed).order_by("slug").values_list("slug", flat=True)
    return [slug for slug in organisations if not any(pipeline.trust_folder(slug).glob("root*.pem"))]
