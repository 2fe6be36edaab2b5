"""ONE answer to "can I withdraw now?", for the page, the API and the staff alike.

`of` tells what is available now and, for every part that is not, why, what to do about it and until
when. `require` refuses by the same checks, so a page that says yes is never followed by a no.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.urls import reverse

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.money import Money
from apps.kyc import selectors as verification
from apps.ledger.models import Block
from apps.payments import approval, closed_loop, guard, identity, limits
from apps.payments.errors import WithdrawalBlocked
from apps.payments.models import Rail
from apps.risk.services.holds import HOLD
from apps.wallet import restrictions
from apps.wallet.models import Restriction
from apps.wallet.selectors import balance

State = Literal["ok", "stop", "info"]


@dataclass(frozen=True)
class Check:
    """One line of the answer.

    state: `stop` is in the way, `info` is good to know. blocked: the part of the balance that it
    keeps back, when that is not all. href: where the player can do something about it.
    """

    code: str
    state: State
    title: str
    words: str
    todo: str = ""
    href: str = ""
    until: datetime | None = None
    blocked: Money | None = None

    @property
    def is_stop(self) -> bool:
        return self.state == "stop"


@dataclass(frozen=True)
class Readiness:
    """The answer. Without a rail it is about the account, and nothing has an amount."""

    rail: Rail | None
    amount: Money | None
    cash: Money | None
    available: Money | None
    fee: Money | None
    receives: Money | None
    people: int
    due_hours: int
    checks: list[Check]

    @property
    def is_ready(self) -> bool:
        return not self.stops

    @property
    def stops(self) -> list[Check]:
        return [one for one in self.checks if one.is_stop]


def of(
    player: Player,
    rail: Rail | None = None,
    amount: Money | None = None,
    *,
    method: str = "",
    at: datetime | None = None,
) -> Readiness:
    at = at or now()
    player = Player.objects.get(pk=player.pk)  # the request's copy may be old
    checks = _account(player, rail, at)
    if rail is None:
        checks += _first_verification(player)
        return Readiness(
            rail=None, amount=None, cash=None, available=None, fee=None, receives=None, people=1,
            due_hours=approval.due_hours(player.rank), checks=checks,
        )  # fmt: skip
    cash = balance(player.pk, rail.money_currency).cash
    terms = limits.terms(limits.Direction.WITHDRAWAL, player, rail, method)
    checks += _rail(rail)
    if identity.is_name_needed(player, rail):
        checks.append(
            Check(
                "name_needed", "stop", "Your name",
                f"Payments in {rail.currency_id} carry the name of the person they are for.",
                "Give your name, once.", href=reverse("payments:payer_name"),
            )
        )  # fmt: skip
    blocked = _owed(player, rail, method, cash, amount)
    checks += blocked
    available = _available(cash, blocked, limits.room(terms, at=at), rail)
    checks += _amount(terms, rail, cash, available, amount, at)
    checks += _verification(terms, amount or available)
    if any(one.is_stop and one.code not in AMOUNT_CODES for one in checks):
        available = Money.zero(cash.currency)
    asked = amount or available
    fee = limits.fee(terms, asked)
    people = approval.people_needed(rail, asked)
    if not any(one.is_stop for one in checks):
        checks.append(_review(player, people))
    return Readiness(
        rail=rail,
        amount=amount,
        cash=cash,
        available=available,
        fee=fee,
        receives=asked - fee,
        people=people,
        due_hours=approval.due_hours(player.rank),
        checks=checks,
    )


# These are about how much, not about whether: what is available says the same.
AMOUNT_CODES = {"closed_loop", "balance", "above_maximum", "below_minimum", "minimum", "not_owned"}


def require(
    player: Player, rail: Rail, amount: Money, *, method: str = "", at: datetime | None = None
) -> None:
    """Refuse what a check stops. Whether the money is there is for the ledger to say.

    Raises WithdrawalBlocked with the code of the first check.
    """
    for check in of(player, rail, amount, method=method, at=at).stops:
        if check.code == "balance":
            continue
        words = f"{check.words} {check.todo}".strip()
        fields = {"amount": words} if check.code in AMOUNT_CODES else {}
        raise WithdrawalBlocked(check.code, words, fields=fields)


def _account(player: Player, rail: Rail | None, at: datetime) -> list[Check]:
    stands = guard.standing(player, at=at)
    checks = []
    if player.status == Player.Status.CLOSED:
        checks.append(
            Check(
                "account", "info", "Account closed", "Your account is closed; your money is yours.",
                "Write to support if you need help.",
            )
        )  # fmt: skip
    if stands.frozen_at:
        checks.append(
            Check(
                "frozen", "stop", "Payouts are frozen", stands.frozen_because,
                "Write to support: a person has to speak with you first.",
            )
        )  # fmt: skip
    stopped = [one for one in restrictions.standing(player.pk) if one.stops & Block.WITHDRAW]
    checks += [_stopped(one) for one in stopped]
    if stands.waits_until and (rail is None or not rail.is_fiat):
        hours = settings.CREDENTIALS_WAIT_HOURS
        checks.append(
            Check(
                "credentials_wait",
                "stop" if rail else "info",
                "Security wait",
                "Your password or e-mail address was changed a short while ago. No coins leave for "
                f"{hours} hours after that.",
                "Nothing to do. If it was not you, write to support now.",
                until=stands.waits_until,
            )
        )
    if not stands.frozen_at and not stands.waits_until and not stopped:
        checks.append(Check("account", "ok", "Account", "Your account is in order."))
    return checks


def _stopped(one: Restriction) -> Check:
    """What stands before every payout. A review that holds money can be contested."""
    is_review = one.code == HOLD
    return Check(
        one.code, "stop", "Withdrawals wait", one.words,
        "Ask a person to look at it again." if is_review else "",
        href=f"{reverse('risk:complaint_new')}?kind=contest" if is_review else "",
        until=one.until,
    )  # fmt: skip


def _rail(rail: Rail) -> list[Check]:
    if rail.enabled and rail.pays_out:
        return [Check("rail", "ok", "Way to pay", f"{rail} is open.")]
    return [
        Check(
            "rail", "stop", "Way to pay", f"{rail} is not available now.",
            "Choose another one or come back later.",
        )
    ]  # fmt: skip


def _owed(
    player: Player, rail: Rail, method: str, cash: Money, amount: Money | None
) -> list[Check]:
    checks = []
    for one in closed_loop.owed(player, rail, method):
        left = Money.zero(cash.currency) if one.blocked is None else cash - one.blocked
        is_stop = left.units <= 0 if amount is None else amount > left
        checks.append(
            Check(
                "closed_loop",
                "stop" if is_stop else "info",
                "Back where it came from",
                f"{one.words} goes back the way it came first.",
                f"Withdraw that to {one.rail.network} first.",
                href=_withdraw_with(one.rail),
                blocked=cash if one.blocked is None or one.blocked > cash else one.blocked,
            )
        )
    return checks


def _amount(
    terms: limits.Terms,
    rail: Rail,
    cash: Money,
    available: Money,
    amount: Money | None,
    at: datetime,
) -> list[Check]:
    checks = []
    least = rail.withdrawal_min_money
    asked = amount if amount is not None else max(available, least, key=lambda one: one.units)
    if found := limits.problem(terms, asked, at=at):
        checks.append(
            Check(
                found.code, "stop", "Limit", found.words,
                "Wait until there is room again, or ask for less." if found.until
                else "Ask for another amount.",
                until=found.until,
            )
        )  # fmt: skip
    else:
        checks.append(Check("limits", "ok", "Limits", "Inside your limits."))
    if cash < least:
        words = f"You have {_plain(cash)}; the least you can withdraw is {_plain(least)}."
        checks.append(Check("balance", "stop", "Balance", words, "Play on or pay in first."))
    elif amount is not None and amount > cash:
        words = f"You have {_plain(cash)}."
        checks.append(Check("balance", "stop", "Balance", words, "Enter less."))
    elif amount is not None and amount < least:
        words = f"The least you can withdraw is {_plain(least)}."
        checks.append(Check("minimum", "stop", "Minimum", words, "Enter more."))
    else:
        checks.append(Check("balance", "ok", "Balance", f"You have {_plain(cash)}."))
    return checks


def _verification(terms: limits.Terms, amount: Money) -> list[Check]:
    """What the licence asks for comes first, then what the rules of the rail do."""
    value = limits.value_of([(amount.currency.code, amount.major)])
    if need := verification.withdrawal_need(terms.player, value=value):
        return [
            Check(
                "verification", "stop", "Verification", need.words, need.todo,
                href=reverse("kyc:verification"),
            )
        ]  # fmt: skip
    level, rule = terms.value("kyc_level"), terms.rule("kyc_level")
    if not level or rule is None or terms.player.kyc_level >= level:
        return [Check("verification", "ok", "Verification", "No document is needed.")]
    total = limits.lifetime_value(terms.player)
    free = f"{rule.kyc_above.normalize():f} {settings.BASE_CURRENCY}"
    is_over = total is None or value is None or total + value > rule.kyc_above
    words = f"Withdrawals above {free} in all need verification level {level}."
    todo = "Hand in the documents; it usually takes a day." if is_over else ""
    href = reverse("kyc:verification") if is_over else ""
    state: State = "stop" if is_over else "info"
    return [Check("verification", state, "Verification", words, todo, href=href)]


def _first_verification(player: Player) -> list[Check]:
    """The same before a way and an amount are chosen: asked early, so that nobody is surprised."""
    need = verification.withdrawal_need(player)
    if need is None:
        return []
    href = reverse("kyc:verification")
    return [Check("verification", "stop", "Verification", need.words, need.todo, href=href)]


def _review(player: Player, people: int) -> Check:
    hours = approval.due_hours(player.rank)
    who = "Two people of our team look" if people > 1 else "Our payments team looks"
    return Check("review", "info", "Review", f"{who} at it within {hours} hours.")


def _available(cash: Money, checks: list[Check], room: Money | None, rail: Rail) -> Money:
    """What all of it leaves, without the digits the gateway cannot carry."""
    left = max(cash.units, 0)
    for check in checks:
        if check.blocked is not None:
            left -= check.blocked.units
    if room is not None:
        left = min(left, room.units)
    finer = 10 ** max(cash.currency.scale - rail.decimals_max, 0)
    return Money(max(left, 0) // finer * finer, cash.currency)


def _withdraw_with(rail: Rail) -> str:
    return f"{reverse('payments:withdraw')}?currency={rail.currency_id}&rail={rail.code}"


def _plain(amount: Money) -> str:
    return f"{amount.major.normalize():f} {amount.currency.code}"
