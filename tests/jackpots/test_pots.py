"""What bets give to pots, what rollbacks take back, and that it always adds up."""

import random
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Player
from apps.core import secrets
from apps.core.errors import DomainError
from apps.jackpots import booking, payouts, reading, rules, services
from apps.jackpots.models import ZERO, Contribution, Cycle, Level, Unvalued, Version, Win
from tests.jackpots.factories import (
    bet,
    content,
    level,
    make_jackpot,
    open_wins,
    read,
    rich,
    roll_back,
    sums,
    the,
)
from tests.rates.factories import set_rates

pytestmark = pytest.mark.django_db
FOUR = (
    level("mini", share_bps=4000, seed="5.00", low="5.50", high="8.00"),
    level("minor", share_bps=3000, seed="20.00", low="21.00", high="30.00"),
    level("major", share_bps=2000, seed="50.00", kind="chance", mean="4000", high="90.00"),
    level("grand", share_bps=1000, seed="100.00", kind="time", hours=24, high="500.00"),
)


def adds_up() -> None:
    """Contributions and seeds are what is there and what was won; the ledger says the same."""
    booking.book_all()
    pots = reserves = ZERO
    for one in Level.objects.all():
        assert one.contributed + one.seeded == one.pool + one.reserve + one.won
        given = sum(
            (
                rules.shares(row.version.rules, row.amount)[one.code].total
                for row in Contribution.objects.select_related("version")
                if row.undone_by is None or row.entry_id <= _opened_after_undo(row, one)
            ),
            ZERO,
        )
        assert one.contributed == given
        pots += rules.major(rules.cents(one.pool, 2), 2) + booking.owed(one)
        reserves += rules.major(rules.cents(one.reserve, 2), 2)
        assert (one.pot.major + booking.owed(one), one.booked_reserve) == (
            one.booked_pot,
            rules.major(rules.cents(one.reserve, 2), 2),
        )
    held = sums()
    paid = sum((win.amount for win in Win.objects.filter(state="paid")), ZERO)
    assert held.get("jackpot", ZERO) == pots
    assert held.get("jackpot_reserve", ZERO) == reserves
    assert -held.get("jackpot_expense", ZERO) == pots + reserves + paid


def _opened_after_undo(row: Contribution, one: Level) -> int:
    """The last entry before the cycle that was running when a bet was undone."""
    undone = row.undone_by or 0
    cycles = Cycle.objects.filter(level=one, opened_after__lt=undone, number__lte=one.number)
    newest = cycles.order_by("-number").first()
    return newest.opened_after if newest else 0


def test_a_stake_is_shared_over_levels_and_reserve(player: Player) -> None:
    make_jackpot(
        level("mini", share_bps=2500), level("grand", share_bps=7500),
        contribution="0.0025", reserve="0",
    )  # fmt: skip
    rich(player)

    bet(player, "80.00")
    read()

    assert (the("mini").contributed, the("grand").contributed) == (Decimal("0.05"), Decimal("0.15"))


def test_stakes_in_other_currencies_count_at_the_rate_of_their_entry(player: Player) -> None:
    set_rates(BTC="60000")
    make_jackpot()
    rich(player, "1.0", "BTC")
    bet(player, "0.001", "BTC")
    set_rates(BTC="30000")
    bet(player, "0.001", "BTC")

    read()

    assert the().contributed == Decimal("0.9")


def test_a_stake_nobody_can_value_takes_no_part_for_ever(player: Player) -> None:
    make_jackpot()
    rich(player, "1.0", "BTC")
    bet(player, "0.001", "BTC")
    read()
    set_rates(BTC="60000")

    reading.rebuild()

    assert the().contributed == 0
    assert Unvalued.objects.get().code == "BTC"


@pytest.mark.rule("GAM-19")
def test_a_rollback_takes_back_exactly_what_the_bet_gave(player: Player) -> None:
    make_jackpot()
    rich(player)
    key = bet(player, "33.33")
    bet(player, "1.00")
    read()
    booking.book_all()

    roll_back(player, key)
    read()

    assert the().contributed == Decimal("0.01")
    adds_up()


def test_a_bet_and_its_rollback_in_one_batch(player: Player) -> None:
    make_jackpot()
    rich(player)

    roll_back(player, bet(player, "10.00"))
    read()

    assert (the().contributed, the().pool) == (0, Decimal(10))


def test_the_next_pot_does_not_pay_for_a_bet_undone_after_the_drop(player: Player) -> None:
    make_jackpot(level(low="10.01", high="10.02"))
    rich(player)
    first = bet(player, "0.50")
    bet(player, "10.00")
    read()
    assert the().number == 2

    roll_back(player, first)
    read()

    assert the().pool == 10
    assert the().contributed == Decimal("0.105")
    adds_up()


def test_the_seed_comes_from_the_reserve_first(player: Player) -> None:
    make_jackpot(level(low="10.01", high="200.00"), reserve="0.5")
    rich(player)
    one = the()
    cycle = Cycle.objects.get()
    at = rules.trigger_units(cycle.rules, secret_of(cycle), cycle.named, 2)

    while the().number == one.number:
        bet(player, "5000.00")
        read()

    win = Win.objects.get()
    assert rules.cents(win.pot, 2) >= at > rules.cents(win.pot_before, 2)
    from_reserve = min(Decimal(10), the().contributed - (win.pot - 10))
    assert the().seeded == 20 - from_reserve
    adds_up()


