"""Betting on our own games. The result is fixed by the seeds; the money moves with the bet row.

A bet, its result and what it pays are one transaction: a round in one step is debited and paid in one
statement of the journal, and a nonce is used up exactly when a bet stands on it.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.originals import seeds
from apps.originals.errors import (
    InvalidChoice,
    KeyReused,
    OriginalClosed,
    RoundOpen,
    RoundOver,
    StakeOutOfRange,
    StepTaken,
    UnknownBet,
    UnknownOriginal,
)
from apps.originals.fairness import tables
from apps.originals.fairness.games import Outcome
from apps.originals.fairness.tables import ONE
from apps.originals.models import Bet, Original
from apps.originals.rules import CASH_OUT, RULES, Rule
from apps.rates import selectors as rates
from apps.wallet import movements
from apps.wallet.errors import PlayRefused
from apps.wallet.movements import OPEN, Gate
from apps.wallet.services import open_wallet

PARTNER = "originals"
KEY = re.compile(r"[!-~]{1,64}", re.ASCII)
GATE_SQL = (
    "SELECT CASE WHEN NOT o.enabled THEN 'game' END FROM originals_game o WHERE o.code = %s::text"
)
# A round that waits longer than this is ended by its rules.
ABANDONED_AFTER = timedelta(days=30)
State = Bet.State


@transaction.atomic
def place(*, player: Player, game: str, choice: Mapping[str, Any], stake: Money, key: str) -> Bet:
    """Bet once. The same key gives the same bet again and moves nothing.

    Raises UnknownOriginal, InvalidChoice, StakeOutOfRange, OriginalClosed, RoundOpen, KeyReused,
    InsufficientFunds, WalletBlocked.
    """
    rule = rule_of(game)
    read = rule.read(choice)
    if not KEY.fullmatch(key):
        raise InvalidInput(fields={"key": "Use up to 64 letters, digits and signs."})
    pair = seeds.lock_active(player)
    asked = msgspec.to_builtins(read)
    if earlier := Bet.objects.filter(player=player, key=key).first():
        if (earlier.game_id, earlier.choice, earlier.base_money) != (game, asked, stake):
            raise KeyReused
        return earlier
    win_max = _win_max(Original.objects.get(code=game), stake)
    if rule.has_steps and Bet.objects.filter(player=player, game=game, state=State.OPEN).exists():
        raise RoundOpen
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
def act(*, player: Player, public_id: str, action: str, step: int) -> Bet:
    """Take one step of an open round. step: how many were taken before; a repeat changes nothing.

    Raises UnknownBet, StepTaken, RoundOver, InvalidChoice, InsufficientFunds, WalletBlocked.
    """
    bet = _locked(player, public_id)
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
    old = Bet.objects.filter(state=State.OPEN, created_at__lt=now() - ABANDONED_AFTER)
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
        if base_money(amount).units <= 0:
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


def base_money(amount: Decimal) -> Money:
    """A limit as it is kept: major units of the base currency."""
    return Money.from_major(amount, currency(settings.BASE_CURRENCY))


def limits_of(original: Original, code: str) -> tuple[Money, Money, Money] | None:
    """Least stake, greatest stake and greatest win in a currency; None without a rate."""
    found = []
    for amount in (original.stake_min, original.stake_max, original.win_max):
        shown = rates.convert(base_money(amount), code, use="display")
        if shown is None:
            return None
        found.append(shown.money)
    return found[0], found[1], found[2]


def _win_max(original: Original, stake: Money) -> Money:
    """The most this bet can pay. Raises StakeOutOfRange."""
    limits = limits_of(original, stake.currency.code)
    if limits is None:
        raise StakeOutOfRange(f"We cannot value a stake in {stake.currency} at the moment.")
    least, most, win_max = limits
    if stake.units <= 0 or stake < least:
        raise StakeOutOfRange(fields={"stake": f"The least stake is {least}."})
    if stake > most:
        raise StakeOutOfRange(fields={"stake": f"The greatest stake is {most}."})
    return win_max


def _step(bet: Bet, action: str) -> None:
    rule = RULES[bet.game_id]
    read = rule.read(bet.choice)
    actions = [*bet.actions, action]
    outcome = rule.play(seeds.draws_of(bet.seeds, bet.nonce), read, actions)
    if outcome.is_open and rule.can_leave and outcome.pays(bet.base_money.units) >= _cap(bet):
        # It cannot be worth more than the most that is paid, so it may not be lost any more either.
        actions.append(CASH_OUT)
        outcome = rule.play(seeds.draws_of(bet.seeds, bet.nonce), read, actions)
    whole = bet.base_money.units * int(outcome.detail.get("parts", 1))
    more = Money(whole - bet.stake_money.units, bet.base_money.currency)
    bet.actions = actions
    _apply(bet, outcome, staked=more, step=len(bet.actions))


def _apply(bet: Bet, outcome: Outcome, *, staked: Money, step: int) -> None:
    """Move the money of a step and keep what it came to."""
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
    bet.state, bet.closed_at = State.REFUNDED, now()
    bet.save()
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
        .select_related("seeds")
        .filter(player=player, public_id=public_id)
        .first()
    )
    if bet is None:
        raise UnknownBet
    return bet


def open_bets(player: Player) -> QuerySet[Bet]:
    """Rounds to go on with."""
    return Bet.objects.filter(player=player, state=State.OPEN).order_by("id")
