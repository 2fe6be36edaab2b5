"""One-time codes of staff: from an authenticator app, or a recovery code that works once."""

from django.db import transaction
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User
from apps.core import rate_limits
from apps.operator.errors import CodeRefused, NoSecondFactor

DIGITS = 6


@transaction.atomic
def accepted_device(user: User, code: str) -> Device | None:
    """The device that accepts the code, which is thereby used up; None when none does.

    The shape of the code names the device, so a wrong one slows down that device only.
    Raises NoSecondFactor.
    """
    code = code.replace(" ", "").strip().lower()
    model = TOTPDevice if len(code) == DIGITS and code.isdecimal() else StaticDevice
    if not has_second_factor(user):
        raise NoSecondFactor
    device: Device | None = (
        model.objects.select_for_update().filter(user=user, confirmed=True).order_by("pk").first()
    )
    if device is None or not device.verify_token(code):
        return None
    return device


def require_fresh_code(user: User, code: str) -> None:
    """Insist on a code that was never used before.

    Raises CodeRefused, NoSecondFactor, RateLimited after too many wrong ones.
    """
    rate_limits.check("code", account=user.pk)
    if accepted_device(user, code) is None:
        rate_limits.hit("code", account=user.pk)
        raise CodeRefused(fields={"code": CodeRefused.message})


def has_second_factor(user: User) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())
