"""Compare the program files with what was released."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit import release

SHOWN = 20


class Command(BaseCommand):
    help = "Hash every program file and compare it with the signed release manifest."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not release.is_configured():
            raise CommandError("RELEASE_PUBLIC_KEY is not set: there is nothing to compare with.")
        checked = release.verify()
        for finding in checked.findings[:SHOWN]:
            self.stderr.write(self.style.ERROR(str(finding)))
        if checked.findings:
            raise CommandError(
                f"{len(checked.findings)} findings; the first: {checked.findings[0]}"
            )
        self.stdout.write(self.style.SUCCESS(f"{checked.files} program files are as released."))
