"""Crash: one point a round for everybody, from a hash chain and a public salt."""

import hmac
from hashlib import sha256

EDGE_BP = 100
# The multiplier after t ms is e ** (t * RATE), shown and paid down to the hundredth.
RATE_PER_MS = "0.00006"


def earlier(link: str) -> str:
    """The link before: whoever holds a link can walk back to the published h_0, nobody forward."""
    return sha256(link.encode()).hexdigest()


def chain(last: str, length: int) -> list[str]:
    """h_0 … h_length, of which h_length is `last`."""
    links = [last]
    for _ in range(length):
        links.append(earlier(links[-1]))
    return links[::-1]


def point(link: str, salt: str, edge_bp: int = EDGE_BP) -> int:
    """Where the round ends, in hundredths; 100 is an instant bust."""
    n = int.from_bytes(hmac.digest(link.encode(), salt.encode(), sha256)[:4], "big")
    return max(100, (10_000 - edge_bp) * 2**32 // (100 * (n + 1)))
