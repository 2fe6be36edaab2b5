"""House wallets: read or entered by two people, moved on two people's order, watched by levels."""

from decimal import Decimal

import pytest

from apps.accounts.models import Player, User
from apps.audit import proposals
from apps.audit.errors import AlreadyDecided, AlreadyProposed, NotApproved, NotPermitted, SamePerson
from apps.audit.models import Alarm, Record
from apps.core.errors import Conflict, InvalidAmount, InvalidInput, NotFound
from apps.treasury.errors import NotEnoughHeld, NothingToDo, WrongCurrency
from apps.treasury.models import HouseWallet, Reading, Threshold, Transfer
from apps.treasury.selectors.holdings import Level, levels, share_text
from apps.treasury.services import holdings
from tests.conftest import fund
from tests.operator.factories import make_staff
from tests.treasury.factories import Book, agree, gateway_wallet, make_withdrawal, money, own_wallet

pytestmark = pytest.mark.django_db


def level(code: str = "BTC") -> Level:
    return next(one for one in levels() if one.currency.code == code)


def alarms() -> list[tuple[str, str]]:
    return list(Alarm.objects.order_by("code").values_list("code", "subject"))


# ---- levels ----------------------------------------------------------------------------------------


@pytest.mark.rule("PAY-20")
def test_what_is_owed_is_every_purse_and_no_debt_lessens_it(
    player: Player, other_player: Player, maker: User
) -> None:
    fund(player, "0.5")
    make_withdrawal(player, maker, "0.2", state="sent")
    fund(other_player, "1")

    assert level().owed == money("1.5")


@pytest.mark.rule("PAY-20", "PAY-23")
@pytest.mark.parametrize(
    ("hot", "cold", "expected"),
    [
        ("0.05", "0.95", []),
        ("0.06", "0.94", []),  # above the target, below the alarm
        ("0.09", "0.91", ["treasury.hot_share"]),
        ("0.04", "0.95", ["treasury.coverage"]),
        ("0.99", "0", ["treasury.coverage", "treasury.hot_share"]),
    ],
)
def test_levels_alarm(player: Player, hot: str, cold: str, expected: list[str]) -> None:
    fund(player, "1")
    gateway_wallet(hot)
    own_wallet("cold", cold)

    holdings.watch_levels()

    assert alarms() == [(code, "BTC") for code in expected]


def test_shares_are_exact_and_never_flatter(player: Player) -> None:
    fund(player, "3")
    gateway_wallet("0.24000001")
    own_wallet("cold", "2.75999998")

    found = level()

    assert (found.hot_bps, found.is_too_hot) == (801, True)
    assert (found.coverage_bps, found.is_uncovered) == (9999, True)
    assert found.to_sweep == money("0.09000001")
    assert (share_text(801), share_text(10_000), share_text(None)) == ("8.01 %", "100 %", "–")


def test_nothing_owed_has_no_share_and_no_alarm() -> None:
    gateway_wallet("2")

    holdings.watch_levels()

    assert (level().hot_bps, level().coverage_text) == (None, "–")
    assert alarms() == []


@pytest.mark.rule("PAY-20")
def test_a_currency_is_never_covered_by_another(player: Player) -> None:
    fund(player, "1", "ETH")
    own_wallet("cold", "100", "BTC")

    holdings.watch_levels()

    assert alarms() == [("treasury.coverage", "ETH")]


def test_gateways_are_read_over_http(book: Book) -> None:
    book.held = {
        "BTC": Decimal("1.5"),
        "USDTE": Decimal(10),
        "USDTT": Decimal(5),
        "TRX": Decimal(7),
    }

    assert holdings.read_gateways() == 1

    found = dict(HouseWallet.objects.values_list("currency_id", "balance"))
    assert found == {"BTC": Decimal("1.5"), "USDT": Decimal(15)}
    assert set(HouseWallet.objects.values_list("temperature", flat=True)) == {"hot"}
    book.held["BTC"] = Decimal("1.25")
    holdings.read_gateways()
    assert HouseWallet.objects.get(currency_id="BTC").balance == Decimal("1.25")


def test_a_gateway_that_is_silent_keeps_its_last_balance_and_alarms(book: Book) -> None:
    book.held = {"BTC": Decimal("1.5")}
    holdings.read_gateways()
    book.is_silent = True

    assert holdings.read_gateways() == 0

    assert HouseWallet.objects.get().balance == Decimal("1.5")
    assert alarms() == [("treasury.gateway_silent", "coinspaid")]


# ---- balances by two people ------------------------------------------------------------------------


