"""Where money comes from: what may not be credited to play until somebody has looked.

Payments ask before they credit a deposit and tell of what they held.
"""

from decimal import Decimal, InvalidOperation

from django.conf import settings

from apps.risk.models import Case
from apps.risk.services import cases

PRIVACY_COIN, RISK_SCORE = "privacy_coin", "origin_risk"
WORDS = {
    PRIVACY_COIN: "came in a currency that hides where it comes from",
    RISK_SCORE: "came from an address with a high risk score",
}


def refusal(*, currency: str, riskscore: str) -> str:
    """Why a deposit is held, as a code; empty when its origin is no reason.

    riskscore: the gateway's word, from 0 to 1 or in percent. One that cannot be read is no reason
    here: a person reads it when money leaves.
    """
    if currency in settings.RISK_PRIVACY_COINS:
        return PRIVACY_COIN
    try:
        score = Decimal(riskscore or "0")
    except InvalidOperation:
        return ""
    if not score.is_finite():
        return ""
    percent = score if score > 1 else score * 100
    return RISK_SCORE if percent >= settings.RISK_DEPOSIT_PERCENT else ""


def held(player_id: int, *, public_id: str, amount: str, because: str, riskscore: str) -> Case:
    """Open the case of a deposit that was held; one for each. In the transaction that holds it."""
    score = f", score {riskscore}" if riskscore else ""
    return cases.opened_for_deposit(
        player_id,
        window=public_id,
        reason=f"Deposit {public_id} of {amount} {WORDS[because]}{score}.",
    )
