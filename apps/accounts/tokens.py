"""The session token of the JSON door is a session key; anything of another shape is none, and so
is one whose session was idle for too long.
"""

import re

from allauth.core.internal.sessionkit import get_session_user
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.sessions.backends.base import SessionBase

from apps.accounts import sessions

SESSION_KEY = re.compile(r"[a-z0-9]{32}", re.ASCII)


class SessionToken(SessionTokenStrategy):  # type: ignore[misc]  # allauth has no types
    def lookup_session(self, session_token: str) -> SessionBase | None:
        if not SESSION_KEY.fullmatch(session_token):
            return None
        session: SessionBase | None = super().lookup_session(session_token)
        user = get_session_user(session) if session is not None else None
        if session is not None and user is not None and sessions.end_if_idle(user, session):
            return None
        return session
