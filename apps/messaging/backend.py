"""Django's way of sending mail, into our queue: what is rolled back was never written."""

from collections.abc import Sequence

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from apps.core.mail import KIND_HEADER, PLAYER_HEADER
from apps.messaging import mail


class QueueBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            self._queue(message)
        return len(email_messages)

    @staticmethod
    def _queue(message: EmailMessage) -> None:
        headers = {str(name): str(value) for name, value in message.extra_headers.items()}
        kind = headers.pop(KIND_HEADER, "")
        player = headers.pop(PLAYER_HEADER, "")
        text, html = str(message.body), ""
        if message.content_subtype == "html":
            text, html = "", text
        if isinstance(message, EmailMultiAlternatives):
            for content, mimetype in message.alternatives:
                if mimetype == "text/html":
                    html = str(content)
        for to in message.recipients():
            mail.queue(
                to=to,
                kind=kind or "notice",
                subject=str(message.subject),
                text=text,
                html=html,
                headers=headers,
                player_id=int(player) if player.isdigit() else None,
            )
