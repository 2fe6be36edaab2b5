"""The mail queue: written with the act it tells of, sent after it, once or knowingly twice.

A mail is claimed and its try committed before the provider is called, outside any transaction. When
the answer is missing, a mail with a link or a code is sent again; of any other the provider is
asked first.
"""

import json
import random
from datetime import datetime, timedelta

import structlog
from django.db import models, transaction
from django.db.models import Case, F, IntegerField, Q, Value, When

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core import secrets
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.integrations.errors import ProviderError
from apps.limits import registers
from apps.messaging import kinds, suppressions
from apps.messaging.models import Mail
from apps.messaging.providers.base import Carrier, Letter, SendReport, Verdict
from apps.messaging.providers.registry import carrier

log = structlog.get_logger()

State = Mail.State
BATCH = 50
TRIES_MAX = 12
BACKOFF_SECONDS = 5
BACKOFF_SECONDS_MAX = 900
# A try whose process died, and how long a provider may take to list what it accepted.
LOST_SECONDS = 60
LOOKUP_SECONDS = 30
CONSENT_SECONDS = 10
FOUND_EARLIER = timedelta(minutes=5)


def queue(
    *,
    to: str,
    kind: str,
    subject: str,
    text: str,
    html: str = "",
    headers: dict[str, str] | None = None,
    player_id: int | None = None,
) -> Mail:
    """Write a mail in the caller's transaction; it is sent when that has committed."""
    at = now()
    about = kinds.of(kind)
    if player_id is None:
        player_id = (
            Player.objects.filter(user__email__iexact=to).values_list("pk", flat=True).first()
        )
    mail = Mail(
        stream=about.stream,
        kind=kind[:40],
        player_id=player_id,
        to_email=to,
        subject=" ".join(subject.split())[:255],
        due_at=at,
        expires_at=at + about.keeps,
    )
    with transaction.atomic():
        mail.save()
        whole = {"text": text, "html": html, "headers": headers or {}}
        mail.body = secrets.seal(json.dumps(whole), place=_place(mail))
        mail.save(update_fields=["body"])
    return mail


def send_due(limit: int = BATCH) -> int:
    """Send what is due; how many mails were touched."""
    _give_up_lost_tries()
    _clear_failed()
    carrying = carrier()
    count = 0
    while count < limit and (mail := _claim()) is not None:
        count += 1
        if mail.state == State.SENDING:
            _try(mail, carrying)
    return count + suppressions.tell_provider(carrying)


def watch_reports() -> None:
    """See that the provider tells us what becomes of our mails."""
    try:
        carrier().watch_reports()
    except ProviderError as error:
        log.warning("mail.reports_not_watched", error=str(error))


def body_of(mail: Mail) -> dict[str, object]:
    """What a mail says; empty once it is gone. Raises SealBroken."""
    if not mail.body:
        return {}
    found: dict[str, object] = json.loads(secrets.unseal(mail.body, place=_place(mail)))
    return found


@transaction.atomic
def reveal(mail_id: int, *, by: models.Model, reason: str) -> dict[str, object]:
    """What a mail that was not sent yet says. Raises NotFound, InvalidInput."""
    mail = Mail.objects.filter(pk=mail_id).first()
    if mail is None or not mail.body:
        raise NotFound
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why it is read."})
    audit.record("mail.revealed", actor=by, subject=mail, reason=reason.strip())
    return body_of(mail)


@transaction.atomic
def send_again(mail_id: int, *, by: models.Model, reason: str) -> Mail:
    """Put a failed mail back into the queue. Raises NotFound, InvalidInput."""
    mail = Mail.objects.select_for_update().filter(pk=mail_id, state=State.FAILED).first()
    if mail is None or not mail.body:
        raise NotFound
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why it is sent again."})
    if mail.expires_at <= now():
        raise InvalidInput(fields={"reason": "It is too old to be sent."})
    mail.state, mail.rank, mail.tries = State.QUEUED, Mail.RANKS[State.QUEUED], 0
    mail.due_at = now()
    mail.save(update_fields=["state", "rank", "tries", "due_at", "changed_at"])
    audit.record("mail.sent_again", actor=by, subject=mail, reason=reason.strip())
    return mail


