"""Deposit limits at every door: gross, over all currencies, and what arrives anyway is held."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Player, User
from apps.ledger.models import Entry
from apps.limits import exclusion, selectors, services
from apps.limits.errors import DepositOverLimit
from apps.payments import limits as payment_limits
from apps.payments.errors import DepositsStopped, RailUnavailable
from apps.payments.models import Deposit
from apps.payments.services import cashier, deposits, invoices
from apps.wallet import movements
from tests.limits.test_play_limits import read_journal
from tests.payments.factories import btc, call_back, cash, make_address, rail, recorded
from tests.rates.factories import set_rates
from tests.wallet.test_movements import Table

pytestmark = pytest.mark.django_db
Fund = Callable[..., Any]


@pytest.fixture(autouse=True)
def _surroundings(player: Player, settings: Any) -> None:
    settings.PAYMENTS_TESTNET = True
    set_rates(BTC="60000")
    make_address(player)


def limit(player: Player, value: str, window: str = "day") -> None:
    services.set_limit(
        player_id=player.pk, kind="deposit", window=window, value=Decimal(value), actor=player
    )


@pytest.mark.rule("RG-04", "RG-05", "RG-06")
@pytest.mark.parametrize("is_read", [True, False])
def test_room_is_gross_over_all_currencies_and_comes_back_when_a_deposit_leaves_the_window(
    player: Player, fund: Fund, is_read: bool
) -> None:
    limit(player, "1000")
    limit(player, "2000", "week")
    fund(player, "0.01", "BTC")
    set_rates(BTC="90000")
    fund(player, "100.00", "EUR")
    table = Table(player)
    movements.withdrawal_reserved(
        player_id=player.pk, amount=table.money("100.00"), key="out", withdrawal_id=1
    )
    if is_read:
        read_journal()

    room = selectors.deposit_room(player.pk)
    assert room is not None
    first = Entry.objects.order_by("pk").first()
    assert first is not None
    # 600 at the rate of then, and 100: what was withdrawn frees nothing.
    assert (room.window, room.used, room.room) == ("day", 700, 300)
    assert room.releases_at == first.created_at + timedelta(hours=24)
    edge = selectors.deposit_room(player.pk, at=first.created_at + timedelta(hours=24))
    assert edge is not None
    assert (edge.window, edge.room) == ("day", 900)


@pytest.mark.rule("RG-11", "RG-07")
def test_what_arrives_over_the_limit_is_held_and_not_released_against_it(
    player: Player, finance: User
) -> None:
    limit(player, "595.19")  # the callback pays in 0.00992 BTC: 595.20
    call_back(recorded("deposit_confirmed"))

    found = Deposit.objects.get()
    assert (found.state, found.held_because, cash(player)) == ("held", "deposit_limit", 0)
    with pytest.raises(DepositOverLimit):
        deposits.release(found, finance, "They asked nicely.")
    assert cash(player) == 0


@pytest.mark.rule("RG-11")
def test_a_deposit_of_all_the_room_is_credited(player: Player) -> None:
    limit(player, "600")

    call_back(recorded("deposit_confirmed"))

    assert Deposit.objects.get().state == "confirmed"


@pytest.mark.rule("RG-14", "RG-15")
def test_no_door_takes_a_deposit_during_a_break_and_what_arrives_is_held(
    player: Player, finance: User
) -> None:
    exclusion.panic(player_id=player.pk, actor=player)
    stale = Player.objects.get(pk=player.pk)
    stale.status = Player.Status.ACTIVE  # what a request may have loaded a moment before

    for door in (
        lambda: deposits.take_address(player=stale, rail=rail()),
        lambda: invoices.open_invoice(
            player=stale, rail=rail(), amount=btc("0.01"), key="k", takes_parts=False
        ),
        lambda: cashier.open_session(player=stale, rail=rail("EUR"), direction="deposit"),
    ):
        with pytest.raises((DepositsStopped, RailUnavailable)):
            door()
    assert payment_limits.deposit_problem(stale, rail(), btc("0.01")) == "panic"
    call_back(recorded("deposit_confirmed"))
    assert Deposit.objects.get().state == "held"
    with pytest.raises(DepositsStopped):
        deposits.release(Deposit.objects.get(), finance, "They asked nicely.")


@pytest.mark.rule("RG-11")
def test_what_is_on_its_way_takes_room(player: Player) -> None:
    limit(player, "1000")
    call_back(recorded("deposit_not_confirmed"))
    pending = payment_limits.pending_value(player)

    assert pending > 0
    over = selectors.deposit_problem(player.pk, btc("0.01"), pending=pending)
    assert over is not None
    assert over.room is not None
    assert over.room.major == 1000 - pending.quantize(Decimal("0.01"))


@pytest.mark.rule("RG-10")
def test_a_cap_of_the_licence_applies_beside_the_players_limit(
    player: Player, settings: Any
) -> None:
    settings.JURISDICTION = "ES"
    room = selectors.deposit_room(player.pk)
    assert room is not None
    assert (room.limit, room.owner) == (700, "licence")

    limit(player, "500")
    room = selectors.deposit_room(player.pk)
    assert room is not None
    assert (room.limit, room.owner) == (500, "player")
