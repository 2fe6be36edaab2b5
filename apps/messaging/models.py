"""What we told a player on the site and by mail, and what became of the mails."""

from typing import Any

from django.db import models
from django.db.models.functions import Lower

from apps.core.ids import public_id


class Notice(models.Model):
    """A word on the site. Kept, so that a tab that was away can catch up."""

    class Kind(models.TextChoices):
        INFO = "info"
        SUCCESS = "success"
        WARNING = "warning"

    class Category(models.TextChoices):
        MONEY = "money"
        SECURITY = "security"
        PLAY = "play"

    player = models.ForeignKey("accounts.Player", on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=16, choices=Kind)
    category = models.CharField(max_length=16, choices=Category, default=Category.PLAY)
    title = models.CharField(max_length=120)
    text = models.CharField(max_length=240, blank=True)
    href = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "messaging_notice"
        indexes = [
            models.Index(fields=["player", "-id"], name="messaging_notice_player"),
            models.Index(
                fields=["player"],
                condition=models.Q(read_at=None),
                name="messaging_notice_unread",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Mail(models.Model):
    """One mail to one address. Its body is sealed, and gone as soon as nobody will send it."""

    class Stream(models.TextChoices):
        SECURITY = "security", "account and money"
        MARKETING = "marketing", "news and offers"

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending", "a try is under way"
        UNKNOWN = "unknown", "nobody knows whether it was sent"
        SENT = "sent", "the provider has it"
        SOFT_BOUNCED = "soft_bounced", "refused for now, the provider tries again"
        DELIVERED = "delivered"
        BOUNCED = "bounced", "the address takes no mail"
        DROPPED = "dropped", "dropped by the provider"
        FAILED = "failed", "refused, a person has to look"
        EXPIRED = "expired", "too old to be sent"
        SUPPRESSED = "suppressed", "not sent: this address gets no mail"

    # Reports come late, twice and in any order: a state of a lower rank never replaces a higher one.
    RANKS = {
        State.QUEUED: 0,
        State.SENDING: 1,
        State.UNKNOWN: 1,
        State.FAILED: 2,
        State.EXPIRED: 2,
        State.SUPPRESSED: 2,
        State.SENT: 3,
        State.SOFT_BOUNCED: 4,
        State.DELIVERED: 5,
        State.BOUNCED: 6,
        State.DROPPED: 6,
    }
    TO_SEND = (State.QUEUED, State.UNKNOWN)

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    stream = models.CharField(max_length=16, choices=Stream)
    kind = models.CharField(max_length=40)
    player = models.ForeignKey(
        "accounts.Player", null=True, blank=True, on_delete=models.SET_NULL, related_name="mails"
    )
    to_email = models.EmailField()
    subject = models.CharField(max_length=255)
    body = models.BinaryField(null=True, editable=False)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    rank = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    lookups = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    message_id = models.CharField(
        max_length=64, unique=True, null=True, blank=True, help_text="The provider's own id."
    )
    error = models.CharField(max_length=400, blank=True)
    is_opened = models.BooleanField(default=False)
    is_clicked = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "messaging_mail"
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["queued", "unknown"]),
                name="messaging_mail_due",
            ),
            models.Index(
                fields=["tried_at"],
                condition=models.Q(state="sending"),
                name="messaging_mail_sending",
            ),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state="failed", body__isnull=False),
                name="messaging_mail_failed",
            ),
            models.Index(Lower("to_email"), models.F("id").desc(), name="messaging_mail_to"),
            models.Index(fields=["state", "-id"], name="messaging_mail_state"),
        ]
        permissions = [
            ("reveal_mail", "Read a mail that was not sent yet (logged)"),
            ("resend_mail", "Send a mail again that failed"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("ml")
        super().save(*args, **kwargs)


class MailEvent(models.Model):
    """What the provider reported about a mail, each once."""

    event_id = models.CharField(max_length=80, unique=True)
    mail = models.ForeignKey(Mail, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=32)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "messaging_mail_event"

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class Suppression(models.Model):
    """An address that gets no mail, of one stream or at all, until somebody lifts it."""

    class Reason(models.TextChoices):
        HARD_BOUNCE = "hard_bounce", "hard bounce"
        COMPLAINT = "complaint", "marked as spam"
        UNSUBSCRIBE = "unsubscribe"
        MANUAL = "manual", "by staff"

    email = models.EmailField()
    reason = models.CharField(max_length=16, choices=Reason)
    stream = models.CharField(
        max_length=16, choices=Mail.Stream, blank=True, help_text="Empty is every mail."
    )
    note = models.CharField(max_length=240, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    # Whether the provider's own list has to forget the address too, and when that is tried.
    provider_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "messaging_suppression"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                "reason",
                "stream",
                condition=models.Q(lifted_at=None),
                name="messaging_suppression_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["provider_due_at"],
                condition=models.Q(provider_due_at__isnull=False),
                name="messaging_suppression_due",
            )
        ]
        permissions = [("lift_suppression", "Let an address get mail again")]

    def __str__(self) -> str:
        return f"Suppression {self.pk}"  # an address is a person's; lists show a part of it


class Text(models.Model):
    """One text message to one number. What it says is sealed, and gone once it is sent."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent", "the gateway has it"
        FAILED = "failed", "refused"
        EXPIRED = "expired", "too old to be sent"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey(
        "accounts.Player", null=True, blank=True, on_delete=models.SET_NULL, related_name="texts"
    )
    kind = models.CharField(max_length=40)
    to_number = models.CharField(max_length=16)
    body = models.BinaryField(null=True, editable=False)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "messaging_text"
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state="queued"), name="messaging_text_due"
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("tx")
        super().save(*args, **kwargs)


class MailChoice(models.Model):
    """What a player does not want by mail. Without a row it is sent."""

    player = models.ForeignKey(
        "accounts.Player", on_delete=models.CASCADE, related_name="mail_choices"
    )
    topic = models.CharField(max_length=32)
    is_on = models.BooleanField()

    class Meta:
        db_table = "messaging_mail_choice"
        constraints = [
            models.UniqueConstraint("player", "topic", name="messaging_mail_choice_once")
        ]

    def __str__(self) -> str:
        return f"{self.topic}: {'on' if self.is_on else 'off'}"
