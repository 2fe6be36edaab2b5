"""Closing an account and letting one sleep. The money in it stays its owner's."""

from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from apps.accounts.events import AccountClosed
from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.errors import InvalidInput, NotFound
from apps.events.bus import publish
from apps.ledger.models import Block
from apps.limits import selectors
from apps.limits.clock import database_now
from apps.limits.errors import OnBreak
from apps.limits.events import DormancyAnnounced
from apps.limits.models import DormancyNotice
from apps.limits.profiles import profile_of
from apps.wallet import restrictions
from apps.wallet.models import Restriction
from apps.wallet.selectors import balances
from apps.wallet.services import set_player_status

CLOSING = "closing"
CLOSING_WORDS = "Your account is being closed. Withdraw your money; it closes when it is empty."
MONTH = timedelta(days=30)
BATCH = 500


@transaction.atomic
def close_account(*, player_id: int, actor: models.Model | str, reason: str) -> Player:
    """Close an account for good, or as soon as its owner has withdrawn what is in it.

    Until then nothing is staked and nothing comes in. Raises NotFound, OnBreak, InvalidInput.
    """
    player = _locked(player_id)
    if player.status == Player.Status.CLOSED:
        return player
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    if selectors.is_excluded(player_id):
        raise OnBreak("While you are on a break the account stays as it is.")
    # Play stops first: what is counted next does not move any more, but for wins.
    restrictions.impose(
        player_id=player_id,
        code=CLOSING,
        stops=Block.PLAY | Block.DEPOSIT,
        words=CLOSING_WORDS,
        actor=actor,
        reason=reason,
    )
    return _close_if_empty(player, actor, reason)


@transaction.atomic
def keep_account(*, player_id: int, actor: models.Model | str) -> bool:
    """Take the wish to close back, while money is left in the account."""
    return restrictions.lift(
        player_id=player_id, code=CLOSING, actor=actor, reason="The owner keeps the account."
    )


def is_closing(*, player_id: int) -> bool:
    """Whether the account closes as soon as it is empty."""
    return Restriction.objects.filter(player_id=player_id, code=CLOSING, lifted_at=None).exists()


def finish_closing(*, limit: int = BATCH) -> int:
    """Close the accounts whose owners asked for it and have withdrawn everything; how many."""
    waiting = Restriction.objects.filter(code=CLOSING, lifted_at=None).exclude(
        player__status=Player.Status.CLOSED
    )
    closed = 0
    for one in waiting.order_by("since")[:limit]:
        with transaction.atomic():
            player = _locked(one.player_id)
            if not Restriction.objects.filter(pk=one.pk, lifted_at=None).exists():
                continue
            if selectors.is_excluded(player.pk):
                continue
            after = _close_if_empty(player, "system", "The owner asked for it and it is empty.")
            closed += after.status == Player.Status.CLOSED
    return closed


def announce_dormancy(*, at: datetime | None = None, limit: int = BATCH) -> int:
    """Tell owners who have not come for long when their account goes to sleep; how many."""
    at = at or database_now()
    told = 0
    unseen = (
        Player.objects.annotate(last=Coalesce("seen_at", "created_at"))
        .filter(status=Player.Status.ACTIVE, last__lte=at - MONTH)
        .exclude(pk__in=DormancyNotice.objects.filter(over_at=None).values("player"))
        .order_by("last")
    )
    for player in unseen[:limit]:
        profile = profile_of(player)
        notice = timedelta(days=max(profile.dormant_notice_days, 1))
        if player.last > at - profile.dormant_months * MONTH + notice:
            continue
        with transaction.atomic():
            locked = _locked(player.pk)
            if (locked.seen_at or locked.created_at) > player.last:
                continue
            # Whoever was found late has the whole notice all the same.
            due_at = max(player.last + profile.dormant_months * MONTH, at + notice)
            DormancyNotice.objects.create(player=locked, announced_at=at, due_at=due_at)
            audit.record(
                "player.dormancy_announced",
                actor="system",
                subject=locked,
                after={"due_at": due_at.isoformat()},
            )
            publish(DormancyAnnounced(player_id=locked.pk, on=due_at.date().isoformat()))
        told += 1
    return told


def mark_dormant(*, at: datetime | None = None, limit: int = BATCH) -> int:
    """Let the accounts sleep whose notice is over and whose owners did not come; how many."""
    at = at or database_now()
    slept = 0
    came = Q(player__seen_at__gt=models.F("announced_at"))
    for notice in DormancyNotice.objects.filter(Q(due_at__lte=at) | came, over_at=None)[:limit]:
        with transaction.atomic():
            player = _locked(notice.player_id)
            has_come = player.seen_at is not None and player.seen_at > notice.announced_at
            notice.is_dormant = not has_come and player.status == Player.Status.ACTIVE
            notice.over_at = at
            notice.save(update_fields=["is_dormant", "over_at"])
            if notice.is_dormant:
                set_player_status(
                    player_id=player.pk,
                    status=Player.Status.DORMANT,
                    actor="system",
                    reason=f"Nobody came since {player.seen_at or player.created_at:%d %B %Y}.",
                )
                slept += 1
    return slept


def reopen_dormant(*, player_id: int, actor: models.Model | str, reason: str) -> Player:
    """Wake an account after its owner has been identified once more. Raises IllegalTransition."""
    return set_player_status(
        player_id=player_id, status=Player.Status.ACTIVE, actor=actor, reason=reason
    )


def _close_if_empty(player: Player, actor: models.Model | str, reason: str) -> Player:
    """Empty: nothing in any purse, and so nothing on its way out either."""
    if not all(one.is_empty for one in balances(player.pk)):
        return player
    closed = set_player_status(
        player_id=player.pk, status=Player.Status.CLOSED, actor=actor, reason=reason
    )
    publish(AccountClosed(player_id=player.pk))
    return closed


def _locked(player_id: int) -> Player:
    player = Player.objects.select_for_update(no_key=True).filter(pk=player_id).first()
    if player is None:
        raise NotFound
    return player
