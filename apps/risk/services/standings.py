"""The risk class of a player: points with reasons, worked out or set by a person, and its history."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.risk.facts import Facts
from apps.risk.models import Alert, Standing
from apps.risk.rules.registry import RULES

Class = Standing.Class
MEDIUM_FROM, HIGH_FROM, SCORE_MAX = 30, 60, 100
# How long a confirmed finding speaks against somebody.
REMEMBERED = timedelta(days=365)
LINKED_POINTS, STRONG_LINK = 10, 60
UNVERIFIED_POINTS, COUNTRY_POINTS = 5, 25
SET_DAYS_MAX = 365


@dataclass(frozen=True)
class Reason:
    points: int
    words: str


def current(player_id: int) -> Standing | None:
    return Standing.objects.filter(player_id=player_id, ended_at=None).first()


def class_of(player_id: int) -> str:
    """Low until something says otherwise."""
    found = current(player_id)
    return found.risk_class if found else Class.LOW.value


def history(player_id: int) -> list[Standing]:
    """Newest first."""
    return list(
        Standing.objects.filter(player_id=player_id).select_related("set_by").order_by("-id")
    )


@transaction.atomic
def work_out(player_id: int, *, facts: Facts | None = None) -> Standing:
    """Score a player again. What a person has set stands until its day."""
    at = now()
    player = Player.objects.select_for_update(no_key=True).get(pk=player_id)
    before = current(player_id)
    if before and before.set_by_id and before.set_until and before.set_until > at:
        return before
    found = _reasons(player, facts or Facts(player_id, at), at)
    score = min(sum(one.points for one in found), SCORE_MAX)
    reasons = [[one.points, one.words] for one in found]
    risk_class = _class(score)
    if before and (before.score, before.reasons, before.set_by_id) == (score, reasons, None):
        return before
    return _write(
        Standing(player=player, score=score, risk_class=risk_class, reasons=reasons, since=at),
        before,
        actor="system:risk",
    )


@transaction.atomic
def set_class(player_id: int, *, risk_class: str, days: int, by: User, note: str) -> Standing:
    """Say what class a player has, whatever the points say, for so many days.

    Raises NotFound, InvalidInput.
    """
    player = Player.objects.select_for_update(no_key=True).filter(pk=player_id).first()
    if player is None:
        raise NotFound
    if risk_class not in Class.values:
        raise InvalidInput(fields={"risk_class": "Choose one of the list."})
    if not 1 <= days <= SET_DAYS_MAX:
        raise InvalidInput(fields={"days": f"Enter 1 to {SET_DAYS_MAX} days."})
    if not note.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    at, before = now(), current(player_id)
    return _write(
        Standing(
            player=player, score=before.score if before else 0, risk_class=risk_class,
            reasons=before.reasons if before else [], since=at, set_by=by,
            set_until=at + timedelta(days=days), note=note.strip()[:500],
        ),
        before,
        actor=by,
    )  # fmt: skip


def _write(made: Standing, before: Standing | None, *, actor: User | str) -> Standing:
    if before is not None:
        before.ended_at = made.since
        before.save(update_fields=["ended_at"])
    made.save(force_insert=True)
    if before is None or before.risk_class != made.risk_class or made.set_by_id:
        audit.record(
            "risk.class_set" if made.set_by_id else "risk.class_worked_out",
            actor=actor,
            subject=made,
            before={"class": before.risk_class, "score": before.score} if before else None,
            after={"class": made.risk_class, "score": made.score, "player": made.player_id},
            reason=made.note,
        )
    return made


def _reasons(player: Player, facts: Facts, at: datetime) -> list[Reason]:
    found = []
    alerts = (
        Alert.objects.filter(player=player, is_shadow=False, found_at__gte=at - REMEMBERED)
        .filter(Q(state=Alert.State.OPEN) | Q(state=Alert.State.CONFIRMED))
        .order_by("code", "-weight")
    )
    heaviest: dict[str, Alert] = {}
    for alert in alerts:
        heaviest.setdefault(alert.code, alert)
    for code, alert in heaviest.items():
        title = RULES[code].title if code in RULES else code
        found.append(Reason(alert.weight, f"{title} ({alert.get_state_display().lower()})"))
    strong = [one for one in facts.links if one.strength >= STRONG_LINK]
    if strong:
        found.append(Reason(LINKED_POINTS, f"Linked with {len(strong)} other account(s)"))
    if player.country in settings.RISK_COUNTRIES_HIGH:
        found.append(Reason(COUNTRY_POINTS, f"Lives in {player.country}"))
    if player.kyc_level == 0:
        found.append(Reason(UNVERIFIED_POINTS, "Not verified"))
    return sorted(found, key=lambda one: (-one.points, one.words))


def _class(score: int) -> str:
    if score >= HIGH_FROM:
        return Class.HIGH.value
    return (Class.MEDIUM if score >= MEDIUM_FROM else Class.LOW).value
