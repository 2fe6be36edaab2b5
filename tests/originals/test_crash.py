"""Crash: the chain, the curve, a round from its first bet to its end, and what time decides."""

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Player, User
from apps.core import secrets
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.ledger.models import Entry, Wallet
from apps.originals import crash, crash_feed, receipts, services
from apps.originals.errors import (
    BettingClosed,
    InvalidChoice,
    NotFlying,
    OriginalClosed,
    RoundFull,
    RoundOpen,
    RoundOver,
)
from apps.originals.fairness import crash as curve
from apps.originals.models import Bet, CrashChain, CrashRound
from tests.originals.conftest import euros

pytestmark = pytest.mark.django_db

Place = Callable[..., Bet]
Fly = Callable[[int], CrashRound]
State = CrashRound.State
# The worked vector of docs/fairness.md.
H_0 = "9f6ebbd05f44df1551885f8996922444dc5a6ca033cbfea7848741166a550f9e"
H_1 = "dd6dc76c663c7c613ed211dbef5446fd9444420d93ca61606eab3d202f56d20e"
SALT = "83cd2dd399e08167f5b182b458c5776ac83b8cf779b753bcaec132323eb178ab"


def balance(player: Player) -> Decimal:
    return Wallet.objects.get(player=player, currency__code="EUR", purse=0).balance


def shift(round_: CrashRound, ms: int) -> None:
    """Let the round have begun that long ago."""
    CrashRound.objects.filter(pk=round_.pk).update(
        started_at=crash.clock() - timedelta(milliseconds=ms)
    )


def leave(player: Player, bet: Bet, **more: Any) -> Bet:
    return services.act(player=player, public_id=bet.public_id, action="cash_out", step=0, **more)


def run_out(round_: CrashRound) -> CrashRound:
    """Let all its time pass."""
    CrashRound.objects.filter(pk=round_.pk).update(started_at=crash.clock() - timedelta(days=30))
    while crash.live_round() == round_:
        crash.advance()
    round_.refresh_from_db()
    return round_


@pytest.fixture(autouse=True)
def _quick(settings: Any) -> None:
    settings.CRASH_GAME_BETTING_SECONDS = 60
    settings.CRASH_GAME_PAUSE_SECONDS = 0


@pytest.fixture
def chain(db: None) -> CrashChain:
    made = crash.make_chain(salt_origin="hash of block 1", length=30)
    return crash.fix_salt(chain=made.public_id, salt=SALT, by="test")


@pytest.fixture
def betting(chain: CrashChain) -> CrashRound:
    """A round that takes bets and ends between 1.50 and 100."""
    while not 150 <= crash._point(round_ := _next(chain)) <= 10_000:
        CrashRound.objects.filter(pk=round_.pk).update(
            state=State.OVER, started_at=crash.clock(), over_at=crash.clock(), ceiling=1000
        )
    return round_


def _next(chain: CrashChain) -> CrashRound:
    crash.advance()
    found = crash.live_round()
    assert found is not None
    return found


def begin(round_: CrashRound) -> CrashRound:
    CrashRound.objects.filter(pk=round_.pk).update(betting_until=crash.clock())
    crash.advance()
    round_.refresh_from_db()
    assert round_.state == State.RUNNING
    return round_


# ---- pure ------------------------------------------------------------------------------------------


def test_the_published_vector() -> None:
    assert curve.earlier(H_1) == H_0
    assert curve.first_number(H_1, SALT) == 2_537_339_370
    assert curve.point(H_1, SALT) == 167


def test_the_curve_reaches_two_at_the_published_millisecond() -> None:
    assert (curve.multiplier(11_552), curve.multiplier(11_553)) == (199, 200)
    assert [curve.multiplier(ms) for ms in (-5, 0, 165, 166)] == [100, 100, 100, 101]
    assert curve.multiplier(10**12) == curve.multiplier(curve.MS_MAX) > curve.point_of(0)
    for point in (100, 101, 167, 200, 99_999, 100_000_000, curve.point_of(0)):
        end = curve.ends_after(point)
        assert curve.multiplier(end - 1) <= point < curve.multiplier(end)


def test_links_of_a_long_chain_hash_to_each_other(db: None) -> None:
    chain = crash.make_chain(salt_origin="hash of block 1", length=2_345)

    found = [crash.link_of(chain, number) for number in (2_345, 2_344, 2_001, 2_000, 1, 0)]

    assert curve.earlier(found[0]) == found[1]
    assert curve.earlier(found[2]) == found[3]
    assert curve.earlier(found[4]) == found[5] == chain.first_link
    assert curve.walk_back(found[0], 2_345) == chain.first_link


# ---- chains ----------------------------------------------------------------------------------------


