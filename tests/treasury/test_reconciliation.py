"""A gateway's book against ours, both ways: every difference is found, none is repaired silently."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Player, User
from apps.audit.models import Alarm, Record
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.ledger.models import Entry
from apps.payments.models import Deposit, Exchange, Withdrawal
from apps.payments.services import payout_switch
from apps.treasury.models import Break, GatewayRecord, HouseWallet, Run
from apps.treasury.services import breaks
from apps.treasury.services.reconciliation import reconcile, reconcile_due
from tests.operator.factories import make_staff
from tests.treasury.factories import Book, book_deposit, make_deposit, make_withdrawal

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> date:
    return now().date()


@pytest.fixture
def ours(player: Player, maker: User) -> tuple[Deposit, Withdrawal]:
    """Half a bitcoin in, a tenth out."""
    deposit = make_deposit(player, "0.5")
    return deposit, make_withdrawal(player, maker, "0.1")


@pytest.fixture
def agreed(book: Book, ours: tuple[Deposit, Withdrawal], player: Player, today: date) -> Book:
    """The gateway's book says the same, and has another coin besides."""
    deposit, withdrawal = ours
    book.add(today, make_deposit(player, "1").outside_ref, "1")
    book.add(today, deposit.outside_ref, "0.5")
    book.add(
        today,
        withdrawal.outside_ref,
        "0.1",
        kind="withdrawal",
        reference=withdrawal.foreign_id or "",
    )
    return book


def run(day: date) -> Run:
    return reconcile("coinspaid", day)


def found() -> list[tuple[str, str]]:
    rows = Break.objects.filter(state__in=Break.PENDING).order_by("id")
    return [(row.kind, row.state) for row in rows]


def age_everything() -> None:
    """As if a day had passed: nothing is in flight any more."""
    day = now().date() - timedelta(days=1)
    GatewayRecord.objects.update(day=day)
    Break.objects.update(day=day)


def test_two_books_that_agree_have_no_breaks(agreed: Book, today: date) -> None:
    done = run(today)

    assert found() == []
    assert (done.state, done.rows, done.entries, done.matched) == ("clean", 3, 3, 3)
    assert done.totals == {
        "BTC deposit": {"theirs": "1.5", "ours": "1.5"},
        "BTC withdrawal": {"theirs": "0.1", "ours": "0.1"},
    }
    assert set(GatewayRecord.objects.values_list("entry_id", flat=True)) == set(
        Entry.objects.exclude(account__code="purse_transfer").values_list("pk", flat=True)
    )
    assert not Alarm.objects.exists()


def test_a_row_that_we_do_not_have_is_carried_and_then_a_break(agreed: Book, today: date) -> None:
    agreed.add(today, "7000001", "0.25")

    first = run(today)
    assert found() == [("missing_here", "carried")]
    assert (first.carried, first.opened, first.state) == (1, 0, "clean")

    # The next day it is still there.
    agreed.rows[today - timedelta(days=1)] = agreed.rows.pop(today)
    age_everything()
    second = run(today)

    assert found() == [("missing_here", "open")]
    assert (second.state, second.still_open) == ("breaks", 1)
    row = Break.objects.get()
    assert (row.theirs, row.ours, row.runs) == (Decimal("0.25"), None, 2)
    assert "7000001" in row.message
    assert Alarm.objects.filter(code="reconciliation.breaks", subject="coinspaid").exists()


def test_a_late_callback_heals_what_was_carried(agreed: Book, player: Player, today: date) -> None:
    agreed.add(today, "7000001", "0.25")
    run(today)
    make_deposit(player, "0.25", outside_ref="7000001")

    second = run(today)

    assert found() == []
    assert second.healed == 1
    assert Break.objects.get().state == "healed"
    assert Record.objects.get(action="break.healed").before["state"] == "carried"


