"""What a player does: tells their details, hands files in, asks for the review, contests a no."""

import re
from datetime import date, timedelta

from django.db import models, transaction

from apps.accounts import services as accounts
from apps.accounts.countries import countries
from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.events.bus import publish
from apps.kyc import files, gates, levels, persons
from apps.kyc.errors import StepsMissing, TooManyFiles, WrongState
from apps.kyc.events import VerificationDecided
from apps.kyc.levels import STEPS, StepKind
from apps.kyc.models import Case, Document, Review, Step
from apps.kyc.persons import Details
from apps.kyc.services import screening
from apps.kyc.terms import terms_of
from apps.kyc.watchlists import ListBroken

State = Case.State
FILES_A_DAY_MAX = 40
TEXT_MAX = 120
CONTEST_MAX = 2000
# Letters of any script, with what stands between them in names and addresses.
NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'’-])*", re.UNICODE)
ADDRESS = re.compile(r"[^<>{}\x00-\x1f]+", re.UNICODE)


# ---- the player's acts -----------------------------------------------------------------------------


@transaction.atomic
def declare(*, player: Player, details: Details) -> Case:
    """Keep who the player says they are. Level 1 is theirs at once, unless somebody has to look.

    Raises InvalidInput, WrongState.
    """
    details = _checked(player, details)
    case = of_level(player, levels.DETAILS.number)
    if case.state == State.REJECTED:
        raise WrongState
    if player.kyc_level >= levels.IDENTITY.number:
        raise WrongState("Your details are verified. Write to support when they have changed.")
    persons.keep_details(player, details)
    _step(case, StepKind.DETAILS, Step.State.GIVEN)
    matches = persons.look(player.pk)
    audit.record("kyc.details_told", actor=player, subject=case)
    doubts = _doubts(player, details)
    if matches:
        doubts.append("Looks like the person of another account.")
    try:
        if screening.screen(player.pk, screening.Why.ONBOARDING):
            doubts.append("A check of the account is open.")
    except ListBroken:
        doubts.append("The watch lists could not be read.")
        raise_alarm(
            "kyc.list_broken", message="The watch list cannot be read.", severity="critical"
        )
    case.submitted_at = now()
    case.staff_words = " ".join(doubts)[:500]
    if doubts:
        case.move_to(State.IN_REVIEW)
        case.save()
        audit.record("kyc.submitted", actor=player, subject=case, after={"state": case.state})
    else:
        decide(
            case, State.APPROVED, actor="system:kyc", reason="Told in full, and nothing against it.",
            words="", is_automatic=True,
        )  # fmt: skip
    return case


def hand_in(*, player: Player, level: int, kind: str, name: str, content: bytes) -> Document:
    """Take one file for a step. The safe copy is made and sealed before anything is written.

    Raises WrongState, TooManyFiles, FileTooLarge, UnsafeFile, ScannerAway, InvalidInput.
    """
    terms = levels.BY_NUMBER.get(level)
    if terms is None or kind not in terms.needs or not STEPS[StepKind(kind)].files_max:
        raise InvalidInput(fields={"kind": "There is no such step."})
    _require_room(player, level, kind)
    safe = files.made_safe(name, content)
    file_name = files.new_name()
    document = Document(
        kind=kind,
        file_name=file_name,
        content_type=safe.content_type,
        bytes_count=len(safe.content),
        width=safe.width,
        height=safe.height,
        sha256=safe.sha256,
        uploaded_at=now(),
    )
    document.name_it()
    document.key_id = files.keep(file_name, safe.content, place=document.place)
    try:
        return _kept(player, level, kind, document)
    except BaseException:
        files.erase(file_name)
        raise


@transaction.atomic
def _kept(player: Player, level: int, kind: str, document: Document) -> Document:
    case = of_level(player, level)
    if not case.is_handing_in:
        raise WrongState
    _require_room(player, level, kind)
    step = _step(case, StepKind(kind), Step.State.GIVEN)
    if step.was == Step.State.RETRY:
        # What was refused stays for the reviewers' eyes, and does not count towards the cap.
        case.documents.filter(kind=kind, is_replaced=False).update(is_replaced=True)
    document.case = case
    document.save()
    if case.state == State.NEEDED:
        case.move_to(State.OPEN)
        case.save(update_fields=["state"])
    audit.record(
        "kyc.document_handed_in",
        actor=player,
        subject=case,
        after={"document": document.public_id, "kind": kind, "sha256": document.sha256},
    )
    return document


