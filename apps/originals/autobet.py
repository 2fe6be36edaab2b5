"""Bets one after the other. The page asks for each; whether there is a next one is decided here."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from django.db import transaction

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.errors import DomainError, InvalidInput
from apps.core.money import Money
from apps.originals import runs, seeds, selectors, services, stakes
from apps.originals.errors import (
    InvalidChoice,
    KeyReused,
    OriginalClosed,
    RunEnded,
    RunOpen,
    StakeOutOfRange,
    StepTaken,
    UnknownRun,
)
from apps.originals.models import AutoRun, Bet, Original
from apps.wallet.errors import InsufficientFunds, LimitReached, WalletBlocked

State = AutoRun.State
Reason = AutoRun.Reason
BETS_MAX = 100_000
# Up to a hundred times the stake in one step; the game's limits stop it soon enough.
RAISE_MAX = 990_000
ENDS_FOR: dict[type[DomainError], Reason] = {
    InsufficientFunds: Reason.FUNDS,
    StakeOutOfRange: Reason.LIMITS,
    WalletBlocked: Reason.REFUSED,
    LimitReached: Reason.REFUSED,
    OriginalClosed: Reason.REFUSED,
    InvalidChoice: Reason.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """bets: None is without end. Raises in basis points, None goes back to the first stake."""

    bets: int | None = None
    raise_on_win: int | None = None
    raise_on_loss: int | None = None
    stop_profit: Money | None = None
    stop_loss: Money | None = None
    stop_single_win: Money | None = None


@transaction.atomic
def start(
    *,
    player: Player,
    game: str,
    choice: Mapping[str, Any],
    stake: Money,
    plan: Plan,
    key: str,
    is_hidden: bool = False,
) -> AutoRun:
    """Begin a run; its first bet is asked for with `place_next`. The same key is the same run.

    Raises UnknownOriginal, InvalidChoice, InvalidInput, StakeOutOfRange, RunOpen, KeyReused.
    """
    asked = msgspec.to_builtins(services.rule_of(game).read(choice))
    stakes.check_key(key)
    _check(plan, stake)
    # The player's lock: two tabs that start at once are one after the other.
    seeds.lock_active(player)
    if earlier := AutoRun.objects.filter(player=player, key=key).first():
        if (earlier.game_id, earlier.choice, earlier.money(earlier.first_stake)) != (
            game, asked, stake,
        ):  # fmt: skip
            raise KeyReused
        return earlier
    original = Original.objects.get(code=game)
    if not original.enabled:
        raise OriginalClosed
    stakes.win_max(original, stake)
    if AutoRun.objects.filter(player=player, game=game, state=State.RUNNING).exists():
        raise RunOpen
    return AutoRun.objects.create(
        player=player,
        game_id=game,
        key=key,
        currency=stake.currency.code,
        choice=asked,
        is_hidden=is_hidden,
        first_stake=stake.major,
        next_stake=stake.major,
        bets_max=plan.bets,
        raise_on_win=plan.raise_on_win,
        raise_on_loss=plan.raise_on_loss,
        stop_profit=_major(plan.stop_profit),
        stop_loss=_major(plan.stop_loss),
        stop_single_win=_major(plan.stop_single_win),
        created_at=now(),
    )


def place_next(*, player: Player, public_id: str, number: int) -> tuple[AutoRun, Bet | None]:
    """Place the bet with this number, from 0; the run, and the bet unless the run ended for it.

    A number that was placed gives its bet again. Raises UnknownRun, RunEnded, StepTaken, RoundOpen;
    in crash BettingClosed and RoundFull, after which the same number is asked for again.
    """
    try:
        with transaction.atomic():
            return _place_next(player, public_id, number)
    except tuple(ENDS_FOR) as refusal:
        with transaction.atomic():
            run = _locked(player, public_id)
            if run.state == State.RUNNING and run.placed == number:
                runs.end(run, ENDS_FOR[type(refusal)])
            return run, None


@transaction.atomic
def stop(*, player: Player, public_id: str) -> AutoRun:
    """No bet follows. A round that is open is finished as always. Raises UnknownRun."""
    run = _locked(player, public_id)
    if run.state == State.RUNNING:
        runs.end(run, Reason.STOPPED)
    return run


def running(player: Player, game: str) -> AutoRun | None:
    """The run to go on with."""
    return AutoRun.objects.filter(player=player, game=game, state=State.RUNNING).first()


def _place_next(player: Player, public_id: str, number: int) -> tuple[AutoRun, Bet]:
    run = _locked(player, public_id)
    key = f"{run.public_id}:{number}"
    if 0 <= number < run.placed:
        return run, selectors.bets(player).get(key=key)
    if run.state != State.RUNNING:
        raise RunEnded
    if number != run.placed:
        raise StepTaken
    run.placed += 1
    run.save(update_fields=["placed"])
    bet = services.place(
        player=player,
        game=run.game_id,
        choice=run.choice,
        stake=run.next_money,
        key=key,
        run=run,
        is_hidden=run.is_hidden,
    )
    run.refresh_from_db()
    return run, bet


def _locked(player: Player, public_id: str) -> AutoRun:
    found = AutoRun.objects.select_for_update().filter(player=player, public_id=public_id).first()
    if found is None:
        raise UnknownRun
    return found


def _check(plan: Plan, stake: Money) -> None:
    wrong = {}
    if plan.bets is not None and not 1 <= plan.bets <= BETS_MAX:
        wrong["bets"] = f"Between 1 and {BETS_MAX:,} bets, or none for without end."
    for name in ("raise_on_win", "raise_on_loss"):
        raised = getattr(plan, name)
        if raised is not None and not 0 <= raised <= RAISE_MAX:
            wrong[name] = "Between 0% and 9,900%."
    for name in ("stop_profit", "stop_loss", "stop_single_win"):
        amount: Money | None = getattr(plan, name)
        if amount is not None and (amount.units <= 0 or amount.currency != stake.currency):
            wrong[name] = "Enter an amount above zero, in the currency of the stake."
    if wrong:
        raise InvalidInput(fields=wrong)


def _major(amount: Money | None) -> Decimal | None:
    return None if amount is None else amount.major
