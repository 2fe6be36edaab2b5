"""What pages, readiness checks and desks read of verification."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from apps.accounts.models import Player
from apps.core.clock import now
from apps.kyc import gates, levels
from apps.kyc.levels import LEVELS, STEPS, Level, StepTerms
from apps.kyc.models import Case, Document, Hit, PersonMatch, Step
from apps.kyc.terms import terms_of, withdrawal_level

QUEUE_MAX = 200
State = Case.State
STATE_WORDS = {
    State.NEEDED: "Needed now",
    State.OPEN: "Open",
    State.IN_REVIEW: "In review",
    State.RETRY: "Do something again",
    State.APPROVED: "Verified",
    State.REJECTED: "Refused",
    State.EXPIRED: "Document ended",
}


@dataclass(frozen=True)
class StepShown:
    terms: StepTerms
    state: str
    words: str
    documents: list[Document]

    @property
    def is_done(self) -> bool:
        return self.state in (Step.State.GIVEN, Step.State.APPROVED)

    @property
    def takes_files(self) -> bool:
        return self.terms.files_max > len(self.documents) or self.state == Step.State.RETRY


@dataclass(frozen=True)
class LevelShown:
    """A level as its player sees it. mark: done, now or next, for the list of levels."""

    level: Level
    case: Case | None
    steps: list[StepShown]
    is_verified: bool
    mark: str

    @property
    def state_words(self) -> str:
        if self.is_verified:
            return STATE_WORDS[State.APPROVED]
        return STATE_WORDS[State(self.case.state)] if self.case else "Not started"

    @property
    def is_handing_in(self) -> bool:
        return not self.is_verified and (self.case is None or self.case.is_handing_in)

    @property
    def is_complete(self) -> bool:
        return all(step.is_done for step in self.steps)

    @property
    def may_contest(self) -> bool:
        case = self.case
        return case is not None and case.state == State.REJECTED and case.contested_at is None


@dataclass(frozen=True)
class Need:
    """What is missing before money can leave, in words; level: which one opens it."""

    level: int
    words: str
    todo: str
    is_stop: bool


@dataclass(frozen=True)
class Meter:
    """How far a player is from cashing out. used, threshold: in the base currency."""

    percent: int
    words: str
    missing: list[str]
    opens: tuple[str, ...]
    used: Decimal
    threshold: Decimal
    days: int

    @property
    def is_ready(self) -> bool:
        return not self.missing


def levels_of(player: Player) -> list[LevelShown]:
    cases = {case.level: case for case in Case.objects.filter(player=player)}
    steps: dict[tuple[int, str], Step] = {
        (step.case_id, step.kind): step for step in Step.objects.filter(case__player=player)
    }
    documents: dict[tuple[int, str], list[Document]] = {}
    for one in Document.objects.filter(
        case__player=player, is_replaced=False, erased_at=None
    ).order_by("pk"):
        documents.setdefault((one.case_id, one.kind), []).append(one)
    found: list[LevelShown] = []
    is_next_now = True
    for level in LEVELS:
        case = cases.get(level.number)
        is_verified = player.kyc_level >= level.number
        mark = "done" if is_verified else "now" if is_next_now else "next"
        is_next_now = is_next_now and is_verified
        shown = []
        for kind in level.needs:
            key = (case.pk if case else 0, kind.value)
            step = steps.get(key)
            shown.append(
                StepShown(
                    terms=STEPS[kind],
                    state=Step.State.APPROVED
                    if is_verified
                    else step.state
                    if step
                    else Step.State.TODO,
                    words=step.words if step and not is_verified else "",
                    documents=documents.get(key, []),
                )
            )
        found.append(LevelShown(level, case, shown, is_verified, mark))
    return found


def withdrawal_need(player: Player, *, value: Decimal | None = None) -> Need | None:
    """The level that a withdrawal needs and the player lacks, or None. Read from the primary.

    value: of the withdrawal, in the base currency; what it adds counts already.
    """
    terms = terms_of(player)
    first = withdrawal_level(terms)
    sums = gates.linked(player.pk, terms.kyc_linked_days)
    reaches = max(sums.most, sums.paid_out + (value or Decimal(0)))
    is_over = first > 0 and reaches >= terms.kyc_value
    level = max(first, levels.IDENTITY.number if is_over else 0)
    if player.kyc_level >= level:
        return None
    case = Case.objects.filter(player=player, level=level).first()
    if case is not None and case.state == State.IN_REVIEW:
        todo = f"We are looking at it. {levels.BY_NUMBER[level].takes}."
    else:
        todo = f"Complete “{levels.BY_NUMBER[level].title}”."
    words = (
        f"From {terms.kyc_value.normalize():f} on, we have to know who is paid."
        if is_over
        else "Before the first withdrawal we have to know who is paid."
    )
    return Need(level, words, todo, is_stop=True)


def meter(player: Player) -> Meter:
    """How far, what is missing, what opens."""
    terms = terms_of(player)
    need = withdrawal_need(player)
    wanted = max(need.level if need else 0, withdrawal_level(terms))
    shown = levels_of(player)
    steps = [step for one in shown if one.level.number <= max(wanted, 1) for step in one.steps]
    done = sum(1 for step in steps if step.is_done)
    missing = (
        [step.terms.title for step in steps if not step.is_done]
        or ([f"Our review of “{levels.BY_NUMBER[need.level].title}”"] if need else [])
        if need
        else []
    )
    # Handed in is most of the way, decided is all of it.
    percent = 100 if not need else min(90, done * 90 // max(len(steps), 1))
    next_level = next((one.level for one in shown if not one.is_verified), None)
    sums = gates.linked(player.pk, terms.kyc_linked_days)
    return Meter(
        percent=percent,
        words="You can cash out" if not need else need.words,
        missing=missing,
        opens=next_level.opens if next_level else (),
        used=sums.most,
        threshold=terms.kyc_value,
        days=terms.kyc_linked_days,
    )


def is_held(player_id: int) -> bool:
    """Whether a check holds this player's money; for what releases it."""
    return Hit.objects.filter(player_id=player_id, is_accepted=False).exclude(
        state=Hit.State.FALSE
    ).exists() or Case.objects.filter(player_id=player_id, is_held=True).exists()  # fmt: skip


