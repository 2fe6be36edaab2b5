"""Calls to SendPost: our letter in, our words out."""

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from urllib.parse import urlencode

import structlog
from django.conf import settings

from apps.audit.alarms import raise_alarm
from apps.integrations.errors import ProviderError
from apps.integrations.http import HttpAnswer, client
from apps.messaging.providers.base import Letter, SendReport, Verdict
from apps.messaging.providers.sendpost import wire

log = structlog.get_logger()

TIMEOUT_SECONDS = 10.0
PAGE = 100
PAGES_MAX = 20
RETRIED = {429, 500, 502, 503, 504}


class Sendpost:
    """The provider behind `SENDPOST_BASE_URL`."""

    @property
    def can_find(self) -> bool:
        return bool(settings.SENDPOST_ACCOUNT_API_KEY)

    def send(self, letter: Letter) -> SendReport:
        name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
        body = wire.encode(
            wire.letter_body(letter, sender=sender, sender_name=name or settings.SITE_NAME)
        )
        answer = _call("POST", "subaccount/email/", body, _of_stream(letter.stream))
        if answer.status != 200:
            return _refusal(answer)
        try:
            return wire.send_report(answer.body, letter.to)
        except wire.WireError as error:
            raise ProviderError(
                f"SendPost took a mail and gave an answer we cannot read: {error}",
                retryable=True,
                outcome_unknown=True,
            ) from error

    def find(self, reference: str, *, to: str, since: datetime) -> str | None:
        until = datetime.now(UTC) + timedelta(minutes=5)
        for page in range(PAGES_MAX):
            query = urlencode(
                {
                    "from": since.isoformat(),
                    "to": until.isoformat(),
                    "limit": PAGE,
                    "offset": page * PAGE,
                }
            )
            answer = _ask("GET", f"account/message?{query}", b"", _of_account())
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise _failure(answer)
            try:
                found = wire.find_reference(answer.body, reference)
                if found or wire.count_of(answer.body) < PAGE:
                    return found
            except wire.WireError as error:
                raise ProviderError(
                    f"SendPost lists messages in a way we cannot read: {error}", retryable=True
                ) from error
        # More mails than we read through: not found is not the same as not there.
        raise ProviderError("SendPost's list is too long to search.", retryable=True)

    def forget_suppression(self, email: str, stream: str) -> None:
        body = wire.encode({"suppressions": [{"email": email}]})
        answer = _ask("DELETE", "subaccount/suppression", body, _of_stream(stream))
        # Neither form of the answer says more than its status; an address that was not there is fine.
        if answer.status not in {200, 204, 404, 406}:
            raise _failure(answer)

    def watch_reports(self) -> None:
        """Register our webhook if it is not there; alarm when they have switched it off."""
        if not settings.SENDPOST_WEBHOOK_URL:
            return
        url = f"{settings.SENDPOST_WEBHOOK_URL.rstrip('/')}/{settings.SENDPOST_WEBHOOK_SECRET}"
        answer = _ask("GET", "account/webhook", b"", _of_account())
        if answer.status != 200:
            raise _failure(answer)
        try:
            rows = wire.webhooks_of(answer.body)
        except wire.WireError as error:
            raise ProviderError("SendPost lists webhooks oddly.", retryable=True) from error
        ours = next((row for row in rows if row.get("url") == url), None)
        if ours is None:
            events = dict.fromkeys(wire.TYPES.values(), True)
            made = _call(
                "POST",
                "account/webhook",
                wire.encode({"url": url, "enabled": True, **events}),
                _of_account(),
            )
            if made.status not in {200, 201}:
                raise _failure(made)
        elif ours.get("enabled") is False or ours.get("status") in {"degraded", "disabled"}:
            why = ours.get("disabledReason") or "the webhook is off or failing"
            raise_alarm(
                "mail.webhook",
                subject=wire.PROVIDER,
                message=f"SendPost's reports do not come: {why}.",
                severity="critical",
            )


def _of_stream(stream: str) -> dict[str, str]:
    """Each stream has a sub-account, so that no unsubscribe stops a password reset."""
    key = (
        settings.SENDPOST_MARKETING_API_KEY if stream == "marketing" else settings.SENDPOST_API_KEY
    )
    return {"X-SubAccount-ApiKey": key}


def _of_account() -> dict[str, str]:
    return {"X-Account-ApiKey": settings.SENDPOST_ACCOUNT_API_KEY}


def _call(method: str, path: str, body: bytes, key: dict[str, str]) -> HttpAnswer:
    answer = client(wire.PROVIDER).request(
        method,
        path,
        body=body,
        headers={
            **key,
            "Content-Type": "application/json",
            wire.CONTRACT_HEADER: wire.CONTRACT,
        },
        timeout_seconds=TIMEOUT_SECONDS,
    )
    if sunset := next(
        (value for name, value in answer.headers.items() if name.lower() == "sunset"), ""
    ):
        raise_alarm(
            "mail.sunset",
            subject=wire.PROVIDER,
            message=f"SendPost answers in a form that ends on {sunset[:60]}.",
        )
    return answer


def _ask(method: str, path: str, body: bytes, key: dict[str, str]) -> HttpAnswer:
    """What changes nothing, or may be done twice: an answer that is missing is no more than that."""
    try:
        return _call(method, path, body, key)
    except ProviderError as error:
        raise ProviderError(str(error), retryable=error.retryable) from error


def _refusal(answer: HttpAnswer) -> SendReport:
    words = f"{answer.status} {wire.error_text(answer.body)}"
    if answer.status == 429:
        return SendReport(Verdict.LATER, error=words)
    if answer.status in RETRIED:
        # The mail may have been accepted before their server fell over.
        raise ProviderError(
            f"SendPost answered {words}", retryable=True, outcome_unknown=answer.status != 503
        )
    # A wrong key or a body they cannot read: no other mail will fare better.
    return SendReport(Verdict.MISCONFIGURED, error=words)


def _failure(answer: HttpAnswer) -> ProviderError:
    words = f"SendPost answered {answer.status}: {wire.error_text(answer.body)}"
    return ProviderError(words, retryable=answer.status in RETRIED)
