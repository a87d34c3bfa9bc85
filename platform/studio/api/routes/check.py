"""What anybody may ask without a token: did one of our members make this file, and was it changed?"""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from studio.api.schemas import CheckOut, Problem
from studio.audit.views import verified

router = Router(tags=["Check"])
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.post(
    "/check",
    response={200: CheckOut, **dict.fromkeys((400, 413, 429, 503), Problem)},
    operation_id="check_file",
    url_name="check",
    openapi_extra=BODY,
)
def check(request: HttpRequest) -> dict[str, Any]:
    """The public check: a file as the field `file` of a form, or as the whole body. Nothing of it is kept."""
    return verified(request)
