"""Amounts, ages and states as the back office writes them."""

from datetime import datetime
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.core.clock import now
from apps.core.money import Money
from apps.games import returns
from apps.ledger.models import Entry
from apps.operator.services import role_of
from apps.site.formatting import amount_text
from apps.treasury.selectors.holdings import share_text

register = template.Library()

TONES = {
    "active": "good",
    "suspended": "warn",
    "closed": "quiet",
    "locked": "warn",
    "timed_out": "warn",
    "self_excluded": "warn",
    "dormant": "quiet",
    "requested": "warn",
    "approved": "gold",
    "sending": "gold",
    "sent": "gold",
    "paid": "good",
    "confirmed": "good",
    "pending": "gold",
    "rejected": "quiet",
    "released": "quiet",
    "cancelled": "quiet",
    "done": "good",
    "received": "gold",
    "failed": "warn",
    "refused": "quiet",
    "parked": "alarm",
    "dead": "alarm",
    "waiting": "gold",
    "executed": "good",
    "withdrawn": "quiet",
    "expired": "quiet",
    "open": "alarm",
    "assigned": "warn",
    "explained": "gold",
    "carried": "gold",
    "resolved": "good",
    "healed": "good",
    "clean": "good",
    "breaks": "alarm",
    "held": "warn",
    "refunded": "quiet",
    "reversed": "quiet",
    "owed": "warn",
    "covered": "quiet",
    "repaid": "good",
    "written_off": "quiet",
    "in_review": "warn",
    "retry": "warn",
    "needed": "warn",
    "given": "gold",
    "todo": "quiet",
    "cleared": "quiet",
    "decided": "good",
    "answered": "gold",
}
STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@register.simple_tag
def amount(value: Money, *, signed: bool = False, code: bool = True) -> SafeString:
    """`1,234.5678 BTC`; the exact figure is the title."""
    text = amount_text(value, signed=signed)
    return format_html(
        '<span class="ops-num" title="{}">{}</span>{}',
        text.full,
        text.shown,
        format_html(' <span class="ops-code">{}</span>', text.code) if code else "",
    )


@register.simple_tag
def entry_amount(entry: Entry) -> SafeString:
    """The amount of an entry whose wallet and currency were fetched with it."""
    currency = entry.wallet.currency.as_money_currency()
    return amount(Money.from_major(entry.amount, currency), signed=True)


@register.filter
def age(at: datetime | None) -> str:
    """`12 min`, `3 h`, `2 d`; under a minute `now`."""
    if at is None:
        return "–"
    seconds = int((now() - at).total_seconds())
    return next((f"{seconds // size} {unit}" for size, unit in STEPS if seconds >= size), "now")


@register.filter
def duration(seconds: int | None) -> str:
    """`45 s`, `12 min`, `3 h`, `2 d`: how long something took."""
    if seconds is None:
        return "–"
    return next(
        (f"{seconds // size} {unit}" for size, unit in STEPS if seconds >= size), f"{seconds} s"
    )


@register.filter
def share(bps: int | None) -> str:
    """Basis points as `97.5 %`."""
    return share_text(bps)


@register.filter
def percent(value: Decimal | None) -> str:
    """A part of one as `96.42 %`."""
    return returns.percent(value)


@register.simple_tag
def role(user: User) -> str:
    """The role of a member of staff in a word."""
    return role_of(user) or "no role"


@register.simple_tag
def state(value: str, words: str = "") -> SafeString:
    """A state as a badge; red only for what needs somebody now."""
    return format_html(
        '<span class="ops-badge" data-tone="{}">{}</span>', TONES.get(value, ""), words or value
    )
