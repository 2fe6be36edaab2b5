"""What a provider says about a player, taken by our own rules.

It decides on the level it was asked about and on nothing else. Ages are counted from the document,
a name that is not the declared one goes to a person, and what our reviewers refused stays refused.
"""

import json
from datetime import date

from django.db import transaction

from apps.accounts.models import Player
from apps.audit.alarms import raise_alarm
from apps.core import secrets
from apps.core.clock import now
from apps.kyc import gates, persons
from apps.kyc.levels import BY_NAME, StepKind
from apps.kyc.models import Case, PersonRecord, ProviderApplicant, Step
from apps.kyc.providers.base import SECRET_GROUNDS, CheckState, Ground, PersonFact, Verdict
from apps.kyc.services import cases, screening
from apps.kyc.terms import terms_of

State = Case.State
# What a player reads where the provider's own words may not be shown.
NEUTRAL = "The check could not be completed. You can contest that; a person then decides."
UNDECIDED_THERE = (CheckState.NOT_STARTED, CheckState.PENDING, CheckState.ACTION_NEEDED)
AGAIN = "Something has to be handed in again."
STEP_STATES = {
    CheckState.APPROVED: Step.State.APPROVED,
    CheckState.RETRY: Step.State.RETRY,
    CheckState.PENDING: Step.State.GIVEN,
}


@transaction.atomic
def apply_verdict(verdict: Verdict) -> None:
    """Act on a verdict; the same one again changes nothing, an older one neither."""
    level = BY_NAME.get(verdict.level)
    player = Player.objects.filter(pk=verdict.player_id).first()
    theirs = ProviderApplicant.objects.filter(
        provider=verdict.provider, player_id=verdict.player_id, applicant_ref=verdict.applicant_ref
    )
    if level is None or player is None or not theirs.exists():
        # Somebody else's result, or of a level we do not have: it changes nothing.
        raise_alarm(
            "kyc.verdict_foreign",
            subject=verdict.applicant_ref,
            message=f"{verdict.provider}: a result for {verdict.level!r} fits no player of ours.",
            severity="critical",
        )
        return
    case = cases.of_level(player, level.number)
    if case.told_at is not None and verdict.at < case.told_at:
        return
    if case.provider and case.provider != verdict.provider:
        return
    case.told_at = verdict.at
    # What the player has handed in to our own reviewers stays with them until the provider decides.
    is_ours = case.state == State.IN_REVIEW and not case.provider
    if not (is_ours and verdict.state in UNDECIDED_THERE):
        case.provider = verdict.provider
    case.staff_words = verdict.staff_words[:500]
    case.grounds = [one.value for one in verdict.grounds]
    case.is_held = verdict.state is CheckState.ON_HOLD
    case.save()
    if verdict.attention:
        raise_alarm(
            "kyc.attention", subject=case.public_id, message=f"Case {case.public_id}: look at it."
        )
    if verdict.is_voiding:
        _void_others(player, case, verdict)
    if verdict.aml is not None:
        screening.take_case(player.pk, verdict.provider, verdict.aml)
    if verdict.person is not None:
        _keep_person(player, verdict)
    _steps(case, verdict)
    if case.provider:
        _act(case, player, verdict)
    gates.settle(player.pk, actor=f"partner:{verdict.provider}", reason="The provider's word.")


def _act(case: Case, player: Player, verdict: Verdict) -> None:
    actor = f"partner:{verdict.provider}"
    was = case.state
    if was == State.REJECTED and not case.is_automatic:
        # A person of ours said no; only a person takes that back.
        if verdict.state is CheckState.APPROVED:
            raise_alarm(
                "kyc.attention",
                subject=case.public_id,
                message=f"Case {case.public_id}: look at it.",
            )
        return
    if was == State.IN_REVIEW and case.contested_at is not None:
        return  # it is with our reviewers now
    match verdict.state:
        case CheckState.PENDING | CheckState.ON_HOLD:
            if was not in (State.APPROVED, State.REJECTED):
                _move(case, State.IN_REVIEW)
        case CheckState.ACTION_NEEDED:
            if was not in (State.APPROVED, State.REJECTED):
                _move(case, State.RETRY, verdict.words or AGAIN)
        case CheckState.NOT_STARTED | CheckState.WITHDRAWN:
            if was not in (State.NEEDED, State.OPEN, State.REJECTED):
                cases.decide(
                    case, State.OPEN, actor=actor, reason="The earlier result is void.", words="",
                    is_automatic=True,
                )  # fmt: skip
        case CheckState.RETRY:
            if was != State.REJECTED:
                cases.decide(
                    case, State.RETRY, actor=actor, reason=_because(verdict),
                    words=verdict.words or AGAIN, is_automatic=True,
                )  # fmt: skip
        case CheckState.REJECTED:
            _reject(case, verdict.words, _because(verdict), actor, verdict.grounds)
        case CheckState.APPROVED:
            _approve(case, player, verdict, actor)


