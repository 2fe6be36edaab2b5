"""The role the casino runs as. It owns nothing; the ledger and the audit trail are closed to it."""

from django.db import migrations

SQL = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'casino_app') THEN
        CREATE ROLE casino_app LOGIN;
    END IF;
EXCEPTION
    -- Another database of the same server got there first, or the role is made by hand.
    WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$;

GRANT USAGE ON SCHEMA public TO casino_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO casino_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO casino_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO casino_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO casino_app;
"""


class Migration(migrations.Migration):
    dependencies = []
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
