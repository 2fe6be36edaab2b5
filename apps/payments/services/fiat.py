"""Gateways that ask before money moves and tell afterwards: authorize, settle, cancel.

The gateway's id of a transaction is its identity for ever, and the lock under which it is handled.
What has moved is always booked, also what we had refused, never heard of, or cannot cover: then
somebody is alarmed. The sign of an amount says whose money it is; names only help.
"""

from dataclasses import dataclass

import structlog
from django.db import connection, transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import DomainError, InvalidAmount
from apps.core.money import Money
from apps.events.bus import publish
from apps.ledger import selectors as ledger
from apps.limits.services import hold
from apps.payments import limits
from apps.payments.errors import (
    AlreadyFinished,
    ContradictsItself,
    DepositRefused,
    RailUnavailable,
    ReferenceReused,
    SessionInvalid,
    UnknownPayment,
    UnknownPlayer,
)
from apps.payments.events import DepositCancelled
from apps.payments.history import add_step
from apps.payments.models import Deposit, GatewayTransaction, PaymentStep, Rail, Withdrawal
from apps.payments.providers.base import GatewayMove, TransactionKind
from apps.payments.services import cashier, deposits, fiat_payouts

log = structlog.get_logger()

Holder = PaymentStep.Holder
Kind = GatewayTransaction.Kind
State = GatewayTransaction.State
LOCK_SPACE = 0x66696174  # one of our own among PostgreSQL's advisory locks


@dataclass(frozen=True)
class Verdict:
    """What the gateway is told. receipt: our id of it. refusal: why not; None for yes."""

    receipt: str
    refusal: DomainError | None = None


@transaction.atomic
def authorize(move: GatewayMove) -> Verdict:
    """Say whether a transaction may happen; a payout is reserved with the yes.

    The same question gets the same answer, also when it is no.
    """
    _lock(move)
    row = _row(move)
    if row is not None:
        return _authorized_again(row, move)
    player = _player(move)
    row = _new_row(move, player, State.AUTHORIZED)
    try:
        with transaction.atomic():
            _permit(row, move)
    except DomainError as refused:
        return _refused(row, move, refused)
    row.save()
    return Verdict(row.receipt)


@transaction.atomic
def settle(move: GatewayMove) -> Verdict:
    """Book a transaction whose money has moved. It is refused only when it cannot be true.

    Raises UnknownPayment for a player we do not know (yet), InvalidAmount, UnknownCurrency.
    """
    _lock(move)
    _money(move)
    row = _row(move)
    player = _player(move)
    if player is None:
        raise UnknownPayment(f"No player has the id {move.player_ref}")
    if row is None:
        row = _new_row(move, player, State.REFUSED)
        row.refusal = "unannounced"
        _alarm(row, "gateway.unannounced", "moved money that was never asked for; it is booked")
    elif problem := _mismatch(row, move, player):
        _alarm(row, "gateway.contradiction", f"{problem}; nothing was booked")
        return Verdict(row.receipt, ReferenceReused())
    elif row.state == State.SETTLED:
        if row.booked != move.amount:
            _alarm(
                row,
                "gateway.contradiction",
                f"is reported with {move.amount} after {row.booked} was booked; nothing more was",
            )
        return Verdict(row.receipt)
    elif row.state != State.AUTHORIZED:
        _alarm(row, "gateway.moved_after_all", f"was {row.state} and has moved money; it is booked")
    elif row.amount != move.amount:
        log.info("fiat.other_amount", transaction=str(row), asked=row.amount, moved=move.amount)
    row.player = player
    _book(row, move, player)
    return Verdict(row.receipt)


@transaction.atomic
def cancel(move: GatewayMove) -> Verdict:
    """Let go of a transaction that will not happen: release what was reserved, exactly that.

    One we never heard of is remembered, so that a question that comes late gets a no.
    """
    _lock(move)
    row = _row(move)
    if row is None:
        row = _new_row(move, _player(move), State.CANCELLED)
        row.refusal = "cancelled_first"
        row.save()
        return Verdict(row.receipt)
    if row.player is not None and row.player.public_id != move.player_ref:
        _alarm(row, "gateway.contradiction", f"is cancelled for {move.player_ref}; nothing changed")
        return Verdict(row.receipt, ReferenceReused())
    if row.state == State.SETTLED:
        _alarm(row, "gateway.contradiction", "is cancelled after its money moved; nothing changed")
    if row.state not in {State.AUTHORIZED, State.REFUSED}:
        return Verdict(row.receipt)
    row.move_to(State.CANCELLED)
    row.updated_at = now()
    row.save()
    _let_go(row, move)
    return Verdict(row.receipt)


