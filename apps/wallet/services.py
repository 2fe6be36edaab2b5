"""Opening wallets, choosing the active one, and what a player's money may not do."""

from django.db import models, transaction

from apps.accounts import services as accounts
from apps.accounts.errors import IllegalTransition
from apps.accounts.models import Player
from apps.ledger import services as ledger
from apps.ledger.models import Purse, Wallet
from apps.ledger.selectors import currency, currency_id
from apps.wallet import restrictions


def open_wallet(*, player_id: int, currency_code: str, purse: int = Purse.CASH) -> Wallet:
    """The player's wallet, made on first use. Raises UnknownCurrency."""
    wallet_id = ledger.open_wallet(
        player_id=player_id, currency_id=currency_id(currency_code), purse=purse
    )
    return Wallet.objects.get(pk=wallet_id)


def set_active(*, player: Player, currency_code: str) -> None:
    """Choose the currency that the bar shows and games start with. Raises UnknownCurrency."""
    player.active_currency = currency(currency_code).code
    Player.objects.filter(pk=player.pk).update(active_currency=player.active_currency)
    open_wallet(player_id=player.pk, currency_code=currency_code)


@transaction.atomic
def set_player_status(
    *, player_id: int, status: str, actor: models.Model | str, reason: str
) -> Player:
    """Change a player's status; from the commit on no money gate lets them play past it.

    The blocks are written under the lock of every wallet, so a bet that is under way either
    commits before the change or is refused by it. Whoever is on a break of their own and is let go
    by staff is on that break again. Raises NotFound, InvalidInput, IllegalTransition.
    """
    Player.objects.select_for_update(no_key=True).filter(pk=player_id).first()
    status = restrictions.status_within(player_id, status)
    is_break = status in restrictions.STATUS_OF_CODE.values()
    if is_break and status != restrictions.status_within(player_id, Player.Status.ACTIVE):
        raise IllegalTransition("Only the player takes a break.")
    player = accounts.set_status(player_id=player_id, status=status, actor=actor, reason=reason)
    restrictions.write_blocks(player)
    return player