def test_a_chain_is_published_before_its_salt_and_salted_once(db: None, settings: Any) -> None:
    settings.CRASH_GAME_OWN_SALT = False
    with pytest.raises(InvalidInput):
        crash.make_chain(salt_origin=" ")
    chain = crash.make_chain(salt_origin="hash of Bitcoin block 925000", length=5)
    crash.advance()
    assert not CrashRound.objects.exists()

    with pytest.raises(InvalidInput):
        crash.fix_salt(chain=chain.public_id, salt="nonsense", by="test")
    crash.fix_salt(chain=chain.public_id, salt=SALT, by="test")
    with pytest.raises(InvalidInput):
        crash.fix_salt(chain=chain.public_id, salt=SALT, by="test")

    crash.advance()
    assert CrashRound.objects.get().commitment == chain.first_link


def test_a_used_up_chain_is_followed_by_another(db: None) -> None:
    crash.fix_salt(
        chain=crash.make_chain(salt_origin="a", length=1).public_id, salt=SALT, by="test"
    )
    second = crash.fix_salt(
        chain=crash.make_chain(salt_origin="b", length=1).public_id, salt=SALT, by="test"
    )
    crash.advance()
    begun = crash.live_round()
    assert begun is not None
    run_out(begin(begun))
    crash.advance()

    found = crash.live_round()
    assert found is not None
    assert (found.chain, found.number) == (second, 1)


# ---- a round ---------------------------------------------------------------------------------------


def test_a_round_pays_who_left_in_time_and_keeps_the_rest(
    betting: CrashRound, place: Place, rich: Player
) -> None:
    point = crash._point(betting)
    bet = place("crash", "10.00", auto=0)
    assert (bet.state, bet.payout, balance(rich)) == (Bet.State.OPEN, 0, Decimal(990))
    with pytest.raises(RoundOpen):
        place("crash", "1.00", auto=0)
    with pytest.raises(NotFlying):
        leave(rich, bet)
    begin(betting)
    with pytest.raises(BettingClosed):
        crash._taking_bets()

    shift(betting, 5_000)
    left = leave(rich, bet)
    again = leave(rich, bet)

    assert left.detail["left_at"] in range(134, 140)
    assert again.payout == left.payout == Decimal(left.detail["left_at"]) / 10
    assert balance(rich) == Decimal(990) + left.payout
    over = run_out(betting)
    assert (over.state, over.point) == (State.OVER, point)
    assert curve.earlier(over.link) == over.commitment
    entries = Entry.objects.filter(round_ref=bet.public_id)
    assert [entry.closes_round for entry in entries.order_by("id")] == [False, True]


def test_who_stays_too_long_loses_and_is_told_so(
    betting: CrashRound, place: Place, rich: Player
) -> None:
    bet = place("crash", "10.00", auto=0)
    begin(betting)
    end = curve.ends_after(crash._point(betting))
    shift(betting, end + 5)

    with pytest.raises(RoundOver):
        leave(rich, bet)
    bet.refresh_from_db()
    assert bet.state == Bet.State.OPEN
    run_out(betting)

    bet.refresh_from_db()
    assert (bet.state, bet.payout, bet.actions) == (Bet.State.CLOSED, 0, [])
    assert Entry.objects.filter(round_ref=bet.public_id).order_by("id").last().closes_round
    with pytest.raises(RoundOver):
        leave(rich, bet)
    assert balance(rich) == Decimal(990)


def test_the_instant_a_request_reached_us_decides(
    betting: CrashRound, place: Place, rich: Player
) -> None:
    bet = place("crash", "10.00", auto=0)
    begin(betting)
    point = crash._point(betting)
    end = curve.ends_after(point)
    shift(betting, end + 200)
    crash.advance()
    betting.refresh_from_db()
    assert (betting.state, betting.point) == (State.BUST, point)
    since_end = crash._ms(betting, crash.clock()) - end
    now = time.monotonic()

    # One that came after the end is too late. One from half a second before it was kept waiting by us.
    with pytest.raises(RoundOver):
        leave(rich, bet, arrived=now)
    kept = leave(rich, bet, arrived=now - (since_end + 500) / 1000)

    assert point * 0.94 < kept.detail["left_at"] <= point
    assert kept.payout > 0
    run_out(betting)
    assert balance(rich) == Decimal(990) + kept.payout


def test_an_automatic_cash_out_pays_exactly_what_was_asked(
    betting: CrashRound, place: Place, rich: Player
) -> None:
    bet = place("crash", "10.00", auto=120)
    begin(betting)
    shift(betting, 2_000)
    crash.advance()
    bet.refresh_from_db()
    assert bet.state == Bet.State.OPEN

    shift(betting, curve.reached_after(120))
    crash.advance()

    bet.refresh_from_db()
    assert (bet.state, bet.payout, bet.actions) == (Bet.State.CLOSED, Decimal(12), ["auto:120"])
    assert CrashRound.objects.get(pk=betting.pk).state == State.RUNNING


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_target_at_the_point_wins_and_one_above_it_loses(
    betting: CrashRound, place: Place, beyond: int
) -> None:
    point = crash._point(betting)
    bet = place("crash", "10.00", auto=point + beyond)
    begin(betting)

    run_out(betting)

    bet.refresh_from_db()
    assert bet.payout == (0 if beyond else Decimal(point) / 10)


