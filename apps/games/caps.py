"""The most one bet may win (G17): caps as data, and what is done where a game may pass them.

Our own games keep to them by refusing the stake. A partner decides its games' results, so there a
cap is watched: players see a game's largest win, staff get an alarm.
"""

from collections.abc import Iterable
from decimal import Decimal

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.money import Currency, Money
from apps.games.models import Game, WinCap
from apps.ledger.selectors import currency
from apps.rates import selectors as rates

Scope = WinCap.Scope
Seen = tuple[str, int | None, str, str, Decimal, Decimal]


def cap_of(game: Game) -> Money | None:
    """The smallest cap that holds for a game, in the base currency."""
    return _smallest(
        Q(scope=Scope.ALL)
        | Q(scope=Scope.PROVIDER, provider=game.provider)
        | Q(scope=Scope.GAME, game=game.pk)
    )


def cap_of_partner(name: str) -> Money | None:
    """The cap of everything of a partner; `originals` are ours."""
    return _smallest(Q(scope=Scope.ALL) | Q(scope=Scope.PROVIDER, provider=name))


def money(amount: Decimal) -> Money:
    """A cap as it is kept: major units of the base currency."""
    return Money.from_major(amount, _base())


def stake_within(game: Game) -> Money | None:
    """The stake whose largest win is just within the cap; None when one of them is not known."""
    cap = cap_of(game)
    if cap is None or not game.max_win:
        return None
    return Money(int(cap.units / game.max_win), cap.currency)


def set_cap(
    *,
    scope: str,
    amount: Decimal | None,
    actor: models.Model | str,
    reason: str,
    provider: str = "",
    game: Game | None = None,
) -> WinCap | None:
    """Set a cap in the base currency; without an amount there is none. Raises InvalidInput."""
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    if amount is not None and Money.from_major(amount, _base()).units <= 0:
        raise InvalidInput(fields={"amount": "Enter an amount above zero."})
    target = {
        "scope": scope,
        "provider": provider if scope == Scope.PROVIDER else "",
        "game": game if scope == Scope.GAME else None,
    }
    if (scope == Scope.PROVIDER and not provider) or (scope == Scope.GAME and game is None):
        raise InvalidInput("Say what the cap is for.")
    with transaction.atomic():
        found = WinCap.objects.select_for_update().filter(**target).first()
        before = None if found is None else f"{found.amount:f}"
        if amount is None:
            if found is None:
                return None
            audit.record(
                "win_cap.lifted",
                actor=actor,
                subject=found,
                before={"amount": before, "of": str(found)},
                reason=reason.strip(),
            )
            found.delete()
            return None
        kept = found or WinCap(**target)
        kept.amount, kept.set_at = amount, now()
        kept.save()
        audit.record(
            "win_cap.set",
            actor=actor,
            subject=kept,
            before=None if before is None else {"amount": before},
            after={"amount": f"{amount:f}", "of": str(kept)},
            reason=reason.strip(),
        )
    return kept


def look_at(rounds: Iterable[Seen]) -> None:
    """Raise alarms for partners' rounds that won more than a cap, or could have.

    rounds: partner, game, reference, currency, stake and win of each.
    """
    caps = list(WinCap.objects.all())
    if not caps:
        return
    seen = [one for one in rounds if one[1] is not None]
    games = Game.objects.in_bulk({one[1] for one in seen if one[1] is not None})
    limits: dict[tuple[int, str], Decimal | None] = {}
    for partner, game_id, round_ref, code, stake, win in seen:
        game = games[game_id or 0]
        key = (game.pk, code)
        if key not in limits:
            limits[key] = _in_currency(_least(caps, game), code)
        limit = limits[key]
        if limit is None:
            continue
        if win > limit:
            raise_alarm(
                "games.win_above_cap",
                subject=f"{partner} {round_ref}",
                message=f"{game.title} paid {win.normalize():f} {code} in one round.",
                severity="critical",
            )
        elif game.max_win and stake * game.max_win > limit:
            raise_alarm(
                "games.exposure",
                subject=f"{game.provider} {game.identifier}",
                message=(
                    f"A stake of {stake.normalize():f} {code} on {game.title} could have won "
                    f"{game.max_win.normalize():f} times that, which is above its cap."
                ),
            )


def _least(caps: list[WinCap], game: Game) -> Money | None:
    amounts = [
        one.amount
        for one in caps
        if one.scope == Scope.ALL
        or (one.scope == Scope.PROVIDER and one.provider == game.provider)
        or (one.scope == Scope.GAME and one.game_id == game.pk)
    ]
    return Money.from_major(min(amounts), _base()) if amounts else None


def _in_currency(cap: Money | None, code: str) -> Decimal | None:
    if cap is None:
        return None
    found = rates.convert(cap, code, use="display")
    return found.money.major if found else None


def _smallest(which: Q) -> Money | None:
    found = WinCap.objects.filter(which).order_by("amount").first()
    return None if found is None else Money.from_major(found.amount, _base())


def _base() -> Currency:
    return currency(settings.BASE_CURRENCY)