def test_a_balance_is_entered_by_two_people(maker: User, checker: User) -> None:
    wallet = own_wallet("cold", "1")
    proposal = holdings.propose_reading(
        wallet_id=wallet.pk, amount=money("1.25"), evidence="Device 3, block 870001",
        note="Weekly look", by=maker,
    )  # fmt: skip
    wallet.refresh_from_db()
    assert wallet.balance == 1

    agree(proposal, checker)

    wallet.refresh_from_db()
    assert wallet.balance == Decimal("1.25")
    reading = Reading.objects.get()
    assert (reading.before, reading.amount, reading.evidence) == (
        1, Decimal("1.25"), "Device 3, block 870001",
    )  # fmt: skip
    assert Record.objects.get(action="house_wallet.read").before == {"balance": "1.00000000"}


def test_a_gateways_balance_is_not_entered_by_hand(maker: User) -> None:
    wallet = gateway_wallet("1")

    with pytest.raises(InvalidInput):
        holdings.propose_reading(
            wallet_id=wallet.pk, amount=money("2"), evidence="I saw it", note="No", by=maker
        )


def test_the_houses_own_money_takes_two_people(maker: User, checker: User) -> None:
    wallet = gateway_wallet("5")
    proposal = holdings.propose_own_amount(
        wallet_id=wallet.pk, amount=money("2"), evidence="Minutes of the launch", note="Float",
        by=maker,
    )  # fmt: skip

    agree(proposal, checker)

    wallet.refresh_from_db()
    assert wallet.own_amount == 2
    with pytest.raises(NothingToDo):
        holdings.propose_own_amount(
            wallet_id=wallet.pk, amount=money("2"), evidence="Again", note="Again", by=maker
        )


def test_a_stale_figure_is_not_approved(maker: User, checker: User) -> None:
    wallet = gateway_wallet("5")
    proposal = holdings.propose_own_amount(
        wallet_id=wallet.pk, amount=money("2"), evidence="Minutes", note="Float", by=maker
    )
    HouseWallet.objects.update(own_amount=1)

    with pytest.raises(Conflict):
        agree(proposal, checker)

    wallet.refresh_from_db()
    assert wallet.own_amount == 1


def test_a_new_wallet_takes_two_people(maker: User, checker: User) -> None:
    proposal = holdings.propose_wallet(
        name="Vault 2", currency="BTC", temperature="cold", address="bc1qcold",
        evidence="Ceremony of 3 May", note="Second site", by=maker,
    )  # fmt: skip
    assert not HouseWallet.objects.exists()

    agree(proposal, checker)

    made = HouseWallet.objects.get()
    assert (made.name, made.temperature, made.balance_at) == ("Vault 2", "cold", None)
    with pytest.raises(InvalidInput):
        holdings.propose_wallet(
            name="Vault 2", currency="BTC", temperature="cold", address="", evidence="x",
            note="Twice", by=maker,
        )  # fmt: skip


# ---- sweeps and refills ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target", "kind"),
    [("hot", "cold", "sweep"), ("cold", "hot", "refill"), ("warm", "cold", "sweep")],
)
def test_an_order_is_proposed_approved_and_then_carried_out_by_a_person(
    maker: User, checker: User, source: str, target: str, kind: str
) -> None:
    give, take = own_wallet(source, "2"), own_wallet(target, "1")
    proposal = holdings.propose_transfer(
        source_id=give.pk, target_id=take.pk, amount=money("0.5"), note="Above target", by=maker
    )
    approved = agree(proposal, checker)
    give.refresh_from_db()
    assert (approved.state, give.balance) == ("approved", 2)  # nothing is sent by itself

    done = proposals.complete(
        proposal.public_id, by=maker, evidence="Signed by two keys",
        report={"txid": "ab" * 32, "fee": "0.0001"},
    )  # fmt: skip

    give.refresh_from_db()
    take.refresh_from_db()
    assert done.state == "executed"
    assert (give.balance, take.balance) == (Decimal("1.4999"), Decimal("1.5"))
    made = Transfer.objects.get()
    assert (made.kind, made.txid, made.fee) == (kind, "ab" * 32, Decimal("0.0001"))
    with pytest.raises(AlreadyDecided):
        proposals.complete(
            proposal.public_id, by=maker, evidence="Again", report={"txid": "cd" * 32}
        )
    assert Transfer.objects.count() == 1


