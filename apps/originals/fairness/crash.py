"""Crash: one point a round for everybody, from a hash chain and a public salt."""

import hmac
from decimal import Context, Decimal
from hashlib import sha256

EDGE_BP = 100
# The multiplier after t ms is e ** (t * RATE), shown and paid down to the hundredth.
RATE_PER_MS = Decimal("0.00006")
# Leaving at 1.00 would be a bet without an edge.
LEAVE_MIN = 101
# No point lies beyond it: the highest, 99 * 2 ** 32, is reached after 370 seconds.
MS_MAX = 400_000
_EXACT = Context(prec=40)


def earlier(link: str) -> str:
    """The link before: whoever holds a link can walk back to the published h_0, nobody forward."""
    return sha256(link.encode()).hexdigest()


def chain(last: str, length: int) -> list[str]:
    """h_0 … h_length, of which h_length is `last`."""
    links = [last]
    for _ in range(length):
        links.append(earlier(links[-1]))
    return links[::-1]


def walk_back(link: str, steps: int) -> str:
    """The link so many steps before."""
    for _ in range(steps):
        link = earlier(link)
    return link


def first_number(link: str, salt: str) -> int:
    """n, 0 … 2**32 - 1: all that a round draws."""
    return int.from_bytes(hmac.digest(link.encode(), salt.encode(), sha256)[:4], "big")


def point_of(n: int, edge_bp: int = EDGE_BP) -> int:
    """Where the round ends, in hundredths; 100 is an instant bust."""
    return max(100, (10_000 - edge_bp) * 2**32 // (100 * (n + 1)))


def point(link: str, salt: str, edge_bp: int = EDGE_BP) -> int:
    """Where the round with this link ends, in hundredths."""
    return point_of(first_number(link, salt), edge_bp)


def multiplier(ms: int) -> int:
    """Hundredths after so many milliseconds; a round that was left for a week is not worked out."""
    return int(_EXACT.exp(Decimal(min(MS_MAX, max(0, ms))) * RATE_PER_MS) * 100)


def reached_after(hundredths: int) -> int:
    """The first millisecond at which the multiplier is this high."""
    if hundredths <= 100:
        return 0
    ms = int(_EXACT.ln(Decimal(hundredths) / 100) / RATE_PER_MS)
    while multiplier(ms) < hundredths:
        ms += 1
    return ms


def ends_after(its_point: int) -> int:
    """The first millisecond that is beyond the point: whoever is not out by then has lost."""
    return reached_after(its_point + 1)
