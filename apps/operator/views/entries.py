"""One entry of the journal with everything it hangs on."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse

from apps.core.money import Money
from apps.games.models import GameSession, Round
from apps.integrations.models import InboxMessage
from apps.ledger.models import Entry, Kind, Operation, Partner, Purse
from apps.operator.pages import needs, page
from apps.payments.models import Deposit, Withdrawal
from apps.treasury.models import Adjustment

CALLBACKS_MAX = 5
CALLBACKS_READ_MAX = 50
# How far away in the journal the other entries of a round are looked for.
ROUND_REACH = 10_000
OUTSIDE_ID_MAX = 255
PLAY = {Kind.BET, Kind.WIN, Kind.ROLLBACK}
WITHDRAWAL = {Kind.WITHDRAWAL_RESERVED, Kind.WITHDRAWAL_PAID, Kind.WITHDRAWAL_RELEASED}


@dataclass(frozen=True)
class Posting:
    """One side of an entry."""

    book: str
    name: str
    amount: Money


@needs("ledger.view_entry")
def show(request: HttpRequest, entry_id: int) -> HttpResponse:
    entry = (
        Entry.objects.select_related("wallet__currency", "wallet__player", "account", "partner")
        .filter(pk=entry_id)
        .first()
    )
    if entry is None:
        raise Http404
    currency = entry.wallet.currency.as_money_currency()
    amount = Money.from_major(entry.amount, currency)
    return page(
        request,
        "operator/entry.html",
        title=f"Entry {entry.pk}",
        entry=entry,
        amount=amount,
        balance_after=Money.from_major(entry.balance_after, currency),
        postings=[
            Posting(
                "Player wallet",
                f"{entry.wallet.player.display_name}, {Purse(entry.wallet.purse).label.lower()}",
                amount,
            ),
            Posting("House account", entry.account.name, -amount),
        ],
        operation_state=_operation_state(entry),
        reversed_by=_reversal(entry),
        round=_round(entry),
        session=_session(entry),
        deposit=_deposit(entry),
        withdrawal=_withdrawal(entry),
        adjustment=_adjustment(entry),
        callbacks=_callbacks(request, entry),
        mac=bytes(entry.mac).hex(),
        link=bytes(entry.link).hex(),
    )


@needs("ledger.view_operation")
def operations(request: HttpRequest) -> HttpResponse:
    """Find a partner's operation by its id, and the one effect it had."""
    outside_id = request.GET.get("q", "").strip().replace("\x00", "")[:OUTSIDE_ID_MAX]
    found = (
        Operation.objects.filter(
            partner_id__in=Partner.objects.values("pk"), outside_id=outside_id
        ).select_related("partner")
        if outside_id
        else []
    )
    rows = [(operation, Operation.State(operation.state).label) for operation in found]
    return page(request, "operator/operations.html", title="Operations", rows=rows, q=outside_id)


def _operation_state(entry: Entry) -> str:
    found = Operation.objects.filter(
        partner_id=entry.partner_id, outside_id=entry.outside_id
    ).first()
    return Operation.State(found.state).label if found else ""


def _reversal(entry: Entry) -> Entry | None:
    """The later entry of the same wallet that takes this one back."""
    return Entry.objects.filter(
        wallet_id=entry.wallet_id, pk__gt=entry.pk, reverses_id=entry.pk
    ).first()


def _round(entry: Entry) -> Round | None:
    if not entry.round_ref:
        return None
    return (
        Round.objects.filter(
            partner_id=entry.partner_id, wallet_id=entry.wallet_id, round_ref=entry.round_ref
        )
        .select_related("game")
        .first()
    )


def _session(entry: Entry) -> GameSession | None:
    if entry.kind not in PLAY or entry.source_id is None:
        return None
    return GameSession.objects.filter(pk=entry.source_id).select_related("game").first()


def _deposit(entry: Entry) -> Deposit | None:
    if entry.kind != Kind.DEPOSIT or entry.source_id is None:
        return None
    return Deposit.objects.filter(pk=entry.source_id).first()


def _withdrawal(entry: Entry) -> Withdrawal | None:
    if entry.kind not in WITHDRAWAL or entry.source_id is None:
        return None
    return Withdrawal.objects.filter(pk=entry.source_id).first()


def _adjustment(entry: Entry) -> Adjustment | None:
    if entry.kind != Kind.ADJUSTMENT or entry.source_id is None:
        return None
    return Adjustment.objects.filter(pk=entry.source_id).select_related("proposal").first()


def _callbacks(request: HttpRequest, entry: Entry) -> list[InboxMessage]:
    """The raw messages kept under the id that the partner gave this operation or its payment.

    A call with several actions is kept under its first one, so the round's other ids are tried
    too, and count when the message names this operation.
    """
    if not request.user.has_perm("integrations.view_inboxmessage"):
        return []
    own = {entry.outside_id}
    if deposit := _deposit(entry):
        own.add(deposit.outside_ref)
    if withdrawal := _withdrawal(entry):
        own |= {withdrawal.outside_ref, withdrawal.foreign_id or ""}
    own.discard("")
    found = InboxMessage.objects.filter(outside_ref__in=own | _ids_of_round(entry))
    named = entry.outside_id.encode()
    return [
        message
        for message in found.order_by("-pk")[:CALLBACKS_READ_MAX]
        if message.outside_ref in own or named in bytes(message.body)
    ][:CALLBACKS_MAX]


def _ids_of_round(entry: Entry) -> set[str]:
    if not entry.round_ref:
        return set()
    near = Entry.objects.filter(
        wallet_id=entry.wallet_id,
        round_ref=entry.round_ref,
        pk__range=(entry.pk - ROUND_REACH, entry.pk + ROUND_REACH),
    )
    return set(near.order_by("pk").values_list("outside_id", flat=True)[:CALLBACKS_READ_MAX])
