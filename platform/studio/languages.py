"""The names of languages, as people read them."""

from types import MappingProxyType

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext

# Django names Chinese by its scripts only; a prompt's `zh` is the simplified one.
WRITTEN = MappingProxyType({"zh": "zh-hans"})


def language(code: str) -> str:
    """A language in the reader's language and by its own name; an unknown code is returned as it is."""
    info = LANG_INFO.get(WRITTEN.get(code, code))
    if info is None or "name_local" not in info:
        return code
    own, ours = str(info["name_local"]), gettext(info["name"])
    return ours if own.lower() == ours.lower() else f"{ours} ({own})"
