"""Both gateways' simulators against our books over HTTP: what they did is what we have."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Player, User
from apps.core.clock import now
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.payments import selectors as payments
from apps.payments.models import Deposit, GatewayTransaction, Withdrawal
from apps.payments.services import deposits, payouts, withdrawals
from apps.treasury.models import Break, GatewayRecord, HouseWallet, Run
from apps.treasury.selectors.holdings import levels
from apps.treasury.services import holdings
from apps.treasury.services.reconciliation import reconcile
from tests.conftest import make_player
from tests.payments.factories import cash, request_withdrawal
from tests.payments.paymentiq.factories import Desk, wait_for
from tests.simulator_client import Coinspaid, Paymentiq
from tests.treasury.factories import agree, make_withdrawal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def today() -> date:
    return now().date()


def pay_in(coinspaid: Coinspaid, player: Player, amount: str, code: str = "BTC") -> None:
    address = deposits.take_address(player=player, rail=payments.rail(code))
    coinspaid.send(address.address, amount, confirm=True, tag=address.tag)


def open_breaks() -> list[tuple[str, str]]:
    rows = Break.objects.filter(state__in=Break.PENDING).order_by("key")
    return [(row.kind, row.key) for row in rows]


def accept_opening_balances(maker: User, checker: User) -> None:
    """Two people say that what was at the gateway before the first player is the house's own."""
    for row in Break.objects.filter(kind="balance", state="open"):
        wallet = HouseWallet.objects.get(provider=row.provider, currency_id=row.code)
        assert row.theirs is not None
        assert row.ours is not None
        proposal = holdings.propose_own_amount(
            wallet_id=wallet.pk,
            amount=Money.from_major(row.theirs - row.ours, currency(row.code), rounding="down"),
            evidence="Opening statement of the account",
            note="Our float at the launch",
            by=maker,
        )
        agree(proposal, checker)
    assert reconcile("coinspaid", now().date()).state == "clean"


def test_coinspaids_book_is_ours_with_fees_to_the_last_unit(
    coinspaid: Coinspaid, live_server: Any, maker: User, checker: User, today: date
) -> None:
    coinspaid.call_back(live_server.url)
    coinspaid.options(withdrawals_auto=False)
    reconcile("coinspaid", today)
    accept_opening_balances(maker, checker)
    player = make_player()

    for amount in ("0.01234567", "0.5", "0.00300001"):
        pay_in(coinspaid, player, amount)
    pay_in(coinspaid, player, "1.25", "ETH")
    coinspaid.delivered(kind="confirmed")
    # Not from a new address, and not on the day of a new password.
    Player.objects.filter(pk=player.pk).update(kyc_level=2)
    withdrawal = request_withdrawal(player, "0.1")
    Withdrawal.objects.filter(pk=withdrawal.pk).update(held_until=None, people_needed=1)
    withdrawal.refresh_from_db()
    withdrawals.approve(withdrawal, checker, "Known player.")
    payouts.send_due()
    under_way = reconcile("coinspaid", today)
    number = coinspaid.withdrawal(withdrawal.public_id)["id"]
    coinspaid.move(number, "confirmed")
    coinspaid.delivered(reference=str(number))
    done = reconcile("coinspaid", today)

    assert (under_way.carried, under_way.opened, under_way.state) == (1, 0, "clean")
    assert Deposit.objects.filter(state="confirmed").count() == 4
    assert open_breaks() == []
    assert (done.state, done.rows, done.entries, done.matched) == ("clean", 5, 5, 5)
    assert done.totals["BTC deposit"] == {"theirs": "0.51534568", "ours": "0.51534568"}
    assert GatewayRecord.objects.filter(fee__gt=0, entry_id__isnull=False).count() == 5


def test_a_deposit_whose_callback_is_lost_is_carried_and_healed_when_it_comes(
    coinspaid: Coinspaid, live_server: Any, maker: User, checker: User, today: date
) -> None:
    coinspaid.call_back(live_server.url)
    reconcile("coinspaid", today)
    accept_opening_balances(maker, checker)
    player = make_player()
    coinspaid.call_back("http://127.0.0.1:9")  # nobody listens there
    pay_in(coinspaid, player, "0.02")

    lost = reconcile("coinspaid", today)
    assert (lost.carried, cash(player)) == (1, 0)
    number = int(GatewayRecord.objects.get(kind="deposit").outside_ref)
    coinspaid.call_back(live_server.url)
    coinspaid.move(number, "confirmed", force=True)
    wait_for(lambda: cash(player) == Decimal("0.02"))
    found = reconcile("coinspaid", today)

    assert (found.healed, found.carried, open_breaks()) == (1, 0, [])


def test_a_payout_that_we_book_and_they_never_made_is_found(
    coinspaid: Coinspaid, live_server: Any, maker: User, checker: User, today: date
) -> None:
    coinspaid.call_back(live_server.url)
    reconcile("coinspaid", today)
    accept_opening_balances(maker, checker)
    player = make_player()
    pay_in(coinspaid, player, "0.5")
    coinspaid.delivered(kind="confirmed")
    withdrawal = make_withdrawal(player, maker, "0.1")

    done = reconcile("coinspaid", today)

    row = Break.objects.get(state="carried")
    assert (row.kind, row.withdrawal, row.effect) == (
        "missing_there", withdrawal, Decimal("0.1"),
    )  # fmt: skip
    assert done.carried == 1


@pytest.fixture
def desk(paymentiq: Paymentiq, live_server: Any, settings: Any) -> Desk:
    settings.PAYMENTIQ_IP_ALLOWLIST = ["127.0.0.1"]
    paymentiq.call_back(live_server.url)
    player = make_player()
    Player.objects.filter(pk=player.pk).update(kyc_level=2)
    return Desk(paymentiq, player)


def test_paymentiqs_transactions_are_ours(desk: Desk, today: date) -> None:
    kept = desk.deposit("50.00")
    desk.deposit("20.00", outcome="failure")

    done = reconcile("paymentiq", today)

    assert open_breaks() == []
    assert done.state == Run.State.CLEAN
    assert done.totals["EUR deposit"] == {"theirs": "50", "ours": "50"}
    record = GatewayRecord.objects.get(outside_ref=str(kept["id"]))
    assert record.entry_id == GatewayTransaction.objects.get(outside_ref=str(kept["id"])).entry_id
    assert done.matched == done.rows


def test_what_fiat_providers_owe_us_counts_as_held(desk: Desk) -> None:
    desk.deposit("50.00")

    holdings.read_gateways()

    (level,) = [one for one in levels() if one.currency.code == "EUR"]
    assert (level.owed.text, level.held.text, level.is_uncovered) == ("50.00", "50.00", False)
    assert (level.hot_bps, level.is_too_hot) == (None, False)
