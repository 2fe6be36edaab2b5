"""Sanctions and politically exposed people: who is looked for, and what a hit stops.

At onboarding, at every withdrawal, and all players when a list changes. A hit holds the account and
opens a case for compliance; the player reads that the account is being checked, like everybody whose
account is, and nothing else. A list that cannot be read clears nobody.
"""

from datetime import date

from django.db import transaction
from django.db.models import Model, QuerySet

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.core.secrets import SealBroken
from apps.events.bus import publish
from apps.kyc import persons
from apps.kyc.errors import AlreadyDecided, NotPermitted
from apps.kyc.events import ScreeningHit
from apps.kyc.models import Hit, PersonRecord, Screening, WatchList
from apps.kyc.providers.base import AmlCase, AmlHit, Ground
from apps.kyc.watchlists import Found, ListBroken, Subject, sources
from apps.ledger.models import Block
from apps.wallet import restrictions

RESTRICTION = "account_check"
WORDS = persons.WORDS
ALL = Block.PLAY | Block.DEPOSIT | Block.WITHDRAW
LIST = "list"
SWEEP_BATCH = 500
Why = Screening.Why


def screen(player_id: int, why: str) -> int:
    """Hold a player against our lists; how many hits stand open now.

    Without details there is no name to look for: such a player may not withdraw yet.
    Raises ListBroken.
    """
    record = PersonRecord.objects.filter(pk=player_id, erased_at=None).first()
    if record is None:
        return open_hits(player_id)
    details = persons.details_of(record)
    subject = Subject(details.name, date.fromisoformat(details.birth_date), details.country)
    found: list[Found] = []
    marks = []
    for source in sources():
        _, mark, _ = source.version()
        marks.append(mark)
        found += source.search(subject)
    _keep(player_id, why, found, marks[0] if marks else "")
    return open_hits(player_id)


@transaction.atomic
def _keep(player_id: int, why: str, found: list[Found], mark: str) -> None:
    Screening.objects.create(
        player_id=player_id, why=why, list_sha256=mark, hits_count=len(found), at=now()
    )
    for one in found:
        hit, is_new = Hit.objects.get_or_create(
            player_id=player_id,
            source=LIST,
            hit_ref=one.ref,
            defaults={
                "name": one.name,
                "grounds": list(one.grounds),
                "lists": list(one.lists),
                "birth_years": list(one.birth_years),
                "match_text": one.match_text,
                "found_at": now(),
            },
        )
        if is_new:
            _found(hit)
    _settle(player_id, "system:screening", "Held against the lists.")


@transaction.atomic
def take_case(player_id: int, source: str, case: AmlCase) -> None:
    """Take what a provider's lists say now: new hits are kept, those it cleared are closed.

    A decision of ours stands: the provider cannot clear whom we have confirmed.
    """
    Screening.objects.create(
        player_id=player_id, why=Why.PROVIDER, hits_count=len(case.hits), at=now()
    )
    for one in case.hits:
        hit, is_new = Hit.objects.get_or_create(
            player_id=player_id,
            source=source,
            hit_ref=one.hit_ref,
            defaults={**_shown(one), "found_at": now()},
        )
        if is_new and one.is_open:
            _found(hit)
        elif not one.is_open and hit.state == Hit.State.OPEN:
            hit.state = Hit.State.FALSE
            hit.decided_at, hit.reason = now(), f"Cleared at {source}"
            hit.save(update_fields=["state", "decided_at", "reason"])
    # A case that names grounds without entries is a hit as well.
    if case.grounds and not case.hits:
        hit, is_new = Hit.objects.get_or_create(
            player_id=player_id,
            source=source,
            hit_ref=f"case:{case.case_ref}",
            defaults={
                "name": "A case without entries", "grounds": [one.value for one in case.grounds],
                "match_text": "as the provider says", "found_at": now(),
            },
        )  # fmt: skip
        if is_new:
            _found(hit)
    _settle(player_id, f"partner:{source}", "What the provider's lists say.")


