"""Which rules are in force, and changing them: a change is a new version with a reason."""

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.risk.errors import NothingChanged, RuleChanged
from apps.risk.models import RuleVersion
from apps.risk.rules.base import Rule
from apps.risk.rules.registry import RULES, rule

REASON_MAX = 500
SHARES = (1, 100)
HOURS = (1, 720)


def in_force() -> dict[str, RuleVersion]:
    """The current version of every rule, in the order of the registry. New rules get their first."""
    found = {one.code: one for one in RuleVersion.objects.filter(ended_at=None)}
    missing = [code for code in RULES if code not in found]
    if missing:
        RuleVersion.objects.bulk_create(
            [_first(RULES[code]) for code in missing], ignore_conflicts=True
        )
        found = {one.code: one for one in RuleVersion.objects.filter(ended_at=None)}
    return {code: found[code] for code in RULES if code in found}


def current(code: str) -> RuleVersion:
    """Raises NotFound."""
    found = in_force().get(code)
    if found is None:
        raise NotFound
    return found


def history(code: str) -> list[RuleVersion]:
    """Newest first."""
    return list(RuleVersion.objects.filter(code=code).select_related("by").order_by("-version"))


def values_of(version: RuleVersion) -> dict[str, Decimal]:
    return rule(version.code).read(version.values)


def read(of: Rule, texts: Mapping[str, str]) -> dict[str, Decimal]:
    """What somebody typed, checked. Raises InvalidInput with the figure's name."""
    values, wrong = {}, {}
    for name, figure in of.by_name.items():
        try:
            values[name] = figure.read(texts.get(name, ""))
        except ValueError as error:
            wrong[name] = str(error)
    if wrong:
        raise InvalidInput(fields=wrong)
    return values


@transaction.atomic
def change(
    code: str,
    *,
    mode: str,
    effect: str,
    weight: int,
    decide_hours: int,
    texts: Mapping[str, str],
    by: User,
    reason: str,
    seen_version: int,
) -> RuleVersion:
    """End the version in force and put the next one in its place.

    seen_version: the one that was on the page; another in force means somebody was faster.
    Raises NotFound, InvalidInput, RuleChanged, NothingChanged.
    """
    of = rule(code)
    values = {name: str(value) for name, value in read(of, texts).items()}
    if mode not in RuleVersion.Mode.values or effect not in RuleVersion.Effect.values:
        raise InvalidInput(fields={"mode": "Choose one of the list."})
    if effect == RuleVersion.Effect.CASE and not of.opens:
        raise InvalidInput(fields={"effect": "This rule opens no case."})
    if not 0 <= weight <= SHARES[1]:
        raise InvalidInput(fields={"weight": "Enter a number from 0 to 100."})
    if not HOURS[0] <= decide_hours <= HOURS[1]:
        raise InvalidInput(fields={"decide_hours": f"Enter {HOURS[0]} to {HOURS[1]} hours."})
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    in_force()
    before = RuleVersion.objects.select_for_update().get(code=code, ended_at=None)
    if before.version != seen_version:
        raise RuleChanged
    made = RuleVersion(
        code=code, version=before.version + 1, mode=mode, effect=effect, weight=weight,
        decide_hours=decide_hours, values=values, started_at=now(), by=by,
        reason=reason.strip()[:REASON_MAX],
    )  # fmt: skip
    if _shown(made) == _shown(before):
        raise NothingChanged
    before.ended_at = made.started_at
    before.save(update_fields=["ended_at"])
    made.save(force_insert=True)
    audit.record(
        "risk.rule_changed",
        actor=by,
        subject=made,
        before=_shown(before) | {"version": before.version},
        after=_shown(made) | {"version": made.version},
        reason=made.reason,
    )
    return made


def _first(of: Rule) -> RuleVersion:
    return RuleVersion(
        code=of.code, version=1, mode=of.default_mode, effect=of.default_effect,
        weight=of.default_weight, decide_hours=of.default_hours, values=of.defaults(),
        started_at=now(), reason="As it came",
    )  # fmt: skip


def _shown(version: RuleVersion) -> dict[str, object]:
    return {
        "code": version.code,
        "mode": version.mode,
        "effect": version.effect,
        "weight": version.weight,
        "decide_hours": version.decide_hours,
        "values": {k: str(Decimal(v).normalize()) for k, v in sorted(version.values.items())},
    }
