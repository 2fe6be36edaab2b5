"""Setting limits, and the way to looser ones: a request, a wait, a confirmation.

Order of locks, everywhere: the player's row, the wallets, the player's ceiling. A bet takes the last
two, so from the commit of a tighter limit on every bet is measured against it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import models, transaction

from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.core.errors import Forbidden, InvalidInput, NotFound
from apps.core.money import Money
from apps.events.bus import publish
from apps.limits import selectors
from apps.limits.clock import database_now
from apps.limits.errors import NoLimit, OnBreak, RequestOver, TooSoon, UnknownLimit
from apps.limits.events import LimitSet, LoosenRequested
from apps.limits.models import Ceiling, Limit, LimitKind, LimitOwner, LimitRequest, Window
from apps.limits.profiles import profile_of
from apps.wallet import restrictions

State = LimitRequest.State
VALUE_MAX = Decimal(10) ** 12
MINUTES_MAX = {Window.DAY: 24 * 60, Window.WEEK: 7 * 24 * 60, Window.MONTH: 30 * 24 * 60}
BATCH = 500


@dataclass(frozen=True)
class Change:
    """What became of a wish: a limit in force, or a request that waits."""

    limit: Limit | None
    request: LimitRequest | None


@transaction.atomic
def set_limit(
    *,
    player_id: int,
    kind: str,
    window: str,
    value: Decimal,
    actor: models.Model | str,
    at: datetime | None = None,
) -> Change:
    """Set a limit at once when it is the first or a tighter one; ask for it when it is looser.

    value: in the base currency, of a session limit in minutes; zero lets nothing through. A tighter
    one cancels what waits, a looser one takes its place and waits from the start.
    Raises UnknownLimit, InvalidInput, TooSoon.
    """
    player, value = _locked(player_id), _checked(kind, window, value)
    at = at or database_now()
    mine = _in_force(player, kind, window, LimitOwner.PLAYER)
    if mine is not None and value > mine.value:
        return Change(None, _ask(player, mine, value, actor, at))
    _finish_waiting(player, kind, window, State.CANCELLED, actor, at)
    if mine is not None and value == mine.value:
        return Change(mine, None)
    return Change(_put(player, kind, window, LimitOwner.PLAYER, value, actor, "", at), None)


@transaction.atomic
def remove_limit(
    *,
    player_id: int,
    kind: str,
    window: str,
    actor: models.Model | str,
    at: datetime | None = None,
) -> Change:
    """Ask to have a limit taken away. Raises UnknownLimit, NoLimit, TooSoon."""
    player = _locked(player_id)
    _named(kind, window)
    mine = _in_force(player, kind, window, LimitOwner.PLAYER)
    if mine is None:
        raise NoLimit
    return Change(None, _ask(player, mine, None, actor, at or database_now()))


@transaction.atomic
def confirm_request(
    *, player_id: int, public_id: str, actor: models.Model | str, at: datetime | None = None
) -> Limit | None:
    """Take a looser limit into force after its wait; None: there is no limit any more.

    Raises NotFound, TooSoon, RequestOver, OnBreak.
    """
    player = _locked(player_id)
    request = _request(player, public_id)
    at = at or database_now()
    if request.state != State.WAITING or at >= request.lapses_at:
        raise RequestOver
    if at < request.ready_at:
        raise TooSoon(f"You can confirm this from {request.ready_at:%d %B %Y, %H:%M} UTC on.")
    if selectors.is_excluded(player.pk):
        raise OnBreak
    _finish(request, State.CONFIRMED, actor, at)
    return _put(
        player, request.kind, request.window, LimitOwner.PLAYER, request.value, actor, "", at
    )


@transaction.atomic
def cancel_request(
    *, player_id: int, public_id: str, actor: models.Model | str, at: datetime | None = None
) -> LimitRequest:
    """Keep the limit as it is. Raises NotFound, RequestOver."""
    player = _locked(player_id)
    request = _request(player, public_id)
    if request.state != State.WAITING:
        raise RequestOver
    _finish(request, State.CANCELLED, actor, at or database_now())
    return request


@transaction.atomic
def set_operator_limit(
    *,
    player_id: int,
    kind: str,
    window: str,
    value: Decimal | None,
    by: User,
    reason: str,
    at: datetime | None = None,
) -> Limit | None:
    """Set our own limit beside the player's, or take it away (None); the lower of both applies.

    The player's and their requests stay as they are. Raises UnknownLimit, InvalidInput, NoLimit,
    Forbidden.
    """
    if not by.is_staff:
        raise Forbidden
    player = _locked(player_id)
    _named(kind, window)
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    if value is None and _in_force(player, kind, window, LimitOwner.OPERATOR) is None:
        raise NoLimit
    if value is not None:
        value = _checked(kind, window, value)
    return _put(
        player, kind, window, LimitOwner.OPERATOR, value, by, reason.strip(), at or database_now()
    )


def lapse_due(*, at: datetime | None = None) -> int:
    """End the requests that nobody confirmed in time; how many there were."""
    at = at or database_now()
    due = LimitRequest.objects.filter(state=State.WAITING, lapses_at__lte=at)
    found = list(due.order_by("lapses_at").values_list("player_id", "pk")[:BATCH])
    for player_id, pk in found:
        with transaction.atomic():
            _locked(player_id)
            if request := due.filter(pk=pk).first():
                _finish(request, State.LAPSED, "system", at)
    return len(found)


def require_deposit_room(
    *,
    player_id: int,
    amount: Money,
    pending: Decimal = Decimal(0),
    at: datetime | None = None,
) -> None:
    """Refuse a deposit that the limits do not let in; call it in the transaction that books it.

    pending: what else is on its way, in the base currency. Two deposits at once wait for each other
    and for a limit that is being set. Raises DepositOverLimit.
    """
    hold(player_id)
    if found := selectors.deposit_problem(player_id, amount, pending=pending, at=at):
        raise found


def hold(player_id: int) -> Player:
    """The player's row, until the transaction ends: limits and breaks of theirs stand still."""
    return _locked(player_id)


