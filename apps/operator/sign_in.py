"""Who tries to enter the back office: limits per account and address, and the audit rows of it."""

from hashlib import sha256

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import User
from apps.audit import services as audit

WINDOW_SECONDS = 15 * 60
FAILURES_PER_ACCOUNT_MAX = 5
FAILURES_PER_ADDRESS_MAX = 20


def is_limited(account: str, request: HttpRequest) -> bool:
    """Whether this account or address has failed too often to be heard at all."""
    counts = cache.get_many(_keys(account, request))
    return any(counts.get(key, 0) >= most for key, most in _keys(account, request).items())


def failed(account: str, request: HttpRequest, *, why: str) -> None:
    """Count a refusal and keep it. What is limited is not counted, so rows stay bounded."""
    for key in _keys(account, request):
        cache.add(key, 0, WINDOW_SECONDS)
        cache.incr(key)
    user = User.objects.filter(email__iexact=account, is_staff=True).first()
    with transaction.atomic():
        audit.record(
            "operator.login_failed",
            actor="stranger",
            subject=user,
            after={"account": account[:120], "why": why},
            request=request,
        )


def succeeded(user: User, request: HttpRequest) -> None:
    cache.delete(_account_key(user.email))
    with transaction.atomic():
        audit.record("operator.logged_in", actor=user, subject=user, request=request)


def left(user: User, request: HttpRequest) -> None:
    with transaction.atomic():
        audit.record("operator.logged_out", actor=user, subject=user, request=request)


def _keys(account: str, request: HttpRequest) -> dict[str, int]:
    address = audit.client_ip(request) or "unknown"
    return {
        _account_key(account): FAILURES_PER_ACCOUNT_MAX,
        f"operator:failed:address:{_mark(address)}": FAILURES_PER_ADDRESS_MAX,
    }


def _account_key(account: str) -> str:
    return f"operator:failed:account:{_mark(account.strip().lower())}"


def _mark(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
