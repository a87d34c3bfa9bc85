"""What a page hands to the script that asks the browser for a passkey or a security key."""

import json

from django import template

register = template.Library()


@register.filter
def as_json(options: object) -> str:
    """Plain values as JSON, for a `data-` attribute: the template escapes it."""
    return json.dumps(options)
