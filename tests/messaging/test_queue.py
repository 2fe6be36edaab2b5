"""A mail is written with its act, sent once after it, or knowingly twice; every fault over HTTP."""

from typing import Any

import pytest
from django.core import mail as django_mail
from django.db import transaction
from django.test import Client

from apps.accounts.events import EmailConfirmed
from apps.accounts.models import Player
from apps.audit.models import Alarm, Record
from apps.core import secrets
from apps.events import bus
from apps.events.bus import publish
from apps.messaging import mail, suppressions
from apps.messaging.models import Mail, Notice, Suppression
from tests.conftest import make_player
from tests.messaging.conftest import code_mail, money_mail, pass_time
from tests.simulator_client import Sendpost

pytestmark = pytest.mark.django_db

State = Mail.State


@pytest.fixture(autouse=True)
def _quiet(sendpost: Sendpost) -> None:
    """Nothing happens to a mail after it was accepted."""
    sendpost.options(auto=False)


def sent(row: Mail) -> Mail:
    mail.send_due()
    row.refresh_from_db()
    return row


def test_a_forgotten_password_is_mailed_through_the_queue(
    client: Client, player: Player, sendpost: Sendpost
) -> None:
    client.post("/accounts/password/reset/", {"email": player.user.email})
    row = Mail.objects.get()
    assert (row.state, row.kind, row.player) == (State.QUEUED, "password_reset_key", player)
    assert 3500 < (row.expires_at - row.created_at).total_seconds() <= 3601
    assert b"/accounts/password/reset/key/" not in bytes(row.body or b"")

    assert sent(row).state == State.SENT

    arrived = sendpost.message()
    assert arrived["to"] == player.user.email
    assert arrived["account"] == "security"
    assert (arrived["trackOpens"], arrived["trackClicks"]) == (False, False)
    assert "/accounts/password/reset/key/" in arrived["text"]
    assert arrived["headers"] == {"X-Entity-Ref-ID": row.public_id}
    assert row.message_id == arrived["messageId"]
    assert row.body is None, "the link is not kept"


def test_an_act_that_is_rolled_back_sends_nothing(player: Player, sendpost: Sendpost) -> None:
    with transaction.atomic():
        assert money_mail(player).state == State.QUEUED
        transaction.set_rollback(True)

    mail.send_due()

    assert Mail.objects.count() == 0
    assert sendpost.messages() == []


def test_a_mail_is_sent_once(player: Player, sendpost: Sendpost) -> None:
    row = money_mail(player)
    for _ in range(3):
        sent(row)

    assert len(sendpost.messages()) == 1
    assert row.tries == 1


def test_a_body_opens_in_its_own_row_only(player: Player) -> None:
    first, second = code_mail(), money_mail(player)
    assert mail.body_of(first)["text"] == "https://casino.test/reset/abc"
    second.body = first.body

    with pytest.raises(secrets.SealBroken):
        mail.body_of(second)


def test_a_body_that_cannot_be_opened_waits_for_a_person(
    player: Player, sendpost: Sendpost
) -> None:
    row = code_mail()
    Mail.objects.filter(pk=row.pk).update(body=b"\x01\x00\x01nonsense")

    assert sent(row).state == State.FAILED
    assert sendpost.messages() == []
    assert Alarm.objects.filter(code="mail.unreadable").exists()


def test_an_expired_mail_is_never_sent(sendpost: Sendpost) -> None:
    row = code_mail()
    pass_time(hours=1)

    assert sent(row).state == State.EXPIRED
    assert row.body is None
    assert sendpost.messages() == []


@pytest.mark.parametrize("answer", ["limited"])
def test_a_refusal_for_now_is_tried_again(
    player: Player, sendpost: Sendpost, answer: str, no_jitter: None
) -> None:
    sendpost.switches(api_answer=answer, remaining=1)
    row = money_mail(player)
    assert (sent(row).state, row.tries) == (State.QUEUED, 1)
    assert sent(row).state == State.QUEUED, "not before its time"
    pass_time(seconds=6)

    assert sent(row).state == State.SENT
    assert len(sendpost.messages()) == 1


def test_a_rate_limit_inside_a_good_answer_is_one_too(player: Player, sendpost: Sendpost) -> None:
    sendpost.options(limited=True)
    row = money_mail(player)

    assert (sent(row).state, row.error) == (State.QUEUED, "Rate limit exceeded")


