"""Where a player is signed in, when each place was last seen, and ending them, idle ones by rule."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.db import transaction

from apps.accounts.models import Player, User
from apps.accounts.people import is_player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import NotFound

SessionStore: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
SEEN_EVERY = timedelta(minutes=1)

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
    return str(kept.get(SESSION_KEY, "")) == str(user.pk) and not is_idle(user, session_key)


def end_if_idle(user: User, session: SessionBase) -> bool:
    """End a player's session that has been idle for too long; True when it is over."""
    key = session.session_key
    if key is None or not is_idle(user, key):
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
