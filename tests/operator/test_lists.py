"""A list costs the same number of queries however long it is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.operator.factories import (
    follow_journal,
    make_alarm,
    make_dead_delivery,
    make_deposit,
    make_parked_callback,
    make_player,
    make_session,
    make_staff,
    make_withdrawal,
    make_world,
    play,
    signed_in,
)

pytestmark = pytest.mark.django_db

LISTS = [
    "accounts/player",
    "accounts/apikey",
    "audit/record",
    "audit/alarm",
    "events/delivery",
    "games/game",
    "games/gamesession",
    "games/round",
    "integrations/inboxmessage",
    "ledger/entry",
    "ledger/wallet",
    "operator/staff",
    "payments/deposit",
    "payments/depositaddress",
    "payments/withdrawal",
    "reports/revenuehour",
    "queue",
]


def queries(client: object, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(address)  # type: ignore[attr-defined]  # a test client
    assert answer.status_code == 200
    return len(captured)


def more_of_everything() -> None:
    for number in range(4):
        player = make_player()
        make_deposit(player, "0.5")
        make_session(player)
        play(player, "0.01", "0.02")
        make_withdrawal(player)
        make_staff("support")
        make_alarm(f"subject {number}")
        make_parked_callback()
        make_dead_delivery()
    follow_journal()


def test_no_list_asks_once_per_row() -> None:
    make_world()
    client = signed_in(make_staff("administrator"))
    addresses = [f"/operator/{place}/" for place in LISTS]
    for address in addresses:
        queries(client, address)  # content types and the like are cached by the first visit
    few = {address: queries(client, address) for address in addresses}
    more_of_everything()

    many = {address: queries(client, address) for address in addresses}

    assert many == few
    assert max(many.values()) <= 20
