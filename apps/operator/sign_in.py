"""Who tries to enter the back office and how long they stay: limits, audit rows, the session's end."""

import ipaddress
import time

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core import rate_limits
from apps.core.client_address import client_ip, parsed
from apps.core.errors import RateLimited

ACTION = "operator_login"
SINCE, SEEN = "operator_since", "operator_seen"
# What a page asks for by itself: nobody is at work because of it.
BY_ITSELF = {"operator_live", "operator_bets"}
# Being seen is noted no more often than this.
SEEN_SECONDS = 30


def is_limited(account: str, request: HttpRequest) -> bool:
    """Whether this account or address has failed too often to be heard at all."""
    try:
        rate_limits.check(ACTION, account=account, ip=client_ip(request))
    except RateLimited:
        return True
    return False


def failed(account: str, request: HttpRequest, *, why: str) -> None:
    """Count a refusal and keep it. What is limited is not counted, so rows stay bounded."""
    try:
        rate_limits.hit(ACTION, account=account, ip=client_ip(request))
    except RateLimited:
        # Others failed at the same moment: this try was one too many and leaves no row.
        return
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
    rate_limits.clear(ACTION, account=user.email)
    with transaction.atomic():
        audit.record("operator.logged_in", actor=user, subject=user, request=request)


def left(user: User, request: HttpRequest) -> None:
    with transaction.atomic():
        audit.record("operator.logged_out", actor=user, subject=user, request=request)


def begin(request: HttpRequest) -> None:
    """The session starts now, and ends after `STAFF_SESSION_HOURS` whatever is done in it."""
    request.session[SINCE] = request.session[SEEN] = int(time.time())
    request.session.set_expiry(settings.STAFF_SESSION_HOURS * 3600)


def why_over(request: HttpRequest) -> str:
    """Why this session has ended, in words; nothing while it goes on, and then it was seen."""
    at, session = int(time.time()), request.session
    if SINCE not in session:
        begin(request)
        return ""
    if at - session[SINCE] >= settings.STAFF_SESSION_HOURS * 3600:
        return f"{settings.STAFF_SESSION_HOURS} hours are over"
    if at - session[SEEN] >= settings.STAFF_IDLE_MINUTES * 60:
        return f"{settings.STAFF_IDLE_MINUTES} minutes without a click"
    name = request.resolver_match.url_name if request.resolver_match else ""
    if at - session[SEEN] >= SEEN_SECONDS and name not in BY_ITSELF:
        session[SEEN] = at
    return ""


def ended(user: User, request: HttpRequest, *, why: str) -> None:
    with transaction.atomic():
        audit.record(
            "operator.session_ended", actor=user, subject=user, reason=why, request=request
        )


def is_allowed_address(request: HttpRequest) -> bool:
    """Whether the back office may be seen from here; everywhere, when no list is set."""
    if not settings.STAFF_IP_ALLOWLIST:
        return True
    address = parsed(client_ip(request))
    return address is not None and any(
        address in ipaddress.ip_network(network) for network in settings.STAFF_IP_ALLOWLIST
    )


def refused_address(request: HttpRequest) -> None:
    """One row an address and quarter of an hour; who keeps knocking is an alarm that counts up."""
    try:
        rate_limits.hit(ACTION, ip=client_ip(request))
    except RateLimited:
        return
    with transaction.atomic():
        audit.record("operator.address_refused", actor="stranger", request=request)
    raise_alarm(
        "operator.address_refused",
        message=f"The back office was asked for from {client_ip(request)}, which is not on the list.",
    )


def superuser_refused(user: User, request: HttpRequest) -> None:
    """Nobody works with rights that no role has."""
    failed(user.email, request, why="superuser")
    raise_alarm(
        "operator.superuser",
        subject=user.email,
        message=f"{user.email} has every right there is and tried to enter the back office.",
        severity="critical",
    )
