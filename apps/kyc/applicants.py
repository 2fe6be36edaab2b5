"""Who of our players is whose applicant, and how a provider's word becomes a verdict.

A notice of a provider is a hint: it makes an applicant due, and what is read then counts. Only what
is against the player is taken at its word at once, so that money does not leave while the provider
is away. Everything is compared with the applicant, the level and the id we gave out; what does not
fit changes nothing and raises an alarm. No call to a provider is made inside a transaction.
"""

import random
from datetime import date, datetime, timedelta

import structlog
from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.integrations.errors import ProviderError
from apps.kyc import persons
from apps.kyc.models import PersonRecord
from apps.kyc.models.applicants import ProviderApplicant, ProviderNotice
from apps.kyc.providers import registry
from apps.kyc.providers.base import (
    UNDECIDED,
    AmlCase,
    Applicant,
    CheckState,
    Effect,
    FrameTerms,
    Notice,
    PersonFact,
    Refused,
    Snapshot,
    StepFact,
    Verdict,
    Verifier,
)
from apps.kyc.services.verdicts import apply_verdict

log = structlog.get_logger()

Outcome = ProviderNotice.Outcome
# Taken at its word before it is read: each of them stops something, none lets anything through.
LOWERING = {CheckState.ON_HOLD, CheckState.RETRY, CheckState.REJECTED}
STATE_BEARING = {Effect.STATE, Effect.LEVEL, Effect.RESET, Effect.GONE}
# A worker that dies while it reads gives the applicant back after this long.
LEASE_SECONDS = 120
RETRY_SECONDS_MAX = 3600
ALARM_AFTER = 5
BATCH = 20
SCREEN_BATCH = 5
RECONCILE_BATCH = 500
# Fresh lists take a moment to be there after they were asked for.
LISTS_SECONDS = 20


class NoProvider(Exception):
    """No provider is set up, or the one there is does not know this level."""


# ---- for a player -----------------------------------------------------------------------------------


def enrol(player: Player, level: str, *, language: str = "en") -> ProviderApplicant:
    """Make the player an applicant for a level, or move the one they are to it.

    Raises NoProvider, ProviderError; and NotFound when the provider does not vouch for them any
    more: only staff take them back.
    """
    provider, level_ref = _provider_for(level)
    row, _ = ProviderApplicant.objects.get_or_create(
        provider=provider.name,
        player=player,
        defaults={
            "external_ref": player.public_id,
            "level": level,
            "level_ref": level_ref,
            "created_at": now(),
        },
    )
    if row.state == CheckState.WITHDRAWN:
        raise NotFound
    if not row.applicant_ref:
        found = provider.enrol(
            external_ref=row.external_ref,
            level=row.level,
            email=player.user.email,
            declared=_declared(player),
            language=language,
        )
        row = _bind(row.pk, found)
        if found.level_ref != row.level_ref:  # it was there already, at another level
            provider.move_to_level(row.applicant_ref, row.level)
    if row.level != level:
        provider.move_to_level(row.applicant_ref, level)
        row = _move(row.pk, level, level_ref, by=player.user)
    return row


def frame(player: Player, level: str, *, language: str = "en") -> FrameTerms:
    """What opens the provider's pages for this player alone; the token is not kept.

    Raises NoProvider, ProviderError, NotFound.
    """
    row = enrol(player, level, language=language)
    return registry.verifier(row.provider).frame(
        external_ref=row.external_ref, level=row.level, email=player.user.email, language=language
    )


def ask_screening(player_id: int, *, fresh: bool = False) -> bool:
    """Have the watch lists read soon; False when the player is nobody's applicant.

    fresh: have the provider ask the lists anew before, at most every SCREEN_FRESH_HOURS. What they
    say comes as a verdict; `screened_at` tells from when it is.
    """
    changed = ProviderApplicant.objects.filter(player_id=player_id).exclude(applicant_ref="")
    at = now()
    count = changed.update(screen_due_at=at)
    if fresh:
        before = at - timedelta(hours=settings.SCREEN_FRESH_HOURS)
        changed.filter(
            Q(screen_asked_at=None) | Q(screen_asked_at__lt=before), state=CheckState.APPROVED
        ).update(wants_fresh_lists=True)
    return count > 0