def test_a_provider_that_is_down_is_tried_again_and_given_up_with_an_alarm(
    player: Player, settings: Any
) -> None:
    settings.SENDPOST_BASE_URL = "http://127.0.0.1:9/api/v1"
    row = money_mail(player)
    for _ in range(mail.TRIES_MAX):
        assert row.state == State.QUEUED
        sent(row)
        pass_time(minutes=16)

    assert row.state == State.FAILED
    assert row.body is not None
    assert Alarm.objects.filter(code="mail.given_up").exists()


@pytest.mark.parametrize("answer", ["drop_after", "error_after"])
def test_a_money_mail_of_unknown_outcome_is_looked_up_and_not_sent_twice(
    player: Player, sendpost: Sendpost, answer: str
) -> None:
    sendpost.switches(api_answer=answer, remaining=1)
    row = money_mail(player)
    assert sent(row).state == State.UNKNOWN
    pass_time(seconds=31)

    assert sent(row).state == State.SENT
    assert row.message_id == sendpost.message()["messageId"]


def test_a_money_mail_that_never_arrived_is_sent_after_the_look_up(
    player: Player, sendpost: Sendpost
) -> None:
    sendpost.switches(api_answer="error_before", remaining=1)
    row = money_mail(player)
    assert sent(row).state == State.UNKNOWN
    pass_time(seconds=31)

    assert sent(row).state == State.SENT
    assert len(sendpost.messages()) == 1


def test_a_look_up_that_fails_sends_nothing(player: Player, sendpost: Sendpost) -> None:
    sendpost.switches(api_answer="error_after", remaining=2)
    row = money_mail(player)
    sent(row)
    pass_time(seconds=31)

    assert sent(row).state == State.UNKNOWN
    pass_time(minutes=16)
    assert sent(row).state == State.SENT
    assert len(sendpost.messages()) == 1


def test_a_code_of_unknown_outcome_is_rather_sent_twice(sendpost: Sendpost) -> None:
    sendpost.switches(api_answer="drop_after", remaining=1)
    row = code_mail()
    assert sent(row).state == State.UNKNOWN
    pass_time(seconds=6)

    assert sent(row).state == State.SENT
    assert len(sendpost.messages()) == 2


