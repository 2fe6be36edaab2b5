"""Keeps `Player.seen_at` and the list of sessions fresh; guards the JSON door of allauth."""

import json
from collections.abc import Callable

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.functional import SimpleLazyObject, empty

from apps.accounts import sessions
from apps.accounts.models import ApiKey
from apps.accounts.people import player_of

HEADLESS = "/_allauth/"
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
    """Runs after the view, so that it also knows who came with a token or a key."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        # Nobody has asked who this is: pictures and health checks stay free of the session.
        if isinstance(user, SimpleLazyObject) and user._wrapped is empty:  # type: ignore[attr-defined]  # Django's own way to tell
            return response
        if player := player_of(user):
            sessions.seen(player, session_key=_session_key(request))
        return response


def _session_key(request: HttpRequest) -> str | None:
    auth = getattr(request, "auth", None)  # set by the API's authentication
    if isinstance(auth, ApiKey):
        return None
    if isinstance(auth, SessionBase):
        return auth.session_key
    return request.session.session_key


def _is_plain(body: bytes) -> bool:
    if len(body) > BODY_BYTES_MAX:
        return False
    try:
        found = json.loads(body)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict)
