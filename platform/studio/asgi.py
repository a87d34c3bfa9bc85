"""ASGI entry: `uvicorn studio.asgi:application` with `platform/` on the path."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from studio.gate import Gate

# What a form adds around the largest file.
FORM_BYTES = 65_536

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
application = Gate(get_asgi_application(), limit_bytes=settings.UPLOAD_LIMIT_BYTES + FORM_BYTES)
