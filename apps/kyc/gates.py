"""What a player may not do for lack of verification, through `wallet.restrictions`.

One function looks at everything and writes what follows. It runs when somebody registers, when sums
grow, when a case changes and when time passes; running it again changes nothing.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import models, transaction
from django.db.models import Sum

from apps.accounts.models import Player
from apps.core.clock import now
from apps.events.bus import publish
from apps.kyc import levels
from apps.kyc.events import VerificationAsked
from apps.kyc.models import Case, LinkedDay
from apps.kyc.terms import Terms, terms_of
from apps.ledger.models import Block
from apps.wallet import restrictions

State = Case.State
UNVERIFIED = "kyc_unverified"
THRESHOLD = "kyc_threshold"
EXPIRED = "kyc_expired"
REFUSED = "kyc_refused"
HELD = "kyc_held"
CODES = (UNVERIFIED, THRESHOLD, EXPIRED, REFUSED, HELD)
# Told before it stops anything: from this part of the threshold on.
WARN_PERCENT = 75
PLAY_AND_PAY_IN = Block.PLAY | Block.DEPOSIT
IDENTITY = levels.IDENTITY.number


@dataclass(frozen=True)
class Gate:
    stops: int
    words: str


@dataclass(frozen=True)
class Linked:
    """Payments and play of the last days, in the base currency. most: the largest of the four."""

    paid_in: Decimal
    paid_out: Decimal
    staked: Decimal
    won: Decimal

    @property
    def most(self) -> Decimal:
        return max(self.paid_in, self.paid_out, self.staked, self.won)


def linked(player_id: int, days: int, *, at: date | None = None) -> Linked:
    """What counts towards the threshold: each kind by itself, over the last days."""
    since = (at or now().date()) - timedelta(days=days)
    found = LinkedDay.objects.filter(player_id=player_id, on__gt=since).aggregate(
        **{name: Sum(name) for name in ("paid_in", "paid_out", "staked", "won")}
    )
    return Linked(**{name: value or Decimal(0) for name, value in found.items()})


@transaction.atomic
def settle(
    player_id: int,
    *,
    actor: models.Model | str = "system:kyc",
    reason: str = "Verification as it stands.",
) -> None:
    """Impose and lift what follows from the player's verification now."""
    # The player's row first, as everywhere: two changes at once do not forget one.
    player = Player.objects.select_for_update(no_key=True).filter(pk=player_id).first()
    if player is None or player.status == Player.Status.CLOSED:
        return
    terms = terms_of(player)
    cases = {case.level: case for case in Case.objects.filter(player=player)}
    sums = linked(player_id, terms.kyc_linked_days)
    wanted = _wanted(player, terms, cases, sums)
    standing = {one.code: one for one in restrictions.standing(player_id)}
    for code in CODES:
        gate, stands = wanted.get(code), standing.get(code)
        if gate is not None and (stands is None or stands.stops != gate.stops):
            restrictions.impose(
                player_id=player_id, code=code, stops=gate.stops, words=gate.words, actor=actor,
                reason=reason,
            )  # fmt: skip
        elif gate is None and stands is not None:
            restrictions.lift(player_id=player_id, code=code, actor=actor, reason=reason)
    _ask(player, terms, sums, wanted)


def at_registration(player: Player) -> None:
    """For `settings.REGISTRATION_EFFECTS`: nobody plays before what their licence asks for."""
    if terms_of(player).kyc_before_deposit:
        settle(player.pk, reason="Verified before the first deposit or bet.")


def verified_for_play(player: Player, terms: Terms, cases: dict[int, Case]) -> bool:
    """The identity level, or the days after its document has ended."""
    if player.kyc_level >= IDENTITY:
        return True
    case = cases.get(IDENTITY)
    return case is not None and case.state == State.EXPIRED and not _grace_is_over(case, terms)


def _wanted(player: Player, terms: Terms, cases: dict[int, Case], sums: Linked) -> dict[str, Gate]:
    wanted: dict[str, Gate] = {}
    identity = cases.get(IDENTITY)
    if any(case.is_held for case in cases.values()):
        wanted[HELD] = Gate(
            Block.WITHDRAW | Block.DEPOSIT,
            "Your verification is being looked at. No money moves in or out until it is decided.",
        )
    refused = [case for case in cases.values() if case.state == State.REJECTED]
    if any(case.level <= IDENTITY for case in refused):
        wanted[REFUSED] = Gate(
            PLAY_AND_PAY_IN | Block.WITHDRAW,
            "Your verification was refused. You can contest that; a person then decides.",
        )
    elif refused:
        wanted[REFUSED] = Gate(
            PLAY_AND_PAY_IN,
            "Your papers about the source of funds were refused. You can contest that.",
        )
    if identity is not None and identity.state == State.EXPIRED and _grace_is_over(identity, terms):
        wanted[EXPIRED] = Gate(
            PLAY_AND_PAY_IN, "Your document has ended. Hand in one that is in date to play on."
        )
    elif not verified_for_play(player, terms, cases):
        if terms.kyc_before_deposit:
            wanted[UNVERIFIED] = Gate(
                PLAY_AND_PAY_IN, "Verify who you are first: then you can pay in and play."
            )
        elif sums.most >= terms.kyc_value:
            wanted[THRESHOLD] = Gate(
                PLAY_AND_PAY_IN,
                f"From {terms.kyc_value.normalize():f} on we have to know who plays. "
                "Verify who you are to go on.",
            )
    return wanted


def _ask(player: Player, terms: Terms, sums: Linked, wanted: dict[str, Gate]) -> None:
    """Open the case that is needed, and say so once when it is near and once when it is there."""
    if player.kyc_level >= IDENTITY:
        return
    is_stopped = bool({UNVERIFIED, THRESHOLD, EXPIRED} & set(wanted))
    is_near = sums.most * 100 >= terms.kyc_value * WARN_PERCENT
    if not (is_stopped or is_near):
        return
    at = now()
    case, is_new = Case.objects.get_or_create(
        player=player,
        level=IDENTITY,
        defaults={"state": State.NEEDED, "is_asked": True, "opened_at": at},
    )
    was_asked = case.is_asked and not is_new
    if not case.is_asked:
        case.is_asked = True
        case.save(update_fields=["is_asked"])
    gate = next((wanted[code] for code in (UNVERIFIED, THRESHOLD, EXPIRED) if code in wanted), None)
    if gate is not None and not case.was_stopped:
        case.was_stopped = True
        case.save(update_fields=["was_stopped"])
        publish(VerificationAsked(player.pk, IDENTITY, is_warning=False, words=gate.words))
    elif gate is None and not was_asked:
        words = (
            f"From {terms.kyc_value.normalize():f} on, paid in, paid out, staked or won within "
            f"{terms.kyc_linked_days} days, we have to know who plays. You are near: do it now, and "
            "nothing stops."
        )
        publish(VerificationAsked(player.pk, IDENTITY, is_warning=True, words=words))


def _grace_is_over(case: Case, terms: Terms) -> bool:
    if case.valid_until is None:
        return True
    return now().date() > case.valid_until + timedelta(days=terms.document_grace_days)
