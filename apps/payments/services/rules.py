"""Changing limits, fees and automatic approvals: a change is a new version with a reason."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import DomainError, InvalidInput, NotFound
from apps.payments.errors import RuleEnded, RuleExists
from apps.payments.models import ApprovalRule, LimitRule
from apps.payments.models.rules import Version

KEPT = {"id", "name", "version", "started_at", "ended_at", "by", "reason"}
WORDS = {
    "payments_limit_rule_fee": {"fee_bps": "A fee is less than the whole amount."},
    "payments_limit_rule_fee_currency": {"fee_fixed": "A fixed fee needs a rail: its currency."},
}
R = TypeVar("R", LimitRule, ApprovalRule)


@transaction.atomic
def add(model: type[R], *, name: str, values: Mapping[str, Any], by: User, reason: str) -> R:
    """Put a new rule in force. Raises InvalidInput, RuleExists."""
    name = name.strip()
    if not name:
        raise InvalidInput(fields={"name": "Give it a name."})
    if model._default_manager.filter(name=name).exists():
        raise RuleExists(fields={"name": RuleExists.message})
    return _write(model(name=name, **values), None, by, reason)


@transaction.atomic
def change(rule: R, *, values: Mapping[str, Any], by: User, reason: str) -> R:
    """End this version and put the next in force. Raises InvalidInput, RuleEnded, RuleExists."""
    current = _ended(rule, by, reason)
    made = type(rule)(name=current.name, version=current.version + 1, **values)
    return _write(made, current, by, reason)


@transaction.atomic
def end(rule: R, *, by: User, reason: str) -> R:
    """Take a rule out of force; what it said stays readable. Raises InvalidInput, RuleEnded."""
    ended = _ended(rule, by, reason)
    audit.record("rule.ended", actor=by, subject=ended, before=_shown(ended), reason=reason.strip())
    return ended


def _ended(rule: R, by: User, reason: str) -> R:
    _require_reason(reason)
    current = type(rule)._default_manager.select_for_update().filter(pk=rule.pk).first()
    if current is None:
        raise NotFound
    if current.ended_at is not None:
        raise RuleEnded
    current.ended_at = now()
    current.save(update_fields=["ended_at"])
    return current


def _write(rule: R, before: R | None, by: User, reason: str) -> R:
    _require_reason(reason)
    rule.started_at, rule.by, rule.reason = now(), by, reason.strip()[:255]
    try:
        rule.clean_fields(exclude={"started_at"})
        with transaction.atomic():
            rule.save(force_insert=True)
    except ValidationError as error:
        fields = {name: " ".join(texts) for name, texts in error.message_dict.items()}
        raise InvalidInput(fields=fields) from error
    except IntegrityError as error:
        raise _refusal(error) from error
    audit.record(
        "rule.changed" if before else "rule.added",
        actor=by,
        subject=rule,
        before=_shown(before) if before else None,
        after=_shown(rule),
        reason=rule.reason,
    )
    return rule


def _refusal(error: IntegrityError) -> DomainError:
    """What the constraint that said no means to the person who wrote the rule."""
    diagnostic = getattr(error.__cause__, "diag", None)
    words = WORDS.get(getattr(diagnostic, "constraint_name", None) or "")
    return InvalidInput(fields=words) if words else RuleExists()


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})


def _shown(rule: Version) -> dict[str, Any]:
    """What a rule says, JSON-ready, without what is empty."""
    shown: dict[str, Any] = {"name": rule.name, "version": rule.version}
    for field in rule._meta.concrete_fields:
        value = getattr(rule, field.name)
        if field.name in KEPT or value in (None, ""):
            continue
        is_plain = isinstance(value, (bool, int))
        shown[field.name] = value if is_plain else _text(value)
    return shown


def _text(value: object) -> str:
    return str(value.pk) if isinstance(value, models.Model) else f"{value}"
