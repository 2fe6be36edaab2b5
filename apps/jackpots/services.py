"""Jackpots and their rules: opened, changed for the time to come, paused, entered by players."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.proposals import Person
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.jackpots import booking, cycles, marks, rules
from apps.jackpots.errors import NotOpenForThat, RulesRefused, UnknownJackpot
from apps.jackpots.models import Jackpot, Level, Span, Version
from apps.ledger.selectors import currency

NAME_MAX = 60
RESERVED = {"new", "drops", "live", "ticker"}  # words of addresses
Content = Mapping[str, Any]


@transaction.atomic
def open_jackpot(
    *, code: str, name: str, content: Content, by: Person | str, reason: str
) -> Jackpot:
    """Make a jackpot, seed its pots and commit to their secrets; bets from now on count.

    Raises RulesRefused, InvalidInput.
    """
    check_names(code, name)
    found = check(content)
    entry_from = marks.mark()
    if Jackpot.objects.filter(code=code).exists():
        raise InvalidInput(fields={"code": "There is a jackpot of this short name."})
    jackpot = Jackpot.objects.create(
        code=code, name=name.strip(), entry_from=entry_from, created_at=now()
    )
    version = _add_version(jackpot, content, entry_from, by, reason)
    for position, one in enumerate(found.levels, start=1):
        level = Level.objects.create(
            jackpot=jackpot,
            code=one.code,
            name=one.name,
            position=position,
            pool=one.seed,
            seeded=one.seed,
        )
        cycles.open_first(level, version)
        booking.book(level)
    audit.record(
        "jackpot.opened", actor=by, subject=jackpot, after={"rules": dict(content)}, reason=reason
    )
    return jackpot


@transaction.atomic
def add_version(*, jackpot: Jackpot, content: Content, by: Person | str, reason: str) -> Version:
    """Let new rules count from the next entry of the journal on. Raises RulesRefused."""
    check(content)
    entry_from = marks.mark()
    before = newest(jackpot)
    same_levels(before, content)
    version = _add_version(jackpot, content, entry_from, by, reason)
    audit.record(
        "jackpot.rules_changed",
        actor=by,
        subject=jackpot,
        before={"version": before.number, "rules": before.content},
        after={"version": version.number, "rules": dict(content)},
        reason=reason,
    )
    return version


@transaction.atomic
def pause(*, jackpot_id: int, by: Person, reason: str) -> Jackpot:
    """Let bets from now on give nothing and win nothing. A window that ends still drops.

    Raises UnknownJackpot, NotOpenForThat, InvalidInput.
    """
    jackpot = _locked(jackpot_id, reason)
    if jackpot.is_paused:
        raise NotOpenForThat("It is paused already.")
    entry_from = marks.mark()
    Span.objects.create(
        jackpot=jackpot, entry_from=entry_from, begun_at=now(), reason=reason.strip()
    )
    return _set_paused(jackpot, True, "jackpot.paused", by, reason)


@transaction.atomic
def resume(*, jackpot_id: int, by: Person, reason: str) -> Jackpot:
    """Let bets count again. Raises UnknownJackpot, NotOpenForThat, InvalidInput."""
    jackpot = _locked(jackpot_id, reason)
    if not jackpot.is_paused:
        raise NotOpenForThat("It is not paused.")
    Span.objects.filter(jackpot=jackpot, player=None, entry_until=None).update(
        entry_until=marks.mark(), ended_at=now()
    )
    return _set_paused(jackpot, False, "jackpot.resumed", by, reason)


@transaction.atomic
def choose(*, player: Player, code: str, takes_part: bool) -> None:
    """A player enters or leaves a jackpot that asks for it. Raises UnknownJackpot."""
    jackpot = Jackpot.objects.filter(code=code).first()
    if jackpot is None or not newest(jackpot).rules.needs_opt_in:
        raise UnknownJackpot
    entry = marks.mark()
    mine = Span.objects.filter(jackpot=jackpot, player=player, entry_until=None)
    if mine.exists() == takes_part:
        return
    if takes_part:
        Span.objects.create(jackpot=jackpot, player=player, entry_from=entry, begun_at=now())
    else:
        mine.update(entry_until=entry, ended_at=now())
    audit.record("jackpot.entered" if takes_part else "jackpot.left", actor=player, subject=jackpot)


def _add_version(
    jackpot: Jackpot, content: Content, entry_from: int, by: Person | str, reason: str
) -> Version:
    number = jackpot.versions.count() + 1
    return Version.objects.create(
        jackpot=jackpot,
        number=number,
        entry_from=entry_from,
        content=dict(content),
        made_by=str(by)[:160],
        reason=reason.strip()[:500],
        created_at=now(),
    )


def check(content: Content) -> rules.Rules:
    found = rules.read(content)
    for code in found.currencies:
        currency(code)
    return found


def check_names(code: str, name: str) -> None:
    if not rules.CODE.fullmatch(code) or code in RESERVED:
        raise InvalidInput(fields={"code": "2 to 24 small letters, digits and hyphens."})
    if not name.strip() or len(name.strip()) > NAME_MAX:
        raise InvalidInput(fields={"name": f"Up to {NAME_MAX} characters."})


def same_levels(newest: Version, content: Content) -> None:
    if [one.code for one in newest.rules.levels] != [one["code"] for one in content["levels"]]:
        raise RulesRefused(fields={"levels": "The levels of a jackpot stay what they are."})


def newest(jackpot: Jackpot) -> Version:
    return jackpot.versions.order_by("-number")[0]


def _locked(jackpot_id: int, reason: str) -> Jackpot:
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    jackpot = Jackpot.objects.select_for_update().filter(pk=jackpot_id).first()
    if jackpot is None:
        raise UnknownJackpot
    return jackpot


def _set_paused(jackpot: Jackpot, paused: bool, action: str, by: Person, reason: str) -> Jackpot:
    jackpot.is_paused = paused
    jackpot.save(update_fields=["is_paused"])
    audit.record(action, actor=by, subject=jackpot, reason=reason.strip())
    return jackpot