# ---- desks --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    case: Case
    files_count: int
    agreed: int
    is_late: bool


LATE = timedelta(hours=24)


def queue(*, level: int = 0, at: datetime | None = None) -> list[Waiting]:
    """Cases that our reviewers decide on, the most urgent first, then by age.

    What a provider is still looking at is not here; what it left to us is.
    """
    at = at or now()
    rows = waiting_cases()
    if level:
        rows = rows.filter(level=level)
    found = list(
        rows.select_related("player__user").prefetch_related("documents", "reviews")[:QUEUE_MAX]
    )
    return [
        Waiting(
            case=case,
            files_count=sum(1 for one in case.documents.all() if not one.is_replaced),
            agreed=sum(1 for one in case.reviews.all() if not one.is_void),
            is_late=(case.submitted_at or case.opened_at) < at - LATE,
        )
        for case in found
    ]


def waiting_cases() -> QuerySet[Case]:
    ours = Case.objects.filter(state=State.IN_REVIEW)
    return (
        ours.filter(provider="")
        | ours.exclude(staff_words="")
        | ours.filter(contested_at__isnull=False)
    ).order_by("-priority", Coalesce("submitted_at", "opened_at"), "pk")


def open_hits() -> QuerySet[Hit]:
    return (
        Hit.objects.filter(state=Hit.State.OPEN).select_related("player").order_by("found_at", "pk")
    )


def open_matches() -> QuerySet[PersonMatch]:
    return (
        PersonMatch.objects.filter(state=PersonMatch.State.OPEN)
        .select_related("player__user", "other__user")
        .order_by("-is_excluded", "found_at", "pk")
    )
