"""Stopping play: everything, a partner, a studio, a version of a game.

A stop is a row that stands until it is lifted. The next bet is refused by the statement that would
debit it (`play.GATE_SQL`); wins, rollbacks and ends of rounds go on.
"""

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q, QuerySet

from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.games.models import Game, Stop, Studio

Scope = Stop.Scope
# Ours beside the partners': stops of a partner by this name stop our own games.
ORIGINALS = "originals"


def standing() -> QuerySet[Stop]:
    return Stop.objects.filter(ended_at=None).select_related("studio", "game")


def standing_for(game: Game) -> Stop | None:
    """What stops this game now, the widest first; switching it off is not a stop."""
    found = Stop.objects.filter(
        Q(scope=Scope.ALL)
        | Q(scope=Scope.PROVIDER, provider=game.provider)
        | Q(scope=Scope.STUDIO, studio=game.studio_id)
        | Q(scope=Scope.VERSION, game=game.pk, version=game.version),
        ended_at=None,
    )
    return found.order_by("scope").first()


def without_stopped(games: QuerySet[Game]) -> QuerySet[Game]:
    """Leave out what is stopped. Each part is asked once for the query, not once for a game."""
    now_standing = Stop.objects.filter(ended_at=None)
    versions = now_standing.filter(scope=Scope.VERSION, version=F("game__version"))
    return (
        games.exclude(provider__in=now_standing.filter(scope=Scope.PROVIDER).values("provider"))
        .exclude(
            studio__in=now_standing.filter(scope=Scope.STUDIO, studio__isnull=False).values(
                "studio"
            )
        )
        .exclude(pk__in=versions.filter(game__isnull=False).values("game"))
        .exclude(models.Exists(now_standing.filter(scope=Scope.ALL)))
    )


def begin(
    *,
    scope: str,
    actor: models.Model | str,
    reason: str,
    provider: str = "",
    studio: Studio | None = None,
    game: Game | None = None,
) -> Stop:
    """Stop play from the next bet on. A stop that stands already is returned as it is.

    game: its present version is stopped; a single game is switched off instead.
    Raises InvalidInput.
    """
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    made = Stop(
        scope=scope,
        provider=provider if scope == Scope.PROVIDER else "",
        studio=studio if scope == Scope.STUDIO else None,
        game=game if scope == Scope.VERSION else None,
        version=game.version if game and scope == Scope.VERSION else None,
        reason=reason.strip()[:500],
        begun_at=now(),
        begun_by=str(actor)[:254],
    )
    same = Stop.objects.filter(
        scope=made.scope,
        provider=made.provider,
        studio=made.studio,
        game=made.game,
        version=made.version,
        ended_at=None,
    )
    if found := same.first():
        return found
    try:
        with transaction.atomic():
            made.save()
            audit.record(
                "play.stopped",
                actor=actor,
                subject=made,
                after={"what": made.words},
                reason=made.reason,
            )
    except IntegrityError as error:
        if found := same.first():
            return found
        raise InvalidInput("Say what is to be stopped.") from error
    return made


@transaction.atomic
def end(*, stop_id: int, actor: models.Model | str, reason: str) -> Stop:
    """Let play go on. Raises NotFound, InvalidInput."""
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    found = Stop.objects.select_for_update().filter(pk=stop_id).first()
    if found is None:
        raise NotFound
    if found.ended_at is not None:
        return found
    found.ended_at, found.ended_by = now(), str(actor)[:254]
    found.end_reason = reason.strip()[:500]
    found.save(update_fields=["ended_at", "ended_by", "end_reason"])
    audit.record(
        "play.resumed",
        actor=actor,
        subject=found,
        before={"what": found.words},
        reason=found.end_reason,
    )
    return found
