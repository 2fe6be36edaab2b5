"""What players are told of their limits and breaks. None of it can be switched off."""

from datetime import date, datetime

from django.urls import reverse

from apps.accounts.models import Player
from apps.events.bus import handles
from apps.limits.events import BreakEnded, BreakStarted, DormancyAnnounced, LoosenRequested
from apps.limits.models import Exclusion, LimitRequest
from apps.messaging import letters, services
from apps.messaging.models import Notice


@handles(BreakStarted)
def break_started(event: BreakStarted) -> None:
    exclusion = Exclusion.objects.select_related("player__user").get(pk=event.exclusion_id)
    until = datetime.fromisoformat(event.until) if event.until else None
    letters.send(
        exclusion.player,
        "break_started",
        {
            "until": f"{until:%d %B %Y, %H:%M} UTC" if until else "",
            "is_exclusion": event.kind == Exclusion.Kind.SELF_EXCLUSION,
        },
    )


@handles(BreakEnded)
def break_ended(event: BreakEnded) -> None:
    _notify(event.player_id, "Your break is over", "Your limits are as you left them.")


@handles(LoosenRequested)
def loosening_asked(event: LoosenRequested) -> None:
    request = LimitRequest.objects.get(pk=event.request_id)
    _notify(
        event.player_id,
        "Your limit stays for now",
        f"You can confirm the change from {request.ready_at:%d %B, %H:%M} UTC on.",
    )


@handles(DormancyAnnounced)
def dormancy_announced(event: DormancyAnnounced) -> None:
    player = Player.objects.select_related("user").get(pk=event.player_id)
    day = f"{date.fromisoformat(event.on):%d %B %Y}"
    letters.send(player, "dormancy_announced", {"on": day})


def _notify(player_id: int, title: str, text: str) -> None:
    services.notify(
        player_id,
        kind=Notice.Kind.INFO,
        title=title,
        text=text,
        href=reverse("limits:home"),
        category=Notice.Category.PLAY,
    )
