"""Complaints: filed at any hour, answered in time, kept for five years. Also who contests a decision."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.events.bus import publish
from apps.risk import bodies
from apps.risk.errors import ComplaintClosed, OwnAccount, TooManyComplaints
from apps.risk.events import ComplaintAnswered
from apps.risk.models import Complaint, ComplaintMessage

Kind, State, Outcome = Complaint.Kind, Complaint.State, Complaint.Outcome
SUBJECT_MAX, ABOUT_MAX, TEXT_MAX = 120, 64, 8_000
DAY_MAX, MESSAGES_MAX, BATCH = 5, 200, 100
YEARS_KEPT = 5


@dataclass(frozen=True)
class Letter:
    """What a player writes. about: the number of a payment, a bet or a decision, or nothing."""

    kind: str
    subject: str
    text: str
    about: str = ""


@transaction.atomic
def file(player: Player, letter: Letter) -> Complaint:
    """Take a complaint and give it its number. Raises InvalidInput, TooManyComplaints."""
    _check(letter)
    at = now()
    today = Complaint.objects.filter(player=player, filed_at__gt=at - timedelta(days=1)).count()
    if today >= DAY_MAX:
        raise TooManyComplaints
    weeks = bodies.body_for(player.country).weeks
    close_by = at + timedelta(weeks=weeks)
    complaint = Complaint.objects.create(
        player=player, kind=letter.kind, subject=letter.subject.strip(),
        about=letter.about.strip(), country=player.country, filed_at=at,
        answer_by=at + timedelta(days=settings.COMPLAINT_ANSWER_DAYS), close_by=close_by,
        kept_until=_kept_until(close_by),
    )  # fmt: skip
    ComplaintMessage.objects.create(complaint=complaint, text=letter.text.strip(), at=at)
    audit.record(
        "complaint.filed", actor=player, subject=complaint,
        after={"kind": complaint.kind, "about": complaint.about},
    )  # fmt: skip
    return complaint


def of(player: Player) -> list[Complaint]:
    """A player's own, newest first."""
    return list(Complaint.objects.filter(player=player).order_by("-id"))


