"""Asking once more who somebody is, before something that cannot be taken back.

With a second factor on the account it is that factor that counts; without one, the password. A
sign-in counts as well: what matters is that it was shown within the last minutes.
"""

import time

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.base.forms import ReauthenticateForm
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.accounts import second_factor
from apps.accounts.errors import SecondFactorRequired, StepUpRequired, WrongCode, WrongPassword
from apps.accounts.models import User

SECONDS_PER_MINUTE = 60
PASSWORD, CODE, PASSKEY = "password", "code", "passkey"


def kind(user: User) -> str:
    """What this person is asked for: `password`, `code` (to type) or `passkey` (on its own page)."""
    if second_factor.is_enrolled(user):
        return CODE if second_factor.can_type(user) else PASSKEY
    return PASSWORD


def is_recent(session: SessionBase | None, user: User) -> bool:
    """Whether the person behind this session has shown a moment ago what `kind` says."""
    if session is None:
        return False
    records = session.get(AUTHENTICATION_METHODS_SESSION_KEY)
    owner = session.get(f"{AUTHENTICATION_METHODS_SESSION_KEY}_user")
    if not isinstance(records, list) or owner != str(user.pk):
        return False
    method = "mfa" if second_factor.is_enrolled(user) else "password"
    given = [one.get("at", 0) for one in records if one.get("method") == method]
    limit = settings.STEP_UP_MINUTES * SECONDS_PER_MINUTE
    return bool(given) and 0 <= time.time() - max(given) < limit


def require(session: SessionBase | None, user: User) -> None:
    """Raises StepUpRequired."""
    if not is_recent(session, user):
        raise SecondFactorRequired if second_factor.is_enrolled(user) else StepUpRequired


def give_password(request: HttpRequest, user: User, password: str) -> None:
    """Take what `kind` asks for on the page that needs it. Wrong ones count as failed sign-ins.

    password: the password, or a code where the account has a second factor.
    Raises StepUpRequired when there is none, WrongPassword, WrongCode.
    """
    if is_recent(request.session, user):
        return
    if second_factor.is_enrolled(user):
        _take_code(request, user, password)
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


def _take_code(request: HttpRequest, user: User, code: str) -> None:
    if not code:
        raise SecondFactorRequired(fields={"password": SecondFactorRequired.message})
    form = ReauthenticateForm(user=user, data={"code": code})
    if not form.is_valid():
        wrong = form.errors.as_data()["code"][0]
        text = WrongCode.message if wrong.code == "incorrect_code" else " ".join(wrong.messages)
        raise WrongCode(fields={"password": text})
    form.save()
