"""Giving out deposit addresses, and what becomes of money that arrives.

It is credited, or held where a limit is in the way; held money is released or sent back by staff.
What a provider takes back later is taken from the balance, even below zero: the debt stays visible.
"""

from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import Forbidden, InvalidInput, NotFound
from apps.core.money import Money
from apps.events.bus import publish
from apps.integrations.errors import ProviderError
from apps.ledger import selectors as ledger
from apps.limits.services import hold
from apps.payments import limits, selectors
from apps.payments.addresses import spellings
from apps.payments.errors import (
    GatewayUnavailable,
    NotHeld,
    OwnRequest,
    RailUnavailable,
    UnknownPayment,
)
from apps.payments.events import (
    DepositCancelled,
    DepositConfirmed,
    DepositEvent,
    DepositHeld,
    DepositRefunded,
    DepositReversed,
    DepositSeen,
)
from apps.payments.history import add_step, tell
from apps.payments.identity import person_of
from apps.payments.models import Deposit, DepositAddress, GatewayOrder, PaymentStep, Rail
from apps.payments.providers.base import DepositReport, DepositStatus
from apps.payments.providers.registry import gateway
from apps.risk import origins
from apps.wallet import movements
from apps.wallet.services import open_wallet

Holder = PaymentStep.Holder
State = Deposit.State
REASON_MAX = 255


def take_address(*, player: Player, rail: Rail) -> DepositAddress:
    """The player's address of this rail, asked from the gateway the first time.

    The gateway gives a new address for every call, so it is asked once; when two requests meet,
    both get the address that was kept first and the other one is never shown to anybody.
    Raises RailUnavailable, DepositsStopped, NameNeeded, GatewayUnavailable.
    """
    if rail.is_fiat or not rail.enabled or not player.is_active:
        raise RailUnavailable
    limits.require_open(player)
    if earlier := selectors.address_of(player, rail):
        return earlier
    try:
        taken = gateway(rail.provider).take_address(
            provider_code=rail.provider_code,
            player_ref=player.public_id,
            coin_code=rail.coin_code,
            sender=person_of(player),
        )
    except ProviderError as error:
        raise GatewayUnavailable from error
    try:
        with transaction.atomic():
            address = DepositAddress.objects.create(
                player=player,
                rail=rail,
                provider=rail.provider,
                address=taken.address,
                tag=taken.tag,
                outside_ref=taken.outside_ref,
                created_at=now(),
            )
            audit.record(
                "deposit_address.taken",
                actor=player,
                subject=address,
                after={"rail": rail.code, "address": address.address, "tag": address.tag},
            )
    except IntegrityError:
        if earlier := selectors.address_of(player, rail):
            return earlier
        raise
    return address


@transaction.atomic
def apply_report(report: DepositReport) -> None:
    """Act on what the gateway says about one deposit; the same report again does nothing.

    `report.outside_ref` is the only identity: two payments to one address look alike otherwise.
    What contradicts a final state is kept, raises an alarm, and moves no money.
    Raises UnknownPayment, UnknownCurrency.
    """
    address = _address(report)
    if report.status is DepositStatus.UNRECOGNISED:
        _alarm(report, f"says {report.raw_status!r}, which we do not know")
        return
    deposit, is_new = _row(report, address)
    if problem := _contradiction(deposit, report, address):
        _alarm(report, problem)
        return
    match report.status:
        case DepositStatus.SEEN if is_new:
            add_step(deposit, Holder.NETWORK, f"Seen on {deposit.rail.network}")
            _publish(DepositSeen, deposit)
        case DepositStatus.SEEN if deposit.state == State.PENDING:
            _note_progress(deposit, report)
        case DepositStatus.CONFIRMED if deposit.state == State.PENDING:
            _confirm(deposit, report)
        case DepositStatus.CANCELLED if deposit.state == State.PENDING:
            _cancel(deposit, report)


