"""What games do when they hear that a player may not play any more."""

from apps.accounts.events import PlayerStatusChanged
from apps.accounts.models import Player
from apps.core.clock import now
from apps.events.bus import handles
from apps.games.models import GameSession
from apps.limits.session_events import SessionStopped
from apps.wallet.events import PlayerRestricted
from apps.wallet.restrictions import STATUS_OF_CODE


@handles(PlayerStatusChanged)
def end_sessions(event: PlayerStatusChanged) -> None:
    """No partner is called: none has a way to end a session, and the next bet is refused anyway."""
    if event.status != Player.Status.ACTIVE:
        _end(event.player_id)


@handles(PlayerRestricted)
def end_sessions_of_a_break(event: PlayerRestricted) -> None:
    if event.code in STATUS_OF_CODE:
        _end(event.player_id)


@handles(SessionStopped)
def end_sessions_of_a_stop(event: SessionStopped) -> None:
    """The player stopped at a reality check, or the time they set themselves is used up."""
    _end(event.player_id)


def _end(player_id: int) -> None:
    GameSession.objects.filter(player_id=player_id, ended_at=None).update(
        ended_at=now(), end_reason=GameSession.EndReason.STOPPED
    )