# ---- for staff ----------------------------------------------------------------------------------------


def reopen(player_id: int, *, by: models.Model, reason: str, step: str = "") -> None:
    """Ask the player for everything again, or for one step. Raises NotFound, ProviderError."""
    row = _known(player_id, reason)
    registry.verifier(row.provider).reopen(row.applicant_ref, step)
    _told(row.pk, "kyc.reopened", by=by, reason=reason, after={"step": step or "everything"})


def close(player_id: int, *, by: models.Model, reason: str) -> None:
    """Have the provider stop watching somebody who has left. Raises NotFound, ProviderError."""
    row = _known(player_id, reason)
    registry.verifier(row.provider).deactivate(row.applicant_ref)
    _told(row.pk, "kyc.applicant_closed", by=by, reason=reason)


def readmit(player_id: int, *, by: models.Model, reason: str) -> None:
    """Take somebody back whom the provider did not vouch for any more, and read them again.

    Raises NotFound, ProviderError.
    """
    row = _known(player_id, reason)
    registry.verifier(row.provider).activate(row.applicant_ref)
    with transaction.atomic():
        ProviderApplicant.objects.filter(pk=row.pk).update(state="")
        _told(row.pk, "kyc.applicant_readmitted", by=by, reason=reason)


def papers(player_id: int, *, by: models.Model, reason: str) -> tuple[list[StepFact], str]:
    """What was handed in there, step by step, and why it was refused; the look is recorded.

    Raises NotFound, InvalidInput, ProviderError, Refused.
    """
    row = _known(player_id, reason)
    provider = registry.verifier(row.provider)
    found = provider.steps(row.applicant_ref), provider.why_refused(row.applicant_ref)
    with transaction.atomic():
        audit.record("kyc.papers_listed", actor=by, subject=row, reason=reason.strip())
    return found


def picture(player_id: int, image_ref: str, *, by: models.Model, reason: str) -> tuple[bytes, str]:
    """A picture the player handed in there, and its type. Each look is recorded before it is shown.

    Raises NotFound, InvalidInput, ProviderError, Refused.
    """
    row = _known(player_id, reason)
    with transaction.atomic():
        audit.record(
            "kyc.picture_viewed",
            actor=by,
            subject=row,
            after={"image_ref": image_ref},
            reason=reason.strip(),
        )
    return registry.verifier(row.provider).image(row.inspection_ref, image_ref)


# ---- what a provider tells us -------------------------------------------------------------------------


@transaction.atomic
def hear(notice: Notice) -> ProviderNotice.Outcome | None:
    """Act on a notice once; None when it was heard before."""
    row, is_conflict = _find(notice)
    kept, is_new = ProviderNotice.objects.get_or_create(
        provider=notice.provider,
        key=notice.key,
        defaults={
            "kind": notice.kind[:64],
            "applicant": row,
            "body_digest": notice.body_digest,
            "at": notice.at,
            "received_at": now(),
            "outcome": Outcome.NOTED,
        },
    )
    if not is_new:
        if kept.body_digest != notice.body_digest:
            log.warning("kyc.notice_changed", provider=notice.provider, notice=kept.pk)
        return None
    kept.outcome = _act(notice, row, is_conflict=is_conflict)
    kept.save(update_fields=["outcome"])
    log.info("kyc.notice", provider=notice.provider, kind=notice.kind, outcome=kept.outcome)
    return kept.outcome


