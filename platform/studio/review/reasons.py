"""Why pictures are sent back or rejected, as a list to choose from: codes are kept and recorded, words shown."""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: Mapping[str, Promise] = MappingProxyType(
    {
        "likeness": _("Somebody could take a person in it for somebody who really exists."),
        "passes_for_real": _("It could pass for a photograph of something that really happened."),
        "dignity": _("It does not show people or places with dignity."),
        "wrong_detail": _("Something in it is wrong for the place, the season or the people it stands for."),
        "drawn_badly": _("Something is drawn badly: hands, faces, tools, letters."),
        "misleads": _("It could mislead: a dose, a procedure or a risk is shown wrongly."),
        "purpose": _("It does not fit its purpose or its channel."),
        "description": _("Its description does not say what it shows."),
    }
)
