"""What the provider reports over HTTP: in order, twice, backwards, forged, in either form."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.integrations.models import InboxMessage
from apps.messaging import letters, mail, reports
from apps.messaging.models import Mail, MailEvent, Notice, Suppression
from apps.messaging.providers.sendpost import wire
from tests.conftest import make_player
from tests.messaging.conftest import code_mail, money_mail, until
from tests.simulator_client import Sendpost

pytestmark = pytest.mark.django_db(transaction=True)

State = Mail.State
ADDRESS = "/callbacks/sendpost/test-sendpost-webhook-secret"


@pytest.fixture
def reporting(sendpost: Sendpost, live_server: Any) -> Sendpost:
    """The provider, with the real casino behind its reports."""
    sendpost.call_back(live_server.url)
    return sendpost


@pytest.fixture
def waiting(sendpost: Sendpost) -> Sendpost:
    """The provider with mails that nothing happens to."""
    sendpost.options(auto=False)
    return sendpost


def sent(row: Mail) -> Mail:
    mail.send_due()
    row.refresh_from_db()
    return row


def wait_for(row: Mail, state: str) -> None:
    def is_there() -> bool:
        row.refresh_from_db()
        return bool(row.state == state)

    until(is_there, f"{state}, it is {row.state}")


def post(client: Client, document: Any, address: str = ADDRESS, **headers: str) -> int:
    body = document if isinstance(document, str) else json.dumps(document)
    answer = client.post(address, body, content_type="application/json", headers=headers)
    return answer.status_code


def event(row: Mail, number: int, event_id: str = "e1", **more: Any) -> dict[str, Any]:
    return {"event": {"eventId": event_id, "messageId": row.message_id, "type": number, **more}}


@pytest.mark.parametrize("is_legacy", [False, True])
def test_a_mail_is_followed_until_it_is_delivered(
    player: Player, reporting: Sendpost, is_legacy: bool
) -> None:
    reporting.options(legacy=is_legacy)
    row = sent(money_mail(player))

    wait_for(row, State.DELIVERED)

    until(lambda: row.events.count() == 3, "three reports")
    kinds = list(row.events.order_by("happened_at", "id").values_list("kind", flat=True))
    assert sorted(kinds) == ["delivered", "processed", "sent"]
    moments = [one.happened_at for one in row.events.all()]
    assert all(abs((at - row.created_at).total_seconds()) < 60 for at in moments)
    assert not Alarm.objects.filter(code__in=["mail.unknown_event", "mail.unknown_message"])


def test_a_hard_bounce_stops_mail_and_is_told_on_the_site(reporting: Sendpost) -> None:
    player = make_player(email="hardbounce@example.com")
    row = sent(money_mail(player))
    wait_for(row, State.BOUNCED)

    assert row.error == "550 5.1.1 no such user here"
    assert Suppression.objects.get().stream == ""
    assert Notice.objects.get(player=player, title__startswith="Our mail").category == "security"
    assert sent(code_mail(player.user.email)).state == State.SUPPRESSED


def test_a_soft_bounce_stops_nothing_until_it_is_a_hard_one(reporting: Sendpost) -> None:
    player = make_player(email="softbounce@example.com")
    row = sent(money_mail(player))
    wait_for(row, State.SOFT_BOUNCED)
    assert not Suppression.objects.exists()

    reporting.happen(row.message_id, "delivered")
    wait_for(row, State.DELIVERED)
    assert not Suppression.objects.exists()


def test_the_vendors_test_addresses_suppress_nothing(reporting: Sendpost) -> None:
    player = make_player(email="hardbounce@playwithsendpost.io")
    row = sent(money_mail(player))
    wait_for(row, State.BOUNCED)

    assert not Suppression.objects.exists()


def test_reports_in_any_order_and_twice_end_the_same(player: Player, waiting: Sendpost) -> None:
    row = sent(money_mail(player))
    client = Client()
    for name, number in (("d", 2), ("s", 9), ("p", 0), ("d", 2), ("o", 5)):
        assert post(client, event(row, number, name)) == 200
    row.refresh_from_db()

    assert (row.state, row.is_opened, row.is_clicked) == (State.DELIVERED, True, False)
    assert row.events.count() == 4
    assert post(client, event(row, 4, "b")) == 200
    row.refresh_from_db()
    assert row.state == State.BOUNCED
    post(client, event(row, 2, "d2"))
    row.refresh_from_db()
    assert row.state == State.BOUNCED


def test_copies_that_come_at_once_count_once(player: Player, reporting: Sendpost) -> None:
    reporting.options(auto=False)
    reporting.switches(callback_copies=4, callback_parallel=True)
    row = sent(money_mail(player))
    reporting.happen(row.message_id, "spam")
    wait_for(row, State.DELIVERED)
    reporting.settled(reference=row.message_id)

    assert MailEvent.objects.filter(mail=row).count() == 1
    assert Suppression.objects.count() == 1


def test_a_report_that_overtakes_the_answer_finds_its_mail(
    player: Player, waiting: Sendpost
) -> None:
    waiting.switches(api_answer="drop_after", remaining=1)
    row = sent(money_mail(player))
    assert (row.state, row.message_id) == (State.UNKNOWN, None)
    arrived = waiting.message()
    document = {
        "event": {"eventId": "e", "messageId": arrived["messageId"], "type": 2},
        "emailMessage": {"headers": arrived["headers"]},
    }

    assert post(Client(), document) == 200

    row.refresh_from_db()
    assert (row.state, row.message_id) == (State.DELIVERED, arrived["messageId"])
    sent(row)
    assert len(waiting.messages()) == 1


@pytest.mark.parametrize(
    "address",
    [
        "/callbacks/sendpost/",
        "/callbacks/sendpost/wrong",
        "/callbacks/sendpost/test-sendpost-webhook-secret-and-more",
    ],
)
def test_a_forged_address_is_not_there(player: Player, waiting: Sendpost, address: str) -> None:
    row = sent(money_mail(player))

    assert post(Client(), event(row, 4), address) == 404

    row.refresh_from_db()
    assert row.state == State.SENT
    assert not InboxMessage.objects.filter(partner="sendpost").exists()


def test_without_a_secret_nobody_is_let_in(settings: Any) -> None:
    settings.SENDPOST_WEBHOOK_SECRET = ""

    assert post(Client(), {}, "/callbacks/sendpost/") == 404


def test_the_secret_before_is_good_while_it_is_being_changed(settings: Any) -> None:
    settings.SENDPOST_WEBHOOK_SECRET, settings.SENDPOST_WEBHOOK_SECRET_PREVIOUS = (
        "a-new-secret",
        settings.SENDPOST_WEBHOOK_SECRET,
    )

    assert post(Client(), {}) == 200
    assert post(Client(), {}, "/callbacks/sendpost/a-new-secret") == 200


def test_a_signature_can_be_switched_on(player: Player, waiting: Sendpost, settings: Any) -> None:
    settings.SENDPOST_SIGNATURE_HEADER = "X-SendPost-Signature"
    settings.SENDPOST_SIGNATURE_SECRET = "shared-secret"
    row = sent(money_mail(player))
    body = json.dumps(event(row, 2))
    right = hmac.new(b"shared-secret", body.encode(), hashlib.sha256).hexdigest()

    assert post(Client(), body) == 403
    assert post(Client(), body, **{"X-SendPost-Signature": "0" * 64}) == 403
    assert post(Client(), body, **{"X-SendPost-Signature": f"sha256={right}"}) == 200
    row.refresh_from_db()
    assert row.state == State.DELIVERED
    kept = InboxMessage.objects.get(partner="sendpost")
    assert right not in json.dumps(kept.headers)


def test_only_a_post_is_a_report() -> None:
    assert Client().get(ADDRESS).status_code == 405


@pytest.mark.parametrize(
    ("body", "alarm"),
    [
        ("not json", "mail.unreadable_event"),
        ("[]", "mail.unreadable_event"),
        ("{}", "mail.unreadable_event"),
        ('{"event": {"type": 99, "typeName": "levitated"}}', "mail.unknown_event"),
        ('{"event": {"type": true, "messageId": {"a": 1}}}', "mail.unknown_event"),
        ('{"event": {"typeName": "a\\u0000b\\ud800"}}', "mail.unknown_event"),
        ('{"event": "a\\u0000\\ud800", "messageId": "\\u0000"}', "mail.unknown_event"),
        ('{"event": {"type": 2, "messageId": "\\u0000x"}}', "mail.unknown_message"),
        ('{"event": {"type": 2, "messageId": "never-heard-of"}}', "mail.unknown_message"),
    ],
)
def test_what_nobody_can_read_is_kept_answered_and_alarmed(body: str, alarm: str) -> None:
    assert post(Client(), body) == 200

    kept = InboxMessage.objects.get(partner="sendpost")
    assert (bytes(kept.body).decode(), kept.state) == (body, InboxMessage.State.DONE)
    assert Alarm.objects.filter(code=alarm).exists()


def test_the_flat_form_is_read_too(player: Player, waiting: Sendpost) -> None:
    row = sent(money_mail(player))
    document = {
        "eventId": "flat-1",
        "event": "delivered",
        "messageId": row.message_id,
        "recipient": player.user.email,
        "timestamp": "2026-11-25T10:00:00Z",
    }

    assert post(Client(), document) == 200

    row.refresh_from_db()
    assert row.state == State.DELIVERED
    assert row.events.get().happened_at.isoformat() == "2026-11-25T10:00:00+00:00"


@pytest.mark.parametrize(
    "value",
    [
        1_790_000_000,
        1_790_000_000_000,
        1_790_000_000_000_000,
        1_790_000_000_000_000_000,
        "1790000000",
    ],
)
def test_a_moment_is_read_in_every_unit(value: Any) -> None:
    found = wire.event_of(json.dumps({"event": {"type": 2, "timestamp": value}}).encode())

    assert found.at is not None
    assert int(found.at.timestamp()) == 1_790_000_000


@pytest.mark.parametrize("value", [10**40, -(10**40), True, "soon", [], {}])
def test_a_moment_that_is_none_is_left_out(value: Any) -> None:
    assert wire.event_of(json.dumps({"event": {"type": 2, "timestamp": value}}).encode()).at is None


@pytest.mark.parametrize("kind", ["spam", "unsubscribed"])
def test_who_complains_gets_no_more_offers_but_every_code(
    player: Player, reporting: Sendpost, kind: str
) -> None:
    reporting.options(auto=False)
    Player.objects.update(wants_marketing=True)
    player.refresh_from_db()
    assert letters.send(player, "offers_welcome", {"site_url": "https://casino.test"})
    row = sent(Mail.objects.latest("pk"))
    assert reporting.message()["account"] == "marketing"
    reporting.happen(row.message_id, kind)
    until(Suppression.objects.exists, "a suppression")
    reporting.delivered(reference=row.message_id)

    player.refresh_from_db()
    assert not player.wants_marketing
    assert not letters.send(player, "offers_welcome", {})
    assert sent(code_mail(player.user.email)).state == State.SENT


def test_a_new_consent_lifts_an_unsubscribe_but_no_complaint(
    player: Player, reporting: Sendpost
) -> None:
    reporting.options(auto=False)
    for kind, after in (("unsubscribed", State.SENT), ("spam", State.SUPPRESSED)):
        Player.objects.update(wants_marketing=True)
        player.refresh_from_db()
        letters.send(player, "offers_welcome", {"site_url": "https://casino.test"})
        row = sent(Mail.objects.latest("pk"))
        reporting.happen(row.message_id, kind)
        reporting.delivered(reference=row.message_id)
        Player.objects.update(wants_marketing=True)
        player.refresh_from_db()
        letters.send(player, "offers_welcome", {"site_url": "https://casino.test"})
        again = sent(Mail.objects.latest("pk"))
        Mail.objects.filter(state=State.QUEUED).update(due_at=again.created_at)

        assert sent(again).state == after, kind


def test_a_report_about_an_unknown_kind_of_reference_does_nothing() -> None:
    reports.apply(event_id="x", message_id="", reference="ml_none", kind="delivered", at=None)  # type: ignore[arg-type]

    assert not MailEvent.objects.exists()
