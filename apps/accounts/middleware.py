"""Ends idle sessions, keeps `Player.seen_at` and the list of sessions fresh; guards the JSON door
of allauth.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.functional import SimpleLazyObject, empty

from apps.accounts import devices, sessions
from apps.accounts.models import ApiKey
from apps.accounts.people import player_of
from apps.core.session_ref import acting

HEADLESS = "/_allauth/"
# What a page asks for by itself, because a frame has come; it is no sign of a person.
UNATTENDED = "X-Unattended"
BODY_BYTES_MAX = 64 * 1024


class HeadlessBodyMiddleware:
    """Refuses the bodies that allauth does not expect: no object, too large, too deep, no text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(HEADLESS) and request.body and not _is_plain(request.body):
            error = {"code": "invalid", "message": "Send a JSON object."}
            return JsonResponse({"status": 400, "errors": [error]}, status=400)
        return self.get_response(request)


class SeenMiddleware:
    """Whoever was idle for too long is a guest from here on; everybody else was seen.

    The user is looked at when somebody asks for it: pictures and health checks stay free of the
    session. Noting comes after the view, which knows who came with a token or a key.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.user = SimpleLazyObject(partial(_present, request, request.user))  # type: ignore[assignment]  # as Django does
        with acting(partial(_session_ref, request)):
            response = self.get_response(request)
        devices.keep_token(request, response)
        if getattr(request, "was_idle", False) and request.htmx:  # type: ignore[attr-defined]  # by middleware
            # A part of a page that shows somebody signed in: all of it is loaded again.
            messages.info(request, _words())
            return HttpResponse(headers={"HX-Refresh": "true"})
        user = getattr(request, "user", None)
        if isinstance(user, SimpleLazyObject) and user._wrapped is empty:  # type: ignore[attr-defined]  # Django's own way to tell
            return response
        if UNATTENDED not in request.headers and (player := player_of(user)):
            sessions.seen(player, session_key=_session_key(request))
        return response


def _present(request: HttpRequest, user: Any) -> Any:
    """The user, or a guest when the session was idle for too long."""
    if not user.is_authenticated or not sessions.end_if_idle(user, request.session):
        return user
    request.was_idle = True  # type: ignore[attr-defined]  # ours
    if not request.htmx:  # type: ignore[attr-defined]  # by middleware
        messages.info(request, _words(), fail_silently=True)
    return AnonymousUser()


def _words() -> str:
    return f"You were signed out after {settings.SESSION_IDLE_MINUTES} quiet minutes."


def _session_key(request: HttpRequest) -> str | None:
    auth = getattr(request, "auth", None)  # set by the API's authentication
    if isinstance(auth, ApiKey):
        return None
    if isinstance(auth, SessionBase):
        return auth.session_key
    return request.session.session_key


def _session_ref(request: HttpRequest) -> str:
    """The public id of the session an act in this request belongs to."""
    auth = getattr(request, "auth", None)
    if isinstance(auth, ApiKey):
        return f"key:{auth.prefix}"
    session = auth if isinstance(auth, SessionBase) else getattr(request, "session", None)
    return str(session.get(sessions.REF, "")) if session is not None else ""


def _is_plain(body: bytes) -> bool:
    if len(body) > BODY_BYTES_MAX:
        return False
    try:
        found = json.loads(body)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict)
