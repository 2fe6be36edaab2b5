"""The `worker` and `beat` processes. The table below is the whole schedule: name, when, why."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings.production")

app = Celery("casino")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    # Keeps the journal's followers running; a second copy finds the lock taken and ends.
    "follow the journal": {
        "task": "ledger.follow",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    # Events whose nudge was lost, and the retries of handlers that failed.
    "deliver events": {"task": "events.deliver", "schedule": 1.0, "options": {"expires": 1}},
    # Callbacks whose processing failed.
    "retry inbox": {"task": "integrations.retry_inbox", "schedule": 5.0, "options": {"expires": 5}},
    "seal journal": {"task": "ledger.seal", "schedule": 5.0, "options": {"expires": 5}},
    # The audit trail is sealed within a minute and leaves the database hourly at the latest.
    "seal audit": {"task": "audit.seal", "schedule": 15.0, "options": {"expires": 15}},
    # Withdrawals that are approved and not yet sent, or sent with an unknown outcome.
    "send withdrawals": {
        "task": "payments.send_due",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    # New, changed and recalled games; how much each was played this week.
    "sync games": {"task": "games.sync", "schedule": crontab(minute="7")},
    # New journal partitions well before the last one fills.
    "extend journal": {"task": "ledger.extend", "schedule": crontab(minute="17")},
    # Invariants, read-only, on one snapshot; a break raises an alarm.
    "prove ledger": {"task": "ledger.prove", "schedule": crontab(minute="47", hour="3")},
}
