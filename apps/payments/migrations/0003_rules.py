"""The rules an installation starts with. They are changed in the back office, version by version."""

from datetime import UTC, datetime
from decimal import Decimal

from django.db import migrations

WHY = "What an installation starts with"


def load(apps, schema_editor):
    at = datetime.now(tz=UTC)
    limit = apps.get_model("payments", "LimitRule")
    limit.objects.create(
        name="Withdrawals", direction="withdrawal", day_count=30, week_count=100,
        started_at=at, reason=WHY,
    )
    limit.objects.create(
        name="Deposits", direction="deposit", day_count=200, started_at=at, reason=WHY
    )
    approval = apps.get_model("payments", "ApprovalRule")
    approval.objects.create(
        name="Small, verified", kyc_level_min=2, account_days_min=30, amount_max=Decimal(500),
        day_count_max=2, day_sum_max=Decimal(1000), started_at=at, reason=WHY,
    )
    approval.objects.create(
        name="VIP, verified", rank_min=3, kyc_level_min=2, account_days_min=30,
        amount_max=Decimal(2000), day_count_max=3, day_sum_max=Decimal(5000),
        started_at=at, reason=WHY,
    )


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_rails")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