# ---- may it happen? ------------------------------------------------------------------------------


def _authorized_again(row: GatewayTransaction, move: GatewayMove) -> Verdict:
    if row.state in {State.SETTLED, State.CANCELLED}:
        return Verdict(row.receipt, AlreadyFinished())
    if problem := _difference(row, move):
        _alarm(row, "gateway.contradiction", f"{problem}; it was refused")
        return Verdict(row.receipt, ReferenceReused())
    if row.state == State.REFUSED:
        again = DomainError()
        again.code = row.refusal
        return Verdict(row.receipt, again)
    return Verdict(row.receipt)


def _permit(row: GatewayTransaction, move: GatewayMove) -> None:
    """Raise the reason why not, or do what belongs to a yes."""
    player = row.player
    if player is None:
        raise UnknownPlayer
    amount = _money(move)
    if _contradicts_itself(row, move):
        raise ContradictsItself
    if row.kind in {Kind.DEPOSIT, Kind.WITHDRAWAL} and cashier.has_ended(player, row.kind):
        raise SessionInvalid
    if row.kind == Kind.DEPOSIT:
        _permit_deposit(row, move, player, amount)
    elif row.kind == Kind.WITHDRAWAL:
        row.withdrawal = fiat_payouts.reserve(
            player=player, rail=_rail(move), amount=-amount, move=move
        )
        row.receipt = row.withdrawal.public_id
    else:
        # Refunds, reversals and chargebacks happen whether we like it or not: a no would only make
        # the provider try again. What they take may exceed the balance.
        row.deposit, row.withdrawal = _origin(move)
        if row.deposit is None and row.withdrawal is None:
            _alarm(row, "gateway.unknown_origin", f"undoes {move.origin_ref!r}, which is not ours")
        row.receipt = _receipt_of(row)


def _permit_deposit(
    row: GatewayTransaction, move: GatewayMove, player: Player, amount: Money
) -> None:
    rail = _rail(move)
    if not player.is_active or not rail.enabled or not rail.takes_deposits:
        raise RailUnavailable
    hold(player.pk)
    if problem := limits.deposit_problem(player, rail, amount, move.method):
        raise DepositRefused(problem)
    row.deposit = _open_deposit(player, move, rail, amount)
    row.receipt = row.deposit.public_id
    add_step(row.deposit, Holder.GATEWAY, "Started with the payment provider")


def _refused(row: GatewayTransaction, move: GatewayMove, refused: DomainError) -> Verdict:
    """Remember the no; a deposit attempt that we refuse is one that failed."""
    row.state = State.REFUSED
    row.deposit = row.withdrawal = None
    row.refusal = (refused.limit if isinstance(refused, DepositRefused) else refused.code)[:64]
    row.save()
    if isinstance(refused, UnknownPlayer | InvalidAmount | ContradictsItself):
        _alarm(row, "gateway.refused", f"was refused: {refused.code} ({move.player_ref})")
    elif row.kind == Kind.DEPOSIT and row.player and not isinstance(refused, SessionInvalid):
        limits.deposit_failed(row.player, _rail_or_none(move), row.refusal)
    return Verdict(row.receipt, refused)


# ---- it has happened -----------------------------------------------------------------------------


def _book(row: GatewayTransaction, move: GatewayMove, player: Player) -> None:
    """Move the money of one transaction, whatever we had said to it."""
    amount = _money(move)
    if _contradicts_itself(row, move):
        _alarm(
            row,
            "gateway.contradiction",
            f"is called {move.name} and has the amount {move.amount}; the sign was booked",
        )
    row.move_to(State.SETTLED)
    row.booked = amount.major
    row.psp_ref = move.psp_ref[:128] or row.psp_ref
    row.psp = move.psp[:64] or row.psp
    row.fee = move.fee
    row.updated_at = now()
    if row.kind == Kind.DEPOSIT:
        _book_deposit(row, move, player, amount)
    elif row.kind == Kind.WITHDRAWAL:
        row.withdrawal = fiat_payouts.pay(
            row.withdrawal, player=player, rail=_rail(move), amount=-amount, move=move
        )
        row.receipt = row.withdrawal.public_id
    elif row.kind == Kind.RETURN:
        _book_return(row, move, player, amount)
    else:
        _book_taken_back(row, move, player, -amount)
    row.save()


