"""Devices: told of when new, and seen when two players share one."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import KnownDevice, Player
from apps.events import bus
from apps.messaging.models import Notice
from apps.risk import devices
from apps.risk.linking import collect, links_of

pytestmark = [pytest.mark.django_db]

PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(client: Client, email: str) -> None:
    client.post("/accounts/login/", {"login": email, "password": PASSWORD}, HTTP_USER_AGENT=FIREFOX)


def test_a_new_device_is_told_of_and_the_first_one_is_not(
    player: Player, mailoutbox: list[Any]
) -> None:
    first, second = Client(), Client()
    for client in (first, first, second):
        sign_in(client, "alice@example.com")
    bus.deliver_due()

    [notice] = Notice.objects.filter(player=player, title="Signed in with a new browser")
    assert "Firefox on Linux" in notice.text
    [mail] = [one for one in mailoutbox if "https://casino.test/account/security/" in one.body]
    assert "Firefox on Linux" in mail.body
    assert KnownDevice.objects.filter(player=player).count() == 2
    assert first.cookies["device"]["httponly"]


def test_two_players_on_one_device_are_an_edge_of_the_graph(
    player: Player, other_player: Player
) -> None:
    client = Client()
    sign_in(client, "alice@example.com")
    client.post("/accounts/logout/")
    sign_in(client, "bob@example.com")

    [(text, hint, _at)] = devices.marks(player.pk)
    assert (len(text), hint) == (64, "Firefox on Linux")
    for one in (player, other_player):
        collect(one.pk)
    assert {tie.kind for link in links_of(player.pk) for tie in link.ties} == {"device"}