def _act(
    notice: Notice, row: ProviderApplicant | None, *, is_conflict: bool
) -> ProviderNotice.Outcome:
    who = f"{notice.provider} {notice.applicant_ref or notice.external_ref}"
    if notice.is_foreign:
        raise_alarm(
            "kyc.foreign_notice",
            subject=notice.provider,
            message=f"{who}: a {notice.kind} of the wrong environment was refused.",
            severity="critical",
        )
        return Outcome.FOREIGN
    if notice.effect is Effect.UNKNOWN:
        return Outcome.UNKNOWN
    if is_conflict:
        return _conflict(
            who, notice, "it names an applicant and an id that are not the same player"
        )
    if row is None:
        if notice.effect is Effect.NONE:
            return Outcome.NOTED
        raise_alarm(
            "kyc.unknown_applicant",
            subject=who,
            message=f"{who}: a {notice.kind} about an applicant we do not have.",
        )
        return Outcome.UNKNOWN
    if notice.effect is Effect.NONE:
        return Outcome.NOTED
    if notice.effect is Effect.STAFF:
        raise_alarm(
            "kyc.look", subject=who, message=f"{who}: {notice.kind}; nothing changes by itself."
        )
        return Outcome.NOTED
    if notice.effect is Effect.LISTS:
        row.screen_due_at = now()
        row.save(update_fields=["screen_due_at"])
        return Outcome.HEARD
    if notice.effect is Effect.DATA:
        _due(row)
        return Outcome.HEARD
    return _state_changed(notice, row, who)


def _state_changed(notice: Notice, row: ProviderApplicant, who: str) -> ProviderNotice.Outcome:
    if notice.at is not None and row.heard_at is not None and notice.at < row.heard_at:
        return Outcome.OLD
    if notice.effect is Effect.LEVEL:
        level = registry.verifier(row.provider).level_of(notice.level_ref)
        if not level:
            return _conflict(who, notice, f"its level {notice.level_ref!r} is none of ours")
        row.level, row.level_ref, row.state = level, notice.level_ref, ""
    elif notice.level_ref and notice.level_ref != row.level_ref:
        return _conflict(who, notice, f"it is about {notice.level_ref!r}, not {row.level_ref!r}")
    row.heard_at = notice.at or row.heard_at
    row.save(update_fields=["heard_at", "level", "level_ref", "state"])
    # A state without its moment cannot be put in order: it is read, and not believed before.
    state = _lowered(notice) if notice.at else None
    if state is not None and row.state != CheckState.WITHDRAWN:
        row.state = state
        row.save(update_fields=["state"])
        apply_verdict(
            Verdict(
                provider=row.provider,
                player_id=row.player_id,
                applicant_ref=row.applicant_ref,
                level=row.level,
                level_ref=row.level_ref,
                state=state,
                # By our clock, as reads are: theirs has put it in order above.
                at=now(),
                labels=notice.labels,
                grounds=notice.grounds,
                words=notice.words,
                staff_words=notice.staff_words,
                is_voiding=notice.effect in {Effect.RESET, Effect.GONE},
                attention=_attention(notice),
            )
        )
    if notice.effect is not Effect.GONE:
        _due(row)
    return Outcome.HEARD if state is None else Outcome.LOWERED


def _lowered(notice: Notice) -> CheckState | None:
    if notice.effect is Effect.RESET:
        return CheckState.NOT_STARTED
    if notice.effect is Effect.GONE:
        return CheckState.WITHDRAWN
    return notice.state if notice.state in LOWERING else None


def _attention(notice: Notice) -> str:
    if notice.effect is Effect.GONE:
        return "The provider does not vouch for this person any more."
    if notice.state is CheckState.ON_HOLD:
        return "The provider holds this check for a person to decide."
    return ""


