"""What payments tell the risk rules (`apps/risk/sources.py`). Reads only."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.money import Money
from apps.ledger.models import Entry, Kind, Purse
from apps.payments.limits import RETURNED
from apps.payments.models import Deposit, PayerName, SavedAddress, Withdrawal
from apps.rates import selectors as rates
from apps.risk.models import Trace
from apps.risk.sources import Mark, Payment

ROWS_MAX = 20_000
MARKS_MAX = 200
# What a provider took back did come in: a rule about coming and going has to see it.
ARRIVED = [Deposit.State.CONFIRMED, Deposit.State.HELD, Deposit.State.REVERSED]


class PaymentSource:
    def payments(
        self, player_ids: Sequence[int], *, since: datetime, until: datetime
    ) -> list[Payment]:
        deposits = list(
            Deposit.objects.filter(
                player_id__in=player_ids, state__in=ARRIVED,
                confirmed_at__gte=since, confirmed_at__lte=until, amount__gt=0,
            ).order_by("confirmed_at")[:ROWS_MAX]
        )  # fmt: skip
        withdrawals = list(
            Withdrawal.objects.filter(
                player_id__in=player_ids, created_at__gte=since, created_at__lte=until
            )
            .exclude(state__in=RETURNED)
            .order_by("created_at")[:ROWS_MAX]
        )
        entries = _reserving(withdrawals)
        worth = rates.worth_of(
            [one.entry_id for one in deposits if one.entry_id] + list(entries.values())
        )
        rows = [
            Payment(
                "in", one.public_id, one.player_id, one.confirmed_at or one.created_at,
                one.currency_id, one.amount, _value(one.money, one.entry_id, worth),
                one.entry_id, _instrument(one.rail_id, one.method, one.account),
            )
            for one in deposits
        ] + [
            Payment(
                "out", one.public_id, one.player_id, one.created_at, one.currency_id, one.amount,
                _value(one.money, entries.get(one.pk), worth), entries.get(one.pk),
                _instrument(one.rail_id, one.method, one.target),
            )
            for one in withdrawals
        ]  # fmt: skip
        return sorted(rows, key=lambda one: (one.at, one.public_id))

    def marks(self, player_id: int) -> list[Mark]:
        found = [
            Mark(Trace.Kind.PAYOUT_ADDRESS, address, _shortened(address), at)
            for address, at in _addresses(player_id)
        ]
        for method, account, txid, at in (
            Deposit.objects.filter(player_id=player_id, state__in=ARRIVED)
            .order_by("-id")
            .values_list("method", "account", "txid", "created_at")[:MARKS_MAX]
        ):
            if account:
                text = f"{method}:{account}"
                found.append(Mark(Trace.Kind.INSTRUMENT, text, f"{method} {account}".strip(), at))
            elif txid:
                found.append(Mark(Trace.Kind.SENDER, txid, _shortened(txid), at))
        for method, account, at in (
            Withdrawal.objects.filter(player_id=player_id)
            .exclude(account="")
            .order_by("-id")
            .values_list("method", "account", "created_at")[:MARKS_MAX]
        ):
            text = f"{method}:{account}"
            found.append(Mark(Trace.Kind.INSTRUMENT, text, f"{method} {account}".strip(), at))
        return [*found, *_identity(player_id)]

    def active_players(self, *, since: datetime, limit: int) -> list[int]:
        found = set(
            Deposit.objects.filter(created_at__gte=since).values_list("player_id", flat=True)
        ) | set(
            Withdrawal.objects.filter(created_at__gte=since).values_list("player_id", flat=True)
        )
        return sorted(found)[:limit]


def _addresses(player_id: int) -> Iterable[tuple[str, datetime]]:
    yield from SavedAddress.objects.filter(player_id=player_id).values_list("address", "created_at")
    yield from (
        Withdrawal.objects.filter(player_id=player_id)
        .exclude(address="")
        .order_by("-id")
        .values_list("address", "created_at")[:MARKS_MAX]
    )


def _identity(player_id: int) -> list[Mark]:
    name = PayerName.objects.filter(player_id=player_id).first()
    player = Player.objects.filter(pk=player_id).first()
    if name is None or player is None:
        return []
    text = f"{name.first_name} {name.last_name} {player.birth_date.isoformat()}".casefold()
    hint = f"{name.first_name[:1]}. {name.last_name[:1]}., born {player.birth_date.year}"
    return [Mark(Trace.Kind.IDENTITY, " ".join(text.split()), hint, name.set_at or now())]


def _reserving(withdrawals: Sequence[Withdrawal]) -> dict[int, int]:
    """The entry by which each withdrawal left the balance."""
    if not withdrawals:
        return {}
    found = Entry.objects.filter(
        wallet__player_id__in={one.player_id for one in withdrawals},
        wallet__purse=Purse.CASH,
        kind=Kind.WITHDRAWAL_RESERVED,
        source_id__in=[one.pk for one in withdrawals],
    ).values_list("source_id", "pk")
    return {source_id: pk for source_id, pk in found if source_id is not None}


def _value(money: Money, entry_id: int | None, worth: dict[int, Decimal]) -> Decimal | None:
    if entry_id is not None and entry_id in worth:
        return abs(worth[entry_id])
    found = rates.base_value(money)
    return found.major if found is not None else None


def _instrument(rail_id: int, method: str, account: str) -> str:
    return f"{rail_id}:{method}:{account}" if account else ""


def _shortened(text: str) -> str:
    return text if len(text) <= 16 else f"{text[:8]}…{text[-6:]}"