def test_a_sweep_from_a_gateway_lessens_the_houses_part_not_its_reading(
    maker: User, checker: User
) -> None:
    give, take = gateway_wallet("5"), own_wallet("cold", "0")
    proposal = holdings.propose_transfer(
        source_id=give.pk, target_id=take.pk, amount=money("2"), note="Above target", by=maker
    )
    agree(proposal, checker)

    proposals.complete(
        proposal.public_id, by=maker, evidence="Their ticket 12", report={"txid": "ef" * 32}
    )

    give.refresh_from_db()
    take.refresh_from_db()
    assert (give.balance, give.own_amount, take.balance) == (5, -2, 2)


def test_what_was_not_approved_is_not_carried_out(maker: User, checker: User) -> None:
    give, take = own_wallet("hot", "2"), own_wallet("cold", "1")
    proposal = holdings.propose_transfer(
        source_id=give.pk, target_id=take.pk, amount=money("0.5"), note="Sweep", by=maker
    )

    with pytest.raises(NotApproved):
        proposals.complete(
            proposal.public_id, by=maker, evidence="Sent", report={"txid": "ab" * 32}
        )
    with pytest.raises(SamePerson):
        agree(proposal, maker)

    assert not Transfer.objects.exists()


@pytest.mark.parametrize(
    ("report", "error"),
    [
        ({"txid": ""}, InvalidInput),
        ({"txid": "two words"}, InvalidInput),
        ({"txid": "x" * 129}, InvalidInput),
        ({"txid": "ok", "fee": "-1"}, InvalidAmount),
        ({"txid": "ok", "fee": "9"}, NotEnoughHeld),
    ],
)
def test_a_report_that_makes_no_sense_changes_nothing(
    maker: User, checker: User, report: dict[str, str], error: type[Exception]
) -> None:
    give, take = own_wallet("hot", "2"), own_wallet("cold", "1")
    proposal = holdings.propose_transfer(
        source_id=give.pk, target_id=take.pk, amount=money("0.5"), note="Sweep", by=maker
    )
    agree(proposal, checker)

    with pytest.raises(error):
        proposals.complete(proposal.public_id, by=maker, evidence="Sent", report=report)

    proposal.refresh_from_db()
    give.refresh_from_db()
    assert (proposal.state, give.balance) == ("approved", 2)


def test_bad_orders_are_refused(maker: User) -> None:
    give, take = own_wallet("hot", "2"), own_wallet("cold", "1")
    other = own_wallet("cold", "1", "ETH")

    def order(**changes: object) -> None:
        fields = {
            "source_id": give.pk, "target_id": take.pk, "amount": money("0.5"), "note": "Sweep",
            "by": maker,
        }  # fmt: skip
        holdings.propose_transfer(**{**fields, **changes})  # type: ignore[arg-type]  # on purpose

    for changes, error in (
        ({"target_id": give.pk}, InvalidInput),
        ({"target_id": other.pk}, WrongCurrency),
        ({"amount": money("1", "ETH")}, WrongCurrency),
        ({"amount": money("2.1")}, NotEnoughHeld),
        ({"amount": money("0")}, NothingToDo),
        ({"source_id": 999}, NotFound),
        ({"by": make_staff("support")}, NotPermitted),
        ({"note": " "}, InvalidInput),
    ):
        with pytest.raises(error):
            order(**changes)
    order()
    with pytest.raises(AlreadyProposed):
        order()


# ---- thresholds ------------------------------------------------------------------------------------


def test_every_currency_has_levels_to_start_with() -> None:
    row = Threshold.objects.get(currency_id="BTC")

    assert (row.hot_target_bps, row.hot_alarm_bps, row.coverage_min_bps) == (500, 800, 10_000)
    assert Threshold.objects.count() == 10


def test_levels_are_changed_by_an_administrators_approval(maker: User, checker: User) -> None:
    changes = {
        "currency": "BTC", "hot_target_bps": 300, "hot_alarm_bps": 600, "coverage_min_bps": 10_500,
        "alone_max": money("0.01"), "silent_after": 4, "note": "After the audit", "by": maker,
    }  # fmt: skip
    proposal = holdings.propose_thresholds(**changes)  # type: ignore[arg-type]  # one dict of all
    with pytest.raises(NotPermitted):
        agree(proposal, checker)

    agree(proposal, make_staff("administrator"))

    row = Threshold.objects.get(currency_id="BTC")
    assert (row.hot_alarm_bps, row.coverage_min_bps, row.alone_max) == (
        600, 10_500, Decimal("0.01"),
    )  # fmt: skip
    for wrong in ({"hot_target_bps": 900}, {"coverage_min_bps": 9_999}, {"silent_after": 0}):
        with pytest.raises(InvalidInput):
            holdings.propose_thresholds(**{**changes, **wrong})  # type: ignore[arg-type]  # ditto