def _approve(case: Case, player: Player, verdict: Verdict, actor: str) -> None:
    """Approved there; here only when the person in the documents may play and is this player."""
    fact = verdict.person or PersonFact()
    terms = terms_of(player)
    if fact.birth_date is not None and cases.years(fact.birth_date) < terms.age_min:
        _reject(
            case, f"You must be at least {terms.age_min}.", "Too young by the document.", actor,
            (Ground.AGE,),
        )  # fmt: skip
        return
    ends = [one.valid_until for one in fact.documents if one.valid_until is not None]
    if ends and max(ends) < now().date():
        if case.state != State.RETRY:
            cases.decide(
                case, State.RETRY, actor=actor, reason="The document has ended.",
                words="This document has ended. Send one that is in date.", is_automatic=True,
            )  # fmt: skip
        return
    doubts = _doubts(player, fact)
    if doubts:
        case.staff_words = " ".join([*doubts, case.staff_words]).strip()[:500]
        case.priority = max(case.priority, 1)
        if case.state == State.APPROVED:
            # What was approved before does not stand against what is known now.
            cases.decide(
                case, State.IN_REVIEW, actor=actor, reason=case.staff_words, words="",
                is_automatic=True,
            )  # fmt: skip
        else:
            _move(case, State.IN_REVIEW)
        return
    if ends:
        case.valid_until = max(ends)
    if case.state == State.APPROVED:
        case.save()
        return
    cases.decide(
        case, State.APPROVED, actor=actor, reason="Approved by the provider.", words="",
        is_automatic=True,
    )  # fmt: skip


def _reject(case: Case, words: str, reason: str, actor: str, grounds: tuple[Ground, ...]) -> None:
    if case.state == State.REJECTED:
        return
    case.grounds = sorted({*case.grounds, *(one.value for one in grounds)})
    shown = words if words and not set(grounds) & SECRET_GROUNDS else NEUTRAL
    cases.decide(case, State.REJECTED, actor=actor, reason=reason, words=shown, is_automatic=True)


def _move(case: Case, state: str, words: str = "") -> None:
    case.move_to(state)
    case.words = words[:300]
    if state == State.IN_REVIEW:
        case.submitted_at = case.submitted_at or now()
    case.save()


def _void_others(player: Player, of: Case, verdict: Verdict) -> None:
    """Every approval of this provider is void, whatever its level."""
    for number in range(1, 4):
        found = Case.objects.filter(player=player, level=number).exclude(pk=of.pk).first()
        if found is None or found.state != State.APPROVED or found.provider != verdict.provider:
            continue
        cases.decide(
            cases.of_level(player, number), State.OPEN, actor=f"partner:{verdict.provider}",
            reason="The provider has withdrawn its word.", words="", is_automatic=True,
        )  # fmt: skip


def _keep_person(player: Player, verdict: Verdict) -> None:
    """What the documents say: sealed, and marked so that the same document is found again."""
    fact = verdict.person
    if fact is None:
        return
    record, _ = PersonRecord.objects.select_for_update().get_or_create(
        player=player, defaults={"sealed": b"", "declared_at": now()}
    )
    if not record.sealed:
        told = persons.Details(
            fact.first_name, fact.last_name, _iso(fact.birth_date or player.birth_date),
            "", "", "", fact.country or player.country,
        )  # fmt: skip
        record = persons.keep_details(player, told)
    rows = [
        {
            "kind": one.kind, "country": one.country, "number": one.number,
            "valid_until": _iso(one.valid_until), "name": f"{fact.first_name} {fact.last_name}",
            "birth_date": _iso(fact.birth_date), "nationality": fact.nationality,
        }
        for one in fact.documents
    ]  # fmt: skip
    place = record.place("documents_sealed")
    record.documents_sealed = secrets.seal(json.dumps(rows), place=place)
    record.verified_at = now()
    ends = [one.valid_until for one in fact.documents if one.valid_until is not None]
    record.valid_until = max(ends) if ends else None
    record.save()
    if fact.birth_date is not None and fact.last_name:
        persons.mark_name(
            player.pk, f"{fact.first_name} {fact.last_name}", fact.birth_date, is_verified=True
        )
    for one in fact.documents:
        persons.mark_document(player.pk, one.country, one.number)
    persons.look(player.pk)


def _doubts(player: Player, fact: PersonFact) -> list[str]:
    doubts = []
    if fact.birth_date is not None and fact.birth_date != player.birth_date:
        doubts.append("The birth date in the document is not the one of the registration.")
    record = PersonRecord.objects.filter(pk=player.pk, erased_at=None).first()
    if record is not None and fact.last_name:
        told = set(persons.normalised(persons.details_of(record).name).split())
        read = set(persons.normalised(f"{fact.first_name} {fact.last_name}").split())
        if not (told <= read or read <= told):
            doubts.append("The name in the document is not the one the player told.")
    if persons.has_open_match(player.pk):
        doubts.append("Looks like the person of another account.")
    if screening.open_hits(player.pk):
        doubts.append("A check of the account is open.")
    return doubts


def _steps(case: Case, verdict: Verdict) -> None:
    for fact in verdict.steps:
        if fact.step in set(StepKind) and fact.state in STEP_STATES:
            case.steps.filter(kind=fact.step).update(
                state=STEP_STATES[fact.state], words=fact.words[:300], changed_at=now()
            )


def _because(verdict: Verdict) -> str:
    """For the audit trail: labels, never a name of a list (SECRET_GROUNDS stay in the case)."""
    shown = [one.value for one in verdict.grounds if one not in SECRET_GROUNDS]
    return f"The provider's word: {', '.join(shown) or verdict.state.value}."


def _iso(day: date | None) -> str:
    return day.isoformat() if day is not None else ""
