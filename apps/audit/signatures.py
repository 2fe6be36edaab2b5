"""Signatures that anybody can check: Ed25519, and the public halves are published.

The private key of a number is derived from the audit key of that number, so the ring is rotated
with `AUDIT_KEYS` and nothing more has to be kept secret. Every message starts with a line that
says what it is, so a signature of one thing can never pass as one of another.
"""

from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from apps.audit import keys

PURPOSE = "ed25519 signatures"


def sign(message: bytes) -> tuple[int, bytes]:
    """The number of the newest key and its signature, 64 bytes."""
    key_id = keys.current_key_id()
    return key_id, _private(settings.AUDIT_KEYS[key_id], key_id).sign(message)


def verify(message: bytes, *, key_id: int, signature: bytes) -> bool:
    """Whether the key of this number signed it; False also for a number we do not have."""
    public = public_keys().get(key_id)
    if public is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def public_keys() -> dict[int, bytes]:
    """The public key, 32 bytes, of every number in the ring; the newest first."""
    return {
        key_id: _private(secret, key_id).public_key().public_bytes_raw()
        for key_id, secret in settings.AUDIT_KEYS.items()
    }


@cache
def _private(secret: bytes, key_id: int) -> Ed25519PrivateKey:
    # `secret` is here so that another ring gets other keys.
    return Ed25519PrivateKey.from_private_bytes(keys.derived(PURPOSE, key_id))
