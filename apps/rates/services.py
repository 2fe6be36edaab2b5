"""Looking at the feeds, keeping what can be believed, and rates that staff vouch for."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import structlog
from django.conf import settings
from django.db import connection, transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.money import EXACT
from apps.integrations.errors import ProviderError
from apps.ledger.selectors import currencies, currency
from apps.rates import guards, selectors
from apps.rates.calendar import next_working_day
from apps.rates.errors import OverrideRefused
from apps.rates.guards import Decision, Said
from apps.rates.models import Rate
from apps.rates.providers.base import Feed, Problem
from apps.rates.providers.registry import display_feeds, settlement_feeds

log = structlog.get_logger()

LOOK_LOCK = 0x72617465  # one of our own among PostgreSQL's advisory locks
Verdict = Rate.Verdict
OVERRIDE_MINUTES_MAX = 24 * 60
# A slip of the finger is a factor of ten; no market moves so far between two looks.
OVERRIDE_GAP_MAX = Decimal("0.5")
REASON_MAX = 500


def refresh(*, at: datetime | None = None) -> int:
    """Ask the feeds that settle, accept what holds; how many currencies got a rate.

    One at a time; a second caller returns at once. Called by the schedule, never by a request.
    """
    with _alone("settlement") as is_mine:
        if not is_mine:
            return 0
        codes = _codes()
        said = [one for feed in settlement_feeds() for one in _ask(feed, codes)]
        return keep(said, codes=codes, at=at or now())


def refresh_display(*, at: datetime | None = None) -> int:
    """Read the feeds that are published for information only; how many rates are new."""
    with _alone("display") as is_mine:
        if not is_mine:
            return 0
        codes = _codes()
        said = [one for feed in display_feeds() for one in _ask(feed, codes)]
        return sum(_keep_shown(one, at or now()) for one in said)


@transaction.atomic
def keep(said: Sequence[Said], *, codes: Sequence[str], at: datetime) -> int:
    """Judge one look at the feeds and write what follows from it, for all currencies at once."""
    entry_from = _next_entry()
    newest = selectors.newest(codes)
    decisions: dict[str, Decision] = {}
    for code in codes:
        mine = [one for one in said if one.reading.code == code]
        decisions[code] = guards.decide(code, mine, last=_last_good(newest.get(code)), at=at)
    decisions |= {one.code: one for one in guards.off_peg(decisions)}
    accepted = 0
    for code, decision in decisions.items():
        before = newest.get(code)
        if before and (before.fetched_at > at or _is_overridden(before, at)):
            continue
        if decision.problem is None:
            _accept(decision, entry_from if before else 0, at)
            accepted += 1
        elif decision.seen or before:
            _refuse(decision, decision.problem, before, entry_from, at)
    return accepted


@transaction.atomic
def override(*, code: str, value: Decimal, minutes: int, by: User, reason: str) -> Rate:
    """Let a value that a person vouches for hold for a while, whatever the feeds say.

    Raises UnknownCurrency, OverrideRefused, InvalidInput.
    """
    if currency(code).code == settings.BASE_CURRENCY:
        raise OverrideRefused("The base currency is worth one of itself.")
    if not value.is_finite() or not guards.PLACES <= value < guards.VALUE_MAX:
        raise OverrideRefused(fields={"value": "Enter a number above zero."})
    if not 1 <= minutes <= OVERRIDE_MINUTES_MAX:
        raise OverrideRefused(fields={"minutes": f"Between 1 and {OVERRIDE_MINUTES_MAX}."})
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    at, entry_from = now(), _next_entry()
    before = selectors.newest([code]).get(code)
    if before and guards.gap(before.value, value) > OVERRIDE_GAP_MAX:
        raise OverrideRefused(
            fields={
                "value": f"The last good rate is {before.value.normalize():f}. Check the point."
            }
        )
    rate = Rate.objects.create(
        code=code,
        base=settings.BASE_CURRENCY,
        value=_quantized(value),
        verdict=Verdict.MANUAL,
        source="staff",
        as_of=at,
        fetched_at=at,
        valid_until=at + timedelta(minutes=minutes),
        entry_from=entry_from if before else 0,
        set_by=by,
        reason=reason.strip()[:REASON_MAX],
    )
    audit.record(
        "rate.overridden",
        actor=by,
        subject=rate,
        before={"value": f"{before.value.normalize():f}"} if before else None,
        after={"code": code, "value": f"{value:f}", "valid_until": rate.valid_until.isoformat()},
        reason=rate.reason,
    )
    return rate


@transaction.atomic
def end_override(*, code: str, by: User, reason: str) -> Rate:
    """Give a currency back to the feeds before its time. Raises OverrideRefused, InvalidInput."""
    at, entry_from = now(), _next_entry()
    before = selectors.newest([code]).get(code)
    if before is None or not _is_overridden(before, at):
        raise OverrideRefused("No rate is set by hand.")
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    ended = Rate.objects.create(
        code=code,
        base=before.base,
        value=before.value,
        verdict=Verdict.MANUAL,
        source="staff",
        as_of=before.as_of,
        fetched_at=at,
        valid_until=at,
        entry_from=entry_from,
        set_by=by,
        reason=reason.strip()[:REASON_MAX],
    )
    audit.record("rate.override_ended", actor=by, subject=ended, reason=ended.reason)
    return ended


# ---- asking --------------------------------------------------------------------------------------


def _codes() -> list[str]:
    return [one.code for one in currencies() if one.code != settings.BASE_CURRENCY]


def _ask(feed: Feed, codes: Sequence[str]) -> list[Said]:
    try:
        readings = feed.read(codes, settings.BASE_CURRENCY)
    except ProviderError as error:
        log.warning("rates.feed_silent", feed=feed.name, error=str(error))
        raise_alarm(
            "rates.feed_silent", subject=feed.name, message=f"No rates from {feed.name}: {error}"
        )
        return []
    return [Said(feed, one) for one in readings]


class _alone:
    """Hold a session lock for the time of a look; false when somebody else has it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOOK_LOCK, self.name])
            self.is_mine = bool(cursor.fetchone()[0])
        return self.is_mine

    def __exit__(self, *_error: object) -> None:
        if self.is_mine:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_unlock(%s, hashtext(%s))", [LOOK_LOCK, self.name]
                )


