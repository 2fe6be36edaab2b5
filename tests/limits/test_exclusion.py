"""Breaks from play: at once, not shorter, for the person, and money can still leave."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from apps.accounts.errors import IllegalTransition
from apps.accounts.models import Player, User
from apps.accounts.statuses import TRANSITIONS
from apps.audit.models import Record
from apps.core.clock import now
from apps.events import bus, live
from apps.games.models import GameSession
from apps.ledger.models import Block, Wallet
from apps.limits import accounts, exclusion, selectors, services
from apps.limits.errors import LongerBreak, NoBreak, OnBreak, TooSoon
from apps.limits.models import DormancyNotice, Exclusion
from apps.messaging import mail as mails
from apps.messaging import suppressions
from apps.wallet import movements, restrictions
from apps.wallet import services as wallets
from apps.wallet.errors import WalletBlocked
from apps.wallet.movements import Result
from tests.conftest import make_player
from tests.games.factories import make_game, make_session
from tests.wallet.test_movements import Table

pytestmark = pytest.mark.django_db
Status = Player.Status
SECOND = timedelta(seconds=1)


@pytest.fixture
def table(player: Player, fund: Callable[..., Result]) -> Table:
    fund(player, "50.00", "EUR")
    return Table(player)


def status_of(player: Player) -> str:
    return Player.objects.values_list("status", flat=True).get(pk=player.pk)


def long_ago() -> None:
    """Let every exclusion have begun long ago and be over now, as only a test can."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Exclusion.objects.update(since=F("since") - timedelta(days=800), until=now())
        cursor.execute("SET LOCAL session_replication_role = origin")


def may_play(table: Table) -> bool:
    try:
        table.play(table.bet(f"b{table.entries}", "1.00"))
    except WalletBlocked:
        return False
    return True


@pytest.mark.rule("RG-18", "RG-19", "RG-15")
def test_a_time_out_binds_at_once_ends_by_itself_and_not_before(table: Table) -> None:
    player = table.player
    table.play(table.bet("open", "5.00"))
    at = now()
    made = exclusion.time_out(player_id=player.pk, length="72h", actor=player, at=at)

    assert made.until == at + timedelta(hours=72)
    assert status_of(player) == Status.TIMED_OUT
    assert not may_play(table)
    # Open rounds settle, and what is the player's can leave.
    assert table.play(table.win("w", "7.00"))
    assert movements.withdrawal_reserved(
        player_id=player.pk, amount=table.money("10.00"), key="out", withdrawal_id=1
    )
    with pytest.raises(LongerBreak):
        exclusion.time_out(player_id=player.pk, length="24h", actor=player, at=at)
    exclusion.panic(player_id=player.pk, actor=player, at=at)
    assert exclusion.end_due(at=made.until - timedelta(microseconds=1)) == 1  # the day of panic
    assert not may_play(table)

    assert exclusion.end_due(at=made.until) == 1
    assert (status_of(player), may_play(table)) == (Status.ACTIVE, True)


@pytest.mark.rule("RG-13", "RG-17")
def test_an_exclusion_goes_on_until_the_player_has_asked_waited_and_confirmed(
    table: Table, support: User
) -> None:
    player = table.player
    at = datetime.fromisoformat("2026-08-31T10:00:00+00:00")
    made = exclusion.self_exclude(player_id=player.pk, length="6m", actor=player, at=at)
    facts = {"player_id": player.pk, "actor": player}

    # Half a year from the end of August is never less than half a year.
    assert made.until == datetime.fromisoformat("2027-03-01T10:00:00+00:00")
    with pytest.raises(TooSoon):
        exclusion.ask_return(**facts, at=made.until - SECOND)
    with pytest.raises(IllegalTransition):
        wallets.set_player_status(
            player_id=player.pk, status=Status.ACTIVE, actor=support, reason="He asked."
        )
    assert exclusion.end_due(at=made.until + timedelta(days=900)) == 0
    with pytest.raises(NoBreak):
        exclusion.confirm_return(**facts, at=made.until)
    assert not may_play(table)

    asked = exclusion.ask_return(**facts, at=made.until)
    with pytest.raises(TooSoon):
        exclusion.confirm_return(**facts, at=made.until + timedelta(hours=24) - SECOND)
    assert not may_play(table)
    exclusion.confirm_return(**facts, at=asked.return_ready_at)
    assert (status_of(player), may_play(table)) == (Status.ACTIVE, True)


