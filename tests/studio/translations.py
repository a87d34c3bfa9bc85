"""The pages' translations: what is marked, what is translated, and the compiled files that Django reads.

`python -m tests.studio.translations` compiles every `django.po` into the `django.mo` beside it, without GNU gettext,
and tells how much of each language is there. test_translations.py refuses compiled files that are behind.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parents[2] / "platform" / "studio" / "locale"


def sources() -> list[Path]:
    """The files translators write, one a language."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def catalogue(source: Path) -> Catalog:
    """A file of translations, read strictly."""
    with source.open("rb") as file:
        return read_po(file, locale=source.parents[1].name, abort_invalid=True)


def messages(found: Catalog) -> Iterator[Message]:
    """What is marked on the pages; the head of the file left out."""
    return (message for message in found if message.id)


def translated(message: Message) -> bool:
    """Whether all forms of a message are there, and somebody vouches for them."""
    forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return all(forms) and not message.fuzzy


def compiled(found: Catalog) -> bytes:
    """The bytes of the compiled file."""
    out = io.BytesIO()
    write_mo(out, found)
    return out.getvalue()


def main() -> None:
    """Compile them all."""
    for source in sources():
        found = catalogue(source)
        source.with_suffix(".mo").write_bytes(compiled(found))
        marked = list(messages(found))
        done = sum(map(translated, marked))
        sys.stdout.write(f"{source.parents[1].name}: {done} of {len(marked)} translated\n")


if __name__ == "__main__":
    main()
