"""How the partners that bring games fare, and what staff may do about their circuits."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import models, transaction

from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.games.guarded import KINDS
from apps.games.models import CatalogueState, CircuitOrder, Game, RoundCase, Stop
from apps.games.providers.registry import PROVIDERS, configured
from apps.integrations import breaker

SHOWN_CALLS = 6


@dataclass(frozen=True, slots=True)
class SeenCall:
    at: datetime
    milliseconds: int
    result: str

    @property
    def is_ok(self) -> bool:
        return self.result == "ok"


@dataclass(frozen=True, slots=True)
class Circuit:
    """One kind of call. failed: of the calls that count now; open_until: when it asks again."""

    kind: str
    state: str
    forced: str
    forced_by: str
    forced_reason: str
    calls: list[SeenCall]
    recent: int
    failed: int
    median_milliseconds: int | None
    open_until: datetime | None

    @property
    def failed_percent(self) -> int | None:
        return round(100 * self.failed / self.recent) if self.recent else None


@dataclass(frozen=True, slots=True)
class Partner:
    name: str
    is_configured: bool
    catalogue: CatalogueState
    listed: int
    open_cases: int
    stop: Stop | None
    circuits: list[Circuit]

    @property
    def is_healthy(self) -> bool:
        quiet = all(one.state == "closed" for one in self.circuits)
        return quiet and not self.catalogue.error and self.stop is None


def health() -> list[Partner]:
    """Every partner we know, with each of its circuits as all processes see it."""
    states = CatalogueState.objects.in_bulk(list(PROVIDERS))
    stopped = {one.provider: one for one in Stop.objects.filter(scope="provider", ended_at=None)}
    listed = dict(
        Game.objects.filter(is_listed=True)
        .order_by()
        .values_list("provider")
        .annotate(number=models.Count("pk"))
    )
    cases = dict(
        RoundCase.objects.filter(closed_at=None)
        .order_by()
        .values_list("partner__code")
        .annotate(number=models.Count("pk"))
    )
    return [
        Partner(
            name=name,
            is_configured=name in configured(),
            catalogue=states.get(name) or CatalogueState(provider=name),
            listed=listed.get(name, 0),
            open_cases=cases.get(name, 0),
            stop=stopped.get(name),
            circuits=[_circuit(name, kind) for kind in KINDS],
        )
        for name in PROVIDERS
    ]


def force(*, provider: str, kind: str, forced: str, actor: models.Model | str, reason: str) -> None:
    """Hold a circuit `open` (the partner is left alone) or `closed`, or let it decide: empty.

    Raises InvalidInput.
    """
    if provider not in PROVIDERS or kind not in KINDS or forced not in {"", "open", "closed"}:
        raise InvalidInput("There is no such circuit.")
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    with transaction.atomic():
        before = CircuitOrder.objects.filter(provider=provider, kind=kind).first()
        if forced:
            CircuitOrder.objects.update_or_create(
                provider=provider,
                kind=kind,
                defaults={
                    "forced": forced, "reason": reason.strip()[:500], "by": str(actor)[:254],
                    "at": now(),
                },
            )  # fmt: skip
        elif before is not None:
            before.delete()
        audit.record(
            "partner.circuit_forced" if forced else "partner.circuit_released",
            actor=actor,
            before={"forced": before.forced} if before else None,
            after={"partner": provider, "kind": kind, "forced": forced},
            reason=reason.strip(),
        )
        transaction.on_commit(
            lambda: breaker.force(
                provider, kind, _forced(forced), by=str(actor), reason=reason.strip()
            )
        )


def restore() -> None:
    """Tell Redis again what staff ordered, where it has lost it."""
    for order in CircuitOrder.objects.all():
        if breaker.circuit(order.provider, order.kind).forced != order.forced:
            breaker.force(
                order.provider, order.kind, _forced(order.forced), by=order.by, reason=order.reason
            )


def _forced(text: str) -> breaker.Forced:
    match text:
        case "open":
            return "open"
        case "closed":
            return "closed"
    return ""


def _circuit(name: str, kind: str) -> Circuit:
    at = time.time()
    found = breaker.circuit(name, kind)
    state = found.state(at)
    recent = found.recent(at)
    took = sorted(call.milliseconds for call in found.calls if call.is_ok)
    return Circuit(
        kind=kind,
        state=state,
        forced=found.forced,
        forced_by=found.forced_by,
        forced_reason=found.forced_reason,
        calls=[_seen(call) for call in reversed(found.calls[-SHOWN_CALLS:])],
        recent=len(recent),
        failed=sum(not call.is_ok for call in recent),
        median_milliseconds=took[len(took) // 2] if took else None,
        open_until=_moment(found.open_until) if state == "open" and not found.forced else None,
    )


def _seen(call: breaker.Call) -> SeenCall:
    return SeenCall(_moment(call.at), call.milliseconds, call.result)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
