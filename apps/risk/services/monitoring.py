"""Looking at players with every rule that is in force, and writing down what was found.

The journal's follower and the events of other apps mark players; a task looks at the marked ones.
Looking twice changes nothing: an alert is one per player, rule and window.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import F, Q

from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.ids import public_id
from apps.risk import linking, rulebook
from apps.risk.facts import Facts
from apps.risk.models import Alert, Case, Due, RuleVersion
from apps.risk.rules.base import Finding, Rule
from apps.risk.rules.registry import RULES
from apps.risk.services import cases, holds, standings
from apps.risk.sources import all_sources

log = structlog.get_logger()

Mode, Effect = RuleVersion.Mode, RuleVersion.Effect
BATCH = 50
TRIES_MAX = 5
SWEEP_MAX = 2_000
SWEEP_BACK = timedelta(hours=26)
ENTRIES_KEPT = 200
ACTOR = "system:risk"


def mark(player_ids: Iterable[int]) -> None:
    """Have the rules look at these players soon."""
    at = now()
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO risk_due (player_id, since, tries) VALUES (%s, %s, 0) "
            "ON CONFLICT (player_id) DO UPDATE SET tries = 0",
            [(player_id, at) for player_id in sorted(set(player_ids))],
        )


def look_at_due(limit: int = BATCH) -> int:
    """Look at players that were marked, each in its own transaction; how many."""
    done = 0
    while done < limit and _look_at_one():
        done += 1
    return done


def _look_at_one() -> bool:
    with transaction.atomic():
        due = (
            Due.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(tries__lt=TRIES_MAX)
            .order_by("tries", "since")
            .first()
        )
        if due is None:
            return False
        try:
            with transaction.atomic():
                look_at(due.player_id)
        except Exception:
            # One player whom a rule cannot read must not keep the others from being looked at.
            log.exception("risk.look_failed", player=due.player_id)
            Due.objects.filter(pk=due.pk).update(tries=F("tries") + 1)
            if due.tries + 1 >= TRIES_MAX:
                raise_alarm(
                    "risk.not_monitored",
                    subject=str(due.player_id),
                    message=f"The monitoring rules fail for player {due.player_id}.",
                    severity="critical",
                )
        else:
            due.delete()
    return True


@transaction.atomic
def look_at(player_id: int, *, at: datetime | None = None) -> list[Alert]:
    """Run every rule that is not off over one player; the alerts that are new."""
    at = at or now()
    linking.collect(player_id)
    facts = Facts(player_id, at)
    made = []
    for code, version in rulebook.in_force().items():
        if version.mode == Mode.OFF:
            continue
        rule = RULES[code]
        for finding in rule.check(facts, rulebook.values_of(version)):
            alert = _write(rule, version, finding, player_id, at)
            if alert is not None:
                made.append(alert)
    live = [one for one in made if not one.is_shadow]
    if live or not _is_known(player_id):
        standings.work_out(player_id, facts=facts)
    if any(one.effect == Effect.HOLD for one in live):
        holds.sync(player_id, actor=ACTOR)
    return made


def allows_payout(player_id: int) -> bool:
    """Whether a payout may be approved without a person, asked in the transaction of its request.

    The rules look now, because the follower comes later than an automatic approval would. They only
    read: the request holds the wallets already, and what writes alerts takes the player first. Rules
    that cannot answer are a no.
    """
    if not holds.is_clear(player_id):
        return False
    try:
        with transaction.atomic():
            return not _finds_new(player_id)
    except Exception:
        log.exception("risk.look_failed", player=player_id)
        return False


def _finds_new(player_id: int) -> bool:
    """Whether a live rule finds something that nobody has decided on."""
    linking.collect(player_id)
    facts = Facts(player_id, now())
    decided = set(
        Alert.objects.filter(player_id=player_id, is_shadow=False)
        .exclude(state=Alert.State.OPEN)
        .values_list("code", "window")
    )
    return any(
        (code, finding.window[:80]) not in decided
        for code, version in rulebook.in_force().items()
        if version.mode == Mode.LIVE
        for finding in RULES[code].check(facts, rulebook.values_of(version))
    )


def _write(
    rule: Rule, version: RuleVersion, finding: Finding, player_id: int, at: datetime
) -> Alert | None:
    """One alert per player, rule and window. Shadow and live ones do not stand for each other."""
    alert = Alert(
        public_id=public_id("al"),
        player_id=player_id,
        code=rule.code,
        version=version,
        window=finding.window[:80],
        is_shadow=version.mode == Mode.SHADOW,
        effect=version.effect,
        weight=version.weight,
        words=finding.words[:500],
        figures=[list(pair) for pair in finding.figures],
        entries=finding.entry_ids[-ENTRIES_KEPT:],
        payments=[one.public_id for one in finding.payments][-ENTRIES_KEPT:],
        players=list(finding.players)[:ENTRIES_KEPT],
        found_at=at,
        decide_by=at + timedelta(hours=version.decide_hours),
    )
    kept = Alert.objects.bulk_create([alert], ignore_conflicts=True)
    written = Alert.objects.filter(public_id=kept[0].public_id).first()
    if written is None:
        return None
    audit.record(
        "risk.alert",
        actor=ACTOR,
        subject=written,
        after={
            "rule": rule.code, "version": version.version, "player": player_id,
            "window": written.window, "is_shadow": written.is_shadow, "effect": written.effect,
        },
    )  # fmt: skip
    if not written.is_shadow and written.effect == Effect.CASE:
        written.case = cases.opened_by_rule(
            written, kind=Case.Kind(rule.opens or Case.Kind.MONITORING), is_high=finding.is_high
        )
        written.save(update_fields=["case"])
    return written


def _is_known(player_id: int) -> bool:
    return standings.current(player_id) is not None


def sweep() -> int:
    """Mark who paid or was seen lately: links and countries change without an entry."""
    since = now() - SWEEP_BACK
    found: set[int] = set()
    for source in all_sources():
        found.update(source.active_players(since=since, limit=SWEEP_MAX))
    mark(found)
    return len(found)


def note_late() -> int:
    """Deadlines that nobody met: an alarm each, and the end of what an alert alone held."""
    at, done = now(), 0
    late = Alert.objects.filter(
        is_shadow=False, state=Alert.State.OPEN, late_at=None, decide_by__lte=at
    ).order_by("id")
    for alert in list(late[:BATCH]):
        with transaction.atomic():
            if not Alert.objects.filter(pk=alert.pk, late_at=None).update(late_at=at):
                continue
            raise_alarm(
                "risk.alert_late",
                subject=alert.public_id,
                message=f"Nobody decided on alert {alert.public_id} in time.",
            )
            holds.sync(alert.player_id, actor=ACTOR)
            done += 1
    for case in Case.objects.filter(
        Q(state=Case.State.OPEN), late_at=None, decide_by__lte=at
    ).order_by("id")[:BATCH]:
        with transaction.atomic():
            if Case.objects.filter(pk=case.pk, late_at=None).update(late_at=at):
                raise_alarm(
                    "risk.case_late",
                    subject=case.public_id,
                    message=f"Case {case.public_id} is past its deadline.",
                )
                done += 1
    return done
