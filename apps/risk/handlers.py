"""What risk does when it hears of something."""

from apps.accounts.events import EmailConfirmed, PlayerRegistered
from apps.events.bus import handles
from apps.risk.events import PlayerLocated
from apps.risk.services import insiders, monitoring


@handles(PlayerRegistered)
def look_at_new_player(event: PlayerRegistered) -> None:
    insiders.check(event.player_id)
    monitoring.mark([event.player_id])


@handles(EmailConfirmed)
def look_at_new_address(event: EmailConfirmed) -> None:
    """An address that was changed may be one of the house's people."""
    insiders.check(event.player_id)


@handles(PlayerLocated)
def look_at_whereabouts(event: PlayerLocated) -> None:
    """Another country, a hidden network, travel nobody can have made: the rules look again."""
    monitoring.mark([event.player_id])