def arrived(deposit: Deposit, amount: Money) -> None:
    """Book money that the gateway has made final: into the balance, or held against a limit.

    deposit: locked, not yet booked. What was taken back before it arrived is not held.
    """
    problem = origin = ""
    if amount and not deposit.reversed_amount:
        # A limit or a break that is being set is waited for: what it stops is held.
        hold(deposit.player_id)
        origin = origins.refusal(currency=deposit.currency_id, riskscore=deposit.riskscore)
        problem = origin or limits.deposit_problem(
            deposit.player, deposit.rail, amount, deposit.method, deposit_id=deposit.pk
        )
    deposit.amount = amount.major
    deposit.held_because = problem[:64]
    deposit.move_to(State.HELD if problem else State.CONFIRMED)
    deposit.confirmed_at = deposit.updated_at = now()
    deposit.error = ""
    if amount:
        deposit.entry_id = _booked(deposit, amount, is_held=bool(problem)).entry_id
    if deposit.state == State.CONFIRMED and amount and deposit.reversed_amount >= deposit.amount:
        deposit.move_to(State.REVERSED)
    deposit.save()
    audit.record(
        "deposit.held" if problem else "deposit.confirmed",
        actor=f"partner:{deposit.provider}",
        subject=deposit,
        after={
            "amount": amount.text,
            "currency": deposit.currency_id,
            "outside_ref": deposit.outside_ref,
            "txid": deposit.txid,
            "held_because": problem,
        },
    )
    if origin:
        origins.held(
            deposit.player_id,
            public_id=deposit.public_id,
            amount=str(amount),
            because=origin,
            riskscore=deposit.riskscore,
        )
    if problem:
        add_step(deposit, Holder.TEAM, "Arrived, our payments team looks at it")
        _publish(DepositHeld, deposit)
    else:
        add_step(deposit, Holder.NOBODY, "Confirmed and credited")
        _publish(DepositConfirmed, deposit)


def _booked(deposit: Deposit, amount: Money, *, is_held: bool) -> movements.Result:
    key = f"deposit:{deposit.outside_ref}"
    if is_held:
        return movements.deposit_held(
            partner=deposit.provider,
            player_id=deposit.player_id,
            amount=amount,
            key=key,
            deposit_id=deposit.pk,
        )
    wallet = open_wallet(player_id=deposit.player_id, currency_code=deposit.currency_id)
    return movements.deposit_confirmed(
        partner=deposit.provider,
        wallet_id=wallet.pk,
        amount=amount,
        key=key,
        deposit_id=deposit.pk,
    )


@transaction.atomic
def release(deposit: Deposit, by: User, reason: str) -> Deposit:
    """Let a held deposit into the balance.

    Raises NotHeld, OwnRequest, Forbidden, InvalidInput, DepositsStopped, DepositOverLimit.
    """
    locked = _held(deposit, by, reason)
    hold(locked.player_id)
    # Staff decide against our own rules, not against what the player or the law has set.
    limits.require_room(locked.player, locked.held_money)
    result = movements.deposit_released(
        player_id=locked.player_id,
        amount=locked.held_money,
        key=f"deposit:{locked.pk}:release",
        deposit_id=locked.pk,
    )
    locked.move_to(State.CONFIRMED)
    locked.entry_id = result.entry_id
    locked.updated_at = now()
    locked.save()
    audit.record(
        "deposit.released",
        actor=by,
        subject=locked,
        before={"state": State.HELD, "held_because": locked.held_because},
        after={"state": locked.state, "amount": locked.held_money.text},
        reason=reason.strip()[:REASON_MAX],
    )
    add_step(locked, Holder.NOBODY, "Released by our payments team, it is in your balance")
    _publish(DepositConfirmed, locked, was_held=True)
    return locked


@transaction.atomic
def refund(deposit: Deposit, by: User, reason: str, *, proof: str = "") -> Deposit:
    """Send a held deposit back to where it came from.

    A gateway that can do it is ordered to, and the money stays held until it says that it has.
    proof: where no gateway can, the transaction by which it was sent back; booked at once.
    Raises NotHeld, OwnRequest, Forbidden, InvalidInput.
    """
    locked = _held(deposit, by, reason)
    amount = locked.held_money
    proof = proof.strip()
    if locked.rail.is_fiat:
        GatewayOrder.objects.create(
            provider=locked.provider,
            kind=GatewayOrder.Kind.REFUND,
            outside_ref=locked.outside_ref,
            amount=amount.major,
            currency=locked.currency_id,
            deposit=locked,
            due_at=now(),
            created_at=now(),
        )
        add_step(locked, Holder.GATEWAY, "Being sent back to where it came from")
    elif not proof:
        raise InvalidInput(fields={"proof": "Name the transaction that sent it back."})
    audit.record(
        "deposit.refund_ordered" if locked.rail.is_fiat else "deposit.refunded",
        actor=by,
        subject=locked,
        before={"state": locked.state, "held_because": locked.held_because},
        after={"amount": amount.text, "proof": proof},
        reason=reason.strip()[:REASON_MAX],
    )
    if not locked.rail.is_fiat:
        locked.txid = locked.txid or proof[:128]
        taken_back(locked, amount=amount, key=f"deposit:{locked.pk}:refund", is_refund=True)
    return locked


