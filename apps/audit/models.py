"""Signed audit rows, seals over them, alarms, and proposals that take two people."""

import json
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import models

from apps.core.ids import public_id


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
    session_ref = models.CharField(max_length=32, blank=True)
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


class Proposal(models.Model):
    """An act that takes two people: what exactly, who asked, who else decided, and what it did."""

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a second person"
        APPROVED = "approved", "approved, to be carried out"
        EXECUTED = "executed", "done"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn", "taken back"
        EXPIRED = "expired"

    OPEN = (State.WAITING, State.APPROVED)

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    act = models.CharField(max_length=48, help_text="The name in the registry of acts.")
    title = models.CharField(max_length=160)
    subject_kind = models.CharField(max_length=64, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    content = models.JSONField(help_text="Exactly what will be done.")
    content_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=500)
    evidence = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="proposals_made"
    )
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decision = models.CharField(max_length=500, blank=True)
    executed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    result = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "audit_proposal"
        constraints = [
            models.UniqueConstraint(
                fields=["act", "subject_kind", "subject_id"],
                condition=models.Q(state__in=["waiting", "approved"]) & ~models.Q(subject_kind=""),
                name="audit_proposal_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(checker__isnull=True) | ~models.Q(checker=models.F("maker")),
                name="audit_proposal_two_people",
            ),
            # Nothing is carried out without somebody who said yes.
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "executed"])
                | models.Q(checker__isnull=False, decided_at__isnull=False),
                name="audit_proposal_approved",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="audit_proposal_state"),
            models.Index(fields=["subject_kind", "subject_id"], name="audit_proposal_subject"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("pr")
        super().save(*args, **kwargs)

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    def fingerprint(self) -> str:
        """Hash of exactly what is proposed: an approval is for this and nothing else."""
        parts = {
            "public_id": self.public_id,
            "act": self.act,
            "subject": [self.subject_kind, self.subject_id],
            "content": self.content,
            "evidence": self.evidence,
            "maker": self.maker_id,
        }
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return sha256(text.encode()).hexdigest()
