"""Keeping rails as the gateway's own list says they are: minimums, digits, and what is on offer.

A list changes rarely. What changes a little is followed; what changes a lot is followed where it
protects a player (a higher minimum: less is lost) and always told to a person.
"""

from collections.abc import Mapping
from decimal import ROUND_UP, Decimal

import structlog
from django.db import transaction

from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.integrations.errors import ProviderError
from apps.payments.models import GatewayCurrency, Rail
from apps.payments.providers import base
from apps.payments.providers.registry import COIN_GATEWAYS, coin_gateway

log = structlog.get_logger()

# A minimum that changes by more than this factor is a decision of somebody, or a mistake.
BIG_CHANGE = Decimal(3)
CENT = Decimal("0.01")


def sync_all() -> int:
    """Every gateway that has a list; how many rails changed."""
    changed = 0
    for provider in COIN_GATEWAYS:
        try:
            changed += sync(provider)
        except ProviderError as error:
            log.warning("gateway.list", provider=provider, error=str(error))
    return changed


def sync(provider: str) -> int:
    """Read the lists and bring our rows up to date; how many rails changed.

    Raises ProviderError; then nothing was changed.
    """
    desk = coin_gateway(provider)
    lines = {line.provider_code: line for line in desk.currencies()}
    pairs = {(pair.from_code, pair.to_code): pair for pair in desk.pairs()}
    return _keep(provider, lines, pairs)


@transaction.atomic
def _keep(
    provider: str,
    lines: Mapping[str, base.GatewayCurrency],
    pairs: Mapping[tuple[str, str], base.GatewayPair],
) -> int:
    rails = list(Rail.objects.select_for_update().filter(provider=provider).order_by("pk"))
    known = [rail for rail in rails if rail.provider_code in lines]
    if rails and len(known) * 2 < len(rails):
        # Half of what we live on cannot be gone: the list is wrong, not the world.
        raise_alarm(
            "rails.list",
            subject=provider,
            message=f"{provider} lists {len(known)} of our {len(rails)} rails; nothing was changed.",
            severity="critical",
        )
        return 0
    before = {row.provider_code: row for row in GatewayCurrency.objects.filter(provider=provider)}
    changed = sum(
        _follow(rail, lines.get(rail.provider_code), before.get(rail.provider_code), pairs)
        for rail in rails
    )
    at = now()
    for line in lines.values():
        GatewayCurrency.objects.update_or_create(
            provider=provider,
            provider_code=line.provider_code,
            defaults={
                "kind": line.kind[:16],
                "minimum": line.minimum,
                "precision": min(line.precision, 18),
                "deposit_fee": line.deposit_fee[:32],
                "withdrawal_fee": line.withdrawal_fee[:32],
                "is_visible": line.is_visible,
                "seen_at": at,
            },
        )
    GatewayCurrency.objects.filter(provider=provider).exclude(provider_code__in=lines).update(
        is_visible=False
    )
    return changed


def _follow(
    rail: Rail,
    line: base.GatewayCurrency | None,
    before: GatewayCurrency | None,
    pairs: Mapping[tuple[str, str], base.GatewayPair],
) -> bool:
    """Bring one rail up to date; whether anything changed."""
    was = _shown(rail)
    if line is None or not line.is_visible:
        if rail.enabled:
            rail.enabled = False
            _tell(rail, "is not offered by the gateway any more and was switched off")
    else:
        least = _least(rail, line, pairs)
        if least is not None:
            previous = before.minimum if before is not None and not rail.coin_code else None
            rail.deposit_min = _followed(rail, "deposit", rail.deposit_min, least, previous)
            rail.withdrawal_min = _followed(
                rail, "withdrawal", rail.withdrawal_min, least, previous
            )
        digits = min(line.precision, rail.money_currency.scale)
        if digits != rail.decimals_max and line.precision:
            if line.precision < rail.decimals_max:
                _tell(rail, f"carries {line.precision} digits, it was {rail.decimals_max}")
            rail.decimals_max = line.precision
    if _shown(rail) == was:
        return False
    rail.save()
    audit.record(
        "rail.synchronised",
        actor=f"partner:{rail.provider}",
        subject=rail,
        before=was,
        after=_shown(rail),
    )
    return True


def _followed(
    rail: Rail, what: str, ours: Decimal, theirs: Decimal, previous: Decimal | None
) -> Decimal:
    """Our minimum from theirs. One that staff set higher than theirs stays."""
    is_our_own = previous is not None and ours > previous
    wanted = max(ours, theirs) if is_our_own else theirs
    if wanted == ours:
        return ours
    if wanted > ours * BIG_CHANGE or wanted * BIG_CHANGE < ours:
        _tell(rail, f"has a {what} minimum of {wanted.normalize():f}, it was {ours.normalize():f}")
        if wanted < ours:
            return ours  # a person may lower it; nobody loses by waiting
    return wanted


def _least(
    rail: Rail,
    line: base.GatewayCurrency,
    pairs: Mapping[tuple[str, str], base.GatewayPair],
) -> Decimal | None:
    """The gateway's minimum in the rail's own currency."""
    if not rail.coin_code:
        return line.minimum if line.minimum > 0 else None
    pair = pairs.get((rail.coin_code, rail.provider_code))
    if pair is None or pair.deposit_minimum is None or not pair.rate:
        return None
    exact = max(pair.deposit_minimum * pair.rate, line.minimum)
    # It moves with every rate: whole units, so that it does not change with each look.
    return max(exact.quantize(Decimal(1), rounding=ROUND_UP), CENT)


def _tell(rail: Rail, words: str) -> None:
    raise_alarm(
        "rail.changed",
        subject=rail.code,
        message=f"Rail {rail.code} {words}. Look whether that is right.",
    )


def _shown(rail: Rail) -> dict[str, object]:
    return {
        "deposit_min": f"{rail.deposit_min.normalize():f}",
        "withdrawal_min": f"{rail.withdrawal_min.normalize():f}",
        "decimals_max": rail.decimals_max,
        "enabled": rail.enabled,
    }
