"""Comparing a gateway's day with ours, twice: its rows with our journal, and the other way round.

Fetch (no transaction), then compare and write in one transaction. Differences become breaks; a
later run closes those that are gone and says so. No money is ever moved here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import structlog
from django.db import connection, models, transaction
from django.db.models import F

from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.integrations.errors import ProviderError
from apps.ledger.models import Kind
from apps.payments.models import PayoutStop
from apps.payments.providers.base import GatewayBalance, StatementRow
from apps.payments.providers.registry import GATEWAYS, gateway
from apps.payments.services import payout_switch
from apps.treasury.errors import RunUnderWay
from apps.treasury.models import Break, GatewayRecord, HouseWallet, Run
from apps.treasury.services import balancing, comparing, holdings, matching
from apps.treasury.services.comparing import Finding

log = structlog.get_logger()

State = Break.State
LOCK_SPACE = 0x74726561  # one of our own among PostgreSQL's advisory locks
# Days before today whose open breaks are looked at again with every run.
DAYS_AGAIN_MAX = 14
DAYS_BACK_MAX = 366
# How often today is asked for when it changes under our eyes.
TRIES_MAX = 3
MESSAGE_MAX = 400


@dataclass(frozen=True)
class _Fetched:
    """What the gateway said, and what our journal said before it was asked for its balance."""

    rows: dict[date, list[StatementRow]]
    held: dict[str, Decimal]
    before: dict[str, Decimal]


def reconcile_due() -> list[Run]:
    """Yesterday, and every day since the last run that worked, of each gateway in use; once a day.

    A second scheduler finds the run of today and does nothing.
    """
    at = now()
    yesterday = at.date() - timedelta(days=1)
    runs = []
    for provider in holdings.gateways_in_use():
        last = (
            Run.objects.filter(provider=provider)
            .exclude(state=Run.State.FAILED)
            .order_by("-day")
            .first()
        )
        first = yesterday
        if last is not None and last.day < yesterday:
            first = max(last.day + timedelta(days=1), yesterday - timedelta(days=DAYS_AGAIN_MAX))
        elif last is not None and last.started_at.date() == at.date():
            continue
        for number in range((yesterday - first).days + 1):
            runs.append(reconcile(provider, first + timedelta(days=number)))
    return runs


def reconcile(provider: str, day: date, *, by: models.Model | str = "system") -> Run:
    """Compare one UTC day of one gateway. Raises InvalidInput, RunUnderWay."""
    at = now()
    if provider not in GATEWAYS:
        raise InvalidInput(fields={"provider": "There is no such gateway."})
    if not at.date() - timedelta(days=DAYS_BACK_MAX) <= day <= at.date():
        raise InvalidInput(fields={"day": "Choose a day of the past year."})
    try:
        fetched = _fetch(provider, day, at.date())
    except ProviderError as error:
        return _failed(provider, day, at, by, error)
    return _compare(provider, day, at, by, fetched)


# ---- asking the gateway ----------------------------------------------------------------------------


def _fetch(provider: str, day: date, today: date) -> _Fetched:
    """The day and its neighbours (clocks differ), today (for the balance), and unfinished days."""
    book = gateway(provider)
    days = {day - timedelta(days=1), day, day + timedelta(days=1), today}
    days |= set(_days_again(provider, today))
    rows = {one: list(book.statement(one)) for one in sorted(days) if one <= today}
    for _ in range(TRIES_MAX):
        before = balancing.clearing_totals(provider, balancing.newest_entry())
        held = {one.code: one.amount for one in book.balances()}
        # What became final between the two looks may be in the balance or not: look again.
        seen, rows[today] = rows[today], list(book.statement(today))
        if rows[today] == seen:
            break
    return _Fetched(rows, held, before)


def _days_again(provider: str, today: date) -> Iterable[date]:
    pending = Break.objects.filter(provider=provider, state__in=Break.PENDING).exclude(
        kind=Break.Kind.BALANCE
    )
    return (
        pending.filter(day__gte=today - timedelta(days=DAYS_AGAIN_MAX))
        .order_by("day")
        .values_list("day", flat=True)
        .distinct()
    )


@transaction.atomic
def _failed(
    provider: str, day: date, at: datetime, by: models.Model | str, error: ProviderError
) -> Run:
    run = Run.objects.create(
        provider=provider,
        day=day,
        state=Run.State.FAILED,
        error=str(error)[:2000],
        started_by=str(by),
        started_at=at,
        finished_at=now(),
    )
    raise_alarm(
        "reconciliation.failed",
        subject=f"{provider} {day}",
        message=f"The statement of {day} could not be had from {provider}: {error}"[:MESSAGE_MAX],
    )
    audit.record("reconciliation.failed", actor=by, subject=run, reason=str(error)[:MESSAGE_MAX])
    return run


# ---- comparing and writing -------------------------------------------------------------------------


@transaction.atomic
def _compare(
    provider: str, day: date, at: datetime, by: models.Model | str, fetched: _Fetched
) -> Run:
    _lock(provider)
    for one, rows in sorted(fetched.rows.items()):
        _keep_rows(provider, one, rows)
    if fetched.held:
        holdings.keep_balances(provider, _as_balances(fetched.held))
    newest = balancing.newest_entry()
    books = _books(provider, day, at, newest)
    findings = comparing.compare(books)
    _remember_matches(books)
    counts = _write(provider, by, findings)
    pending = Break.objects.select_for_update().filter(provider=provider, state__in=Break.PENDING)
    # First the single payments: what is left of them explains the balance.
    counts["healed"] += _heal(pending.exclude(kind=Break.Kind.BALANCE), by, findings)
    rows_effect = _effects(provider)
    balance_findings = [
        _balance_finding(provider, gap, at.date())
        for gap in balancing.gaps(
            provider,
            held=fetched.held,
            before=fetched.before,
            after=balancing.clearing_totals(provider, newest),
            rows=rows_effect,
        )
        if gap.is_difference
    ]
    new = _write(provider, by, balance_findings)
    counts += new
    if new["opened"]:
        _stop_payouts(provider, balance_findings)
    counts["healed"] += _heal(pending.filter(kind=Break.Kind.BALANCE), by, balance_findings)
    return _finish(provider, day, at, by, books, findings, counts)


def _lock(provider: str) -> None:
    """One comparison of a gateway at a time. Raises RunUnderWay."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [LOCK_SPACE, provider])
        if not cursor.fetchone()[0]:
            raise RunUnderWay


