"""New terms: play stops until they are accepted, and nothing else does."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.errors import InvalidInput
from apps.ledger.models import Block
from apps.limits import terms
from apps.limits.models import TermsAcceptance
from apps.wallet import restrictions
from tests.site import browser
from tests.site.test_browser import RULES

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-02")]

FIRST = ("2026-11", True, "The first version.")
MINOR = ("2026-12", False, "A misprint.")
MATERIAL = ("2027-01", True, "Withdrawals cost a fee.")


def publish(settings: Any, *later: tuple[str, bool, str]) -> None:
    settings.TERMS_VERSIONS = [FIRST, *later]
    settings.TERMS_VERSION = settings.TERMS_VERSIONS[-1][0]


def stopped(player: Player) -> tuple[bool, bool, bool]:
    """Play, deposit, withdraw."""
    bits = (Block.PLAY, Block.DEPOSIT, Block.WITHDRAW)
    return tuple(restrictions.stops(player.pk, bit) for bit in bits)  # type: ignore[return-value]


def test_a_registration_keeps_version_time_and_address(client: Client) -> None:
    client.post("/accounts/signup/", {
        "email": "ann@example.com", "username": "ann", "password1": "correct horse battery",
        "display_name": "ann", "birth_date": "1990-05-17", "country": "DE", "terms": "on",
    })  # fmt: skip

    player = Player.objects.get()
    assert (player.terms_version, player.terms_ip) == ("2026-11", "127.0.0.1")
    assert player.terms_accepted_at is not None


def test_a_material_version_stops_play_until_it_is_accepted(
    player: Player, client: Client, settings: Any
) -> None:
    client.force_login(player.user)
    publish(settings, MINOR)
    assert terms.require_all() == 0

    publish(settings, MINOR, MATERIAL)
    assert terms.require_all() == 1
    assert terms.require_all() == 0
    assert stopped(player) == (True, False, False)

    page = client.get("/account/terms/").content.decode()
    unticked = client.post("/account/terms/", {"version": "2027-01"})
    stale = client.post("/account/terms/", {"version": "2026-12", "accept": "on"})
    assert "Withdrawals cost a fee." in page
    assert (unticked.status_code, stale.status_code) == (422, 422)
    assert stopped(player) == (True, False, False)

    done = client.post("/account/terms/", {"version": "2027-01", "accept": "on"})

    player.refresh_from_db()
    kept = TermsAcceptance.objects.get()
    assert done.status_code == 302
    assert (player.terms_version, kept.version, kept.ip) == ("2027-01", "2027-01", "127.0.0.1")
    assert player.terms_accepted_at == kept.at
    assert Record.objects.get(action="player.terms_accepted").before == {"version": "2026-11"}
    assert stopped(player) == (False, False, False)
    terms.accept(player=player, version="2027-01", ip=None)
    assert TermsAcceptance.objects.count() == 1


def test_whoever_signs_in_is_stopped_at_once(player: Player, client: Client, settings: Any) -> None:
    publish(settings, MATERIAL)

    client.post(
        "/accounts/login/", {"login": "alice@example.com", "password": "correct horse battery"}
    )

    assert stopped(player) == (True, False, False)
    assert client.get("/wallet/withdraw/").status_code == 200
    with pytest.raises(InvalidInput):
        terms.accept(player=player, version="2026-11", ip=None)


def test_the_pages_of_both_texts_say_their_version(client: Client) -> None:
    for path in ("/terms/", "/privacy/"):
        assert "Version 2026-11" in client.get(path).content.decode()


@pytest.mark.browser
def test_new_terms_are_accepted_by_keyboard(player: Player, client: Client, settings: Any) -> None:
    publish(settings, MATERIAL)
    terms.require(player)
    client.force_login(player.user)

    with browser.visiting(client) as visit:
        for path in ("/privacy/", "/account/terms/"):
            visit.open(path)
            found = Axe().run(visit.page, options=RULES).response["violations"]
            assert [(path, one["id"], one["nodes"][0]["html"]) for one in found] == []
            assert visit.width_overflow(browser.PHONE, browser.SMALL) == 0, path
        visit.page.locator("input[name=accept]").focus()
        visit.page.keyboard.press("Space")
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Enter")
        visit.page.get_by_text("Thank you. You can go on.").first.wait_for()
        assert visit.complaints == []

    player.refresh_from_db()
    assert (player.terms_version, stopped(player)[0]) == ("2027-01", False)
