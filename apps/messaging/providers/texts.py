"""Text messages without a gateway: on a console, in the simulated mailbox, or not at all."""

import structlog

from apps.messaging.models import Mail
from apps.messaging.providers.base import Letter, SendReport, ShortText, Verdict
from apps.messaging.providers.registry import carrier

log = structlog.get_logger()


class ConsoleTexts:
    """For a laptop: whoever runs the server reads the code in its log."""

    is_on = True

    def send(self, message: ShortText) -> SendReport:
        log.info("text.message", to=message.to, text=message.text)
        return SendReport(Verdict.ACCEPTED)


class MailboxTexts:
    """For a demo: a mail to `<number>@text.invalid`, which lies in the simulator's mailbox."""

    is_on = True

    def send(self, message: ShortText) -> SendReport:
        return carrier().send(
            Letter(
                reference=message.reference,
                stream=Mail.Stream.SECURITY,
                kind="text_message",
                to=f"{message.to.removeprefix('+')}@text.invalid",
                subject=f"Text message to {message.to}",
                text=message.text,
                html="",
            )
        )


class NoTexts:
    """Nobody sends text messages: a phone number cannot be confirmed."""

    is_on = False

    def send(self, message: ShortText) -> SendReport:
        return SendReport(Verdict.REFUSED, error="No gateway is set up.")
