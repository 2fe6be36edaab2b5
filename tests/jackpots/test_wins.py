"""Who wins, and that they are paid once, in their currency, or not before somebody has looked."""

import itertools
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.accounts.models import Player, User
from apps.audit import proposals
from apps.audit.models import Alarm, Record
from apps.core import secrets
from apps.core.money import Money
from apps.events import bus
from apps.jackpots import acts, booking, payouts, reading, rules, selectors, verification
from apps.jackpots.errors import RebuildDiffers, WinNotHeld
from apps.jackpots.followers import Jackpots
from apps.jackpots.models import Cycle, Level, Win, base_money
from apps.ledger import followers
from apps.ledger import verification as journal
from apps.ledger.followers import follow
from apps.ledger.models import Entry, Wallet
from apps.ledger.selectors import currency
from apps.messaging.models import Notice
from apps.treasury.selectors.owed import owed_by_currency
from apps.wallet import services as wallets
from apps.wallet.selectors import balance
from tests.jackpots.factories import bet, level, make_jackpot, read, rich, roll_back, sums, the
from tests.rates.factories import set_rates

pytestmark = pytest.mark.django_db
SOON = level(seed="10.00", low="10.01", high="10.05")


def cash(player: Player, code: str = "EUR") -> str:
    return balance(player.pk, currency(code)).cash.text


def won(player: Player, amount: str = "100.00", code: str = "EUR") -> Win:
    """A bet that brings the pot to its trigger, read and not paid."""
    bet(player, amount, code)
    read()
    return Win.objects.latest("id")