# ---- keeping -------------------------------------------------------------------------------------


def _next_entry() -> int:
    """The first journal entry that a rate written now is in force for.

    Whoever asks for the rate of an entry waits for this transaction (`selectors.rate_of`): a rate
    that was told for an entry can never become another one.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [selectors.IN_FORCE_LOCK])
        cursor.execute("SELECT coalesce(pg_sequence_last_value('ledger_entry_id_seq'), 0) + 1")
        return int(cursor.fetchone()[0])


def _accept(decision: Decision, entry_from: int, at: datetime) -> None:
    as_of = decision.as_of or at
    Rate.objects.create(
        code=decision.code,
        base=settings.BASE_CURRENCY,
        value=_quantized(decision.value),
        verdict=Verdict.ACCEPTED,
        source=decision.source,
        seen=decision.seen,
        as_of=as_of,
        fetched_at=at,
        valid_until=as_of + timedelta(seconds=settings.RATE_AGE_SECONDS),
        entry_from=entry_from,
    )


def _refuse(
    decision: Decision, problem: Problem, before: Rate | None, entry_from: int, at: datetime
) -> None:
    """Keep the last good value, say that it settles nothing, and tell somebody.

    Silence alone takes nothing back: what was accepted a moment ago holds until it is too old.
    """
    is_known = bool(before and before.verdict == Verdict.HELD and before.problem == problem)
    if before and not problem.is_silence and not is_known:
        Rate.objects.create(
            code=before.code,
            base=before.base,
            value=before.value,
            verdict=Verdict.HELD,
            problem=problem,
            source=before.source,
            seen=decision.seen,
            as_of=before.as_of,
            # Of the good one: how long ago something was believed decides what counts as a jump.
            fetched_at=before.fetched_at,
            valid_until=before.valid_until,
            entry_from=entry_from,
        )
    said = ", ".join(f"{one['source']} {one['said'] or 'nothing'}" for one in decision.seen)
    raise_alarm(
        "rates.refused",
        subject=decision.code,
        message=f"{decision.code} settles nothing: {problem.replace('_', ' ')}. {said}",
        severity="critical",
    )


def _keep_shown(said: Said, at: datetime) -> bool:
    """A daily rate holds until the next one is due, by the calendar of who publishes it."""
    reading = guards.judge(said.reading, said.feed, at)
    before = selectors.newest([reading.code], for_display_only=True).get(reading.code)
    if reading.problem or reading.value is None:
        _alarm_shown(said, str(reading.problem))
        return False
    if before and reading.as_of <= before.as_of:
        return False
    if before and guards.gap(before.value, reading.value) > OVERRIDE_GAP_MAX:
        _alarm_shown(said, Problem.JUMP)
        return False
    due_on = next_working_day(reading.as_of.date())
    Rate.objects.create(
        code=reading.code,
        base=settings.BASE_CURRENCY,
        value=_quantized(reading.value),
        for_display_only=True,
        verdict=Verdict.ACCEPTED,
        source=said.feed.name,
        seen=[{"source": said.feed.name, "said": reading.raw}],
        as_of=reading.as_of,
        fetched_at=at,
        valid_until=datetime.combine(due_on + timedelta(days=1), time(), tzinfo=UTC),
    )
    return True


def _alarm_shown(said: Said, problem: str) -> None:
    raise_alarm(
        "rates.refused_for_display",
        subject=said.reading.code,
        message=f"{said.feed.name} said {said.reading.raw or 'nothing'}: {problem.replace('_', ' ')}.",
    )


def _last_good(newest: Rate | None) -> tuple[Decimal, datetime] | None:
    return (newest.value, newest.fetched_at) if newest else None


def _is_overridden(newest: Rate, at: datetime) -> bool:
    return newest.verdict == Verdict.MANUAL and newest.valid_until > at


def _quantized(value: Decimal) -> Decimal:
    return value.quantize(guards.PLACES, context=EXACT)
