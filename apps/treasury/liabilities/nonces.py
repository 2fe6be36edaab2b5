"""What hides a player in the tree: a number nobody can guess, another one for every tree."""

import hmac
from hashlib import sha256

from apps.audit import keys

PURPOSE = "liabilities nonces"


def nonce(number: int, currency: str, player: str, key_id: int) -> str:
    """64 hexadecimal digits; the same for the same leaf as long as the key is in the ring."""
    text = f"{number}\n{currency}\n{player}".encode()
    return hmac.digest(keys.derived(PURPOSE, key_id), text, sha256).hex()
