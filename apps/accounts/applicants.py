"""Somebody who wants an account, as those see them who are asked before there is one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.module_loading import import_string

from apps.accounts.models import Player


@dataclass(frozen=True)
class Applicant:
    """phone: as confirmed before; mostly empty, numbers are given later."""

    email: str
    display_name: str
    birth_date: date
    country: str
    ip: str | None = None
    phone: str = ""


def hooks() -> list[Callable[[Applicant], None]]:
    """The callables that `REGISTRATION_CHECKS` names. Each raises a DomainError, or lets pass."""
    return [import_string(path) for path in settings.REGISTRATION_CHECKS]


def effects() -> list[Callable[[Player], None]]:
    """What `REGISTRATION_EFFECTS` names: called with the new player, in the same transaction."""
    return [import_string(path) for path in settings.REGISTRATION_EFFECTS]
