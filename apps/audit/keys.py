"""The key ring that signs what must not be edited quietly. Keys never enter the database."""

import hmac
from hashlib import sha256

from django.conf import settings


def current_key_id() -> int:
    return next(iter(settings.AUDIT_KEYS))


def sign(message: bytes, key_id: int) -> bytes:
    """HMAC-SHA256 with the named key; KeyError when the ring no longer holds it."""
    return hmac.digest(settings.AUDIT_KEYS[key_id], message, sha256)


def derived(purpose: str, key_id: int) -> bytes:
    """A key for one purpose, so that a row's signature can never pass as a checkpoint's."""
    return hmac.digest(settings.AUDIT_KEYS[key_id], f"purpose:{purpose}".encode(), sha256)
