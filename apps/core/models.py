from django.db import models


class RateCount(models.Model):
    """Tries while Redis is away (apps/core/rate_limits.py)."""

    key = models.CharField(max_length=200, primary_key=True)
    count = models.PositiveIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "core_rate_count"
        indexes = [models.Index(fields=["expires_at"], name="core_rate_count_expires")]

    def __str__(self) -> str:
        return self.key
