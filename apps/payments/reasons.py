"""Why a person should look at a withdrawal before it is paid. Codes are kept, words are shown."""

from decimal import Decimal, InvalidOperation

from apps.accounts.models import Player
from apps.core.money import Money
from apps.payments.models import Deposit, Rail, Withdrawal
from apps.payments.selectors import staked_since

RISK_MIN = Decimal("0.75")

WORDS = {
    "first_withdrawal": "First withdrawal of this player",
    "new_address": "Never paid to this address before",
    "large_amount": "Large amount for this currency",
    "unplayed_deposit": "The last deposit was not played once",
    "risky_deposit": "The gateway gave a recent deposit a high risk score",
    "player_not_active": "The account is not active",
    "account_check": "A check of the account is open",
}


def of(*, player: Player, amount: Money, rail: Rail, address: str, tag: str) -> list[str]:
    """The codes that apply to a withdrawal which is about to be requested."""
    paid = Withdrawal.objects.filter(player=player, state=Withdrawal.State.PAID)
    known = paid.filter(rail=rail, address=address, tag=tag)
    found = {
        "first_withdrawal": not paid.exists(),
        "new_address": not known.exists(),
        "large_amount": amount > rail.review_above_money,
        "unplayed_deposit": _has_unplayed_deposit(player, rail),
        "risky_deposit": _has_risky_deposit(player),
        "player_not_active": not player.is_active,
    }
    return [code for code, applies in found.items() if applies]


def words(codes: list[str]) -> list[str]:
    return [WORDS.get(code, code) for code in codes]


def _has_unplayed_deposit(player: Player, rail: Rail) -> bool:
    last = (
        Deposit.objects.filter(
            player=player,
            currency_id=rail.currency_id,
            state=Deposit.State.CONFIRMED,
            entry_id__isnull=False,
        )
        .order_by("-entry_id")
        .first()
    )
    if last is None or last.entry_id is None:
        return False
    return staked_since(player.pk, rail.money_currency, last.entry_id) < last.money


def _has_risky_deposit(player: Player) -> bool:
    """Scores come as 0..1 or as percent: above one it can only be percent."""
    scores = Deposit.objects.filter(player=player).exclude(riskscore="").order_by("-id")[:5]
    for text in scores.values_list("riskscore", flat=True):
        try:
            score = Decimal(text)
        except InvalidOperation:
            return True  # a score nobody can read is for a person to read
        if not score.is_finite() or (score / 100 if score > 1 else score) >= RISK_MIN:
            return True
    return False
