"""Partners that hang, fail or lie, and how little the others notice."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from statistics import median
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.accounts.models import Player
from apps.audit.models import Alarm, Record
from apps.core.errors import InvalidInput
from apps.games import catalogue, partners, selectors
from apps.games.errors import ProviderDown
from apps.games.guarded import Guarded
from apps.games.models import CatalogueState, CircuitOrder, Game, GameVersion
from apps.games.providers.base import Catalogue, CatalogueGame
from apps.games.providers.registry import provider
from apps.integrations import breaker
from apps.integrations.errors import ProviderError
from tests.games.alea.factories import make_table
from tests.games.conftest import fund
from tests.games.factories import make_game
from tests.games.test_services import SLOT, open_game
from tests.simulator_client import Alea, Softswiss

WEB_THREADS = 8


@pytest.fixture
def slot(db: None) -> Game:
    return make_game(SLOT.title, identifier=SLOT.identifier)


@pytest.fixture
def browser(player: Player) -> Client:
    client = Client()
    client.force_login(player.user)
    return client


def launch(player: Player, game: Game) -> int:
    """Press play, as a browser; the answer's status."""
    client = Client()
    client.force_login(player.user)
    return int(client.post(f"/games/{game.slug}/launch/", {"currency": "EUR"}).status_code)


# ---- one partner in trouble -----------------------------------------------------------------------


def visit(player: Player, game: Game, asked_at: float) -> float:
    """The lobby and a launch of the other partner's game: seconds since they were asked for."""
    try:
        assert Client().get("/").status_code == 200
        assert launch(player, game) == 200
        return time.monotonic() - asked_at
    finally:
        connection.close()


def press(player: Player, game: Game) -> int:
    try:
        return launch(player, game)
    finally:
        connection.close()


def crowd(player: Player, slot: Game, table: Game) -> tuple[float, list[int]]:
    """Everybody wants the slot, some want the table: the table's time, and the slot's answers."""
    with ThreadPoolExecutor(WEB_THREADS) as web:
        slots: list[Future[int]] = []
        tables: list[Future[float]] = []
        for _ in range(3):
            slots += [web.submit(press, player, slot) for _ in range(4)]
            tables.append(web.submit(visit, player, table, time.monotonic()))
        return median(one.result() for one in tables), [one.result() for one in slots]


@pytest.mark.django_db(transaction=True)
def test_a_partner_that_hangs_does_not_slow_the_other(
    softswiss: Softswiss, alea: Alea, player: Player, slot: Game, settings: Any
) -> None:
    fund(player, "10.00", "EUR")
    table = make_table()
    visit(player, table, 0)  # templates are read
    normal, healthy = crowd(player, slot, table)
    # Longer than any page takes here: whoever waits for the partner shows.
    hang = max(1.5, normal * 4)
    settings.SOFTSWISS_TIMEOUT_SECONDS = hang
    softswiss.switches(api_delay_ms=round(hang * 2000))

    hanging, statuses = crowd(player, slot, table)

    assert set(healthy) <= {200, 503}
    assert set(statuses) == {503}
    # Twelve waits in eight threads would keep the table waiting for one of them at least.
    assert hanging < normal * 3 + 0.3, (hanging, normal)


def test_an_open_circuit_answers_at_once_with_a_kind_page(
    softswiss: Softswiss, alea: Alea, browser: Client, player: Player, slot: Game, settings: Any
) -> None:
    fund(player, "10.00", "EUR")
    table = make_table()
    softswiss.switches(api_answer="error_before")
    for _ in range(breaker.FAILURES_MIN):
        with pytest.raises(ProviderDown):
            open_game(player, slot)
    settings.SOFTSWISS_TIMEOUT_SECONDS = 60
    softswiss.switches(api_delay_ms=30_000)
    started = time.monotonic()

    shown = browser.post(f"/games/{slot.slug}/launch/", {"currency": "EUR"})

    assert time.monotonic() - started < 15
    assert shown.status_code == 503
    assert "This studio is not answering" in shown.content.decode()
    assert softswiss.sessions() == []
    assert browser.post(f"/games/{table.slug}/launch/", {"currency": "EUR"}).status_code == 200
    assert Alarm.objects.filter(code="partner.circuit_open", subject="softswiss launch").exists()
    [health] = [one for one in partners.health() if one.name == "softswiss"]
    [circuit] = [one for one in health.circuits if one.kind == "launch"]
    assert (circuit.state, circuit.failed, circuit.failed_percent) == ("open", 5, 100)
    assert not health.is_healthy


def test_a_launch_that_never_left_is_tried_again_and_a_lost_one_is_not(
    softswiss: Softswiss, player: Player, slot: Game
) -> None:
    asked: list[str] = []

    class Flaky:
        def launch(self, _request: Any) -> None:
            asked.append("launch")
            raise ProviderError("x", retryable=True, outcome_unknown=len(asked) > 1)

    with pytest.raises(ProviderError):
        Guarded("flaky", Flaky()).launch(None)  # type: ignore[arg-type]  # it only counts
    assert asked == ["launch", "launch"]


# ---- catalogues ------------------------------------------------------------------------------------


def told(name: str, **fields: Any) -> CatalogueGame:
    wanted = {
        "identifier": f"inkfield:{name}", "title": name, "studio": "Inkfield", "category": "slots",
    }  # fmt: skip
    return CatalogueGame(**(wanted | fields))


