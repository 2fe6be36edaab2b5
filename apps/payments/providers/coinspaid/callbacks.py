"""What CoinsPaid calls: one address for everything, told apart by `type`.

Verify the raw bytes, keep them, act, answer 200. A message that was kept and could not be acted on
is answered 200 too: it is tried again here, and parked for a person when that does not help.
"""

import structlog

from apps.audit.alarms import raise_alarm
from apps.core import crash_points
from apps.integrations import inbox
from apps.integrations.callbacks import CallbackRequest, CallbackResponse
from apps.integrations.models import InboxMessage
from apps.payments.providers.coinspaid import signing, wire
from apps.payments.services import inquiries

log = structlog.get_logger()

DONE = CallbackResponse(200, b'{"status":"ok"}')
FORBIDDEN = CallbackResponse(403, b'{"error":"Bad signature"}')


def handle(request: CallbackRequest) -> CallbackResponse:
    if request.method != "POST":
        return CallbackResponse(405, b'{"error":"POST only"}')
    if not signing.is_genuine(request.body, request.headers):
        log.warning("coinspaid.bad_signature", remote=request.remote_addr)
        return FORBIDDEN
    kind, outside_ref = _labels(request.body)
    message = inbox.receive(
        wire.PROVIDER, kind, request.body, request.headers, outside_ref=outside_ref
    )
    crash_points.reach("callback.kept")
    inbox.run(message)
    crash_points.reach("callback.acted")
    return DONE


@inbox.handler(wire.PROVIDER)
def act(message: InboxMessage) -> None:
    """Bring one kept message to its service. Runs again when it fails."""
    report = wire.report_of(wire.decode(bytes(message.body)))
    if report is not None:
        inquiries.apply(report)
        return
    raise_alarm(
        "payment.unsupported",
        subject=f"coinspaid {message.kind}"[:160],
        message=f"CoinsPaid reports a {message.kind}, which this casino does not use.",
    )


def _labels(body: bytes) -> tuple[str, str]:
    """What to file the message under; a body nobody can read is kept as well."""
    try:
        document = wire.decode(body)
        kind = wire.optional_text_of(document, "type")
        status = wire.optional_text_of(document, "status")
        return f"{kind} {status}".strip()[:64] or "unknown", wire.optional_text_of(document, "id")
    except wire.WireError:
        return "unreadable", ""
