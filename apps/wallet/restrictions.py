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
    Player.Status.PENDING: Block.PLAY | Block.DEPOSIT,
    Player.Status.ACTIVE: 0,
    # Whether it is the owner who comes is not known: nothing leaves either.
    Player.Status.LOCKED: Block.PLAY | Block.DEPOSIT | Block.WITHDRAW,
    # A suspended player may still take their own money out.
    Player.Status.SUSPENDED: Block.PLAY | Block.DEPOSIT,
    Player.Status.TIMED_OUT: Block.PLAY | Block.DEPOSIT,
    Player.Status.SELF_EXCLUDED: Block.PLAY | Block.DEPOSIT,
    Player.Status.DORMANT: Block.PLAY | Block.DEPOSIT | Block.WITHDRAW,
    Player.Status.CLOSED: Block.PLAY | Block.DEPOSIT,
}
# Restrictions that are a status too, the one that outranks the others first (`status_within`).
STATUS_OF_CODE = {
    "self_exclusion": Player.Status.SELF_EXCLUDED,
    "time_out": Player.Status.TIMED_OUT,
    "panic": Player.Status.TIMED_OUT,
}
# No reason by itself: it has every bet asked about (`limits_refusal` in the ledger's SQL).
LIMITED = "limited"


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


@transaction.atomic
def set_limited(*, player_id: int, is_limited: bool) -> None:
    """Have every bet measured against limits, or none; whoever keeps the limits records why.

    Raises NotFound.
    """
    player = _locked(player_id)
    flag = Restriction.objects.filter(player_id=player_id, lifted_at=None, code=LIMITED)
    if flag.exists() == is_limited:
        return
    if is_limited:
        Restriction.objects.create(
            player=player, code=LIMITED, stops=int(Block.LIMITED), words="", reason="Limits are set.",
            since=now(),
        )  # fmt: skip
    else:
        flag.update(lifted_at=now())
    _write_blocks(player)


def standing(player_id: int) -> list[Restriction]:
    """What is in force, the oldest first."""
    return list(_open(player_id).exclude(code=LIMITED).order_by("since", "id"))


def status_within(player_id: int, status: str) -> str:
    """What an account becomes that is to be active: still on a break, while one stands."""
    if status != Player.Status.ACTIVE:
        return status
    codes = set(_open(player_id).values_list("code", flat=True))
    return next((of for code, of in STATUS_OF_CODE.items() if code in codes), status)


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
