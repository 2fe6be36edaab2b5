"""Cases: opening, the checklist, notes and documents, and the decision, by one or two people."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import models, transaction

from apps.accounts.models import Player, User
from apps.audit import proposals
from apps.audit import services as audit
from apps.audit.models import Proposal
from apps.audit.proposals import Act, Person
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.risk.errors import AlreadyDecided, ChecklistOpen, OwnAccount, TakenByOther, TakesTwo
from apps.risk.models import Alert, Case, CaseItem, CaseNote
from apps.risk.services import holds, standings

State, Kind, Outcome = Case.State, Case.Kind, Case.Outcome
TEXT_MAX, NOTE_MAX, REFERENCE_MAX = 500, 8_000, 160
DECIDE_WITHIN = {
    Kind.SOURCE_OF_FUNDS: timedelta(days=10),
    Kind.MONITORING: timedelta(days=5),
    Kind.DEPOSIT: timedelta(days=3),
}
CHECKLIST = {
    Kind.SOURCE_OF_FUNDS: [
        ("occupation", "Occupation and income, as the player told us"),
        ("income", "A document that shows the income or the wealth"),
        ("account", "Bank or wallet history of three months"),
        ("addresses", "Payout addresses and cards are the player's own"),
        ("screening", "Sanctions, PEP and adverse media looked up again"),
        ("pattern", "Play and payments fit what the documents show"),
    ],
    Kind.MONITORING: [
        ("entries", "The entries of the alert read in the ledger"),
        ("links", "Linked accounts looked at"),
        ("screening", "Sanctions, PEP and adverse media looked up again"),
        ("explained", "The player's explanation, or why none was asked for"),
    ],
    Kind.DEPOSIT: [
        ("origin", "Where the coins came from, by the gateway and the chain"),
        ("explained", "The player's explanation"),
        ("return", "Whether it is released or sent back"),
    ],
}


def opened_by_rule(alert: Alert, *, kind: Case.Kind, is_high: bool) -> Case:
    """The case of an alert whose effect is one; the same window never opens two."""
    case = _open_row(
        alert.player_id, kind, alert.words, opened_by="system:risk", is_high=is_high,
        window=alert.window,
    )  # fmt: skip
    if is_high and not case.is_high and case.is_open:
        case.is_high = True
        case.save(update_fields=["is_high"])
    return case


@transaction.atomic
def opened_for_deposit(player_id: int, *, window: str, reason: str) -> Case:
    """A deposit that may not be credited to play waits for somebody to look where it came from."""
    return _open_row(player_id, Kind.DEPOSIT, reason, opened_by="system:risk", window=window)


@transaction.atomic
def open_by_hand(
    player_id: int, *, kind: str, reason: str, by: User, holds_money: bool = False,
    is_high: bool = False,
) -> Case:  # fmt: skip
    """Raises NotFound, InvalidInput, OwnAccount."""
    if not Player.objects.filter(pk=player_id).exists():
        raise NotFound
    if player_id == by.pk:
        raise OwnAccount
    if kind not in Kind.values:
        raise InvalidInput(fields={"kind": "Choose one of the list."})
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    case = _open_row(
        player_id, Kind(kind), reason.strip(), opened_by=str(by), owner=by,
        holds_money=holds_money, is_high=is_high, actor=by,
    )  # fmt: skip
    if holds_money:
        holds.sync(player_id, actor=by)
    return case


@transaction.atomic
def take(public_id: str, *, by: User) -> Case:
    """Become its owner. Raises NotFound, AlreadyDecided, OwnAccount."""
    case = _open(public_id, by, only_owner=False)
    before = case.owner_id
    case.owner = by
    case.save(update_fields=["owner"])
    audit.record(
        "risk.case_taken", actor=by, subject=case, before={"owner": before}, after={"owner": by.pk}
    )
    return case


@transaction.atomic
def answer_item(public_id: str, code: str, *, state: str, note: str, by: User) -> CaseItem:
    """Say what came of one line of the checklist. A line that is not needed says why.

    Raises NotFound, AlreadyDecided, TakenByOther, OwnAccount, InvalidInput.
    """
    case = _open(public_id, by)
    item = case.items.select_for_update().filter(code=code).first()
    if item is None:
        raise NotFound
    if state not in CaseItem.State.values:
        raise InvalidInput(fields={"state": "Choose one of the list."})
    if state == CaseItem.State.NOT_NEEDED and not note.strip():
        raise InvalidInput(fields={"note": "Say why it is not needed."})
    before = {"state": item.state, "note": item.note}
    item.state, item.note, item.by, item.at = state, note.strip()[:TEXT_MAX], by, now()
    item.save(update_fields=["state", "note", "by", "at"])
    audit.record(
        "risk.case_item",
        actor=by,
        subject=case,
        before=before,
        after={"item": code, "state": state, "note": item.note},
    )
    return item


@transaction.atomic
def add_note(public_id: str, *, text: str, by: User, reference: str = "") -> CaseNote:
    """Write something down; with a reference it is a document somebody looked at.

    Raises NotFound, AlreadyDecided, OwnAccount, InvalidInput.
    """
    case = _open(public_id, by, only_owner=False)
    text, reference = text.strip(), reference.strip()
    if not text or len(text) > NOTE_MAX:
        raise InvalidInput(fields={"text": f"Write up to {NOTE_MAX} characters."})
    if len(reference) > REFERENCE_MAX:
        raise InvalidInput(fields={"reference": f"Use up to {REFERENCE_MAX} characters."})
    kind = CaseNote.Kind.DOCUMENT if reference else CaseNote.Kind.NOTE
    note = CaseNote.objects.create(
        case=case, kind=kind, text=text, reference=reference, by=by, at=now()
    )
    audit.record(
        f"risk.case_{kind}", actor=by, subject=case, after={"note": note.pk, "reference": reference}
    )
    return note


@transaction.atomic
def set_hold(public_id: str, *, on: bool, by: User, reason: str) -> Case:
    """Stop withdrawals while the case is open, or let them go on. Raises as `add_note`."""
    case = _open(public_id, by)
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    before = case.holds
    case.holds = on
    case.save(update_fields=["holds"])
    audit.record(
        "risk.case_hold",
        actor=by,
        subject=case,
        before={"holds": before},
        after={"holds": on},
        reason=reason.strip()[:TEXT_MAX],
    )
    holds.sync(case.player_id, actor=by)
    return case


@transaction.atomic
def decide(public_id: str, *, outcome: str, by: User, reason: str) -> Case:
    """Close a case with one signature.

    Raises NotFound, AlreadyDecided, TakenByOther, TakesTwo, ChecklistOpen, OwnAccount, InvalidInput.
    """
    case = _open(public_id, by)
    if case.is_high:
        raise TakesTwo
    _check_decision(case, outcome, reason)
    return _close(case, outcome, reason, by=by, second=None)


def propose_decision(public_id: str, *, outcome: str, by: User, reason: str) -> Proposal:
    """The first signature of two. Raises as `decide`, AlreadyProposed, NotPermitted."""
    with transaction.atomic():
        case = _open(public_id, by)
        _check_decision(case, outcome, reason)
        return proposals.propose(
            DECIDE,
            by=by,
            title=f"Decide case {case.public_id}",
            content={
                "case": case.public_id,
                "player": case.player.display_name,
                "kind": case.kind,
                "outcome": outcome,
                "decision": reason.strip()[:TEXT_MAX],
            },
            reason=reason,
            evidence=case.reason,
            subject=case,
        )


def _carry_out(proposal: Proposal, by: Person) -> Mapping[str, Any]:
    case = _open(str(proposal.content["case"]), by, only_owner=False)
    first = User.objects.get(pk=proposal.maker_id)
    _check_decision(case, proposal.content["outcome"], proposal.content["decision"])
    _close(
        case, proposal.content["outcome"], proposal.content["decision"], by=first,
        second=User.objects.get(pk=by.pk),
    )  # fmt: skip
    return {"case": case.public_id, "outcome": case.outcome}


def _facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Case", content["case"]),
        ("Player", content["player"]),
        ("Kind", Kind(content["kind"]).label),
        ("Outcome", Outcome(content["outcome"]).label),
        ("Decision", content["decision"]),
    ]


DECIDE = proposals.register(
    Act(
        name="risk_case",
        title="Decide a case",
        propose="risk.propose_case",
        approve="risk.decide_case",
        facts=_facts,
        carry_out=_carry_out,
    )
)


def _check_decision(case: Case, outcome: str, reason: str) -> None:
    if outcome not in Outcome.values:
        raise InvalidInput(fields={"outcome": "Choose one of the list."})
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    if case.items.filter(state=CaseItem.State.OPEN).exists():
        raise ChecklistOpen


def _close(case: Case, outcome: str, reason: str, *, by: User, second: User | None) -> Case:
    case.state, case.outcome = State.DECIDED, outcome
    case.decision, case.decided_at = reason.strip()[:TEXT_MAX], now()
    case.decided_by, case.second_by = by, second
    case.save()
    # What opened the case is settled by it.
    Alert.objects.filter(case=case, state=Alert.State.OPEN).update(
        state=Alert.State.CONFIRMED if outcome != Outcome.EXPLAINED else Alert.State.CLEARED,
        decided_at=case.decided_at, decided_by=by, decision=f"Case {case.public_id}",
    )  # fmt: skip
    audit.record(
        "risk.case_decided",
        actor=second or by,
        subject=case,
        before={"state": State.OPEN},
        after={
            "outcome": outcome,
            "player": case.player_id,
            "signatures": [str(one) for one in (by, second) if one is not None],
        },
        reason=case.decision,
    )
    holds.sync(case.player_id, actor=by)
    standings.work_out(case.player_id)
    return case


def _open_row(
    player_id: int,
    kind: Case.Kind,
    reason: str,
    *,
    opened_by: str,
    owner: User | None = None,
    window: str = "",
    is_high: bool = False,
    holds_money: bool = False,
    actor: models.Model | str = "system:risk",
) -> Case:
    if window:
        found = Case.objects.filter(player_id=player_id, kind=kind, window=window).first()
        if found is not None:
            return found
    at = now()
    case = Case.objects.create(
        player_id=player_id, kind=kind, reason=reason[:TEXT_MAX], window=window,
        risk_class=standings.class_of(player_id), is_high=is_high, holds=holds_money, owner=owner,
        opened_at=at, opened_by=opened_by[:160], decide_by=at + DECIDE_WITHIN[kind],
    )  # fmt: skip
    CaseItem.objects.bulk_create(
        CaseItem(case=case, code=code, title=title) for code, title in CHECKLIST[kind]
    )
    audit.record(
        "risk.case_opened",
        actor=actor,
        subject=case,
        after={"player": player_id, "kind": kind.value, "is_high": is_high, "holds": holds_money},
        reason=case.reason,
    )
    return case


def _open(public_id: str, by: Person, *, only_owner: bool = True) -> Case:
    """An open case, locked. Whoever works on it owns it, or nobody does."""
    case = (
        Case.objects.select_for_update(of=("self",))
        .select_related("player", "owner")
        .filter(public_id=public_id)
        .first()
    )
    if case is None:
        raise NotFound
    if not case.is_open:
        raise AlreadyDecided
    if case.player_id == by.pk:
        raise OwnAccount
    if only_owner and case.owner_id not in (None, by.pk):
        raise TakenByOther
    return case