def test_a_hand_after_the_target_is_paid_the_target(
    betting: CrashRound, place: Place, rich: Player
) -> None:
    bet = place("crash", "10.00", auto=110)
    begin(betting)
    shift(betting, 4_000)

    left = leave(rich, bet)

    assert left.actions == ["auto:110"]


def test_nobody_leaves_at_one(betting: CrashRound, place: Place, rich: Player) -> None:
    with pytest.raises(InvalidChoice):
        place("crash", auto=100)
    bet = place("crash", auto=0)
    begin(betting)
    shift(betting, 50)

    with pytest.raises(NotFlying):
        leave(rich, bet)


def test_a_bet_is_out_at_its_greatest_win(betting: CrashRound, place: Place, rich: Player) -> None:
    services.Original.objects.filter(code="crash").update(win_max=Decimal("13.00"))
    bet = place("crash", "10.00", auto=0)
    begin(betting)

    run_out(betting)

    bet.refresh_from_db()
    assert (bet.payout, bet.actions) == (Decimal(13), ["ceiling:130"])


def test_a_round_pays_no_more_than_its_limit(
    betting: CrashRound, place: Place, settings: Any
) -> None:
    settings.CRASH_GAME_WIN_MAX = 120
    with pytest.raises(RoundFull):
        place("crash", "12.01", auto=0)
    bet = place("crash", "12.00", auto=0)
    settings.CRASH_GAME_WIN_MAX = 15
    begin(betting)
    assert betting.ceiling == 125

    run_out(betting)

    bet.refresh_from_db()
    assert (bet.payout, bet.actions) == (Decimal(15), ["ceiling:125"])


def test_a_round_that_nobody_started_gives_the_stakes_back(
    betting: CrashRound, place: Place, rich: Player
) -> None:
    bet = place("crash", "10.00", auto=200)
    CrashRound.objects.update(betting_until=crash.clock() - timedelta(seconds=61))

    crash.advance()

    bet.refresh_from_db()
    betting.refresh_from_db()
    assert (bet.state, betting.state) == (Bet.State.REFUNDED, State.VOID)
    assert betting.link
    assert balance(rich) == Decimal(1000)


def test_a_closed_game_opens_no_round_and_takes_no_bet(
    betting: CrashRound, place: Place, administrator: User
) -> None:
    services.set_enabled(game="crash", enabled=False, by=administrator, reason="check")

    with pytest.raises(OriginalClosed):
        place("crash", auto=0)
    run_out(begin(betting))
    crash.advance()

    assert crash.live_round() is None


# ---- what is public, and when ----------------------------------------------------------------------


def test_the_point_is_nowhere_until_the_round_is_over(betting: CrashRound, place: Place) -> None:
    bet = place("crash", auto=0)
    link = secrets.unseal(betting.sealed, place=betting.place)

    for _ in range(2):
        shown = str(crash_feed.state()) + str(receipts.receipt(bet))
        assert link not in shown
        assert (betting.link, betting.point) == ("", None)
        if betting.state == State.BETTING:
            begin(betting)
    over = run_out(betting)

    assert over.link == link
    assert link in str(crash_feed.state())


def test_others_see_no_names(betting: CrashRound, place: Place, rich: Player) -> None:
    bet = place("crash", auto=0)
    shown = crash_feed.state()["data"]["bets"]

    assert [one["name"] for one in shown] == ["al***"]
    assert bet.public_id not in str(shown)
    Bet.objects.update(is_hidden=True)
    assert crash_feed.state()["data"]["bets"][0]["name"] == "Hidden"


def test_receipts_hold_however_a_bet_left(betting: CrashRound, place: Place, rich: Player) -> None:
    bet = place("crash", "10.00", auto=0)
    begin(betting)
    shift(betting, 3_000)
    bet = leave(rich, bet)
    early = receipts.receipt(bet)
    assert early["server_seed"] == ""
    run_out(betting)

    bet = Bet.objects.select_related("round__chain").get()
    late = receipts.receipt(bet)

    assert (early["receipt"], early["signature"]) == (late["receipt"], late["signature"])
    steps = receipts.check(late)
    assert {step.name: step.passed for step in steps} == dict.fromkeys(
        ("signature", "commitment", "chain", "result", "payout"), True
    )
    for changed in (
        {"actions": ["cash_out:9999999"]}, {"nonce": 29}, {"chain": "0" * 64}, {"payout": "50.00"},
    ):  # fmt: skip
        wrong = late | {"receipt": late["receipt"] | changed}
        assert any(step.passed is False for step in receipts.check(wrong)[1:]), changed


def test_a_stake_in_another_currency_counts_in_ours(betting: CrashRound) -> None:
    assert crash._at_stake(betting) == 0
    assert crash._ceiling(betting) == crash.CEILING_MAX
    assert isinstance(euros("1.00"), Money)
