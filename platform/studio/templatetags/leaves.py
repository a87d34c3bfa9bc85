"""Addresses of a long list's pages, keeping the filters that are set."""

from django import template
from django.template.context import Context

register = template.Library()


@register.simple_tag(takes_context=True)
def leaf_at(context: Context, key: str, number: int) -> str:
    """The query string of page `number` of the list whose page stands in the parameter `key`."""
    query = context["request"].GET.copy()
    query[key] = str(number)
    return f"?{query.urlencode()}"
