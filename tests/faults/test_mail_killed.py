"""The process that sends mail dies in the middle of a batch."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from apps.accounts import consents
from apps.accounts.models import Player
from apps.ledger.models import Entry
from apps.limits import exclusion
from apps.messaging import letters
from apps.messaging.mail import send_due
from apps.messaging.models import Mail
from tests.faults.processes import ROOT, database_url, wait_until
from tests.simulator_client import Sendpost

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.slow]

SENDER = "import django; django.setup(); from apps.messaging.mail import send_due; send_due()"
NOTICES = 6


def test_a3_every_mail_arrives_and_nothing_else_happens_twice(
    player: Player, other_player: Player, fund: Callable[..., Any], sendpost: Sendpost
) -> None:
    fund(player, "10", "EUR")
    consents.set_mail(player=other_player, is_given=True, source="page")
    for _ in range(NOTICES):
        letters.send(player, "payouts_frozen", {})
    letters.send(other_player, "offers_welcome", {"site_url": "https://casino.test"})
    exclusion.self_exclude(player_id=other_player.pk, length="6m", actor=other_player)
    Mail.objects.exclude(kind__in=["payouts_frozen", "offers_welcome"]).delete()
    sendpost.switches(api_delay_ms=400)
    entries = Entry.objects.count()

    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "casino.settings.test",
            "DATABASE_URL": database_url(name="mail-under-test"),
            "SENDPOST_BASE_URL": sendpost.base_url,
        },
        start_new_session=True,
    )
    wait_until(lambda: len(sendpost.messages()) >= 2, "some were sent")
    os.killpg(sender.pid, signal.SIGKILL)
    sender.wait()
    left = Mail.objects.exclude(state=Mail.State.SENT).filter(kind="payouts_frozen").count()
    sendpost.switches()
    # A minute passes: whose try had no outcome is asked about.
    Mail.objects.filter(state=Mail.State.SENDING).update(
        tried_at=F("tried_at") - timedelta(minutes=2)
    )
    send_due()
    send_due()

    assert 0 < left < NOTICES
    mails = Mail.objects.filter(kind="payouts_frozen")
    assert set(mails.values_list("state", flat=True)) == {Mail.State.SENT}
    arrived = [one["to"] for one in sendpost.messages()]
    assert arrived == ["alice@example.com"] * NOTICES
    # Who excluded themselves gets no offer, and mail moves no money.
    assert Mail.objects.get(kind="offers_welcome").state == Mail.State.SUPPRESSED
    assert Entry.objects.count() == entries