# ---- rows ----------------------------------------------------------------------------------------


def _locked(player_id: int) -> Player:
    player = Player.objects.select_for_update(no_key=True).filter(pk=player_id).first()
    if player is None:
        raise NotFound
    return player


def _in_force(player: Player, kind: str, window: str, owner: str) -> Limit | None:
    return Limit.objects.filter(
        player=player, kind=kind, window=window, owner=owner, ended_at=None
    ).first()


def _request(player: Player, public_id: str) -> LimitRequest:
    found = LimitRequest.objects.filter(player=player, public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def _put(
    player: Player,
    kind: str,
    window: str,
    owner: str,
    value: Decimal | None,
    actor: models.Model | str,
    reason: str,
    at: datetime,
) -> Limit | None:
    """End what was in force, begin what is, and measure bets by it from now on."""
    before = _in_force(player, kind, window, owner)
    made = None
    if before is not None:
        before.ended_at = max(at, before.since)
        before.save(update_fields=["ended_at"])
    if value is not None:
        made = Limit.objects.create(
            player=player, kind=kind, window=window, owner=owner, value=value,
            set_by=_name(actor), reason=reason[:500], since=at,
        )  # fmt: skip
    _measure(player)
    where = {"kind": kind, "window": window, "owner": owner}
    audit.record(
        "limit.set" if made else "limit.removed",
        actor=actor,
        subject=player,
        before={**where, "value": _text(before.value)} if before else None,
        after={**where, "value": _text(value)},
        reason=reason,
    )
    publish(LimitSet(player_id=player.pk, value=_text(value), **where))
    return made


def _measure(player: Player) -> None:
    """Write the lower of both owners' limits where bets look for them."""
    applying = selectors.lowest(player.pk)
    values = {
        f"{kind.value}_{window.value}": applying.get((kind, window), (None, ""))[0]
        for kind in (LimitKind.LOSS, LimitKind.WAGER)
        for window in Window
    }
    is_limited = any(value is not None for value in values.values())
    # The wallets' locks come before the ceiling's, as in a bet.
    restrictions.set_limited(player_id=player.pk, is_limited=is_limited)
    Ceiling.objects.update_or_create(
        player=player, defaults={"currency": settings.BASE_CURRENCY, **values}
    )


def _ask(
    player: Player, mine: Limit, value: Decimal | None, actor: models.Model | str, at: datetime
) -> LimitRequest:
    """Note the wish for a looser limit; a later wish takes an earlier one's place and waits anew."""
    profile = profile_of(player)
    if profile.increase_every_days:
        earliest = at - timedelta(days=profile.increase_every_days)
        if LimitRequest.objects.filter(
            player=player, state=State.CONFIRMED, finished_at__gt=earliest
        ).exists():
            raise TooSoon(f"Limits can be made looser once in {profile.increase_every_days} days.")
    _finish_waiting(player, mine.kind, mine.window, State.REPLACED, actor, at)
    wait = timedelta(hours=max(profile.increase_wait_hours, 1))
    if value is None:
        wait = max(wait, timedelta(days=profile.removal_wait_days))
    ready_at = max(at + wait, _after_working_days(at, profile.increase_wait_working_days))
    made = LimitRequest.objects.create(
        player=player,
        kind=mine.kind,
        window=mine.window,
        before=mine.value,
        value=value,
        asked_at=at,
        ready_at=ready_at,
        lapses_at=ready_at + timedelta(days=max(profile.request_lapse_days, 1)),
    )
    audit.record(
        "limit.loosening_asked",
        actor=actor,
        subject=player,
        before={"kind": mine.kind, "window": mine.window, "value": _text(mine.value)},
        after={"value": _text(value), "ready_at": ready_at.isoformat()},
    )
    publish(LoosenRequested(player_id=player.pk, request_id=made.pk))
    return made


def _after_working_days(at: datetime, days: int) -> datetime:
    """The same time of day, so many days of Monday to Friday later."""
    while days:
        at += timedelta(days=1)
        days -= at.weekday() < 5
    return at


def _finish_waiting(
    player: Player, kind: str, window: str, state: str, actor: models.Model | str, at: datetime
) -> None:
    waiting = LimitRequest.objects.filter(
        player=player, kind=kind, window=window, state=State.WAITING
    ).first()
    if waiting is not None:
        _finish(waiting, state, actor, at)


def _finish(request: LimitRequest, state: str, actor: models.Model | str, at: datetime) -> None:
    request.state = state
    request.finished_at = at
    request.save(update_fields=["state", "finished_at"])
    audit.record(
        f"limit.loosening_{state}",
        actor=actor,
        subject=request.player,
        before={"kind": request.kind, "window": request.window, "value": _text(request.before)},
        after={"value": _text(request.value)},
    )


def _named(kind: str, window: str) -> None:
    if kind not in LimitKind.values or window not in Window.values:
        raise UnknownLimit


def _checked(kind: str, window: str, value: Decimal) -> Decimal:
    _named(kind, window)
    if not value.is_finite() or value < 0 or value >= VALUE_MAX:
        raise InvalidInput(fields={"value": "Enter an amount like 50 or 12.50."})
    if kind == LimitKind.SESSION:
        if value != int(value) or not 1 <= value <= MINUTES_MAX[Window(window)]:
            most = MINUTES_MAX[Window(window)]
            raise InvalidInput(fields={"value": f"Whole minutes, from 1 to {most}."})
    elif value != round(value, 2):
        raise InvalidInput(fields={"value": "Two digits after the point at most."})
    return value


def _name(actor: models.Model | str) -> str:
    if isinstance(actor, str):
        return actor
    return f"{actor._meta.model_name}:{actor.pk} {actor}"[:160]


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"