def _find(notice: Notice) -> tuple[ProviderApplicant | None, bool]:
    """The applicant a notice is about, locked; and whether its two ids contradict each other."""
    if not (notice.applicant_ref or notice.external_ref):
        return None, False
    wanted = Q()
    if notice.applicant_ref:
        wanted |= Q(applicant_ref=notice.applicant_ref)
    if notice.external_ref:
        wanted |= Q(external_ref=notice.external_ref)
    rows = list(
        ProviderApplicant.objects.select_for_update()
        .filter(wanted, provider=notice.provider)
        .order_by("pk")
    )
    if not rows:
        return None, False
    row = rows[0]
    is_conflict = (
        len(rows) > 1
        or bool(notice.external_ref and notice.external_ref != row.external_ref)
        or bool(
            notice.applicant_ref and row.applicant_ref and notice.applicant_ref != row.applicant_ref
        )
    )
    return row, is_conflict


def _conflict(who: str, notice: Notice, why: str) -> ProviderNotice.Outcome:
    raise_alarm(
        "kyc.conflict",
        subject=who,
        message=f"{who}: a {notice.kind} changed nothing: {why}.",
        severity="critical",
    )
    return Outcome.CONFLICT


# ---- reading ------------------------------------------------------------------------------------------


def read_due(limit: int = BATCH) -> int:
    """Read every applicant that is due; how many were tried. A failed read is tried again later."""
    rows = _claim("due_at", limit)
    for row in rows:
        _read(row)
    return len(rows)


def screen_due(limit: int = SCREEN_BATCH) -> int:
    """Read the watch lists of whoever is due; how many were tried."""
    rows = _claim("screen_due_at", limit)
    for row in rows:
        _screen(row)
    return len(rows)


def reconcile(*, at: datetime | None = None) -> int:
    """Make due whose check is open and who was not read for KYC_RECONCILE_MINUTES; how many.

    A provider's notices may be lost for good: after a day it stops repeating them.
    """
    at = at or now()
    before = at - timedelta(minutes=settings.KYC_RECONCILE_MINUTES)
    quiet = (
        ProviderApplicant.objects.filter(due_at=None)
        .filter(Q(read_at=None) | Q(read_at__lt=before))
        .exclude(applicant_ref="")
        .exclude(state__in=[CheckState.APPROVED, CheckState.REJECTED, CheckState.WITHDRAWN])
    )
    ids = list(
        quiet.order_by(F("read_at").asc(nulls_first=True))[:RECONCILE_BATCH].values_list("pk")
    )
    return ProviderApplicant.objects.filter(pk__in=[pk for (pk,) in ids], due_at=None).update(
        due_at=at
    )


@transaction.atomic
def _claim(column: str, limit: int) -> list[ProviderApplicant]:
    """Take what is due for this worker alone; it is due again if the worker dies."""
    at = now()
    rows = list(
        ProviderApplicant.objects.select_for_update(skip_locked=True)
        .filter(**{f"{column}__lte": at})
        .order_by(column)[:limit]
    )
    for row in rows:
        setattr(row, column, at + timedelta(seconds=LEASE_SECONDS))
        row.save(update_fields=[column])
    return rows


def _read(row: ProviderApplicant) -> None:
    started = now()
    try:
        provider = registry.verifier(row.provider)
        found = provider.read(_asked(row))
        todo = _steps_of(provider, found)
    except (ProviderError, Refused) as error:
        _failed(row, "due_at", error)
        return
    _store(row, "due_at", started, found, todo)


def _screen(row: ProviderApplicant) -> None:
    started = now()
    provider = registry.verifier(row.provider)
    try:
        if row.wants_fresh_lists:
            _ask_anew(provider, row)
            ProviderApplicant.objects.filter(pk=row.pk).update(
                wants_fresh_lists=False,
                screen_asked_at=started,
                screen_due_at=started + timedelta(seconds=LISTS_SECONDS),
            )
            return
        found = provider.read(_asked(row))
        case = provider.aml_case(row.applicant_ref)
    except (ProviderError, Refused) as error:
        _failed(row, "screen_due_at", error)
        return
    _store(row, "screen_due_at", started, found, [], case or AmlCase("", is_monitored=False))


