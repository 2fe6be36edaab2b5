"""Browsers a player has signed in with. Each holds a token in a cookie; we hold its hash.

A known device is what a lock does not reach (lockout.py), and an unknown one is told to the player.
The token says nothing but that: it signs nobody in.
"""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.accounts.models import KnownDevice, Player
from apps.audit import services as audit
from apps.core.client_address import client_ip, counted_as
from apps.core.clock import now
from apps.core.errors import NotFound

KEEP = timedelta(days=400)  # what browsers keep at most
DEVICES_MAX = 20
USER_AGENT_MAX = 255
TOKEN_LENGTHS = range(20, 65)
FRESH = "fresh_device_token"


def is_known(request: HttpRequest, player: Player) -> bool:
    token = _token(request)
    return (
        bool(token)
        and KnownDevice.objects.filter(
            player=player, token_hash=_hash(token), last_seen_at__gt=now() - KEEP
        ).exists()
    )


def remember(request: HttpRequest, player: Player, *, keeps_cookies: bool = True) -> bool:
    """Note that the player has signed in with this browser; True when it is a new one.

    keeps_cookies: programs keep none. They are told apart by how they call themselves and from where,
    which anybody can imitate: it is worth a word to the player, and lifts no lock.
    """
    if keeps_cookies:
        token = _token(request)
        if not token:
            token = secrets.token_urlsafe(32)
            setattr(request, FRESH, token)
    else:
        token = f"{user_agent(request)}:{counted_as(client_ip(request))}"
    # Nobody makes a cookie of how a program calls itself.
    token_hash = _hash(token) if keeps_cookies else _hash(token, kind="program")
    at = now()
    about = {"last_seen_at": at, "ip": client_ip(request), "user_agent": user_agent(request)}
    _, is_new = KnownDevice.objects.update_or_create(
        player=player,
        token_hash=token_hash,
        defaults=about,
        create_defaults={**about, "first_seen_at": at},
    )
    if is_new:
        rest = KnownDevice.objects.filter(player=player).order_by("-last_seen_at")
        for device in rest[DEVICES_MAX:]:
            device.delete()
    return is_new


def keep_token(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give the browser the token that was made for it in this request."""
    token = getattr(request, FRESH, "")
    if token:
        response.set_cookie(
            settings.DEVICE_COOKIE_NAME,
            token,
            max_age=KEEP,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def forget(*, player: Player, device_id: int) -> None:
    """Make a device unknown again. Raises NotFound, also for another player's."""
    deleted, _ = KnownDevice.objects.filter(player=player, pk=device_id).delete()
    if not deleted:
        raise NotFound
    audit.record("player.device_forgotten", actor=player, subject=player)


def current_id(request: HttpRequest, player: Player) -> int | None:
    token = _token(request)
    found = KnownDevice.objects.filter(player=player, token_hash=_hash(token)).first()
    return found.pk if token and found else None


def mark(request: HttpRequest) -> str:
    """Under what tries from this browser are counted; empty when it holds no token."""
    token = _token(request)
    return f"device:{_hash(token)}" if token else ""


def user_agent(request: HttpRequest) -> str:
    """How the browser describes itself, as far as we keep it."""
    return request.headers.get("User-Agent", "").replace("\x00", "")[:USER_AGENT_MAX]


def _token(request: HttpRequest) -> str:
    token: str = getattr(request, FRESH, "") or request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    return token if len(token) in TOKEN_LENGTHS and token.isascii() else ""


def _hash(token: str, *, kind: str = "cookie") -> str:
    return sha256(f"{kind}:{token}".encode()).hexdigest()
