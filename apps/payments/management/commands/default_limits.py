"""Put the sums by rank in force that a new casino starts with."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from apps.payments import default_limits

PERMISSION = "payments.change_limitrule"


class Command(BaseCommand):
    help = "Add the default sums of deposits and withdrawals for every rank that has none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", required=True, help="the e-mail of whoever answers for them")

    def handle(self, *_args: Any, **options: Any) -> None:
        person = User.objects.filter(email__iexact=options["by"], is_active=True).first()
        if person is None or not person.has_perm(PERMISSION):
            raise CommandError(f"{options['by']} may not change limits.")
        made = default_limits.put_in_force(by=person)
        for rule in made:
            self.stdout.write(f"{rule.name}")
        self.stdout.write(self.style.SUCCESS(f"{len(made)} rules are new."))