def _ask_anew(provider: Verifier, row: ProviderApplicant) -> None:
    """Have the lists asked; who is not approved there any more is read as they stand."""
    try:
        provider.screen_again(row.applicant_ref)
    except Refused as refused:
        log.warning("kyc.not_screened_anew", provider=provider.name, why=refused.text)


def _asked(row: ProviderApplicant) -> Applicant:
    return Applicant(row.external_ref, row.applicant_ref, row.level_ref)


def _steps_of(provider: Verifier, found: Snapshot | None) -> list[StepFact]:
    """What a player must do again, where they must; the read does not fail for the lack of it."""
    if found is None or found.state not in {CheckState.RETRY, CheckState.ACTION_NEEDED}:
        return []
    try:
        return provider.steps(found.applicant_ref)
    except (ProviderError, Refused) as error:
        log.warning("kyc.no_steps", provider=provider.name, error=str(error))
        return []


@transaction.atomic
def _store(
    claimed: ProviderApplicant,
    column: str,
    started: datetime,
    found: Snapshot | None,
    todo: list[StepFact],
    aml: AmlCase | None = None,
) -> None:
    """Bring what was read to the player, unless it is not theirs or something newer is stored."""
    row = ProviderApplicant.objects.select_for_update().get(pk=claimed.pk)
    # Not if a notice made it due again while it was read.
    if getattr(row, column) == getattr(claimed, column):
        setattr(row, column, None)
    row.attempts = 0
    if column == "screen_due_at":
        row.screened_at = started
    elif row.read_at is not None and row.read_at >= started:
        row.save()
        return
    if (
        why := _mismatch(row, found)
    ) or found is None:  # the second for the type: a mismatch says so
        row.save()
        _misread(row, why)
        return
    row.read_at = started
    row.applicant_ref = found.applicant_ref
    row.inspection_ref = found.inspection_ref
    if found.state is None or row.state == CheckState.WITHDRAWN:
        row.save()
        if found.state is None:
            _misread(row, found.attention)
        return
    is_decided = found.state not in UNDECIDED and found.state != row.state
    row.state = found.state
    if aml is not None and found.state == CheckState.APPROVED:
        row.screen_due_at = row.screen_due_at or started + timedelta(hours=settings.SCREEN_HOURS)
    elif aml is None and is_decided and found.state != CheckState.NOT_STARTED:
        row.screen_due_at = started
    row.save()
    if found.attention:
        raise_alarm("kyc.look", subject=str(row), message=f"{row}: {found.attention}")
    apply_verdict(
        Verdict(
            provider=row.provider,
            player_id=row.player_id,
            applicant_ref=row.applicant_ref,
            level=row.level,
            level_ref=row.level_ref,
            state=found.state,
            at=started,
            labels=found.labels,
            grounds=found.grounds,
            words=found.words,
            staff_words=found.staff_words,
            person=found.person,
            steps=tuple(todo),
            aml=aml,
            attention=found.attention,
        )
    )


def _mismatch(row: ProviderApplicant, found: Snapshot | None) -> str:
    if found is None:
        return "the provider has no such applicant"
    if found.external_ref != row.external_ref:
        return "the provider answered with somebody else's result"
    if row.applicant_ref and found.applicant_ref != row.applicant_ref:
        return "the provider answered with another applicant"
    if found.level_ref != row.level_ref:
        return f"the result is for the level {found.level_ref!r}, not {row.level_ref!r}"
    return ""


def _misread(row: ProviderApplicant, why: str) -> None:
    raise_alarm(
        "kyc.conflict",
        subject=str(row),
        message=f"{row}: a result changed nothing: {why}.",
        severity="critical",
    )


