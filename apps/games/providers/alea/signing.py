"""The digest both sides put on a call: lower-case hex SHA-512 of a text that ends with the secret.

Plain concatenation, UTF-8, no separators, no HMAC. Source: protocol notes, section 2.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

from django.conf import settings

HEADER = "Digest"
PREFIX = "SHA-512="
# A JSON string, or white space outside of one.
INSIGNIFICANT = re.compile(rb'("(?:[^"\\]|\\.)*")|[ \t\r\n]+', re.DOTALL)
ANY_SPACE = re.compile(rb"\s+")


def digest(signed: bytes, secret: str) -> str:
    """`SHA-512=<hex>` of these bytes and the secret behind them."""
    return f"{PREFIX}{hashlib.sha512(signed + secret.encode()).hexdigest()}"


def session_text(session_id: str) -> bytes:
    return session_id.encode()


def balance_text(query: Mapping[str, str]) -> bytes:
    """The values of a balance call in the vendor's order, whatever theirs in the address is."""
    names = ("casinoSessionId", "currency", "gameId", "integratorId", "softwareId")
    return "".join(query.get(name, "") for name in names).encode()


def launch_text(*, player_ref: str, session_id: str, country: str, currency: str) -> bytes:
    """What v1 signs of a launch for real money; a demo signs the last two alone."""
    return f"{player_ref}{session_id}{country}{currency}".encode()


def body_texts(body: bytes) -> list[bytes]:
    """The forms of a transaction's body that may have been digested. Never written anew: `1.50`
    must stay what it is."""
    forms = [body]
    if settings.ALEA_DIGEST_BODY in {"compact", "all"}:
        forms.append(INSIGNIFICANT.sub(rb"\1", body))
    if settings.ALEA_DIGEST_BODY == "all":
        forms.append(ANY_SPACE.sub(b"", body))
    return list(dict.fromkeys(forms))


def is_valid(given: str, forms: Iterable[bytes]) -> bool:
    """Compare in constant time, with today's secret and with the one being replaced.

    A missing prefix or another algorithm is a failure; the case of the hex digits is not.
    """
    if not given.startswith(PREFIX):
        return False
    claimed = f"{PREFIX}{given[len(PREFIX) :].strip().lower()}".encode()
    secrets = (settings.ALEA_SECRET, settings.ALEA_SECRET_PREVIOUS)
    # An empty secret signs nothing: without one nobody may call.
    matches = [
        hmac.compare_digest(claimed, digest(form, one).encode())
        for form in forms
        for one in secrets
        if one
    ]
    return any(matches)
