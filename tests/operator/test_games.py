"""Game managers' pages: what they show, what they change, and who may."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.audit.models import Record
from apps.core.clock import now
from apps.games import catalogue, collections
from apps.games.collections import Wishes
from apps.games.models import (
    CatalogueState,
    CircuitOrder,
    Collection,
    Game,
    ReturnTally,
    RoundCase,
    Stop,
    WinCap,
)
from apps.games.providers.base import Catalogue, CatalogueGame
from apps.integrations import breaker
from apps.ledger.models import Partner
from tests.operator.factories import World, make_staff, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(world: World) -> Client:
    return signed_in(make_staff("game_manager"))


@pytest.fixture
def case(world: World) -> RoundCase:
    at = now() - timedelta(days=2)
    return RoundCase.objects.create(
        partner=Partner.objects.get(code="softswiss"),
        wallet=world.session.wallet,
        round_ref="r-stuck",
        player=world.player,
        game=world.session.game,
        started_at=at,
        opened_at=at,
        answer="finished",
        answer_facts={"finished": "True", "user_id": "<b>x</b>"},
        asked_at=at,
    )


def post(client: Client, address: str, **data: Any) -> Any:
    return client.post(f"/operator/{address}", {"reason": "Agreed.", **data})


def text(client: Client, address: str) -> str:
    answer = client.get(f"/operator/{address}")
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def test_the_partners_page_shows_circuits_and_catalogues(manager: Client, settings: Any) -> None:
    settings.SOFTSWISS_BASE_URL = "http://softswiss.invalid"
    game = CatalogueGame("ember:One", "One", "Ember", "slots")
    catalogue.take_over("softswiss", Catalogue([game]))
    CatalogueState.objects.update(error="It answered nonsense.")
    breaker.force("softswiss", "launch", "open", by="dana", reason="They asked us to.")

    html = text(manager, "partners/")

    assert "1 games, now old" in html
    assert "It answered nonsense." in html
    assert "by dana: They asked us to." in html
    assert "/operator/partners/softswiss/sync/" in html


def test_a_manager_syncs_and_holds_circuits_with_a_reason(
    manager: Client, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.SOFTSWISS_BASE_URL = "http://softswiss.invalid"

    assert post(manager, "partners/softswiss/sync/", reason=" ").status_code == 422
    assert post(manager, "partners/softswiss/sync/").status_code == 302
    with django_capture_on_commit_callbacks(execute=True):
        assert post(manager, "partners/softswiss/launch/open/").status_code == 302

    assert CatalogueState.objects.get().wanted_at is not None
    assert breaker.circuit("softswiss", "launch").forced == "open"
    with django_capture_on_commit_callbacks(execute=True):
        post(manager, "partners/softswiss/launch/auto/")
    assert (CircuitOrder.objects.count(), breaker.circuit("softswiss", "launch").forced) == (0, "")
    for address in ("nobody/sync/", "softswiss/launch/ajar/", "softswiss/nothing/open/"):
        assert post(manager, f"partners/{address}").status_code == 404
    assert set(Record.objects.filter(reason="Agreed.").values_list("action", flat=True)) == {
        "catalogue.sync_wanted", "partner.circuit_forced", "partner.circuit_released",
    }  # fmt: skip


def test_a_manager_stops_play_and_lets_it_go_on(manager: Client, world: World) -> None:
    studio = world.session.game.studio.slug
    assert post(manager, "stops/new/", scope="studio", studio="nobody").status_code == 422
    assert post(manager, "stops/new/", scope="provider").status_code == 422
    assert post(manager, "stops/new/", scope="studio", studio=studio).status_code == 302

    stop = Stop.objects.get(ended_at=None)
    assert "games of Ember Works" in text(manager, "stops/")
    assert post(manager, f"stops/{stop.pk}/end/").status_code == 302
    assert manager.get(f"/operator/stops/{stop.pk}/end/").status_code == 404
    assert "Games of Ember Works" in text(manager, "stops/")


def test_a_manager_stops_a_version_and_tags_a_game(manager: Client, world: World) -> None:
    game = world.session.game

    assert post(manager, f"games/game/{game.pk}/stop-version/").status_code == 302
    assert post(manager, f"games/game/{game.pk}/tags/", tags="summer, VIP").status_code == 302
    assert post(manager, f"games/game/{game.pk}/tags/", tags="<b>").status_code == 422

    assert Stop.objects.get().words == "Amber Tide, version 1"
    assert Game.objects.get(pk=game.pk).tags == ["summer", "vip"]
    assert "Amber Tide, version 1" in text(manager, f"games/game/{game.pk}/change/")


def test_a_manager_sets_and_lifts_caps(manager: Client, world: World) -> None:
    game = world.session.game.slug
    assert post(manager, "stops/cap/", scope="game", game=game, amount="5000").status_code == 302
    assert post(manager, "stops/cap/", scope="all", amount="-1").status_code == 422
    assert "5,000.00" in text(manager, "stops/")

    assert post(manager, "stops/cap/", scope="game", game=game, amount="").status_code == 302
    assert WinCap.objects.count() == 0


def test_a_manager_builds_a_collection_and_previews_it(manager: Client, world: World) -> None:
    answer = post(
        manager, "lobby/collections/new/", title="Nordic nights", countries="fi, se", position="5",
        enabled="on", starts_at="2020-01-01 10:00",
    )  # fmt: skip
    assert answer.status_code == 302
    made = Collection.objects.get()
    assert (made.slug, made.countries, made.position) == ("nordic-nights", ["FI", "SE"], 5)
    slug = world.session.game.slug
    assert post(manager, f"lobby/collections/{made.pk}/games/", games=slug).status_code == 302
    assert post(manager, f"lobby/collections/{made.pk}/games/", games="no").status_code == 422

    there, here = (
        text(manager, "lobby/collections/?country=FI"),
        text(manager, "lobby/collections/"),
    )
    assert "As a player from FI sees it" in there
    assert "Amber Tide" in there
    assert "not for this country" in here
    assert manager.get("/operator/lobby/collections/?country=FIN").status_code == 422
    form = text(manager, f"lobby/collections/{made.pk}/change/")
    assert "2020-01-01 10:00" in form
    assert post(
        manager, f"lobby/collections/{made.pk}/change/", title="Nights", position="5", countries=""
    ).status_code == 302  # fmt: skip
    assert not Collection.objects.get().enabled


def test_a_stuck_round_is_shown_beside_the_partners_answer(
    manager: Client, case: RoundCase
) -> None:
    assert "r-stuck" in text(manager, "open-rounds/")
    html = text(manager, f"open-rounds/{case.pk}/")
    assert "finished there" in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "Give the stake back" not in html

    assert post(manager, f"open-rounds/{case.pk}/refund/").status_code == 422
    assert post(manager, f"open-rounds/{case.pk}/escalate/").status_code == 302
    assert post(manager, f"open-rounds/{case.pk}/ask/").status_code == 302
    assert manager.get(f"/operator/open-rounds/{case.pk}/nothing/").status_code == 404
    case.refresh_from_db()
    # There is no partner in this test, so asking it failed, and nothing is closed on that.
    assert (case.answer, case.outcome) == ("failed", "")
    assert post(manager, f"open-rounds/{case.pk}/close/").status_code == 422
    RoundCase.objects.update(answer="finished")
    assert post(manager, f"open-rounds/{case.pk}/close/").status_code == 302
    case.refresh_from_db()
    assert case.outcome == "closed"
    assert "round_case.escalated" in text(manager, f"open-rounds/{case.pk}/")


def test_the_worst_return_stands_first(manager: Client, world: World) -> None:
    for key, back in (("fair", 4790), ("rigged", 1000)):
        ReturnTally.objects.create(
            source="softswiss", key=f"ember:{key}", version=1, currency="EUR", day=now().date(),
            title=key.title(), rounds=5000, judged=5000, stake=5000, win=back, returned=back,
            expected=4800, surprise=20_000, variance=31_250, top=50,
        )  # fmt: skip

    html = text(manager, "returns/")
    one = text(manager, "returns/softswiss/1/ember:rigged/")

    assert html.index("Rigged") < html.index("Fair")
    assert "not luck" in html
    assert "20.00 %" in one
    assert manager.get("/operator/returns/softswiss/9/ember:rigged/").status_code == 404


@pytest.mark.parametrize("role", ["support", "finance"])
def test_others_neither_see_nor_change(world: World, case: RoundCase, role: str) -> None:
    client = signed_in(make_staff(role))
    made = collections.create(Wishes(title="Summer"), actor="system", reason="x")
    pages = [
        "partners/", "partners/softswiss/sync/", "partners/softswiss/launch/open/", "stops/",
        "stops/new/", "stops/cap/", "lobby/collections/", "lobby/collections/new/",
        f"lobby/collections/{made.pk}/change/", f"lobby/collections/{made.pk}/games/",
        "open-rounds/", f"open-rounds/{case.pk}/", f"open-rounds/{case.pk}/close/", "returns/",
        f"games/game/{world.session.game_id}/tags/",
    ]  # fmt: skip

    assert {client.get(f"/operator/{one}").status_code for one in pages} == {403}
    assert {post(client, one).status_code for one in pages} == {403}
    assert Stop.objects.count() == 0


def test_a_game_manager_sees_nothing_of_players_and_payments(manager: Client, world: World) -> None:
    for address in (
        f"players/{world.player.pk}/", "queue/", "accounts/player/", "payments/deposit/",
        "ledger/entry/", "staff/new/", "audit/record/", "treasury/",
    ):  # fmt: skip
        assert manager.get(f"/operator/{address}").status_code == 403, address
