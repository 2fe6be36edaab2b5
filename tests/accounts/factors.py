"""Second factors for tests: an app that shows codes, and recovery codes."""

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from apps.accounts.models import Player

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def enrol(player: Player) -> list[str]:
    """Give a player an authenticator app with `SECRET`; the recovery codes that came with it."""
    TOTP.activate(player.user, SECRET)
    codes: list[str] = RecoveryCodes.activate(player.user).generate_codes()
    return codes


def app_code(secret: str = SECRET) -> str:
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    return code
