"""Mail through one of Django's own backends: a console, a folder, an SMTP server."""

import smtplib
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from apps.integrations.errors import ProviderError
from apps.messaging.providers.base import Letter, SendReport, Verdict


class DjangoMail:
    can_find = False

    def send(self, letter: Letter) -> SendReport:
        message = EmailMultiAlternatives(
            letter.subject,
            letter.text,
            settings.DEFAULT_FROM_EMAIL,
            [letter.to],
            headers={**letter.headers, "X-Entity-Ref-ID": letter.reference},
            connection=get_connection(settings.MAIL_FALLBACK_BACKEND),
        )
        if letter.html:
            message.attach_alternative(letter.html, "text/html")
        try:
            message.send()
        except smtplib.SMTPRecipientsRefused as error:
            return SendReport(Verdict.REFUSED, error=str(error))
        except smtplib.SMTPAuthenticationError as error:
            return SendReport(Verdict.MISCONFIGURED, error=str(error))
        except smtplib.SMTPServerDisconnected as error:
            raise ProviderError(str(error), retryable=True, outcome_unknown=True) from error
        except smtplib.SMTPException as error:
            return SendReport(Verdict.LATER, error=str(error))
        except TimeoutError as error:
            raise ProviderError(str(error), retryable=True, outcome_unknown=True) from error
        except OSError as error:
            return SendReport(Verdict.LATER, error=str(error))
        return SendReport(Verdict.ACCEPTED)

    def find(self, reference: str, *, to: str, since: datetime) -> str | None:
        raise ProviderError("This way of sending keeps no list.", retryable=False)

    def watch_reports(self) -> None:
        """Nobody reports about what is sent this way."""

    def forget_suppression(self, email: str, stream: str) -> None:
        """There is no list over there."""
