"""Looking after staff: who works here, in which role, and with which second factor."""

import secrets

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import InvalidInput, NotFound
from apps.operator import roles
from apps.operator.errors import LastAdministrator, NotYourself, StaffExists

RECOVERY_CODES = 8
PASSWORD_BYTES = 15


@transaction.atomic
def create_staff(
    *, email: str, role: str, by: User | str, reason: str, password: str = ""
) -> tuple[User, str]:
    """Make a member of staff without a second factor; they cannot enter until they have one.

    For the first people of a house and for the demo; in the back office a role takes two people
    (`acts.propose_role`), so it calls this with none.
    password: chosen here and returned when empty, to be handed over and changed.
    Raises StaffExists, InvalidInput.
    """
    groups = [_group(role)] if role else []
    _require_reason(reason)
    if User.objects.filter(email__iexact=email).exists():
        raise StaffExists(fields={"email": StaffExists.message})
    user = User(email=User.objects.normalize_email(email), is_staff=True)
    password = password or secrets.token_urlsafe(PASSWORD_BYTES)
    _set_password(user, password)
    user.save()
    user.groups.set(groups)
    audit.record(
        "staff.created", actor=by, subject=user, after={"role": role}, reason=reason.strip()
    )
    return user, password


@transaction.atomic
def set_role(*, user_id: int, role: str, by: User, reason: str) -> User:
    """Give somebody exactly one role, which two other people have agreed on (acts.py).

    Raises NotFound, InvalidInput, NotYourself, LastAdministrator.
    """
    group = _group(role)
    user = _locked_staff(user_id, by, reason)
    before = role_of(user)
    if before == roles.ADMINISTRATOR != role:
        _require_other_administrator(user)
    user.groups.set([group])
    audit.record(
        "staff.role_changed",
        actor=by,
        subject=user,
        before={"role": before},
        after={"role": role},
        reason=reason.strip(),
    )
    return user


@transaction.atomic
def set_active(*, user_id: int, active: bool, by: User, reason: str) -> User:
    """Let somebody in or keep them out; open sessions end with the next click."""
    user = _locked_staff(user_id, by, reason)
    if not active and role_of(user) == roles.ADMINISTRATOR:
        _require_other_administrator(user)
    before = user.is_active
    user.is_active = active
    user.save(update_fields=["is_active"])
    audit.record(
        "staff.enabled" if active else "staff.disabled",
        actor=by,
        subject=user,
        before={"active": before},
        after={"active": active},
        reason=reason.strip(),
    )
    return user


@transaction.atomic
def reset_second_factor(
    *, user_id: int, by: User | str, reason: str
) -> tuple[TOTPDevice, list[str]]:
    """A new authenticator secret and new recovery codes; the old ones stop working now.

    Both are returned once, to be shown once, and are not in the audit row.
    """
    _require_reason(reason)
    user = _staff(user_id)
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    device = TOTPDevice.objects.create(user=user, name="Authenticator", confirmed=True)
    recovery = StaticDevice.objects.create(user=user, name="Recovery codes", confirmed=True)
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=recovery, token=code) for code in codes)
    audit.record("staff.second_factor_reset", actor=by, subject=user, reason=reason.strip())
    return device, codes


@transaction.atomic
def reset_password(*, user_id: int, by: User, reason: str) -> str:
    """A new password, shown once; every open session of theirs ends."""
    user = _locked_staff(user_id, by, reason)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    _set_password(user, password)
    user.save(update_fields=["password"])
    audit.record("staff.password_reset", actor=by, subject=user, reason=reason.strip())
    return password


def role_of(user: User) -> str:
    """The role, or nothing for somebody without one."""
    names = {group.name for group in user.groups.all()}
    return next((role for role in reversed(roles.PERMISSIONS) if role in names), "")


def _locked_staff(user_id: int, by: User, reason: str) -> User:
    _require_reason(reason)
    if user_id == by.pk:
        raise NotYourself
    # Every change of staff waits here, so two of them cannot both remove "another" administrator.
    Group.objects.select_for_update().get(name=roles.ADMINISTRATOR)
    return _staff(user_id)


def _staff(user_id: int) -> User:
    user = User.objects.select_for_update().filter(pk=user_id, is_staff=True).first()
    if user is None:
        raise NotFound
    return user


def _require_other_administrator(user: User) -> None:
    others = User.objects.filter(
        groups__name=roles.ADMINISTRATOR, is_active=True, is_staff=True
    ).exclude(pk=user.pk)
    if not others.exists():
        raise LastAdministrator


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})


def _group(role: str) -> Group:
    if role not in roles.PERMISSIONS:
        raise InvalidInput(fields={"role": "There is no such role."})
    return Group.objects.get(name=role)


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(fields={"password": " ".join(error.messages)}) from error
    user.set_password(password)
