"""What no password may be: too long to hash, or known to whoever tries stolen ones."""

from hashlib import sha1

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError

from apps.integrations import http
from apps.integrations.errors import ProviderError

log = structlog.get_logger()

PREFIX = 5


class MaximumLengthValidator:
    """Hashing costs what its input costs; phrases of words fit all the same."""

    def __init__(self, max_length: int = 128):
        self.max_length = max_length

    def validate(self, password: str, user: object = None) -> None:
        if len(password) > self.max_length:
            raise ValidationError(
                f"Use at most {self.max_length} characters.", code="password_too_long"
            )

    def get_help_text(self) -> str:
        return f"At most {self.max_length} characters."


class BreachedPasswordValidator:
    """Asks a range API about stolen passwords, when one is set up (`BREACHED_PASSWORDS_BASE_URL`).

    Only the first five digits of a SHA-1 leave the house; the answer names every stolen password that
    begins alike. Django's list of common ones is asked in any case and needs nobody, so that a service
    which is away stops nobody from registering.
    Source: haveibeenpwned.com/API/v3, "Searching by range", read 2026-11-20.
    """

    def validate(self, password: str, user: object = None) -> None:
        if not settings.BREACHED_PASSWORDS_BASE_URL:
            return
        digest = sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            answer = http.client("breached_passwords").request(
                "GET", digest[:PREFIX], headers={"Add-Padding": "true"}, timeout_seconds=3
            )
        except ProviderError as error:
            log.warning("passwords.not_asked", error=str(error))
            return
        for line in answer.body.decode(errors="replace").splitlines():
            ending, _, count = line.partition(":")
            # Padding comes with a count of zero.
            if ending.strip().upper() == digest[PREFIX:] and count.strip() != "0":
                raise ValidationError(
                    "This password is in a list of stolen ones. Choose another.",
                    code="password_breached",
                )

    def get_help_text(self) -> str:
        return "Not one that is known to have been stolen."
