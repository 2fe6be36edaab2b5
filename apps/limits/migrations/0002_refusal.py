"""The limits in the money statement: takes the place of the ledger's `limits_refusal`."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
CREATE OR REPLACE FUNCTION limits_refusal(p_player bigint, p_currency smallint, p_stake numeric) RETURNS text
LANGUAGE sql AS 'SELECT NULL::text';
ALTER FUNCTION limits_refusal RESET ALL;
DROP TRIGGER limits_exclusion_keeps ON limits_exclusion;
DROP TRIGGER limits_limit_keeps ON limits_limit;
DROP FUNCTION limits_keep_terms;
DROP FUNCTION limits_played;
DROP FUNCTION limits_paid_in;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("limits", "0001_initial"),
        ("ledger", "0003_reference"),
        ("rates", "0001_initial"),
    ]
    operations = [
        migrations.RunSQL((SQL / "refusal.sql").read_text(encoding="utf-8"), UNDO),
    ]
