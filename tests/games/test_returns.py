"""Actual return against theory: no false alarm, and a rigged game found."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.games import bands, caps, returns
from apps.games.bands import Returns, judge
from apps.games.followers import Rounds
from apps.games.models import Game, GameVersion, ReturnTally, Round, WinCap
from apps.ledger.followers import catch_up
from apps.ledger.models import Partner, Wallet
from apps.originals import services, theory
from apps.originals.errors import StakeOutOfRange
from tests.games.conftest import fund as pay_in
from tests.games.factories import make_game
from tests.originals.conftest import euros

# A slot: what a round pays in stakes, and how often.
SLOT = [(0.0, 0.7440), (1.0, 0.1), (2.0, 0.1), (5.0, 0.04), (20.0, 0.0155), (100.0, 0.0005)]
MEAN = sum(pays * chance for pays, chance in SLOT)
VARIANCE = sum(pays * pays * chance for pays, chance in SLOT) - MEAN * MEAN


def play(seed: int, rounds: int, table: Sequence[tuple[float, float]] = SLOT) -> list[float]:
    return random.Random(seed).choices(
        [pays for pays, _ in table], [chance for _, chance in table], k=rounds
    )


def sums(results: Sequence[float], mean: float = MEAN, variance: float = VARIANCE) -> Returns:
    number = len(results)
    return Returns(
        rounds=number,
        returned=Decimal(str(sum(results))),
        expected=Decimal(str(mean)) * number,
        surprise=Decimal(str(sum((one - mean) ** 2 for one in results))),
        variance=Decimal(str(variance)) * number,
        top=Decimal(str(max(results))),
    )


def ever_alarmed(results: list[float], alpha: Decimal) -> bool:
    """Looked at after every thousand rounds, as the hourly task would."""
    return any(
        judge(sums(results[:end]), alpha=alpha).is_alarm
        for end in range(1000, len(results) + 1, 1000)
    )


def test_forty_fair_games_raise_no_alarm_however_often_they_are_looked_at() -> None:
    alpha = bands.share(40)

    assert not any(ever_alarmed(play(seed, 8_000), alpha) for seed in range(40))


def test_between_the_band_and_the_limit_is_seen_and_not_alarmed() -> None:
    fair = sums(play(1, 10_000))
    drifted = replace(fair, returned=fair.expected + 4 * fair.surprise.sqrt(), top=Decimal(0))

    verdict = judge(drifted, alpha=bands.share(1))

    assert verdict.place == "watch"
    assert round(verdict.deviation) == 4
    assert verdict.band is not None
    assert verdict.limit is not None
    assert verdict.band < verdict.limit


@pytest.mark.parametrize("worth", ["too little", "too much"])
def test_a_rigged_game_is_found(worth: str) -> None:
    more = 0.02 if worth == "too much" else -0.015
    rigged = [(0.0, SLOT[0][1] - more), *SLOT[1:4], (20.0, SLOT[4][1] + more), SLOT[5]]
    results = play(7, 40_000, rigged)

    verdict = judge(sums(results), alpha=bands.share(1200))

    assert verdict.is_alarm
    assert (verdict.deviation > 0) == (worth == "too much")


def test_one_top_prize_is_no_fault_and_many_are() -> None:
    quiet = play(1, 5_000)
    assert not judge(sums([*quiet, 5_000.0]), alpha=bands.share(1)).is_alarm
    assert judge(sums([*quiet, *[400.0] * 25]), alpha=bands.share(1)).is_alarm


@pytest.mark.parametrize(("rounds", "place"), [(0, "no_theory"), (999, "few"), (1_000, "inside")])
def test_few_rounds_say_nothing(rounds: int, place: str) -> None:
    results = play(3, rounds) or [0.0]
    seen = sums(results) if rounds else Returns(0, *[Decimal(0)] * 5)

    assert judge(seen, alpha=bands.share(1)).place == place


def test_less_than_the_best_play_returns_is_no_fault() -> None:
    seen = sums([0.0] * 50_000)
    best = replace(seen, is_ceiling=True)

    assert judge(seen, alpha=bands.share(1)).is_alarm
    assert judge(best, alpha=bands.share(1)).place == "inside"


def test_the_bound_is_the_published_one() -> None:
    """V = c = 1000, alpha = 0.05: sqrt(2000 · ln(2 / 0.0025)) = 115.63."""
    found = bands.bound(Decimal(1000), Decimal(1000), Decimal("0.05"))

    assert round(found, 2) == Decimal("115.63")


# ---- from rounds to verdicts --------------------------------------------------------------------


@pytest.fixture
def closed(player: Player) -> Callable[..., None]:
    """Closed rounds of a game as the follower leaves them."""
    pay_in(player, "1.00", "EUR")
    wallet, partner = Wallet.objects.get(player=player), Partner.objects.get(code="softswiss")
    numbers = iter(range(1_000_000))

    def make(game: Game, wins: Sequence[float], stake: float = 1, **fields: Any) -> None:
        at = now()
        Round.objects.bulk_create(
            Round(
                **{
                    "partner": partner, "wallet": wallet, "round_ref": f"r-{next(numbers)}",
                    "player": player, "game": game, "currency": "EUR", "bets": 1, "wins": 1,
                    "stake": Decimal(str(stake)), "win": Decimal(str(win * stake)),
                    "state": "closed", "started_at": at, "finished_at": at,
                }
                | fields
            )
            for win in wins
        )  # fmt: skip

    return make


def test_closed_rounds_are_counted_once_by_game_version_and_day(closed: Any) -> None:
    game = make_game(rtp="96.00", volatility=1)
    closed(game, [0, 0, 1.5], stake=2)
    closed(game, [9], state="open")
    closed(game, [0], stake=0)

    assert (returns.tally(), returns.tally()) == (4, 0)

    row = ReturnTally.objects.get()
    assert (row.rounds, row.stake, row.win, row.version) == (3, 6, 3, 1)
    assert (row.returned, row.expected, row.top) == (
        Decimal("1.5"),
        Decimal("2.88"),
        Decimal("1.5"),
    )
    assert row.variance == 3 * Decimal("6.25")
    assert row.surprise == 2 * Decimal("0.9216") + Decimal("0.2916")
    closed(game, [0.5])
    returns.tally()
    row.refresh_from_db()
    assert (row.rounds, row.returned) == (4, 2)


@pytest.mark.rule("GAM-11")
def test_a_round_counts_for_the_version_it_was_begun_in(closed: Any) -> None:
    changed_at = now() - timedelta(hours=1)
    game = make_game(rtp="90.00", version=2, version_since=changed_at)
    GameVersion.objects.create(game=game, number=1, rtp="96.00", until=changed_at)
    closed(game, [1], started_at=changed_at - timedelta(minutes=5))
    closed(game, [1, 1])
    closed(make_game("No theory"), [1])

    returns.tally()

    found = {(row.title, row.version): row for row in ReturnTally.objects.all()}
    assert found["Tide of Koi", 1].expected == Decimal("0.96")
    assert found["Tide of Koi", 2].expected == Decimal("1.80")
    assert (found["No theory", 1].rounds, found["No theory", 1].judged) == (1, 0)


@pytest.mark.rule("GAM-08")
def test_a_rigged_game_raises_an_alarm_and_stands_first(closed: Any) -> None:
    fair = make_game("Fair", rtp="86.00", volatility=1)
    rigged = make_game("Rigged", rtp="86.00", volatility=1)
    closed(fair, play(5, 2_000))
    closed(rigged, [one * 0.3 for one in play(6, 12_000)])
    closed(make_game("Young", rtp="86.00"), [0] * 20)
    returns.tally()

    assert returns.watch() == 1

    alarm = Alarm.objects.get(code="games.return")
    assert alarm.subject == "softswiss inkfield:Rigged v1"
    assert "instead of 86.00 %" in alarm.message
    assert [one.title for one in returns.records()] == ["Rigged", "Fair", "Young"]
    assert [one.place for one in returns.records()] == ["outside", "inside", "few"]


# ---- our own games ----------------------------------------------------------------------------------


def test_bets_on_originals_are_told_apart_with_their_exact_odds(player: Player, fund: Any) -> None:
    fund(player, "100.00", "EUR")
    for number in range(3):
        services.place(
            player=player, game="dice", choice={"target": 5050, "over": True},
            stake=euros("1.00"), key=f"d-{number}",
        )  # fmt: skip
    services.place(
        player=player, game="limbo", choice={"target": 200}, stake=euros("1.00"), key="l"
    )
    catch_up([Rounds()])

    returns.tally()

    dice, limbo = ReturnTally.objects.order_by("key")
    assert (dice.source, dice.key, dice.rounds, dice.judged) == ("originals", "dice", 3, 3)
    assert dice.expected == Decimal("2.97")
    assert dice.variance == 3 * Decimal("1.00009800")
    assert (limbo.key, limbo.rounds) == ("limbo", 1)


@pytest.mark.parametrize(
    ("game", "choice", "mean", "largest"),
    [
        ("dice", {"target": 5050, "over": True}, "0.99", "2.0002"),
        ("wheel", {"segments": 10, "risk": "high"}, "0.99", "9.9"),
        ("plinko", {"rows": 8, "risk": "low"}, "0.987", "5"),
        ("keno", {"picks": [1, 2, 3], "risk": "low"}, "0.989", "6.2"),
        ("roulette", {"chips": {"7": 1}}, "0.973", "36"),
        ("roulette", {"chips": {"7": 1, "8": 3}}, "0.973", "27"),
        ("limbo", {"target": 200}, "0.99", "2"),
    ],
)
def test_the_theory_of_a_choice(game: str, choice: Any, mean: str, largest: str) -> None:
    text = theory._text(choice)

    assert round(theory._of_choice(game, text)[0] or 0, 3) == Decimal(mean)
    assert theory.largest(game, choice) == Decimal(largest)


# ---- caps -------------------------------------------------------------------------------------------


def test_a_win_above_the_cap_and_a_stake_that_could_have_won_it_raise_alarms(closed: Any) -> None:
    game, safe = make_game(max_win=1_000), make_game("Safe", max_win=50)
    caps.set_cap(scope="all", amount=Decimal(9_000), actor="system", reason="Board.")
    caps.set_cap(scope="game", game=game, amount=Decimal(500), actor="system", reason="Board.")
    closed(game, [0], stake=0.4)
    closed(safe, [2], stake=100)
    returns.tally()
    assert Alarm.objects.filter(code__startswith="games.").count() == 0

    closed(game, [0], stake=0.6)
    closed(game, [600], round_ref="big")
    returns.tally()

    codes = Alarm.objects.filter(code__startswith="games.").order_by("code")
    assert [(one.code, one.subject) for one in codes] == [
        ("games.exposure", "softswiss inkfield:TideofKoi"), ("games.win_above_cap", "softswiss big"),
    ]  # fmt: skip
    assert str(caps.cap_of(game)) == str(caps.money(Decimal(500)))
    assert caps.stake_within(game) == caps.money(Decimal("0.5"))
    caps.set_cap(scope="game", game=game, amount=None, actor="system", reason="Lifted.")
    assert WinCap.objects.count() == 1


def test_an_original_refuses_a_stake_that_could_win_more_than_the_cap(
    player: Player, fund: Any
) -> None:
    fund(player, "100.00", "EUR")
    caps.set_cap(scope="provider", provider="originals", amount=Decimal(20), actor="system",
                 reason="Board.")  # fmt: skip
    bet: dict[str, Any] = {"player": player, "game": "limbo", "choice": {"target": 1000}}

    with pytest.raises(StakeOutOfRange) as refused:
        services.place(**bet, stake=euros("2.01"), key="a")
    placed = services.place(**bet, stake=euros("2.00"), key="b")

    assert "2.00" in str(refused.value.fields)
    assert placed.win_max == 20
