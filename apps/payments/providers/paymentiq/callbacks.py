"""What PaymentIQ calls: one path for each question, answered while it waits.

Check who calls, keep the raw message, act, answer. Every refusal is HTTP 200 with a number. A
transfer, a cancel or a notification that was kept and could not be acted on is tried again here, and
parked for a person when that does not help. An authorize is not: the vendor has given up on it.
"""

import hashlib
from datetime import timedelta

import structlog

from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.integrations import inbox
from apps.integrations.callbacks import CallbackRequest, CallbackResponse
from apps.integrations.models import InboxMessage
from apps.payments.errors import UnknownPayment
from apps.payments.providers.paymentiq import auth, wire
from apps.payments.services import cashier, fiat

log = structlog.get_logger()

# How long the vendor waits for an answer, and a little: after that a yes would be heard by nobody.
WAITS = timedelta(seconds=12)
LABEL_MAX = 64
NOT_FOUND = CallbackResponse(404, b'{"success":false}')
ONLY_POST = CallbackResponse(405, b'{"success":false}')


class Kept(Exception):
    """We could not act on a call, told them so, and have kept it."""


def handle(request: CallbackRequest) -> CallbackResponse:
    if status := auth.problem(request):
        log.warning("paymentiq.turned_away", remote=request.remote_addr, status=status)
        return CallbackResponse(status)
    action = request.path.strip("/")
    if action not in ACTIONS:
        return NOT_FOUND
    if request.method != "POST":
        return ONLY_POST
    if action in READS:
        return _read(action, request)
    message = inbox.receive(
        wire.PROVIDER, action, request.body, request.headers, outside_ref=_label(request.body)
    )
    is_done = inbox.run(message)
    message.refresh_from_db(fields=["answer", "error"])
    if is_done:
        return CallbackResponse(200, bytes(message.answer or b'{"success":true}'))
    if message.error.startswith(Kept.__name__):
        said = wire.failure(_user(request.body), wire.UNREADABLE, "kept for a person")
        return CallbackResponse(200, wire.encode(said))
    return CallbackResponse(500, wire.encode(wire.failure("", wire.FAILED, "internal error")))


@inbox.handler(wire.PROVIDER)
def act(message: InboxMessage) -> None:
    """Bring one kept message to its service. Runs again when it fails, an authorize never."""
    if message.kind in READS:
        return
    if message.kind == "authorize" and now() - message.received_at > WAITS:
        return
    try:
        document = wire.decode(bytes(message.body))
        said = ACTIONS[message.kind](document)
    except (wire.WireError, DomainError) as error:
        if message.kind != "authorize":
            raise Kept(f"{type(error).__name__}: {error}") from error
        said = _refusal(bytes(message.body), error)
    except UnknownPayment as error:
        raise Kept(str(error)) from error
    message.answer_status = 200
    message.answer = wire.encode(said)


# ---- money ---------------------------------------------------------------------------------------


def authorize(document: wire.Json) -> wire.Json:
    move = wire.move(document, is_question=True)
    return _answer("authorize", document, move.outside_ref, fiat.authorize(move))


def transfer(document: wire.Json) -> wire.Json:
    move = wire.move(document)
    if wire.is_pending(document):
        # Not described; a final one follows. What was reserved stays reserved.
        log.info("paymentiq.pending_transfer", transaction=move.outside_ref)
        return {"userId": wire.text(document, "userId"), "success": True, "txId": move.outside_ref}
    return _answer("transfer", document, move.outside_ref, fiat.settle(move))


def cancel(document: wire.Json) -> wire.Json:
    move = wire.move(document)
    return _answer("cancel", document, move.outside_ref, fiat.cancel(move))


def notification(document: wire.Json) -> wire.Json:
    """A dispute was filed or resolved, or something happened at a provider. Never moves money."""
    name = wire.text(document, "txName")
    if name.lower().startswith("dispute"):
        reference = wire.optional_text(document, "originTxId") or wire.text(document, "txRefId")
        raise_alarm(
            "deposit.dispute",
            subject=f"{wire.PROVIDER} {reference}"[:160],
            message=f"{wire.PROVIDER} reports {name} about {reference}:"
            f" {wire.optional_text(document, 'pspStatusMessage') or 'no words'}.",
        )
    return {"success": True}


def _answer(action: str, document: wire.Json, outside_ref: str, verdict: fiat.Verdict) -> wire.Json:
    return wire.answer(action, wire.text(document, "userId"), outside_ref, verdict)


# ---- people --------------------------------------------------------------------------------------


def verifyuser(document: wire.Json) -> wire.Json:
    token, user_id = wire.session_of(document)
    player_ref, code = wire.user(user_id)
    who = cashier.payer_of_session(token=token, player_ref=player_ref, code=code)
    return wire.payer(user_id, who, with_person=True)


def lookupuser(document: wire.Json) -> wire.Json:
    """For payments that begin at a provider: no session, so nothing personal is told."""
    given = wire.optional_text(document, "userId", longest=wire.USER_MAX)
    player_ref, code = wire.user(given) if given else ("", "")
    email = wire.optional_text(document, "email")
    who = cashier.look_up(player_ref=player_ref, email=email, code=code)
    user_id = given or wire.user_of(who.public_id, who.balance.currency.code)
    return wire.payer(user_id, who, with_person=False)


def _read(action: str, request: CallbackRequest) -> CallbackResponse:
    """Answer a question about a person; what is kept of it has neither token nor personal data."""
    kept: wire.Json = {}
    try:
        document = wire.decode(request.body)
        kept = {**document, "sessionId": _thumbprint(document.get("sessionId"))}
        said = ACTIONS[action](document)
    except (wire.WireError, DomainError) as error:
        said = _refusal(request.body, error)
    public: wire.Json = {
        name: said[name] for name in ("userId", "success", "errCode") if name in said
    }
    inbox.keep_answered(
        wire.PROVIDER,
        action,
        wire.encode(kept),
        request.headers,
        outside_ref=str(said.get("userId", "")),
        answer=wire.encode(public),
    )
    return CallbackResponse(200, wire.encode(said))


ACTIONS = {
    "verifyuser": verifyuser,
    "lookupuser": lookupuser,
    "authorize": authorize,
    "transfer": transfer,
    "cancel": cancel,
    "notification": notification,
}
READS = {"verifyuser", "lookupuser"}


def _refusal(body: bytes, error: Exception) -> wire.Json:
    if isinstance(error, DomainError):
        return wire.refusal(_user(body), error)
    return wire.failure(_user(body), wire.UNREADABLE, "unreadable")


def _thumbprint(token: object) -> str:
    """Enough to see that two calls carried the same token, and no more."""
    return f"sha256 {hashlib.sha256(str(token).encode()).hexdigest()[:16]}" if token else ""


def _label(body: bytes) -> str:
    """What to file the message under; a body nobody can read is kept as well."""
    try:
        document = wire.decode(body)
        return (wire.optional_text(document, "txId") or wire.optional_text(document, "txRefId"))[
            :LABEL_MAX
        ]
    except wire.WireError:
        return ""


def _user(body: bytes) -> str:
    """The user as they named them, to say it back; nothing when that is unreadable."""
    try:
        return wire.optional_text(wire.decode(body), "userId", longest=wire.USER_MAX)
    except wire.WireError:
        return ""
