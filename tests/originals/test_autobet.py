"""Autobet: the stakes and the stops are the server's, whatever the page asks for."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Player, User
from apps.ledger.models import Wallet
from apps.originals import autobet, crash, seeds, services
from apps.originals.autobet import Plan
from apps.originals.errors import (
    BettingClosed,
    InvalidChoice,
    KeyReused,
    OriginalClosed,
    RoundOpen,
    RunEnded,
    RunOpen,
    StepTaken,
    UnknownRun,
)
from apps.originals.models import AutoRun, Bet, Original
from tests.api.clients import error_of, signed_in, with_key
from tests.originals.conftest import euros

pytestmark = pytest.mark.django_db

Reason = AutoRun.Reason
# Over 2.00 wins 98 of 100, under 0.01 about never.
MOSTLY, NEVER = {"target": 200, "over": True}, {"target": 1, "over": False}
Begin = Callable[..., AutoRun]


@pytest.fixture
def begin(rich: Player) -> Begin:
    count = iter(range(100))

    def make(game: str = "dice", stake: str = "1.00", key: str = "", **plan: Any) -> AutoRun:
        return autobet.start(
            player=rich,
            game=game,
            choice=plan.pop("choice", NEVER),
            stake=euros(stake),
            plan=Plan(**plan),
            key=key or f"run-{next(count)}",
        )

    return make


def follow(player: Player, run: AutoRun, most: int = 60) -> AutoRun:
    """Ask for bets until the server says no."""
    for number in range(run.placed, most):
        try:
            run, _ = autobet.place_next(player=player, public_id=run.public_id, number=number)
        except RunEnded:
            break
    return AutoRun.objects.get(pk=run.pk)


def balance(player: Player) -> Decimal:
    return Wallet.objects.get(player=player, currency__code="EUR", purse=0).balance


def test_a_run_ends_after_its_bets_and_adds_them_up(begin: Begin, rich: Player) -> None:
    run = follow(rich, begin(bets=3, choice=MOSTLY))

    bets = list(Bet.objects.order_by("id"))
    assert (run.reason, run.placed, len(bets)) == (Reason.ALL_PLAYED, 3, 3)
    assert run.staked == sum(bet.stake for bet in bets) == 3
    assert run.paid == sum(bet.payout for bet in bets)
    assert {bet.run_id for bet in bets} == {run.pk}
    assert balance(rich) == Decimal(1000) - run.staked + run.paid


def test_the_stake_follows_the_plan(begin: Begin, rich: Player) -> None:
    follow(rich, begin(bets=4, raise_on_loss=10_000))
    follow(rich, begin(bets=3, stake="1.01", raise_on_loss=3_333))
    follow(rich, begin(bets=2))

    stakes = [bet.stake_money.text for bet in Bet.objects.order_by("id")]
    assert stakes == ["1.00", "2.00", "4.00", "8.00", "1.01", "1.34", "1.78", "1.00", "1.00"]


def test_a_win_goes_back_to_the_first_stake(begin: Begin, rich: Player) -> None:
    run = begin(raise_on_loss=10_000, choice=MOSTLY)
    AutoRun.objects.update(next_stake=Decimal("16.00"))
    won = False
    while not won:
        number = AutoRun.objects.get().placed
        _, bet = autobet.place_next(player=rich, public_id=run.public_id, number=number)
        assert bet is not None
        won = bet.payout > 0

    assert AutoRun.objects.get().next_stake == Decimal("1.00")


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({"stop_loss": "2.50"}, Reason.LOSS),
        ({"stop_profit": "0.03", "choice": MOSTLY}, Reason.PROFIT),
        ({"stop_single_win": "0.01", "choice": MOSTLY}, Reason.SINGLE_WIN),
        ({"raise_on_loss": 90_000}, Reason.FUNDS),
        ({"raise_on_loss": 990_000}, Reason.LIMITS),
    ],
)
def test_the_server_stops_it(begin: Begin, rich: Player, plan: dict[str, Any], reason: str) -> None:
    amounts = {name: euros(plan[name]) for name in plan if name.startswith("stop")}

    run = follow(rich, begin(**plan | amounts))

    assert run.reason == reason
    profit = run.paid - run.staked
    count = Bet.objects.count()
    if reason == Reason.LOSS:
        assert (profit, count) == (-3, 3)
    if reason == Reason.FUNDS:
        assert (count, balance(rich)) == (3, Decimal(889))
    if reason == Reason.LIMITS:
        assert [bet.stake for bet in Bet.objects.order_by("id")] == [1, 100]
    with pytest.raises(RunEnded):
        autobet.place_next(player=rich, public_id=run.public_id, number=run.placed)
    assert Bet.objects.count() == count


def test_the_same_number_is_the_same_bet(begin: Begin, rich: Player) -> None:
    run = begin(bets=5)
    _, one = autobet.place_next(player=rich, public_id=run.public_id, number=0)
    _, two = autobet.place_next(player=rich, public_id=run.public_id, number=0)

    assert one == two
    for skipped in (2, -1):
        with pytest.raises(StepTaken):
            autobet.place_next(player=rich, public_id=run.public_id, number=skipped)
    assert Bet.objects.count() == AutoRun.objects.get().placed == 1


def test_a_stopped_run_places_nothing(begin: Begin, rich: Player, other_player: Player) -> None:
    run = begin()
    autobet.place_next(player=rich, public_id=run.public_id, number=0)
    with pytest.raises(UnknownRun):
        autobet.stop(player=other_player, public_id=run.public_id)

    autobet.stop(player=rich, public_id=run.public_id)
    again = autobet.stop(player=rich, public_id=run.public_id)

    assert again.reason == Reason.STOPPED
    with pytest.raises(RunEnded):
        autobet.place_next(player=rich, public_id=run.public_id, number=1)
    assert Bet.objects.count() == 1


def test_one_run_a_game_and_the_same_key_is_the_same_run(begin: Begin, rich: Player) -> None:
    run = begin(key="once")

    assert begin(key="once") == run
    with pytest.raises(KeyReused):
        begin(key="once", stake="2.00")
    with pytest.raises(RunOpen):
        begin(key="other")
    assert autobet.running(rich, "dice") == run
    begin("limbo", choice={"target": 200})


def test_a_closed_game_ends_the_run(begin: Begin, rich: Player, administrator: User) -> None:
    run = begin()
    services.set_enabled(game="dice", enabled=False, by=administrator, reason="check")

    run, bet = autobet.place_next(player=rich, public_id=run.public_id, number=0)

    assert (run.reason, bet) == (Reason.REFUSED, None)
    with pytest.raises(OriginalClosed):
        begin(key="new")
    with pytest.raises(InvalidChoice):
        begin(choice={"target": 5})


def test_steps_are_counted_when_the_round_ends(begin: Begin, rich: Player) -> None:
    run = begin("mines", choice={"mines": 1}, stop_profit=euros("0.01"))
    run, bet = autobet.place_next(player=rich, public_id=run.public_id, number=0)
    assert bet is not None
    with pytest.raises(RoundOpen):
        autobet.place_next(player=rich, public_id=run.public_id, number=1)
    hidden = seeds.draws_of(bet.pair, bet.nonce).picks(25, 1)
    safe = next(cell for cell in range(25) if cell not in hidden)

    services.act(player=rich, public_id=bet.public_id, action=f"open:{safe}", step=0)
    services.act(player=rich, public_id=bet.public_id, action="cash_out", step=1)

    run = AutoRun.objects.get()
    assert (run.reason, run.paid, run.placed) == (Reason.PROFIT, Decimal("1.03"), 1)


def test_crash_is_counted_when_its_round_ends(begin: Begin, rich: Player, settings: Any) -> None:
    settings.CRASH_GAME_BETTING_SECONDS, settings.CRASH_GAME_PAUSE_SECONDS = 60, 0
    made = crash.make_chain(salt_origin="test", length=3)
    crash.fix_salt(chain=made.public_id, salt="0" * 64, by="test")
    run = begin("crash", choice={"auto": 101}, bets=1)
    with pytest.raises(BettingClosed):
        autobet.place_next(player=rich, public_id=run.public_id, number=0)
    assert AutoRun.objects.get().placed == 0
    crash.advance()
    autobet.place_next(player=rich, public_id=run.public_id, number=0)
    round_ = crash.live_round()
    assert round_ is not None
    type(round_).objects.update(betting_until=crash.clock())
    crash.advance()
    type(round_).objects.update(started_at="2026-01-01T00:00:00Z")
    while crash.live_round() == round_:
        crash.advance()

    run, bet = AutoRun.objects.get(), Bet.objects.get()
    assert (run.reason, run.staked, run.paid) == (Reason.ALL_PLAYED, 1, bet.payout)


def test_limits_that_changed_end_the_run(begin: Begin, rich: Player) -> None:
    run = begin()
    Original.objects.filter(code="dice").update(stake_max=Decimal("0.50"))

    run, bet = autobet.place_next(player=rich, public_id=run.public_id, number=0)

    assert (run.reason, bet, Bet.objects.count()) == (Reason.LIMITS, None, 0)


# ---- over JSON -------------------------------------------------------------------------------------

RUN = {"game": "dice", "amount": "1.00", "currency": "EUR", "choice": NEVER, "bets": 2}
ONCE = {"Idempotency-Key": "once"}


def test_a_run_over_json(rich: Player) -> None:
    caller = with_key(rich, "play", "read")
    run = caller.post("originals/runs/", RUN | {"stop_loss": "50.00"}, ONCE).json()
    path = f"originals/runs/{run['id']}/"

    first = caller.post(f"{path}next/", {"number": 0}).json()
    second = caller.post(f"{path}next/", {"number": 1}).json()

    assert (run["state"], run["stop_loss"], run["raise_on_win"]) == ("running", "50.00", None)
    assert first["bet"]["run"] == run["id"]
    assert (second["run"]["reason"], second["run"]["staked"]) == ("all_played", "2.00")
    assert error_of(caller.post(f"{path}next/", {"number": 2}))["code"] == "run_ended"
    assert caller.get(path).json()["said"] == "all bets were played"
    assert caller.get("originals/runs/").json()["results"][0]["id"] == run["id"]
    assert caller.post(f"{path}stop/", {}).json()["reason"] == "all_played"


@pytest.mark.parametrize(
    "changed",
    [
        {"bets": 0}, {"bets": 10**9}, {"bets": "many"}, {"raise_on_win": -1},
        {"raise_on_loss": 10**9}, {"stop_profit": "0.00"}, {"stop_loss": "-1.00"},
        {"stop_single_win": "1.001"}, {"amount": "0.00"}, {"choice": {}}, {"game": "chess"},
    ],
)  # fmt: skip
def test_a_run_without_sense_is_refused(rich: Player, changed: dict[str, Any]) -> None:
    answer = signed_in(rich).post("originals/runs/", RUN | changed, ONCE)

    assert answer.status_code in {400, 404}
    assert not AutoRun.objects.exists()