def one(player: Player, public_id: str) -> Complaint:
    """Raises NotFound, also for somebody else's."""
    found = Complaint.objects.filter(player=player, public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


@transaction.atomic
def write(player: Player, public_id: str, text: str) -> ComplaintMessage:
    """Add a letter of the player's; it is our turn again. Raises NotFound, ComplaintClosed."""
    complaint = _locked(public_id, player)
    message = _message(complaint, text, None)
    complaint.state = State.OPEN
    complaint.answer_by = message.at + timedelta(days=settings.COMPLAINT_ANSWER_DAYS)
    complaint.late_at = None
    complaint.save(update_fields=["state", "answer_by", "late_at"])
    audit.record("complaint.written", actor=player, subject=complaint)
    return message


@transaction.atomic
def take_back(player: Player, public_id: str) -> Complaint:
    """The player wants no more of it. Raises NotFound, ComplaintClosed."""
    complaint = _locked(public_id, player)
    return _close(complaint, Outcome.TAKEN_BACK.value, None)


@transaction.atomic
def take(public_id: str, *, by: User) -> Complaint:
    """Become who answers it. Raises NotFound, ComplaintClosed, OwnAccount."""
    complaint = _for_staff(public_id, by)
    before = complaint.owner_id
    complaint.owner = by
    complaint.save(update_fields=["owner"])
    audit.record(
        "complaint.taken", actor=by, subject=complaint,
        before={"owner": before}, after={"owner": by.pk},
    )  # fmt: skip
    return complaint


@transaction.atomic
def answer(public_id: str, *, text: str, by: User, outcome: str = "") -> Complaint:
    """Write to the player; with an outcome the complaint is closed by it.

    A contested decision is decided here, by a person.
    Raises NotFound, ComplaintClosed, OwnAccount, InvalidInput.
    """
    complaint = _for_staff(public_id, by)
    if outcome and (outcome not in Outcome.values or outcome == Outcome.TAKEN_BACK):
        raise InvalidInput(fields={"outcome": "Choose one of the list."})
    _message(complaint, text, by)
    complaint.state = State.ANSWERED
    complaint.owner = complaint.owner or by
    complaint.save(update_fields=["state", "owner"])
    audit.record(
        "complaint.answered", actor=by, subject=complaint, after={"outcome": outcome},
    )  # fmt: skip
    if outcome:
        complaint = _close(complaint, outcome, by)
    publish(ComplaintAnswered(player_id=complaint.player_id, public_id=complaint.public_id))
    return complaint


def note_late() -> int:
    """Complaints that nobody answered in time: an alarm each."""
    at, done = now(), 0
    late = Complaint.objects.filter(state=State.OPEN, late_at=None, answer_by__lte=at)
    for complaint in late.order_by("id")[:BATCH]:
        if Complaint.objects.filter(pk=complaint.pk, late_at=None).update(late_at=at):
            raise_alarm(
                "complaint.late",
                subject=complaint.public_id,
                message=f"Complaint {complaint.public_id} is not answered in time.",
            )
            done += 1
    return done


def forget_old() -> int:
    """Erase what is past its time, with a row of the audit trail that says so."""
    today, done = now().date(), 0
    old = Complaint.objects.filter(state=State.CLOSED, kept_until__lt=today).order_by("id")
    for complaint in list(old[:BATCH]):
        with transaction.atomic():
            audit.record(
                "complaint.erased",
                actor="system:risk",
                subject=complaint,
                before={"kept_until": complaint.kept_until.isoformat()},
            )
            complaint.delete()
        done += 1
    return done


def _kept_until(at: datetime) -> date:
    """To the end of the fifth year after it."""
    return date(at.year + YEARS_KEPT, 12, 31)


def _check(letter: Letter) -> None:
    wrong = {}
    if letter.kind not in Kind.values:
        wrong["kind"] = "Choose one of the list."
    if not letter.subject.strip() or len(letter.subject.strip()) > SUBJECT_MAX:
        wrong["subject"] = f"Write up to {SUBJECT_MAX} characters."
    if len(letter.about.strip()) > ABOUT_MAX:
        wrong["about"] = f"Use up to {ABOUT_MAX} characters."
    if not letter.text.strip() or len(letter.text.strip()) > TEXT_MAX:
        wrong["text"] = f"Write up to {TEXT_MAX} characters."
    if wrong:
        raise InvalidInput(fields=wrong)


def _message(complaint: Complaint, text: str, by: User | None) -> ComplaintMessage:
    text = text.strip()
    if not text or len(text) > TEXT_MAX:
        raise InvalidInput(fields={"text": f"Write up to {TEXT_MAX} characters."})
    if complaint.messages.count() >= MESSAGES_MAX:
        raise InvalidInput(fields={"text": "This correspondence is full. File a new complaint."})
    return ComplaintMessage.objects.create(complaint=complaint, text=text, by=by, at=now())


def _close(complaint: Complaint, outcome: str, by: User | None) -> Complaint:
    at = now()
    complaint.state, complaint.outcome = State.CLOSED, outcome
    complaint.closed_at, complaint.closed_by = at, by
    complaint.kept_until = _kept_until(at)
    complaint.save()
    audit.record(
        "complaint.closed",
        actor=by or complaint.player,
        subject=complaint,
        after={"outcome": outcome, "kept_until": complaint.kept_until.isoformat()},
    )
    return complaint


def _locked(public_id: str, player: Player) -> Complaint:
    complaint = (
        Complaint.objects.select_for_update(of=("self",))
        .filter(public_id=public_id, player=player)
        .first()
    )
    if complaint is None:
        raise NotFound
    if not complaint.is_open:
        raise ComplaintClosed
    return complaint


def _for_staff(public_id: str, by: User) -> Complaint:
    complaint = (
        Complaint.objects.select_for_update(of=("self",)).filter(public_id=public_id).first()
    )
    if complaint is None:
        raise NotFound
    if not complaint.is_open:
        raise ComplaintClosed
    if complaint.player_id == by.pk:
        raise OwnAccount
    return complaint
