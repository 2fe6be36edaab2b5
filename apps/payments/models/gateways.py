"""What a gateway says it can do, as it said it last."""

from django.db import models

from apps.payments.models.states import AMOUNT


class GatewayCurrency(models.Model):
    """A line of a gateway's list. The fees are its words: shown to staff, never computed with."""

    provider = models.CharField(max_length=32)
    provider_code = models.CharField(max_length=16)
    kind = models.CharField(max_length=16, help_text="crypto or fiat.")
    minimum = models.DecimalField(**AMOUNT)
    precision = models.PositiveSmallIntegerField()
    deposit_fee = models.CharField(max_length=32, blank=True)
    withdrawal_fee = models.CharField(max_length=32, blank=True)
    is_visible = models.BooleanField(help_text="Whether the gateway lets us use it.")
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "payments_gateway_currency"
        verbose_name_plural = "gateway currencies"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_code"], name="payments_gateway_currency_code"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_code} at {self.provider}"
