"""Who verifies our players: Sumsub when it is set up; without a provider our own reviewers do."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.kyc.providers.base import Verifier

VERIFIERS = {"sumsub": "apps.kyc.providers.sumsub.adapter.Sumsub"}


def current() -> Verifier | None:
    """The provider new applicants go to; None when there is none."""
    return verifier("sumsub") if settings.SUMSUB_BASE_URL else None


@cache
def verifier(name: str) -> Verifier:
    """Raises KeyError for a provider we never had."""
    made: Verifier = import_string(VERIFIERS[name])()
    return made
