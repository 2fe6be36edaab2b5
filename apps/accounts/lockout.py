"""After failed sign-ins a password alone is not enough, except from a device the player has used.

Three failures within half an hour, for one account, by whatever name it was called: from then on a
sign-in from an unknown device shows a second factor too, or a code from the mailbox. Nobody is shut
out by somebody else's failures: the owner's own browser is known, and elsewhere the code gets in.
"""

from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest

from apps.accounts.emails import folded
from apps.accounts.models import FailedTry, User
from apps.core.client_address import client_ip
from apps.core.clock import now

KEEP = timedelta(days=1)
DELETED_AT_ONCE = 500


def note_failure(name: str, request: HttpRequest | None, *, at: datetime | None = None) -> None:
    """Count a failed sign-in under the account it meant, or under the name when there is none."""
    at = at or now()
    FailedTry.objects.create(key=_key(name), ip=client_ip(request), at=at)
    old = FailedTry.objects.filter(at__lt=at - KEEP).values("pk")[:DELETED_AT_ONCE]
    FailedTry.objects.filter(pk__in=old).delete()


def is_locked(user: User, *, at: datetime | None = None) -> bool:
    """Whether a sign-in of this account needs more than its password."""
    window = timedelta(minutes=settings.SIGN_IN_FAILURE_MINUTES)
    failures = FailedTry.objects.filter(key=_of(user), at__gt=(at or now()) - window)
    return failures.count() >= settings.SIGN_IN_FAILURES_MAX


def forget_failures(user: User) -> None:
    """Whoever got in has shown who they are: the next failure is the first again."""
    FailedTry.objects.filter(key=_of(user)).delete()


def _key(name: str) -> str:
    user = User.objects.by_name(name)
    return _of(user) if user is not None else _hash(f"name:{folded(name)}")


def _of(user: User) -> str:
    return _hash(f"user:{user.pk}")


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
