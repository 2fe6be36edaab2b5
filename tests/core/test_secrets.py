"""Sealed values open in their own place, with a key of the ring, unchanged; or not at all."""

from typing import Any

import pytest

from apps.core import secrets
from apps.core.secrets import SealBroken

PLACE = "table.column:row"


@pytest.fixture(autouse=True)
def ring(settings: Any) -> Any:
    settings.FIELD_KEYS = {1: b"a" * 32}
    return settings


def test_a_value_opens_in_its_place() -> None:
    sealed = secrets.seal("DE89 3704 0044 0532 0130 00", place=PLACE)

    assert b"3704" not in sealed
    assert secrets.unseal(sealed, place=PLACE) == "DE89 3704 0044 0532 0130 00"
    assert secrets.seal("x", place=PLACE) != secrets.seal("x", place=PLACE)


@pytest.mark.rule("SEC-19")
def test_it_opens_nowhere_else() -> None:
    sealed = secrets.seal("x", place=PLACE)

    with pytest.raises(SealBroken):
        secrets.unseal(sealed, place="table.column:other")


@pytest.mark.rule("SEC-19")
@pytest.mark.parametrize("at", [0, 1, 2, 5, -1])
def test_a_changed_byte_is_refused(at: int) -> None:
    sealed = bytearray(secrets.seal("x", place=PLACE))
    sealed[at] ^= 1

    with pytest.raises(SealBroken):
        secrets.unseal(bytes(sealed), place=PLACE)


def test_old_keys_open_until_they_leave_the_ring(ring: Any) -> None:
    sealed = secrets.seal("x", place=PLACE)
    ring.FIELD_KEYS = {2: b"b" * 32, 1: b"a" * 32}

    assert secrets.unseal(sealed, place=PLACE) == "x"
    assert not secrets.is_current(sealed)
    assert secrets.is_current(secrets.seal("x", place=PLACE))

    ring.FIELD_KEYS = {2: b"b" * 32}
    with pytest.raises(SealBroken):
        secrets.unseal(sealed, place=PLACE)
