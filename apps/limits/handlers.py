"""What follows from limits and breaks, within a second or two."""

from apps.accounts.events import PlayerRegistered, PlayerStatusChanged
from apps.accounts.models import Player
from apps.events import live
from apps.events.bus import handles
from apps.limits import exclusion
from apps.limits.events import BreakEnded, BreakStarted, LimitSet

# The tab loads again and its socket is closed: what it shows and offers is not true any more.
RELOAD = "signed-out"


@handles(BreakStarted)
def close_sockets(event: BreakStarted) -> None:
    live.push(event.player_id, RELOAD, {})


@handles(BreakEnded)
def show_again(event: BreakEnded) -> None:
    live.push(event.player_id, RELOAD, {})


@handles(PlayerStatusChanged)
def close_sockets_of_status(event: PlayerStatusChanged) -> None:
    if event.status != Player.Status.ACTIVE:
        live.push(event.player_id, RELOAD, {})


@handles(LimitSet)
def show_room(event: LimitSet) -> None:
    live.push(event.player_id, "limits", {"kind": event.kind, "window": event.window})


@handles(PlayerRegistered)
def look_for_exclusion(event: PlayerRegistered) -> None:
    """Whoever is excluded and registers once more is excluded there too."""
    exclusion.cover(event.player_id)
