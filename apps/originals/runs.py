"""What a run of bets has come to. A bet that ends is counted in the transaction that ends it."""

from decimal import Decimal

from apps.core.clock import now
from apps.core.money import Money
from apps.originals.models import AutoRun, Bet

Reason = AutoRun.Reason
State = AutoRun.State
BASIS = 10_000


def lock(bet: Bet) -> AutoRun | None:
    """The run of a bet, held until the commit. Taken before money: wallets are locked last."""
    if bet.run_id is None:
        return None
    return AutoRun.objects.select_for_update().get(pk=bet.run_id)


def count(run: AutoRun, bet: Bet) -> None:
    """Add a bet that has ended, set the next stake, and stop where the player said."""
    run.staked += bet.stake
    # A stake that was given back has neither won nor lost.
    back = bet.stake if bet.state == Bet.State.REFUNDED else bet.payout
    run.paid += back
    if bet.state == Bet.State.CLOSED:
        run.next_stake = _next_stake(run, is_win=bet.payout > bet.stake)
    if run.state == State.RUNNING and (reason := _reason(run, won=back - bet.stake)):
        end(run, reason)
    else:
        run.save()


def end(run: AutoRun, reason: Reason) -> None:
    """No bet of it follows."""
    run.state, run.reason, run.ended_at = State.ENDED, reason, now()
    run.save()


def _reason(run: AutoRun, *, won: Decimal) -> Reason | None:
    """Why there is no next bet."""
    profit = run.paid - run.staked
    if run.stop_single_win is not None and won >= run.stop_single_win:
        return Reason.SINGLE_WIN
    if run.stop_profit is not None and profit >= run.stop_profit:
        return Reason.PROFIT
    if run.stop_loss is not None and -profit >= run.stop_loss:
        return Reason.LOSS
    if run.bets_max is not None and run.placed >= run.bets_max:
        return Reason.ALL_PLAYED
    return None


def _next_stake(run: AutoRun, *, is_win: bool) -> Decimal:
    """Rounded down to the smallest unit, never below one."""
    raised = run.raise_on_win if is_win else run.raise_on_loss
    if raised is None:
        return run.first_stake
    now_units = run.next_money.units
    units = max(1, now_units * (BASIS + raised) // BASIS)
    return Money(units, run.next_money.currency).major
