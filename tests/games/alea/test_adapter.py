"""What we ask Alea: the catalogue, launches of both generations, free spins that it refuses."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.core.money import Money
from apps.games.catalogue import sync_provider
from apps.games.models import Game
from apps.games.providers.alea.adapter import Alea as Adapter
from apps.games.providers.base import (
    DemoRequest,
    FreeSpins,
    LaunchRequest,
    PlayerFacts,
    ProviderRefused,
    RoundQuery,
    Urls,
)
from apps.integrations.errors import ProviderError
from apps.ledger.selectors import currency
from tests.simulator_client import Alea

URLS = Urls(back="https://casino.test/games/x/", deposit="https://casino.test/wallet/deposit/")


def facts(ref: str = "p1.EUR") -> PlayerFacts:
    return PlayerFacts(ref, "alice", "DE", date(1990, 5, 17), datetime(2026, 1, 1, tzinfo=UTC))


def request_of(game: str = "6:16301", code: str = "EUR", **changes: Any) -> LaunchRequest:
    made = LaunchRequest(
        session_id="gs_1",
        player=facts(),
        game=game,
        currency=currency(code),
        balance=Money.zero(currency(code)),
        client_type="mobile",
        ip="203.0.113.7",
        urls=URLS,
    )
    return replace(made, **changes)


def demo_of(game: str) -> DemoRequest:
    return DemoRequest(game=game, client_type="desktop", ip="203.0.113.7", urls=URLS)


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def spins(**changes: Any) -> FreeSpins:
    made = FreeSpins(
        issue_id="fs_1",
        player=facts(),
        game="11:16314",
        currency=currency("EUR"),
        quantity=5,
        bet_level=1,
        stake=Money.parse("1.00", currency("EUR")),
        valid_until=datetime.now(UTC) + timedelta(days=1),
    )
    return replace(made, **changes)


@pytest.mark.django_db
def test_the_catalogue_is_read_page_by_page_with_seats_and_limits(
    alea: Alea, settings: Any
) -> None:
    settings.ALEA_PAGE_SIZE = 25

    listed = Adapter().catalogue()

    games = {game.identifier: game for game in listed.games}
    assert (len(games), sum(bool(game.is_live) for game in games.values())) == (60, 44)
    baccarat = games["14:16319"]
    assert (baccarat.title, baccarat.studio, baccarat.category) == (
        "Landing Baccarat",
        "Ninth Landing",
        "card",
    )
    assert (baccarat.seats, baccarat.min_stake, baccarat.max_stake) == (7, Decimal(5), 10000)
    assert (baccarat.rtp, baccarat.has_demo, baccarat.volatility) == (Decimal("98.94"), False, 1)
    assert "baccarat" in (baccarat.features or [])
    assert games["6:16301"].seats is None


@pytest.mark.django_db
def test_a_sync_takes_the_tables_over_and_repeats_itself(alea: Alea) -> None:
    first = sync_provider("alea")
    again = sync_provider("alea")

    table = Game.objects.get(provider="alea", identifier="14:16319")
    assert (first, again, Game.objects.filter(provider="alea").count()) == (60, 60, 60)
    assert (table.is_live, table.seats, table.min_stake, table.max_stake) == (True, 7, 5, 10000)
    assert {game.provider for game in Game.objects.all()} == {"alea"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "setting",
    [{"ALEA_API_TOKEN": "wrong"}, {"ALEA_OPERATOR_ID": "9"}, {"ALEA_MARKET": "NOWHERE"}],
)
def test_a_catalogue_that_is_refused_is_an_error_and_hides_nothing(
    alea: Alea, settings: Any, setting: dict[str, str]
) -> None:
    for name, value in setting.items():
        setattr(settings, name, value)

    with pytest.raises(ProviderError):
        Adapter().catalogue()


@pytest.mark.django_db
def test_a_broken_catalogue_is_an_error(alea: Alea) -> None:
    for answer in ("error_before", "drop_after", "limited", "refuse"):
        alea.switches(api_answer=answer)
        with pytest.raises(ProviderError):
            Adapter().catalogue()


@pytest.mark.django_db
def test_a_launch_is_an_address_and_no_call(settings: Any) -> None:
    settings.ALEA_BASE_URL = "http://127.0.0.1:1/alea"
    settings.ALEA_PLAY_URL = "https://play.example"
    settings.ALEA_ENVIRONMENT_ID = "42"
    settings.ALEA_ENVIRONMENTS = {("6", "BTC"): "43"}
    settings.ALEA_TEST_PLAYERS = True

    real = Adapter().launch(request_of())
    other = Adapter().launch(request_of(code="BTC"))

    parts = urlsplit(real.url)
    assert (parts.netloc, parts.path) == ("play.example", "/api/v1/games/16301")
    assert query_of(real.url) == {
        "casinoSessionId": "gs_1",
        "environmentId": "42",
        "locale": "en",
        "device": "MOBILE",
        "gameMode": "REAL",
        "lobbyUrl": URLS.back,
        "depositUrl": URLS.deposit,
        "isTest": "true",
    }
    assert (real.outside_ref, real.strategy) == ("gs_1", "iframe")
    assert query_of(other.url)["environmentId"] == "43"


@pytest.mark.django_db
def test_a_currency_it_does_not_play_is_refused_by_name(settings: Any) -> None:
    settings.ALEA_BASE_URL = "https://alea.example"
    settings.ALEA_CURRENCIES_PLAYED = ["EUR"]

    with pytest.raises(ProviderRefused) as refused:
        Adapter().launch(request_of(code="BTC"))

    assert refused.value.reason == "currency"
    assert Adapter().launch(request_of()).url


@pytest.mark.django_db
def test_a_demo_has_a_session_that_nobody_keeps(alea: Alea) -> None:
    first, second = (Adapter().demo(demo_of("11:16314")).url for _ in range(2))

    assert query_of(first)["gameMode"] == "DEMO"
    assert query_of(first)["casinoSessionId"] != query_of(second)["casinoSessionId"]
    play = alea.open(first)
    assert alea.deal(play)[0]["refusal"] == ""
    assert alea.calls() == []
    assert alea.totals() == []


@pytest.mark.django_db
def test_v1_launches_by_a_call(alea: Alea, settings: Any) -> None:
    settings.ALEA_GENERATION = "v1"

    real, demo = Adapter().launch(request_of()), Adapter().demo(demo_of("11:16314"))

    assert query_of(real.url)["casinoSessionId"] == "gs_1"
    assert query_of(real.url)["gameMode"] == "REAL"
    assert query_of(demo.url)["gameMode"] == "DEMO"
    settings.ALEA_SECRET = "another-secret"
    with pytest.raises(ProviderError):
        Adapter().launch(request_of())


@pytest.mark.django_db
def test_free_spins_are_asked_for_and_refusals_have_words(alea: Alea, settings: Any) -> None:
    adapter = Adapter()

    adapter.issue_free_spins(spins())
    adapter.issue_free_spins(spins())
    settings.ALEA_FREE_SPINS_DIGEST_PREFIX = "SHA-512="
    adapter.issue_free_spins(spins())
    for wrong in ({"game": "6:16301"}, {"quantity": 7}, {"game": "6:16314", "issue_id": "fs_2"}):
        with pytest.raises(ProviderRefused) as refused:
            adapter.issue_free_spins(spins(**wrong))
        assert refused.value.reason == "free_spins"
        assert "BONUS_NOT_CREATED" in str(refused.value)
    adapter.cancel_free_spins("fs_1", "11:16314")
    with pytest.raises(ProviderRefused):
        adapter.cancel_free_spins("fs_unknown", "11:16314")
    alea.switches(api_answer="error_after")
    with pytest.raises(ProviderError) as failed:
        adapter.issue_free_spins(spins(issue_id="fs_3"))
    assert failed.value.outcome_unknown


@pytest.mark.django_db
def test_a_round_cannot_be_asked_about() -> None:
    assert Adapter().round_details(RoundQuery("r-1", "6:1", "p.EUR")).state == "unsupported"