@transaction.atomic
def take_back(*, player: Player, document_id: str) -> None:
    """Remove a file that was not asked to be reviewed yet. Raises NotFound, WrongState."""
    document = Document.objects.filter(
        public_id=document_id, case__player=player, is_replaced=False, erased_at=None
    ).first()
    if document is None:
        raise NotFound
    case = _locked(document.case_id)
    if not case.is_handing_in:
        raise WrongState
    document.is_replaced = True
    document.save(update_fields=["is_replaced"])
    if not case.documents.filter(kind=document.kind, is_replaced=False).exists():
        _step(case, StepKind(document.kind), Step.State.TODO)
    audit.record(
        "kyc.document_taken_back",
        actor=player,
        subject=case,
        after={"document": document.public_id},
    )


@transaction.atomic
def submit(*, player: Player, level: int) -> Case:
    """Ask for the review of a level. Raises WrongState, StepsMissing, NotFound."""
    terms = levels.BY_NUMBER.get(level)
    if terms is None:
        raise NotFound
    case = of_level(player, level)
    if not case.is_handing_in:
        raise WrongState
    given = (Step.State.GIVEN, Step.State.APPROVED)
    done = set(case.steps.filter(state__in=given).values_list("kind", flat=True))
    missing = [STEPS[kind].title for kind in terms.needs if kind not in done]
    if level - 1 > case.player.kyc_level and not _is_with_us(player, level - 1):
        missing.insert(0, levels.BY_NUMBER[level - 1].title)
    if missing:
        raise StepsMissing(f"Still missing: {', '.join(missing).lower()}.")
    case.move_to(State.IN_REVIEW)
    case.submitted_at = now()
    case.provider = ""
    case.priority = _priority(case)
    case.save()
    Review.objects.filter(case=case, is_void=False).update(is_void=True)
    audit.record("kyc.submitted", actor=player, subject=case, after={"level": level})
    return case


@transaction.atomic
def contest(*, player: Player, level: int, text: str) -> Case:
    """Have a person decide again on a no that nobody of ours has decided, or that may be wrong.

    Raises WrongState, InvalidInput.
    """
    case = of_level(player, level)
    if case.state != State.REJECTED or case.contested_at is not None:
        raise WrongState
    text = text.strip()
    if not text or len(text) > CONTEST_MAX:
        raise InvalidInput(fields={"text": f"Say why, in up to {CONTEST_MAX} characters."})
    case.contested_at, case.contest = now(), text
    case.move_to(State.IN_REVIEW)
    case.submitted_at = now()
    case.priority = max(case.priority, 2)
    case.words = ""
    case.save()
    Review.objects.filter(case=case, is_void=False).update(is_void=True)
    audit.record("kyc.contested", actor=player, subject=case)
    gates.settle(player.pk, actor=player, reason="The player contests the refusal.")
    return case


# ---- shared with verdicts and reviews -----------------------------------------------------------------


def of_level(player: Player, level: int) -> Case:
    """The player's case of a level, locked, with its steps; made when there is none."""
    # The player's row comes first, as in the gates.
    Player.objects.select_for_update(no_key=True).get(pk=player.pk)
    case, _ = Case.objects.get_or_create(player=player, level=level, defaults={"opened_at": now()})
    for kind in levels.BY_NUMBER[level].needs:
        Step.objects.get_or_create(case=case, kind=kind.value, defaults={"changed_at": now()})
    return _locked(case.pk)


def ask(*, player: Player, level: int, by: models.Model | str, reason: str) -> Case:
    """Open a level because we need it (source of funds, a suspicion)."""
    with transaction.atomic():
        case = of_level(player, level)
        case.is_asked = True
        if case.state == State.OPEN:
            case.state = State.NEEDED
        case.save(update_fields=["is_asked", "state"])
        audit.record("kyc.asked", actor=by, subject=case, after={"level": level}, reason=reason)
        return case


def decide(
    case: Case,
    state: str,
    *,
    actor: models.Model | str,
    reason: str,
    words: str,
    is_automatic: bool,
) -> None:
    """Move a case, its steps, the player's level and the gates: one act. case: locked.

    words: shown to the player. Raises WrongState.
    """
    before = case.state
    case.move_to(state)
    case.words = words[:300]
    case.decided_at = now()
    case.decided_by = actor if isinstance(actor, str) else str(actor)
    case.is_automatic = is_automatic
    case.save()
    player = Player.objects.get(pk=case.player_id)
    match state:
        case State.APPROVED:
            case.steps.update(state=Step.State.APPROVED, words="", changed_at=now())
            _raise_level(player, case, actor, reason)
        case State.RETRY | State.REJECTED | State.EXPIRED | State.OPEN:
            _lower_level(player, case.level - 1, actor, reason)
    audit.record(
        "kyc.decided",
        actor=actor,
        subject=case,
        before={"state": before},
        after={"state": state, "level": case.level, "is_automatic": is_automatic},
        reason=reason,
    )
    if state != State.OPEN:
        publish(
            VerificationDecided(case.player_id, case.pk, case.level, state=state, words=case.words)
        )
    gates.settle(case.player_id, actor=actor, reason=reason)


