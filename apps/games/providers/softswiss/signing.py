"""The signature both sides put on a request: lower-case hex HMAC-SHA256 of the exact body bytes.

Source: protocol notes, section 2 (S1, S3, S5, S8, S11).
"""

import hashlib
import hmac
from collections.abc import Mapping

from django.conf import settings


def sign(body: bytes, token: str) -> str:
    return hmac.digest(token.encode(), body, hashlib.sha256).hex()


def headers(body: bytes) -> dict[str, str]:
    """Headers of a signed request of ours."""
    value = sign(body, settings.SOFTSWISS_AUTH_TOKEN)
    return {
        "Content-Type": "application/json",
        settings.SOFTSWISS_SIGN_HEADER: f"{settings.SOFTSWISS_SIGN_PREFIX}{value}",
    }


def is_valid(body: bytes, given_headers: Mapping[str, str]) -> bool:
    """Compare in constant time, with today's token and with the one being replaced.

    given_headers: names in lower case.
    """
    prefix: str = settings.SOFTSWISS_SIGN_PREFIX
    given = given_headers.get(settings.SOFTSWISS_SIGN_HEADER.lower(), "")
    if not given.startswith(prefix):
        return False
    signature = given[len(prefix) :].strip().lower().encode()
    tokens = (settings.SOFTSWISS_AUTH_TOKEN, settings.SOFTSWISS_AUTH_TOKEN_PREVIOUS)
    # An empty token signs nothing: without one nobody may call.
    matches = [hmac.compare_digest(signature, sign(body, one).encode()) for one in tokens if one]
    return any(matches)
