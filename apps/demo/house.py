"""The house's side of the demo: holdings, a compared day, an order that waits for a second person.

The payments desk proposes and the administrator decides, through the same doors as in the back office.
"""

from collections.abc import Callable
from decimal import Decimal

from apps.accounts.models import Player, User
from apps.audit import proposals
from apps.audit.models import Proposal
from apps.core.clock import now
from apps.core.money import Money
from apps.demo.people import COIN_NOT_EXPLAINED, HOUSE_WALLETS, PLAYERS, SWEEP, DemoHouseWallet
from apps.ledger.selectors import currency
from apps.payments import default_limits
from apps.treasury.liabilities import services as liabilities
from apps.treasury.models import Adjustment, Break, HouseWallet
from apps.treasury.services import adjustments, holdings, reconciliation

EVIDENCE = "Read at the custodian's page when the demo was made"
REASON = "Seeded with the demo"
GATEWAY = "coinspaid"


def furnish(*, desk: User, administrator: User, say: Callable[[str], None]) -> None:
    """Make what is missing. Safe to run again."""
    say(f"{len(default_limits.put_in_force(by=administrator))} limits by rank")
    holdings.read_gateways()
    for wanted in HOUSE_WALLETS:
        _hold(wanted, desk, administrator)
    _compare(desk, administrator)
    _order(desk)
    _correct(desk)
    liabilities.publish_daily()
    say("house wallets, a compared day with one break, an order and a correction that wait")


def _hold(wanted: DemoHouseWallet, desk: User, administrator: User) -> None:
    """A wallet of the house's own, and what it holds: each of them takes two people."""
    known = HouseWallet.objects.filter(currency_id=wanted.currency, name=wanted.name)
    if known.exists():
        return
    asked = holdings.propose_wallet(
        name=wanted.name,
        currency=wanted.currency,
        temperature=wanted.temperature,
        address=wanted.address,
        evidence=EVIDENCE,
        note=REASON,
        by=desk,
    )
    _approve(asked, administrator)
    asked = holdings.propose_reading(
        wallet_id=known.get().pk,
        amount=Money.parse(wanted.amount, currency(wanted.currency)),
        evidence=EVIDENCE,
        note=REASON,
        by=desk,
    )
    _approve(asked, administrator)


def _compare(desk: User, administrator: User) -> None:
    """Today at both gateways. What CoinsPaid held from the start is the house's, but for one coin."""
    if Break.objects.filter(provider=GATEWAY).exists():
        return
    today = now().date()
    for provider in holdings.gateways_in_use():
        reconciliation.reconcile(provider, today)
    found = Break.objects.filter(
        provider=GATEWAY, kind=Break.Kind.BALANCE, state=Break.State.OPEN
    ).exclude(code=COIN_NOT_EXPLAINED)
    for row in found:
        _own(row.code, row.effect, desk, administrator)
    reconciliation.reconcile(GATEWAY, today)


def _own(code: str, gap: Decimal, desk: User, administrator: User) -> None:
    wallet = HouseWallet.objects.get(provider=GATEWAY, currency_id=code)
    asked = holdings.propose_own_amount(
        wallet_id=wallet.pk,
        amount=Money.from_major(wallet.own_amount + gap, currency(code), rounding="down"),
        evidence=EVIDENCE,
        note="What we paid in before the first player",
        by=desk,
    )
    _approve(asked, administrator)


def _order(desk: User) -> None:
    code, amount, to = SWEEP
    source = HouseWallet.objects.get(provider=GATEWAY, currency_id=code)
    if Proposal.objects.filter(act=holdings.MOVE.name).exists():
        return
    holdings.propose_transfer(
        source_id=source.pk,
        target_id=HouseWallet.objects.get(currency_id=code, name=to).pk,
        amount=Money.parse(amount, currency(code)),
        note="More lies hot than the target allows",
        by=desk,
    )


def _correct(desk: User) -> None:
    if Proposal.objects.filter(act=adjustments.ADJUST.name).exists():
        return
    adjustments.propose_adjustment(
        player_id=Player.objects.get(user__email=PLAYERS[0].email).pk,
        amount=Money.parse("5.00", currency("EUR")),
        reason=Adjustment.Reason.GOODWILL,
        evidence="The player waited two hours for a card deposit.",
        words="For the wait on your card deposit.",
        note=REASON,
        by=desk,
    )


def _approve(asked: Proposal, administrator: User) -> None:
    proposals.approve(
        asked.public_id, by=administrator, reason=REASON, seen_hash=asked.content_hash
    )
