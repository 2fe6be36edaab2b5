"""Asking for the password once more before something that cannot be taken back.

A sign-in counts as well: what matters is that the password was given within the last minutes.
"""

import time

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.accounts.errors import StepUpRequired, WrongPassword
from apps.accounts.models import User

SECONDS_PER_MINUTE = 60


def is_recent(session: SessionBase | None, user: User) -> bool:
    """Whether the person behind this session gave their password a moment ago."""
    if session is None:
        return False
    records = session.get(AUTHENTICATION_METHODS_SESSION_KEY)
    owner = session.get(f"{AUTHENTICATION_METHODS_SESSION_KEY}_user")
    if not isinstance(records, list) or owner != str(user.pk):
        return False
    given = [one.get("at", 0) for one in records if one.get("method") == "password"]
    limit = settings.STEP_UP_MINUTES * SECONDS_PER_MINUTE
    return bool(given) and 0 <= time.time() - max(given) < limit


def require(session: SessionBase | None, user: User) -> None:
    """Raises StepUpRequired."""
    if not is_recent(session, user):
        raise StepUpRequired


def give_password(request: HttpRequest, user: User, password: str) -> None:
    """Take the password on the page that needs it. Wrong ones count as failed sign-ins.

    Raises StepUpRequired when there is none, WrongPassword.
    """
    if is_recent(request.session, user):
        return
    if not password:
        raise StepUpRequired(fields={"password": StepUpRequired.message})
    try:
        found = get_adapter().authenticate(request, email=user.email, password=password)
    except ValidationError as error:  # too many tries
        raise WrongPassword(fields={"password": " ".join(error.messages)}) from error
    if found is None or found.pk != user.pk:
        raise WrongPassword(fields={"password": WrongPassword.message})
    reauthenticate_by_password(request)
