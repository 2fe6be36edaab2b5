"""Who works here and what each may do: for a regulator, and to be looked through every quarter."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User
from apps.audit.models import Record
from apps.operator import roles
from apps.operator.models import EmergencyAccess, Passkey
from apps.operator.services import role_of

COLUMNS = (
    "Name",
    "Role",
    "Rights",
    "Created",
    "Last access",
    "From address",
    "Last password change",
    "Second factor",
    "State",
)
PASSWORD_ACTS = ("staff.password_changed", "staff.password_reset", "staff.created")


@dataclass(frozen=True)
class Account:
    user: User
    role: str
    rights: list[str]
    seen_at: datetime | None
    seen_from: str
    password_at: datetime | None
    factors: str
    state: str

    @property
    def row(self) -> list[str]:
        return [
            self.user.email,
            self.role or "none",
            " ".join(self.rights),
            _text(self.user.created_at),
            _text(self.seen_at),
            self.seen_from,
            _text(self.password_at),
            self.factors,
            self.state,
        ]


def accounts() -> list[Account]:
    """Every staff account, in as many queries however many there are."""
    found = (
        User.objects.filter(is_staff=True)
        .prefetch_related(
            "groups",
            Prefetch(
                "emergencies",
                queryset=EmergencyAccess.objects.filter(ended_at=None),
                to_attr="open_emergencies",
            ),
        )
        .order_by("email")
    )
    seen = _newest("actor_id", ("operator.logged_in",))
    changed = _newest("subject_id", PASSWORD_ACTS)
    codes = set(TOTPDevice.objects.filter(confirmed=True).values_list("user_id", flat=True))
    keys = set(Passkey.objects.filter(confirmed=True).values_list("user_id", flat=True))
    return [_account(user, seen, changed, codes, keys) for user in found]


def _account(
    user: User,
    seen: dict[str, Record],
    changed: dict[str, Record],
    codes: set[int],
    keys: set[int],
) -> Account:
    role = role_of(user)
    rights = set(roles.PERMISSIONS.get(role, ()))
    has_emergency = bool(user.open_emergencies)  # type: ignore[attr-defined]  # prefetched
    if has_emergency:
        rights |= roles.EMERGENCY_PERMISSIONS
    last, password = seen.get(str(user.pk)), changed.get(str(user.pk))
    factors = [name for name, owners in (("code", codes), ("passkey", keys)) if user.pk in owners]
    state = "active" if user.is_active else "disabled"
    return Account(
        user=user,
        role=f"{role or 'none'}, emergency" if has_emergency else role,
        rights=sorted(rights),
        seen_at=last.at if last else None,
        seen_from=(last.ip or "") if last else "",
        password_at=password.at if password else None,
        factors=", ".join(factors) or "none",
        state="superuser, refused" if user.is_superuser else state,
    )


def _newest(column: str, actions: tuple[str, ...]) -> dict[str, Record]:
    """The newest row of these acts for each person."""
    rows = Record.objects.filter(action__in=actions).order_by(column, "-id").distinct(column)
    return {getattr(row, column): row for row in rows}


def _text(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
