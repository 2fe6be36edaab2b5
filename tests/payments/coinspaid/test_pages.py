"""The deposit page of a rail whose coin is not its currency."""

import pytest

from apps.payments.services import deposits
from tests.payments.factories import rail

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_coin_that_is_exchanged_on_arrival_is_named_as_what_it_is(client, player, coinspaid):
    client.force_login(player.user)
    page = "/wallet/deposit/?currency=EUR&rail=EURBTC"

    before = client.get(page).content.decode()
    assert "BTC, which arrives as EUR," in before
    assert "Show my BTC address" in before

    address = deposits.take_address(player=player, rail=rail("EURBTC"))
    shown = client.get(page).content.decode()
    assert address.address in shown
    assert "Send only BTC over" in shown
    assert "Send only EUR" not in shown
