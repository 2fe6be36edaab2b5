"""What comes by mail, and the link under every offer."""

import re
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.events import bus
from apps.messaging import letters, preferences
from apps.messaging.models import Notice
from apps.payments.events import (
    DepositConfirmed,
    DepositHeld,
    DepositRefunded,
    DepositReversed,
    WithdrawalPaid,
    WithdrawalRejected,
    WithdrawalReleased,
    WithdrawalRequested,
)

pytestmark = pytest.mark.django_db
FACTS = (
    (DepositConfirmed, "deposit", "your deposit is in", "/wallet/deposits/"),
    (DepositHeld, "deposit", "your deposit is set aside", "/wallet/deposits/"),
    (DepositRefunded, "deposit", "your deposit was sent back", "/wallet/deposits/"),
    (DepositReversed, "deposit", "your deposit was taken back", "/wallet/deposits/"),
    (WithdrawalRequested, "withdrawal", "withdrawal requested", "/wallet/withdrawals/"),
    (WithdrawalPaid, "withdrawal", "your withdrawal was sent", "/wallet/withdrawals/"),
    (WithdrawalRejected, "withdrawal", "your withdrawal was not sent", "/wallet/withdrawals/"),
    (WithdrawalReleased, "withdrawal", "your withdrawal was not sent", "/wallet/withdrawals/"),
)


def happen(player: Player, event: Any, kind: str) -> None:
    bus.deliver_due()
    mail.outbox.clear()
    with transaction.atomic():
        bus.publish(
            event(
                player_id=player.pk,
                public_id="x_test",
                amount="0.10000000",
                currency="BTC",
                **{f"{kind}_id": 1},
            )
        )
    bus.deliver_due()


@pytest.mark.parametrize(("event", "kind", "subject", "path"), FACTS)
def test_money_facts_come_by_mail_once(
    player: Player, event: Any, kind: str, subject: str, path: str
) -> None:
    happen(player, event, kind)
    bus.deliver_due()

    [message] = mail.outbox
    html = str(message.alternatives[0][0])  # type: ignore[attr-defined]
    assert message.subject == f"Cinnabar: {subject}"
    for text in (str(message.body), html):
        assert "0.1 BTC" in text
        assert f"https://casino.test{path}x_test/" in text
        assert "https://casino.test/notices/mail/" in text
        assert "{{" not in text
        assert "{%" not in text
    assert "src=" not in html
    notice = Notice.objects.filter(player=player).latest("pk")
    assert (notice.category, notice.href) == ("money", f"{path}x_test/")


def test_what_was_switched_off_stays_on_the_site_only(player: Player) -> None:
    preferences.choose(player, {"withdrawals"})
    happen(player, DepositConfirmed, "deposit")
    assert mail.outbox == []
    assert Notice.objects.filter(player=player, title="Deposit confirmed").exists()

    happen(player, WithdrawalPaid, "withdrawal")
    assert len(mail.outbox) == 1


def test_the_page_switches_topics_and_cannot_switch_off_security(
    player: Player, client: Client
) -> None:
    client.force_login(player.user)
    page = client.get("/notices/mail/").content.decode()
    assert page.count('role="switch"') == 6
    assert page.count("disabled") >= 2

    client.post("/notices/mail/", {"topic": ["marketing", "deposits"]})
    player.refresh_from_db()

    assert player.wants_marketing
    assert preferences.wants(player, "deposits")
    assert not preferences.wants(player, "withdrawals")
    assert letters.send(player, "payouts_frozen", {})
    assert Record.objects.filter(action="player.marketing_consent").exists()


def test_a_topic_that_is_none_changes_nothing(player: Player, client: Client) -> None:
    client.force_login(player.user)
    answer = client.post("/notices/mail/", {"topic": ["deposits", "payouts"]})

    assert answer.status_code in {400, 422}
    assert preferences.wants(player, "withdrawals")


def unsubscribe_path(player: Player) -> str:
    Player.objects.filter(pk=player.pk).update(wants_marketing=True)
    player.refresh_from_db()
    mail.outbox.clear()
    assert letters.send(player, "offers_welcome", {"site_url": "https://casino.test"})
    [message] = mail.outbox
    headers = message.extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(r"<https://casino\.test(/mail/unsubscribe/[\w:.-]+/)>",
                         headers["List-Unsubscribe"])  # fmt: skip
    assert found is not None
    assert f"https://casino.test{found[1]}" in str(message.body)
    return found[1]


def test_the_link_needs_a_button_and_no_sign_in(player: Player, client: Client) -> None:
    path = unsubscribe_path(player)

    page = client.get(path).content.decode()
    player.refresh_from_db()
    assert "Stop news and offers" in page
    assert player.wants_marketing, "a scanner follows links"

    assert "No more offers" in client.post(path).content.decode()
    player.refresh_from_db()
    assert not player.wants_marketing
    assert not letters.send(player, "offers_welcome", {})


def test_a_mail_program_unsubscribes_with_one_click(player: Player) -> None:
    path = unsubscribe_path(player)
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post(path, {"List-Unsubscribe": "One-Click"})

    player.refresh_from_db()
    assert (answer.status_code, player.wants_marketing) == (200, False)


def test_a_link_we_did_not_write_is_not_there(player: Player, client: Client) -> None:
    path = unsubscribe_path(player)

    assert client.post(path[:-3] + "xx/").status_code == 404
    player.refresh_from_db()
    assert player.wants_marketing


def test_who_asked_for_offers_is_welcomed_by_mail(client: Client, settings: Any) -> None:
    from tests.accounts.test_registration import NEW

    mail.outbox.clear()
    client.post("/accounts/signup/", {**NEW, "wants_marketing": "on"})
    bus.deliver_due()

    subjects = [message.subject for message in mail.outbox]
    assert "Cinnabar: you will hear from us" in subjects
