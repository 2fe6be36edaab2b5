"""What our own reviewers do: look, compare, decide. Level 3 takes two of them."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.kyc import files, gates
from apps.kyc.errors import NotPermitted, SameReviewer, WrongState
from apps.kyc.levels import StepKind
from apps.kyc.models import Case, Document, Review, Step
from apps.kyc.persons import has_open_match
from apps.kyc.services import cases, screening

State = Case.State
Verdict = Review.Verdict
# Why something has to be done again, or not at all; in words that are shown to the player.
LABELS = {
    "blurred": "The picture cannot be read: hold still, and in good light.",
    "cut_off": "A part is missing: all four corners have to be in the picture.",
    "back_side": "The back side is missing.",
    "ended": "The document has ended. Send one that is in date.",
    "wrong_kind": "This kind of document cannot be taken for this step.",
    "too_old": "It is older than three months.",
    "name": "The name is not the one you told us.",
    "address": "The address is not the one you told us.",
    "face": "Your face cannot be compared: look into the camera, without a hat or dark glasses.",
    "funds": "It does not show where the money comes from.",
    "age": "You are too young to play.",
    "other": "Something does not fit.",
}
# Only for staff; the player reads nothing of them.
SECRET_LABELS = {"forged": "Looks forged", "not_the_person": "Somebody else's document"}
NEUTRAL = "The check could not be completed. You can contest that."
REASON_MAX = 500


@transaction.atomic
def review(
    case_id: str,
    *,
    by: User,
    verdict: str,
    reason: str,
    labels: Sequence[str] = (),
    again: Sequence[str] = (),
    valid_until: date | None = None,
) -> Case:
    """Say yes, ask again, or refuse for good.

    labels: of LABELS or SECRET_LABELS. again: which steps are to be done again; all where none is
    named. valid_until: when the identity document ends, as it is read from it.
    Raises NotFound, NotPermitted, WrongState, SameReviewer, InvalidInput.
    """
    if not by.has_perm("kyc.review_case"):
        raise NotPermitted
    found = Case.objects.filter(public_id=case_id).first()
    if found is None:
        raise NotFound
    case = cases.of_level(Player.objects.get(pk=found.player_id), found.level)
    if case.state != State.IN_REVIEW:
        raise WrongState
    _check(case, verdict, reason, labels, again, valid_until)
    if case.contested_at is not None and case.decided_by == str(by):
        raise SameReviewer("You refused it. Somebody else looks at what the player contests.")
    earlier = list(case.reviews.filter(is_void=False))
    if any(one.by_id == by.pk for one in earlier):
        raise SameReviewer
    Review.objects.create(
        case=case, by=by, verdict=verdict, labels=list(labels), reason=reason.strip(), at=now()
    )
    audit.record(
        "kyc.reviewed",
        actor=by,
        subject=case,
        after={"verdict": verdict, "level": case.level, "labels": _open_labels(labels)},
        reason=reason.strip(),
    )
    if valid_until is not None:
        case.valid_until = valid_until
        case.save(update_fields=["valid_until"])
    agreed = [one for one in earlier if one.verdict == verdict]
    if verdict == Verdict.APPROVE and len(agreed) + 1 < case.terms.people:
        return case
    # Whoever says no after a yes sends it back to the start: two have to agree on the same papers.
    words = _words(labels) if verdict != Verdict.APPROVE else ""
    if verdict == Verdict.RETRY:
        kinds = [kind for kind in case.terms.needs if not again or kind in again]
        case.steps.filter(kind__in=[one.value for one in kinds]).update(
            state=Step.State.RETRY, words=words[:300], changed_at=now()
        )
        case.reviews.filter(is_void=False).update(is_void=True)
    state = {
        Verdict.APPROVE: State.APPROVED, Verdict.RETRY: State.RETRY, Verdict.REJECT: State.REJECTED,
    }[Verdict(verdict)]  # fmt: skip
    cases.decide(case, state, actor=by, reason=reason.strip(), words=words, is_automatic=False)
    return case


@transaction.atomic
def open_document(document_id: str, *, by: User, reason: str) -> tuple[Document, bytes]:
    """The bytes of a document, for a reviewer who says why; each look is recorded.

    Raises NotFound, NotPermitted, InvalidInput, SealBroken.
    """
    if not by.has_perm("kyc.reveal_document"):
        raise NotPermitted
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why you look at it."})
    document = (
        Document.objects.select_related("case__player")
        .filter(public_id=document_id, erased_at=None)
        .first()
    )
    if document is None:
        raise NotFound
    try:
        content = files.read(document.file_name, place=document.place)
    except FileNotFoundError as error:
        raise NotFound("The file is not where it should be.") from error
    audit.record(
        "kyc.document_viewed",
        actor=by,
        subject=document.case,
        after={"document": document.public_id, "kind": document.kind},
        reason=reason.strip()[:REASON_MAX],
    )
    return document, content


def expire_due(limit: int = 200) -> int:
    """Open again what rests on a document that has ended; how many. Play goes on for the grace."""
    today = now().date()
    due = Case.objects.filter(state=State.APPROVED, valid_until__lt=today).order_by("pk")[:limit]
    return sum(_expire(case, today) for case in list(due))


def end_grace_due(limit: int = 500) -> int:
    """Look again at those whose document has ended: the grace may be over; how many were looked at."""
    due = (
        Case.objects.filter(state=State.EXPIRED).order_by("pk").values_list("player_id", flat=True)
    )
    found = list(due[:limit])
    for player_id in found:
        gates.settle(player_id, reason="The days after the document's end.")
    return len(found)


@transaction.atomic
def _expire(found: Case, today: date) -> bool:
    case = cases.of_level(Player.objects.get(pk=found.player_id), found.level)
    if case.state != State.APPROVED or case.valid_until is None or case.valid_until >= today:
        return False
    case.steps.filter(kind=StepKind.DOCUMENT.value).update(
        state=Step.State.RETRY, words=LABELS["ended"], changed_at=now()
    )
    cases.decide(
        case, State.EXPIRED, actor="system:kyc", reason="The document has ended.",
        words=LABELS["ended"], is_automatic=True,
    )  # fmt: skip
    return True


def _check(
    case: Case,
    verdict: str,
    reason: str,
    labels: Sequence[str],
    again: Sequence[str],
    valid_until: date | None,
) -> None:
    """Raises InvalidInput."""
    if verdict not in Verdict.values:
        raise InvalidInput(fields={"verdict": "Choose one."})
    if not reason.strip() or len(reason) > REASON_MAX:
        raise InvalidInput(fields={"reason": f"Say why, in up to {REASON_MAX} characters."})
    if set(labels) - set(LABELS) - set(SECRET_LABELS):
        raise InvalidInput(fields={"labels": "There is no such label."})
    if set(again) - {kind.value for kind in case.terms.needs}:
        raise InvalidInput(fields={"again": "There is no such step."})
    if verdict != Verdict.APPROVE and not labels:
        raise InvalidInput(fields={"labels": "Say what is wrong, so that the player knows."})
    if verdict != Verdict.APPROVE:
        return
    if StepKind.DOCUMENT in case.terms.needs:
        if valid_until is None:
            raise InvalidInput(fields={"valid_until": "Read from the document when it ends."})
        if valid_until < now().date():
            raise InvalidInput(fields={"valid_until": "It has ended: ask for another one."})
    if has_open_match(case.player_id):
        raise InvalidInput("Decide first whether this is the person of another account.")
    if screening.open_hits(case.player_id):
        raise InvalidInput("Decide first on the hits of the watch lists.")


def _words(labels: Sequence[str]) -> str:
    shown = [LABELS[one] for one in labels if one in LABELS]
    return " ".join(shown) if shown else NEUTRAL


def _open_labels(labels: Sequence[str]) -> list[str]:
    return [one for one in labels if one in LABELS]