@pytest.mark.parametrize("late", [False, True])
def test_a_movement_that_the_gateway_does_not_have(
    agreed: Book,
    ours: tuple[Deposit, Withdrawal],
    today: date,
    late: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agreed.drop(ours[0].outside_ref)
    agreed.move("BTC", Decimal("-0.5"))
    if late:
        monkeypatch.setattr("apps.treasury.services.comparing.IN_FLIGHT", timedelta(0))

    run(today)

    assert found() == [("missing_there", "open" if late else "carried")]
    row = Break.objects.get()
    assert (row.deposit, row.entry_id) == (ours[0], ours[0].entry_id)
    assert (row.ours, row.theirs, row.effect) == (Decimal("0.5"), None, Decimal("-0.5"))


def change_amount(book: Book, deposit: Deposit, today: date) -> None:
    book.drop(deposit.outside_ref)
    book.move("BTC", Decimal("-0.5"))
    book.add(today, deposit.outside_ref, "0.4")


def change_currency(book: Book, deposit: Deposit, today: date) -> None:
    book.drop(deposit.outside_ref)
    book.move("BTC", Decimal("-0.5"))
    book.add(today, deposit.outside_ref, "0.5", code="LTC")


def change_state(book: Book, deposit: Deposit, today: date) -> None:
    book.drop(deposit.outside_ref)
    book.move("BTC", Decimal("-0.5"))
    book.add(today, deposit.outside_ref, "0.5", status="cancelled")


def say_it_twice(book: Book, deposit: Deposit, today: date) -> None:
    book.add(today, deposit.outside_ref, "0.5")


def book_it_twice(book: Book, deposit: Deposit, today: date) -> None:
    book_deposit(deposit, key="a-second-key")


@pytest.mark.rule("PAY-19")
@pytest.mark.parametrize(
    ("spoil", "kinds"),
    [
        (change_amount, {"amount"}),
        (change_currency, {"currency", "balance"}),
        (change_state, {"state"}),
        (say_it_twice, {"double"}),
        (book_it_twice, {"double", "booking"}),
    ],
)
def test_each_kind_of_difference_is_found_by_name(
    agreed: Book,
    ours: tuple[Deposit, Withdrawal],
    today: date,
    spoil: Callable[[Book, Deposit, date], None],
    kinds: set[str],
) -> None:
    spoil(agreed, ours[0], today)
    before = list(Entry.objects.order_by("pk").values_list("pk", "balance_after"))

    done = run(today)

    assert {kind for kind, _ in found()} == kinds
    assert done.state == "breaks"
    # Nothing was repaired.
    assert list(Entry.objects.order_by("pk").values_list("pk", "balance_after")) == before
    assert Deposit.objects.get(pk=ours[0].pk).state == "confirmed"


def test_a_payment_of_ours_that_says_no_while_the_gateway_paid(
    agreed: Book, player: Player, maker: User, today: date
) -> None:
    withdrawal = make_withdrawal(player, maker, "0.2", state=Withdrawal.State.SENT)
    Withdrawal.objects.filter(pk=withdrawal.pk).update(state="released")
    agreed.add(today, withdrawal.outside_ref, "0.2", kind="withdrawal")

    run(today)

    row = Break.objects.get()
    assert (row.kind, row.state, row.withdrawal_id) == ("state", "open", withdrawal.pk)


def test_fees_are_the_gateways_and_leave_no_gap(
    book: Book, player: Player, maker: User, today: date
) -> None:
    deposit = make_deposit(player, "0.5")
    withdrawal = make_withdrawal(player, maker, "0.1")
    book.add(today, deposit.outside_ref, "0.5", fee="0.004")
    book.add(today, withdrawal.outside_ref, "0.1", kind="withdrawal", network_fee="0.0002")

    run(today)

    assert found() == []


def test_what_is_below_our_smallest_unit_is_counted_and_no_difference(
    book: Book, player: Player, today: date
) -> None:
    for number in range(3):
        make_deposit(player, "10.123456", code="USDT", outside_ref=f"77{number}")
        book.add(today, f"77{number}", "10.12345678", code="USDTE")

    run(today)

    assert found() == []
    assert GatewayRecord.objects.filter(dust=Decimal("0.00000078")).count() == 3


def test_a_fee_that_the_player_bore_is_not_a_difference(
    book: Book, player: Player, today: date
) -> None:
    deposit = make_deposit(player, "0.495", gross="0.5", net="0.495")
    book.add(today, deposit.outside_ref, "0.5", fee="0.005")

    run(today)

    assert found() == []
    assert GatewayRecord.objects.get().fee_on_player


def make_exchange(bought: str) -> Exchange:
    return Exchange.objects.create(
        provider="coinspaid", sold_code="BTC", bought_code="ETH", wanted_sold="0.2", sold="0.2",
        bought=bought, state="done", key="x1", reason="Ether for players", outside_ref="90001",
        created_at=now(), updated_at=now(), finished_at=now(),
    )  # fmt: skip


def test_an_exchange_that_we_ordered_moves_balances_and_is_no_difference(
    agreed: Book, today: date
) -> None:
    make_exchange("3.5")
    agreed.add(today, "90001", "0.2", kind="exchange", bought="3.5", bought_code="ETH")

    run(today)

    assert found() == []


def test_an_exchange_that_nobody_ordered_or_that_gave_less_is_a_break(
    agreed: Book, today: date
) -> None:
    agreed.add(today, "90001", "0.2", kind="exchange", bought="3.5", bought_code="ETH")
    run(today)
    assert found() == [("missing_here", "carried")]

    make_exchange("3.6")
    run(today)

    assert found() == [("amount", "open")]


def test_money_that_nobody_can_explain_is_a_break_of_the_balance(agreed: Book, today: date) -> None:
    agreed.move("BTC", Decimal(2))

    run(today)

    row = Break.objects.get()
    assert (row.kind, row.state, row.key) == ("balance", "open", "balance:BTC")
    assert row.difference_text == "2 BTC"
    assert "the house's own" in row.message


@pytest.mark.parametrize(("change", "stops"), [("-0.3", True), ("0.3", False)])
def test_money_that_is_gone_stops_payouts(
    agreed: Book, today: date, change: str, stops: bool
) -> None:
    agreed.move("BTC", Decimal(change))

    run(today)

    assert found() == [("balance", "open")]
    assert payout_switch.is_stopped() is stops


def test_the_houses_own_money_is_no_difference(agreed: Book, today: date) -> None:
    agreed.move("BTC", Decimal(2))
    run(today)
    HouseWallet.objects.filter(provider="coinspaid", currency_id="BTC").update(own_amount=2)

    second = run(today)

    assert found() == []
    assert second.healed == 1


def test_a_payout_on_its_way_is_carried(
    agreed: Book, player: Player, maker: User, today: date
) -> None:
    withdrawal = make_withdrawal(player, maker, "0.2", state=Withdrawal.State.SENT)
    agreed.move("BTC", Decimal("-0.2"))

    run(today)

    assert found() == [("balance", "carried")]
    agreed.rows[today].clear()
    assert withdrawal.state == "sent"


def test_what_people_resolved_does_not_come_back_until_it_changes(
    agreed: Book, maker: User, today: date
) -> None:
    agreed.move("BTC", Decimal(2))
    run(today)
    breaks.resolve(Break.objects.get().public_id, by=maker, reason="Our own float, see minutes")

    second = run(today)
    assert (second.settled, second.opened, found()) == (1, 0, [])

    agreed.move("BTC", Decimal(1))
    third = run(today)
    assert (third.opened, found()) == (1, [("balance", "open")])


def test_an_explained_break_stays_until_the_difference_is_gone(
    agreed: Book, maker: User, today: date
) -> None:
    agreed.move("BTC", Decimal(2))
    run(today)
    row = Break.objects.get()
    breaks.explain(row.public_id, by=maker, reason="A transfer of ours that lands tomorrow")

    run(today)
    assert found() == [("balance", "explained")]

    agreed.move("BTC", Decimal(-2))
    run(today)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("healed", "A transfer of ours that lands tomorrow")


def test_a_run_says_the_same_when_it_is_run_again(agreed: Book, today: date) -> None:
    agreed.add(today, "7000001", "0.25", status="confirmed")
    agreed.move("BTC", Decimal(1))
    run(today)
    rows = list(Break.objects.order_by("pk").values_list("kind", "key", "state"))

    again = run(today)

    assert list(Break.objects.order_by("pk").values_list("kind", "key", "state")) == rows
    assert (again.opened, again.healed) == (0, 0)


def test_a_silent_gateway_is_a_failed_run_and_changes_nothing(agreed: Book, today: date) -> None:
    agreed.move("BTC", Decimal(2))
    run(today)
    agreed.is_silent = True

    failed = run(today)

    assert failed.state == "failed"
    assert found() == [("balance", "open")]
    assert Alarm.objects.filter(code="reconciliation.failed").exists()


def test_the_neighbour_day_of_a_gateway_is_the_same_payment(agreed: Book, today: date) -> None:
    agreed.rows[today - timedelta(days=1)] = agreed.rows.pop(today)

    run(today)

    assert found() == []


@pytest.mark.rule("PAY-19")
def test_the_daily_job_runs_once_and_catches_up(agreed: Book, today: date) -> None:
    yesterday = today - timedelta(days=1)
    run(today - timedelta(days=4))

    first, second = reconcile_due(), reconcile_due()

    assert [one.day for one in first] == [yesterday - timedelta(days=2 - n) for n in range(3)]
    assert second == []


def test_the_command_prints_what_is_open_and_fails(agreed: Book, today: date) -> None:
    out, err = StringIO(), StringIO()
    call_command("reconcile", "--day", str(today), "--provider", "coinspaid", stdout=out)
    agreed.move("BTC", Decimal(2))

    with pytest.raises(CommandError, match="do not agree"):
        call_command("reconcile", "--day", str(today), stdout=out, stderr=err)

    assert "3 rows, 3 movements, 3 matched" in out.getvalue()
    assert "balance:BTC" in err.getvalue()


@pytest.mark.parametrize(
    "arguments", [["--day", "yesterday"], ["--provider", "nobody"], ["--day", "2199-01-01"]]
)
def test_the_command_refuses_nonsense(book: Book, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("reconcile", *arguments)

    assert not Run.objects.exists()


def test_only_days_of_the_past_year_are_compared(book: Book, today: date) -> None:
    for day in (today + timedelta(days=1), today - timedelta(days=400)):
        with pytest.raises(InvalidInput):
            run(day)


# ---- working on breaks -----------------------------------------------------------------------------


def test_a_break_has_an_owner_and_ends_with_a_reason(
    agreed: Book, maker: User, today: date
) -> None:
    agreed.move("BTC", Decimal(2))
    run(today)
    name = Break.objects.get().public_id

    breaks.assign(name, to=maker, by=maker)
    assert Break.objects.get().state == "assigned"
    breaks.resolve(name, by=maker, reason="Float of the launch")

    row = Break.objects.get()
    assert (row.state, row.closed_by, row.reason) == ("resolved", maker, "Float of the launch")
    assert list(
        Record.objects.filter(subject_kind="treasury.break")
        .order_by("id")
        .values_list("action", flat=True)
    ) == ["break.opened", "break.assigned", "break.resolved"]


def test_support_works_on_no_break_and_reasons_are_needed(
    agreed: Book, maker: User, today: date
) -> None:
    agreed.move("BTC", Decimal(2))
    run(today)
    name, support = Break.objects.get().public_id, make_staff("support")

    for act in (
        lambda: breaks.assign(name, to=support, by=support),
        lambda: breaks.assign(name, to=support, by=maker),
        lambda: breaks.resolve(name, by=support, reason="I say so"),
        lambda: breaks.resolve(name, by=maker, reason="  "),
        lambda: breaks.explain(name, by=maker, reason="x" * 501),
    ):
        with pytest.raises((InvalidInput, Exception), match=r".+"):
            act()

    assert Break.objects.get().state == "open"
