"""What SendPost calls: one address with a secret in its path, one event per call.

Nothing it says is signed unless a signature is switched on, so an event moves the state of a mail
we sent and nothing else. It is kept, acted on and answered at once; what nobody can read is kept
and answered too.
"""

import hashlib
import hmac

import structlog
from django.conf import settings

from apps.audit.alarms import raise_alarm
from apps.integrations import inbox
from apps.integrations.callbacks import CallbackRequest, CallbackResponse
from apps.integrations.models import InboxMessage
from apps.messaging import reports
from apps.messaging.providers.sendpost import wire

log = structlog.get_logger()

DONE = CallbackResponse(200, b'{"status":"ok"}')
NOT_FOUND = CallbackResponse(404, b'{"error":"not found"}')
FORBIDDEN = CallbackResponse(403, b'{"error":"bad signature"}')


def handle(request: CallbackRequest) -> CallbackResponse:
    if not _is_ours(request.path.strip("/")):
        log.warning("sendpost.wrong_token", remote=request.remote_addr)
        return NOT_FOUND
    if request.method != "POST":
        return CallbackResponse(405, b'{"error":"POST only"}')
    if not _is_signed(request):
        log.warning("sendpost.bad_signature", remote=request.remote_addr)
        return FORBIDDEN
    kind, outside_ref = _labels(request.body)
    message = inbox.receive(
        wire.PROVIDER, kind, request.body, _without_secrets(request), outside_ref=outside_ref
    )
    inbox.run(message)
    return DONE


@inbox.handler(wire.PROVIDER)
def act(message: InboxMessage) -> None:
    """Bring one kept event to its mail. Runs again when it fails."""
    try:
        happened = wire.event_of(bytes(message.body))
    except wire.WireError as error:
        raise_alarm(
            "mail.unreadable_event",
            subject=wire.PROVIDER,
            message=f"SendPost reports something we cannot read ({error}): callback {message.pk}.",
        )
        return
    if not happened.is_known:
        raise_alarm(
            "mail.unknown_event",
            subject=f"{wire.PROVIDER} {happened.kind}",
            message=f"SendPost reports {happened.kind}, which we do not know: callback {message.pk}.",
        )
        return
    reports.apply(
        event_id=happened.event_id,
        message_id=happened.message_id,
        reference=happened.reference,
        kind=happened.kind,
        at=happened.at or message.received_at,
        note=happened.note,
    )


def _is_ours(token: str) -> bool:
    known = (settings.SENDPOST_WEBHOOK_SECRET, settings.SENDPOST_WEBHOOK_SECRET_PREVIOUS)
    # Both are compared, whatever the first says: the time tells nothing.
    matches = [hmac.compare_digest(token.encode(), secret.encode()) for secret in known if secret]
    return any(matches)


def _is_signed(request: CallbackRequest) -> bool:
    """The provider documents no signature; one it may offer is switched on by two settings."""
    header = settings.SENDPOST_SIGNATURE_HEADER.lower()
    if not header:
        return True
    given = request.headers.get(header, "").removeprefix("sha256=").lower()
    right = hmac.new(
        settings.SENDPOST_SIGNATURE_SECRET.encode(), request.body, hashlib.sha256
    ).hexdigest()
    return hmac.compare_digest(given.encode(), right.encode())


def _without_secrets(request: CallbackRequest) -> dict[str, str]:
    header = settings.SENDPOST_SIGNATURE_HEADER.lower()
    return {name: value for name, value in request.headers.items() if name != header}


def _labels(body: bytes) -> tuple[str, str]:
    try:
        happened = wire.event_of(body)
    except wire.WireError:
        return "unreadable", ""
    return happened.kind[:64], happened.message_id
