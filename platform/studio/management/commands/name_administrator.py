"""`manage.py name_administrator`: for an organisation that has lost its own."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from studio.accounts.breaking_glass import restore_administrator
from studio.accounts.models import Organisation, User


class Command(BaseCommand):
    """Makes somebody administrator from outside of the organisation's roles; its ledger gets an entry."""

    help = "As the operator, make somebody administrator of an organisation; it stands in the organisation's ledger."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, where, by whom and why."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            'example:\n  manage.py name_administrator water-aid jo --operator root --reason "The last one has left."'
        )
        parser.add_argument("organisation", help="its short name")
        parser.add_argument("username", help="whom to make administrator; they have an account already")
        parser.add_argument("--operator", required=True, help="your own username, a superuser's")
        parser.add_argument("--reason", required=True, help="it stays on record")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say what is wrong."""
        try:
            organisation = Organisation.objects.get(slug=options["organisation"])
            user = User.objects.get(username=options["username"], is_active=True)
            operator = User.objects.get(username=options["operator"])
            restore_administrator(
                actor=operator, user=user, organisation=organisation, reason=options["reason"], at=timezone.now()
            )
        except Organisation.DoesNotExist as error:
            raise CommandError(f"No organisation is called {options['organisation']!r}.") from error
        except User.DoesNotExist as error:
            raise CommandError("There is no such account, or it is closed; check both usernames.") from error
        except (PermissionDenied, ValidationError) as error:
            raise CommandError(" ".join(getattr(error, "messages", None) or [str(error)])) from error
        self.stdout.write(f"{user} administers {organisation} now, and signs in anew.")
