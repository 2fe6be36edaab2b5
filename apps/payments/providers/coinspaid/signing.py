"""Signatures in both directions: lower-case hex HMAC-SHA512 over the raw body.

Source: protocol document of API v2, authentication (read November 2026).
"""

import hashlib
import hmac
from collections.abc import Mapping

from django.conf import settings

KEY_HEADER = "X-Processing-Key"
SIGNATURE_HEADER = "X-Processing-Signature"


def sign(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()


def headers(body: bytes) -> dict[str, str]:
    """The headers of a call with exactly this body."""
    return {
        KEY_HEADER: settings.COINSPAID_KEY,
        SIGNATURE_HEADER: sign(body, settings.COINSPAID_SECRET),
        "Content-Type": "application/json",
    }


def is_genuine(body: bytes, given: Mapping[str, str]) -> bool:
    """Whether the key is ours and the signature fits the bytes. Header names are lower-case.

    While a secret is being changed the previous one is accepted too.
    """
    key = given.get(KEY_HEADER.lower(), "").encode()
    signature = given.get(SIGNATURE_HEADER.lower(), "").encode()
    if not settings.COINSPAID_KEY or not hmac.compare_digest(key, settings.COINSPAID_KEY.encode()):
        return False
    secrets = (settings.COINSPAID_SECRET, settings.COINSPAID_SECRET_PREVIOUS)
    return any(hmac.compare_digest(signature, sign(body, one).encode()) for one in secrets if one)