def test_the_bet_that_reaches_the_hidden_amount_wins(player: Player, other_player: Player) -> None:
    make_jackpot(level(seed="10.00", low="10.50", high="12.00"))
    cycle = Cycle.objects.get()
    seed = secrets.unseal(cycle.sealed, place=cycle.place)
    at = rules.trigger_units(cycle.rules, seed, cycle.named, 2)
    rich(player)
    rich(other_player)
    # A hundredth of a stake, less a tenth for the reserve: 9 units of the pot for each 10.00.
    missing = at - 1000
    for _ in range(missing // 9 - 1):
        bet(other_player, "10.00")
    read()
    assert not Win.objects.exists()

    bet(other_player, f"{missing % 9 * 10 // 9}.00" if missing % 9 else "1.00")
    bet(player, "20.00")
    read()

    win = Win.objects.get()
    assert win.player == player
    assert rules.cents(win.pot_before, 2) < at <= rules.cents(win.pot, 2)
    cycle.refresh_from_db()
    assert cycle.seed == seed
    assert verification.commitment(seed) == cycle.commitment


def test_a_win_is_paid_once_and_announced(
    player: Player, django_capture_on_commit_callbacks: Any
) -> None:
    make_jackpot(SOON)
    rich(player, "1000.00")
    win = won(player)
    assert win.amount == Decimal("10.05")  # the pot went beyond what is promised

    with django_capture_on_commit_callbacks(execute=True):
        assert payouts.pay_due() == 1
    assert payouts.pay_due() == 0
    assert payouts.pay(win.pk) is False
    bus.deliver_due()

    assert cash(player) == "910.05"
    win.refresh_from_db()
    assert (win.state, win.paid) == ("paid", Decimal("10.05"))
    notice = Notice.objects.filter(player=player).latest("id")
    assert notice.title == "You won the Mini jackpot"
    assert notice.text == "10.05 EUR is in your balance."
    assert Record.objects.filter(action="jackpot.paid").count() == 1
    # One of a hundred came in, a tenth of it for the reserve; that paid a part of the new seed.
    assert (the().pool, the().reserve) == (10, 0)
    assert the().seeded == 10 + 10 - (Decimal("10.9") + Decimal("0.1") - Decimal("10.05"))


def test_a_win_is_paid_in_the_currency_of_the_bet_and_rounded_down(player: Player) -> None:
    set_rates(BTC="60000")
    make_jackpot(SOON)
    rich(player, "1.0", "BTC")
    win = won(player, "0.01", "BTC")
    set_rates(BTC="30000")

    payouts.pay_due()

    win.refresh_from_db()
    assert win.paid_money == Money.parse("0.00033500", currency("BTC"))
    assert cash(player, "BTC") == "0.99033500"
    booking.book_all()
    assert sums()["jackpot"] == the().pot.major
    for wallet in Wallet.objects.all():
        assert journal.verify_wallet(wallet.pk) == []
    passed_through = Wallet.objects.get(player__display_name="The house")
    assert (passed_through.balance, passed_through.currency.code) == (0, "EUR")
    assert owed_by_currency()["EUR"].text == "0.00"
    followers.catch_up([followers.Positions()])
    assert owed_by_currency()["EUR"] == the().pot + base_money(the().reserve)


def test_without_a_rate_a_win_waits_and_says_so_once(player: Player) -> None:
    rates = set_rates(BTC="60000")
    make_jackpot(SOON)
    rich(player, "1.0", "BTC")
    win = won(player, "0.01", "BTC")
    set_rates(minutes=-1, **{code: str(rate.value) for code, rate in rates.items()})

    assert payouts.pay_due() == payouts.pay_due() == 0

    win.refresh_from_db()
    assert (win.state, win.waits_for) == ("due", "There is no rate for BTC that settles.")
    assert Alarm.objects.get(code="jackpot.win_waits").count == 1
    set_rates(BTC="60000")
    assert payouts.pay_due() == 1


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_a_winner_who_may_not_play_is_held_for_staff(
    player: Player, finance: User, status: str
) -> None:
    make_jackpot(SOON)
    rich(player)
    win = won(player)
    wallets.set_player_status(player_id=player.pk, status=status, actor="system", reason="test")

    assert payouts.pay_due() == 0

    win.refresh_from_db()
    assert (win.state, win.held_for) == ("held", f"The account of the winner is {status}.")
    before = cash(player)
    payouts.release(win_id=win.pk, by=finance, reason="Checked")
    assert payouts.pay_due() == 1
    assert cash(player) != before
    with pytest.raises(WinNotHeld):
        payouts.release(win_id=win.pk, by=finance, reason="Again")


def test_a_winning_bet_that_is_undone_before_the_payment_is_held(player: Player) -> None:
    make_jackpot(SOON)
    rich(player)
    key = bet(player, "100.00")
    read()

    roll_back(player, key)
    assert payouts.pay_due() == 0
    read()

    win = Win.objects.get()
    assert (win.state, win.held_for) == ("held", "The winning bet was rolled back.")
    assert Alarm.objects.filter(code="jackpot.winning_bet_undone").exists()


def test_a_winning_bet_that_is_undone_after_the_payment_is_a_case(player: Player) -> None:
    make_jackpot(SOON)
    rich(player)
    key = bet(player, "100.00")
    read()
    payouts.pay_due()

    roll_back(player, key)
    read()

    assert Win.objects.get().state == "paid"
    assert Alarm.objects.get(code="jackpot.winning_bet_undone").severity == "critical"


def test_two_people_put_a_held_win_back(
    player: Player, other_player: Player, finance: User, administrator: User
) -> None:
    make_jackpot(SOON)
    rich(player)
    win = won(player)
    wallets.set_player_status(player_id=player.pk, status="closed", actor="system", reason="test")
    payouts.pay_due()
    win.refresh_from_db()
    before = the()

    proposal = acts.propose_void(win=win, reason="The account was closed for fraud", by=finance)
    proposals.approve(
        proposal.public_id, by=administrator, reason="Agreed", seen_hash=proposal.content_hash
    )
    bet(rich(other_player), "0.01")
    read()

    win.refresh_from_db()
    assert (win.state, win.is_returned) == ("void", True)
    assert the().reserve == before.reserve + win.amount
    assert the().won == 0
    booking.book_all()
    state = list(Level.objects.values())
    reading.rebuild()
    assert list(Level.objects.values()) == state


def test_a_rebuild_that_finds_another_winner_changes_nothing(
    player: Player, other_player: Player
) -> None:
    make_jackpot(SOON)
    rich(player)
    win = won(player)
    Win.objects.filter(pk=win.pk).update(player=other_player)
    before = list(Level.objects.values())

    with pytest.raises(RebuildDiffers):
        reading.rebuild()

    assert list(Level.objects.values()) == before


# ---- time and chance ------------------------------------------------------------------------------


def at_time(cycle: Cycle, starts: timedelta, ends: timedelta) -> None:
    """Put the window of a cycle around the bets of a test."""
    now = Entry.objects.latest("id").created_at
    Cycle.objects.filter(pk=cycle.pk).update(starts_at=now + starts, ends_at=now + ends)


def test_the_first_bet_after_the_hidden_moment_wins(player: Player) -> None:
    make_jackpot(level(kind="time", hours=24, high="50.00"))
    rich(player)
    at_time(Cycle.objects.get(), -timedelta(hours=24), timedelta(milliseconds=1))
    cycle = Cycle.objects.get()

    win = won(player, "1.00")

    assert not win.is_last_bet
    assert verification.problems(selectors.drop(win)) == []
    following = Cycle.objects.get(number=2)
    assert following.starts_at is not None
    assert following.ends_at is not None
    assert following.starts_at >= (cycle.ends_at or following.starts_at)
    assert following.ends_at > win.bet_at


def test_the_last_bet_of_a_window_wins_when_nobody_came_after_the_moment(
    player: Player, other_player: Player
) -> None:
    make_jackpot(level(kind="time", hours=24, high="50.00"))
    rich(player)
    rich(other_player)
    cycle = Cycle.objects.get()
    at_time(cycle, timedelta(hours=1), timedelta(hours=25))
    bet(other_player, "1.00")
    bet(player, "1.00")
    undone = bet(other_player, "1.00")
    read()
    roll_back(other_player, undone)
    read()
    assert not Win.objects.exists()
    # The window is over before the moment was reached by anybody.
    first = Entry.objects.earliest("id").created_at
    Cycle.objects.filter(pk=cycle.pk).update(
        starts_at=first + timedelta(hours=1), ends_at=first + timedelta(hours=2)
    )
    machine = reading.Machine([])
    with transaction.atomic():
        machine.close_windows(first + timedelta(hours=2))

    win = Win.objects.get()
    assert (win.player, win.is_last_bet) == (player, True)
    assert verification.problems(selectors.drop(win)) == []
    assert Cycle.objects.get(number=2).starts_at == first.replace(microsecond=0) + timedelta(
        hours=2, seconds=bool(first.microsecond)
    )


def test_a_window_is_not_closed_before_everything_was_read(player: Player) -> None:
    make_jackpot(level(kind="time", hours=24, high="50.00"))
    rich(player)
    bet(player, "1.00")
    read()
    long_ago = Entry.objects.latest("id").created_at - timedelta(hours=3)
    Cycle.objects.update(starts_at=long_ago, ends_at=long_ago + timedelta(hours=1))
    key = bet(player, "1.00")

    assert reading.close_windows() == 0

    read()
    # The newest bet may have won the window that follows.
    first = Win.objects.order_by("id")[0]
    assert first.entry_id < Entry.objects.get(outside_id=key).pk


def test_chance_is_drawn_for_every_bet_by_its_number(player: Player) -> None:
    make_jackpot(level(kind="chance", mean="40", seed="1.00", high="50.00"))
    rich(player)

    for _ in range(40):
        bet(player, "4.00")
    read()

    wins = list(Win.objects.order_by("id"))
    assert wins
    for win in wins:
        cycle, found = win.cycle, win.cycle.rules
        hits = [
            rules.is_hit(found, cycle.seed, cycle.named, number, Decimal(4))
            for number in range(1, win.bet_number + 1)
        ]
        assert hits == [False] * (win.bet_number - 1) + [True]
        assert verification.problems(selectors.drop(win)) == []


# ---- proof ----------------------------------------------------------------------------------------


def test_the_published_vector() -> None:
    seed = "bd26cba844b7ca27ccecd4f96a1daba48efdf4ac686b197df927e917cd247acc"

    assert verification.hidden_trigger(verification.draw(seed, "daily:1"), 1000, 50000) == 11978


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seed", "0" * 64),
        ("commitment", "0" * 64),
        ("cycle", "another"),
        ("low", "20.00"),
        ("high", "10.04"),
        ("trigger", "10.06"),
        ("pot_before", "10.05"),
        ("pot", "10"),
        ("paid", "10.04"),
        ("pot", None),
        ("kind", "chance"),
    ],
)
def test_a_drop_that_was_tampered_with_is_refused(
    player: Player, field: str, value: str | None, tmp_path: Path
) -> None:
    make_jackpot(SOON)
    rich(player)
    drop = selectors.drop(won(player))
    file = tmp_path / "drop.json"
    file.write_text(json.dumps(drop))
    call_command("verify_jackpot", file)

    if value == "another":  # one whose hidden amount is not by chance the same
        at = Decimal(drop["trigger"]) * 100
        names = (f"house-mini:{number}" for number in itertools.count(2))
        value = next(
            name
            for name in names
            if verification.hidden_trigger(verification.draw(drop["seed"], name), 1001, 1005) != at
        )
    file.write_text(json.dumps(drop | {field: value}))

    with pytest.raises(CommandError):
        call_command("verify_jackpot", file)


