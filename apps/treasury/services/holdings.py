"""House wallets: what gateways say, what two people enter, and orders between wallets."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from apps.audit import proposals
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.audit.models import Proposal
from apps.audit.proposals import Act, Person
from apps.core.clock import now
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.formatting import shown
from apps.core.money import Money
from apps.integrations.errors import ProviderError
from apps.ledger import selectors as ledger
from apps.payments.providers.base import GatewayBalance
from apps.payments.providers.registry import GATEWAYS, gateway
from apps.treasury.errors import NotEnoughHeld, NothingToDo, WrongCurrency
from apps.treasury.models import HouseWallet, Reading, Threshold, Transfer
from apps.treasury.selectors import holdings
from apps.treasury.services import balancing

log = structlog.get_logger()

Kind = Transfer.Kind
HEAT = {
    HouseWallet.Temperature.COLD: 0,
    HouseWallet.Temperature.WARM: 1,
    HouseWallet.Temperature.HOT: 2,
}
NAME_MAX = 60
TXID_MAX = 128


def gateways_in_use() -> list[str]:
    """The gateways that have an address to call."""
    return [name for name in GATEWAYS if getattr(settings, f"{name.upper()}_BASE_URL", "")]


def read_gateways() -> int:
    """Ask every gateway what it holds for us; how many answered. Then look at the levels."""
    answered = 0
    for provider in gateways_in_use():
        try:
            found = gateway(provider).balances()
        except ProviderError as error:
            log.warning("treasury.gateway_silent", provider=provider, error=str(error))
            raise_alarm("treasury.gateway_silent", subject=provider, message=str(error)[:400])
            continue
        keep_balances(provider, found or booked_balances(provider))
        answered += 1
    watch_levels()
    return answered


def booked_balances(provider: str) -> list[GatewayBalance]:
    """What providers behind a gateway owe us by our own books, where it tells no balances."""
    totals = balancing.clearing_totals(provider, balancing.newest_entry())
    costs = balancing.costs_of(provider)
    own = {
        str(wallet.currency_id): wallet.own_amount
        for wallet in HouseWallet.objects.filter(provider=provider)
    }
    return [
        GatewayBalance(
            code,
            totals.get(code, Decimal(0)) - costs.get(code, Decimal(0)) + own.get(code, Decimal(0)),
        )
        for code in sorted(totals.keys() | own.keys())
    ]


@transaction.atomic
def keep_balances(provider: str, balances: list[GatewayBalance]) -> None:
    """Write what a gateway says it holds, of the currencies we deal in."""
    at = now()
    for one in balances:
        try:
            code = ledger.currency(one.code).code
        except ledger.UnknownCurrency:
            continue  # coins that only pay the fees of a chain
        HouseWallet.objects.update_or_create(
            provider=provider,
            currency_id=code,
            defaults={"balance": one.amount, "balance_at": at},
            create_defaults={
                "name": f"At {provider}",
                "temperature": HouseWallet.Temperature.HOT,
                "balance": one.amount,
                "balance_at": at,
            },
        )


def watch_levels() -> None:
    """Alarm on what is held against what is owed, per currency."""
    for level in holdings.levels():
        if level.is_uncovered:
            raise_alarm(
                "treasury.coverage",
                subject=level.currency.code,
                message=f"We hold {level.held} and owe players {level.owed}.",
                severity="critical",
            )
        if level.is_too_hot:
            raise_alarm(
                "treasury.hot_share",
                subject=level.currency.code,
                message=(
                    f"{level.hot_share_text} of what is owed in {level.currency} lies hot "
                    f"({level.hot}); the alarm is at {level.alarm_share_text}. Sweep it."
                ),
            )


# ---- wallets and their balances --------------------------------------------------------------------


def propose_wallet(
    *,
    name: str,
    currency: str,
    temperature: str,
    address: str,
    evidence: str,
    note: str,
    by: Person,
) -> Proposal:
    """Ask for a new wallet of the house's own. Raises InvalidInput, NotPermitted."""
    name = name.strip()
    code = ledger.currency(currency).code
    if not name or len(name) > NAME_MAX:
        raise InvalidInput(fields={"name": f"Give it a name of up to {NAME_MAX} signs."})
    if temperature not in HouseWallet.Temperature.values:
        raise InvalidInput(fields={"temperature": "Choose hot, warm or cold."})
    if HouseWallet.objects.filter(currency_id=code, name=name).exists():
        raise InvalidInput(fields={"name": "There is a wallet of this name already."})
    return proposals.propose(
        OPEN_WALLET,
        by=by,
        title=f"New {temperature} wallet {name}, {code}",
        content={
            "name": name,
            "currency": code,
            "temperature": temperature,
            "address": address.strip()[:255],
        },
        reason=note,
        evidence=evidence,
    )


