"""Loss and wager limits in the money statement: what counts, from when, in which currency."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Player, User
from apps.audit.models import Record
from apps.core.errors import InvalidInput
from apps.ledger import followers
from apps.ledger.models import Block, Entry, Kind, Wallet
from apps.limits import selectors, services
from apps.limits.errors import RequestOver, TooSoon
from apps.limits.models import Limit, LimitRequest, PlayHour
from apps.limits.usage import Usage
from apps.wallet.errors import LimitReached
from apps.wallet.movements import Result, Rollback
from tests.rates.factories import set_rates
from tests.wallet.test_movements import Table

pytestmark = pytest.mark.django_db
Fund = Callable[..., Result]


@pytest.fixture
def table(player: Player, fund: Fund) -> Table:
    fund(player, "1000.00", "EUR")
    return Table(player)


def limit(player: Player, kind: str, value: str, window: str = "day", **more: Any) -> Any:
    return services.set_limit(
        player_id=player.pk, kind=kind, window=window, value=Decimal(value), actor=player, **more
    )


def refused(table: Table, key: str, amount: str) -> str:
    before = table.balance, table.entries
    with pytest.raises(LimitReached) as said:
        table.play(table.bet(key, amount))
    assert (table.balance, table.entries) == before
    assert said.value.balance is not None
    return said.value.reason


def read_journal() -> None:
    """Let the follower read everything there is."""
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    while followers.follow(Usage(), newest):
        pass


@pytest.mark.rule("RG-12")
@pytest.mark.parametrize("is_read", [True, False])
def test_a_loss_limit_counts_open_stakes_and_gives_wins_and_undone_bets_back(
    table: Table, is_read: bool
) -> None:
    limit(table.player, "loss", "10")
    table.play(table.bet("b1", "6.00"))
    if is_read:
        read_journal()

    assert refused(table, "b2", "4.01") == "loss_limit"
    table.play(table.win("w1", "3.00"))
    table.play(table.bet("b3", "7.00"))
    assert refused(table, "b4", "0.01") == "loss_limit"
    table.play(Rollback("x3", "b3"))
    table.play(Rollback("x1", "w1"))
    assert refused(table, "b5", "4.01") == "loss_limit"
    assert table.play(table.bet("b6", "4.00"))


@pytest.mark.rule("RG-01", "RG-12")
def test_a_wager_limit_counts_stakes_whatever_they_won(table: Table) -> None:
    limit(table.player, "wager", "10", "month")
    table.play(table.bet("b1", "6.00"), table.win("w1", "100.00"))

    assert refused(table, "b2", "4.01") == "wager_limit"
    assert table.play(table.bet("b1", "6.00"), table.win("w1", "100.00"))  # a replay is no bet
    assert table.play(table.bet("b3", "0.00"))  # a free round stakes nothing
    assert table.play(table.bet("b4", "4.00"))


@pytest.mark.rule("RG-05")
def test_one_limit_holds_over_all_currencies_at_the_rate_stored(table: Table, fund: Fund) -> None:
    set_rates(BTC="50000")
    fund(table.player, "1", "BTC")
    coins = Table(table.player, "BTC")
    limit(table.player, "wager", "100")
    table.play(table.bet("b1", "40.00"))
    coins.play(coins.bet("c1", "0.001"))

    # What was staked at 50,000 stays worth that; what comes is worth today's.
    set_rates(BTC="100000")
    assert refused(coins, "c2", "0.00010001") == "wager_limit"
    assert refused(table, "b2", "10.01") == "wager_limit"
    assert coins.play(coins.bet("c3", "0.0001"))
    assert selectors.used(table.player.pk, "wager", "day") == Decimal(100)


def test_what_has_no_rate_cannot_be_staked_under_a_limit(table: Table, fund: Fund) -> None:
    fund(table.player, "1", "BTC")
    coins = Table(table.player, "BTC")
    coins.play(coins.bet("c0", "0.001"))
    limit(table.player, "wager", "100")

    assert refused(coins, "c1", "0.001") == "limit_unclear"
    # Nor anything else, while a part of what was staked is worth nobody knows what.
    assert refused(table, "b1", "1.00") == "limit_unclear"


@pytest.mark.rule("RG-10", "RG-06")
def test_the_lower_of_both_owners_limits_applies_and_neither_overwrites_the_other(
    table: Table, support: User
) -> None:
    limit(table.player, "wager", "50")
    facts = {"player_id": table.player.pk, "kind": "wager", "window": "day", "by": support}
    services.set_operator_limit(**facts, value=Decimal(20), reason="Harm case")

    assert refused(table, "b1", "20.01") == "wager_limit"
    services.set_operator_limit(**facts, value=None, reason="Case closed")
    assert refused(table, "b2", "50.01") == "wager_limit"
    assert table.play(table.bet("b3", "50.00"))
    assert selectors.effective(table.player.pk, "wager", "day") == 50
    [room] = selectors.rooms(table.player.pk)
    bet = Entry.objects.get(outside_id="b3")
    assert (room.used, room.room, room.owner) == (50, 0, "player")
    assert room.releases_at == bet.created_at + timedelta(hours=24)


@pytest.mark.rule("RG-07", "RG-33")
def test_a_tighter_limit_binds_the_next_bet_and_leaves_history_and_audit(table: Table) -> None:
    limit(table.player, "loss", "100")
    table.play(table.bet("b1", "30.00"))
    limit(table.player, "loss", "20")

    assert refused(table, "b2", "0.01") == "loss_limit"
    assert table.play(table.win("w1", "5.00"))
    rows = Limit.objects.filter(player=table.player).order_by("pk")
    assert [(row.value, row.ended_at is None) for row in rows] == [(100, False), (20, True)]
    assert Record.objects.filter(action="limit.set", actor_id=str(table.player.pk)).count() == 2
    assert [line.what for line in selectors.history(table.player.pk)] == ["limit", "limit"]


@pytest.mark.rule("RG-08", "RG-09")
def test_a_looser_limit_waits_is_confirmed_lapses_and_starts_anew(
    table: Table, support: User
) -> None:
    player = table.player
    start = limit(player, "loss", "20").limit.since
    hour = timedelta(hours=1)
    asked = limit(player, "loss", "50", at=start)
    assert asked.limit is None
    assert asked.request.ready_at == start + 24 * hour

    # Asked again, the wait starts anew; staff have no way to shorten it.
    later = limit(player, "loss", "60", at=start + 23 * hour).request
    facts = {"player_id": player.pk, "public_id": later.public_id, "actor": player}
    with pytest.raises(TooSoon):
        services.confirm_request(**facts, at=start + 47 * hour - timedelta(microseconds=1))
    assert selectors.effective(player.pk, "loss", "day") == 20
    with pytest.raises(RequestOver):
        services.confirm_request(**{**facts, "public_id": asked.request.public_id}, at=start)

    # Not confirmed within a week it lapses; a tighter limit cancels what waits.
    week_later = later.ready_at + timedelta(days=7)
    with pytest.raises(RequestOver):
        services.confirm_request(**facts, at=week_later)
    assert services.lapse_due(at=week_later) == 1
    third = limit(player, "loss", "70", at=week_later).request
    limit(player, "loss", "10", at=week_later)
    third.refresh_from_db()
    assert third.state == LimitRequest.State.CANCELLED

    removal = services.remove_limit(
        player_id=player.pk, kind="loss", window="day", actor=player, at=week_later
    ).request
    assert removal.ready_at == week_later + timedelta(days=7)
    facts["public_id"] = removal.public_id
    assert services.confirm_request(**facts, at=removal.ready_at) is None
    assert selectors.limits_of(player.pk) == []
    assert set(Wallet.objects.values_list("blocks", flat=True)) == {0}


def test_nonsense_is_no_limit_and_changes_nothing(table: Table) -> None:
    for kind, window, value in (
        ("loss", "day", "-1"), ("loss", "day", "NaN"), ("loss", "day", "Infinity"),
        ("loss", "day", "1.001"), ("session", "day", "1.5"), ("session", "day", "1441"),
        ("loss", "year", "1"), ("luck", "day", "1"), ("wager", "day", "1e12"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            limit(table.player, kind, value, window)
    assert not Limit.objects.exists()


def test_only_players_with_such_a_limit_are_asked_about(table: Table) -> None:
    limit(table.player, "deposit", "10")
    limit(table.player, "session", "60")
    assert set(Wallet.objects.values_list("blocks", flat=True)) == {0}

    limit(table.player, "loss", "10")
    Table(table.player, "BTC")
    assert set(Wallet.objects.values_list("blocks", flat=True)) == {Block.LIMITED}


# ---- edges (G2) ----------------------------------------------------------------------------------


def _age(entry_id: int, at: datetime) -> None:
    """Move an entry of the journal to another time, as only a test can."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_entry SET created_at = %s WHERE id = %s", [at, entry_id])
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.mark.rule("RG-06")
@pytest.mark.parametrize("seed", [1, 2])
def test_sums_are_exact_at_every_edge_however_far_the_follower_has_read(
    table: Table, fund: Fund, seed: int
) -> None:
    """Half-open windows: what happened exactly its length ago is out, a microsecond later in."""
    chance = random.Random(seed)
    set_rates(BTC="31234.567")
    fund(table.player, "9", "BTC")
    tables = {"EUR": table, "BTC": Table(table.player, "BTC")}
    units = {"EUR": "0.01", "BTC": "0.00000001"}
    clock = datetime.fromisoformat("2028-02-28T21:00:00+00:00")  # over a leap day and a month's end
    played: list[dict[str, Any]] = []
    for n in range(60):
        clock += timedelta(
            microseconds=chance.choice([1, 60_000_000, 3_599_999_999, 7_200_000_000])
        )
        if chance.random() < 0.2:
            clock = clock.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        code = chance.choice(["EUR", "BTC"])
        one = tables[code]
        undoable = [row for row in played if not row["undone"] and row["code"] == code]
        if undoable and chance.random() < 0.25:
            row = chance.choice(undoable)
            [made] = one.play(Rollback(f"x{n}", row["key"]))
            row["undone"] = True
        else:
            amount = Decimal(units[code]) * chance.randint(1, 999)
            kind = chance.choice(["bet", "win"])
            [made] = one.play(getattr(one, kind)(f"k{n}", f"{amount:f}"))
            worth = amount * (Decimal("31234.567") if code == "BTC" else 1)
            played.append(
                {"key": f"k{n}", "code": code, "at": clock, "kind": kind, "worth": worth,
                 "undone": False}
            )  # fmt: skip
        _age(made.entry_id or 0, clock)
        if chance.random() < 0.15:
            read_journal()
        if n % 12 == 11:
            set_rates(BTC="31234.567")

    for row in chance.sample(played, 15):
        for since in (row["at"], row["at"] - timedelta(microseconds=1)):
            counted = [one for one in played if one["at"] > since and not one["undone"]]
            found = selectors.played(table.player.pk, since)
            assert found.staked == sum(one["worth"] for one in counted if one["kind"] == "bet")
            assert found.won == sum(one["worth"] for one in counted if one["kind"] == "win")
            assert found.bets == sum(one["kind"] == "bet" for one in counted)
            assert found.is_complete


def test_the_hours_can_be_built_again_from_the_journal(table: Table) -> None:
    table.play(table.bet("b1", "6.00"), table.win("w1", "1.00"))
    table.play(Rollback("x1", "b1"))
    table.play(table.bet("b2", "2.00"))
    read_journal()
    fields = ("staked", "won", "bets", "unvalued", "first_id", "last_id")
    before = list(PlayHour.objects.values_list(*fields))

    PlayHour.objects.all().delete()
    followers.Cursor.objects.filter(name=Usage.name).update(position=0)
    read_journal()

    assert list(PlayHour.objects.values_list(*fields)) == before
    assert [row[:3] for row in before] == [(2, 1, 1)]
    assert Entry.objects.filter(kind=Kind.BET).count() == 2
