"""What a player may not do now, for each reason by itself; the wallets' blocks are the sum of it.

Whoever has a reason (an exclusion, a missing check, a hold) imposes it under a code of its own and
lifts it again; nobody lifts another's. The blocks change under the lock of every wallet, so a bet
that is under way either commits before or is refused. Wins and rollbacks are always applied.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.events.bus import publish
from apps.ledger import services as ledger
from apps.ledger.models import Block
from apps.wallet.events import PlayerFreed, PlayerRestricted
from apps.wallet.models import Restriction

BLOCKS_OF_STATUS = {
    Player.Status.ACTIVE: 0,
    # A suspended player may still take their own money out.
    Player.Status.SUSPENDED: Block.PLAY | Block.DEPOSIT,
    Player.Status.CLOSED: Block.PLAY | Block.DEPOSIT,
}


@transaction.atomic
def impose(
    *,
    player_id: int,
    code: str,
    stops: int,
    words: str,
    actor: models.Model | str,
    reason: str,
    until: datetime | None = None,
) -> Restriction:
    """Stop what `stops` names (bits of Block) for this reason, until it is lifted.

    code: one open restriction a player and code; a second one replaces it. words: shown to the
    player, so they never tell what law keeps secret. until: when its owner means to lift it, for
    the screens; nothing ends by itself. Raises NotFound.
    """
    player = _locked(player_id)
    before = list(_open(player_id).filter(code=code))
    _open(player_id).filter(code=code).update(lifted_at=now())
    made = Restriction.objects.create(
        player=player, code=code, stops=int(stops), words=words[:200], reason=reason[:500],
        since=now(), until=until,
    )  # fmt: skip
    _write_blocks(player)
    audit.record(
        "player.restricted",
        actor=actor,
        subject=player,
        before={"code": code, "stops": before[0].stops} if before else None,
        after={"code": code, "stops": made.stops, "until": until.isoformat() if until else None},
        reason=reason,
    )
    publish(PlayerRestricted(player_id=player_id, code=code, stops=made.stops))
    return made


@transaction.atomic
def lift(*, player_id: int, code: str, actor: models.Model | str, reason: str) -> bool:
    """Take the restriction of this code away; False when there was none. Raises NotFound."""
    player = _locked(player_id)
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    gone = list(_open(player_id).filter(code=code))
    if not gone:
        return False
    _open(player_id).filter(code=code).update(lifted_at=now())
    _write_blocks(player)
    audit.record(
        "player.freed",
        actor=actor,
        subject=player,
        before={"code": code, "stops": gone[0].stops},
        reason=reason,
    )
    publish(PlayerFreed(player_id=player_id, code=code))
    return True


def standing(player_id: int) -> list[Restriction]:
    """What is in force, the oldest first."""
    return list(_open(player_id).order_by("since", "id"))


def stopping(player_id: int, what: int) -> Restriction | None:
    """The oldest restriction that stops this (a bit of Block), read from the primary; None: go on.

    A status (suspended, closed) is no restriction: look at `stops` too.
    """
    return next((one for one in standing(player_id) if one.stops & what), None)


def stops(player_id: int, what: int) -> bool:
    """Whether status or a restriction stops this now, read from the primary."""
    status = Player.objects.values_list("status", flat=True).filter(pk=player_id).first()
    if status is None:
        return True
    return bool((_of_status(status) | _sum(standing(player_id))) & what)


def write_blocks(player: Player) -> None:
    """After a change of status, in its transaction; the caller holds the player's row."""
    _write_blocks(player)


def _locked(player_id: int) -> Player:
    """The player's row comes before the wallets, everywhere: two reasons at once do not forget one."""
    player = Player.objects.select_for_update(no_key=True).filter(pk=player_id).first()
    if player is None:
        raise NotFound
    return player


def _write_blocks(player: Player) -> None:
    blocks = _of_status(player.status) | _sum(_open(player.pk))
    ledger.set_blocks(player_id=player.pk, blocks=blocks)


def _of_status(status: str) -> int:
    return int(BLOCKS_OF_STATUS[Player.Status(status)])


def _sum(found: Iterable[Restriction]) -> int:
    total = 0
    for one in found:
        total |= one.stops
    return total


def _open(player_id: int) -> "models.QuerySet[Restriction]":
    return Restriction.objects.filter(player_id=player_id, lifted_at=None)
