"""Which status may follow which. Everything else is refused, whoever asks."""

from apps.accounts.errors import IllegalTransition
from apps.accounts.models import Player

Status = Player.Status

TRANSITIONS: dict[str, frozenset[str]] = {
    Status.PENDING: frozenset(
        {Status.ACTIVE, Status.LOCKED, Status.SUSPENDED, Status.TIMED_OUT, Status.SELF_EXCLUDED,
         Status.CLOSED}
    ),
    Status.ACTIVE: frozenset(
        {Status.LOCKED, Status.SUSPENDED, Status.TIMED_OUT, Status.SELF_EXCLUDED, Status.DORMANT,
         Status.CLOSED}
    ),
    Status.LOCKED: frozenset(
        {Status.PENDING, Status.ACTIVE, Status.SUSPENDED, Status.TIMED_OUT, Status.SELF_EXCLUDED,
         Status.CLOSED}
    ),
    Status.SUSPENDED: frozenset(
        {Status.PENDING, Status.ACTIVE, Status.LOCKED, Status.TIMED_OUT, Status.SELF_EXCLUDED,
         Status.CLOSED}
    ),
    # Wherever a break ends, `wallet.services.set_player_status` looks whether another one stands.
    Status.TIMED_OUT: frozenset(
        {Status.ACTIVE, Status.LOCKED, Status.SUSPENDED, Status.SELF_EXCLUDED, Status.CLOSED}
    ),
    Status.SELF_EXCLUDED: frozenset(
        {Status.ACTIVE, Status.LOCKED, Status.SUSPENDED, Status.TIMED_OUT, Status.CLOSED}
    ),
    Status.DORMANT: frozenset(
        {Status.ACTIVE, Status.LOCKED, Status.SUSPENDED, Status.TIMED_OUT, Status.SELF_EXCLUDED,
         Status.CLOSED}
    ),
    Status.CLOSED: frozenset(),
}  # fmt: skip

# What staff may choose. The others follow from what a player asks for, or from time.
CHOSEN_BY_STAFF = (Status.ACTIVE, Status.LOCKED, Status.SUSPENDED, Status.CLOSED)


def require_move(before: str, after: str) -> None:
    """Raises IllegalTransition."""
    if after not in TRANSITIONS[before]:
        raise IllegalTransition(
            "A closed account stays closed."
            if before == Status.CLOSED
            else f"An account that is {Status(before).name.lower().replace('_', ' ')} cannot become"
            f" {Status(after).name.lower().replace('_', ' ')}."
        )