@pytest.mark.rule("RG-17")
def test_the_database_ends_no_break_early(table: Table) -> None:
    exclusion.self_exclude(player_id=table.player.pk, length="permanent", actor=table.player)
    exclusion.time_out(player_id=table.player.pk, length="30d", actor=table.player)

    for kind, change in (
        ("time_out", {"ended_at": now(), "ended_as": "over"}),
        ("time_out", {"until": now() + timedelta(days=1)}),
        ("self_exclusion", {"until": now() + timedelta(days=1)}),
        ("self_exclusion", {"ended_at": now(), "ended_as": "over"}),
        ("self_exclusion", {"ended_at": now(), "ended_as": "returned"}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Exclusion.objects.filter(kind=kind).update(**change)


@pytest.mark.rule("ACC-13", "RG-17")
def test_letting_a_suspended_player_go_does_not_end_their_break(
    table: Table, support: User
) -> None:
    player = table.player
    facts = {"player_id": player.pk, "actor": support, "reason": "Check."}
    wallets.set_player_status(**facts, status=Status.SUSPENDED)
    exclusion.self_exclude(player_id=player.pk, length="1y", actor=player)
    assert status_of(player) == Status.SUSPENDED

    wallets.set_player_status(**facts, status=Status.ACTIVE)

    assert (status_of(player), may_play(table)) == (Status.SELF_EXCLUDED, False)
    # And the end of a break does not let a suspended player go.
    wallets.set_player_status(**facts, status=Status.SUSPENDED)
    long_ago()
    asked = exclusion.ask_return(player_id=player.pk, actor=player)
    exclusion.confirm_return(player_id=player.pk, actor=player, at=asked.return_ready_at)
    assert (status_of(player), may_play(table)) == (Status.SUSPENDED, False)


@pytest.mark.rule("ACC-13")
def test_only_the_transitions_of_the_table_are_made_and_each_leaves_its_row(
    table: Table, support: User
) -> None:
    player = table.player
    for before, allowed in TRANSITIONS.items():
        for after in Status.values:
            Player.objects.filter(pk=player.pk).update(status=before)
            rows = Record.objects.filter(action="player.status_changed").count()
            facts = {"player_id": player.pk, "status": after, "actor": support, "reason": "Test."}
            # Nobody is sent on a break by a change of status: that is the player's to ask.
            if after in allowed and after not in restrictions.STATUS_OF_CODE.values():
                wallets.set_player_status(**facts)
                rows += 1
                assert status_of(player) == after
            else:
                with pytest.raises(IllegalTransition):
                    wallets.set_player_status(**facts)
                assert status_of(player) == before
            assert Record.objects.filter(action="player.status_changed").count() == rows


@pytest.mark.rule("ACC-14", "RG-14")
def test_open_games_and_sockets_are_closed_by_the_first_delivery(table: Table) -> None:
    session = make_session(table.player, make_game())

    async def heard() -> str:
        layer = get_channel_layer()
        own = await layer.new_channel()
        await layer.group_add(live.player_group(table.player.pk), own)
        await sync_to_async(deliver)()
        return str((await layer.receive(own))["stream"])

    def deliver() -> None:
        exclusion.panic(player_id=table.player.pk, actor=table.player)
        bus.deliver_due()

    # What closes the socket and loads the page again (`messaging/consumers.py`).
    assert async_to_sync(heard)() == "signed-out"
    session.refresh_from_db()
    assert session.end_reason == GameSession.EndReason.STOPPED


@pytest.mark.rule("RG-14", "RG-20", "ACC-04")
def test_an_exclusion_is_the_persons_and_not_the_accounts(
    table: Table, fund: Callable[..., Result]
) -> None:
    twin = make_player("twin")
    User.objects.filter(pk=twin.pk).update(email_folded=table.player.user.email_folded)
    stranger = make_player("stranger")
    fund(twin, "5.00", "EUR")

    made = exclusion.self_exclude(player_id=table.player.pk, length="2y", actor=table.player)

    copy = Exclusion.objects.get(player=twin)
    assert (copy.origin, copy.until, copy.asked_by) == (made, made.until, "system")
    assert not may_play(Table(twin))
    assert status_of(stranger) == Status.ACTIVE
    # Who turns out to be the same person later is covered then, once.
    User.objects.filter(pk=stranger.pk).update(email_folded=table.player.user.email_folded)
    assert (exclusion.cover_due(), exclusion.cover_due()) == (1, 0)
    assert status_of(stranger) == Status.SELF_EXCLUDED


@pytest.mark.rule("RG-16")
def test_no_offer_goes_out_after_a_break_began_however_early_it_was_written(table: Table) -> None:
    player = table.player
    Player.objects.filter(pk=player.pk).update(wants_marketing=True)
    letter = {"to": player.user.email, "subject": "Hello", "text": "An offer"}
    offer = mails.queue(**letter, kind="offers_welcome")
    notice = mails.queue(**letter, kind="withdrawal_paid")
    assert suppressions.reason_for(offer) == ""

    exclusion.time_out(player_id=player.pk, length="24h", actor=player)

    assert not selectors.may_be_contacted(player.pk)
    assert suppressions.reason_for(offer) != ""
    assert suppressions.reason_for(notice) == ""


def test_the_player_is_told_in_writing_what_was_begun(table: Table, mailoutbox: list[Any]) -> None:
    exclusion.self_exclude(player_id=table.player.pk, length="permanent", actor=table.player)
    bus.deliver_due()

    [letter] = mailoutbox
    assert letter.to == [table.player.user.email]
    assert "excluded" in letter.subject
    assert "without an end" in letter.body


def test_a_break_cancels_wishes_for_looser_limits(table: Table) -> None:
    facts = {"player_id": table.player.pk, "kind": "loss", "window": "day", "actor": table.player}
    services.set_limit(**facts, value=Decimal(5))
    request = services.set_limit(**facts, value=Decimal(50)).request
    assert request is not None
    exclusion.panic(player_id=table.player.pk, actor=table.player)

    request.refresh_from_db()
    assert request.state == "cancelled"


@pytest.mark.rule("ACC-16")
def test_an_account_closes_when_its_money_has_left_and_not_while_excluded(table: Table) -> None:
    player = table.player
    facts = {"player_id": player.pk, "actor": player, "reason": "Enough."}
    assert accounts.close_account(**facts).status == Status.ACTIVE
    assert not may_play(table)
    assert accounts.finish_closing() == 0

    whole = {"player_id": player.pk, "amount": table.money("50.00"), "withdrawal_id": 1}
    movements.withdrawal_reserved(**whole, key="r")
    assert accounts.finish_closing() == 0
    movements.withdrawal_paid(**whole, partner="coinspaid", key="p")
    assert (accounts.finish_closing(), status_of(player)) == (1, Status.CLOSED)

    other = make_player("other")
    exclusion.panic(player_id=other.pk, actor=other)
    with pytest.raises(OnBreak):
        accounts.close_account(player_id=other.pk, actor=other, reason="Enough.")


@pytest.mark.rule("ACC-15")
def test_an_account_sleeps_a_month_after_its_owner_was_told_and_keeps_the_money(
    table: Table, other_player: Player
) -> None:
    at = now()
    Player.objects.update(seen_at=at - timedelta(days=331))
    assert accounts.announce_dormancy(at=at) == 2
    due_at = DormancyNotice.objects.get(player=table.player).due_at
    assert due_at >= at + timedelta(days=29)
    Player.objects.filter(pk=other_player.pk).update(seen_at=at + timedelta(days=1))

    assert accounts.mark_dormant(at=due_at - SECOND) == 0
    assert accounts.mark_dormant(at=due_at) == 1

    assert (status_of(table.player), status_of(other_player)) == (Status.DORMANT, Status.ACTIVE)
    assert table.balance == "50.00"
    assert Wallet.objects.get(pk=table.wallet_id).blocks & Block.WITHDRAW
    accounts.reopen_dormant(player_id=table.player.pk, actor="system", reason="Identified.")
    assert may_play(table)