def test_an_answer_that_does_not_come_in_time_is_unknown(
    player: Player, sendpost: Sendpost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.messaging.providers.sendpost.adapter.TIMEOUT_SECONDS", 0.5)
    sendpost.switches(api_answer="hang", remaining=1)
    row = money_mail(player)

    assert sent(row).state == State.UNKNOWN


def test_a_try_whose_process_died_is_asked_about(player: Player, sendpost: Sendpost) -> None:
    row = money_mail(player)
    claimed = mail._claim()
    assert claimed is not None
    assert sent(row).state == State.SENDING, "somebody is at it"
    pass_time(seconds=61)

    assert sent(row).state == State.SENT
    assert len(sendpost.messages()) == 1


@pytest.mark.parametrize("is_legacy", [False, True])
def test_a_wrong_key_or_domain_alarms_and_waits_for_a_person(
    player: Player, administrator: Any, sendpost: Sendpost, is_legacy: bool
) -> None:
    sendpost.options(legacy=is_legacy)
    sendpost.switches(api_answer="refuse", remaining=1)
    row = money_mail(player)

    assert sent(row).state == State.FAILED
    assert Alarm.objects.get(code="mail.misconfigured").severity == "critical"
    mail.send_again(row.pk, by=administrator, reason="The key is right now.")
    assert sent(row).state == State.SENT

    sendpost.options(unverified=True)
    other = money_mail(player)
    assert (sent(other).state, other.error) == (State.FAILED, "Domain is not verified")


def test_what_failed_is_not_kept_for_ever(player: Player, sendpost: Sendpost) -> None:
    sendpost.switches(api_answer="refuse", remaining=1)
    row = sent(money_mail(player))
    assert row.body is not None
    pass_time(days=3)

    assert (sent(row).state, row.body) == (State.FAILED, None)


def test_an_address_that_is_none_is_refused_alone(player: Player, sendpost: Sendpost) -> None:
    bad, good = code_mail("nobody@nowhere"), money_mail(player)
    mail.send_due()
    bad.refresh_from_db()
    good.refresh_from_db()

    assert (bad.state, good.state) == (State.FAILED, State.SENT)
    assert not Alarm.objects.filter(code="mail.misconfigured").exists()


def test_an_address_on_the_providers_list_is_suppressed_here_too(
    player: Player, sendpost: Sendpost
) -> None:
    sendpost.suppress("security", player.user.email, "hardBounce")

    assert sent(money_mail(player)).state == State.SUPPRESSED
    assert Suppression.objects.get().reason == "hard_bounce"
    assert Notice.objects.filter(player=player, title="Our mail does not reach you").exists()
    assert sent(money_mail(player)).state == State.SUPPRESSED
    assert sendpost.messages() == []


def test_a_lifted_suppression_is_lifted_at_the_provider_too(
    player: Player, support: Any, sendpost: Sendpost
) -> None:
    sendpost.suppress("security", player.user.email, "hardBounce")
    sent(money_mail(player))
    suppressions.lift(Suppression.objects.get().pk, by=support, reason="They have a new mailbox.")
    mail.send_due()

    assert sendpost.suppressions() == []
    assert sent(money_mail(player)).state == State.SENT


def test_a_bounced_address_is_heard_again_when_it_is_confirmed_anew(
    player: Player, sendpost: Sendpost
) -> None:
    sendpost.suppress("security", player.user.email, "hardBounce")
    sent(money_mail(player))
    # Nothing else passes, the mail with the link does: the provider is asked to forget first.
    asked = mail.queue(
        to=player.user.email, kind="email_confirmation", subject="Confirm", text="https://x.test/"
    )
    mail.send_due()
    assert (sendpost.suppressions(), Suppression.objects.get().lifted_at) == ([], None)
    pass_time(seconds=mail.CONSENT_SECONDS)
    assert sent(asked).state == State.SENT
    assert sent(money_mail(player)).state == State.SUPPRESSED

    with transaction.atomic():
        publish(EmailConfirmed(player_id=player.pk, email=player.user.email.upper()))
    bus.deliver_due()

    assert Suppression.objects.get().lifted_at is not None
    assert Record.objects.filter(action="mail.suppression_lifted").count() == 1
    assert sent(money_mail(player)).state == State.SENT


def test_a_complaint_is_not_lifted_by_confirming(player: Player) -> None:
    Suppression.objects.create(email=player.user.email, reason="complaint")

    assert suppressions.confirmed(player, player.user.email) == 0
    assert Suppression.objects.get().lifted_at is None


def test_the_older_form_is_understood_and_its_end_announced(
    player: Player, sendpost: Sendpost
) -> None:
    sendpost.options(legacy=True)
    row = sent(money_mail(player))

    assert (row.state, row.message_id) == (State.SENT, sendpost.message()["messageId"])
    assert Alarm.objects.filter(code="mail.sunset").exists()


def test_a_name_with_an_expression_in_it_stays_a_name(player: Player, sendpost: Sendpost) -> None:
    evil = "{{{evil}}} {{evil}}"
    mail.queue(to="x@example.com", kind="notice", subject=evil, text=evil, html=f"<p>{evil}</p>")
    mail.send_due()
    arrived = sendpost.message()

    for part in ("subject", "text", "html"):
        assert arrived[part].count("evil") == 2
        assert "{{" not in arrived[part]


def test_a_subject_is_one_line(sendpost: Sendpost) -> None:
    row = mail.queue(to="x@example.com", kind="notice", subject="a\r\nBcc: b@c.de", text="t")

    assert sent(row).subject == "a Bcc: b@c.de"


def test_security_goes_before_offers(player: Player, sendpost: Sendpost) -> None:
    Player.objects.update(wants_marketing=True)
    mail.queue(to=player.user.email, kind="offers_welcome", subject="o", text="o")
    code_mail()
    mail.send_due(limit=1)

    assert sendpost.message()["subject"] == "Set a new password"


def test_the_webhook_registers_itself_once_and_is_watched(
    sendpost: Sendpost, settings: Any
) -> None:
    settings.SENDPOST_WEBHOOK_URL = "https://casino.test/callbacks/sendpost"
    mail.watch_reports()
    mail.watch_reports()
    [hook] = sendpost.webhooks()
    assert hook["url"].endswith(f"/callbacks/sendpost/{settings.SENDPOST_WEBHOOK_SECRET}")
    assert hook["hardBounced"]
    assert not Alarm.objects.exists()

    sendpost.options(webhook="disabled")
    mail.watch_reports()

    assert Alarm.objects.get(code="mail.webhook").severity == "critical"


def test_without_sendpost_mail_goes_another_way(player: Player, settings: Any) -> None:
    settings.SENDPOST_BASE_URL = ""
    settings.MAIL_FALLBACK_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    row = money_mail(player)

    assert sent(row).state == State.SENT
    [message] = django_mail.outbox
    assert message.to == [player.user.email]
    assert message.extra_headers["X-Entity-Ref-ID"] == row.public_id


def test_two_players_each_get_their_own(player: Player, other_player: Player) -> None:
    mine, theirs = money_mail(player), money_mail(other_player)

    assert (mine.player, theirs.player) == (player, other_player)
    assert make_player().mails.count() == 0