def _keep_rows(provider: str, day: date, rows: list[StatementRow]) -> None:
    """Keep the statement as it is now. What is gone from it stays here with no copies."""
    at = now()
    copies = Counter((row.kind, row.outside_ref) for row in rows)
    records = {
        (row.kind, row.outside_ref): GatewayRecord(
            provider=provider,
            outside_ref=row.outside_ref[:64],
            kind=row.kind[:16],
            day=day,
            code=row.code[:16],
            amount=row.amount,
            status=row.status[:32],
            reference=row.reference[:64],
            fee=row.fee,
            fee_code=row.fee_code[:16],
            network_fee=row.network_fee,
            network_fee_code=row.network_fee_code[:16],
            bought=row.bought,
            bought_code=row.bought_code[:16],
            copies=copies[row.kind, row.outside_ref],
            seen_at=at,
        )
        for row in rows
    }
    GatewayRecord.objects.filter(provider=provider, day=day).update(copies=0)
    GatewayRecord.objects.bulk_create(
        records.values(),
        update_conflicts=True,
        unique_fields=["provider", "kind", "outside_ref"],
        update_fields=[
            "day", "code", "amount", "status", "reference", "fee", "fee_code", "network_fee",
            "network_fee_code", "bought", "bought_code", "copies", "seen_at",
        ],
        batch_size=1000,
    )  # fmt: skip


def _as_balances(held: Mapping[str, Decimal]) -> list[GatewayBalance]:
    return [GatewayBalance(code, amount) for code, amount in held.items()]


def _books(provider: str, day: date, at: datetime, newest: int) -> matching.Books:
    """The day, today (the balance has it in it), and every break that is not closed."""
    days = {day, at.date()}
    pending = Break.objects.filter(provider=provider, state__in=Break.PENDING)
    records = GatewayRecord.objects.filter(provider=provider).filter(
        models.Q(day__in=days, copies__gte=1) | models.Q(pk__in=pending.values("record_id"))
    )
    return matching.load(
        provider,
        at=at,
        records=records,
        days=sorted(days),
        newest=newest,
        entry_ids=[pk for pk in pending.values_list("entry_id", flat=True) if pk],
    )


