"""The partners' own jackpots: read every minute, shown with their age, never ours to pay."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction

from apps.core.clock import now
from apps.games.models import Game
from apps.games.providers.base import PartnerJackpot, ProviderRefused
from apps.games.providers.registry import configured, provider
from apps.integrations.errors import ProviderError
from apps.jackpots.models import PartnerPot
from apps.ledger.selectors import currencies

log = structlog.get_logger()


def read_feeds() -> int:
    """Ask every partner that has a feed; how many pots were told. One that fails keeps its last."""
    read = 0
    for name in configured():
        try:
            told = provider(name).jackpots()
        except (ProviderError, ProviderRefused) as error:
            log.warning("jackpot.feed_unread", partner=name, error=str(error))
            continue
        read += keep(name, told, at=now())
    return read


@transaction.atomic
def keep(partner: str, told: Sequence[PartnerJackpot], *, at: datetime) -> int:
    """Write what a feed says of games and currencies that we know; how many pots."""
    known = {of.code for of in currencies()}
    games = dict(
        Game.objects.filter(
            provider=partner, identifier__in={one.game for one in told}
        ).values_list("identifier", "pk")
    )
    rows = {
        (games[one.game], one.level, one.currency): PartnerPot(
            game_id=games[one.game],
            level=one.level,
            name=one.name[:60],
            currency=one.currency,
            amount=one.amount,
            seen_at=at,
        )
        for one in told
        if one.game in games and one.currency in known
    }
    PartnerPot.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["game", "level", "currency"],
        update_fields=["name", "amount", "seen_at"],
    )
    # What a feed that answered no longer names is over.
    PartnerPot.objects.filter(game__provider=partner, seen_at__lt=at).delete()
    return len(rows)
