"""Giving out deposit addresses and crediting what arrives at them."""

from django.db import IntegrityError, transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.money import Money
from apps.events.bus import publish
from apps.integrations.errors import ProviderError
from apps.ledger import selectors as ledger
from apps.payments import selectors
from apps.payments.addresses import spellings
from apps.payments.errors import GatewayUnavailable, RailUnavailable, UnknownPayment
from apps.payments.events import DepositCancelled, DepositConfirmed, DepositEvent, DepositSeen
from apps.payments.history import add_step, tell
from apps.payments.models import Deposit, DepositAddress, PaymentStep, Rail
from apps.payments.providers.base import DepositReport, DepositStatus
from apps.payments.providers.registry import gateway
from apps.wallet import movements
from apps.wallet.services import open_wallet

Holder = PaymentStep.Holder
State = Deposit.State


def take_address(*, player: Player, rail: Rail) -> DepositAddress:
    """The player's address of this rail, asked from the gateway the first time.

    The gateway gives a new address for every call, so it is asked once; when two requests meet,
    both get the address that was kept first and the other one is never shown to anybody.
    Raises RailUnavailable, GatewayUnavailable.
    """
    if not rail.enabled or not player.is_active:
        raise RailUnavailable
    if earlier := selectors.address_of(player, rail):
        return earlier
    try:
        taken = gateway(rail.provider).take_address(
            provider_code=rail.provider_code, player_ref=player.public_id
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
        case DepositStatus.SEEN if not deposit.is_final:
            _note_progress(deposit, report)
        case DepositStatus.CONFIRMED if not deposit.is_final:
            _confirm(deposit, report)
        case DepositStatus.CANCELLED if not deposit.is_final:
            _cancel(deposit, report)


def _confirm(deposit: Deposit, report: DepositReport) -> None:
    """Credit the player, once per payment of the gateway."""
    amount = _credit(report, deposit)
    if report.gross != deposit.gross:
        _alarm(report, f"confirms {report.gross} after announcing {deposit.gross}")
    _take_over(deposit, report, amount)
    deposit.move_to(State.CONFIRMED)
    deposit.confirmed_at = deposit.updated_at
    if amount:
        wallet = open_wallet(player_id=deposit.player_id, currency_code=deposit.currency_id)
        result = movements.deposit_confirmed(
            partner=deposit.provider,
            wallet_id=wallet.pk,
            amount=amount,
            key=f"deposit:{deposit.outside_ref}",
            deposit_id=deposit.pk,
        )
        deposit.entry_id = result.entry_id
    else:
        _alarm(report, "confirms an amount below our smallest unit; nothing was credited")
    deposit.save()
    if not deposit.player.is_active:
        _alarm(report, f"confirms money for a {deposit.player.status} player; it was credited")
    audit.record(
        "deposit.confirmed",
        actor=f"partner:{deposit.provider}",
        subject=deposit,
        after={
            "amount": amount.text,
            "currency": deposit.currency_id,
            "outside_ref": deposit.outside_ref,
            "txid": deposit.txid,
        },
    )
    add_step(deposit, Holder.NOBODY, "Confirmed and credited")
    _publish(DepositConfirmed, deposit)


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
    if deposit.address_id != address.pk:
        return f"names another address than before ({deposit.address.address})"
    if deposit.currency_id != _currency_code(report):
        return f"names another coin than before ({deposit.currency_id})"
    match deposit.state, report.status:
        case State.CONFIRMED, DepositStatus.CANCELLED:
            return "cancels a deposit that was confirmed and credited"
        case State.CANCELLED, DepositStatus.CONFIRMED:
            return "confirms a deposit that was cancelled; nothing was credited"
        case State.CONFIRMED, DepositStatus.CONFIRMED if (
            report.gross != deposit.gross or report.net != deposit.net
        ):
            return f"confirms {report.gross} again, first it was {deposit.gross}"
    return None


def _take_over(deposit: Deposit, report: DepositReport, amount: Money) -> None:
    deposit.amount = amount.major
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


def _publish(fact: type[DepositEvent], deposit: Deposit) -> None:
    publish(
        fact(
            player_id=deposit.player_id,
            deposit_id=deposit.pk,
            public_id=deposit.public_id,
            amount=deposit.money.text,
            currency=deposit.currency_id,
        )
    )