def _remember_matches(books: matching.Books) -> None:
    """Which entry a row belongs to, whether the player bore its fee, and what was not booked."""
    by_record: dict[int, int] = {}
    for entry_id, record in books.partners.items():
        by_record.setdefault(record.pk, entry_id)
    changed = []
    for record in {one.pk: one for one in books.partners.values()}.values():
        found = (
            by_record[record.pk],
            matching.is_fee_on_player(books, record),
            matching.dust(record),
        )
        if found != (record.entry_id, record.fee_on_player, record.dust):
            record.entry_id, record.fee_on_player, record.dust = found
            changed.append(record)
    GatewayRecord.objects.bulk_update(
        changed, ["entry_id", "fee_on_player", "dust"], batch_size=1000
    )


def _write(provider: str, by: models.Model | str, findings: list[Finding]) -> Counter[str]:
    """Open what is new, confirm what is known, skip what people have settled as it stands."""
    counts: Counter[str] = Counter()
    keys = {finding.key for finding in findings}
    known = Break.objects.filter(provider=provider, key__in=keys)
    pending = {(row.kind, row.key): row for row in known.filter(state__in=Break.PENDING)}
    settled = {
        (row.kind, row.key, row.ours, row.theirs) for row in known.filter(state=State.RESOLVED)
    }
    for finding in findings:
        if row := pending.get((finding.kind, finding.key)):
            _see_again(row, finding, by)
            counts["carried"] += row.state == State.CARRIED
        elif (finding.kind, finding.key, finding.ours, finding.theirs) in settled:
            counts["settled"] += 1
        else:
            row = _open(provider, finding, by)
            counts["carried" if row.state == State.CARRIED else "opened"] += 1
    return counts


def _open(provider: str, finding: Finding, by: models.Model | str) -> Break:
    at = now()
    row = Break.objects.create(
        provider=provider,
        day=finding.day,
        kind=finding.kind,
        key=finding.key[:128],
        code=finding.code,
        ours=finding.ours,
        theirs=finding.theirs,
        effect=finding.effect,
        message=finding.message[:MESSAGE_MAX],
        record=finding.record,
        deposit=finding.deposit,
        withdrawal=finding.withdrawal,
        entry_id=finding.entry_id,
        state=State.CARRIED if finding.in_flight else State.OPEN,
        opened_at=at,
        seen_at=at,
    )
    audit.record("break.opened", actor=by, subject=row, after=_shown(row))
    return row


def _see_again(row: Break, finding: Finding, by: models.Model | str) -> None:
    """It is still there. What was in flight and should have landed by now is open from here on."""
    before = _shown(row)
    row.ours, row.theirs, row.effect = finding.ours, finding.theirs, finding.effect
    row.message = finding.message[:MESSAGE_MAX]
    row.entry_id = finding.entry_id
    row.seen_at = now()
    if row.state == State.CARRIED and not finding.in_flight:
        row.state = State.OPEN
    Break.objects.filter(pk=row.pk).update(runs=F("runs") + 1)
    row.save(update_fields=["ours", "theirs", "effect", "message", "entry_id", "seen_at", "state"])
    if _shown(row) != before:
        audit.record("break.changed", actor=by, subject=row, before=before, after=_shown(row))


def _heal(pending: models.QuerySet[Break], by: models.Model | str, findings: list[Finding]) -> int:
    """Close what this run looked at and no longer found; every one is recorded."""
    found = {(finding.kind, finding.key) for finding in findings}
    healed = 0
    for row in pending:
        if (row.kind, row.key) in found:
            continue
        before = _shown(row)
        row.state, row.closed_at = State.HEALED, now()
        row.save(update_fields=["state", "closed_at"])
        audit.record("break.healed", actor=by, subject=row, before=before, after=_shown(row))
        healed += 1
    return healed