def _book_deposit(
    row: GatewayTransaction, move: GatewayMove, player: Player, amount: Money
) -> None:
    if row.deposit is None:
        row.deposit = _open_deposit(player, move, _rail(move), amount)
        row.receipt = row.deposit.public_id
        if row.origin_ref:
            _alarm(row, "gateway.extra_payment", f"comes beside {row.origin_ref}; it is booked")
    deposit = deposits.locked_deposit(row.deposit.pk)
    deposit.gross = deposit.net = amount.major
    deposit.txid = move.psp_ref[:128] or deposit.txid
    deposit.psp_ref = move.psp_ref[:128] or deposit.psp_ref
    deposit.account = move.account[:64] or deposit.account
    deposits.arrived(deposit, amount)
    row.deposit, row.entry_id = deposit, deposit.entry_id
    if not deposit.player.is_active:
        _alarm(row, "deposit.contradiction", f"is for a {deposit.player.status} player")


def _book_taken_back(
    row: GatewayTransaction, move: GatewayMove, player: Player, amount: Money
) -> None:
    """A refund, reversal or chargeback: the deposit it is about pays, or the player does."""
    if row.deposit is None:
        row.deposit = _origin(move)[0]
    row.receipt = row.receipt or _receipt_of(row)
    key = f"reversal:{row.outside_ref}"
    if row.deposit is None or row.deposit.player_id != player.pk:
        row.deposit = None
        debt = fiat_payouts.take(player, move.provider, amount, key)
        _alarm(
            row,
            "gateway.unknown_origin",
            f"took {amount} for {move.origin_ref!r}, not ours; booked",
        )
    else:
        deposit = deposits.locked_deposit(row.deposit.pk)
        debt = deposits.taken_back(
            deposit, amount=amount, key=key, is_refund=row.kind == Kind.REFUND
        )
        row.deposit = deposit
    audit.record(
        f"deposit.{row.kind}",
        actor=f"partner:{move.provider}",
        subject=row.deposit or player,
        after={
            "amount": amount.text,
            "currency": amount.currency.code,
            "outside_ref": move.outside_ref,
            "origin_ref": move.origin_ref,
            "owed": debt.text,
        },
    )
    if row.kind != Kind.REFUND:
        _alarm(row, f"deposit.{row.kind}", f"took {amount} back; {debt} are owed")


def _book_return(row: GatewayTransaction, move: GatewayMove, player: Player, amount: Money) -> None:
    row.withdrawal = row.withdrawal or _origin(move)[1]
    row.receipt = row.receipt or _receipt_of(row)
    row.entry_id = fiat_payouts.came_back(row.withdrawal, player=player, amount=amount, move=move)
    _alarm(row, "withdrawal.returned", f"brought {amount} back to the player", severity="warning")


# ---- it will not happen --------------------------------------------------------------------------


def _let_go(row: GatewayTransaction, move: GatewayMove) -> None:
    if row.kind == Kind.WITHDRAWAL and row.withdrawal is not None:
        fiat_payouts.let_go(row.withdrawal, move)
    elif row.kind == Kind.DEPOSIT and row.deposit is not None:
        deposit = deposits.locked_deposit(row.deposit.pk)
        if deposit.state != Deposit.State.PENDING:
            return
        deposit.move_to(Deposit.State.CANCELLED)
        deposit.error = move.words[:255]
        deposit.updated_at = now()
        deposit.save()
        audit.record(
            "deposit.cancelled",
            actor=f"partner:{move.provider}",
            subject=deposit,
            after={"outside_ref": deposit.outside_ref, "error": deposit.error},
        )
        add_step(deposit, Holder.NOBODY, "The payment was not completed")
        publish(
            DepositCancelled(
                player_id=deposit.player_id,
                deposit_id=deposit.pk,
                public_id=deposit.public_id,
                amount=deposit.money.text,
                currency=deposit.currency_id,
            )
        )
        limits.deposit_failed(deposit.player, deposit.rail, move.words or "cancelled")


# ---- rows ----------------------------------------------------------------------------------------


