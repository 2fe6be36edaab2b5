"""Put every sealed value under the newest key, row by row; safe to stop and run again."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from apps.core import secrets


class Command(BaseCommand):
    help = "Encrypt every sealed value anew with the newest of FIELD_KEYS."

    def handle(self, *_args: Any, **_options: Any) -> None:
        for label, column, named_by in settings.SEALED_FIELDS:
            self.stdout.write(f"{label}.{column}: {self._rotate(label, column, named_by)}")

    def _rotate(self, label: str, column: str, named_by: str) -> int:
        model = apps.get_model(label)
        changed = 0
        rows = model._default_manager.exclude(**{column: b""}).exclude(**{column: None})
        for pk in rows.values_list("pk", flat=True).iterator():
            with transaction.atomic():
                row = model._default_manager.select_for_update().get(pk=pk)
                sealed = getattr(row, column)
                if not sealed or secrets.is_current(sealed):
                    continue
                place = secrets.place_of(row, column, named_by)
                setattr(row, column, secrets.seal(secrets.unseal(sealed, place=place), place=place))
                row.save(update_fields=[column])
                changed += 1
        return changed