def _effects(provider: str) -> dict[str, Decimal]:
    """Per currency what known differences of single payments do to the balance."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    rows = Break.objects.filter(
        provider=provider, state__in=[*Break.PENDING, State.RESOLVED]
    ).exclude(kind=Break.Kind.BALANCE)
    for code, effect in rows.values_list("code", "effect"):
        totals[code] += effect
    return totals


def _balance_finding(provider: str, gap: balancing.Gap, today: date) -> Finding:
    return Finding(
        kind=Break.Kind.BALANCE,
        key=f"balance:{gap.code}",
        day=today,
        code=gap.code,
        message=_gap_words(provider, gap),
        ours=gap.expected + gap.rows,
        theirs=gap.held,
        effect=gap.unexplained,
        in_flight=gap.is_in_flight,
    )


def _gap_words(provider: str, gap: balancing.Gap) -> str:
    side = "more" if gap.unexplained > 0 else "less"
    text = f"{provider} holds {abs(gap.unexplained).normalize():,f} {gap.code} {side} than our books say"
    if gap.is_in_flight:
        return f"{text}; payouts of {gap.on_the_way.normalize():,f} are on the way"
    own = HouseWallet.objects.filter(provider=provider, currency_id=gap.code, own_amount__gt=0)
    if gap.unexplained > 0 and not own.exists():
        return f"{text}; nobody has said how much of it is the house's own"
    return text


def _stop_payouts(provider: str, findings: list[Finding]) -> None:
    """Money that is gone from a gateway and not from our books stops what would pay out more."""
    missing = [one.message for one in findings if one.effect < 0 and not one.in_flight]
    if missing:
        payout_switch.stop_by_itself(PayoutStop.Cause.GATEWAY, "; ".join(missing)[:MESSAGE_MAX])


def _finish(
    provider: str,
    day: date,
    at: datetime,
    by: models.Model | str,
    books: matching.Books,
    findings: list[Finding],
    counts: Counter[str],
) -> Run:
    still_open = Break.objects.filter(
        provider=provider, state__in=[State.OPEN, State.ASSIGNED, State.EXPLAINED]
    ).count()
    rows = [record for record in books.records if record.day == day and record.copies]
    broken = {finding.record.pk for finding in findings if finding.record is not None}
    run = Run.objects.create(
        provider=provider,
        day=day,
        state=Run.State.BREAKS if still_open else Run.State.CLEAN,
        rows=len(rows),
        entries=len([entry for entry in books.entries if entry.created_at.date() == day]),
        matched=len([record for record in rows if record.pk not in broken]),
        carried=counts["carried"],
        opened=counts["opened"],
        healed=counts["healed"],
        settled=counts["settled"],
        still_open=still_open,
        totals=_totals(books, rows, day),
        started_by=str(by),
        started_at=at,
        finished_at=now(),
    )
    if still_open:
        raise_alarm(
            "reconciliation.breaks",
            subject=provider,
            message=f"{still_open} differences with {provider} are not closed, {counts['opened']} new.",
            severity="critical" if counts["opened"] else "warning",
        )
    audit.record(
        "reconciliation.finished",
        actor=by,
        subject=run,
        after={"day": str(day), **{name: counts[name] for name in ("opened", "healed", "carried")}},
    )
    log.info("reconciliation.finished", provider=provider, day=str(day), **counts)
    return run


def _totals(
    books: matching.Books, rows: list[GatewayRecord], day: date
) -> dict[str, dict[str, str]]:
    """Both books of the day by currency and kind, as text."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for record in rows:
        if matching.moved(record):
            sums[f"{record.code} {record.kind}"]["theirs"] += record.amount
            if record.fee:
                sums[f"{record.fee_code or record.code} fee"]["theirs"] += record.fee
    for entry in books.entries:
        if entry.created_at.date() == day:
            kind = matching.ROW_KIND.get(Kind(entry.kind), "other")
            sums[f"{entry.wallet.currency.code} {kind}"]["ours"] += abs(entry.amount)
    return {
        name: {side: f"{amount.normalize():f}" for side, amount in sides.items()}
        for name, sides in sorted(sums.items())
    }


def _shown(row: Break) -> dict[str, object]:
    return {
        "kind": row.kind,
        "state": row.state,
        "ours": None if row.ours is None else f"{row.ours.normalize():f}",
        "theirs": None if row.theirs is None else f"{row.theirs.normalize():f}",
        "code": row.code,
        "message": row.message,
    }
