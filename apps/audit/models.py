"""Signed audit rows, seals over them, and alarms."""

from django.conf import settings
from django.db import models


class Record(models.Model):
    """Who did what to what, when and why. Written with the act, in its transaction, for ever."""

    at = models.DateTimeField()
    action = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    actor_label = models.CharField(max_length=160)
    subject_kind = models.CharField(max_length=64, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    reason = models.TextField(blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    key_id = models.SmallIntegerField()
    mac = models.BinaryField()

    class Meta:
        db_table = "audit_record"
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "-id"], name="audit_record_subject"),
            models.Index(fields=["actor_kind", "actor_id", "-id"], name="audit_record_actor"),
            models.Index(fields=["action", "-id"], name="audit_record_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_label}"


class Seal(models.Model):
    """One batch of rows of a stream under a Merkle root, chained to the batch before."""

    stream = models.CharField(max_length=32)
    number = models.BigIntegerField()
    from_id = models.BigIntegerField()
    upto_id = models.BigIntegerField()
    rows = models.IntegerField()
    root = models.BinaryField()
    previous = models.BinaryField()
    key_id = models.SmallIntegerField()
    mac = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        db_table = "audit_seal"
        constraints = [
            models.UniqueConstraint(fields=["stream", "number"], name="audit_seal_number"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} seal {self.number}"


class Alarm(models.Model):
    """Something a person must look at. One open alarm per code and subject; repeats count up."""

    class Severity(models.TextChoices):
        WARNING = "warning"
        CRITICAL = "critical"

    code = models.CharField(max_length=64)
    subject = models.CharField(max_length=160, blank=True)
    message = models.TextField()
    severity = models.CharField(max_length=16, choices=Severity)
    count = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.TextField(blank=True)

    class Meta:
        db_table = "audit_alarm"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "subject"],
                condition=models.Q(resolved_at__isnull=True),
                name="audit_alarm_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}".strip()
