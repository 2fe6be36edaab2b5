"""The last column of a movement: what it was exchanged for and at which rate, what it takes back."""

from decimal import ROUND_HALF_EVEN, Context

from apps.core.money import Money
from apps.ledger.models import Kind
from apps.wallet.statements.journal import Line

RATE = Context(prec=10, rounding=ROUND_HALF_EVEN)


def note(line: Line, sold: Money | None) -> str:
    """sold: what was given for a bought leg."""
    if line.reverses_id is not None:
        return f"takes back {line.reverses_id}"
    if line.kind == Kind.EXCHANGE_BOUGHT and sold is not None:
        return f"for {sold}, {rate(sold, line.amount)}"
    return ""


def rate(sold: Money, bought: Money) -> str:
    """`1 BTC = 16.5 ETH`: the rate the two amounts came to, ten digits of it."""
    if not sold.units:
        return ""
    value = RATE.divide(bought.major, sold.major).normalize(RATE)
    return f"1 {sold.currency.code} = {value:f} {bought.currency.code}"
