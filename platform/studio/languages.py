"""The names of languages, as people read them."""

from types import MappingProxyType

from django.conf.locale import LANG_INFO

# Django names Chinese by its scripts only; a prompt's `zh` is the simplified one.
WRITTEN = MappingProxyType({"zh": "zh-hans"})


def language(code: str) -> str:
    """A language by its own name and in English; an unknown code is returned as it is."""
    info = LANG_INFO.get(WRITTEN.get(code, code))
    if info is None or "name_local" not in info:
        return code
    own, english = str(info["name_local"]), str(info["name"])
    return english if own.lower() == english.lower() else f"{english} ({own})"
