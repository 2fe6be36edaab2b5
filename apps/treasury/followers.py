"""Reads the journal for deposits that were taken back and for debts that are repaid."""

from collections.abc import Sequence
from decimal import Decimal

from apps.ledger.followers import Follower
from apps.ledger.models import Entry, Kind
from apps.ledger.selectors import currency_of_id
from apps.payments.models import Deposit, GatewayTransaction
from apps.treasury.models import Adjustment, Chargeback

State = Chargeback.State


class Chargebacks(Follower):
    """One `Chargeback` for each reversal, closed by the entry that brings the wallet to zero."""

    name = "chargebacks"

    def apply(self, entries: Sequence[Entry]) -> None:
        reversals = [entry for entry in entries if entry.kind == Kind.DEPOSIT_REVERSED]
        deposits = {
            row.pk: row
            for row in Deposit.objects.filter(pk__in={entry.source_id for entry in reversals})
        }
        origins = dict(
            GatewayTransaction.objects.filter(
                entry_id__in=[entry.pk for entry in reversals]
            ).values_list("entry_id", "kind")
        )
        owed = set(Chargeback.objects.filter(state=State.OWED).values_list("wallet_id", flat=True))
        for entry in entries:
            if entry.kind == Kind.DEPOSIT_REVERSED:
                made = _open(entry, deposits.get(entry.source_id or 0), origins.get(entry.pk, ""))
                if made.state == State.OWED:
                    owed.add(entry.wallet_id)
            elif entry.wallet_id in owed and entry.balance_after >= 0:
                _close(entry)


def _open(entry: Entry, deposit: Deposit | None, origin: str) -> Chargeback:
    # Before it the balance may have been below zero already; that part is not this one's.
    shortfall = min(max(-entry.balance_after, Decimal(0)), -entry.amount)
    made, _ = Chargeback.objects.get_or_create(
        entry_id=entry.pk,
        defaults={
            "player_id": entry.wallet.player_id,
            "deposit": deposit,
            "origin": origin,
            "provider": deposit.provider if deposit else "",
            "currency_id": currency_of_id(entry.wallet.currency_id).code,
            "amount": -entry.amount,
            "shortfall": shortfall,
            "wallet_id": entry.wallet_id,
            "state": State.OWED if shortfall else State.COVERED,
            "opened_at": entry.created_at,
            "closed_at": None if shortfall else entry.created_at,
        },
    )
    return made


def _close(entry: Entry) -> None:
    """The debt is gone: by a credit of the player's, or by a write-off of two people."""
    is_written_off = (
        entry.kind == Kind.ADJUSTMENT
        and Adjustment.objects.filter(
            pk=entry.source_id or 0, reason=Adjustment.Reason.WRITE_OFF
        ).exists()
    )
    Chargeback.objects.filter(
        wallet_id=entry.wallet_id, state=State.OWED, entry_id__lt=entry.pk
    ).update(
        state=State.WRITTEN_OFF if is_written_off else State.REPAID,
        closing_entry_id=entry.pk,
        closed_at=entry.created_at,
    )
