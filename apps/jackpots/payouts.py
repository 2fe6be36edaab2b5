"""Paying what was drawn: in the winner's currency, once, or waiting for somebody or something."""

import structlog
from django.db import transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.audit.proposals import Person
from apps.core import crash_points
from apps.core.clock import now
from apps.core.errors import DomainError, InvalidInput
from apps.events.bus import publish
from apps.jackpots import marks
from apps.jackpots.errors import WinNotHeld
from apps.jackpots.events import JackpotWon
from apps.jackpots.machine import ROLLED_BACK
from apps.jackpots.models import Level, Win
from apps.ledger.models import Block, Entry, Operation, Wallet
from apps.rates import selectors as rates
from apps.rates.errors import RateUnavailable
from apps.wallet import movements

log = structlog.get_logger()

BATCH = 50
State = Win.State


def pay_due() -> int:
    """Pay what can be paid now; how many were. One that fails does not stop the others."""
    due = Win.objects.filter(state=State.DUE).order_by("id").values_list("pk", flat=True)
    return sum(_tried(pk) for pk in list(due[:BATCH]))


@transaction.atomic
def pay(win_id: int) -> bool:
    """Pay a win that is due. False: nothing was to be done, or it waits and says for what."""
    win = _locked(win_id)
    if win.state != State.DUE:
        return False
    if (reason := _held_for(win)) and not win.held_for:
        _hold(win, reason)
        return False
    try:
        worth = rates.convert(win.amount_money, win.currency, use="settlement")
    except RateUnavailable:
        worth = None
    if worth is None or not worth.money:
        _wait(win, f"There is no rate for {win.currency} that settles.")
        return False
    result = movements.jackpot_won(
        player_id=win.player_id,
        pot=win.amount_money,
        prize=worth.money,
        key=f"jackpot:win:{win.cycle.named}",
        level_id=win.level_id,
        win_id=win.pk,
    )
    crash_points.reach("jackpot.paying")
    win.level.booked_pot -= win.amount
    win.level.save(update_fields=["booked_pot"])
    win.state, win.closed_at, win.waits_for = State.PAID, now(), ""
    win.paid, win.rate, win.rate_ids = worth.money.major, worth.rate, list(worth.rate_ids)
    win.paid_entry_id = result.entry_id
    win.save()
    audit.record(
        "jackpot.paid",
        actor="system",
        subject=win,
        after={
            "pot": win.amount_money.text,
            "paid": worth.money.text,
            "currency": win.currency,
            "rate_ids": win.rate_ids,
            "entry_id": win.paid_entry_id,
        },
    )
    publish(
        JackpotWon(
            player_id=win.player_id,
            win_id=win.pk,
            public_id=win.public_id,
            jackpot=win.level.jackpot.name,
            level=win.level.name,
            amount=worth.money.text,
            currency=win.currency,
        )
    )
    return True


@transaction.atomic
def release(*, win_id: int, by: Person, reason: str) -> Win:
    """Let a held win be paid in spite of what it was held for. Raises WinNotHeld, InvalidInput."""
    win = _held(win_id, reason)
    win.state = State.DUE
    # What it was held for stays: who released it knew, so it is not held for it again.
    win.save(update_fields=["state"])
    audit.record(
        "jackpot.win_released",
        actor=by,
        subject=win,
        before={"held_for": win.held_for},
        reason=reason.strip(),
    )
    return win


@transaction.atomic
def declare_void(*, win_id: int, by: Person, reason: str) -> Win:
    """Put a held win back: its reserve has it from the next entry of the journal on.

    Called by an act of two people. Raises WinNotHeld, InvalidInput.
    """
    void_from = marks.mark()  # before the level's lock, as the follower takes them
    win = _held(win_id, reason)
    win.state, win.void_from, win.closed_at = State.VOID, void_from, now()
    win.save(update_fields=["state", "void_from", "closed_at"])
    audit.record(
        "jackpot.win_void",
        actor=by,
        subject=win,
        before={"held_for": win.held_for},
        after={"amount": win.amount_money.text},
        reason=reason.strip(),
    )
    return win


def _tried(win_id: int) -> bool:
    try:
        return pay(win_id)
    except DomainError as error:
        log.exception("jackpot.unpaid", win=win_id)
        with transaction.atomic():
            win = _locked(win_id)
            if win.state == State.DUE:
                _wait(win, error.message)
    return False


def _locked(win_id: int) -> Win:
    """The level first, then the win: as the follower takes them."""
    level_id = Win.objects.values_list("level_id", flat=True).get(pk=win_id)
    level = Level.objects.select_for_update(of=("self",)).select_related("jackpot").get(pk=level_id)
    win = Win.objects.select_for_update(of=("self",)).select_related("cycle").get(pk=win_id)
    win.level = level
    return win


def _held(win_id: int, reason: str) -> Win:
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    win = _locked(win_id)
    if win.state != State.HELD:
        raise WinNotHeld
    return win


def _held_for(win: Win) -> str:
    """Why a person has to look first; empty when nobody has to."""
    entry = Entry.objects.only("partner_id", "outside_id").get(pk=win.entry_id)
    undone = Operation.objects.filter(
        partner_id=entry.partner_id, outside_id=entry.outside_id, state=Operation.State.REVERSED
    )
    if undone.exists():
        return ROLLED_BACK
    status = Player.objects.values_list("status", flat=True).get(pk=win.player_id)
    if status != Player.Status.ACTIVE:
        return f"The account of the winner is {status}."
    blocks = Wallet.objects.filter(player_id=win.player_id).values_list("blocks", flat=True)
    if any(one & Block.PLAY for one in blocks):
        return "The winner may not play."
    return ""


def _hold(win: Win, reason: str) -> None:
    win.state, win.held_for = State.HELD, reason
    win.save(update_fields=["state", "held_for"])
    audit.record("jackpot.win_held", actor="system", subject=win, after={"held_for": reason})
    raise_alarm(
        "jackpot.win_held",
        subject=win.public_id,
        message=f"{win.amount_money} waits for a decision. {reason}",
    )


def _wait(win: Win, reason: str) -> None:
    """A case for staff, once; the next try may find that it is over."""
    if win.waits_for == reason:
        return
    win.waits_for = reason
    win.save(update_fields=["waits_for"])
    raise_alarm(
        "jackpot.win_waits",
        subject=win.public_id,
        message=f"{win.amount_money} cannot be paid yet. {reason}",
    )