def secret_of(cycle: Cycle) -> str:
    return secrets.unseal(cycle.sealed, place=cycle.place)


@pytest.mark.rule("GAM-21")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_everything_adds_up_to_the_last_digit(
    player: Player, other_player: Player, seed: int
) -> None:
    chance = random.Random(seed)
    set_rates(BTC="61234.567")
    make_jackpot(*FOUR, contribution="0.013", reserve="0.07")
    people = [rich(rich(one), "10", "BTC") for one in (player, other_player)]
    keys: list[tuple[Player, str, str]] = []

    for _ in range(60):
        who = chance.choice(people)
        if keys and chance.random() < 0.2:
            undone = keys.pop(chance.randrange(len(keys)))
            roll_back(*undone)
        elif chance.random() < 0.3:
            amount = f"0.00{chance.randrange(1000, 99999):06d}"
            keys.append((who, bet(who, amount, "BTC"), "BTC"))
        else:
            amount = f"{chance.randrange(1, 90)}.{chance.randrange(100):02d}"
            keys.append((who, bet(who, amount), "EUR"))
        if chance.random() < 0.2:
            read()
            payouts.pay_due()
    read()

    assert len(open_wins()) >= 2
    adds_up()
    before = (
        list(Level.objects.order_by("id").values()),
        list(Win.objects.order_by("id").values()),
    )
    reading.rebuild()
    assert before == (
        list(Level.objects.order_by("id").values()), list(Win.objects.order_by("id").values())
    )  # fmt: skip


@pytest.mark.rule("GAM-11", "GAM-21")
def test_a_bet_counts_by_the_rules_in_force_for_it(player: Player) -> None:
    jackpot = make_jackpot()
    rich(player)
    bet(player, "10.00")
    services.add_version(
        jackpot=jackpot, content=content(contribution="0.02"), by="system", reason="test"
    )
    bet(player, "10.00")

    read()

    assert the().contributed == Decimal("0.3")


def test_rules_are_never_edited(player: Player) -> None:
    make_jackpot()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Version.objects.update(number=2)


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"stake_min": "5.01"}, False),
        ({"stake_min": "5.00"}, True),
        ({"currencies": ["BTC"]}, False),
        ({"partners": ["originals"]}, False),
        ({"partners": ["softswiss"]}, True),
        ({"countries": ["FI"]}, False),
        ({"countries": ["DE"]}, True),
        ({"rank_min": 1}, False),
        ({"games": ["other-game"]}, False),
        ({"needs_opt_in": True}, False),
    ],
)
def test_who_takes_part(player: Player, fields: dict[str, object], counts: bool) -> None:
    make_jackpot(**fields)
    rich(player)

    bet(player, "5.00")
    read()

    assert bool(the().contributed) is counts


def test_a_player_enters_and_leaves(player: Player) -> None:
    make_jackpot(needs_opt_in=True)
    rich(player)
    bet(player, "1.00")
    services.choose(player=player, code="house", takes_part=True)
    bet(player, "2.00")
    services.choose(player=player, code="house", takes_part=False)
    bet(player, "4.00")

    read()

    assert the().contributed == Decimal("0.02")


def test_a_pause_stops_bets_from_counting(player: Player, finance: object) -> None:
    jackpot = make_jackpot()
    rich(player)
    bet(player, "1.00")
    services.pause(jackpot_id=jackpot.pk, by=finance, reason="A question of the regulator")
    bet(player, "2.00")
    services.resume(jackpot_id=jackpot.pk, by=finance, reason="Answered")
    bet(player, "4.00")

    read()

    assert the().contributed == Decimal("0.05")


def test_a_later_rank_does_not_change_what_counted(player: Player) -> None:
    make_jackpot(rank_min=1)
    rich(player)
    bet(player, "1.00")
    read()
    Player.objects.filter(pk=player.pk).update(rank=2)
    bet(player, "2.00")
    read()

    reading.rebuild()

    assert the().contributed == Decimal("0.02")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (content(contribution="0.06"), "contribution"),
        (content(contribution="NaN"), "contribution"),
        (content(contribution="1e-2x"), "contribution"),
        (content(reserve="1"), "reserve"),
        (content(level(low="10.00")), "mini_low"),
        (content(level(high="12.00")), "mini_high"),
        (content(level(seed="10.001")), "mini_seed"),
        (content(level(share_bps=9_999)), "mini_share_bps"),
        (content(level(kind="moon")), "mini_kind"),
        (content(level(kind="time", hours=0)), "mini_hours"),
        (content(level(kind="chance", mean="0")), "mini_mean"),
        (content(level(), level()), "levels"),
        (content(levels=[]), "levels"),
        (content(levels="no"), "levels"),
        (content(games="no"), "games"),
        (content(rank_min="1"), "rank_min"),
        (content(currencies=["XYZ"]), "currency"),
    ],
)
def test_rules_that_do_not_hold_together_are_refused(
    db: None, wrong: dict[str, object], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        services.open_jackpot(code="house", name="House", content=wrong, by="system", reason="x")

    assert field in refused.value.fields
    assert not Level.objects.exists()