def test_a_secret_is_nowhere_before_the_drop(player: Player, client: Any) -> None:
    make_jackpot(SOON)
    cycle = Cycle.objects.get()
    seed = secrets.unseal(cycle.sealed, place=cycle.place)

    page = client.get("/jackpots/").content.decode()

    assert cycle.commitment in page
    assert seed not in page
    assert not Record.objects.filter(after__icontains=seed).exists()


# ---- several at once, and death -------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_two_followers_and_two_payers_do_it_once(player: Player) -> None:
    make_jackpot(SOON)
    rich(player, "1000.00")
    bet(player, "100.00")
    horizon = Entry.objects.latest("id").pk

    def alone(act: Any) -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        read_by = list(pool.map(lambda _: alone(lambda: follow(Jackpots(), horizon)), range(4)))
        paid_by = list(pool.map(lambda _: alone(payouts.pay_due), range(4)))

    assert sorted(read_by)[:3] == [0, 0, 0]
    assert sorted(paid_by) == [0, 0, 0, 1]
    assert cash(player) == "910.05"


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
@pytest.mark.parametrize("point", ["jackpot.drawn", "jackpot.paying"])
def test_a_death_between_draw_and_payment_pays_once(
    player: Player, tmp_path: Path, settings: Any, point: str
) -> None:
    make_jackpot(SOON)
    rich(player, "1000.00")
    bet(player, "100.00")
    horizon = Entry.objects.latest("id").pk
    (tmp_path / point).touch()
    settings.CRASH_DIR = str(tmp_path)

    child = os.fork()
    if not child:
        # A line of its own; the parent's stays open, because nothing here ends it properly.
        connection.connection = None
        follow(Jackpots(), horizon)
        payouts.pay_due()
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert cash(player) == "900.00"
    assert Win.objects.get().state == "due"

    read()
    payouts.pay_due()
    payouts.pay_due()

    assert cash(player) == "910.05"
    assert Entry.objects.filter(kind=23).count() == 1
