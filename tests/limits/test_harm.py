"""Signs of harm: what is counted, when somebody has to talk, and what stops meanwhile."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import Conflict, InvalidInput
from apps.limits import harm, selectors
from apps.limits.models import (
    DepositCount,
    HarmCase,
    HarmDay,
    LimitRequest,
    PlayHour,
    PlaySession,
)
from apps.payments.models import DepositFailure, Rail, Withdrawal
from tests.conftest import make_staff
from tests.operator.factories import make_staff as operator
from tests.operator.factories import signed_in

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 20)
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
_entries = iter(range(1, 10_000))


def played(player: Player, at: datetime, staked: str, won: str = "0") -> None:
    PlayHour.objects.create(
        wallet_id=player.pk, hour=at.replace(minute=0), player=player, staked=Decimal(staked),
        won=Decimal(won), bets=3, unvalued=0, first_id=1, last_id=1,
    )  # fmt: skip


def paid_in(player: Player, at: datetime) -> None:
    DepositCount.objects.create(entry_id=next(_entries), player=player, at=at, value=Decimal(20))


def session(player: Player, first: datetime, last: datetime) -> None:
    PlaySession.objects.create(
        player=player, started_at=first, last_bet_at=last, next_check_at=last, ended_at=last,
        ended_as=PlaySession.End.IDLE,
    )  # fmt: skip


def signs(player: Player) -> dict[str, int]:
    harm.compute_day(DAY)
    found = HarmDay.objects.get(player=player, day=DAY)
    assert found.points == min(100, sum(one["points"] for one in found.signs))
    return {one["code"]: one["points"] for one in found.signs}


def quiet(player: Player) -> None:
    played(player, NOON, "20", "15")


def loss_jump(player: Player) -> None:
    for week in range(1, 5):
        played(player, NOON - timedelta(days=7 * week), "60")
    played(player, NOON, "300")


def deposit_frequency(player: Player) -> None:
    for minute in range(5):
        paid_in(player, NOON + timedelta(minutes=minute))


def failed_deposits(player: Player) -> None:
    for minute in range(3):
        DepositFailure.objects.create(
            player=player, why="declined", at=NOON + timedelta(minutes=minute)
        )


def cancelled_withdrawals(player: Player) -> None:
    Withdrawal.objects.create(
        player=player, rail=Rail.objects.filter(currency_id="BTC").earliest("pk"),
        currency_id="BTC", provider="coinspaid", amount=Decimal("0.01"), address="a", key="k",
        created_at=NOON, updated_at=NOON, finished_at=NOON, state=Withdrawal.State.CANCELLED,
    )  # fmt: skip


def night_play(player: Player) -> None:
    for night in range(3):
        played(player, NOON.replace(hour=2) - timedelta(days=night), "10", "10")


def session_length(player: Player) -> None:
    played(player, NOON, "10", "10")
    session(player, NOON, NOON + timedelta(hours=4))


def chasing(player: Player) -> None:
    played(player, NOON, "50")
    session(player, NOON, NOON + timedelta(minutes=30))
    paid_in(player, NOON + timedelta(minutes=10))
    paid_in(player, NOON + timedelta(minutes=40))


def limit_churn(player: Player) -> None:
    for hour in range(3):
        at = NOON + timedelta(hours=hour)
        LimitRequest.objects.create(
            player=player, kind="loss", window="day", before=Decimal(10), value=Decimal(20),
            state=LimitRequest.State.CANCELLED, asked_at=at, ready_at=at + timedelta(days=1),
            lapses_at=at + timedelta(days=8), finished_at=at,
        )  # fmt: skip


@pytest.mark.rule("RG-29")
@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (quiet, {}),
        (loss_jump, {"loss_jump": 25}),
        (deposit_frequency, {"deposit_frequency": 10}),
        (failed_deposits, {"failed_deposits": 10}),
        (cancelled_withdrawals, {"cancelled_withdrawals": 10}),
        (night_play, {"night_play": 10}),
        (session_length, {"session_length": 10}),
        (chasing, {"chasing": 15}),
        (limit_churn, {"limit_churn": 10}),
    ],
)
def test_each_sign_is_seen_alone(
    live: Callable[[Player], None], expected: dict[str, int], player: Player
) -> None:
    live(player)

    assert signs(player) == expected
    assert not HarmCase.objects.exists()


@pytest.mark.rule("RG-29")
@pytest.mark.parametrize(
    ("born", "weekly", "is_seen"),
    [(1990, "600", True), (1990, "599.99", False), (2003, "200", True), (2003, "199.99", False)],
)
def test_spain_counts_three_weeks_of_loss_and_less_for_the_young(
    born: int, weekly: str, is_seen: bool, player: Player, settings: Any
) -> None:
    settings.JURISDICTION = "ES"
    Player.objects.filter(pk=player.pk).update(birth_date=date(born, 5, 1))
    for week in range(3):
        played(player, NOON - timedelta(days=7 * week), weekly)

    assert ("intense_play" in signs(player)) is is_seen
    assert HarmCase.objects.filter(player=player, points__gte=40).exists() is is_seen


@pytest.mark.rule("RG-29", "RG-30")
def test_a_high_score_opens_one_case_and_stops_offers_until_it_is_closed(
    player: Player, other_player: Player
) -> None:
    for live in (loss_jump, night_play, limit_churn):
        live(player)
    harm.compute_day(DAY)
    assert selectors.may_be_contacted(player.pk)
    case = HarmCase.objects.get()
    assert (case.points, case.is_high) == (45, False)
    # The day goes on and gets worse: the same case is raised.
    for live in (deposit_frequency, failed_deposits, cancelled_withdrawals):
        live(player)
    harm.compute_day(DAY)
    harm.compute_day(DAY)
    case.refresh_from_db()

    assert (case.points, case.is_high) == (75, True)
    assert HarmCase.objects.count() == 1
    assert not selectors.may_be_contacted(player.pk)
    assert selectors.may_be_contacted(other_player.pk)

    by = make_staff("rg")
    with pytest.raises(Conflict):
        harm.close_case(public_id=case.public_id, outcome="limit", conclusion="x", by=by)
    with pytest.raises(InvalidInput):
        harm.log_interaction(public_id=case.public_id, channel="dream", text="x", by=by)
    harm.log_interaction(public_id=case.public_id, channel="chat", text="Asked. Listened.", by=by)
    harm.close_case(
        public_id=case.public_id, outcome="limit", conclusion="Set a deposit limit.", by=by
    )

    assert selectors.may_be_contacted(player.pk)
    harm.compute_day(DAY)
    assert HarmCase.objects.count() == 1
    assert list(
        Record.objects.filter(action__startswith="harm.")
        .order_by("id")
        .values_list("action", flat=True)
    ) == ["harm.case_opened", "harm.case_raised", "harm.interaction", "harm.case_closed"]


@pytest.mark.rule("RG-29")
def test_the_desk_reads_logs_and_closes_by_role(player: Player) -> None:
    case = HarmCase.objects.create(
        player=player, opened_at=now(), points=80, is_high=True,
        signs=[{"code": "chasing", "points": 25, "words": "4 deposits right after losing"}],
    )  # fmt: skip
    page = f"/operator/harm/{case.public_id}/"
    support, rg = signed_in(operator("support")), signed_in(operator("rg"))

    assert "4 deposits right after losing" in support.get("/operator/harm/").content.decode()
    assert "no bonus, VIP or other offer" in support.get(page).content.decode()
    said = {"channel": "phone", "text": "Called. Will set a limit."}
    assert support.post(f"{page}contact/", said).status_code == 302
    closing = {"outcome": "limit", "conclusion": "Has a limit now."}
    assert support.post(f"{page}close/", closing).status_code == 403
    assert rg.post(f"{page}close/", closing).status_code == 302
    assert "Called. Will set a limit." in rg.get(page).content.decode()
    case.refresh_from_db()
    assert case.outcome == "limit"
    marketing = signed_in(operator("marketing"))
    assert marketing.get(page).status_code == 403
    limits = rg.get(f"/operator/players/{player.pk}/limits/")
    assert "harm" in limits.content.decode()
    ours = {"kind": "deposit", "window": "week", "value": "50", "reason": "Agreed on the phone."}
    assert rg.post(f"/operator/players/{player.pk}/limits/set/", ours).status_code == 302
    assert selectors.effective(player.pk, "deposit", "week") == Decimal(50)
