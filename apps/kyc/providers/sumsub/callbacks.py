"""What Sumsub calls: `/callbacks/sumsub/`, or below it by a webhook's own name.

Verify the raw bytes, keep them, act, answer 200. Its signature has no time in it, so what is captured
can be sent again for ever: a notice has a key that works once, and an older one moves nothing.
Acting is short: an approval is read from the vendor afterwards, never believed here.
"""

import structlog

from apps.audit.alarms import raise_alarm
from apps.integrations import inbox
from apps.integrations.callbacks import CallbackRequest, CallbackResponse
from apps.integrations.models import InboxMessage
from apps.kyc import applicants
from apps.kyc.providers.sumsub import signing, wire

log = structlog.get_logger()

DONE = CallbackResponse(200, b'{"status":"ok"}')
# Nothing about what was wrong.
UNAUTHORISED = CallbackResponse(401, b"{}")


def handle(request: CallbackRequest) -> CallbackResponse:
    if request.method != "POST":
        return CallbackResponse(405, b'{"error":"POST only"}')
    if not signing.is_genuine(request.body, request.headers, request.path.strip("/")):
        log.warning("sumsub.bad_signature", remote=request.remote_addr)
        return UNAUTHORISED
    kind, outside_ref = _labels(request.body)
    message = inbox.receive(
        wire.PROVIDER, kind, request.body, request.headers, outside_ref=outside_ref
    )
    inbox.run(message)
    return DONE


@inbox.handler(wire.PROVIDER)
def act(message: InboxMessage) -> None:
    """Bring one kept message to its service. Runs again when it fails."""
    body = bytes(message.body)
    try:
        notice = wire.notice(wire.decode(body), body)
    except wire.WireError as error:
        # Signed, and nobody can read it: no repetition helps.
        raise_alarm(
            "kyc.unreadable",
            subject=wire.PROVIDER,
            message=f"Sumsub says something we cannot read ({error}): callback {message.pk}.",
        )
        return
    applicants.hear(notice)


def _labels(body: bytes) -> tuple[str, str]:
    """What to file the message under; a body nobody can read is kept as well."""
    try:
        document = wire.decode(body)
    except wire.WireError:
        return "unreadable", ""
    return wire.text(document, "type")[:64] or "unknown", wire.text(document, "applicantId")
