"""Staff see that a mail went out, not what it says; who reads one says why."""

import pytest
from django.test import Client

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.messaging import mail
from apps.messaging.models import Mail, Suppression
from tests.messaging.conftest import code_mail
from tests.operator.factories import make_staff, signed_in

pytestmark = pytest.mark.django_db


def office(role: str) -> Client:
    return signed_in(make_staff(role))


@pytest.fixture
def row(player: Player) -> Mail:
    return code_mail(player.user.email)


def test_support_sees_the_way_of_a_mail_but_neither_text_nor_address(row: Mail) -> None:
    client = office("support")
    for path in ("/operator/messaging/mail/", f"/operator/messaging/mail/{row.pk}/change/"):
        page = client.get(path).content.decode()
        assert "Set a new password" in page
        assert "al…@example.com" in page
        assert "alice@example.com" not in page
        assert "reset/abc" not in page


@pytest.mark.parametrize("role", ["support", "finance"])
def test_reading_a_mail_is_for_administrators(row: Mail, role: str) -> None:
    answer = office(role).post(f"/operator/messaging/mail/{row.pk}/reveal/", {"reason": "Curious"})

    assert answer.status_code == 403
    assert not Record.objects.filter(action="mail.revealed").exists()


def test_an_administrator_reads_a_mail_with_a_reason_and_it_is_recorded(row: Mail) -> None:
    client, path = office("administrator"), f"/operator/messaging/mail/{row.pk}/reveal/"
    assert "reset/abc" not in client.get(path).content.decode()
    assert client.post(path, {"reason": " "}).status_code == 422
    assert not Record.objects.filter(action="mail.revealed").exists()

    answer = client.post(path, {"reason": "The player asks what came."})

    assert "https://casino.test/reset/abc" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    kept = Record.objects.get(action="mail.revealed")
    assert kept.reason == "The player asks what came."
    assert "reset/abc" not in str(kept.after)


def test_a_mail_that_was_sent_has_no_text_left(row: Mail) -> None:
    mail.move(row, Mail.State.SENT)
    answer = office("administrator").post(
        f"/operator/messaging/mail/{row.pk}/reveal/", {"reason": "Curious"}
    )

    assert answer.status_code == 422
    assert "reset/abc" not in answer.content.decode()


def test_only_a_failed_mail_is_sent_again(row: Mail) -> None:
    client, path = office("administrator"), f"/operator/messaging/mail/{row.pk}/again/"
    assert client.post(path, {"reason": "Again"}).status_code == 422

    mail.move(row, Mail.State.FAILED)
    assert client.post(path, {"reason": "The key is right now."}).status_code == 302

    row.refresh_from_db()
    assert row.state == Mail.State.QUEUED
    assert Record.objects.filter(action="mail.sent_again").exists()


def test_support_lifts_a_suppression_with_a_reason_once(row: Mail) -> None:
    found = Suppression.objects.create(email="alice@example.com", reason="hard_bounce")
    client, path = office("support"), f"/operator/messaging/suppression/{found.pk}/lift/"
    assert "alice@example.com" not in client.get(path).content.decode()
    assert client.post(path, {"reason": ""}).status_code == 422

    assert client.post(path, {"reason": "They have a new mailbox."}).status_code == 302
    assert client.post(path, {"reason": "Again"}).status_code == 422

    found.refresh_from_db()
    assert found.lifted_at is not None
    assert Record.objects.filter(action="mail.suppression_lifted").count() == 1


def test_nobody_deletes_or_writes_mails(row: Mail) -> None:
    client = office("administrator")
    for path in ("add/", f"{row.pk}/delete/"):
        assert client.get(f"/operator/messaging/mail/{path}").status_code == 403
    assert client.post(f"/operator/messaging/mail/{row.pk}/change/", {}).status_code == 405
