"""The one-time code a demo operator's phone would show."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.demo.people import OPERATORS


class Command(BaseCommand):
    help = "Print a demo operator's current one-time code. It works once."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        roles = ", ".join(operator.role for operator in OPERATORS)
        parser.add_argument("user", help=f"an operator's role or e-mail address: {roles}")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("One-time codes are printed in the demo only.")
        email = _email(options["user"])
        try:
            device = TOTPDevice.objects.filter(user__email=email, confirmed=True).first()
        except OperationalError:
            raise CommandError("The demo does not run. Start it: python manage.py demo") from None
        if device is None:
            raise CommandError(f"{email} has no one-time codes yet; is the demo ready?")
        self.stdout.write(_code(device, time.time()))


def _email(user: str) -> str:
    for operator in OPERATORS:
        if user.lower() in {operator.role, operator.email}:
            return operator.email
    roles = ", ".join(operator.role for operator in OPERATORS)
    raise CommandError(f"There is no demo operator {user!r}. Choose from {roles}.")


def _code(device: TOTPDevice, at: float) -> str:
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = at
    if totp.t() <= device.last_t:
        # The present code was used; the next one is accepted already.
        totp.time = at + device.step
    return str(totp.token()).zfill(device.digits)
