"""What players are told when something happened."""

from apps.accounts.events import PlayerRegistered
from apps.events.bus import handles
from apps.messaging import services
from apps.messaging.models import Notice


@handles(PlayerRegistered)
def welcome(event: PlayerRegistered) -> None:
    services.notify(
        event.player_id,
        kind=Notice.Kind.INFO,
        title="Welcome",
        text="Set your limits first, then look around the lobby.",
        href="/safer-play/",
    )