def _failed(row: ProviderApplicant, column: str, error: ProviderError | Refused) -> None:
    """Try again later, and later each time; nothing about the player changes."""
    attempts = row.attempts + 1
    wait = min(5 * 2**attempts, RETRY_SECONDS_MAX) * random.uniform(0.8, 1.2)  # noqa: S311 (no secret)
    is_hopeless = isinstance(error, Refused) or not error.retryable
    if is_hopeless:
        wait = RETRY_SECONDS_MAX
    # Not if a notice made it due again while it was read.
    ProviderApplicant.objects.filter(pk=row.pk, **{column: getattr(row, column)}).update(
        **{column: now() + timedelta(seconds=wait)}
    )
    ProviderApplicant.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
    if attempts >= ALARM_AFTER or is_hopeless:
        raise_alarm(
            "kyc.provider_silent",
            subject=row.provider,
            message=f"{row} could not be read {attempts} times; levels stay as they are. {error}",
            severity="critical",
        )


# ---- rows ---------------------------------------------------------------------------------------------


def _declared(player: Player) -> PersonFact:
    """What the player says of themselves: the details, or what the registration knows."""
    record = PersonRecord.objects.filter(pk=player.pk, erased_at=None).first()
    if record is None or not record.sealed:
        return PersonFact(birth_date=player.birth_date, country=player.country)
    told = persons.details_of(record)
    return PersonFact(
        first_name=told.first_name,
        last_name=told.last_name,
        birth_date=date.fromisoformat(told.birth_date),
        country=told.country,
    )


def _provider_for(level: str) -> tuple[Verifier, str]:
    provider = registry.current()
    if provider is None:
        raise NoProvider
    try:
        return provider, provider.level_ref(level)
    except KeyError:
        raise NoProvider from None


@transaction.atomic
def _bind(pk: int, found: Snapshot) -> ProviderApplicant:
    """Keep the provider's id of an applicant we have just made there. Raises ProviderError."""
    row = ProviderApplicant.objects.select_for_update().get(pk=pk)
    theirs = found.external_ref != row.external_ref
    if theirs or (row.applicant_ref and row.applicant_ref != found.applicant_ref):
        raise ProviderError("The provider made somebody else's applicant.", retryable=False)
    taken = ProviderApplicant.objects.filter(
        provider=row.provider, applicant_ref=found.applicant_ref
    ).exclude(pk=pk)
    if taken.exists():
        raise ProviderError("The provider's applicant is another player's.", retryable=False)
    row.applicant_ref = found.applicant_ref
    row.inspection_ref = found.inspection_ref
    row.due_at = now()
    row.save(update_fields=["applicant_ref", "inspection_ref", "due_at"])
    audit.record(
        "kyc.applicant_bound",
        actor=f"partner:{row.provider}",
        subject=row,
        after={"applicant_ref": row.applicant_ref, "level": row.level},
    )
    return row


@transaction.atomic
def _move(pk: int, level: str, level_ref: str, *, by: models.Model) -> ProviderApplicant:
    row = ProviderApplicant.objects.select_for_update().get(pk=pk)
    before = row.level
    row.level, row.level_ref, row.state, row.due_at = level, level_ref, "", now()
    row.save(update_fields=["level", "level_ref", "state", "due_at"])
    audit.record(
        "kyc.level_asked", actor=by, subject=row, before={"level": before}, after={"level": level}
    )
    return row


def _due(row: ProviderApplicant) -> None:
    row.due_at = now()
    row.attempts = 0
    row.save(update_fields=["due_at", "attempts"])


def _known(player_id: int, reason: str) -> ProviderApplicant:
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why."})
    row = ProviderApplicant.objects.filter(player_id=player_id).exclude(applicant_ref="").first()
    if row is None:
        raise NotFound
    return row


@transaction.atomic
def _told(
    pk: int, action: str, *, by: models.Model, reason: str, after: dict[str, str] | None = None
) -> None:
    row = ProviderApplicant.objects.select_for_update().get(pk=pk)
    _due(row)
    audit.record(action, actor=by, subject=row, after=after, reason=reason.strip())
