"""The journal in SQL, and the models Django reads it through."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_initial"),
        ("audit", "0001_initial"),
        ("accounts", "0001_initial"),
        ("core", "0001_app_role"),
    ]
    operations = [
        migrations.RunSQL((SQL / "journal.sql").read_text(encoding="utf-8")),
        migrations.RunSQL((SQL / "protection.sql").read_text(encoding="utf-8")),
        migrations.RunSQL("SELECT ledger_extend()"),
    ]
