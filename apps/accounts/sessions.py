"""Signing in and what comes of it: where a player is signed in, when each place was last seen, and
ending them, idle and old ones by rule.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.internal.httpkit import is_headless_request
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils.module_loading import import_string

from apps.accounts import devices, lockout
from apps.accounts.countries import country_name
from apps.accounts.events import SignedInOnNewDevice
from apps.accounts.models import Player, SignIn, User
from apps.accounts.people import is_player
from apps.audit import services as audit
from apps.core.client_address import client_ip
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.events.bus import publish

SessionStore: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
SEEN_EVERY = timedelta(minutes=1)
# What a session keeps of its own beginning.
REF, SINCE = "sign_in", "signed_in_at"
# What a person can show, as allauth keeps it, and how we call it.
SHOWN = {"password": "password", "code": "mailed code", "password_reset": "password reset"}

# The first that is found in the browser's description names it; the order matters.
BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class SignedIn:
    """One place a player is signed in at."""

    id: int
    device: str
    ip: str
    since: datetime
    seen_at: datetime
    is_current: bool


@transaction.atomic
def begin(request: HttpRequest, player: Player) -> SignIn:
    """Write down that somebody has signed in, with what and from where."""
    ip = client_ip(request)
    sign_in = SignIn.objects.create(
        player=player,
        at=now(),
        method=", ".join(shown(request, player.user))[:40] or "confirmed address",
        ip=ip,
        place=_place(ip),
        user_agent=devices.user_agent(request),
    )
    lockout.forget_failures(player.user)
    is_first = not player.devices.exists()
    keeps_cookies = is_headless_request(request) != "app"
    if devices.remember(request, player, keeps_cookies=keeps_cookies) and not is_first:
        publish(SignedInOnNewDevice(player_id=player.pk, sign_in_id=sign_in.pk))
    audit.record(
        "player.signed_in",
        actor=player,
        subject=player,
        after={"session": sign_in.public_id, "method": sign_in.method},
        request=request,
    )
    return sign_in


def carry(session: SessionBase, sign_in: SignIn) -> None:
    """Let the session know its public id, and when it began."""
    session[REF], session[SINCE] = sign_in.public_id, time.time()


def previous(player: Player, *, before: SignIn | str) -> SignIn | None:
    """The sign-in before this one."""
    found = SignIn.objects.filter(player=player).order_by("-pk")
    ref = before if isinstance(before, str) else before.public_id
    present = found.filter(public_id=ref).first()
    return found.filter(pk__lt=present.pk).first() if present else found.first()


def in_words(sign_in: SignIn) -> str:
    """`24 November 2026 10:12 UTC, Firefox on Linux, 203.0.113.7 (Germany)`."""
    place = f" ({country_name(sign_in.place)})" if sign_in.place else ""
    where = f"{sign_in.ip or 'unknown address'}{place}"
    return f"{sign_in.at:%-d %B %Y %H:%M} UTC, {device(sign_in.user_agent)}, {where}"


def signed_in(user: User, *, current_key: str | None) -> list[SignedIn]:
    """Live sessions, the present one first, then the one seen last."""
    found = [
        SignedIn(
            id=session.pk,
            device=device(session.user_agent),
            ip=session.ip,
            since=session.created_at,
            seen_at=session.last_seen_at,
            is_current=session.session_key == current_key,
        )
        for session in UserSession.objects.purge_and_list(user)
    ]
    return sorted(found, key=lambda one: (one.is_current, one.seen_at), reverse=True)


@transaction.atomic
def end(*, player: Player, session_id: int) -> None:
    """End one session of the player. Raises NotFound, also for another player's."""
    session = UserSession.objects.filter(user_id=player.pk, pk=session_id).first()
    if session is None:
        raise NotFound
    session.end()
    audit.record("player.session_ended", actor=player, subject=player)


@transaction.atomic
def end_others(*, player: Player, current_key: str | None) -> int:
    """End every session of the player but the present one; how many there were."""
    others = list(UserSession.objects.filter(user_id=player.pk).exclude(session_key=current_key))
    for session in others:
        session.end()
    audit.record(
        "player.other_sessions_ended", actor=player, subject=player, after={"count": len(others)}
    )
    return len(others)


def is_idle(user: User, session_key: str) -> bool:
    """Whether a player has asked for nothing in this session for `SESSION_IDLE_MINUTES`."""
    if not is_player(user) or cache.get(_mark(session_key)):
        return False
    seen_at = UserSession.objects.filter(session_key=session_key).values_list("last_seen_at")
    found = seen_at.first()
    last = found[0] if found else user.last_login
    return last is not None and now() - last >= timedelta(minutes=settings.SESSION_IDLE_MINUTES)


def is_live(user: User, session_key: str) -> bool:
    """Whether this sign-in of the user still stands: not signed out, ended, expired or idle."""
    kept = SessionStore(session_key).load()
    if str(kept.get(SESSION_KEY, "")) != str(user.pk) or is_old(kept.get(SINCE)):
        return False
    return not is_idle(user, session_key)


def is_old(since: object) -> bool:
    """Whether a session began so long ago that its person signs in again, busy or not."""
    return isinstance(since, float) and time.time() - since >= settings.SESSION_COOKIE_AGE


def end_if_idle(user: User, session: SessionBase) -> bool:
    """End a player's session that has been idle, or has lasted, for too long; True when it is over."""
    key = session.session_key
    if key is None or not (is_old(session.get(SINCE)) or is_idle(user, key)):
        return False
    with transaction.atomic():
        ended, _ = UserSession.objects.filter(session_key=key).delete()
        # Of several requests at once one finds it.
        if ended:
            audit.record("player.session_idled", actor="system", subject=user.player)
    session.flush()
    return True


def seen(player: Player, *, session_key: str | None) -> None:
    """Note that the player was here: at most one write a minute and session."""
    place = session_key or f"player:{player.pk}"
    if not cache.add(_mark(place), 1, SEEN_EVERY.total_seconds()):
        return
    at = now()
    Player.objects.filter(pk=player.pk).update(seen_at=at)
    if session_key:
        UserSession.objects.filter(session_key=session_key).update(last_seen_at=at)


def _mark(place: str) -> str:
    """The cache's key that says: seen within the last minute."""
    return f"seen:{place}"


def device(user_agent: str) -> str:
    """`Firefox on Linux`, as far as the browser's own description tells."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown device"


def shown(request: HttpRequest, user: User) -> list[str]:
    """What somebody who is signing in has shown so far, in this order."""
    found: list[str] = []
    for one in get_authentication_records(request, user):
        kind = one.get("type") if one.get("method") == "mfa" else None
        if kind is None:
            word = SHOWN.get(str(one.get("method")), str(one.get("method")))
        else:
            word = "passkey" if kind == "webauthn" else str(kind).replace("_", " ")
        if word not in found:
            found.append(word)
    return found


def _place(ip: str | None) -> str:
    """The country of an address, where somebody knows (`SIGN_IN_PLACE`)."""
    if not (settings.SIGN_IN_PLACE and ip):
        return ""
    found: str = import_string(settings.SIGN_IN_PLACE)(ip) or ""
    return found if len(found) == 2 else ""
