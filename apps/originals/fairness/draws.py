"""Seeds, commitments, and the stream of numbers a round is made of."""

import hmac
import re
import secrets
from hashlib import sha256

from apps.originals.fairness.crash import first_number

SCHEME = "pf-1"
CLIENT_SEED = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def new_server_seed() -> str:
    """64 hex characters. Secret until it is revealed."""
    return secrets.token_hex(32)


def new_client_seed() -> str:
    return secrets.token_urlsafe(12)


def commitment(server_seed: str) -> str:
    """The hash that is shown before the first bet: SHA-256 of the seed's text."""
    return sha256(server_seed.encode()).hexdigest()


class Draws:
    """The numbers of one round, in order, four bytes each; more blocks follow as they are needed.

    The key is the seed's hexadecimal text, not the bytes it stands for.
    """

    def __init__(self, server_seed: str, client_seed: str, nonce: int):
        self._key = server_seed.encode()
        self._message = f"{client_seed}:{nonce}"
        self._block = 0
        self._left = b""

    def number(self) -> int:
        """The next u, 0 … 2**32 - 1."""
        if not self._left:
            self._left = hmac.digest(self._key, f"{self._message}:{self._block}".encode(), sha256)
            self._block += 1
        taken, self._left = self._left[:4], self._left[4:]
        return int.from_bytes(taken, "big")

    def below(self, n: int) -> int:
        """The next index, 0 … n - 1."""
        return (self.number() * n) >> 32

    def picks(self, of: int, count: int) -> list[int]:
        """`count` different places of 0 … of - 1, drawn from a list that shrinks."""
        places = list(range(of))
        return [places.pop(self.below(len(places))) for _ in range(count)]


class SharedDraw(Draws):
    """The one number of a crash round: a link of the chain, and the salt of all rounds."""

    def __init__(self, link: str, salt: str):
        super().__init__(link, salt, 0)
        self._link, self._salt = link, salt

    def number(self) -> int:
        # No nonce and no block in the message: the link is another one in every round.
        return first_number(self._link, self._salt)


def wide_number(seed: str, domain: str, subject: str, block: int = 0) -> int:
    """The 64-bit draw of jackpots, raffles, rain and drops."""
    message = f"{domain}:{subject}:{block}".encode()
    return int.from_bytes(hmac.digest(seed.encode(), message, sha256)[:8], "big")


def weighted(draw: int, weights: list[int]) -> int:
    """The place in the frozen list that a 64-bit draw falls on."""
    at = (draw * sum(weights)) >> 64
    for place, weight in enumerate(weights):
        if at < weight:
            return place
        at -= weight
    raise ValueError("There is nobody to draw from.")


def hidden_trigger(draw: int, low: int, high: int) -> int:
    """Where in [low, high) minor units a jackpot drops."""
    return low + ((draw * (high - low)) >> 64)
