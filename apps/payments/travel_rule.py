"""Whose wallet coins go to: asked above an amount, kept sealed with the address and the withdrawal.

Coins of one day are taken together, so that a large payout in small parts is asked about as well.
What cannot be valued is asked about.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Sum

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core import secrets
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.core.money import Money
from apps.payments import limits
from apps.payments.errors import OwnerNeeded
from apps.payments.identity import NAME
from apps.payments.models import PayerName, Rail, SavedAddress, WalletOwner, Withdrawal

Wallet = WalletOwner.Wallet
TOGETHER = timedelta(days=1)
NAME_MAX = 160
PROVIDER_MAX = 80
WHOSE = "Say whose wallet this is."


@dataclass(frozen=True)
class Owner:
    """What a player says about a wallet. provider: who keeps a hosted one; empty for their own."""

    wallet: str
    name: str
    provider: str = ""

    @property
    def words(self) -> str:
        return f"{self.name}, at {self.provider}" if self.provider else f"{self.name}, own wallet"


def is_needed(player: Player, rail: Rail, amount: Money, *, at: datetime | None = None) -> bool:
    """Whether a payout of so much may leave only with the word whose wallet it goes to."""
    above = settings.TRAVEL_RULE_ABOVE
    if rail.is_fiat or not above:
        return False
    at = at or now()
    rows = Withdrawal.objects.filter(
        player=player, created_at__gt=at - TOGETHER, created_at__lte=at
    ).exclude(state__in=limits.RETURNED)
    coins = rows.exclude(rail__address_kind=Rail.AddressKind.ACCOUNT)
    sums = list(coins.values_list("currency_id").annotate(sum=Sum("amount")))
    value = limits.value_of([*sums, (rail.currency_id, amount.major)])
    return value is None or value > above


def read(*, wallet: str, name: str, provider: str = "") -> Owner | None:
    """What was filled in, checked; None when nothing was. Raises InvalidInput."""
    wallet, name, provider = wallet.strip(), " ".join(name.split()), " ".join(provider.split())
    if not wallet and not name and not provider:
        return None
    wrong = {}
    if wallet not in Wallet.values:
        wrong["owner_wallet"] = WHOSE
    if not name or len(name) > NAME_MAX or not NAME.fullmatch(name):
        wrong["owner_name"] = "Write the name with letters, as the wallet's owner is called."
    if wallet == Wallet.HOSTED and not (provider.isprintable() and len(provider) >= 2):
        wrong["owner_provider"] = "Name the exchange or service that keeps the wallet."
    elif len(provider) > PROVIDER_MAX:
        wrong["owner_provider"] = f"Use up to {PROVIDER_MAX} characters."
    if wrong:
        raise InvalidInput(fields=wrong)
    return Owner(wallet, name, provider if wallet == Wallet.HOSTED else "")


def suggested_name(player: Player) -> str:
    """The name to fill in before the player does."""
    known = PayerName.objects.filter(player=player).first()
    return str(known) if known else ""


def for_payout(
    *, player: Player, rail: Rail, amount: Money, saved: SavedAddress | None,
    owner: Owner | None, at: datetime,
) -> WalletOwner | None:  # fmt: skip
    """The row that goes with a payout: as told now, or before for this address.

    Raises OwnerNeeded when the amount asks for one and there is none.
    """
    if owner is not None and saved is not None:
        return tell(saved, owner)
    if saved is not None and saved.owner is not None:
        return saved.owner
    if is_needed(player, rail, amount, at=at):
        raise OwnerNeeded(fields={"owner_wallet": WHOSE})
    return None


@transaction.atomic
def tell(saved: SavedAddress, owner: Owner) -> WalletOwner:
    """Keep whose wallet a saved address is; the same again returns what is there."""
    if saved.owner is not None and of(saved.owner) == owner:
        return saved.owner
    row = WalletOwner(player=saved.player, wallet=owner.wallet, told_at=now(), sealed=b"")
    row.save()
    row.sealed = secrets.seal(json.dumps(asdict(owner)), place=row.place)
    row.save(update_fields=["sealed"])
    saved.owner = row
    saved.save(update_fields=["owner"])
    # The names stay out of the trail, which cannot forget.
    audit.record(
        "payout_address.owner_told",
        actor=saved.player,
        subject=saved,
        after={"wallet": owner.wallet, "owner": row.public_id},
    )
    return row


def of(row: WalletOwner) -> Owner:
    """What was told. Raises SealBroken."""
    return Owner(**json.loads(secrets.unseal(row.sealed, place=row.place)))


@transaction.atomic
def reveal(withdrawal: Withdrawal, *, by: models.Model, reason: str) -> Owner:
    """What was told, for a person of staff who says why. Raises NotFound, InvalidInput."""
    if withdrawal.owner is None:
        raise NotFound
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why it is read."})
    audit.record(
        "withdrawal.owner_revealed",
        actor=by,
        subject=withdrawal,
        after={"owner": withdrawal.owner.public_id},
        reason=reason.strip(),
    )
    return of(withdrawal.owner)