def propose_reading(
    *, wallet_id: int, amount: Money, evidence: str, note: str, by: Person
) -> Proposal:
    """Ask to enter what an own wallet holds, as seen by the maker, to be checked by another.

    Raises NotFound, InvalidInput, WrongCurrency, NotPermitted, AlreadyProposed.
    """
    wallet = _wallet(wallet_id)
    if wallet.provider:
        raise InvalidInput("A gateway tells its balance itself.")
    _same_currency(wallet, amount)
    if not evidence.strip():
        raise InvalidInput(fields={"evidence": "Say where the balance was read."})
    return proposals.propose(
        ENTER_READING,
        by=by,
        title=f"{shown(amount)} in {wallet.name}",
        content=_wallet_content(wallet) | {"amount": amount.text},
        reason=note,
        evidence=evidence,
        subject=wallet,
    )


def propose_own_amount(
    *, wallet_id: int, amount: Money, evidence: str, note: str, by: Person
) -> Proposal:
    """Ask to say how much of a gateway's balance is the house's own money, before fees.

    Raises NotFound, InvalidInput, WrongCurrency, NotPermitted, AlreadyProposed.
    """
    wallet = _wallet(wallet_id)
    if not wallet.provider:
        raise InvalidInput("Only a gateway mixes our own money with the players'.")
    _same_currency(wallet, amount)
    if amount == wallet.own_money:
        raise NothingToDo(fields={"amount": NothingToDo.message})
    if not evidence.strip():
        raise InvalidInput(fields={"evidence": "Say where the money came from."})
    return proposals.propose(
        SET_OWN_AMOUNT,
        by=by,
        title=f"Own money at {wallet.provider}: {shown(amount)}",
        content=_wallet_content(wallet) | {"amount": amount.text, "before": wallet.own_money.text},
        reason=note,
        evidence=evidence,
        subject=wallet,
    )


def _open_wallet(proposal: Proposal, by: Person) -> Mapping[str, Any]:
    content = proposal.content
    try:
        with transaction.atomic():
            wallet = HouseWallet.objects.create(
                name=content["name"],
                currency_id=content["currency"],
                temperature=content["temperature"],
                address=content["address"],
            )
    except IntegrityError as error:
        raise Conflict("There is a wallet of this name already.") from error
    audit.record("house_wallet.opened", actor=by, subject=wallet, after=content)
    return {"wallet": wallet.pk}


def _enter_reading(proposal: Proposal, by: Person) -> Mapping[str, Any]:
    wallet = HouseWallet.objects.select_for_update().get(pk=proposal.content["wallet"])
    before, at = wallet.money, now()
    reading = Reading.objects.create(
        wallet=wallet,
        amount=Decimal(proposal.content["amount"]),
        before=wallet.balance,
        evidence=proposal.evidence,
        proposal=proposal,
        at=at,
    )
    wallet.balance, wallet.balance_at = reading.amount, at
    wallet.save(update_fields=["balance", "balance_at"])
    audit.record(
        "house_wallet.read",
        actor=by,
        subject=wallet,
        before={"balance": before.text},
        after={"balance": wallet.money.text},
        reason=proposal.evidence[:500],
    )
    return {"before": before.text, "after": wallet.money.text}


def _set_own_amount(proposal: Proposal, by: Person) -> Mapping[str, Any]:
    wallet = HouseWallet.objects.select_for_update().get(pk=proposal.content["wallet"])
    before = wallet.own_money
    if before.text != proposal.content["before"]:
        raise Conflict("The figure has changed since this was proposed.")
    wallet.own_amount = Decimal(proposal.content["amount"])
    wallet.save(update_fields=["own_amount"])
    audit.record(
        "house_wallet.own_amount_set",
        actor=by,
        subject=wallet,
        before={"own_amount": before.text},
        after={"own_amount": wallet.own_money.text},
        reason=proposal.evidence[:500],
    )
    return {"before": before.text, "after": wallet.own_money.text}


# ---- orders between wallets ------------------------------------------------------------------------


