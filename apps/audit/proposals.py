"""Acts that take two people: one proposes, another one with the permission approves.

An app registers an `Act`; `propose` keeps exactly what would be done under a hash, `approve` binds
the second person to that hash. An act with `carry_out` happens in the transaction of the approval,
once; one without it is done outside (coins leave a cold wallet) and told with `complete`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import PermissionsMixin
from django.db import IntegrityError, models, transaction

from apps.audit import services as audit
from apps.audit.errors import (
    AlreadyDecided,
    AlreadyProposed,
    NotApproved,
    NotPermitted,
    ProposalChanged,
    ProposalExpired,
    SamePerson,
)
from apps.audit.models import Proposal
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound

State = Proposal.State
Person = PermissionsMixin
Content = Mapping[str, Any]
REASON_MAX = 500
EVIDENCE_MAX = 4000
EXPIRE_BATCH = 200


@dataclass(frozen=True)
class Act:
    """One kind of act that takes two people.

    propose, approve: the permissions. facts: the content in words, for the page that decides.
    carry_out: does it, in the transaction of the approval, and says what it did; it may refuse
    with a DomainError, then nothing was decided. complete: for acts done outside; it gets what
    the person who did it reports.
    """

    name: str
    title: str
    propose: str
    approve: str
    facts: Callable[[Content], list[tuple[str, str]]]
    carry_out: Callable[[Proposal, Person], Content] | None = None
    complete: Callable[[Proposal, Person, Mapping[str, str]], Content] | None = None
    hours: int = 72


_acts: dict[str, Act] = {}


def register(act: Act) -> Act:
    """Make an act known. Modules that do are named in `settings.PROPOSAL_MODULES`."""
    if (act.carry_out is None) == (act.complete is None):
        raise ValueError(f"{act.name} is either carried out here or completed by a person.")
    _acts[act.name] = act
    return act


def act_of(proposal: Proposal) -> Act:
    return _acts[proposal.act]


def act_names() -> list[str]:
    return sorted(_acts)


def facts(proposal: Proposal) -> list[tuple[str, str]]:
    """What would be done, word for word."""
    return act_of(proposal).facts(proposal.content)


@transaction.atomic
def propose(
    act: Act,
    *,
    by: Person,
    content: Content,
    reason: str,
    title: str = "",
    evidence: str = "",
    subject: models.Model | None = None,
) -> Proposal:
    """Ask for an act. content: JSON-ready, amounts as text.

    Raises NotPermitted, InvalidInput, AlreadyProposed (one open act of a kind per subject).
    """
    _permit(by, act.propose)
    at = now()
    proposal = Proposal(
        act=act.name,
        title=(title or act.title)[:160],
        subject_kind=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        content=dict(content),
        reason=_required(reason, "reason", REASON_MAX),
        evidence=evidence.strip()[:EVIDENCE_MAX],
        maker_id=by.pk,
        created_at=at,
        expires_at=at + timedelta(hours=act.hours),
    )
    try:
        with transaction.atomic():
            proposal.save()
    except IntegrityError as error:
        raise AlreadyProposed from error
    # As the database gives it back: what is hashed is what will be read.
    proposal.refresh_from_db()
    proposal.content_hash = proposal.fingerprint()
    proposal.save(update_fields=["content_hash"])
    _record("proposal.made", by, proposal, reason=proposal.reason)
    return proposal


@transaction.atomic
def approve(public_id: str, *, by: Person, reason: str, seen_hash: str) -> Proposal:
    """Say yes to exactly what was shown; what can be done here is done in this transaction.

    Raises NotFound, AlreadyDecided, ProposalExpired, ProposalChanged, SamePerson, NotPermitted,
    InvalidInput, and whatever the act refuses with.
    """
    proposal = _waiting(public_id)
    act = act_of(proposal)
    if by.pk == proposal.maker_id:
        raise SamePerson
    _permit(by, act.approve)
    if not proposal.content_hash == proposal.fingerprint() == seen_hash:
        raise ProposalChanged
    if proposal.expires_at <= now():
        raise ProposalExpired
    _decide(proposal, State.APPROVED, by, reason)
    _record("proposal.approved", by, proposal, reason=proposal.decision)
    if act.carry_out is not None:
        _done(proposal, by, act.carry_out(proposal, by))
    return proposal


@transaction.atomic
def reject(public_id: str, *, by: Person, reason: str) -> Proposal:
    """Say no. Raises NotFound, AlreadyDecided, SamePerson, NotPermitted, InvalidInput."""
    proposal = _waiting(public_id)
    if by.pk == proposal.maker_id:
        raise SamePerson
    _permit(by, act_of(proposal).approve)
    _decide(proposal, State.REJECTED, by, reason)
    _record("proposal.rejected", by, proposal, reason=proposal.decision)
    return proposal


@transaction.atomic
def take_back(public_id: str, *, by: Person, reason: str) -> Proposal:
    """The maker changes their mind; also after an approval, while nothing was carried out.

    Raises NotFound, AlreadyDecided, NotPermitted, InvalidInput.
    """
    proposal = _open(public_id)
    if by.pk != proposal.maker_id:
        raise NotPermitted("Only who proposed it takes it back.")
    before = proposal.state
    proposal.state = State.WITHDRAWN
    text = _required(reason, "reason", REASON_MAX)
    if before == State.WAITING:
        proposal.decision = text
    proposal.save(update_fields=["state", "decision"])
    _record("proposal.taken_back", by, proposal, reason=text)
    return proposal


@transaction.atomic
def complete(
    public_id: str, *, by: Person, evidence: str, report: Mapping[str, str] | None = None
) -> Proposal:
    """Tell that an approved act was done outside, once, with its proof.

    report: what the act wants to know (a transaction id, a fee).
    Raises NotFound, NotApproved, AlreadyDecided, ProposalChanged, NotPermitted, InvalidInput.
    """
    proposal = _open(public_id)
    act = act_of(proposal)
    if act.complete is None or proposal.state != State.APPROVED:
        raise NotApproved
    _permit(by, act.propose)
    if proposal.content_hash != proposal.fingerprint():
        raise ProposalChanged
    text = _required(evidence, "evidence", EVIDENCE_MAX)
    result = act.complete(proposal, by, dict(report or {}))
    _done(proposal, by, {**result, "evidence": text})
    return proposal


def expire_due() -> int:
    """Close what nobody decided in time; how many."""
    due = Proposal.objects.filter(state=State.WAITING, expires_at__lte=now()).order_by("id")
    return sum(_expire(pk) for pk in list(due.values_list("pk", flat=True)[:EXPIRE_BATCH]))


@transaction.atomic
def _expire(pk: int) -> bool:
    proposal = Proposal.objects.select_for_update().get(pk=pk)
    if proposal.state != State.WAITING:
        return False
    proposal.state = State.EXPIRED
    proposal.save(update_fields=["state"])
    _record("proposal.expired", "system", proposal)
    return True


def _done(proposal: Proposal, by: Person, result: Content) -> None:
    proposal.state = State.EXECUTED
    proposal.executed_by_id = by.pk
    proposal.executed_at = now()
    proposal.result = dict(result)
    proposal.save(update_fields=["state", "executed_by", "executed_at", "result"])
    _record("proposal.executed", by, proposal)


def _decide(proposal: Proposal, state: str, by: Person, reason: str) -> None:
    proposal.decision = _required(reason, "reason", REASON_MAX)
    proposal.state = state
    proposal.checker_id = by.pk
    proposal.decided_at = now()
    proposal.save(update_fields=["decision", "state", "checker", "decided_at"])


def _open(public_id: str) -> Proposal:
    proposal = Proposal.objects.select_for_update().filter(public_id=public_id).first()
    if proposal is None:
        raise NotFound
    if not proposal.is_open:
        raise AlreadyDecided
    return proposal


def _waiting(public_id: str) -> Proposal:
    proposal = _open(public_id)
    if proposal.state != State.WAITING:
        raise AlreadyDecided
    return proposal


def _permit(by: Person, permission: str) -> None:
    if not by.has_perm(permission):
        raise NotPermitted


def _required(text: str, field: str, length_max: int) -> str:
    text = text.strip()
    if not text:
        raise InvalidInput(fields={field: "This cannot be empty."})
    if len(text) > length_max:
        raise InvalidInput(fields={field: f"Use up to {length_max} characters."})
    return text


def _record(action: str, by: Person | str, proposal: Proposal, *, reason: str = "") -> None:
    audit.record(
        action,
        actor=by,
        subject=proposal,
        after={
            "act": proposal.act,
            "state": proposal.state,
            "content": proposal.content,
            "content_hash": proposal.content_hash,
            "result": proposal.result,
        },
        reason=reason,
    )
