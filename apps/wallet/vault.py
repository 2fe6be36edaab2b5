"""The vault: money a player has put out of their own reach. It cannot be staked or paid out.

Putting in is at once. Taking out asks for the password at the door, and takes the time that the
player chose for themselves; a longer time holds at once, a shorter one when the longer is over.
"""

from datetime import datetime, timedelta

from django.db import models, transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidAmount, InvalidInput, NotFound
from apps.core.money import Money
from apps.events import live
from apps.ledger.models import Operation, Purse, Wallet
from apps.ledger.selectors import currency, currency_of_id, partner_id
from apps.wallet import movements
from apps.wallet.errors import InsufficientFunds, KeyConflict
from apps.wallet.models import VaultRelease, WalletSettings
from apps.wallet.movements import Result

DELAYS = (0, 24, 72, 168)
BATCH = 100
State = VaultRelease.State


@transaction.atomic
def put(*, player: Player, amount: Money, key: str) -> Result:
    """Out of the balance, into the vault.

    key: chosen by the client; the same key moves nothing more. Raises InvalidAmount,
    InsufficientFunds, KeyConflict.
    """
    _positive(amount)
    result = movements.vault_put(player_id=player.pk, amount=amount, key=f"vault:{player.pk}:{key}")
    if result.status == "applied":
        audit.record("vault.put", actor=player, subject=player, after={"amount": str(amount)})
    return result


@transaction.atomic
def take(*, player: Player, amount: Money, key: str) -> Result | VaultRelease:
    """Out of the vault: at once, or as an order that comes due when the chosen time is over.

    Raises InvalidAmount, InsufficientFunds, KeyConflict.
    """
    _positive(amount)
    name = f"vault:{player.pk}:{key}"
    # The lock keeps two orders from promising the same money.
    WalletSettings.objects.get_or_create(player=player)
    kept = WalletSettings.objects.select_for_update().get(player=player)
    if earlier := VaultRelease.objects.filter(player=player, key=key).first():
        if earlier.money != amount:
            raise KeyConflict
        return earlier
    hours = _delay(kept, now())
    is_known = Operation.objects.filter(partner=partner_id("casino"), outside_id=name).exists()
    if not is_known and available(player, amount.currency.code) < amount:
        raise InsufficientFunds(fields={"amount": "There is not that much in the vault."})
    if is_known or not hours:
        result = movements.vault_taken(player_id=player.pk, amount=amount, key=name)
        if result.status == "applied":
            audit.record("vault.taken", actor=player, subject=player, after={"amount": str(amount)})
        return result
    at = now()
    release = VaultRelease.objects.create(
        player=player,
        currency_id=amount.currency.code,
        amount=amount.major,
        key=key,
        created_at=at,
        due_at=at + timedelta(hours=hours),
    )
    audit.record(
        "vault.release_ordered",
        actor=player,
        subject=release,
        after={"amount": str(amount), "due_at": release.due_at.isoformat()},
    )
    return release


@transaction.atomic
def cancel(*, player: Player, release_id: str) -> VaultRelease:
    """Leave the money in the vault after all. Raises NotFound, InvalidInput."""
    found = (
        VaultRelease.objects.select_for_update().filter(player=player, public_id=release_id).first()
    )
    if found is None:
        raise NotFound
    if found.state != State.WAITING:
        raise InvalidInput("It has left the vault already.")
    _finish(found, State.CANCELLED)
    audit.record("vault.release_cancelled", actor=player, subject=found)
    return found


@transaction.atomic
def set_delay(*, player: Player, hours: int) -> WalletSettings:
    """Choose how long leaving the vault takes. Raises InvalidInput."""
    if hours not in DELAYS:
        raise InvalidInput(fields={"hours": "Choose one of the times on offer."})
    WalletSettings.objects.get_or_create(player=player)
    kept = WalletSettings.objects.select_for_update().get(player=player)
    at = now()
    before = _delay(kept, at)
    if hours >= before:
        kept.vault_delay_hours, kept.vault_next_hours, kept.vault_next_at = hours, None, None
    else:
        kept.vault_delay_hours = before
        kept.vault_next_hours, kept.vault_next_at = hours, at + timedelta(hours=before)
    kept.save(update_fields=["vault_delay_hours", "vault_next_hours", "vault_next_at"])
    audit.record(
        "vault.delay_chosen",
        actor=player,
        subject=player,
        before={"hours": before},
        after={"hours": hours},
    )
    return kept


def release_due(*, at: datetime | None = None) -> int:
    """Move what has waited long enough; how many orders were finished."""
    at = at or now()
    due = VaultRelease.objects.filter(state=State.WAITING, due_at__lte=at).order_by("due_at")
    return sum(_release(pk, at) for pk in due.values_list("pk", flat=True)[:BATCH])


def delay_hours(player: Player, *, at: datetime) -> int:
    kept = WalletSettings.objects.filter(player=player).first()
    return _delay(kept, at) if kept else 0


def held(player_id: int, code: str) -> Money:
    """What lies in the vault in one currency."""
    found = {one.currency.code: one for one in contents(player_id)}
    return found.get(code) or Money.zero(currency(code))


def contents(player_id: int) -> list[Money]:
    """What lies in the vault, by currency."""
    wallets = Wallet.objects.filter(player_id=player_id, purse=Purse.VAULT).order_by("currency_id")
    return [Money.from_major(one.balance, currency_of_id(one.currency_id)) for one in wallets]


def available(player: Player, code: str) -> Money:
    """What lies in the vault and is not on its way out already."""
    waiting = releases(player).filter(currency_id=code)
    return held(player.pk, code) - sum((one.money for one in waiting), Money.zero(currency(code)))


def releases(player: Player) -> models.QuerySet[VaultRelease]:
    """Orders that wait for their time, the next one first."""
    return VaultRelease.objects.filter(player=player, state=State.WAITING).order_by("due_at")


@transaction.atomic
def _release(release_pk: int, at: datetime) -> bool:
    found = VaultRelease.objects.select_for_update(skip_locked=True).filter(
        pk=release_pk, state=State.WAITING, due_at__lte=at
    ).first()  # fmt: skip
    if found is None:
        return False
    movements.vault_taken(  # `available` kept it back from everything else
        player_id=found.player_id, amount=found.money, key=f"vault:release:{found.public_id}"
    )
    _finish(found, State.DONE)
    audit.record("vault.taken", actor="system", subject=found, after={"amount": str(found.money)})
    transaction.on_commit(lambda: live.push(found.player_id, "payments", {}))
    return True


def _finish(release: VaultRelease, state: str) -> None:
    release.state, release.finished_at = state, now()
    release.save(update_fields=["state", "finished_at"])


def _delay(kept: WalletSettings, at: datetime) -> int:
    if kept.vault_next_hours is not None and kept.vault_next_at and kept.vault_next_at <= at:
        return kept.vault_next_hours
    return kept.vault_delay_hours


def _positive(amount: Money) -> None:
    if amount.units <= 0:
        raise InvalidAmount(fields={"amount": "Enter an amount above zero."})
