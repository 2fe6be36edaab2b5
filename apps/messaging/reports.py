"""What a provider reports about mails: late, twice, in any order, and without a signature."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.audit.alarms import raise_alarm
from apps.messaging import mail as mails
from apps.messaging import suppressions
from apps.messaging.models import Mail, MailEvent, Suppression

State = Mail.State
STATES = {
    "processed": State.SENT,
    "sent": State.SENT,
    "softBounced": State.SOFT_BOUNCED,
    "delivered": State.DELIVERED,
    "dropped": State.DROPPED,
    "smtpDropped": State.DROPPED,
    "hardBounced": State.BOUNCED,
    # Nobody opens what has not arrived.
    "opened": State.DELIVERED,
    "clicked": State.DELIVERED,
    "unsubscribed": State.DELIVERED,
    "spam": State.DELIVERED,
}
UNDELIVERABLE = {"dropped", "smtpDropped", "hardBounced"}


@transaction.atomic
def apply(
    *, event_id: str, message_id: str, reference: str, kind: str, at: datetime, note: str = ""
) -> None:
    """Bring one event to its mail; a second time, or about a mail that is not ours, does nothing."""
    mail = _mail(message_id, reference)
    if mail is None:
        raise_alarm(
            "mail.unknown_message",
            subject="mail provider",
            message=f"The mail provider reports {kind} of a mail we did not send: {message_id}.",
        )
        return
    try:
        with transaction.atomic():
            MailEvent.objects.create(event_id=event_id, mail=mail, kind=kind, happened_at=at)
    except IntegrityError:
        return
    if mail.message_id is None and message_id:
        mail.message_id = message_id
        mail.save(update_fields=["message_id"])
    mails.move(mail, STATES[kind], error=note)
    if kind in {"opened", "clicked"}:
        mail.is_opened = True
        mail.is_clicked = mail.is_clicked or kind == "clicked"
        mail.save(update_fields=["is_opened", "is_clicked"])
    elif kind in UNDELIVERABLE:
        suppressions.bounced(mail, note=note)
    elif kind == "unsubscribed":
        suppressions.marketing_off(mail, Suppression.Reason.UNSUBSCRIBE)
    elif kind == "spam":
        suppressions.marketing_off(mail, Suppression.Reason.COMPLAINT)


def _mail(message_id: str, reference: str) -> Mail | None:
    """By the provider's id; by ours while the answer that names theirs is still on its way."""
    locked = Mail.objects.select_for_update()
    found = locked.filter(message_id=message_id).first() if message_id else None
    if found is None and reference:
        # A code that was sent twice has two ids over there; both are this mail.
        found = locked.filter(public_id=reference).first()
    return found
