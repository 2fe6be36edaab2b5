"""Signatures both ways: our requests under the secret key, their webhooks under webhook secrets.

Source: docs.sumsub.com, /reference/authentication and /docs/webhook-manager.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping

from django.conf import settings

DIGEST_HEADER = "x-payload-digest"
ALGORITHM_HEADER = "x-payload-digest-alg"
ALGORITHMS = {
    "HMAC_SHA1_HEX": hashlib.sha1,
    "HMAC_SHA256_HEX": hashlib.sha256,
    "HMAC_SHA512_HEX": hashlib.sha512,
}


def headers(method: str, target: str, body: bytes, *, at: int | None = None) -> dict[str, str]:
    """The three headers of a request. target: path and query exactly as they are sent.

    body: the bytes on the wire, also of a multipart. at: seconds; the vendor allows a minute.
    """
    seconds = str(int(time.time()) if at is None else at)
    message = seconds.encode() + method.upper().encode() + target.encode() + body
    sign = hmac.new(settings.SUMSUB_SECRET_KEY.encode(), message, hashlib.sha256).hexdigest()
    return {
        "X-App-Token": settings.SUMSUB_APP_TOKEN,
        "X-App-Access-Ts": seconds,
        "X-App-Access-Sig": sign,
    }


def is_genuine(body: bytes, found: Mapping[str, str], webhook: str = "") -> bool:
    """Whether a webhook's digest is right for these bytes, before anything reads them.

    webhook: its name, the part of its address below ours; each has secrets of its own, and the one
    before stays good while it is being changed. Only algorithms that are switched on count; a
    webhook that names none means SHA-256.
    """
    name = found.get(ALGORITHM_HEADER, "HMAC_SHA256_HEX").upper()
    algorithm = ALGORITHMS.get(name)
    given = found.get(DIGEST_HEADER, "").lower().encode()
    if algorithm is None or name not in settings.SUMSUB_WEBHOOK_ALGORITHMS or not given:
        return False
    # All are compared, whatever the first says: the time tells nothing.
    matches = [
        hmac.compare_digest(given, hmac.new(one.encode(), body, algorithm).hexdigest().encode())
        for one in secrets_of(webhook)
    ]
    return any(matches)


def secrets_of(webhook: str) -> list[str]:
    """The secrets of a webhook, the current one first; none for one we do not have."""
    if not webhook:
        known = [settings.SUMSUB_WEBHOOK_SECRET, settings.SUMSUB_WEBHOOK_SECRET_PREVIOUS]
        return [one for one in known if one]
    pairs = [entry.partition(":") for entry in settings.SUMSUB_WEBHOOK_SECRETS]
    return [secret for name, _, secret in pairs if name == webhook and secret]