def taken_back(deposit: Deposit, *, amount: Money, key: str, is_refund: bool) -> Money:
    """Take money of a deposit out again: it went back to the payer, whatever is left of it.

    deposit: locked. Held money goes first; the rest comes out of the balance, even below zero.
    Returns what the player's balance owes afterwards; zero when it owes nothing.
    """
    held = deposit.held_money if deposit.state == State.HELD else Money.zero(amount.currency)
    from_held = min(held, amount)
    from_cash = amount - from_held
    debt = Money.zero(amount.currency)
    if from_held:
        movements.deposit_refunded(
            partner=deposit.provider,
            player_id=deposit.player_id,
            amount=from_held,
            key=f"{key}:held",
            deposit_id=deposit.pk,
        )
    if from_cash:
        result = movements.deposit_reversed(
            partner=deposit.provider,
            player_id=deposit.player_id,
            amount=from_cash,
            key=key,
            deposit_id=deposit.pk,
        )
        debt = max(debt, -result.balance)
    deposit.reversed_amount += amount.major
    deposit.updated_at = now()
    is_all = deposit.reversed_amount >= deposit.amount
    if is_all and deposit.state in {State.HELD, State.CONFIRMED}:
        deposit.move_to(State.REFUNDED if is_refund else State.REVERSED)
    deposit.save()
    words = "Sent back to where it came from" if is_refund else "Taken back by the provider"
    add_step(deposit, Holder.NOBODY, words if is_all else f"{words}: {amount}")
    _publish(
        DepositRefunded if is_refund else DepositReversed,
        deposit,
        amount=amount.text,
        owed=debt.text if debt else "",
    )
    if deposit.reversed_amount > deposit.amount:
        _owing(deposit, "deposit.contradiction", "has more taken back than ever arrived")
    if debt:
        _owing(deposit, "deposit.receivable", f"was spent and taken back: {debt} are owed")
    return debt


def locked_deposit(pk: int) -> Deposit:
    """The row as it is now, held until the commit."""
    return (
        Deposit.objects.select_for_update(of=("self",)).select_related("rail", "player").get(pk=pk)
    )


def _held(deposit: Deposit, by: User, reason: str) -> Deposit:
    """A deposit on which nobody has decided yet, locked for whoever does it now."""
    if not by.is_staff:
        raise Forbidden
    if by.pk == deposit.player_id:
        raise OwnRequest
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    if not Deposit.objects.filter(pk=deposit.pk).exists():
        raise NotFound
    locked = locked_deposit(deposit.pk)
    if locked.state != State.HELD or locked.orders.exists():
        raise NotHeld
    return locked


def _owing(deposit: Deposit, code: str, problem: str) -> None:
    raise_alarm(
        code,
        subject=deposit.public_id,
        message=f"Deposit {deposit.public_id} of {deposit.player} {problem}.",
        severity="critical",
    )


def _confirm(deposit: Deposit, report: DepositReport) -> None:
    """Credit the player, once per payment of the gateway."""
    amount = _credit(report, deposit)
    if report.gross != deposit.gross:
        _alarm(report, f"confirms {report.gross} after announcing {deposit.gross}")
    _take_over(deposit, report)
    arrived(deposit, amount)
    if not amount:
        _alarm(report, "confirms an amount below our smallest unit; nothing was credited")
    if not deposit.player.is_active:
        _alarm(report, f"confirms money for a {deposit.player.status} player; it was booked")


def _cancel(deposit: Deposit, report: DepositReport) -> None:
    deposit.move_to(State.CANCELLED)
    deposit.error = report.error
    deposit.updated_at = now()
    deposit.save()
    audit.record(
        "deposit.cancelled",
        actor=f"partner:{deposit.provider}",
        subject=deposit,
        after={"outside_ref": deposit.outside_ref, "error": deposit.error},
    )
    add_step(deposit, Holder.NOBODY, report.error or "Cancelled by the network")
    _publish(DepositCancelled, deposit)


