"""One-time codes that are sent to somebody: for one purpose and target, in one session, once.

Ten minutes, five tries, and the tries of one account and of one address are counted over all codes
(`code` in casino/settings/rate_limits.py). Asking for codes is limited too. What is kept is a keyed
hash; the code itself lies sealed until it is handed over to be sent.
"""

import hmac
import secrets as randomness
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction

from apps.accounts.errors import CodeExpired, WrongCode
from apps.accounts.events import CodeIssued
from apps.accounts.models import OneTimeCode, Player
from apps.core import rate_limits, secrets
from apps.core.clock import now
from apps.events.bus import publish

GOOD_FOR = timedelta(minutes=10)
TRIES_MAX = 5
DIGITS = 6
KEEP = timedelta(days=7)
DELETED_AT_ONCE = 200
SESSION_MARK = "one_time_code_mark"


def issue(
    *,
    player: Player,
    purpose: str,
    target: str,
    session: SessionBase,
    ip: str | None,
    at: datetime | None = None,
) -> OneTimeCode:
    """Make a code and have it sent; every earlier one for this purpose is void.

    Raises RateLimited.
    """
    rate_limits.check("code", account=player.pk, ip=ip)
    rate_limits.hit("code_sent", account=player.pk, ip=ip)
    rate_limits.hit("code_sent", account=target)
    at = at or now()
    text = f"{randomness.randbelow(10**DIGITS):0{DIGITS}}"
    with transaction.atomic():
        _void(player, purpose, at)
        code = OneTimeCode(
            player=player,
            purpose=purpose,
            target=target,
            session_mark=_mark(session),
            created_at=at,
            expires_at=at + GOOD_FOR,
        )
        code.save()
        code.code_hash = _hash(code, text)
        code.sealed = secrets.seal(text, place=secrets.place_of(code, "sealed", "public_id"))
        code.save(update_fields=["code_hash", "sealed"])
        publish(CodeIssued(player_id=player.pk, code_id=code.pk))
    return code


def redeem(
    *,
    player: Player,
    purpose: str,
    text: str,
    session: SessionBase,
    ip: str | None,
    at: datetime | None = None,
) -> OneTimeCode:
    """Use up the code that was sent for this purpose; what it was sent to is its `target`.

    Call it outside a transaction: a wrong try is written down even though the act fails.
    Raises RateLimited, CodeExpired, WrongCode.
    """
    rate_limits.check("code", account=player.pk, ip=ip)
    at = at or now()
    with transaction.atomic():
        code = (
            OneTimeCode.objects.select_for_update()
            .filter(player=player, purpose=purpose, used_at=None)
            .order_by("-pk")
            .first()
        )
        if code is None or at >= code.expires_at or code.tries >= TRIES_MAX:
            raise CodeExpired
        is_right = hmac.compare_digest(code.code_hash, _hash(code, text.strip().replace(" ", "")))
        if is_right and hmac.compare_digest(code.session_mark, _mark(session)):
            code.used_at, code.sealed = at, None
            code.save(update_fields=["used_at", "sealed"])
            return code
        code.tries += 1
        code.save(update_fields=["tries"])
    rate_limits.hit("code", account=player.pk, ip=ip)
    raise WrongCode


def pending(player: Player, purpose: str, *, at: datetime | None = None) -> OneTimeCode | None:
    """The code that waits to be typed in."""
    return (
        OneTimeCode.objects.filter(
            player=player,
            purpose=purpose,
            used_at=None,
            expires_at__gt=at or now(),
            tries__lt=TRIES_MAX,
        )
        .order_by("-pk")
        .first()
    )


def take_text(code_id: int) -> tuple[OneTimeCode, str] | None:
    """Hand over a code to whoever sends it, and forget its text; None when it is too late.

    Call it in the transaction that writes the message.
    """
    code = OneTimeCode.objects.select_for_update().filter(pk=code_id).first()
    if code is None or not code.sealed or code.used_at or code.expires_at <= now():
        return None
    text = secrets.unseal(code.sealed, place=secrets.place_of(code, "sealed", "public_id"))
    code.sealed = None
    code.save(update_fields=["sealed"])
    return code, text


def _void(player: Player, purpose: str, at: datetime) -> None:
    waiting = OneTimeCode.objects.filter(player=player, purpose=purpose, used_at=None)
    waiting.update(expires_at=at, sealed=None)
    old = OneTimeCode.objects.filter(expires_at__lt=at - KEEP).values("pk")[:DELETED_AT_ONCE]
    OneTimeCode.objects.filter(pk__in=old).delete()


def _mark(session: SessionBase) -> str:
    """What ties a code to the session it was asked for in; a new session knows another one."""
    if SESSION_MARK not in session:
        session[SESSION_MARK] = randomness.token_hex(16)
    return sha256(str(session[SESSION_MARK]).encode()).hexdigest()


def _hash(code: OneTimeCode, text: str) -> str:
    # Six digits are quickly tried out by whoever reads a plain hash.
    whole = f"{code.public_id}:{code.purpose}:{code.target}:{text}"
    return hmac.new(settings.SECRET_KEY.encode(), whole.encode(), sha256).hexdigest()
