"""Betting on our own games. The result is fixed by the seeds; the money moves with the bet row.

A bet, its result and what it pays are one transaction: a round in one step is debited and paid in one
statement of the journal, and a nonce is used up exactly when a bet stands on it.
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.originals import crash, runs, seeds, stakes, theory
from apps.originals.errors import (
    InvalidChoice,
    KeyReused,
    OriginalClosed,
    RoundOpen,
    RoundOver,
    StepTaken,
    UnknownBet,
    UnknownOriginal,
)
from apps.originals.fairness import tables
from apps.originals.fairness.games import Outcome
from apps.originals.fairness.tables import ONE
from apps.originals.models import AutoRun, Bet, Original
from apps.originals.rules import CASH_OUT, RULES, Rule
from apps.originals.stakes import GATE_SQL, PARTNER, check_key
from apps.wallet import movements
from apps.wallet.errors import PlayRefused
from apps.wallet.movements import OPEN, Gate
from apps.wallet.services import open_wallet

# A round that waits longer than this is ended by its rules.
ABANDONED_AFTER = timedelta(days=30)
State = Bet.State


@transaction.atomic
def place(
    *,
    player: Player,
    game: str,
    choice: Mapping[str, Any],
    stake: Money,
    key: str,
    run: AutoRun | None = None,
    is_hidden: bool = False,
) -> Bet:
    """Bet once. The same key gives the same bet again and moves nothing.

    run: the autobet run it belongs to, locked. is_hidden: others do not see whose bet it is.
    Raises UnknownOriginal, InvalidChoice, StakeOutOfRange, OriginalClosed, RoundOpen, KeyReused,
    InsufficientFunds, WalletBlocked; BettingClosed and RoundFull in crash.
    """
    rule = rule_of(game)
    read = rule.read(choice)
    check_key(key)
    # The lock orders all bets of a player, those of crash too.
    pair = seeds.lock_active(player)
    asked = msgspec.to_builtins(read)
    if earlier := Bet.objects.filter(player=player, key=key).first():
        if (earlier.game_id, earlier.choice, earlier.base_money) != (game, asked, stake):
            raise KeyReused
        return earlier
    win_max = stakes.win_max(Original.objects.get(code=game), stake)
    stakes.check_cap(stake, theory.largest(game, asked))
    if rule.has_steps and Bet.objects.filter(player=player, game=game, state=State.OPEN).exists():
        raise RoundOpen
    if rule.is_shared:
        return crash.join(
            player=player, choice=asked, stake=stake, key=key, win_max=win_max, run=run,
            is_hidden=is_hidden,
        )  # fmt: skip
    nonce = pair.next_nonce
    outcome = rule.play(seeds.draws_of(pair, nonce), read)
    pair.next_nonce = nonce + 1
    pair.save(update_fields=["next_nonce"])
    bet = Bet(
        player=player,
        game_id=game,
        wallet_id=open_wallet(player_id=player.pk, currency_code=stake.currency.code).pk,
        currency=stake.currency.code,
        key=key,
        seeds=pair,
        run=run,
        is_hidden=is_hidden,
        nonce=nonce,
        table_version=tables.VERSION,
        choice=asked,
        state=State.OPEN,
        base_stake=stake.major,
        stake=stake.major,
        win_max=win_max.major,
        created_at=now(),
    )
    _apply(bet, outcome, staked=stake, step=0)
    return bet


@transaction.atomic
def act(
    *, player: Player, public_id: str, action: str, step: int, arrived: float | None = None
) -> Bet:
    """Take one step of an open round. step: how many were taken before; a repeat changes nothing.

    arrived: the monotonic clock when the request reached us, which decides a cash-out of crash.
    Raises UnknownBet, StepTaken, RoundOver, InvalidChoice, InsufficientFunds, WalletBlocked.
    """
    arrived = time.monotonic() if arrived is None else arrived
    bet = _locked(player, public_id)
    if bet.round_id is not None:
        if action != CASH_OUT or step:
            raise InvalidChoice("A bet on crash can be cashed out, once.")
        return crash.cash_out(bet, arrived=arrived)
    if 0 <= step < len(bet.actions):
        if bet.actions[step] != action:
            raise StepTaken
        return bet
    if bet.state != State.OPEN:
        raise RoundOver
    if step != len(bet.actions):
        raise StepTaken
    _step(bet, action)
    return bet


def finish_abandoned(limit: int = 200) -> int:
    """End rounds nobody came back to: leave with what they are worth, or give the stake back."""
    old = Bet.objects.filter(state=State.OPEN, round=None, created_at__lt=now() - ABANDONED_AFTER)
    done = 0
    for public_id, player in old.values_list("public_id", "player")[:limit]:
        with transaction.atomic():
            bet = _locked(Player.objects.get(pk=player), public_id)
            if bet.state == State.OPEN:
                _finish(bet)
                done += 1
    return done


def set_enabled(*, game: str, enabled: bool, by: Any, reason: str) -> None:
    """Open or close a game: the next bet is refused, rounds that are open may be finished."""
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    with transaction.atomic():
        original = Original.objects.select_for_update().get(code=game)
        before = original.enabled
        original.enabled = enabled
        original.save(update_fields=["enabled"])
        audit.record(
            "originals.enabled" if enabled else "originals.closed",
            actor=by,
            subject=original,
            before={"enabled": before},
            after={"enabled": enabled},
            reason=reason.strip(),
        )


@transaction.atomic
def set_limits(
    *,
    game: str,
    stake_min: Decimal,
    stake_max: Decimal,
    win_max: Decimal,
    by: Any,
    reason: str,
) -> None:
    """Change what a bet may stake and pay, in the base currency; bets that stand keep theirs.

    Raises InvalidInput.
    """
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    wanted = {"stake_min": stake_min, "stake_max": stake_max, "win_max": win_max}
    for name, amount in wanted.items():
        if stakes.base_money(amount).units <= 0:
            raise InvalidInput(fields={name: "Enter an amount above zero."})
    if stake_max < stake_min:
        raise InvalidInput(fields={"stake_max": "Not below the least stake."})
    original = Original.objects.select_for_update().get(code=game)
    before = {name: f"{getattr(original, name):f}" for name in wanted}
    for name, amount in wanted.items():
        setattr(original, name, amount)
    original.save(update_fields=[*wanted])
    audit.record(
        "originals.limits_changed",
        actor=by,
        subject=original,
        before=before,
        after={name: f"{amount:f}" for name, amount in wanted.items()},
        reason=reason.strip(),
    )


def rule_of(game: str) -> Rule:
    """Raises UnknownOriginal."""
    try:
        return RULES[game]
    except KeyError:
        raise UnknownOriginal from None


def _step(bet: Bet, action: str) -> None:
    rule = RULES[bet.game_id]
    read = rule.read(bet.choice)
    actions = [*bet.actions, action]
    outcome = rule.play(seeds.draws_of(bet.pair, bet.nonce), read, actions)
    if outcome.is_open and rule.can_leave and outcome.pays(bet.base_money.units) >= _cap(bet):
        # It cannot be worth more than the most that is paid, so it may not be lost any more either.
        actions.append(CASH_OUT)
        outcome = rule.play(seeds.draws_of(bet.pair, bet.nonce), read, actions)
    whole = bet.base_money.units * int(outcome.detail.get("parts", 1))
    more = Money(whole - bet.stake_money.units, bet.base_money.currency)
    bet.actions = actions
    _apply(bet, outcome, staked=more, step=len(bet.actions))


def _apply(bet: Bet, outcome: Outcome, *, staked: Money, step: int) -> None:
    """Move the money of a step and keep what it came to."""
    run = runs.lock(bet)
    paid = Money(min(outcome.pays(bet.base_money.units), _cap(bet)), staked.currency)
    is_over = not outcome.is_open
    operations: list[movements.Bet | movements.Win] = []
    if staked.units:
        operations.append(
            movements.Bet(
                key=stake_key(bet, step),
                amount=staked,
                round_ref=bet.public_id,
                session_id=None,
                closes_round=is_over and not paid.units,
            )
        )
    if is_over and (paid.units or not operations):
        operations.append(
            movements.Win(
                key=f"{bet.public_id}:win",
                amount=paid,
                round_ref=bet.public_id,
                session_id=None,
                closes_round=True,
            )
        )
    if operations:
        try:
            movements.play(
                operations,
                partner=PARTNER,
                wallet_id=bet.wallet_id,
                currency=staked.currency,
                # Only the first stake opens a round; a double must be possible after a closure.
                gate=Gate(GATE_SQL, (bet.game_id,)) if step == 0 else OPEN,
            )
        except PlayRefused:
            raise OriginalClosed from None
    if step:
        bet.stake = (bet.stake_money + staked).major
    bet.detail = outcome.detail
    bet.multiplier = outcome.multiplier * ONE // outcome.per
    if is_over:
        bet.state, bet.closed_at, bet.payout = State.CLOSED, now(), paid.major
    bet.save()
    if is_over and run is not None:
        runs.count(run, bet)


def _finish(bet: Bet) -> None:
    for action in (CASH_OUT, "stand", "stand"):
        if bet.state != State.OPEN:
            return
        try:
            with transaction.atomic():
                _step(bet, action)
        except InvalidChoice:
            bet.refresh_from_db()
    if bet.state == State.OPEN:
        _refund(bet, "Nobody came back to it.")


def _refund(bet: Bet, reason: str) -> None:
    steps = [step for step in range(len(bet.actions) + 1) if step == 0 or _staked_at(bet, step)]
    movements.play(
        [
            movements.Rollback(
                key=f"{stake_key(bet, step)}:back",
                target=stake_key(bet, step),
                closes_round=step == steps[-1],
            )
            for step in steps
        ],
        partner=PARTNER,
        wallet_id=bet.wallet_id,
        currency=bet.base_money.currency,
    )
    run = runs.lock(bet)
    bet.state, bet.closed_at = State.REFUNDED, now()
    bet.save()
    if run is not None:
        runs.count(run, bet)
    audit.record("originals.refunded", actor="system", subject=bet, reason=reason)


def _staked_at(bet: Bet, step: int) -> bool:
    return bet.actions[step - 1] in {"double", "split"}


def stake_key(bet: Bet, step: int) -> str:
    return f"{bet.public_id}:{step}"


def _cap(bet: Bet) -> int:
    return bet.win_max_money.units


def _locked(player: Player, public_id: str) -> Bet:
    bet = (
        Bet.objects.select_for_update(of=("self",))
        .select_related("seeds", "round__chain")
        .filter(player=player, public_id=public_id)
        .first()
    )
    if bet is None:
        raise UnknownBet
    return bet


def open_bets(player: Player) -> QuerySet[Bet]:
    """Rounds to go on with."""
    return Bet.objects.filter(player=player, state=State.OPEN).order_by("id")
