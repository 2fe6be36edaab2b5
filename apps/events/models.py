"""Facts that are not money, and who still has to hear them."""

from django.db import models


class Event(models.Model):
    """Something that happened, in the past tense, with ids and plain values only."""

    name = models.CharField(max_length=120)
    data = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        db_table = "events_event"

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class Delivery(models.Model):
    """One event on its way to one handler, with its own tries and its own fate."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        DEAD = "dead"

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    handler = models.CharField(max_length=160)
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        db_table = "events_delivery"
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="waiting"),
                name="events_delivery_due",
            ),
            models.Index(
                fields=["id"], condition=models.Q(state="dead"), name="events_delivery_dead"
            ),
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.event} to {self.handler}"
