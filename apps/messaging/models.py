"""What we told a player on the site. Kept, so that a tab that was away can catch up."""

from django.db import models


class Notice(models.Model):
    class Kind(models.TextChoices):
        INFO = "info"
        SUCCESS = "success"
        WARNING = "warning"

    player = models.ForeignKey("accounts.Player", on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=16, choices=Kind)
    title = models.CharField(max_length=120)
    text = models.CharField(max_length=240, blank=True)
    href = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "messaging_notice"
        indexes = [models.Index(fields=["player", "-id"], name="messaging_notice_player")]

    def __str__(self) -> str:
        return self.title
