"""The role the casino runs as. It owns nothing; the ledger and the audit trail are closed to it."""

from django.db import migrations, models

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

# Django's table for a cache in the database: it counts tries at sign-in while Redis is away.
TRIES_SQL = """
CREATE TABLE core_tries (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX core_tries_expires ON core_tries (expires);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
        migrations.RunSQL(TRIES_SQL, "DROP TABLE core_tries"),
        migrations.CreateModel(
            name="RateCount",
            fields=[
                ("key", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("count", models.PositiveIntegerField()),
                ("expires_at", models.DateTimeField()),
            ],
            options={
                "db_table": "core_rate_count",
                "indexes": [models.Index(fields=["expires_at"], name="core_rate_count_expires")],
            },
        ),
    ]
