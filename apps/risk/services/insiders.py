"""Who works for the house does not play here for money, with whatever account."""

from django.db import transaction

from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.ledger.models import Block
from apps.risk.models import Insider
from apps.wallet import restrictions

CODE = "insider"
WORDS = "Who works for us cannot pay in or play for money. You can take out what you have."
STOPS = Block.PLAY | Block.DEPOSIT


@transaction.atomic
def register(*, email: str, relation: str, by: User, reason: str) -> Insider:
    """Write somebody down; their account is restricted now or when it is made.

    Raises InvalidInput, Conflict.
    """
    email = email.strip()
    if relation not in Insider.Relation.values:
        raise InvalidInput(fields={"relation": "Choose one of the list."})
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    if Insider.objects.filter(email__iexact=email, removed_at=None).exists():
        raise Conflict("This address is in the list already.")
    made = Insider.objects.create(
        email=email, relation=relation, added_at=now(), added_by=by, reason=reason.strip()[:500]
    )
    audit.record(
        "insider.registered",
        actor=by,
        subject=made,
        after={"relation": relation},
        reason=made.reason,
    )
    player = Player.objects.filter(user__email__iexact=email).first()
    if player is not None:
        _restrict(made, player, by)
    return made


@transaction.atomic
def remove(insider_id: int, *, by: User, reason: str) -> Insider:
    """They work here no more. Raises NotFound, InvalidInput."""
    found = Insider.objects.select_for_update().filter(pk=insider_id, removed_at=None).first()
    if found is None:
        raise NotFound
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    found.removed_at = now()
    found.save(update_fields=["removed_at"])
    audit.record("insider.removed", actor=by, subject=found, reason=reason.strip())
    if found.player_id:
        restrictions.lift(player_id=found.player_id, code=CODE, actor=by, reason=reason.strip())
    return found


@transaction.atomic
def check(player_id: int) -> bool:
    """Restrict a player whose address is in the list; whether it is. For a new account or address."""
    player = Player.objects.select_related("user").filter(pk=player_id).first()
    if player is None:
        return False
    found = (
        Insider.objects.select_for_update()
        .filter(email__iexact=player.user.email, removed_at=None)
        .first()
    )
    if found is None:
        return False
    if found.player_id != player.pk:
        _restrict(found, player, "system:risk")
    return True


def _restrict(insider: Insider, player: Player, actor: User | str) -> None:
    insider.player = player
    insider.save(update_fields=["player"])
    restrictions.impose(
        player_id=player.pk, code=CODE, stops=STOPS, words=WORDS, actor=actor,
        reason=f"Works for the house: {insider.relation}",
    )  # fmt: skip
