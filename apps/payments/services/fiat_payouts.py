"""Payouts of gateways that ask first: reserved by their question, decided on in the common queue.

Their approval of ours is an order (`payouts.py`); only their word that the money moved, or never
will, touches it. What left without our yes is booked all the same and marked `unasked`.
"""

from django.db.models import Model

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.money import Money
from apps.events.bus import publish
from apps.payments.events import WithdrawalEvent, WithdrawalPaid, WithdrawalReleased
from apps.payments.history import add_step
from apps.payments.models import PaymentStep, Rail, Withdrawal
from apps.payments.providers.base import GatewayMove
from apps.payments.services import withdrawals
from apps.wallet import movements

Holder = PaymentStep.Holder
State = Withdrawal.State


def key_of(move: GatewayMove) -> str:
    """The key of the wish behind a gateway's transaction."""
    return f"piq:{move.outside_ref}"


def _account(move: GatewayMove) -> str:
    """Where it goes, masked. Not every provider names it, and an empty one is nowhere."""
    return (move.account or f"Account at {move.psp or move.provider}")[:64]


def reserve(*, player: Player, rail: Rail, amount: Money, move: GatewayMove) -> Withdrawal:
    """Set the money aside and put the payout into the queue, in the same transaction.

    Raises what a request of the player would.
    """
    withdrawal = withdrawals.request_withdrawal(
        player=player,
        amount=amount,
        rail=rail,
        method=move.method,
        account=_account(move),
        key=key_of(move),
    )
    withdrawal.foreign_id = withdrawal.outside_ref = move.outside_ref
    withdrawal.save(update_fields=["foreign_id", "outside_ref"])
    return withdrawal


def pay(
    reserved: Withdrawal | None, *, player: Player, rail: Rail, amount: Money, move: GatewayMove
) -> Withdrawal:
    """Book a payout that has left; `amount` is what left, whatever was reserved."""
    withdrawal = _locked(reserved) if reserved else _unannounced(player, rail, amount, move)
    before = State(withdrawal.state)
    if reserved is not None and before == State.PAID:
        return withdrawal
    has_reserve = reserved is not None and not withdrawal.is_final
    withdrawal.unasked = before in {State.REQUESTED, State.APPROVED} or not has_reserve
    if reserved is not None:
        withdrawal.move_to(State.PAID)
    withdrawal.txid = move.psp_ref[:128] or withdrawal.txid
    withdrawal.error = ""
    withdrawal.due_at = None
    withdrawal.finished_at = withdrawal.updated_at = now()
    withdrawal.save()
    if has_reserve:
        _pay_reserved(withdrawal, amount)
    else:
        _force(withdrawal, amount, f"withdrawal:{withdrawal.pk}:late")
    audit.record(
        "withdrawal.paid",
        actor=f"partner:{move.provider}",
        subject=withdrawal,
        before={"state": before},
        after={
            "state": State.PAID,
            "amount": amount.text,
            "currency": amount.currency.code,
            "outside_ref": move.outside_ref,
            "unasked": withdrawal.unasked,
        },
    )
    words = "Paid" if has_reserve else "Paid after all, taken from your balance"
    add_step(
        withdrawal, Holder.NOBODY, words if amount == withdrawal.money else f"{words}: {amount}"
    )
    _publish(WithdrawalPaid, withdrawal)
    if withdrawal.unasked:
        _alarm(withdrawal, "withdrawal.unasked", f"was paid though it was {before}")
    return withdrawal


def let_go(reserved: Withdrawal, move: GatewayMove) -> None:
    """Give back what was reserved for a payout that will not happen."""
    withdrawal = _locked(reserved)
    if withdrawal.is_final:
        return
    withdrawal.move_to(State.RELEASED)
    withdrawal.error = move.words[:255]
    withdrawal.due_at = None
    withdrawal.finished_at = withdrawal.updated_at = now()
    withdrawal.save()
    movements.withdrawal_released(
        player_id=withdrawal.player_id,
        amount=withdrawal.money,
        key=f"withdrawal:{withdrawal.pk}:release",
        withdrawal_id=withdrawal.pk,
    )
    audit.record(
        "withdrawal.released",
        actor=f"partner:{move.provider}",
        subject=withdrawal,
        after={"state": withdrawal.state, "amount": withdrawal.money.text},
        reason=withdrawal.error,
    )
    words = "It was not completed, the money is back in your balance"
    add_step(withdrawal, Holder.NOBODY, words)
    _publish(WithdrawalReleased, withdrawal)