def set_level(*, player_id: int, level: int, by: models.Model, reason: str) -> Player:
    """A person of staff says how far a player is verified, and the gates follow.

    Raises NotFound, InvalidInput.
    """
    with transaction.atomic():
        player = accounts.set_kyc_level(player_id=player_id, level=level, actor=by, reason=reason)
        gates.settle(player_id, actor=by, reason=reason)
        return player


def _raise_level(player: Player, case: Case, actor: models.Model | str, reason: str) -> None:
    level = case.level
    if level > player.kyc_level:
        accounts.set_kyc_level(player_id=player.pk, level=level, actor=actor, reason=reason)
    for lower in range(1, level):
        # What is above proves what is below.
        below = of_level(player, lower)
        if below.state != State.APPROVED and below.state != State.REJECTED:
            below.state = State.APPROVED
            below.provider = case.provider  # and falls with its word
            below.decided_at, below.decided_by = (
                now(),
                actor if isinstance(actor, str) else str(actor),
            )
            below.save()
            below.steps.update(state=Step.State.APPROVED, words="", changed_at=now())


def _lower_level(player: Player, level: int, actor: models.Model | str, reason: str) -> None:
    if player.kyc_level > level:
        accounts.set_kyc_level(player_id=player.pk, level=level, actor=actor, reason=reason)


def _step(case: Case, kind: StepKind, state: str) -> Step:
    """Change a step; `was` says what it was."""
    step = case.steps.select_for_update().get(kind=kind.value)
    step.was = step.state
    step.state, step.words, step.changed_at = state, "", now()
    step.save(update_fields=["state", "words", "changed_at"])
    return step


def _locked(case_id: int) -> Case:
    return Case.objects.select_for_update(of=("self",)).select_related("player").get(pk=case_id)


def _require_room(player: Player, level: int, kind: str) -> None:
    """Raises TooManyFiles, WrongState."""
    since = now() - timedelta(days=1)
    mine = Document.objects.filter(case__player=player)
    if mine.filter(uploaded_at__gt=since).count() >= FILES_A_DAY_MAX:
        raise TooManyFiles(f"You can send {FILES_A_DAY_MAX} files a day. Go on tomorrow.")
    case = Case.objects.filter(player=player, level=level).first()
    if case is None:
        return
    if not case.is_handing_in:
        raise WrongState
    if case.steps.filter(kind=kind, state=Step.State.RETRY).exists():
        return
    if (
        mine.filter(case=case, kind=kind, is_replaced=False).count()
        >= STEPS[StepKind(kind)].files_max
    ):
        raise TooManyFiles(fields={"file": TooManyFiles.message})


def _is_with_us(player: Player, level: int) -> bool:
    states = (State.IN_REVIEW, State.APPROVED)
    return Case.objects.filter(player=player, level=level, state__in=states).exists()


def _priority(case: Case) -> int:
    """Who waits with money stopped comes first, then whom we asked."""
    if case.was_stopped:
        return 2
    return 1 if case.is_asked else 0


def _checked(player: Player, details: Details) -> Details:
    """Raises InvalidInput."""
    wrong = {}
    told = {name: " ".join(str(value).split()) for name, value in vars(details).items()}
    for name in ("first_name", "last_name"):
        if len(told[name]) > TEXT_MAX or not NAME.fullmatch(told[name]):
            wrong[name] = "Write your name with letters, as it stands on your document."
    for name in ("street", "city", "post_code"):
        if not 1 < len(told[name]) <= TEXT_MAX or not ADDRESS.fullmatch(told[name]):
            wrong[name] = "Fill this in as on a letter to you."
    if told["country"] not in dict(countries()):
        wrong["country"] = "Choose your country."
    try:
        born = date.fromisoformat(told["birth_date"])
    except ValueError:
        wrong["birth_date"] = "Enter a date like 1990-05-17."
    else:
        age = terms_of(player).age_min
        if years(born) < age:
            wrong["birth_date"] = f"You must be at least {age}."
        elif years(born) > 120:
            wrong["birth_date"] = "Check the year."
    if wrong:
        raise InvalidInput(fields=wrong)
    return Details(**told)


def _doubts(player: Player, details: Details) -> list[str]:
    """Why a person has to look at what was told."""
    doubts = []
    if details.birth_date != player.birth_date.isoformat():
        doubts.append("The birth date is not the one of the registration.")
    if details.country != player.country:
        doubts.append("The country is not the one of the registration.")
    return doubts


def years(born: date, *, at: date | None = None) -> int:
    today = at or now().date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
