"""The first people of a house, or one more administrator when everybody is locked out."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from apps.core.errors import DomainError
from apps.operator import roles, services


class Command(BaseCommand):
    help = "Make an administrator or the first of another role; prints the password and the second factor once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--role",
            choices=sorted(roles.PERMISSIONS),
            default=roles.ADMINISTRATOR,
            help="another role: whoever approves roles has to be there before roles can be given",
        )
        parser.add_argument("--reason", default="Made on the command line", help="for the audit")

    def handle(self, *_args: Any, **options: Any) -> None:
        email, reason = options["email"], options["reason"]
        try:
            validate_email(email)
            with transaction.atomic():
                user, password = services.create_staff(
                    email=email, role=options["role"], by="system", reason=reason
                )
                device, codes = services.reset_second_factor(
                    user_id=user.pk, by="system", reason=reason
                )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Password:        {password}")
        self.stdout.write(f"Authenticator:   {device.config_url}")
        self.stdout.write(f"Recovery codes:  {' '.join(codes)}")
