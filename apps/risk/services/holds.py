"""Whether a player is looked at, and what that stops. The player reads neutral words only.

One restriction of the wallet (`HOLD`) stands for all of it: it is there while a live alert with the
effect hold waits inside its deadline, or while a case that holds is open. Past its deadline an
alert's hold ends by itself (nobody's money waits because nobody looked); a person still decides on
every payout, because the review stays.
"""

from datetime import datetime

from django.db import models, transaction

from apps.accounts.models import Player
from apps.core.clock import now
from apps.ledger.models import Block
from apps.risk.models import Alert, Case, RuleVersion
from apps.wallet import restrictions

HOLD = "account_review"
WORDS = (
    "We are looking at your account. Withdrawals wait until that is done, and your money stays "
    "yours. Support can tell you how long it takes."
)
# No figures and no rule: staff who talk to the player read this too.
REASON = "Account review"


def is_clear(player_id: int) -> bool:
    """Whether nothing waits for a person: only then may a payout be approved by a rule."""
    alerts = Alert.objects.filter(player_id=player_id, is_shadow=False, state=Alert.State.OPEN)
    return not (
        alerts.exists() or Case.objects.filter(player_id=player_id, state=Case.State.OPEN).exists()
    )


def is_held(player_id: int) -> bool:
    found = restrictions.standing(player_id)
    return any(one.code == HOLD for one in found)


@transaction.atomic
def sync(player_id: int, *, actor: models.Model | str) -> bool:
    """Make the restriction say what alerts and cases say; whether the player is held."""
    # One at a time for a player, or two decisions would each see the other's hold.
    Player.objects.select_for_update(no_key=True).filter(pk=player_id).first()
    until = _until(player_id)
    stands = is_held(player_id)
    if until is None:
        if stands:
            restrictions.lift(
                player_id=player_id, code=HOLD, actor=actor, reason=f"{REASON} is over"
            )
        return False
    if not stands:
        restrictions.impose(
            player_id=player_id, code=HOLD, stops=Block.WITHDRAW, words=WORDS, actor=actor,
            reason=REASON, until=until,
        )  # fmt: skip
    return True


def _until(player_id: int) -> datetime | None:
    """When the last thing that holds is to be decided; None when nothing does."""
    alert = (
        Alert.objects.filter(
            player_id=player_id, is_shadow=False, state=Alert.State.OPEN,
            effect=RuleVersion.Effect.HOLD, decide_by__gt=now(),
        )
        .order_by("-decide_by")
        .values_list("decide_by", flat=True)
        .first()
    )  # fmt: skip
    case = (
        Case.objects.filter(player_id=player_id, state=Case.State.OPEN, holds=True)
        .order_by("-decide_by")
        .values_list("decide_by", flat=True)
        .first()
    )
    found = [one for one in (alert, case) if one is not None]
    return max(found) if found else None
