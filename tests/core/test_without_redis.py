"""Redis is away: the casino is slower and loses no rule."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.test import Client

from apps.accounts.models import Player
from apps.core import cache as module
from apps.ledger.models import Block
from apps.messaging import services
from apps.wallet import restrictions


@pytest.mark.rule("SEC-13")
@pytest.mark.django_db
@pytest.mark.usefixtures("_no_redis")
def test_without_redis_pages_and_sign_in_work_and_failed_tries_still_count(
    client: Client, player: Player, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "100/m/ip,3/300s/key"}
    credentials = {"login": "alice@example.com", "password": "correct horse battery"}
    page = client.get("/")

    signed_in = client.post("/accounts/login/", credentials)
    inside = [client.get(path).status_code for path in ("/", "/wallet/", "/account/", "/games/")]
    other = Client()
    wrong = [
        other.post("/accounts/login/", {**credentials, "password": f"wrong {number}"})
        for number in range(4)
    ]
    late = other.post("/accounts/login/", credentials)

    assert (page.status_code, signed_in.status_code) == (200, 302)
    assert inside == [200, 200, 200, 200]
    assert "Too many" in wrong[3].content.decode()
    # The fourth and later are not even compared with the password.
    assert late.status_code == 200
    assert "Too many" in late.content.decode()


@pytest.mark.django_db
def test_what_was_ended_while_redis_was_away_stays_ended(settings: Any) -> None:
    cache.set("session", "signed in")
    back = settings.CACHES["default"]
    outage = module._outages.setdefault(";".join([back["LOCATION"]]), module.Outage())
    outage.begin(ConnectionError())
    assert (cache.get("session"), cache.add("seen", 1)) == (None, True)
    cache.delete("session")

    outage.until = 0

    assert caches["default"].get("session") is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_redis")
def test_without_redis_bets_are_taken_pages_are_served_and_exclusion_binds(
    client: Client, player: Player, fund: Callable[..., Any]
) -> None:
    fund(player, "10", "EUR")
    client.force_login(player.user)

    def bet(key: str) -> int:
        body = {"amount": "1.00", "currency": "EUR", "choice": {"target": 5050, "over": True}}
        answer = client.post(
            "/api/v1/originals/dice/bets/", body, "application/json", HTTP_IDEMPOTENCY_KEY=key
        )
        return int(answer.status_code)

    started = time.monotonic()
    placed = bet("one")
    services.notify(player.pk, kind="info", title="A frame that nobody gets")
    paths = (
        "/", "/games/", "/jackpots/", "/feed/", "/search/?q=a", "/originals/dice/", "/wallet/",
        "/wallet/deposit/", "/wallet/withdraw/", "/wallet/exchange/", "/notices/", "/account/security/",
        "/api/v1/wallets/", "/metrics",
    )  # fmt: skip
    pages = {path: client.get(path).status_code for path in paths}
    took = time.monotonic() - started
    restrictions.impose(
        player_id=player.pk, code="self_exclusion", stops=Block.PLAY, words="A break.",
        actor="system", reason="test",
    )  # fmt: skip
    after = bet("two")
    ready = client.get("/readyz")
    client.post("/accounts/logout/")

    assert placed == 201
    assert pages == dict.fromkeys(paths, 200)
    assert took < 15
    assert after == 403
    assert (ready.status_code, ready.json()["redis"]) == (200, False)
    assert client.get("/wallet/").status_code == 302
