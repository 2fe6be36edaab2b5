"""Publish today's proof of liabilities, unless it is there."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.treasury.liabilities import services


class Command(BaseCommand):
    help = "Publish today's proof of liabilities, unless it is there."

    def handle(self, *args: Any, **options: Any) -> None:
        made = services.publish_daily()
        self.stdout.write(
            f"Published number {made.number}, digest {made.digest}." if made else "It is there."
        )