def came_back(
    withdrawal: Withdrawal | None, *, player: Player, amount: Money, move: GatewayMove
) -> int | None:
    """Credit a payout that had left and came back; the number of its journal entry."""
    result = movements.withdrawal_returned(
        partner=move.provider,
        player_id=player.pk,
        amount=amount,
        key=f"return:{move.outside_ref}",
        withdrawal_id=withdrawal.pk if withdrawal else 0,
    )
    subject: Model = withdrawal or player
    audit.record(
        "withdrawal.returned",
        actor=f"partner:{move.provider}",
        subject=subject,
        after={"amount": amount.text, "outside_ref": move.outside_ref},
    )
    if withdrawal:
        add_step(withdrawal, Holder.NOBODY, f"It came back: {amount} are in your balance")
    return result.entry_id


def take(player: Player, provider: str, amount: Money, key: str) -> Money:
    """Take what a gateway took back for a payment that is not ours; what is owed afterwards."""
    result = movements.deposit_reversed(
        partner=provider, player_id=player.pk, amount=amount, key=key, deposit_id=0
    )
    return max(Money.zero(amount.currency), -result.balance)


def _pay_reserved(withdrawal: Withdrawal, amount: Money) -> None:
    """Pay out of the reserve and give back the rest, in one payout of what has left.

    More than the reserve comes out of the balance whole, after the reserve went back to it.
    """
    reserved = withdrawal.money
    if amount <= reserved:
        movements.withdrawal_paid(
            partner=withdrawal.provider,
            player_id=withdrawal.player_id,
            amount=amount,
            key=f"withdrawal:{withdrawal.pk}:paid",
            withdrawal_id=withdrawal.pk,
        )
    if amount != reserved:
        movements.withdrawal_released(
            player_id=withdrawal.player_id,
            amount=reserved - amount if amount < reserved else reserved,
            key=f"withdrawal:{withdrawal.pk}:release",
            withdrawal_id=withdrawal.pk,
        )
    if amount > reserved:
        _force(withdrawal, amount, f"withdrawal:{withdrawal.pk}:more")
    if amount != reserved:
        _alarm(
            withdrawal, "withdrawal.other_amount", f"left with {amount}, reserved were {reserved}"
        )


def _force(withdrawal: Withdrawal, amount: Money, key: str) -> None:
    result = movements.withdrawal_forced(
        partner=withdrawal.provider,
        player_id=withdrawal.player_id,
        amount=amount,
        key=key,
        withdrawal_id=withdrawal.pk,
    )
    if result.balance < Money.zero(amount.currency):
        _alarm(
            withdrawal,
            "withdrawal.receivable",
            f"took more than there was: {-result.balance} are owed",
        )


def _unannounced(player: Player, rail: Rail, amount: Money, move: GatewayMove) -> Withdrawal:
    """The row of a payout nobody asked us about."""
    at = now()
    return Withdrawal.objects.create(
        player=player,
        rail=rail,
        currency_id=rail.currency_id,
        provider=move.provider,
        amount=amount.major,
        method=move.method,
        account=_account(move),
        key=key_of(move),
        state=State.PAID,
        unasked=True,
        foreign_id=move.outside_ref,
        outside_ref=move.outside_ref,
        created_at=at,
        finished_at=at,
        updated_at=at,
    )


def _locked(withdrawal: Withdrawal) -> Withdrawal:
    return (
        Withdrawal.objects.select_for_update(of=("self",))
        .select_related("rail", "player")
        .get(pk=withdrawal.pk)
    )


def _alarm(withdrawal: Withdrawal, code: str, problem: str) -> None:
    raise_alarm(
        code,
        subject=withdrawal.public_id,
        message=f"Withdrawal {withdrawal.public_id} {problem}.",
        severity="critical",
    )


def _publish(fact: type[WithdrawalEvent], withdrawal: Withdrawal) -> None:
    publish(
        fact(
            player_id=withdrawal.player_id,
            withdrawal_id=withdrawal.pk,
            public_id=withdrawal.public_id,
            amount=withdrawal.money.text,
            currency=withdrawal.currency_id,
        )
    )