def move(mail: Mail, state: State, *, error: str = "") -> bool:
    """Change a locked mail's state unless it has a higher one; False when nothing changed."""
    rank = Mail.RANKS[state]
    if rank < mail.rank or state == mail.state:
        return False
    mail.state, mail.rank, mail.due_at = state, rank, None
    mail.error = error[:400]
    if state != State.FAILED:
        # Whoever has it does not need our copy; nobody else may find it here.
        mail.body = None
    mail.save(
        update_fields=["state", "rank", "due_at", "error", "body", "message_id", "changed_at"]
    )
    return True


# ---- one mail ----------------------------------------------------------------------------------


@transaction.atomic
def _claim() -> Mail | None:
    """The next due mail, with its try committed; one that must not be sent is closed instead."""
    at = now()
    mail = (
        Mail.objects.select_for_update(skip_locked=True)
        .filter(state__in=Mail.TO_SEND, due_at__lte=at)
        .order_by(
            Case(
                When(stream=Mail.Stream.SECURITY, then=Value(0)),
                default=Value(1),
                output_field=IntegerField(),
            ),
            F("due_at"),
        )
        .first()
    )
    if mail is None:
        return None
    if mail.expires_at <= at:
        move(mail, State.EXPIRED)
    elif suppressions.consent_renewed(mail) or suppressions.is_on_trial(mail):
        # The provider has to forget the old word first.
        mail.due_at = at + timedelta(seconds=CONSENT_SECONDS)
        mail.save(update_fields=["due_at", "changed_at"])
    elif reason := suppressions.reason_for(mail):
        move(mail, State.SUPPRESSED, error=reason)
    else:
        # An unknown outcome is asked about first; the claim is the same.
        mail.lookups += mail.state == State.UNKNOWN
        mail.state, mail.rank = State.SENDING, Mail.RANKS[State.SENDING]
        mail.tried_at, mail.due_at = at, None
        mail.save(update_fields=["state", "rank", "tried_at", "due_at", "lookups", "changed_at"])
    return mail


def _may_be_addressed(mail: Mail) -> bool:
    """Asked when the offer leaves, since a register may have heard of its player meanwhile."""
    player = Player.objects.select_related("user").filter(pk=mail.player_id).first()
    return player is None or registers.may_be_addressed(player)


def _try(mail: Mail, carrying: Carrier) -> None:
    """Call the provider about a claimed mail. In no transaction: it may take long."""
    if mail.stream == Mail.Stream.MARKETING and not _may_be_addressed(mail):
        _close(mail, State.SUPPRESSED, error="the national register does not allow it now")
        return
    try:
        if mail.lookups and not kinds.of(mail.kind).is_code and not _is_to_send(mail, carrying):
            return
        report = carrying.send(_letter(mail))
    except ProviderError as error:
        _unanswered(mail, error)
        return
    except secrets.SealBroken:
        _close(mail, State.FAILED, error="Its sealed body cannot be opened.")
        raise_alarm("mail.unreadable", subject=mail.public_id, message="A mail cannot be opened.")
        return
    _answered(mail, report)


def _is_to_send(mail: Mail, carrying: Carrier) -> bool:
    """Ask about a mail of unknown outcome; False when it is settled by that."""
    if not carrying.can_find:
        _close(mail, State.FAILED, error="It may have been sent, and nobody can be asked.")
        return False
    message_id = carrying.find(
        mail.public_id, to=mail.to_email, since=mail.created_at - FOUND_EARLIER
    )
    if message_id is None:
        # Not there: what follows is a first try again.
        Mail.objects.filter(pk=mail.pk, state=State.SENDING).update(lookups=0)
        mail.lookups = 0
        return True
    _close(mail, State.SENT, message_id=message_id)
    return False


def _answered(mail: Mail, report: SendReport) -> None:
    if report.verdict is Verdict.ACCEPTED:
        _close(mail, State.SENT, message_id=report.message_id)
    elif report.verdict is Verdict.LATER:
        _later(mail, report.error)
    elif report.verdict is Verdict.SUPPRESSED:
        with transaction.atomic():
            _close(mail, State.SUPPRESSED, error="The provider sends nothing to this address.")
            if mail.stream == Mail.Stream.SECURITY:
                suppressions.bounced(mail, note="on the provider's list")
    else:
        _close(mail, State.FAILED, error=report.error)
        if report.verdict is Verdict.MISCONFIGURED:
            raise_alarm(
                "mail.misconfigured",
                subject=mail.stream,
                message=f"The mail provider refuses us, mails wait for a person: {report.error}",
                severity="critical",
            )


