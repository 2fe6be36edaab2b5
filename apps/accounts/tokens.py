"""The session token of the JSON door is a session key; anything of another shape is none."""

import re

from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.sessions.backends.base import SessionBase

SESSION_KEY = re.compile(r"[a-z0-9]{32}", re.ASCII)


class SessionToken(SessionTokenStrategy):  # type: ignore[misc]  # allauth has no types
    def lookup_session(self, session_token: str) -> SessionBase | None:
        if not SESSION_KEY.fullmatch(session_token):
            return None
        session: SessionBase | None = super().lookup_session(session_token)
        return session