def _note_progress(deposit: Deposit, report: DepositReport) -> None:
    """More confirmations while it waits. Reports come in any order: never count back."""
    if report.confirmations > deposit.confirmations:
        deposit.confirmations = report.confirmations
        deposit.updated_at = now()
        deposit.save(update_fields=["confirmations", "updated_at"])
        tell(deposit)


def _row(report: DepositReport, address: DepositAddress) -> tuple[Deposit, bool]:
    """The row of this payment, locked, made when it is the first we hear of it."""
    currency = _currency_code(report)
    at = now()
    money = Money.from_major(report.credit, ledger.currency(currency), rounding="down")
    _, is_new = Deposit.objects.get_or_create(
        provider=report.provider,
        outside_ref=report.outside_ref,
        defaults={
            "player_id": address.player_id,
            "address": address,
            "rail": address.rail,
            "currency_id": currency,
            "amount": money.major,
            "gross": report.gross,
            "net": report.net,
            "confirmations": report.confirmations,
            "txid": report.txid[:128],
            "riskscore": report.riskscore[:32],
            "created_at": at,
            "updated_at": at,
        },
    )
    deposit = (
        Deposit.objects.select_for_update(of=("self",))
        .select_related("rail", "player")
        .get(provider=report.provider, outside_ref=report.outside_ref)
    )
    return deposit, is_new


def _contradiction(deposit: Deposit, report: DepositReport, address: DepositAddress) -> str | None:
    """Why a report cannot be true together with what we already act on."""
    if deposit.address is None or deposit.address_id != address.pk:
        return f"names another address than before ({deposit.address})"
    if deposit.currency_id != _currency_code(report):
        return f"names another coin than before ({deposit.currency_id})"
    match deposit.state, report.status:
        case (
            State.CONFIRMED | State.HELD | State.REFUNDED | State.REVERSED,
            DepositStatus.CANCELLED,
        ):
            return "cancels a deposit that was confirmed and booked"
        case State.CANCELLED, DepositStatus.CONFIRMED:
            return "confirms a deposit that was cancelled; nothing was credited"
        case (
            State.CONFIRMED | State.HELD | State.REFUNDED | State.REVERSED,
            DepositStatus.CONFIRMED,
        ) if report.gross != deposit.gross or report.net != deposit.net:
            return f"confirms {report.gross} again, first it was {deposit.gross}"
    return None


def _take_over(deposit: Deposit, report: DepositReport) -> None:
    deposit.gross = report.gross
    deposit.net = report.net
    deposit.confirmations = max(deposit.confirmations, report.confirmations)
    deposit.txid = report.txid[:128] or deposit.txid
    deposit.riskscore = report.riskscore[:32] or deposit.riskscore
    deposit.updated_at = now()


def _credit(report: DepositReport, deposit: Deposit) -> Money:
    """Towards zero to the wallet's precision; `gross` and `net` keep every digit."""
    return Money.from_major(report.credit, ledger.currency(deposit.currency_id), rounding="down")


def _address(report: DepositReport) -> DepositAddress:
    found = DepositAddress.objects.select_related("rail").filter(
        provider=report.provider, address__in=spellings(report.address), tag=report.tag
    )
    # A chain may give one text to several coins: the coin that arrived decides, if it can.
    matching = [one for one in found if one.rail.provider_code == report.provider_code]
    for one in matching or found:
        return one
    raise UnknownPayment(f"No player has the address {report.address} {report.tag}".strip())


def _currency_code(report: DepositReport) -> str:
    """The currency that arrived, which need not be the address's own. Raises UnknownCurrency."""
    rail = Rail.objects.filter(provider=report.provider, provider_code=report.provider_code).first()
    return rail.currency_id if rail else ledger.currency(report.provider_code).code


def _alarm(report: DepositReport, problem: str) -> None:
    raise_alarm(
        "deposit.contradiction",
        subject=f"{report.provider} {report.outside_ref}",
        message=f"Deposit {report.outside_ref}: {report.provider} {problem}.",
        severity="critical",
    )


def _publish(fact: type[DepositEvent], deposit: Deposit, **more: Any) -> None:
    """more: what this fact says beside or instead of what all facts about deposits say."""
    says = {
        "player_id": deposit.player_id,
        "deposit_id": deposit.pk,
        "public_id": deposit.public_id,
        "amount": deposit.money.text,
        "currency": deposit.currency_id,
    }
    publish(fact(**(says | more)))