def _unanswered(mail: Mail, error: ProviderError) -> None:
    log.warning("mail.unanswered", mail=mail.public_id, error=str(error))
    if error.outcome_unknown:
        _wait(mail, State.UNKNOWN, LOOKUP_SECONDS, str(error))
    elif mail.lookups:
        # It was only asked about: still unknown.
        _wait(mail, State.UNKNOWN, _backoff(mail.lookups), str(error))
    elif error.retryable:
        _later(mail, str(error))
    else:
        _close(mail, State.FAILED, error=str(error))


def _later(mail: Mail, error: str) -> None:
    if mail.tries + 1 >= TRIES_MAX:
        _close(mail, State.FAILED, error=f"Given up after {TRIES_MAX} tries: {error}")
        raise_alarm("mail.given_up", subject=mail.stream, message=f"Mails cannot be sent: {error}")
    else:
        _wait(mail, State.QUEUED, _backoff(mail.tries + 1), error)


@transaction.atomic
def _wait(mail: Mail, state: State, seconds: float, error: str) -> None:
    locked = _locked(mail)
    if locked.state != State.SENDING:
        return  # a report overtook the answer
    at = now()
    if state == State.UNKNOWN and kinds.of(locked.kind).is_code:
        seconds = _backoff(locked.tries + 1)
    locked.state, locked.rank = state, Mail.RANKS[state]
    locked.tries += 1
    locked.error = error[:400]
    locked.due_at = min(at + timedelta(seconds=seconds), max(locked.expires_at, at))
    if locked.tries >= TRIES_MAX and state == State.UNKNOWN:
        move(locked, State.FAILED, error=f"Unknown after {TRIES_MAX} tries: {error}")
        return
    locked.save(update_fields=["state", "rank", "tries", "error", "due_at", "changed_at"])


@transaction.atomic
def _close(mail: Mail, state: State, *, message_id: str = "", error: str = "") -> None:
    locked = _locked(mail)
    if message_id and locked.message_id is None:
        locked.message_id = message_id
        locked.save(update_fields=["message_id"])
    if locked.state == State.SENDING:
        locked.tries += 1
        locked.save(update_fields=["tries"])
    move(locked, state, error=error)


def _locked(mail: Mail) -> Mail:
    return Mail.objects.select_for_update().get(pk=mail.pk)


def _letter(mail: Mail) -> Letter:
    whole = body_of(mail)
    headers = whole.get("headers")
    return Letter(
        reference=mail.public_id,
        stream=mail.stream,
        kind=mail.kind,
        to=mail.to_email,
        subject=mail.subject,
        text=str(whole.get("text", "")),
        html=str(whole.get("html", "")),
        headers={str(name): str(value) for name, value in headers.items()}
        if isinstance(headers, dict)
        else {},
    )


def _place(mail: Mail) -> str:
    return secrets.place_of(mail, "body", "public_id")


def _backoff(tries: int) -> float:
    """Doubling, with jitter, so that a provider that comes back is not met by all at once."""
    whole: int = min(BACKOFF_SECONDS << (tries - 1), BACKOFF_SECONDS_MAX)
    return whole * random.uniform(0.5, 1)  # noqa: S311 (spreads load, guards nothing)


# ---- what was left behind ------------------------------------------------------------------------


def _give_up_lost_tries() -> None:
    """A try without an outcome, because its process ended: nobody knows what became of it."""
    at = now()
    lost = Mail.objects.filter(
        state=State.SENDING, tried_at__lt=at - timedelta(seconds=LOST_SECONDS)
    )
    lost.update(state=State.UNKNOWN, due_at=at, tries=F("tries") + 1, changed_at=at)


def _clear_failed() -> None:
    """A failed mail is kept for a person until it is too old to be sent."""
    old = Mail.objects.filter(Q(state=State.FAILED, body__isnull=False), expires_at__lte=now())
    old.update(body=None)


def due_age(at: datetime) -> timedelta:
    """How long the oldest due mail waits."""
    oldest = (
        Mail.objects.filter(state__in=Mail.TO_SEND, due_at__lte=at)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    return at - oldest if oldest else timedelta(0)
