"""Text messages through the gateway behind `TEXT_GATEWAY_BASE_URL`."""

import json

from django.conf import settings

from apps.integrations.errors import ProviderError
from apps.integrations.http import client
from apps.messaging.providers.base import SendReport, ShortText, Verdict

TIMEOUT_SECONDS = 10.0
LATER = 429
SERVER_ERROR = 500


class TextGateway:
    is_on = True

    def send(self, message: ShortText) -> SendReport:
        body = {
            "to": message.to,
            "from": settings.TEXT_GATEWAY_SENDER,
            "text": message.text,
            "reference": message.reference,
        }
        answer = client("text_gateway").request(
            "POST",
            "messages",
            body=json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {settings.TEXT_GATEWAY_TOKEN}",
                "Content-Type": "application/json",
            },
            timeout_seconds=TIMEOUT_SECONDS,
        )
        if answer.status == LATER or answer.status >= SERVER_ERROR:
            raise ProviderError(f"The gateway said {answer.status}.", retryable=True)
        if not 200 <= answer.status < 300:
            return SendReport(Verdict.REFUSED, error=f"The gateway said {answer.status}.")
        return SendReport(Verdict.ACCEPTED)