def test_a_catalogue_that_hangs_delays_and_changes_no_other(
    softswiss: Softswiss, alea: Alea, settings: Any, db: None
) -> None:
    settings.SOFTSWISS_TIMEOUT_SECONDS = 0.3
    settings.SOFTSWISS_CATALOGUE_SOURCE = "list"
    make_game("One")
    softswiss.switches(api_delay_ms=1500, only="Game/List")

    counts = catalogue.sync_catalogue()

    assert set(counts) == {"alea"}
    assert Game.objects.filter(provider="alea", is_listed=True).count() == counts["alea"] > 0
    assert selectors.visible_games().filter(provider="softswiss").count() == 1
    ours, theirs = (CatalogueState.objects.get(pk=name) for name in ("alea", "softswiss"))
    assert (ours.error, ours.games) == ("", counts["alea"])
    assert theirs.good_at is None
    assert "did not answer" in theirs.error
    assert Alarm.objects.filter(code="games.catalogue", subject="softswiss").exists()


def test_one_failure_of_a_catalogue_is_got_over(
    softswiss: Softswiss, settings: Any, db: None
) -> None:
    settings.SOFTSWISS_CATALOGUE_SOURCE = "list"
    softswiss.switches(api_answer="error_before", remaining=1)

    assert catalogue.sync_provider("softswiss") == 1200
    assert [call.is_ok for call in breaker.circuit("softswiss", "catalogue").calls] == [False, True]


def test_the_same_catalogue_again_writes_nothing(db: None, django_assert_num_queries: Any) -> None:
    listed = Catalogue([told("One"), told("Two")])
    catalogue.take_over("softswiss", listed)
    before = list(Game.objects.order_by("pk").values())

    with django_assert_num_queries(3):
        catalogue.take_over("softswiss", Catalogue(listed.games[::-1]))

    assert list(Game.objects.order_by("pk").values()) == before


def test_a_catalogue_that_lost_half_waits_for_a_person(db: None) -> None:
    many = [told(f"Game {number}") for number in range(30)]
    catalogue.take_over("softswiss", Catalogue(many))
    asked = {"actor": "system", "reason": "They left."}

    with pytest.raises(ProviderError, match="lost 20 of 30"):
        catalogue.take_over("softswiss", Catalogue(many[:10]))
    assert selectors.visible_games().count() == 30
    assert CatalogueState.objects.get().shrunk_to == 10
    with pytest.raises(InvalidInput):
        catalogue.ask_for_sync("softswiss", accept_shrunk=True, **asked)

    CatalogueState.objects.update(accepts_shrunk=True)
    catalogue.take_over("softswiss", Catalogue(many[:10]))

    state = CatalogueState.objects.get()
    assert selectors.visible_games().count() == 10
    assert (Game.objects.count(), state.shrunk_to, state.accepts_shrunk) == (30, None, False)


@pytest.mark.rule("GAM-08")
def test_a_changed_return_is_a_new_version(db: None) -> None:
    catalogue.take_over("softswiss", Catalogue([told("One", rtp=96)]))
    catalogue.take_over("softswiss", Catalogue([told("One", rtp=94, volatility=4)]))
    catalogue.take_over("softswiss", Catalogue([told("One", rtp=None)]))

    game, past = Game.objects.get(), GameVersion.objects.get()
    assert (game.version, game.rtp, game.version_since) == (2, 94, past.until)
    assert (past.number, past.rtp, past.since) == (1, 96, None)


def test_staff_have_a_catalogue_taken_over(softswiss: Softswiss, settings: Any, db: None) -> None:
    settings.SOFTSWISS_CATALOGUE_SOURCE = "list"
    assert catalogue.sync_wanted() == {}
    catalogue.ask_for_sync("softswiss", actor="system", reason="A new studio.")

    assert catalogue.sync_wanted() == {"softswiss": 1200}
    assert catalogue.sync_wanted() == {}
    assert Record.objects.filter(action="catalogue.sync_wanted").count() == 1


# ---- circuits by hand --------------------------------------------------------------------------------


def test_an_order_of_staff_survives_a_redis_that_forgot(
    softswiss: Softswiss, django_capture_on_commit_callbacks: Any, db: None
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        partners.force(
            provider="softswiss", kind="catalogue", forced="open", actor="system", reason="Night."
        )
    with pytest.raises(ProviderError, match="not asked"):
        provider("softswiss").catalogue()
    breaker.forget()
    assert breaker.circuit("softswiss", "catalogue").forced == ""

    partners.restore()

    assert breaker.circuit("softswiss", "catalogue").forced == "open"
    with django_capture_on_commit_callbacks(execute=True):
        partners.force(
            provider="softswiss", kind="catalogue", forced="", actor="system", reason="Day."
        )
    assert CircuitOrder.objects.count() == 0
    assert breaker.circuit("softswiss", "catalogue").forced == ""


@pytest.mark.parametrize(
    "change", [{"provider": "nobody"}, {"kind": "x"}, {"forced": "ajar"}, {"reason": " "}]
)
def test_a_circuit_is_not_held_without_a_name_and_a_reason(
    change: dict[str, str], db: None
) -> None:
    wanted = {"provider": "softswiss", "kind": "launch", "forced": "open", "reason": "Night."}

    with pytest.raises(InvalidInput):
        partners.force(**(wanted | change), actor="system")

    assert CircuitOrder.objects.count() == Record.objects.count() == 0
