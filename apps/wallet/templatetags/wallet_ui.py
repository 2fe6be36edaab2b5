"""How rates look."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from django import template

register = template.Library()
# A rate is for reading here; amounts are computed from the exact one.
DIGITS = Context(prec=8, rounding=ROUND_HALF_EVEN)


@register.filter
def rate_text(rate: Decimal) -> str:
    """`0.000016666667`, `60,000`: eight digits that matter, never an exponent."""
    return f"{DIGITS.plus(rate).normalize():,f}"
