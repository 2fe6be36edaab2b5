"""Encryption of single values that the database must hold but not show: seeds, tokens, bank data.

AES-256-GCM under a ring of keys (`FIELD_KEYS`, newest first) that never enters the database. A value is
bound to its place: moved to another row, column or table it does not open. Layout of a sealed value:
one byte of version, two bytes of key number, twelve of nonce, then the ciphertext with its tag.
"""

import hmac
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

VERSION = 1
HEAD, NONCE = 3, 12


class SealBroken(Exception):
    """The value was changed, stands in the wrong place, or its key is not in the ring."""


def seal(text: str, *, place: str) -> bytes:
    """Encrypt with the newest key. place: `table.column:row`, the same when it is opened."""
    return seal_bytes(text.encode(), place=place)


def seal_bytes(content: bytes, *, place: str) -> bytes:
    """The same for what is no text: files that lie outside the database."""
    key_id = next(iter(settings.FIELD_KEYS))
    nonce = os.urandom(NONCE)
    head = bytes([VERSION]) + key_id.to_bytes(2, "big")
    hidden = _cipher(key_id).encrypt(nonce, content, head + place.encode())
    return head + nonce + hidden


def unseal(sealed: bytes | memoryview, *, place: str) -> str:
    """Raises SealBroken."""
    try:
        return unseal_bytes(sealed, place=place).decode()
    except UnicodeDecodeError as error:
        raise SealBroken(place) from error


def unseal_bytes(sealed: bytes | memoryview, *, place: str) -> bytes:
    """Raises SealBroken."""
    sealed = bytes(sealed)
    head, nonce, hidden = sealed[:HEAD], sealed[HEAD : HEAD + NONCE], sealed[HEAD + NONCE :]
    try:
        if head[:1] != bytes([VERSION]):
            raise SealBroken(place)
        return _cipher(key_of(sealed)).decrypt(nonce, hidden, head + place.encode())
    except (InvalidTag, KeyError, ValueError) as error:
        raise SealBroken(place) from error


def place_of(row: models.Model, column: str, named_by: str) -> str:
    """The place of a value of a model: its table, its column, and what names its row for ever."""
    return f"{row._meta.db_table}.{column}:{getattr(row, named_by)}"


def blind(text: str, *, purpose: str) -> str:
    """A keyed hash to find equal values by, without reading any: `key number:hash`.

    purpose: what is compared; equal texts of two purposes have nothing in common.
    """
    return _blind(text, purpose, next(iter(settings.FIELD_KEYS)))


def blinds(text: str, *, purpose: str) -> list[str]:
    """The same under every key of the ring, for a look-up while keys are changed."""
    return [_blind(text, purpose, key_id) for key_id in settings.FIELD_KEYS]


def _blind(text: str, purpose: str, key_id: int) -> str:
    # A key of its own for each purpose: what is hashed with it tells nothing about the ring's key.
    own = hmac.digest(settings.FIELD_KEYS[key_id], f"blind index: {purpose}".encode(), "sha256")
    return f"{key_id}:{hmac.digest(own, text.encode(), 'sha256').hex()}"


def key_of(sealed: bytes | memoryview) -> int:
    return int.from_bytes(bytes(sealed)[1:HEAD], "big")


def is_current(sealed: bytes | memoryview) -> bool:
    """Whether it is under the newest key; older ones wait for `manage.py rotate_field_keys`."""
    return key_of(sealed) == next(iter(settings.FIELD_KEYS))


def _cipher(key_id: int) -> AESGCM:
    return _cipher_of(settings.FIELD_KEYS[key_id])


@cache
def _cipher_of(key: bytes) -> AESGCM:
    if len(key) != 32:
        raise ValueError("A field key has 32 bytes.")
    return AESGCM(key)
