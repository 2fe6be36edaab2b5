"""Reality checks: when play is interrupted, what is told, and what lets it go on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.ledger.models import Block
from apps.limits import reality
from apps.limits.models import PlaySession, RealityCheck
from apps.wallet import restrictions
from apps.wallet.errors import WalletBlocked
from tests.limits.playing import bet, follow

pytestmark = pytest.mark.django_db


def started(player: Player) -> datetime:
    """The player chose fifteen minutes and has begun to play."""
    reality.choose_interval(player=player, minutes=15)
    bet(player, "4.00", won="1.50")
    follow()
    session = reality.session_of(player.pk)
    assert session is not None
    return session.started_at


@pytest.mark.rule("RG-22", "RG-23")
def test_play_is_interrupted_at_the_interval_and_goes_on_with_the_answer(
    player: Player, other_player: Player, fund: Callable[..., Any], settings: Any
) -> None:
    settings.SESSION_IDLE_MINUTES = 60
    fund(player, "100.00", "EUR")
    began = started(player)

    assert reality.interrupt_due(at=began + timedelta(minutes=14, seconds=59)) == 0
    bet(player)
    assert reality.interrupt_due(at=began + timedelta(minutes=15)) == 1
    follow()

    told = reality.waiting(player.pk)
    assert told is not None
    assert (told.check.number, told.staked, told.won, told.net) == (
        1, Decimal("5.00"), Decimal("1.50"), Decimal("-3.50"),
    )  # fmt: skip
    assert told.elapsed == timedelta(minutes=15)
    with pytest.raises(WalletBlocked):
        bet(player)
    for wrong_player, public_id in ((other_player, told.check.public_id), (player, "rc_none")):
        with pytest.raises(NotFound):
            reality.answer(player=wrong_player, public_id=public_id, answer="continue")
    with pytest.raises(InvalidInput):
        reality.answer(player=player, public_id=told.check.public_id, answer="perhaps")
    with pytest.raises(WalletBlocked):
        bet(player)

    at = began + timedelta(minutes=16)
    reality.answer(player=player, public_id=told.check.public_id, answer="continue", at=at)

    bet(player)
    # The answer is of that interval: it does not answer the next one.
    assert reality.interrupt_due(at=at + timedelta(minutes=15)) == 1
    with pytest.raises(Conflict):
        reality.answer(player=player, public_id=told.check.public_id, answer="continue")
    with pytest.raises(WalletBlocked):
        bet(player)
    second = reality.waiting(player.pk)
    assert second is not None
    assert second.check.number == 2
    assert Record.objects.filter(action="player.reality_check").count() == 1


@pytest.mark.rule("RG-22")
def test_stopping_at_a_check_ends_the_session(player: Player, fund: Callable[..., Any]) -> None:
    fund(player, "100.00", "EUR")
    began = started(player)
    at = began + timedelta(minutes=15)
    reality.interrupt_due(at=at)
    check = RealityCheck.objects.get(player=player)

    reality.answer(player=player, public_id=check.public_id, answer="stop", at=at)

    session = PlaySession.objects.get(player=player)
    assert session.ended_as == PlaySession.End.STOPPED
    assert restrictions.standing(player.pk) == []
    assert reality.waiting(player.pk) is None


@pytest.mark.rule("RG-27")
def test_germany_wants_five_minutes_without_play_after_the_answer(
    player: Player, fund: Callable[..., Any], settings: Any
) -> None:
    settings.JURISDICTION = "DE"
    fund(player, "100.00", "EUR")
    at = started(player) + timedelta(minutes=15)
    reality.interrupt_due(at=at)
    check = RealityCheck.objects.get(player=player)

    reality.answer(player=player, public_id=check.public_id, answer="continue", at=at)

    with pytest.raises(WalletBlocked):
        bet(player)
    assert reality.free_paused(at=at + timedelta(minutes=4, seconds=59)) == 0
    with pytest.raises(WalletBlocked):
        bet(player)
    assert reality.free_paused(at=at + timedelta(minutes=5)) == 1
    bet(player)


def test_a_session_ends_after_half_an_hour_without_a_bet(
    player: Player, fund: Callable[..., Any]
) -> None:
    fund(player, "100.00", "EUR")
    began = started(player)

    assert reality.interrupt_due(at=began + timedelta(minutes=31)) == 0

    assert reality.session_of(player.pk) is None
    bet(player)
    follow()
    assert PlaySession.objects.filter(player=player).count() == 2
    assert not restrictions.stops(player.pk, Block.PLAY)