def _shown(one: AmlHit) -> dict[str, object]:
    return {
        "name": one.name[:200],
        "grounds": [ground.value for ground in one.grounds],
        "lists": list(one.sources),
        "birth_years": list(one.birth_years),
        "match_text": one.match.value.replace("_", " "),
        "state": Hit.State.OPEN if one.is_open else Hit.State.FALSE,
    }


@transaction.atomic
def decide(hit_id: str, *, state: str, by: User, reason: str, is_accepted: bool = False) -> Hit:
    """Say whether a hit is the player. is_accepted: it is, and the risk is taken (never sanctions).

    Raises NotFound, NotPermitted, AlreadyDecided, InvalidInput.
    """
    if not by.has_perm("kyc.decide_hit"):
        raise NotPermitted
    hit = Hit.objects.select_for_update().filter(public_id=hit_id).first()
    if hit is None:
        raise NotFound
    if hit.state != Hit.State.OPEN:
        raise AlreadyDecided
    if state not in (Hit.State.TRUE, Hit.State.FALSE):
        raise InvalidInput(fields={"state": "Choose one."})
    if is_accepted and (state != Hit.State.TRUE or set(hit.grounds) != {Ground.PEP.value}):
        raise InvalidInput(
            fields={"state": "Only the risk of a politically exposed person is taken."}
        )
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say what you compared."})
    hit.state, hit.is_accepted = state, is_accepted
    hit.decided_at, hit.decided_by, hit.reason = now(), by, reason.strip()[:500]
    hit.save()
    audit.record(
        "kyc.hit_decided",
        actor=by,
        subject=hit,
        after={"state": state, "is_accepted": is_accepted},
        reason=hit.reason,
    )
    _settle(hit.player_id, by, hit.reason)
    return hit


def open_hits(player_id: int) -> int:
    """Hits that hold the account: nobody has decided, or it is this person."""
    return _holding(player_id).count()


def sweep(limit: int = SWEEP_BATCH) -> int:
    """Hold everybody against a list that has changed; how many were looked at."""
    try:
        mark = _current_list()
    except ListBroken as error:
        raise_alarm("kyc.list_broken", message=f"The watch list: {error}.", severity="critical")
        return 0
    if mark is None or mark.swept_at is not None:
        return 0
    ids = list(
        PersonRecord.objects.filter(pk__gt=mark.swept_to, erased_at=None)
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )
    for player_id in ids:
        try:
            screen(player_id, Why.LIST)
        except SealBroken:
            raise_alarm(
                "kyc.seal_broken", subject=str(player_id), message="A person is unreadable."
            )
    mark.swept_to = ids[-1] if ids else mark.swept_to
    if len(ids) < limit:
        mark.swept_at = now()
    mark.save(update_fields=["swept_to", "swept_at"])
    return len(ids)


def _current_list() -> WatchList | None:
    """The version in force; a new one is kept and waits to be swept."""
    for source in sources():
        version, digest, count = source.version()
        if digest:
            row, _ = WatchList.objects.get_or_create(
                sha256=digest,
                defaults={"version": version, "entries_count": count, "read_at": now()},
            )
            return row
    return None


def _holding(player_id: int) -> QuerySet[Hit]:
    return Hit.objects.filter(player_id=player_id, is_accepted=False).exclude(state=Hit.State.FALSE)


def _found(hit: Hit) -> None:
    audit.record(
        "kyc.hit_found", actor="system:screening", subject=hit, after={"source": hit.source}
    )
    publish(ScreeningHit(player_id=hit.player_id, hit_id=hit.pk))
    # Whom it is about stays with those who decide on it.
    raise_alarm("kyc.hit", message="A hit of the watch lists waits.", severity="critical")


def _settle(player_id: int, actor: Model | str, reason: str) -> None:
    """The hold stands while a hit does."""
    is_held = any(one.code == RESTRICTION for one in restrictions.standing(player_id))
    holds = open_hits(player_id) > 0
    if holds and not is_held:
        # The player's own rows say no more than that.
        restrictions.impose(
            player_id=player_id, code=RESTRICTION, stops=ALL, words=WORDS, actor=actor,
            reason="A check of the account is open.",
        )  # fmt: skip
    elif not holds and is_held:
        restrictions.lift(player_id=player_id, code=RESTRICTION, actor=actor, reason=reason)
