"""Money, journal and audit can be read in the back office and changed nowhere in it."""

import re

import pytest
from django.contrib import admin
from django.db import models

from apps.audit.models import Alarm, Record
from apps.events.models import Delivery
from apps.games.models import GameSession
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.integrations.selectors import callback_health
from apps.ledger.models import Entry
from tests.operator.factories import World, make_staff, play, signed_in

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
FIELD = re.compile(r"<(?:input|textarea|select)\b[^>]*\bname=\"(?!csrfmiddlewaretoken|s\")([^\"]+)")


@pytest.mark.rule("SEC-05")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_nobody_finds_a_form_or_gets_a_post_through(
    world: World, model: type[models.Model]
) -> None:
    client = signed_in(make_staff("administrator"))
    base = f"/operator/{model._meta.app_label}/{model._meta.model_name}"
    page = admin.site._registry[model]
    row = model._default_manager.order_by("pk").first()
    before = list(model._default_manager.values())

    assert client.post(f"{base}/", {"action": "delete_selected"}).status_code == 405
    assert client.post(f"{base}/add/", {}).status_code in (403, 405)
    assert page.get_actions(client.get(f"{base}/").wsgi_request) == {}
    if row is not None:
        shown = client.get(f"{base}/{row.pk}/change/")
        assert client.post(f"{base}/{row.pk}/change/", {"amount": "1"}).status_code in (302, 405)
        if shown.status_code == 200:
            assert "_save" not in shown.content.decode()
            assert FIELD.findall(shown.content.decode()) == []
    assert list(model._default_manager.values()) == before


def test_an_alarm_is_resolved_with_a_note(world: World) -> None:
    client = signed_in(make_staff("administrator"))
    address = f"/operator/audit/alarm/{world.alarm.pk}/resolve/"

    refused = client.post(address, {"note": " "})
    done = client.post(address, {"note": "Disk was full, space made."})

    assert (refused.status_code, done.status_code) == (422, 302)
    alarm = Alarm.objects.get(pk=world.alarm.pk)
    assert alarm.note == "Disk was full, space made."
    assert Record.objects.get(action="alarm.resolved").reason == "Disk was full, space made."


def test_a_parked_callback_is_replayed_with_a_reason(world: World) -> None:
    client = signed_in(make_staff("administrator"))
    address = f"/operator/integrations/inboxmessage/{world.callback.pk}/replay/"

    refused = client.post(address, {"reason": ""})
    done = client.post(address, {"reason": "The currency is known now"})

    assert (refused.status_code, done.status_code) == (422, 302)
    message = InboxMessage.objects.get(pk=world.callback.pk)
    assert (message.state, message.tries) == ("failed", 0)
    assert Record.objects.get(action="callback.replayed").before == {"state": "parked"}


def test_a_dead_delivery_is_retried_with_a_reason(world: World) -> None:
    client = signed_in(make_staff("administrator"))

    done = client.post(
        f"/operator/events/delivery/{world.delivery.pk}/retry/", {"reason": "Mail server is back"}
    )

    assert done.status_code == 302
    delivery = Delivery.objects.get(pk=world.delivery.pk)
    assert (delivery.state, delivery.tries) == ("waiting", 0)
    assert Record.objects.get(action="event.retried").reason == "Mail server is back"


def test_a_delivery_that_is_not_dead_is_not_retried(world: World) -> None:
    Delivery.objects.filter(pk=world.delivery.pk).update(state="done")
    client = signed_in(make_staff("administrator"))

    answer = client.post(
        f"/operator/events/delivery/{world.delivery.pk}/retry/", {"reason": "Once more"}
    )

    assert answer.status_code == 422
    assert not Record.objects.filter(action="event.retried").exists()


def test_a_game_is_switched_off_and_on(world: World) -> None:
    client = signed_in(make_staff("administrator"))
    game = world.session.game
    base = f"/operator/games/game/{game.pk}"

    client.post(f"{base}/switch-off/", {"reason": "Wrong return to player"})
    game.refresh_from_db()
    assert not game.enabled
    client.post(f"{base}/switch-on/", {"reason": "Mended by the studio"})
    game.refresh_from_db()

    assert game.enabled
    assert list(
        Record.objects.filter(action__startswith="game.")
        .order_by("id")
        .values_list("action", flat=True)
    ) == ["game.disabled", "game.enabled"]


def test_a_session_is_ended_by_staff(world: World) -> None:
    client = signed_in(make_staff("administrator"))

    client.post(
        f"/operator/games/gamesession/{world.session.pk}/end/", {"reason": "Asked by the player"}
    )

    assert GameSession.objects.get(pk=world.session.pk).end_reason == "staff"


def test_an_entry_shows_both_sides_and_what_it_belongs_to(world: World) -> None:
    client = signed_in(make_staff("administrator"))

    page = client.get(f"/operator/entries/{world.deposit.entry_id}/").content.decode()

    assert page.count("+0.50000000") == 2
    assert "\N{MINUS SIGN}0.50000000" in page
    assert world.deposit.public_id in page
    assert world.deposit.outside_ref in page


def test_an_entry_leads_to_the_raw_callback_of_its_call(world: World) -> None:
    win = Entry.objects.get(outside_id=play(world.player, "0.01", "0.02").replace("b", "w"))
    bet = win.outside_id.replace("w", "b")
    body = f'{{"actions": [{{"action_id": "{bet}"}}, {{"action_id": "{win.outside_id}"}}]}}'
    kept = inbox.receive("softswiss", "play", body.encode(), {}, outside_ref=bet)
    other = inbox.receive("softswiss", "play", b"{}", {}, outside_ref=bet)
    client = signed_in(make_staff("finance"))

    page = client.get(f"/operator/entries/{win.pk}/").content.decode()

    assert f"/operator/integrations/inboxmessage/{kept.pk}/" in page
    assert f"/operator/integrations/inboxmessage/{other.pk}/" not in page


def test_the_health_of_partners_reads_their_latest_calls(world: World) -> None:
    inbox.refuse("softswiss", "play", b"{}", {}, error="bad signature", status=403)

    health = {one.partner: one for one in callback_health()}

    assert (health["softswiss"].recent, health["softswiss"].refused) == (1, 1)
    assert (health["coinspaid"].parked, health["coinspaid"].is_healthy) == (1, False)


def test_an_operation_is_found_by_its_whole_id(world: World) -> None:
    client = signed_in(make_staff("finance"))

    found = client.get("/operator/operations/", {"q": world.deposit.outside_ref}).content.decode()
    part = client.get("/operator/operations/", {"q": "d"}).content.decode()

    assert f"/operator/entries/{world.deposit.entry_id}/" in found
    assert "No operation has this id" in part


@pytest.mark.parametrize(
    "address",
    [
        "/operator/ledger/entry/?created_at__gte=nonsense",
        "/operator/ledger/entry/?kind__in=a,b",
        "/operator/accounts/player/?q=%00",
        "/operator/accounts/player/?q=99999999999999999999999",
        "/operator/players/999999999999/",
        "/operator/entries/99999999999999999999/",
        "/operator/?period=century&currency=%F0%9F%90%99",
        "/operator/operations/?q=%00",
        "/operator/audit/record/abc/change/",
        "/operator/ledger/entry/?q=%00",
        "/operator/search/?extended=1&s=%00",
        "/operator/search/?extended=1&s=a&page=x",
        "/operator/search/?extended=1&s=a&page=99",
    ],
)
def test_bad_input_is_refused_without_a_crash(world: World, address: str) -> None:
    client = signed_in(make_staff("administrator"))

    assert client.get(address).status_code < 500
