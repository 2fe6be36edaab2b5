"""A bet on an original: its money, its seeds, its steps."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from apps.accounts.models import Player, User
from apps.core.clock import now
from apps.core.money import Money
from apps.ledger.models import Entry, Wallet
from apps.originals import seeds, services
from apps.originals.errors import (
    InvalidChoice,
    KeyReused,
    OriginalClosed,
    RoundOpen,
    RoundOver,
    StakeOutOfRange,
    StepTaken,
    UnknownBet,
)
from apps.originals.fairness import games
from apps.originals.fairness.draws import Draws, commitment
from apps.originals.models import Bet, Original, SeedPair
from apps.originals.rules import RULES
from apps.wallet.errors import InsufficientFunds
from tests.originals.conftest import euros

pytestmark = pytest.mark.django_db

Place = Callable[..., Bet]
CHOICES = {
    "dice": {"target": 5050, "over": True},
    "limbo": {"target": 200},
    "plinko": {"rows": 8, "risk": "low"},
    "roulette": {"chips": {"red": 1}},
    "keno": {"picks": [1, 2, 3], "risk": "low"},
    "wheel": {"segments": 10, "risk": "low"},
}


def balance(player: Player) -> Decimal:
    return Wallet.objects.get(player=player, currency__code="EUR", purse=0).balance


@pytest.mark.parametrize("game", CHOICES)
def test_a_round_in_one_step_takes_the_stake_and_pays_the_result(
    place: Place, rich: Player, game: str
) -> None:
    bet = place(game, "10.00", **CHOICES[game])

    assert bet.state == Bet.State.CLOSED
    assert balance(rich) == Decimal("990.00") + bet.payout
    assert (
        bet.payout_money
        == Money(min(1000 * bet.multiplier // 10_000, 10**12), bet.stake_money.currency)
        or game == "roulette"
    )
    entries = Entry.objects.filter(round_ref=bet.public_id).order_by("id")
    assert entries[0].amount == Decimal("-10.00")
    assert entries.last().closes_round
    assert len(entries) == (2 if bet.payout else 1)


def test_the_result_is_what_the_revealed_seed_says(place: Place, rich: Player) -> None:
    bets = [place("dice", target=5050, over=True) for _ in range(5)]
    active, waiting = seeds.pairs_of(rich)
    shown = active.commitment
    assert active.server_seed == ""
    assert bets[0].seeds.server_seed == ""

    old, new = seeds.rotate(rich, client_seed="mine")

    assert commitment(old.server_seed) == shown
    assert new.commitment == waiting.commitment
    assert (new.client_seed, new.next_nonce) == ("mine", 0)
    for nonce, bet in enumerate(bets):
        assert bet.nonce == nonce
        draws = Draws(old.server_seed, old.client_seed, nonce)
        assert games.dice(draws, target=5050, over=True).detail == bet.detail


def test_the_sealed_seed_is_not_readable_in_the_database(rich: Player) -> None:
    active, _ = seeds.pairs_of(rich)
    seed = seeds.rotate(rich)[0].server_seed

    assert seed.encode() not in bytes(active.sealed)


def test_the_same_key_is_the_same_bet(place: Place, rich: Player) -> None:
    one = place("dice", key="once", target=5050, over=True)
    two = place("dice", key="once", target=5050, over=True)

    assert one.pk == two.pk
    assert SeedPair.objects.get(player=rich, state="active").next_nonce == 1
    for changed in ({"target": 5000, "over": True}, {"target": 5050, "over": False}):
        with pytest.raises(KeyReused):
            place("dice", key="once", **changed)
    with pytest.raises(KeyReused):
        place("dice", "2.00", key="once", target=5050, over=True)


def test_a_refused_bet_uses_no_nonce(place: Place, rich: Player) -> None:
    seeds.pairs_of(rich)
    with pytest.raises(InsufficientFunds):
        place("dice", "1000.01", target=5050, over=True)
    with pytest.raises(StakeOutOfRange):
        place("dice", "0.00", target=5050, over=True)
    with pytest.raises(StakeOutOfRange):
        place("dice", "999999.00", target=5050, over=True)
    with pytest.raises(InvalidChoice):
        place("dice", target="5050", over=True)
    with pytest.raises(InvalidChoice):
        place("dice", target=5050, over=True, seed="mine")

    assert SeedPair.objects.get(player=rich, state="active").next_nonce == 0
    assert Bet.objects.count() == 0
    assert balance(rich) == Decimal("1000.00")


def test_a_closed_game_takes_no_bet_but_lets_rounds_end(
    place: Place, rich: Player, administrator: User
) -> None:
    bet = place("mines", mines=3)
    services.set_enabled(game="mines", enabled=False, by=administrator, reason="check")

    Original.objects.filter(code="dice").update(enabled=False)
    with pytest.raises(OriginalClosed):
        place("dice", target=5050, over=True)
    safe = _safe_cells(bet, rich)
    bet = services.act(player=rich, public_id=bet.public_id, action=f"open:{safe[0]}", step=0)
    bet = services.act(player=rich, public_id=bet.public_id, action="cash_out", step=1)
    assert bet.payout > 0


def _safe_cells(bet: Bet, player: Player) -> list[int]:
    hidden = seeds.draws_of(bet.seeds, bet.nonce).picks(25, bet.choice["mines"])
    return [cell for cell in range(25) if cell not in hidden]


def test_mines_in_steps(place: Place, rich: Player) -> None:
    bet = place("mines", "10.00", mines=3)
    cells = _safe_cells(bet, rich)
    assert "mines" not in bet.detail
    assert balance(rich) == Decimal("990.00")

    one = services.act(player=rich, public_id=bet.public_id, action=f"open:{cells[0]}", step=0)
    again = services.act(player=rich, public_id=bet.public_id, action=f"open:{cells[0]}", step=0)
    assert one.actions == again.actions == [f"open:{cells[0]}"]
    with pytest.raises(StepTaken):
        services.act(player=rich, public_id=bet.public_id, action="cash_out", step=0)
    with pytest.raises(RoundOpen):
        place("mines", mines=3)
    with pytest.raises(RoundOpen):
        seeds.rotate(rich)
    done = services.act(player=rich, public_id=bet.public_id, action="cash_out", step=1)

    assert done.payout == Decimal("11.25")
    assert balance(rich) == Decimal("1001.25")
    with pytest.raises(RoundOver):
        services.act(player=rich, public_id=bet.public_id, action="cash_out", step=2)
    seeds.rotate(rich)


def test_a_mine_ends_the_round_with_nothing(place: Place, rich: Player) -> None:
    bet = place("mines", "10.00", mines=24)
    hidden = set(range(25)) - set(_safe_cells(bet, rich))

    bet = services.act(player=rich, public_id=bet.public_id, action=f"open:{min(hidden)}", step=0)

    assert (bet.state, bet.payout) == (Bet.State.CLOSED, 0)
    assert bet.detail["mines"] == sorted(hidden)
    assert Entry.objects.filter(round_ref=bet.public_id).order_by("id").last().closes_round


def test_a_round_of_somebody_else_does_not_exist(
    place: Place, rich: Player, other_player: Player
) -> None:
    bet = place("mines", mines=3)

    with pytest.raises(UnknownBet):
        services.act(player=other_player, public_id=bet.public_id, action="open:1", step=0)


def test_a_double_stakes_again_and_needs_the_money(place: Place, rich: Player) -> None:
    for _ in range(60):
        bet = place("blackjack", "10.00")
        if bet.state == Bet.State.OPEN:
            break
    before = balance(rich)
    bet = services.act(player=rich, public_id=bet.public_id, action="double", step=0)

    assert bet.stake == Decimal("20.00")
    assert balance(rich) == before - 10 + bet.payout


def test_a_win_is_capped_by_what_was_shown(place: Place, rich: Player) -> None:
    Original.objects.filter(code="wheel").update(win_max=Decimal("2.00"))
    for _ in range(200):
        bet = place("wheel", "1.00", segments=10, risk="high")
        if bet.multiplier:
            break

    assert bet.multiplier == 99_000
    assert bet.payout == Decimal("2.00")


def test_an_abandoned_round_is_ended_by_its_rules(place: Place, rich: Player) -> None:
    untouched = place("mines", "10.00", mines=3)
    hilo = place("hilo", "5.00")
    Bet.objects.update(created_at=now() - timedelta(days=31))
    before = balance(rich)

    assert services.finish_abandoned() == 2

    untouched.refresh_from_db()
    hilo.refresh_from_db()
    assert (untouched.state, hilo.state) == (Bet.State.REFUNDED, Bet.State.REFUNDED)
    assert balance(rich) == before + 15


def test_every_rule_has_limits(db: None) -> None:
    assert {*RULES} <= {*Original.objects.values_list("code", flat=True)}


@pytest.mark.django_db(transaction=True)
def test_fifty_bets_at_once_leave_no_gap(rich: Player) -> None:
    def bet(n: int) -> str:
        try:
            return services.place(
                player=rich, game="dice", choice={"target": 5050, "over": True},
                stake=euros("1.00"), key=f"n{n}",
            ).public_id  # fmt: skip
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        ids = [*pool.map(bet, range(50))]

    assert len(set(ids)) == 50
    assert sorted(Bet.objects.values_list("nonce", flat=True)) == [*range(50)]
    stakes = sum(bet.payout for bet in Bet.objects.all())
    assert balance(rich) == Decimal("950.00") + stakes