def propose_transfer(
    *, source_id: int, target_id: int, amount: Money, note: str, by: Person
) -> Proposal:
    """Order coins from one house wallet to another; never sent by the casino itself.

    Raises NotFound, InvalidInput, WrongCurrency, NotEnoughHeld, NotPermitted, AlreadyProposed
    (one open order per source).
    """
    source, target = _wallet(source_id), _wallet(target_id)
    if source.pk == target.pk:
        raise InvalidInput(fields={"target": "Choose another wallet."})
    if source.currency_id != target.currency_id:
        raise WrongCurrency(fields={"target": WrongCurrency.message})
    _same_currency(source, amount)
    if amount.units <= 0:
        raise NothingToDo(fields={"amount": "Enter an amount above zero."})
    if amount > source.money:
        raise NotEnoughHeld(fields={"amount": f"It holds {source.money}."})
    kind = _kind(source, target)
    return proposals.propose(
        MOVE,
        by=by,
        title=f"{kind.capitalize()} {shown(amount)} from {source.name} to {target.name}",
        content={
            "kind": kind,
            "source": source.pk,
            "source_name": source.name,
            "target": target.pk,
            "target_name": target.name,
            "target_address": target.address,
            "currency": source.currency_id,
            "amount": amount.text,
        },
        reason=note,
        subject=source,
    )


def _transferred(proposal: Proposal, by: Person, report: Mapping[str, str]) -> Mapping[str, Any]:
    """Keep what was sent, with its transaction, and move it between the wallets' records."""
    content = proposal.content
    txid = report.get("txid", "").strip()
    if not txid or len(txid) > TXID_MAX or any(letter.isspace() for letter in txid):
        raise InvalidInput(fields={"txid": "Give the transaction's id, in one piece."})
    of = ledger.currency(content["currency"])
    fee = Money.parse(report.get("fee", "").strip() or "0", of, field="fee")
    amount = Money.from_major(Decimal(content["amount"]), of)
    ids = sorted([content["source"], content["target"]])
    wallets = {one.pk: one for one in HouseWallet.objects.select_for_update().filter(pk__in=ids)}
    source, target = wallets[content["source"]], wallets[content["target"]]
    if not source.provider and source.money < amount + fee:
        raise NotEnoughHeld(f"{source.name} holds {source.money}. Enter its balance first.")
    try:
        with transaction.atomic():
            transfer = Transfer.objects.create(
                kind=content["kind"],
                source=source,
                target=target,
                currency_id=of.code,
                amount=amount.major,
                fee=fee.major,
                txid=txid,
                proposal=proposal,
                executed_at=now(),
            )
    except IntegrityError as error:
        raise InvalidInput(fields={"txid": "This transaction is another order's."}) from error
    _book(source, -(amount + fee))
    _book(target, amount)
    audit.record(
        "house_transfer.executed",
        actor=by,
        subject=transfer,
        after={**content, "fee": fee.text, "txid": txid},
    )
    return {"transfer": transfer.public_id, "txid": txid, "fee": fee.text}


def _book(wallet: HouseWallet, change: Money) -> None:
    """A gateway's balance is read, so there the house's own part changes; elsewhere the balance."""
    if wallet.provider:
        wallet.own_amount = (wallet.own_money + change).major
        wallet.save(update_fields=["own_amount"])
    else:
        wallet.balance = (wallet.money + change).major
        wallet.save(update_fields=["balance"])


# ---- thresholds ------------------------------------------------------------------------------------


def propose_thresholds(
    *,
    currency: str,
    hot_target_bps: int,
    hot_alarm_bps: int,
    coverage_min_bps: int,
    alone_max: Money,
    silent_after: int,
    note: str,
    by: Person,
) -> Proposal:
    """Ask for other levels of one currency. Raises InvalidInput, NotPermitted, AlreadyProposed."""
    row = thresholds(currency)
    _same_currency(row, alone_max)
    if not 0 <= hot_target_bps <= hot_alarm_bps:
        raise InvalidInput(fields={"hot_alarm_bps": "The alarm is not below the target."})
    if coverage_min_bps < 10_000:
        raise InvalidInput(fields={"coverage_min_bps": "All that is owed is covered: 10000."})
    if silent_after < 1:
        raise InvalidInput(fields={"silent_after": "At least one."})
    after = {
        "hot_target_bps": hot_target_bps,
        "hot_alarm_bps": hot_alarm_bps,
        "coverage_min_bps": coverage_min_bps,
        "alone_max": alone_max.text,
        "silent_after": silent_after,
    }
    before = _levels(row)
    if before == after:
        raise NothingToDo
    return proposals.propose(
        SET_THRESHOLDS,
        by=by,
        title=f"Thresholds of {row.currency_id}",
        content={"currency": row.currency_id, "before": before, "after": after},
        reason=note,
        subject=row,
    )


