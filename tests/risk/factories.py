"""Payments and play in euros, as rows and entries, for the monitoring rules to read."""

from datetime import timedelta
from itertools import count

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.payments.models import Deposit, Rail, Withdrawal
from apps.wallet import movements
from apps.wallet import services as wallets
from apps.wallet.movements import Bet, Win

numbers = count(1)


def eur(text: str) -> Money:
    return Money.parse(text, currency("EUR"))


def rail() -> Rail:
    return Rail.objects.filter(currency_id="EUR").order_by("pk")[0]


def pay_in(
    player: Player, amount: str, *, account: str = "", txid: str = "", days_ago: int = 0
) -> Deposit:
    """A confirmed deposit with its entry."""
    number, at = next(numbers), now() - timedelta(days=days_ago)
    wallet = wallets.open_wallet(player_id=player.pk, currency_code="EUR")
    deposit = Deposit.objects.create(
        player=player, rail=rail(), currency_id="EUR", provider="paymentiq",
        outside_ref=f"in{number}", state=Deposit.State.CONFIRMED, amount=amount, gross=amount,
        net=amount, method="creditcard" if account else "", account=account, txid=txid,
        created_at=at, confirmed_at=at, updated_at=at,
    )  # fmt: skip
    result = movements.deposit_confirmed(
        partner="paymentiq", wallet_id=wallet.pk, amount=eur(amount), key=f"in{number}",
        deposit_id=deposit.pk,
    )  # fmt: skip
    deposit.entry_id = result.entry_id
    deposit.save()
    return deposit


def ask_out(player: Player, amount: str, *, account: str = "**** 1111") -> Withdrawal:
    """A withdrawal that waits in the queue, its money set aside."""
    number, at = next(numbers), now()
    withdrawal = Withdrawal.objects.create(
        player=player, rail=rail(), currency_id="EUR", provider="paymentiq", amount=amount,
        account=account, method="creditcard", key=f"out{number}", created_at=at, updated_at=at,
    )  # fmt: skip
    movements.withdrawal_reserved(
        player_id=player.pk, amount=eur(amount), key=f"out{number}", withdrawal_id=withdrawal.pk
    )
    return withdrawal


def stake(player: Player, amount: str, *, win: str = "0") -> None:
    number = next(numbers)
    wallet = wallets.open_wallet(player_id=player.pk, currency_code="EUR")
    movements.play(
        [
            Bet(f"b{number}", eur(amount), f"r{number}", None),
            Win(f"w{number}", eur(win), f"r{number}", None, closes_round=True),
        ],
        partner="softswiss",
        wallet_id=wallet.pk,
        currency=currency("EUR"),
    )
