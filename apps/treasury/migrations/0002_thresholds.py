"""The levels each currency starts with. Two people change them in the back office."""

from decimal import Decimal

from django.db import migrations

# Up to about €2,000 one person decides on a held deposit.
ALONE_MAX = {
    "BTC": "0.02", "ETH": "0.6", "USDT": "2000", "LTC": "20", "DOGE": "10000", "USDC": "2000",
    "EUR": "2000", "USD": "2000", "GBP": "1700", "JPY": "320000",
}  # fmt: skip


def load(apps, schema_editor):
    threshold = apps.get_model("treasury", "Threshold")
    for code, amount in ALONE_MAX.items():
        threshold.objects.create(currency_id=code, alone_max=Decimal(amount))


class Migration(migrations.Migration):
    dependencies = [("treasury", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