def _lock(move: GatewayMove) -> None:
    """One call about a transaction at a time, also before there is a row to lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))",
            [LOCK_SPACE, f"{move.provider} {move.outside_ref}"],
        )


def _row(move: GatewayMove) -> GatewayTransaction | None:
    return (
        GatewayTransaction.objects.select_for_update(of=("self",))
        .select_related("player", "deposit", "withdrawal")
        .filter(provider=move.provider, outside_ref=move.outside_ref)
        .first()
    )


def _new_row(move: GatewayMove, player: Player | None, state: str) -> GatewayTransaction:
    at = now()
    return GatewayTransaction(
        provider=move.provider,
        outside_ref=move.outside_ref,
        origin_ref=move.origin_ref,
        kind=_kind(move),
        state=state,
        player=player,
        currency=move.code,
        amount=move.amount,
        method=move.method,
        name=move.name[:64],
        psp=move.psp[:64],
        psp_ref=move.psp_ref[:128],
        created_at=at,
        updated_at=at,
    )


def _kind(move: GatewayMove) -> Kind:
    """What it is: by its sign first, then by what it refers to, then by its name."""
    _, withdrawal = _origin(move)
    if move.amount > 0:
        is_return = withdrawal is not None and move.kind is not TransactionKind.DEPOSIT
        return Kind.RETURN if is_return else Kind.DEPOSIT
    if move.kind is TransactionKind.WITHDRAWAL:
        return Kind.WITHDRAWAL
    if move.kind is TransactionKind.CHARGEBACK:
        return Kind.CHARGEBACK
    return Kind.REFUND if move.kind is TransactionKind.REFUND else Kind.REVERSAL


def _contradicts_itself(row: GatewayTransaction, move: GatewayMove) -> bool:
    """Whether name and sign disagree, and no earlier transaction explains it."""
    if move.amount > 0:
        return move.kind is TransactionKind.WITHDRAWAL and row.kind != Kind.RETURN
    if move.kind in {TransactionKind.DEPOSIT, TransactionKind.OTHER}:
        return _origin(move)[0] is None
    return False


def _origin(move: GatewayMove) -> tuple[Deposit | None, Withdrawal | None]:
    """The payment an earlier transaction of this gateway made, of the same player."""
    if not move.origin_ref:
        return None, None
    found = (
        GatewayTransaction.objects.select_related("deposit__rail", "withdrawal__rail")
        .filter(
            provider=move.provider,
            outside_ref=move.origin_ref,
            player__public_id=move.player_ref,
            currency=move.code,
        )
        .first()
    )
    return (found.deposit, found.withdrawal) if found else (None, None)


def _open_deposit(player: Player, move: GatewayMove, rail: Rail, amount: Money) -> Deposit:
    at = now()
    return Deposit.objects.create(
        player=player,
        rail=rail,
        currency_id=rail.currency_id,
        provider=move.provider,
        outside_ref=move.outside_ref,
        amount=amount.major,
        gross=amount.major,
        net=amount.major,
        method=move.method,
        account=move.account[:64],
        psp=move.psp[:64],
        psp_ref=move.psp_ref[:128],
        created_at=at,
        updated_at=at,
    )


def _receipt_of(row: GatewayTransaction) -> str:
    """Our id of what undoes a payment: the payment's own, or the gateway's when it is not ours."""
    payment = row.deposit or row.withdrawal
    return payment.public_id if payment else f"tx-{row.outside_ref}"[:32]


def _player(move: GatewayMove) -> Player | None:
    return Player.objects.filter(public_id=move.player_ref).first()


def _rail(move: GatewayMove) -> Rail:
    """Raises RailUnavailable for a currency this gateway does not carry for us."""
    rail = _rail_or_none(move)
    if rail is None:
        raise RailUnavailable
    return rail


def _rail_or_none(move: GatewayMove) -> Rail | None:
    return Rail.objects.filter(provider=move.provider, provider_code=move.code).first()


def _money(move: GatewayMove) -> Money:
    """Raises UnknownCurrency, and InvalidAmount for nothing at all or too many digits."""
    rail = _rail_or_none(move)
    currency = rail.money_currency if rail else ledger.currency(move.code)
    amount = Money.from_major(move.amount, currency)
    if not amount:
        raise InvalidAmount
    return amount


def _difference(row: GatewayTransaction, move: GatewayMove) -> str:
    """What an announcement says otherwise than the first one with this id."""
    if row.player is None or row.player.public_id != move.player_ref:
        return f"comes again for {move.player_ref}"
    if row.currency != move.code:
        return f"comes again in {move.code}, first it was {row.currency}"
    if row.amount != move.amount:
        return f"comes again with {move.amount}, first it was {row.amount}"
    return ""


def _mismatch(row: GatewayTransaction, move: GatewayMove, player: Player) -> str:
    """Why money that moved cannot be the transaction we know by this id. Amounts may differ."""
    if row.player is not None and row.player_id != player.pk:
        return f"moved money for {move.player_ref}"
    if row.currency != move.code:
        return f"moved {move.code}, announced was {row.currency}"
    if (row.amount > 0) != (move.amount > 0):
        return f"moved {move.amount}, announced was {row.amount}"
    return ""


def _alarm(row: GatewayTransaction, code: str, problem: str, *, severity: str = "critical") -> None:
    raise_alarm(
        code,
        subject=f"{row.provider} {row.outside_ref}",
        message=f"Transaction {row.outside_ref} of {row.provider} ({row.name}) {problem}.",
        severity=severity,
    )