def thresholds(currency: str) -> Threshold:
    """The levels of a currency; one without its own has the careful defaults."""
    row, _ = Threshold.objects.get_or_create(currency_id=ledger.currency(currency).code)
    return row


def _set_thresholds(proposal: Proposal, by: Person) -> Mapping[str, Any]:
    content = proposal.content
    row = Threshold.objects.select_for_update().get(currency_id=content["currency"])
    before = _levels(row)
    if before != content["before"]:
        raise Conflict("The thresholds have changed since this was proposed.")
    for name, value in content["after"].items():
        setattr(row, name, Decimal(value) if name == "alone_max" else value)
    row.save()
    audit.record("thresholds.changed", actor=by, subject=row, before=before, after=content["after"])
    return {"before": before}


def _levels(row: Threshold) -> dict[str, Any]:
    return {
        "hot_target_bps": row.hot_target_bps,
        "hot_alarm_bps": row.hot_alarm_bps,
        "coverage_min_bps": row.coverage_min_bps,
        "alone_max": row.alone_max_money.text,
        "silent_after": row.silent_after,
    }


# ---- words -----------------------------------------------------------------------------------------


def _wallet(wallet_id: int) -> HouseWallet:
    found = HouseWallet.objects.filter(pk=wallet_id, enabled=True).first()
    if found is None:
        raise NotFound
    return found


def _same_currency(row: HouseWallet | Threshold, amount: Money) -> None:
    if amount.currency.code != row.currency_id:
        raise WrongCurrency(fields={"amount": f"This is about {row.currency_id}."})


def _kind(source: HouseWallet, target: HouseWallet) -> Kind:
    before, after = (HEAT[HouseWallet.Temperature(one.temperature)] for one in (source, target))
    if before == after:
        return Kind.MOVE
    return Kind.SWEEP if before > after else Kind.REFILL


def _wallet_content(wallet: HouseWallet) -> dict[str, Any]:
    return {"wallet": wallet.pk, "name": wallet.name, "currency": wallet.currency_id}


def _wallet_facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [("Wallet", content["name"]), ("Currency", content["currency"])]
    if "temperature" in content:
        facts.append(("Temperature", content["temperature"]))
        facts.append(("Address", content["address"] or "none"))
    if "before" in content:
        facts.append(("Now", f"{content['before']} {content['currency']}"))
    if "amount" in content:
        facts.append(("Amount", f"{content['amount']} {content['currency']}"))
    return facts


def _reading_facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    wallet = HouseWallet.objects.get(pk=content["wallet"])
    return [*_wallet_facts(content), ("In our records now", str(wallet.money))]


def _transfer_facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Order", Kind(content["kind"]).label),
        ("Amount", f"{content['amount']} {content['currency']}"),
        ("From", content["source_name"]),
        ("To", content["target_name"]),
        ("Address", content["target_address"] or "as agreed with the gateway"),
    ]


def _threshold_facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Currency", content["currency"]),
        *(
            (name.replace("_", " "), f"{content['before'][name]} → {value}")
            for name, value in content["after"].items()
        ),
    ]


OPEN_WALLET = proposals.register(
    Act(
        name="house_wallet",
        title="Open a house wallet",
        propose="treasury.propose_housewallet",
        approve="treasury.approve_housewallet",
        facts=_wallet_facts,
        carry_out=_open_wallet,
    )
)
ENTER_READING = proposals.register(
    Act(
        name="reading",
        title="Enter a balance",
        propose="treasury.propose_housewallet",
        approve="treasury.approve_housewallet",
        facts=_reading_facts,
        carry_out=_enter_reading,
        hours=24,
    )
)
SET_OWN_AMOUNT = proposals.register(
    Act(
        name="own_amount",
        title="The house's own money at a gateway",
        propose="treasury.propose_housewallet",
        approve="treasury.approve_housewallet",
        facts=_wallet_facts,
        carry_out=_set_own_amount,
    )
)
MOVE = proposals.register(
    Act(
        name="transfer",
        title="Sweep or refill",
        propose="treasury.propose_transfer",
        approve="treasury.approve_transfer",
        facts=_transfer_facts,
        complete=_transferred,
        hours=24,
    )
)
SET_THRESHOLDS = proposals.register(
    Act(
        name="thresholds",
        title="Treasury thresholds",
        propose="treasury.propose_threshold",
        approve="treasury.approve_threshold",
        facts=_threshold_facts,
        carry_out=_set_thresholds,
    )
)
